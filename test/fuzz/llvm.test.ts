// Random programs of the IR through both back ends: equal results in the kernel. FUZZ_SEED repeats a run; `npm run fuzz` runs longer,
// with FUZZ_PROGRAMS=COUNT until as many programs have run.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { IR_CONSTRUCTS, Shares } from "../support/constructs.ts";
import { irDisagreement, irPrograms, Tally } from "../support/differential.ts";
import { startLlc } from "../support/llvm.ts";
import { goesOn, runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";

const long = process.env["TEST_MODE"] === "fuzz";
/** Programs of one object: a start of llc and of the runner costs as much as ten programs. */
const BATCH = long ? 240 : 60;

const seed = runSeed();
const llc = startLlc();
test.after(() => llc.close());

if (mayTrace()) {
  test(`IR: both back ends compute the same, seed ${seed}`, async () => {
    const started = Date.now();
    const tally = new Tally();
    const shares = new Shares(IR_CONSTRUCTS);
    for (let round = 0; goesOn(tally.compiled, started) && !tally.isEnough; round++) {
      const batch = seed * 1000 + round;
      const wrong = await irDisagreement(llc, batch, true, BATCH);
      irPrograms(batch, BATCH).forEach((program) => void shares.add(program));
      tally.compiled += BATCH;
      if (wrong === "") tally.executed += BATCH;
      else tally.findings.push(wrong);
    }
    if (long) console.log(`IR, seed ${seed}: ${tally}\n${shares}`);
    assert.equal(tally.findings, []);
  });
}

test.run();
