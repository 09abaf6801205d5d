// Profiles as files: gzip streams of the document that runner/core/profile.ts describes.

import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { BpfcastError } from "../../wasm/errors.ts";
import { type Profile, readProfile, writeProfile } from "../core/profile.ts";

/** A kernel with all its modules has 30 MiB of BTF; more than this is no profile. */
const MAX_DOCUMENT_BYTES = 128 << 20;

/** Byte of a gzip header that names the system it was made on, and its value for none. */
const SYSTEM_BYTE = 9;
const NO_SYSTEM = 255;

/** The bytes of a profile's file: the same for the same profile. */
export function packProfile(profile: Profile): Uint8Array {
  // Its time stamp is 0: zlib has none to write.
  const packed = gzipSync(writeProfile(profile), { level: 6 });
  packed[SYSTEM_BYTE] = NO_SYSTEM;
  return packed;
}

/** @throws BpfcastError `bad-profile`, `newer-profile`. */
export function unpackProfile(packed: Uint8Array): Profile {
  let document: Uint8Array;
  try {
    document = gunzipSync(packed, { maxOutputLength: MAX_DOCUMENT_BYTES });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    const reason = code === "ERR_BUFFER_TOO_LARGE" ? `it unpacks to more than ${MAX_DOCUMENT_BYTES >> 20} MiB` : "it is no whole gzip file";
    throw new BpfcastError("bad-profile", `not a usable profile: ${reason}`, { hint: "make one with `bpfcast profile -o FILE`" });
  }
  return readProfile(document);
}

/** @throws BpfcastError as `unpackProfile`, with the file's name, and `cannot-read`. */
export function readProfileFile(file: string): Profile {
  let packed: Uint8Array;
  try {
    packed = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reasons: Record<string, string> = { ENOENT: "No such file or directory", EISDIR: "Is a directory", EACCES: "Permission denied" };
    throw new BpfcastError("cannot-read", `failed to open profile '${file}': ${reasons[code] ?? code}`);
  }
  try {
    return unpackProfile(packed);
  } catch (error) {
    if (error instanceof BpfcastError) throw new BpfcastError(error.code, `'${file}' is ${error.message}`, error.details);
    throw error;
  }
}
