// What the script's maps hold: per-CPU values reduced, buckets gathered into histograms, entries in the order of printing.

import { BpfcastError } from "../../wasm/errors.ts";
import type { MapInfo, MapValue } from "../../wasm/manifest.ts";
import type { HistogramInfo } from "./format/histogram.ts";
import { compareValues, type Memory, memoryOf } from "./format/values.ts";
import { add, asUnsigned64, compare, divide, type Integer, readInteger, readSigned64, readUnsigned64 } from "./integers.ts";
import type { MapContents } from "./kernel.ts";
import { FEW, sortIndexes } from "./number-sort.ts";
import { gatherSeries, newestEpoch, type Point } from "./series.ts";

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
  size: number;
  /** Entry `index` in the order of printing. Made when it is asked for: a million of them need not exist at once. */
  entry(index: number): Entry;
  /** Time series: the newest interval of all entries. */
  newest: bigint;
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
 * @param keyAt where the key of entry `index` lies.
 * @param valueAt what it is sorted by.
 */
function printingOrder(
  { value, key }: MapInfo,
  keys: Memory,
  count: number,
  keyAt: (index: number) => number,
  valueAt: (index: number) => Integer,
): ArrayLike<number> {
  const indexes = Uint32Array.from({ length: count }, (_, index) => index);
  if (key === null) return indexes;
  const byKey = (left: number, right: number) => compareValues(key, keys, keyAt(left), keys, keyAt(right));
  if (value.kind === "value" && value.type.kind !== "int" && value.type.kind !== "enum") return indexes.sort(byKey);
  const isExtreme = value.kind === "min" || value.kind === "max";
  const numberAt = (index: number) => (isExtreme ? asUnsigned64(valueAt(index)) : valueAt(index));
  if (count >= FEW && key.kind === "int") {
    const ordered = inDoubles(count, (index) => readInteger(keys.view, keyAt(index), key.size, true));
    const numbers = inDoubles(count, numberAt);
    if (ordered !== undefined && numbers !== undefined) return sortIndexes(sortIndexes(indexes, ordered), numbers);
  }
  const numbers = Array.from(indexes, numberAt);
  return indexes.sort((left, right) => compare(numbers[left] as Integer, numbers[right] as Integer) || byKey(left, right));
}

/** Undefined when one of the numbers is too large for it. */
function inDoubles(count: number, numberAt: (index: number) => Integer): Float64Array | undefined {
  const numbers = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const number = numberAt(index);
    if (typeof number === "bigint") return undefined;
    numbers[index] = number;
  }
  return numbers;
}

/**
 * @param possibleCpus CPUs whose values a per-CPU map holds.
 * @throws BpfcastError `bad-map` where the object's map is smaller than its manifest says: it is damaged.
 */
export function readTable(map: MapInfo, contents: MapContents, possibleCpus: number): MapTable {
  const keys = memoryOf(contents.keys);
  const values = memoryOf(contents.values);
  const perCpu = map.type === "percpu_hash" || map.type === "percpu_array" || map.type === "lru_percpu_hash";
  const cpus = perCpu ? possibleCpus : 1;
  if (contents.count > 0 && (contents.keySize < map.keySize || contents.valueSize < (perCpu ? perCpuStride(map) * cpus : map.valueSize)))
    throw new BpfcastError("bad-map", `map '${map.name}' has smaller keys or values than the object's manifest says`);
  const table = { map, keys, values, newest: 0n };
  const tableOf = (entries: Entry[]): MapTable => ({ ...table, size: entries.length, entry: (index) => entries[index] as Entry });
  if (map.value.kind === "tseries") {
    const entries = gatherSeries(map, map.value, contents, keys, values, cpus);
    return { ...tableOf(entries), newest: newestEpoch(entries) };
  }
  if (isHistogram(map.value)) {
    const found = gatherHistograms(map, map.value, contents, keys, values, cpus);
    const at = (index: number) => found[index] as Entry;
    const order = printingOrder(
      map,
      keys,
      found.length,
      (index) => at(index).key,
      (index) => at(index).value,
    );
    return tableOf(Array.from(order, at));
  }
  const read = (index: number) => reduceEntry(map, values.view, index * contents.keySize, index * contents.valueSize, cpus);
  if (map.key === null) return tableOf(contents.count > 0 && isAssigned(map, contents, values.view, cpus) ? [read(0)] : []);
  const order = printingOrder(
    map,
    keys,
    contents.count,
    (index) => index * contents.keySize,
    (index) => read(index).value,
  );
  return { ...table, size: contents.count, entry: (index) => read(order[index] as number) };
}

/** The table of a scalar map as print() shows it before it was assigned: the zero of its type; a histogram without buckets. */
export function zeroTable(map: MapInfo, possibleCpus: number): MapTable {
  const values = memoryOf(new Uint8Array(perCpuStride(map) * possibleCpus));
  const entry = isHistogram(map.value) ? emptyEntry(0, 0) : reduceEntry(map, values.view, 0, 0, possibleCpus);
  return { map, keys: memoryOf(new Uint8Array(8)), values, size: 1, entry: () => entry, newest: 0n };
}
