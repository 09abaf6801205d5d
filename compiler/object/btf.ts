// Builds the BTF of an object: types in the order of their creation, then one string table.
//
// Input: calls of the functions below; ids count from 1, 0 is `void`. Output: the bytes of section `.BTF`
// (include/uapi/linux/btf.h). Scalars, pointers and arrays are made once however often they are asked for; structs,
// unions and enums are always new, since objects may hold several minimal layouts of one kernel type (`task_struct___a`).

import { ByteBuffer } from "../source/bytes";

/** `BTF_KIND_*` of the kernel. */
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
  Variable = 14,
  DataSection = 15,
  DeclarationTag = 17,
  Enum64 = 19,
}

/** Linkage of functions and variables: `BTF_FUNC_*`, `BTF_VAR_*`. */
export const enum Linkage {
  Static = 0,
  Global = 1,
  Extern = 2,
}

/** Encodings of an integer, in the second byte of its description. */
const INT_SIGNED: u32 = 1;
const INT_BOOL: u32 = 4;

const HEADER_SIZE: u32 = 24;
const BTF_MAGIC: u32 = 0xeb9f;

/** A member, enumerator, parameter or variable of a section. */
@final
class Part {
  constructor(
    public name: u32,
    public type: i32,
    /** Bit offset of a member, offset in a section, or the value of an enumerator. */
    public value: i64,
    /** Bits of a bitfield, size in a section. */
    public size: u32,
  ) {}
}

@final
class BtfType {
  parts: Array<Part> = [];
  /** Index type of arrays; encoding word of integers; linkage of functions and variables; component of tags. */
  extra: u32 = 0;
  /** Number of elements of an array. */
  count: u32 = 0;
  /** A struct with bitfields, a signed enum, a union forward. */
  flag: bool = false;

  constructor(
    public kind: BtfKind,
    public name: u32,
    /** Size in bytes or referenced type, as the kind has it. */
    public sizeOrType: u32,
  ) {}
}

export class BtfBuilder {
  /** Index 0 is void. */
  private types: Array<BtfType> = [new BtfType(BtfKind.Int, 0, 0)];
  private strings: ByteBuffer = new ByteBuffer();
  private stringOffsets: Map<string, u32> = new Map();
  private integers: Map<u64, i32> = new Map();
  private references: Map<u64, i32> = new Map();
  private arrays: Map<u64, i32> = new Map();

  constructor() {
    this.strings.writeU8(0);
    this.stringOffsets.set("", 0);
  }

  /** Number of types, void included: the next id. */
  get typeCount(): i32 {
    return this.types.length;
  }

  /** Offset of `text` in the string table; entered on first use. */
  string(text: string): u32 {
    if (this.stringOffsets.has(text)) return this.stringOffsets.get(text);
    const offset = <u32>this.strings.length;
    this.strings.writeText(text);
    this.strings.writeU8(0);
    this.stringOffsets.set(text, offset);
    return offset;
  }

  /** An integer of `size` bytes. The name is the C type's: `unsigned int`. */
  int(name: string, size: i32, signed: bool): i32 {
    return this.encodedInteger(name, size, signed ? INT_SIGNED : 0);
  }

  /** `_Bool`. */
  boolean(): i32 {
    return this.encodedInteger("_Bool", 1, INT_BOOL);
  }

  /** `char`, which map dumps print as text in arrays. */
  char(): i32 {
    return this.encodedInteger("char", 1, INT_SIGNED);
  }

  private encodedInteger(name: string, size: i32, encoding: u32): i32 {
    const nameOffset = this.string(name);
    const key = ((<u64>nameOffset) << 32) | ((<u64>encoding) << 16) | <u64>size;
    if (this.integers.has(key)) return this.integers.get(key);
    const type = new BtfType(BtfKind.Int, nameOffset, size);
    // Encoding in bits 24-27, bit offset (always 0) in 16-23, width in bits in 0-7.
    type.extra = (encoding << 24) | (<u32>size * 8);
    const id = this.add(type);
    this.integers.set(key, id);
    return id;
  }

