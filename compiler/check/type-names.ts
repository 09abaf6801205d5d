// Types as scripts and C write them, types of BTF, and what is asked about types: casts, sizes, offsets.

import { Code } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import {
  ArrayType,
  EnumDefinition,
  Expression,
  InlineType,
  NamedType,
  NodeKind,
  PointerType,
  RecordDefinition,
  Tag,
  TaggedType,
  TypeOf,
  TypeSyntax,
} from "../syntax/ast";
import { Cast, Identifier, Index, MapAccess, OffsetOf, SizeOf, TypeExpression } from "../syntax/expression-nodes";
import { Btf, BtfKind } from "../target/btf";
import { cString, DefinitionChecker } from "./definitions";
import { MapSymbol } from "./scope";
import { closest } from "./suggestion";
import { AddressSpace, BasicType, Structure, StructureField, TypeKind } from "./types";

/** Pointers to pointers in BTF at most: a blob may hold a circle of them. */
const MAXIMUM_POINTERS: i32 = 8;

/** Arrays of arrays behind them, likewise. */
const MAXIMUM_DIMENSIONS: i32 = 8;

/** Largest array in bytes that a value may be. */
const MAXIMUM_ARRAY: i64 = 1 << 20;

/** Largest kernel struct that is copied whole. */
const MAXIMUM_COPY: i32 = 16384;

/** Structs inside structs at most. */
const MAXIMUM_NESTING: i32 = 16;

export abstract class TypeChecker extends DefinitionChecker {
  /** Copies of kernel structs by their id. */
  private recordCopies: Map<u32, Structure> = new Map();

  /** As `expression`, an aggregation as the number that it stands for. */
  protected abstract operand(e: Expression): i32;
  protected abstract number(e: Expression): i32;

  /** The map that an access is of; made on its first use. */
  abstract mapOf(e: MapAccess): MapSymbol;

  /** Whether `name` is a builtin value of the language. */
  protected abstract isBuiltinName(name: u32): bool;

  // Types of BTF

  /** The type of a value of BTF type `id` in memory of `space`. */
  protected fromBtf(btf: Btf, id: u32, space: AddressSpace, depth: i32 = 0): i32 {
    id = btf.resolve(id);
    switch (btf.kind(id)) {
      case BtfKind.Int:
        return btf.isBool(id) ? BasicType.Bool : this.integerOrNone(btf.sizeOrType(id), btf.isSigned(id));
      case BtfKind.Enum:
      case BtfKind.Enum64: {
        const plain = this.integerOrNone(btf.sizeOrType(id), btf.isSigned(id));
        return plain != BasicType.None && btf.memberCount(id) > 0 ? this.types.enumerated(this.kernelEnum(btf, id), 0) : plain;
      }
      case BtfKind.Pointer: {
        const element = btf.resolve(btf.sizeOrType(id));
        const type =
          depth >= MAXIMUM_POINTERS || btf.kind(element) == BtfKind.FunctionPrototype
            ? BasicType.None
            : this.fromBtf(btf, element, space, depth + 1);
        return this.types.pointer(type, space);
      }
      case BtfKind.Array: {
        const count = btf.elementCount(id);
        // Hostile BTF has arrays of themselves, and some longer than any memory.
        if (<u32>count > <u32>MAXIMUM_ARRAY || depth > MAXIMUM_POINTERS + MAXIMUM_DIMENSIONS) return BasicType.None;
        if (isCharacter(btf, btf.elementType(id)) && count > 0) return this.types.text(count);
        const element = this.fromBtf(btf, btf.elementType(id), space, depth + 1);
        if (element == BasicType.None || <i64>this.types.get(element).size * <i64>count > MAXIMUM_ARRAY) return BasicType.None;
        return this.types.array(element, count);
      }
      case BtfKind.Struct:
      case BtfKind.Union:
      // Only declared: it has a name, but no field that could be read.
      case BtfKind.Forward:
        return this.kernelRecord(btf, id);
      default:
        return BasicType.None;
    }
  }

  /** A struct or union of BTF, unless the script has one of its name. */
  protected kernelRecord(btf: Btf, id: u32): i32 {
    if (this.definesRecords) {
      const structure = this.findStructure(this.symbols.internString(btf.nameString(id)));
      if (structure != null) return structure.type;
    }
    const tag = btf.kind(id) == BtfKind.Union ? "union" : "struct";
    return this.types.record(id, <i32>min<u32>(btf.sizeOf(id), i32.MAX_VALUE), `${tag} ${btf.nameString(id)}`);
  }

