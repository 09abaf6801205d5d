// `bpfcast test` as a user runs it: exit codes, reports, coverage, and files that cannot be used. No kernel and no rights are needed.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-scenarios-"));
chmodSync(folder, 0o755);
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The program as it is installed, where a user without rights can read it. */
const installed = join(folder, "installed");
mkdirSync(installed);
for (const file of ["bpfcast.cjs", "compiler.wasm", "machine.wasm", "default.profile"])
  copyFileSync(join(".out", file), join(installed, file));
const program = join(installed, "bpfcast.cjs");

const SCRIPT = `tracepoint:syscalls:sys_enter_openat {
  if (uid == 0) {
    printf("root %s\\n", str(args.filename));
  } else {
    @[comm] = count();
  }
}
`;
const scenario = (name: string, output: string[], uid: number) => ({
  name,
  processes: { cat: { pid: 5, uid } },
  steps: [{ syscall: "openat", arguments: { filename: "/etc/hosts" }, process: "cat" }],
  expect: { output },
});

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** As nobody, without variables. */
function run(...words: string[]) {
  const prefix = process.geteuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const [first = "", ...rest] = [...prefix, process.execPath, program, "test", ...words];
  const { status, stdout, stderr } = spawnSync(first, rest, { encoding: "utf8", env: {}, cwd: "/", timeout: 60_000 });
  return { status, stdout, stderr };
}

write("opens.bt", SCRIPT);
const passing = write("opens.scenario.json", { scenarios: [scenario("of root", ["root /etc/hosts"], 0)] });

test("a scenario that holds: exit code 0", () => {
  for (const word of [passing, join(folder, "opens.bt")]) {
    const { status, stdout, stderr } = run(word);
    assert.is(stderr, "");
    assert.match(stdout, /\(1 \/ 1\)/);
    assert.match(stdout, /Passed: {4}1\n/);
    assert.is(status, 0);
  }
});

test("one that does not: the difference line by line, exit code 1", () => {
  const file = write("fails.scenario.json", {
    script: "opens.bt",
    scenarios: [
      scenario("of root", ["root /etc/passwd"], 0),
      { ...scenario("of a user", ["@[cat]: 1"], 7), expect: { maps: { "@": { cat: 2 } } } },
    ],
  });
  const { status, stdout } = run(file);
  assert.is(status, 1);
  assert.match(stdout, /FAIL {2}"of root"\n {4}output:\n {6}- root \/etc\/passwd\n {6}\+ root \/etc\/hosts\n/);
  assert.match(stdout, /FAIL {2}"of a user"\n {4}maps:\n/);
  assert.match(stdout, /- {5}"cat": 2\n {6}\+ {5}"cat": 1\n/);
});

test("TAP and JUnit", () => {
  const file = join(folder, "fails.scenario.json");
  const tap = run("--reporter", "tap", file);
  assert.match(tap.stdout, /^TAP version 13\n1\.\.2\nnot ok 1 - .*fails\.scenario\.json: of root\n/);
  const report = run("--reporter=junit", file);
  assert.match(report.stdout, /<testsuites tests="2" failures="2"/);
  assert.match(report.stdout, /<failure message="output:">output:\n {2}- root \/etc\/passwd/);
  // Well formed, by a parser that is not ours.
  execFileSync("python3", ["-c", "import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.stdin.buffer.read())"], {
    input: report.stdout,
  });
  assert.is(report.status, 1);
});

test("coverage: the lines that were not run", () => {
  const { stdout } = run("--coverage", passing);
  assert.match(stdout, /66\.7 % {2}\S*opens\.bt\n {13}5 \| {5}@\[comm\] = count\(\);\n|75\.0 %/);
});

const BAD: [name: string, content: unknown, message: RegExp][] = [
  ["unknown field", { scenarios: [{ ...scenario("x", [], 0), wrong: 1 }] }, /scenarios\[0\]\.wrong is not a known field/],
  ["wrong type", { scenarios: [{ ...scenario("x", [], 0), cpus: "two" }] }, /scenarios\[0\]\.cpus is not a whole number/],
  ["unknown step", { scenarios: [{ ...scenario("x", [], 0), steps: [{ sleeps: 3 }] }] }, /steps\[0\] is not a step/],
  ["no JSON", "{ scenarios", /bad\.scenario\.json/],
];
for (const [name, content, message] of BAD) {
  test(`${name}: exit code 2`, () => {
    const { status, stderr } = run(write("bad.scenario.json", content));
    assert.match(stderr, message);
    assert.is(status, 2);
  });
}

