// What the checker says of wrong attach points, types, operators, statements, settings and patterns: code, place and words.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { richKernel } from "../../support/btf.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

/** A script and its errors: `code line:column-end message`. */
const refused: [script: string, ...errors: string[]][] = [
  ["BEGIN { print((int32[][])1); }", 'invalid-cast 1:15-26 Cannot cast from "int8" to "int32[0][0]"'],
  ["profile:hz { print(1); }", "invalid-attach-point 1:1-11 Invalid rate of profile probe: invalid integer: hz"],
  ["profile:hz:0 { print(1); }", "invalid-attach-point 1:1-13 profile frequency should be a positive integer"],
  ["profile:parsec:5 { print(1); }", "invalid-attach-point 1:1-17 parsec is not an accepted unit of time"],
  ["interval:s:x { print(1); }", "invalid-attach-point 1:1-13 Invalid rate of interval probe: invalid integer: x"],
  ["software:nosuch:1 { print(1); }", "invalid-attach-point 1:1-18 nosuch is not a software probe"],
  [
    "software:cs:99999999999999999999 { print(1); }",
    "invalid-attach-point 1:1-33 Invalid count for software probe: overflow error, maximum value is 18446744073709551615: 99999999999999999999",
  ],
  ["kprobe:0x { print(1); }", "invalid-attach-point 1:1-10 kprobe probe type requires the form kprobe[:module]:function[+offset]"],
  ["kprobe:0xzz { print(1); }", "invalid-attach-point 1:1-12 kprobe probe type requires the form kprobe[:module]:function[+offset]"],
  [
    "kprobe:0xfffffffffffffffff { print(1); }",
    "invalid-attach-point 1:1-27 kprobe probe type requires the form kprobe[:module]:function[+offset]",
  ],
  ["kprobe:f+x { print(1); }", "invalid-attach-point 1:1-11 kprobe probe type requires the form kprobe[:module]:function[+offset]"],
  ["kretprobe:f+8 { print(1); }", "invalid-attach-point 1:1-14 Offset not allowed"],
  ["uprobe:/bin/sh:0xzz { print(1); }", "invalid-attach-point 1:1-20 uprobe probe type requires the form uprobe:binary:function[+offset]"],
  ["uprobe:/bin/sh:f+zz { print(1); }", "invalid-attach-point 1:1-20 uprobe probe type requires the form uprobe:binary:function[+offset]"],
  ["uretprobe:/bin/sh:f+8 { print(1); }", "invalid-attach-point 1:1-22 Offset not allowed"],
  ["uprobe:f { print(1); }", "invalid-attach-point 1:1-9 uprobe probe type requires the form uprobe:binary:function[+offset]"],
  ["tracepoint:a { print(1); }", "invalid-attach-point 1:1-13 tracepoint probe type requires 2 arguments, found 1"],
  ["fentry:nosuch { print(args.count); }", "unknown-probe 1:1-14 No matches for fentry nosuch."],
  ["fentry:vfs_read { print(args.cuont); }", "unknown-field 1:25-35 Can't find function parameter cuont"],
  ["fentry:vfs_read { print(retval); }", "not-available-here 1:25-31 Can't find a field $retval"],
  ["fexit:do_nothing { print(retval); }", "not-available-here 1:26-32 Can't find a field $retval"],
  ["rawtracepoint:nosuch { print(args.x); }", "unknown-probe 1:1-21 No matches for rawtracepoint nosuch."],
  ["BEGIN { config = 1; }", "invalid-assignment 1:16-17 syntax: expected ';'"],
  ["BEGIN { print(pid % 1.5 > 1); }", "invalid-operator 1:19-20 The % operator can not be used on decimal numbers"],
  ["BEGIN { print(~1.5 > pid); }", "inexact-decimal 1:16-19 A decimal number can only be computed and compared with"],
  ["BEGIN { print(1.5 << 1 > pid); }", "invalid-operator 1:19-21 The << operator can not be used on decimal numbers"],
  [
    "BEGIN { print(9223372036854775808 * 1.5 > pid); }",
    "inexact-decimal 1:15-40 This has no exact value with at most 9 digits behind the point",
  ],
  [
    "BEGIN { print((9223372036854775807 + 1.5) > pid); }",
    "inexact-decimal 1:16-41 This has no exact value with at most 9 digits behind the point",
  ],
  [
    'config = { license = "BSD" } BEGIN { }',
    "invalid-config 1:12-27 Invalid value for license. Found: BSD. Valid values: Dual MIT/GPL, Dual BSD/GPL, Dual MPL/GPL, GPL and additional rights, GPL v2, GPL. Read more about BPF programs and licensing: https://docs.kernel.org/bpf/bpf_licensing.html#using-bpf-programs-in-the-linux-kernel",
  ],
  ["config = { cpp_demangle = maybe } BEGIN { }", "invalid-config 1:12-32 cpp_demangle: expecting true, false, 1 or 0, got maybe"],
  [
    "config = { unstable_tseries = maybe } BEGIN { }",
    "invalid-config 1:12-36 unstable_tseries: Invalid value for unstable_tseries: valid values are enable, warn, and error.",
  ],
  [
    "config = { cache_user_symbols = x } BEGIN { }",
    "invalid-config 1:12-34 cache_user_symbols: Invalid value for cache_user_symbols: valid values are PER_PID, PER_PROGRAM, and NONE.",
  ],
  [
    "config = { max_strlen = 99999999999999999999 } BEGIN { }",
    "number-too-large 1:25-45 syntax: overflow error, maximum value is 18446744073709551615: 99999999999999999999",
  ],
  ["#if 1 / 0\n#endif\nBEGIN { }", "invalid-preprocessor 1:1-10 invalid expression in #if"],
  ["struct a { int x; }; struct a { int y; }; BEGIN { }", "invalid-definition 1:22-41 redefinition of 'a'"],
  ["enum e { A = pid }; BEGIN { print(A); }", "not-constant 1:14-17 The value of an enumerator must be a constant"],
  ["BEGIN { $x = print(1); }", "type-mismatch 1:14-22 This expression has no value"],
  [
    "kprobe:f* { for ($i : 0..3) { print(probe); } }",
    "unsupported 1:37-42 The name of a probe with many places in a for-loop is not supported yet",
  ],
  ["BEGIN { print((a=1, a=2)); }", "redeclared 1:15-25 Duplicate field name 'a' in record"],
  ["BEGIN { if (kstack) { } }", "type-mismatch 1:13-19 Invalid condition in if(): kstack_bpftrace_127"],
  ['BEGIN { $s = "x"; $s++; }', "invalid-operator 1:19-23 The ++ and -- operators need an integer variable or map"],
  ["BEGIN { $t = (1, 2); if ($t) { } }", "type-mismatch 1:26-28 Invalid condition in if(): (int8,int8)"],
  [
    'BEGIN { $x = (1, "a"); $x = (1, 2); }',
    "type-mismatch 1:24-35 Type mismatch for $x: trying to assign value of type '(int8,int8)' when variable already has a type '(int8,string[2])'",
  ],
  [
    "BEGIN { $x = (a=1, b=2); $x = (a=1, c=2); }",
    "type-mismatch 1:26-41 Type mismatch for $x: trying to assign value of type 'record(a=int8,c=int8)' when variable already has a type 'record(a=int8,b=int8)'",
  ],
  ["BEGIN { @a = 1; for ($kv : @a) { } }", "type-mismatch 1:28-30 @a has no explicit keys (scalar map), and cannot be used for iteration"],
  ["BEGIN { for ($kv : @no) { } }", "unknown-map 1:20-23 Undefined map: @no"],
  ["BEGIN { @h[1] = hist(1); for ($kv : @h) { } }", "type-mismatch 1:37-39 Loop expression does not support type: hist_t"],
  ["BEGIN { for ($i : comm..5) { } }", "type-mismatch 1:9-16 Loop range requires an integer for the start value"],
  ["BEGIN { for ($i : 0..comm) { } }", "type-mismatch 1:9-16 Loop range requires an integer for the end value"],
  ["BEGIN { $i = 1; for ($i : 0..3) { } }", "redeclared 1:22-24 Loop declaration shadows existing variable: $i"],
  ["BEGIN { unroll(pid) { } }", "not-constant 1:9-24 invalid unroll value"],
  ["BEGIN { unroll(0) { print(1); } }", "out-of-range 1:9-32 unroll minimum value is 1"],
  [
    "BEGIN { let $x : int8 = 300; }",
    "type-mismatch 1:9-28 Type mismatch for $x: trying to assign value of type 'int16' when variable already has a type 'int8'",
  ],
  [
    "BEGIN { let $x : uint8 = -1; }",
    "type-mismatch 1:9-28 Type mismatch for $x: trying to assign value of type 'int8' when variable already has a type 'uint8'",
  ],
  ['BEGIN { comm = "x"; }', "invalid-assignment 1:14-15 syntax: expected ';'"],
  ["BEGIN { $x += 1; }", "unknown-variable 1:9-11 Undefined or undeclared variable: $x"],
  ['BEGIN { $s = "x"; $s -= 1; }', "invalid-operator 1:19-26 A compound assignment needs integers"],
  ["BEGIN { @a += count(); }", "invalid-assignment 1:9-22 An aggregation can only be assigned with ="],
  ['BEGIN { @s = "x"; @s -= "y"; }', "invalid-operator 1:19-28 A compound assignment needs integers"],
  ["BEGIN { @a = kstack; @a += 1; }", "invalid-operator 1:22-29 A compound assignment needs integers"],
  ["BEGIN { print((struct task_struct)5); }", 'invalid-cast 1:15-35 Cannot cast from "int8" to "struct task_struct"'],
  ["BEGIN { print((int32)(*curtask)); }", 'invalid-cast 1:15-22 Cannot cast from "struct task_struct" to "int32"'],
  ["BEGIN { print((int8[9999999999])5); }", "out-of-range 1:16-32 This array is too large"],
  ["BEGIN { print((string[9999999])comm); }", "out-of-range 1:16-31 This text is too long"],
  ["BEGIN { print((int8[pid])5); }", "unexpected-token 1:21-24 syntax: expected ']'"],
  ["BEGIN { print(offsetof(comm, x)); }", "type-mismatch 1:15-32 offsetof() needs a struct, not a value of type 'string[16]'"],
  ["BEGIN { print(offsetof(int32, x)); }", "type-mismatch 1:15-33 offsetof() needs a struct, not a value of type 'int32'"],
  ["BEGIN { print(sizeof(nosuch)); }", 'unknown-type 1:22-28 Cannot resolve unknown type "nosuch"'],
  ["BEGIN { print((enum nosuch)1); }", 'unknown-type 1:16-27 Cannot resolve unknown type "enum nosuch"'],
  ["BEGIN { print((nosuch_t)1); }", 'unknown-type 1:16-24 Cannot resolve unknown type "nosuch_t"'],
  ["BEGIN { print((string)5); }", 'invalid-cast 1:15-23 Cannot cast from "int8" to "string[1024]"'],
  [
    "BEGIN { print(buf(comm, 3) + 1); }",
    "invalid-operator 1:15-31 Type mismatch for '+': comparing buffer[7] with int8",
    "invalid-operator 1:15-27 left (buffer[7])",
    "invalid-operator 1:30-31 right (int8)",
  ],
  [
    "BEGIN { print(kstack + 1); }",
    "invalid-operator 1:15-25 Type mismatch for '+': comparing kstack_bpftrace_127 with int8",
    "invalid-operator 1:15-21 left (kstack_bpftrace_127)",
    "invalid-operator 1:24-25 right (int8)",
  ],
  [
    "BEGIN { print(ntop(5) + 1); }",
    "invalid-operator 1:15-26 Type mismatch for '+': comparing inet with int8",
    "invalid-operator 1:15-22 left (inet)",
    "invalid-operator 1:25-26 right (int8)",
  ],
  [
    "BEGIN { print(macaddr(curtask) + 1); }",
    "invalid-operator 1:15-35 Type mismatch for '+': comparing mac_address with int8",
    "invalid-operator 1:15-31 left (mac_address)",
    "invalid-operator 1:34-35 right (int8)",
  ],
  [
    'BEGIN { print(strftime("%H", 5) + 1); }',
    "invalid-operator 1:15-36 Type mismatch for '+': comparing timestamp with int8",
    "invalid-operator 1:15-32 left (timestamp)",
    "invalid-operator 1:35-36 right (int8)",
  ],
  [
    "BEGIN { print(cgroup_path(5) + 1); }",
    "invalid-operator 1:15-33 Type mismatch for '+': comparing cgroup_path_t with int8",
    "invalid-operator 1:15-29 left (cgroup_path_t)",
    "invalid-operator 1:32-33 right (int8)",
  ],
  [
    "BEGIN { print(username + 1); }",
    "invalid-operator 1:15-27 Type mismatch for '+': comparing username_t with int8",
    "invalid-operator 1:15-23 left (username_t)",
    "invalid-operator 1:26-27 right (int8)",
  ],
  [
    "BEGIN { print(ksym(1) + usym(1)); }",
    "invalid-operator 1:15-32 Type mismatch for '+': comparing ksym_t with usym_t",
    "invalid-operator 1:15-22 left (ksym_t)",
    "invalid-operator 1:25-32 right (usym_t)",
  ],
  [
    "BEGIN { @m = max(5); @m = 1; }",
    "type-mismatch 1:22-28 Type mismatch for @m: trying to assign value of type 'int64' when map already has a type 'max_t'",
  ],
  [
    "BEGIN { @s = stats(5); @s = 1; }",
    "type-mismatch 1:24-30 Type mismatch for @s: trying to assign value of type 'int64' when map already has a type 'stats_t'",
  ],
  [
    "BEGIN { @l = lhist(5, 0, 10, 1); @l = 1; }",
    "type-mismatch 1:34-40 Type mismatch for @l: trying to assign value of type 'int64' when map already has a type 'lhist_t'",
  ],
  [
    "config = { unstable_tseries = enable } BEGIN { @t = tseries(5, 1s, 10); @t = 1; }",
    "type-mismatch 1:73-79 Type mismatch for @t: trying to assign value of type 'int64' when map already has a type 'tseries_t'",
  ],
  ['BEGIN { printf("%", 1); }', "invalid-format 1:16-19 printf() has an invalid format specifier"],
  ['BEGIN { printf("%*d", 1, 2); }', "wrong-argument-count 1:9-28 too many arguments for format string (2 supplied, 1 expected)"],
  ['BEGIN { printf("%lq", 1); }', "invalid-format 1:16-21 printf() has an invalid format specifier"],
  ['BEGIN { printf("%r", 1); }', "invalid-format 1:9-24 unsupported format specifier for type 'int8': r"],
  ['BEGIN { printf("%s", print(1)); }', "type-mismatch 1:22-30 This expression has no value"],
  ['BEGIN { print(comm =~ "a)"); }', "invalid-pattern 1:25-26 Invalid pattern: a ) without its ("],
  ['BEGIN { print(comm =~ "a{1,9999}"); }', "invalid-pattern 1:25-33 Invalid pattern: more than 255 repetitions"],
  [
    'BEGIN { print(comm =~ "[[:nope:]]"); }',
    "invalid-pattern 1:25-33 Invalid pattern: classes are [:alpha:] [:digit:] [:alnum:] [:lower:] [:upper:] [:space:] [:punct:] [:xdigit:]",
  ],
  ['BEGIN { print(comm =~ "[\\\\n-\\\\r]"); }', "invalid-pattern 1:27-31 Invalid pattern: a range that ends before it begins"],
  ['BEGIN { print(glob(comm, "[")); }', "invalid-pattern 1:27-28 Invalid pattern: a [ without its ]"],
  [
    "BEGIN { @x[kstack] = 1; @y = ustack(perf, 3); print(@y); @y = kstack; }",
    "type-mismatch 1:58-69 Type mismatch for @y: trying to assign value of type 'kstack_bpftrace_127' when map already has a type 'ustack_perf_3'",
  ],
  [
    "macro m(@a) { @a } BEGIN { print(m(5)); }",
    "invalid-argument 1:9-11 This is the argument in the closest definition.",
    "invalid-argument 1:34-38 Call to m() has arguments that do not match any definition.",
    "invalid-argument 1:36-37 Mismatched arg. m() expects a map for arg @a but got an expression.",
  ],
  [
    "macro m($a) { $a } BEGIN { print(m(@x)); @x = 1; }",
    "invalid-argument 1:9-11 This is the argument in the closest definition.",
    "invalid-argument 1:34-39 Call to m() has arguments that do not match any definition.",
    "invalid-argument 1:36-38 Mismatched arg. m() expects a variable for arg $a but got a map.",
  ],
  ["macro m(a) { a } BEGIN { m(1) = 5; }", "invalid-assignment 1:31-32 syntax: expected ';'"],
  ["#define A B\n#define B A\nBEGIN { print(A); }", "unknown-identifier 2:11-12 Unknown identifier: 'A'"],
  ["#define A (1 +\nBEGIN { print(A); }", "unexpected-token 1:15-15 syntax: expected expression"],
  [
    'BEGIN { print(comm =~ "a\\q"); }',
    "invalid-pattern 1:25-27 Invalid pattern: \\q is not known; there are \\d \\s \\w \\D \\S \\W \\n \\r \\t \\xHH and \\ before a mark",
  ],
  ['BEGIN { print(comm =~ "a\\x4"); }', "invalid-pattern 1:25-28 Invalid pattern: two hexadecimal digits follow \\x"],
  ['BEGIN { print(comm =~ "a\\x00"); }', "invalid-pattern 1:25-29 Invalid pattern: a text has no NUL inside"],
  ['BEGIN { print(comm =~ "a\\"); }', "unterminated-string 1:31-31 syntax: unterminated string"],
  ['BEGIN { print(comm =~ "a{300}"); }', "invalid-pattern 1:25-30 Invalid pattern: more than 255 repetitions"],
  ['BEGIN { print(comm =~ "*a"); }', "invalid-pattern 1:24-25 Invalid pattern: nothing to repeat before '*'"],
  [
    'BEGIN { print(comm =~ "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"); }',
    "invalid-pattern 1:74-75 Invalid pattern: more than 50 groups in one another",
  ],
];

for (const [script, ...errors] of refused) {
  test(script, async () => {
    const result = compile(await newCompiler(), script, [], richKernel());
    assert.is(result.kind, "failed");
    const found = result.diagnostics.filter(({ severity }) => severity === "error");
    assert.equal(
      found.map((d) => `${d.code} ${d.line}:${d.column}-${d.endColumn} ${d.message}`),
      errors,
    );
  });
}

test.run();
