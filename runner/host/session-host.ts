// Signals, timers and the command of one run.

import type { HeldCommand, SessionHost } from "../core/session.ts";
import { similarNames } from "./similar.ts";
import { traceableFunctions } from "./tracefs.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class ProcessHost implements SessionHost {
  readonly command: HeldCommand | undefined;
  #stop: () => void = () => {};

  constructor(command: HeldCommand | undefined) {
    this.command = command;
  }

  /** A signal ends the run; the same signal again ends the process, should the run hang. */
  onStopRequest(stop: () => void): void {
    this.#stop = stop;
    for (const signal of STOP_SIGNALS) process.once(signal, () => this.requestStop());
  }

  requestStop(): void {
    this.#stop();
  }

  every(milliseconds: number, tick: () => void): () => void {
    const timer = setInterval(tick, milliseconds);
    return () => clearInterval(timer);
  }

  similarFunctions(name: string): string[] {
    return similarNames(name, traceableFunctions());
  }
}
