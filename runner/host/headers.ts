// Local headers: where #include lines find them.

import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import type { Answer, HeaderNeed } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { SourceText } from "../../wasm/manifest.ts";

/** Bytes that a header may have. */
const MAX_BYTES = 1 << 20;

/** The bytes of a file; undefined if there is none. */
function readHeader(name: string): Uint8Array | undefined {
  try {
    // A folder, a pipe or a device is no header.
    const found = statSync(name, { throwIfNoEntry: false });
    if (!found?.isFile()) return undefined;
    if (found.size > MAX_BYTES) throw new BpfcastError("bad-header", `the header ${name} is larger than ${MAX_BYTES >> 20} MiB`);
    return readFileSync(name);
  } catch (error) {
    if (error instanceof BpfcastError) throw error;
    const reason = (error as NodeJS.ErrnoException).code;
    if (reason === "ENOTDIR") return undefined;
    throw new BpfcastError("bad-header", `cannot read the header ${name}: ${reason}`);
  }
}

/** The headers of one script. */
export class HeaderFiles {
  readonly #scriptFolder: string;
  readonly #searched: string[];
  readonly #texts = new Map<string, string>();
  readonly #places = new Set<string>();

  /**
   * @param script a file, or `stdin`.
   * @param searched folders of `-I`.
   */
  constructor(script: string, searched: string[]) {
    this.#scriptFolder = dirname(script);
    this.#searched = searched;
  }

  /**
   * Looks in the folder of the including header; for the script in the working directory, as the peer does, and in the script's own;
   * then in those of -I. In angle brackets only in the latter.
   * @throws BpfcastError `bad-header` for one that is there but cannot be read.
   */
  answer({ path, system, from }: HeaderNeed): Answer {
    const own = from === "" ? [".", this.#scriptFolder] : [dirname(from)];
    for (const folder of [...(system ? [] : own), ...this.#searched]) {
      const name = isAbsolute(path) ? path : `${folder}/${path}`;
      this.#places.add(name);
      const bytes = readHeader(name);
      if (bytes === undefined) continue;
      this.#texts.set(name, new TextDecoder().decode(bytes));
      return { found: true, bytes, name };
    }
    return { found: false, candidates: [] };
  }

  /** Where they were looked for, found or not. */
  get places(): string[] {
    return [...this.#places];
  }

  /** Those that were found. */
  get texts(): SourceText[] {
    return [...this.#texts].map(([name, text]) => ({ name, text }));
  }
}
