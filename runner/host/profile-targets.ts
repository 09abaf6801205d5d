// The targets of `bpfcast build` and `bpfcast check`: a profile that was named, or this machine with the default profile behind it.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Need } from "../../wasm/compiler.ts";
import { ProfileTarget } from "../core/profile-target.ts";
import type { Target } from "../core/target.ts";
import { LiveTarget, unreadableReason } from "./profile.ts";
import { readProfileFile } from "./profile-file.ts";

/** @throws BpfcastError for a file that is no profile. */
export function profileTarget(file: string): ProfileTarget {
  return new ProfileTarget(readProfileFile(file), `profile ${file}`);
}

/** The profile that ships with the program, if the build could make one. */
export function defaultProfileFile(): string | undefined {
  const file = fileURLToPath(new URL("./default.profile", import.meta.url));
  return existsSync(file) ? file : undefined;
}

/** This machine; the default profile, for the whole script, where it does not let itself be asked. */
export class FallbackTarget extends LiveTarget {
  readonly #say: (line: string) => void;
  #fallback: ProfileTarget | undefined;

  /** @param say told once, a line, that the default profile is used. */
  constructor(say: (line: string) => void) {
    super();
    this.#say = say;
  }

  replacement(needs: Need[]): Target | undefined {
    const reason = needs.map(unreadableReason).find((found) => found !== undefined);
    const file = reason === undefined ? undefined : defaultProfileFile();
    if (file === undefined) return undefined;
    if (this.#fallback === undefined) {
      // It stands for any machine: what the kernel it was made on can do says nothing.
      this.#fallback = new ProfileTarget({ ...readProfileFile(file), features: null }, "the default profile");
      this.#say(`NOTE: ${reason}: compiled for ${this.#fallback.description}; --profile names another\n`);
    }
    return this.#fallback;
  }
}
