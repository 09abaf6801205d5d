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
  "empty-program, of a macro alone": {
    script: "macro m(a) { a }",
    errors: ["empty-program 1:17-17 No probes to attach"],
    hint: "a script needs at least one probe, as in `begin { print(1); }`",
  },
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
    errors: ["unknown-field 1:15-28 Struct/union of type 'struct task_struct' does not contain a field named 'tgud'"],
    hint: "Did you mean 'tgid'?",
  },
  "unknown-field of a tracepoint": {
    script: "tracepoint:syscalls:sys_enter_openat { print(args.filenam); }",
    errors: [
      "unknown-field 1:46-58 Struct/union of type 'struct tracepoint:syscalls:sys_enter_openat_args' does not contain a field named 'filenam'",
    ],
    hint: "Did you mean 'filename'?",
  },
  "unknown-probe": {
    script: "tracepoint:syscalls:sys_enter_openay { print(args.filename); }",
    errors: ["unknown-probe 1:1-37 No matches for tracepoint syscalls:sys_enter_openay."],
    hint: "Did you mean 'syscalls:sys_enter_openat'?",
  },
  "common fields": {
    script: "tracepoint:syscalls:sys_enter_openat { print(args.common_pid); }",
    errors: ["not-available-here 1:46-61 BPF does not support accessing common tracepoint fields"],
  },
  "args elsewhere": {
    script: "kprobe:f { print(args.x); }",
    errors: [
      "not-available-here 1:18-22 The args builtin can only be used with tracepoint, rawtracepoint, fentry/fexit, and uprobe probes (kprobe used here)",
    ],
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
    errors: ["redeclared 1:30-36 Variable $a was already declared. Variable shadowing is not allowed."],
  },
  "format count": {
    script: 'BEGIN { printf("%d %d", 1); }',
    errors: ["wrong-argument-count 1:9-27 not enough arguments for format string (1 supplied, 2 expected)"],
  },
  "format too many": {
    script: 'BEGIN { printf("%d", 1, 2); }',
    errors: ["wrong-argument-count 1:9-27 too many arguments for format string (2 supplied, 1 expected)"],
  },
  "format type": {
    script: 'BEGIN { printf("%d", comm); }',
    errors: ["invalid-format 1:9-27 unsupported format specifier for type 'string[16]': d"],
  },
  "format letter": { script: 'BEGIN { printf("%q", 1); }', errors: ["invalid-format 1:16-20 printf() has an invalid format specifier"] },
  "format literal": {
    script: "BEGIN { printf(comm); }",
    errors: ["not-constant 1:9-21 printf() expects a string literal (string provided)"],
  },
  "argument count": {
    script: "BEGIN { @a = hist(); }",
    errors: ["wrong-argument-count 1:14-20 hist() requires at least one argument (0 provided)"],
  },
  "aggregation alone": { script: "BEGIN { count(); }", errors: ["not-available-here 1:9-16 count() must be assigned directly to a map"] },
  "aggregation of text": {
    script: "BEGIN { @a = sum(comm); }",
    errors: ["type-mismatch 1:14-23 sum() only supports int arguments (string provided)"],
  },
  "hist bits": { script: "BEGIN { @a = hist(1, 6); }", errors: ["out-of-range 1:14-24 hist: bits 6 must be 0..5"] },
  "lhist step": { script: "BEGIN { @a = lhist(1, 0, 10, 0); }", errors: ["out-of-range 1:14-32 lhist() step must be >= 1 (0 provided)"] },
  "lhist buckets": {
    script: "BEGIN { @a = lhist(1, 0, 10000, 1); }",
    errors: ["out-of-range 1:14-35 lhist() too many buckets, must be <= 1000 (would need 10000)"],
  },
  "unroll count": { script: "BEGIN { unroll(101) { $x = 1; } }", errors: ["out-of-range 1:9-32 unroll maximum value is 100"] },
  "break outside": { script: "BEGIN { break; }", errors: ["not-available-here 1:9-15 'break' statement is not allowed in a probe"] },
  "string arithmetic": {
    script: "BEGIN { $x = comm + 1; }",
    errors: [
      "invalid-operator 1:14-22 Type mismatch for '+': comparing string[16] with int8",
      "invalid-operator 1:14-18 left (string[16])",
      "invalid-operator 1:21-22 right (int8)",
    ],
  },
  "tuple index": {
    script: "BEGIN { $t = (1, 2); print($t.2); }",
    errors: ["out-of-range 1:28-32 Invalid tuple index: 2. Found 2 elements in tuple."],
  },
  "record field": {
    script: "BEGIN { $r = (ab=1); print($r.ac); }",
    errors: ["unknown-field 1:28-33 Record does not contain a field named 'ac'"],
  },
  "array index": {
    script: "BEGIN { $a = (int8[4])1; print($a[4]); }",
    errors: ["out-of-range 1:32-37 the index 4 is out of bounds for array of size 4"],
  },
  "index of a number": {
    script: "BEGIN { $a = 5; print($a[0]); }",
    errors: ["type-mismatch 1:23-28 The array index operator [] can only be used on arrays, pointers, and tuples, found int8."],
  },
  "unknown struct": {
    script: "BEGIN { $a = (struct nosuch *)0; }",
    errors: ['unknown-type 1:15-28 Cannot resolve unknown type "struct nosuch"'],
  },
  "field of a script's struct": {
    script: "struct S { int a; } BEGIN { print(((struct S *)0)->b); }",
    errors: ["unknown-field 1:36-53 Struct/union of type 'struct S' does not contain a field named 'b'"],
  },
  "struct of itself": {
    script: "struct S { struct S s; } BEGIN { print(sizeof(struct S)); }",
    errors: ["invalid-definition 1:12-22 field has incomplete type"],
  },
  "pointer arithmetic": {
    script: "BEGIN { $a = (int32 *)8; print(5 - $a); }",
    errors: ["invalid-operator 1:32-38 The - operator can not be used on expressions of types int8, int32 *"],
  },
  "invalid cast": { script: 'BEGIN { $a = (int32)"abc"; }', errors: ['invalid-cast 1:14-21 Cannot cast from "string[4]" to "int32"'] },
  "comparison of tuples": {
    script: 'BEGIN { print((1, 2) == (1, "a")); }',
    errors: ["invalid-operator 1:15-33 The == operator can not be used on expressions of types (int8,int8), (int8,string[2])"],
  },
  "variable of one branch": {
    script: "BEGIN { if (1) { $x = 1; } print($x); }",
    errors: ["unknown-variable 1:34-36 Undefined or undeclared variable: $x"],
  },
  "macro arguments": {
    script: "macro m($a) { $a } BEGIN { print(m(1)); }",
    errors: [
      "invalid-argument 1:9-11 This is the argument in the closest definition.",
      "invalid-argument 1:34-38 Call to m() has arguments that do not match any definition.",
      "invalid-argument 1:36-37 Mismatched arg. m() expects a variable for arg $a but got an expression.",
    ],
  },
  "macro argument count": {
    script: "macro m(a) { a } BEGIN { print(m(1, 2)); }",
    errors: [
      "wrong-argument-count 1:1-8 The closest definition of m() has a different number of arguments. Expected: 1 but got 2",
      "wrong-argument-count 1:32-39 Call to m() has arguments that do not match any definition.",
    ],
  },
  "macro twice": {
    script: "macro m(a) { a } macro m(b) { b } BEGIN { }",
    errors: ["redeclared 1:1-8 This is the original definition.", "redeclared 1:18-25 Redefinition of macro: m"],
  },
  "macro recursion": {
    script: "macro m(a) { n(a) } macro n(a) { m(a) } BEGIN { print(m(1)); }",
    errors: ["nested-too-deeply 1:34-38 Recursive macro call detected. Call chain: m > n > m"],
  },
  "macro hygiene": {
    script: "macro m() { @x + 1 } BEGIN { @x = 1; print(m()); }",
    errors: ["not-available-here 1:13-15 Unhygienic access to map: @x. Maps must be passed into the macro as arguments."],
  },
  "return in a macro": {
    script: "macro m() { return; } BEGIN { m(); }",
    errors: ["not-available-here 1:13-19 'return' statement is not allowed in a macro"],
  },
  "map declaration": {
    script: "let @a = percpuhash(2); BEGIN { @a[1] = 1; }",
    errors: ["type-mismatch 1:1-23 Incompatible map types. Type from declaration: percpuhash. Type from value/key type: hash"],
  },
  "map declaration's type": {
    script: "let @a = foo(2); BEGIN { @a[1] = 1; }",
    errors: ["invalid-argument 1:1-16 Invalid bpf map type: foo"],
    hint: "Valid map types: percpulruhash, percpuhash, lruhash, hash",
  },
  "config key": {
    script: "config = { max_strln = 1 } BEGIN { }",
    errors: ["unknown-config 1:12-25 max_strln: not a known configuration option"],
    hint: "Did you mean 'max_strlen'?",
  },
  "config number": {
    script: 'config = { max_strlen = "x" } BEGIN { }',
    errors: ["invalid-config 1:12-28 max_strlen: expecting a number, got x"],
  },
  "config choice": {
    script: "config = { stack_mode = foo } BEGIN { }",
    errors: ["invalid-config 1:12-28 stack_mode: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id."],
  },
  "config of the environment": {
    script: 'config = { kernel_build = "x" } BEGIN { }',
    errors: ["invalid-config 1:12-30 kernel_build: can only be set as an environment variable"],
  },
  "map function without a map": {
    script: "BEGIN { print(len(5)); }",
    errors: ["invalid-argument 1:19-20 len() expects a map to be provided"],
  },
  "key of a scalar map": {
    script: "BEGIN { @a = 1; print(has_key(@a, 1)); }",
    errors: ["invalid-argument 1:31-33 call to has_key() expects a map with explicit keys (non-scalar map)"],
  },
  "aggregation as a whole": {
    script: "BEGIN { @h = hist(1); print(@h + 1); }",
    errors: ["invalid-operator 1:29-31 Map value 'hist_t' cannot be read"],
  },
  "several errors": {
    script: "BEGIN { $x = foo;\n  @y = bar;\n}\nkprobe:f { args.x }",
    errors: [
      "unknown-identifier 1:14-17 Unknown identifier: 'foo'",
      "unknown-identifier 2:8-11 Unknown identifier: 'bar'",
      "not-available-here 4:12-16 The args builtin can only be used with tracepoint, rawtracepoint, fentry/fexit, and uprobe probes (kprobe used here)",
    ],
  },
  "decimal number where none can be": {
    script: "BEGIN { $x = 1.5; }",
    errors: ["inexact-decimal 1:14-17 A decimal number can only be computed and compared with"],
  },
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

test("names that are no text are missing, and not asked for", async () => {
  const compiler = await newCompiler();
  const scripts = {
    "tracepoint:sched:\xfename { @ = args.x; }": "unknown-probe",
    '#include "\xfename.h"\nBEGIN { @ = 1; }': "missing-header",
  };
  for (const [script, code] of Object.entries(scripts)) {
    const result = compiler.compile(Buffer.from(script, "latin1"), { name: "stdin" });
    assert.equal([result.kind, ...result.diagnostics.map((found) => found.code)], ["failed", code], script);
  }
});

test("a map that only a missing probe names does no harm", async () => {
  const compiler = await newCompiler();
  const source = new TextEncoder().encode("tracepoint:no:such { print(args.x); clear(@y); } BEGIN { @ = 1; }");
  const options = { name: "stdin", environment: { BPFTRACE_MISSING_PROBES: "ignore" } };
  const first = compiler.compile(source, options);
  assert.is(first.kind, "needs");
  if (first.kind === "needs") for (const need of first.needs) compiler.supply(need, { found: false, candidates: [] });
  assert.is(compiler.compile(source, options).kind, "object");
});

test.run();
