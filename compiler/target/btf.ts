// BTF of a target kernel: checked once, then read in place.
//
// Format: Documentation/bpf/btf.rst of the kernel. The blob may be truncated or hostile: `open` walks it once and refuses it
// unless every record, name and member table lies inside, so the readers below need no further checks.

/** Arrays of arrays that are followed: hostile types have arrays of themselves. */
export const MAXIMUM_DIMENSIONS: u32 = 16;

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

const HEADER_SIZE: u32 = 24;
const TYPE_SIZE: u32 = 12;
const MEMBER_SIZE: u32 = 12;

/** Bytes after the common 12 of a record of `kind` with `vlen` members; -1 for an unknown kind. */
function trailingBytes(kind: u32, vlen: u32): i32 {
  switch (kind) {
    case BtfKind.Int:
    case BtfKind.Variable:
    case BtfKind.DeclarationTag:
      return 4;
    case BtfKind.Array:
      return 12;
    case BtfKind.Struct:
    case BtfKind.Union:
    case BtfKind.DataSection:
    case BtfKind.Enum64:
      return <i32>(vlen * 12);
    case BtfKind.Enum:
    case BtfKind.FunctionPrototype:
      return <i32>(vlen * 8);
    case BtfKind.Pointer:
    case BtfKind.Forward:
    case BtfKind.Typedef:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
    case BtfKind.Function:
    case BtfKind.Float:
    case BtfKind.TypeTag:
      return 0;
    default:
      return -1;
  }
}

function hashName(name: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ <u32>load<u8>(name + i)) * 0x01000193;
  return hash;
}

function cStringLength(pointer: usize): u32 {
  let length: u32 = 0;
  while (load<u8>(pointer + length) != 0) length++;
  return length;
}

/** A member found by name, perhaps inside anonymous structs and unions. */
@final
export class BtfMember {
  /** Member index at each level, from the struct that was asked to the member. */
  path: Array<u32> = [];
  /** Bits from the start of the struct that was asked. */
  bitOffset: u32 = 0;
  /** 0 unless the member is a bitfield. */
  bitSize: u32 = 0;
  /** Declared type, with its qualifiers. */
  type: u32 = 0;
}

/** One BTF blob and its name index. Lives in the profile region. */
@final
export class Btf {
  /** Number of types, `void` (id 0) included. */
  typeCount: u32 = 1;
  /** Empty, or why the blob was refused. */
  error: string = "";
  private strings: usize = 0;
  private stringBytes: u32 = 0;
  /** u32 address of the record of each id. */
  private records: usize = 0;
  /** Chained hash of the named types: u32 head per bucket, u32 next per id. */
  private heads: usize = 0;
  private nexts: usize = 0;
  private bucketMask: u32 = 0;

  /** Checks and indexes `length` bytes at `blob`, which must stay where they are. */
  static open(blob: usize, length: u32): Btf {
    const btf = new Btf();
    btf.error = btf.index(blob, length);
    return btf;
  }

  private index(blob: usize, length: u32): string {
    if (length < HEADER_SIZE) return "it is shorter than a BTF header";
    if (load<u16>(blob) != 0xeb9f) return "it does not start with the BTF magic number (little endian)";
    const headerLength = load<u32>(blob, 4);
    const typeOffset = <u64>headerLength + load<u32>(blob, 8);
    const typeLength = load<u32>(blob, 12);
    const stringOffset = <u64>headerLength + load<u32>(blob, 16);
    const stringLength = load<u32>(blob, 20);
    if (typeOffset + typeLength > <u64>length || stringOffset + stringLength > <u64>length) return "it is truncated";
    if (stringLength == 0 || load<u8>(blob + <usize>stringOffset + stringLength - 1) != 0)
      return "its string section does not end with NUL";
    this.strings = blob + <usize>stringOffset;
    this.stringBytes = stringLength;

    const start = blob + <usize>typeOffset;
    const end = start + typeLength;
    // First walk: check and count; second walk: offsets and names.
    let count: u32 = 1;
    for (let at = start; at < end; count++) {
      if (end - at < TYPE_SIZE) return "its last type is cut off";
      const info = load<u32>(at, 4);
      const kind = (info >> 24) & 31;
      const trailing = trailingBytes(kind, info & 0xffff);
      if (trailing < 0) return `type ${count} has the unknown kind ${kind}`;
      const size = TYPE_SIZE + <u32>trailing;
      if (<u32>(end - at) < size) return `type ${count} is cut off`;
      if (load<u32>(at) >= stringLength) return `the name of type ${count} lies outside the string section`;
      if (!this.namesInside(kind, at, info & 0xffff)) return `a member name of type ${count} lies outside the string section`;
      at += size;
    }
    this.typeCount = count;
    let buckets: u32 = 1024;
    while (buckets < count) buckets <<= 1;
    this.bucketMask = buckets - 1;
    this.records = heap.alloc((<usize>count) << 2);
    this.nexts = heap.alloc((<usize>count) << 2);
    this.heads = heap.alloc((<usize>buckets) << 2);
    memory.fill(this.heads, 0, (<usize>buckets) << 2);
    memory.fill(this.nexts, 0, (<usize>count) << 2);
    store<u32>(this.records, 0);
    let id: u32 = 1;
    for (let at = start; at < end; id++) {
      store<u32>(this.records + ((<usize>id) << 2), <u32>at);
      const info = load<u32>(at, 4);
      const name = load<u32>(at);
      if (name != 0) {
        const pointer = this.strings + name;
        const bucket = this.heads + ((<usize>(hashName(pointer, cStringLength(pointer)) & this.bucketMask)) << 2);
        store<u32>(this.nexts + ((<usize>id) << 2), load<u32>(bucket));
        store<u32>(bucket, id);
      }
      at += TYPE_SIZE + <u32>trailingBytes((info >> 24) & 31, info & 0xffff);
    }
    return this.checkReferences();
  }

