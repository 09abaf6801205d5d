// The whole module under inputs made by grammar and by feedback: scripts of the whole language, options, and hosts with damaged BTF,
// formats and headers. Whatever comes in, an object or an error comes out: no trap, no hang, no flood of memory.
//
// `npm run fuzz` uses the instrumented module and keeps what reaches new statements; FUZZ_INPUTS is the number of inputs, FUZZ_SEED
// repeats a run. `npm test` tries the product for a moment. A worker does the work, so that one that hangs is seen.

import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Finding, GuidedFuzzer, type Statistics } from "../support/guided-fuzzer.ts";
import { sections } from "../support/language-rows.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { allScripts } from "../support/script-list.ts";

interface Job {
  module: string;
  seed: number;
  /** Undefined: as many as `milliseconds` have room for. */
  inputs: number | undefined;
  milliseconds: number;
  /** The number of the input in hand, its length and its bytes. */
  shared: SharedArrayBuffer;
}

interface Report {
  statistics: Statistics;
  findings: Finding[];
  seconds: number;
  /** See `GuidedFuzzer.reached`. */
  reached: Uint8Array;
}

const SHARED_BYTES = 1 << 16;
/** How long the worker may be busy with one input, its repetitions included, before it is given up. */
const HANG_MILLISECONDS = 60_000;
const PROGRESS_MILLISECONDS = 30_000;
/** Runs as long as this must reach the shares below, and say what the whole language can say. */
const LONG_RUN = 100_000;
const PARSED = 0.2;
const CHECKED = 0.05;

function describe({ statistics: all, findings, seconds }: Report): string {
  const percent = (part: number) => `${((100 * part) / all.inputs).toFixed(1)} %`;
  const reached = all.statements === 0 ? "" : `, ${all.reached} statements reached, corpus ${all.corpus}`;
  return (
    `${all.inputs} inputs, ${(all.inputs / seconds).toFixed(0)} a CPU second, ${percent(all.parsed)} parse, ${percent(all.checked)} compile` +
    `${reached}, slowest ${all.slowest.toFixed(0)} ms, ${(all.memory / (1 << 20)).toFixed(1)} MiB, ${findings.length} findings`
  );
}

function describeFinding({ message, count, script, options, target }: Finding): string {
  const lines = [
    `script: ${JSON.stringify(script)}`,
    `options: ${JSON.stringify(options)}`,
    `target: ${target.join(", ") || "the good one"}`,
  ];
  return `${message} (${count} times)\n  ${lines.join("\n  ")}`;
}

/** Nothing that scripts reach: text of the IR, its validator, objects of llc, and the entries of test modules. */
const ELSEWHERE = /^wasm|\/testing|\/ir\/(parser|validator)|\/llvm\/read-object/;

/** Statements reached, by folder. */
function coverage({ reached }: Report): string {
  const points = JSON.parse(readFileSync(".out/coverage/points.json", "utf8")) as [file: string, line: number][];
  const folders = new Map<string, { statements: number; ran: number }>();
  points.forEach(([file], index) => {
    if (ELSEWHERE.test(file)) return;
    for (const name of [dirname(file), "all"]) {
      const row = folders.get(name) ?? { statements: 0, ran: 0 };
      row.statements++;
      row.ran += reached[index] ?? 0;
      folders.set(name, row);
    }
  });
  const lines = [...folders].map(
    ([name, { statements, ran }]) => `  ${name.padEnd(20)} ${ran} of ${statements}, ${((100 * ran) / statements).toFixed(1)} %`,
  );
  return lines.sort().join("\n");
}

/** Known scripts, each once. */
function seeds(): string[] {
  const folder = "test/compiler/syntax/golden";
  const golden = readdirSync(folder)
    .filter((name) => name.endsWith(".bt"))
    .map((name) => readFileSync(`${folder}/${name}`, "latin1"));
  const rows = Object.values(sections).flatMap((section) => section.map(([script]) => script));
  return [...new Set([...allScripts().map(({ text }) => text), ...golden, ...rows])];
}

async function work({ module, seed, inputs, milliseconds, shared }: Job): Promise<Report> {
  const started = Date.now();
  const state = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const onInput = (script: Buffer) => {
    state[1] = Math.min(script.length, bytes.length);
    bytes.set(script.subarray(0, bytes.length));
    Atomics.add(state, 0, 1);
  };
  // What a worker prints waits until it rests: the other thread prints.
  const say = (text: string) => parentPort?.postMessage(text);
  const compiled = new WebAssembly.Module(readFileSync(module));
  const fuzzer = new GuidedFuzzer(compiled, seeds(), new Random(seed), onInput, (finding) => say(describeFinding(finding)));
  const report = (): Report => ({
    statistics: fuzzer.statistics,
    findings: [...fuzzer.findings.values()],
    reached: fuzzer.reached,
    seconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  });
  let next = started + PROGRESS_MILLISECONDS;
  while (inputs === undefined ? Date.now() < started + milliseconds : fuzzer.statistics.inputs < inputs) {
    await fuzzer.step();
    if (Date.now() < next) continue;
    next += PROGRESS_MILLISECONDS;
    say(describe(report()));
  }
  return report();
}

/** Runs the job in a worker; rejects with the script in hand when that does not end. */
function watch(job: Job): Promise<Report> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job, resourceLimits: { stackSizeMb: 1 } });
  const state = new Int32Array(job.shared, 0, 2);
  let seen = 0;
  return new Promise<Report>((resolve, reject) => {
    const timer = setInterval(() => {
      const input = Atomics.load(state, 0);
      if (input === seen && input > 0) {
        const script = Buffer.from(new Uint8Array(job.shared, 8, state[1])).toString("latin1");
        reject(new Error(`input ${input} hangs: ${JSON.stringify(script)}`));
      }
      seen = input;
    }, HANG_MILLISECONDS);
    worker.on("message", (message: Report | string) => (typeof message === "string" ? console.error(message) : resolve(message)));
    worker.on("error", reject);
    worker.on("exit", () => clearInterval(timer));
  }).finally(() => worker.terminate());
}

async function main(): Promise<void> {
  const isLong = process.env["TEST_MODE"] === "fuzz";
  const wanted = process.env["FUZZ_INPUTS"];
  const seed = runSeed();
  test(`grammar and feedback, seed ${seed}`, async () => {
    const report = await watch({
      module: isLong ? ".out/coverage/compiler.wasm" : ".out/compiler.wasm",
      seed,
      inputs: wanted === undefined ? undefined : Number(wanted),
      milliseconds: runMilliseconds(),
      shared: new SharedArrayBuffer(8 + SHARED_BYTES),
    });
    if (isLong) console.log(`${describe(report)}\n${coverage(report)}`);
    const findings = report.findings.map(describeFinding);
    assert.is(findings.length, 0, findings.join("\n"));
    const { inputs, parsed, checked } = report.statistics;
    assert.ok(inputs > 500 && checked > 0, describe(report));
    if (inputs >= LONG_RUN) assert.ok(parsed >= PARSED * inputs && checked >= CHECKED * inputs, describe(report));
  });
  test.run();
}

if (isMainThread) await main();
else parentPort?.postMessage(await work(workerData as Job));
