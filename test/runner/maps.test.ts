// Maps as they are printed: per-CPU values reduced, sorted, drawn. Expected texts are what bpftrace 0.27.1 prints.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { JsonOutput } from "../../runner/core/format/json.ts";
import { TextOutput } from "../../runner/core/format/text.ts";
import type { MapContents } from "../../runner/core/kernel.ts";
import { readTable, zeroTable } from "../../runner/core/maps.ts";
import { plainStyle } from "../../runner/core/names.ts";
import type { MapInfo, MapValue, ValueType } from "../../wasm/manifest.ts";
import { CollectingSink, layOut, type Part, text, u32, u64 } from "../support/memory.ts";
import { makeMap } from "../support/objects.ts";

const INT: ValueType = { kind: "int", size: 8, signed: true };
const CPUS = 2;

/** Contents of a map: of each entry the key, then the values of the CPUs. */
function contents(keySize: number, valueSize: number, entries: [Part[], Part[]][]): MapContents {
  const keys = entries.flatMap(([key]) => [...layOut(...key)]);
  const values = entries.flatMap(([, value]) => [...layOut(...value)]);
  return { count: entries.length, keySize, valueSize, keys: Uint8Array.from(keys), values: Uint8Array.from(values) };
}

interface Printing {
  top?: number;
  div?: number;
  json?: boolean;
}

function printed(map: MapInfo, given: MapContents, { top = 0, div = 0, json = false }: Printing = {}): string {
  const sink = new CollectingSink();
  const output = json ? new JsonOutput(sink, plainStyle("..")) : new TextOutput(sink, plainStyle(".."));
  output.map(readTable(map, given, CPUS), top, div);
  output.flush();
  return sink.out;
}

/** A per-CPU map with integer keys. */
const aggregate = (value: MapValue, valueSize: number) => makeMap({ name: "@x", value, type: "percpu_hash", valueSize });
/** Entries of such a map: key, then the u64s of the first CPU and the second. */
const rows = (valueSize: number, ...entries: [number, ...(number | bigint)[]][]) =>
  contents(
    8,
    valueSize * CPUS,
    entries.map(([key, ...values]) => [[u64(key)], values.map(u64)]),
  );

test("count: summed over the CPUs, ascending, equal ones by key", () => {
  const map = aggregate({ kind: "count" }, 8);
  const given = rows(8, [5, 1, 0], [3, 40, 2], [1, 0, 1], [-1, 1, 0]);
  assert.is(printed(map, given), "@x[-1]: 1\n@x[1]: 1\n@x[5]: 1\n@x[3]: 42\n");
  assert.is(printed(map, given, { top: 2 }), "@x[5]: 1\n@x[3]: 42\n");
  assert.is(printed(map, given, { top: 1, div: 5 }), "@x[3]: 8\n");
  assert.is(printed(map, given, { json: true }), '{"type": "map", "data": {"@x": {"-1": 1, "1": 1, "5": 1, "3": 42}}}\n');
});

test("sum: signed or not, wrapping at 64 bits", () => {
  assert.is(printed(aggregate({ kind: "sum", signed: true }, 8), rows(8, [1, -5, 2], [2, 1, 1])), "@x[1]: -3\n@x[2]: 2\n");
  assert.is(
    printed(aggregate({ kind: "sum", signed: false }, 8), rows(8, [1, -1, 0], [2, 7, 0])),
    "@x[2]: 7\n@x[1]: 18446744073709551615\n",
  );
  assert.is(printed(aggregate({ kind: "sum", signed: true }, 8), rows(8, [1, 0x7fffffffffffffffn, 1])), "@x[1]: -9223372036854775808\n");
  const large = rows(8, [1, 0x1fffffffffffffn, 0x1fffffffffffffn]);
  assert.is(printed(aggregate({ kind: "sum", signed: true }, 8), large), "@x[1]: 18014398509481982\n");
});

test("min and max: only CPUs that have a value, sorted as unsigned", () => {
  const min = aggregate({ kind: "min", signed: true }, 16);
  assert.is(printed(min, rows(16, [1, 0, 0, 5, 1], [2, -1, 1, 9, 1], [3, 2, 1, 0, 0])), "@x[3]: 2\n@x[1]: 5\n@x[2]: -1\n");
  const max = aggregate({ kind: "max", signed: false }, 16);
  assert.is(printed(max, rows(16, [1, -1, 1, 5, 1], [2, 3, 1, 0, 0])), "@x[2]: 3\n@x[1]: 18446744073709551615\n");
});

