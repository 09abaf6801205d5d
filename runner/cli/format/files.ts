// The scripts that `bpfcast fmt` is to format, and how their files are replaced.

import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { BpfcastError } from "../../../wasm/errors.ts";

/** Of a file that is new, before the process's mask. */
const NEW_MODE = 0o666;
const MODE_BITS = 0o7777;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** A word of the command line: itself, or of a folder all scripts below. */
export function scriptsBelow(word: string): string[] {
  try {
    if (word === "-" || !statSync(word).isDirectory()) return [word];
    return readdirSync(word, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".bt"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    // Reading it says what is wrong.
    return [word];
  }
}

/**
 * Replaces a file as a whole, or leaves it as it was. Its mode and owner stay, and a link still leads to it.
 * @throws BpfcastError `cannot-write`.
 */
export function replaceFile(file: string, bytes: Uint8Array): void {
  let temporary: string | undefined;
  try {
    const before = statSync(file, { throwIfNoEntry: false });
    if (before !== undefined) accessSync(file, constants.W_OK);
    if (before !== undefined && !before.isFile()) {
      // A terminal, a pipe: there is nothing to replace.
      writeFileSync(file, bytes);
      return;
    }
    const target = before === undefined ? file : realpathSync(file);
    temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    writeFileSync(temporary, bytes, { flag: "wx", mode: before === undefined ? NEW_MODE : before.mode & MODE_BITS });
    if (before !== undefined) {
      try {
        chownSync(temporary, before.uid, before.gid);
      } catch {
        // Only root may give files away.
      }
      chmodSync(temporary, before.mode & MODE_BITS);
    }
    renameSync(temporary, target);
  } catch (error) {
    if (temporary !== undefined && codeOf(error) !== "EEXIST") rmSync(temporary, { force: true });
    throw new BpfcastError("cannot-write", `failed to write file '${file}': ${codeOf(error)}`);
  }
}
