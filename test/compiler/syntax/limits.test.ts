// Hostile nesting and length: an error or a tree, soon, never a trap.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeParser } from "./parse.ts";

const many = 20_000;
const parse = makeParser();

/** Script by what it repeats, and whether there are too many levels of it. */
const scripts: Record<string, [script: string, tooDeep: boolean]> = {
  parentheses: [`BEGIN { $x = ${"(".repeat(many)}1${")".repeat(many)} }`, true],
  "few parentheses": [`BEGIN { $x = ${"(".repeat(150)}1${")".repeat(150)} }`, false],
  "prefix operators": [`BEGIN { $x = ${"- ".repeat(many)}1 }`, true],
  blocks: [`BEGIN ${"{".repeat(many)}`, true],
  "few blocks": [`BEGIN ${"{".repeat(300)}${"}".repeat(300)}`, false],
  sums: [`BEGIN { $x = 1${" + 1".repeat(many)} }`, true],
  "a long sum": [`BEGIN { $x = 1${" + 1".repeat(900)} }`, false],
  "sums in parentheses": [`BEGIN { $x = ${"(1 + 1 + 1 + 1 + ".repeat(190)}1${" + 1 + 1)".repeat(190)} }`, true],
  "sums in blocks": [`BEGIN { $x = ${"{ 1 + 1; 1 + 1 + ".repeat(many)}`, true],
  "else if": [`BEGIN { if 1 { }${" else if 1 { }".repeat(many)} }`, true],
  keys: [`BEGIN { ${"@x[".repeat(many)}`, true],
  fields: [`BEGIN { $x${".a".repeat(many)}; }`, true],
  indices: [`BEGIN { $x${"[0]".repeat(many)}; }`, true],
  structs: ["struct a {".repeat(many), true],
  casts: [`BEGIN { $x = ${"(int8)".repeat(many)}1 }`, true],
  "casts to typeof": [`BEGIN { $x = ${"(typeof(".repeat(many)}1 }`, true],
  pointers: [`BEGIN { $x = (int8${"*".repeat(many)})1 }`, true],
  arrays: [`struct a { int a${"[1]".repeat(many)}; }; BEGIN { }`, true],
  declarators: [`struct a { int ${"*".repeat(many)}a; }; BEGIN { }`, true],
  conditionals: [`BEGIN { ${"1 ? 2 : ".repeat(many)}1 }`, true],
  calls: [`BEGIN { ${"f(".repeat(many)}`, true],
  "if expressions": [`BEGIN { $x = ${"if 1 { 1 } else ".repeat(many)}{ 1 } }`, true],
  comptime: [`BEGIN { ${"comptime ".repeat(many)}1 }`, true],
  "#if": ["#if 1\n".repeat(many), true],
  "#if parentheses": [`#if ${"(".repeat(many)}1\n#endif\nBEGIN { }`, false],
  probes: ["BEGIN { }\n".repeat(many), false],
  errors: [`BEGIN {\n${"$x = ;\n".repeat(many)}}`, false],
  "a long string": [`BEGIN { print("${"x".repeat(1_000_000)}"); }`, false],
};

for (const [name, [script, tooDeep]] of Object.entries(scripts)) {
  test(name, () => {
    const started = performance.now();
    const result = parse(script);
    assert.ok(performance.now() - started < 2000);
    assert.is(result.errors > 0, result.tree === "");
    assert.is(result.messages.includes("nested-too-deeply"), tooDeep, result.messages.slice(0, 200));
    assert.ok(result.errors <= 100);
  });
}

test("a file that is too large", () => {
  const result = parse(new Uint8Array((1 << 24) + 1).fill(0x20));
  assert.match(result.messages, /too-large/);
});

test("memory is given back", () => {
  const first = parse("BEGIN { @x[pid] = count(); }").tree;
  for (let i = 0; i < 2000; i++) assert.is(parse("BEGIN { @x[pid] = count(); }").tree, first);
});

test.run();
