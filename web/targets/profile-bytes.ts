// The bytes of a profile's file, unpacked: of the page's own files, and of what people drop into it.

import { BpfcastError } from "../../wasm/errors.ts";
import { throughStream } from "../stream.ts";

/** A kernel with all its modules has 30 MiB of types; whatever unpacks to more is no profile. */
const MAX_DOCUMENT_BYTES = 256 << 20;

export function badProfile(reason: string): BpfcastError {
  return new BpfcastError("bad-profile", `not a usable profile: ${reason}`, { hint: "make one with `bpfcast profile -o FILE`" });
}

function tooLarge(): BpfcastError {
  return badProfile(`it unpacks to more than ${MAX_DOCUMENT_BYTES >> 20} MiB`);
}

/**
 * The document of a profile, which may still be anything. A file that is no gzip stream is taken as it is.
 * @throws BpfcastError `bad-profile`.
 */
export async function unpackedProfile(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) {
    if (file.length > MAX_DOCUMENT_BYTES) throw tooLarge();
    return file;
  }
  try {
    return await throughStream(file, new DecompressionStream("gzip"), MAX_DOCUMENT_BYTES, tooLarge);
  } catch (error) {
    throw error instanceof BpfcastError ? error : badProfile("it is no whole gzip file");
  }
}

/** 64 bits that stand for the content, in hexadecimal (two lanes of FNV-1a). They tell files apart, and prove nothing. */
export function contentDigest(bytes: Uint8Array): string {
  let [first, second] = [0x811c_9dc5, 0x9747_b28c];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    first = Math.imul(first ^ byte, 0x0100_0193);
    second = Math.imul(second ^ byte, 0x85eb_ca6b);
    second ^= second >>> 13;
  }
  return [first, second].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}
