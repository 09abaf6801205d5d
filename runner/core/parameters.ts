// Positional and named parameters: the words behind a script, as the constants that its object has for them.

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
export function bindParameter(binding: Binding, view: DataView, words: string[], manifest: Manifest, named: string[] = []): void {
  if (binding.kind === "option") {
    bindOption(binding, view, named);
    return;
  }
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

type OptionBinding = Extract<Binding, { kind: "option" }>;

function optionsOf(manifest: Manifest): OptionBinding[] {
  return manifest.bindings.filter((binding) => binding.kind === "option");
}

/** Names and values of `--name` and `--name=value`; the last of one name counts. */
function readOptions(words: string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 0) given.set(word.slice(2), "true");
    else given.set(word.slice(2, equals), word.slice(equals + 1));
  }
  return given;
}

/** What `--help` behind a script prints: its named parameters. */
export function optionHelp(manifest: Manifest): string {
  const lines = optionsOf(manifest).map(({ name, description }) => `--${name}${description === "" ? "" : `: ${description}`}\n`);
  return `HINT: expected program options:\n${lines.join("")}`;
}

/** @throws BpfcastError `bad-parameter` for a named parameter that the script does not have. */
export function checkOptions(manifest: Manifest, words: string[]): void {
  const known = optionsOf(manifest).map(({ name }) => name);
  const unknown = [...readOptions(words).keys()].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const hint =
    known.length === 0 ? "the script has no options" : `expected program options: ${known.map((name) => `--${name}`).join(": ")}`;
  throw new BpfcastError("bad-parameter", `unexpected program command line options: ${unknown.map((name) => `--${name}`).join(", ")}`, {
    hint,
  });
}

const TRUE_WORDS = ["true", "1"];
const FALSE_WORDS = ["false", "0"];

function bindOption(binding: OptionBinding, view: DataView, words: string[]): void {
  const given = readOptions(words).get(binding.name);
  const value = given ?? binding.default;
  const refuse = (expected: string): never => {
    throw new BpfcastError("bad-parameter", `program command line option --${binding.name} ${expected} (value: ${value})`, { exitCode: 1 });
  };
  if (binding.type === "string") {
    // `--name` alone gives no text.
    if (given === "true" && !words.includes(`--${binding.name}=true`)) refuse("expects a string");
    const bytes = new TextEncoder().encode(value);
    if (bytes.length >= binding.size) refuse(`has room for ${binding.size - 1} bytes`);
    new Uint8Array(view.buffer, view.byteOffset + binding.offset, binding.size).fill(0).set(bytes);
    return;
  }
  if (binding.type === "bool") {
    if (!TRUE_WORDS.includes(value) && !FALSE_WORDS.includes(value)) refuse("expects a boolean (e.g. 'true')");
    view.setBigUint64(binding.offset, TRUE_WORDS.includes(value) ? 1n : 0n, true);
    return;
  }
  const number = parseNumber(value);
  if (number === undefined) refuse("invalid integer");
  else view.setBigUint64(binding.offset, BigInt.asUintN(64, number), true);
}