test("avg: rounded towards zero, sorted by average", () => {
  const avg = aggregate({ kind: "avg", signed: true }, 16);
  const given = rows(16, [1, 10, 3, 0, 0], [2, -10, 2, -1, 1], [3, 0, 0, 0, 0]);
  assert.is(printed(avg, given), "@x[2]: -3\n@x[3]: 0\n@x[1]: 3\n");
  assert.is(printed(avg, given, { json: true }), '{"type": "stats", "data": {"@x": {"2": -3, "3": 0, "1": 3}}}\n');
});

test("stats: div divides the average only", () => {
  const stats = aggregate({ kind: "stats", signed: true }, 16);
  const given = rows(16, [1, 5, 1, 0, 0], [2, 3, 1, -20, 1]);
  assert.is(printed(stats, given), "@x[2]: { .count = 2, .average = -8, .total = -17 }\n@x[1]: { .count = 1, .average = 5, .total = 5 }\n");
  assert.is(printed(stats, given, { top: 1, div: 2 }), "@x[1]: { .count = 1, .average = 2, .total = 5 }\n");
  assert.is(
    printed(stats, given, { json: true }),
    '{"type": "stats", "data": {"@x": {"2": {"count": 2, "average": -8, "total": -17}, "1": {"count": 1, "average": 5, "total": 5}}}}\n',
  );
});

test("plain values: numbers by value, everything else by key", () => {
  const numbers = makeMap({ name: "@x", value: { kind: "value", type: INT } });
  const given = contents(8, 8, [
    [[u64(1)], [u64(10)]],
    [[u64(2)], [u64(5)]],
    [[u64(3)], [u64(-7)]],
  ]);
  assert.is(printed(numbers, given), "@x[3]: -7\n@x[2]: 5\n@x[1]: 10\n");
  assert.is(printed(numbers, given, { top: 2, div: 5 }), "@x[2]: 1\n@x[1]: 2\n");
  const texts = makeMap({ name: "@x", value: { kind: "value", type: { kind: "string", size: 8 } } });
  const words = contents(8, 8, [
    [[u64(3)], [text("a", 8)]],
    [[u64(-1)], [text("abcdefgh", 8)]],
    [[u64(1)], [text("b", 8)]],
  ]);
  assert.is(printed(texts, words), "@x[-1]: abcdefgh..\n@x[1]: b\n@x[3]: a\n");
});

test("unsigned keys are in the order of signed ones", () => {
  const map = makeMap({
    name: "@x",
    value: { kind: "value", type: { kind: "bool" } },
    valueSize: 1,
    key: { kind: "int", size: 8, signed: false },
  });
  const given = contents(8, 8, [
    [[u64(1)], [u64(1)]],
    [[u64(-1)], [u64(0)]],
  ]);
  assert.is(printed(map, given), "@x[18446744073709551615]: false\n@x[1]: true\n");
});

const PAIR: ValueType = {
  kind: "tuple",
  size: 24,
  fields: [
    { offset: 0, type: { kind: "string", size: 16 } },
    { offset: 16, type: INT },
  ],
};

test("tuple keys lose their outer parentheses; sorted part by part", () => {
  const map = makeMap({ name: "@x", key: PAIR, keySize: 24, value: { kind: "value", type: PAIR }, valueSize: 24 });
  const entry = (name: string, number: number): [Part[], Part[]] => [
    [text(name, 16), u64(number)],
    [text("v", 16), u64(1)],
  ];
  const given = contents(24, 24, [entry("b", 1), entry("a", 7), entry("a b", 3), entry("a", 3)]);
  assert.is(printed(map, given), "@x[a, 3]: (v, 1)\n@x[a, 7]: (v, 1)\n@x[a b, 3]: (v, 1)\n@x[b, 1]: (v, 1)\n");
  // In JSON every blank of a key goes, as in the peer.
  assert.is(
    printed(map, given, { json: true }),
    '{"type": "map", "data": {"@x": {"a,3": ["v",1], "a,7": ["v",1], "ab,3": ["v",1], "b,1": ["v",1]}}}\n',
  );
});

test("scalars: printed once assigned on some CPU", () => {
  const sum = makeMap({
    name: "@",
    value: { kind: "sum", signed: true },
    type: "percpu_array",
    key: null,
    keySize: 4,
    valueSize: 16,
    presenceOffset: 8,
  });
  const scalar = (...values: number[]) => contents(4, 32, [[[u32(0)], values.map(u64)]]);
  assert.is(printed(sum, scalar(0, 0, 0, 0)), "");
  assert.is(printed(sum, scalar(0, 0, 0, 1)), "@: 0\n");
  assert.is(printed(sum, scalar(-3, 1, 0, 0)), "@: -3\n");
  assert.is(printed(sum, scalar(-3, 1, 0, 0), { json: true }), '{"type": "map", "data": {"@": -3}}\n');
  const plain = makeMap({
    name: "@s",
    value: { kind: "value", type: INT },
    type: "array",
    key: null,
    keySize: 4,
    valueSize: 16,
    presenceOffset: 8,
  });
  assert.is(printed(plain, contents(4, 16, [[[u32(0)], [u64(0), u64(0)]]])), "");
  assert.is(printed(plain, contents(4, 16, [[[u32(0)], [u64(0), u64(1)]]])), "@s: 0\n");
});

