// Parts of values: fields, elements of tuples, arrays and texts, and what pointers point to.

import { Code } from "../source/diagnostics";
import { Expression, NodeKind } from "../syntax/ast";
import { FieldAccess, Index, IntegerLiteral, TupleIndex, Unary } from "../syntax/expression-nodes";
import { UnaryOperator } from "../syntax/operators";
import { BtfKind } from "../target/btf";
import { FieldKind, TracepointField } from "../target/tracepoint";
import { closest } from "./suggestion";
import { TracedChecker } from "./traced-arguments";
import { AddressSpace, BasicType, TypeKind } from "./types";

export abstract class AccessChecker extends TracedChecker {
  /** Whose memory a struct or array that is reached by address lies in; a pointer says it itself. */
  spaceOf(e: Expression): AddressSpace {
    const info = this.types.get(e.typeId);
    if (info.kind == TypeKind.Pointer) return info.space;
    switch (e.kind) {
      case NodeKind.FieldAccess:
        return this.spaceOf((<FieldAccess>e).object);
      case NodeKind.Index:
        return this.spaceOf((<Index>e).object);
      case NodeKind.Unary:
        return (<Unary>e).operator == UnaryOperator.Dereference ? this.spaceOf((<Unary>e).operand) : AddressSpace.None;
      case NodeKind.Identifier:
      case NodeKind.Variable:
        return info.space;
      default:
        return AddressSpace.None;
    }
  }

  /** What a field is taken of, while that is checked. */
  protected fieldObject: Expression | null = null;

