// Values that are printed in a form of their own, and times. Expected texts are what bpftrace 0.27.1 prints.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gfpText } from "../../runner/core/format/gfp.ts";
import { ipv6Text } from "../../runner/core/format/printed.ts";
import { formatTime } from "../../runner/core/format/time.ts";
import { compareValues, writeValue } from "../../runner/core/format/values.ts";
import { ByteWriter } from "../../runner/core/format/writer.ts";
import { type Names, NO_NAMES, plainStyle, type Style } from "../../runner/core/names.ts";
import type { ValueType } from "../../wasm/manifest.ts";
import { memory, type Part, text, u32, u64 } from "../support/memory.ts";

const names: Names = {
  ...NO_NAMES,
  kernelSymbol: (address) => (address === 0x1010n ? { name: "vfs_read", offset: 16, module: "" } : undefined),
  userSymbol: (pid, address) =>
    pid === 7 && address >= 0x2000n ? { name: address === 0x2004n ? "main" : "", offset: 4, module: "/bin/x" } : undefined,
  userName: (id) => (id === 0 ? "root" : undefined),
  cgroupPath: (id, filter) => (id === 1n ? [`unified:/${filter}`, "cpu:/"] : []),
  clockOffset: (clock) => (clock === 0 ? 1_000_000_000n : 0n),
};
const style: Style = { ...plainStyle(".."), names, texts: ["u*", "%s.%f"] };

function printed(type: ValueType, ...parts: Part[]): string {
  const out = new ByteWriter();
  writeValue(type, memory(...parts), 0, style, out);
  return Buffer.from(out.view()).toString("latin1");
}

test("symbols: without offset, unknown ones as addresses", () => {
  assert.is(printed({ kind: "ksym" }, u64(0x1010)), "vfs_read");
  assert.is(printed({ kind: "ksym" }, u64(0x99)), "0x99");
  assert.is(printed({ kind: "ksym" }, u64(0)), "0");
  assert.is(printed({ kind: "usym" }, u64(0x2004), u32(7), u32(0)), "main");
  assert.is(printed({ kind: "usym" }, u64(0x2008), u32(7), u32(0)), "0x2008");
  assert.is(printed({ kind: "usym" }, u64(0x2004), u32(8), u32(0)), "0x2004");
});

test("stacks: as many frames as there are, in three forms", () => {
  const kernel = (mode: "bpftrace" | "perf" | "raw") =>
    printed({ kind: "kstack", frames: 3, mode }, u64(2), u64(0x1010), u64(0x99), u64(0));
  assert.is(kernel("bpftrace"), "\n        vfs_read+16\n        0x99\n");
  assert.is(kernel("perf"), "\n\t1010 vfs_read+16\n\t99 0x99 ([unknown])\n");
  assert.is(kernel("raw"), "\n1010\n99\n");
  const user = (mode: "bpftrace" | "perf") =>
    printed({ kind: "ustack", frames: 2, mode }, u64(9), u32(7), u32(0), u64(0x2004), u64(0x2008));
  assert.is(user("bpftrace"), "\n        main+4\n        0x2008\n");
  assert.is(user("perf"), "\n\t2004 main+4 (/bin/x)\n\t2008 0x2008 (/bin/x)\n");
  assert.is(printed({ kind: "kstack", frames: 1, mode: "bpftrace" }, u64(0), u64(0)), "\n");
});

test("buffers never print beyond their room", () => {
  assert.is(printed({ kind: "buffer", size: 8 }, u32(3), text("a\n~z", 4)), "a\\x0a~");
  assert.is(printed({ kind: "buffer", size: 8 }, u32(0xffffffff), text("abcd", 4)), "abcd");
});

test("users, cgroups, MAC addresses", () => {
  assert.is(printed({ kind: "username" }, u64(0)), "root");
  assert.is(printed({ kind: "username" }, u64(12345)), "12345");
  assert.is(printed({ kind: "cgroup_path" }, u64(1), u32(0), u32(0)), "unified:/u*,cpu:/");
  assert.is(printed({ kind: "mac" }, text("\x01\x02\x0a\x7f\x00\x03", 6)), "01:02:0A:7F:00:03");
});

