// Time series as text and JSON: the peer's drawing, a line for each interval, time downwards.

import type { Integer } from "../integers.ts";
import type { Entry } from "../maps.ts";
import { type SeriesInfo, shownPoints } from "../series.ts";
import type { ByteWriter } from "./writer.ts";

/** Columns from border to border; the values stand on the borders as well. */
const WIDTH = 53;
const BILLION = 1_000_000_000n;

/** Unit of the times, digits behind the seconds. @param lines intervals from the first that is shown to the newest. */
export function precision(interval: bigint, lines: bigint): { unit: string; digits: number } {
  // One line alone is shown with everything that is known of its time.
  if (lines === 1n) return { unit: ".ns", digits: 9 };
  if (interval % BILLION === 0n) return { unit: "", digits: 0 };
  if (interval % 1_000_000n === 0n) return { unit: ".ms", digits: 3 };
  return interval % 1000n === 0n ? { unit: ".μs", digits: 6 } : { unit: ".ns", digits: 9 };
}

/** @param nanoseconds since 1970. */
export function timeText(nanoseconds: bigint, digits: number): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const pad = (value: number) => String(value).padStart(2, "0");
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return digits === 0
    ? time
    : `${time}.${String(nanoseconds % BILLION)
        .padStart(9, "0")
        .slice(0, digits)}`;
}

/** Lowest and highest value, a bit apart; null when there is none. */
function range(values: Integer[]): { low: bigint; high: bigint } | null {
  if (values.length === 0) return null;
  const all = values.map(BigInt);
  let low = all[0] ?? 0n;
  let high = low;
  for (const value of all) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low === high ? { low: low - 1n, high: high + 1n } : { low, high };
}

export function writeSeries(info: SeriesInfo, entry: Entry, newest: bigint, out: ByteWriter): void {
  const interval = BigInt(info.interval);
  const points = shownPoints(info, entry, newest);
  const first = points[0]?.epoch ?? newest;
  const { unit, digits } = precision(interval, newest - first + 1n);
  const bounds = range(points.map(({ value }) => value));
  const span = bounds === null ? 1 : Number(bounds.high - bounds.low);
  const share = (value: bigint) => (Number(value - (bounds?.low ?? 0n)) / span) * (WIDTH - 1);
  const indent = " ".repeat(8 + (digits === 0 ? 0 : digits + 1) + 1);
  const [low, high] = bounds === null ? ["null", "null"] : [String(bounds.low), String(bounds.high)];
  const limits = `${indent}${low}${high.padStart(WIDTH - low.length)}\n`;
  const zero = bounds !== null && bounds.low < 0n && bounds.high > 0n ? Math.round(share(0n)) : -1;

  out.ascii(limits);
  const head = new TextEncoder().encode(`hh:mm:ss${unit}`);
  out.copy(head, 0, -1);
  // The peer counts the bytes of its heading, of which one letter has two.
  out.fill(32, indent.length - head.length);
  out.ascii(`|${"_".repeat(WIDTH - 2)}|\n`);
  const byEpoch = new Map(points.map(({ epoch, value }) => [epoch, value]));
  for (let epoch = first; epoch <= newest; epoch++) {
    const value = byEpoch.get(epoch);
    const line = ["|", ...new Array<string>(WIDTH - 2).fill(" "), "|"];
    if (zero >= 0) line[zero] = ".";
    if (value !== undefined) line[Math.floor(share(BigInt(value)))] = "*";
    out.ascii(`${timeText(epoch * interval, digits)} ${line.join("")} ${value ?? "-"}\n`);
  }
  out.ascii(`${indent}v${"_".repeat(WIDTH - 2)}v\n`);
  out.ascii(limits);
}

/** One object for each interval that has a value. */
export function seriesJson(info: SeriesInfo, entry: Entry, newest: bigint, number: (value: Integer) => string): string {
  const interval = BigInt(info.interval);
  const rows = shownPoints(info, entry, newest).map(({ epoch, value }) => {
    const nanoseconds = epoch * interval;
    const date = new Date(Number(nanoseconds / 1_000_000n)).toISOString();
    const start = `${date.slice(0, 10)} ${date.slice(11, 19)}.${String(nanoseconds % BILLION).padStart(9, "0")}`;
    return `{"interval_start":"${start}","value":${number(value)}}`;
  });
  return `[${rows.join(",")}]`;
}
