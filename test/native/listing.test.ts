// -l and --info on this machine: what tracefs holds is what is listed.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const PROGRAM = fileURLToPath(new URL("../../bpfcast.cjs", import.meta.url));

function lines(...words: string[]): string[] {
  const result = spawnSync("node", [PROGRAM, ...words], { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.is(result.status, 0, result.stderr);
  return result.stdout.split("\n").filter((line) => line !== "");
}

test("tracepoints of a category", () => {
  const expected = readdirSync("/sys/kernel/tracing/events/sched", { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `tracepoint:sched:${name}`)
    .sort();
  assert.equal(lines("-l", "tracepoint:sched:*"), expected);
  assert.equal(lines("-l", "t:sched:*"), expected);
});

test("fields of a tracepoint", () => {
  const shown = lines("-lv", "tracepoint:syscalls:sys_enter_openat");
  assert.equal(shown, [
    "tracepoint:syscalls:sys_enter_openat",
    "    int __syscall_nr",
    "    int dfd",
    "    const char * filename",
    "    int flags",
    "    umode_t mode",
  ]);
});

test("events of perf end with a colon, aliases included", () => {
  assert.equal(lines("-l", "software:cs,hardware:c*"), [
    "software:cs:",
    "hardware:cache-misses:",
    "hardware:cache-references:",
    "hardware:cpu-cycles:",
    "hardware:cycles:",
  ]);
});

test("a word without a provider is looked for everywhere", () => {
  const found = lines("-l", "*sys_enter_openat*");
  assert.ok(found.includes("tracepoint:syscalls:sys_enter_openat"));
  assert.ok(found.every((line) => line.includes("sys_enter_openat")));
});

test("nothing that matches prints nothing", () => {
  assert.equal(lines("-l", "tracepoint:no_such_category:*"), []);
});

test("--info has the peer's sections, and map types", () => {
  const text = lines("--info");
  for (const section of ["System", "Build", "Kernel helpers", "Kernel features", "Map types", "Probe types"])
    assert.ok(text.includes(section), section);
  assert.ok(text.some((line) => /^ {2}ringbuf: yes/.test(line)));
});

test("-d prints the stages that were asked for", () => {
  const shown = lines("check", "-d", "types,bpf,elf", "-e", "BEGIN { @x = count(); }");
  assert.ok(shown.includes("@x: count_t"));
  assert.ok(shown.some((line) => line.startsWith("raw_tp/begin begin_1:")));
  assert.ok(shown.some((line) => /^section \d+ \.maps: \d+ bytes$/.test(line)));
  assert.ok(shown.some((line) => line.includes('"name": "@x"')));
});

test.run();
