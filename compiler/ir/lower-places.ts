// Lowering of values that lie in memory: where they are, how their parts are found and read.
//
// Whatever is too large for a register has a place: memory of the program itself, which it may load from, or an address in
// the kernel or a process, which only helpers read. Parts of a place are places again; nothing is copied before it is read.

import { Scopes, VariableSymbol } from "../check/scope";
import { AddressSpace, BasicType, Structure, StructureField, TypeKind } from "../check/types";
import { EventKind, EventRow } from "../object/manifest";
import { Expression, NodeKind } from "../syntax/ast";
import { FieldAccess, Index, IntegerLiteral, TupleIndex, Unary, Variable } from "../syntax/expression-nodes";
import { UnaryOperator } from "../syntax/operators";
import { Helper } from "./helpers";
import { Op, Type } from "./ir";
import { FieldLowering } from "./lower-fields";
import { Place } from "./place";

export abstract class PlaceLowering extends FieldLowering {
  protected scopes: Scopes = new Scopes();

  protected addressType(type: i32): Type {
    const info = this.types.get(type);
    if (info.kind != TypeKind.Pointer) return Type.Scalar;
    return info.space == AddressSpace.User ? Type.User : info.space == AddressSpace.Kernel ? Type.Kernel : Type.Scalar;
  }

  protected readVariable(symbol: VariableSymbol): i32 {
    if (!symbol.inMemory) return this.b.read(symbol.storage);
    const info = this.types.get(symbol.type);
    return this.b.load(symbol.storage, 0, info.size, info.signed, this.addressType(symbol.type));
  }

  /** Sets a scalar variable; `value` fits its type. */
  protected writeVariable(symbol: VariableSymbol, value: i32): void {
    if (symbol.inMemory) this.b.store(symbol.storage, 0, this.types.get(symbol.type).size, value);
    else this.b.write(symbol.storage, value);
  }

  /** Gives a variable its storage: a register for a scalar, memory for anything larger. */
  protected allocate(symbol: VariableSymbol): void {
    symbol.type = this.checker.typeOfVariable(this.context, symbol.declaration);
    if (symbol.type == BasicType.None) return;
    const isScalar = this.types.isScalar(symbol.type);
    const isAddressed = this.checker.isAddressed(this.context, symbol.declaration);
    if (isScalar && !isAddressed) symbol.storage = this.b.addVariable(this.addressType(symbol.type));
    else {
      symbol.storage = this.variableMemory((this.types.get(symbol.type).size + 7) & -8, isAddressed);
      symbol.inMemory = isScalar;
    }
  }

  /** Where the value of `e` lies; one that lies nowhere yet is written to memory that lives until the statement ends. */
  protected place(e: Expression): Place {
    switch (e.kind) {
      case NodeKind.Variable:
        return new Place(AddressSpace.None, this.scopes.find((<Variable>e).name)!.storage, 0);
      case NodeKind.FieldAccess:
        return this.fieldPlace(<FieldAccess>e);
      case NodeKind.TupleIndex: {
        const access = <TupleIndex>e;
        return this.elementPlace(access.object, <i32>access.index);
      }
      case NodeKind.Index:
        return this.indexPlace(<Index>e);
      case NodeKind.Unary:
        if ((<Unary>e).operator == UnaryOperator.Dereference) return this.pointedPlace((<Unary>e).operand);
        break;
      default:
        break;
    }
    return this.ownCopy(e);
  }

  /** A fresh copy of the value of `e`, every byte of it set. */
  protected ownCopy(e: Expression): Place {
    const pointer = this.memory((max(this.types.get(e.typeId).size, 1) + 7) & -8);
    this.writeTo(e, e.typeId, pointer, 0);
    return new Place(AddressSpace.None, pointer, 0);
  }

  /** The value of `e` in the program's own memory. */
  protected ownPlace(e: Expression): Place {
    const place = this.place(e);
    if (place.isOwn) return place;
    const pointer = this.memory((this.types.get(e.typeId).size + 7) & -8);
    this.copyPlace(place, e.typeId, e.typeId, pointer, 0);
    return new Place(AddressSpace.None, pointer, 0);
  }

  /** What the pointer (or number) `e` points to. */
  private pointedPlace(e: Expression): Place {
    return new Place(this.pointerSpace(e.typeId), this.value(e), 0);
  }

