// What the script's maps hold: per-CPU values reduced, buckets gathered into histograms, entries in the order of printing.

import type { MapInfo, MapValue } from "../../wasm/manifest.ts";
import type { HistogramInfo } from "./format/histogram.ts";
import { compareValues, type Memory, memoryOf } from "./format/values.ts";
import { add, asUnsigned64, compare, divide, type Integer, readInteger, readSigned64, readUnsigned64 } from "./integers.ts";
import type { MapContents } from "./kernel.ts";
import { FEW, sortIndexes } from "./number-sort.ts";
import { gatherSeries, type Point } from "./series.ts";

/** One key with its value on all CPUs together. */
export interface Entry {
  /** Where the key lies in the table's keys. */
  key: number;
  /** Where the first CPU's value lies in the table's values. */
  at: number;
  /** The number that is printed (count, sum, min, max, average, or a plain integer), and sorted by; a histogram's total. */
  value: Integer;
  /** avg and stats. */
  count: Integer;
  total: Integer;
  /** Histograms: counts by bucket. */
  buckets: Integer[];
  /** Time series: values by interval. */
  points: Point[];
}

export interface MapTable {
  map: MapInfo;
  keys: Memory;
  values: Memory;
  /** In the order of printing. */
  entries: Entry[];
}

function perCpuStride(map: MapInfo): number {
  return (map.valueSize + 7) & ~7;
}

function isHistogram(value: MapValue): value is HistogramInfo {
  return value.kind === "hist" || value.kind === "lhist";
}

const NO_BUCKETS: Integer[] = [];
const NO_POINTS: Point[] = [];

function emptyEntry(key: number, at: number): Entry {
  return { key, at, value: 0, count: 0, total: 0, buckets: NO_BUCKETS, points: NO_POINTS };
}

/** The most or least of the values of the CPUs that have one. */
function reduceExtreme(
  value: { kind: "min" | "max"; signed: boolean },
  values: DataView,
  at: number,
  stride: number,
  cpus: number,
): Integer {
  let best: Integer | undefined;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const offset = at + cpu * stride;
    if (readUnsigned64(values, offset + 8) === 0) continue;
    const candidate = value.signed ? readSigned64(values, offset) : readUnsigned64(values, offset);
    if (best === undefined || (value.kind === "min" ? candidate < best : candidate > best)) best = candidate;
  }
  return best ?? 0;
}

function sumOfCpus(values: DataView, at: number, stride: number, cpus: number, signed: boolean): Integer {
  let sum: Integer = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const offset = at + cpu * stride;
    sum = add(sum, signed ? readSigned64(values, offset) : readUnsigned64(values, offset), signed);
  }
  return sum;
}

/** One entry of a map that is no histogram. */
function reduceEntry(map: MapInfo, values: DataView, key: number, at: number, cpus: number): Entry {
  const entry = emptyEntry(key, at);
  const stride = perCpuStride(map);
  const { value } = map;
  switch (value.kind) {
    case "value":
      if (value.type.kind === "int" || value.type.kind === "enum")
        entry.value = readInteger(values, at, value.type.size, value.type.signed);
      break;
    case "count":
      entry.value = sumOfCpus(values, at, stride, cpus, false);
      break;
    case "sum":
      entry.value = sumOfCpus(values, at, stride, cpus, value.signed);
      break;
    case "min":
    case "max":
      entry.value = reduceExtreme(value, values, at, stride, cpus);
      break;
    case "avg":
    case "stats":
      entry.total = sumOfCpus(values, at, stride, cpus, value.signed);
      entry.count = sumOfCpus(values, at + 8, stride, cpus, false);
      entry.value = entry.count === 0 ? 0 : divide(entry.total, entry.count);
      break;
  }
  return entry;
}

const latin1 = new TextDecoder("latin1");

/** A histogram has one BPF key for each bucket of each key; a scalar one just its buckets, and exists once any is not 0. */
function gatherHistograms(map: MapInfo, value: HistogramInfo, contents: MapContents, keys: Memory, values: Memory, cpus: number): Entry[] {
  const stride = perCpuStride(map);
  const byKey = new Map<string, Entry>();
  for (let index = 0; index < contents.count; index++) {
    const key = index * contents.keySize;
    const bucket = keys.view.getUint32(key + map.bucketOffset, true);
    if (bucket >= value.buckets) continue;
    // One character for each byte: the cheapest exact key of a JavaScript map.
    const identity = latin1.decode(keys.bytes.subarray(key, key + map.bucketOffset));
    let entry = byKey.get(identity);
    if (entry === undefined) {
      entry = { ...emptyEntry(key, 0), buckets: new Array<Integer>(value.buckets).fill(0) };
      byKey.set(identity, entry);
    }
    const count = sumOfCpus(values.view, index * contents.valueSize, stride, cpus, false);
    entry.buckets[bucket] = add(entry.buckets[bucket] ?? 0, count, false);
    entry.value = add(entry.value, count, false);
  }
  const entries = [...byKey.values()];
  return map.key === null ? entries.filter(({ value: total }) => total !== 0) : entries;
}

