// Random programs compiled by the back end and run by the kernel give what an interpreter of the IR gives.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bytesOf, compileToObject } from "../backend.ts";
import { canLoadPrograms, runInKernel } from "../kernel-runner.ts";
import { Random, RandomProgram } from "./random-program.ts";

const test = suite("random programs in the kernel");
const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";

/** Compiles `count` programs into one object, runs them, and compares every result. */
function compare(seed: number, count: number, size: number): void {
  const random = new Random(seed);
  const programs = Array.from({ length: count }, (_, i) => new RandomProgram(random, `program_${i}`, i, size));
  const run = runInKernel(bytesOf(compileToObject(MAP + programs.map((program) => program.print()).join("\n"))));
  const cells = [0n, 0n, 0n, 0n];
  assert.is(run.programs.length, count);
  programs.forEach((program, i) => {
    const expected = program.interpret(cells);
    const what = `seed ${seed}, program ${i}\n${program.print()}`;
    assert.is(run.counters[i], expected, what);
    assert.is(run.programs[i]?.returned, Number(expected & 0x7fffffffn), what);
  });
}

if (canLoadPrograms()) {
  for (let seed = 1; seed <= 12; seed++) test(`small programs, seed ${seed}`, () => compare(seed, 40, 12));
  for (let seed = 101; seed <= 106; seed++) test(`programs that spill, seed ${seed}`, () => compare(seed, 25, 45));
  test("programs of a new seed", () => compare(Date.now() & 0xffff, 40, 30));
}

test.run();