  private namesInside(kind: u32, record: usize, vlen: u32): bool {
    let stride: u32 = MEMBER_SIZE;
    if (kind == BtfKind.Enum || kind == BtfKind.FunctionPrototype) stride = 8;
    else if (kind != BtfKind.Struct && kind != BtfKind.Union && kind != BtfKind.Enum64) return true;
    for (let i: u32 = 0; i < vlen; i++) if (load<u32>(record + TYPE_SIZE + i * stride) >= this.stringBytes) return false;
    return true;
  }

  private checkReferences(): string {
    for (let id: u32 = 1; id < this.typeCount; id++) {
      const record = this.record(id);
      const vlen = this.memberCount(id);
      let valid = true;
      switch (this.kind(id)) {
        case BtfKind.Pointer:
        case BtfKind.Typedef:
        case BtfKind.Volatile:
        case BtfKind.Const:
        case BtfKind.Restrict:
        case BtfKind.Function:
        case BtfKind.FunctionPrototype:
        case BtfKind.Variable:
        case BtfKind.TypeTag:
          valid = load<u32>(record, 8) < this.typeCount;
          break;
        case BtfKind.Array:
          valid = load<u32>(record, 12) < this.typeCount;
          break;
        case BtfKind.Struct:
        case BtfKind.Union:
          for (let i: u32 = 0; i < vlen; i++) if (this.memberType(id, i) >= this.typeCount) valid = false;
          break;
        case BtfKind.Forward:
          // What is only declared has no members, whatever is read behind it.
          if (vlen > 0) return `type ${id} has members, and is only declared`;
          break;
        default:
          break;
      }
      if (!valid) return `type ${id} refers to a type that does not exist`;
    }
    return "";
  }

  private record(id: u32): usize {
    return <usize>load<u32>(this.records + ((<usize>id) << 2));
  }

  kind(id: u32): BtfKind {
    return id == 0 ? BtfKind.Void : (load<u32>(this.record(id), 4) >> 24) & 31;
  }

  /** Members of a struct, union or enum, parameters of a prototype. */
  memberCount(id: u32): u32 {
    return id == 0 ? 0 : load<u32>(this.record(id), 4) & 0xffff;
  }

  /** Address of the NUL-terminated name; the empty string for anonymous types. */
  name(id: u32): usize {
    return id == 0 ? this.strings : this.strings + load<u32>(this.record(id));
  }

  nameString(id: u32): string {
    const name = this.name(id);
    return String.UTF8.decodeUnsafe(name, cStringLength(name));
  }

  /** `size` of a sized type, or the type that a reference refers to. */
  sizeOrType(id: u32): u32 {
    return id == 0 ? 0 : load<u32>(this.record(id), 8);
  }

  /** Encoding, bit offset and bits of an integer: the word after the record. */
  private integerWord(id: u32): u32 {
    return load<u32>(this.record(id), 12);
  }

  isSigned(id: u32): bool {
    if (this.kind(id) == BtfKind.Int) return ((this.integerWord(id) >> 24) & 1) != 0;
    // Enums: the kind flag says signed.
    return load<u32>(this.record(id), 4) >> 31 != 0;
  }

  isBool(id: u32): bool {
    return this.kind(id) == BtfKind.Int && ((this.integerWord(id) >> 24) & 4) != 0;
  }

  elementType(id: u32): u32 {
    return load<u32>(this.record(id), 12);
  }

  elementCount(id: u32): u32 {
    return load<u32>(this.record(id), 20);
  }

  /** Strips typedefs, qualifiers and type tags. */
  resolve(id: u32): u32 {
    // A cycle of typedefs in a hostile blob ends after as many steps as a real kernel never has.
    for (let steps = 0; steps < 64; steps++) {
      switch (this.kind(id)) {
        case BtfKind.Typedef:
        case BtfKind.Volatile:
        case BtfKind.Const:
        case BtfKind.Restrict:
        case BtfKind.TypeTag:
          id = this.sizeOrType(id);
          break;
        default:
          return id;
      }
    }
    return 0;
  }

