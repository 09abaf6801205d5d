// Format files of tracefs.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseTracepointFormat } from "../../runner/core/tracepoint-format.ts";
import { formatText } from "../support/formats.ts";

test("scalars, arrays and dynamic data", () => {
  const format = parseTracepointFormat(
    formatText("sched_process_exec", [
      ["__data_loc char[] filename", 8, 4, 0],
      ["pid_t pid", 12, 4, 1],
      ["char comm[16]", 16, 16, 0],
      ["const char * name", 32, 8, 0],
      ["struct big value", 40, 24, 0],
      ["u8 matrix[2][3]", 64, 6, 0],
    ]),
  );
  assert.is(format.name, "sched_process_exec");
  assert.is(format.id, 365);
  assert.is(format.size, 70);
  const own = format.fields.slice(4).map(({ name, offset, size, signed, kind }) => [name, offset, size, signed, kind]);
  assert.equal(own, [
    ["filename", 8, 4, false, "data_loc"],
    ["pid", 12, 4, true, "int"],
    ["comm", 16, 16, false, "array"],
    ["name", 32, 8, false, "int"],
    ["value", 40, 24, false, "array"],
    ["matrix", 64, 6, false, "array"],
  ]);
});

test("the common fields come first", () => {
  const format = parseTracepointFormat(formatText("x", []));
  assert.equal(
    format.fields.map(({ name }) => name),
    ["common_type", "common_flags", "common_preempt_count", "common_pid"],
  );
});

test("arguments of system calls have the size of their declared type", () => {
  const format = parseTracepointFormat(
    formatText("sys_enter_openat", [
      ["int __syscall_nr", 8, 4, 1],
      ["int dfd", 16, 8, 0],
      ["const char * filename", 24, 8, 0],
      ["umode_t mode", 40, 8, 0],
      ["unsigned int fd", 48, 8, 0],
      ["size_t count", 56, 8, 0],
      ["long ret", 64, 8, 1],
      ["unsigned long int addr", 72, 8, 0],
    ]),
  );
  const sizes = format.fields.slice(4).map(({ name, size, signed }) => `${name} ${size} ${signed}`);
  assert.equal(sizes, [
    "__syscall_nr 4 true",
    "dfd 4 true",
    "filename 8 false",
    "mode 8 false",
    "fd 4 false",
    "count 8 false",
    "ret 8 true",
    "addr 8 false",
  ]);
});

test("a text that is no format is refused", () => {
  for (const text of ["", "name: x\nID: 1\nformat:\n", "field:int x; offset:8; size:4; signed:1;"]) {
    assert.throws(() => parseTracepointFormat(text), /format/);
  }
});

test.run();
