// Types of expressions. Each walk annotates `typeId`; the walk before lowering is the one that counts, and that reports.

import {
  Binary, Cast, Conditional, FieldAccess, Identifier, Index, IntegerLiteral, MapAccess, OffsetOf, SizeOf, StringLiteral, Tuple, TupleIndex, Unary, Variable, Call,
  BooleanLiteral,
} from "../syntax/expression-nodes";
import { ArrayType, Expression, NamedType, NodeKind, PointerType, TaggedType, TypeSyntax } from "../syntax/ast";
import { providerName } from "../syntax/attach-point";
import { BinaryOperator, UnaryOperator, binaryText } from "../syntax/operators";
import { Code, Diagnostics } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import { Btf, BtfKind } from "../target/btf";
import { FieldKind } from "../target/tracepoint";
import { Needs, Profile } from "../target/profile";
import { AddressSpace, BasicType, TypeKind, TypeTable } from "./types";
import { BuiltinRow, Recipe, builtinRows, registerArgumentRow } from "./builtins";
import { MapSymbol, Scopes } from "./scope";
import { ProbeContext } from "./probe-context";
import { closest } from "./suggestion";

/** Longest text of `str()` and of dynamic tracepoint strings: the config key max_strlen. */
export const MAXIMUM_STRING: i32 = 1024;

export abstract class ExpressionChecker {
  types: TypeTable = new TypeTable();
  needs: Needs = new Needs();
  maps: Array<MapSymbol> = [];
  /** Type of each scratch variable by attach point and declaration; survives the walks, and only widens. */
  variableTypes: Map<u64, i32> = new Map();
  scopes: Scopes = new Scopes();
  /** False in the walks that only infer types. */
  reporting: bool = false;
  /** A walk learned something: another one is due. */
  changed: bool = false;
  /** Set while an attach point is walked. */
  protected context: ProbeContext | null = null;
  private builtins: Array<BuiltinRow> = builtinRows();
  private registerArgument: BuiltinRow = registerArgumentRow();

  constructor(
    public symbols: Symbols,
    public diagnostics: Diagnostics,
    public profile: Profile,
  ) {}

  protected abstract call(e: Call): i32;

  get probe(): ProbeContext {
    return this.context!;
  }

  protected error(code: Code, start: u32, end: u32, message: string, hint: string = ""): i32 {
    if (this.reporting) this.diagnostics.error(code, start, end, message, hint);
    return BasicType.None;
  }

  protected warning(code: Code, start: u32, end: u32, message: string, hint: string = ""): void {
    if (this.reporting) this.diagnostics.warning(code, start, end, message, hint);
  }

  protected unsupported(start: u32, end: u32, what: string): i32 {
    return this.error(Code.Unsupported, start, end, `${what} is not supported yet`);
  }

  /** The type of `e`, which is recorded in it. */
  expression(e: Expression): i32 {
    const type = this.typeOf(e);
    e.typeId = type;
    return type;
  }

