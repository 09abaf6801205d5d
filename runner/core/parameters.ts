// Positional parameters: the words behind a script, as the constants that its object has for them.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Binding, Manifest } from "../../wasm/manifest.ts";

/**
 * A word as a number, by the peer's rules: decimal, hexadecimal, octal (leading 0) or binary, perhaps negative.
 * @returns undefined for anything else, also for numbers that 64 bits do not hold.
 */
export function parseNumber(word: string): bigint | undefined {
  const match = /^(-?)(0x[0-9a-f]+|0b[01]+|0[0-7]*|[1-9][0-9]*)$/i.exec(word);
  if (match === null) return undefined;
  const [, sign, digits = ""] = match;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const signed = sign === "-" ? -value : value;
  return signed >= -(2n ** 63n) && signed < 2n ** 64n ? signed : undefined;
}

/** Sets one of the constants of parameters in `view`, which is `.rodata`. A parameter that was not given is 0 or empty. */
export function bindParameter(binding: Binding, view: DataView, words: string[], manifest: Manifest): void {
  if (binding.kind === "parameter_count") {
    view.setBigUint64(binding.offset, BigInt(words.length), true);
    return;
  }
  if (binding.kind !== "parameter_number" && binding.kind !== "parameter_text") return;
  const { index, location, offset, size } = binding;
  const word = words[index - 1] ?? "";
  const refuse = (message: string, hint: string): never => {
    throw new BpfcastError("bad-parameter", message, { location, source: manifest.source, hint, exitCode: 1 });
  };
  if (binding.kind === "parameter_text") {
    const bytes = new TextEncoder().encode(word);
    if (bytes.length >= size) refuse(`$${index} has ${bytes.length} bytes, and there is room for ${size - 1}`, "give a shorter text");
    new Uint8Array(view.buffer, view.byteOffset + offset, size).fill(0).set(bytes);
    return;
  }
  if (word === "") return;
  const value = parseNumber(word);
  if (value === undefined) refuse(`$${index} used numerically but given "${word}"`, `use str($${index}) for text`);
  else view.setBigUint64(offset, BigInt.asUintN(64, value), true);
}
