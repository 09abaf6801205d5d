// Options of the command line that choose what is traced, and what is said of probes that are not there. Sentences and exit codes
// are the peer's (0.27.1).

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const test = mayTrace() ? check : check.skip;

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(...words: string[]): Run {
  return spawnSync("node", [bpfcast, ...words], { encoding: "utf8", timeout: 30_000 });
}

/** Messages, without what only we say. */
function messages(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !/^(HINT|CODE):/.test(line));
}

const refused: [name: string, words: string[], status: number, ...messages: string[]][] = [
  ["-p: no number", ["-p", "a1111", "-e", "begin { }"], 1, "ERROR: Failed to parse pid: invalid integer: a1111"],
  ["-p: too large", ["-p", "5000000", "-e", "begin { }"], 1, "ERROR: Pid out of range: 5000000"],
  ["-p: negative", ["-p", "-1", "-e", "begin { }"], 1, "ERROR: Pid out of range: 18446744073709551615"],
  ["-p: nobody", ["-p", "4194303", "-e", "begin { }"], 1, "ERROR: Failed to attach to pid: Unable to open pidfd (No such process)"],
  ["-p and -c", ["-p", "1", "-c", "true", "-e", "begin { }"], 1, "ERROR: USAGE: Cannot use both -c and -p."],
  ["-k and --no-warnings", ["-k", "--no-warnings", "-e", "begin { }"], 1, "ERROR: USAGE: -k, --warnings conflicts with --no-warnings"],
  [
    "--probe-filter: no pattern",
    ["--probe-filter", "[x", "-e", "begin { }"],
    255,
    "ERROR: Invalid --probe-filter regex '[x': Unterminated character class",
  ],
  [
    "--traceable-functions: no file",
    ["--traceable-functions", "/no/such", "-e", "begin { }"],
    1,
    "ERROR: Failed to open kernel function info: Could not read functions from /no/such. (No such file or directory)",
  ],
  [
    "--traceable-functions: not in it",
    ["--traceable-functions", "/dev/null", "-e", "kprobe:vfs_read { }"],
    1,
    "stdin:1:1-16: ERROR: No matches for kprobe vfs_read.",
    "kprobe:vfs_read { }",
    "~~~~~~~~~~~~~~~",
    'stdin:1:1-16: WARNING: vfs_read is not traceable (either non-existing, inlined, or marked as "notrace"); attaching to it will likely fail',
    "kprobe:vfs_read { }",
    "~~~~~~~~~~~~~~~",
  ],
  [
    "kprobe by address",
    ["-e", "kprobe:0x1234 { }"],
    1,
    "stdin:1:1-14: ERROR: Probing by address requires --unsafe",
    "kprobe:0x1234 { }",
    "~~~~~~~~~~~~~",
  ],
  [
    "offset of a kretprobe",
    ["-e", "kretprobe:f+4 { }"],
    1,
    "stdin:1:1-14: ERROR: Offset not allowed",
    "kretprobe:f+4 { }",
    "~~~~~~~~~~~~~",
  ],
  ["an event that is none", ["-e", "h:cycle:1 { }"], 1, "stdin:1:1-10: ERROR: cycle is not a hardware probe", "h:cycle:1 { }", "~~~~~~~~~"],
  [
    "several missing probes",
    ["-e", "t:no:such, t:syscalls:sys_enter_read, t:no:other { }"],
    1,
    "stdin:1:1-10: ERROR: No matches for tracepoint no:such.",
    "t:no:such, t:syscalls:sys_enter_read, t:no:other { }",
    "~~~~~~~~~",
    "stdin:1:39-49: ERROR: No matches for tracepoint no:other.",
    "t:no:such, t:syscalls:sys_enter_read, t:no:other { }",
    `${" ".repeat(38)}~~~~~~~~~~`,
  ],
  [
    "a pattern without a match",
    ["-e", "t:syscalls:nonsense* { }"],
    1,
    "stdin:1:1-21: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.",
    "t:syscalls:nonsense* { }",
    "~~~~~~~~~~~~~~~~~~~~",
  ],
  [
    "a raw tracepoint's module",
    ["-e", "rt:no:sys_exit { }"],
    1,
    "stdin:1:1-15: ERROR: No matches for rawtracepoint no:sys_exit.",
    "rt:no:sys_exit { }",
    "~~~~~~~~~~~~~~",
  ],
  [
    "a function of a file",
    ["-e", "u:/bin/sh:nosuch { }"],
    1,
    "stdin:1:1-17: ERROR: No matches for uprobe /bin/sh:nosuch.",
    "u:/bin/sh:nosuch { }",
    "~~~~~~~~~~~~~~~~",
  ],
  [
    "a file that is not there",
    ["-e", "u:/no/such:f { }"],
    1,
    "stdin:1:1-13: ERROR: uprobe target file '/no/such' does not exist or is not executable",
    "u:/no/such:f { }",
    "~~~~~~~~~~~~",
  ],
  [
    "a parameter that build is not given",
    ["build", "-e", "$1 { }", "-o", "/dev/null"],
    1,
    "stdin:1:1-3: ERROR: A positional parameter in an attach point must be known when the script is compiled",
    "$1 { }",
    "~~",
  ],
];

