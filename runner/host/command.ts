// The command of `-c`: started when everything is attached, ended when the run ends.

import { accessSync, constants, statSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import type { HeldCommand } from "../core/session.ts";
import { isNativeError, loadAddon, type NativeChild } from "./addon.ts";

const SIGTERM = 15;

/** Words of a command line: blanks divide, quotes and backslashes keep together, as a shell has it; nothing is expanded. */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] as string;
    if (quote !== "" && letter === quote) quote = "";
    else if (letter === "\\" && quote !== "'" && at + 1 < line.length) word = (word ?? "") + line[++at];
    else if (quote !== "") word = (word ?? "") + letter;
    else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= "";
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + letter;
    }
  }
  if (quote !== "") throw new BpfcastError("bad-command", `the command has no closing ${quote}: ${line}`);
  if (word !== undefined) words.push(word);
  return words;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The file that runs a program's name, by PATH; undefined when there is none. */
function findProgram(name: string): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  const places = (process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  return places.map((place) => `${place === "" ? "." : place}/${name}`).find(isExecutable);
}

export class HostCommand implements HeldCommand {
  readonly #child: NativeChild;
  #ended = false;
  #onEnd: () => void = () => {};

  /** @throws BpfcastError `bad-command` when it is empty or there is no such program. */
  constructor(line: string) {
    const words = splitCommand(line);
    const [name] = words;
    if (name === undefined) throw new BpfcastError("bad-command", "the command of -c is empty");
    if (findProgram(name) === undefined) {
      throw new BpfcastError(
        "bad-command",
        `Failed to fork child: Path '${name}' does not exist or is not executable (No such file or directory)`,
      );
    }
    this.#child = new (loadAddon().Child)(words, () => {
      this.#ended = true;
      this.#onEnd();
    });
  }

  get pid(): number {
    return this.#child.pid();
  }

  /** Called with its id as soon as it runs. */
  onRelease: (pid: number) => void = () => {};

  release(): void {
    try {
      this.#child.release();
      this.onRelease(this.pid);
    } catch (error) {
      if (!isNativeError(error)) throw error;
      throw new BpfcastError("bad-command", `Failed to fork child: ${error.message}`);
    }
  }

  onEnd(ended: () => void): void {
    this.#onEnd = ended;
    if (this.#ended) ended();
  }

  terminate(): void {
    if (!this.#ended) this.#child.signal(SIGTERM);
  }
}

const MAX_PID = 0x400000;

/** The process of -p: the run ends with it. */
export class WatchedProcess implements HeldCommand {
  readonly pid: number;
  /** Watches for as long as it is not collected. */
  readonly watch: NativeChild;
  #ended = false;
  #onEnd: () => void = () => {};

  /**
   * @param text a number as it was given.
   * @throws BpfcastError `bad-pid` when it is no number, or no process has it.
   */
  constructor(text: string) {
    this.pid = parsePid(text);
    try {
      this.watch = new (loadAddon().Child)(this.pid, () => {
        this.#ended = true;
        this.#onEnd();
      });
    } catch (error) {
      if (!isNativeError(error)) throw error;
      const reason = error.code === "ESRCH" ? "No such process" : error.code === "EINVAL" ? "Invalid argument" : error.code;
      throw new BpfcastError("bad-pid", `Failed to attach to pid: Unable to open pidfd (${reason})`);
    }
  }

  release(): void {}

  onEnd(ended: () => void): void {
    this.#onEnd = ended;
    if (this.#ended) ended();
  }

  terminate(): void {}
}

/** A process id by the peer's rules: what follows the digits counts, and so does a sign. */
export function parsePid(text: string): number {
  const match = /^-?(0x[0-9a-f]+|[0-9]+)$/i.exec(text);
  if (match === null) throw new BpfcastError("bad-pid", `Failed to parse pid: invalid integer: ${text}`);
  const value = BigInt.asUintN(64, text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));
  if (value > MAX_PID) throw new BpfcastError("bad-pid", `Pid out of range: ${value}`);
  return Number(value);
}
