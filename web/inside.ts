// The text of a stage, each line tied to the place in the script that it is made from: `@54` at its end is an offset in UTF-8.
//
// In BPF code a line without a place has that of the line before it; elsewhere it has none.

import type { Stage } from "./protocol.ts";

interface PlacedLine {
  text: string;
  /** Offset in the script's UTF-8; undefined for what no line of it asked for. */
  at: number | undefined;
}

export function placedLines(text: string, stage: Stage): PlacedLine[] {
  let last: number | undefined;
  return text.split("\n").map((line) => {
    const own = /@(\d+)$/.exec(line)?.[1];
    // A line at the margin begins another program.
    if (own !== undefined || stage !== "bpf" || /^[^\sL]/.test(line)) last = own === undefined ? undefined : Number(own);
    return { text: line, at: last };
  });
}

/** A pane with such lines; the one chosen, by click or Enter, tells its place. */
export class InsidePane {
  readonly #host: HTMLElement;
  #lines: { at: number | undefined; row: HTMLElement }[] = [];
  /** The line with the cursor of the keyboard. */
  #current = 0;

  constructor(host: HTMLElement, choose: (at: number) => void) {
    this.#host = host;
    const chosen = (index: number) => {
      this.#current = Math.min(Math.max(index, 0), this.#lines.length - 1);
      const line = this.#lines[this.#current];
      if (line === undefined) return;
      for (const { row } of this.#lines) row.classList.toggle("current", row === line.row);
      line.row.scrollIntoView({ block: "nearest" });
    };
    const tell = () => {
      const at = this.#lines[this.#current]?.at;
      if (at !== undefined) choose(at);
    };
    host.addEventListener("click", ({ target }) => {
      const index = this.#lines.findIndex(({ row }) => row === target);
      if (index < 0) return;
      chosen(index);
      tell();
    });
    host.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
      if (event.key === "Enter") tell();
      else if (step !== undefined) chosen(this.#current + step);
      else return;
      event.preventDefault();
    });
  }

  show(text: string, stage: Stage): void {
    this.#current = 0;
    this.#lines = placedLines(text, stage).map(({ text: line, at }) => {
      const row = document.createElement("span");
      row.textContent = `${line}\n`;
      if (at !== undefined) row.className = "placed";
      return { at, row };
    });
    this.#host.replaceChildren(...this.#lines.map(({ row }) => row));
  }

  /** Marks the lines made from what lies from `start` to before `end`. */
  mark(start: number, end: number): void {
    let first: HTMLElement | undefined;
    for (const { at, row } of this.#lines) {
      const isHere = at !== undefined && at >= start && at < end;
      row.classList.toggle("here", isHere);
      if (isHere) first ??= row;
    }
    first?.scrollIntoView({ block: "nearest" });
  }
}
