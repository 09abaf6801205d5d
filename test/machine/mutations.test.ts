// Objects that are damaged at random, to loader and machine. FUZZ_SEED repeats a run; `npm run fuzz` runs a million (test/fuzz/machine.test.ts).

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { Random, runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";
import { newMachine } from "./machine.ts";
import { mutate, randomInstructions, tryInstructions, tryObject, victims } from "./mutations.ts";

const machine = await newMachine();
const live = mayTrace();
const targets = live ? targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) }) : undefined;
const objects = victims(live ? await Compiler.create(readFileSync(".out/compiler.wasm")) : undefined);

test("the objects as they are", () => {
  const outcomes = objects.map((object) => tryObject(machine, object, targets));
  assert.ok(outcomes.filter((outcome) => outcome === "ran").length >= 4, outcomes.join());
});

const seed = runSeed();
test(`damaged objects, seed ${seed}`, () => {
  const random = new Random(seed);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 3000; round++) {
    const bytes = mutate(random.pick(objects), random);
    const outcome = tryObject(machine, bytes, targets);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // The damage reaches all stages.
  for (const stage of ["ran", "bad-object", "program-refused", "program-stopped"]) assert.ok(outcomes.has(stage), stage);
});

test(`random instructions, seed ${seed}`, () => {
  const random = new Random(seed + 7);
  const outcomes = new Set<string>();
  for (let round = 0; round < 30_000; round++) outcomes.add(tryInstructions(machine, randomInstructions(random), random.once(2)));
  assert.ok(outcomes.size >= 15, [...outcomes].join());
});

test.run();
