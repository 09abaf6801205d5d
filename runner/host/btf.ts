// Names and prototypes in the BTF of the kernel and its modules (Documentation/bpf/btf.rst of the kernel), read where they lie.

import { readdirSync, readFileSync } from "node:fs";
import { KERNEL_MODULE } from "../core/targets.ts";

export const enum BtfKind {
  Int = 1,
  Pointer = 2,
  Array = 3,
  Struct = 4,
  Union = 5,
  Enum = 6,
  Forward = 7,
  Typedef = 8,
  Volatile = 9,
  Const = 10,
  Restrict = 11,
  Function = 12,
  Prototype = 13,
  Float = 16,
  TypeTag = 18,
  Enum64 = 19,
}

const HEADER_BYTES = 24;
const TYPE_BYTES = 12;
const MAX_DEPTH = 32;

/** Bytes behind the common 12 of a type, per member and once. */
function extraBytes(kind: number, members: number): number {
  switch (kind) {
    case BtfKind.Int:
    case 14: // variable
    case 17: // declaration tag
      return 4;
    case BtfKind.Array:
      return 12;
    case BtfKind.Struct:
    case BtfKind.Union:
    case BtfKind.Enum64:
    case 15: // data section
      return members * 12;
    case BtfKind.Enum:
    case BtfKind.Prototype:
      return members * 8;
    default:
      return 0;
  }
}

export interface Parameter {
  /** C, as the peer writes it: `struct file *`. */
  type: string;
  name: string;
}

export class Btf {
  readonly #base: Btf | undefined;
  readonly #view: DataView;
  readonly #strings: Buffer;
  /** Bytes of strings, and number of types, that the base has. */
  readonly #firstString: number;
  readonly #firstType: number;
  /** Where each type starts. */
  readonly #types: number[] = [];
  #functions: Map<string, number> | undefined;

  /** @param base the kernel's own BTF, which that of a module goes on from. */
  constructor(bytes: Buffer, base?: Btf) {
    this.#base = base;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = view;
    if (bytes.length < HEADER_BYTES || view.getUint16(0, true) !== 0xeb9f) throw new RangeError("no BTF");
    const header = view.getUint32(4, true);
    const types = header + view.getUint32(8, true);
    const end = Math.min(types + view.getUint32(12, true), bytes.length - TYPE_BYTES + 1);
    const strings = header + view.getUint32(16, true);
    this.#strings = bytes.subarray(strings, strings + view.getUint32(20, true));
    this.#firstString = base === undefined ? 0 : base.#strings.length;
    this.#firstType = base === undefined ? 1 : base.#firstType + base.#types.length;
    for (let at = types; at < end; ) {
      this.#types.push(at);
      const info = view.getUint32(at + 4, true);
      at += TYPE_BYTES + extraBytes((info >>> 24) & 31, info & 0xffff);
    }
  }

  #string(offset: number): string {
    if (offset < this.#firstString) return this.#base === undefined ? "" : this.#base.#string(offset);
    const start = offset - this.#firstString;
    const end = this.#strings.indexOf(0, start);
    return this.#strings.toString("latin1", start, end < 0 ? this.#strings.length : end);
  }

  /** The BTF that holds type `id`, and where. */
  #at(id: number): [Btf, number] | undefined {
    if (id < this.#firstType) return this.#base === undefined ? undefined : this.#base.#at(id);
    const at = this.#types[id - this.#firstType];
    return at === undefined ? undefined : [this, at];
  }

