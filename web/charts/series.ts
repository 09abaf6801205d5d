// Time series as lines by the clock.

import { html, visible } from "./elements.ts";
import { countedKeys, type Drawing, EMPTY, type Table } from "./figure.ts";
import { LineChart, type Lines } from "./line-chart.ts";
import type { Picture } from "./pictures.ts";

type Series = Extract<Picture, { kind: "series" }>;

/** All times that any line has a point at; where one has none its line is broken, and so it is where none has. */
export function aligned({ rows, interval }: Series): Lines {
  const known = [...new Set(rows.flatMap(({ points }) => points.map(({ seconds }) => seconds)))].sort((left, right) => left - right);
  const times = known.flatMap((time, index) => {
    const next = known[index + 1];
    return next !== undefined && next - time > 1.5 * interval ? [time, time + interval] : [time];
  });
  const lines = rows.map(({ key, points }) => {
    const values = new Map(points.map(({ seconds, value }) => [seconds, value]));
    return { key, values: times.map((time) => values.get(time) ?? null) };
  });
  return { times, lines };
}

export class SeriesLines implements Drawing<Series> {
  readonly #lines: LineChart;

  constructor(body: HTMLElement) {
    const host = html("div", "place");
    body.append(host);
    this.#lines = new LineChart(host, "day");
  }

  summary(picture: Series): string {
    const last = picture.rows[0]?.points.at(-1);
    if (picture.rows.length === 0) return EMPTY;
    if (picture.isKeyed) return countedKeys(picture);
    return last === undefined ? EMPTY : `${last.label} at ${last.time}`;
  }

  table({ rows, isKeyed }: Series): Table {
    const ofKey = (key: string) => (isKeyed ? [key] : []);
    return {
      head: [...ofKey("Key"), "Time", "Value"],
      rows: rows.flatMap(({ key, points }) => points.map(({ time, label }) => [...ofKey(key), time, label]).reverse()),
    };
  }

  draw(picture: Series, summary: string, width: number): void {
    const data = aligned(picture);
    if (data.times.length > 0) this.#lines.draw(data, visible(summary), width);
    else this.#lines.empty(width);
  }

  close(): void {
    this.#lines.close();
  }
}