/** Whether the script assigned a scalar map: an array's entry exists from the start. */
function isAssigned(map: MapInfo, contents: MapContents, values: DataView, cpus: number): boolean {
  const stride = perCpuStride(map);
  for (let cpu = 0; cpu < cpus && (cpu + 1) * stride <= Math.max(contents.valueSize, stride); cpu++) {
    const at = cpu * stride + map.presenceOffset;
    if (at + 8 <= values.byteLength && readUnsigned64(values, at) !== 0) return true;
  }
  return false;
}

/**
 * Numbers go by value (min and max as unsigned, as the peer has it), averages by average, histograms by their total, everything
 * else by key. Entries that are equal in that go by key: the peer leaves them in the order of its hash table.
 */
function sortEntries(table: MapTable): void {
  const { map, keys, entries } = table;
  const { key } = map;
  if (key === null) return;
  if (entries.length >= FEW && sortManyNumbers(table)) return;
  const byKey = (left: Entry, right: Entry) => compareValues(key, keys, left.key, keys, right.key);
  const { value } = map;
  if (value.kind === "value" && value.type.kind !== "int" && value.type.kind !== "enum") {
    entries.sort(byKey);
  } else if (value.kind === "min" || value.kind === "max") {
    entries.sort((left, right) => compare(asUnsigned64(left.value), asUnsigned64(right.value)) || byKey(left, right));
  } else {
    entries.sort((left, right) => compare(left.value, right.value) || byKey(left, right));
  }
}

/** As `sortEntries` for integer keys and values that are all exact as doubles; false, and nothing done, for others. */
function sortManyNumbers(table: MapTable): boolean {
  const { map, keys, entries } = table;
  const { key, value } = map;
  if (key?.kind !== "int" || (value.kind === "value" && value.type.kind !== "int")) return false;
  const extreme = value.kind === "min" || value.kind === "max";
  const keyNumbers = new Float64Array(entries.length);
  const numbers = new Float64Array(entries.length);
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as Entry;
    const order = readInteger(keys.view, entry.key, key.size, true);
    const number = extreme ? asUnsigned64(entry.value) : entry.value;
    if (typeof order === "bigint" || typeof number === "bigint") return false;
    keyNumbers[index] = order;
    numbers[index] = number;
  }
  const byKey = sortIndexes(
    Uint32Array.from(numbers, (_, index) => index),
    keyNumbers,
  );
  table.entries = Array.from(sortIndexes(byKey, numbers), (index) => entries[index] as Entry);
  return true;
}

/** @param possibleCpus CPUs whose values a per-CPU map holds. */
export function readTable(map: MapInfo, contents: MapContents, possibleCpus: number): MapTable {
  const keys = memoryOf(contents.keys);
  const values = memoryOf(contents.values);
  const perCpu = map.type === "percpu_hash" || map.type === "percpu_array" || map.type === "lru_percpu_hash";
  const cpus = perCpu ? possibleCpus : 1;
  const table: MapTable = { map, keys, values, entries: [] };
  if (map.value.kind === "tseries") {
    table.entries = gatherSeries(map, map.value, contents, keys, values, cpus);
    return table;
  }
  if (isHistogram(map.value)) {
    table.entries = gatherHistograms(map, map.value, contents, keys, values, cpus);
  } else if (map.key === null) {
    if (contents.count > 0 && isAssigned(map, contents, values.view, cpus)) table.entries.push(reduceEntry(map, values.view, 0, 0, cpus));
  } else {
    for (let index = 0; index < contents.count; index++) {
      table.entries.push(reduceEntry(map, values.view, index * contents.keySize, index * contents.valueSize, cpus));
    }
  }
  sortEntries(table);
  return table;
}

/** The table of a scalar map as print() shows it before it was assigned: the zero of its type; a histogram without buckets. */
export function zeroTable(map: MapInfo, possibleCpus: number): MapTable {
  const values = memoryOf(new Uint8Array(perCpuStride(map) * possibleCpus));
  const entry = isHistogram(map.value) ? emptyEntry(0, 0) : reduceEntry(map, values.view, 0, 0, possibleCpus);
  return { map, keys: memoryOf(new Uint8Array(8)), values, entries: [entry] };
}