  /** Ids of the types of some kinds that have a name, with their names. */
  *named(...kinds: BtfKind[]): Generator<[number, string]> {
    for (let index = 0; index < this.#types.length; index++) {
      const at = this.#types[index] as number;
      if (!kinds.includes((this.#view.getUint32(at + 4, true) >>> 24) & 31)) continue;
      const name = this.#string(this.#view.getUint32(at, true));
      if (name !== "") yield [index + this.#firstType, name];
    }
  }

  /** Ids of functions by name. */
  get functions(): Map<string, number> {
    if (this.#functions === undefined) {
      this.#functions = new Map();
      for (const [id, name] of this.named(BtfKind.Function)) this.#functions.set(name, id);
    }
    return this.#functions;
  }

  /** Parameters of a function by its id, or of a pointer to one, and the type that it returns. */
  prototype(id: number): { parameters: Parameter[]; returns: string } | undefined {
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const found = this.#at(id);
      if (found === undefined) return undefined;
      const [btf, at] = found;
      const info = btf.#view.getUint32(at + 4, true);
      const kind = (info >>> 24) & 31;
      if (kind === BtfKind.Prototype) return btf.#prototypeAt(at, info & 0xffff);
      if (kind !== BtfKind.Function && kind !== BtfKind.Pointer && kind !== BtfKind.Typedef) return undefined;
      id = btf.#view.getUint32(at + 8, true);
    }
    return undefined;
  }

  #prototypeAt(at: number, count: number): { parameters: Parameter[]; returns: string } {
    const parameters: Parameter[] = [];
    for (let index = 0; index < count; index++) {
      const entry = at + TYPE_BYTES + index * 8;
      parameters.push({ name: this.#string(this.#view.getUint32(entry, true)), type: this.text(this.#view.getUint32(entry + 4, true)) });
    }
    return { parameters, returns: this.text(this.#view.getUint32(at + 8, true)) };
  }

  /** Members of a struct or union. */
  members(id: number): Parameter[] {
    const found = this.#at(id);
    if (found === undefined) return [];
    const [btf, at] = found;
    const count = btf.#view.getUint32(at + 4, true) & 0xffff;
    return Array.from({ length: count }, (_, index) => {
      const entry = at + TYPE_BYTES + index * 12;
      const name = btf.#string(btf.#view.getUint32(entry, true));
      const type = btf.#view.getUint32(entry + 4, true);
      // Of a member without a name, its own first member: iterators pad their pointers to 8 bytes that way.
      return name === "" ? (btf.members(type)[0] ?? { name, type: btf.text(type) }) : { name, type: btf.text(type) };
    });
  }

  /** A type in C, without a name behind it. */
  text(id: number, depth = 0): string {
    if (id === 0) return "void";
    const found = this.#at(id);
    if (found === undefined || depth > MAX_DEPTH) return "?";
    const [btf, at] = found;
    const info = btf.#view.getUint32(at + 4, true);
    const name = btf.#string(btf.#view.getUint32(at, true));
    const inner = () => btf.text(btf.#view.getUint32(at + 8, true), depth + 1);
    switch ((info >>> 24) & 31) {
      case BtfKind.Pointer: {
        const element = inner();
        if (element.includes("(*)")) return element;
        return element.endsWith("*") ? `${element}*` : `${element} *`;
      }
      case BtfKind.Struct:
        return `struct ${name}`;
      case BtfKind.Union:
        return `union ${name}`;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return `enum ${name}`;
      case BtfKind.Forward:
        return `${info >>> 31 === 0 ? "struct" : "union"} ${name}`;
      case BtfKind.Const: {
        const element = inner();
        return element.endsWith("*") ? `${element} const` : `const ${element}`;
      }
      case BtfKind.Volatile:
        return `volatile ${inner()}`;
      case BtfKind.Restrict:
      case BtfKind.TypeTag:
        return inner();
      case BtfKind.Array:
        return `${btf.text(btf.#view.getUint32(at + TYPE_BYTES, true), depth + 1)}[${btf.#view.getUint32(at + TYPE_BYTES + 8, true)}]`;
      case BtfKind.Prototype: {
        const { parameters, returns } = btf.#prototypeAt(at, info & 0xffff);
        return `${returns} (*)(${parameters.map(({ type }) => type).join(", ")})`;
      }
      default:
        return name;
    }
  }
}

const FOLDER = "/sys/kernel/btf";
const known = new Map<string, Btf | undefined>();

/** The file with the BTF of the kernel proper or of a module. */
export function btfFile(module: string): string {
  return (module === KERNEL_MODULE && process.env.BPFTRACE_BTF) || `${FOLDER}/${module}`;
}

/** The BTF of the kernel proper (`vmlinux`; BPFTRACE_BTF names another file) or of a module; undefined when there is none. */
export function loadBtf(module: string = KERNEL_MODULE): Btf | undefined {
  if (known.has(module)) return known.get(module);
  let btf: Btf | undefined;
  try {
    if (/^[A-Za-z0-9_-]+$/.test(module)) btf = new Btf(readFileSync(btfFile(module)), module === KERNEL_MODULE ? undefined : loadBtf());
  } catch {
    // The kernel has no BTF, or there is no such module.
  }
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
