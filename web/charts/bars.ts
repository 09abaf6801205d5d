// Numbers by key as horizontal bars, a scalar as its digits; and, of few, how they went over time.

import { fitting, html, Pool, set, shortened, svg, textWidth, visible, write } from "./elements.ts";
import { countedKeys, type Drawing, EMPTY, type Table } from "./figure.ts";
import { History } from "./history.ts";
import { LineChart } from "./line-chart.ts";
import type { NumberRow, Picture } from "./pictures.ts";

type Numbers = Extract<Picture, { kind: "numbers" }>;

const ROW = 22;
const BAR = 14;
const FONT = 12;
const GAP = 8;
/** Characters of a key in a sentence. */
const IN_SUMMARY = 40;

const isAverage = (row: NumberRow | undefined): boolean => row?.count !== undefined;

function makeBar() {
  const root = svg("g");
  const parts = { root, title: svg("title"), key: svg("text", "key"), bar: svg("rect", "bar"), value: svg("text", "value") };
  root.append(parts.title, parts.key, parts.bar, parts.value);
  return parts;
}

export class Bars implements Drawing<Numbers> {
  readonly #scalar = html("p", "scalar");
  readonly #svg = svg("svg", "bars");
  readonly #bars: Pool<ReturnType<typeof makeBar>>;
  readonly #zero = svg("line", "axis");
  readonly #history = new History();
  readonly #lines: LineChart;
  /** A drawing never shrinks: what is below it would jump. */
  #rows = 1;

  constructor(body: HTMLElement, isKeyed: boolean) {
    this.#svg.setAttribute("role", "img");
    this.#bars = new Pool(this.#svg, makeBar);
    const lines = html("div");
    this.#lines = new LineChart(lines, "run");
    body.append(isKeyed ? this.#svg : this.#scalar, lines);
  }

  summary(picture: Numbers): string {
    const [first] = picture.rows;
    if (first === undefined) return EMPTY;
    if (picture.isKeyed) return `${countedKeys(picture)}, the largest ${shortened(visible(first.key), IN_SUMMARY)}: ${first.label}`;
    return isAverage(first) ? `average of ${first.count}, total ${first.total}` : "";
  }

  table({ rows, isKeyed }: Numbers): Table {
    const ofKey = (key: string) => (isKeyed ? [key] : []);
    const hasCounts = rows.some(isAverage);
    return {
      head: [...ofKey("Key"), ...(hasCounts ? ["Average", "Count", "Total"] : ["Value"])],
      rows: rows.map(({ key, label, count, total }) => [...ofKey(key), label, ...(hasCounts ? [count ?? "", total ?? ""] : [])]),
    };
  }

  take({ rows, more }: Numbers, seconds: number): void {
    this.#history.add(seconds, rows, more);
  }

  draw(picture: Numbers, summary: string, width: number): void {
    if (picture.isKeyed) this.#drawBars(picture, summary, width);
    else write(this.#scalar, picture.rows[0]?.label ?? "–");
    const { times, lines, isShown } = this.#history;
    if (isShown) this.#lines.draw({ times, lines: [...lines].map(([key, values]) => ({ key, values })) }, this.#linesText(picture), width);
    else this.#lines.close();
  }

  #linesText({ name, rows }: Numbers): string {
    const now = rows.map(({ key, label }) => (key === "" ? label : `${shortened(visible(key), IN_SUMMARY)} ${label}`));
    return `${name} over time, now ${now.length === 0 ? EMPTY : now.join(", ")}`;
  }

  close(): void {
    this.#lines.close();
  }

  #drawBars({ rows }: Numbers, summary: string, width: number): void {
    this.#rows = Math.max(this.#rows, rows.length);
    set(this.#svg, { width, height: this.#rows * ROW, "aria-label": summary });
    const keys = rows.map(({ key }) => visible(key));
    const longest = (texts: string[]) => textWidth(Math.max(0, ...texts.map((text) => text.length)), FONT) + GAP;
    const keyWidth = Math.min(longest(keys), width * 0.36);
    const valueWidth = longest(rows.map(({ label }) => label));
    const room = Math.max(width - keyWidth - valueWidth - GAP, 20);
    const low = Math.min(0, ...rows.map(({ value }) => value));
    const high = Math.max(0, ...rows.map(({ value }) => value));
    const place = (value: number) => keyWidth + (high === low ? 0 : (value - low) / (high - low)) * room;
    this.#bars.take(rows.length).forEach(({ title, key, bar, value }, index) => {
      const row = rows[index] as NumberRow;
      const text = keys[index] as string;
      const top = index * ROW;
      const [left, right] = [place(Math.min(row.value, 0)), place(Math.max(row.value, 0))];
      write(title, `${text}: ${row.label}${isAverage(row) ? ` (count ${row.count}, total ${row.total})` : ""}`);
      write(key, fitting(text, keyWidth - GAP, FONT));
      set(key, { x: 0, y: top + ROW / 2 });
      // Whatever is not 0 can be seen.
      set(bar, { x: left, y: top + (ROW - BAR) / 2, width: row.value === 0 ? 0 : Math.max(right - left, 1), height: BAR });
      write(value, row.label);
      set(value, { x: width, y: top + ROW / 2 });
    });
    if (low < 0) {
      set(this.#zero, { x1: place(0), x2: place(0), y1: 0, y2: rows.length * ROW });
      if (this.#zero.parentNode === null) this.#svg.append(this.#zero);
    } else this.#zero.remove();
  }
}
