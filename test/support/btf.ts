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
const UNION = 5;
const ENUM = 6;
const FORWARD = 7;
const TYPEDEF = 8;
const VOLATILE = 9;
const CONST = 10;
const RESTRICT = 11;
const FUNCTION = 12;
const PROTOTYPE = 13;
const VARIABLE = 14;
const SECTION = 15;
const FLOAT = 16;
const DECLARATION_TAG = 17;
const TYPE_TAG = 18;
const ENUM64 = 19;
const BOOL = 4;

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

  enumeration(name: string, values: Record<string, number>, bytes = 4): number {
    const rest = Object.entries(values).flatMap(([key, value]) => [this.#name(key), value]);
    return this.#add(name, ENUM, rest.length / 2, bytes, rest);
  }

  bool(): number {
    return this.#add("_Bool", INT, 0, 1, [(BOOL << 24) | 8]);
  }

  enumeration64(name: string, values: Record<string, bigint>): number {
    const half = (value: bigint) => Number(BigInt.asUintN(32, value));
    const rest = Object.entries(values).flatMap(([key, value]) => [this.#name(key), half(value), half(value >> 32n)]);
    return this.#add(name, ENUM64, rest.length / 3, 8, rest);
  }

  /** @param members 0 in what no one has damaged. */
  forward(name: string, members = 0): number {
    return this.#add(name, FORWARD, members, 0);
  }

  qualified(kind: "const" | "volatile" | "restrict", of: number): number {
    return this.#add("", { const: CONST, volatile: VOLATILE, restrict: RESTRICT }[kind], 0, of);
  }

  typeTag(name: string, of: number): number {
    return this.#add(name, TYPE_TAG, 0, of);
  }

  declarationTag(name: string, of: number, component: number): number {
    return this.#add(name, DECLARATION_TAG, 0, of, [component]);
  }

  float(name: string, size: number): number {
    return this.#add(name, FLOAT, 0, size);
  }

  /** A function with its prototype; the type 0 is `void`. */
  function(name: string, parameters: Record<string, number>, returns: number): number {
    const rest = Object.entries(parameters).flatMap(([key, type]) => [this.#name(key), type]);
    const prototype = this.#add("", PROTOTYPE, rest.length / 2, returns, rest);
    return this.#add(name, FUNCTION, 1, prototype);
  }

  variable(name: string, type: number): number {
    return this.#add(name, VARIABLE, 0, type, [1]);
  }

  section(name: string, variable: number, size: number): number {
    return this.#add(name, SECTION, 1, size, [variable, 0, size]);
  }

  struct(name: string, size: number, fields: BtfField[]): number {
    return this.#record(STRUCT, name, size, fields);
  }

  union(name: string, size: number, fields: BtfField[]): number {
    return this.#record(UNION, name, size, fields);
  }

  #record(kind: number, name: string, size: number, fields: BtfField[]): number {
    const hasBits = fields.some(({ bits }) => bits !== undefined);
    const rest = fields.flatMap((field) => {
      const bit = field.offset * 8 + (field.bits?.first ?? 0);
      return [this.#name(field.name), field.type, hasBits ? ((field.bits?.width ?? 0) << 24) | bit : bit];
    });
    return this.#add(name, kind, fields.length, size, rest, hasBits ? 1 : 0);
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

/** A kernel in miniature with types of every kind that BTF has: functions to trace, enums, unions, bitfields, tags. */
export function richKernel(): Uint8Array {
  const btf = new BtfWriter();
  const int = btf.int("int", 4, true);
  const char = btf.int("char", 1, true);
  const long = btf.int("long", 8, true);
  const u64 = btf.int("unsigned long", 8);
  const u32 = btf.int("unsigned int", 4);
  const bool = btf.bool();
  btf.float("double", 8);
  const text = btf.array(char, int, 16);
  const numbers = btf.array(u32, int, 4);
  const grid = btf.array(numbers, int, 2);
  const colour = btf.enumeration("colour", { FIRST: 0, SECOND: 1, THIRD: 7 });
  const wide = btf.enumeration64("wide", { HUGE: 1n << 40n, SMALL: 1n });
  const hidden = btf.forward("hidden_struct");
  const toHidden = btf.pointer(hidden);
  const constChar = btf.qualified("const", char);
  const userText = btf.typeTag("user", constChar);
  const toText = btf.pointer(userText);
  const entity = btf.struct("sched_entity", 32, [{ name: "vruntime", type: u64, offset: 16 }]);
  const halves = btf.struct("", 4, [
    { name: "low", type: u32, offset: 0, bits: { width: 4, first: 0 } },
    { name: "high", type: u32, offset: 0, bits: { width: 12, first: 4 } },
  ]);
  const either = btf.union("either", 8, [
    { name: "whole", type: u64, offset: 0 },
    { name: "bytes", type: btf.array(char, int, 8), offset: 0 },
    { name: "", type: halves, offset: 0 },
  ]);
  const pid = btf.typedef("pid_t", int);
  const volatileLong = btf.qualified("volatile", long);
  // The pointer comes right before the struct that it points to.
  const task = btf.next + 1;
  const toTask = btf.pointer(task);
  btf.struct("task_struct", 1024, [
    { name: "pid", type: pid, offset: 8 },
    { name: "tgid", type: pid, offset: 12 },
    { name: "real_parent", type: toTask, offset: 16 },
    { name: "group_leader", type: toTask, offset: 24 },
    { name: "comm", type: text, offset: 32 },
    { name: "se", type: entity, offset: 64 },
    { name: "state", type: volatileLong, offset: 96 },
    { name: "flags", type: u32, offset: 104, bits: { width: 3, first: 5 } },
    { name: "numbers", type: numbers, offset: 112 },
    { name: "grid", type: grid, offset: 128 },
    { name: "either", type: either, offset: 160 },
    { name: "colour", type: colour, offset: 168 },
    { name: "wide", type: wide, offset: 176 },
    { name: "on", type: bool, offset: 184 },
    { name: "secret", type: toHidden, offset: 192 },
    { name: "name", type: toText, offset: 200 },
  ]);
  const path = btf.struct("path", 16, [{ name: "mnt", type: toHidden, offset: 0 }]);
  const file = btf.struct("file", 64, [
    { name: "f_path", type: path, offset: 16 },
    { name: "f_inode", type: u64, offset: 32 },
    { name: "f_owner", type: toTask, offset: 40 },
  ]);
  const toFile = btf.qualified("restrict", btf.pointer(file));
  btf.function("vfs_read", { file: toFile, buf: toText, count: u64 }, long);
  btf.function("vfs_open", { path: btf.pointer(path), file: toFile }, toFile);
  btf.function("do_nothing", {}, 0);
  btf.function("by_value", { entity }, int);
  btf.function("__probestub_sched_switch", { __data: btf.pointer(0), preempt: bool, prev: toTask, next: toTask }, 0);
  const runqueues = btf.variable("runqueues", entity);
  btf.section(".data..percpu", runqueues, 32);
  btf.declarationTag("bpf_kfunc", btf.function("bpf_task_from_pid", { pid: int }, toTask), 0xffffffff);
  btf.function("bpf_task_release", { p: toTask }, 0);
  return btf.bytes();
}
