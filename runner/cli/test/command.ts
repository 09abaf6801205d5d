// `bpfcast test`: scenarios played in a simulated kernel.

import { dirname, resolve } from "node:path";
import { BpfcastError } from "../../../wasm/errors.ts";
import { errorText } from "../../core/diagnostics.ts";
import { defaultProfileFile, profileTarget } from "../../host/profile-targets.ts";
import { readInput, writeObject } from "../execute.ts";
import type { Options } from "../options.ts";
import { unusable } from "../unusable.ts";
import { type CommandSink, runWatched, type WatchedFiles } from "../watch.ts";
import { findScenarios, type LoadedScenarios, loadScenarios } from "./files.ts";
import { type FileOutcome, REPORTERS, sumsOf } from "./reporters.ts";
import { Stage } from "./run-scenario.ts";

/** Stages by profile, so that one serves all scenarios of it. */
class Stages {
  readonly #stages = new Map<string, Stage>();
  readonly #default: string | undefined;
  readonly #coverage: boolean;

  constructor(profile: string | undefined, coverage: boolean) {
    this.#coverage = coverage;
    this.#default = profile ?? defaultProfileFile();
  }

  of(profile: string | undefined, folder: string): Stage {
    const file = profile === undefined ? this.#default : resolve(folder, profile);
    if (file === undefined) throw unusable("no-profile", "there is no default profile: --profile FILE names one");
    let stage = this.#stages.get(file);
    if (stage === undefined) {
      stage = new Stage(profileTarget(file), this.#coverage);
      this.#stages.set(file, stage);
    }
    return stage;
  }
}

async function playFile(loaded: LoadedScenarios, stages: Stages, sink: CommandSink): Promise<{ outcome: FileOutcome; failed: boolean }> {
  const bytes = readInput(loaded.scriptFile);
  const outcome: FileOutcome = {
    file: loaded.file,
    scriptFile: loaded.scriptFile,
    lines: new TextDecoder().decode(bytes).split("\n"),
    outcomes: [],
  };
  const outcomes = [];
  let failed = false;
  for (const scenario of loaded.scenarios) {
    try {
      outcomes.push(await stages.of(scenario.profile, dirname(loaded.file)).run({ name: loaded.scriptFile, bytes }, scenario));
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      // The other files are worth playing all the same.
      sink.writeError(errorText(error, "ERROR", false));
      failed = true;
      break;
    }
  }
  return { outcome: { ...outcome, outcomes }, failed };
}

/** @returns the exit code: 0, 1 when a scenario fails, 2 when a file or its script cannot be used. */
async function playAll(files: readonly string[], options: Options, sink: CommandSink, seen: WatchedFiles): Promise<number> {
  const started = performance.now();
  const [profile, ...others] = options.profile ?? [];
  if (others.length > 0) throw unusable("usage", "USAGE: one profile; scenarios may name others");
  const reporter = REPORTERS[options.reporter ?? "text"];
  if (reporter === undefined) throw unusable("usage", `USAGE: --reporter must be one of ${Object.keys(REPORTERS).join(", ")}`);
  const stages = new Stages(profile, options.coverage === true);
  const outcomes: FileOutcome[] = [];
  let isUnusable = false;
  for (const file of files) {
    seen.note(file);
    try {
      const loaded = await loadScenarios(file, options.scripts);
      seen.note(loaded.scriptFile);
      const { outcome, failed } = await playFile(loaded, stages, sink);
      outcomes.push(outcome);
      isUnusable ||= failed;
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      sink.writeError(errorText(error, "ERROR", false));
      isUnusable = true;
    }
  }
  const report = reporter(outcomes, performance.now() - started, options.coverage === true);
  if (options.output === undefined) sink.print(report);
  else writeObject(options.output, new TextEncoder().encode(report));
  const { total, passed } = sumsOf(outcomes);
  return isUnusable ? 2 : passed < total ? 1 : 0;
}

export async function runTests(options: Options, sink: CommandSink): Promise<number> {
  if (options.words.length === 0) throw unusable("usage", "USAGE: bpfcast test FILE...");
  const inputs = () => findScenarios(options.words);
  return runWatched(options.watch === true, { sink, inputs, clears: true, run: (seen) => playAll(inputs(), options, sink, seen) });
}
