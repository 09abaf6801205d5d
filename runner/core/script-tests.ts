// The tests and benches of a script: run one by one, in place of tracing. Features section 3, P3 and P4.

import type { BoundObject } from "./bind.ts";
import type { TestMode } from "./facts.ts";
import type { LoadedObject } from "./kernel.ts";
import type { Output } from "./output.ts";

/** What the script said while one of its programs ran. */
export interface Said {
  text: Uint8Array;
  /** It reported an error, or called exit() with a code that is not 0. */
  isFailure: boolean;
}

export interface TestStage {
  bound: BoundObject;
  object: LoadedObject;
  output: Output;
  /** What has been said since the last time. */
  collect(): Promise<Said>;
  /** An error about the run. */
  complain(message: string): void;
}

/** A bench is run so often that all its runs together take this long: nanoseconds. */
const LONG_ENOUGH = 1_000_000;
/** More runs than this tell nothing more. */
const MAX_RUNS = 1e9;

interface Runnable {
  symbol: string;
  name: string;
}

/** Runs all of `mode`; false when one has failed. */
export async function runScriptTests(stage: TestStage, mode: TestMode): Promise<boolean> {
  const { manifest, programs } = stage.bound;
  const found = programs.flatMap(({ symbol, program }): Runnable[] => {
    const row = manifest.programs[program];
    return row?.kind === mode ? [{ symbol, name: row.target[0] ?? "" }] : [];
  });
  return mode === "test" ? runTests(stage, found) : runBenches(stage, found);
}

async function runTests({ object, output, collect }: TestStage, tests: Runnable[]): Promise<boolean> {
  if (tests.length === 0) return true;
  const failed: string[] = [];
  output.testsBegin(tests.length);
  for (const { symbol, name } of tests) {
    output.testBegins(name);
    const { value, duration } = await object.testRun(symbol);
    const { text, isFailure } = await collect();
    const passed = value === 0 && !isFailure;
    if (!passed) failed.push(name);
    output.testEnded(name, passed, duration, text);
  }
  output.testsEnded(tests.length, failed);
  return failed.length === 0;
}

async function runBenches({ object, output, collect, complain }: TestStage, benches: Runnable[]): Promise<boolean> {
  const width = benches.reduce((most, { name }) => Math.max(most, name.length), 0);
  let allRan = true;
  let isFirst = true;
  for (const { symbol, name } of benches) {
    let runs = 1;
    let result = await object.testRun(symbol, runs);
    for (let total = result.duration; result.value === 0 && total < LONG_ENOUGH && runs < MAX_RUNS; total = result.duration * runs) {
      runs *= total < 1e3 ? 1000 : total < 1e4 ? 100 : total < 1e5 ? 10 : 2;
      result = await object.testRun(symbol, runs);
    }
    if ((await collect()).isFailure) {
      output.flush();
      complain(`Benchmark '${name}' failed.`);
      allRan = false;
      continue;
    }
    // With another result than 0 a bench says that there is nothing to measure.
    if (result.value !== 0) continue;
    output.benchEnded(name, result.duration, runs, width, isFirst);
    isFirst = false;
  }
  return allRan;
}
