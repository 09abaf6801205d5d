// What bpftrace does that its documents do not say, or that one would not expect: each row is copied, since scripts and those who
// read their output depend on it, or corrected, since it loses something. `peer` is what bpftrace 0.27.1 prints; with PEER, the
// command of an installed one (PEER="chroot /some/where bpftrace"), that is checked too.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const peer = process.env["PEER"]?.split(" ");
const attached = mayTrace() ? test : test.skip;

interface Quirk {
  name: string;
  script: string;
  /** stdout of bpftrace, without the empty lines around it. */
  peer: string;
  /** Ours, where it was corrected. */
  corrected?: string;
  /** bpftrace prints the lines in an order of its own. */
  inAnyOrder?: boolean;
  /** Exit code of both. */
  code?: number;
  reason: string;
}

const BARS = "@".repeat(52);

const quirks: Quirk[] = [
  {
    name: "%d cuts to 32 bits",
    script: 'BEGIN { printf("%d %ld\\n", 0x1ffffffff, 0x1ffffffff); }',
    peer: "-1 8589934591",
    reason: "copied: as in C, and output formats of scripts rely on the width",
  },
  {
    name: "a width pads the whole conversion, sign included",
    script: 'BEGIN { printf("[%05d] [%-5d] [%+d] [%05s]\\n", -3, 7, 5, "b"); }',
    peer: "[000-3] [7    ] [+5] [0000b]",
    reason: "copied: columns of the tools line up as they did",
  },
  {
    name: "the precision of a text is read and not used",
    script: 'BEGIN { printf("[%-10.2s] [%.3d]\\n", "abcdef", 5); }',
    peer: "[abcdef    ] [5]",
    reason: "copied: tcplife prints names with %-10.10s that are longer",
  },
  {
    name: "/ is unsigned, but not between literals",
    script: "BEGIN { $a = (int64)-8; print($a / 2); print(-8 / 2); }",
    peer: "9223372036854775804\n-4",
    reason: "copied: results would differ; both warn",
  },
  {
    name: "a division by zero gives one",
    script: "BEGIN { $z = (uint64)0; print((uint64)5 / $z); print((uint64)5 % $z); }",
    peer: "1\n1",
    reason: "copied, with the same run-time warning",
  },
  {
    name: "the upper end of lhist lies above it",
    script: "BEGIN { @ = lhist(10, 0, 10, 5); }",
    peer: `@:\n[10, ...)              1 |${BARS}|`,
    reason: "copied: histograms compare bucket by bucket",
  },
  {
    name: "zero() leaves a histogram with a name and no lines",
    script: "BEGIN { @h = hist(3); zero(@h); @c = count(); zero(@c); }",
    peer: "@c: 0\n@h:",
    reason: "copied",
  },
  {
    name: "an exit code is one byte",
    script: "BEGIN { exit(300); }",
    peer: "",
    code: 44,
    reason: "copied: so are those of all processes",
  },
  {
    name: "min() and max() are sorted as if they had no sign",
    script: "BEGIN { @m[1] = min(-1); @m[2] = min(5); @m[3] = min(0); }",
    peer: "@m[3]: 0\n@m[2]: 5\n@m[1]: -1",
    reason: "copied: the order of maps is part of the output",
  },
  {
    name: "maps of numbers narrower than 64 bits come in the order of the kernel's hash",
    script: "BEGIN { @a[3] = 1; @a[200] = 2; @a[7] = 3; }",
    peer: "@a[3]: 1\n@a[200]: 2\n@a[7]: 3",
    inAnyOrder: true,
    reason: "corrected: sorted by value, as those of 64 bits are; the hash is another on each run",
  },
  {
    name: "keys in parentheses lose them",
    script: 'BEGIN { @a["(abc)"] = 1; }',
    peer: "@a[abc]: 1",
    corrected: "@a[(abc)]: 1",
    reason: "corrected: the name of a process in parentheses is another name",
  },
  {
    name: "a tuple has parentheses as a value, but none as a key",
    script: "BEGIN { print((1, 2)); @a[(1, 2)] = 1; }",
    peer: "(1, 2)\n\n\n@a[1, 2]: 1",
    reason: "copied",
  },
  {
    name: "null pointers print in two ways",
    script: 'BEGIN { printf("%p %s\\n", 0, (int8*)0); }',
    peer: "0 0x0",
    reason: "copied",
  },
  {
    name: "a scalar that was never assigned prints its zero when asked for, and nothing at the end",
    script: "BEGIN { print(@nothing); @nothing = 0; clear(@nothing); }",
    peer: "@nothing: 0",
    reason: "copied",
  },
  {
    name: "what other begin probes print behind exit() is dropped, what end probes print is not",
    script: "BEGIN { exit(); } BEGIN { print(2); } END { print(3); }",
    peer: "3",
    reason: "copied",
  },
  {
    name: "integers keep the sign of what was assigned last only by type",
    script: "BEGIN { @a = 0xffffffffffffffff; @b = sum(-5); @c = -1; }",
    peer: "@a: 18446744073709551615\n@b: -5\n@c: -1",
    reason: "copied",
  },
  {
    name: "averages are rounded towards zero",
    script: "BEGIN { @ = avg(-7); @ = avg(-8); }",
    peer: "@: -7",
    reason: "copied",
  },
  {
    name: "two tuples of unsigned numbers are sorted as signed ones",
    script: 'BEGIN { @a[0xffffffffffffffff, 1] = "x"; @a[(uint64)5, 1] = "y"; }',
    peer: "@a[18446744073709551615, 1]: x\n@a[5, 1]: y",
    reason: "copied: the order of maps is part of the output",
  },
  {
    name: "small integers add up without wrapping",
    script: "BEGIN { $x = (uint8)200; $y = (uint8)100; print($x + $y); }",
    peer: "300",
    reason: "copied: arithmetic has 64 bits",
  },
  {
    name: "a division of stats() divides the average alone",
    script: "BEGIN { @s = stats(5); print(@s, 5, 2); clear(@s); }",
    peer: "@s: { .count = 1, .average = 2, .total = 5 }",
    reason: "copied, with the same warning",
  },
  {
    name: "the last keys are the top ones",
    script: "BEGIN { @[1] = count(); @[2] = count(); @[2] = count(); print(@, 1); clear(@); }",
    peer: "@[2]: 2",
    reason: "copied",
  },
  {
    name: "~ of a literal has 64 bits",
    script: "BEGIN { print(~5); print(-(-5)); print(!5); }",
    peer: "18446744073709551610\n5\nfalse",
    reason: "copied",
  },
  {
    name: "numbers below zero have one bucket",
    script: "BEGIN { @ = hist(-5); @ = hist(-1); @ = hist(1); }",
    peer: `@:\n(..., 0)               2 |${BARS}|\n[0]                    0 |${" ".repeat(52)}|\n[1]                    1 |${"@".repeat(26)}${" ".repeat(26)}|`,
    reason: "copied",
  },
  {
    name: "suffixes of integers in capitals are refused",
    script: "BEGIN { print(1UL); }",
    peer: "",
    corrected: "1",
    reason: "corrected: the documents promise them",
  },
  {
    name: "the size of a macro's value is the size of a record",
    script: "BEGIN { print(sizeof(cpu)); }",
    peer: "704",
    corrected: "8",
    reason: "corrected: cpu is a number of eight bytes",
  },
];

function run(command: string[], script: string): { status: number | null; stdout: string; stderr: string } {
  const [program = "", ...words] = command;
  const { status, stdout, stderr } = spawnSync(program, [...words, "-e", script], { encoding: "utf8", timeout: 60_000 });
  return { status, stdout: stdout.replace(/^\n+|\n+$/g, ""), stderr };
}

for (const { name, script, peer: printed, corrected, code = 0, reason, inAnyOrder } of quirks) {
  attached(`${reason.split(/[:,]/)[0]}: ${name}`, () => {
    const ours = run(["node", bpfcast, "-q"], script);
    assert.is(ours.stdout, corrected ?? printed, `${reason}\n${ours.stderr}`);
    assert.is(ours.status, code, ours.stderr);
    if (peer === undefined) return;
    const other = run([...peer, "-q"], script).stdout;
    if (inAnyOrder) assert.equal(other.split("\n").sort(), printed.split("\n").sort());
    else assert.is(other, printed, "bpftrace prints something else");
  });
}

test.run();
