// The page of the charts' tests: nothing but charts, drawn from outside.

import { Charts } from "../../web/charts/charts.ts";
import type { Picture } from "../../web/charts/pictures.ts";

const host = document.querySelector<HTMLElement>("#charts");
if (host === null) throw new Error("the page has no #charts");

/** What the test calls in the page. */
export interface ChartCalls {
  draw(pictures: Picture[], seconds: number): void;
  clear(): void;
  /** Milliseconds of one drawing, the layout included, on the average. */
  measure(pictures: Picture[][], times: number): number;
}

const charts = new Charts(host);
let seconds = 1000;
const chartCalls: ChartCalls = {
  draw: (pictures, at) => charts.draw(pictures, at),
  clear: () => charts.clear(),
  measure: (pictures, times) => {
    const begun = performance.now();
    for (let time = 0; time < times; time++) {
      charts.draw(pictures[time % pictures.length] ?? [], seconds++);
      host.getBoundingClientRect();
    }
    return (performance.now() - begun) / times;
  },
};
Object.assign(globalThis, { chartCalls });
