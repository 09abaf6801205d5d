// Functions and builtins on the running kernel. Expected texts are what bpftrace 0.27.1 printed for the same scripts.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
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

function run(script: string, ...options: string[]): Run {
  return spawnSync("node", [bpfcast, "-q", ...options, "-e", script], { encoding: "utf8", timeout: 60_000 });
}

/** What the statements print in a begin probe, without the empty lines at the end. */
function printed(statements: string, ...options: string[]): string {
  const { status, stdout, stderr } = run(`BEGIN { ${statements} }`, ...options);
  assert.is(status, 0, `${stderr}\n${statements}`);
  return stdout.replace(/\n\n$/, "");
}

/** Statements and the lines that they print. */
const scripts: [name: string, statements: string, lines: string[]][] = [
  [
    "nothing is found behind a NUL",
    '$text = "hello\\0world"; $part = "wo\\0rld"; print(strcontains($text, "world")); print(strcontains($text, $part)); print(strstr($text, "lo")); print(strstr("two words", "wo\\0rld")); print(strcontains("two words", $part));',
    ["false", "false", "3", "1", "true"],
  ],
  [
    "lengths and places of texts",
    'print(strlen("abc")); print(strlen("")); print(strcap("hello")); print(strstr("abc", "bc")); print(strstr("abc", "z")); print(strstr("aaab", "aab"));',
    ["3", "0", "6", "1", "-2", "1"],
  ],
  [
    "numbers of every width in short messages",
    '@a = -5; $v = @a; printf("%d\\n", (int8)$v); printf("%d %d\\n", 1, (int16)$v); printf("%d\\n", (int32)$v); printf("%u\\n", (uint8)$v); print((uint16)$v); print((int8)$v); print($v < 0); printf("%d %d %d\\n", (int8)$v, (int8)$v, (int16)$v); printf("%d %c%d\\n", pid > 0, (uint8)65, (int64)$v); clear(@a);',
    ["-5", "1 -5", "-5", "251", "65531", "-5", "true", "-5 -5 -5", "1 A-5"],
  ],
  [
    "places in a text that does not lie on the stack",
    '$t = "some text that is much longer than sixty-four bytes, so that it lies elsewhere"; print(strstr($t, "elsewhere")); print(strstr($t, "elsewherf")); print(strstr($t, "lies")); print(strstr($t, "s")); print(strstr($t, "much longer than sixty-four")); print(strstr($t, comm));',
    ["69", "-2", "64", "0", "18", "-2"],
  ],
  [
    "texts in texts",
    'print(strcontains("hello", "ell")); print(strcontains("hello", "elo")); print(strcontains("", "")); print(strcontains("abc", "")); print(strcontains("", "a"));',
    ["true", "false", "true", "true", "false"],
  ],
  [
    "the first bytes of texts",
    'print(strncmp("ab", "ac", 1)); print(strncmp("ab", "ac", 2)); print(strncmp("ab", "ab", 9));',
    ["0", "1", "0"],
  ],
  [
    "texts joined",
    'print(str_concat("a", "b")); $x = str_concat("abc", "de"); print(sizeof($x)); print(strlen($x)); print(strlen(str_concat($x, $x)));',
    ["ab", "1024", "5", "10"],
  ],
  [
    "numbers by name",
    "print(strerror(7)); print(strerror(200)); print(strerror(0)); print(signal_name(9)); print(signal_name(70)); print(syscall_name(0)); print(syscall_name(999)); print(sizeof(strerror(1)));",
    ["Argument list too long", "Unknown error", "Success", "Killed", "N/A", "read", "Unknown syscall", "64"],
  ],
  [
    "bytes in reverse order",
    "print(bswap((uint16)0x1234)); print(bswap((uint32)0x12345678)); print(bswap((uint8)1)); print(bswap(0x1234)); print(bswap(bswap((uint64)77)));",
    ["13330", "2018915346", "1", "13330", "77"],
  ],
  [
    "buffers",
    'print(buf("hello", 3)); printf("%r|%rx|%rh\\n", buf("a\\x01b", 3), buf("a\\x01b", 3), buf("a\\x01b", 3)); printf("%s %s\\n", buf("ab", 1), buf("ab", 0)); $x = buf("abc", 2); @b[$x] = $x; print(@b[buf("ab", 2)]); clear(@b);',
    ["hel", "a\\x01b|\\x61\\x01\\x62|61 01 62", "a ", "ab"],
  ],
  [
    "network addresses",
    'print(ntop(0x0100007f)); print(ntop(2, 0x0100007f)); print(pton("127.0.0.1")); print(ntop(pton("::1"))); print(ntop(pton("1::2:0:0:3"))); print(ntop(pton("::ffff:1.2.3.4"))); print(macaddr(pton("1::2")));',
    ["127.0.0.1", "127.0.0.1", "[127,0,0,1]", "::1", "1::2:0:0:3", "::ffff:1.2.3.4", "00:01:00:00:00:00"],
  ],
  ["no symbol", "print(ksym(0)); print(usym(0));", ["0", "0"]],
  [
    "values inside others",
    'print((1, ntop(1), ksym(0), buf("xy", 2))); @x = ntop(2); @y[ntop(3), 1] = username; print(@x); print(@y); clear(@x); clear(@y);',
    ["(1, 1.0.0.0, 0, xy)", "@x: 2.0.0.0", "@y[3.0.0.0, 1]: root"],
  ],
  [
    "the running task",
    "print(ppid(curtask) == ppid); print(leader_comm == comm); print(leader_tid == pid()); print(pcomm() == pcomm); print(pid(init) == pid);",
    ["true", "true", "true", "true", "true"],
  ],
  ["the probe", "print(probetype); print(usermode); print(probe);", ["special", "1", "begin"]],
  [
    "clocks",
    "print(elapsed > 0); print(nsecs(boot) > 0); print(nsecs(monotonic) > 0); print(nsecs(sw_tai) > nsecs(boot)); print(nsecs(tai) > nsecs);",
    ["true", "true", "true", "true", "true"],
  ],
  [
    "allocation flags",
    'printf("%gr %gr %gr %gr|%20gr|\\n", 0, 0x1, 0xcc0, 0x500cc2, 0x1);',
    ["0 GFP_DMA GFP_KERNEL GFP_HIGHUSER|__GFP_ACCOUNT|             GFP_DMA|"],
  ],
  ["nothing to join", "join(0);", [""]],
];