  /** What a variable, map or event holds of a value of `type`: of a kernel struct, a copy as the machine of the build has it. */
  stored(type: i32): i32 {
    const btf = this.profile.kernel;
    const record = this.types.kernelRecord(type);
    if (record == 0 || btf == null || this.types.get(type).size > MAXIMUM_COPY) return type;
    return this.ownType(btf, type, 0);
  }

  /** `type` with its kernel structs replaced by copies of their layout. */
  private ownType(btf: Btf, type: i32, depth: i32): i32 {
    const info = this.types.get(type);
    if (info.kind == TypeKind.Array) {
      const element = this.ownType(btf, info.element, depth);
      return element == info.element ? type : this.types.array(element, info.count);
    }
    return info.kind == TypeKind.Record && info.structure < 0 ? this.recordCopy(btf, info.btf, depth).type : type;
  }

  private recordCopy(btf: Btf, id: u32, depth: i32): Structure {
    if (this.recordCopies.has(id)) return this.recordCopies.get(id);
    const tag = btf.kind(id) == BtfKind.Union ? "union" : "struct";
    const structure = this.types.structure(`${tag} ${btf.nameString(id)}`);
    this.recordCopies.set(id, structure);
    structure.btf = id;
    structure.size = <i32>btf.sizeOf(id);
    structure.align = 8;
    const count = btf.memberCount(id);
    for (let i: u32 = 0; i < count && depth < MAXIMUM_NESTING; i++) {
      const type = this.ownType(btf, this.fromBtf(btf, btf.memberType(id, i), AddressSpace.Kernel), depth + 1);
      // Members without a type that values can have, as arrays of no length, are left out.
      if (this.types.get(type).size == 0 || <i32>(btf.memberBitOffset(id, i) >> 3) + this.types.get(type).size > structure.size) continue;
      const name = cString(btf.memberName(id, i));
      structure.fields.push(new StructureField(name, type, <i32>btf.memberBitOffset(id, i), <i32>btf.memberBitSize(id, i)));
    }
    const info = this.types.get(structure.type);
    info.size = structure.size;
    info.align = structure.align;
    structure.complete = true;
    return structure;
  }

  private integerOrNone(size: u32, signed: bool): i32 {
    return size == 1 || size == 2 || size == 4 || size == 8 ? this.types.integer(size, signed) : BasicType.None;
  }

  // Types as written

  /** The type that `syntax` names, or None after an error. */
  namedType(syntax: TypeSyntax): i32 {
    switch (syntax.kind) {
      case NodeKind.NamedType:
        return this.plainType(<NamedType>syntax);
      case NodeKind.TaggedType:
        return this.taggedType(<TaggedType>syntax);
      case NodeKind.PointerType: {
        const element = (<PointerType>syntax).element;
        if (isVoid(element, this.symbols)) return this.types.pointer(BasicType.None, this.currentSpace);
        const type = this.namedType(element);
        return type == BasicType.None ? type : this.types.pointer(type, this.currentSpace);
      }
      case NodeKind.ArrayType:
        return this.arrayType(<ArrayType>syntax);
      case NodeKind.InlineType: {
        const definition = (<InlineType>syntax).definition;
        if (definition.kind == NodeKind.RecordDefinition) return this.structureOf(<RecordDefinition>definition).type;
        return this.types.enumerated(this.enumOf(<EnumDefinition>definition), 0);
      }
      default: {
        assert(syntax.kind == NodeKind.TypeOf, "a type syntax without a rule");
        const typeOf = <TypeOf>syntax;
        const expression = typeOf.expression;
        return expression != null ? this.expression(expression) : this.namedType(typeOf.type!);
      }
    }
  }

  /** Where addresses point that nothing else says more about; the C section belongs to no probe. */
  private get currentSpace(): AddressSpace {
    return this.context == null ? AddressSpace.None : this.probe.space;
  }

