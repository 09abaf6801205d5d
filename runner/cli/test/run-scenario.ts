// One scenario: its script compiled for the profile, run in a simulated kernel, its output compared.

import { BpfcastError } from "../../../wasm/errors.ts";
import type { Machine } from "../../../wasm/machine.ts";
import { loadMachine } from "../../../wasm/machine-node.ts";
import { errorText } from "../../core/diagnostics.ts";
import type { ProfileTarget } from "../../core/profile-target.ts";
import type { TargetTypes } from "../../simulated/core-types.ts";
import { targetTypesOf } from "../../simulated/load.ts";
import { play, prepare } from "../../simulated/play.ts";
import { runSimulated } from "../../simulated/run.ts";
import type { Scenario } from "../../simulated/scenario.ts";
import { Simulation } from "../../simulated/simulation.ts";
import { compileScript, type Script } from "../compile.ts";
import { scriptWords } from "../options.ts";
import { unusable } from "../unusable.ts";
import { differenceOfData, differenceOfLines } from "./compare.ts";

export interface Outcome {
  name: string;
  passed: boolean;
  milliseconds: number;
  /** What differs, or why it could not be played: lines. */
  difference: string[];
  /** Lines of the script that were run and that could have been, by number. */
  covered: ReadonlySet<number>;
  coverable: ReadonlySet<number>;
}

/** Target, types and machine of one profile, for any number of scenarios. */
export class Stage {
  readonly target: ProfileTarget;
  readonly #coverage: boolean;
  readonly #types: TargetTypes;
  #machine: Machine | undefined;
  readonly #objects = new Map<string, Uint8Array>();

  /**
   * @param coverage remember which lines are run.
   * @throws BpfcastError for a profile without types.
   */
  constructor(target: ProfileTarget, coverage: boolean) {
    const types = targetTypesOf(target.profile);
    if (types === undefined) throw unusable("profile-lacks-types", `${target.description} has no types`);
    this.target = target;
    this.#coverage = coverage;
    this.#types = types;
  }

  /** @throws BpfcastError of exit code 2 when the script has errors. */
  async #compile(script: Script, words: readonly string[]): Promise<Uint8Array> {
    const key = JSON.stringify([script.name, words]);
    const known = this.#objects.get(key);
    if (known !== undefined) return known;
    const { positional: parameters } = scriptWords(words);
    const options = { dump: [], warnings: false, ...(parameters.length > 0 ? { parameters } : {}) };
    const { object, messages } = await compileScript(script, options, this.target);
    if (object === undefined) throw unusable("script-failed", messages.trimEnd().replace(/^ERROR: /, ""));
    this.#objects.set(key, object);
    return object;
  }

  async #once(
    object: Uint8Array,
    scenario: Scenario,
    format: "text" | "json",
  ): Promise<{ output: string; errors: string; code: number; simulation: Simulation }> {
    this.#machine ??= await loadMachine({ cpus: 1 });
    const simulation = new Simulation(this.#machine, this.target.profile, this.#types, { ...scenario, coverage: this.#coverage });
    prepare(simulation, scenario);
    const parts: Uint8Array[] = [];
    let errors = "";
    const code = await runSimulated(
      object,
      simulation,
      {
        write: (bytes) => parts.push(bytes.slice()),
        writeError: (text) => {
          errors += text;
        },
      },
      {
        format,
        parameters: {
          ...scriptWords(scenario.arguments ?? []),
          ...(scenario.pid === undefined ? {} : { pid: scenario.pid }),
        },
        unsafe: scenario.unsafe === true,
        quiet: true,
        showWarnings: true,
        report: (error, severity) => {
          errors += errorText(error, severity, false);
        },
      },
      (stage) => play(scenario.steps, stage),
    );
    return { output: Buffer.concat(parts).toString("utf8"), errors, code, simulation };
  }

  /** @throws BpfcastError of exit code 2 for a script with errors; what goes wrong in the run is an outcome. */
  async run(script: Script, scenario: Scenario): Promise<Outcome> {
    const started = performance.now();
    const object = await this.#compile(script, scenario.arguments ?? []);
    let difference: string[];
    let coverage = { covered: new Set<number>(), coverable: new Set<number>() };
    try {
      const found = await this.#play(object, scenario);
      difference = found.difference;
      coverage = found.coverage;
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      difference = errorText(error, "ERROR", true).trimEnd().split("\n");
    }
    return { name: scenario.name, passed: difference.length === 0, milliseconds: performance.now() - started, difference, ...coverage };
  }

  async #play(object: Uint8Array, scenario: Scenario) {
    const { expect } = scenario;
    const difference: string[] = [];
    const add = (what: string, lines: string[]) => {
      if (lines.length > 0) difference.push(`${what}:`, ...lines.map((line) => `  ${line}`));
    };
    const { output, errors, code, simulation } = await this.#once(object, scenario, "text");
    const { coverage } = simulation.kernel;
    if (expect.output !== undefined) add("output", differenceOfLines(expect.output, output));
    add("errors", differenceOfLines(expect.errors ?? [], errors));
    if (code !== (expect.exitCode ?? 0)) add("exit code", [`- ${expect.exitCode ?? 0}`, `+ ${code}`]);
    if (expect.signals !== undefined)
      add(
        "signals",
        differenceOfData(
          expect.signals,
          simulation.kernel.signals.map(({ signal }) => signal),
        ),
      );
    if (expect.maps !== undefined || expect.events !== undefined) {
      // The same again: a simulation does not differ from itself.
      const json = await this.#once(object, scenario, "json");
      const events = json.output
        .split("\n")
        .filter((line) => line !== "")
        .map((line): { type?: string; data?: Record<string, unknown> } => JSON.parse(line));
      if (expect.events !== undefined)
        add(
          "events",
          differenceOfData(
            expect.events,
            events.filter(({ type }) => type !== "attached_probes"),
          ),
        );
      if (expect.maps !== undefined) {
        const maps: Record<string, unknown> = {};
        for (const { type = "", data } of events) if (["map", "hist", "stats", "tseries"].includes(type)) Object.assign(maps, data);
        // Maps that are not named may hold what they want.
        const named = Object.fromEntries(Object.keys(expect.maps).map((name) => [name, maps[name] ?? null]));
        add("maps", differenceOfData(expect.maps, named));
      }
    }
    return { difference, coverage };
  }
}