for (const [name, statements, lines] of scripts) {
  test(name, () => {
    const wanted = lines.map((line) => `${line}\n`).join("");
    // Maps that are empty again print nothing at exit.
    assert.is(printed(statements).replace(/\n+$/, "\n"), wanted.replace(/\n+$/, "\n"));
  });
}

test("a kernel stack: symbols from the program to the system call, in three forms", () => {
  const frame = /^ {8}(\S+)\+(\d+)$/;
  const names = printed("print(kstack);")
    .split("\n")
    .map((line) => frame.exec(line)?.[1])
    .filter((name) => name !== undefined);
  assert.match(names[0] ?? "", /^bpf_prog_[0-9a-f]{16}_begin_1$/);
  assert.ok(names.includes("__sys_bpf"), names.join());
  assert.match(printed("print(kstack(raw, 2));"), /^\n[0-9a-f]{16}\n[0-9a-f]{16}\n\n$/);
  assert.match(printed("print(kstack(perf, 2));"), /^\n\t[0-9a-f]{16} bpf_prog_\S+\+\d+\n\t[0-9a-f]{16} \S+\+\d+\n\n$/);
});

test("a process's stack ends in a library's function, and is a key", () => {
  assert.match(printed("print(ustack(perf, 1));"), /^\n\t[0-9a-f]+ syscall\+\d+ \(\/\S+\/libc\.so\.6\)\n\n$/);
  assert.match(printed("@[ustack(1), 7] = count();"), /^\n?\n?@\[\n {8}syscall\+\d+\n, 7\]: 1\n$/m);
});

test("times: of the message, and of the boot clock", () => {
  const before = new Date().getFullYear();
  const [time, formatted] = printed('time("%Y\\n"); print(strftime("%Y", nsecs));').split("\n");
  assert.ok(Number(time) >= before && Number(time) <= before + 1, time);
  assert.is(formatted, time);
  assert.match(printed('print(strftime("%f %k %l", nsecs));'), /^\d{6} \d{9} \d{3}\n$/);
  assert.match(printed("time();"), /^\d\d:\d\d:\d\d\n$/);
});