  private typeOf(e: Expression): i32 {
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        return this.integerLiteral(<IntegerLiteral>e);
      case NodeKind.StringLiteral:
        return this.types.text((<StringLiteral>e).length + 1);
      case NodeKind.BooleanLiteral:
        return BasicType.Bool;
      case NodeKind.Identifier:
        return this.identifier(<Identifier>e);
      case NodeKind.Variable:
        return this.variable(<Variable>e);
      case NodeKind.MapAccess:
        return this.mapRead(<MapAccess>e);
      case NodeKind.Unary:
        return this.unary(<Unary>e);
      case NodeKind.Binary:
        return this.binary(<Binary>e);
      case NodeKind.Conditional:
        return this.conditional(<Conditional>e);
      case NodeKind.Call:
        return this.call(<Call>e);
      case NodeKind.FieldAccess:
        return this.fieldAccess(<FieldAccess>e);
      case NodeKind.Tuple:
        return this.tuple((<Tuple>e).elements);
      case NodeKind.Cast:
        return this.cast(<Cast>e);
      case NodeKind.SizeOf:
        return this.sizeOf(<SizeOf>e);
      case NodeKind.ErrorExpression:
        return BasicType.None;
      case NodeKind.Index:
        this.expression((<Index>e).object);
        return this.unsupported(e.start, e.end, "Indexing");
      case NodeKind.TupleIndex:
        this.expression((<TupleIndex>e).object);
        return this.unsupported(e.start, e.end, "Access to a tuple's element");
      case NodeKind.DecimalLiteral:
        return this.unsupported(e.start, e.end, "A decimal literal");
      case NodeKind.PositionalParameter:
        return BasicType.Int64;
      case NodeKind.ParameterCount:
        return BasicType.Uint64;
      case NodeKind.OffsetOf:
        return this.offsetOf(<OffsetOf>e);
      case NodeKind.TypeInformation:
        return this.unsupported(e.start, e.end, "typeinfo");
      case NodeKind.ContainerOf:
        return this.unsupported(e.start, e.end, "container_of");
      case NodeKind.Comptime:
        return this.unsupported(e.start, e.end, "comptime");
      case NodeKind.Record:
        return this.unsupported(e.start, e.end, "A record");
      case NodeKind.BlockExpression:
        return this.unsupported(e.start, e.end, "A block expression");
      case NodeKind.IfExpression:
        return this.unsupported(e.start, e.end, "An if expression");
      default:
        assert(false, "an expression kind without a rule");
        return BasicType.None;
    }
  }

  /** Features 5.1 T1: the smallest signed type that holds it; above the largest, uint64. */
  private integerLiteral(e: IntegerLiteral): i32 {
    if (e.duration) return BasicType.Uint64;
    const value = <i64>e.value;
    if (!e.negative && value < 0) return BasicType.Uint64;
    if (value >= i8.MIN_VALUE && value <= i8.MAX_VALUE) return BasicType.Int8;
    if (value >= i16.MIN_VALUE && value <= i16.MAX_VALUE) return BasicType.Int16;
    if (value >= i32.MIN_VALUE && value <= i32.MAX_VALUE) return BasicType.Int32;
    return BasicType.Int64;
  }

  /** Features 5.1 T2: a literal without a minus takes the sign of its neighbour. */
  private isFlexible(e: Expression): bool {
    return e.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>e).negative;
  }

  findBuiltin(name: u32): BuiltinRow | null {
    for (let i = 0; i < this.builtins.length; i++) if (this.symbols.is(name, this.builtins[i].name)) return this.builtins[i];
    return this.registerIndex(name) >= 0 ? this.registerArgument : null;
  }

  /** N of `argN`, or -1. */
  registerIndex(name: u32): i32 {
    const length = this.symbols.length(name);
    const text = this.symbols.pointer(name);
    if (length < 4 || length > 5 || load<u8>(text) != 0x61 || load<u8>(text, 1) != 0x72 || load<u8>(text, 2) != 0x67) return -1;
    let value = 0;
    for (let i: u32 = 3; i < length; i++) {
      const digit = <i32>load<u8>(text + i) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  private identifier(e: Identifier): i32 {
    const row = this.findBuiltin(e.name);
    if (row == null) {
      const name = this.symbols.text(e.name);
      const names: Array<string> = [];
      for (let i = 0; i < this.builtins.length; i++) names.push(this.builtins[i].name);
      return this.error(Code.UnknownIdentifier, e.start, e.end, `Unknown identifier: '${name}'`, closest(name, names));
    }
    const probe = this.probe;
    switch (row.recipe) {
      case Recipe.CommandName:
        return this.types.text(16);
      case Recipe.CurrentTask:
        return this.currentTask(e);
      case Recipe.ProbeName:
        return this.types.text(this.probeName().length + 1);
      case Recipe.ProbeArguments:
        if (!probe.waiting && probe.format == null) {
          return this.error(Code.NotAvailableHere, e.start, e.end, `The args builtin can not be used with ${providerName(probe.provider)} probes`);
        }
        return BasicType.Arguments;
      case Recipe.RegisterArgument:
        if (!probe.hasRegisterArguments) {
          return this.error(Code.NotAvailableHere, e.start, e.end, `The ${this.symbols.text(e.name)} builtin can not be used with ${providerName(probe.provider)} probes`);
        }
        if (this.registerIndex(e.name) > 5) {
          return this.error(Code.OutOfRange, e.start, e.end, `x86_64 doesn't support ${this.symbols.text(e.name)}`, "Only the first six arguments are in registers: arg0 to arg5.");
        }
        return row.type;
      case Recipe.ReturnValue:
        if (!probe.hasReturnValue) {
          return this.error(Code.NotAvailableHere, e.start, e.end, `The retval builtin can not be used with ${providerName(probe.provider)} probes`);
        }
        return row.type;
      default:
        return row.type;
    }
  }

  /** The probe as the peer prints it. */
  probeName(): string {
    const probe = this.probe;
    let name = providerName(probe.provider);
    for (let i = 0; i < probe.point.parts.length; i++) name += ":" + probe.part(i);
    return name;
  }

  /** BTF of the kernel, or null: then it is a need now, or an error was reported for this span. */
  protected kernelTypes(start: u32, end: u32): Btf | null {
    const profile = this.profile;
    if (!profile.kernelAnswered) {
      this.needs.kernelBtf = true;
      return null;
    }
    if (profile.kernel == null) {
      const why = profile.kernelError.length > 0 ? `The BTF of the target cannot be used: ${profile.kernelError}` : "The target has no BTF";
      this.error(Code.MissingTypes, start, end, why, "Kernel structs are only known through BTF: a kernel built with CONFIG_DEBUG_INFO_BTF has it in /sys/kernel/btf/vmlinux.");
    }
    return profile.kernel;
  }

  private currentTask(e: Identifier): i32 {
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    const id = btf.findString(BtfKind.Struct, "task_struct");
    if (id == 0) return this.error(Code.UnknownType, e.start, e.end, "The BTF of the target has no struct task_struct");
    return this.types.pointer(this.types.record(id, <i32>btf.sizeOf(id)), AddressSpace.Kernel);
  }

  /** The type of a value of BTF type `id` in memory of `space`. */
  protected fromBtf(btf: Btf, id: u32, space: AddressSpace): i32 {
    id = btf.resolve(id);
    switch (btf.kind(id)) {
      case BtfKind.Int:
        return btf.isBool(id) ? BasicType.Bool : this.integerOrNone(btf.sizeOrType(id), btf.isSigned(id));
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return this.integerOrNone(btf.sizeOrType(id), btf.isSigned(id));
      case BtfKind.Pointer: {
        const element = btf.resolve(btf.sizeOrType(id));
        const kind = btf.kind(element);
        // Pointers to pointers and to functions stop here: a type for each level would never end.
        const type = kind == BtfKind.Pointer ? BasicType.Uint64 : kind == BtfKind.FunctionPrototype ? BasicType.None : this.fromBtf(btf, element, space);
        return this.types.pointer(type, space);
      }
      case BtfKind.Array: {
        const element = btf.resolve(btf.elementType(id));
        if (btf.kind(element) == BtfKind.Int && btf.sizeOrType(element) == 1 && btf.elementCount(id) > 0) return this.types.text(btf.elementCount(id));
        return this.types.array(this.fromBtf(btf, element, space), btf.elementCount(id));
      }
      case BtfKind.Struct:
      case BtfKind.Union:
        return this.types.record(id, <i32>btf.sizeOf(id));
      default:
        return BasicType.None;
    }
  }

  private integerOrNone(size: u32, signed: bool): i32 {
    return size == 1 || size == 2 || size == 4 || size == 8 ? this.types.integer(size, signed) : BasicType.None;
  }

  private fieldAccess(e: FieldAccess): i32 {
    const object = this.expression(e.object);
    const kind = this.types.kind(object);
    if (kind == TypeKind.Arguments) return this.argumentField(e);
    if (object == BasicType.None) return BasicType.None;
    const record = kind == TypeKind.Pointer ? this.types.get(this.types.get(object).element) : this.types.get(object);
    if (record.kind != TypeKind.Record) {
      return this.error(Code.TypeMismatch, e.start, e.end, `Can not access field '${this.symbols.text(e.name)}' on expression of type '${this.types.describe(object)}'`);
    }
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    const member = btf.findMember(record.btf, this.symbols.pointer(e.name), this.symbols.length(e.name));
    if (member == null) {
      const name = this.symbols.text(e.name);
      const tag = btf.kind(record.btf) == BtfKind.Union ? "union" : "struct";
      return this.error(Code.UnknownField, e.nameStart, e.end, `${tag} ${btf.nameString(record.btf)} does not contain a field named '${name}'`, closest(name, this.memberNames(btf, record.btf)));
    }
    if (member.bitSize != 0) return this.unsupported(e.start, e.end, "Access to a bitfield");
    const type = this.fromBtf(btf, member.type, AddressSpace.Kernel);
    if (type == BasicType.None) return this.unsupported(e.start, e.end, "A field of this type");
    return type;
  }

  private memberNames(btf: Btf, id: u32): Array<string> {
    const names: Array<string> = [];
    const count = btf.memberCount(id);
    for (let i: u32 = 0; i < count; i++) {
      const name = btf.memberName(id, i);
      let length = 0;
      while (load<u8>(name + length) != 0) length++;
      if (length > 0) names.push(String.UTF8.decodeUnsafe(name, length));
    }
    return names;
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
      return this.error(Code.UnknownField, e.nameStart, e.end, `tracepoint ${probe.tracepointName} does not contain a field named '${name}'`, closest(name, names));
    }
    if (name.startsWith("common_")) {
      return this.error(Code.NotAvailableHere, e.nameStart, e.end, `The field '${name}' of a tracepoint can not be read`, "The kernel hides the common fields from BPF: use pid, tid and probe.");
    }
    switch (field.kind) {
      case FieldKind.DataLocation:
        return this.types.text(MAXIMUM_STRING);
      case FieldKind.Array:
        return this.types.text(<i32>field.size);
      default:
        if (field.isPointer) return this.types.pointer(BasicType.Int8, probe.space);
        return this.types.integer(<i32>field.size, field.signed);
    }
  }

  private variable(e: Variable): i32 {
    const symbol = this.scopes.find(e.name);
    if (symbol == null) return this.error(Code.UnknownVariable, e.start, e.end, `Undefined or undeclared variable: $${this.symbols.text(e.name)}`);
    return this.variableType(symbol.declaration);
  }

  protected variableType(declaration: u32): i32 {
    const key = (<u64>this.probe.index << 32) | <u64>declaration;
    return this.variableTypes.has(key) ? this.variableTypes.get(key) : BasicType.None;
  }

  protected setVariableType(declaration: u32, type: i32): void {
    const key = (<u64>this.probe.index << 32) | <u64>declaration;
    if (this.variableType(declaration) == type) return;
    this.variableTypes.set(key, type);
    this.changed = true;
  }

  // Maps

  mapOf(e: MapAccess): MapSymbol {
    for (let i = 0; i < this.maps.length; i++) if (this.maps[i].name == e.name) return this.maps[i];
    const map = new MapSymbol(e.name, "@" + this.symbols.text(e.name), this.maps.length, e.start, e.nameEnd);
    this.maps.push(map);
    return map;
  }

  /** Checks the key of an access (or of `delete(@map, key)`) and widens the map's key type. */
  protected mapKey(map: MapSymbol, keys: Array<Expression> | null, start: u32, end: u32): void {
    if (keys == null) {
      if (!map.isScalar) this.changed = true;
      map.isScalar = true;
    } else {
      if (!map.isKeyed) this.changed = true;
      map.isKeyed = true;
      const type = keys.length == 1 ? this.expression(keys[0]) : this.tuple(keys);
      if (type == BasicType.None) return;
      const widened = map.keyType == BasicType.None ? type : this.promote(map.keyType, type, keys.length == 1 && this.isFlexible(keys[0]));
      if (widened == BasicType.None || this.types.isAggregate(type) || this.types.kind(type) == TypeKind.Record) {
        this.error(Code.TypeMismatch, start, end, `Argument mismatch for ${map.text}: trying to access with arguments: '${this.types.describe(type)}' when map expects arguments: '${this.types.describe(map.keyType)}'`);
      } else if (widened != map.keyType) {
        map.keyType = widened;
        this.changed = true;
      }
    }
    if (map.isKeyed && map.isScalar) {
      this.error(Code.InvalidKey, start, end, keys == null ? `${map.text} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)` : `${map.text} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)`);
    }
  }

  private mapRead(e: MapAccess): i32 {
    const map = this.mapOf(e);
    this.mapKey(map, e.keys, e.start, e.end);
    if (map.valueType == BasicType.None) return this.error(Code.UnknownMap, e.start, e.nameEnd, `Undefined map: ${map.text}`);
    if (this.types.isAggregate(map.valueType) && !this.types.isReadableAggregate(map.valueType)) {
      return this.error(Code.InvalidOperator, e.start, e.end, `Map value '${this.types.describe(map.valueType)}' cannot be read`);
    }
    if (this.types.isAggregate(map.valueType)) return this.unsupported(e.start, e.end, "Reading an aggregation inside the script");
    return map.valueType;
  }

  protected tuple(elements: Array<Expression>): i32 {
    const fields: Array<i32> = [];
    let known = true;
    for (let i = 0; i < elements.length; i++) {
      const type = this.expression(elements[i]);
      if (type == BasicType.None) known = false;
      else if (!this.types.isScalar(type) && this.types.kind(type) != TypeKind.String && this.types.kind(type) != TypeKind.Tuple) {
        return this.error(Code.TypeMismatch, elements[i].start, elements[i].end, `A value of type '${this.types.describe(type)}' can not be part of a tuple`);
      }
      fields.push(type);
    }
    return known ? this.types.tuple(fields) : BasicType.None;
  }

  /**
   * The type that holds values of both (features 5.1 T3, T12), or None where there is none. A flexible right side takes the
   * sign of the left.
   */
  promote(left: i32, right: i32, flexible: bool): i32 {
    if (left == right) return left;
    const a = this.types.get(left);
    const b = this.types.get(right);
    if (a.kind == TypeKind.Integer && b.kind == TypeKind.Integer) {
      const larger = max(a.size, b.size);
      if (a.signed == b.signed || flexible) return this.types.integer(larger, a.signed);
      const signedSize = a.signed ? a.size : b.size;
      const unsignedSize = a.signed ? b.size : a.size;
      if (signedSize > unsignedSize) return this.types.integer(signedSize, true);
      return this.types.integer(min(larger * 2, 8), true);
    }
    if (a.kind == TypeKind.String && b.kind == TypeKind.String) return a.size >= b.size ? left : right;
    if (a.kind == TypeKind.Pointer && b.kind == TypeKind.Pointer) return left;
    if (a.kind == TypeKind.Tuple && b.kind == TypeKind.Tuple && a.fields.length == b.fields.length) {
      const fields: Array<i32> = [];
      for (let i = 0; i < a.fields.length; i++) {
        const field = this.promote(a.fields[i], b.fields[i], false);
        if (field == BasicType.None) return BasicType.None;
        fields.push(field);
      }
      return this.types.tuple(fields);
    }
    return BasicType.None;
  }

  // Operators

  /** A condition: a number, a pointer or a bool. */
  protected condition(e: Expression, what: string): void {
    const type = this.expression(e);
    if (type == BasicType.None || this.types.isScalar(type)) return;
    this.error(Code.TypeMismatch, e.start, e.end, `Invalid condition in ${what}: ${this.types.describe(type)}`);
  }

  private unary(e: Unary): i32 {
    const operand = e.operand;
    switch (e.operator) {
      case UnaryOperator.PreIncrement:
      case UnaryOperator.PreDecrement:
      case UnaryOperator.PostIncrement:
      case UnaryOperator.PostDecrement:
        return this.increment(e);
      case UnaryOperator.AddressOf:
        return this.unsupported(e.start, e.end, "The address-of operator");
      case UnaryOperator.Dereference:
        this.expression(operand);
        return this.unsupported(e.start, e.end, "Dereferencing a pointer");
      default:
        break;
    }
    const type = this.expression(operand);
    if (type == BasicType.None) return type;
    if (e.operator == UnaryOperator.Not) {
      if (this.types.isScalar(type)) return BasicType.Bool;
    } else if (this.types.isInteger(type)) {
      return e.operator == UnaryOperator.Negate ? BasicType.Int64 : this.types.isSigned(type) ? BasicType.Int64 : BasicType.Uint64;
    }
    return this.error(Code.InvalidOperator, e.start, e.end, `The ${e.operator == UnaryOperator.Not ? "!" : e.operator == UnaryOperator.Negate ? "-" : "~"} operator can not be used on expressions of type '${this.types.describe(type)}'`);
  }

  private increment(e: Unary): i32 {
    const target = e.operand;
    if (target.kind == NodeKind.MapAccess) {
      const access = <MapAccess>target;
      const map = this.mapOf(access);
      this.mapKey(map, access.keys, access.start, access.end);
      if (map.valueType == BasicType.None) {
        map.valueType = BasicType.Int64;
        this.changed = true;
      }
      target.typeId = map.valueType;
      if (this.types.isInteger(map.valueType)) return map.valueType;
    } else if (target.kind == NodeKind.Variable) {
      const type = this.expression(target);
      if (type == BasicType.None || this.types.isInteger(type)) return type;
    }
    return this.error(Code.InvalidOperator, e.start, e.end, "The ++ and -- operators need an integer variable or map");
  }

  private binary(e: Binary): i32 {
    const left = this.expression(e.left);
    const right = this.expression(e.right);
    if (e.operator == BinaryOperator.Match || e.operator == BinaryOperator.NotMatch) return this.unsupported(e.start, e.end, "Matching a pattern");
    if (left == BasicType.None || right == BasicType.None) return BasicType.None;
    const result = this.binaryType(e, left, right);
    if (result != BasicType.None) return result;
    return this.error(Code.InvalidOperator, e.operatorStart, e.operatorEnd, `Type mismatch for '${binaryText(e.operator)}': comparing ${this.types.describe(left)} with ${this.types.describe(right)}`);
  }

  private binaryType(e: Binary, left: i32, right: i32): i32 {
    const types = this.types;
    switch (e.operator) {
      case BinaryOperator.LogicalAnd:
      case BinaryOperator.LogicalOr:
        return types.isScalar(left) && types.isScalar(right) ? BasicType.Bool : BasicType.None;
      case BinaryOperator.Equal:
      case BinaryOperator.NotEqual:
        if (types.kind(left) == TypeKind.String && types.kind(right) == TypeKind.String) {
          if (e.left.kind == NodeKind.StringLiteral || e.right.kind == NodeKind.StringLiteral) return BasicType.Bool;
          return this.unsupported(e.start, e.end, "Comparing two strings neither of which is a literal");
        }
        return types.isScalar(left) && types.isScalar(right) ? BasicType.Bool : BasicType.None;
      case BinaryOperator.Less:
      case BinaryOperator.LessEqual:
      case BinaryOperator.Greater:
      case BinaryOperator.GreaterEqual:
        return types.isScalar(left) && types.isScalar(right) ? BasicType.Bool : BasicType.None;
      default:
        break;
    }
    const pointerLeft = types.kind(left) == TypeKind.Pointer;
    if (pointerLeft || types.kind(right) == TypeKind.Pointer) return this.unsupported(e.start, e.end, "Arithmetic on a pointer");
    if (!types.isInteger(left) || !types.isInteger(right)) return BasicType.None;
    const signed = this.signedOperation(e);
    if ((e.operator == BinaryOperator.Divide || e.operator == BinaryOperator.Modulo) && signed && !(this.isFlexible(e.left) || this.isFlexible(e.right))) {
      this.warning(Code.InvalidOperator, e.start, e.end, "signed operands for '" + binaryText(e.operator) + "' can lead to undefined behavior (cast to unsigned to silence warning)");
    }
    if (e.operator == BinaryOperator.ShiftLeft || e.operator == BinaryOperator.ShiftRight) return types.isSigned(left) && !this.isFlexible(e.left) ? BasicType.Int64 : BasicType.Uint64;
    return signed || e.operator == BinaryOperator.Subtract ? BasicType.Int64 : BasicType.Uint64;
  }

  /** Whether the operation is done on signed numbers: one side is signed, and no flexible literal takes the other's sign. */
  signedOperation(e: Binary): bool {
    const left = this.types.get(e.left.typeId);
    const right = this.types.get(e.right.typeId);
    const leftSigned = left.kind == TypeKind.Integer && left.signed;
    const rightSigned = right.kind == TypeKind.Integer && right.signed;
    if (leftSigned == rightSigned) return leftSigned;
    if (leftSigned && this.isFlexible(e.left)) return false;
    if (rightSigned && this.isFlexible(e.right)) return false;
    return true;
  }

  private conditional(e: Conditional): i32 {
    this.condition(e.condition, "ternary");
    const then = e.then;
    const left = then != null ? this.expression(then) : e.condition.typeId;
    const right = this.expression(e.otherwise);
    if (left == BasicType.None || right == BasicType.None) return BasicType.None;
    let type = this.promote(left, right, this.isFlexible(e.otherwise));
    if (then != null && this.isFlexible(then) && this.types.isInteger(right)) type = this.promote(right, left, true);
    if (type == BasicType.None) {
      return this.error(Code.TypeMismatch, e.start, e.end, `Branches must return the same type or compatible types: have '${this.types.describe(left)}' and '${this.types.describe(right)}'`);
    }
    return type;
  }

  // Types as written

  /** The type that `syntax` names, or None after an error. */
  namedType(syntax: TypeSyntax): i32 {
    if (syntax.kind == NodeKind.NamedType) {
      const name = this.symbols.text((<NamedType>syntax).name);
      if (name == "int8" || name == "int8_t" || name == "char") return BasicType.Int8;
      if (name == "int16" || name == "int16_t") return BasicType.Int16;
      if (name == "int32" || name == "int32_t" || name == "int") return BasicType.Int32;
      if (name == "int64" || name == "int64_t" || name == "long") return BasicType.Int64;
      if (name == "uint8" || name == "uint8_t") return BasicType.Uint8;
      if (name == "uint16" || name == "uint16_t") return BasicType.Uint16;
      if (name == "uint32" || name == "uint32_t") return BasicType.Uint32;
      if (name == "uint64" || name == "uint64_t") return BasicType.Uint64;
      if (name == "bool") return BasicType.Bool;
      const btf = this.kernelTypes(syntax.start, syntax.end);
      if (btf == null) return BasicType.None;
      const id = btf.findString(BtfKind.Typedef, name);
      if (id != 0) return this.fromBtf(btf, id, AddressSpace.Kernel);
      return this.error(Code.UnknownType, syntax.start, syntax.end, `Cannot resolve unknown type "${name}"`);
    }
    if (syntax.kind == NodeKind.TaggedType) {
      const tagged = <TaggedType>syntax;
      const btf = this.kernelTypes(syntax.start, syntax.end);
      if (btf == null) return BasicType.None;
      const pointer = this.symbols.pointer(tagged.name);
      const length = this.symbols.length(tagged.name);
      let id = btf.find(BtfKind.Struct, pointer, length);
      if (id == 0) id = btf.find(BtfKind.Union, pointer, length);
      if (id == 0) id = btf.find(BtfKind.Enum, pointer, length);
      if (id != 0) return this.fromBtf(btf, id, AddressSpace.Kernel);
      return this.error(Code.UnknownType, syntax.start, syntax.end, `Cannot resolve unknown type "struct ${this.symbols.text(tagged.name)}"`);
    }
    if (syntax.kind == NodeKind.PointerType) {
      const element = this.namedType((<PointerType>syntax).element);
      return element == BasicType.None ? element : this.types.pointer(element, this.probe.space);
    }
    if (syntax.kind == NodeKind.ArrayType) return this.unsupported(syntax.start, syntax.end, "An array type");
    return this.unsupported(syntax.start, syntax.end, "A type of this form");
  }

  private cast(e: Cast): i32 {
    const operand = this.expression(e.operand);
    const type = this.namedType(e.type);
    if (operand == BasicType.None || type == BasicType.None) return BasicType.None;
    if (this.types.isScalar(operand) && this.types.isScalar(type)) return type;
    return this.error(Code.InvalidCast, e.start, e.end, `Cannot cast from "${this.types.describe(operand)}" to "${this.types.describe(type)}"`);
  }

  private sizeOf(e: SizeOf): i32 {
    const expression = e.expression;
    const type = e.type;
    if (expression != null) this.expression(expression);
    else if (type != null) this.namedType(type);
    return BasicType.Uint64;
  }

  /** The struct that `e` is about: its BTF id, or 0 after an error. */
  structOf(e: OffsetOf): u32 {
    const expression = e.expression;
    const syntax = e.type;
    let type: i32 = expression != null ? expression.typeId : syntax != null ? this.namedType(syntax) : BasicType.None;
    if (type == BasicType.None) return 0;
    if (this.types.kind(type) == TypeKind.Pointer) type = this.types.get(type).element;
    if (this.types.kind(type) == TypeKind.Record) return this.types.get(type).btf;
    this.error(Code.TypeMismatch, e.start, e.end, `offsetof() needs a struct, not a value of type '${this.types.describe(type)}'`);
    return 0;
  }

  private offsetOf(e: OffsetOf): i32 {
    const expression = e.expression;
    if (expression != null) this.expression(expression);
    let id = this.structOf(e);
    if (id == 0) return BasicType.Uint64;
    const btf = this.profile.kernel!;
    for (let i = 0; i < e.path.length; i++) {
      const member = btf.findMember(id, this.symbols.pointer(e.path[i]), this.symbols.length(e.path[i]));
      if (member == null) {
        const name = this.symbols.text(e.path[i]);
        return this.error(Code.UnknownField, e.start, e.end, `struct ${btf.nameString(id)} does not contain a field named '${name}'`, closest(name, this.memberNames(btf, id)));
      }
      id = btf.resolve(member.type);
    }
    return BasicType.Uint64;
  }
}
