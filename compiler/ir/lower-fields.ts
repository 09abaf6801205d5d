// Lowering of field accesses: chains of kernel structs through CO-RE, and the fields of tracepoints.

import { AddressSpace, TypeKind } from "../check/types";
import { BindingRow, TracepointRow } from "../object/manifest";
import { Expression, NodeKind, Provider } from "../syntax/ast";
import { FieldAccess, OffsetOf } from "../syntax/expression-nodes";
import { providerName } from "../syntax/providers";
import { BtfKind, BtfMember } from "../target/btf";
import { CoreTypes, FieldPath } from "../target/core-types";
import { FieldKind, TracepointField } from "../target/tracepoint";
import { Helper } from "./helpers";
import { Op, Relocation, RelocationKind, Section, Type } from "./ir";
import { MapLowering } from "./lower-maps";
import { Place } from "./place";

/** Bytes of the description of an argument of a static tracepoint: `usdt_argument` in wasm/manifest.ts. */
const enum UsdtField {
  Constant = 0,
  Register = 8,
  Index = 12,
  Scale = 16,
  Shift = 20,
  Flags = 24,
  Size = 32,
}

/** Bits of its flags. */
const enum UsdtFlag {
  Register = 1,
  Index = 2,
  Memory = 4,
  Signed = 8,
}

/** The first part of a path of field names. */
@final
class OwnPart {
  /** Bytes from the start of the first struct. */
  bytes: i32 = 0;
  /** Names that it has taken. */
  left: i32 = 0;

  constructor(
    /** Where it ends. */
    public type: i32,
  ) {}
}

export abstract class FieldLowering extends MapLowering {
  protected core(): CoreTypes {
    const state = this.state;
    const known = state.core;
    if (known != null) return known;
    const made = new CoreTypes(this.checker.profile.kernel!, this.module.btf, this.module.relocations);
    state.core = made;
    return made;
  }

  protected isArguments(e: FieldAccess): bool {
    return this.types.kind(e.object.typeId) == TypeKind.Arguments;
  }

  /** The struct that `e`, itself a struct or a pointer to one, stands for. */
  protected abstract recordPlace(e: Expression): Place;

  /**
   * Where a field of a struct of BTF lies. Structs inside structs are one relocation: it starts anew where a pointer is
   * followed or an array indexed, since only there the struct's own address is known.
   */
  protected kernelField(e: FieldAccess): Place {
    const b = this.b;
    const path = this.fieldPath(e);
    const base = this.recordPlace(this.pathRoot(e));
    b.source = e.nameStart;
    if (base.space == AddressSpace.Context) {
      // The kernel rewrites loads from the context: it takes them from its own register only, with the offset in the instruction.
      const place = new Place(base.space, base.pointer, <i32>(path.localBitOffset >> 3));
      place.relocation = this.core().relocation(path, RelocationKind.CoreFieldOffset);
      return place;
    }
    const address = b.relocatedOffset(
      b.offset(base.pointer, base.offset),
      path.localBitOffset >> 3,
      this.core().relocation(path, RelocationKind.CoreFieldOffset),
    );
    return new Place(base.space, address, 0);
  }

  /** Address of a member that every kernel's struct has, of one that is no part of the script. */
  protected memberOf(object: i32, struct: string, member: string): i32 {
    const btf = this.checker.profile.kernel!;
    const core = this.core();
    const record = btf.findString(BtfKind.Struct, struct);
    const name = String.UTF8.encode(member);
    const path = core.path(record);
    core.extend(path, record, btf.findMember(record, changetype<usize>(name), name.byteLength)!);
    return this.b.relocatedOffset(object, path.localBitOffset >> 3, core.relocation(path, RelocationKind.CoreFieldOffset));
  }

  /** The struct or pointer that the path of member names in `e` starts from. */
  private pathRoot(e: FieldAccess): Expression {
    let object: Expression = e.object;
    while (object.kind == NodeKind.FieldAccess && this.isKernelRecord(object.typeId) && this.hasKernelObject(<FieldAccess>object))
      object = (<FieldAccess>object).object;
    return object;
  }

