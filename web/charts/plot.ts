// Lines drawn by uPlot, on a canvas. The one module that needs it.

import uPlot from "uplot";
import { roundNumber } from "./elements.ts";
import { type Clock, LINE_HEIGHT, type Lines } from "./line-chart.ts";

/** Colours of the page, and dashes for whoever cannot tell them apart; charts.css has them for the legend. */
const STROKES = ["--accent", "--map", "--string", "--keyword", "--warning", "--dim"];
const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3], [12, 6], [4, 4]];
const FONT = "11px system-ui, sans-serif";

function clockText(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const pad = (value: number) => String(value).padStart(2, "0");
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return step >= 1 ? time : `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export class Plot {
  readonly #host: HTMLElement;
  readonly #clock: Clock;
  #plot: uPlot | undefined;
  #keys = "";
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #repaint = () => this.#plot?.redraw();

  constructor(host: HTMLElement, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    // A canvas keeps the colours that it was painted with.
    this.#scheme.addEventListener("change", this.#repaint);
  }

  draw(data: Lines, width: number): void {
    const keys = JSON.stringify(data.lines.map(({ key }) => key));
    const aligned: uPlot.AlignedData = [data.times, ...data.lines.map(({ values }) => values)];
    if (this.#plot === undefined || keys !== this.#keys) {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(data, width), aligned, this.#host);
      this.#keys = keys;
      return;
    }
    if (this.#plot.width !== width) this.#plot.setSize({ width, height: LINE_HEIGHT });
    this.#plot.setData(aligned);
  }

  close(): void {
    this.#scheme.removeEventListener("change", this.#repaint);
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #options({ lines }: Lines, width: number): uPlot.Options {
    const colour = (name: string) => () => getComputedStyle(this.#host).getPropertyValue(name).trim();
    const axis = { stroke: colour("--dim"), font: FONT, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const isDay = this.#clock === "day";
    return {
      width,
      height: LINE_HEIGHT,
      // Reads nothing from the pointer: the numbers are in the table.
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: isDay } },
      axes: [
        {
          ...axis,
          size: 26,
          space: isDay ? 84 : 50,
          values: (_, splits, __, ___, step) => splits.map((at) => (isDay ? clockText(at, step) : `${roundNumber(at)} s`)),
        },
        { ...axis, size: 58, values: (_, splits) => splits.map(roundNumber) },
      ],
      series: [
        {},
        ...lines.map(({ key }, index) => ({
          label: key,
          stroke: colour(STROKES[index % STROKES.length] as string),
          width: 2,
          dash: DASHES[index % DASHES.length] as number[],
        })),
      ],
    };
  }
}