  /** Whose memory a pointer of `type` points into: what it says, else what the probe's addresses are. */
  protected pointerSpace(type: i32): AddressSpace {
    const space = this.types.get(type).space;
    if (space != AddressSpace.None) return space;
    return this.context.space == AddressSpace.User ? AddressSpace.User : AddressSpace.Kernel;
  }

  private elementPlace(object: Expression, index: i32): Place {
    const place = this.place(object);
    place.offset += this.types.get(object.typeId).offsets[index];
    return place;
  }

  // Fields

  private fieldPlace(e: FieldAccess): Place {
    const info = this.types.get(e.object.typeId);
    if (info.kind == TypeKind.Arguments) return this.ownCopy(e);
    const tuple = info.kind == TypeKind.Pointer ? this.types.get(info.element) : info;
    if (tuple.kind == TypeKind.Tuple) {
      const place = this.recordPlace(e.object);
      place.offset += tuple.offsets[tuple.names.indexOf(this.symbols.text(e.name))];
      return place;
    }
    const structure = this.structureOf(e);
    if (structure != null) {
      const place = this.recordPlace(e.object);
      place.offset += structure.find(this.types, this.symbols.text(e.name))!.bitOffset >> 3;
      return place;
    }
    return this.kernelField(e);
  }

  /** The struct that `e`, itself a struct or a pointer to one, stands for. */
  protected recordPlace(e: Expression): Place {
    return this.types.kind(e.typeId) == TypeKind.Pointer ? this.pointedPlace(e) : this.place(e);
  }

  /** The script's struct that `e` is a field of; null when BTF has it. */
  private structureOf(e: FieldAccess): Structure | null {
    let info = this.types.get(e.object.typeId);
    if (info.kind == TypeKind.Pointer) info = this.types.get(info.element);
    return info.kind == TypeKind.Record && info.structure >= 0 ? this.types.structures[info.structure] : null;
  }

  /** Whether `e` is a field of a struct of BTF. */
  private isKernelField(e: FieldAccess): bool {
    const info = this.types.get(e.object.typeId);
    return this.types.kind(info.kind == TypeKind.Pointer ? info.element : e.object.typeId) == TypeKind.Record;
  }

  /** The value of a scalar field. */
  protected fieldValue(e: FieldAccess): i32 {
    if (this.types.kind(e.object.typeId) == TypeKind.Arguments) return this.argumentValue(e);
    const traced = this.tracedIndex(e);
    if (traced >= 0) return this.tracedValue(traced, e.typeId, e);
    const structure = this.structureOf(e);
    if (structure != null) {
      const field = structure.find(this.types, this.symbols.text(e.name))!;
      if (field.bits > 0) return this.bitfield(e, field);
    } else if (this.isKernelField(e) && this.isKernelBitfield(e)) return this.kernelBitfield(e);
    const place = this.fieldPlace(e);
    this.b.source = e.nameStart;
    return this.readPlace(place, e.typeId);
  }

  /** A bitfield of the script's struct: the unit of its type that holds it, cut out by two shifts. */
  private bitfield(e: FieldAccess, field: StructureField): i32 {
    const b = this.b;
    const info = this.types.get(field.type);
    const place = this.recordPlace(e.object);
    const start = field.bitOffset & -(info.size * 8);
    // In a packed struct a bitfield may straddle two units.
    const bytes = field.bitOffset - start + field.bits > info.size * 8 ? 8 : info.size;
    place.offset += start >> 3;
    const unit = this.readPlace(place, this.types.integer(bytes, false));
    const high = b.binary(Op.Shl, unit, b.constant(64 - (field.bitOffset - start) - field.bits));
    return b.binary(info.signed ? Op.Sar : Op.Shr, high, b.constant(64 - field.bits));
  }

  // Elements of arrays

