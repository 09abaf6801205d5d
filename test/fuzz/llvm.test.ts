// Random programs of the IR through both back ends: equal results in the kernel. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { BATCH, irDisagreement } from "../support/differential.ts";
import { startLlc } from "../support/llvm.ts";
import { runMilliseconds, runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const llc = startLlc();
test.after(() => llc.close());

if (mayTrace()) {
  test(`IR: both back ends compute the same, seed ${seed}`, async () => {
    const end = Date.now() + runMilliseconds();
    let rounds = 0;
    for (; Date.now() < end || rounds === 0; rounds++) assert.is(await irDisagreement(llc, seed * 1000 + rounds), "");
    if (process.env["TEST_MODE"] === "fuzz") console.log(`${rounds * BATCH} programs of IR`);
  });
}

test.run();