  private add(type: BtfType): i32 {
    this.types.push(type);
    return this.types.length - 1;
  }

  private reference(kind: BtfKind, to: i32): i32 {
    const key = ((<u64>kind) << 32) | <u64>to;
    if (this.references.has(key)) return this.references.get(key);
    const id = this.add(new BtfType(kind, 0, to));
    this.references.set(key, id);
    return id;
  }

  /** Pointer to `to` (0: `void *`). */
  pointer(to: i32): i32 {
    return this.reference(BtfKind.Pointer, to);
  }

  constant(owner: i32): i32 {
    return this.reference(BtfKind.Const, owner);
  }

  volatile(owner: i32): i32 {
    return this.reference(BtfKind.Volatile, owner);
  }

  typedef_(name: string, owner: i32): i32 {
    return this.add(new BtfType(BtfKind.Typedef, this.string(name), owner));
  }

  /** Array of `count` elements. The index type is `unsigned int`, made on first use. */
  array(element: i32, count: u32): i32 {
    const key = ((<u64>element) << 32) | <u64>count;
    if (this.arrays.has(key)) return this.arrays.get(key);
    const index = this.int("unsigned int", 4, false);
    const type = new BtfType(BtfKind.Array, 0, 0);
    type.extra = <u32>index;
    type.count = count;
    type.parts.push(new Part(0, element, 0, 0));
    const id = this.add(type);
    this.arrays.set(key, id);
    return id;
  }

  /** A struct of `size` bytes without members yet. An empty name is anonymous. */
  struct_(name: string, size: u32): i32 {
    return this.add(new BtfType(BtfKind.Struct, this.string(name), size));
  }

  union_(name: string, size: u32): i32 {
    return this.add(new BtfType(BtfKind.Union, this.string(name), size));
  }

  /** Adds a member; `bitSize` other than 0 makes it a bitfield. Returns its index, as access strings count. */
  member(owner: i32, name: string, type: i32, bitOffset: u32, bitSize: u32 = 0): i32 {
    const composite = this.types[owner];
    assert(composite.kind == BtfKind.Struct || composite.kind == BtfKind.Union);
    // With the kind flag, offsets have 24 bits; without it 32.
    if (bitSize != 0) composite.flag = true;
    composite.parts.push(new Part(this.string(name), type, bitOffset, bitSize));
    return composite.parts.length - 1;
  }

  /** Sets the size of a struct or union whose members came after its creation. */
  resize(owner: i32, size: u32): void {
    this.types[owner].sizeOrType = size;
  }

  /** An enum of `size` bytes (1, 2, 4, 8). 8-byte enumerators make it an ENUM64, which libbpf hides from older kernels. */
  enumeration(name: string, size: u32, signed: bool = false): i32 {
    const type = new BtfType(size == 8 ? BtfKind.Enum64 : BtfKind.Enum, this.string(name), size);
    type.flag = signed;
    return this.add(type);
  }

  /** Adds an enumerator and returns its index. A value beyond 32 bits turns the enum into an ENUM64. */
  enumerator(owner: i32, name: string, value: i64): i32 {
    const type = this.types[owner];
    assert(type.kind == BtfKind.Enum || type.kind == BtfKind.Enum64);
    if (value > 0xffffffff || value < -0x80000000) {
      type.kind = BtfKind.Enum64;
      type.sizeOrType = 8;
    }
    type.parts.push(new Part(this.string(name), 0, value, 0));
    return type.parts.length - 1;
  }

  /** `struct name;` or `union name;`. */
  forward(name: string, isUnion: bool = false): i32 {
    const type = new BtfType(BtfKind.Forward, this.string(name), 0);
    type.flag = isUnion;
    return this.add(type);
  }

  /** A function type that returns `result`. */
  prototype(result: i32): i32 {
    return this.add(new BtfType(BtfKind.Prototype, 0, result));
  }

  parameter(owner: i32, name: string, type: i32): void {
    this.types[owner].parts.push(new Part(this.string(name), type, 0, 0));
  }

