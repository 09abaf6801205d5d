// What the checker says of wrong scripts: code, place and words; one case per rule.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile, newCompiler } from "../../support/compiler.ts";

interface Expected {
  script: string;
  /** `code line:column-end message`, one per error. */
  errors: string[];
  hint?: string;
}

const cases: Record<string, Expected> = {
  "unknown-identifier": { script: "BEGIN { $x = foo; }", errors: ["unknown-identifier 1:14-17 Unknown identifier: 'foo'"] },
  "unknown-identifier, close": {
    script: "BEGIN { $x = nsec; }",
    errors: ["unknown-identifier 1:14-18 Unknown identifier: 'nsec'"],
    hint: "Did you mean 'nsecs'?",
  },
  "unknown-function": {
    script: "BEGIN { cuont(); }",
    errors: ["unknown-function 1:9-16 Unknown function: 'cuont'"],
    hint: "Did you mean 'count'?",
  },
  "unknown-variable": { script: "BEGIN { print($x); }", errors: ["unknown-variable 1:15-17 Undefined or undeclared variable: $x"] },
  "unknown-map": { script: "BEGIN { print(@x[1]); }", errors: ["unknown-map 1:15-17 Undefined map: @x"] },
  "unknown-field of a struct": {
    script: "BEGIN { print(curtask->tgud); }",
    errors: ["unknown-field 1:24-28 struct task_struct does not contain a field named 'tgud'"],
    hint: "Did you mean 'tgid'?",
  },
  "unknown-field of a tracepoint": {
    script: "tracepoint:syscalls:sys_enter_openat { print(args.filenam); }",
    errors: ["unknown-field 1:51-58 tracepoint syscalls:sys_enter_openat does not contain a field named 'filenam'"],
    hint: "Did you mean 'filename'?",
  },
  "unknown-probe": {
    script: "tracepoint:syscalls:sys_enter_openay { print(args.filename); }",
    errors: ["unknown-probe 1:1-37 tracepoint not found: syscalls:sys_enter_openay"],
    hint: "Did you mean 'syscalls:sys_enter_openat'?",
  },
  "common fields": {
    script: "tracepoint:syscalls:sys_enter_openat { print(args.common_pid); }",
    errors: ["not-available-here 1:51-61 The field 'common_pid' of a tracepoint can not be read"],
  },
  "args elsewhere": {
    script: "kprobe:f { print(args.x); }",
    errors: ["not-available-here 1:18-22 The args builtin can not be used with kprobe probes"],
  },
  "argN elsewhere": {
    script: "BEGIN { print(arg0); }",
    errors: ["not-available-here 1:15-19 The arg0 builtin can not be used with begin probes"],
  },
  "argN too large": { script: "kprobe:f { print(arg6); }", errors: ["out-of-range 1:18-22 x86_64 doesn't support arg6"] },
  "retval elsewhere": {
    script: "kprobe:f { print(retval); }",
    errors: ["not-available-here 1:18-24 The retval builtin can not be used with kprobe probes"],
  },
  "map types": {
    script: 'BEGIN { @a = 1; @a = "x"; }',
    errors: ["type-mismatch 1:17-25 Type mismatch for @a: trying to assign value of type 'string[2]' when map already has a type 'int64'"],
  },
  "aggregation and number": {
    script: "BEGIN { @a = count(); @a = 1; }",
    errors: ["type-mismatch 1:23-29 Type mismatch for @a: trying to assign value of type 'int64' when map already has a type 'count_t'"],
  },
  "scalar and keyed": {
    script: "BEGIN { @a = 1; @a[2] = 1; }",
    errors: [
      "invalid-key 1:9-11 @a used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)",
      "invalid-key 1:17-22 @a used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
    ],
  },
  "key types": {
    script: 'BEGIN { @a[1] = 1; @a["x"] = 1; }',
    errors: [
      "type-mismatch 1:20-27 Argument mismatch for @a: trying to access with arguments: 'string[2]' when map expects arguments: 'int8'",
    ],
  },
  "variable types": {
    script: 'BEGIN { $a = 1; $a = "x"; }',
    errors: [
      "type-mismatch 1:17-25 Type mismatch for $a: trying to assign value of type 'string[2]' when variable already has a type 'int8'",
    ],
  },
  shadowing: {
    script: "BEGIN { let $a = 1; if (1) { let $a = 2; } }",
    errors: ["redeclared 1:34-36 Variable $a was already declared. Variable shadowing is not allowed."],
  },
  "format count": {
    script: 'BEGIN { printf("%d %d", 1); }',
    errors: ["wrong-argument-count 1:9-27 printf: Not enough arguments for format string (2 expected, 1 found)"],
  },
  "format too many": {
    script: 'BEGIN { printf("%d", 1, 2); }',
    errors: ["wrong-argument-count 1:9-27 printf: Too many arguments for format string (1 expected, 2 found)"],
  },
  "format type": {
    script: 'BEGIN { printf("%d", comm); }',
    errors: ["invalid-format 1:22-26 printf: %d specifier expects a value of type int (string[16] supplied)"],
  },
  "format letter": { script: 'BEGIN { printf("%q", 1); }', errors: ["invalid-format 1:16-20 printf() has an invalid format specifier"] },
  "format literal": {
    script: "BEGIN { printf(comm); }",
    errors: ["not-constant 1:16-20 printf() expects a string literal (format string)"],
  },
  "argument count": {
    script: "BEGIN { @a = hist(); }",
    errors: ["wrong-argument-count 1:14-20 hist() requires at least 1 argument (0 provided)"],
  },
  "aggregation alone": { script: "BEGIN { count(); }", errors: ["not-available-here 1:9-16 count() must be assigned directly to a map"] },
  "aggregation of text": {
    script: "BEGIN { @a = sum(comm); }",
    errors: ["type-mismatch 1:18-22 sum() only supports int arguments (string[16] provided)"],
  },
  "hist bits": { script: "BEGIN { @a = hist(1, 6); }", errors: ["out-of-range 1:22-23 hist() bits 6 must be 0..5"] },
  "lhist step": { script: "BEGIN { @a = lhist(1, 0, 10, 0); }", errors: ["out-of-range 1:30-31 lhist() step must be >= 1 (0 provided)"] },
  "lhist buckets": {
    script: "BEGIN { @a = lhist(1, 0, 10000, 1); }",
    errors: ["out-of-range 1:14-35 lhist() too many buckets, must be <= 1000 (would need 10000)"],
  },
  "unroll count": { script: "BEGIN { unroll(101) { $x = 1; } }", errors: ["out-of-range 1:16-19 unroll maximum value is 100"] },
  "break outside": { script: "BEGIN { break; }", errors: ["not-available-here 1:9-14 break used outside of a loop"] },
  "string arithmetic": {
    script: "BEGIN { $x = comm + 1; }",
    errors: ["invalid-operator 1:19-20 Type mismatch for '+': comparing string[16] with int8"],
  },
  "several errors": {
    script: "BEGIN { $x = foo;\n  @y = bar;\n}\nkprobe:f { args.x }",
    errors: [
      "unknown-identifier 1:14-17 Unknown identifier: 'foo'",
      "unknown-identifier 2:8-11 Unknown identifier: 'bar'",
      "not-available-here 4:12-16 The args builtin can not be used with kprobe probes",
    ],
  },
  unsupported: { script: "BEGIN { $x = 1.5; }", errors: ["unsupported 1:14-17 A decimal literal is not supported yet"] },
  "args in a for loop": {
    script: "tracepoint:syscalls:sys_enter_openat { for ($i : 0..5) { print(args.flags); } }",
    errors: ["not-available-here 1:64-68 'args' builtin is not allowed in a for-loop"],
  },
  "unsupported probe": {
    script: "watchpoint:0x1000:8:w { }",
    errors: ["unsupported 1:1-22 The probe type watchpoint is not supported yet"],
  },
};

for (const [name, { script, errors, hint }] of Object.entries(cases)) {
  test(name, async () => {
    const result = compile(await newCompiler(), script);
    assert.is(result.kind, "failed");
    const found = result.diagnostics.filter(({ severity }) => severity === "error");
    const shown = found.map((d) => `${d.code} ${d.line}:${d.column}-${d.endColumn} ${d.message}`);
    assert.equal(shown, errors);
    if (hint !== undefined) assert.is(found[0]?.hint, hint);
  });
}

test("a target without BTF is one clear error", async () => {
  const result = compile(await newCompiler(), "BEGIN { print(curtask->tgid); }", [], null);
  assert.is(result.kind, "failed");
  assert.is(result.diagnostics[0]?.code, "missing-types");
});

test("a damaged BTF is one clear error", async () => {
  const result = compile(await newCompiler(), "BEGIN { print(curtask->tgid); }", [], new Uint8Array(100));
  assert.is(result.kind, "failed");
  assert.match(result.diagnostics[0]?.message ?? "", /cannot be used: it does not start with the BTF magic/);
});

test.run();
