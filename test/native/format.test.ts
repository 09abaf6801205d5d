// `bpfcast fmt` and --fmt as users call them: files, folders, standard input, what changes and what does not.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const bpfcast = resolve(".out/bpfcast.cjs");
const UGLY = "begin{print(1)}";
const PRETTY = "begin\n{\n  print(1);\n}\n";
const DIFFERENCE = `@@ -1 +1,4 @@
-begin{print(1)}
\\ No newline at end of file
+begin
+{
+  print(1);
+}
`;

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

const test = suite("fmt", { folder: "" });
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "bpfcast-fmt-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** Runs in the test's folder. */
function run(folder: string, words: string[], input = ""): Run {
  const { status, stdout, stderr } = spawnSync("node", [bpfcast, ...words], { cwd: folder, encoding: "utf8", timeout: 30_000, input });
  return { status, stdout, stderr };
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const read = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");

test("in place: names the files that it changes, and leaves the others alone", ({ folder }) => {
  write(folder, { "a.bt": UGLY, "b.bt": PRETTY });
  chmodSync(join(folder, "a.bt"), 0o751);
  const before = statSync(join(folder, "b.bt"));
  assert.equal(run(folder, ["fmt", "a.bt", "b.bt"]), { status: 0, stdout: "a.bt\n", stderr: "" });
  assert.is(read(folder, "a.bt"), PRETTY);
  assert.is(statSync(join(folder, "a.bt")).mode & 0o7777, 0o751);
  assert.is(statSync(join(folder, "b.bt")).ino, before.ino, "not written");
  assert.equal(run(folder, ["fmt", "a.bt", "b.bt"]), { status: 0, stdout: "", stderr: "" });
  assert.equal(readdirSync(folder).sort(), ["a.bt", "b.bt"], "nothing is left behind");
});

test("folders: all scripts below", ({ folder }) => {
  write(folder, { "s/a.bt": UGLY, "s/deep/er/b.bt": UGLY, "s/c.txt": UGLY, "s/deep/d.bt": PRETTY });
  assert.equal(run(folder, ["fmt", "s"]), { status: 0, stdout: "s/a.bt\ns/deep/er/b.bt\n", stderr: "" });
  assert.is(read(folder, "s/deep/er/b.bt"), PRETTY);
  assert.is(read(folder, "s/c.txt"), UGLY);
  mkdirSync(join(folder, "empty"));
  assert.equal(run(folder, ["fmt", "empty"]), { status: 0, stdout: "", stderr: "" });
});

test("a link leads where it did, and what it leads to is formatted", ({ folder }) => {
  write(folder, { "real/a.bt": UGLY });
  symlinkSync("real/a.bt", join(folder, "link.bt"));
  assert.is(run(folder, ["fmt", "link.bt"]).stdout, "link.bt\n");
  assert.ok(lstatSync(join(folder, "link.bt")).isSymbolicLink());
  assert.is(readlinkSync(join(folder, "link.bt")), "real/a.bt");
  assert.is(read(folder, "real/a.bt"), PRETTY);
});

test("--check names what would change, --diff shows it; neither changes anything", ({ folder }) => {
  write(folder, { "a.bt": UGLY, "b.bt": PRETTY });
  assert.equal(run(folder, ["fmt", "--check", "a.bt", "b.bt"]), { status: 1, stdout: "a.bt\n", stderr: "" });
  assert.equal(run(folder, ["fmt", "--check", "b.bt"]), { status: 0, stdout: "", stderr: "" });
  const difference = `--- a.bt\n+++ a.bt\n${DIFFERENCE}`;
  assert.equal(run(folder, ["fmt", "--diff", "."]), { status: 1, stdout: difference, stderr: "" });
  assert.equal(run(folder, ["fmt", "--diff", "--check", "a.bt"]), { status: 1, stdout: difference, stderr: "" });
  assert.equal(run(folder, ["fmt", "--diff", "b.bt"]), { status: 0, stdout: "", stderr: "" });
  assert.is(read(folder, "a.bt"), UGLY);
});

test("standard input and -e: to standard output", ({ folder }) => {
  assert.equal(run(folder, ["fmt"], UGLY), { status: 0, stdout: PRETTY, stderr: "" });
  assert.equal(run(folder, ["fmt", "-"], PRETTY), { status: 0, stdout: PRETTY, stderr: "" });
  assert.equal(run(folder, ["fmt", "-e", UGLY]), { status: 0, stdout: PRETTY, stderr: "" });
  assert.equal(run(folder, ["fmt", "--check", "-"], UGLY), { status: 1, stdout: "stdin\n", stderr: "" });
  assert.equal(run(folder, ["fmt", "--diff", "-e", UGLY]), { status: 1, stdout: `--- stdin\n+++ stdin\n${DIFFERENCE}`, stderr: "" });
});

test("a script with errors stays as it is, and the others are formatted", ({ folder }) => {
  write(folder, { "a.bt": UGLY, "bad.bt": "begin { print(1 }", "z.bt": UGLY });
  const { status, stdout, stderr } = run(folder, ["fmt", "a.bt", "bad.bt", "missing.bt", "z.bt"]);
  assert.is(status, 2);
  assert.is(stdout, "a.bt\nz.bt\n");
  assert.match(stderr, /^bad\.bt:1:17-18: ERROR: syntax: expected '\)'\nbegin { print\(1 }\n {16}~\nCODE: unexpected-token\n/);
  assert.match(stderr, /ERROR: failed to open file 'missing\.bt': No such file or directory\n/);
  assert.is(read(folder, "bad.bt"), "begin { print(1 }");
  assert.is(run(folder, ["fmt", "--check", "bad.bt", "z.bt"]).status, 2);
});

test("-o is the peer's way, --check and --diff are ours", ({ folder }) => {
  assert.is(run(folder, ["fmt", "-o", "x", "-e", UGLY]).status, 2);
  assert.match(run(folder, ["--check", "-e", UGLY]).stderr, /option --check is not for a run/);
  assert.match(run(folder, ["fmt", "--profile", "x", "-e", UGLY]).stderr, /option --profile is not for `bpfcast fmt`/);
});

test("--fmt: one script to standard output, or in place of another file", ({ folder }) => {
  write(folder, { "a.bt": UGLY, "out.bt": "something else" });
  chmodSync(join(folder, "out.bt"), 0o700);
  for (const words of [
    ["--fmt", "a.bt"],
    ["--mode", "format", "a.bt"],
    ["--mode=format", "-e", UGLY],
    ["a.bt", "--fmt"],
  ]) {
    assert.equal(run(folder, words), { status: 0, stdout: PRETTY, stderr: "" });
  }
  assert.equal(run(folder, ["--fmt", "-"], UGLY), { status: 0, stdout: PRETTY, stderr: "" });
  assert.is(read(folder, "a.bt"), UGLY);
  assert.equal(run(folder, ["--fmt", "a.bt", "-o", "out.bt"]), { status: 0, stdout: "", stderr: "" });
  assert.is(read(folder, "out.bt"), PRETTY);
  assert.is(statSync(join(folder, "out.bt")).mode & 0o7777, 0o700);
  assert.is(run(folder, ["--fmt", "a.bt", "-o", "a.bt"]).status, 0);
  assert.is(read(folder, "a.bt"), PRETTY);
  assert.is(run(folder, ["--fmt", "a.bt", "-o", "new.bt"]).status, 0);
  assert.is(read(folder, "new.bt"), PRETTY);
  assert.equal(readdirSync(folder).sort(), ["a.bt", "new.bt", "out.bt"]);
});

test("--fmt: what is wrong", ({ folder }) => {
  write(folder, { "out.bt": "something else" });
  const bad = run(folder, ["--fmt", "-e", "begin {", "-o", "out.bt"]);
  assert.is(bad.status, 1);
  assert.match(bad.stderr, /^stdin:1:8-8: ERROR: syntax: expected '}'\nbegin {\n/);
  assert.is(read(folder, "out.bt"), "something else");
  const messages: [words: string[], message: RegExp][] = [
    [["--fmt", "missing.bt"], /^ERROR: failed to open file 'missing\.bt': No such file or directory\n/],
    [["--fmt"], /^ERROR: USAGE: filename or -e 'program' required\.\n/],
    [["--mode", "format", "--fmt", "-e", UGLY], /^ERROR: USAGE: --fmt conflicts with existing --mode\n/],
    [["--mode", "nonsense", "-e", UGLY], /^ERROR: USAGE: --mode can only be 'codegen', 'compiler-bench', 'bench', 'test' or 'format'\.\n/],
    [["--fmt", "-e", UGLY, "-o", "no/such/folder"], /^ERROR: failed to write file 'no\/such\/folder': ENOENT\n/],
  ];
  for (const [words, message] of messages) {
    const { status, stderr } = run(folder, words);
    assert.is(status, 1, words.join(" "));
    assert.match(stderr, message);
  }
});

test("what is no UTF-8 stays as it is", ({ folder }) => {
  const script = Buffer.from('// \xff\nbegin{print("\xe9")}', "latin1");
  writeFileSync(join(folder, "a.bt"), script);
  assert.is(run(folder, ["fmt", "a.bt"]).status, 0);
  assert.is(readFileSync(join(folder, "a.bt"), "latin1"), '// \xff\nbegin\n{\n  print("\xe9");\n}\n');
});

test.run();
