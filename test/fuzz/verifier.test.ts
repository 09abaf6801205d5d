// Random scripts, compiled for this machine: its verifier accepts every program. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CompileResult, Compiler } from "../../wasm/compiler.ts";
import { supplyLive } from "../support/needs.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const folder = mkdtempSync(join(tmpdir(), "bpfcast-verifier-"));

function compileHere(compiler: Compiler, script: string): CompileResult {
  for (;;) {
    const result = compiler.compile(new TextEncoder().encode(script), { name: "stdin" });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) supplyLive(compiler, need);
  }
}

/** What the kernel says against `object`; empty if it loads. */
function refusal(object: Uint8Array): string {
  const file = join(folder, "object.o");
  const pins = `/sys/fs/bpf/bpfcast-verifier-${process.pid}`;
  writeFileSync(file, object);
  const loaded = spawnSync("bpftool", ["prog", "loadall", file, pins], { encoding: "utf8", maxBuffer: 1 << 28 });
  rmSync(pins, { recursive: true, force: true });
  return loaded.status === 0 ? "" : loaded.stderr.slice(-3000);
}

if (mayTrace() && existsSync("/sys/kernel/btf/vmlinux")) {
  test(`the verifier accepts random scripts, seed ${seed}`, async () => {
    const random = new Random(seed + 7);
    const generator = new ScriptGenerator(random, true);
    const compiler = await Compiler.create(readFileSync(".out/testing-pipeline.wasm"));
    spawnSync("sh", ["-c", "grep -q ' /sys/fs/bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf"]);
    const end = Date.now() + runMilliseconds();
    let loaded = 0;
    // A few, however slow the machine.
    for (let tried = 0; tried < 100 || Date.now() < end; tried++) {
      const script = generator.script(10 + random.below(100));
      const result = compileHere(compiler, script);
      if (result.kind !== "object") continue;
      const message = refusal(result.object);
      assert.is(message, "", `${message}\nfor ${script}`);
      loaded++;
    }
    assert.ok(loaded > 20, `${loaded} scripts`);
  });
}

test.after(() => rmSync(folder, { recursive: true, force: true }));

test.run();
