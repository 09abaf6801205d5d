// The machine for long: programs of IR and of instructions against the kernel, whole scripts, and damaged objects. Runs in `npm run fuzz`;
// FUZZ_SEED repeats a run. `npm test` runs the same for a short time, see test/machine.

import { readFileSync } from "node:fs";
import { test as check } from "uvu";
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

const PROGRAMS = 20_400;
const DAMAGED = 1_000_000;
const RANDOM = 1_000_000;

const test = process.env["TEST_MODE"] === "fuzz" && mayTrace() ? check : check.skip;
const seed = runSeed();

test(`programs of IR, seed ${seed}`, async () => {
  const machine = await newMachine();
  for (let round = 0; round * BATCH < PROGRAMS; round++) assert.is(programDifference(machine, seed * 1000 + round), "");
  console.log(`${PROGRAMS} programs of IR`);
});

test(`programs of instructions, seed ${seed}`, async () => {
  const machine = await newMachine();
  for (let round = 0; round * BATCH < PROGRAMS; round++) assert.is(arithmeticDifference(machine, seed * 1000 + round), "");
  console.log(`${PROGRAMS} programs of instructions`);
});

test(`scripts, seed ${seed}`, async () => {
  pinToOneCpu();
  const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
  const machine = await newMachine({ cpus: new HostKernel({ verbose: false, logSize: 0 }).possibleCpus });
  const targets = targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) });
  const generator = new ScriptGenerator(new Random(seed + 83), true, ["BEGIN"]);
  const random = new Random(seed);
  const end = Date.now() + runMilliseconds();
  let compared = 0;
  while (Date.now() < end) {
    const script = steady(generator.script(10 + random.below(80), 12)).replace(/\b(curtask|cgroup)\b[\w.>-]*/g, "pid");
    const found = await scriptDifference(compiler, machine, targets, script);
    if (found !== undefined) compared++;
    assert.is(found ?? "", "", script);
  }
  console.log(`${compared} scripts`);
});

test(`damaged objects, seed ${seed}`, async () => {
  const machine = await newMachine();
  const targets = targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) });
  const objects = victims(await Compiler.create(readFileSync(".out/compiler.wasm")));
  const random = new Random(seed);
  const outcomes = new Map<string, number>();
  const started = process.cpuUsage();
  let slowest = 0;
  for (let round = 0; round < DAMAGED; round++) {
    const bytes = mutate(random.pick(objects), random);
    const before = performance.now();
    const outcome = tryObject(machine, bytes, targets);
    slowest = Math.max(slowest, performance.now() - before);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const seconds = process.cpuUsage(started).user / 1e6;
  console.log(`${DAMAGED} damaged objects, ${Math.round(DAMAGED / seconds)} per CPU second, the slowest ${Math.round(slowest)} ms`);
  console.log([...outcomes].map(([code, count]) => `${code} ${count}`).join(", "));
});

test(`random instructions, seed ${seed}`, async () => {
  const machine = await newMachine();
  const random = new Random(seed + 7);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < RANDOM; round++) {
    const outcome = tryInstructions(machine, randomInstructions(random), random.once(2));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  console.log([...outcomes].map(([kind, count]) => `${kind} ${count}`).join(", "));
});

check.run();
