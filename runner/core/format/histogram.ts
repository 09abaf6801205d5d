// Histograms: which values a bucket holds, and how the buckets are drawn.
//
// hist(n, k): bucket 0 holds n < 0; values below 2^k have a bucket each; above, every power of two is split into 2^k buckets.
// lhist(n, min, max, step): bucket 0 holds n < min, the last one n >= max.

import type { MapValue } from "../../../wasm/manifest.ts";
import type { Integer } from "../integers.ts";
import type { ByteWriter } from "./writer.ts";

export type HistogramInfo = Extract<MapValue, { kind: "hist" | "lhist" }>;

/** One bucket: values of [lower, upper), each bound null when the bucket is open there. */
export interface Bucket {
  lower: bigint | null;
  upper: bigint | null;
  lowerLabel: string;
  upperLabel: string;
}

const HEADER_WIDTH = 16;
const COUNT_WIDTH = 8;
const BAR_WIDTH = 52;
const SUFFIXES = ["", "K", "M", "G", "T", "P", "E"];

/** First value of a bucket of hist, counted from the one that begins with 0, and its label. */
function logarithmicStart(position: number, bits: number): { value: bigint; label: string } {
  const perPower = 1 << bits;
  if (position < perPower) return { value: BigInt(position), label: String(position) };
  const power = (position >> bits) - 1;
  const mantissa = perPower + (position & (perPower - 1));
  const label = `${mantissa * 2 ** (power % 10)}${SUFFIXES[Math.floor(power / 10)]}`;
  return { value: BigInt(mantissa) << BigInt(power), label };
}

/** lhist labels take K and M where the step makes them whole; never larger units. */
function linearLabel(value: bigint, step: bigint): string {
  if (value === 0n || step % 1024n !== 0n || value % 1024n !== 0n) return String(value);
  return value % 1048576n === 0n ? `${value / 1048576n}M` : `${value / 1024n}K`;
}

export function bucketAt(info: HistogramInfo, index: number): Bucket {
  if (info.kind === "hist") {
    const upper = logarithmicStart(Math.max(index, 0), info.bits);
    if (index === 0) return { lower: null, upper: 0n, lowerLabel: "", upperLabel: "0" };
    const lower = logarithmicStart(index - 1, info.bits);
    return { lower: lower.value, upper: upper.value, lowerLabel: lower.label, upperLabel: upper.label };
  }
  const [min, max, step] = [BigInt(info.min), BigInt(info.max), BigInt(info.step)];
  const lower = min + step * BigInt(index - 1);
  if (index === 0) return { lower: null, upper: min, lowerLabel: "", upperLabel: linearLabel(min, step) };
  if (lower >= max) return { lower: max, upper: null, lowerLabel: linearLabel(max, step), upperLabel: "" };
  const upper = lower + step;
  return { lower, upper, lowerLabel: linearLabel(lower, step), upperLabel: linearLabel(upper, step) };
}

/** What stands before a bucket's count. */
export function bucketLabel(bucket: Bucket): string {
  if (bucket.lower === null) return `(..., ${bucket.upperLabel})`;
  if (bucket.upper === null) return `[${bucket.lowerLabel}, ...)`;
  if (bucket.lower + 1n === bucket.upper) return `[${bucket.lowerLabel}]`;
  return `[${bucket.lowerLabel}, ${bucket.upperLabel})`;
}

/** The range of buckets from the first to the last that is not empty; undefined when all are. */
export function filledRange(counts: Integer[]): { first: number; last: number } | undefined {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return undefined;
  return { first, last: counts.findLastIndex((count) => count > 0) };
}

/**
 * The drawing: a line for each bucket from the first to the last that is not empty. `shown` are the counts that are printed,
 * which differ from `counts` when they were divided.
 */
export function writeHistogram(info: HistogramInfo, counts: Integer[], shown: Integer[], out: ByteWriter): void {
  const range = filledRange(counts);
  if (range === undefined) return;
  let most = 0;
  for (const count of shown) most = Math.max(most, Number(count));
  for (let index = range.first; index <= range.last; index++) {
    const count = shown[index] ?? 0;
    // The peer divides in single precision, which decides some last characters.
    const share = most === 0 ? 0 : Math.fround(Math.fround(Number(count)) / Math.fround(most));
    const bar = "@".repeat(Math.trunc(Math.fround(share * BAR_WIDTH)));
    out.ascii(bucketLabel(bucketAt(info, index)).padEnd(HEADER_WIDTH));
    out.ascii(String(count).padStart(COUNT_WIDTH));
    out.ascii(` |${bar.padEnd(BAR_WIDTH)}|\n`);
  }
}
