// Scripts on the page's busy machine, as its worker runs them, but at no pace: a second of it takes a few milliseconds.

import { readFileSync } from "node:fs";
import { compileDiagnostics, errorText } from "../../runner/core/diagnostics.ts";
import { profileTarget } from "../../runner/host/profile-targets.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { runSimulated } from "../../runner/simulated/run.ts";
import { Simulation } from "../../runner/simulated/simulation.ts";
import { ROUND, Workload } from "../../runner/simulated/workload.ts";
import { type CompileResult, Compiler } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { Machine } from "../../wasm/machine.ts";
import type { RunResult } from "../../web/learn/step.ts";

const NAME = "stdin";
const CPUS = 2;
const SECOND = 1_000_000_000n;
/** The clock's time at the start: the same each time, as is all that is printed. */
const START_TIME = 1_767_225_600_000_000_000n;

const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
const machine = await WebAssembly.compile(readFileSync(".out/machine.wasm"));
const target = profileTarget(".out/default.profile");
const types = targetTypesOf(target.profile);
if (types === undefined) throw new Error("the default profile has no types");
const known = types;

export function compile(script: string): Exclude<CompileResult, { kind: "needs" }> {
  for (;;) {
    const result = compiler.compile(new TextEncoder().encode(script), { name: NAME, architecture: target.profile.architecture });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : target.answer(need));
  }
}

export interface Run extends RunResult {
  /** The script was still running when its time was over, and was interrupted. */
  isInterrupted: boolean;
  /** Seconds of the machine's time. */
  seconds: number;
}

/** Runs a script for at most so many seconds of the machine's time, then interrupts it. */
export async function run(script: string, seconds = 3): Promise<Run> {
  let output = "";
  const print = (text: string) => {
    output += text;
  };
  const result = compile(script);
  print(
    compileDiagnostics(
      result.diagnostics.filter(({ severity }) => severity === "error"),
      { name: NAME, text: script },
    ),
  );
  if (result.kind !== "object") return { script, output, code: undefined, isInterrupted: false, seconds: 0 };
  const users = { 33: "www-data", 110: "postgres" };
  const options = { cpus: CPUS, startTime: START_TIME, users };
  const simulation = new Simulation(await Machine.create(machine, { cpus: CPUS }), target.profile, known, options);
  const decoder = new TextDecoder();
  const begun = simulation.now;
  const ended = { code: 1, isInterrupted: false };
  try {
    ended.code = await runSimulated(
      result.object,
      simulation,
      { write: (bytes) => print(decoder.decode(bytes, { stream: true })), writeError: print },
      {
        format: "text",
        parameters: { positional: [] },
        unsafe: true,
        quiet: false,
        showWarnings: true,
        report: (error, severity) => print(errorText(error, severity, false)),
      },
      async (stage) => {
        const workload = new Workload(stage);
        simulation.start();
        while (!stage.isOver() && simulation.now - begun + ROUND <= BigInt(seconds) * SECOND) {
          await workload.round();
          await new Promise((done) => setImmediate(done));
        }
        ended.isInterrupted = !stage.isOver();
        stage.interrupt();
      },
    );
  } catch (error) {
    if (!(error instanceof BpfcastError)) throw error;
    print(errorText(error, "ERROR", false));
    ended.code = error.details.exitCode ?? 1;
  }
  return { script, output, ...ended, seconds: Number(simulation.now - begun) / Number(SECOND) };
}
