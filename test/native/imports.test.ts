// Imports of scripts, headers and folders: where they are looked for, what they bring, and what is refused.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-imports-"));
// What whoever may write in a folder above could change is not imported, and the folder of temporary files is one.
const elsewhere = mkdtempSync(join(resolve(".out"), "imports-"));
test.after(() => {
  for (const path of [folder, elsewhere]) rmSync(path, { recursive: true });
});

const files: Record<string, string> = {
  "lib/add.bt": "macro add(a, b) { a + b }\n",
  "lib/sub.bt": "macro sub(a, b) { a - b }\n",
  "lib/kinds.h": "#define KIND 7\nstruct pair { int a; long b; };\n",
  "lib/notes.txt": "no script\n",
  "lib/deep/more.bt": "macro more() { 1 }\n",
  "nested/a.bt": 'import "b.bt";\nmacro outer() { inner() }\n',
  "nested/b.bt": "macro inner() { 7 }\n",
  "probes.bt": '#!/usr/bin/env bpftrace\nlet @kept = lruhash(3);\nbegin { print("imported"); }\n',
  "around.bt": 'import "back.bt";\nmacro one() { 1 }\nbegin { print(two()); }\n',
  "back.bt": 'import "around.bt";\nmacro two() { one() + 1 }\n',
  "configured.bt": "config = { max_strlen = 10 }\nmacro x() { 1 }\n",
  "broken.bt": "macro bad() {\n  $x\n}\n",
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(elsewhere, name)), { recursive: true });
  writeFileSync(join(elsewhere, name), text);
}

function check(script: string, cwd = elsewhere): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("node", [bpfcast, "check", "-e", script], { encoding: "utf8", cwd });
  return { code: status, output: stdout + stderr };
}

const good: Record<string, string> = {
  "a script": 'import "lib/add.bt"; begin { static_assert(add(1, 2) == 3, "sum"); }',
  "a folder, but not what is below it":
    'import "lib"; begin { static_assert(add(5, 2) + sub(5, 2) + KIND == 17, "all"); print(sizeof(struct pair)); }',
  "a header": 'import "lib/kinds.h"; begin { static_assert(KIND == 7, "kind"); }',
  "a script twice": 'import "lib/add.bt"; import "./lib/add.bt"; begin { print(add(1, 2)); }',
  "a script that imports one beside it": 'import "nested/a.bt"; begin { static_assert(outer() == 7, "nested"); }',
  "probes and maps": 'import "probes.bt"; begin { @kept[1] = 1; }',
};

for (const [name, script] of Object.entries(good)) {
  test(name, () => assert.equal(check(script), { code: 0, output: "" }));
}

test("from the folder of the script, wherever it is run", () => {
  writeFileSync(join(elsewhere, "main.bt"), 'import "lib/add.bt";\nbegin { print(add(1, 2)); }\n');
  const { status, stderr } = spawnSync("node", [bpfcast, "check", join(elsewhere, "main.bt")], { encoding: "utf8", cwd: "/" });
  assert.is(status, 0, stderr);
});

test("scripts that import each other", () => {
  const { status, stderr } = spawnSync("node", [bpfcast, "check", "around.bt"], { encoding: "utf8", cwd: elsewhere });
  assert.is(status, 0, stderr);
});

const bad: Record<string, [script: string, ...lines: string[]]> = {
  "missing-header": [
    'import "nosuch.bt"; begin { }',
    "stdin:1:1-19: ERROR: Unable to find suitable path for import",
    "HINT: checked: nosuch.bt",
  ],
  "missing-header, another kind of file": [
    'import "lib/notes.txt"; begin { }',
    'stdin:1:1-23: ERROR: unknown import type: "lib/notes.txt"',
  ],
  "misplaced-config": ['import "configured.bt"; begin { }', "configured.bt:1:1-29: ERROR: invalid `config` within import"],
  "unsupported, C": ['import "x.bpf.c"; begin { }', 'stdin:1:1-17: ERROR: import of C is not supported: "x.bpf.c"'],
  "misplaced-import": [
    'begin { import "lib/add.bt"; }',
    "stdin:1:9-28: ERROR: Import statements that are not at the top level are primarily for the standard library. If this is functionality you need, please file an issue to explain why.",
  ],
  "unknown-variable, in the file and where it is used": [
    'import "broken.bt"; begin { print(bad()); }',
    "broken.bt:2:3-5: ERROR: Undefined or undeclared variable: $x",
    "stdin:1:35-40: ERROR: expanded from",
  ],
};

for (const [name, [script, ...lines]] of Object.entries(bad)) {
  test(`error: ${name}`, () => {
    const { code, output } = check(script);
    assert.is(code, 1);
    for (const line of [...lines, `CODE: ${name.split(",")[0]}`]) assert.ok(output.split("\n").includes(line), `${line}\nin\n${output}`);
  });
}

test("error: what anyone may write", () => {
  mkdirSync(join(elsewhere, "open"));
  writeFileSync(join(elsewhere, "open/x.bt"), "macro x() { 1 }\n");
  chmodSync(join(elsewhere, "open"), 0o777);
  for (const path of ["open", "open/x.bt"]) {
    const { code, output } = check(`import "${path}"; begin { }`);
    assert.is(code, 1);
    assert.match(output, `WARNING: skipping due to global write permissions: "${path}"`);
  }
  writeFileSync(join(folder, "x.bt"), "macro x() { 1 }\n");
  assert.is(check(`import "${join(folder, "x.bt")}"; begin { print(x()); }`).code, 0, "its own folder belongs to its owner");
});

test.run();