test("a scalar that was never assigned, as print() shows it", () => {
  const shown = (value: MapValue) => {
    const sink = new CollectingSink();
    const output = new TextOutput(sink, plainStyle(".."));
    output.map(zeroTable(makeMap({ name: "@", value, key: null, keySize: 4, valueSize: 16 }), CPUS), 0, 0);
    output.flush();
    return sink.out;
  };
  assert.is(shown({ kind: "count" }), "@: 0\n");
  assert.is(shown({ kind: "stats", signed: true }), "@: { .count = 0, .average = 0, .total = 0 }\n");
  assert.is(shown({ kind: "value", type: { kind: "string", size: 16 } }), "@: \n");
  assert.is(shown({ kind: "hist", bits: 0, buckets: 66 }), "@:\n\n");
});

const row = (head: string, count: number, bar: number) =>
  `${head.padEnd(16)}${String(count).padStart(8)} |${"@".repeat(bar).padEnd(52)}|\n`;

/** A scalar histogram: an array with an entry for each bucket. */
function histogram(value: MapValue & { kind: "hist" | "lhist" }, counts: Record<number, number>, printing: Printing = {}): string {
  const map = makeMap({ name: "@h", value, type: "percpu_array", key: null, keySize: 4 });
  const entries = Array.from({ length: value.buckets }, (_, bucket): [Part[], Part[]] => [
    [u32(bucket)],
    [u64(counts[bucket] ?? 0), u64(0)],
  ]);
  return printed(map, contents(4, 16, entries), printing);
}

const HIST: MapValue & { kind: "hist" } = { kind: "hist", bits: 0, buckets: 66 };

test("hist: from the first bucket that is not empty to the last", () => {
  const lines = row("(..., 0)", 1, 26) + row("[0]", 1, 26) + row("[1]", 0, 0) + row("[2, 4)", 2, 52);
  assert.is(histogram(HIST, { 0: 1, 1: 1, 3: 2 }), `@h:\n${lines}\n`);
  assert.is(histogram(HIST, {}), "");
});

test("hist: labels in powers of 1024", () => {
  const heads = (counts: Record<number, number>) =>
    histogram(HIST, counts)
      .split("\n")
      .slice(1, -2)
      .map((line) => line.slice(0, 16).trim());
  assert.equal(heads({ 10: 1, 12: 1 }), ["[256, 512)", "[512, 1K)", "[1K, 2K)"]);
  assert.equal(heads({ 63: 1, 64: 1 }), ["[2E, 4E)", "[4E, 8E)"]);
});

test("hist with finer buckets", () => {
  const fine: MapValue & { kind: "hist" } = { kind: "hist", bits: 2, buckets: 256 };
  const heads = histogram(fine, { 6: 1, 45: 1 })
    .split("\n")
    .slice(1, -2)
    .map((line) => line.slice(0, 16).trim());
  assert.equal(heads.slice(0, 6), ["[5]", "[6]", "[7]", "[8, 10)", "[10, 12)", "[12, 14)"]);
  assert.equal(heads.slice(-3), ["[3072, 3584)", "[3584, 4K)", "[4K, 5K)"]);
});

test("hist: div divides the counts that are shown", () => {
  assert.is(histogram(HIST, { 3: 1, 4: 3 }, { div: 2 }), `@h:\n${row("[2, 4)", 0, 0)}${row("[4, 8)", 1, 52)}\n`);
});

const linear = (min: number, max: number, step: number): MapValue & { kind: "lhist" } => ({
  kind: "lhist",
  min: String(min),
  max: String(max),
  step: String(step),
  buckets: Math.ceil((max - min) / step) + 2,
});

test("lhist: below, inside and above", () => {
  const lines = row("(..., 0)", 1, 52) + row("[0, 10)", 1, 52) + row("[10, 20)", 0, 0) + row("[20, 30)", 0, 0) + row("[30, ...)", 1, 52);
  assert.is(histogram(linear(0, 30, 10), { 0: 1, 1: 1, 4: 1 }), `@h:\n${lines}\n`);
  assert.is(histogram(linear(0, 10, 1), { 11: 1 }), `@h:\n${row("[10, ...)", 1, 52)}\n`);
  assert.is(histogram(linear(1, 5, 1), { 2: 1 }), `@h:\n${row("[2]", 1, 52)}\n`);
  assert.is(histogram(linear(0, 30, 10), { 1: 8 }, { div: 4 }), `@h:\n${row("[0, 10)", 8, 52)}\n`);
});

