// --watch: a command that runs again whenever a file that it has read changes.

import { existsSync, statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { BpfcastError } from "../../wasm/errors.ts";
import { errorText } from "../core/diagnostics.ts";

/** How often files are looked at, in milliseconds; less often where looking takes longer than a tenth of that. */
const INTERVAL = 200;
const LOOKING_SHARE = 10;

export interface CommandSink {
  print(text: string): void;
  writeError(text: string): void;
}

/** When a file was changed; 0 when it is not there. */
function changeTime(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

/** Files, and when each was changed last. */
export class WatchedFiles {
  readonly #times = new Map<string, number>();

  /** To be called before a file is read, so that a change meanwhile is not overlooked. It need not be there. */
  note(file: string): void {
    this.#times.set(file, changeTime(file));
  }

  /** Whether any has changed since it was noted, or since this was asked. */
  haveChanged(): boolean {
    let changed = false;
    for (const [file, time] of this.#times) {
      const now = changeTime(file);
      changed ||= now !== time;
      this.#times.set(file, now);
    }
    return changed;
  }
}

export interface Watched {
  /** @returns the exit code. */
  run(files: WatchedFiles): Promise<number>;
  /** Names the files that there are to read: others make another run, too. */
  inputs(): readonly string[];
  sink: CommandSink;
  /** Whether each run but the first begins on a clear screen. */
  clears: boolean;
}

/** What inputs() says, or what is wrong with it. */
function inputsText(watched: Watched): string {
  try {
    return watched.inputs().join("\0");
  } catch (error) {
    if (error instanceof BpfcastError) return error.message;
    throw error;
  }
}

/** Runs a command once, and with --watch again and again, for ever. */
export async function runWatched(watch: boolean, watched: Watched): Promise<number> {
  const files = new WatchedFiles();
  let inputs = watch ? inputsText(watched) : "";
  const code = await watched.run(files);
  if (!watch) return code;
  let wait = INTERVAL;
  for (;;) {
    await setTimeout(wait);
    const started = performance.now();
    const now = inputsText(watched);
    const changed = files.haveChanged() || now !== inputs;
    wait = Math.max(INTERVAL, (performance.now() - started) * LOOKING_SHARE);
    if (!changed) continue;
    inputs = now;
    if (watched.clears) watched.sink.print("\u001bc");
    try {
      await watched.run(files);
    } catch (error) {
      // Half-written files are to be expected.
      if (!(error instanceof BpfcastError)) throw error;
      watched.sink.writeError(errorText(error, "ERROR", false));
    }
  }
}
