// Other files of a script: where #include and import lines find them.

import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Answer, HeaderNeed } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { SourceText } from "../../wasm/manifest.ts";

/** Bytes that a file may have. */
const MAX_BYTES = 1 << 20;

/** What whoever may write a file has: then no script of another's is to be run. */
const WORLD_WRITABLE = 0o002;

/** What a folder imports. */
const IMPORTED = /\.(bt|h)$/;

/** Undefined if there is no such file. @throws BpfcastError `bad-header`. */
function statusOf(name: string): Stats | undefined {
  try {
    return statSync(name, { throwIfNoEntry: false });
  } catch (error) {
    return failed(name, error);
  }
}

function failed(name: string, error: unknown): undefined {
  const reason = (error as NodeJS.ErrnoException).code;
  if (reason === "ENOTDIR") return undefined;
  throw new BpfcastError("bad-header", `cannot read ${name}: ${reason}`);
}

/** The bytes of a file; undefined if there is none: a folder, a pipe or a device is none. */
function readFile(name: string, status: Stats | undefined): Uint8Array | undefined {
  if (!status?.isFile()) return undefined;
  if (status.size > MAX_BYTES) throw new BpfcastError("bad-header", `${name} is larger than ${MAX_BYTES >> 20} MiB`);
  try {
    return readFileSync(name);
  } catch (error) {
    return failed(name, error);
  }
}

/** The headers and imported scripts of one script. */
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

  /** @throws BpfcastError `bad-header` for a file that is there but cannot be read. */
  answer(need: HeaderNeed): Answer {
    const answer = need.use === "import" ? this.#imported(need) : this.#header(need);
    return answer ?? { found: false, candidates: [] };
  }

  #found(name: string, bytes: Uint8Array): Answer {
    this.#texts.set(name, new TextDecoder().decode(bytes));
    return { found: true, bytes, name };
  }

  /**
   * Looks in the folder of the including header; for the script in the working directory, as the peer does, and in the script's own;
   * then in those of -I. In angle brackets only in the latter.
   */
  #header({ path, use, from }: HeaderNeed): Answer | undefined {
    const own = from === "" ? [".", this.#scriptFolder] : [dirname(from)];
    for (const folder of [...(use === "system" ? [] : own), ...this.#searched]) {
      const name = isAbsolute(path) ? path : `${folder}/${path}`;
      this.#places.add(name);
      const bytes = readFile(name, statusOf(name));
      if (bytes !== undefined) return this.#found(name, bytes);
    }
    return undefined;
  }

  /** Looks in the folder of the importing script, then, as the peer does, in the working directory. */
  #imported({ path, from }: HeaderNeed): Answer | undefined {
    const folders = isAbsolute(path) ? [""] : [from === "" ? this.#scriptFolder : dirname(from), "."];
    for (const folder of folders) {
      const name = normalize(join(folder, path));
      this.#places.add(name);
      const status = statusOf(name);
      if (status === undefined) continue;
      // The sticky bit keeps a folder's files, not what others add.
      if ((status.mode | (statusOf(dirname(name))?.mode ?? 0)) & WORLD_WRITABLE)
        return { found: false, candidates: [], refused: `skipping due to global write permissions: "${path}"` };
      if (status.isDirectory()) return this.#folder(name);
      const bytes = readFile(name, status);
      if (bytes !== undefined) return this.#found(name, bytes);
    }
    return undefined;
  }

  #folder(name: string): Answer {
    const lines = readdirSync(name)
      .filter((file) => IMPORTED.test(file))
      .sort()
      .map((file) => `import ${JSON.stringify(file)};\n`);
    return this.#found(`${name.replace(/\/$/, "")}/*`, new TextEncoder().encode(lines.join("")));
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