test("files", () => {
  assert.is(printed('cat("/proc/%s", "sys/kernel/ostype");'), "Linux\n");
  const missing = run('BEGIN { cat("/nonexistent"); }');
  assert.is(missing.status, 0);
  assert.is(missing.stderr, "ERROR: failed to open file '/nonexistent' (No such file or directory)\n");
});

test("commands of the shell need --unsafe", () => {
  const script = 'BEGIN { system("echo %d; echo err >&2", 5); printf("after\\n"); }';
  const refused = run(script);
  assert.is(refused.status, 1);
  assert.match(refused.stderr, /^stdin:1:9-43: ERROR: system\(\) is an unsafe function being used in safe mode\n/);
  assert.is(run(script, "--unsafe").stdout, "5\nerr\n\nafter\n\n\n");
});

test("a signal reaches the process that runs the probe", () => {
  const command = "/bin/sh -c 'sleep 0.05; kill -0 $$; sleep 5'";
  const started = Date.now();
  const { status, stderr } = run('tracepoint:syscalls:sys_enter_kill /pid == cpid/ { signal("KILL"); }', "--unsafe", "-c", command);
  assert.is(status, 0, stderr);
  assert.ok(Date.now() - started < 5000);
});

test("debugf() prints into the kernel's own log of the trace", () => {
  const mark = `mark-${process.pid}`;
  const { status, stderr } = run(`BEGIN { debugf("%s %d\\n", "${mark}", 5); }`);
  assert.is(status, 0, stderr);
  assert.match(stderr, /WARNING: The debugf\(\) builtin is not recommended for production use\./);
  assert.match(readFileSync("/sys/kernel/tracing/trace", "utf8"), new RegExp(`bpf_trace_printk: ${mark} 5$`, "m"));
});

test("messages with their place", () => {
  const { stderr } = run('BEGIN { errorf("x %d", 1); warnf("y"); }');
  assert.is(stderr, "stdin:1:9-26: ERROR: x 1\nstdin:1:28-38: WARNING: y\n");
  assert.is(run('BEGIN { warnf("y"); }', "--no-warnings").stderr, "");
});

test("JSON", () => {
  const script =
    'cat("/proc/sys/kernel/ostype"); warnf("w"); print(buf("ab", 2)); print(ntop(1)); printf("%s", buf("a\\x01", 2)); @[ksym(0)] = username;';
  assert.is(
    printed(script, "-f", "json"),
    [
      '{"type": "cat", "data": "Linux\\n"}',
      '{"type": "warnf", "msg": "w", "filename": "stdin", "line": 1, "col": 41}',
      '{"type": "value", "data": [97,98]}',
      '{"type": "value", "data": "1.0.0.0"}',
      '{"type": "printf", "data": "a\\\\x01"}',
      '{"type": "map", "data": {"@": {"0": "root"}}}',
      "",
    ].join("\n"),
  );
});

test("time series: values of the last intervals", () => {
  const { stdout } = run(
    'interval:ms:20 { @i++; @x[1] = tseries(@i, 1s, 5, "sum"); @y = tseries(@i, 5s, 3, "max"); if (@i == 3) { exit(); } }',
    "-f",
    "json",
  );
  const values = stdout
    .split("\n")
    .filter((line) => line.includes("tseries"))
    .map((line) => JSON.parse(line).data);
  const sum = (rows: { value: number }[]) => rows.reduce((total, { value }) => total + value, 0);
  assert.is(sum(values[0]["@x"]["1"]), 6);
  assert.is(Math.max(...values[1]["@y"].map(({ value }: { value: number }) => value)), 3);
});

test("join: a process's arguments", () => {
  const script = 'tracepoint:syscalls:sys_enter_execve { join(args.argv); join(args.argv, "|"); exit(); }';
  const { stdout, stderr } = run(script, "-c", "/bin/echo one two  three");
  assert.match(stdout, /^\/bin\/echo one two three\n\/bin\/echo\|one\|two\|three\n/m, stderr);
});

check.run();
