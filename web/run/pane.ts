// The pane of a run: what it prints, what its maps hold, and how it goes on.

import type { Charts } from "../charts/charts.ts";
import type { Control, Moment, News } from "../protocol.ts";

/** Characters of output that the page keeps; of longer ones the beginning is dropped. */
const MAX_OUTPUT = 200_000;
/** Between two drawings of a flood of output, at most, in milliseconds. */
const MAX_PAUSE = 1000;
const SPEEDS = [
  { title: "a tenth", speed: 0.1 },
  { title: "as on a clock", speed: 1 },
  { title: "ten times", speed: 10 },
  { title: "as fast as it goes", speed: Number.POSITIVE_INFINITY },
];
const USUAL_SPEED = "1";

export interface RunParts {
  output: HTMLElement;
  charts: HTMLElement;
  moment: HTMLElement;
  speed: HTMLSelectElement;
  pause: HTMLButtonElement;
  step: HTMLButtonElement;
}

export class RunPane {
  readonly #parts: RunParts;
  #charts: Charts | undefined;
  #isRunning = false;
  #isPaused = false;
  #text = "";
  #wasCut = false;
  /** What came since the output was drawn, and when that is to be done again, in milliseconds. */
  #unshown = "";
  #pause = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param control tells a run under way how to go on. @param start starts one. */
  constructor(parts: RunParts, control: (control: Control) => void, start: () => void) {
    this.#parts = parts;
    const { speed, pause, step } = parts;
    for (const [index, { title }] of SPEEDS.entries()) speed.add(new Option(title, String(index)));
    speed.value = USUAL_SPEED;
    speed.addEventListener("change", () => control({ kind: "speed", speed: this.speed }));
    pause.addEventListener("click", () => {
      this.#setPaused(!this.#isPaused);
      control({ kind: this.#isPaused ? "pause" : "resume" });
    });
    step.addEventListener("click", () => {
      this.#setPaused(true);
      // Without a run the first step begins one.
      if (this.#isRunning) control({ kind: "step" });
      else start();
    });
  }

  get speed(): number {
    return SPEEDS[Number(this.#parts.speed.value)]?.speed ?? 1;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** All that was printed, but for what was dropped. */
  get output(): string {
    return this.#text;
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    const { pause } = this.#parts;
    pause.setAttribute("aria-pressed", String(isPaused));
    pause.textContent = isPaused ? "Go on" : "Pause";
  }

  begin(): void {
    this.#isRunning = true;
    this.#text = "";
    this.#unshown = "";
    this.#wasCut = false;
    this.#pause = 0;
    this.#parts.output.textContent = "";
    this.#parts.moment.textContent = "";
    this.#charts?.clear();
  }

  end(): void {
    this.#isRunning = false;
    this.#showText();
    this.#setPaused(false);
  }

  hear({ output, moment }: News): void {
    if (output !== undefined) this.#print(output);
    if (moment !== undefined) this.#show(moment);
  }

  #print(text: string): void {
    this.#text += text;
    this.#unshown += text;
    if (this.#text.length > MAX_OUTPUT) {
      this.#text = this.#text.slice(-MAX_OUTPUT);
      this.#unshown = "";
      this.#wasCut = true;
    }
    // A flood of output leaves the page time for everything else.
    this.#timer ??= setTimeout(() => this.#showText(), this.#pause);
  }

  #showText(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unshown === "" && !this.#wasCut) return;
    const started = performance.now();
    const { output } = this.#parts;
    const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 4;
    if (this.#wasCut) output.textContent = `…\n${this.#text}`;
    else output.append(this.#unshown);
    this.#unshown = "";
    if (atEnd) output.scrollTop = output.scrollHeight;
    this.#pause = Math.min((performance.now() - started) * 4, MAX_PAUSE);
  }

  #show({ seconds, events, last, isPaused, pictures }: Moment): void {
    const parts = [`${seconds.toFixed(3)} s`, `${events} ${events === 1 ? "event" : "events"}`];
    if (isPaused) parts.push(last === "" ? "paused" : `paused behind ${last}`);
    this.#parts.moment.textContent = parts.join(", ");
    if (pictures !== undefined) void this.#draw(pictures, seconds);
  }

  async #draw(pictures: NonNullable<Moment["pictures"]>, seconds: number): Promise<void> {
    if (this.#charts === undefined) {
      // Nothing is drawn before a script runs.
      const { Charts } = await import("../charts/charts.ts");
      this.#charts ??= new Charts(this.#parts.charts);
    }
    this.#charts.draw(pictures, seconds);
  }
}
