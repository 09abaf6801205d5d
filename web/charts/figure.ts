// The frame of a drawing: a figure with its caption, and its numbers as a table for whoever wants to read them.

import { html, Pool, visible, write } from "./elements.ts";
import type { Picture } from "./pictures.ts";

export interface Table {
  head: string[];
  rows: string[][];
}

/** One kind of drawing, in an element of its own. */
export interface Drawing<Shown extends Picture = Picture> {
  /** What the picture says, in a sentence. */
  summary(picture: Shown): string;
  table(picture: Shown): Table;
  /** Something new to remember. @param seconds since the start of the run. */
  take?(picture: Shown, seconds: number): void;
  /** @param summary the text that stands for the drawing. @param width in pixels, never 0. */
  draw(picture: Shown, summary: string, width: number): void;
  close?(): void;
}

/** Rows of the table: the rest is counted. */
const MAX_ROWS = 1000;

export class Figure {
  readonly root = html("figure");
  readonly #drawing: Drawing;
  readonly #summary = html("span");
  readonly #details = html("details");
  readonly #head: Pool<{ root: HTMLElement }>;
  readonly #rows: Pool<{ root: HTMLElement; cells: Pool<{ root: HTMLElement }> }>;
  readonly #left = html("p");
  #picture: Picture;

  /** @param drawing makes what is drawn, in the given element. */
  constructor(picture: Picture, drawing: (body: HTMLElement) => Drawing) {
    this.#picture = picture;
    this.root.className = `chart ${picture.kind}`;
    const body = html("div", "drawing");
    this.#drawing = drawing(body);
    const caption = html("figcaption");
    const name = html("strong");
    name.textContent = picture.name;
    caption.append(name, " ", this.#summary);
    const summary = html("summary");
    // Texts are not drawn: the table is all that there is of them.
    const isTexts = picture.kind === "texts";
    const what = isTexts ? "Values" : "Numbers";
    summary.textContent = what;
    const table = html("table");
    const scrolled = html("div", "table");
    // What scrolls can be scrolled by keyboard.
    scrolled.tabIndex = 0;
    scrolled.setAttribute("role", "region");
    scrolled.setAttribute("aria-label", `${what} of ${picture.name}`);
    const head = table.createTHead().insertRow();
    this.#head = new Pool(head, () => {
      const root = html("th");
      root.scope = "col";
      return { root };
    });
    this.#rows = new Pool(table.createTBody(), () => {
      const root = html("tr");
      return { root, cells: new Pool(root, () => ({ root: html("td") })) };
    });
    scrolled.append(table, this.#left);
    this.#details.append(summary, scrolled);
    this.#details.open = isTexts;
    this.#details.addEventListener("toggle", () => this.#fillTable());
    this.root.append(caption, body, this.#details);
  }

  get kind(): Picture["kind"] {
    return this.#picture.kind;
  }

  take(picture: Picture, seconds: number): void {
    this.#picture = picture;
    this.#drawing.take?.(picture, seconds);
  }

  /** The map is not there any more: it is shown as empty. */
  empty(seconds: number): void {
    this.take({ ...this.#picture, rows: [], more: 0 } as Picture, seconds);
  }

  draw(width: number): void {
    const summary = this.#drawing.summary(this.#picture);
    write(this.#summary, summary);
    this.#drawing.draw(this.#picture, `${this.#picture.name}: ${summary}`, width);
    this.#fillTable();
  }

  close(): void {
    this.#drawing.close?.();
    this.root.remove();
  }

  #fillTable(): void {
    if (!this.#details.open) return;
    const { head, rows } = this.#drawing.table(this.#picture);
    this.#head.take(head.length).forEach(({ root }, index) => {
      write(root, head[index] ?? "");
    });
    const shown = Math.min(rows.length, MAX_ROWS);
    this.#rows.take(shown).forEach(({ cells }, at) => {
      const row = rows[at] ?? [];
      cells.take(row.length).forEach(({ root }, index) => {
        write(root, visible(row[index] ?? ""));
      });
    });
    const left = rows.length - shown + this.#picture.more;
    write(this.#left, left > 0 ? `and ${left} more` : "");
  }
}

/** How many keys there are, and how many of them are shown. */
export function countedKeys({ rows, more }: Picture, what = "key"): string {
  const all = rows.length + more;
  const counted = `${all} ${what}${all === 1 ? "" : "s"}`;
  return more > 0 ? `${counted}, ${rows.length} of them shown` : counted;
}

export const EMPTY = "empty";
