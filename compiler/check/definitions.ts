// What the script's C section defines: structs and unions with C's layout, enums, and the constants of all of them.
//
// Layout is that of the System V ABI for x86-64 and of AAPCS64, which agree for what a script can write here.

import { Code } from "../source/diagnostics";
import { Define, EnumDefinition, Expression, NodeKind, Program, RecordDefinition, Tag, TypeDefinition, TypeSyntax } from "../syntax/ast";
import {
  Binary,
  BooleanLiteral,
  Call,
  Cast,
  Comptime,
  Conditional,
  Identifier,
  IntegerLiteral,
  SizeOf,
  Unary,
} from "../syntax/expression-nodes";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { parseExpressionAt } from "../syntax/parser";
import { Btf, BtfKind } from "../target/btf";
import { CheckerBase } from "./base";
import { foldOperator } from "./constant-operators";
import { headerConstants } from "./header-constants";
import { alignUp, BasicType, Enumeration, Structure, StructureField, TypeKind } from "./types";

/** Depth of defines inside defines. */
const MAXIMUM_DEPTH: i32 = 32;

/** One constant of an enum. */
@final
export class EnumeratorSymbol {
  constructor(
    /** Index into `TypeTable.enumerations`. */
    public enumeration: i32,
    /** Index into its names and values. */
    public index: i32,
  ) {}
}

/** What constant evaluation found; `known` is false when the expression is no constant. */
@final
export class Constant {
  known: bool = false;
  value: i64 = 0;
}

export abstract class DefinitionChecker extends CheckerBase {
  private defines: Map<u32, Define> = new Map();
  private records: Map<u32, RecordDefinition> = new Map();
  private enums: Map<u32, i32> = new Map();
  /** Indices of the script's enums, by the start of their definition. */
  private enumStarts: Map<u32, i32> = new Map();
  private typedefs: Map<u32, TypeSyntax> = new Map();
  private enumerators: Map<u32, EnumeratorSymbol> = new Map();
  /** Structures that were laid out, by the start of their definition. */
  private structures: Map<u32, Structure> = new Map();
  /** Index of an enum of BTF by its id. */
  private kernelEnums: Map<u32, i32> = new Map();
  /** Names that no enum of BTF has. */
  private unknownEnumerators: Set<u32> = new Set();

  abstract namedType(syntax: TypeSyntax): i32;

  protected abstract sizeOfType(syntax: TypeSyntax): i32;

  /** Collects the script's definitions; a later one of the same name replaces the one before only for #define. */
  protected define(program: Program): void {
    for (let i = 0; i < program.definitions.length; i++) {
      const node = program.definitions[i];
      switch (node.kind) {
        case NodeKind.Define: {
          const define = <Define>node;
          this.defines.set(define.name, define);
          break;
        }
        case NodeKind.RecordDefinition: {
          const record = <RecordDefinition>node;
          if (this.records.has(record.name))
            this.error(Code.InvalidDefinition, record.start, record.end, `redefinition of '${this.symbols.text(record.name)}'`);
          this.records.set(record.name, record);
          break;
        }
        case NodeKind.EnumDefinition:
          this.enumOf(<EnumDefinition>node);
          break;
        case NodeKind.TypeDefinition:
          this.typedefs.set((<TypeDefinition>node).name, (<TypeDefinition>node).type);
          break;
        default:
          // Local headers have been read in their place; types of other ones come from BTF.
          assert(node.kind == NodeKind.Include, "a definition without a rule");
      }
    }
  }

  // Defines

  /** The definition of an object-like macro, or null. */
  findDefine(name: u32): Define | null {
    if (!this.defines.has(name)) return null;
    const define = this.defines.get(name);
    return define.parameters == null && define.bodyEnd > define.bodyStart ? define : null;
  }

