// Time series: CPUs merged, and the drawing of bpftrace 0.27.1.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { JsonOutput } from "../../runner/core/format/json.ts";
import { TextOutput } from "../../runner/core/format/text.ts";
import { readTable } from "../../runner/core/maps.ts";
import { plainStyle } from "../../runner/core/names.ts";
import type { MapInfo } from "../../wasm/manifest.ts";
import { CollectingSink, layOut, u32, u64 } from "../support/memory.ts";
import { makeMap } from "../support/objects.ts";

type Aggregation = "last" | "avg" | "max" | "min" | "sum";

/** Value, meta and epoch on one CPU. */
type Cell = [value: number, meta: number, epoch: number];

function seriesMap(aggregation: Aggregation, keyed: boolean, interval = "100000000", buckets = 10): MapInfo {
  return makeMap({
    name: "@x",
    type: keyed ? "percpu_hash" : "percpu_array",
    value: { kind: "tseries", interval, aggregation, signed: true, buckets },
    key: keyed ? { kind: "int", size: 4, signed: false } : null,
    keySize: keyed ? 8 : 4,
    bucketOffset: keyed ? 4 : 0,
    valueSize: 24,
  });
}

/** What two CPUs hold, by key (of a keyed map) and slot. */
function printed(map: MapInfo, rows: { key?: number; slot: number; cells: [Cell, Cell] }[], json = false): string {
  const keys = rows.flatMap(({ key, slot }) => [...layOut(...(map.key === null ? [] : [u32(key ?? 0)]), u32(slot))]);
  const values = rows.flatMap(({ cells }) => [...layOut(...cells.flat().map((word) => u64(word)))]);
  const contents = {
    count: rows.length,
    keySize: map.keySize,
    valueSize: 48,
    keys: Uint8Array.from(keys),
    values: Uint8Array.from(values),
  };
  const sink = new CollectingSink();
  const output = json ? new JsonOutput(sink, plainStyle("..")) : new TextOutput(sink, plainStyle(".."));
  output.map(readTable(map, contents, 2), 0, 0);
  output.flush();
  return sink.out;
}

const NONE: Cell = [0, 0, 0];
const zone = process.env["TZ"];
test.before(() => {
  process.env["TZ"] = "UTC";
});
test.after(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

/** Values of the single line that a series of one slot prints. */
function only(aggregation: Aggregation, left: Cell, right: Cell): string {
  return JSON.parse(printed(seriesMap(aggregation, false), [{ slot: 0, cells: [left, right] }], true))
    .data["@x"].map(({ value }: { value: number }) => value)
    .join();
}

test("CPUs: the newest interval counts, merged by the series' own rule", () => {
  assert.is(only("last", [5, 100, 7], [6, 90, 7]), "5");
  assert.is(only("last", [5, 100, 7], [6, 110, 7]), "6");
  assert.is(only("avg", [10, 2, 7], [2, 1, 7]), "4");
  assert.is(only("sum", [10, 2, 7], [2, 1, 7]), "12");
  assert.is(only("max", [10, 2, 7], [12, 1, 7]), "12");
  assert.is(only("min", [-10, 2, 7], [12, 1, 7]), "-10");
  assert.is(only("sum", [10, 2, 7], [2, 1, 17]), "2");
  assert.is(only("sum", NONE, [2, 1, 17]), "2");
  assert.is(printed(seriesMap("sum", false), [{ slot: 0, cells: [NONE, NONE] }]), "");
});

test("the drawing: gaps, the line of zero, limits", () => {
  const rows = [
    { slot: 0, cells: [[-8, 0, 10], NONE] as [Cell, Cell] },
    { slot: 1, cells: [[1, 0, 11], NONE] as [Cell, Cell] },
    { slot: 3, cells: [[7, 0, 13], NONE] as [Cell, Cell] },
  ];
  assert.is(
    printed(seriesMap("last", false), rows),
    `@x:
             -8                                                  7
hh:mm:ss.ms  |___________________________________________________|
00:00:01.000 *                           .                       | -8
00:00:01.100 |                           .  *                    | 1
00:00:01.200 |                           .                       | -
00:00:01.300 |                           .                       * 7
             v___________________________________________________v
             -8                                                  7

`,
  );
});

test("one line alone, and the window that ends with the newest of all keys", () => {
  const map = seriesMap("last", true, "1000000000", 2);
  const rows = [
    { key: 1, slot: 1, cells: [[3, 0, 61], NONE] as [Cell, Cell] },
    { key: 2, slot: 0, cells: [[5, 0, 3600], NONE] as [Cell, Cell] },
  ];
  assert.is(
    printed(map, rows),
    `@x[1]:
                   null                                             null
hh:mm:ss.ns        |___________________________________________________|
01:00:00.000000000 |                                                   | -
                   v___________________________________________________v
                   null                                             null

@x[2]:
                   4                                                   6
hh:mm:ss.ns        |___________________________________________________|
01:00:00.000000000 |                         *                         | 5
                   v___________________________________________________v
                   4                                                   6

`,
  );
  assert.is(
    printed(map, rows, true),
    '{"type": "tseries", "data": {"@x": {"1": [], "2": [{"interval_start":"1970-01-01 01:00:00.000000000","value":5}]}}}\n',
  );
});

test("units: seconds, and microseconds whose heading has one letter of two bytes", () => {
  const rows = (first: number): { slot: number; cells: [Cell, Cell] }[] => [
    { slot: 0, cells: [[1, 0, first], NONE] },
    { slot: 1, cells: [[2, 0, first + 1], NONE] },
  ];
  assert.match(printed(seriesMap("last", false, "2000000000"), rows(5)), /\nhh:mm:ss \|_+\|\n00:00:10 \*.* 1\n00:00:12 .*\* 2\n/);
  assert.match(printed(seriesMap("last", false, "500000"), rows(2)), /\nhh:mm:ss\.\S+ {4}\|_+\|\n00:00:00\.001000 \*/);
});

test.run();
