// Whole scripts in the kernel and in the machine: all of the suite's that only have BEGIN probes, and random ones.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HostKernel } from "../../runner/host/kernel.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { pinToOneCpu, steady } from "../support/differential.ts";
import { Random, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";
import { newMachine } from "./machine.ts";
import { scriptDifference, suiteScripts } from "./scripts.ts";

if (mayTrace()) {
  pinToOneCpu();
  const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
  const machine = await newMachine({ cpus: new HostKernel({ verbose: false, logSize: 0 }).possibleCpus });
  const targets = targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) });

  test("scripts of the suite", async () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const script of suiteScripts()) {
      const found = await scriptDifference(compiler, machine, targets, script);
      if (found === undefined) continue;
      compared++;
      if (found !== "") wrong.push(`${script}\n${found}`);
    }
    assert.is(wrong.join("\n\n"), "");
    assert.ok(compared >= 100, `${compared} scripts`);
  });

  const seed = runSeed();
  test(`random scripts, seed ${seed}`, async () => {
    const random = new Random(seed + 83);
    const generator = new ScriptGenerator(random, true, ["BEGIN"]);
    for (let compared = 0; compared < 12; ) {
      const script = steady(generator.script(10 + random.below(80), 12)).replace(/\b(curtask|cgroup)\b[\w.>-]*/g, "pid");
      const found = await scriptDifference(compiler, machine, targets, script);
      if (found === undefined) continue;
      compared++;
      assert.is(found, "", script);
    }
  });
}

test.run();
