// `bpfcast profile`: where the facts come from, and what is left of them.

import { statSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Profile } from "../core/profile.ts";
import { reduceProfile } from "../core/reduce-profile.ts";
import { type Capture, captureProfile } from "../host/capture.ts";
import { packProfile, readProfileFile } from "../host/profile-file.ts";

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    throw new BpfcastError("cannot-read", `failed to open '${path}': No such file or directory`);
  }
}

/**
 * @param from folder with a copy of another machine's /sys and /proc, or a profile; undefined for this machine.
 * @returns the bytes of the profile's file, and what it lacks.
 * @throws BpfcastError
 */
export function makeProfile(from: string | undefined, common: boolean): { file: Uint8Array; warnings: string[] } {
  const { profile, warnings }: Capture =
    from !== undefined && !isFolder(from) ? { profile: readProfileFile(from), warnings: [] } : captureProfile(from);
  const kept: Profile = common ? reduceProfile(profile) : profile;
  return { file: packProfile(kept), warnings };
}
