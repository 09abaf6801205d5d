// Probes that the tracer runs itself (self, test, bench), static tracepoints, watchpoints, symbols of binaries and `ctx`, on this
// kernel. What is printed is what the peer (0.27.1) prints, but for times.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const test = mayTrace() ? check : check.skip;
const folder = mkdtempSync(join(tmpdir(), "bpfcast-kinds-"));
const fixed = join(folder, "fixed");
const moved = join(folder, "moved");
/** Addresses of the symbols of `fixed`. */
const symbols = new Map<string, string>();

check.before(() => {
  const source = "test/support/static-probes.c";
  execFileSync("gcc", ["-O1", "-no-pie", "-fno-pie", "-o", fixed, source]);
  execFileSync("gcc", ["-O1", "-pie", "-fPIE", "-o", moved, source]);
  for (const line of execFileSync("nm", [fixed], { encoding: "utf8" }).split("\n")) {
    const [address = "", , name = ""] = line.split(" ");
    symbols.set(name, `0x${address.replace(/^0+/, "")}`);
  }
});
check.after(() => rmSync(folder, { recursive: true, force: true }));

function run(...words: string[]) {
  return spawnSync("node", [bpfcast, ...words], { encoding: "utf8", timeout: 30_000 });
}

/** What a script prints while a program runs; FILE stands for that, `&name` for an address in it. */
function tracing(file: string, script: string): string[] {
  const text = script.replaceAll("FILE", file).replace(/&(\w+)/g, (_, name: string) => symbols.get(name) ?? "0");
  const { stdout, stderr, status } = run("-q", "-c", file, "-e", text);
  assert.is(status, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

type Case = [name: string, script: string, ...lines: string[]];

/** Under both ways of loading a program, but where addresses are given. */
const cases: Case[] = [
  [
    "usdt: arguments in registers, constants and memory",
    'usdt:FILE:demo:arguments { printf("%lx %d %s %d %d %lx %d\\n", arg0, arg1, str(arg2), arg3, arg4, arg5, arg9); }',
    "100000000 0 hello -3 -7 300000000 0",
    "100000001 -1 hello -3 -7 300000003 0",
    "100000002 -2 hello -3 -7 300000006 0",
  ],
  [
    "usdt: variables by name, and index registers",
    "usdt:FILE:demo:indexed { print((arg0, arg1, arg2)); }",
    "(41, 12, 11)",
    "(41, 13, 11)",
    "(42, 14, 11)",
  ],
  ["usdt: without the namespace", "usdt:FILE:guarded { print(arg0); }", "40", "41", "42"],
  [
    "usdt: two places with an argument of their own, and the name",
    "usdt:FILE:twice { @[arg0, probe] = count(); }",
    "@[0, usdt:FILE:demo:twice]: 1",
    "@[1, usdt:FILE:demo:twice]: 1",
    "@[2, usdt:FILE:demo:twice]: 1",
    "@[5, usdt:FILE:demo:twice]: 3",
  ],
  ["usdt: wildcards", "usdt:FILE:d*:*t* { @[probe] = count(); }", "@[usdt:FILE:demo:arguments]: 3", "@[usdt:FILE:demo:twice]: 6"],
  ["usdt: registers", 'usdt:FILE:guarded { @[reg("ip") == ctx.ip, probetype] = count(); }', "@[true, usdt]: 3"],
  ["uaddr: in a uprobe", 'uprobe:FILE:work { print((*uaddr("counter"), *uaddr("total"))); }', "(41, 1000)", "(41, 1000)", "(42, 1001)"],
  ["uaddr: in a static tracepoint", 'usdt:FILE:twice { @ = max(*uaddr("counter")); }', "@: 42"],
  ["uaddr: of each place of a wildcard", 'uprobe:FILE:wor* { @[probe] = max(*uaddr("total")); }', "@[uprobe:FILE:work]: 1001"],
  [
    "uaddr: sizes",
    'uprobe:FILE:work { @ = (sizeof(*uaddr("counter")), sizeof(*uaddr("total")), sizeof(*uaddr("demo_guarded_semaphore"))); }',
    "@: (4, 8, 2)",
  ],
  ["ctx: registers", 'uprobe:FILE:work { @[ctx.di == arg0, ctx.ip == reg("ip")] = count(); }', "@[true, true]: 3"],
];

for (const [name, script, ...lines] of cases) {
  for (const [where, file] of [
    ["fixed", fixed],
    ["moved", moved],
  ] as const)
    test(`${name}: ${where}`, () =>
      assert.equal(
        tracing(file, script),
        lines.map((line) => line.replaceAll("FILE", file)),
      ));
}

const atAddresses: Case[] = [
  ["watchpoint: writing", "watchpoint:&counter:4:w { @[probe] = count(); }", "@[watchpoint:ADDRESS:4:w]: 3"],
  ["watchpoint: reading and writing", "w:&counter:4:wr { @[probe] = max(1); }", "@[watchpoint:ADDRESS:4:rw]: 1"],
  ["watchpoint: executing", "watchpoint:&work:8:x { @[comm] = count(); }", "@[fixed]: 3"],
  ["watchpoint: what the sample says", "w:&counter:4:w { @[ctx.addr == &counter, ctx.sample_period] = count(); }", "@[true, 1]: 3"],
];

for (const [name, script, ...lines] of atAddresses)
  test(name, () =>
    assert.equal(
      tracing(fixed, script),
      lines.map((line) => line.replace("ADDRESS", String(Number(symbols.get("counter"))))),
    ),
  );

const refused: [script: string, status: number, message: string][] = [
  ["self:signal:SIGUSR2 { }", 1, "stdin:1:1-20: ERROR: SIGUSR2 is not a supported signal"],
  ["self:start:SIGUSR1 { }", 1, "stdin:1:1-19: ERROR: start is not a supported trigger"],
  ["test: { }", 1, "stdin:1:1-6: ERROR: test probes must have a name"],
  ["bench:a { } bench:a { }", 1, 'stdin:1:13-20: ERROR: "a" was used as the name for more than one BENCH probe'],
  ["watchpoint:0x1000:3:rw { }", 1, "stdin:1:1-23: ERROR: watchpoint length must be one of (1,2,4,8)"],
  ["watchpoint:0x1000:8:r { }", 1, "stdin:1:1-22: ERROR: invalid watchpoint mode: r"],
  ["watchpoint:0x1000:8:ww { }", 1, "stdin:1:1-23: ERROR: watchpoint modes may not be duplicated"],
  ["watchpoint:0x1000:8:q { }", 1, "stdin:1:1-22: ERROR: watchpoint mode must be combination of (r,w,x)"],
  ["watchpoint:0:8:w { }", 1, "stdin:1:1-17: ERROR: watchpoint must be attached to a non-zero address"],
  ["watchpoint:foo:8:w { }", 1, "stdin:1:1-19: ERROR: Invalid function/address argument: invalid integer: foo"],
  ["watchpoint:0x1000:a:w { }", 1, "stdin:1:1-22: ERROR: Invalid length argument: invalid integer: a"],
  [
    "watchpoint:0x1001:8:w { }",
    255,
    "ERROR: Unable to attach probe: watchpoint:4097:8:w. If this is expected, set the 'missing_probes' config variable to 'warn'.",
  ],
  ["usdt:/no/such:a { }", 1, "stdin:1:1-16: ERROR: usdt target file '/no/such' does not exist or is not executable"],
  ["usdt:a { }", 1, "stdin:1:1-7: ERROR: usdt probe type requires 2 or 3 arguments, found 1"],
  [
    "usdt::demo:a { }",
    1,
    "stdin:1:1-13: ERROR: usdt probe must specify at least path or pid to probe. To target all paths/pids set the path to '*'.",
  ],
  ["usdt:/bin/sh: { }", 1, "stdin:1:1-14: ERROR: usdt probe must have a target function or wildcard"],
  [
    "usdt:/bin/sh:nothing { }",
    1,
    "stdin:1:1-21: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.",
  ],
  ['uprobe:/bin/sh:0x1000 { print(uaddr("nothing")); }', 1, "stdin:1:31-47: ERROR: Could not resolve symbol: /bin/sh:nothing"],
  ["iter:nothing { }", 1, "stdin:1:1-13: ERROR: iter nothing not available for your kernel version."],
  ["iter:task { } interval:s:1 { }", 1, "stdin:1:1-10: ERROR: An iter probe can not be combined with other probes"],
  ["iter:task* { }", 1, "stdin:1:1-11: ERROR: iter probe type does not support wildcards"],
  ["begin { print(ctx.a) }", 1, "stdin:1:15-18: ERROR: The ctx builtin can not be used with 'begin' probes"],
  ["t:syscalls:sys_enter_read { print(ctx.a) }", 1, "stdin:1:35-38: ERROR: Use args instead of ctx in tracepoint"],
  ["test:a { }", 255, "No probes attached; use --test to run test probes."],
  ["bench:a { }", 255, "No probes attached; use --bench to run benchmark probes."],
];

for (const [script, status, message] of refused)
  test(`refused: ${script}`, () => {
    const result = run("-e", script);
    assert.ok((result.stdout + result.stderr).includes(message), result.stdout + result.stderr);
    assert.is(result.status, status);
  });

test("usdt: an argument that no program can read is an error, and only if the script reads it", () => {
  const { stderr, status } = run("-e", `usdt:${fixed}:high { print(arg1); }`);
  assert.ok(stderr.includes(`ERROR: arg1 of usdt:${fixed}:demo:high can not be read: the file says that it is in '1@%ah'`), stderr);
  assert.is(status, 1);
  assert.equal(tracing(fixed, "usdt:FILE:high { @[arg0 == arg0] = count(); }"), ["@[true]: 3"]);
});

for (const [words, message] of [
  [["--test", "--bench"], "USAGE: --bench conflicts with existing --mode"],
  [["--mode", "foo"], "USAGE: --mode can only be 'codegen', 'compiler-bench', 'bench', 'test' or 'format'."],
  [["--mode", "compiler-bench"], "option --mode compiler-bench is not supported by this version of bpfcast"],
] as const)
  check(words.join(" "), () => {
    const result = run(...words, "-e", "begin { }");
    assert.is(result.status, 1);
    assert.ok(result.stderr.includes(message), result.stderr);
  });

/** Without colours and times. */
function plain(text: string): string[] {
  return stripVTControlCharacters(text)
    .replace(/\(\d+ (μs|ms|s)\)/g, "(TIME)")
    .split("\n")
    .filter((line) => line !== "");
}

const TESTS = "test:good { print(1); } test:bad { print(2); return 1 } begin { print(3); } end { print(4); } interval:s:1 { print(5); }";
const TEST_LINES = [
  "[==========] Running 2 tests.",
  "[ RUN      ] good",
  "[       OK ] good (TIME)",
  "[ RUN      ] bad",
  "2",
  "[  FAILED  ] bad (TIME)",
  "[==========] 2 tests ran.",
  "[  PASSED  ] 1 test.",
  "[  FAILED  ] 1 test, listed below:",
  "[  FAILED  ] bad",
  "4",
];

for (const where of [[], ["--simulate"]]) {
  const own = where.length === 0 ? test : check;
  own(`tests ${where.join(" ")}`, () => {
    const result = run(...where, "--test", "-e", TESTS);
    assert.equal(plain(result.stdout), TEST_LINES);
    assert.is(result.status, 1);
  });

  own(`tests as JSON ${where.join(" ")}`, () => {
    const result = run(...where, "--test", "-f", "json", "-e", TESTS);
    const lines = plain(result.stdout).map((line) => JSON.parse(line) as { data: Record<string, unknown> });
    const { good, bad } = Object.assign({}, ...lines.slice(0, 2).map(({ data }) => data)) as Record<string, Record<string, unknown>>;
    assert.equal({ ...good, duration: 0 }, { duration: 0, passed: true, output: "3\n1\n" });
    assert.equal({ ...bad, duration: 0 }, { duration: 0, passed: false, output: "2\n" });
    assert.equal(lines[2], { type: "value", data: 4 });
  });

  own(`benches ${where.join(" ")}`, () => {
    const result = run(
      ...where,
      "--bench",
      "-e",
      "bench:quick { } bench:nothing { return 1 } bench:looped { for ($i : 0..100) { @ = $i } }",
    );
    const [title, rule, ...rows] = plain(result.stdout);
    assert.is(title, `${"Benchmark".padEnd(40)} ${"Time(ns)".padEnd(14)} Iterations`);
    assert.is(rule, "-".repeat(66));
    assert.equal(
      rows.map((row) => row.replace(/\d+/g, "N").replace(/ +/g, " ")),
      ["quick N N", "looped N N"],
    );
    assert.is(result.status, 0, result.stderr);
  });
}

const failures: [name: string, script: string, ...failed: string[]][] = [
  ["assert", 'test:a { assert(pid == 0, "x"); } test:b { }', "a"],
  ["exit() with a code", "test:a { exit(3); } test:b { exit(); }", "a"],
  ["errorf()", 'test:a { errorf("x"); } test:b { warnf("x"); }', "a"],
];
for (const [name, script, ...failed] of failures)
  test(`a test fails by ${name}`, () => {
    const result = run("--test", "-e", script);
    assert.equal(
      plain(result.stdout).filter((line) => /^\[ {2}FAILED {2}\] \w+$/.test(line)),
      failed.map((one) => `[  FAILED  ] ${one}`),
    );
    assert.is(result.status, 1);
  });

test("a bench that exits with a code fails", () => {
  const result = run("--bench", "-e", "bench:a { exit(4) } bench:b { }");
  assert.ok(result.stderr.includes("ERROR: Benchmark 'a' failed."));
  assert.is(result.status, 1);
});

test("--probe-filter chooses tests", () => {
  const result = run("--test", "--probe-filter", "b", "-e", "test:a { return 1 } test:b { }");
  assert.ok(result.stdout.includes("Running 1 tests."));
  assert.is(result.status, 0);
});

/** Resolves when the child has printed `text`, within 20 seconds. */
function printed(child: ChildProcess, text: string): Promise<void> {
  return new Promise((done, failed) => {
    let all = "";
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      failed(new Error(`no "${text}" in: ${all}`));
    }, 20_000);
    const take = (bytes: Buffer) => {
      all += bytes.toString();
      if (!all.includes(text)) return;
      clearTimeout(limit);
      done();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.on("exit", () => {
      clearTimeout(limit);
      failed(new Error(`it has ended: ${all}`));
    });
  });
}

test("self: each SIGUSR1 runs the probe, which counts as one", async () => {
  const child = spawn("node", [
    bpfcast,
    "-e",
    'self:signal:SIGUSR1 { @++; printf("%s %d\\n", probe, @); } end { printf("%s\\n", probetype); }',
  ]);
  await printed(child, "Attached 2 probes");
  for (const count of [1, 2]) {
    const answer = printed(child, `self:signal:SIGUSR1 ${count}`);
    child.kill("SIGUSR1");
    await answer;
  }
  const ended = new Promise<number | null>((done) => child.on("exit", done));
  const maps = printed(child, "@: 2");
  child.kill("SIGINT");
  await maps;
  assert.is(await ended, 0);
});

test("SIGUSR1 does nothing to a script without such a probe", async () => {
  const child = spawn("node", [bpfcast, "-e", "interval:ms:100 { @++; if (@ == 10) { exit(); } }"]);
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => {
    errors += bytes.toString();
  });
  await printed(child, "Attached 1 probe");
  child.kill("SIGUSR1");
  assert.is(await new Promise<number | null>((done) => child.on("exit", done)), 0);
  // Not even Node's debugger, which is what the signal starts by default.
  assert.not.match(errors, "Debugger");
});

