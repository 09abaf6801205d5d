// Scripts on probes that fire by themselves, and exactly what they print: recorded from the peer (0.27.1), which prints the same.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const test = mayTrace() ? check : check.skip;

/** What is tried, the script, and its stdout: the two line ends at the end of a trace and the maps included. */
const rows: [name: string, script: string, output: string][] = [
  [
    "memcmp",
    'interval:ms:1 { print(memcmp("abc", "abd", 3)); print(memcmp("abc", "abc", 3)); print(memcmp("abd", "abc", 3)); print(memcmp("abd", "abc", 2)); $n = 2; print(memcmp("abc", "abd", $n)); exit(); }',
    "-1\n0\n1\n0\n0\n\n\n",
  ],
  [
    "memcmp of arrays and tuples",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $a = (uint8[4])5; $b = (uint8[4])261; print(memcmp($a, $b, 4)); print(memcmp($b, $a, 4)); print(memcmp($a, $b, 1)); print(memcmp((1, 2), (1, 3), 2)); exit(); }",
    "-1\n1\n0\n-1\n\n\n",
  ],
  [
    "questions about types",
    'rawtracepoint:sys_enter /cpu == 0/ { print(is_str("a")); print(is_str(1)); print(is_ptr(curtask)); print(is_ptr(1)); print(is_array((uint8[4])1)); print(is_integer(5)); print(is_unsigned_integer(pid)); print(is_literal(pid)); print(is_literal(1 + 2)); exit(); }',
    "true\nfalse\ntrue\nfalse\ntrue\ntrue\ntrue\nfalse\ntrue\n\n\n",
  ],
  ["default_str_length", "profile:ms:1 /cpu == 0/ { print(default_str_length()); exit(); }", "1024\n\n\n"],
  ["assert_str", 'interval:ms:1 { assert_str("abc"); assert_str(curtask.comm); print(1); exit(); }', "1\n\n\n"],
  [
    "static_assert",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { static_assert(sizeof(int8) == 1, "x"); static_assert(is_ptr(curtask), "y"); print(1); exit(); }',
    "1\n\n\n",
  ],
  [
    "comptime branches",
    'rawtracepoint:sys_enter /cpu == 0/ { if comptime (is_ptr(5)) { fail("no"); } else { print(3); } if comptime (sizeof(uint64) == 8) { print("b"); } $x = comptime (5 + 6); print($x); print(comptime 7); exit(); }',
    "3\nb\n11\n7\n\n\n",
  ],
  [
    "comptime on the probe",
    'profile:ms:1 /cpu == 0/ { if comptime (probetype == "special") { fail("no %s %d", probetype, 5); } else { print("other"); } exit(); }',
    "other\n\n\n",
  ],
  [
    "container_of",
    "interval:ms:1 { $se = (struct sched_entity *)((uint64)curtask + offsetof(struct task_struct, se)); $t = container_of($se, typeof(struct task_struct), se); print($t.pid == tid); exit(); }",
    "true\n\n\n",
  ],
  [
    "find",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { @a[1] = 5; let $x; if (find(@a, 1, $x)) { print($x); } print(find(@a, 2, $x)); print($x); exit(); }",
    "5\nfalse\n5\n\n\n@a[1]: 5\n",
  ],
  [
    "find in texts",
    'rawtracepoint:sys_enter /cpu == 0/ { @a[1] = "abc"; let $x; if (find(@a, 1, $x)) { print($x); } exit(); }',
    "abc\n\n\n@a[1]: abc\n",
  ],
  [
    "has_key and len",
    'profile:ms:1 /cpu == 0/ { @a[1, "x"] = 5; print(has_key(@a, (1, "x"))); print(has_key(@a, (1, "y"))); print(len(@a)); print(is_scalar(@a)); exit(); }',
    "true\nfalse\n1\nfalse\n\n\n@a[1, x]: 5\n",
  ],
  ["len of a stack", "interval:ms:1 { print(len(kstack(2)) <= 2); $k = kstack(3); print(len($k) <= 3); exit(); }", "true\ntrue\n\n\n"],
  [
    "kfunc_exist",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(kfunc_exist("schedule")); print(kfunc_exist("no_such_function")); exit(); }',
    "true\nfalse\n\n\n",
  ],
  [
    "config as a record",
    "rawtracepoint:sys_enter /cpu == 0/ { print(config().max_strlen); print(config().stack_mode); print(config().cpp_demangle); print(config().missing_probes); print(sizeof(config().max_strlen)); exit(); }",
    "1024\nbpftrace\ntrue\nerror\n2\n\n\n",
  ],
  [
    "address of a number",
    "profile:ms:1 /cpu == 0/ { $a = 5; $b = &$a; print(*$b); $a = 6; print(*$b); print(sizeof($b)); exit(); }",
    "5\n6\n8\n\n\n",
  ],
  [
    "address of a text",
    'interval:ms:1 { $a = "hello"; $b = &$a; print(*$b); $c = (int8 *)&$a; printf("%c %c\\n", *$c, *++$c); print($c[1]); exit(); }',
    "hello\nh e\n108\n\n\n",
  ],
  [
    "address of a tuple",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $a = (1, "hello", 2); print(*(&$a)); $b = &$a; print((*$b).1); exit(); }',
    "(1, hello, 2)\nhello\n\n\n",
  ],
  [
    "address of a record",
    'rawtracepoint:sys_enter /cpu == 0/ { $a = (x=1, y="x"); $b = &$a; print((*$b).y); print($b.y); print($b->x); exit(); }',
    "x\nx\n1\n\n\n",
  ],
  [
    "address of a pointer",
    "profile:ms:1 /cpu == 0/ { $a = curtask; $b = &$a; print((**$b).pid == tid); print((*$b)->pid == tid); exit(); }",
    "true\ntrue\n\n\n",
  ],
  ["address of username", 'interval:ms:1 { $a = username; $b = &$a; printf("%s\\n", *$b); exit(); }', "root\n\n\n"],
  [
    "address in a loop",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $x = 5; $p = &$x; for ($i : 0..2) { print(*$p); } for ($i : 0..100) { $x = $i; } print(*$p); exit(); }",
    "5\n5\n99\n\n\n",
  ],
  [
    "address of an array",
    "rawtracepoint:sys_enter /cpu == 0/ { $x = (uint8[4])0x01020304; $p = (uint8 *)&$x; print($p[1]); print(*($p + 2)); exit(); }",
    "3\n2\n\n\n",
  ],
  [
    "buffers",
    'profile:ms:1 /cpu == 0/ { $a = buf("hi", 2); $b = buf("bye", 3); printf("equal=%d, unequal=%d\\n", $a == $a, $a != $b); exit(); }',
    "equal=1, unequal=1\n\n\n",
  ],
  [
    "enum constants",
    "interval:ms:1 { print(sizeof(BPF_MAP_TYPE_HASH)); print(BPF_MAP_TYPE_HASH); $x = BPF_MAP_TYPE_ARRAY; print($x); @ = $x; exit(); }",
    "8\nBPF_MAP_TYPE_HASH\nBPF_MAP_TYPE_ARRAY\n\n\n@: BPF_MAP_TYPE_ARRAY\n",
  ],
  [
    "loop over counts",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { @c[1] = max(4); @c[2] = max(5); $sum = 0; for ($kv : @c) { $sum += $kv.1 * 10 + $kv.0; } print($sum); @c[1] = max(4); exit(); }",
    "93\n\n\n@c[1]: 4\n@c[2]: 5\n",
  ],
  [
    "casts of counts",
    'rawtracepoint:sys_enter /cpu == 0/ { @d[1] = max(5); print((int64)@d[1]); print((int64)@d[1] + 1); if (@d[1] > 1) { print("gt"); } print((int64)@d[7]); exit(); }',
    "5\n6\ngt\n0\n\n\n@d[1]: 5\n",
  ],
  [
    "kernel struct whole",
    "profile:ms:1 /cpu == 0/ { print(curtask.thread_info.flags == curtask.thread_info.flags); $l = curtask.pending; print(sizeof($l)); print($l.signal.sig[0]); exit(); }",
    "true\n24\n0\n\n\n",
  ],
  [
    "kernel struct in a variable",
    "interval:ms:1 { $r = curtask.signal.rlim[3]; print($r.rlim_max == curtask.signal.rlim[3].rlim_max); print(sizeof($r)); exit(); }",
    "true\n16\n\n\n",
  ],
  [
    "kernel struct in a map",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { @r = curtask.signal.rlim[3]; print(@r.rlim_max == curtask.signal.rlim[3].rlim_max); @k[1] = curtask.fs.pwd; print(@k[1].dentry == curtask.fs.pwd.dentry); delete(@r); delete(@k, 1); exit(); }",
    "true\ntrue\n\n\n",
  ],
  [
    "task copied whole",
    "rawtracepoint:sys_enter /cpu == 0/ { $t = *curtask; print($t.pid == tid); print(sizeof($t) == sizeof(struct task_struct)); print($t.comm == comm); exit(); }",
    "true\ntrue\ntrue\n\n\n",
  ],
  [
    "division by zero",
    "profile:ms:1 /cpu == 0/ { $a = 0; print(5 / $a); print(5 % $a); $x = 5; $x /= $a; print($x); exit(); }",
    "1\n1\n1\n\n\n",
  ],
  ["array out of bounds", "interval:ms:1 { $a = (uint8[4])5; $i = 7; print($a[$i]); $i = 0; print($a[$i]); exit(); }", "0\n5\n\n\n"],
  [
    "macaddr of a number's bytes",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $a = (uint8[6])5; print(macaddr($a)); print((uint8[3])1); print((uint16[2])5); exit(); }",
    "05:00:00:00:00:00\n[1,0,0]\n[5,0]\n\n\n",
  ],
  [
    "str of a literal",
    'rawtracepoint:sys_enter /cpu == 0/ { print(str("hello", 3)); print(str("abcdefg", 3)); $s = "hello"; print(str($s, 2)); print(sizeof(str("hello", 3))); exit(); }',
    "hel\nabc\nh\n4\n\n\n",
  ],
  [
    "pton",
    'profile:ms:1 /cpu == 0/ { print(pton("127.0.0.1")); print(pton("::1")); print(ntop(pton("1.2.3.4"))); print(sizeof(pton("::1"))); print(ntop(pton("ffee:ddcc:bbaa:9988:7766:5544:3322:1100"))); exit(); }',
    "[127,0,0,1]\n[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]\n1.2.3.4\n16\nffee:ddcc:bbaa:9988:7766:5544:3322:1100\n\n\n",
  ],
  [
    "signal names",
    "interval:ms:1 { print(signal_name(1)); print(signal_name(9)); print(signal_name(0)); print(signal_name(31)); print(signal_name(64)); print(signal_name(65)); exit(); }",
    "Hangup\nKilled\nUnknown signal 0\nBad system call\nReal-time signal 30\nN/A\n\n\n",
  ],
  [
    "never assigned",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(@n); print(@t); print(@s); if (pid == 0 && pid == 1) { @n = 5; @t = (1, "a"); @s = "x"; } exit(); }',
    "@n: 0\n@t: (0, )\n@s: \n\n\n",
  ],
  [
    "integers of all widths",
    "rawtracepoint:sys_enter /cpu == 0/ { print((int8)255); print((uint8)-1); print((int16)70000); print((uint32)-1); print((int32)4294967295); print((uint64)-1); exit(); }",
    "-1\n255\n4464\n4294967295\n-1\n18446744073709551615\n\n\n",
  ],
  [
    "arithmetic",
    "profile:ms:1 /cpu == 0/ { print(7 / 2); print(7 % 3); print(-7 + 2); print(1 << 10); print(0xff & 0x0f); print(5 ^ 3); print(5 | 8); print(~0); exit(); }",
    "3\n1\n-5\n1024\n15\n6\n13\n18446744073709551615\n\n\n",
  ],
  [
    "comparison",
    "interval:ms:1 { print(1 < 2); print(2 <= 1); print(-1 < 1); print((uint64)5 > 3); print(5 == 5); print(5 != 5); print(!0); print(!5); exit(); }",
    "true\nfalse\ntrue\ntrue\ntrue\nfalse\ntrue\nfalse\n\n\n",
  ],
  [
    "logic",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(1 && 0); print(1 || 0); print(0 || 0); print(1 && 2 && 3); $a = 5; print($a > 3 && $a < 7); exit(); }",
    "false\ntrue\nfalse\ntrue\ntrue\n\n\n",
  ],
  [
    "ternary",
    'rawtracepoint:sys_enter /cpu == 0/ { print(1 ? 2 : 3); print(0 ? "a" : "bcd"); $x = 5; print($x > 3 ? "big" : "small"); print($x ?: 7); exit(); }',
    "2\nbcd\nbig\n5\n\n\n",
  ],
  [
    "if and else",
    'profile:ms:1 /cpu == 0/ { if (pid == 0 && tid != 0) { print("a"); } else if (1) { print("b"); } else { print("c"); } exit(); }',
    "b\n\n\n",
  ],
  ["unroll", "interval:ms:1 { $i = 0; unroll(5) { $i += 2; } print($i); exit(); }", "10\n\n\n"],
  [
    "while",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $i = 0; while ($i < 5) { $i++; if ($i == 3) { continue; } if ($i == 5) { break; } print($i); } exit(); }",
    "1\n2\n4\n\n\n",
  ],
  [
    "range",
    "rawtracepoint:sys_enter /cpu == 0/ { $s = 0; for ($i : 0..10) { if ($i == 7) { break; } $s += $i; } print($s); exit(); }",
    "21\n\n\n",
  ],
  ["long range", "profile:ms:1 /cpu == 0/ { $s = 0; for ($i : 0..1000) { $s += $i; } print($s); exit(); }", "499500\n\n\n"],
  [
    "nested ranges",
    "interval:ms:1 { $s = 0; for ($i : 0..5) { for ($j : 0..50) { if ($j > $i) { break; } $s++; } } print($s); exit(); }",
    "15\n\n\n",
  ],
  [
    "tuples",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $t = (1, (2, "x"), -3); print($t.1.0); print($t.1); print($t); print(sizeof($t)); exit(); }',
    "2\n(2, x)\n(1, (2, x), -3)\n5\n\n\n",
  ],
  [
    "records",
    'rawtracepoint:sys_enter /cpu == 0/ { $r = (a=1, b=(c="x", d=2)); print($r.b.c); print($r); exit(); }',
    "x\n{ .a = 1, .b = { .c = x, .d = 2 } }\n\n\n",
  ],
  [
    "scalar maps",
    'profile:ms:1 /cpu == 0/ { @a = 5; @b = "text"; @c = (1, 2); print(@a); print(@b); print(@c.1); exit(); }',
    "@a: 5\n@b: text\n2\n\n\n@a: 5\n@b: text\n@c: (1, 2)\n",
  ],
  ["keyed maps", "interval:ms:1 { @a[1] = 10; @a[1] += 5; @a[1] = 7; print(@a[1]); print(@a[9]); exit(); }", "7\n0\n\n\n@a[1]: 7\n"],
  [
    "tuple keys",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { @a[1, "x"] = 10; print(@a[1, "x"]); print(@a[(1, "x")]); print(@a[2, "y"]); exit(); }',
    "10\n10\n0\n\n\n@a[1, x]: 10\n",
  ],
  ["text keys", 'rawtracepoint:sys_enter /cpu == 0/ { @a["bb"] = 2; print(@a["bb"]); print(@a["zz"]); exit(); }', "2\n0\n\n\n@a[bb]: 2\n"],
  [
    "deleting",
    "profile:ms:1 /cpu == 0/ { @a[1] = 1; @a[2] = 2; print(delete(@a, 1)); print(delete(@a, 7)); print(len(@a)); exit(); }",
    "true\nfalse\n1\n\n\n@a[2]: 2\n",
  ],
  [
    "printf integers",
    'interval:ms:1 { printf("%d %u %x %X %o %c %ld %lu %lx\\n", -1, 5, 255, 255, 8, 65, -5, 5, 255); exit(); }',
    "-1 5 ff FF 10 A -5 5 ff\n\n\n",
  ],
  [
    "printf widths",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { printf("[%5d] [%-5d] [%05d] [%5s] [%-5s] [%+d]\\n", 42, 42, 42, "ab", "ab", 7); exit(); }',
    "[   42] [42   ] [00042] [   ab] [ab   ] [+7]\n\n\n",
  ],
  [
    "printf values",
    'rawtracepoint:sys_enter /cpu == 0/ { printf("%s %s %s %p\\n", (1, "x"), true, BPF_MAP_TYPE_HASH, 255); exit(); }',
    "(1, x) true BPF_MAP_TYPE_HASH 0xff\n\n\n",
  ],
  [
    "printf buffers",
    'profile:ms:1 /cpu == 0/ { printf("%r %rx %rh\\n", buf("a\\x01b", 3), buf("ab", 2), buf("ab", 2)); exit(); }',
    "a\\x01b \\x61\\x62 61 62\n\n\n",
  ],
  [
    "strings",
    'interval:ms:1 { print(strlen("abc")); print(strstr("hello", "lo")); print(strcontains("hello", "ell")); print(strncmp("abc", "abd", 2)); print(str_concat("a", "b")); print(strcap("abc")); exit(); }',
    "3\n3\ntrue\n0\nab\n4\n\n\n",
  ],
  [
    "string comparison",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $s = "abc"; print($s == "abc"); print($s != "abc"); print($s == "abd"); print("a" == "a"); exit(); }',
    "true\nfalse\nfalse\ntrue\n\n\n",
  ],
  [
    "indexing texts",
    'rawtracepoint:sys_enter /cpu == 0/ { $s = "hello"; print($s[1]); $i = 4; print($s[$i]); print("/"[0]); exit(); }',
    "101\n111\n47\n\n\n",
  ],
  [
    "names of numbers",
    "profile:ms:1 /cpu == 0/ { print(strerror(2)); print(syscall_name(0)); print(syscall_name(999)); exit(); }",
    "No such file or directory\nread\nUnknown syscall\n\n\n",
  ],
  ["bswap", "interval:ms:1 { print(bswap((uint16)0x1234)); print(bswap((uint32)0x12345678)); exit(); }", "13330\n2018915346\n\n\n"],
  [
    "network addresses",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(ntop(0x0100007f)); print(ntop(2, 0x0100007f)); print(ntop(pton("::1"))); exit(); }',
    "127.0.0.1\n127.0.0.1\n::1\n\n\n",
  ],
  [
    "process",
    "rawtracepoint:sys_enter /cpu == 0/ { print(pid == curtask.tgid); print(tid == curtask.pid); print(comm == curtask.comm); print(ppid == curtask.real_parent.tgid); print(uid < 100000); print(cpu < ncpus); exit(); }",
    "true\ntrue\ntrue\ntrue\ntrue\ntrue\n\n\n",
  ],
  [
    "chains of kernel structs",
    "profile:ms:1 /cpu == 0/ { print(curtask.group_leader.pid == curtask.tgid); print(curtask->real_parent->tgid == ppid); print(leader_tid == curtask.group_leader.pid); exit(); }",
    "true\ntrue\ntrue\n\n\n",
  ],
  [
    "sizes and offsets",
    "interval:ms:1 { print(sizeof(struct list_head)); print(offsetof(struct list_head, prev)); print(sizeof(int32)); print(sizeof(uint16)); print(offsetof(struct path, dentry)); exit(); }",
    "16\n8\n4\n2\n8\n\n\n",
  ],
  [
    "let",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { let $a: int16 = 5; $a = 300; print($a); let $b; $b = "x"; print($b); let $c = (1, 2); print($c.1); exit(); }',
    "300\nx\n2\n\n\n",
  ],
  [
    "increment",
    "rawtracepoint:sys_enter /cpu == 0/ { $a = 5; print($a++); print(++$a); print($a--); print(--$a); @m = 5; print(@m++ >= 5); @m = 5; exit(); }",
    "5\n7\n7\n5\ntrue\n\n\n@m: 5\n",
  ],
  [
    "compound assignment",
    "profile:ms:1 /cpu == 0/ { $a = 10; $a += 5; $a -= 3; $a *= 2; $a <<= 1; $a >>= 2; $a |= 1; $a &= 13; $a ^= 2; print($a); exit(); }",
    "15\n\n\n",
  ],
  [
    "block as a value",
    "interval:ms:1 { $x = { $y = 5; $y + 1 }; print($x); $z = if (1) { 7 } else { 8 }; print($z); exit(); }",
    "6\n7\n\n\n",
  ],
  [
    "durations",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(1s); print(5ms); print(2us); print(1m); print(10ns); print(1h); exit(); }",
    "1000000000\n5000000\n2000\n60000000000\n10\n3600000000000\n\n\n",
  ],
  [
    "literals",
    'rawtracepoint:sys_enter /cpu == 0/ { print(0x1f); print(010); print(1_000_000); print(2e3); print("\\x41\\102\\t|"); exit(); }',
    "31\n8\n1000000\n2000\nAB\t|\n\n\n",
  ],
  ["timestamps", "profile:ms:1 /cpu == 0/ { print(nsecs > 0); print(elapsed >= 0); exit(); }", "true\ntrue\n\n\n"],
  [
    "arrays",
    "interval:ms:1 { $a = (uint8[8])0x0807060504030201; $i = 3; print($a[$i]); print($a); print((uint64)$a); exit(); }",
    "4\n[1,2,3,4,5,6,7,8]\n578437695752307201\n\n\n",
  ],
  [
    "probe kind",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(probetype); print(probe); exit(); }",
    "tracepoint\ntracepoint:raw_syscalls:sys_enter\n\n\n",
  ],
  ["discard", "rawtracepoint:sys_enter /cpu == 0/ { _ = delete(@a, 5); @a[1] = 1; print(len(@a)); exit(); }", "1\n\n\n@a[1]: 1\n"],
  [
    "bool",
    "profile:ms:1 /cpu == 0/ { $b = true; print($b); print($b == false); print((1 == 1) == true); @b = $b; print(sizeof($b)); exit(); }",
    "true\nfalse\ntrue\n1\n\n\n@b: true\n",
  ],
  [
    "pointers",
    "interval:ms:1 { $p = (int32 *)0; print($p); $q = $p + 2; print($q); print((uint64)$q); print($q == $p); exit(); }",
    "0x0\n0x8\n8\nfalse\n\n\n",
  ],
  [
    "kptr and uptr",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(kptr((uint8 *)5)); print(uptr(7)); print(*kptr((uint8 *)curtask) >= 0); exit(); }",
    "0x5\n7\ntrue\n\n\n",
  ],
  [
    "empty text",
    'rawtracepoint:sys_enter /cpu == 0/ { $e = ""; print($e == ""); printf("[%s]\\n", $e); print(strlen($e)); exit(); }',
    "true\n[]\n0\n\n\n",
  ],
  ["errorf", 'interval:ms:1 { errorf("bad %d", 5); warnf("careful %s", "x"); print(1); exit(); }', "1\n\n\n"],
  [
    "macro-like nesting",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $x = (1 ? (2 ? 3 : 4) : 5); print($x); print(-(-5)); print(~~5); print(!!5); exit(); }",
    "3\n5\n5\ntrue\n\n\n",
  ],
  [
    "text in a tuple in a map",
    'rawtracepoint:sys_enter /cpu == 0/ { @a[1] = ("x", 5); @a[1] = ("longer", 6); print(@a[1]); exit(); }',
    "(longer, 6)\n\n\n@a[1]: (longer, 6)\n",
  ],
  [
    "widening",
    'profile:ms:1 /cpu == 0/ { $x = 5; $x = 70000; print($x); print(sizeof($x)); $t = (1, "a"); $t = (300, "abc"); print($t); exit(); }',
    "70000\n4\n(300, abc)\n\n\n",
  ],
  [
    "negative literals",
    "interval:ms:1 { print(-128); print(-129); print(sizeof(-128)); print(sizeof(200)); print(-9223372036854775807); exit(); }",
    "-128\n-129\n1\n2\n-9223372036854775807\n\n\n",
  ],
  [
    "large literals",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(0xffffffffffffffff); print(9223372036854775807); print(0x7fffffff); print(sizeof(0xffffffff)); exit(); }",
    "18446744073709551615\n9223372036854775807\n2147483647\n8\n\n\n",
  ],
  [
    "mixed signs",
    "profile:ms:1 /cpu == 0/ { $u = (uint64)5; $i = 3; print($i - $u); print($u - $i); print((uint8)5 - (uint8)6); print($i * -1); exit(); }",
    "-2\n2\n-1\n-3\n\n\n",
  ],
  [
    "modulo and division",
    "interval:ms:1 { $a = (uint64)17; print($a / 5); print($a % 5); print(100 / (uint8)7); exit(); }",
    "3\n2\n14\n\n\n",
  ],
  [
    "pid twice",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(pid(init) == pid); print(tid(init) == tid); exit(); }",
    "true\ntrue\n\n\n",
  ],
  [
    "tuple equality",
    'rawtracepoint:sys_enter /cpu == 0/ { print((1, 2) == (1, 2)); $a = (1, "abc", (2, 3)); $b = (1, "abc", (2, 3)); print($a == $b); print($a != $b); exit(); }',
    "true\ntrue\nfalse\n\n\n",
  ],
  [
    "array equality",
    "profile:ms:1 /cpu == 0/ { $a = (int8[8])1; $b = (int8[8])1; $c = (int8[8])2; print($a == $b); print($a == $c); exit(); }",
    "true\nfalse\n\n\n",
  ],
  [
    "casts to arrays",
    'interval:ms:1 { $a = (uint8[])(uint32)0x01020304; print($a); print((uint32)$a); $b = (int8[])"abcd"; print($b); exit(); }',
    "[4,3,2,1]\n16909060\n[97,98,99,100,0]\n\n\n",
  ],
  [
    "nested ifs",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $a = 5; if ($a > 3) { if ($a > 4) { if ($a > 5) { print("no"); } else { print("five"); } } } exit(); }',
    "five\n\n\n",
  ],
  ["early return", 'rawtracepoint:sys_enter /cpu == 0/ { print("one"); if (1) { exit(); } print("two"); }', "one\n\n\n"],
  ["exit code is kept", 'profile:ms:1 /cpu == 0/ { print("x"); exit(0); exit(); }', "x\n\n\n"],
  ["scopes", "interval:ms:1 { $a = 1; if (1) { $b = $a + 1; print($b); } { let $c = 7; print($c); } exit(); }", "2\n7\n\n\n"],
  [
    "octal and hex escapes",
    'tracepoint:raw_syscalls:sys_enter /cpu == 0/ { printf("\\x41\\102\\t|\\n"); print("a\\"b"); exit(); }',
    'AB\t|\na"b\n\n\n',
  ],
  ["gfp flags", 'rawtracepoint:sys_enter /cpu == 0/ { printf("%gr\\n", 0xcc0); exit(); }', "GFP_KERNEL\n\n\n"],
  ["numbers as characters", 'profile:ms:1 /cpu == 0/ { printf("%c%c%c\\n", 72, 105, 33); exit(); }', "Hi!\n\n\n"],
  [
    "sums of arguments",
    "interval:ms:1 { $x = 1 + 2 * 3 - 4 / 2; print($x); print((1 + 2) * 3); print(2 + 3 == 5 && 1); exit(); }",
    "5\n9\ntrue\n\n\n",
  ],
  [
    "comparison of widths",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $a = (int8)-1; $b = (uint8)255; print($a == $b); print($a < $b); print((uint8)$a == $b); exit(); }",
    "false\ntrue\ntrue\n\n\n",
  ],
  [
    "comm of the parent",
    "profile:ms:1 /cpu == 0/ { print(pcomm == curtask.real_parent.comm); print(leader_comm == curtask.group_leader.comm); exit(); }",
    "true\ntrue\n\n\n",
  ],
  ["kernel bitfields", "interval:ms:1 { print(curtask.sched_reset_on_fork); print(curtask.in_execve); exit(); }", "0\n0\n\n\n"],
  [
    "memory through pointers",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { $p = (uint8 *)curtask->comm; print($p[0] == comm[0]); print(*$p == $p[0]); $q = $p + 1; print(*$q == $p[1]); exit(); }",
    "true\ntrue\ntrue\n\n\n",
  ],
  [
    "strings of the kernel",
    "rawtracepoint:sys_enter /cpu == 0/ { print(curtask->comm == comm); $x = curtask->comm; print($x == comm); print(sizeof($x)); exit(); }",
    "true\ntrue\n16\n\n\n",
  ],
  [
    "numa node and jiffies",
    "profile:ms:1 /cpu == 0/ { print(numaid >= 0); print(jiffies > 0); print(ncpus > 0); print(rand >= 0); exit(); }",
    "true\ntrue\ntrue\ntrue\n\n\n",
  ],
  ["cgroup", "interval:ms:1 { print(cgroup > 0); print(cgroup == cgroup); exit(); }", "true\ntrue\n\n\n"],
  [
    "is_err",
    "tracepoint:raw_syscalls:sys_enter /cpu == 0/ { print(is_err(curtask)); print(is_err((uint64)0)); print(is_err((int8 *)(uint64)-5)); exit(); }",
    "false\nfalse\ntrue\n\n\n",
  ],
];

