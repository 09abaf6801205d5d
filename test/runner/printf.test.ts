// printf: what bpftrace 0.27.1 prints for these formats.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { PrintfFormat } from "../../runner/core/format/printf.ts";
import { ByteWriter } from "../../runner/core/format/writer.ts";
import { plainStyle } from "../../runner/core/names.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Field, ValueType } from "../../wasm/manifest.ts";
import { memory, type Part, text, u64 } from "../support/memory.ts";

const STYLE = plainStyle("..");
const INT: ValueType = { kind: "int", size: 8, signed: true };
const UNSIGNED: ValueType = { kind: "int", size: 8, signed: false };
const POINTER: ValueType = { kind: "pointer" };

interface Argument {
  type: ValueType;
  part: Part;
}

const int = (value: number | bigint): Argument => ({ type: INT, part: u64(value) });
const unsigned = (value: number | bigint): Argument => ({ type: UNSIGNED, part: u64(value) });
const pointer = (value: number | bigint): Argument => ({ type: POINTER, part: u64(value) });
const bool = (value: boolean): Argument => ({ type: { kind: "bool" }, part: text(value ? "\x01" : "", 8) });
const string = (value: string, size = 16): Argument => ({ type: { kind: "string", size }, part: text(value, size) });

function printed(format: string, ...given: Argument[]): string {
  const args: Field[] = [];
  let offset = 8;
  for (const { type, part } of given) {
    args.push({ offset, type });
    offset += part.size;
  }
  const out = new ByteWriter(16);
  new PrintfFormat(format, args, STYLE).write(memory(u64(0), ...given.map(({ part }) => part)), 0, out);
  return Buffer.from(out.view()).toString("latin1");
}

const CASES: [string, Argument[], string][] = [
  ["no conversion at all\n", [], "no conversion at all\n"],
  ["100%%|%", [], "100%|%"],
  ["%d %u %x", [int(0x1ffffffff), int(0x1ffffffff), int(0x1ffffffff)], "-1 4294967295 ffffffff"],
  ["%ld %lu %lx", [int(-1), int(-1), int(-1)], "-1 18446744073709551615 ffffffffffffffff"],
  ["%lld %llx %#lx", [int(0x7fffffffffffffffn), int(5), int(0)], "9223372036854775807 5 0"],
  ["%hhd %hd %hu %hhx", [int(300), int(70000), int(70000), int(511)], "44 4464 4464 ff"],
  ["%i %d %d", [int(-5), int(2147483648), int(-2147483649)], "-5 -2147483648 2147483647"],
  ["%c%c", [int(65), int(0)], "A\0"],
  ["%5c|%-5c|%lc", [int(65), int(66), int(65)], "    A|B    |A"],
  ["%5d|%-5d|%05d|%+d|% d", [int(42), int(42), int(42), int(42), int(42)], "   42|42   |00042|+42|42"],
  ["%05d|%5d|%-5d|%+d", [int(-3), int(-3), int(-3), int(-3)], "000-3|   -3|-3   |-3"],
  ["%-05d|%+u|%+x|%-+5d|%+05d", [int(5), int(5), int(5), int(5), int(5)], "50000|5|5|+5   |000+5"],
  ["%#x|%#X|%#o|%o|%X|%-#8x|%#d", [int(255), int(255), int(8), int(8), int(255), int(255), int(5)], "0xff|0XFF|010|10|FF|0xff    |5"],
  ["%08x|%8x|%-8x", [int(255), int(255), int(255)], "000000ff|      ff|ff      "],
  ["%20lu|%-20lu|%020lu", [int(-1), int(-1), int(-1)], "18446744073709551615|18446744073709551615|18446744073709551615"],
  ["%.3d|%5.3d|%.2s|%10.2s", [int(5), int(5), string("abc"), string("abc")], "5|    5|abc|       abc"],
  ["%*d", [int(5)], "5"],
  ["%zu %ju %tu %Lu", [int(5), int(5), int(5), int(5)], "5 5 5 5"],
  [
    "%s|%10s|%-10s|%05s|% s|%+s",
    [string("abc"), string("abc"), string("abc"), string("b"), string("c"), string("a")],
    "abc|       abc|abc       |0000b|c|a",
  ],
  [
    "%p %p|%20p|%-20p|%05p",
    [pointer(0), int(10), pointer(100), pointer(1), pointer(1)],
    "0 0xa|                0x64|0x1                 |000x1",
  ],
  ["%s|%s|%d|%x", [pointer(0), pointer(7), pointer(1), pointer(1)], "0x0|0x7|1|1"],
  ["%s %8s|%-8s|%d", [bool(true), bool(true), bool(false), bool(true)], "true     true|false   |1"],
  ["%s %s %s", [int(5), int(-5), unsigned(18446744073709551615n)], "5 -5 18446744073709551615"],
  ["[%s] [%s]", [string("", 8), string("abcdefgh", 8)], "[] [abcdefgh..]"],
  ["[%12s]", [string("abcdefgh", 8)], "[  abcdefgh..]"],
  ["%ld %lu", [int(-9223372036854775808n), unsigned(9007199254740993n)], "-9223372036854775808 9007199254740993"],
  ["%d", [unsigned(18446744073709551615n)], "-1"],
  ["%y %", [], "%y %"],
  ["\u00e9 %d", [int(1)], "\u00c3\u00a9 1"],
];

for (const [format, given, expected] of CASES) {
  test(JSON.stringify(format), () => assert.is(printed(format, ...given), expected));
}

test("bytes of texts are passed through as they are", () => {
  const out = new ByteWriter(4);
  const record = memory(u64(0), u64(0n));
  record.bytes.set([0xff, 0xfe, 0x80, 0], 8);
  new PrintfFormat("%s\n", [{ offset: 8, type: { kind: "string", size: 8 } }], STYLE).write(record, 0, out);
  assert.equal([...out.view()], [0xff, 0xfe, 0x80, 0x0a]);
});

test("a tuple as text", () => {
  const tuple: ValueType = {
    kind: "tuple",
    size: 24,
    fields: [
      { offset: 0, type: INT },
      { offset: 8, type: { kind: "string", size: 16 } },
    ],
  };
  const out = new ByteWriter(4);
  new PrintfFormat("%s", [{ offset: 8, type: tuple }], STYLE).write(memory(u64(0), u64(1), text("a", 16)), 0, out);
  assert.is(Buffer.from(out.view()).toString(), "(1, a)");
});

test("every number of 64 bits is written exactly", () => {
  for (let bit = 0n; bit < 64n; bit++) {
    for (const value of [(1n << bit) - 1n, 1n << bit, (1n << bit) + 1n]) {
      const wrapped = BigInt.asUintN(64, value);
      assert.is(printed("%lu", unsigned(wrapped)), wrapped.toString());
      assert.is(printed("%ld", int(wrapped)), BigInt.asIntN(64, wrapped).toString());
    }
  }
});

test("formats that do not fit their arguments are refused", () => {
  const refused = (format: string, args: Field[]) => {
    try {
      new PrintfFormat(format, args, STYLE);
    } catch (error) {
      return error instanceof BpfcastError && error.code === "bad-format";
    }
    return false;
  };
  assert.ok(refused("%d", []));
  assert.ok(refused("%d", [{ offset: 8, type: { kind: "string", size: 8 } }]));
  assert.ok(refused("%r", [{ offset: 8, type: INT }]));
});

test("a width of a hostile object does not fill the memory", () => {
  assert.ok(printed("%999999999999d", int(1)).length <= 65_536);
});

test.run();