test("lhist: labels take units where the step makes them whole", () => {
  const heads = (value: MapValue & { kind: "lhist" }, counts: Record<number, number>) =>
    histogram(value, counts)
      .split("\n")
      .slice(1, -2)
      .map((line) => line.slice(0, 16).trim());
  assert.equal(heads(linear(0, 4194304, 524288), { 1: 1, 4: 1, 9: 1 }), [
    "[0, 512K)",
    "[512K, 1M)",
    "[1M, 1536K)",
    "[1536K, 2M)",
    "[2M, 2560K)",
    "[2560K, 3M)",
    "[3M, 3584K)",
    "[3584K, 4M)",
    "[4M, ...)",
  ]);
  assert.equal(heads(linear(1000, 9216, 1024), { 2: 1 }), ["[2024, 3048)"]);
});

test("histograms in JSON", () => {
  assert.is(
    histogram(HIST, { 0: 1, 1: 1, 3: 1 }, { json: true }),
    '{"type": "hist", "data": {"@h": [{"max": -1, "count": 1},{"min": 0, "max": 0, "count": 1},{"min": 1, "max": 1, "count": 0},{"min": 2, "max": 3, "count": 1}]}}\n',
  );
  assert.is(
    histogram(linear(0, 10, 2), { 3: 1, 6: 1 }, { json: true }),
    '{"type": "hist", "data": {"@h": [{"min": 4, "max": 5, "count": 1},{"min": 6, "max": 7, "count": 0},{"min": 8, "max": 9, "count": 0},{"min": 10, "count": 1}]}}\n',
  );
  assert.is(
    histogram(HIST, { 64: 1 }, { json: true }),
    '{"type": "hist", "data": {"@h": [{"min": 4611686018427387904, "max": "9223372036854775807", "count": 1}]}}\n',
  );
});

test("keyed histograms: a block for each key, ascending by total", () => {
  const map = makeMap({ name: "@h", value: HIST, type: "percpu_hash", key: { kind: "string", size: 16 }, keySize: 20, bucketOffset: 16 });
  const entry = (name: string, bucket: number, first: number, second = 0): [Part[], Part[]] => [
    [text(name, 16), u32(bucket)],
    [u64(first), u64(second)],
  ];
  const given = contents(20, 16, [
    entry("b", 3, 1),
    entry("a a", 4, 5, 1),
    entry("b", 4, 1),
    entry("zero", 3, 0),
    entry("evil", 4_000_000, 9),
  ]);
  const expected = `@h[zero]:\n\n@h[b]:\n${row("[2, 4)", 1, 52)}${row("[4, 8)", 1, 52)}\n@h[a a]:\n${row("[4, 8)", 6, 52)}\n`;
  assert.is(printed(map, given), expected);
  assert.is(printed(map, given, { top: 1 }), `@h[a a]:\n${row("[4, 8)", 6, 52)}\n`);
  assert.match(printed(map, given, { json: true }), '{"zero": [], "b": [{"min": 2,');
});

test("many entries have the order of few", () => {
  const map = aggregate({ kind: "sum", signed: true }, 8);
  const count = 5000;
  const entries = Array.from({ length: count }, (_, index): [number, number, number] => [
    (index * 7919) % count,
    ((index * 31) % 50) - 25,
    0,
  ]);
  const lines = printed(map, rows(8, ...entries))
    .trimEnd()
    .split("\n");
  const expected = entries.sort((left, right) => left[1] - right[1] || left[0] - right[0]).map(([key, sum]) => `@x[${key}]: ${sum}`);
  assert.equal(lines, expected);
});

test("an empty keyed map prints nothing", () => {
  const map = aggregate({ kind: "count" }, 8);
  assert.is(printed(map, rows(8)), "");
  assert.is(printed(map, rows(8), { json: true }), "");
});

test("JSON: numbers that a double cannot hold are texts", () => {
  const map = makeMap({ name: "@x", value: { kind: "value", type: { kind: "int", size: 8, signed: false } } });
  const given = contents(8, 8, [
    [[u64(1)], [u64(9007199254740993n)]],
    [[u64(2)], [u64(-1)]],
    [[u64(3)], [u64(1n << 60n)]],
  ]);
  assert.is(
    printed(map, given, { json: true }),
    '{"type": "map", "data": {"@x": {"1": "9007199254740993", "3": 1152921504606846976, "2": "18446744073709551615"}}}\n',
  );
});

test.run();
