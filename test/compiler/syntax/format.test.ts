// Scripts with their formatted texts (.fmt; UPDATE_GOLDEN=1 writes them anew), and what holds for the text of every script.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newCompiler } from "../../support/compiler.ts";
import { CheckedFormatter } from "../../support/formatting.ts";
import { allScripts, toolFolders } from "../../support/script-list.ts";

const folder = "test/compiler/syntax/format";
const update = process.env["UPDATE_GOLDEN"] === "1";
const formatter = await CheckedFormatter.create();

const scriptsOf = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith(".bt"))
    .sort()
    .map((name) => join(path, name));

for (const file of scriptsOf(folder)) {
  test(file, () => {
    const text = formatter.format(readFileSync(file));
    assert.ok(text, "it has errors");
    const golden = file.replace(/\.bt$/, ".fmt");
    if (update) writeFileSync(golden, text);
    assert.fixture(text, readFileSync(golden, "utf8"));
  });
}

test("every formatted text belongs to a script", () => {
  for (const name of readdirSync(folder)) assert.ok(existsSync(join(folder, name.replace(/\.fmt$/, ".bt"))), name);
});

test("the parser's scripts: formatted exactly if they have no errors", () => {
  for (const file of scriptsOf("test/compiler/syntax/golden")) {
    const failed = existsSync(file.replace(/\.bt$/, ".err"));
    assert.is(formatter.format(readFileSync(file)) === undefined, failed, file);
  }
});

test("every script that the project has with a name", () => {
  let formatted = 0;
  for (const { text } of allScripts()) if (formatter.format(text) !== undefined) formatted++;
  assert.ok(formatted > 200, `${formatted} scripts`);
});

/** The peer formats its own tools. Empty lines at the start of a block are the one thing that is kept there and not by us. */
const tools = process.env["PEER_ROOT"] === undefined ? [] : scriptsOf(join(process.env["PEER_ROOT"], "usr/sbin"));

for (const file of [...toolFolders.flatMap(scriptsOf), ...tools]) {
  test(file, () => {
    const text = readFileSync(file, "utf8");
    const formatted = formatter.format(text);
    assert.ok(formatted);
    if (tools.includes(file)) assert.is(formatted, text.replace(/\{\n\n/g, "{\n"));
  });
}

test("a script that is too large", async () => {
  const compiler = await newCompiler();
  const result = compiler.format(new Uint8Array((1 << 22) + 1).fill(0x20), "stdin");
  assert.is(result.kind, "failed");
  if (result.kind === "failed")
    assert.equal(
      result.diagnostics.map(({ code }) => code),
      ["too-large"],
    );
});

test("memory is given back", async () => {
  const compiler = await newCompiler();
  const format = () => compiler.format(new TextEncoder().encode("begin { @x[pid] = count(); }"), "stdin");
  format();
  const used = compiler.memoryInUse;
  for (let i = 0; i < 1000; i++) format();
  assert.is(compiler.memoryInUse, used);
});

test("text that is no UTF-8, and no text at all", () => {
  assert.is(formatter.format(Uint8Array.of(0xff, 0xfe)), undefined);
  assert.is(formatter.format(""), undefined);
  const script = Buffer.from('// \xff\xfe\nbegin{print("\xe9")}', "latin1");
  assert.is(formatter.format(script), '// \ufffd\ufffd\nbegin\n{\n  print("\ufffd");\n}\n');
});

test("what is nested deep or long", () => {
  const many = (count: number, text: string) => text.repeat(count);
  for (const script of [
    `begin { $x = ${many(150, "(")}1${many(150, ")")} }`,
    `begin ${many(300, "{")}${many(300, "}")}`,
    `begin { $x = 1${many(900, " + 1")} }`,
    `begin { $x = f(${many(5000, "1, ")}1) }`,
    `begin { $x = ${many(60, "f(1, ")}1${many(60, ")")} }`,
    many(5000, "begin { }\n"),
    `begin { ${many(5000, "/* c */")} }`,
    `begin { print("${many(100_000, "x")}"); }`,
  ]) {
    const started = performance.now();
    assert.ok(formatter.format(script), script.slice(0, 80));
    assert.ok(performance.now() - started < 2000, script.slice(0, 80));
  }
});

test.run();
