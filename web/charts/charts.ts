// What a script's maps hold, drawn beside its output and redrawn while it runs.

import { Bars } from "./bars.ts";
import { html } from "./elements.ts";
import { countedKeys, type Drawing, EMPTY, Figure } from "./figure.ts";
import { Flames } from "./flames.ts";
import { HistogramGrid } from "./histograms.ts";
import type { Picture } from "./pictures.ts";
import { SeriesLines } from "./series.ts";

type Texts = Extract<Picture, { kind: "texts" }>;

/** The table of the figure says it all. */
const TEXTS: Drawing<Texts> = {
  summary: (picture) => (picture.rows.length === 0 ? EMPTY : picture.isKeyed ? countedKeys(picture) : ""),
  table: ({ rows, isKeyed }) => ({
    head: isKeyed ? ["Key", "Value"] : ["Value"],
    rows: rows.map(({ key, text }) => (isKeyed ? [key, text] : [text])),
  }),
  draw: () => {},
};

/** A drawing gets pictures of its own kind only. */
const DRAWINGS: Record<Picture["kind"], (body: HTMLElement, isKeyed: boolean) => Drawing<never>> = {
  numbers: (body, isKeyed) => new Bars(body, isKeyed),
  histograms: (body) => new HistogramGrid(body),
  series: (body) => new SeriesLines(body),
  stacks: (body) => new Flames(body),
  texts: () => TEXTS,
};

export class Charts {
  readonly #list = html("div", "charts");
  readonly #figures = new Map<string, Figure>();

  /** @param host an element that the charts are put into, as wide as it is. Drawn only while it can be seen. */
  constructor(host: HTMLElement) {
    host.append(this.#list);
    // Its width, and whether it is shown at all.
    new ResizeObserver(() => this.#redraw()).observe(this.#list);
  }

  /** @param seconds of simulated time since the start of the run. Maps that are not among the pictures any more are drawn as empty. */
  draw(pictures: readonly Picture[], seconds: number): void {
    for (const picture of pictures) {
      let figure = this.#figures.get(picture.name);
      if (figure?.kind !== picture.kind) {
        figure?.close();
        figure = new Figure(picture, (body) => DRAWINGS[picture.kind](body, picture.isKeyed) as unknown as Drawing);
        this.#figures.set(picture.name, figure);
        this.#list.append(figure.root);
      }
      figure.take(picture, seconds);
    }
    const names = new Set(pictures.map(({ name }) => name));
    for (const [name, figure] of this.#figures) if (!names.has(name)) figure.empty(seconds);
    this.#redraw();
  }

  /** Forgets everything: for the next run. */
  clear(): void {
    for (const figure of this.#figures.values()) figure.close();
    this.#figures.clear();
  }

  #redraw(): void {
    const width = this.#list.clientWidth;
    if (width > 0) for (const figure of this.#figures.values()) figure.draw(width);
  }
}