  private isKernelRecord(type: i32): bool {
    const info = this.types.get(type);
    return info.kind == TypeKind.Record && info.structure < 0;
  }

  /** Whether `e` is a member of a struct of BTF, and not of one of the script or of a record. */
  private hasKernelObject(e: FieldAccess): bool {
    const type = e.object.typeId;
    const info = this.types.get(type);
    return this.isKernelRecord(info.kind == TypeKind.Pointer ? info.element : type);
  }

  private fieldPath(e: FieldAccess): FieldPath {
    const btf = this.checker.profile.kernel!;
    const core = this.core();
    const root = this.pathRoot(e);
    const chain: Array<FieldAccess> = [];
    for (let access: Expression = e; access != root; access = (<FieldAccess>access).object) chain.push(<FieldAccess>access);
    const info = this.types.get(root.typeId);
    let record = info.kind == TypeKind.Pointer ? this.types.get(info.element).btf : info.btf;
    const path = core.path(record);
    for (let i = chain.length - 1; i >= 0; i--) {
      const member = btf.findMember(record, this.symbols.pointer(chain[i].name), this.symbols.length(chain[i].name))!;
      core.extend(path, record, member);
      record = btf.resolve(member.type);
    }
    return path;
  }

  /** The member of BTF that `e` names. */
  private kernelMember(e: FieldAccess): BtfMember {
    const info = this.types.get(e.object.typeId);
    const record = info.kind == TypeKind.Pointer ? this.types.get(info.element).btf : info.btf;
    return this.checker.profile.kernel!.findMember(record, this.symbols.pointer(e.name), this.symbols.length(e.name))!;
  }

  protected isKernelBitfield(e: FieldAccess): bool {
    return this.kernelMember(e).bitSize != 0;
  }

  /** A bitfield of BTF: where it starts, how many bytes hold it and the two shifts that cut it out are all relocated. */
  protected kernelBitfield(e: FieldAccess): i32 {
    const b = this.b;
    const core = this.core();
    const member = this.kernelMember(e);
    const place = this.kernelField(e);
    const path = this.fieldPath(e);
    const slot = b.slot(8);
    b.store(slot, 0, 8, b.constant(0));
    const size = b.relocatedConstant(this.checker.profile.kernel!.sizeOf(member.type), core.relocation(path, RelocationKind.CoreFieldSize));
    b.call(place.space == AddressSpace.User ? Helper.ProbeReadUser : Helper.ProbeReadKernel, [
      slot,
      size,
      b.offset(place.pointer, place.offset),
    ]);
    const unused = 64 - <i32>member.bitSize;
    const high = this.relocatedShift(Op.Shl, b.load(slot, 0, 8), unused, core.relocation(path, RelocationKind.CoreFieldShiftLeft));
    const op = this.types.isSigned(e.typeId) ? Op.Sar : Op.Shr;
    return this.relocatedShift(op, high, unused, core.relocation(path, RelocationKind.CoreFieldShiftRight));
  }

  /** `offsetof(struct, path)` on the target; the offsets of the script's own structs are constants. */
  protected offsetOf(e: OffsetOf): i32 {
    const b = this.b;
    const own = this.ownPart(e);
    if (own.left == e.path.length) return b.constant(own.bytes);
    const path = this.kernelPart(e, own);
    const offset = b.relocatedConstant(path.localBitOffset >> 3, this.core().relocation(path, RelocationKind.CoreFieldOffset));
    return b.binary(Op.Add, offset, b.constant(own.bytes));
  }

  /** `has_field(struct, path)` on the target: 1 or 0. */
  protected fieldExists(e: OffsetOf): i32 {
    if (!this.checker.fieldExists(e)) return this.b.constant(0);
    const own = this.ownPart(e);
    if (own.left == e.path.length) return this.b.constant(1);
    return this.b.relocatedConstant(1, this.core().relocation(this.kernelPart(e, own), RelocationKind.CoreFieldExists));
  }

