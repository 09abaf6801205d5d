// Iterators on a kernel that loads them: that of this machine may not.

import { resolve } from "node:path";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { mayTrace } from "../support/root.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const test = mayTrace() ? check : check.skip;

interface Case {
  name: string;
  script: string;
  /** Options before the script. */
  options?: string;
  expected: RegExp;
}

const cases: Case[] = [
  {
    name: "processes",
    script: 'iter:task /ctx.task.pid == 2/ { printf("%s %d %s %s\\n", ctx.task.comm, ctx.task.pid, probe, probetype); }',
    expected: /^Attached 1 probe\nkthreadd 2 iter:task iter\n/,
  },
  {
    name: "values, maps and other events in the order of the script",
    script:
      'begin { printf("first\\n"); } iter:task /ctx.task.pid == 2/ { print((1, "a")); @[ctx.task.comm] = count(); printf("%s\\n", str(ctx.task.comm)); print(@); } end { printf("last\\n"); }',
    expected: /first\n\(1, a\)\nkthreadd\n@\[kthreadd\]: 1\n+last\n/,
  },
  {
    name: "no call without an object",
    script: "iter:task { @[ctx.task == 0] = count(); }",
    expected: /^Attached 1 probe\n\n\n@\[false\]: \d+\n+$/,
  },
  {
    name: "more than a page of output",
    script: 'iter:task_vma { printf("%d %lx-%lx %-200s\\n", ctx.task.pid, ctx.vma.vm_start, ctx.vma.vm_end, ctx.task.comm); @ = count(); }',
    expected: /^(?:Attached 1 probe\n)(?:\d+ [0-9a-f]+-[0-9a-f]+ .{200}\n){200,}\n\n@: \d+\n+$/,
  },
  {
    name: "one process of -p",
    options: "-p 1",
    script: 'iter:task { printf("%d\\n", ctx.task.pid); }',
    expected: /^Attached 1 probe\n1\n+$/,
  },
  { name: "open files", script: "iter:task_file { @ = count(); }", expected: /@: [1-9]\d*\n/ },
  {
    name: "JSON",
    options: "-f json",
    script: 'iter:task /ctx.task.pid == 2/ { printf("x"); }',
    expected: /\{"type": "printf", "data": "x"\}/,
  },
  {
    name: "exit()",
    // What has printf() is read to the end all the same; the rest is dropped.
    script: 'iter:task { printf("%s\\n", ctx.task.comm); print(7); exit(3); }',
    expected: /^Attached 1 probe\n.*\n7\n(.*\n)*bpfcast\n(?!(.*\n)*7\n)(.*\n)*\n\n3\n$/,
  },
];

for (const kernel of process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12", "7.2"] : ["6.12"]) {
  let outputs: string[] = [];
  test(`kernel ${kernel}: runs`, async () => {
    const commands = cases.map(({ name, options = "", script }) => {
      const status = name === "exit()" ? "; echo $?" : "";
      return `echo "=== "; node ${bpfcast} ${options} -e '${script}' 2>&1${status}`;
    });
    const result = await runInVm(kernel, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 300);
    outputs = result.stdout.split("=== \n").slice(1);
    assert.is(outputs.length, cases.length, result.stdout + result.stderr);
  });
  for (const [index, { name, expected }] of cases.entries())
    test(`kernel ${kernel}: ${name}`, () => assert.match(outputs[index] ?? "", expected));
}

check.run();
