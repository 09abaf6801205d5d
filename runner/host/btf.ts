// Files with the BTF of the kernel and its modules.

import { readdirSync, readFileSync } from "node:fs";
import { Btf, BtfKind } from "../core/btf.ts";
import { KERNEL_MODULE } from "../core/targets.ts";

const FOLDER = "/sys/kernel/btf";
const known = new Map<string, Btf | undefined>();

/** The file with the BTF of the kernel proper or of a module. */
export function btfFile(module: string): string {
  return (module === KERNEL_MODULE && process.env.BPFTRACE_BTF) || `${FOLDER}/${module}`;
}

function readBytes(module: string): Uint8Array | undefined {
  try {
    return /^[A-Za-z0-9_-]+$/.test(module) ? readFileSync(btfFile(module)) : undefined;
  } catch {
    // The kernel has no BTF, or there is no such module.
    return undefined;
  }
}

/**
 * The BTF of the kernel proper (`vmlinux`; BPFTRACE_BTF names another file) or of a module; undefined when there is none.
 * @throws BpfcastError `bad-btf`.
 */
export function loadBtf(module: string = KERNEL_MODULE): Btf | undefined {
  if (known.has(module)) return known.get(module);
  const bytes = readBytes(module);
  const btf = bytes === undefined ? undefined : Btf.read(bytes, module === KERNEL_MODULE ? undefined : loadBtf());
  known.set(module, btf);
  return btf;
}

/** Modules with BTF, the kernel proper first. */
export function modulesWithBtf(): string[] {
  try {
    return [
      KERNEL_MODULE,
      ...readdirSync(FOLDER)
        .filter((name) => name !== KERNEL_MODULE)
        .sort(),
    ];
  } catch {
    return [KERNEL_MODULE];
  }
}

/** The struct that an iterator's program is called with is named after it. */
export const ITERATOR = "bpf_iter__";

/** Names of all iterators of the kernel and its modules. */
export function iteratorNames(): string[] {
  return modulesWithBtf().flatMap((module) => {
    const btf = loadBtf(module);
    const names = [...(btf?.named(BtfKind.Struct) ?? [])].filter(([, name]) => name.startsWith(ITERATOR));
    // The kernel has a function of every iterator, and other structs with such names.
    return names.map(([, name]) => name.slice(ITERATOR.length)).filter((name) => btf?.functions.has(`bpf_iter_${name}`));
  });
}
