// Scripts made of other scripts, for coverage-guided fuzzing: most steps keep brackets and tokens whole, so that many results parse.
// Scripts are strings of bytes (latin1).

import type { LanguageGenerator } from "./language-grammar.ts";
import { TOKEN, TOKENS } from "./mutate-script.ts";
import type { Random } from "./random.ts";

const LIMITS = [
  "0",
  "1",
  "-1",
  "127",
  "128",
  "255",
  "256",
  "32767",
  "32768",
  "65535",
  "65536",
  "2147483647",
  "2147483648",
  "4294967295",
  "4294967296",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551615",
  "0xffffffffffffffff",
  "1000000",
];

const OPENING = "({[";
const CLOSING = ")}]";

const isNumber = (token: string) => /^[0-9]/.test(token);
const isName = (token: string) => /^[A-Za-z_$@]/.test(token);

/** Index of the token that closes the bracket at `start`; -1 without one. */
function closing(tokens: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (token.length !== 1) continue;
    if (OPENING.includes(token)) depth++;
    else if (CLOSING.includes(token) && --depth === 0) return at;
  }
  return -1;
}

export class InputMutator {
  readonly #random: Random;
  readonly #generator: LanguageGenerator;

  constructor(random: Random, generator: LanguageGenerator) {
    this.#random = random;
    this.#generator = generator;
  }

  /** @param other a second script to take parts from. */
  mutate(script: string, other: string): string {
    const random = this.#random;
    let tokens: string[] = script.match(TOKEN) ?? [];
    const others: string[] = other.match(TOKEN) ?? [];
    for (let count = 1 + random.below(5); count > 0; count--) tokens = this.#step(tokens, others);
    const text = tokens.join("");
    return random.once(30) ? this.#damageBytes(text) : text;
  }

  /** A random index of a token that `fits`; -1 if none is met. */
  #find(tokens: readonly string[], fits: (token: string) => boolean): number {
    const start = this.#random.below(tokens.length || 1);
    for (let distance = 0; distance < tokens.length; distance++) {
      const at = (start + distance) % tokens.length;
      if (fits(tokens[at] ?? "")) return at;
    }
    return -1;
  }

  /** The tokens inside of a random pair of such brackets, as [first, last + 1]; empty at 0 if there is none. */
  #group(tokens: readonly string[], bracket: string): [number, number] {
    const at = this.#find(tokens, (token) => token === bracket);
    const end = at < 0 ? -1 : closing(tokens, at);
    return end < 0 ? [0, 0] : [at + 1, end];
  }

  #step(tokens: string[], others: string[]): string[] {
    const random = this.#random;
    const at = random.below(tokens.length + 1);
    switch (random.below(16)) {
      case 0:
      case 1: {
        const place = this.#find(tokens, isNumber);
        return place < 0 ? tokens : tokens.with(place, random.pick(LIMITS));
      }
      case 2:
      case 3: {
        // A name by another name of either script.
        const place = this.#find(tokens, isName);
        const source = random.once(2) ? tokens : others;
        const name = this.#find(source, isName);
        return place < 0 || name < 0 ? tokens : tokens.with(place, source[name] ?? "");
      }
      case 4:
      case 5: {
        // A subtree by one of the other script.
        const bracket = random.pick(["(", "(", "{", "["]);
        const [from, to] = this.#group(tokens, bracket);
        const [first, last] = this.#group(others, bracket);
        return from === 0 || first === 0 ? tokens : tokens.toSpliced(from, to - from, ...others.slice(first, last));
      }
      case 6:
      case 7: {
        const [from, to] = this.#group(tokens, "(");
        const made = this.#generator.expand(random.pick(["value", "int", "condition", "text"]), 1 + random.below(5));
        return from === 0 ? tokens : tokens.toSpliced(from, to - from, made);
      }
      case 8:
      case 9: {
        const place = this.#find(tokens, (token) => token === ";" || token === "{");
        return place < 0 ? tokens : tokens.toSpliced(place + 1, 0, ` ${this.#generator.expand("statement", random.below(8))} `);
      }
      case 10: {
        // A statement of the other script.
        const place = this.#find(tokens, (token) => token === ";" || token === "{");
        const start = this.#find(others, (token) => token === ";" || token === "{");
        const end = others.indexOf(";", start + 1);
        return place < 0 || start < 0 || end < 0 ? tokens : tokens.toSpliced(place + 1, 0, ...others.slice(start + 1, end + 1));
      }
      case 11: {
        // The attach points in front of a body.
        const brace = tokens.indexOf("{");
        return brace < 0 ? tokens : [this.#generator.expand("point", 2), " ", ...tokens.slice(brace)];
      }
      case 12:
        return [...tokens.slice(0, at), ...others.slice(random.below(others.length + 1))];
      case 13:
        return tokens.toSpliced(at, 1 + random.below(3));
      case 14:
        return tokens.toSpliced(at, 0, ...tokens.slice(at, at + 1 + random.below(6)));
      default:
        return random.once(2) ? tokens.toSpliced(at, 0, random.pick(TOKENS)) : tokens.toSpliced(at, 1, random.pick(TOKENS));
    }
  }

  #damageBytes(text: string): string {
    const random = this.#random;
    const at = random.below(text.length + 1);
    const byte = String.fromCharCode(random.below(256));
    switch (random.below(4)) {
      case 0:
        return text.slice(0, at) + byte + text.slice(at);
      case 1:
        return text.slice(0, at) + byte + text.slice(at + 1);
      case 2:
        return text.slice(0, at);
      default:
        return text.slice(0, at) + byte.repeat(random.below(200)) + text.slice(at);
    }
  }
}
