// The page of the targets' test.

import { Targets } from "../../web/targets/targets.ts";

const targets = new Targets({
  module: WebAssembly.compileStreaming(fetch("/compiler.wasm")),
  fetchFile: async (name) => {
    const response = await fetch(`/${name}`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return response;
  },
});

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(path)).arrayBuffer());
}

/** What the test calls in the page. */
const calls = {
  /** Id of the target, or what is wrong with the file. */
  add: async (path: string) =>
    targets.add("x", await bytesOf(path)).then(
      ({ id }) => id,
      (error: Error) => error.message,
    ),
  /** Identifiers with the messages. */
  survey: async (script: string) =>
    (await targets.survey(script)).map(({ id, errors, missing }) => [id, ...errors.map(({ message }) => message), ...missing].join(" ")),
};

export type PageCalls = typeof calls;
Object.assign(globalThis, { calls });