  /** How far a path leads through the script's own structs. */
  private ownPart(e: OffsetOf): OwnPart {
    const part = new OwnPart(this.checker.structOf(e));
    for (; part.left < e.path.length; part.left++) {
      const info = this.types.get(part.type);
      if (info.structure < 0) break;
      const field = this.types.structures[info.structure].find(this.types, this.symbols.text(e.path[part.left]))!;
      part.bytes += field.bitOffset >> 3;
      part.type = field.type;
    }
    return part;
  }

  /** The rest of a path, through structs of BTF. */
  private kernelPart(e: OffsetOf, own: OwnPart): FieldPath {
    const btf = this.checker.profile.kernel!;
    const core = this.core();
    let record = this.types.get(own.type).btf;
    const path = core.path(record);
    for (let at = own.left; at < e.path.length; at++) {
      const member = btf.findMember(record, this.symbols.pointer(e.path[at]), this.symbols.length(e.path[at]))!;
      core.extend(path, record, member);
      record = btf.resolve(member.type);
    }
    return path;
  }

  /** Bytes of a kernel struct on the target. */
  protected structSize(id: u32): i32 {
    return this.b.relocatedConstant(0, this.core().sizeRelocation(id));
  }

  /** Goes on in a fresh block if the kernel struct `record` has its size and members where the machine of the build has them. */
  protected compareLayout(record: u32, differs: i32): void {
    const btf = this.checker.profile.kernel!;
    const seen: Array<u32> = [record];
    // Structs inside it follow it in the list.
    for (let i = 0; i < seen.length; i++) {
      const id = seen[i];
      if (btf.nameString(id).length == 0) continue;
      this.expect(this.structSize(id), btf.sizeOf(id), differs);
      const count = btf.memberCount(id);
      for (let j: u32 = 0; j < count; j++) {
        const inner = btf.resolve(btf.memberType(id, j));
        const isRecord = btf.kind(inner) == BtfKind.Struct || btf.kind(inner) == BtfKind.Union;
        if (isRecord && !seen.includes(inner)) seen.push(inner);
        const name = btf.memberName(id, j);
        const length = btf.memberNameLength(id, j);
        if (length == 0 || btf.memberBitSize(id, j) > 0 || btf.sizeOf(inner) == 0) continue;
        const member = btf.findMember(id, name, length)!;
        const path = this.core().path(id);
        this.core().extend(path, id, member);
        const relocation = this.core().relocation(path, RelocationKind.CoreFieldOffset);
        this.expect(this.b.relocatedConstant(path.localBitOffset >> 3, relocation), member.bitOffset >> 3, differs);
      }
    }
  }

  private expect(value: i32, wanted: i64, otherwise: i32): void {
    const b = this.b;
    const next = b.newBlock();
    b.branch(b.binary(Op.Equal, value, b.constant(wanted)), next, otherwise);
    b.enter(next);
  }

  // Tracepoints

  private field(e: FieldAccess): TracepointField {
    return this.context.format!.find(this.symbols.pointer(e.name), this.symbols.length(e.name))!;
  }

  /** A relocation for one field of this probe's tracepoint. */
  private relocation(kind: RelocationKind, e: Expression, field: TracepointField): i32 {
    const rows = this.manifest.tracepoints;
    const context = this.context;
    const category = context.isTraced ? providerName(context.provider) : context.part(0);
    const event = context.part(context.point.parts.length - 1);
    let index = 0;
    while (index < rows.length && (rows[index].category != category || rows[index].event != event)) index++;
    if (index == rows.length) rows.push(new TracepointRow(category, event));
    const row = rows[index];
    const name = field.nameString();
    let number = 0;
    while (number < row.fields.length && row.fields[number].nameString() != name) number++;
    if (number == row.fields.length) {
      row.fields.push(field);
      row.starts.push(e.start);
      row.ends.push(e.end);
    }
    const relocations = this.module.relocations;
    for (let i = 0; i < relocations.length; i++) {
      const known = relocations[i];
      if (known.kind == kind && known.target == index && known.field == number) return i;
    }
    relocations.push(new Relocation(kind, index, "", number));
    return relocations.length - 1;
  }