  private indexPlace(e: Index): Place {
    const info = this.types.get(e.object.typeId);
    switch (info.kind) {
      case TypeKind.Tuple:
        return this.elementPlace(e.object, <i32>(<IntegerLiteral>e.index).value);
      case TypeKind.Pointer:
        return new Place(
          this.pointerSpace(e.object.typeId),
          this.movedPointer(this.value(e.object), e.object.typeId, this.value(e.index), Op.Add),
          0,
        );
      default: {
        const place = this.place(e.object);
        if (e.index.kind == NodeKind.IntegerLiteral && !this.isRelocatedSize(e.typeId)) {
          place.offset += <i32>(<IntegerLiteral>e.index).value * this.types.get(e.typeId).size;
          return place;
        }
        return this.moved(place, e, this.boundedIndex(e));
      }
    }
  }

  /** The element of `place` that the number `index` names. */
  private moved(place: Place, e: Index, index: i32): Place {
    const b = this.b;
    const distance = b.binary(Op.Mul, index, this.elementSize(e.typeId));
    if (!place.isOwn) return new Place(place.space, b.binary(Op.Add, b.offset(place.pointer, place.offset), distance), 0);
    return new Place(place.space, b.index(b.offset(place.pointer, place.offset), distance), 0);
  }

  /** Elements of an array or bytes of a text; 0 where nobody says. */
  private countOf(e: Index): i32 {
    const info = this.types.get(e.object.typeId);
    return info.kind == TypeKind.Array ? info.count : info.size;
  }

