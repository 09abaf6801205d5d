// A BTF with only some of its types: what a script can name of them stays exact, the rest of the kernel becomes names.
//
// A wanted type keeps all its members, and the types that these hold by value, so that sizes, offsets, bitfields and members of
// anonymous structs are right. Behind a pointer, a struct that is not wanted is only declared.

import { BTF_MAGIC, Btf, BtfKind, HEADER_BYTES, memberBytes } from "./btf.ts";

/** How much of a type is kept. */
const enum Keep {
  Nothing,
  /** Structs and unions by name only; all else whole. */
  Declaration,
  Whole,
}

/** Whether a type, of this kind and name, is wanted. */
export type Choice = (kind: BtfKind, name: string) => boolean;

class Reducer {
  readonly #btf: Btf;
  readonly #keep: Uint8Array;
  /** Types whose references are still to be followed. */
  readonly #pending: number[] = [];

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#keep = new Uint8Array(btf.endId);
  }

  want(id: number, keep: Keep): void {
    if (id === 0 || (this.#keep[id] ?? 0) >= keep) return;
    this.#keep[id] = keep;
    this.#pending.push(id);
  }

  /** References of type `id`: what is held by value is kept as `id` is, what is pointed to only declared. */
  #follow(id: number): void {
    const btf = this.#btf;
    const kind = btf.kind(id);
    const keep: Keep = this.#keep[id] ?? Keep.Nothing;
    switch (kind) {
      case BtfKind.Pointer:
        this.want(btf.sizeOrType(id), Keep.Declaration);
        return;
      case BtfKind.Typedef:
      case BtfKind.Volatile:
      case BtfKind.Const:
      case BtfKind.Restrict:
      case BtfKind.TypeTag:
      case BtfKind.Function:
        this.want(btf.sizeOrType(id), keep);
        return;
      case BtfKind.Array:
        this.want(btf.trailingWord(id, 0), keep);
        this.want(btf.trailingWord(id, 1), keep);
        return;
      case BtfKind.Struct:
      case BtfKind.Union:
        // A struct without a name cannot be declared.
        if (keep === Keep.Declaration && btf.name(id) !== "") return;
        for (let index = 0; index < btf.count(id); index++) this.want(btf.trailingWord(id, index * 3 + 1), Keep.Whole);
        return;
      case BtfKind.FunctionPrototype:
        this.want(btf.sizeOrType(id), Keep.Declaration);
        for (let index = 0; index < btf.count(id); index++) this.want(btf.trailingWord(id, index * 2 + 1), Keep.Declaration);
        return;
      default:
    }
  }

  followAll(): void {
    for (let id = this.#pending.pop(); id !== undefined; id = this.#pending.pop()) this.#follow(id);
  }

  /** The kept types under new ids, in their old order. */
  write(): Uint8Array {
    const btf = this.#btf;
    const ids = new Uint32Array(btf.endId);
    let next = 1;
    for (let id = 1; id < btf.endId; id++) if (this.#keep[id] !== Keep.Nothing) ids[id] = next++;
    const words: number[] = [];
    const strings = new StringTable();
    const newId = (id: number) => ids[id] ?? 0;
    for (let id = 1; id < btf.endId; id++) {
      if (newId(id) === 0) continue;
      const kind = btf.kind(id);
      const name = btf.name(id);
      const count = btf.count(id);
      const isStruct = kind === BtfKind.Struct || kind === BtfKind.Union;
      words.push(strings.offset(name));
      if (isStruct && this.#keep[id] === Keep.Declaration && name !== "") {
        const isUnion = kind === BtfKind.Union ? 1 : 0;
        words.push(((BtfKind.Forward << 24) | (isUnion << 31)) >>> 0, 0);
        continue;
      }
      words.push(((kind << 24) | (btf.flag(id) ? 1 << 31 : 0) | count) >>> 0);
      words.push(holdsType(kind) ? newId(btf.sizeOrType(id)) : btf.sizeOrType(id));
      if (kind === BtfKind.Int) words.push(btf.trailingWord(id, 0));
      if (kind === BtfKind.Array) words.push(newId(btf.trailingWord(id, 0)), newId(btf.trailingWord(id, 1)), btf.trailingWord(id, 2));
      const stride = memberBytes(kind) / 4;
      for (let index = 0; index < count && stride > 0; index++) {
        words.push(strings.offset(btf.memberName(id, index)));
        const second = btf.trailingWord(id, index * stride + 1);
        words.push(isStruct || kind === BtfKind.FunctionPrototype ? newId(second) : second);
        if (stride === 3) words.push(btf.trailingWord(id, index * stride + 2));
      }
    }
    return assemble(words, strings.bytes());
  }
}

function holdsType(kind: BtfKind): boolean {
  switch (kind) {
    case BtfKind.Pointer:
    case BtfKind.Typedef:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
    case BtfKind.TypeTag:
    case BtfKind.Function:
    case BtfKind.FunctionPrototype:
      return true;
    default:
      return false;
  }
}

/** Each text once. */
class StringTable {
  readonly #offsets = new Map<string, number>([["", 0]]);
  #length = 1;

  offset(text: string): number {
    let found = this.#offsets.get(text);
    if (found === undefined) {
      found = this.#length;
      this.#offsets.set(text, found);
      this.#length += text.length + 1;
    }
    return found;
  }

  bytes(): Uint8Array {
    // Names are ASCII; whatever else a damaged BTF has stays one byte each.
    return Uint8Array.from([...this.#offsets.keys()].map((text) => `${text}\0`).join(""), (letter) => letter.charCodeAt(0));
  }
}

function assemble(words: number[], strings: Uint8Array): Uint8Array {
  const typeBytes = words.length * 4;
  const whole = new Uint8Array(HEADER_BYTES + typeBytes + strings.length);
  const view = new DataView(whole.buffer);
  view.setUint16(0, BTF_MAGIC, true);
  view.setUint8(2, 1);
  view.setUint32(4, HEADER_BYTES, true);
  view.setUint32(12, typeBytes, true);
  view.setUint32(16, typeBytes, true);
  view.setUint32(20, strings.length, true);
  words.forEach((word, index) => {
    view.setUint32(HEADER_BYTES + index * 4, word, true);
  });
  whole.set(strings, HEADER_BYTES + typeBytes);
  return whole;
}

/** @throws BpfcastError `bad-btf`. */
export function reduceBtf(bytes: Uint8Array, wanted: Choice): Uint8Array {
  const btf = Btf.read(bytes);
  const reducer = new Reducer(btf);
  for (let id = 1; id < btf.endId; id++) {
    const kind = btf.kind(id);
    const name = btf.name(id);
    if (name !== "" ? wanted(kind, name) : kind === BtfKind.Enum && wanted(kind, "")) reducer.want(id, Keep.Whole);
  }
  reducer.followAll();
  return reducer.write();
}
