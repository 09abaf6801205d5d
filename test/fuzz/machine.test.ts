// The machine against the kernel on programs of IR and of instructions and on whole scripts; damaged objects and random instructions
// without a trap. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HostKernel } from "../../runner/host/kernel.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { arithmeticDifference, BATCH, programDifference } from "../machine/differential.ts";
import { newMachine } from "../machine/machine.ts";
import { mutate, randomInstructions, tryInstructions, tryObject, victims } from "../machine/mutations.ts";
import { scriptDifference } from "../machine/scripts.ts";
import { pinToOneCpu, steady } from "../support/differential.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";

const isLong = process.env["TEST_MODE"] === "fuzz";
/** Batches of programs. */
const BATCHES = isLong ? 340 : 8;
const DAMAGED = isLong ? 1_000_000 : 3000;
const RANDOM = isLong ? 1_000_000 : 30_000;

const seed = runSeed();
const live = mayTrace();
const machine = await newMachine();
const targets = live ? targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) }) : undefined;
const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));

function report(text: string): void {
  if (isLong) console.log(text);
}

/** Counts outcomes of `rounds` tries, and the slowest of them. */
function tally(rounds: number, attempt: () => string): Map<string, number> {
  const outcomes = new Map<string, number>();
  const started = process.cpuUsage();
  let slowest = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    const outcome = attempt();
    slowest = Math.max(slowest, process.cpuUsage(before).user / 1000);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const seconds = process.cpuUsage(started).user / 1e6;
  report(`${rounds}: ${Math.round(rounds / seconds)} per CPU second, the slowest ${Math.round(slowest)} ms`);
  report([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", "));
  return outcomes;
}

if (live) {
  test(`programs of IR, seed ${seed}`, () => {
    for (let batch = 0; batch < BATCHES; batch++) assert.is(programDifference(machine, seed * 1000 + batch), "");
    report(`${BATCHES * BATCH} programs of IR`);
  });

  test(`arithmetic, jumps, loads and atomics on corner cases, seed ${seed}`, () => {
    for (let batch = 0; batch < BATCHES; batch++) assert.is(arithmeticDifference(machine, seed * 1000 + batch), "");
    report(`${BATCHES * BATCH} programs of instructions`);
  });

  test(`scripts, seed ${seed}`, async () => {
    pinToOneCpu();
    const own = await newMachine({ cpus: new HostKernel({ verbose: false, logSize: 0 }).possibleCpus });
    const generator = new ScriptGenerator(new Random(seed + 83), true, ["BEGIN"]);
    const random = new Random(seed);
    const end = Date.now() + runMilliseconds();
    let compared = 0;
    while (Date.now() < end || compared === 0) {
      const script = steady(generator.script(10 + random.below(80), 12)).replace(/\b(curtask|cgroup)\b[\w.>-]*/g, "pid");
      const found = await scriptDifference(compiler, own, targets, script);
      if (found === undefined) continue;
      compared++;
      assert.is(found, "", script);
    }
    report(`${compared} scripts`);
  });
}

test(`damaged objects, seed ${seed}`, () => {
  const objects = victims(live ? compiler : undefined);
  const whole = objects.filter((object) => tryObject(machine, object, targets) === "ran");
  assert.ok(whole.length >= 4, `${whole.length} objects run undamaged`);
  const random = new Random(seed);
  const outcomes = tally(DAMAGED, () => tryObject(machine, mutate(random.pick(objects), random), targets));
  // The damage reaches all stages.
  for (const stage of ["ran", "bad-object", "program-refused", "program-stopped"]) assert.ok(outcomes.has(stage), stage);
});

test(`random instructions, seed ${seed}`, () => {
  const random = new Random(seed + 7);
  const outcomes = tally(RANDOM, () => tryInstructions(machine, randomInstructions(random), random.once(2)));
  assert.ok(outcomes.size >= 15, [...outcomes.keys()].join());
});

test.run();