for (const [name, words, status, ...lines] of refused) {
  test(name, () => {
    const found = run(...words);
    assert.equal(messages(found.stderr), lines);
    assert.is(found.status, status);
  });
}

const numbers: [probe: string, message: string][] = [
  ["i:ms:", "Invalid rate of interval probe: invalid integer: "],
  ["i:ms:abc", "Invalid rate of interval probe: invalid integer: abc"],
  ["i:5x", "Invalid rate of interval probe: invalid trailing bytes: 5x"],
  ["i:s:1.5", "Invalid rate of interval probe: invalid trailing bytes: 1.5"],
  [
    "i:ms:99999999999999999999",
    "Invalid rate of interval probe: overflow error, maximum value is 18446744073709551615: 99999999999999999999",
  ],
  ["i:ms:-1", "interval frequency should be a positive integer"],
  ["profile:hz:0", "profile frequency should be a positive integer"],
  ["i:xx:1", "xx is not an accepted unit of time"],
  ["profile::3", "profile probe must have unit of time"],
  ["i:999", "Invalid rate of interval probe. Minimum is 1000 or 1us. Found: 999 nanoseconds"],
  ["s:cpu-clock:", "Invalid count for software probe: invalid integer: "],
  ["h:cycles:-1", "hardware frequency should be a positive integer"],
];

for (const [probe, message] of numbers) {
  test(`numbers of attach points: ${probe}`, () => {
    const { status, stderr } = run("-e", `${probe} { }`);
    assert.is(status, 1);
    assert.equal(messages(stderr), [`stdin:1:1-${probe.length + 1}: ERROR: ${message}`, `${probe} { }`, "~".repeat(probe.length)]);
  });
}

test("numbers of attach points: nanoseconds, and a count of 0", () => {
  assert.is(run("-q", "-e", "i:1000000 { print(probe); exit(); }").stdout.trim(), "interval:us:1000");
  assert.is(run("--dry-run", "-e", "s:cpu-clock:0 { }").status, 0);
});

test("missing probes: warned of, or not mentioned", () => {
  const script = (mode: string) => `config = { missing_probes=${mode} } t:a:b, t:c:d { } i:ms:1 { exit(); }`;
  const warned = run("-e", script("warn"));
  assert.equal(
    messages(warned.stderr).filter((line) => /^stdin|^Attached/.test(line)),
    [
      "stdin:1:34-39: WARNING: No matches for tracepoint a:b. Skipping.",
      "stdin:1:41-46: WARNING: No matches for tracepoint c:d. Skipping.",
      "stdin:1:34-46: WARNING: Probe has no valid attach points. It is being removed which may cause issues with program behavior.",
      "Attached 1 probe",
    ],
  );
  assert.equal(messages(run("-e", script("ignore")).stderr), ["Attached 1 probe"]);
  // The same where the fields are needed to compile.
  const fields = "config = { missing_probes=warn } t:a:b { print(args.x); } i:ms:1 { exit(); }";
  assert.equal(
    messages(run("-e", fields).stderr).filter((line) => /^stdin|^Attached/.test(line)),
    [
      "stdin:1:34-39: WARNING: No matches for tracepoint a:b. Skipping.",
      "stdin:1:34-39: WARNING: Probe has no valid attach points. It is being removed which may cause issues with program behavior.",
      "Attached 1 probe",
    ],
  );
});

test("--probe-filter: by the full names, begin and end exempt", () => {
  const script = 'begin { printf("b"); } i:ms:100 { printf("no"); exit(); } i:ms:20 { printf("x"); exit(); } end { printf("e"); }';
  assert.is(run("--probe-filter", "ms:(20|30)", "-e", script).stdout.trim(), "bxe");
  const wild = run("-q", "--probe-filter", "sys_exit$", "-e", "t:raw_syscalls:* { print(probe); exit(); }");
  assert.match(wild.stdout, /^tracepoint:raw_syscalls:sys_exit\n/);
  const none = run("--probe-filter", "nothing", "-e", "i:ms:1 { exit(); }");
  assert.is(none.stdout, "No probes to attach\n");
  assert.is(none.status, 1);
});