test("network addresses", () => {
  assert.is(printed({ kind: "inet" }, u64(2), u32(0x0100007f), u32(0), u64(0)), "127.0.0.1");
  assert.is(printed({ kind: "inet" }, u64(10), u64(0), u64(1n << 56n)), "::1");
  const long = (...groups: number[]) => ipv6Text(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])));
  assert.is(long(0, 0, 0, 0, 0, 0, 0, 0), "::");
  assert.is(long(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), "2001:db8::1:0:0:1");
  assert.is(long(1, 0, 2, 3, 4, 5, 6, 7), "1:0:2:3:4:5:6:7");
  assert.is(long(1, 2, 3, 4, 5, 6, 0, 0), "1:2:3:4:5:6::");
  assert.is(long(0, 0, 0, 0, 0, 0xffff, 0x102, 0x304), "::ffff:1.2.3.4");
});

test("timestamps add the offset of their clock", () => {
  assert.is(printed({ kind: "timestamp" }, u32(1), u32(0), u64(5_123_456_789n)), "6.123456");
  assert.is(printed({ kind: "timestamp" }, u32(1), u32(2), u64(5_000_001_999n)), "5.000001");
  assert.is(printed({ kind: "timestamp" }, u32(9), u32(0), u64(0)), "");
});

test("strftime: dates, weeks and parts of a second", () => {
  const at = (year: number, month: number, day: number, hour = 0) =>
    BigInt(new Date(year, month - 1, day, hour, 5, 9).getTime()) * 1_000_000n + 12_345n;
  const noon = at(2026, 11, 23, 12);
  assert.is(formatTime("%F %T %y %C %j %e|%D %R", noon), "2026-11-23 12:05:09 26 20 327 23|11/23/26 12:05");
  assert.is(formatTime("%a %A %b %B %h %p %I %r", noon), "Mon Monday Nov November Nov PM 12 12:05:09 PM");
  assert.is(formatTime("%c|%x|%X|%n%t%%", noon), "Mon Nov 23 12:05:09 2026|11/23/26|12:05:09|\n\t%");
  assert.is(formatTime("%f %k %l", noon), "000012 000012345 000");
  assert.is(formatTime("%U %W %V %G %g %u %w", noon), "47 47 48 2026 26 1 1");
  assert.is(formatTime("%V %G", at(2021, 1, 1)), "53 2020");
  assert.is(formatTime("%V %G %U %W", at(2018, 12, 31)), "01 2019 52 53");
  assert.is(formatTime("%I %p %e", at(2026, 1, 2)), "12 AM  2");
  assert.is(formatTime("%Q 100%", noon), "%Q 100%");
});

test("allocation flags: combinations before their parts, the rest as a number", () => {
  assert.is(gfpText(0n), "0");
  assert.is(gfpText(0x100ccan), "GFP_HIGHUSER|0x8");
  assert.is(gfpText(0x2100ccan), "GFP_HIGHUSER_MOVABLE");
  assert.is(gfpText(0xc00n), "GFP_NOIO");
  assert.is(gfpText(0x80000000n), "0x80000000");
});

test("an order for keys of every kind", () => {
  const order = (type: ValueType, left: Part[], right: Part[]) => Math.sign(compareValues(type, memory(...left), 0, memory(...right), 0));
  assert.is(order({ kind: "ksym" }, [u64(2n ** 63n)], [u64(1)]), 1);
  assert.is(order({ kind: "kstack", frames: 1, mode: "raw" }, [u64(1), u64(5)], [u64(1), u64(9)]), -1);
  assert.is(order({ kind: "buffer", size: 8 }, [u32(1), text("b", 4)], [u32(1), text("a", 4)]), 1);
  assert.is(order({ kind: "mac" }, [text("abcdef", 6)], [text("abcdef", 6)]), 0);
});

test.run();
