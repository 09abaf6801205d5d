// The worker of the page: compiler, profile and simulated kernel. Nothing of it needs a server but for the files themselves.

import { compileDiagnostics, errorText } from "../runner/core/diagnostics.ts";
import { readProfile } from "../runner/core/profile.ts";
import { ProfileTarget } from "../runner/core/profile-target.ts";
import { targetTypesOf } from "../runner/simulated/load.ts";
import { runSimulated } from "../runner/simulated/run.ts";
import { Simulation } from "../runner/simulated/simulation.ts";
import { ROUND, Workload } from "../runner/simulated/workload.ts";
import { type CompileResult, Compiler } from "../wasm/compiler.ts";
import { BpfcastError } from "../wasm/errors.ts";
import { Machine } from "../wasm/machine.ts";
import type { Calls, Reply, Request, Stage } from "./protocol.ts";

/** The name that messages and objects have for the script. */
const NAME = "stdin";
const CPUS = 2;
/** Text is kept back this long at most, in milliseconds: a message for each event would drown the page. */
const OUTPUT_DELAY = 50;
/** The clock may run ahead of the simulation's by this, in milliseconds. */
const AHEAD = 20;

const encoder = new TextEncoder();

async function fetched(file: string): Promise<Response> {
  const response = await fetch(new URL(file, self.location.href));
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return response;
}

async function loadTarget(): Promise<ProfileTarget> {
  const { body } = await fetched("default.profile");
  if (body === null) throw new Error("the default profile is empty");
  const document = await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  return new ProfileTarget(readProfile(new Uint8Array(document)), "the default profile");
}

const compilerModule = WebAssembly.compileStreaming(fetched("compiler.wasm"));
const compiler = compilerModule.then((module) => Compiler.create(module));
const target = loadTarget();
/** Fetched when a script runs for the first time. */
let machineModule: Promise<WebAssembly.Module> | undefined;
// Their errors are those of the calls that wait for them.
for (const promise of [compiler, target]) promise.catch(() => {});

async function compile(script: string, dump: Stage[] = []): Promise<Exclude<CompileResult, { kind: "needs" }>> {
  const [own, facts] = await Promise.all([compiler, target]);
  const source = encoder.encode(script);
  for (;;) {
    const result = own.compile(source, { name: NAME, dump, architecture: facts.profile.architecture });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) own.supply(need, need.kind === "header" ? { found: false, candidates: [] } : facts.answer(need));
  }
}

let stopRun = () => {};

async function run(script: string, print: (text: string) => void): Promise<Calls["run"]["answer"]> {
  const result = await compile(script);
  // Warnings are below the editor.
  const errors = result.diagnostics.filter(({ severity }) => severity === "error");
  print(compileDiagnostics(errors, { name: NAME, text: script }));
  if (result.kind !== "object") return {};
  machineModule ??= WebAssembly.compileStreaming(fetched("machine.wasm"));
  const facts = await target;
  const types = targetTypesOf(facts.profile);
  if (types === undefined) throw new Error(`${facts.description} has no types`);
  const machine = await Machine.create(await machineModule, { cpus: CPUS });
  const startTime = BigInt(Date.now()) * 1_000_000n;
  const simulation = new Simulation(machine, facts.profile, types, { cpus: CPUS, startTime, users: { 33: "www-data", 110: "postgres" } });
  const decoder = new TextDecoder();
  const sink = { write: (bytes: Uint8Array) => print(decoder.decode(bytes, { stream: true })), writeError: print };
  try {
    const code = await runSimulated(
      result.object,
      simulation,
      sink,
      {
        format: "text",
        parameters: { positional: [] },
        // Nothing in the tab can be harmed.
        unsafe: true,
        quiet: false,
        showWarnings: true,
        report: (error, severity) => print(errorText(error, severity, false)),
        onStopRequest: (stop) => {
          stopRun = stop;
        },
      },
      async (stage) => {
        const workload = new Workload(stage);
        simulation.start();
        const [begun, at] = [performance.now(), simulation.now];
        while (!stage.isOver()) {
          await workload.round();
          const ahead = Number((simulation.now + ROUND - at) / 1_000_000n) - (performance.now() - begun);
          await new Promise((done) => setTimeout(done, Math.max(0, ahead - AHEAD)));
        }
      },
    );
    return { code };
  } catch (error) {
    if (!(error instanceof BpfcastError)) throw error;
    print(errorText(error, "ERROR", false));
    return { code: error.details.exitCode ?? 1 };
  } finally {
    stopRun = () => {};
  }
}

/** Collects text and hands it on now and then. */
class Printer {
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #send: (text: string) => void;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  print(text: string): void {
    this.#text += text;
    if (this.#text !== "") this.#timer ??= setTimeout(() => this.flush(), OUTPUT_DELAY);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text !== "") this.#send(this.#text);
    this.#text = "";
  }
}

async function answer(request: Request, send: (reply: Reply) => void): Promise<Calls[keyof Calls]["answer"]> {
  switch (request.call) {
    case "reference":
      return (await compiler).reference();
    case "check":
      return { diagnostics: (await compile(request.script)).diagnostics };
    case "format": {
      const result = (await compiler).format(encoder.encode(request.script), NAME);
      return result.kind === "formatted" ? { text: new TextDecoder().decode(result.text) } : {};
    }
    case "inspect": {
      const result = await compile(request.script, [request.stage]);
      return { text: "dumps" in result ? (result.dumps[request.stage] ?? "") : "" };
    }
    case "build": {
      const result = await compile(request.script);
      return result.kind === "object" ? { object: new Uint8Array(result.object) } : {};
    }
    case "run": {
      const printer = new Printer((output) => send({ id: request.id, output }));
      try {
        return await run(request.script, (text) => printer.print(text));
      } finally {
        printer.flush();
      }
    }
    case "stop":
      stopRun();
      return {};
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const send = (reply: Reply) => self.postMessage(reply);
  answer(data, send).then(
    (value) => send({ id: data.id, answer: value }),
    (error: unknown) => send({ id: data.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
