// The panel that looks inside: one pane, or our code and LLVM's side by side.

import type { News, View } from "../protocol.ts";
import { codeSize, InsidePane } from "./lines.ts";

export interface InsideParts {
  inside: HTMLElement;
  other: HTMLElement;
  counts: HTMLElement;
  beside: HTMLButtonElement;
  progress: HTMLProgressElement;
}

/** The text of a view, from one back end or the other. */
export type Inspect = (view: View, backend: "own" | "llvm", hear?: (news: News) => void) => Promise<string>;

const NOTHING = "The script has errors: there is nothing to see yet.";

export class InsideView {
  readonly #parts: InsideParts;
  readonly #own: InsidePane;
  readonly #other: InsidePane;
  readonly #inspect: Inspect;
  #isBeside = false;
  #place = { start: 0, end: 0 };
  /** Counts what was asked for: of two answers the later one is shown. */
  #asked = 0;
  #view: View | undefined;

  /** @param choose shows a place of the script. @param failed told what could not be fetched. */
  constructor(parts: InsideParts, inspect: Inspect, choose: (at: number) => void, failed: (error: unknown) => void) {
    this.#parts = parts;
    this.#inspect = inspect;
    this.#own = new InsidePane(parts.inside, choose);
    this.#other = new InsidePane(parts.other, choose);
    parts.beside.addEventListener("click", () => {
      this.#isBeside = !this.#isBeside;
      if (this.#view !== undefined) this.show(this.#view).catch(failed);
    });
  }

  async show(view: View): Promise<void> {
    this.#view = view;
    const { inside, other, counts, beside } = this.#parts;
    const asked = ++this.#asked;
    // LLVM takes the IR that our own back end takes.
    const canCompare = view === "bpf";
    const isBeside = canCompare && this.#isBeside;
    beside.hidden = !canCompare;
    beside.setAttribute("aria-pressed", String(this.#isBeside));
    const text = await this.#inspect(view, "own");
    if (asked !== this.#asked) return;
    this.#own.show(text === "" ? NOTHING : text, view);
    inside.setAttribute("aria-label", view);
    other.hidden = !isBeside;
    counts.textContent = canCompare && text !== "" ? sizeText(text) : "";
    this.mark(this.#place);
    if (isBeside && text !== "") await this.#showOther(view, asked);
  }

  async #showOther(view: View, asked: number): Promise<void> {
    const { counts, progress } = this.#parts;
    try {
      const theirs = await this.#inspect(view, "llvm", ({ progress: share = 0 }) => {
        progress.hidden = share >= 1;
        progress.value = share;
      });
      if (asked !== this.#asked) return;
      this.#other.show(theirs === "" ? NOTHING : theirs, view);
      counts.textContent += `; LLVM makes ${codeSize(theirs).slots}`;
      this.mark(this.#place);
    } catch (error) {
      if (asked === this.#asked) this.#other.show(error instanceof Error ? error.message : String(error), "ast");
    } finally {
      progress.hidden = true;
    }
  }

  /** Marks what is made from a place of the script, in bytes. */
  mark(place: { start: number; end: number }): void {
    this.#place = place;
    for (const pane of [this.#own, this.#other]) pane.mark(place.start, place.end);
  }
}

function sizeText(code: string): string {
  const { programs, slots } = codeSize(code);
  return `${programs} ${programs === 1 ? "program" : "programs"}, ${slots} instructions`;
}