test("positional parameters in attach points", () => {
  assert.is(run("-e", "$1 { print(probe); exit(); }", "i:ms:1").stdout.trim(), "interval:ms:1");
  assert.is(run("-e", "BEG$1 { print(1); }", "IN").stdout.trim(), "1");
  assert.is(run("-e", "i:$1:$2 { print(probe); exit(); }", "ms", "2").stdout.trim(), "interval:ms:2");
});

test("local headers: #include, -I and --include", () => {
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-headers-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  try {
    file("local.h", "#pragma once\n#define LOCAL 5\nstruct local { int x; };\n#define ABSENT @absent[1]\n");
    const outer = file("outer.h", '#include "local.h"\n#define OUTER (LOCAL + 1)\n');
    const script = file(
      "script.bt",
      '#include "outer.h"\n#include <linux/sched.h>\nbegin { print((LOCAL, OUTER, sizeof(struct local))); }\n',
    );
    assert.is(run("-q", script).stdout.trim(), "(5, 6, 4)");
    assert.is(run("-q", "-I", "/no/such", "-I", folder, "-e", "#include <outer.h>\nbegin { print(OUTER); }").stdout.trim(), "6");
    assert.is(run("-q", "--include", outer, "--include", "errno.h", "-e", "begin { print((OUTER, EPERM)); }").stdout.trim(), "(6, 1)");
    assert.equal(messages(run("check", "-I", folder, "-e", '#include "local.h"\nbegin { print(LOCAL.x); }').stderr).slice(0, 2), [
      "stdin:2:15-22: ERROR: Can not access field 'x' on expression of type 'int8'",
      "begin { print(LOCAL.x); }",
    ]);
    // Built, the object needs the header no more, but still shows its lines.
    const use = file("use.bt", '#include "local.h"\nbegin { @absent[0] = 1; print(ABSENT); }\n');
    const object = join(folder, "use.o");
    assert.is(run("build", "-k", use, "-o", object).status, 0);
    rmSync(join(folder, "local.h"));
    const absent =
      "Can't lookup map element because it does not exist.\nAdditional Info - helper: map_lookup_elem, retcode: 0\n#define ABSENT";
    assert.match(run("run", object).stderr, `${folder}/local.h:4:16-26: WARNING: ${absent}`);
    assert.match(run("run", "-f", "json", object).stdout, `"filename": "${folder}/local.h", "line": 4, "col": 16}`);
    assert.equal(messages(run(script).stderr), [
      `${outer}:1:10-19: ERROR: 'local.h' file not found`,
      '#include "local.h"',
      "         ~~~~~~~~~",
    ]);
    assert.equal(messages(run("--include", "nosuch.h", "-e", "begin { }").stderr), ["ERROR: 'nosuch.h' file not found"]);
    assert.equal(messages(run("--include", "/", "-e", "begin { }").stderr), ["ERROR: '/' file not found"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("-k: keys that are not there, and addresses that cannot be read", () => {
  const { stderr } = run("-k", "-e", "i:ms:1 { @[1] = 1; print(@[2]); print(*(uint64 *)kptr(8)); exit(); }");
  assert.match(
    stderr,
    "stdin:1:26-30: WARNING: Can't lookup map element because it does not exist.\nAdditional Info - helper: map_lookup_elem, retcode: 0\ni:ms:1 {",
  );
  assert.match(
    stderr,
    "stdin:1:39-57: WARNING: Numerical result out of range\nAdditional Info - helper: probe_read_kernel, retcode: -34\ni:ms:1 {",
  );
  const json = run("-k", "-f", "json", "-e", "begin { @[1] = 1; print(@[2]); }").stdout;
  assert.match(
    json,
    '{"type": "helper_error", "msg": "Success", "helper": "map_lookup_elem", "retcode": 0, "filename": "stdin", "line": 1, "col": 25}\n',
  );
});

/** Does `work` beside a process that opens a file every few milliseconds. */
async function besideOpener(work: (child: ChildProcess & { pid: number }) => void | Promise<void>): Promise<void> {
  const loop = "setInterval(() => { try { require('fs').openSync('/no/such') } catch {} }, 5)";
  const child = spawn("node", ["-e", loop], { stdio: "ignore" });
  await new Promise((ready) => setTimeout(ready, 300));
  try {
    await work(child as ChildProcess & { pid: number });
  } finally {
    child.kill("SIGKILL");
  }
}

test("-p: only that process, from an object as well", () =>
  besideOpener(async ({ pid }) => {
    const script =
      "t:syscalls:sys_enter_openat { @t[pid] = count(); } rt:sys_enter { @r[pid] = count(); } u:libc:open* { @u[pid] = count(); } p:hz:500 { @p[pid] = count(); } i:ms:400 { exit(); }";
    const folder = mkdtempSync(join(tmpdir(), "bpfcast-pid-"));
    const object = join(folder, "x.o");
    assert.is(run("build", "-o", object, "-e", script).status, 0);
    for (const words of [
      ["-e", script],
      ["run", object],
    ]) {
      const [first = "", ...rest] = words;
      const { stdout } = first === "run" ? run("run", ...rest, "-p", String(pid)) : run("-p", String(pid), ...words);
      const pids = [...stdout.matchAll(/^@[trp]\[(\d+)\]/gm)].map((match) => match[1]);
      assert.ok(pids.length >= 2, stdout);
      assert.ok(
        pids.every((found) => found === String(pid)),
        stdout,
      );
    }
    rmSync(folder, { recursive: true, force: true });
  }));

test("-p: ends with that process", () =>
  besideOpener(async (child) => {
    const tracer = spawn("node", [bpfcast, "-p", String(child.pid), "-e", "i:s:1000 { } end { print(1); }"]);
    let output = "";
    tracer.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
    await new Promise((attached) => tracer.stderr.once("data", attached));
    child.kill("SIGKILL");
    const status = await new Promise((ended) => tracer.once("exit", ended));
    assert.is(status, 0);
    assert.match(output, /^1\n/);
  }));

test("listing: what a script would be attached to, types and arguments", () => {
  const script = "t:raw_syscalls:* { } begin { } i:s:1 { } p:hz:99 { } h:cycles:10 { } s:cs { }";
  assert.is(
    run("-l", "-e", script).stdout,
    "tracepoint:raw_syscalls:sys_enter\ntracepoint:raw_syscalls:sys_exit\ninterval:s:\nprofile:hz:\nhardware:cycles:\nsoftware:cs:\n",
  );
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-list-"));
  writeFileSync(join(folder, "x.bt"), script);
  assert.match(run("-l", join(folder, "x.bt")).stdout, /^tracepoint:raw_syscalls:sys_enter\n/);
  rmSync(folder, { recursive: true, force: true });
  assert.is(run("-l", "rt:sys_e*").stdout, "rawtracepoint:vmlinux:sys_enter\nrawtracepoint:vmlinux:sys_exit\n");
  assert.is(
    run("-lv", "rawtracepoint:sys_e*").stdout,
    "rawtracepoint:vmlinux:sys_enter\n    struct pt_regs * regs\n    long int id\nrawtracepoint:vmlinux:sys_exit\n    struct pt_regs * regs\n    long int ret\n",
  );
  assert.is(run("-l", "enum pid_typ*").stdout, "enum pid_type\n");
  assert.match(
    run("-lv", "enum pid_type,struct file").stdout,
    /^vmlinux: enum pid_type \{\n\tPIDTYPE_PID = 0,\n[^}]*\};\n\nvmlinux: struct file \{\n/,
  );
  assert.is(run("-l", "self:*").stdout, "self:signal:SIGUSR1\n");
  assert.match(run("-l", "uprobe:libc:getppi*").stdout, /^uprobe:\/\S+\/libc\.so\.6:getppid\n$/);
});

test("stages: what libbpf and the verifier say", () => {
  assert.match(run("-d", "libbpf", "-e", "begin { }").stdout, /^\[DEBUG\] libbpf: loading object/);
  assert.match(run("-d", "verifier", "-e", "begin { }").stdout, /^BPF verifier log for begin_1:\n-{38}\n[\s\S]*processed 2 insns/);
});

test("processes in a PID namespace of their own", () => {
  const script = 'begin { printf("%d %d %d\\n", pid, pid(curr_ns), tid); print(pid(init) > 1); }';
  const { stdout, status } = spawnSync("unshare", ["--fork", "--pid", "--mount-proc", "node", bpfcast, "-q", "-e", script], {
    encoding: "utf8",
  });
  assert.is(status, 0);
  assert.is(stdout.trim(), "1 1 1\ntrue");
});

check.run();
