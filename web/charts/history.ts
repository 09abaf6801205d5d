// How the numbers of few keys went: one value of each for each picture that was drawn.

import { type Amount, MAX_LINES, MAX_POINTS } from "./pictures.ts";

/** Lines begin when they are more than a dot, and by then it shows whether the keys stay few. */
const FEWEST_POINTS = 4;

export class History {
  readonly times: number[] = [];
  readonly lines = new Map<string, (number | null)[]>();
  /** There were too many keys once: lines that come and go tell nothing. */
  #isOver = false;

  get isShown(): boolean {
    return !this.#isOver && this.times.length >= FEWEST_POINTS && this.lines.size > 0;
  }

  add(seconds: number, rows: readonly (Amount & { key: string })[], more: number): void {
    if (this.#isOver) return;
    const keys = new Set([...this.lines.keys(), ...rows.map(({ key }) => key)]);
    if (more > 0 || keys.size > MAX_LINES) {
      this.#isOver = true;
      this.times.length = 0;
      this.lines.clear();
      return;
    }
    // Time does not stand still in a drawing: the newest value of a moment counts.
    const at = this.times.length > 0 && seconds <= (this.times.at(-1) as number) ? this.times.length - 1 : this.times.length;
    this.times[at] = at < this.times.length ? (this.times[at] as number) : seconds;
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    for (const key of keys) {
      let line = this.lines.get(key);
      if (line === undefined) {
        line = new Array<number | null>(at).fill(null);
        this.lines.set(key, line);
      }
      line[at] = values.get(key) ?? null;
    }
    if (this.times.length >= MAX_POINTS) this.#halve();
  }

  /** Leaves every second point out: the whole run stays in sight. */
  #halve(): void {
    for (const list of [this.times, ...this.lines.values()]) {
      const kept = (list as (number | null)[]).filter((_, index) => index % 2 === 0);
      list.length = 0;
      (list as (number | null)[]).push(...kept);
    }
  }
}