/** Script and what its warnings must hold: where the run goes wrong, in the words of the peer. */
const warnings: [name: string, options: string[], script: string, stderr: string[]][] = [
  [
    "a full map",
    [],
    "let @a = hash(2); interval:ms:1 { @a[1] = 1; @a[2] = 1; @a[3] = 1; @a[4]++; exit(); }",
    [
      "stdin:1:57-66: WARNING: Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map declaration e.g. `let @a = hash(5000)`\nAdditional Info - helper: map_update_elem, retcode: -7\n",
      "stdin:1:68-75: WARNING: Map full;",
    ],
  ],
  [
    "a key that is missing, with -k",
    ["-k"],
    "interval:ms:1 { @a[1] = 1; print(@a[2]); exit(); }",
    [
      "stdin:1:34-39: WARNING: Can't lookup map element because it does not exist.\nAdditional Info - helper: map_lookup_elem, retcode: 0\n",
    ],
  ],
  [
    "memory that cannot be read, with -k",
    ["-k"],
    "interval:ms:1 { print(*(uint64*)kptr((uint8*)5)); print(str(kptr(5))); exit(); }",
    [
      "WARNING: Numerical result out of range\nAdditional Info - helper: probe_read_kernel, retcode: -34\n",
      "WARNING: Numerical result out of range\nAdditional Info - helper: probe_read_kernel_str, retcode: -34\n",
    ],
  ],
  [
    "division by zero",
    [],
    "interval:ms:1 { $a = 0; print(5 / $a); exit(); }",
    ["stdin:1:31-37: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.\n"],
  ],
  [
    "an index out of bounds",
    [],
    "interval:ms:1 { $a = (uint8[4])5; $i = 7; print($a[$i]); exit(); }",
    ["stdin:1:49-55: WARNING: Array access out of bounds. This can lead to unexpected results.\n"],
  ],
];

