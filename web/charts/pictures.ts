// What a script's maps hold, as plain data to draw: made in the worker, where the names of symbols and users are, and sent to the page.
//
// Numbers are doubles for the drawing, each with the text that says it exactly. Keys and values read as text output prints them.

import { bucketAt, bucketLabel, filledRange, type HistogramInfo } from "../../runner/core/format/histogram.ts";
import { precision, timeText } from "../../runner/core/format/series.ts";
import { type Memory, writeKey, writeValue } from "../../runner/core/format/values.ts";
import { ByteWriter } from "../../runner/core/format/writer.ts";
import { compare, type Integer } from "../../runner/core/integers.ts";
import type { Entry, MapTable } from "../../runner/core/maps.ts";
import type { Style } from "../../runner/core/names.ts";
import { type SeriesInfo, shownPoints } from "../../runner/core/series.ts";
import type { MapValue, ValueType } from "../../wasm/manifest.ts";

/** Keys with a number or a text. */
export const MAX_ROWS = 50;
/** Histograms, one for each key. */
export const MAX_HISTOGRAMS = 12;
/** Time series: lines that can be told apart, and points of each. */
export const MAX_LINES = 6;
export const MAX_POINTS = 600;
export const MAX_STACKS = 500;
/** Characters of a key or a value; what is longer ends in an ellipsis. */
const MAX_TEXT = 2000;
const BILLION = 1_000_000_000n;

/** A number for the drawing, and its digits. */
export interface Amount {
  value: number;
  label: string;
}

/** `key` is empty in a scalar map. */
export interface NumberRow extends Amount {
  key: string;
  /** avg and stats, whose value is the average. */
  count?: string;
  total?: string;
}

/** Values from `lower` to below `upper`; null where it is open. */
export interface BucketPicture {
  lower: number | null;
  upper: number | null;
  label: string;
}

export interface HistogramRow {
  key: string;
  total: string;
  /** One for each of the picture's buckets. */
  counts: Amount[];
}

export interface PointPicture extends Amount {
  /** Since 1970. */
  seconds: number;
  time: string;
}

/** Of a flame graph: a part of the key that is no stack, or a function. */
export interface Frame {
  name: string;
  of: "key" | "user" | "kernel";
}

export interface StackRow extends Amount {
  /** Outermost first. */
  frames: Frame[];
}

interface Common {
  /** The script's name of the map: `@calls`. */
  name: string;
  isKeyed: boolean;
  /** Entries that are not among the rows. */
  more: number;
}

export type Picture = Common &
  (
    | /** Largest first. */ { kind: "numbers"; rows: NumberRow[] }
    | /** Values that are no numbers, by key. */ { kind: "texts"; rows: { key: string; text: string }[] }
    /** Those with most values first. The buckets are those of all rows together, from the first that is filled, number `first`. */
    | { kind: "histograms"; first: number; buckets: BucketPicture[]; rows: HistogramRow[] }
    | { kind: "series" /** Seconds. */; interval: number; rows: { key: string; points: PointPicture[] }[] }
    /** Largest first; of avg and stats the totals, since only those add up. */
    | { kind: "stacks"; rows: StackRow[] }
  );

const scratch = new ByteWriter(4096);
const decoder = new TextDecoder();