const PLAYED: [name: string, more: object, message: RegExp][] = [
  [
    "an unknown tracepoint",
    { steps: [{ tracepoint: "syscalls:sys_enter_opena" }] },
    /no tracepoint 'syscalls:sys_enter_opena': did you mean/,
  ],
  ["an unknown argument", { steps: [{ syscall: "openat", arguments: { path: "/x" } }] }, /it has no argument 'path'/],
  ["a field of the wrong type", { steps: [{ syscall: "openat", arguments: { flags: "many" } }] }, /ERROR/],
  ["an unknown process", { steps: [{ syscall: "read", process: "nobody" }] }, /process 'nobody': there is none/],
  ["a CPU that is not there", { steps: [{ syscall: "read", cpu: 4 }] }, /there is no CPU 4/],
  ["no duration", { steps: [{ after: "soon" }] }, /'soon' is no duration/],
];
for (const [name, more, message] of PLAYED) {
  test(`${name}: the scenario fails with the reason`, () => {
    const { status, stdout } = run(write("bad.scenario.json", { script: "opens.bt", scenarios: [{ ...scenario("x", [], 0), ...more }] }));
    assert.match(stdout, message);
    assert.is(status, 1);
  });
}

test("an endless loop of the script is stopped on its line", () => {
  write("endless.bt", "tracepoint:syscalls:sys_enter_openat {\n  while (1) { @++; }\n}\n");
  const { status, stdout } = run(write("endless.scenario.json", { scenarios: [scenario("x", [], 0)] }));
  assert.match(stdout, /endless\.bt:2:.*it runs for too long/);
  assert.is(status, 1);
});

test("a script with errors, and one that is not there: exit code 2", () => {
  write("wrong.bt", "BEGIN { @ = nothing; }");
  const wrong = run(write("wrong.scenario.json", { scenarios: [scenario("x", [], 0)] }));
  assert.match(wrong.stderr, /wrong\.bt:1:13-20/);
  assert.is(wrong.status, 2);
  const missing = run(write("missing.scenario.json", { scenarios: [] }));
  assert.match(missing.stderr, /its script is not there/);
  assert.is(missing.status, 2);
  assert.is(run("/nothing").status, 2);
});

test("--watch plays again when the script changes", async () => {
  const child = spawn("node", [program, "test", "--watch", passing], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (bytes: Buffer) => {
    printed += bytes.toString();
  });
  const until = async (pattern: RegExp) => {
    for (let turn = 0; turn < 400 && !pattern.test(printed); turn++) await new Promise((done) => setTimeout(done, 50));
    assert.match(printed, pattern);
  };
  try {
    await until(/Passed: {4}1/);
    printed = "";
    write("opens.bt", SCRIPT.replace("root %s", "other %s"));
    await until(/\+ other \/etc\/hosts/);
  } finally {
    child.kill();
    write("opens.bt", SCRIPT);
  }
});

const tools =
  process.env["BPFTRACE_TOOLS"] ?? ["/usr/sbin", "/usr/share/bpftrace/tools"].find((name) => existsSync(join(name, "opensnoop.bt"))) ?? "";

test("the scenarios of the official tools hold", () => {
  const { status, stdout } = spawnSync("node", [resolve(".out/bpfcast.cjs"), "test", "--scripts", tools, "test/simulated/tools"], {
    encoding: "utf8",
  });
  assert.is(status, 0, stdout);
  assert.ok(Number(/Passed: +(\d+)/.exec(stdout)?.[1]) >= 12, stdout);
});

test("--simulate runs a script on the busy machine until its exit()", () => {
  const script =
    'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } interval:ms:100 { printf("tick\\n"); } interval:ms:200 { exit(); }';
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "--simulate", "-e", script], {
    encoding: "utf8",
    env: {},
    cwd: "/",
    uid: process.geteuid?.() === 0 ? 65_534 : undefined,
    timeout: 30_000,
  });
  assert.is(stderr, "Attached 3 probes\n");
  assert.match(stdout, /^tick\n(tick\n)?/);
  assert.match(stdout, /^@\[nginx\]: \d+$/m);
  assert.is(status, 0);
});

test.run();