  func(name: string, prototype: i32, linkage: Linkage): i32 {
    const type = new BtfType(BtfKind.Function, this.string(name), prototype);
    type.extra = linkage;
    return this.add(type);
  }

  variable(name: string, owner: i32, linkage: Linkage): i32 {
    const type = new BtfType(BtfKind.Variable, this.string(name), owner);
    type.extra = linkage;
    return this.add(type);
  }

  /** A data section; its variables follow by `sectionVariable`, by rising offset. */
  dataSection(name: string, size: u32): i32 {
    return this.add(new BtfType(BtfKind.DataSection, this.string(name), size));
  }

  sectionVariable(owner: i32, variable: i32, offset: u32, size: u32): void {
    this.types[owner].parts.push(new Part(0, variable, offset, size));
  }

  /** A `btf_decl_tag` on `type`, or on its member `component` (-1: the type itself). Kernel 5.16; libbpf hides it before. */
  declarationTag(text: string, type: i32, component: i32): i32 {
    const tag = new BtfType(BtfKind.DeclarationTag, this.string(text), type);
    tag.extra = component;
    return this.add(tag);
  }

  /** Writes section `.BTF`. */
  serialise(out: ByteBuffer): void {
    const start = <u32>out.length;
    out.writeU16(<u16>BTF_MAGIC);
    out.writeU8(1);
    out.writeU8(0);
    out.writeU32(HEADER_SIZE);
    out.writeU32(0);
    out.writeU32(0); // length of the types, known below
    out.writeU32(0);
    out.writeU32(this.strings.length);
    for (let id = 1; id < this.types.length; id++) this.serialiseType(this.types[id], out);
    const length = <u32>out.length - start - HEADER_SIZE;
    out.patchU32(start + 12, length);
    out.patchU32(start + 16, length);
    out.append(this.strings);
  }

  private serialiseType(type: BtfType, out: ByteBuffer): void {
    const parts = type.parts;
    // The number of parts; functions have their linkage in its place, arrays one part of fixed form.
    let partCount = type.kind == BtfKind.Array ? 0 : <u32>parts.length;
    if (type.kind == BtfKind.Function) partCount = type.extra;
    out.writeU32(type.name);
    out.writeU32((type.flag ? (<u32>1) << 31 : 0) | ((<u32>type.kind) << 24) | partCount);
    out.writeU32(type.sizeOrType);
    switch (type.kind) {
      case BtfKind.Int:
      case BtfKind.Variable:
      case BtfKind.DeclarationTag:
        out.writeU32(type.extra);
        break;
      case BtfKind.Array:
        out.writeU32(parts[0].type);
        out.writeU32(type.extra);
        out.writeU32(type.count);
        break;
      case BtfKind.Struct:
      case BtfKind.Union:
        for (let i = 0; i < parts.length; i++) {
          const part = parts[i];
          out.writeU32(part.name);
          out.writeU32(part.type);
          out.writeU32(type.flag ? (part.size << 24) | <u32>part.value : <u32>part.value);
        }
        break;
      case BtfKind.Enum:
        for (let i = 0; i < parts.length; i++) {
          out.writeU32(parts[i].name);
          out.writeU32(<u32>parts[i].value);
        }
        break;
      case BtfKind.Enum64:
        for (let i = 0; i < parts.length; i++) {
          out.writeU32(parts[i].name);
          out.writeU32(<u32>parts[i].value);
          out.writeU32(<u32>(parts[i].value >> 32));
        }
        break;
      case BtfKind.Prototype:
        for (let i = 0; i < parts.length; i++) {
          out.writeU32(parts[i].name);
          out.writeU32(parts[i].type);
        }
        break;
      case BtfKind.DataSection:
        for (let i = 0; i < parts.length; i++) {
          out.writeU32(parts[i].type);
          out.writeU32(<u32>parts[i].value);
          out.writeU32(parts[i].size);
        }
        break;
      default:
        break;
    }
  }
}