  private plainType(syntax: NamedType): i32 {
    const known = basicType(this.symbols.text(syntax.name));
    if (known != BasicType.None) return known;
    // typeof(pid): a lone name that is no type.
    if (this.isBuiltinName(syntax.name) || this.findDefine(syntax.name) != null)
      return this.expression(new Identifier(syntax.start, syntax.end, syntax.name));
    const typedef = this.findTypedef(syntax.name);
    // A name that stands for itself, as `typedef u32 u32;`, is the kernel's.
    if (typedef != null && !(typedef.kind == NodeKind.NamedType && (<NamedType>typedef).name == syntax.name))
      return this.namedType(typedef);
    const name = this.symbols.text(syntax.name);
    if (name == "string") return this.types.text(this.maximumString);
    const btf = this.kernelTypes(syntax.start, syntax.end);
    if (btf == null) return BasicType.None;
    const id = btf.findString(BtfKind.Typedef, name);
    if (id != 0) return this.fromBtf(btf, id, this.currentSpace);
    return this.error(Code.UnknownType, syntax.start, syntax.end, `Cannot resolve unknown type "${name}"`);
  }

  private taggedType(syntax: TaggedType): i32 {
    const name = syntax.name;
    if (syntax.tag != Tag.Enum) {
      const structure = this.findStructure(name);
      if (structure != null) return structure.type;
    }
    if (syntax.tag == Tag.Enum) {
      const own = this.findEnum(name);
      if (own >= 0) return this.types.enumerated(own);
    }
    const btf = this.kernelTypes(syntax.start, syntax.end);
    if (btf == null) return BasicType.None;
    const pointer = this.symbols.pointer(name);
    const length = this.symbols.length(name);
    if (syntax.tag != Tag.Enum) {
      let id = btf.find(BtfKind.Struct, pointer, length);
      if (id == 0) id = btf.find(BtfKind.Union, pointer, length);
      if (id != 0) return this.kernelRecord(btf, id);
    } else {
      const found = this.findEnum(name);
      if (found >= 0) return this.types.enumerated(found);
    }
    const tag = syntax.tag == Tag.Enum ? "enum" : syntax.tag == Tag.Union ? "union" : "struct";
    return this.error(Code.UnknownType, syntax.start, syntax.end, `Cannot resolve unknown type "${tag} ${this.symbols.text(name)}"`);
  }

  private arrayType(syntax: ArrayType): i32 {
    const size = syntax.size;
    let count: i64 = 0;
    if (size != null) {
      const constant = this.constant(size);
      if (!constant.known || constant.value < 0)
        return this.error(Code.NotConstant, size.start, size.end, "The size of an array must be a constant");
      count = constant.value;
    }
    const element = syntax.element;
    if (element.kind == NodeKind.NamedType) {
      const name = (<NamedType>element).name;
      if (this.symbols.is(name, "string") || this.symbols.is(name, "char")) {
        if (count > MAXIMUM_ARRAY) return this.error(Code.OutOfRange, syntax.start, syntax.end, "This text is too long");
        if (count > 0) return this.types.text(<i32>count);
      }
    }
    const type = this.namedType(element);
    if (type == BasicType.None) return type;
    if (<i64>this.types.get(type).size * count > MAXIMUM_ARRAY)
      return this.error(Code.OutOfRange, syntax.start, syntax.end, "This array is too large");
    return this.types.array(type, <i32>count);
  }

  // Casts

  protected cast(e: Cast): i32 {
    const operand = this.number(e.operand);
    let type = this.namedType(e.type);
    if (operand == BasicType.None || type == BasicType.None) return BasicType.None;
    if (!this.fitsText(type, e.start, e.type.end + 1)) return BasicType.None;
    const from = this.types.get(operand);
    let to = this.types.get(type);
    if (from.kind == TypeKind.Record && to.kind == TypeKind.Pointer) {
      return this.error(Code.InvalidCast, e.start, e.end, `Cannot cast from struct type "${this.types.describe(operand)}"`);
    }
    if (to.kind == TypeKind.Pointer && from.space != AddressSpace.None) {
      type = this.types.pointer(to.element, from.space);
      to = this.types.get(type);
    }
    if (to.kind == TypeKind.Array && to.count == 0 && (from.kind == TypeKind.Integer || from.kind == TypeKind.String)) {
      const size = this.types.get(to.element).size;
      if (size > 0 && from.size % size == 0) {
        type = this.types.array(to.element, from.size / size);
        to = this.types.get(type);
      }
    }
    if (operand == type && !this.isAggregateRead(e.operand))
      this.warning(
        Code.UnusedValue,
        e.start,
        e.type.end + 1,
        `Unnecessary cast: expression is already of type ${this.types.describe(type)}`,
      );
    if (this.isCastable(operand, type)) return type;
    return this.error(
      Code.InvalidCast,
      e.start,
      e.type.end + 1,
      `Cannot cast from "${this.types.describe(operand)}" to "${this.types.describe(type)}"`,
    );
  }

