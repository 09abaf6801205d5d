// Functions that take and give what only the kernel knows, processes and sockets: where a kernel lacks one, one sentence says so.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hasKernelFunction } from "../../runner/host/features.ts";
import { mayTrace } from "../support/root.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const BODY = '{ printf("one %s, own %s\\n", comm(1), comm(pid)); printf("none %s\\n", comm(99999999)); exit(); }';
const TRACEPOINT = `tracepoint:raw_syscalls:sys_enter ${BODY}`;
/** Of functions, in loops, as keys, and a number that is no pid. */
const FUNCTION = `fentry:vfs_read { $i = 0; while ($i < 3) { @[comm($i)] = count(); $i++ } if (comm(-1) == "N/A") { ${BODY.slice(2)} }`;

const here = mayTrace() && hasKernelFunction("tracepoint", "bpf_task_from_pid") ? test : test.skip;

here("names of processes, on this kernel", () => {
  const { status, stdout, stderr } = spawnSync("node", [bpfcast, "-e", TRACEPOINT], { encoding: "utf8", timeout: 60_000 });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^one \S+, own [^/\n]+\nnone N\/A$/m);
  assert.match(stderr, /^stdin:1:\d+-\d+: WARNING: No such process \(pid=99999999\)$/m);
});

/** A server that listens, and is gone. */
const SERVER = '-c "node -e \'require(\\"net\\").createServer().listen(0, function() { this.close(); })\'"';
const COOKIES = [
  "fentry:inet_csk_listen_start { @cookies[socket_cookie(args.sk)] = count(); }",
  "fexit:inet_csk_listen_start { @cookies[socket_cookie(args.sk)] = count(); }",
  "rawtracepoint:inet_sock_set_state /args.newstate == 10/ { @cookies[socket_cookie(args.sk)] = count(); }",
].join(" ");
const RAW = `rawtracepoint:sys_enter ${BODY}`;

const SERIES = process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12"] : ["6.1"];

for (const series of SERIES) {
  test(`names of processes, on kernel ${series}`, async () => {
    const commands = [TRACEPOINT, FUNCTION, RAW].map((script) => `node ${bpfcast} -e '${script}'; echo "=== $?"`);
    const { stdout, stderr } = await runInVm(series, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 300);
    if (series === "6.12") {
      assert.is([...stdout.matchAll(/^one \S+, own \S+\nnone N\/A$/gm)].length, 3, stdout + stderr);
      assert.match(stdout, /^@\[N\/A\]: 1$/m);
      assert.is([...stderr.matchAll(/WARNING: No such process \(pid=99999999\)$/gm)].length, 3, stderr);
      return;
    }
    const sentence = "this kernel has no function bpf_task_from_pid for BPF programs, which this needs: it came with kernel 6.2";
    assert.is(stderr.split(sentence).length, 4, stderr);
    assert.is([...stdout.matchAll(/=== 255$/gm)].length, 3, stdout);
  });
}

for (const series of SERIES) {
  test(`the cookie of a socket is the same in every probe, on kernel ${series}`, async () => {
    const { stdout, stderr } = await runInVm(series, `cd ${process.cwd()}\nnode ${bpfcast} ${SERVER} -e '${COOKIES}'\n`, 300);
    if (series === "5.10") assert.match(stderr, /BPF helper get_socket_cookie, which this needs: it came with kernel 5\.12/);
    else assert.match(stdout, /^@cookies\[[1-9]\d*\]: 3$/m, stdout + stderr);
  });
}

/** What a process writes, changed: a value's bytes, a variable's, a text, a length that is only known there, and a kernel's text. */
const WRITTEN = [
  "write_user(args.buf, (uint8)74, 1)",
  "$c = (uint8)74; write_user(args.buf, &$c, 1)",
  '$s = "Jam"; write_user(args.buf, $s, 2)',
  '$s = "Jam"; write_user(args.buf, &$s, args.count - 2)',
  "write_user(args.buf, comm, args.count - 6)",
  "write_user(args.buf, (uint8 *)curtask + offsetof(struct task_struct, comm), 3)",
];
const OWN_CPU = [
  '$r = (struct rq *)percpu_kaddr("runqueues", 1);',
  '$own = (struct rq *)percpu_kaddr("runqueues");',
  'printf("%d %d %d\\n", $r.cpu, $own.cpu == (int32)cpu, (uint64)percpu_kaddr("runqueues", 100000));',
].join(" ");

for (const series of SERIES) {
  test(`memory of the process, and variables of each CPU, on kernel ${series}`, async () => {
    const tracepoint = "tracepoint:syscalls:sys_enter_write /pid == cpid/";
    const commands = [
      ...WRITTEN.map((call) => `node ${bpfcast} -q --unsafe -c '/bin/echo hello' -e '${tracepoint} { ${call}; }'`),
      `node ${bpfcast} -q -e 'begin { ${OWN_CPU} }'`,
    ];
    const { stdout, stderr } = await runInVm(series, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 300);
    const lines = stdout.split("\n").filter((line) => line !== "");
    assert.equal(lines, ["Jello", "Jello", "Jallo", "Jam\0o", "hello", "echlo", "1 1 0"], stdout + stderr);
  });
}

/** vfs_fsync(file, datasync) and vfs_fsync_range(file, start, end, datasync). */
const WILDCARDS = [
  "fentry:vfs_fsync* { @entry[args.datasync, args.file != 0] = count(); }",
  "fexit:vfs_fsync* { @exit[args.datasync, retval] = count(); }",
  'rawtracepoint:sched_process_ex* /comm == "sync"/ { @raw[probe, args.p.pid == pid] = count(); }',
].join(" ");

for (const series of SERIES) {
  test(`the arguments of what a wildcard stands for are found by name, on kernel ${series}`, async () => {
    const scripts = [`-c 'sync -d /tmp/synced' -e '${WILDCARDS}'`, "-e 'fentry:vfs_fsync* { print(args.start); }'"];
    const commands = ["echo > /tmp/synced", ...scripts.map((words) => `node ${bpfcast} ${words}`)];
    const { stdout, stderr } = await runInVm(series, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 300);
    assert.match(stdout, /^@entry\[1, true\]: \d+$/m, stdout + stderr);
    assert.match(stdout, /^@exit\[1, 0\]: \d+$/m);
    assert.is([...stdout.matchAll(/^@(entry|exit)\[/gm)].length, 2, stdout);
    assert.match(stdout, /^@raw\[rawtracepoint:vmlinux:sched_process_exit, true\]: 1$/m);
    assert.match(stderr, /^stdin:1:\d+-\d+: ERROR: function vfs_fsync of this kernel has no argument 'start'$/m);
    assert.match(stderr, /^HINT: its arguments are: file, datasync$/m);
  });
}

test.run();