function run(script: string, options: string[] = []): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((done, fail) => {
    const child = spawn("node", [bpfcast, "-q", ...options, "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", fail);
    child.on("close", (code) => done({ code, output, errors }));
  });
}

/** Scripts that run at a time. */
const TOGETHER = 4;

for (let first = 0; first < rows.length; first += TOGETHER) {
  const batch = rows.slice(first, first + TOGETHER);
  test(batch.map(([name]) => name).join("; "), async () => {
    const results = await Promise.all(batch.map(([, script]) => run(script)));
    results.forEach(({ code, output, errors }, index) => {
      const [name, script, expected] = batch[index] as (typeof rows)[number];
      assert.is(output, expected, `${name}\n${script}\n${errors}`);
      assert.is(code, 0, script);
    });
  });
}

for (const [name, options, script, stderr] of warnings) {
  test(name, async () => {
    const { errors } = await run(script, options);
    for (const text of stderr) assert.match(errors, text);
  });
}

test("assert() names its place in the library, as the peer's does", async () => {
  const { code, output, errors } = await run(
    'interval:ms:1 { assert(pid != 0 || 1, "never"); print("x"); assert(1 == 0, "now"); print("after"); }',
  );
  assert.is(code, 1);
  assert.is(output, "x\n\n\n");
  assert.match(errors, "stdlib/base.bt:6:5-37: ERROR: assert failed: now\nstdin:1:61-82: ERROR: expanded from\n");
});

