// The LLVM back end beside our own: the same scripts through both, which must agree in maps, relocations and manifest, load, and print
// the same numbers.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { answerNeed } from "../../runner/host/profile.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { CALLS, cases, judge } from "../support/cases.ts";
import { compileBoth, contract, instructions, startLlc } from "../support/llvm.ts";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-llvm-"));
const load = join(folder, "make-calls");
const llc = startLlc();
const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
const toolFolders = (process.env["BPFTRACE_TOOLS"] ?? "/usr/sbin").split(",").filter((name) => existsSync(join(name, "opensnoop.bt")));

test.before(() => {
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
  spawnSync("sh", ["-c", "grep -q ' /sys/fs/bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf"]);
});
test.after(async () => {
  await llc.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the kernel says against an object; empty if it loads. */
function refusal(name: string, object: Uint8Array): string {
  const file = join(folder, `${name}.o`);
  const pins = `/sys/fs/bpf/bpfcast-llvm-${process.pid}`;
  writeFileSync(file, object);
  const loaded = spawnSync("bpftool", ["prog", "loadall", file, pins], { encoding: "utf8", maxBuffer: 1 << 28 });
  rmSync(pins, { recursive: true, force: true });
  return loaded.status === 0 ? "" : loaded.stderr.slice(-3000);
}

let compared = 0;

/** Undefined where this kernel lacks what the script reads. */
async function compare(name: string, script: string): Promise<Uint8Array | undefined> {
  const both = await compileBoth(compiler, llc, script, (need) => compiler.supply(need, answerNeed(need)));
  if (both === undefined) return undefined;
  const { own, llvm } = both;
  compared++;
  // The selection of ours is to be no worse than LLVM's by more than a tenth.
  assert.ok(instructions(own) <= instructions(llvm) * 1.1 + 2, `${name}: ${instructions(own)} instructions, LLVM ${instructions(llvm)}`);
  assert.equal(contract(llvm), contract(own));
  const mine = refusal(`${name}.own`, own);
  const other = refusal(`${name}.llvm`, llvm);
  // What this kernel cannot load at all (a missing function) is no matter of the back end.
  if (mine === "") assert.is(other, "", `${name}: ${other}`);
  return llvm;
}

if (mayTrace()) {
  for (const one of cases) {
    test(`${one.name}: both back ends agree, and LLVM's object prints exact numbers`, async () => {
      const object = await compare(one.name, one.script);
      if (one.vmOnly) return;
      assert.ok(object, one.name);
      const file = join(folder, `${one.name}.run.o`);
      writeFileSync(file, object);
      const words = [bpfcast, "run", file, ...(one.alone ? [] : ["-c", `${load} ${CALLS}`])];
      const ran = spawnSync("node", words, { encoding: "utf8", timeout: 60_000 });
      assert.is(ran.status, 0, ran.stderr + ran.stdout);
      judge(one, ran.stdout);
    });
  }

  for (const file of readdirSync("test/compiler/golden").filter((name) => name.endsWith(".bt"))) {
    test(`golden ${file}: both back ends agree`, async () => {
      assert.ok(await compare(`golden-${basename(file, ".bt")}`, readFileSync(join("test/compiler/golden", file), "utf8")), file);
    });
  }

  for (const tools of toolFolders) {
    for (const file of readdirSync(tools).filter((name) => name.endsWith(".bt"))) {
      test(`${join(tools, file)}: both back ends agree`, async () => {
        await compare(`tool-${basename(file, ".bt")}`, readFileSync(join(tools, file), "utf8"));
      });
    }
  }

  test("most of the tools were compared", () => {
    assert.ok(toolFolders.length === 0 || compared >= 50, `${compared} scripts`);
  });
}

test.run();
