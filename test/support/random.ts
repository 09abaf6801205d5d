// Repeatable random choices: the same seed gives the same run on every machine.

/** Marsaglia's xorshift32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) | 1;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const index = this.below(list.length);
    return list[index] as T;
  }
}

/** The seed of this run: FUZZ_SEED, else 1 in `npm test` and a new one in `npm run fuzz`. */
export function runSeed(): number {
  return Number(process.env["FUZZ_SEED"] ?? (process.env["TEST_MODE"] === "fuzz" ? Date.now() % 1_000_000 : 1));
}

/** How long a fuzz test runs. */
export function runMilliseconds(): number {
  return process.env["TEST_MODE"] === "fuzz" ? 60_000 : 2000;
}

/** A clock of CPU time in ms, from now on: on a machine with other work it runs no faster. */
export function cpuClock(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

/**
 * Whether a fuzz test that has tried `programs` since `started` goes on: until FUZZ_PROGRAMS where that is set, else for its time;
 * in any case until it has tried something.
 */
export function goesOn(programs: number, started: number): boolean {
  const wanted = process.env["FUZZ_PROGRAMS"];
  if (programs === 0) return true;
  return wanted === undefined ? Date.now() < started + runMilliseconds() : programs < Number(wanted);
}
