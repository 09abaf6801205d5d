// Lines over time with their legend. What draws them is fetched when there is something to draw.

import { fitting, html, Pool, set, visible, write } from "./elements.ts";
import type { Plot } from "./plot.ts";

export interface Lines {
  /** Seconds, ascending: of the run, or since 1970. */
  times: number[];
  /** For each time; null where there is no value. `key` is empty where there is just one. */
  lines: { key: string; values: (number | null)[] }[];
}

/** What the times are counted from. */
export type Clock = "run" | "day";

export const LINE_HEIGHT = 160;
const LEGEND_FONT = 13;
const STROKE_WIDTH = 40;

export class LineChart {
  readonly #host: HTMLElement;
  readonly #clock: Clock;
  readonly #canvas = html("div", "lines");
  readonly #legend = html("ul", "legend");
  readonly #keys: Pool<{ root: HTMLElement; text: HTMLElement }>;
  #plot: Plot | undefined;
  #isLoading = false;
  #shown: { data: Lines; width: number } | undefined;

  constructor(host: HTMLElement, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    this.#canvas.setAttribute("role", "img");
    this.#keys = new Pool(this.#legend, () => {
      const root = html("li");
      const text = html("span");
      // The stroke of the line, beside its name.
      root.append(html("i"), text);
      return { root, text };
    });
  }

  draw(data: Lines, label: string, width: number): void {
    this.#shown = { data, width };
    if (this.#canvas.parentNode === null) this.#host.append(this.#canvas, this.#legend);
    set(this.#canvas, { "aria-label": label });
    const named = data.lines.filter(({ key }) => key !== "");
    this.#legend.hidden = named.length === 0;
    this.#keys.take(named.length).forEach(({ root, text }, index) => {
      root.className = `line-${index}`;
      const key = visible((named[index] as { key: string }).key);
      write(text, fitting(key, width - STROKE_WIDTH, LEGEND_FONT));
      set(root, { title: key });
    });
    if (this.#plot !== undefined) this.#plot.draw(data, width);
    else if (!this.#isLoading) this.#load();
  }

  #load(): void {
    this.#isLoading = true;
    import("./plot.ts").then(
      ({ Plot }) => {
        this.#isLoading = false;
        if (this.#shown === undefined) return;
        this.#plot = new Plot(this.#canvas, this.#clock);
        this.#plot.draw(this.#shown.data, this.#shown.width);
      },
      // The numbers are in the table as well. A page that is offline and has not kept the module asks again at the next drawing.
      () => {
        this.#isLoading = false;
      },
    );
  }

  /** No values any more: the axes stay. */
  empty(width: number): void {
    if (this.#shown === undefined) return;
    const { data } = this.#shown;
    this.#shown = { data: { times: data.times, lines: data.lines.map(({ key }) => ({ key, values: data.times.map(() => null) })) }, width };
    this.#plot?.draw(this.#shown.data, width);
  }

  /** Takes the lines away. */
  close(): void {
    this.#shown = undefined;
    this.#plot?.close();
    this.#plot = undefined;
    this.#canvas.remove();
    this.#legend.remove();
  }
}
