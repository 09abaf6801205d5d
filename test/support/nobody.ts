// A copy of the program where everybody may read it, run by a user without rights.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

export class NobodysFolder {
  readonly path: string;
  /** The program. */
  readonly bpfcast: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `bpfcast-${name}-`));
    chmodSync(this.path, 0o755);
    for (const file of ["bpfcast.cjs", "compiler.wasm", "default.profile"])
      if (existsSync(join(".out", file))) copyFileSync(join(".out", file), join(this.path, file));
    this.bpfcast = join(this.path, "bpfcast.cjs");
  }

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  get #options() {
    // Whoever is not root has no more rights anyway.
    return { cwd: this.path, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) };
  }

  run(words: readonly string[], input = ""): Run {
    return spawnSync("node", [this.bpfcast, ...words], { encoding: "utf8", timeout: 60_000, input, ...this.#options });
  }

  start(words: readonly string[]): ChildProcess {
    return spawn("node", [this.bpfcast, ...words], { stdio: ["ignore", "pipe", "pipe"], ...this.#options });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