  /** Whether `e` reads an aggregation, which a cast makes a number. */
  private isAggregateRead(e: Expression): bool {
    return e.kind == NodeKind.MapAccess && this.types.isAggregate(this.mapOf(<MapAccess>e).valueType);
  }

  private isCastable(operand: i32, type: i32): bool {
    if (operand == type) return true;
    const from = this.types.get(operand);
    const to = this.types.get(type);
    if (this.types.isScalar(type)) {
      if (this.types.isScalar(operand) || from.kind == TypeKind.Decimal) return true;
      // Bytes as one number, and the address of an array or text in the kernel's or a process's memory.
      if (from.kind == TypeKind.Array)
        return to.kind == TypeKind.Pointer || (to.kind == TypeKind.Integer && from.size <= 8 && this.types.isInteger(from.element));
      return from.kind == TypeKind.String && to.kind == TypeKind.Pointer;
    }
    if (to.kind == TypeKind.Array && (this.types.isInteger(to.element) || to.element == BasicType.Bool)) {
      if (from.kind == TypeKind.Integer) return to.size >= 1 && to.size <= 8;
      if (from.kind == TypeKind.String) return to.size >= from.size;
      return from.kind == TypeKind.Array && from.size == to.size;
    }
    return to.kind == TypeKind.String && from.kind == TypeKind.String && to.size >= from.size;
  }

  // Sizes and offsets

  protected sizeOf(e: SizeOf): i32 {
    const expression = e.expression;
    const type = e.type;
    if (expression != null) expression.typeId = this.typeOfNameOrValue(expression);
    else if (type != null) this.namedType(type);
    return BasicType.Uint64;
  }

  /** The type of an expression; a lone name that is no value may name a type. */
  protected typeOfNameOrValue(e: Expression): i32 {
    if (e.kind == NodeKind.TypeExpression) return this.namedType((<TypeExpression>e).type);
    if (e.kind == NodeKind.Index && (<Index>e).object.kind == NodeKind.TypeExpression) {
      // A macro's parameter that stands for a type: `sizeof(t[2])`.
      const element = this.namedType((<TypeExpression>(<Index>e).object).type);
      const count = this.constant((<Index>e).index);
      if (element != BasicType.None && count.known && count.value >= 0 && count.value <= MAXIMUM_ARRAY)
        return this.types.array(element, <i32>count.value);
    }
    if (e.kind == NodeKind.Identifier) {
      const name = (<Identifier>e).name;
      if (!this.isBuiltinName(name) && this.findDefine(name) == null && this.findEnumerator(name) == null)
        return this.namedType(new NamedType(e.start, e.end, name));
    }
    return this.expression(e);
  }

  protected sizeOfType(syntax: TypeSyntax): i32 {
    return this.types.get(this.namedType(syntax)).size;
  }

  /** The struct that `e` is about, as a type id; None after an error. */
  structOf(e: OffsetOf): i32 {
    const expression = e.expression;
    const syntax = e.type;
    let type: i32 = expression != null ? expression.typeId : syntax != null ? this.namedType(syntax) : BasicType.None;
    if (type == BasicType.None) return type;
    if (this.types.kind(type) == TypeKind.Pointer) type = this.types.get(type).element;
    if (this.types.kind(type) == TypeKind.Record) return type;
    const name = e.asksExistence ? "has_field" : "offsetof";
    return this.error(Code.TypeMismatch, e.start, e.end, `${name}() needs a struct, not a value of type '${this.types.describe(type)}'`);
  }

  protected offsetOf(e: OffsetOf): i32 {
    const expression = e.expression;
    if (expression != null) expression.typeId = this.typeOfNameOrValue(expression);
    let type = this.structOf(e);
    for (let i = 0; i < e.path.length && type != BasicType.None; i++)
      type = this.fieldType(type, e.path[i], AddressSpace.Kernel, e.start, e.end);
    return BasicType.Uint64;
  }