  /**
   * An argument of a static tracepoint. Where it lies is described by a constant that `bind` sets for each place (`usdt_argument` in
   * wasm/manifest.ts): the verifier knows what stands there, and of the code below only what the place needs is left.
   */
  protected usdtArgument(index: i32): i32 {
    const b = this.b;
    const at = b.data(Section.Rodata, this.usdtDescription(index));
    const flags = b.load(at, UsdtField.Flags, 4);
    const sum = b.addVariable(Type.Scalar);
    b.write(sum, b.load(at, UsdtField.Constant, 8));
    let next = this.whenSet(flags, UsdtFlag.Register);
    b.write(sum, b.binary(Op.Add, b.read(sum), this.contextWord(b.load(at, UsdtField.Register, 4))));
    this.resume(next);
    next = this.whenSet(flags, UsdtFlag.Index);
    const scaled = b.binary(Op.Shl, this.contextWord(b.load(at, UsdtField.Index, 4)), b.load(at, UsdtField.Scale, 4));
    b.write(sum, b.binary(Op.Add, b.read(sum), scaled));
    this.resume(next);
    next = this.whenSet(flags, UsdtFlag.Memory);
    const slot = b.slot(8);
    this.checkRead(b.call(Helper.ProbeReadUser, [slot, b.constant(8), b.read(sum)]), Helper.ProbeReadUser);
    b.write(sum, b.load(slot, 0, 8));
    this.resume(next);
    // Narrow ones are cut out and extended by two shifts.
    const shift = b.load(at, UsdtField.Shift, 4);
    b.write(sum, b.binary(Op.Shl, b.read(sum), shift));
    const signed = b.newBlock();
    const unsigned = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, b.binary(Op.And, flags, b.constant(UsdtFlag.Signed)), b.constant(0)), signed, unsigned);
    b.enter(signed);
    b.write(sum, b.binary(Op.Sar, b.read(sum), shift));
    b.jump(done);
    b.enter(unsigned);
    b.write(sum, b.binary(Op.Shr, b.read(sum), shift));
    b.jump(done);
    b.enter(done);
    return b.read(sum);
  }

  /** Enters a block for code that only places with a flag need; returns the block behind it. */
  private whenSet(flags: i32, flag: UsdtFlag): i32 {
    const b = this.b;
    const needed = b.newBlock();
    const next = b.newBlock();
    b.branch(b.binary(Op.NotEqual, b.binary(Op.And, flags, b.constant(flag)), b.constant(0)), needed, next);
    b.enter(needed);
    return next;
  }

  private resume(next: i32): void {
    this.b.jump(next);
    this.b.enter(next);
  }

  /** 8 bytes of the context at an offset that no instruction holds. */
  private contextWord(offset: i32): i32 {
    const b = this.b;
    const slot = b.slot(8);
    b.call(Helper.ProbeReadKernel, [slot, b.constant(8), b.contextAddress(offset)]);
    return b.load(slot, 0, 8);
  }

  /** Offset in `.rodata` of what `bind` says of an argument. */
  private usdtDescription(index: i32): i32 {
    const bindings = this.manifest.bindings;
    const program = this.manifest.programs.length;
    for (let i = 0; i < bindings.length; i++) {
      const known = bindings[i];
      if (known.kind == "usdt_argument" && known.program == program && known.argument == index) return known.offset;
    }
    const row = new BindingRow("usdt_argument", this.constantOfRodata(UsdtField.Size), UsdtField.Size);
    row.program = program;
    row.argument = index;
    bindings.push(row);
    return row.offset;
  }

  /** An argument of a probe that BTF describes, by its place: all fill 8 bytes, of which a narrow one's own are the first. */
  protected tracedValue(index: i32, type: i32, e: Expression): i32 {
    const b = this.b;
    const info = this.types.get(type);
    const field = this.context.isPattern ? this.matchedArgument(index, type) : null;
    // Kernels before 5.19 let programs of functions load no pointer but those to structs from the context.
    if (
      info.kind == TypeKind.Pointer &&
      this.types.kind(info.element) != TypeKind.Record &&
      this.context.provider != Provider.Rawtracepoint
    ) {
      const slot = b.slot(8);
      const place =
        field != null
          ? b.relocatedOffset(b.context(), index * 8, this.relocation(RelocationKind.TracepointOffset, e, field))
          : b.offset(b.context(), index * 8);
      b.call(Helper.ProbeReadKernel, [slot, b.constant(8), place]);
      return b.load(slot, 0, 8, false, this.addressType(type));
    }
    if (field != null) return this.relocatedField(e, field, type);
    const value = b.load(b.context(), index * 8, 8, false, this.addressType(type));
    return info.size < 8 ? b.extend(value, info.size, info.signed) : value;
  }

  /** An argument of a probe with a wildcard, as its functions are asked for it: by its name. */
  private matchedArgument(index: i32, type: i32): TracepointField {
    const info = this.types.get(type);
    const name = String.UTF8.encode(this.types.get(this.context.tracedType).names[index]);
    const field = new TracepointField();
    field.name = changetype<usize>(name);
    field.nameLength = name.byteLength;
    field.offset = index * 8;
    field.size = info.size;
    field.signed = info.signed;
    return field;
  }

  /** Index of the argument that `e` is; -1 when it is none of a probe that BTF describes. */
  protected tracedIndex(e: FieldAccess): i32 {
    const object = e.object;
    if (!this.context.isTraced || object.kind != NodeKind.Identifier || object.typeId != this.context.tracedType) return -1;
    return this.types.get(object.typeId).names.indexOf(this.symbols.text(e.name));
  }

  protected argumentValue(e: FieldAccess): i32 {
    const b = this.b;
    const field = this.field(e);
    b.source = e.nameStart;
    return this.relocatedField(e, field, e.typeId);
  }

  private relocatedField(e: Expression, field: TracepointField, type: i32): i32 {
    const b = this.b;
    const size = <i32>field.size;
    const raw = b.load(b.context(), field.offset, size, false, this.addressType(type));
    this.f.relocation[raw] = this.relocation(RelocationKind.TracepointLoad, e, field);
    if (!field.signed || size == 8) return raw;
    // The target's field may have another width: both shifts are rewritten with it.
    const shift = this.relocation(RelocationKind.TracepointSignShift, e, field);
    return this.relocatedShift(Op.Sar, this.relocatedShift(Op.Shl, raw, 64 - size * 8, shift), 64 - size * 8, shift);
  }

  private relocatedShift(op: Op, value: i32, bits: i32, relocation: i32): i32 {
    const shifted = this.b.binary(op, value, this.b.constant(bits));
    this.f.relocation[shifted] = relocation;
    return shifted;
  }

  /** An array in the tracepoint's record, or a dynamic string behind it; the rest of `size` zero when `whole`. */
  protected writeArgument(e: FieldAccess, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const own = this.types.get(e.typeId).size;
    const count = min(own, size);
    const target = b.offset(pointer, offset);
    const field = this.field(e);
    b.source = e.nameStart;
    if (field.kind == FieldKind.DataLocation) {
      if (whole) this.clear(pointer, offset, size);
      const location = b.load(b.context(), field.offset, 4);
      this.f.relocation[location] = this.relocation(RelocationKind.TracepointLoad, e, field);
      const from = b.contextAddress(b.binary(Op.And, location, b.constant(0xffff)));
      b.call(Helper.ProbeReadKernelStr, [target, b.constant(count), from]);
      return;
    }
    const from = b.relocatedOffset(b.context(), field.offset, this.relocation(RelocationKind.TracepointOffset, e, field));
    b.call(Helper.ProbeReadKernel, [target, b.constant(count), from]);
    if (whole && size > own) this.clear(pointer, offset + own, size - own);
  }
}
