// A small writer of kernel BTF for tests (Documentation/bpf/btf.rst): structs with members at chosen offsets, so that a test can
// move, resize and remove fields.

export interface BtfField {
  name: string;
  type: number;
  /** Bytes from the start of the struct. */
  offset: number;
  /** Width of a bitfield, and its first bit within the byte at `offset`. */
  bits?: { width: number; first: number };
}

const INT = 1;
const POINTER = 2;
const ARRAY = 3;
const STRUCT = 4;
const ENUM = 6;
const TYPEDEF = 8;

/** Collects types; ids count from 1 in the order of the calls. */
export class BtfWriter {
  readonly #records: number[][] = [];
  #strings = "\0";

  #name(text: string): number {
    if (text === "") return 0;
    const known = this.#strings.indexOf(`\0${text}\0`);
    if (known >= 0) return known + 1;
    const offset = this.#strings.length;
    this.#strings += `${text}\0`;
    return offset;
  }

  #add(name: string, kind: number, length: number, sizeOrType: number, rest: number[] = [], flag = 0): number {
    this.#records.push([this.#name(name), ((kind << 24) | (flag << 31) | length) >>> 0, sizeOrType, ...rest]);
    return this.#records.length;
  }

  int(name: string, size: number, signed = false): number {
    return this.#add(name, INT, 0, size, [((signed ? 1 : 0) << 24) | (size * 8)]);
  }

  pointer(to: number): number {
    return this.#add("", POINTER, 0, to);
  }

  array(element: number, index: number, count: number): number {
    return this.#add("", ARRAY, 0, 0, [element, index, count]);
  }

  typedef(name: string, of: number): number {
    return this.#add(name, TYPEDEF, 0, of);
  }

  enumeration(name: string, values: Record<string, number>): number {
    const rest = Object.entries(values).flatMap(([key, value]) => [this.#name(key), value]);
    return this.#add(name, ENUM, rest.length / 2, 4, rest);
  }

  struct(name: string, size: number, fields: BtfField[]): number {
    const hasBits = fields.some(({ bits }) => bits !== undefined);
    const rest = fields.flatMap((field) => {
      const bit = field.offset * 8 + (field.bits?.first ?? 0);
      return [this.#name(field.name), field.type, hasBits ? ((field.bits?.width ?? 0) << 24) | bit : bit];
    });
    return this.#add(name, STRUCT, fields.length, size, rest, hasBits ? 1 : 0);
  }

  /** Id that the next type will have: for structs that point to themselves. */
  get next(): number {
    return this.#records.length + 1;
  }

  bytes(): Uint8Array {
    const types = this.#records.flat();
    const strings = new TextEncoder().encode(this.#strings);
    const header = 24;
    const out = new Uint8Array(header + types.length * 4 + strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [header, 0, types.length * 4, types.length * 4, strings.length].forEach((value, index) => {
      view.setUint32(4 + index * 4, value, true);
    });
    types.forEach((value, index) => {
      view.setUint32(header + index * 4, value >>> 0, true);
    });
    out.set(strings, header + types.length * 4);
    return out;
  }
}

/** A kernel in miniature: `struct task_struct` with what the tests' scripts use. `shift` moves every field. */
export function smallKernel(shift = 0): Uint8Array {
  const btf = new BtfWriter();
  const int = btf.int("int", 4, true);
  const char = btf.int("char", 1, true);
  const u64 = btf.int("unsigned long", 8);
  const task = btf.next + 4;
  const pointer = btf.pointer(task);
  const text = btf.array(char, int, 16);
  const entity = btf.struct("sched_entity", 32, [{ name: "vruntime", type: u64, offset: 16 + shift }]);
  const inner = btf.struct("", 8, [{ name: "hidden", type: u64, offset: 0 }]);
  btf.struct("task_struct", 512, [
    { name: "pid", type: int, offset: 8 + shift },
    { name: "tgid", type: int, offset: 12 + shift },
    { name: "real_parent", type: pointer, offset: 16 + shift },
    { name: "comm", type: text, offset: 32 + shift },
    { name: "se", type: entity, offset: 64 + shift },
    { name: "", type: inner, offset: 128 + shift },
  ]);
  btf.typedef("pid_t", int);
  return btf.bytes();
}