  /** The index of `e`, or 0 and a run-time warning when it lies outside of the array. */
  private boundedIndex(e: Index): i32 {
    const b = this.b;
    const index = this.value(e.index);
    const count = this.countOf(e);
    if (count == 0) return index;
    const result = b.addVariable(Type.Scalar);
    const inside = b.newBlock();
    const outside = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.Below, index, b.constant(count)), inside, outside);
    b.enter(inside);
    b.write(result, index);
    b.jump(done);
    b.enter(outside);
    this.runtimeError(e.start, e.end, OUT_OF_BOUNDS);
    b.write(result, b.constant(0));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** The value of a scalar element; 0 and a run-time warning when the index lies outside of the array. */
  protected indexValue(e: Index): i32 {
    const b = this.b;
    const kind = this.types.kind(e.object.typeId);
    const isArray = kind == TypeKind.Array || kind == TypeKind.String;
    if (!isArray || e.index.kind == NodeKind.IntegerLiteral || this.countOf(e) == 0) {
      return this.readPlace(this.indexPlace(e), e.typeId);
    }
    const place = this.place(e.object);
    const index = this.value(e.index);
    b.source = e.start;
    const result = b.addVariable(this.addressType(e.typeId));
    const inside = b.newBlock();
    const outside = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.Below, index, b.constant(this.countOf(e))), inside, outside);
    b.enter(inside);
    b.write(result, this.readPlace(this.moved(place, e, index), e.typeId));
    b.jump(done);
    b.enter(outside);
    this.runtimeError(e.start, e.end, OUT_OF_BOUNDS);
    b.write(result, b.constant(0));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** Sends a run-time warning about these bytes of the script. */
  protected runtimeError(start: u32, end: u32, text: string): void {
    const row = new EventRow(EventKind.RuntimeError, start, end);
    row.setText(text);
    this.sendConstantEvent(row);
  }

  // Pointers

  /** `*p` of a scalar. */
  protected pointedValue(e: Unary): i32 {
    return this.readPlace(this.pointedPlace(e.operand), e.typeId);
  }

  /** `pointer + count` or `pointer - count`, in steps of what a pointer of `type` points to. */
  protected movedPointer(pointer: i32, type: i32, count: i32, op: Op): i32 {
    const element = this.types.get(type).element;
    const size = element == BasicType.None ? this.b.constant(1) : this.elementSize(element);
    return this.b.binary(op, pointer, this.b.binary(Op.Mul, count, size));
  }

  private isRelocatedSize(type: i32): bool {
    const info = this.types.get(type);
    return info.kind == TypeKind.Record && info.structure < 0;
  }

  /** Bytes of a value of `type` on the target. */
  protected elementSize(type: i32): i32 {
    const info = this.types.get(type);
    return this.isRelocatedSize(type) ? this.structSize(info.btf) : this.b.constant(info.size);
  }

  // Reading

  /** The scalar of `type` at `place`. */
  protected readPlace(place: Place, type: i32): i32 {
    const b = this.b;
    const info = this.types.get(type);
    const misaligned = (place.offset & (info.size - 1)) != 0 && b.f.type[place.pointer] == Type.Stack;
    if (place.isOwn && !misaligned) return b.load(place.pointer, place.offset, info.size, info.signed, this.addressType(type));
    if (place.space == AddressSpace.Context) {
      const value = b.load(place.pointer, place.offset, info.size, false, this.addressType(type));
      b.f.relocation[value] = place.relocation;
      return info.size < 8 ? b.extend(value, info.size, info.signed) : value;
    }
    const slot = b.slot(8);
    // Whatever goes wrong, the kernel fills the slot: with zeros when the address cannot be read.
    const helper = readHelper(place.space);
    this.checkRead(b.call(helper, [slot, b.constant(info.size), b.offset(place.pointer, place.offset)]), helper);
    return b.load(slot, 0, info.size, info.signed, this.addressType(type));
  }

  /** Writes the value of type `from` at `place` as one of type `to`; every byte of it is set. */
  protected copyPlace(place: Place, from: i32, to: i32, pointer: i32, offset: i32): void {
    if (place.isOwn) {
      this.convert(place.pointer, place.offset, from, pointer, offset, to);
      return;
    }
    const record = from == to ? 0 : this.types.kernelRecord(from);
    if (record != 0) {
      this.copyKernelRecord(place, record, to, pointer, offset);
      return;
    }
    const b = this.b;
    const info = this.types.get(to);
    const own = this.types.get(from).size;
    const address = b.offset(place.pointer, place.offset);
    if (from == to || info.kind == TypeKind.String) {
      const helper = readHelper(place.space);
      this.checkRead(b.call(helper, [b.offset(pointer, offset), b.constant(min(own, info.size)), address]), helper);
      if (info.size > own) this.clear(pointer, offset + own, info.size - own);
      return;
    }
    const copy = this.memory((own + 7) & -8);
    const helper = readHelper(place.space);
    this.checkRead(b.call(helper, [copy, b.constant(own), address]), helper);
    this.convert(copy, 0, from, pointer, offset, to);
  }

  /** Copies kernel struct `record`, or an array of them, if this kernel lays it out as that of the build; else zeros and a warning. */
  private copyKernelRecord(place: Place, record: u32, to: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const size = this.types.get(to).size;
    const differs = b.newBlock(true);
    const done = b.newBlock();
    const start = b.source;
    this.compareLayout(record, differs);
    b.call(readHelper(place.space), [b.offset(pointer, offset), b.constant(size), b.offset(place.pointer, place.offset)]);
    b.jump(done);
    b.enter(differs);
    this.clear(pointer, offset, size);
    this.runtimeError(start, start, "The layout of this struct is not that of the kernel that the script was compiled for.");
    b.jump(done);
    b.enter(done);
  }

  /** Copies a value of type `from` in own memory to one of type `to`: field by field where their layouts differ. */
  protected convert(source: i32, at: i32, from: i32, pointer: i32, offset: i32, to: i32): void {
    const b = this.b;
    const old = this.types.get(from);
    const info = this.types.get(to);
    if (
      from == to ||
      info.kind == TypeKind.String ||
      info.kind == TypeKind.Array ||
      info.kind == TypeKind.Record ||
      info.kind == TypeKind.Buffer
    ) {
      const own = min(old.size, info.size);
      b.copy(pointer, offset, source, at, own);
      if (info.size > own) this.clear(pointer, offset + own, info.size - own);
    } else if (info.kind == TypeKind.Tuple) {
      let end = 0;
      for (let i = 0; i < info.fields.length; i++) {
        const start = info.offsets[i];
        if (start > end) b.zero(pointer, offset + end, start - end);
        const field = old.indexIn(info, i);
        this.convert(source, at + old.offsets[field], old.fields[field], pointer, offset + start, info.fields[i]);
        end = start + this.types.get(info.fields[i]).size;
      }
      if (info.size > end) b.zero(pointer, offset + end, info.size - end);
    } else b.store(pointer, offset, info.size, b.load(source, at, old.size, old.signed));
  }
}

const OUT_OF_BOUNDS: string = "Array access out of bounds. This can lead to unexpected results.";

export function readHelper(space: AddressSpace): Helper {
  return space == AddressSpace.User ? Helper.ProbeReadUser : Helper.ProbeReadKernel;
}
