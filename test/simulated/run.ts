// Scripts in the simulated kernel: compiled for the default profile, run by the runner's own session.

import { readFileSync } from "node:fs";
import { profileTarget } from "../../runner/host/profile-targets.ts";
import type { TargetTypes } from "../../runner/simulated/core-types.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { play, prepare } from "../../runner/simulated/play.ts";
import { runSimulated } from "../../runner/simulated/run.ts";
import type { Scenario } from "../../runner/simulated/scenario.ts";
import { Simulation } from "../../runner/simulated/simulation.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { Machine } from "../../wasm/machine.ts";

const target = profileTarget(".out/default.profile");
const types = targetTypesOf(target.profile) as TargetTypes;
const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
const module = await WebAssembly.compile(readFileSync(".out/machine.wasm"));

export function compile(script: string): Uint8Array {
  for (;;) {
    const result = compiler.compile(new TextEncoder().encode(script), { name: "test.bt" });
    if (result.kind === "object") return result.object;
    if (result.kind !== "needs")
      throw new Error(result.kind === "failed" ? result.diagnostics.map(({ message }) => message).join("; ") : result.kind);
    for (const need of result.needs) {
      if (need.kind !== "btf" && need.kind !== "tracepoint") throw new Error(`need ${need.kind}`);
      compiler.supply(need, target.answer(need));
    }
  }
}

export interface Printed {
  output: string;
  errors: string;
  code: number;
  simulation: Simulation;
}

export async function run(script: string, scenario: Omit<Scenario, "name" | "expect">, format: "text" | "json" = "text"): Promise<Printed> {
  const object = compile(script);
  const machine = await Machine.create(module, { cpus: 1 });
  const simulation = new Simulation(machine, target.profile, types, scenario);
  prepare(simulation, { name: "", expect: {}, ...scenario });
  let output = "";
  let errors = "";
  const sink = {
    write: (bytes: Uint8Array) => {
      output += Buffer.from(bytes).toString("latin1");
    },
    writeError: (text: string) => {
      errors += text;
    },
  };
  const code = await runSimulated(
    object,
    simulation,
    sink,
    {
      format,
      parameters: { positional: [...(scenario.arguments ?? [])] },
      unsafe: scenario.unsafe === true,
      quiet: true,
      showWarnings: true,
      report: (error, severity) => {
        errors += `${severity}: ${error.message}\n`;
      },
    },
    (stage) => play(scenario.steps, stage),
  );
  return { output, errors, code, simulation };
}