function textOf(write: (out: ByteWriter) => void): string {
  scratch.clear();
  write(scratch);
  const text = decoder.decode(scratch.view());
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

const amountOf = (value: Integer): Amount => ({ value: Number(value), label: String(value) });

const isNumber = (value: MapValue): boolean => value.kind !== "value" || value.type.kind === "int";

/** The last entries of the order of printing, last first: the largest, except that it takes min and max as unsigned. */
function largest(table: MapTable, limit: number): Entry[] {
  const { value } = table.map;
  const at = (count: number, first: number) => Array.from({ length: count }, (_, index) => table.entry(first + index));
  if ((value.kind === "min" || value.kind === "max") && value.signed)
    return at(table.size, 0)
      .sort((left, right) => compare(right.value, left.value))
      .slice(0, limit);
  const count = Math.min(table.size, limit);
  return at(count, table.size - count).reverse();
}

function keyText({ map: { key }, keys }: MapTable, entry: Entry, style: Style): string {
  return key === null ? "" : textOf((out) => writeKey(key, keys, entry.key, style, out));
}

function hasStack(type: ValueType | null): boolean {
  if (type?.kind === "tuple" || type?.kind === "record") return type.fields.some((field) => hasStack(field.type));
  return type?.kind === "kstack" || type?.kind === "ustack";
}

/** A function without the place in it, which would part the calls of one function: `vfs_read+16`, or ` ffff8 vfs_read+16 (module)`. */
function functionName(line: string, mode: string): string {
  if (mode === "bpftrace") return line.replace(/\+\d+$/, "");
  return mode === "perf" ? line.replace(/^[0-9a-f]+ /, "").replace(/\+\d+(?= \(|$)/, "") : line;
}

/** Frames of a key, the outermost first: what is no stack, the process's own functions, the kernel's, whatever their order in the key. */
function framesOf(type: ValueType, keys: Memory, at: number, style: Style): Frame[] {
  const found: Record<Frame["of"], Frame[]> = { key: [], user: [], kernel: [] };
  const others: string[] = [];
  const add = (part: ValueType, place: number) => {
    if ((part.kind === "tuple" || part.kind === "record") && hasStack(part)) {
      for (const field of part.fields) add(field.type, place + field.offset);
      return;
    }
    const text = textOf((out) => writeValue(part, keys, place, style, out));
    if (part.kind !== "kstack" && part.kind !== "ustack") {
      others.push(text);
      return;
    }
    const of = part.kind === "kstack" ? "kernel" : "user";
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    found[of].push(...lines.reverse().map((line): Frame => ({ name: functionName(line.trim(), part.mode), of })));
  };
  add(type, at);
  if (others.length > 0) found.key.push({ name: others.join(", "), of: "key" });
  return [...found.key, ...found.user, ...found.kernel];
}

function stackRows(table: MapTable, type: ValueType, style: Style): StackRow[] {
  const { kind } = table.map.value;
  const isAverage = kind === "avg" || kind === "stats";
  return largest(table, MAX_STACKS).map((entry) => ({
    frames: framesOf(type, table.keys, entry.key, style),
    ...amountOf(isAverage ? entry.total : entry.value),
  }));
}

function numberRows(table: MapTable, style: Style): NumberRow[] {
  const { kind } = table.map.value;
  return largest(table, MAX_ROWS).map((entry) => ({
    key: keyText(table, entry, style),
    ...amountOf(entry.value),
    ...(kind === "avg" || kind === "stats" ? { count: String(entry.count), total: String(entry.total) } : {}),
  }));
}

function histogramsOf(table: MapTable, info: HistogramInfo, style: Style) {
  const entries = largest(table, MAX_HISTOGRAMS);
  const ranges = entries.map(({ buckets }) => filledRange(buckets)).filter((range) => range !== undefined);
  const first = Math.min(...ranges.map((range) => range.first));
  const last = Math.max(...ranges.map((range) => range.last));
  const indexes = ranges.length === 0 ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return {
    first: indexes[0] ?? 0,
    buckets: indexes.map((index): BucketPicture => {
      const bucket = bucketAt(info, index);
      const bound = (value: bigint | null) => (value === null ? null : Number(value));
      return { lower: bound(bucket.lower), upper: bound(bucket.upper), label: bucketLabel(bucket) };
    }),
    rows: entries.map((entry) => ({
      key: keyText(table, entry, style),
      total: String(entry.value),
      counts: indexes.map((index) => amountOf(entry.buckets[index] ?? 0)),
    })),
  };
}

function seriesOf(table: MapTable, info: SeriesInfo, style: Style) {
  const interval = BigInt(info.interval);
  // Finer than a millisecond the clock of a day has too many digits for an axis, not for the numbers.
  const { digits } = precision(interval, 2n);
  return {
    interval: Number(interval) / 1e9,
    rows: Array.from({ length: Math.min(table.size, MAX_LINES) }, (_, index) => {
      const entry = table.entry(index);
      const points = shownPoints(info, entry, table.newest).slice(-MAX_POINTS);
      return {
        key: keyText(table, entry, style),
        points: points.map(({ epoch, value }): PointPicture => {
          const time = epoch * interval;
          const seconds = Number(time / BILLION) + Number(time % BILLION) / 1e9;
          return { seconds, time: timeText(time, digits), ...amountOf(value) };
        }),
      };
    }),
  };
}

function pictureOf(table: MapTable, style: Style): Picture {
  const { name, key, value } = table.map;
  const common = (rows: number) => ({ name, isKeyed: key !== null, more: table.size - rows });
  switch (value.kind) {
    case "hist":
    case "lhist": {
      const found = histogramsOf(table, value, style);
      return { ...common(found.rows.length), kind: "histograms", ...found };
    }
    case "tseries": {
      const found = seriesOf(table, value, style);
      return { ...common(found.rows.length), kind: "series", ...found };
    }
  }
  if (!isNumber(value)) {
    const { type } = value as Extract<MapValue, { kind: "value" }>;
    const rows = Array.from({ length: Math.min(table.size, MAX_ROWS) }, (_, index) => {
      const entry = table.entry(index);
      return { key: keyText(table, entry, style), text: textOf((out) => writeValue(type, table.values, entry.at, style, out)) };
    });
    return { ...common(rows.length), kind: "texts", rows };
  }
  if (key !== null && hasStack(key)) {
    const rows = stackRows(table, key, style);
    return { ...common(rows.length), kind: "stacks", rows };
  }
  const rows = numberRows(table, style);
  return { ...common(rows.length), kind: "numbers", rows };
}

/** One picture for each map, in their order; those of empty maps have no rows. */
export function picturesOf(tables: readonly MapTable[], style: Style): Picture[] {
  return tables.map((table) => pictureOf(table, style));
}
