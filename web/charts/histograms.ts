// Histograms as columns: one small drawing for each key, all with the same buckets.

import { html, Pool, set, svg, textWidth, visible, write } from "./elements.ts";
import { countedKeys, type Drawing, EMPTY, type Table } from "./figure.ts";
import type { BucketPicture, HistogramRow, Picture } from "./pictures.ts";

type Histograms = Extract<Picture, { kind: "histograms" }>;

const FONT = 11;
/** Height of the columns; counts stand above, buckets below. */
const COLUMNS = 110;
const LINE = 16;
/** Least width of a drawing, when there are several. */
const NARROWEST = 280;
const WIDEST = 640;
const GAP = 16;
/** Narrower columns are drawn several as one. */
const NARROWEST_COLUMN = 5;

/** Buckets that are drawn as one column: [start, end). */
interface Column {
  start: number;
  end: number;
  label: string;
}

function makeColumn() {
  const root = svg("g");
  const parts = { root, title: svg("title"), bar: svg("rect", "bar"), count: svg("text", "count"), label: svg("text", "bucket") };
  root.append(parts.title, parts.bar, parts.count, parts.label);
  return parts;
}

function makeHistogram() {
  const root = html("div", "histogram");
  const key = html("p");
  const drawing = svg("svg");
  drawing.setAttribute("role", "img");
  const axis = svg("line", "axis");
  drawing.append(axis);
  root.append(key, drawing);
  return { root, key, drawing, axis, columns: new Pool(drawing, makeColumn) };
}

export class HistogramGrid implements Drawing<Histograms> {
  readonly #grid = html("div", "grid");
  readonly #histograms: Pool<ReturnType<typeof makeHistogram>>;
  /** The buckets that were drawn last stay where they are while the script adds others, or clears the map. */
  #first = 0;
  #buckets: BucketPicture[] = [];
  /** Drawings that there were: an empty one keeps its place. */
  #count = 1;

  constructor(body: HTMLElement) {
    this.#histograms = new Pool(this.#grid, makeHistogram);
    body.append(this.#grid);
  }

  summary(picture: Histograms): string {
    const [first] = picture.rows;
    if (first === undefined) return EMPTY;
    return picture.isKeyed ? countedKeys(picture) : this.#about(picture, first);
  }

  table({ rows, buckets, isKeyed }: Histograms): Table {
    const filled = rows.flatMap(({ key, counts }) => {
      const [from, to] = [counts.findIndex(({ value }) => value > 0), counts.findLastIndex(({ value }) => value > 0)];
      return counts
        .map(({ label }, index) => [...(isKeyed ? [key] : []), buckets[index]?.label ?? "", label])
        .filter((_, index) => index >= from && index <= to && from >= 0);
    });
    return { head: [...(isKeyed ? ["Key"] : []), "Values", "Count"], rows: filled };
  }

  draw(picture: Histograms, _: string, width: number): void {
    this.#widen(picture);
    this.#count = Math.max(this.#count, picture.rows.length);
    const perLine = this.#count === 1 ? 1 : Math.max(1, Math.min(3, this.#count, Math.floor((width + GAP) / (NARROWEST + GAP))));
    const each = Math.min(Math.floor((width - GAP * (perLine - 1)) / perLine), WIDEST);
    const columns = this.#columns(each);
    this.#histograms.take(this.#count).forEach((histogram, index) => {
      const row = picture.rows[index];
      histogram.key.hidden = !picture.isKeyed;
      write(histogram.key, row === undefined ? EMPTY : `${visible(row.key)} (${row.total})`);
      const about = row === undefined ? EMPTY : this.#about(picture, row);
      set(histogram.drawing, {
        width: each,
        height: LINE + COLUMNS + LINE,
        "aria-label": `${picture.name}${row?.key ? ` of ${visible(row.key)}` : ""}: ${about}`,
      });
      set(histogram.axis, { x1: 0, x2: each, y1: LINE + COLUMNS, y2: LINE + COLUMNS });
      this.#drawColumns(histogram.columns.take(columns.length), columns, picture, row, each / Math.max(columns.length, 1));
    });
  }

  /** The most frequent bucket says most in few words. */
  #about({ buckets }: Histograms, { total, counts }: HistogramRow): string {
    const most = counts.reduce((best, { value }, index) => (value > (counts[best]?.value ?? 0) ? index : best), 0);
    if (counts[most] === undefined) return `${total} values`;
    return `${total} values, most of them in ${buckets[most]?.label}: ${counts[most].label}`;
  }

  #widen({ first, buckets }: Histograms): void {
    if (buckets.length === 0) return;
    const [end, shownEnd] = [first + buckets.length, this.#first + this.#buckets.length];
    // Of those in between two ranges that are apart nothing is known.
    if (first > shownEnd || end < this.#first) {
      this.#first = first;
      this.#buckets = buckets;
      return;
    }
    const before = buckets.slice(0, Math.max(this.#first - first, 0));
    const behind = end > shownEnd ? buckets.slice(shownEnd - first) : [];
    this.#buckets = [...before, ...this.#buckets, ...behind];
    this.#first -= before.length;
  }

  #columns(width: number): Column[] {
    const together = Math.max(1, Math.ceil((this.#buckets.length * NARROWEST_COLUMN) / width));
    const columns: Column[] = [];
    for (let start = 0; start < this.#buckets.length; start += together) {
      const end = Math.min(start + together, this.#buckets.length);
      const [first, last] = [this.#buckets[start]?.label ?? "", this.#buckets[end - 1]?.label ?? ""];
      columns.push({ start, end, label: end - start === 1 ? first : `${first} to ${last}` });
    }
    return columns;
  }

  #drawColumns(
    parts: ReturnType<typeof makeColumn>[],
    columns: Column[],
    picture: Histograms,
    row: HistogramRow | undefined,
    step: number,
  ): void {
    const counts = columns.map(({ start, end }) => {
      let sum = 0n;
      for (let index = start; index < end; index++) sum += BigInt(row?.counts[index + this.#first - picture.first]?.label ?? 0);
      return sum;
    });
    let most = 1n;
    for (const count of counts) if (count > most) most = count;
    // As many labels as there is room for.
    const labels = columns.map(({ start }) => this.#buckets[start]?.label ?? "");
    const longest = textWidth(Math.max(...labels.map((text) => text.length)) + 1, FONT);
    const every = Math.ceil(longest / step);
    parts.forEach(({ title, bar, count, label }, index) => {
      const column = columns[index] as Column;
      const sum = counts[index] as bigint;
      const height = sum === 0n ? 0 : Math.max((Number(sum) / Number(most)) * COLUMNS, 1);
      write(title, `${column.label}: ${sum}`);
      set(bar, { x: index * step + 1, width: Math.max(step - 2, 1), y: LINE + COLUMNS - height, height });
      const middle = (index + 0.5) * step;
      write(count, sum > 0n && textWidth(String(sum).length, FONT) <= step ? String(sum) : "");
      set(count, { x: middle, y: LINE + COLUMNS - height - 4 });
      const text = labels[index] as string;
      const isInside = middle + textWidth(text.length, FONT) / 2 <= columns.length * step;
      write(label, index % every === 0 && isInside ? text : "");
      // At the border there is no room on one side.
      const isFirst = index === 0 && step < longest;
      set(label, { x: isFirst ? 0 : middle, y: LINE + COLUMNS + 12, "text-anchor": isFirst ? "start" : "middle" });
    });
  }
}
