// The targets of `bpfcast build` and `bpfcast check`: a profile that was named, or this machine with the default profile behind it.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TargetNeed } from "../../wasm/compiler.ts";
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

type Say = (line: string) => void;

/** @throws BpfcastError for a damaged file. */
function defaultTarget(file: string, reason: string, say: Say): ProfileTarget {
  // It stands for any machine: what the kernel it was made on can do says nothing.
  const target = new ProfileTarget({ ...readProfileFile(file), features: null }, "the default profile");
  say(`NOTE: ${reason}: compiled for ${target.description}; --profile names another\n`);
  return target;
}

/**
 * What is compiled for where no profile was named.
 * @param say told, a line, that the default profile is used.
 */
export function hostTarget(say: Say, platform: string = process.platform, file = defaultProfileFile()): Target {
  if (platform === "linux" || file === undefined) return new FallbackTarget(say, file);
  return defaultTarget(file, "this machine does not run Linux", say);
}

/** This machine; the default profile, for the whole script, where it does not let itself be asked. */
class FallbackTarget extends LiveTarget {
  readonly #say: Say;
  readonly #file: string | undefined;
  #fallback: ProfileTarget | undefined;

  constructor(say: Say, file: string | undefined) {
    super();
    this.#say = say;
    this.#file = file;
  }

  replacement(needs: TargetNeed[]): Target | undefined {
    const reason = needs.map(unreadableReason).find((found) => found !== undefined);
    if (reason === undefined || this.#file === undefined) return undefined;
    this.#fallback ??= defaultTarget(this.#file, reason, this.#say);
    return this.#fallback;
  }
}
