// Dumps of every stage for a few scripts, against a made-up target: test/compiler/golden/NAME.bt with NAME.types, .ir and .bpf.
// UPDATE_GOLDEN=1 writes them anew; read the difference before committing it.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile, newCompiler } from "../support/compiler.ts";

const folder = "test/compiler/golden";
const stages = ["types", "ir", "bpf"];

for (const file of readdirSync(folder).filter((name) => name.endsWith(".bt"))) {
  test(file, async () => {
    const result = compile(await newCompiler(), readFileSync(`${folder}/${file}`, "utf8"), stages);
    assert.is(result.kind, "object", JSON.stringify(result.diagnostics));
    if (result.kind !== "object") return;
    for (const stage of stages) {
      const golden = `${folder}/${file.replace(/\.bt$/, `.${stage}`)}`;
      const text = result.dumps[stage] ?? "";
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
      assert.ok(existsSync(golden), `${golden} is missing: run with UPDATE_GOLDEN=1`);
      assert.fixture(text, readFileSync(golden, "utf8"));
    }
  });
}

test("equal scripts give equal bytes", async () => {
  const script = readFileSync(`${folder}/openat.bt`, "utf8");
  const compiler = await newCompiler();
  const [first, second] = [compile(compiler, script), compile(compiler, script)];
  assert.ok(first.kind === "object" && second.kind === "object");
  assert.equal(first.object, second.object);
});

// A module that counts statements is another one.
const product = process.env["COVERAGE_HITS"] === undefined ? test : test.skip;

product("the module imports nothing", () => {
  const module = new WebAssembly.Module(readFileSync(".out/compiler.wasm"));
  assert.equal(WebAssembly.Module.imports(module), []);
});

test("memory does not grow from compile to compile", async () => {
  const compiler = await newCompiler();
  const script = readFileSync(`${folder}/openat.bt`, "utf8");
  for (let i = 0; i < 20; i++) compile(compiler, script);
  const before = compiler.memoryInUse;
  for (let i = 0; i < 200; i++) compile(compiler, script);
  assert.is(compiler.memoryInUse, before);
});

test.run();