  /** The body of `define` as an expression, parsed anew: each use is annotated by itself. */
  protected bodyOf(define: Define): Expression {
    return parseExpressionAt(this.diagnostics.source, this.symbols, this.diagnostics, define.bodyStart, define.bodyEnd);
  }

  /** The value of a constant that kernel headers define, which BTF does not hold. */
  headerConstant(name: u32): Constant {
    const result = new Constant();
    const names = headerConstants();
    for (let i = 0; i < names.length; i++) {
      if (!this.symbols.is(name, names[i].name)) continue;
      result.known = true;
      result.value = names[i].value;
    }
    return result;
  }

  // Constants

  /** The value of an expression that needs no program to run. */
  protected constant(e: Expression, depth: i32 = 0): Constant {
    const result = new Constant();
    if (depth > MAXIMUM_DEPTH) return result;
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        result.known = true;
        result.value = <i64>(<IntegerLiteral>e).value;
        return result;
      case NodeKind.Identifier: {
        const name = (<Identifier>e).name;
        const define = this.findDefine(name);
        if (define != null) return this.constant(this.bodyOf(define), depth + 1);
        const symbol = this.findEnumerator(name);
        if (symbol == null) return this.headerConstant(name);
        result.known = true;
        result.value = this.types.enumerations[symbol.enumeration].values[symbol.index];
        return result;
      }
      case NodeKind.Unary: {
        const unary = <Unary>e;
        const operand = this.constant(unary.operand, depth + 1);
        if (!operand.known) return result;
        result.known = true;
        if (unary.operator == UnaryOperator.Negate) result.value = -operand.value;
        else if (unary.operator == UnaryOperator.Complement) result.value = ~operand.value;
        else if (unary.operator == UnaryOperator.Not) result.value = operand.value == 0 ? 1 : 0;
        else result.known = false;
        return result;
      }
      case NodeKind.Binary: {
        const binary = <Binary>e;
        if (binary.operator >= BinaryOperator.Less && binary.operator <= BinaryOperator.NotEqual) {
          const order = this.textOrder(binary.left, binary.right);
          if (order.known) {
            foldOperator(binary.operator, order.value, 0, order);
            return order;
          }
        }
        const left = this.constant(binary.left, depth + 1);
        const right = this.constant(binary.right, depth + 1);
        if (!left.known || !right.known) return result;
        result.known = foldOperator(binary.operator, left.value, right.value, result);
        return result;
      }
      case NodeKind.Conditional: {
        const conditional = <Conditional>e;
        const condition = this.constant(conditional.condition, depth + 1);
        if (!condition.known) return condition;
        const then = conditional.then;
        if (condition.value == 0) return this.constant(conditional.otherwise, depth + 1);
        return then == null ? condition : this.constant(then, depth + 1);
      }
      case NodeKind.Cast:
        return this.castConstant(e.typeId, this.constant((<Cast>e).operand, depth + 1));
      case NodeKind.SizeOf: {
        const type = (<SizeOf>e).type;
        const expression = (<SizeOf>e).expression;
        if (type != null) result.value = this.sizeOfType(type);
        else if (expression != null && expression.typeId > BasicType.None) result.value = this.types.get(expression.typeId).size;
        result.known = result.value > 0;
        return result;
      }
      case NodeKind.BooleanLiteral:
        result.known = true;
        result.value = (<BooleanLiteral>e).value ? 1 : 0;
        return result;
      case NodeKind.Comptime:
        return this.constant((<Comptime>e).operand, depth + 1);
      case NodeKind.Call:
        return this.callConstant(<Call>e);
      default:
        return result;
    }
  }

  /** A constant after a cast to `type`, which is not known for casts of the C section: those are taken as they stand. */
  private castConstant(type: i32, constant: Constant): Constant {
    if (!constant.known || type <= BasicType.None) return constant;
    const info = this.types.get(type);
    if (info.kind == TypeKind.Pointer) return constant;
    const unused: i64 = 64 - (info.size << 3);
    if (info.kind == TypeKind.Bool) constant.value = constant.value != 0 ? 1 : 0;
    else if (info.kind != TypeKind.Integer) constant.known = false;
    else if (info.signed) constant.value = (constant.value << unused) >> unused;
    else constant.value = <i64>(((<u64>constant.value) << unused) >> unused);
    return constant;
  }

  /** The value of a call that is known while compiling. */
  protected abstract callConstant(e: Call): Constant;

  /** How two texts that are known while compiling compare: -1, 0 or 1. */
  protected abstract textOrder(left: Expression, right: Expression): Constant;

  // Structs

  protected get definesRecords(): bool {
    return this.records.size > 0;
  }

  /** The script's struct or union called `name`, laid out; null if it defines none. */
  protected findStructure(name: u32): Structure | null {
    return this.records.has(name) ? this.structureOf(this.records.get(name)) : null;
  }

  protected structureOf(definition: RecordDefinition): Structure {
    if (this.structures.has(definition.start)) return this.structures.get(definition.start);
    const tag = definition.tag == Tag.Union ? "union" : "struct";
    const structure = this.types.structure(definition.name != 0 ? `${tag} ${this.symbols.text(definition.name)}` : tag);
    this.structures.set(definition.start, structure);
    // Structs are laid out once, in whatever pass first names them: what is wrong is said then.
    const isReporting = this.reporting;
    this.reporting = true;
    this.layOut(structure, definition);
    this.reporting = isReporting;
    const info = this.types.get(structure.type);
    info.size = structure.size;
    info.align = structure.align;
    structure.complete = true;
    return structure;
  }

  private layOut(structure: Structure, definition: RecordDefinition): void {
    const isUnion = definition.tag == Tag.Union;
    let bits = 0;
    let size = 0;
    for (let i = 0; i < definition.fields.length; i++) {
      const field = definition.fields[i];
      const type = this.namedType(field.type);
      const info = this.types.get(type);
      if (info.kind == TypeKind.Record && info.structure >= 0 && !this.types.structures[info.structure].complete) {
        // Structs are laid out once, when they are first named.
        this.diagnostics.error(Code.InvalidDefinition, field.start, field.end, "field has incomplete type");
        continue;
      }
      const align = definition.packed ? 1 : naturalAlign(info.kind == TypeKind.Record ? info.align : this.elementAlign(type));
      if (isUnion) bits = 0;
      if (field.bits >= 0) {
        const unit = info.size * 8;
        // A bitfield does not straddle units of its type; one of width 0 ends the unit.
        if (unit > 0 && !definition.packed && (field.bits == 0 || (bits % unit) + field.bits > unit)) bits = alignUp(bits, unit);
      } else bits = alignUp(alignUp(bits, 8), align * 8);
      if (field.bits != 0 && align > structure.align) structure.align = align;
      if (field.bits != 0)
        structure.fields.push(new StructureField(field.name != 0 ? this.symbols.text(field.name) : "", type, bits, max(field.bits, 0)));
      bits += field.bits >= 0 ? field.bits : info.size * 8;
      size = max(size, (bits + 7) >> 3);
    }
    structure.size = alignUp(size, structure.align);
  }

  /** Alignment in C of a value: that of an array is its element's. */
  protected elementAlign(type: i32): i32 {
    const info = this.types.get(type);
    if (info.kind == TypeKind.Array) return this.elementAlign(info.element);
    if (info.kind == TypeKind.Record) return info.align;
    return info.kind == TypeKind.String ? 1 : max(info.size, 1);
  }

  /** The type that a typedef of a header gives this name, or null. */
  protected findTypedef(name: u32): TypeSyntax | null {
    return this.typedefs.has(name) ? this.typedefs.get(name) : null;
  }

  // Enums

  protected enumOf(definition: EnumDefinition): i32 {
    if (this.enumStarts.has(definition.start)) return this.enumStarts.get(definition.start);
    const enumeration = new Enumeration(definition.name != 0 ? this.symbols.text(definition.name) : "", 0);
    const index = this.types.enumerations.length;
    this.types.enumerations.push(enumeration);
    this.enumStarts.set(definition.start, index);
    if (definition.name != 0) this.enums.set(definition.name, index);
    let next: i64 = 0;
    for (let i = 0; i < definition.enumerators.length; i++) {
      const enumerator = definition.enumerators[i];
      const value = enumerator.value;
      if (value != null) {
        const constant = this.constant(value);
        if (!constant.known) this.error(Code.NotConstant, value.start, value.end, "The value of an enumerator must be a constant");
        next = constant.value;
      }
      this.enumerators.set(enumerator.name, new EnumeratorSymbol(index, enumeration.names.length));
      enumeration.names.push(this.symbols.text(enumerator.name));
      enumeration.values.push(next);
      if (next < 0) enumeration.signed = true;
      if (next > <i64>u32.MAX_VALUE || next < i32.MIN_VALUE) enumeration.size = 8;
      next++;
    }
    return index;
  }

  /** Index of the enum called `name`, of the script or of BTF; -1 if there is none. */
  protected findEnum(name: u32): i32 {
    if (this.enums.has(name)) return this.enums.get(name);
    const btf = this.profile.kernel;
    if (btf == null) return -1;
    let id = btf.find(BtfKind.Enum, this.symbols.pointer(name), this.symbols.length(name));
    if (id == 0) id = btf.find(BtfKind.Enum64, this.symbols.pointer(name), this.symbols.length(name));
    return id == 0 ? -1 : this.kernelEnum(btf, id);
  }

  /** Index of the enum with BTF id `id`. */
  protected kernelEnum(btf: Btf, id: u32): i32 {
    if (this.kernelEnums.has(id)) return this.kernelEnums.get(id);
    const enumeration = new Enumeration(btf.nameString(id), id);
    enumeration.size = <i32>btf.sizeOrType(id);
    enumeration.signed = btf.isSigned(id);
    const count = btf.memberCount(id);
    for (let i: u32 = 0; i < count; i++) {
      enumeration.names.push(cString(btf.enumeratorName(id, i)));
      enumeration.values.push(btf.enumeratorValue(id, i));
    }
    const index = this.types.enumerations.length;
    this.types.enumerations.push(enumeration);
    this.kernelEnums.set(id, index);
    return index;
  }

  /** The enum constant called `name`, of the script or of the target's BTF; null if there is none. */
  findEnumerator(name: u32): EnumeratorSymbol | null {
    if (this.enumerators.has(name)) return this.enumerators.get(name);
    const btf = this.profile.kernel;
    if (btf == null || this.unknownEnumerators.has(name)) return null;
    const pointer = this.symbols.pointer(name);
    const length = this.symbols.length(name);
    for (let id: u32 = 1; id < btf.typeCount; id++) {
      const kind = btf.kind(id);
      if (kind != BtfKind.Enum && kind != BtfKind.Enum64) continue;
      const count = btf.memberCount(id);
      for (let i: u32 = 0; i < count; i++) {
        const candidate = btf.enumeratorName(id, i);
        if (memory.compare(candidate, pointer, length) != 0 || load<u8>(candidate + length) != 0) continue;
        const symbol = new EnumeratorSymbol(this.kernelEnum(btf, id), <i32>i);
        this.enumerators.set(name, symbol);
        return symbol;
      }
    }
    this.unknownEnumerators.add(name);
    return null;
  }
}

function naturalAlign(align: i32): i32 {
  return align >= 8 ? 8 : align >= 4 ? 4 : align >= 2 ? 2 : 1;
}

/** The NUL-terminated text at `pointer`. */
export function cString(pointer: usize): string {
  let length = 0;
  while (load<u8>(pointer + length) != 0) length++;
  return String.UTF8.decodeUnsafe(pointer, length);
}
