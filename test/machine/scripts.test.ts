// All scripts of the suite that only have BEGIN probes: the machine does what the kernel does. Random ones: test/fuzz/machine.test.ts.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HostKernel } from "../../runner/host/kernel.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { pinToOneCpu } from "../support/differential.ts";
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
}

test.run();
