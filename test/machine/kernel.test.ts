// The machine against the kernel: the same objects run in both, with equal results. FUZZ_SEED repeats a run; `npm run fuzz` runs longer
// (test/fuzz/machine.test.ts).

import { test } from "uvu";
import * as assert from "uvu/assert";
import { runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";
import { arithmeticDifference, programDifference } from "./differential.ts";
import { newMachine } from "./machine.ts";

const seed = runSeed();

if (mayTrace()) {
  const machine = await newMachine();
  test(`programs of IR, seed ${seed}`, () => {
    for (let round = 0; round < 8; round++) assert.is(programDifference(machine, seed * 1000 + round), "");
  });
  test(`arithmetic, jumps, loads and atomics on corner cases, seed ${seed}`, () => {
    for (let round = 0; round < 12; round++) assert.is(arithmeticDifference(machine, seed * 1000 + round), "");
  });
}

test.run();
