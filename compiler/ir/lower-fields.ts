// Lowering of field accesses: chains of kernel structs through CO-RE, and the fields of tracepoints.

import { FieldAccess, OffsetOf } from "../syntax/expression-nodes";
import { Expression, NodeKind } from "../syntax/ast";
import { AddressSpace, TypeKind } from "../check/types";
import { TracepointRow } from "../object/manifest";
import { CoreTypes } from "../target/core-types";
import { FieldKind, TracepointField } from "../target/tracepoint";
import { MapLowering } from "./lower-maps";
import { Helper } from "./helpers";
import { Op, Relocation, RelocationKind } from "./ir";

export abstract class FieldLowering extends MapLowering {
  private core(): CoreTypes {
    const state = this.state;
    const known = state.core;
    if (known != null) return known;
    const made = new CoreTypes(this.checker.profile.kernel!, this.module.btf, this.module.relocations);
    state.core = made;
    return made;
  }

  private isArguments(e: FieldAccess): bool {
    return this.types.kind(e.object.typeId) == TypeKind.Arguments;
  }

  /** The value of a scalar field. */
  protected fieldValue(e: FieldAccess): i32 {
    if (this.isArguments(e)) return this.argumentValue(e);
    const b = this.b;
    const info = this.types.get(e.typeId);
    const address = this.fieldAddress(e);
    b.source = e.nameStart;
    const slot = b.slot(8);
    // Whatever goes wrong, the kernel fills the slot: with zeros when the address cannot be read.
    b.call(this.readHelper(e), [slot, b.constant(info.size), address]);
    return b.load(slot, 0, info.size, info.signed, this.addressType(e.typeId));
  }

  private readHelper(e: FieldAccess): Helper {
    let object = e.object;
    while (this.types.kind(object.typeId) == TypeKind.Record && object.kind == NodeKind.FieldAccess) object = (<FieldAccess>object).object;
    return this.types.get(object.typeId).space == AddressSpace.User ? Helper.ProbeReadUser : Helper.ProbeReadKernel;
  }

  /**
   * The address of a field. Structs inside structs are one relocation: it starts anew where a pointer is followed, since
   * only there the struct's own address is known.
   */
  private fieldAddress(e: FieldAccess): i32 {
    const b = this.b;
    const btf = this.checker.profile.kernel!;
    const chain: Array<FieldAccess> = [e];
    let object: Expression = e.object;
    while (this.types.kind(object.typeId) == TypeKind.Record) {
      assert(object.kind == NodeKind.FieldAccess, "a struct by value that is no field");
      chain.push(<FieldAccess>object);
      object = (<FieldAccess>object).object;
    }
    const base = this.value(object);
    const core = this.core();
    let record = this.types.get(this.types.get(object.typeId).element).btf;
    const path = core.path(record);
    for (let i = chain.length - 1; i >= 0; i--) {
      const access = chain[i];
      const member = btf.findMember(record, this.symbols.pointer(access.name), this.symbols.length(access.name))!;
      core.extend(path, record, member);
      record = btf.resolve(member.type);
    }
    b.source = e.nameStart;
    return b.relocatedOffset(base, path.localBitOffset >> 3, core.relocation(path, RelocationKind.CoreFieldOffset));
  }

  /** `offsetof(struct, path)` on the target. */
  protected offsetOf(e: OffsetOf): i32 {
    const btf = this.checker.profile.kernel!;
    const core = this.core();
    let record = this.checker.structOf(e);
    const path = core.path(record);
    for (let i = 0; i < e.path.length; i++) {
      const member = btf.findMember(record, this.symbols.pointer(e.path[i]), this.symbols.length(e.path[i]))!;
      core.extend(path, record, member);
      record = btf.resolve(member.type);
    }
    return this.b.relocatedConstant(path.localBitOffset >> 3, core.relocation(path, RelocationKind.CoreFieldOffset));
  }

  /** Bytes of a kernel struct on the target. */
  protected structSize(id: u32): i32 {
    return this.b.relocatedConstant(0, this.core().sizeRelocation(id));
  }

  // Tracepoints

  private field(e: FieldAccess): TracepointField {
    return this.context.format!.find(this.symbols.pointer(e.name), this.symbols.length(e.name))!;
  }

  /** A relocation for one field of this probe's tracepoint. */
  private relocation(kind: RelocationKind, e: FieldAccess, field: TracepointField): i32 {
    const rows = this.manifest.tracepoints;
    const category = this.context.part(0);
    const event = this.context.part(1);
    let index = 0;
    while (index < rows.length && (rows[index].category != category || rows[index].event != event)) index++;
    if (index == rows.length) rows.push(new TracepointRow(category, event));
    const row = rows[index];
    let number = row.fields.indexOf(field);
    if (number < 0) {
      number = row.fields.length;
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

  private argumentValue(e: FieldAccess): i32 {
    const b = this.b;
    const field = this.field(e);
    b.source = e.nameStart;
    const size = <i32>field.size;
    const raw = b.load(b.context(), field.offset, size, false, this.addressType(e.typeId));
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

  /** Text in a field: an array of bytes in the record or in a kernel struct, or a dynamic string behind the record. */
  protected writeFieldText(e: FieldAccess, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const own = this.types.get(e.typeId).size;
    const count = min(own, size);
    const target = b.offset(pointer, offset);
    if (!this.isArguments(e)) {
      b.call(this.readHelper(e), [target, b.constant(count), this.fieldAddress(e)]);
      if (whole && size > own) this.clear(pointer, offset + own, size - own);
      return;
    }
    const field = this.field(e);
    b.source = e.nameStart;
    if (field.kind == FieldKind.DataLocation) {
      if (whole) this.clear(pointer, offset, size);
      const location = b.load(b.context(), field.offset, 4);
      this.f.relocation[location] = this.relocation(RelocationKind.TracepointLoad, e, field);
      const from = b.binary(Op.Add, b.binary(Op.And, location, b.constant(0xffff)), b.context());
      b.call(Helper.ProbeReadKernelStr, [target, b.constant(count), from]);
      return;
    }
    const from = b.relocatedOffset(b.context(), field.offset, this.relocation(RelocationKind.TracepointOffset, e, field));
    b.call(Helper.ProbeReadKernel, [target, b.constant(count), from]);
    if (whole && size > own) this.clear(pointer, offset + own, size - own);
  }
}
