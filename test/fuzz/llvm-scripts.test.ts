// Random scripts through both back ends: equal maps and manifest, and equal events and map contents after their BEGIN programs ran,
// many in one object. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Compiler } from "../../wasm/compiler.ts";
import { refusal } from "../compiler/bpftool.ts";
import { temporaryFolder } from "../compiler/kernel-runner.ts";
import { disagreement, pinToOneCpu, REDUCE_MILLISECONDS, steady } from "../support/differential.ts";
import { compileBoth, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { reduceScript } from "../support/reduce.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const llc = startLlc();
const compiler = await Compiler.create(readFileSync(".out/testing-pipeline.wasm"));
test.after(() => llc.close());

/** Scripts that once went wrong. */
const FINDINGS = [
  // Sizes and offsets of the target as shift counts and divisors.
  "BEGIN { $n = pid; @a = $n << offsetof(struct task_struct, tgid); @b = $n >> sizeof(struct task_struct); @c = 7 << sizeof(struct task_struct); }",
  "BEGIN { $n = pid; @a = $n / offsetof(struct task_struct, thread_info); @b = $n % offsetof(struct task_struct, thread_info); }",
];

if (mayTrace()) {
  test("what once went wrong", async () => {
    for (const script of FINDINGS) assert.is(await disagreement(compiler, llc, script), "", script);
  });

  test(`scripts of all kinds of probes: the verifier accepts both back ends' objects, seed ${seed}`, async () => {
    const random = new Random(seed + 59);
    const generator = new ScriptGenerator(random, true);
    const end = Date.now() + runMilliseconds();
    let compared = 0;
    const wrong = async (script: string): Promise<string> => {
      const both = await compileBoth(compiler, llc, script, (need) => supplyLive(compiler, need));
      if (both === undefined) return "";
      compared++;
      for (const side of ["own", "llvm"] as const) {
        const file = join(temporaryFolder(), `${side}.o`);
        writeFileSync(file, both[side]);
        const message = refusal(file);
        if (message !== "") return `${side}: ${message.slice(-2000)}`;
      }
      return "";
    };
    while (Date.now() < end || compared === 0) {
      const script = generator.script(10 + random.below(100));
      if ((await wrong(script)) === "") continue;
      const small = await reduceScript(script, async (text) => (await wrong(text)) !== "", REDUCE_MILLISECONDS);
      assert.unreachable(`${await wrong(small)}\nfor ${small}\nmade of ${script}`);
    }
    if (process.env["TEST_MODE"] === "fuzz") console.log(`${compared} scripts loaded`);
  });

  test(`scripts: both back ends send the same and leave the same maps, seed ${seed}`, async () => {
    pinToOneCpu();
    const random = new Random(seed + 31);
    const generator = new ScriptGenerator(random, true, ["BEGIN"]);
    const end = Date.now() + runMilliseconds();
    let compared = 0;
    while (Date.now() < end || compared === 0) {
      const script = steady(generator.script(10 + random.below(80), 12));
      const wrong = await disagreement(compiler, llc, script);
      if (wrong === undefined) continue;
      compared++;
      if (wrong === "") continue;
      const fails = async (text: string) => ((await disagreement(compiler, llc, text)) ?? "") !== "";
      const small = await reduceScript(script, fails, REDUCE_MILLISECONDS);
      assert.unreachable(`${await disagreement(compiler, llc, small)}\nfor ${small}\nmade of ${script}`);
    }
    if (process.env["TEST_MODE"] === "fuzz") console.log(`${compared} scripts`);
  });
}

test.run();
