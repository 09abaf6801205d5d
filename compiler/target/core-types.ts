// The minimal local types that CO-RE relocations are written against.
//
// libbpf matches fields by name, not by place, so the object needs no copy of the kernel's structs: a local struct holds just
// the members that the script uses, one behind the other (facts: CO-RE with minimal types, on four kernels).

import { Enumeration } from "../check/types";
import { Relocation, RelocationKind } from "../ir/ir";
import { BtfBuilder } from "../object/btf";
import { Btf, BtfKind, BtfMember, MAXIMUM_DIMENSIONS } from "./btf";

/** A path of members from a root struct to a field: what one relocation describes. */
@final
export class FieldPath {
  /** Local id of the root struct, once the first member was added; 0 before. */
  root: i32 = 0;
  /** Members by local index, as CO-RE access string. */
  access: string = "0";
  /** Bits from the start of the local root. */
  localBitOffset: u32 = 0;
}

@final
class LocalStruct {
  members: Array<string> = [];
  /** Local offset in bytes, per member. */
  offsets: Array<u32> = [];
  size: u32 = 0;

  constructor(public id: i32) {}
}

@final
class LocalEnum {
  names: Array<string> = [];

  constructor(public id: i32) {}
}

export class CoreTypes {
  private enums: Map<u32, LocalEnum> = new Map();
  /** By id in the target's BTF. */
  private structs: Map<u32, LocalStruct> = new Map();
  private sized: Map<u32, i32> = new Map();

  constructor(
    private target: Btf,
    private local: BtfBuilder,
    private relocations: Array<Relocation>,
  ) {}

  private structOf(id: u32): LocalStruct {
    if (this.structs.has(id)) return this.structs.get(id);
    const name = this.target.nameString(id);
    const local = new LocalStruct(this.target.kind(id) == BtfKind.Union ? this.local.union_(name, 0) : this.local.struct_(name, 0));
    this.structs.set(id, local);
    return local;
  }

  /** Starts a path at the named struct or union `id` of the target. */
  path(id: u32): FieldPath {
    const path = new FieldPath();
    const local = this.structOf(id);
    path.root = local.id;
    return path;
  }

  /**
   * Relocation of the size of struct or union `id`. Its local counterpart is a type of its own, empty, so that its size (the
   * value libbpf expects in the instruction) is 0 whatever members the script uses; what follows `___` is no part of the name.
   */
  sizeRelocation(id: u32): i32 {
    const name = this.target.nameString(id) + "___size";
    if (!this.sized.has(id))
      this.sized.set(id, this.target.kind(id) == BtfKind.Union ? this.local.union_(name, 0) : this.local.struct_(name, 0));
    const path = new FieldPath();
    path.root = this.sized.get(id);
    return this.relocation(path, RelocationKind.CoreTypeSize);
  }

  /** Relocation of the value that the target gives to a constant of a named enum. */
  enumeratorRelocation(enumeration: Enumeration, index: i32): i32 {
    const btf = enumeration.btf;
    let local: LocalEnum;
    if (this.enums.has(btf)) local = this.enums.get(btf);
    else {
      local = new LocalEnum(this.local.enumeration(enumeration.name, enumeration.size, enumeration.signed));
      this.enums.set(btf, local);
    }
    const name = enumeration.names[index];
    let at = local.names.indexOf(name);
    if (at < 0) {
      at = local.names.length;
      local.names.push(name);
      this.local.enumerator(local.id, name, enumeration.values[index]);
    }
    const path = new FieldPath();
    path.root = local.id;
    path.access = at.toString();
    return this.relocation(path, RelocationKind.CoreEnumValue);
  }

  /** Extends `path`, which has reached the target's struct `id`, by `member`. Anonymous levels vanish: names are enough. */
  extend(path: FieldPath, id: u32, member: BtfMember): void {
    const owner = this.structOf(id);
    const name = this.memberName(id, member);
    let index = owner.members.indexOf(name);
    if (index < 0) {
      index = owner.members.length;
      const type = this.localType(member.type);
      const size = this.target.sizeOf(member.type);
      // A minimal struct by value has no size of its own that matters; members only must not overlap.
      const align: u32 = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
      const isUnion = this.target.kind(id) == BtfKind.Union;
      const offset = isUnion ? 0 : (owner.size + align - 1) & ~(align - 1);
      owner.members.push(name);
      owner.offsets.push(offset);
      this.local.member(owner.id, name, type, offset * 8, member.bitSize);
      owner.size = isUnion ? max(owner.size, size) : offset + (size == 0 ? 8 : size);
      this.local.resize(owner.id, owner.size);
    }
    path.access = `${path.access}:${index}`;
    path.localBitOffset += owner.offsets[index] * 8;
  }

  private memberName(id: u32, member: BtfMember): string {
    let owner = id;
    for (let i = 0; i + 1 < member.path.length; i++) owner = this.target.resolve(this.target.memberType(owner, member.path[i]));
    const name = this.target.memberName(owner, member.path[member.path.length - 1]);
    let length = 0;
    while (load<u8>(name + length) != 0) length++;
    return String.UTF8.decodeUnsafe(name, length);
  }

  /** The local counterpart of a member's type: of the same kind, which is all that libbpf compares. */
  private localType(type: u32, depth: u32 = 0): i32 {
    const target = this.target;
    const id = target.resolve(type);
    switch (target.kind(id)) {
      case BtfKind.Int:
        return this.local.int(target.nameString(id), target.sizeOrType(id), target.isSigned(id));
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return this.local.enumeration("", target.sizeOrType(id), target.isSigned(id));
      case BtfKind.Array:
        if (depth > MAXIMUM_DIMENSIONS) return this.local.pointer(0);
        return this.local.array(this.localType(target.elementType(id), depth + 1), target.elementCount(id));
      case BtfKind.Struct:
      case BtfKind.Union:
        return this.structOf(id).id;
      default:
        // Pointers are compatible whatever they point to.
        return this.local.pointer(0);
    }
  }

  /** Index of the module's relocation for `path`. */
  relocation(path: FieldPath, kind: RelocationKind): i32 {
    for (let i = 0; i < this.relocations.length; i++) {
      const known = this.relocations[i];
      if (known.kind == kind && known.target == path.root && known.access == path.access) return i;
    }
    this.relocations.push(new Relocation(kind, path.root, path.access, 0));
    return this.relocations.length - 1;
  }
}
