// Events of each kind of probe in the simulated kernel, and what a script sees of them.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Scenario } from "../../runner/simulated/scenario.ts";
import { runner } from "./run.ts";

const processes: Scenario["processes"] = {
  init: { pid: 1, comm: "systemd" },
  web: { pid: 300, uid: 33, parent: "init", cgroup: "/web.slice" },
};

interface Row {
  name: string;
  script: string;
  steps: Scenario["steps"];
  prints: string;
  more?: Partial<Scenario>;
}

const rows: Row[] = [
  {
    name: "begin, end",
    script: 'BEGIN { printf("a\\n"); } END { printf("z\\n"); }',
    steps: [],
    prints: "a\nz\n\n\n",
  },
  {
    name: "a system call with a path",
    script:
      'tracepoint:syscalls:sys_enter_openat { printf("%s %d %d %s\\n", comm, pid, uid, str(args.filename)); } tracepoint:syscalls:sys_exit_openat { @[args.ret] = count(); }',
    steps: [
      { syscall: "openat", arguments: { filename: "/etc/hosts" }, returns: 3, process: "web" },
      { syscall: "openat", arguments: [0, "/nothing"], returns: -2, process: "web", times: 2 },
    ],
    prints: "web 300 33 /etc/hosts\nweb 300 33 /nothing\nweb 300 33 /nothing\n\n\n@[3]: 1\n@[-2]: 2\n",
  },
  {
    name: "raw system calls by name, time between entry and exit",
    script:
      "tracepoint:raw_syscalls:sys_enter { @s[tid] = nsecs; @id[args.id] = count(); } tracepoint:raw_syscalls:sys_exit /@s[tid]/ { @us = hist((nsecs - @s[tid]) / 1000); delete(@s, tid); }",
    steps: [{ syscall: "read", lasts: "100us", process: "web", returns: 10, times: 3 }],
    prints: `

@id[0]: 3
@us:
[64, 128)              3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

`,
  },
  {
    name: "a kernel function: arguments, return value, types",
    script:
      'kprobe:vfs_read { @count[arg2] = count(); printf("%s %s\\n", func, str(((struct file *)arg0)->f_path.dentry->d_name.name)); } kretprobe:vfs_read { @ret = sum(retval); }',
    steps: [
      { call: "vfs_read", arguments: [{ "f_path.dentry": { "d_name.name": "passwd" } }, 0, 100, 0], returns: 42, process: "web" },
      { call: "vfs_read", arguments: [{ "f_path.dentry": { "d_name.name": "group" } }, 0, 100, 0], returns: 8, process: "web" },
    ],
    prints: "vfs_read passwd\nvfs_read group\n\n\n@count[100]: 2\n@ret: 50\n",
  },
  {
    name: "a timer, a sample, an exit",
    script: 'interval:s:1 { printf("tick %llu\\n", elapsed / 1000000000); } profile:hz:100 { @[comm] = count(); } interval:s:3 { exit(); }',
    steps: [{ runs: "1s", process: "web" }, { after: "10s" }],
    prints: "tick 1\ntick 2\ntick 3\n\n\n@[web]: 100\n@[swapper/0]: 200\n",
  },
  {
    name: "curtask, its parent, cgroup, user names",
    script:
      'tracepoint:sched:sched_process_exec { printf("%d %s %d %s\\n", curtask->real_parent->tgid, curtask->comm, cgroup == cgroupid("/sys/fs/cgroup/web.slice"), username); }',
    steps: [{ tracepoint: "sched:sched_process_exec", fields: { filename: "/bin/x", pid: 300, old_pid: 300 }, process: "web" }],
    prints: "1 web 1 www-data\n\n\n",
    more: { users: { 33: "www-data" } },
  },
  {
    name: "stacks by their names",
    script: "profile:hz:10 { @[kstack(2), ustack(1)] = count(); }",
    steps: [{ runs: "1s", process: "web", kernelStack: ["vfs_read+16", "ksys_read"], userStack: ["/bin/web:serve+4"] }],
    prints: "\n\n@[\n        vfs_read+16\n        ksys_read+32\n, \n        serve+4\n]: 10\n",
  },
  {
    name: "a function of a binary",
    script: 'uprobe:/bin/bash:readline { @ = count(); } uretprobe:/bin/bash:readline { printf("%s\\n", str(retval)); }',
    steps: [{ user: "/bin/bash:readline", returns: "ls -l", process: "web" }],
    prints: "ls -l\n\n\n@: 1\n",
  },
  {
    name: "events of perf by their periods",
    script: "software:page-faults:10 { @ = count(); }",
    steps: [{ event: "page-faults", count: 35, process: "web" }],
    prints: "\n\n@: 3\n",
  },
  {
    name: "print and clear of a map in the middle",
    script: "tracepoint:syscalls:sys_enter_read { @ = count(); } interval:s:1 { print(@); clear(@); }",
    steps: [{ syscall: "read", times: 2 }, { after: "1s" }, { syscall: "read", times: 3 }, { after: "1s" }],
    prints: "@: 2\n@: 3\n\n\n",
  },
];

for (const { name, script, steps, prints, more } of rows) {
  test(name, async () => {
    const { output, errors, code } = await runner.run(script, { processes, steps, ...more });
    assert.is(errors, "");
    assert.is(output, prints);
    assert.is(code, 0);
  });
}

test.run();