  protected fieldAccess(e: FieldAccess): i32 {
    this.fieldObject = e.object;
    const object = this.expression(e.object);
    this.fieldObject = null;
    const info = this.types.get(object);
    if (info.kind == TypeKind.Arguments) return this.argumentField(e);
    if (object == BasicType.None) return BasicType.None;
    const name = this.symbols.text(e.name);
    const isPointer = info.kind == TypeKind.Pointer;
    const tuple = isPointer ? this.types.get(info.element) : info;
    if (tuple.kind == TypeKind.Tuple && tuple.names.length > 0) {
      const index = tuple.names.indexOf(name);
      if (index >= 0) return tuple.fields[index];
      if (object == this.probe.tracedType && this.probe.isTraced) return this.unknownArgument(name, info.names, e.start, e.end);
      return this.error(Code.UnknownField, e.start, e.end, `Record does not contain a field named '${name}'`, closest(name, tuple.names));
    }
    const record = isPointer ? info.element : object;
    if (this.types.kind(record) != TypeKind.Record) {
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `Can not access field '${name}' on expression of type '${this.types.describe(object)}'`,
      );
    }
    return this.fieldType(record, e.name, this.spaceOf(e.object), e.start, e.end);
  }

  private argumentField(e: FieldAccess): i32 {
    const probe = this.probe;
    if (probe.waiting) return BasicType.None;
    const format = probe.format!;
    const field = format.find(this.symbols.pointer(e.name), this.symbols.length(e.name));
    const name = this.symbols.text(e.name);
    if (field == null) {
      const names: Array<string> = [];
      for (let i = 0; i < format.fields.length; i++) {
        const candidate = format.fields[i].nameString();
        if (!candidate.startsWith("common_")) names.push(candidate);
      }
      return this.error(
        Code.UnknownField,
        e.start,
        e.end,
        `Struct/union of type 'struct tracepoint:${probe.tracepointName}_args' does not contain a field named '${name}'`,
        closest(name, names),
      );
    }
    if (name.startsWith("common_")) {
      return this.error(
        Code.NotAvailableHere,
        e.start,
        e.end,
        "BPF does not support accessing common tracepoint fields",
        "The kernel hides the common fields from BPF: use pid, tid and probe.",
      );
    }
    switch (field.kind) {
      case FieldKind.DataLocation:
        return this.types.text(this.maximumString);
      case FieldKind.Array:
        return this.arrayField(field);
      default:
        if (field.isPointer) return this.types.pointer(this.declaredStruct(field), probe.space);
        return this.declaredNumber(field);
    }
  }

  /** The enum in `enum x`, if BTF has it; else the integer that it is. */
  private declaredNumber(field: TracepointField): i32 {
    const type = this.types.integer(<i32>field.size, field.signed);
    const declaration = String.UTF8.decodeUnsafe(field.declaration, field.declarationLength).trim();
    if (!declaration.startsWith("enum ")) return type;
    if (!this.profile.kernelAnswered) this.needs.kernelBtf = true;
    const btf = this.profile.kernel;
    const id = btf != null ? btf.findString(BtfKind.Enum, declaration.substring(5).trim()) : 0;
    if (btf == null || id == 0 || btf.sizeOrType(id) != field.size) return type;
    return this.types.enumerated(this.kernelEnum(btf, id));
  }

  /** The struct in `const struct x *`, if BTF has it; else what the address of bytes points to. */
  private declaredStruct(field: TracepointField): i32 {
    const declaration = String.UTF8.decodeUnsafe(field.declaration, field.declarationLength);
    const at = declaration.indexOf("struct ");
    if (at < 0) return BasicType.Int8;
    if (!this.profile.kernelAnswered) this.needs.kernelBtf = true;
    const btf = this.profile.kernel;
    if (btf == null) return BasicType.Int8;
    const name = declaration.substring(at + 7, declaration.indexOf("*", at)).trim();
    const id = btf.findString(BtfKind.Struct, name);
    return id != 0 ? this.kernelRecord(btf, id) : BasicType.Int8;
  }

  /** An array of integers inside the record is one; of characters, or of structs, its bytes are text. */
  private arrayField(field: TracepointField): i32 {
    const size = field.elementSize;
    if (size == 0 || field.isText || field.size % size != 0) return this.types.text(<i32>field.size);
    return this.types.array(this.types.integer(size, field.signed), <i32>field.size / size);
  }

  protected tupleIndex(e: TupleIndex): i32 {
    const object = this.expression(e.object);
    if (object == BasicType.None) return object;
    return this.tupleElement(object, <u64>e.index, e.start, e.end);
  }

  private tupleElement(object: i32, index: u64, start: u32, end: u32): i32 {
    const info = this.types.get(object);
    if (info.kind != TypeKind.Tuple)
      return this.error(
        Code.TypeMismatch,
        start,
        end,
        `Can not access index '${index}' on expression of type '${this.types.describe(object)}'`,
      );
    if (index < <u64>info.fields.length) return info.fields[<i32>index];
    return this.error(Code.OutOfRange, start, end, `Invalid tuple index: ${index}. Found ${info.fields.length} elements in tuple.`);
  }

  protected index(e: Index): i32 {
    const object = this.expression(e.object);
    const at = this.expression(e.index);
    if (object == BasicType.None || at == BasicType.None) return BasicType.None;
    const info = this.types.get(object);
    const literal = e.index.kind == NodeKind.IntegerLiteral;
    if (!this.types.isInteger(at))
      return this.error(
        Code.TypeMismatch,
        e.index.start,
        e.index.end,
        `The array index operator [] only accepts non-negative integer indices. Got: ${this.types.describe(at)}`,
      );
    if (literal && (<IntegerLiteral>e.index).negative && info.kind != TypeKind.Pointer) {
      return this.error(
        Code.OutOfRange,
        e.index.start,
        e.index.end,
        "The array index operator [] only accepts non-negative integer indices.",
      );
    }
    switch (info.kind) {
      case TypeKind.Tuple:
        if (!literal) return this.error(Code.NotConstant, e.index.start, e.index.end, "The index of a tuple must be a literal");
        return this.tupleElement(object, (<IntegerLiteral>e.index).value, e.start, e.end);
      case TypeKind.Array:
      case TypeKind.String: {
        const count = info.kind == TypeKind.Array ? info.count : info.size;
        if (literal && count > 0 && (<IntegerLiteral>e.index).value >= <u64>count) {
          return this.error(
            Code.OutOfRange,
            e.start,
            e.end,
            `the index ${(<IntegerLiteral>e.index).value} is out of bounds for array of size ${count}`,
          );
        }
        return info.kind == TypeKind.Array ? info.element : BasicType.Int8;
      }
      case TypeKind.Pointer:
        if (info.element != BasicType.None) return info.element;
        return this.error(
          Code.TypeMismatch,
          e.start,
          e.end,
          `The array index operator [] cannot be used on a pointer to an unsized type (void *).`,
        );
      default:
        return this.error(
          Code.TypeMismatch,
          e.start,
          e.end,
          `The array index operator [] can only be used on arrays, pointers, and tuples, found ${this.types.describe(object)}.`,
        );
    }
  }

  /** `*p`. A number is taken as the address of a uint64 (features 5.1 T8). */
  protected dereference(e: Unary): i32 {
    const type = this.expression(e.operand);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    if (info.kind == TypeKind.Integer) return BasicType.Uint64;
    if (info.kind == TypeKind.Pointer && info.element != BasicType.None) return info.element;
    return this.error(
      Code.TypeMismatch,
      e.start,
      e.end,
      `The * operator can not be used on expressions of type '${this.types.describe(type)}'`,
    );
  }
}
