// The tour: each task is open at first, done by its solution, and by nothing else.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Prose, prose } from "../../web/learn/prose.ts";
import type { RunResult } from "../../web/learn/step.ts";
import { TOUR } from "../../web/learn/tour.ts";
import { compile, type Run, run } from "./run.ts";

const SECONDS = 4;
/** Of what does not end by itself. */
const MOMENT = 1;

const textOf = (parts: Prose) => parts.map((part) => (typeof part === "string" ? part : part.code)).join("");
const runFor = (script: string): Promise<Run> => run(script, /\bexit\(/.test(script) ? SECONDS : MOMENT);

const solved: Run[] = [];
for (const { solution } of TOUR) solved.push(await runFor(solution));

test("there are twelve steps, with titles of their own", () => {
  assert.is(TOUR.length, 12);
  assert.is(new Set(TOUR.map(({ title }) => title)).size, 12);
  for (const { title, text, task, hint } of TOUR) {
    const whole = text.map(textOf).join(" ");
    const sentences = whole.split(/[.?!](?:\s|$)/).length - 1;
    assert.ok(sentences >= 2 && sentences <= 5, `${title}: ${sentences} sentences`);
    for (const part of [...text, task, hint]) assert.match(textOf(part), /\S[.?!`]$|\)$/, title);
  }
});

for (const [index, { title, script, solution, check }] of TOUR.entries()) {
  test(`${index + 1}. ${title}: what it begins with runs, and is not yet it`, async () => {
    const { kind, diagnostics } = compile(script);
    assert.is(kind, "object");
    assert.equal(diagnostics, []);
    const result = await runFor(script);
    assert.is(result.code, 0, result.output);
    assert.match(check(result) ?? "", /^\S.*\.$/);
  });

  test(`${index + 1}. ${title}: the solution is it`, () => {
    const result = solved[index];
    assert.ok(result);
    assert.equal(compile(solution).diagnostics, []);
    assert.is(result.code, 0);
    assert.is(result.isInterrupted, index === 1);
    assert.is(check(result), undefined, result.output);
  });

  test(`${index + 1}. ${title}: nothing else is`, async () => {
    const others: RunResult[] = [
      await run(""),
      await run("begin {"),
      await run("begin { @[1] = 1; } kprobe:no_such_function_here { }"),
      await run('begin { printf("%d\\n", 1 / (uint64)ncpus); exit(); }'),
      { script: "", output: "", code: undefined },
      { script: "", output: "", code: 0 },
      { script: solution, output: "Attached 1 probe\n\n\n", code: 0 },
      { script: solution, output: `${"@[".repeat(500)}\n[\n|@@|\n@x:\n[4, 8)\n\0`, code: 0 },
      ...solved.filter((_, other) => other !== index),
    ];
    for (const other of others) assert.match(check(other) ?? "", /^\S.*[.?]$/, `done by ${JSON.stringify(other.script)}`);
  });
}

/** What beginners write, and the words that they find. */
const SAID: [step: number, script: string, said: RegExp][] = [
  [1, 'begin { printf("2 CPUs\\n"); }', /another machine/],
  [2, 'tracepoint:syscalls:sys_enter_openat { printf("%s %p\\n", comm, args.filename); }', /address of the name/],
  [3, 'tracepoint:syscalls:sys_enter_execve { printf("bash starts it\\n"); } interval:s:1 { printf("Time is up\\n"); }', /goes on/],
  [
    4,
    'tracepoint:syscalls:sys_exit_read /comm == "nginx"/ { printf("%s has read %d bytes\\n", comm, args.ret); } interval:s:1 { exit(); }',
    /There is a read of \d+ bytes/,
  ],
  [5, "tracepoint:raw_syscalls:sys_enter { @calls[pid] = count(); } interval:s:1 { exit(); }", /something else than the program/],
  [6, 'tracepoint:syscalls:sys_enter_sendto { printf("%s %ld\\n", comm, args.len); } interval:s:1 { exit(); }', /file descriptor/],
  [7, "tracepoint:syscalls:sys_exit_writev { @total[comm] = count(); } interval:s:1 { exit(); }", /too small/],
  [
    8,
    'tracepoint:syscalls:sys_exit_read { printf("%ld ns\\n", nsecs - @start[tid]); @start[tid] = 0; } interval:ms:99 { exit(); }',
    /time of day/,
  ],
  [9, "tracepoint:syscalls:sys_exit_read { @longest[comm] = max(3000); } interval:s:1 { exit(); }", /not because of/],
  [
    10,
    "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read { @us[comm] = hist(nsecs - @start[tid]); } interval:s:1 { exit(); }",
    /divided by 1000/,
  ],
  [
    11,
    'tracepoint:syscalls:sys_enter_openat { @opens[str(args.filename)] = count(); } interval:s:1 { time("%H:%M:%S\\n"); print(@opens, 3); } interval:ms:3500 { exit(); }',
    /grow/,
  ],
];

for (const [number, script, said] of SAID) {
  test(`what is said of a try at step ${number}`, async () => {
    assert.match(TOUR[number - 1]?.check(await runFor(script)) ?? "", said);
  });
}

test("another way to the same output is a solution too", async () => {
  const script = `
    tracepoint:syscalls:sys_enter_read { @s[tid] = nsecs; }
    tracepoint:syscalls:sys_exit_read /@s[tid]/ { @us[comm] = hist((nsecs - @s[tid]) / 1000); delete(@s[tid]); }
    interval:s:1 { exit(); }`;
  assert.is(TOUR[9]?.check(await runFor(script)), undefined);
});

test("text with code in it", () => {
  assert.equal(prose("`a` is `b`."), [{ code: "a" }, " is ", { code: "b" }, "."]);
  assert.equal(prose("plain"), ["plain"]);
  assert.equal(prose(""), []);
});

test.run();
