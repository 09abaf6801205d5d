// Time series: the values of all CPUs for each interval, oldest first.

import type { MapInfo, MapValue } from "../../wasm/manifest.ts";
import type { Memory } from "./format/values.ts";
import { add, divide, type Integer, readInteger, readUnsigned64 } from "./integers.ts";
import type { MapContents } from "./kernel.ts";
import type { Entry } from "./maps.ts";

export type SeriesInfo = Extract<MapValue, { kind: "tseries" }>;

/** The value of one interval. */
export interface Point {
  /** Number of the interval, counted from 1970. */
  epoch: bigint;
  value: Integer;
}

const latin1 = new TextDecoder("latin1");

/** Whether nothing was put there: a clock that the script sets may well be in interval 0. */
function isEmpty(values: DataView, place: number): boolean {
  return (
    values.getBigUint64(place, true) === 0n && values.getBigUint64(place + 8, true) === 0n && values.getBigUint64(place + 16, true) === 0n
  );
}

/** The value of one slot: of the CPUs that have the newest interval there; undefined where none has any. */
function reduceSlot(info: SeriesInfo, values: DataView, at: number, stride: number, cpus: number): Point | undefined {
  let epoch = 0n;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const own = values.getBigUint64(at + cpu * stride + 16, true);
    if (own > epoch) epoch = own;
  }
  let value: Integer | undefined;
  let count: Integer = 0;
  let newest: Integer = -1;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const place = at + cpu * stride;
    if (values.getBigUint64(place + 16, true) !== epoch || isEmpty(values, place)) continue;
    const own = readInteger(values, place, 8, info.signed);
    const meta = readUnsigned64(values, place + 8);
    count = add(count, meta, false);
    // At time 0, which only a clock of a script has, the peer keeps no last value.
    if (value === undefined) value = info.aggregation === "last" && meta === 0 && epoch === 0n ? 0 : own;
    else if (info.aggregation === "avg" || info.aggregation === "sum") value = add(value, own, info.signed);
    else if (info.aggregation === "max" ? own > value : info.aggregation === "min" ? own < value : meta > newest) value = own;
    if (meta > newest) newest = meta;
  }
  if (value === undefined) return undefined;
  const total = value;
  return { epoch, value: info.aggregation === "avg" && count !== 0 ? divide(total, count) : total };
}

/** Entries in the order of their keys' bytes. */
export function gatherSeries(map: MapInfo, info: SeriesInfo, contents: MapContents, keys: Memory, values: Memory, cpus: number): Entry[] {
  const stride = (map.valueSize + 7) & ~7;
  const byKey = new Map<string, Entry>();
  for (let index = 0; index < contents.count; index++) {
    const point = reduceSlot(info, values.view, index * contents.valueSize, stride, cpus);
    const key = index * contents.keySize;
    const identity = latin1.decode(keys.bytes.subarray(key, key + map.bucketOffset));
    let entry = byKey.get(identity);
    if (entry === undefined && (point !== undefined || map.key !== null)) {
      entry = { key, at: 0, value: 0, count: 0, total: 0, buckets: [], points: [] };
      byKey.set(identity, entry);
    }
    if (point !== undefined) entry?.points.push(point);
  }
  for (const { points } of byKey.values()) points.sort((left, right) => (left.epoch < right.epoch ? -1 : 1));
  return [...byKey.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry);
}

/** The newest interval of all entries; 0 when there is none. */
export function newestEpoch(entries: Entry[]): bigint {
  let newest = 0n;
  for (const { points } of entries) for (const { epoch } of points) if (epoch > newest) newest = epoch;
  return newest;
}

/** The points of an entry that are in the window that ends with the newest interval. */
export function shownPoints(info: SeriesInfo, entry: Entry, newest: bigint): Point[] {
  return entry.points.filter(({ epoch }) => epoch + BigInt(info.buckets) > newest);
}