  /** Bytes of a value of this type; 0 for void, functions and unknown structs. */
  sizeOf(id: u32, depth: u32 = 0): u32 {
    id = this.resolve(id);
    switch (this.kind(id)) {
      case BtfKind.Int:
      case BtfKind.Struct:
      case BtfKind.Union:
      case BtfKind.Enum:
      case BtfKind.Enum64:
      case BtfKind.Float:
        return this.sizeOrType(id);
      case BtfKind.Pointer:
        return 8;
      case BtfKind.Array:
        return depth > MAXIMUM_DIMENSIONS ? 0 : this.elementCount(id) * this.sizeOf(this.elementType(id), depth + 1);
      default:
        return 0;
    }
  }

  memberName(id: u32, index: u32): usize {
    return this.strings + load<u32>(this.record(id) + TYPE_SIZE + index * MEMBER_SIZE);
  }

  /** Bytes of the name, which need not be text. */
  memberNameLength(id: u32, index: u32): u32 {
    return cStringLength(this.memberName(id, index));
  }

  memberType(id: u32, index: u32): u32 {
    return load<u32>(this.record(id) + TYPE_SIZE + index * MEMBER_SIZE, 4);
  }

  /** Bits from the start of the struct. */
  memberBitOffset(id: u32, index: u32): u32 {
    const word = load<u32>(this.record(id) + TYPE_SIZE + index * MEMBER_SIZE, 8);
    return this.hasBitfields(id) ? word & 0xffffff : word;
  }

  memberBitSize(id: u32, index: u32): u32 {
    return this.hasBitfields(id) ? load<u32>(this.record(id) + TYPE_SIZE + index * MEMBER_SIZE, 8) >> 24 : 0;
  }

  private hasBitfields(id: u32): bool {
    return load<u32>(this.record(id), 4) >> 31 != 0;
  }

  /** Parameter `index` of a function's prototype. */
  parameterName(id: u32, index: u32): string {
    const name = this.strings + load<u32>(this.record(id) + TYPE_SIZE + index * 8);
    return String.UTF8.decodeUnsafe(name, cStringLength(name));
  }

  parameterType(id: u32, index: u32): u32 {
    const type = load<u32>(this.record(id) + TYPE_SIZE + index * 8, 4);
    return type < this.typeCount ? type : 0;
  }

  /** Name of enumerator `index` of an enum (32 or 64 bits). */
  enumeratorName(id: u32, index: u32): usize {
    const stride: u32 = this.kind(id) == BtfKind.Enum64 ? 12 : 8;
    return this.strings + load<u32>(this.record(id) + TYPE_SIZE + index * stride);
  }

  enumeratorValue(id: u32, index: u32): i64 {
    if (this.kind(id) == BtfKind.Enum64) {
      const at = this.record(id) + TYPE_SIZE + index * 12;
      return <i64>(((<u64>load<u32>(at, 8)) << 32) | <u64>load<u32>(at, 4));
    }
    const word = load<u32>(this.record(id) + TYPE_SIZE + index * 8, 4);
    return this.isSigned(id) ? <i64>(<i32>word) : <i64>word;
  }

  /** Id of the type of `kind` with this name, or 0. */
  find(kind: BtfKind, name: usize, length: u32): u32 {
    let id = load<u32>(this.heads + ((<usize>(hashName(name, length) & this.bucketMask)) << 2));
    while (id != 0) {
      const candidate = this.name(id);
      if (this.kind(id) == kind && memory.compare(candidate, name, length) == 0 && load<u8>(candidate + length) == 0) return id;
      id = load<u32>(this.nexts + ((<usize>id) << 2));
    }
    return 0;
  }

  findString(kind: BtfKind, name: string): u32 {
    const bytes = String.UTF8.encode(name);
    return this.find(kind, changetype<usize>(bytes), bytes.byteLength);
  }

  /** The member `name` of struct or union `id`, searched through anonymous members; null when there is none. */
  findMember(id: u32, name: usize, length: u32): BtfMember | null {
    const found = new BtfMember();
    return this.searchMember(id, name, length, found, 0) ? found : null;
  }

  private searchMember(id: u32, name: usize, length: u32, found: BtfMember, depth: u32): bool {
    if (depth > 16) return false;
    const count = this.memberCount(id);
    for (let i: u32 = 0; i < count; i++) {
      const candidate = this.memberName(id, i);
      if (load<u8>(candidate) == 0) {
        const inner = this.resolve(this.memberType(id, i));
        const kind = this.kind(inner);
        if (kind != BtfKind.Struct && kind != BtfKind.Union) continue;
        found.path.push(i);
        if (this.searchMember(inner, name, length, found, depth + 1)) {
          found.bitOffset += this.memberBitOffset(id, i);
          return true;
        }
        found.path.pop();
      } else if (memory.compare(candidate, name, length) == 0 && load<u8>(candidate + length) == 0) {
        found.path.push(i);
        found.bitOffset = this.memberBitOffset(id, i);
        found.bitSize = this.memberBitSize(id, i);
        found.type = this.memberType(id, i);
        return true;
      }
    }
    return false;
  }
}
