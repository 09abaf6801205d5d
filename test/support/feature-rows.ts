// The language row by row: each row of the tables of what bpftrace's language has (syntax L, V, C; builtins B; functions F; aggregations A;
// rules of types T; the rest by name) with a script and what it prints. The expected texts were recorded from the peer (0.27.1), except
// of the rows marked `ours`: there the peer has nothing, or loses something.

export interface FeatureRow {
  /** Names of the rows, and what they are about. */
  row: string;
  script: string;
  /** Options before the script, words behind it. */
  options?: string[];
  words?: string[];
  /** stdout, the two line ends at the end of a trace included. */
  output: string;
  code?: number;
  /** Why the peer's output is another. */
  ours?: string;
}

export const featureRows: FeatureRow[] = [
  {
    row: "L1 comments",
    script: "// line\n/* block */ begin /* between */ { print(1); // end\n/* * */ }",
    output: "1\n\n\n",
  },
  {
    row: "L2 shebang",
    script: "#!/usr/bin/env bpftrace\nbegin { print(1); }",
    output: "1\n\n\n",
  },
  {
    row: "L3 identifiers",
    script: "begin { $a_1 = 1; @b2[$a_1] = 2; @ = 3; print($a_1); }",
    output: "1\n\n\n@: 3\n@b2[1]: 2\n",
  },
  {
    row: "L4 integers",
    script: "begin { print((10, 0x1F, 0X1f, 0777, 1e6, 5e3, 1_000_000, 9223372036854775807, 18446744073709551615)); }",
    output: "(10, 31, 31, 511, 1000000, 5000, 1000000, 9223372036854775807, 18446744073709551615)\n\n\n",
  },
  {
    row: "L5 suffixes",
    script: "begin { print((1u, 2ul, 3ull, 4l, 5ll)); }",
    output: "(1, 2, 3, 4, 5)\n\n\n",
  },
  {
    row: "L6 durations",
    script: "begin { print((1ns, 2us, 3ms, 4s, 5m, 6h, 7d)); }",
    output: "(1, 2000, 3000000, 4000000000, 300000000000, 21600000000000, 604800000000000)\n\n\n",
  },
  {
    row: "L7 strings",
    script: 'begin { print("a\\tb\\n\\x41\\101\\"q\\\\"); print("\\X42"); }',
    output: 'a\tb\nAA"q\\\nB\n\n\n',
  },
  {
    row: "L8 booleans",
    script: "begin { print(true); print(false); print(true == 1 > 0); }",
    output: "true\nfalse\ntrue\n\n\n",
  },
  {
    row: "L9 characters",
    script: 'begin { print("/"[0]); if ("abc"[1] == "b"[0]) { print("b"); } }',
    output: "47\nb\n\n\n",
  },
  {
    row: "L10 floats (ours: filters)",
    script: 'begin { if (3 * 0.5 > 1.4) { print("more"); } }',
    output: "more\n\n\n",
    ours: "bpftrace has no decimals",
  },
  {
    row: "L11 keywords",
    script: "begin { $comptime_ = 1; $if_ = 2; print($comptime_ + $if_); }",
    output: "3\n\n\n",
  },
  {
    row: "L12 reserved names",
    script: "macro m(nsecs_) { nsecs_ } begin { print(m(4)); }",
    output: "4\n\n\n",
  },
  {
    row: "2.2 program order",
    script:
      '#define N 3\nstruct s { int a; };\nconfig = { max_strlen = 16 }\nlet @m = hash(4);\nmacro twice(x) { x * 2 }\nbegin { print(twice(N)); print(sizeof(struct s)); @m[1] = 1; }\nend { print("end"); }',
    output: "6\n4\nend\n\n\n@m[1]: 1\n",
  },
  {
    row: "2.2 several attach points",
    script: "begin, end, { print(probe); }",
    output: "begin\nend\n\n\n",
  },
  {
    row: "2.2 names of probes",
    script: "name=begin { print(probe); }",
    output: "begin\n\n\n",
  },
  {
    row: "2.3 predicates",
    script: 'begin /1 == 1/ { print("yes"); } begin /0/ { print("no"); } begin /(6 \\/ 2)/ { print(1); }',
    output: "",
    code: 1,
  },
  {
    row: "2.3 predicate of a tracepoint",
    script: 'tracepoint:raw_syscalls:sys_enter /comm != "" && 1 > 0/ { @seen = max(1); exit(); }',
    output: "\n\n@seen: 1\n",
  },
  {
    row: "2.4 preprocessor",
    script:
      "#define A 2\n#define B (A + 3)\n#if defined(A) && A > 1\n#define C 1\n#else\n#define C 2\n#endif\n#ifndef NOSUCH\n#define D 7\n#endif\n#undef NOSUCH\nbegin { print(B); print(C); print(D); }",
    output: "5\n1\n7\n\n\n",
  },
  {
    row: "2.4 structs, unions, bitfields",
    script:
      "struct inner { short x; char y; }; struct outer { int a; struct inner b; union { int u; char c[4]; }; unsigned int f : 3, g : 5; long l; }; union both { int i; long l; };\nbegin { print((sizeof(struct inner), sizeof(struct outer), sizeof(union both), offsetof(struct outer, b.y), offsetof(struct outer, c), offsetof(struct outer, l))); }",
    output: "(4, 24, 8, 6, 8, 16)\n\n\n",
  },
  {
    row: "2.4 attributes",
    script: "struct p { char a; int b; } __attribute__((packed)); begin { print(sizeof(struct p)); }",
    output: "5\n\n\n",
  },
  {
    row: "2.4 enums",
    script:
      'enum color { RED, GREEN = 5, BLUE }; begin { print(BLUE); $c = (enum color)5; print($c); printf("%s %d\\n", $c, $c); @[$c] = 1; }',
    output: "BLUE\nGREEN\nGREEN 5\n\n\n@[GREEN]: 1\n",
  },
  {
    row: "2.4 kernel enums and types",
    script: "begin { print(sizeof(pid_t)); print(sizeof(struct list_head)); print(PIDTYPE_SID); }",
    output: "4\n16\nPIDTYPE_SID\n\n\n",
  },
  {
    row: "V1 variables",
    script: "begin { $x = 5; if (1) { $y = $x + 1; print($y); } $x = $x * 2; print($x); }",
    output: "6\n10\n\n\n",
  },
  {
    row: "V2 let",
    script:
      "begin { let $a; $a = 1; let $b = 2; let $c : uint16; $c = 3; let $d : int64 = 4; let $e : typeof($d) = 5; print(($a, $b, $c, $d, $e)); print(sizeof($e)); }",
    output: "(1, 2, 3, 4, 5)\n8\n\n\n",
  },
  {
    row: "V3 scalar maps",
    script: "begin { @x = 1; @x = @x + 4; print(@x); }",
    output: "@x: 5\n\n\n@x: 5\n",
  },
  {
    row: "V4 keyed maps",
    script: 'begin { @x[1] = 2; @y[(2, "b")] = 4; print(@y[2, "b"]); }',
    output: "4\n\n\n@x[1]: 2\n@y[2, b]: 4\n",
  },
  {
    row: "V5 declarations of maps",
    script:
      "let @a = hash(2); let @b = lruhash(2); let @c = percpuhash(2); let @d = percpulruhash(2);\nbegin { @a[1] = 1; @b[1] = 2; @c[1] = count(); @d[1] = sum(5); }",
    output: "\n\n@a[1]: 1\n@b[1]: 2\n@c[1]: 1\n@d[1]: 5\n",
  },
  {
    row: "V6 missing keys",
    script: 'begin { print(@x[5]); @x[1] = 1; $y = @x[2]; print($y); @s["a"] = "text"; print(@s["b"]); }',
    output: "0\n0\n\n\n\n@s[a]: text\n@x[1]: 1\n",
  },
  {
    row: "V7 assignments",
    script:
      "begin { $a = 10; $a += 5; $a -= 3; $a *= 2; $a /= 3; $a %= 5; $a &= 7; $a |= 8; $a ^= 3; $a <<= 2; $a >>= 1; print($a); @m += 2; @m++; ++@m; @m--; print(@m); @k[1] *= 3; @k[2]++; }",
    output: "16\n@m: 3\n\n\n@k[1]: 0\n@k[2]: 1\n@m: 3\n",
  },
  {
    row: "V8 discard",
    script: "begin { _ = 5; _ = pid; print(1); }",
    output: "1\n\n\n",
  },
  {
    row: "V9 addresses",
    script: "begin { $x = 7; $p = &$x; print(*$p); @m = 3; $q = &@m; print(1); }",
    output: "7\n1\n\n\n@m: 3\n",
  },
  {
    row: "V10 per thread",
    script: 'begin { @t[tid] = nsecs; if (@t[tid] != 0) { print("kept"); } delete(@t, tid); }',
    output: "kept\n\n\n",
  },
  {
    row: "V11 per-CPU counts",
    script: "begin { @c = count(); @c = count(); @s = sum(4); @s = sum(5); print((int64)@c); print((int64)@s); }",
    output: "2\n9\n\n\n@c: 2\n@s: 9\n",
  },
  {
    row: "2.6 macros",
    script:
      "macro inc($v, n) { $v += n; $v } macro fill(@m, k) { @m[k] = k * 2; } macro pick(c, a, b) { c ? a : b }\nbegin { $x = 1; print(inc($x, 4)); print($x); fill(@z, 3); print(pick(0, 1, 2)); }",
    output: "5\n5\n2\n\n\n@z[3]: 6\n",
  },
  {
    row: "2.6 overloads",
    script: "macro o(a) { a } macro o(a, b) { a + b } begin { print(o(1)); print(o(1, 2)); }",
    output: "1\n3\n\n\n",
  },
  {
    row: "2.6 hygiene",
    script: "macro h(x) { let $t = x; $t + 1 } begin { $t = 10; print(h($t)); print($t); }",
    output: "11\n10\n\n\n",
  },
  {
    row: "2.6 types as arguments",
    script: "macro size(T) { sizeof(T) } begin { print(size(typeof(int32))); }",
    output: "4\n\n\n",
  },
  {
    row: "2.6 a script's macro before the library's",
    script: 'macro strlen(x) { 42 } begin { print(strlen("abc")); }',
    output: "42\n\n\n",
  },
  {
    row: "2.6 comptime",
    script: 'begin { if comptime (probetype == "special") { print("special"); } else { nosuch(1); } print(comptime (1 + 2)); }',
    output: "special\n3\n\n\n",
  },
  {
    row: "C1 if",
    script:
      'begin { if 1 > 0 { print("a"); } else if (2 > 1) { print("b"); } else { print("c"); } $x = if (0) { 1 } else { 2 }; print($x); }',
    output: "",
    code: 1,
  },
  {
    row: "C2 ternary",
    script: 'begin { print(1 > 0 ? "a" : "b"); print(0 ?: 5); print(3 ?: 5); print(1 ? 0 ? 1 : 2 : 3); }',
    output: "a\n5\n3\n2\n\n\n",
  },
  {
    row: "C3 block expressions",
    script: "begin { $x = { let $y = 2; $y * 3 }; print($x); }",
    output: "6\n\n\n",
  },
  {
    row: "C4 ranges",
    script:
      'begin { for ($i : 0..3) { print($i); } $n = 2; for ($i : $n..4) { $s = $i; print($s); } for ($i : 0..100) { if ($i == 50) { print("half"); } } }',
    output: "0\n1\n2\n2\n3\nhalf\n\n\n",
  },
  {
    row: "C5 maps",
    script:
      'begin { @m[1] = 10; for ($kv : @m) { print($kv); print($kv.0 + $kv.1); } @c["a"] = count(); for ($kv : @c) { print(($kv.0, $kv.1)); } }',
    output: "(1, 10)\n11\n(a, 1)\n\n\n@c[a]: 1\n@m[1]: 10\n",
  },
  {
    row: "C6 unroll",
    script: "begin { unroll(3) { @n++; } print(@n); }",
    output: "@n: 3\n\n\n@n: 3\n",
  },
  {
    row: "C7 while",
    script: "begin { $i = 0; while ($i < 3) { $i++; } print($i); }",
    output: "3\n\n\n",
  },
  {
    row: "C8 break, continue, return",
    script: "begin { for ($i : 0..5) { if ($i == 1) { continue; } if ($i == 3) { break; } print($i); } return; }",
    output: "0\n2\n\n\n",
  },
  {
    row: "C8 return from a loop over a map",
    script: 'begin { @m[1] = 1; for ($kv : @m) { return; } print("never"); }',
    output: "\n\n@m[1]: 1\n",
  },
  {
    row: "C10 unreachable",
    script: "begin { print(1); return; print(2); }",
    output: "1\n\n\n",
  },
  {
    row: "2.8 postfix",
    script:
      "begin { $t = (1, (2, 3)); print($t.1.0); $r = (a=5, b=6); print($r.b); $a = (uint8[4])1; print($a[0]); $i = 3; print($i++); print($i--); print($i); }",
    output: "2\n6\n1\n3\n4\n3\n\n\n",
  },
  {
    row: "2.8 prefix",
    script: "begin { $i = 3; print(-$i); print(!$i); print(~$i); print(++$i); print(--$i); print((uint8)300); print(sizeof($i)); }",
    output: "-3\nfalse\n-4\n4\n3\n44\n8\n\n\n",
  },
  {
    row: "2.8 arithmetic",
    script:
      "begin { print(7 * 3); print(7 / 2); print(7 % 4); print(7 + 3 - 5); $a = 7; $b = 2; print($a / $b); print($a % $b); print($a - 10); }",
    output: "21\n3\n3\n5\n3\n1\n-3\n\n\n",
  },
  {
    row: "2.8 division by zero",
    script: "begin { $z = (uint64)0; print(5 / $z); print(5 % $z); }",
    output: "1\n1\n\n\n",
  },
  {
    row: "2.8 shifts and bits",
    script: "begin { print(1 << 5); print(256 >> 3); print(12 & 10); print(12 ^ 10); print(12 | 10); $n = -16; print($n >> 2); }",
    output: "32\n32\n8\n6\n14\n4611686018427387900\n\n\n",
  },
  {
    row: "2.8 comparisons",
    script:
      'begin { print(1 < 2); print(2 <= 2); print(3 > 4); print(4 >= 4); print(1 == 1); print(1 != 1); print("a" == "a"); print("a" != "b"); print((1, "x") == (1, "x")); print((a=1) == (a=2)); print((uint8[2])1 == (uint8[2])1); }',
    output: "true\ntrue\nfalse\ntrue\ntrue\nfalse\ntrue\ntrue\ntrue\nfalse\ntrue\n\n\n",
  },
  {
    row: "2.8 logic",
    script: "begin { print(1 && 0); print(1 || 0); print(0 || 0 && 1); }",
    output: "false\ntrue\nfalse\n\n\n",
  },
  {
    row: "2.9 casts",
    script:
      'begin { print((int8)200); print((uint32)-1); print((int32*)16); print((bool)5); print((int64)true); $c = (uint8[8])513; print($c); print((uint64)$c); print((int8[])"ab"); }',
    output: "-56\n4294967295\n0x10\ntrue\n1\n[1,2,0,0,0,0,0,0]\n513\n[97,98,0]\n\n\n",
  },
  {
    row: "2.9 tuples and records",
    script: 'begin { print((1,)); print(()); $t = (1, "a", true); print($t); $r = (x=1, y=(2, 3)); print($r); print($r.y.1); }',
    output: "",
    code: 1,
  },
  {
    row: "2.9 arrays",
    script: 'begin { $a = (uint8[4])0x01020304; print($a); $i = 2; print($a[$i]); $i = 9; print($a[$i]); print("hello"[1]); }',
    output: "[4,3,2,1]\n2\n0\n101\n\n\n",
  },
  {
    row: "2.9 sizeof, offsetof, container_of",
    script:
      "begin { print(sizeof(uint32)); print(sizeof((1, 2))); print(offsetof(struct list_head, prev)); $p = (struct list_head *)8; print((uint64)container_of($p, typeof(struct list_head), prev)); }",
    output: "4\n2\n8\n0\n\n\n",
  },
  {
    row: "2.9 parameters",
    script: 'begin { print($1 + 1); print($2); print(str($2)); print($#); print(getopt("n", 1)); print($3); }',
    words: ["--", "7", "abc", "--n=5"],
    output: "8\nabc\nabc\n2\n5\n0\n\n\n",
  },
  {
    row: "B1 B2 pid, tid",
    script: "begin { print(pid == tid); print(pid() == pid); print(pid(init) > 0); print(tid(curr_ns) > 0); }",
    output: "true\ntrue\ntrue\ntrue\n\n\n",
  },
  {
    row: "B3 comm",
    script: "begin { $c = comm; print($c == comm()); print(sizeof($c)); }",
    output: "true\n16\n\n\n",
  },
  {
    row: "B5 uid, gid",
    script: "begin { print(uid); print(gid); }",
    output: "0\n0\n\n\n",
  },
  {
    row: "B6 username",
    script: "begin { print(username); }",
    output: "root\n\n\n",
  },
  {
    row: "B7 nsecs",
    script:
      "begin { $a = nsecs; print(nsecs - $a < 1000000000); print(nsecs(monotonic) > 0); print(nsecs(tai) > nsecs(boot)); print(nsecs(sw_tai) > nsecs); }",
    output: "true\ntrue\ntrue\ntrue\n\n\n",
  },
  {
    row: "B8 elapsed",
    script: "begin { print(elapsed < 5000000000); }",
    output: "true\n\n\n",
  },
  {
    row: "B9 B10 B11 B12 cpu, ncpus, numaid, jiffies",
    script: "begin { print(cpu < ncpus); print(ncpus > 0); print(numaid); print(jiffies > 0); }",
    output: "true\ntrue\n0\ntrue\n\n\n",
  },
  {
    row: "B13 curtask",
    script: "begin { print(curtask.pid == tid); print(((struct task_struct *)curtask).tgid == pid); }",
    output: "true\ntrue\n\n\n",
  },
  {
    row: "B14 rand",
    script: "begin { $r = rand; print(sizeof($r)); }",
    output: "8\n\n\n",
  },
  {
    row: "B15 cgroup",
    script: "begin { print(cgroup > 0); }",
    output: "true\n\n\n",
  },
  {
    row: "B16 argN",
    script: "uprobe:libc:malloc { @small = max(arg0 < 1000000000 ? 1 : 0); exit(); }",
    output: "\n\n@small: 1\n",
  },
  {
    row: "B17 args",
    script:
      "tracepoint:raw_syscalls:sys_enter { @id = max(args.id >= 0 ? 1 : 0); @same = max(args.args[0] == args.args[0] ? 1 : 0); exit(); }",
    output: "\n\n@id: 1\n@same: 1\n",
  },
  {
    row: "B19 retval",
    script: "uretprobe:libc:malloc { @found = max(retval != 0 ? 1 : 0); exit(); }",
    output: "\n\n@found: 1\n",
  },
  {
    row: "B20 func",
    script: "uprobe:libc:clock_nanosleep /pid == cpid/ { print(func); exit(); }",
    options: ["-c", "sleep 60"],
    output: "clock_nanosleep\n\n\n",
  },
  {
    row: "B21 B22 probe, probetype",
    script: "begin { print(probe); print(probetype); } interval:1ms { print(probe); print(probetype); exit(); }",
    output: "begin\nspecial\ninterval:us:1000\ninterval\n\n\n",
  },
  {
    row: "B23 stacks",
    script: "begin { $k = kstack(3); $u = ustack(2); print(len($k)); print(len($u) > 0); @[kstack(raw, 1)] = count(); clear(@); }",
    output: "3\ntrue\n\n\n",
  },
  {
    row: "B25 cpid",
    script: "begin { print(cpid); }",
    output: "0\n\n\n",
  },
  {
    row: "B26 ppid and its like",
    script:
      "begin { print(ppid == curtask.real_parent.tgid); print(pcomm == curtask.real_parent.comm); print(leader_tid == pid); print(leader_comm == comm); print(ppid(curtask) > 0); }",
    output: "true\ntrue\ntrue\ntrue\ntrue\n\n\n",
  },
  {
    row: "B27 usermode",
    script: "profile:hz:99 { @[usermode] = count(); exit(); } end { print(1); clear(@); }",
    output: "1\n\n\n",
  },
  {
    row: "B28 config",
    script:
      "config = { max_strlen = 99; missing_probes = warn } begin { print(config.max_strlen); print(config.missing_probes); print(config().max_map_keys); }",
    output: "99\nwarn\n4096\n\n\n",
  },
  {
    row: "F1 printf",
    script:
      'begin { printf("%d %u %x %X %o %c %s %p\\n", -5, 7, 255, 255, 8, 65, "text", 4096); printf("[%5d] [%-5d] [%05d] [%+d] [%#x] [%.3d]\\n", 1, 2, 3, 4, 255, 5); printf("%%\\n"); }',
    output: "-5 7 ff FF 10 A text 0x1000\n[    1] [2    ] [00003] [+4] [0xff] [5]\n%\n\n\n",
  },
  {
    row: "F1 printf of wide numbers",
    script: 'begin { printf("%d %ld %lld %hd %hhd %lu\\n", 0x1ffffffff, 0x1ffffffff, -1, 70000, 300, 18446744073709551615); }',
    output: "-1 8589934591 -1 4464 44 18446744073709551615\n\n\n",
  },
  {
    row: "F1 printf of anything",
    script:
      'begin { printf("%s %s %s %s\\n", (1, "a"), (x=1), true, 5ms); printf("%r %rx %rh\\n", buf("a\\x01", 2), buf("ab", 2), buf("ab", 2)); }',
    output: "(1, a) { .x = 1 } true 5000000\na\\x01 \\x61\\x62 61 62\n\n\n",
  },
  {
    row: "F2 errorf, warnf",
    script: 'begin { errorf("bad %d", 1); warnf("hm %s", "x"); }',
    output: "\n\n",
  },
  {
    row: "F3 fail",
    script: 'begin { if comptime (1 == 2) { fail("not reached"); } print(1); }',
    output: "1\n\n\n",
  },
  {
    row: "F5 print",
    script:
      'begin { print(5); print("x"); @m[1] = 1; @m[2] = 3; print(@m[2]); clear(@m); @c["a"] = sum(4); @c["b"] = sum(8); print(@c); print(@c, 1); print(@c, 2, 4); clear(@c); }',
    output: "5\nx\n3\n@c[a]: 4\n@c[b]: 8\n@c[b]: 8\n@c[a]: 1\n@c[b]: 2\n\n\n",
  },
  {
    row: "F6 clear, zero",
    script: "begin { @a[1] = 1; @b[1] = 2; @c = count(); clear(@a); zero(@b); zero(@c); print(@b[1]); }",
    output: "2\n\n\n@b[1]: 0\n@c: 0\n",
  },
  {
    row: "F7 delete",
    script:
      "begin { @a[1] = 1; @a[2] = 2; print(delete(@a, 1)); print(delete(@a, 7)); delete(@a[2]); @s = 4; delete(@s); print(len(@a)); }",
    output: "true\nfalse\n0\n\n\n",
  },
  {
    row: "F8 F9 has_key, find",
    script:
      "begin { @a[1] = 5; print(has_key(@a, 1)); print(has_key(@a, 2)); $v = 0; print(find(@a, 1, $v)); print($v); print(find(@a, 2, $v)); print($v); }",
    output: "true\nfalse\ntrue\n5\nfalse\n5\n\n\n@a[1]: 5\n",
  },
  {
    row: "F10 F11 len, is_scalar",
    script: "begin { @a[1] = (int64)1; @a[2] = 2; @b = 1; print(len(@a)); print(is_scalar(@a)); print(is_scalar(@b)); }",
    output: "2\nfalse\ntrue\n\n\n@a[1]: 1\n@a[2]: 2\n@b: 1\n",
  },
  {
    row: "F12 str",
    script: 'begin { $s = "abcdef"; print(str($s)); print(str($s, 3)); print(str(5)); print(str(0)); }',
    output: "abcdef\nab\n5\n0\n\n\n",
  },
  {
    row: "F13 buf",
    script: 'begin { $s = "abc"; print(buf($s, 2)); $a = (uint8[4])0x44434241; print(buf($a)); }',
    output: "ab\nABCD\n\n\n",
  },
  {
    row: "F16 time",
    script: 'begin { time("fixed\\n"); }',
    output: "fixed\n\n\n",
  },
  {
    row: "F17 strftime",
    script: 'begin { $t = strftime("%Y", nsecs); print(1); print(strftime("x", 0)); }',
    output: "1\nx\n\n\n",
  },
  {
    row: "F18 cat",
    script: 'begin { cat("/proc/sys/kernel/ostype"); cat("/proc/sys/%s/ostype", "kernel"); }',
    output: "Linux\nLinux\n\n\n",
  },
  {
    row: "F19 system",
    script: 'begin { system("echo hi %d", 5); }',
    options: ["--unsafe"],
    output: "hi 5\n\n\n\n",
  },
  {
    row: "F20 exit",
    script: 'begin { print(1); exit(); print(2); } end { print("end"); }',
    output: "1\nend\n\n\n",
  },
  {
    row: "F20 exit with a code",
    script: "begin { exit(7); }",
    output: "\n\n",
    code: 7,
  },
  {
    row: "F21 ksym, usym",
    script: 'begin { print(ksym(0)); print(ksym(kaddr("bpf_prog_test_run_syscall"))); }',
    output: "0\nbpf_prog_test_run_syscall\n\n\n",
  },
  {
    row: "F22 kaddr",
    script: 'begin { print(kaddr("bpf_prog_test_run_syscall") > 0); }',
    output: "true\n\n\n",
  },
  {
    row: "F25 reg",
    script: 'profile:hz:99 { @ip = max(reg("ip") != 0 ? 1 : 0); exit(); }',
    output: "\n\n@ip: 1\n",
  },
  {
    row: "F26 F27 ntop, pton",
    script:
      'begin { print(ntop(0x0100007f)); print(ntop(2, 0x0100007f)); print(ntop(pton("::1"))); print(ntop(10, pton("fe80::1"))); print(pton("1.2.3.4")); }',
    output: "127.0.0.1\n127.0.0.1\n::1\nfe80::1\n[1,2,3,4]\n\n\n",
  },
  {
    row: "F28 macaddr",
    script: "begin { $m = (uint8[8])0x060504030201; print(macaddr($m)); }",
    output: "01:02:03:04:05:06\n\n\n",
    ours: "bpftrace prints zeros for an array that is longer than an address",
  },
  {
    row: "F29 bswap",
    script: "begin { print(bswap((uint16)0x1234)); print(bswap((uint32)0x12345678)); print(bswap((uint64)1)); print(bswap((uint8)5)); }",
    output: "13330\n2018915346\n72057594037927936\n5\n\n\n",
  },
  {
    row: "F31 F32 cgroupid, cgroup_path",
    script: 'begin { print(cgroup_path(cgroup, "nosuch")); print(1); }',
    output: "\n1\n\n\n",
  },
  {
    row: "F33 kptr, uptr",
    script: "begin { print(kptr(curtask).pid == tid); $u = uptr((int32*)16); print($u); }",
    output: "true\n0x10\n\n\n",
  },
  {
    row: "F39 strncmp",
    script: 'begin { print(strncmp("abc", "abd", 2)); print(strncmp("abc", "abd", 3)); }',
    output: "0\n1\n\n\n",
  },
  {
    row: "F40 texts",
    script:
      'begin { print(strlen("abc")); print(strcap("abc")); print(strstr("hello", "ll")); print(strstr("hello", "x") < 0); print(strcontains("hello", "ell")); print(str_concat("ab", "cd")); }',
    output: "3\n4\n2\ntrue\ntrue\nabcd\n\n\n",
  },
  {
    row: "F41 names",
    script: "begin { print(strerror(13)); print(signal_name(15)); }",
    output: "Permission denied\nTerminated\n\n\n",
  },
  {
    row: "F42 memcmp",
    script: 'begin { print(memcmp("abc", "abc", 3)); print(memcmp("abc", "abd", 3)); }',
    output: "0\n-1\n\n\n",
  },
  {
    row: "F43 assert, static_assert",
    script: 'begin { static_assert(1 == 1, "fine"); assert(1 == 1, "fine"); print(1); assert(1 == 2, "broken"); print(2); }',
    output: "1\n\n\n",
    code: 1,
  },
  {
    row: "F44 questions about types",
    script:
      'begin { print((is_str("x"), is_str(1), is_ptr(curtask), is_array((uint8[2])1), is_integer(1), is_unsigned_integer((uint8)1), is_literal(1), is_literal(pid))); print(default_str_length()); }',
    output: "(true, false, true, true, true, true, true, false)\n1024\n\n\n",
  },
  {
    row: "F45 kfunc_exist",
    script: 'begin { print(kfunc_exist("bpf_task_from_pid")); print(kfunc_exist("nosuch")); }',
    output: "true\nfalse\n\n\n",
  },
  {
    row: "F46 getopt",
    script: 'begin { print(getopt("flag")); print(getopt("other")); print(getopt("count", 3)); print(getopt("name", "y", "a text")); }',
    words: ["--", "--flag", "--name=x"],
    output: "true\nfalse\n3\nx\n\n\n",
  },
  {
    row: "F47 typeof",
    script: "begin { $x = (uint16)5; let $y : typeof($x) = 6; print(sizeof($y)); print((typeof($x))70000); }",
    output: "2\n4464\n\n\n",
  },
  {
    row: "F49 per-CPU casts",
    script:
      'begin { @c[1] = count(); @c[1] = count(); @s[1] = sum(3); print((int64)@c[1] + (int64)@s[1]); @a = avg(4); @a = avg(6); print((int64)@a); if (@c[1] > 1) { print("more"); } }',
    output: "5\n5\nmore\n\n\n@a: 5\n@c[1]: 2\n@s[1]: 3\n",
  },
  {
    row: "4.3 printing maps",
    script: 'begin { @a["x"] = (int64)2; @a["y"] = 1; @b[1, "k"] = "v"; @c = (1, 2); @d = true; }',
    output: "\n\n@a[y]: 1\n@a[x]: 2\n@b[1, k]: v\n@c: (1, 2)\n@d: true\n",
  },
  {
    row: "A1 A2 count, sum",
    script: "begin { @c = count(); @c = count(); @s[1] = sum(5); @s[1] = sum(-7); @u = sum((uint64)3); }",
    output: "\n\n@c: 2\n@s[1]: -2\n@u: 3\n",
  },
  {
    row: "A3 A4 min, max",
    script: 'begin { @n = min(5); @n = min(3); @x = max(-5); @x = max(-9); @k["a"] = min((uint64)7); }',
    output: "\n\n@k[a]: 7\n@n: 3\n@x: -5\n",
  },
  {
    row: "A5 A6 avg, stats",
    script: "begin { @a = avg(4); @a = avg(7); @s = stats(10); @s = stats(20); @k[1] = stats(-3); }",
    output: "\n\n@a: 5\n@k[1]: { .count = 1, .average = -3, .total = -3 }\n@s: { .count = 2, .average = 15, .total = 30 }\n",
  },
  {
    row: "A7 hist",
    script:
      'begin { @ = hist(0); @ = hist(1); @ = hist(5); @ = hist(1000); @ = hist(-4); @k["a"] = hist(3, 2); @k["a"] = hist(70, 2); @k["b"] = hist(9, 2); }',
    output:
      "\n\n@:\n(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[0]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[1]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[2, 4)                 0 |                                                    |\n[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[8, 16)                0 |                                                    |\n[16, 32)               0 |                                                    |\n[32, 64)               0 |                                                    |\n[64, 128)              0 |                                                    |\n[128, 256)             0 |                                                    |\n[256, 512)             0 |                                                    |\n[512, 1K)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n@k[b]:\n[8, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n@k[a]:\n[3]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[4]                    0 |                                                    |\n[5]                    0 |                                                    |\n[6]                    0 |                                                    |\n[7]                    0 |                                                    |\n[8, 10)                0 |                                                    |\n[10, 12)               0 |                                                    |\n[12, 14)               0 |                                                    |\n[14, 16)               0 |                                                    |\n[16, 20)               0 |                                                    |\n[20, 24)               0 |                                                    |\n[24, 28)               0 |                                                    |\n[28, 32)               0 |                                                    |\n[32, 40)               0 |                                                    |\n[40, 48)               0 |                                                    |\n[48, 56)               0 |                                                    |\n[56, 64)               0 |                                                    |\n[64, 80)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n",
  },
  {
    row: "A8 lhist",
    script: "begin { @ = lhist(5, 0, 100, 10); @ = lhist(55, 0, 100, 10); @ = lhist(100, 0, 100, 10); @ = lhist(-1, 0, 100, 10); }",
    output:
      "\n\n@:\n(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[0, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[10, 20)               0 |                                                    |\n[20, 30)               0 |                                                    |\n[30, 40)               0 |                                                    |\n[40, 50)               0 |                                                    |\n[50, 60)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n[60, 70)               0 |                                                    |\n[70, 80)               0 |                                                    |\n[80, 90)               0 |                                                    |\n[90, 100)              0 |                                                    |\n[100, ...)             1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n",
  },
  {
    row: "4.5 flags and widths",
    script:
      'begin { printf("[%10s] [%-10s] [%.2s] [%c]\\n", "abc", "abc", "abc", 66); printf("[%8x] [%-8x] [%08x] [% d]\\n", 255, 255, 255, 5); printf("100%z %5\\n"); }',
    output: "[       abc] [abc       ] [abc] [B]\n[      ff] [ff      ] [000000ff] [5]\n100%z %5\n\n\n",
  },
  {
    row: "4.6 values",
    script: 'begin { print((1, "a", (2, true))); print((uint8[3])7); print((int32*)255); print((a=1, b="x")); @p = (int8*)9; }',
    output: "(1, a, (2, true))\n[7,0,0]\n0xff\n{ .a = 1, .b = x }\n\n\n@p: 0x9\n",
  },
  {
    row: "4.6 order of keys",
    script:
      'begin { @i[3] = 1; @i[1] = 1; @i[2] = 1; @s["b"] = 1; @s["a"] = 1; @t[2, "a"] = 1; @t[1, "b"] = 1; print(1); clear(@i); clear(@s); clear(@t); @z[9] = (int64)5; @z[8] = 4; @z[7] = 6; }',
    output: "1\n\n\n@z[8]: 4\n@z[9]: 5\n@z[7]: 6\n",
  },
  {
    row: "T1 literals",
    script: "begin { print((sizeof(1), sizeof(300), sizeof(70000), sizeof(5000000000), sizeof(-1), sizeof(18446744073709551615))); }",
    output: "(1, 2, 4, 8, 1, 8)\n\n\n",
  },
  {
    row: "T2 literals take a side's sign",
    script: "begin { $u = (uint64)5; $u = 7; print($u - 6 > 0); print($u > 3); $i = (int32)-5; print($i < 3); }",
    output: "true\ntrue\ntrue\n\n\n",
  },
  {
    row: "T3 promotion",
    script:
      "begin { $a = (uint8)1; $a = (int16)-2; print($a); print(sizeof($a)); $b = (uint32)1; $b = (int8)-1; print(sizeof($b)); print($b); @m[(uint8)1] = 1; @m[-1] = 2; @m[300] = 3; print(@m[-1]); clear(@m); }",
    output: "-2\n2\n8\n-1\n2\n\n\n",
  },
  {
    row: "T4 casts that lose",
    script: "begin { let $x : uint8 = 1; $y = (uint64)300; $x = $y; print($x); }",
    output: "44\n\n\n",
  },
  {
    row: "T5 results",
    script: "begin { print(sizeof((uint8)1 + (uint8)2)); $u = (uint8)3; $v = (uint8)5; print($u - $v); print($u < $v); }",
    output: "8\n-2\ntrue\n\n\n",
  },
  {
    row: "T6 increments",
    script: "begin { @a++; $b = 0; $b--; print($b); print(-$b); print(~$b); }",
    output: "-1\n1\n0\n\n\n@a: 1\n",
  },
  {
    row: "T7 signed division",
    script: "begin { $a = (int64)-9; $b = (int32)2; print($a / 3 == 0); print(1); }",
    output: "false\n1\n\n\n",
  },
  {
    row: "T8 numbers as addresses",
    script: "begin { print(*0); }",
    output: "0\n\n\n",
  },
  {
    row: "T9 T11 texts",
    script: 'begin { print(sizeof("abc")); $c = comm; print(sizeof($c)); }',
    output: "4\n16\n\n\n",
  },
  {
    row: "T10 str",
    script: "config = { max_strlen = 20 } begin { $s = str((uint8*)0); print(sizeof($s)); print(sizeof(str((uint8*)0, 5))); }",
    output: "20\n6\n\n\n",
  },
  {
    row: "T12 the widest text",
    script: 'begin { $s = "ab"; $s = "abcdef"; print($s); print(sizeof($s)); @t = "x"; @t = "longer"; print(@t); }',
    output: "abcdef\n7\n@t: longer\n\n\n@t: longer\n",
  },
  {
    row: "T14 comparisons of texts",
    script: 'begin { $a = "abc"; $b = "abcdef"; print($a == $b); print($b == "abcdef"); print("ab" == "ab\\0cd"); }',
    output: "false\ntrue\nfalse\n\n\n",
  },
  {
    row: "5.4 pointers",
    script:
      "begin { $p = (int32 *)16; print($p + 2); print($p - 1); print($p == (int32 *)16); print($p > (int32 *)8); print((uint64)$p); }",
    output: "0x18\n0xc\ntrue\ntrue\n16\n\n\n",
  },
  {
    row: "5.4 address spaces",
    script: "tracepoint:syscalls:sys_enter_openat { $f = args.filename; @same = max(str(uptr($f)) == str($f) ? 1 : 0); exit(); }",
    output: "\n\n@same: 1\n",
  },
  {
    row: "T13 the trailer of a text that was cut off",
    script:
      'config = { max_strlen = 4; str_trunc_trailer = "<<" } tracepoint:syscalls:sys_enter_write /pid == cpid/ { printf("%s|\\n", str(args.buf)); exit(); }',
    options: ["-c", "/bin/sh -c 'echo hello >/dev/null'"],
    output: "hell<<|\n\n\n",
  },
  {
    row: "T15 what is larger than on_stack_limit lies in scratch memory",
    script: 'config = { on_stack_limit = 0 } begin { $s = "abc"; @a["x", 1, $s] = 5; print(@a["x", 1, "abc"]); print(($s, 5)); }',
    output: "5\n(abc, 5)\n\n\n@a[x, 1, abc]: 5\n",
  },
  {
    row: "F35 signal_thread",
    script: 'tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { print(1); signal_thread("SIGKILL"); }',
    options: ["--unsafe", "-c", "sleep 60"],
    output: "1\n\n\n",
  },
  {
    row: "5.5 layout",
    script:
      'begin { print(sizeof((1, (int64)2))); print(sizeof(((int8)1, "abc", (int32)2))); print(sizeof((a=(int8)1, b=(int64)2))); @k[(int8)1, "ab", (int64)3] = 1; }',
    output: "16\n12\n16\n\n\n@k[1, ab, 3]: 1\n",
  },
];
