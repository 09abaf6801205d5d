// The pane of the tour: a step with its task, what is said of the last try, and the list of all steps.

import { make, makeButton } from "./elements.ts";
import { type Prose, prose, write } from "./prose.ts";
import type { RunResult, Step } from "./step.ts";
import { TOUR } from "./tour.ts";

/** Where the titles of the steps that are done are kept. */
const KEPT = "bpfcast.tour";
/** Room below what is scrolled to, in pixels. */
const MARGIN = 8;

export interface TourActions {
  /** Puts a script into the editor. */
  load(script: string): void;
  /** Runs what is in the editor; the outcome comes back by `ran`. */
  run(): void;
}

function paragraph(parts: Prose): HTMLParagraphElement {
  const made = make("p");
  write(made, parts);
  return made;
}

export class Tour {
  readonly #host: HTMLElement;
  readonly #actions: TourActions;
  readonly #kept: Storage | undefined;
  readonly #done: Set<string>;
  /** Index of the step that is drawn; undefined before the tour is opened. */
  #current: number | undefined;
  #isHintShown = false;

  readonly #place = make("p", { class: "tour-place" });
  readonly #heading = make("h2", { tabindex: "-1" });
  readonly #text = make("div");
  readonly #task = make("p");
  readonly #hint = make("p", { id: "tour-hint", class: "tour-hint" });
  readonly #said = make("p", { role: "status", class: "tour-said" });
  readonly #hintButton: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  readonly #rows: { button: HTMLButtonElement; mark: HTMLElement }[];

  /** @param kept undefined where the browser lets pages keep nothing. */
  constructor(host: HTMLElement, actions: TourActions, kept: Storage | undefined) {
    this.#host = host;
    this.#actions = actions;
    this.#kept = kept;
    this.#done = this.#readDone();
    this.#hintButton = makeButton("Hint", () => this.#showHint(!this.#isHintShown), { "aria-controls": "tour-hint" });
    this.#back = makeButton("Back", () => this.open((this.#current ?? 0) - 1));
    this.#next = makeButton("Next", () => this.open((this.#current ?? 0) + 1));
    const run = makeButton("Run", () => actions.run(), { class: "main" });
    this.#rows = TOUR.map(({ title }, index) => {
      const button = makeButton(title, () => this.open(index));
      const mark = make("span", { class: "tour-mark" });
      button.append(mark);
      return { button, mark };
    });
    host.classList.add("tour");
    host.replaceChildren(
      this.#place,
      this.#heading,
      this.#text,
      make("div", { class: "tour-task" }, make("h3", {}, "Task"), this.#task),
      make(
        "div",
        { class: "tour-buttons" },
        run,
        this.#hintButton,
        makeButton("Show the solution", () => this.#solve()),
      ),
      this.#hint,
      this.#said,
      make("div", { class: "tour-buttons" }, this.#back, this.#next),
      make("nav", { "aria-label": "Steps of the tour" }, make("ol", {}, ...this.#rows.map(({ button }) => make("li", {}, button)))),
    );
  }

  /** Draws a step and loads its script. @param index that of the step; without it, the current one, else the first that is not done. */
  open(index?: number): void {
    const firstOpen = TOUR.findIndex(({ title }) => !this.#done.has(title));
    const wanted = Math.min(Math.max(index ?? this.#current ?? firstOpen, 0), TOUR.length - 1);
    const step = TOUR[wanted];
    if (step === undefined) return;
    if (wanted !== this.#current) {
      this.#current = wanted;
      this.#place.textContent = `Step ${wanted + 1} of ${TOUR.length}`;
      this.#heading.textContent = step.title;
      this.#text.replaceChildren(...step.text.map(paragraph));
      write(this.#task, step.task);
      write(this.#hint, step.hint);
      this.#showHint(false);
      this.#say("");
      this.#back.disabled = wanted === 0;
      this.#next.disabled = wanted === TOUR.length - 1;
      this.#next.classList.remove("main");
      this.#actions.load(step.script);
    }
    this.#markRows();
    this.#heading.focus();
  }

  /** A run has begun, by whatever key or button. */
  started(): void {
    // The same words are announced again only if they were gone meanwhile.
    this.#say("");
  }

  /** What the script in the editor has printed, whoever ran it. */
  ran(result: RunResult): void {
    const step = this.#current === undefined ? undefined : TOUR[this.#current];
    if (step === undefined) return;
    const missing = step.check(result);
    if (missing === undefined) this.#finish(step);
    else this.#say(missing);
    // The pane alone is scrolled: whoever looks at the output goes on doing so.
    const below = this.#next.getBoundingClientRect().bottom - this.#host.getBoundingClientRect().bottom;
    if (below > 0) this.#host.scrollTop += below + MARGIN;
  }

  #finish(step: Step): void {
    this.#done.add(step.title);
    this.#keepDone();
    this.#markRows();
    this.#next.classList.add("main");
    const left = TOUR.length - this.#done.size;
    const rest = left === 0 ? "That was the last one: all twelve are done." : `${left === 1 ? "One step is" : `${left} steps are`} left.`;
    this.#say(`Step ${TOUR.indexOf(step) + 1} is done. ${rest}`, true);
  }

  #say(text: string, isDone = false): void {
    this.#said.classList.toggle("done", isDone);
    write(this.#said, prose(text));
  }

  #showHint(isShown: boolean): void {
    this.#isHintShown = isShown;
    this.#hint.hidden = !isShown;
    this.#hintButton.setAttribute("aria-expanded", String(isShown));
  }

  #solve(): void {
    const step = this.#current === undefined ? undefined : TOUR[this.#current];
    if (step === undefined) return;
    this.#actions.load(step.solution);
    this.#say("The solution is in the editor: run it.");
  }

  #markRows(): void {
    this.#rows.forEach(({ button, mark }, index) => {
      if (index === this.#current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
      mark.textContent = this.#done.has(TOUR[index]?.title ?? "") ? " (done)" : "";
    });
  }

  #readDone(): Set<string> {
    try {
      const kept: unknown = JSON.parse(this.#kept?.getItem(KEPT) ?? "[]");
      return new Set(TOUR.map(({ title }) => title).filter((title) => Array.isArray(kept) && kept.includes(title)));
    } catch {
      return new Set();
    }
  }

  #keepDone(): void {
    try {
      this.#kept?.setItem(KEPT, JSON.stringify([...this.#done]));
    } catch {
      // Full: the marks last as long as the tab.
    }
  }
}
