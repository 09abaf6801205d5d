// How fast a simulation goes by the clock of who watches it: at a speed, in steps, or not at all for a while.

const MILLISECOND = 1_000_000;
/** The simulation may be ahead of the clock by this, in milliseconds. */
const AHEAD = 20;
/** Messages of the page are looked at this often at least, in milliseconds. */
const TURN = 20;

const sleep = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

export interface PaceHooks {
  /** Nanoseconds of the simulation. */
  now(): bigint;
  isOver(): boolean;
  /** Called now and then, and whenever it comes to stand. */
  show(): void;
  /** What is to be done while it stands; true where something was. */
  standing(): Promise<boolean>;
}

export class Pace {
  readonly #hooks: PaceHooks;
  #speed = 1;
  #isPaused = false;
  /** It goes on until a probe has run. */
  #isStepping = false;
  #hasFired = false;
  #wallStart = 0;
  #start = 0n;
  #lastTurn = 0;

  constructor(hooks: PaceHooks, speed: number) {
    this.#hooks = hooks;
    this.speed = speed;
  }

  /** It stands. */
  get isPaused(): boolean {
    return this.#isPaused && !this.#isStepping;
  }

  /** Seconds of the simulation in one of the clock; Infinity: as fast as it goes. */
  set speed(speed: number) {
    this.#speed = speed;
    this.#anchor();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#isStepping = false;
    this.#anchor();
  }

  /** Goes on to the next event that runs a probe. */
  step(): void {
    this.#isPaused = true;
    this.#hasFired = false;
    this.#isStepping = true;
  }

  /** A probe has run. */
  fired(): void {
    this.#hasFired = true;
  }

  #anchor(): void {
    this.#wallStart = performance.now();
    this.#start = this.#hooks.now();
  }

  /** Milliseconds that the simulation is ahead of where it should be. */
  get #ahead(): number {
    if (this.#speed === Number.POSITIVE_INFINITY) return 0;
    return Number(this.#hooks.now() - this.#start) / MILLISECOND / this.#speed - (performance.now() - this.#wallStart);
  }

  /** Between two events: waits until it is time for the next one. */
  async gate(): Promise<void> {
    if (this.#isStepping && this.#hasFired) this.#isStepping = false;
    if (this.isPaused) {
      this.#hooks.show();
      while (this.isPaused && !this.#hooks.isOver()) {
        if (await this.#hooks.standing()) this.#hooks.show();
        await sleep(TURN);
      }
      this.#anchor();
    }
    while (!this.#isPaused && this.#ahead > AHEAD && !this.#hooks.isOver()) await this.#turn(Math.min(this.#ahead - AHEAD / 2, TURN));
    if (performance.now() - this.#lastTurn > TURN) await this.#turn(0);
  }

  async #turn(milliseconds: number): Promise<void> {
    this.#hooks.show();
    await sleep(milliseconds);
    this.#lastTurn = performance.now();
  }
}
