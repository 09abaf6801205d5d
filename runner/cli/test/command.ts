// `bpfcast test`: scenarios played in a simulated kernel.

import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BpfcastError } from "../../../wasm/errors.ts";
import { defaultProfileFile, profileTarget } from "../../host/profile-targets.ts";
import { errorText } from "../diagnostics.ts";
import { readInput, writeObject } from "../execute.ts";
import type { Options } from "../options.ts";
import { findScenarios, type LoadedScenarios, loadScenarios, unusable } from "./files.ts";
import { type FileOutcome, REPORTERS, sumsOf } from "./reporters.ts";
import { Stage } from "./run-scenario.ts";

/** How often files are looked at under --watch, in milliseconds. */
const WATCH_INTERVAL = 200;

export interface TestSink {
  print(text: string): void;
  writeError(text: string): void;
}

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

async function playFile(loaded: LoadedScenarios, stages: Stages, sink: TestSink): Promise<{ outcome: FileOutcome; failed: boolean }> {
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
async function playAll(files: readonly string[], options: Options, sink: TestSink, seen: Map<string, number>): Promise<number> {
  const started = performance.now();
  const [profile, ...others] = options.profile ?? [];
  if (others.length > 0) throw unusable("usage", "USAGE: one profile; scenarios may name others");
  const reporter = REPORTERS[options.reporter ?? "text"];
  if (reporter === undefined) throw unusable("usage", `USAGE: --reporter must be one of ${Object.keys(REPORTERS).join(", ")}`);
  const stages = new Stages(profile, options.coverage === true);
  const outcomes: FileOutcome[] = [];
  let isUnusable = false;
  for (const file of files) {
    seen.set(file, changeTime(file));
    try {
      const loaded = await loadScenarios(file, options.scripts);
      seen.set(loaded.scriptFile, changeTime(loaded.scriptFile));
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

/** When a file was changed; 0 when it is not there. */
function changeTime(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

export async function runTests(options: Options, sink: TestSink): Promise<number> {
  if (options.words.length === 0) throw unusable("usage", "USAGE: bpfcast test FILE...");
  // Times of before the files are read: a change meanwhile is not overlooked.
  const seen = new Map<string, number>();
  const code = await playAll(findScenarios(options.words), options, sink, seen);
  if (options.watch !== true) return code;
  for (;;) {
    await setTimeout(WATCH_INTERVAL);
    if ([...seen].every(([file, time]) => changeTime(file) === time)) continue;
    sink.print("\u001bc");
    await playAll(findScenarios(options.words), options, sink, seen);
  }
}
