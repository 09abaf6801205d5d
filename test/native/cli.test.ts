// The whole program as users run it: exit codes, streams, files, signals. Hand-made objects, so that no compiler is needed.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { call, exit, Helper, move } from "../support/instructions.ts";
import { buildObject, makeManifest, makeProgram } from "../support/objects.ts";
import { mayTrace } from "../support/root.ts";
import { beginObject, countObject } from "../support/scripts.ts";

const test = mayTrace() ? check : check.skip;
const PROGRAM = fileURLToPath(new URL("../../bpfcast.cjs", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "bpfcast-cli-"));
check.after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Result {
  out: string;
  error: string;
  code: number | null;
}

function run(words: string[], environment: Record<string, string> = {}): Result {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, ...words], {
    encoding: "latin1",
    timeout: 20_000,
    env: { PATH: process.env.PATH ?? "", ...environment },
  });
  return { out: stdout, error: stderr, code: status };
}

const BEGIN = file("begin.o", beginObject(7));
const COUNT = file("count.o", countObject("dd"));

test("an object is run: output, message and exit code", () => {
  assert.equal(run(["run", BEGIN]), { out: "42 x\n\n\n", error: "Attached 1 probe\n", code: 7 });
  assert.equal(run(["run", "-q", BEGIN]), { out: "42 x\n\n\n", error: "", code: 7 });
  assert.equal(run(["-q", BEGIN]), { out: "42 x\n\n\n", error: "", code: 7 });
});

test("results into a file", () => {
  const path = join(folder, "result.txt");
  assert.equal(run(["run", "-q", "-o", path, BEGIN]), { out: "", error: "", code: 7 });
  assert.is(readFileSync(path, "latin1"), "42 x\n\n\n");
  assert.is(run(["run", "-o", "/no/such/folder/x", BEGIN]).code, 1);
});

test("JSON", () => {
  assert.is(
    run(["run", "-f", "json", BEGIN]).out,
    '{"type": "attached_probes", "count": 1, "data": {"probes": 1}}\n{"type": "printf", "data": "42 x\\n"}\n',
  );
});

test("the line that test harnesses wait for comes before the events", () => {
  const { out } = run(["run", "-q", BEGIN], { __BPFTRACE_NOTIFY_PROBES_ATTACHED: "" });
  assert.is(out, "__BPFTRACE_NOTIFY_PROBES_ATTACHED\n42 x\n\n\n");
});

test("a dry run prints nothing", () => {
  assert.equal(run(["run", "--dry-run", BEGIN]), { out: "", error: "", code: 0 });
});

test("a command is traced from its first system call to its end", () => {
  const calls = 500;
  const { out, error, code } = run(["run", COUNT, "-c", `dd if=/dev/zero of=/dev/null bs=1 count=${calls}`]);
  assert.is(code, 0);
  // The command runs before the line is printed: its own words may come first.
  assert.match(error, /^Attached 1 probe$/m);
  assert.match(error, `${calls}+0 records out`);
  const [, keyed, total] = /^\n\n@\[dd\]: (\d+)\n@total: (\d+)\n$/.exec(out) ?? [];
  assert.is(keyed, total);
  // A read and a write each, and what starting and ending a program takes.
  assert.ok(Number(total) > 2 * calls && Number(total) < 2 * calls + 300, `${total} calls`);
});

test("signals end the run, with its maps", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = spawn(process.execPath, [PROGRAM, "run", COUNT], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("Attached")) resolve();
      });
    });
    spawnSync("dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=10"]);
    child.kill(signal);
    const code = await new Promise((resolve) => child.on("exit", resolve));
    assert.is(code, 0);
    assert.match(out, /^\n\n@\[dd\]: \d+\n@total: \d+\n$/);
  }
});

test("a reader that goes away ends the run quietly", () => {
  const { status, stderr } = spawnSync("sh", ["-c", `${process.execPath} ${PROGRAM} run -q ${BEGIN} | true`], {
    encoding: "latin1",
    timeout: 20_000,
  });
  assert.is(status, 0);
  assert.is(stderr, "");
});