test("usdt: of -p's process alone, by file and by what it has mapped", async () => {
  for (const target of [moved, "*", ""]) {
    const [own, other] = [spawn(moved, ["wait"]), spawn(moved, ["wait"])];
    const child = spawn("node", [bpfcast, "-p", String(own.pid), "-e", `usdt:${target}:demo:twice { @[pid] = count(); }`]);
    await printed(child, "Attached 1 probe");
    const maps = printed(child, "@[");
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
    const ended = new Promise<number | null>((done) => child.on("close", done));
    for (const one of [other, own]) {
      const gone = new Promise((done) => one.on("exit", done));
      one.stdin.end("\n");
      assert.is(await gone, 0);
    }
    await maps;
    assert.is(await ended, 0);
    assert.equal(output.match(/^@.*$/gm), [`@[${own.pid}]: 6`]);
  }
});

test("lists", () => {
  const list = (...words: string[]) =>
    run("-l", ...words)
      .stdout.split("\n")
      .filter((line) => line !== "");
  const all = ["arguments", "guarded", "high", "indexed", "twice"].map((name) => `usdt:${fixed}:demo:${name}`);
  assert.equal(list(`usdt:${fixed}:*`), all);
  assert.equal(list(`usdt:${fixed}:demo:*`), all);
  assert.equal(list(`U:${fixed}:tw*`), all.slice(4));
  assert.equal(list("-e", `usdt:${fixed}:twice { }`), all.slice(4));
  assert.equal(list("self:*"), ["self:signal:SIGUSR1"]);
});

check.run();
