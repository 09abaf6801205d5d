// BTF of a kernel or a module, read in place. Layout: Documentation/bpf/btf.rst of the kernel.
//
// A module's BTF is split: its ids and string offsets go on where those of the kernel's end. The bytes may be damaged: `read`
// walks all records once, so that the readers below stay inside.

import { BpfcastError } from "../../wasm/errors.ts";

/** `BTF_KIND_*`. */
export const enum BtfKind {
  Void = 0,
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
  FunctionPrototype = 13,
  Variable = 14,
  DataSection = 15,
  Float = 16,
  DeclarationTag = 17,
  TypeTag = 18,
  Enum64 = 19,
}

export const BTF_MAGIC = 0xeb9f;
export const HEADER_BYTES = 24;
/** Bytes that every record starts with: name, info, size or type. */
export const RECORD_BYTES = 12;

/** Bytes of one member, enumerator or parameter by kind; 0 where a record has none. */
export function memberBytes(kind: BtfKind): number {
  switch (kind) {
    case BtfKind.Struct:
    case BtfKind.Union:
    case BtfKind.DataSection:
    case BtfKind.Enum64:
      return 12;
    case BtfKind.Enum:
    case BtfKind.FunctionPrototype:
      return 8;
    default:
      return 0;
  }
}

/** Bytes behind the common ones of a record with `count` members. */
export function trailingBytes(kind: BtfKind, count: number): number {
  if (kind === BtfKind.Int || kind === BtfKind.Variable || kind === BtfKind.DeclarationTag) return 4;
  return kind === BtfKind.Array ? 12 : memberBytes(kind) * count;
}

function damaged(reason: string): never {
  throw new BpfcastError("bad-btf", `the BTF is damaged: ${reason}`);
}

export class Btf {
  readonly #base: Btf | undefined;
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  /** Where the ids and string offsets of a split BTF start. */
  readonly #firstId: number;
  readonly #firstString: number;
  /** Place of the record of each own id. */
  readonly #records: number[] = [];
  #functions: Map<string, number> | undefined;

  private constructor(bytes: Uint8Array, base: Btf | undefined) {
    this.#base = base;
    this.#firstId = base?.endId ?? 1;
    this.#firstString = base === undefined ? 0 : base.#firstString + base.#strings.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const view = this.#view;
    if (bytes.length < HEADER_BYTES || view.getUint16(0, true) !== BTF_MAGIC) damaged("it has no header");
    const header = view.getUint32(4, true);
    const start = header + view.getUint32(8, true);
    const end = start + view.getUint32(12, true);
    const strings = header + view.getUint32(16, true);
    const stringsEnd = strings + view.getUint32(20, true);
    if (end > bytes.length || stringsEnd > bytes.length) damaged("it is cut off");
    this.#strings = bytes.subarray(strings, stringsEnd);
    if (this.#strings.at(-1) !== 0) damaged("its strings do not end");
    for (let at = start; at < end; ) {
      if (end - at < RECORD_BYTES) damaged("its last type is cut off");
      const info = view.getUint32(at + 4, true);
      const kind: number = (info >>> 24) & 31;
      if (kind === 0 || kind > BtfKind.Enum64) damaged(`unknown kind ${kind}`);
      this.#records.push(at);
      at += RECORD_BYTES + trailingBytes(kind, info & 0xffff);
      if (at > end) damaged("its last type is cut off");
    }
  }

  /**
   * @param base the kernel's BTF, of a module's.
   * @throws BpfcastError `bad-btf`.
   */
  static read(bytes: Uint8Array, base?: Btf): Btf {
    return new Btf(bytes, base);
  }

  /** One more than the last id. Id 0 is `void`. */
  get endId(): number {
    return this.#firstId + this.#records.length;
  }

  /** The place of the record, in the BTF that has it. */
  #place(id: number): [DataView, number] {
    if (id < this.#firstId && this.#base !== undefined) return this.#base.#place(id);
    return [this.#view, this.#records[id - this.#firstId] ?? damaged(`there is no type ${id}`)];
  }

  #word(id: number, offset: number): number {
    const [view, at] = this.#place(id);
    return view.getUint32(at + offset, true);
  }

  /** Text at an offset of the strings. */
  string(offset: number): string {
    if (offset < this.#firstString && this.#base !== undefined) return this.#base.string(offset);
    const start = offset - this.#firstString;
    const end = this.#strings.indexOf(0, start);
    if (end < 0) damaged("a name lies outside its strings");
    return latin1.decode(this.#strings.subarray(start, end));
  }

  /** Own types of these kinds that have a name, by id. */
  *named(...kinds: BtfKind[]): Generator<[id: number, name: string]> {
    for (let id = this.#firstId; id < this.endId; id++) {
      if (!kinds.includes(this.kind(id))) continue;
      const name = this.name(id);
      if (name !== "") yield [id, name];
    }
  }

  /** Ids of its own functions by name. */
  get functions(): Map<string, number> {
    this.#functions ??= new Map([...this.named(BtfKind.Function)].map(([id, name]) => [name, id]));
    return this.#functions;
  }

  kind(id: number): BtfKind {
    return id === 0 ? BtfKind.Void : (this.#word(id, 4) >>> 24) & 31;
  }

  /** The bit of the record that says what depends on its kind: bitfields, a union, a sign. */
  flag(id: number): boolean {
    return this.#word(id, 4) >>> 31 === 1;
  }

  count(id: number): number {
    return this.#word(id, 4) & 0xffff;
  }

  name(id: number): string {
    return id === 0 ? "" : this.string(this.#word(id, 0));
  }

  sizeOrType(id: number): number {
    return this.#word(id, 8);
  }

  /** Word `index` behind the common part of the record. */
  trailingWord(id: number, index: number): number {
    return this.#word(id, RECORD_BYTES + index * 4);
  }

  /** Name of a member, enumerator or parameter. */
  memberName(id: number, index: number): string {
    return this.string(this.trailingWord(id, (index * memberBytes(this.kind(id))) / 4));
  }
}

const latin1 = new TextDecoder("latin1");
