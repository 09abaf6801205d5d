// What the checker says of wrong and of doubtful scripts: each `CODE[-about].bt` of errors/ has its messages in `.err`, as the command
// line prints them, one of which has that code. UPDATE_GOLDEN=1 writes them anew.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compileDiagnostics } from "../../../runner/core/diagnostics.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

const folder = "test/compiler/check/errors";
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".bt"))
  .map((name) => basename(name, ".bt"));

/** All codes that the compiler knows, from the table itself. */
const codes = [...readFileSync("compiler/source/codes.ts", "utf8").matchAll(/"([a-z]+(-[a-z]+)*)"/g)].map(([, code]) => code ?? "");

for (const name of names) {
  test(name, async () => {
    const text = readFileSync(`${folder}/${name}.bt`, "utf8");
    const { kind, diagnostics } = compile(await newCompiler(), text);
    const isWrong = diagnostics.some(({ severity }) => severity === "error");
    assert.is(kind, isWrong ? "failed" : "object");
    const messages = compileDiagnostics(diagnostics, { name: `${name}.bt`, text });
    const fixture = `${folder}/${name}.err`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(fixture, messages);
    assert.fixture(messages, readFileSync(fixture, "utf8"));
    const said = diagnostics.filter(({ severity }) => severity === (isWrong ? "error" : "warning")).map(({ code }) => code);
    assert.ok(
      said.some((code) => name === code || name.startsWith(`${code}-`)),
      `${name}: ${said.join()}`,
    );
  });
}

test("no fixture without its script", () => {
  for (const name of readdirSync(folder)) assert.ok(existsSync(`${folder}/${name.replace(/\.err$/, ".bt")}`), name);
});

/** Codes that a small script alone cannot cause, and the test that names them. */
const elsewhere: Record<string, string> = {
  "missing-types": "compiler/check/diagnostics.test.ts",
  "missing-header": "native/imports.test.ts",
  "too-large": "compiler/syntax/limits.test.ts",
};

test("every code has a fixture", () => {
  assert.ok(codes.length > 50);
  const syntax = readdirSync("test/compiler/syntax/golden").map((name) => name.replace(/^error-/, ""));
  const missing = codes.filter((code) => {
    const isOf = (name: string) => name.startsWith(`${code}.`) || name.startsWith(`${code}-`);
    const other = elsewhere[code];
    if (other !== undefined) return !readFileSync(`test/${other}`, "utf8").includes(code);
    return !names.some((name) => isOf(`${name}.`)) && !syntax.some(isOf);
  });
  assert.equal(missing, []);
});

test.run();
