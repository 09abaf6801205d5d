// The page of the simulated kernel's tests: compiler, machine and default profile, called from outside.

import type { Scenario } from "../../runner/simulated/scenario.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { type Printed, ScriptRunner } from "../simulated/runner.ts";
import { readDefaultProfile } from "./page-profile.ts";

async function load(): Promise<ScriptRunner> {
  const [compiler, machine] = await Promise.all(
    ["/compiler.wasm", "/machine.wasm"].map((file) => WebAssembly.compileStreaming(fetch(file))),
  );
  if (compiler === undefined || machine === undefined) throw new Error("no modules");
  return ScriptRunner.create(await Compiler.create(compiler), machine, await readDefaultProfile());
}

const runner = load();

/** What the test calls in the page. */
export interface PageCalls {
  run(script: string, scenario: Omit<Scenario, "name" | "expect">): Promise<Printed>;
}

const calls: PageCalls = { run: async (script, scenario) => (await runner).run(script, scenario) };
Object.assign(globalThis, { calls });
