// Random programs through both back ends: equal results in the kernel. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { bytesOf, compileToLlvm, compileToObject, linkLlvm, textOf } from "../compiler/backend.ts";
import { RandomProgram, Random as SmallRandom } from "../compiler/bpf/random-program.ts";
import { type KernelRun, runInKernel } from "../compiler/kernel-runner.ts";
import { startLlc } from "../support/llvm.ts";
import { runMilliseconds, runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const llc = startLlc();
test.after(() => llc.close());

const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";
const PROGRAMS = 60;

interface Results {
  own: KernelRun;
  llvm: KernelRun;
}

async function runBoth(programs: RandomProgram[]): Promise<Results> {
  const ir = MAP + programs.map((program) => program.print()).join("\n");
  const llvm = bytesOf(linkLlvm(ir, await llc.compile(textOf(compileToLlvm(ir)))));
  return { own: runInKernel(bytesOf(compileToObject(ir, true))), llvm: runInKernel(llvm) };
}

if (mayTrace()) {
  test(`IR: both back ends compute the same, seed ${seed}`, async () => {
    const end = Date.now() + runMilliseconds();
    let ran = 0;
    for (let round = 0; Date.now() < end || round === 0; round++) {
      const random = new SmallRandom(seed * 1000 + round);
      const size = 8 + random.below(40);
      const programs = Array.from({ length: PROGRAMS }, (_, i) => new RandomProgram(random, `program_${i}`, i, size));
      const { own, llvm } = await runBoth(programs);
      programs.forEach((program, i) => {
        const what = `seed ${seed}, round ${round}, program ${i}\n${program.print()}`;
        assert.is(llvm.counters[i], own.counters[i], what);
        assert.is(llvm.programs[i]?.returned, own.programs[i]?.returned, what);
      });
      ran += programs.length;
    }
    assert.ok(ran >= PROGRAMS, `${ran} programs`);
    if (process.env["TEST_MODE"] === "fuzz") console.log(`${ran} programs of IR`);
  });
}

test.run();