  /** The type of field `name` of the struct or union `type`; None after an error. */
  protected fieldType(type: i32, name: u32, space: AddressSpace, start: u32, end: u32): i32 {
    const info = this.types.get(type);
    const text = this.symbols.text(name);
    if (info.kind != TypeKind.Record)
      return this.error(
        Code.TypeMismatch,
        start,
        end,
        `Can not access field '${text}' on expression of type '${this.types.describe(type)}'`,
      );
    if (info.structure >= 0) {
      const structure = this.types.structures[info.structure];
      const field = structure.find(this.types, text);
      if (field != null) return this.inSpace(field.type, space);
      const names: Array<string> = [];
      for (let i = 0; i < structure.fields.length; i++) names.push(structure.fields[i].name);
      return this.error(
        Code.UnknownField,
        start,
        end,
        `Struct/union of type '${structure.text}' does not contain a field named '${text}'`,
        closest(text, names),
      );
    }
    const btf = this.kernelTypes(start, end);
    if (btf == null) return BasicType.None;
    const member = btf.findMember(info.btf, this.symbols.pointer(name), this.symbols.length(name));
    if (member == null)
      return this.error(
        Code.UnknownField,
        start,
        end,
        `Struct/union of type '${info.text}' does not contain a field named '${text}'`,
        closest(text, memberNames(btf, info.btf)),
      );
    const found = this.fromBtf(btf, member.type, space == AddressSpace.Context ? AddressSpace.Kernel : space);
    return found != BasicType.None ? found : this.error(Code.Unsupported, start, end, `The type of field '${text}' has no values`);
  }

  /** `type`, its address in `space` if it is a pointer that says nothing itself. */
  private inSpace(type: i32, space: AddressSpace): i32 {
    const info = this.types.get(type);
    return info.kind == TypeKind.Pointer && info.space == AddressSpace.None ? this.types.pointer(info.element, space) : type;
  }
}

/** `char`, whatever its qualifiers: an array of it is text. */
function isCharacter(btf: Btf, id: u32): bool {
  id = btf.resolve(id);
  return btf.kind(id) == BtfKind.Int && btf.sizeOrType(id) == 1 && btf.nameString(id) == "char";
}

function memberNames(btf: Btf, id: u32): Array<string> {
  const names: Array<string> = [];
  const count = btf.memberCount(id);
  for (let i: u32 = 0; i < count; i++) {
    const name = cString(btf.memberName(id, i));
    if (name.length > 0) names.push(name);
  }
  return names;
}

export function isVoid(syntax: TypeSyntax, symbols: Symbols): bool {
  return syntax.kind == NodeKind.NamedType && symbols.is((<NamedType>syntax).name, "void");
}

/** The language's and C's own types by name; None for other names. Sizes are those of the 64-bit Linux ABIs. */
function basicType(name: string): i32 {
  if (name == "int8" || name == "int8_t" || name == "char" || name == "signed char" || name == "s8" || name == "__s8")
    return BasicType.Int8;
  if (name == "int16" || name == "int16_t" || name == "short" || name == "s16" || name == "__s16") return BasicType.Int16;
  if (name == "int32" || name == "int32_t" || name == "int" || name == "s32" || name == "__s32") return BasicType.Int32;
  if (
    name == "int64" ||
    name == "int64_t" ||
    name == "long" ||
    name == "long long" ||
    name == "s64" ||
    name == "__s64" ||
    name == "ssize_t"
  )
    return BasicType.Int64;
  if (name == "uint8" || name == "uint8_t" || name == "unsigned char" || name == "u8" || name == "__u8") return BasicType.Uint8;
  if (name == "uint16" || name == "uint16_t" || name == "unsigned short" || name == "u16" || name == "__u16") return BasicType.Uint16;
  if (name == "uint32" || name == "uint32_t" || name == "unsigned int" || name == "u32" || name == "__u32") return BasicType.Uint32;
  if (
    name == "uint64" ||
    name == "uint64_t" ||
    name == "unsigned long" ||
    name == "unsigned long long" ||
    name == "u64" ||
    name == "__u64" ||
    name == "size_t" ||
    name == "uintptr_t"
  )
    return BasicType.Uint64;
  if (name == "bool" || name == "_Bool") return BasicType.Bool;
  return BasicType.None;
}
