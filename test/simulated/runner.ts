// Scripts in the simulated kernel, run by the runner's own session: the same in Node and in a page.

import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import type { TargetTypes } from "../../runner/simulated/core-types.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { play, prepare } from "../../runner/simulated/play.ts";
import { type MapWatcher, runSimulated } from "../../runner/simulated/run.ts";
import type { Scenario } from "../../runner/simulated/scenario.ts";
import { Simulation } from "../../runner/simulated/simulation.ts";
import type { Compiler } from "../../wasm/compiler.ts";
import { Machine } from "../../wasm/machine.ts";

export interface Printed {
  output: string;
  errors: string;
  code: number;
}

export class ScriptRunner {
  readonly #compiler: Compiler;
  readonly #target: ProfileTarget;
  readonly #types: TargetTypes;
  readonly #machine: Machine;

  private constructor(compiler: Compiler, machine: Machine, target: ProfileTarget, types: TargetTypes) {
    this.#compiler = compiler;
    this.#machine = machine;
    this.#target = target;
    this.#types = types;
  }

  static async create(compiler: Compiler, machine: WebAssembly.Module, target: ProfileTarget): Promise<ScriptRunner> {
    const types = targetTypesOf(target.profile);
    if (types === undefined) throw new Error("the profile has no types");
    return new ScriptRunner(compiler, await Machine.create(machine, { cpus: 1 }), target, types);
  }

  #compile(script: string): Uint8Array {
    for (;;) {
      const result = this.#compiler.compile(new TextEncoder().encode(script), { name: "stdin" });
      if (result.kind === "object") return result.object;
      if (result.kind !== "needs")
        throw new Error(result.kind === "failed" ? result.diagnostics.map(({ message }) => message).join("; ") : result.kind);
      for (const need of result.needs)
        this.#compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : this.#target.answer(need));
    }
  }

  async run(
    script: string,
    scenario: Omit<Scenario, "name" | "expect">,
    format: "text" | "json" = "text",
    maps?: MapWatcher,
  ): Promise<Printed> {
    const object = this.#compile(script);
    const simulation = new Simulation(this.#machine, this.#target.profile, this.#types, scenario);
    prepare(simulation, { name: "", expect: {}, ...scenario });
    const decoder = new TextDecoder();
    let output = "";
    let errors = "";
    const sink = {
      write: (bytes: Uint8Array) => {
        output += decoder.decode(bytes, { stream: true });
      },
      writeError: (text: string) => {
        errors += text;
      },
    };
    const settings = {
      format,
      parameters: { positional: [...(scenario.arguments ?? [])] },
      unsafe: scenario.unsafe === true,
      quiet: true,
      showWarnings: true,
      report: (error: Error, severity: string) => {
        errors += `${severity}: ${error.message}\n`;
      },
      ...(maps === undefined ? {} : { maps }),
    };
    const code = await runSimulated(object, simulation, sink, settings, (stage) => play(scenario.steps, stage));
    return { output, errors, code };
  }
}
