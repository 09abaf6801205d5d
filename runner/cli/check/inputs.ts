// The scripts that words of the command line name: files, folders with all *.bt below, globs, `-`.

import { existsSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { BpfcastError } from "../../../wasm/errors.ts";

const SCRIPTS = "**/*.bt";
const GLOB_LETTERS = /[*?[\]{}]/;

/** Standard input, as a word. */
export const STANDARD_INPUT = "-";

export interface Inputs {
  /** Files, and `-`, each once. */
  names: string[];
  /** Words that name nothing. */
  failures: { name: string; error: BpfcastError }[];
}

/** Files below `folder` that fit the pattern, by name. Links are followed; what npm installs is nobody's script. */
function filesOf(pattern: string, folder: string): string[] {
  return globSync(pattern, { cwd: folder, expandDirectories: false, ignore: ["**/node_modules/**"] }).sort();
}

function namedBy(word: string): string[] {
  if (word === STANDARD_INPUT) return [word];
  // A file is meant by its own name, whatever letters that has.
  if (existsSync(word)) return statSync(word).isDirectory() ? filesOf(SCRIPTS, word).map((name) => join(word, name)) : [word];
  if (!GLOB_LETTERS.test(word)) throw new BpfcastError("cannot-read", `failed to open file '${word}': No such file or directory`);
  return filesOf(word, ".");
}

/** What a file is, whichever links lead to it. */
function identityOf(name: string): string {
  try {
    return name === STANDARD_INPUT ? name : realpathSync(name);
  } catch {
    // It is not there any more, or a link to nothing: reading it says so.
    return resolve(name);
  }
}

export function findScripts(words: readonly string[]): Inputs {
  const found = new Map<string, string>();
  const failures: Inputs["failures"] = [];
  for (const word of words) {
    try {
      const names = namedBy(word);
      if (names.length === 0) {
        const message = existsSync(word) ? `the folder '${word}' has no scripts (*.bt)` : `'${word}' fits no file`;
        throw new BpfcastError("no-script", message);
      }
      for (const name of names) {
        const known = found.get(identityOf(name));
        // A folder may be linked into itself: the shortest way is the one that people mean.
        if (known === undefined || name.length < known.length) found.set(identityOf(name), name);
      }
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      failures.push({ name: word, error });
    }
  }
  return { names: [...found.values()], failures };
}