test("nothing runs behind exit()", async () => {
  const { output } = await run("interval:ms:1 { @n++; if (@n == 3) { exit(); } }");
  assert.is(output, "\n\n@n: 3\n");
});

test("the address of a map, and one of a variable as a key", async () => {
  const { output } = await run("interval:ms:1 { @a = 5; print(&@a != 0); $x = 5; @k[&$x != 0] = 1; exit(); }");
  assert.is(output, "true\n\n\n@a: 5\n@k[true]: 1\n");
});

test("a return inside loops leaves the probe", async () => {
  const { output } = await run(
    'interval:ms:1 { for ($i : 0..100) { for ($j : 0..100) { if ($j == 3) { print(($i, $j)); if ($i == 1) { @r = 1; return; } break; } } } print("end"); } interval:ms:1 { if (@r == 1) { exit(); } }',
  );
  assert.match(output, "(0, 3)\n(1, 3)\n");
  assert.not.match(output, "end");
});

test("build ids of a process's stack", async () => {
  const { output } = await run(
    "uprobe:libc:malloc /pid == cpid/ { print(ustack(build_id, 1)); print(sizeof(ustack(build_id, 2))); exit(); }",
    ["-c", "/bin/true"],
  );
  assert.match(output, /^\n[0-9a-f]{40} 0x[0-9a-f]+\n\n80\n/);
});

check.run();
