// The worker of the page: compilers, profiles and the simulated kernel. Nothing of it needs a server but for the files themselves.

import { compileDiagnostics } from "../runner/core/diagnostics.ts";
import { Compiler } from "../wasm/compiler.ts";
import { namesOf } from "./editor/names.ts";
import { LlvmCompiler } from "./inside/llvm.ts";
import { viewText } from "./inside/views.ts";
import { type Calls, type Control, type Moment, type News, type Reply, type Request, STAGES, type Stage, type View } from "./protocol.ts";
import { Run } from "./run/run.ts";
import { Targets } from "./targets/targets.ts";

/** Text is kept back this long at most, in milliseconds: a message for each event would drown the page. */
const OUTPUT_DELAY = 50;

/** A file of the page. @throws Error where it cannot be had. */
async function fetched(file: string): Promise<Response> {
  const response = await fetch(new URL(file, self.location.href));
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return response;
}

const compilerModule = WebAssembly.compileStreaming(fetched("compiler.wasm"));
/** Knows the language alone, and no kernel. */
const plain = compilerModule.then((module) => Compiler.create(module));
// Its error is that of the calls that wait for it.
plain.catch(() => {});
const targets = new Targets({ module: compilerModule, fetchFile: fetched });
const llvm = new LlvmCompiler(compilerModule);
/** Fetched when a script runs for the first time. */
let machineModule: Promise<WebAssembly.Module> | undefined;
let running: Run | undefined;

type Send = (news: News) => void;

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

async function run(request: Extract<Request, { call: "run" }>, send: Send): Promise<Calls["run"]["answer"]> {
  const { name, script, target, workload, speed, isPaused } = request;
  const printer = new Printer((output) => send({ output }));
  const print = (text: string) => printer.print(text);
  try {
    const result = await targets.compile(target, script, { name });
    // Warnings are below the editor.
    const errors = result.diagnostics.filter(({ severity }) => severity === "error");
    print(compileDiagnostics(errors, { name, text: script }));
    if (result.kind !== "object") return {};
    machineModule ??= WebAssembly.compileStreaming(fetched("machine.wasm"));
    const show = (moment: Moment) => {
      // Text and maps are of one time.
      printer.flush();
      send({ moment });
    };
    const machine = await machineModule;
    const { target: facts } = await targets.get(target);
    running = await Run.create({ object: result.object, target: facts, machine, workload, speed, isPaused, print, show });
    return { code: await running.run() };
  } finally {
    running = undefined;
    printer.flush();
  }
}

function control(asked: Control): void {
  if (running === undefined) return;
  const { pace } = running;
  switch (asked.kind) {
    case "stop":
      running.stop();
      break;
    case "pause":
    case "resume":
      pace.pause(asked.kind === "pause");
      break;
    case "step":
      pace.step();
      break;
    case "speed":
      pace.speed = asked.speed;
  }
}

const isStage = (view: View): view is Stage => (STAGES as readonly string[]).includes(view);

async function inspect({ name, script, target, view, backend }: Extract<Request, { call: "inspect" }>, send: Send): Promise<string> {
  const options = { name, ...(isStage(view) && { dump: [view] }) };
  const result =
    backend === "own"
      ? await targets.compile(target, script, options)
      : await llvm.compile((await targets.get(target)).target, script, options, (progress) => send({ progress }));
  if (isStage(view)) return "dumps" in result ? (result.dumps[view] ?? "") : "";
  return result.kind === "object" ? viewText(result.object, view) : "";
}

async function answer(request: Request, send: Send): Promise<Calls[keyof Calls]["answer"]> {
  switch (request.call) {
    case "reference":
      return (await plain).reference();
    case "targets":
      return targets.list();
    case "addTarget":
      return targets.add(request.name, request.bytes);
    case "check":
      return { diagnostics: (await targets.compile(request.target, request.script, { name: request.name })).diagnostics };
    case "format": {
      const result = (await plain).format(new TextEncoder().encode(request.script), "");
      return result.kind === "formatted" ? { text: new TextDecoder().decode(result.text) } : {};
    }
    case "inspect":
      return { text: await inspect(request, send) };
    case "build": {
      const result = await targets.compile(request.target, request.script, { name: request.name });
      return result.kind === "object" ? { object: new Uint8Array(result.object) } : {};
    }
    case "survey":
      return { targets: await targets.survey(request.script, (_, done, total) => send({ progress: done / total })) };
    case "run":
      return run(request, send);
    case "control":
      control(request.control);
      return {};
    case "happen":
      if (running === undefined) throw new Error("no script runs: press Run first");
      await running.happen(request.step);
      return {};
    case "names":
      return { names: namesOf(await targets.get(request.target), request.kind, request.start, request.place) };
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const send = (reply: Reply) => self.postMessage(reply);
  answer(data, (news) => send({ id: data.id, ...news })).then(
    (value) => send({ id: data.id, answer: value }),
    (error: unknown) => send({ id: data.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
