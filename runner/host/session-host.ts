// Signals, timers and the command of one run.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import type { HeldCommand, SessionHost } from "../core/session.ts";
import { similarNames } from "../core/similar.ts";
import { Clock, loadAddon } from "./addon.ts";
import { traceableFunctions } from "./tracefs.ts";

/** What a command of system() prints is kept until it has ended. */
const MAX_COMMAND_OUTPUT = 1 << 26;

/** What the C library says of the errors that opening a file has; others keep Node's words. */
const ERROR_TEXTS: Record<string, string> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EISDIR: "Is a directory",
  ENOTDIR: "Not a directory",
};

function systemErrorText(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ERROR_TEXTS[code] ?? [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1] ?? code;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class ProcessHost implements SessionHost {
  readonly command: HeldCommand | undefined;
  readonly #maxCatBytes: number;
  #stop: () => void = () => {};

  /** @param maxCatBytes bytes of a file that cat() prints at most. */
  constructor(command: HeldCommand | undefined, maxCatBytes = 10_240) {
    this.command = command;
    this.#maxCatBytes = maxCatBytes;
  }

  /** A signal ends the run; the same signal again ends the process, should the run hang. */
  onStopRequest(stop: () => void): void {
    this.#stop = stop;
    for (const signal of STOP_SIGNALS) process.once(signal, () => this.requestStop());
  }

  onSignal(signal: "SIGUSR1", act: () => void): void {
    process.on(signal, act);
  }

  requestStop(): void {
    this.#stop();
  }

  every(milliseconds: number, tick: () => void): () => void {
    const timer = setInterval(tick, milliseconds);
    return () => clearInterval(timer);
  }

  readFile(path: string): { bytes: Uint8Array } | { error: string } {
    try {
      const descriptor = openSync(path, "r");
      try {
        const bytes = new Uint8Array(this.#maxCatBytes);
        let length = 0;
        for (let count = -1; count !== 0 && length < bytes.length; length += count) {
          count = readSync(descriptor, bytes, length, bytes.length - length, null);
        }
        return { bytes: bytes.subarray(0, length) };
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      return { error: systemErrorText(error) };
    }
  }

  runCommand(line: string): Uint8Array {
    // Both streams in one, as the shell wrote them.
    const { stdout } = spawnSync("/bin/sh", ["-c", `exec 2>&1\n${line}`], {
      stdio: ["inherit", "pipe", "inherit"],
      maxBuffer: MAX_COMMAND_OUTPUT,
    });
    return stdout ?? new Uint8Array(0);
  }

  now(): bigint {
    return loadAddon().clockTime(Clock.RealTime);
  }

  similarFunctions(name: string): string[] {
    return similarNames(
      name,
      traceableFunctions().map((found) => found.name),
    );
  }
}
