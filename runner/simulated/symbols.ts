// Names of code of the simulated kernel and its processes. A function gets its address when it is first spoken of.

import type { SymbolPlace } from "../core/names.ts";
import { badValue } from "./values.ts";

/** Bytes from one function to the next. */
const FUNCTION_BYTES = 0x1000;
/** Where the kernel's code starts on x86-64 without randomisation; nothing depends on it. */
const KERNEL_TEXT = 0xffff_ffff_8100_0000n;
const USER_TEXT = 0x5555_5555_0000n;
/** A frame without an offset returns to here: behind a call, not the start of the function. */
const RETURN_OFFSET = 0x20;

/** One table of functions. */
export class Symbols {
  readonly #base: bigint;
  readonly #places: { name: string; module: string }[] = [];
  readonly #indexes = new Map<string, number>();

  constructor(base: bigint) {
    this.#base = base;
  }

  static ofKernel(): Symbols {
    return new Symbols(KERNEL_TEXT);
  }

  static ofProcess(): Symbols {
    return new Symbols(USER_TEXT);
  }

  addressOf(name: string, module = ""): bigint {
    const key = `${module}:${name}`;
    const known = this.#indexes.get(key);
    const index = known ?? this.#places.push({ name, module }) - 1;
    if (known === undefined) this.#indexes.set(key, index);
    return this.#base + BigInt(index * FUNCTION_BYTES);
  }

  find(address: bigint): SymbolPlace | undefined {
    const distance = address - this.#base;
    const place = distance < 0n ? undefined : this.#places[Number(distance / BigInt(FUNCTION_BYTES))];
    return place && { ...place, offset: Number(distance % BigInt(FUNCTION_BYTES)) };
  }

  /**
   * Return addresses of frames, innermost first: a name as `vfs_read`, `vfs_read+16` or `/bin/app:main+0x10`, or an address.
   * @throws BpfcastError `bad-scenario`.
   */
  stack(frames: readonly (string | number)[], where: string): bigint[] {
    return frames.map((frame) => {
      if (typeof frame === "number") return BigInt(frame);
      if (/^0x[0-9a-f]+$/i.test(frame)) return BigInt(frame);
      const parts = /^(?:(.+):)?([^:+]+)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(frame);
      const offset = Number(parts?.[3] ?? RETURN_OFFSET);
      if (parts?.[2] === undefined || offset >= FUNCTION_BYTES) throw badValue(where, `'${frame}' is no frame of a stack: NAME+OFFSET`);
      return this.addressOf(parts[2], parts[1]) + BigInt(offset);
    });
  }
}