const WRONG: [string, string[], number, RegExp][] = [
  ["no file", [], 1, /^ERROR: USAGE: filename or -e 'program' required\.\n/],
  ["a file that is not there", ["/no/such/file.bt"], 1, /^ERROR: failed to open file '\/no\/such\/file\.bt': No such file or directory\n/],
  ["an object that is not there", ["run", "/no/such/file.o"], 1, /No such file/],
  ["a directory", ["run", "/"], 1, /Is a directory/],
  ["run without a file", ["run"], 1, /USAGE/],
  ["a bad format", ["-f", "xml", "run", BEGIN], 1, /^ERROR: Invalid output format "xml"\nValid formats: 'text', 'json'\n/],
  ["a bad buffering mode", ["run", "-B", "some", BEGIN], 1, /-B must be either 'line', 'full', or 'none'/],
  ["a bad option", ["--nosuch"], 1, /unrecognized option '--nosuch'/],
  ["an option that is not there yet", ["--no-feature", "uprobe_multi"], 1, /not supported/],
  ["a text as object", ["run", "/etc/passwd"], 1, /not an ELF file/],
  ["a command that is not there", ["run", BEGIN, "-c", "/no/such/program"], 1, /Failed to fork child: Path '\/no\/such\/program'/],
];

for (const [name, words, code, message] of WRONG) {
  test(`wrong: ${name}`, () => {
    const result = run(words);
    assert.is(result.code, code);
    assert.is(result.out, "");
    assert.match(result.error, message);
    assert.not.match(result.error, /\n\s+at /);
  });
}

test("wrong: objects that are damaged, foreign or of the future", () => {
  const program = makeProgram({ name: "b_1", kind: "begin" });
  const object = (code = [move(0, 0), exit()], manifest: unknown = makeManifest({ programs: [program] })) =>
    buildObject({ programs: [{ name: "b_1", section: "raw_tp", code }], manifest: new TextEncoder().encode(JSON.stringify(manifest)) });
  for (const [bytes, code] of [
    [beginObject().subarray(0, 700), "bad-object"],
    [buildObject({ programs: [{ name: "b_1", section: "raw_tp", code: [move(0, 0), exit()] }] }), "no-manifest"],
    [object(undefined, { ...makeManifest(), version: 99 }), "newer-manifest"],
    [object(undefined, { ...makeManifest(), arch: "pdp11" }), "bad-manifest"],
    [object([move(1, 9), call(Helper.sendSignal), move(0, 0), exit()]), "unsafe-object"],
    [object(undefined, makeManifest({ programs: [program], unsafe: true })), "unsafe-object"],
  ] as const) {
    const result = run(["run", file("wrong.o", bytes)]);
    assert.is(result.code, 1, code);
    assert.match(result.error, `CODE: ${code}\n`);
    assert.is(result.out, "");
  }
});

test("wrong: a program that the kernel refuses", () => {
  const program = makeProgram({ name: "b_1", kind: "begin", probe: "begin" });
  const bytes = buildObject({
    programs: [{ name: "b_1", section: "raw_tp", code: [exit()] }],
    manifest: makeManifest({ programs: [program] }),
  });
  const path = file("refused.o", bytes);
  const result = run(["run", path]);
  assert.is(result.code, 255);
  assert.match(result.error, /^stdin:1:1-10: ERROR: this kernel does not accept begin: /);
  assert.not.match(result.error, "R0 !read_ok\nprocessed");
  assert.match(run(["run", "-v", path]).error, "R0 !read_ok");
});

test("version and help", () => {
  assert.match(run(["-V"]).out, /^bpftrace v0\.27\.1 \(bpfcast v\d+\.\d+\.\d+\)\n$/);
  assert.match(run(["--help"]).out, /USAGE:/);
});

check.run();
