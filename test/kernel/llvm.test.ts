// The LLVM back end beside our own: the same scripts through both, which must agree in maps, relocations and manifest, load, and print
// the same numbers.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lineRecords } from "../../runner/core/btf-ext.ts";
import { readElf } from "../../runner/core/elf.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { refusal } from "../compiler/bpftool.ts";
import { backEdges } from "../support/back-edges.ts";
import { CALLS, cases, judge } from "../support/cases.ts";
import { compileBoth, complete, contract, instructions, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { oneLiners } from "../support/one-liners.ts";
import { mayTrace } from "../support/root.ts";
import { allScripts, toolFolders } from "../support/script-list.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-llvm-"));
const load = join(folder, "make-calls");
const llc = startLlc();
const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));

test.before(() => {
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
});
test.after(async () => {
  await llc.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the kernel says against an object; empty if it loads. */
function refusalOf(name: string, object: Uint8Array): string {
  const file = join(folder, `${name}.o`);
  writeFileSync(file, object);
  return refusal(file);
}

let compared = 0;
/** Scripts with what this kernel does not have. */
const skipped: string[] = [];
/** Names of the objects that were written, as NAME.own.o and NAME.llvm.o. */
const written: string[] = [];

/** Lines of the script that an object's instructions belong to. */
function linesOf(object: Uint8Array): Set<number> {
  const elf = readElf(object);
  return new Set(elf.sections.flatMap(({ name }) => lineRecords(elf, name).map(({ line }) => line)));
}

/** Undefined where this kernel lacks what the script reads. */
async function compare(name: string, script: string): Promise<Uint8Array | undefined> {
  const both = await compileBoth(compiler, llc, script, (need) => supplyLive(compiler, need));
  if (both === undefined) return undefined;
  const { own, llvm } = both;
  compared++;
  // Ours is to be no longer than LLVM's by more than a tenth, whatever the script's size.
  assert.ok(instructions(own) * 10 <= instructions(llvm) * 11, `${name}: ${instructions(own)} instructions, LLVM ${instructions(llvm)}`);
  assert.equal(contract(llvm), contract(own));
  const lines = linesOf(own);
  // Each leaves out another constant here and there.
  const others = [...linesOf(llvm)].filter((line) => !lines.has(line));
  assert.ok(others.length < 2, `${name}: lines that only LLVM's code has: ${others}`);
  assert.ok(lines.size < 4 || linesOf(llvm).size * 2 > lines.size, `${name}: LLVM's code has few lines`);
  assert.equal([...backEdges(own), ...backEdges(llvm)], [], name);
  written.push(name);
  const mine = refusalOf(`${name}.own`, own);
  const other = refusalOf(`${name}.llvm`, llvm);
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

  let number = 0;
  for (const { set, name, text } of allScripts().filter(({ set }) => set !== "cases")) {
    const file = `script-${number++}`;
    test(`${set}, ${name}: both back ends agree`, async () => {
      const object = await compare(file, text);
      // Tools of other releases may read what this kernel lacks.
      if (object === undefined) skipped.push(join(set, name));
      assert.ok(object !== undefined || toolFolders.includes(set), `${name} does not compile`);
    });
  }

  test("the one-liners together are below 900 instructions", () => {
    let sum = 0;
    for (const [name, script] of oneLiners) {
      const made = complete(compiler, script, (need) => supplyLive(compiler, need), { name: "stdin" });
      assert.is(made.kind, "object", name);
      if (made.kind === "object") sum += instructions(made.object);
    }
    assert.ok(sum < 900, `${sum}`);
  });

  for (const series of process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12"] : []) {
    test(`kernel ${series}: loads what LLVM makes wherever it loads what we make`, async () => {
      const commands = written.flatMap((name) =>
        ["own", "llvm"].map(
          (side) =>
            `bpftool prog loadall ${join(folder, `${name}.${side}.o`)} /sys/fs/bpf/x > /run/log 2>&1 && echo "loaded ${name}.${side}" || { echo "refused ${name}.${side}"; tail -n 12 /run/log; }; rm -rf /sys/fs/bpf/x`,
        ),
      );
      const mounted = "grep -q ' /sys/fs/bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf";
      const result = await runInVm(series, `${mounted}\n${commands.join("\n")}\n`, 600);
      const loaded = new Set([...result.stdout.matchAll(/^loaded (.*)$/gm)].map((match) => match[1]));
      assert.ok(loaded.size > written.length, result.stdout + result.stderr);
      console.log(`kernel ${series}: ${loaded.size} of ${2 * written.length} objects loaded`);
      const worse = written.filter((name) => loaded.has(`${name}.own`) && !loaded.has(`${name}.llvm`));
      assert.equal(worse, [], result.stdout.slice(-6000));
    });
  }

  test("most of the tools were compared", () => {
    console.log(`${compared} scripts compared; this kernel cannot compile ${skipped.length}: ${skipped.join(" ")}`);
    assert.ok(toolFolders.length === 0 || compared >= 50, `${compared} scripts`);
  });
}

test.run();
