// Values, types and declarations of the language: scripts that only have BEGIN probes, and what they print.
//
// The expected texts were recorded from the peer (0.27.1), except those under "corrected", where the peer is wrong.

/** Script and what it prints on stdout, the two line ends at the end of a trace included. */
export type Row = [script: string, output: string];

export const sections: Record<string, Row[]> = {
  "tuples and records": [
    ['BEGIN { $t = (1, 2, "abc"); print($t.0); print($t.2); print($t); }', "1\nabc\n(1, 2, abc)\n\n\n"],
    [
      'BEGIN { $t = (1, (2, "x"), -3); print($t.1.0); print($t.1.1); print($t.1); printf("%s %d\\n", $t, $t.2); }',
      "2\nx\n(2, x)\n(1, (2, x), -3) -3\n\n\n",
    ],
    [
      'BEGIN { @a = (1, "hello"); print(@a.1); @b[1] = (3, 4); $x = @b[1]; print($x.0 + $x.1); }',
      "hello\n7\n\n\n@a: (1, hello)\n@b[1]: (3, 4)\n",
    ],
    ['BEGIN { $t = (1, "a"); $t = (300, "abcdef"); print($t); print(sizeof($t)); }', "(300, abcdef)\n10\n\n\n"],
    [
      'BEGIN { $r = (a=1, b="x", c=(1, 2)); print($r); print($r.a); print($r.c.1); print($r.b); }',
      "{ .a = 1, .b = x, .c = (1, 2) }\n1\n2\nx\n\n\n",
    ],
    [
      'BEGIN { @r = (a=1, b=(c=2, d="y")); print(@r); print(@r.b); print(@r.b.d); }',
      "@r: { .a = 1, .b = { .c = 2, .d = y } }\n{ .c = 2, .d = y }\ny\n\n\n@r: { .a = 1, .b = { .c = 2, .d = y } }\n",
    ],
    ['BEGIN { if ((1, 2) == (1, 2)) { print("same"); } if ((1, "a") != (1, "b")) { print("differ"); } }', "same\ndiffer\n\n\n"],
    [
      'BEGIN { $a = (1, "abc", (2, 3)); $b = (1, "abc", (2, 3)); $c = (1, "abd", (2, 3)); print($a == $b); print($a == $c); print($a != $c); }',
      "true\nfalse\ntrue\n\n\n",
    ],
    ['BEGIN { $a = (x=1, y="q"); print($a == (x=1, y="q")); print($a == (x=2, y="q")); }', "true\nfalse\n\n\n"],
    ["BEGIN { @x[(1, (2, 3))] = 5; print(@x[1, (2, 3)]); }", "5\n\n\n@x[1, (2, 3)]: 5\n"],
    ["BEGIN { $t = (true, false); print($t); print($t.0); }", "(true, false)\ntrue\n\n\n"],
    ['BEGIN { $t = ((int8)-1, (uint64)18446744073709551615, comm == "x"); print($t); }', "(-1, 18446744073709551615, false)\n\n\n"],
    ["BEGIN { $i = 0; $t = ($i, $i + 1); $u = ($t, $t); print($u); print($u.1.1); }", "((0, 1), (0, 1))\n1\n\n\n"],
    ["BEGIN { @t[1] = (1, 2); @t[2] = (3, 4); print(@t[2].1); print(@t[9]); }", "4\n(0, 0)\n\n\n@t[1]: (1, 2)\n@t[2]: (3, 4)\n"],
    ["BEGIN { print((1, 2).1); print((a=5, b=6).b); print((1, 2)[0]); }", "2\n6\n1\n\n\n"],
  ],
  arrays: [
    ["BEGIN { $a = (int8[8])12345; print($a); print($a[0]); print($a[1]); print(sizeof($a)); }", "[57,48,0,0,0,0,0,0]\n57\n48\n8\n\n\n"],
    ['BEGIN { $a = (uint8[8])0x0807060504030201; $i = 3; print($a[$i]); printf("%d %s\\n", $a[7], $a); }', "4\n8 [1,2,3,4,5,6,7,8]\n\n\n"],
    ["BEGIN { $a = (uint8[])(uint32)0x01020304; print($a); print((uint32)$a); }", "[4,3,2,1]\n16909060\n\n\n"],
    ["BEGIN { @b = (uint8[4])0xff; @k[(uint8[4])0xff] = 1; }", "\n\n@b: [255,0,0,0]\n@k[[255,0,0,0]]: 1\n"],
    [
      "BEGIN { $a = (int8[8])1; $b = (int8[8])1; $c = (int8[8])2; print($a == $b); print($a == $c); print($a != $c); }",
      "true\nfalse\ntrue\n\n\n",
    ],
    ["BEGIN { $a = (uint64)(uint8[8])258; print($a); }", "258\n\n\n"],
    ['BEGIN { print("abc"[0]); print("abc"[2]); $s = "hello"; print($s[1]); $i = 4; print($s[$i]); }', "97\n99\n101\n111\n\n\n"],
    ["BEGIN { $a = (int8[8])1; $t = ($a, 2); print($t); print($t.0[0]); }", "([1,0,0,0,0,0,0,0], 2)\n1\n\n\n"],
    ['BEGIN { if ("abc"[0] == "a"[0]) { print("same"); } printf("%c\\n", "abc"[1]); }', "same\nb\n\n\n"],
    ['BEGIN { $a = (int8[])"abcd"; print($a); print($a[1]); }', "[97,98,99,100,0]\n98\n\n\n"],
    ["BEGIN { $a = (uint8[4])0x01020304; $i = 5; print($a[$i]); }", "0\n\n\n"],
  ],
  pointers: [
    ["BEGIN { $p = (int32 *)0; print($p); $q = $p + 2; print($q); $q = $q - 1; print((uint64)$q); }", "0x0\n0x8\n4\n\n\n"],
    [
      "BEGIN { $t = curtask; print((uint64)$t != 0); print($t->pid == tid); print((*$t).pid == tid); print(curtask.tgid == pid); }",
      "true\ntrue\ntrue\ntrue\n\n\n",
    ],
    ["BEGIN { $c = (uint8 *)curtask->comm; print($c[0] == comm[0]); }", "true\n\n\n"],
    [
      "BEGIN { print(curtask->comm[0] == comm[0]); print(curtask->comm == comm); $x = curtask->comm; print($x == comm); }",
      "true\ntrue\ntrue\n\n\n",
    ],
    [
      "BEGIN { $p = (struct task_struct *)curtask; print($p->tgid == pid); print($p->real_parent->tgid != pid); print($p->se.on_rq); }",
      "true\ntrue\n1\n\n\n",
    ],
    ["BEGIN { $a = curtask->rcu_tasks_holdout; $b = curtask->sched_reset_on_fork; print($b); }", "0\n\n\n"],
    [
      "BEGIN { print(sizeof(curtask->cpus_mask.bits) > 0); print(curtask->cpus_mask.bits[0] > 0); $i = 0; print(curtask->cpus_mask.bits[$i] > 0); }",
      "true\ntrue\ntrue\n\n\n",
    ],
    [
      "struct Foo { int a; char b[8]; struct { int x; int y; } in; int arr[4]; } BEGIN { print(sizeof(struct Foo)); print(offsetof(struct Foo, in.y)); print(offsetof(struct Foo, arr)); }",
      "36\n16\n20\n\n\n",
    ],
    [
      "struct T { char c[16]; } BEGIN { $p = (struct T *)curtask->comm; print($p->c == comm); print(((struct T *)curtask->comm).c == comm); }",
      "true\ntrue\n\n\n",
    ],
    ["BEGIN { $p = kptr(curtask); print($p->pid == tid); }", "true\n\n\n"],
  ],
  "definitions in C": [
    [
      'enum E { A, B = 5, C } BEGIN { print(A); print(C); printf("%d %s\\n", B, B); $x = B; print($x); print((enum E)6); print((enum E)$x); }',
      "A\nC\n5 B\nB\nC\nB\n\n\n",
    ],
    [
      'enum E { A, B = 5, C } BEGIN { @e = C; @k[B] = 1; printf("%s %d\\n", @e, @e); print((C, 1)); }',
      "C 6\n(C, 1)\n\n\n@e: C\n@k[B]: 1\n",
    ],
    ["enum { X = 3, Y } BEGIN { print(X + Y); print(Y); }", "7\nY\n\n\n"],
    ["#define N 7\n#define M (N * 2)\nBEGIN { print(N); print(M + 1); }", "7\n15\n\n\n"],
    [
      "union U { uint64_t w; uint8_t b[8]; struct { uint32_t lo; uint32_t hi; }; } BEGIN { $u = (union U *)curtask->comm; print($u->b[0] == comm[0]); print($u->lo == (uint32)$u->w); print(sizeof(union U)); }",
      "true\ntrue\n8\n\n\n",
    ],
    [
      "struct Q { char a; long b; short c; } __attribute__((packed)); struct R { char a; long b; short c; }; BEGIN { print(sizeof(struct Q)); print(sizeof(struct R)); }",
      "11\n24\n\n\n",
    ],
    ["struct V { int a; int b; }; BEGIN { $v = *(struct V *)curtask->comm; print($v.a == *(int32 *)curtask->comm); }", "true\n\n\n"],
    [
      'struct V { char a[4]; uint8_t b[4]; }; BEGIN { $v = (struct V *)curtask->comm; printf("%s\\n", str($v->a, 3) == str(curtask->comm, 3) ? "same" : "other"); }',
      "same\n\n\n",
    ],
    [
      'BEGIN { print(BPF_MAP_TYPE_ARRAY); print((enum bpf_map_type)1); printf("%d\\n", BPF_MAP_TYPE_ARRAY); }',
      "BPF_MAP_TYPE_ARRAY\nBPF_MAP_TYPE_HASH\n2\n\n\n",
    ],
    ["BEGIN { print(offsetof(struct task_struct, tgid) - offsetof(struct task_struct, pid)); }", "4\n\n\n"],
  ],
  "blocks, conditions, casts": [
    ["BEGIN { $x = { let $a = 3; $a * 2 }; print($x); }", "6\n\n\n"],
    [
      'BEGIN { print(pid > 0 ? "big" : "x"); $t = pid > 0 ? (1, "a") : (2, "bcd"); print($t); print(pid ? true : false); }',
      "big\n(1, a)\ntrue\n\n\n",
    ],
    [
      'BEGIN { $a = comm; $b = comm; print($a == $b); @s = "hello"; $c = "hello"; print(@s == $c); $d = "hellp"; print(@s != $d); }',
      "true\ntrue\ntrue\n\n\n@s: hello\n",
    ],
    ['BEGIN { $a = str(curtask->comm); if ($a == comm) { print("same"); } if (comm != $a) { print("differ"); } }', "same\n\n\n"],
    ["BEGIN { if (1) { print(1); return; } print(2); }", "1\n\n\n"],
    ["BEGIN { $i = 0; while ($i < 3) { $i++; if ($i == 2) { continue; } print($i); } }", "1\n3\n\n\n"],
    [
      "BEGIN { print((int8)200); print((uint8)-1); print((int16)70000); print((uint32)-1); print((int64)18446744073709551615); print((bool)5); print((int8)true); }",
      "-56\n255\n4464\n4294967295\n-1\ntrue\n1\n\n\n",
    ],
    ["BEGIN { $a = (uint8)1; $b = (typeof($a))300; print($b); let $c : typeof($a) = 7; print($c); print(sizeof($c)); }", "44\n7\n1\n\n\n"],
    [
      'BEGIN { print(18446744073709551615); print(9223372036854775807); print(-9223372036854775808); print(0xffffffffffffffff); printf("%lx %lu %ld\\n", 0xffffffffffffffff, 18446744073709551615, -1); }',
      "18446744073709551615\n9223372036854775807\n-9223372036854775808\n18446744073709551615\nffffffffffffffff 18446744073709551615 -1\n\n\n",
    ],
    [
      'BEGIN { print(true); printf("%d %s\\n", true, false); @b = true; @b2[false] = 1; print(!true); print(1 == 1); print(1 && 0); }',
      "true\n1 false\nfalse\ntrue\nfalse\n\n\n@b: true\n@b2[false]: 1\n",
    ],
    [
      'BEGIN { @b = 5 > 3; @c[1 == 1] = 2; @d[1] = true; print(@b); print(@d[1]); if (@b) { print("set"); } }',
      "@b: true\ntrue\nset\n\n\n@b: true\n@c[true]: 2\n@d[1]: true\n",
    ],
    ["BEGIN { $b = true; $b = false; print($b); $c = $b == false; print($c); }", "false\ntrue\n\n\n"],
    ["BEGIN { print(5 ?: 7); print(0 ?: 7); }", "5\n7\n\n\n"],
    ['BEGIN { let $x; $x = 5; print($x); let $s : string[8] = "abc"; print($s); let $u : uint8 = 255; print($u); }', "5\nabc\n255\n\n\n"],
    [
      "BEGIN { print(1 << 3); print(-16 >> 2); print(7 / 2); print(7 % 4); print(~0); print(-5); print(6 ^ 3); print(6 & 3); print(6 | 1); }",
      "8\n-4\n3\n3\n18446744073709551615\n-5\n5\n2\n7\n\n\n",
    ],
    ['BEGIN { $s = "abc"; $s = "defghi"; print($s); print(sizeof($s)); }', "defghi\n7\n\n\n"],
    [
      'BEGIN { @a = 1; @a += 5; @a -= 2; @a *= 3; print(@a); @b["x"]++; @b["x"]++; ++@b["x"]; print(@b["x"]); $c = 10; $c /= 3; $c <<= 2; $c |= 1; $c %= 8; print($c); }',
      "@a: 12\n3\n5\n\n\n@a: 12\n@b[x]: 3\n",
    ],
    ["BEGIN { $a = { if (pid > 0) { 1 } else { 2 } }; print($a); print({ @z = 3; @z + 1 }); }", "1\n4\n\n\n@z: 3\n"],
  ],
  macros: [
    ["macro add($a, $b) { $a + $b } BEGIN { $x = 1; $y = 2; print(add($x, $y)); }", "3\n\n\n"],
    ["macro inc($v) { $v += 1; } BEGIN { $x = 1; inc($x); inc($x); print($x); }", "3\n\n\n"],
    ['macro put(@m, k) { @m[k] = 1; } BEGIN { put(@a, 5); put(@b, "x"); }', "\n\n@a[5]: 1\n@b[x]: 1\n"],
    ["macro twice(e) { e + e } BEGIN { print(twice(4)); print(twice(pid) == 2 * pid); }", "8\ntrue\n\n\n"],
    ["macro local(e) { $x = e; $x * 2 } BEGIN { $x = 5; print(local(7)); print($x); }", "14\n5\n\n\n"],
    ["macro f() { 1 } macro f(a) { a } macro f(a, b) { a * b } BEGIN { print(f()); print(f(7)); print(f(3, 4)); }", "1\n7\n12\n\n\n"],
    ["macro one() { two() + 1 } macro two() { 40 + 1 } BEGIN { print(one()); }", "42\n\n\n"],
    [
      'macro show(e) { let $l = e; printf("%s\\n", $l); } BEGIN { show("abc"); show(comm == comm); show("longer text"); }',
      "abc\ntrue\nlonger text\n\n\n",
    ],
  ],
  "map declarations and configuration": [
    ["let @a = hash(10); BEGIN { @a[1] = 2; print(@a[1]); }", "2\n\n\n@a[1]: 2\n"],
    ["let @a = lruhash(10); let @c = percpuhash(5); BEGIN { @a[1] = 2; @c[1] = count(); }", "\n\n@a[1]: 2\n@c[1]: 1\n"],
    ['let @c = percpulruhash(5); BEGIN { @c["x"] = count(); @c["x"] = count(); }', "\n\n@c[x]: 2\n"],
    [
      'config = { max_strlen = 8 } BEGIN { print(str(curtask->comm) == ""); $s = str(curtask->comm); print(sizeof($s)); }',
      "false\n8\n\n\n",
    ],
    ["config = { print_maps_on_exit = false } BEGIN { @a = 1; }", "\n\n"],
    ["config = { max_map_keys = 1 } BEGIN { @a[1] = 1; print(@a[1]); }", "1\n\n\n@a[1]: 1\n"],
    ['config = { missing_probes = "ignore"; stack_mode = "perf"; log_size = 100000 } BEGIN { print(1); }', "1\n\n\n"],
  ],
  "reading aggregations": [
    ['BEGIN { @c = count(); @c = count(); if (@c > 1) { print("two"); } print((int64)@c); print(@c + 1); }', "two\n2\n3\n\n\n@c: 2\n"],
    ["BEGIN { @s = sum(5); @s = sum(7); print((uint64)@s * 2); @n = sum(-3); print((int64)@n); }", "24\n-3\n\n\n@n: -3\n@s: 12\n"],
    [
      "BEGIN { @mi = min(5); @mi = min(3); @ma = max(5); @ma = max(9); @av = avg(4); @av = avg(8); print((int64)@mi); print((int64)@ma); print((int64)@av); }",
      "3\n9\n6\n\n\n@av: 6\n@ma: 9\n@mi: 3\n",
    ],
    [
      "BEGIN { @c[1] = count(); @c[1] = count(); @c[2] = count(); print((int64)@c[1]); print((int64)@c[3]); $x = (int64)@c[2]; print($x); }",
      "2\n0\n1\n\n\n@c[2]: 1\n@c[1]: 2\n",
    ],
    [
      'BEGIN { @a[1] = 2; print(has_key(@a, 1)); print(has_key(@a, 2)); if (has_key(@a, 1)) { print("there"); } delete(@a, 1); print(has_key(@a, 1)); }',
      "true\nfalse\nthere\nfalse\n\n\n",
    ],
    [
      'BEGIN { @a[1] = 2; let $v = 0; if (find(@a, 1, $v)) { print($v); } if (!find(@a, 2, $v)) { print("none"); } }',
      "2\nnone\n\n\n@a[1]: 2\n",
    ],
    ["BEGIN { @a = 1; @b[1] = 2; print(is_scalar(@a)); print(is_scalar(@b)); }", "true\nfalse\n\n\n@a: 1\n@b[1]: 2\n"],
    ["BEGIN { @a[1] = 2; @a[2] = 3; print(len(@a)); delete(@a, 1); print(len(@a)); clear(@a); }", "2\n1\n\n\n"],
    [
      "BEGIN { @c = count(); delete(@c); @s[1] = stats(5); @s[2] = stats(7); delete(@s, 1); }",
      "\n\n@s[2]: { .count = 1, .average = 7, .total = 7 }\n",
    ],
    ["BEGIN { @c = count(); @t = (1, (int64)@c); print(@t); @k[(int64)@c] = 1; }", "@t: (1, 1)\n\n\n@c: 1\n@k[1]: 1\n@t: (1, 1)\n"],
  ],
  "more of all": [
    [
      "BEGIN { $a = (int16 *)10; $a++; print($a); ++$a; print($a); $a -= 1; print($a); $a += 3; print($a); $b = (uint64*)8; print($b--); print($b); }",
      "0xc\n0xe\n0xc\n0x12\n0x8\n0x0\n\n\n",
    ],
    ["BEGIN { @p = (int32 *)16; @p++; print(@p); @p -= 2; print(@p); }", "@p: 0xc\n@p: 0xc\n\n\n@p: 0xc\n"],
    ["BEGIN { $a = (bool[8])1; print($a); }", "[true,false,false,false,false,false,false,false]\n\n\n"],
    ["BEGIN { $a = (bool[4])(uint32)0x01000101; print($a); }", "[true,true,false,true]\n\n\n"],
    ["macro size(t) { sizeof(t) } BEGIN { print(size(typeof(1))); $x = (uint16)1; print(size(typeof($x))); }", "1\n2\n\n\n"],
    ["macro cst(T, v) { (T)v } BEGIN { print(cst(typeof((uint8)1), 300)); }", "44\n\n\n"],
    [
      "BEGIN { $i = 0; $r = (a=$i++, b=$i++, c=++$i); print($r); $t = ($i++, $i++); print($t); }",
      "{ .a = 0, .b = 1, .c = 3 }\n(3, 4)\n\n\n",
    ],
    [
      'BEGIN { $a = "hello"; if ($a == "hello") { printf("%s\\n", "x"); } if (comm == "bash") { print(1); } else { print(comm == comm); } }',
      "x\ntrue\n\n\n",
    ],
    [
      'BEGIN { if ("hello" == "hello") { print("same"); } if ("a" != "b") { print("diff"); } $c = "hi"; if ($c != "hi") { print(1) } else { print(2) } }',
      "same\ndiff\n2\n\n\n",
    ],
    ["BEGIN { exit(); print(1); }", "\n\n"],
    ["BEGIN { return; print(2); }", "\n\n"],
    [
      'BEGIN { print((1, 2) == (1, 3)); print(("a", 1) == ("a", 1)); @a[1] = ("x", 5); if (@a[1] == ("x", 5)) { print("in map"); } }',
      "false\ntrue\nin map\n\n\n@a[1]: (x, 5)\n",
    ],
    ["BEGIN { $a = (1, 2); $a = (3, 4); $b = $a; print($b.0 + $b.1); }", "7\n\n\n"],
    ["BEGIN { let $a: int8[4]; print($a); let $b: string[16]; print($b); let $c: bool; print($c); }", "[0,0,0,0]\n\nfalse\n\n\n"],
    ["BEGIN { let $a: struct task_struct *; $a = curtask; print($a->pid == tid); }", "true\n\n\n"],
    [
      'enum E { A, B } BEGIN { let $e: enum E = B; print($e); $x = (enum E)1; if ($x == B) { print("b"); } print(A == 0); @[A] = 1; @x[(A, B)] = 2; }',
      "B\nb\ntrue\n\n\n@[A]: 1\n@x[A, B]: 2\n",
    ],
    ["enum E { A = 10, B = A + 5, C = 1 << 4 } BEGIN { print(B + 0); print(C + 0); }", "15\n16\n\n\n"],
    ["BEGIN { print(sizeof(int64[5])); print(sizeof((1, 2))); print(sizeof((uint64)1 + 1)); }", "40\n2\n8\n\n\n"],
    [
      "struct A { int x; struct { int a; char b; } y[3]; } BEGIN { print(sizeof(struct A)); $p = (struct A *)curtask; print($p->y[1].a == ((struct A *)curtask)->y[1].a); $i = 2; print($p->y[$i].b == $p->y[2].b); }",
      "28\ntrue\ntrue\n\n\n",
    ],
    [
      'BEGIN { @m[1] = (a=1, b="x"); for ($kv : @m) { print($kv.1.b); print($kv); } }',
      "x\n(1, { .a = 1, .b = x })\n\n\n@m[1]: { .a = 1, .b = x }\n",
    ],
    [
      "BEGIN { print(-1); print(-128); print((uint8)-1); print(1_000_000); print(0x10); print(1e3); print(5s); print(1ms); }",
      "-1\n-128\n255\n1000000\n16\n1000\n5000000000\n1000000\n\n\n",
    ],
    ['BEGIN { $a = 1; $b = 2; print($a < $b ? "less" : "more"); print(($a, $b) == (1, 2) ? 10 : 20); }', "less\n10\n\n\n"],
    [
      "BEGIN { $x = (uint64)-1; print($x); print($x > 5); $y = -1; print($y < 5); print((int64)$x < 0); }",
      "18446744073709551615\ntrue\ntrue\ntrue\n\n\n",
    ],
    ['BEGIN { printf("%d %d\\n", 1 == 1, "a" == "b"); printf("%s\\n", 5 > 3 ? "y" : "n"); }', "1 0\ny\n\n\n"],
    [
      'BEGIN { @x = 1; @x = @x + 1; print(@x); @y["a"] = @x; print(@y["a"]); @z = @y["b"]; print(@z); }',
      "@x: 2\n2\n@z: 0\n\n\n@x: 2\n@y[a]: 2\n@z: 0\n",
    ],
    ["BEGIN { $a = 5; $a = $a > 3 ? $a : 3; print($a); { let $b = $a; print($b); } }", "5\n5\n\n\n"],
    ["BEGIN { let $x = 1; if (true) { $x = 2; let $y = 3; print($y); } print($x); }", "3\n2\n\n\n"],
    ['BEGIN { $t = (1, (a=2, b=(3, "z"))); print($t.1.b.1); print($t); }', "z\n(1, { .a = 2, .b = (3, z) })\n\n\n"],
    [
      "BEGIN { @a[1, 2] = 3; print(@a[1, 2]); $k = (1, 2); print(@a[$k]); print(@a[(1, 2)]); delete(@a, (1, 2)); print(@a[1, 2]); }",
      "3\n3\n3\n0\n\n\n",
    ],
    ["BEGIN { $x = (uint8)250; $x += 10; print($x); $y = (int16)-5; print($y / 1); $z = -7; print($z); }", "260\n-5\n-7\n\n\n"],
    ["BEGIN { $x = 0; print(~$x); $y = (uint8)1; print(~$y); print(~(-1)); $z = (uint8)255; $z++; print($z); }", "255\n254\n0\n256\n\n\n"],
    [
      'BEGIN { $s = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"; $t = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"; print($s == $t); $u = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyy"; print($s == $u); print($s != $u); }',
      "true\nfalse\ntrue\n\n\n",
    ],
    ['BEGIN { $a = ("abc", 1); $b = ("abcdef", 1); print($a == $b); $c = ("abcdef", 1); print($b == $c); }', "false\ntrue\n\n\n"],
    [
      'BEGIN { @a["x"] = ("one", 1); @a["yy"] = ("three", 33333); print(@a["x"].0); print(@a["yy"].1); print(@a["zz"]); }',
      "one\n33333\n(, 0)\n\n\n@a[x]: (one, 1)\n@a[yy]: (three, 33333)\n",
    ],
    ['BEGIN { $x = { $a = 1; if ($a == 1) { "first" } else { "other" } }; printf("%s\\n", $x); }', "first\n\n\n"],
    [
      'BEGIN { @c[1] = sum(5); @c[2] = sum(10); if (@c[1] < @c[2]) { print("less"); } $d = (int64)@c[1] + @c[2]; print($d); print((@c[1], @c[2])); }',
      "less\n15\n(5, 10)\n\n\n@c[1]: 5\n@c[2]: 10\n",
    ],
    [
      "BEGIN { @m = max(-5); @m = max(-9); print((int64)@m); @n = min(-5); @n = min(-9); print((int64)@n); @a = avg(-4); @a = avg(-8); print((int64)@a); }",
      "-5\n-9\n-6\n\n\n@a: -6\n@m: -5\n@n: -9\n",
    ],
    ["macro m($a, @b, c) { $a = c; @b[c] = $a; } BEGIN { let $v = 0; m($v, @z, 7 + 1); print($v); }", "8\n\n\n@z[8]: 8\n"],
    [
      "macro outer(x) { inner(x) * 2 } macro inner(y) { let $t = y; $t + 1 } BEGIN { let $t = 10; print(outer($t)); print($t); }",
      "22\n10\n\n\n",
    ],
    ['macro cond(c) { if (c) { "yes" } else { "no" } } BEGIN { print(cond(pid > 0)); print(cond(1 == 2)); }', "yes\nno\n\n\n"],
    [
      "#define FLAG 0x10\n#define BOTH (FLAG | 1)\nenum Kind { SMALL = FLAG, LARGE };\nBEGIN { print(BOTH); print(LARGE); print(LARGE + 0); }",
      "17\nLARGE\n17\n\n\n",
    ],
    [
      "struct L { unsigned long a; unsigned char b[3]; struct { short c; } d[2]; union { int e; char f; }; } BEGIN { print(sizeof(struct L)); print(offsetof(struct L, d)); print(offsetof(struct L, e)); print(offsetof(struct L, b)); }",
      "24\n12\n16\n8\n\n\n",
    ],
    ["BEGIN { $a = (uint16[2])(uint32)0x00020001; @m[$a] = 1; for ($kv : @m) { print($kv.0[1]); } }", "2\n\n\n@m[[1,2]]: 1\n"],
    ['BEGIN { $r = (n=1, s="q"); @[$r.s] = $r.n; @r[$r] = 1; print(@r[(n=1, s="q")]); }', "1\n\n\n@[q]: 1\n@r[{ .n = 1, .s = q }]: 1\n"],
    [
      'BEGIN { printf("%s %s %d\\n", (1, "a"), (x=1), (1, 5).1); printf("%5s|%-5d|%x\\n", "ab", 42, 255); }',
      "(1, a) { .x = 1 } 5\n   ab|42   |ff\n\n\n",
    ],
    ["BEGIN { $t = (1, 2); print($t); $t = (70000, -1); print($t); }", "(1, 2)\n(70000, -1)\n\n\n"],
    ['BEGIN { let $s: string[32]; $s = "short"; print($s); print(sizeof($s)); }', "short\n32\n\n\n"],
    ['BEGIN { $x = 5; $y = $x > 3 ? ($x > 4 ? "a" : "b") : "c"; print($y); print($x == 5 && $y == "a"); }', "a\ntrue\n\n\n"],
    ["macro sw($a, $b) { let $t = $a; $a = $b; $b = $t; } BEGIN { $x = 1; $y = 2; sw($x, $y); print(($x, $y)); }", "(2, 1)\n\n\n"],
    [
      'BEGIN { @a = (1, "x"); @a = (300, "longer"); print(@a); @b[1] = (1, 2); @b[2] = (70000, -1); }',
      "@a: (300, longer)\n\n\n@a: (300, longer)\n@b[1]: (1, 2)\n@b[2]: (70000, -1)\n",
    ],
    ['BEGIN { $a = "x"; unroll(3) { $a = "yy"; print($a); } }', "yy\nyy\nyy\n\n\n"],
    [
      "struct Foo { char m; } macro sof(a, b) { sizeof(a[3]) + sizeof(b*) + sizeof(b) } BEGIN { print(sof(typeof(uint32*), typeof(struct Foo))); }",
      "33\n\n\n",
    ],
    ['macro again(x) { x; x; } BEGIN { again({ printf("once ") }); print(1); }', "once once 1\n\n\n"],
    ['BEGIN { pid ? printf("yes\\n") : printf("no\\n"); }', "yes\n\n\n"],
    [
      'BEGIN { $a = (x={ printf("1"); 1 }, y={ printf("2"); 2 }); $a = (y={ printf("3"); 3 }, x={ printf("4\\n"); 4 }); print($a); print($a == (y=3, x=4)); $b = (y=70000, x=5); $a = $b; print($a); }',
      "1234\n{ .x = 4, .y = 3 }\ntrue\n{ .x = 5, .y = 70000 }\n\n\n",
    ],
    [
      "BEGIN { $x = curtask->mm; print($x != 0); $y = curtask->mm->exe_file->f_path.dentry->d_name.name; print($y != 0); print(curtask->parent->children.next != 0); }",
      "true\ntrue\ntrue\n\n\n",
    ],
    [
      "BEGIN { $u = (uint64)5; $i = 3; print($i - $u); print($u - $i); print($i * -1); print((uint8)5 - (uint8)6); }",
      "-2\n2\n-3\n-1\n\n\n",
    ],
  ],
  // delete() of a histogram's key: the peer leaves the histogram as it is.
  "known while compiling, parameters, settings": [
    ["BEGIN { print(comptime (1 + 2 * 3)); }", "7\n\n\n"],
    [
      'BEGIN { if comptime (is_str(comm)) { print("text"); } else { print("number"); } if comptime (is_integer(pid)) { print("integer"); } }',
      "text\ninteger\n\n\n",
    ],
    [
      'BEGIN { print(is_str("a")); print(is_ptr(curtask)); print(is_array((uint8[4])1)); print(is_integer(-1)); print(is_unsigned_integer(pid)); print(is_literal(1 + 2)); print(is_literal(pid)); }',
      "true\ntrue\ntrue\ntrue\ntrue\ntrue\nfalse\n\n\n",
    ],
    [
      'BEGIN { if comptime (probetype == "special") { print("special"); } if comptime (probetype != "kprobe") { print("no kprobe"); } }',
      "special\nno kprobe\n\n\n",
    ],
    [
      'BEGIN { static_assert(1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 4 == 4 && 4 != 5, "numbers"); static_assert(0 || 1, "or"); static_assert(7 / 2 == 3 && 7 % 2 == 1, "division"); static_assert(!(1 == 2), "not"); print("all"); }',
      "all\n\n\n",
    ],
    [
      'BEGIN { static_assert(sizeof(int32) == 4, "size"); static_assert((1 ? 2 : 3) == 2, "conditional"); static_assert(-1 < 0, "minus"); static_assert(true, "true"); print("ok"); }',
      "ok\n\n\n",
    ],
    ["BEGIN { print(default_str_length()); }", "1024\n\n\n"],
    ["BEGIN { @a = 1; @b[1] = 1; print(is_scalar(@a)); print(is_scalar(@b)); clear(@a); clear(@b); }", "true\nfalse\n\n\n"],
    ['BEGIN { print(memcmp("abc", "abd", 2)); print(memcmp("abc", "abd", 3) != 0); }', "0\ntrue\n\n\n"],
    [
      'BEGIN { $a = "abc"; $b = "abd"; print(memcmp($a, $b, 3) < 0); print(memcmp($b, $a, 3) > 0); print(memcmp($a, $a, 3)); }',
      "true\ntrue\n0\n\n\n",
    ],
    [
      'BEGIN { print(getopt("number", 5)); print(getopt("text", "word")); print(getopt("flag")); print(getopt("on", true)); }',
      "5\nword\nfalse\ntrue\n\n\n",
    ],
    ['BEGIN { $t = getopt("text", "word"); printf("%s %d\\n", $t, getopt("number", -5)); }', "word -5\n\n\n"],
    [
      "BEGIN { print(is_err((uint64)-1)); print(is_err((uint64)-4095)); print(is_err((uint64)-4096)); print(is_err(curtask)); }",
      "true\ntrue\nfalse\nfalse\n\n\n",
    ],
    ['BEGIN { print(strncmp("abc", "abd", 2)); print(strncmp("abc", "abd", 3)); print(strncmp("abc", "abd", 0)); }', "0\n1\n0\n\n\n"],
    ['BEGIN { print(1 == 1 ? "yes" : "no"); $p = (int8 *)0; $q = (int8 *)0; print($p == $q); }', "yes\ntrue\n\n\n"],
    ["enum e { NEG = -1, BIG = 5000000000 } BEGIN { print((int64)NEG); print((int64)BIG); }", "-1\n5000000000\n\n\n"],
    ["struct a { int x; struct { int y; }; } BEGIN { print(sizeof(struct a)); print(offsetof(struct a, y)); }", "8\n4\n\n\n"],
    ['BEGIN { for ($i : 0..3) { if ($i == 2) { return; } print($i); } print("never"); }', "0\n1\n\n\n"],
    ["BEGIN { @a[1] = 5; $v = 0; if (find(@a, 1, $v)) { print($v); } print(find(@a, 2, $v)); print($v); clear(@a); }", "5\nfalse\n5\n\n\n"],
    [
      "BEGIN { $t = (1, 2); $u = (1, 3); print($t != $u); $r = (a=1, b=2); $s = (b=2, a=1); $r = $s; print($r.a); print($r.b); }",
      "true\n1\n2\n\n\n",
    ],
    [
      "config = { cpp_demangle = 0; max_strlen = 40; stack_mode = raw } BEGIN { print(config().cpp_demangle); print(config().max_strlen); print(config().stack_mode); }",
      "false\n40\nraw\n\n\n",
    ],
    ["BEGIN { $x = config(); print($x.max_map_keys); }", "4096\n\n\n"],
    [
      'BEGIN { print(pton("10.0.0.1")); print(ntop(pton("2001:db8::1"))); print(ntop(pton("1:2:3:4:5:6:7:8"))); print(ntop(pton("::"))); }',
      "[10,0,0,1]\n2001:db8::1\n1:2:3:4:5:6:7:8\n::\n\n\n",
    ],
    ["#define A (1 << 3)\nBEGIN { print(A | 1); print(A ^ 8); }", "9\n0\n\n\n"],
    ['BEGIN { $x = (string[8])"abc"; print($x); print(sizeof($x)); }', "abc\n8\n\n\n"],
  ],
  "known of variables": [
    [
      'BEGIN { $x = "a"; print(is_str($x)); for ($i : 0..2) { print(is_integer($i)); } if (1) { $y = 5; print(is_integer($y)); } }',
      "true\ntrue\ntrue\ntrue\n\n\n",
    ],
    ["BEGIN { $p = curtask; $x = 0; if comptime (sizeof(typeof($p)) == 4) { $x = comm; } else { $x = 8; } print($x); }", "8\n\n\n"],
    ['BEGIN { $x = { $x = (1, 2); 2 }; print($x); $y = { $y = "a"; $x + 1 }; print($y); }', "2\n3\n\n\n"],
    ["BEGIN { { $y = 5; print(comptime (sizeof($y))); } }", "1\n\n\n"],
  ],
  "corrected: has_cpid": [["BEGIN { print(has_cpid); print(cpid); }", "false\n0\n\n\n"]],
  "not in the peer: classes and escapes of patterns": [
    [
      'BEGIN { print("a4b" =~ "a[[:digit:]]b"); print("a-b" =~ "a[[:punct:]]b"); print("aFb" =~ "a[[:xdigit:]]b"); print("a b" =~ "a\\x20b"); print("a\\tb" =~ "a\\tb"); print("ab" =~ "a\\Db"); print("a\\nb" =~ "a[\\n-\\r]b"); }',
      "true\ntrue\ntrue\ntrue\ntrue\nfalse\ntrue\n\n\n",
    ],
  ],
  "corrected: delete() of a histogram": [
    [
      "BEGIN { @h[1] = hist(5); @h[2] = hist(6); delete(@h, 1); @l = lhist(5, 0, 10, 1); delete(@l); }",
      "\n\n@h[2]:\n[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n",
    ],
  ],
  // An array made by a cast is the same key as the array itself: the peer's keys differ behind the array.
  "corrected: functions of the script (bpftrace 0.27.1 ends with a segmentation fault)": [
    ["fn f($a : int64) : int64 { return $a * 2; } macro twice(a) { a + a } BEGIN { print(twice(f(3))); }", "12\n\n\n"],
    [
      'enum { A = 1 > 4, B = 2 > 1 ? 7 : 8 } struct F { int a[1 > 2 ? 2 : 3]; } BEGIN { printf("%d %d\\n", A, B); print(sizeof(struct F)); }',
      "0 7\n12\n\n\n",
    ],
    ["fn f($a : int64) : int64 { return $a + 1; } BEGIN { print(f(2)); @[f(1)] = f(f(2)); }", "3\n\n\n@[2]: 4\n"],
    [
      "fn f($a : uint8, $b : uint64) : uint64 { if ($a > 3) { return 1; } return $b * 2; } BEGIN { print((f(2, 5), f(4, 5))); }",
      "(10, 1)\n\n\n",
    ],
    [
      'fn f($a : string[16]) : string[16] { if ($a == "abc") { return "equal"; } return $a; } BEGIN { print(f("abc")); printf("%s %s\\n", f("x"), f("y")); }',
      "equal\nx y\n\n\n",
    ],
    ["fn f() : void { @n++; if (@n > 1) { return; } print(@n); } BEGIN { f(); f(); }", "@n: 2\n\n\n@n: 2\n"],
    [
      "fn root($a : int64) : int64 { for ($i : 0..100) { if ($i * $i >= $a) { return $i; } } return -1; } BEGIN { print(root(50)); print(root(1000000)); for ($j : 0..40) { if ($j == 35) { print(root($j)); } } }",
      "8\n-1\n6\n\n\n",
    ],
    [
      "fn twice($a : int64) : int64 { return $a * 2; } fn f($a : int64) : int64 { return twice($a) + twice(1); } BEGIN { print(f(50)); }",
      "102\n\n\n",
    ],
    ["fn f($a : int64) : int64 { if ($a == 1) { exit(); } return 1; } BEGIN { print(f(2)); f(1); print(2); }", "1\n\n\n"],
    ["fn f($t : struct task_struct *) : int32 { return $t.pid; } BEGIN { print(f(curtask) == tid); }", "true\n\n\n"],
  ],
  "types while compiling": [
    [
      'config = { unstable_typeinfo=enable } BEGIN { $a = (1, 2); @k[1] = 5; print(typeinfo($a)); print(typeinfo(@k[1]).base_type); print(typeinfo((a=1,b="x"))); print(typeinfo(*curtask()).full_type); }',
      "{ .btf_id = 0, .base_type = tuple, .full_type = (int8,int8) }\nint\n{ .btf_id = 0, .base_type = record, .full_type = record { .a = int8, .b = string[2] } }\nstruct task_struct\n\n\n@k[1]: 5\n",
    ],
    [
      'config = { unstable_typeinfo=enable } BEGIN { if comptime (typeinfo(1).base_type == "int") { print("i"); } else { nosuch(); } $x = typeinfo("abc"); print($x.full_type); printf("%s\\n", typeinfo(nsecs).base_type); }',
      "i\nstring[4]\nint\n\n\n",
    ],
    [
      'BEGIN { $x = "abc" + "d"; print($x); print("abc" + 1); if ("a" < "b") { print(2); } if ("x") { print(3); } }',
      "abcd\nbc\n2\n3\n\n\n",
    ],
    ["BEGIN { print(str(0)); $x = @never2 + 1; print($x); }", "0\n1\n\n\n"],
  ],
  "ours: fields and kernels": [
    [
      "BEGIN { if (has_field(struct task_struct, nosuch)) { print(curtask.nosuch); } else { print(1); } if (has_field(struct task_struct, pid)) { print(curtask.pid == tid); } else { print(curtask.nosuch); } }",
      "1\ntrue\n\n\n",
    ],
    [
      "struct s { int a; }; BEGIN { print(has_field(struct s, a)); print(has_field(struct s, b)); print(has_field(struct task_struct, se.vruntime)); print(has_field(*curtask, se.nosuch)); }",
      "true\nfalse\ntrue\nfalse\n\n\n",
    ],
    ["BEGIN { if (kernel_version() >= kernel_version(5, 10)) { print(kernel_version(6, 1, 2)); } }", "393474\n\n\n"],
  ],
  "corrected: arrays as keys": [["BEGIN { $a = (uint8[4])1; @a[$a] = 1; print(@a[(uint8[4])1]); }", "1\n\n\n@a[[1,0,0,0]]: 1\n"]],
  // Fixed-width types of C need no header.
  "corrected: fixed-width types in C": [
    [
      "struct P { uint8_t a : 3; uint8_t b : 5; uint16_t c; } BEGIN { print(sizeof(struct P)); $p = (struct P *)curtask->comm; $v = *(uint8 *)curtask->comm; print($p->a == ($v & 7)); print($p->b == $v >> 3); }",
      "4\ntrue\ntrue\n\n\n",
    ],
    [
      "struct W { uint32_t a; uint32_t b; } BEGIN { $w = (struct W *)curtask->comm; $v = *(uint64 *)curtask->comm; print($w[0].b == $v >> 32); print((uint64)($w + 1) - (uint64)$w); }",
      "true\n8\n\n\n",
    ],
    ["#include <linux/sched.h>\nBEGIN { print(TASK_COMM_LEN + 0); print(TASK_COMM_LEN); print(AF_INET6); }", "16\nTASK_COMM_LEN\n10\n\n\n"],
  ],
  // Names of types are values nowhere, and sizeof() takes whatever has a type.
  "corrected: sizeof": [
    ["BEGIN { print(sizeof(comm)); print(sizeof(pid_t)); print(sizeof(struct task_struct) > 100); }", "16\n4\ntrue\n\n\n"],
  ],
};
