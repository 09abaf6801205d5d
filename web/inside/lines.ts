// The text of a stage or of what an object holds, each line tied to the place in the script that it is made from: `@54` at its end is
// an offset in UTF-8.
//
// In BPF code a line without a place has that of the line before it; elsewhere it has none.

import type { View } from "../protocol.ts";

interface PlacedLine {
  text: string;
  /** Offset in the script's UTF-8; undefined for what no line of it asked for. */
  at: number | undefined;
}

/** What the compiler has for code that no line of the script stands for, as LLVM's first instructions. */
const NO_PLACE = 0xffff_ffff;

export function placedLines(text: string, view: View): PlacedLine[] {
  let last: number | undefined;
  const lines = text.replace(/\n+$/, "").split("\n");
  return lines.map((line) => {
    const [, rest = line, digits] = /^(.*?) ?@(\d+)$/.exec(line) ?? [];
    const own = digits === undefined || Number(digits) === NO_PLACE ? undefined : Number(digits);
    // A line at the margin begins another program.
    if (digits !== undefined || view !== "bpf" || /^[^\sL]/.test(line)) last = own;
    return { text: rest, at: last };
  });
}

/** Programs of a dump of BPF code, and their instruction slots of 8 bytes. */
export function codeSize(text: string): { programs: number; slots: number } {
  const found = [...text.matchAll(/^\S.*: (\d+) slots/gm)];
  return { programs: found.length, slots: found.reduce((sum, [, slots]) => sum + Number(slots), 0) };
}

/** A pane with such lines; the one chosen, by click or Enter, tells its place. */
export class InsidePane {
  readonly #host: HTMLElement;
  #lines: { at: number | undefined; row: HTMLElement }[] = [];
  /** The line with the cursor of the keyboard. */
  #current = 0;

  constructor(host: HTMLElement, choose: (at: number) => void) {
    this.#host = host;
    // Its lines are told by screen readers as the arrow keys come to them.
    host.role = "listbox";
    const chosen = (index: number) => {
      this.#current = Math.min(Math.max(index, 0), this.#lines.length - 1);
      const line = this.#lines[this.#current];
      if (line === undefined) return;
      for (const { row } of this.#lines) {
        row.classList.toggle("current", row === line.row);
        row.ariaSelected = String(row === line.row);
      }
      host.setAttribute("aria-activedescendant", line.row.id);
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

  show(text: string, view: View): void {
    this.#current = 0;
    this.#host.removeAttribute("aria-activedescendant");
    this.#lines = placedLines(text, view).map(({ text: line, at }, index) => {
      const row = document.createElement("span");
      row.id = `${this.#host.id}-${index}`;
      row.role = "option";
      row.ariaSelected = "false";
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
    // Whoever has chosen one of them keeps looking at it.
    const current = this.#lines[this.#current]?.row;
    (current?.classList.contains("here") ? current : first)?.scrollIntoView({ block: "nearest" });
  }
}
