// What the checker says of wrong calls, function by function: code, place and words. The sentences are those of the peer.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { richKernel } from "../../support/btf.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

/** A script and its errors: `code line:column-end message`. */
const refused: [script: string, ...errors: string[]][] = [
  ['profile:hz:99 { print(kstack("x")); }', "not-constant 1:23-34 kstack: invalid limit value"],
  ["BEGIN { print(str(1, comm)); }", "type-mismatch 1:15-27 str() only supports int arguments (string provided)"],
  ["BEGIN { print(str(1, -1)); }", "out-of-range 1:22-24 str cannot use negative length (-1)"],
  ["BEGIN { print(1, 2); }", "wrong-argument-count 1:9-20 Non-map print() only takes 1 argument, 2 found"],
  ["BEGIN { print(ctx); }", "unknown-identifier 1:15-18 Unknown identifier: 'ctx'"],
  ["BEGIN { print(@x); @x = 1; print(@x, pid); }", "not-constant 1:38-41 print() top must be a positive integer literal"],
  [
    "BEGIN { @x[1] = 1; print(@x, 1, 2, 3); }",
    "wrong-argument-count 1:20-38 print() requires up to 3 arguments (4 provided)",
    "invalid-key 1:26-28 @x used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)",
  ],
  ["BEGIN { clear(5); }", "invalid-argument 1:15-16 clear() expects a map argument"],
  ["BEGIN { clear(@no); }", "unknown-map 1:15-18 Undefined map: @no"],
  ["BEGIN { @ = tseries(1, 0, 5); }", "out-of-range 1:13-29 tseries() interval_ns must be >= 1 (0 provided)"],
  ["BEGIN { @ = tseries(1, 1s, 0); }", "out-of-range 1:13-30 tseries() num_intervals must be >= 1 (0 provided)"],
  ["BEGIN { @ = tseries(1, 1s, 2000000); }", "out-of-range 1:13-36 tseries() num_intervals must be < 1000000 (2000000 provided)"],
  [
    'BEGIN { @ = tseries(1, 1s, 5, "median"); }',
    'invalid-argument 1:13-40 tseries() expects one of the following aggregation functions: avg, max, min, sum ("median" provided)',
  ],
  ["BEGIN { @ = tseries(1, 1s, 5, comm); }", "not-constant 1:13-36 tseries() expects a string literal (string provided)"],
  ["BEGIN { @ = lhist(1, 10, 5, 1); }", "out-of-range 1:13-31 lhist() min must be less than max (provided min 10 and max 5)"],
  ["BEGIN { @ = lhist(1, 0, pid, 1); }", "not-constant 1:25-28 lhist() only supports literal arguments"],
  ["BEGIN { @ = lhist(1, 0, $1, 1); }", "not-constant 1:25-27 lhist() only supports literal arguments"],
  ["BEGIN { @ = hist(1, pid); }", "not-constant 1:21-24 hist() only supports literal arguments"],
  ["let @a = hash(1); let @a = hash(2); BEGIN { @a[1] = 1; }", "redeclared 1:19-35 Map @a is already declared"],
  ["let @a = hash(0); BEGIN { @a[1] = 1; }", "out-of-range 1:15-16 The number of keys of a map must be a positive constant"],
  ["BEGIN { @a[1] = 1; find(@a, 1, 5); }", "invalid-argument 1:32-33 find() expects a variable for its third argument"],
  [
    "BEGIN { @a[1] = 1; find(@a, 1, $x); print($x); }",
    "unknown-variable 1:32-34 Undefined or undeclared variable: $x",
    "unknown-variable 1:43-45 Undefined or undeclared variable: $x",
  ],
  [
    'BEGIN { @a[1] = 1; $s = "x"; find(@a, 1, $s); }',
    "type-mismatch 1:42-44 Type mismatch for $s: trying to assign value of type 'int64' when variable already has a type 'string[2]'",
  ],
  ["BEGIN { @a[1] = hist(1); $s = 1; find(@a, 1, $s); }", "type-mismatch 1:34-49 Value 'hist_t' cannot be assigned to a scratch variable."],
  ["BEGIN { delete(5, 1); }", "invalid-argument 1:16-17 delete() expects a map argument"],
  ["BEGIN { delete(@no, 1); }", "unknown-map 1:16-19 Undefined map: @no"],
  [
    "BEGIN { @a = 1; delete(@a, 1); }",
    "invalid-key 1:28-29 @a used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
  ],
  [
    "BEGIN { @a[1] = 1; delete(@a); }",
    "invalid-key 1:27-29 @a used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)",
  ],
  ["BEGIN { has_key(@no, 1); }", "unknown-map 1:17-20 Undefined map: @no"],
  [
    'BEGIN { @a[1] = 1; print(has_key(@a, "x")); }',
    "type-mismatch 1:38-41 Argument mismatch for @a: trying to access with arguments: 'string[2]' when map expects arguments: 'int8'",
  ],
  ["BEGIN { print(kaddr(pid)); }", "not-constant 1:15-25 kaddr() expects a string literal (int provided)"],
  ['BEGIN { print(kaddr("")); }', "invalid-argument 1:15-24 Failed to resolve kernel symbol: "],
  ['BEGIN { print(cgroupid("")); }', 'invalid-argument 1:15-27 Failed to get `cgroupid` for path: ""'],
  ['BEGIN { print(reg("ip")); }', 'not-available-here 1:15-24 reg can not be used with "begin" probes'],
  ['kprobe:f { print(reg("nosuch")); }', "invalid-argument 1:18-31 'nosuch' is not a valid register on this architecture (x86_64)"],
  ["kprobe:f { print(reg(5)); }", "not-constant 1:18-24 reg() expects a string literal (int provided)"],
  ['kprobe:f { for ($i : 0..3) { print(reg("ip")); } }', "not-available-here 1:36-45 'reg' builtin is not allowed in a for-loop"],
  ["kprobe:f { for ($i : 0..3) { print(kstack); } }", "not-available-here 1:36-42 'kstack' builtin is not allowed in a for-loop"],
  ["kprobe:f { for ($i : 0..3) { print(func); } }", "not-available-here 1:36-40 'func' builtin is not allowed in a for-loop"],
  ["BEGIN { print(func); }", "not-available-here 1:15-19 The func builtin can not be used with 'begin' probes"],
  ["BEGIN { override(1); }", "not-available-here 1:9-20 override() can not be used with begin probes"],
  ['kprobe:f { override("x"); }', "type-mismatch 1:12-25 override() only supports int arguments (string provided)"],
  ["BEGIN { print(nsecs(foo)); }", "invalid-argument 1:21-24 Invalid timestamp mode: foo"],
  ["BEGIN { print(pid(foo)); }", "invalid-argument 1:19-22 Invalid PID namespace mode: foo (expects: curr_ns or init)"],
  ["BEGIN { print(bswap(comm)); }", "type-mismatch 1:15-26 bswap() only supports integer arguments (string provided)"],
  ['BEGIN { print(strncmp(comm, "x", -1)); }', "not-constant 1:15-37 Builtin strncmp requires a non-negative literal"],
  ['BEGIN { print(strncmp(comm, "x", pid)); }', "not-constant 1:15-38 Builtin strncmp requires a non-negative literal"],
  ['BEGIN { print(strncmp(pid, "x", 1)); }', "type-mismatch 1:23-26 strncmp() only supports string arguments (uint32 provided)"],
  ["BEGIN { print(strlen(pid)); }", "type-mismatch 1:22-25 strlen() only supports string arguments (uint32 provided)"],
  ["BEGIN { print(strerror(comm)); }", "type-mismatch 1:15-29 strerror() only supports int arguments (string provided)"],
  [
    "BEGIN { print(path(curtask)); }",
    "not-available-here 1:15-28 The path function can only be used with 'fentry', 'fexit', 'iter' probes",
  ],
  ["fentry:vfs_read { print(path(1)); }", "type-mismatch 1:30-31 path() only supports pointer to struct path argument (int8 provided)"],
  [
    "fentry:vfs_open { print(path(args.path, comm)); }",
    "not-constant 1:41-45 path() expects a positive integer literal as second argument",
  ],
  ["BEGIN { print(buf(comm, -1)); }", "out-of-range 1:15-28 Builtin buf requires a non-negative literal"],
  ["BEGIN { print(buf(5)); }", "wrong-argument-count 1:15-21 buf() expects a length argument for non-array type int8"],
  [
    "BEGIN { print(buf((1, 2))); }",
    "type-mismatch 1:15-26 buf() expects an integer or a pointer type as first argument ((int8,int8) provided)",
  ],
  ["BEGIN { print(macaddr((uint8[4])5)); }", "type-mismatch 1:15-35 macaddr() argument must be at least 6 bytes in size"],
  ['BEGIN { print(ntop("x", 5)); }', "type-mismatch 1:15-27 ntop() only supports int arguments (string provided)"],
  ['BEGIN { print(pton("1.2.3")); }', "invalid-argument 1:15-28 pton() expects a valid IPv4/IPv6 address, got 1.2.3"],
  ['BEGIN { print(pton("1.2.3.256")); }', "invalid-argument 1:15-32 pton() expects a valid IPv4/IPv6 address, got 1.2.3.256"],
  ['BEGIN { print(pton("1::2::3")); }', "invalid-argument 1:15-30 pton() expects a valid IPv4/IPv6 address, got 1::2::3"],
  [
    'BEGIN { print(pton("1:2:3:4:5:6:7:8:9")); }',
    "invalid-argument 1:15-40 pton() expects a valid IPv4/IPv6 address, got 1:2:3:4:5:6:7:8:9",
  ],
  ['BEGIN { print(pton("12345::")); }', "invalid-argument 1:15-30 pton() expects a valid IPv4/IPv6 address, got 12345::"],
  ['BEGIN { print(pton(":1")); }', "invalid-argument 1:15-25 pton() expects a valid IPv4/IPv6 address, got :1"],
  ["BEGIN { print(pton(comm)); }", "not-constant 1:15-25 pton() expects a string literal (string provided)"],
  ["BEGIN { print(kstack(5000)); }", "out-of-range 1:15-27 kstack([int limit]): limit shouldn't exceed 1024, 5000 given"],
  [
    "BEGIN { print(kstack(foo)); }",
    "invalid-argument 1:22-25 Error parsing stack mode: kstack: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id.",
  ],
  ["BEGIN { print(kstack(build_id)); }", "invalid-argument 1:15-31 'build_id' stack mode can only be used for ustack"],
  ["BEGIN { print(kstack(perf, perf)); }", "not-constant 1:15-33 kstack: invalid limit value"],
  ['BEGIN { print(strftime("%H", nsecs(monotonic))); }', "invalid-argument 1:15-47 strftime() can not take a monotonic timestamp"],
  ["BEGIN { print(strftime(comm, nsecs)); }", "not-constant 1:15-36 strftime() expects a string literal (string provided)"],
  ['BEGIN { print(strftime("%H", comm)); }', "type-mismatch 1:15-35 strftime() only supports int arguments (string provided)"],
  ["BEGIN { signal(1); }", "not-available-here 1:9-18 signal() can not be used for this probetype special"],
  ["kprobe:f { signal(65); }", "out-of-range 1:12-22 signal() accepts a string literal or an integer between 1 and 64 (inclusive)"],
  ["kprobe:f { signal(0); }", "out-of-range 1:12-21 signal() accepts a string literal or an integer between 1 and 64 (inclusive)"],
  ['kprobe:f { signal("SIGNOPE"); }', "invalid-argument 1:12-29 SIGNOPE is not a valid signal"],
  ["kprobe:f { signal(comm); }", "type-mismatch 1:12-24 signal() only supports int arguments (string provided)"],
  ["kprobe:f { write_user(5, 5, comm); }", "type-mismatch 1:12-34 write_user() only supports int arguments (string provided)"],
  ["BEGIN { print(cgroup_path(comm)); }", "type-mismatch 1:15-32 cgroup_path() only supports int arguments (string provided)"],
  ["BEGIN { print(cgroup_path(cgroup, pid)); }", "not-constant 1:15-39 cgroup_path() expects a string literal (int provided)"],
  ["BEGIN { socket_cookie(5); }", 'not-available-here 1:9-25 socket_cookie can not be used with "begin" probes'],
  ["fentry:vfs_read { print(socket_cookie(args.file)); }", "unsupported 1:25-49 socket_cookie() is not supported yet"],
  ["BEGIN { print(comm(5)); }", "unsupported 1:15-22 comm(PID) is not supported yet"],
  ['BEGIN { static_assert(pid, "x"); }', "not-constant 1:23-26 Unable to resolve comptime expression"],
  ['BEGIN { static_assert(1 == 2, "one is not two"); }', "failed 1:9-48 one is not two"],
  ["BEGIN { static_assert(1, comm); }", "not-constant 1:9-31 static_assert() expects a string literal (string provided)"],
  ['BEGIN { fail("%s %d %d %s", "text", 5, -5, true); }', "failed 1:9-49 text 5 -5 true"],
  ['BEGIN { fail("in %s of %s", probetype, probe); }', "failed 1:9-46 in special of begin"],
  ['BEGIN { fail("%d", pid); }', "not-constant 1:9-24 fail() arguments need to be literals"],
  ["BEGIN { fail(comm); }", "not-constant 1:9-19 fail() expects a string literal (string provided)"],
  ["BEGIN { assert_str(5); }", "type-mismatch 1:9-22 string-like values must be either strings, arrays or pointers"],
  ["BEGIN { print(comptime pid); }", "not-constant 1:15-27 Unable to resolve comptime expression"],
  ["BEGIN { print(comptime ((int8[])1)); }", "not-constant 1:15-34 Unable to resolve comptime expression"],
  ["BEGIN { print(memcmp(comm, @h, 1)); @h = hist(1); }", "invalid-operator 1:28-30 Map value 'hist_t' cannot be read"],
  ['BEGIN { print(memcmp(comm, "x", comm)); }', "type-mismatch 1:15-38 memcmp() only supports int arguments (string provided)"],
  ['BEGIN { print(percpu_kaddr("nosuch")); }', 'unknown-identifier 1:15-37 Could not resolve variable "nosuch" from BTF'],
  ["BEGIN { print(percpu_kaddr(5)); }", "not-constant 1:15-30 percpu_kaddr() expects a string literal (int provided)"],
  [
    "BEGIN { print(container_of(comm, struct task_struct, pid)); }",
    "type-mismatch 1:28-32 container_of() expects a pointer (string[16] provided)",
  ],
  [
    "BEGIN { print(container_of(curtask, struct task_struct, nosuch)); }",
    "unknown-field 1:15-64 Struct/union of type 'struct task_struct' does not contain a field named 'nosuch'",
  ],
  ["BEGIN { print(container_of(curtask, struct nosuch, pid)); }", 'unknown-type 1:37-50 Cannot resolve unknown type "struct nosuch"'],
  ["BEGIN { print(kfunc_exist(5)); }", "not-constant 1:15-29 kfunc_exist() expects a string literal (int provided)"],
  ["BEGIN { print(getopt(5)); }", "not-constant 1:22-23 First argument to 'getopt' must be a string literal."],
  [
    'BEGIN { print(getopt("a", comm)); }',
    "not-constant 1:27-31 Second argument to 'getopt' must be a string literal, integer literal, or a boolean literal.",
  ],
  ['BEGIN { print(getopt("a", 1, 2)); }', "not-constant 1:30-31 Third argument to 'getopt' must be a string literal."],
  [
    'BEGIN { print(getopt("a", 1)); print(getopt("a", 2)); }',
    "redeclared 1:38-52 Command line option 'a' needs to have the same default value in all places it is used. Previous default value: 1",
  ],
  [
    'BEGIN { print(getopt("a", 1)); print(getopt("a", "1")); }',
    "redeclared 1:38-54 Command line option 'a' needs to have the same default value in all places it is used. Previous default value: 1",
  ],
  [
    'BEGIN { print(getopt("a", 1, "x")); print(getopt("a", 1, "y")); }',
    "redeclared 1:43-62 Command line option 'a' needs to have the same description in all places it is used. Previous description: x",
  ],
  [
    'BEGIN { print(getopt("a", "y0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")); }',
    "out-of-range 1:27-301 The default value has 272 bytes, and there is room for 255",
  ],
  ['BEGIN { debugf("%d %d %d %d", 1, 2, 3, 4); }', "wrong-argument-count 1:9-42 debugf() requires up to 4 arguments (5 provided)"],
  ['BEGIN { debugf("%d", comm); }', "invalid-format 1:9-27 unsupported format specifier for type 'string[16]': d"],
  ["BEGIN { join(comm); }", "type-mismatch 1:14-18 join() only supports int or pointer arguments (string[16] provided)"],
  ["BEGIN { join(5, 5); }", "not-constant 1:9-19 join() expects a string literal (int provided)"],
  ["BEGIN { time(5); }", "not-constant 1:9-16 time() expects a string literal (int provided)"],
  ["BEGIN { exit(comm); }", "type-mismatch 1:9-19 exit() only supports int arguments (string provided)"],
  ["BEGIN { uptr(comm); }", "type-mismatch 1:14-18 uptr() only supports int or pointer arguments (string[16] provided)"],
  ['BEGIN { print(usym("x")); }', "type-mismatch 1:20-23 usym() only supports int or pointer arguments (string[2] provided)"],
  ['BEGIN { print(ksym("x")); }', "type-mismatch 1:20-23 ksym() only supports int or pointer arguments (string[2] provided)"],
  ["BEGIN { print(is_err(comm)); }", 'invalid-cast 1:22-26 Cannot cast from "string[16]" to "int64"'],
  ["BEGIN { print(len(@no)); }", "unknown-map 1:19-22 Undefined map: @no"],
  ["BEGIN { print(ppid(5)); }", "type-mismatch 1:20-22 Can not access field 'real_parent' on expression of type 'int8'"],
  ['BEGIN { skboutput("x", 5, 5, 5); }', 'not-available-here 1:9-32 skboutput can not be used with "begin" probes'],
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

/** Calls that are right but for a warning. */
const warned: [script: string, warning: string][] = [
  [
    "BEGIN { print(str(1, 99999)); }",
    "out-of-range 1:22-27 length param (99999) is too long and will be shortened to 1024 bytes (see BPFTRACE_MAX_STRLEN)",
  ],
  [
    "BEGIN { print(buf(comm, 99999)); }",
    "out-of-range 1:25-30 length param (99999) is too long and will be shortened to 1020 bytes (see BPFTRACE_MAX_STRLEN)",
  ],
  ["BEGIN { @s = stats(1); print(@s, 5, 5); }", "unsafe 1:24-39 print()'s top and div arguments are ignored when used on stats() maps."],
  ["let @a = hash(5); BEGIN { @b = 1; }", "unused-value 1:1-17 Unused map: @a"],
  ["BEGIN { print((int8 *)1 == (int16 *)2); }", "type-mismatch 1:15-38 comparison of distinct pointer types: int8, int16"],
  ["BEGIN { return; print(1); }", "unreachable 1:17-26 Unreachable statement."],
  ['config = { symbol_source = "x" } BEGIN { }', "deprecated 1:12-31 symbol_source is deprecated and has no effect"],
  ["config = { strlen = 5 } BEGIN { }", "deprecated 1:12-22 strlen has been renamed, please use max_strlen"],
];

for (const [script, warning] of warned) {
  test(script, async () => {
    const result = compile(await newCompiler(), script, [], richKernel());
    assert.is(result.kind, "object");
    const [first] = result.diagnostics;
    assert.is(first && `${first.code} ${first.line}:${first.column}-${first.endColumn} ${first.message}`, warning);
  });
}

test.run();
