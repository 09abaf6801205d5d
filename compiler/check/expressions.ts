// Types of expressions. Each walk annotates `typeId`; the walk before lowering is the one that counts, and that reports.

import { Code, Diagnostic } from "../source/diagnostics";
import { Block, Expression, NodeKind, Provider } from "../syntax/ast";
import {
  Binary,
  BlockExpression,
  BooleanLiteral,
  Call,
  Cast,
  Comptime,
  Conditional,
  ContainerOf,
  FieldAccess,
  Identifier,
  IfExpression,
  Index,
  IntegerLiteral,
  MapAccess,
  OffsetOf,
  Record,
  SizeOf,
  StringLiteral,
  Tuple,
  TupleIndex,
  TypeInformation,
  Unary,
  Variable,
} from "../syntax/expression-nodes";
import { BinaryOperator, binaryText, UnaryOperator } from "../syntax/operators";
import { providerName } from "../syntax/providers";
import { BtfKind } from "../target/btf";
import { BuiltinRow, builtinRows, PROBE_NAME_SIZE, Recipe, registerArgumentRow } from "./builtins";
import { isLiteral } from "./constant-operators";
import { DecimalChecker } from "./decimals";
import { FunctionRow } from "./functions";
import { PatternTable } from "./patterns";
import { MapSymbol } from "./scope";
import { closest } from "./suggestion";
import { AddressSpace, BasicType, TypeKind } from "./types";

/** Largest tuple in bytes: a key or value larger than this fits no map that kernels allocate without effort. */
const MAXIMUM_TUPLE: i32 = 16384;

export abstract class ExpressionChecker extends DecimalChecker {
  private builtins: Array<BuiltinRow> = builtinRows();
  /** The patterns that the script matches texts with. */
  patterns: PatternTable = new PatternTable();
  private registerArgument: BuiltinRow = registerArgumentRow();

  /** Checks a block in a scope of its own; the type of its value, or None. */
  protected abstract blockValue(block: Block): i32;

  /** Checks a block of statements, the last of which may have a value that nobody uses. */
  protected abstract block(block: Block): void;

  protected abstract comptime(e: Comptime): i32;

  protected abstract containerOf(e: ContainerOf): i32;

  protected abstract typeInformation(e: TypeInformation): i32;

  protected abstract hasField(e: OffsetOf): i32;

  /** The type of a builtin that depends on the probe. */
  protected abstract contextBuiltin(e: Identifier, row: BuiltinRow): i32;

  /** The type of `e`, which is recorded in it. */
  expression(e: Expression): i32 {
    const type = this.effect(e);
    if (type != BasicType.None || !this.reporting || this.diagnostics.hasErrors || this.needs.any) return type;
    // Nothing was wrong with it, but it is none: a call for its effect alone.
    return this.error(Code.TypeMismatch, e.start, e.end, "This expression has no value");
  }

  /** An expression that is a statement: whatever it chooses among need have no value either. */
  protected statementEffect(e: Expression): i32 {
    if (e.kind == NodeKind.BlockExpression) {
      const outer = this.diagnostics.expansions.enter(changetype<usize>(e));
      this.block((<BlockExpression>e).body);
      this.diagnostics.expansions.current = outer;
      e.typeId = BasicType.None;
      return BasicType.None;
    }
    if (e.kind == NodeKind.Conditional) {
      const conditional = <Conditional>e;
      const then = conditional.then;
      // `c ? printf() : printf()`
      if (then != null && this.statementEffect(then) == BasicType.None && this.statementEffect(conditional.otherwise) == BasicType.None) {
        this.condition(conditional.condition, "ternary");
        e.typeId = BasicType.None;
        return BasicType.None;
      }
    }
    return this.effect(e);
  }

  /** As `expression`, for a statement: it need have no value. */
  protected effect(e: Expression): i32 {
    const outer = this.diagnostics.expansions.enter(changetype<usize>(e));
    const type = this.typeOf(e);
    this.diagnostics.expansions.current = outer;
    e.typeId = type;
    return type;
  }

  private typeOf(e: Expression): i32 {
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        return this.integerLiteral(<IntegerLiteral>e);
      case NodeKind.StringLiteral:
        return this.literalType(e, (<StringLiteral>e).pointer, (<StringLiteral>e).length);
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
        return this.index(<Index>e);
      case NodeKind.TupleIndex:
        return this.tupleIndex(<TupleIndex>e);
      case NodeKind.DecimalLiteral:
        return this.decimalLiteral(e);
      case NodeKind.PositionalParameter:
        return BasicType.Int64;
      case NodeKind.ParameterCount:
        return BasicType.Uint64;
      case NodeKind.OffsetOf:
        return (<OffsetOf>e).asksExistence ? this.hasField(<OffsetOf>e) : this.offsetOf(<OffsetOf>e);
      case NodeKind.TypeInformation:
        return this.typeInformation(<TypeInformation>e);
      case NodeKind.ContainerOf:
        return this.containerOf(<ContainerOf>e);
      case NodeKind.Comptime:
        return this.comptime(<Comptime>e);
      case NodeKind.Record:
        return this.record(<Record>e);
      case NodeKind.BlockExpression:
        return this.blockValue((<BlockExpression>e).body);
      case NodeKind.IfExpression:
        return this.ifExpression(<IfExpression>e);
      case NodeKind.TypeExpression:
        return this.error(Code.InvalidArgument, e.start, e.end, "A type can not be used as a value");
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
    return this.types.smallestInteger(value);
  }

  /** Features 5.1 T2: a literal without a minus takes the sign of its neighbour. */
  private isFlexible(e: Expression): bool {
    return e.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>e).negative;
  }

  findBuiltin(name: u32): BuiltinRow | null {
    const known = this.builtinNamed(name);
    if (known != null) return known;
    // The peer's own name for what its library of macros gives a shorter one.
    const text = this.symbols.text(name);
    if (text.startsWith("__builtin_")) return this.builtinNamed(this.symbols.internString(text.substring(10)));
    return this.registerIndex(name) >= 0 ? this.registerArgument : null;
  }

  private builtinNamed(name: u32): BuiltinRow | null {
    for (let i = 0; i < this.builtins.length; i++) if (this.symbols.is(name, this.builtins[i].name)) return this.builtins[i];
    return null;
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

  abstract findFunction(name: u32): FunctionRow | null;

  /** Says why a function of the peer is not there. */
  protected abstract refused(row: FunctionRow, start: u32, end: u32): i32;

  private identifier(e: Identifier): i32 {
    const row = this.findBuiltin(e.name);
    if (row == null) {
      const symbol = this.findEnumerator(e.name);
      if (symbol != null) return this.types.enumerated(symbol.enumeration);
      if (!this.profile.kernelAnswered) {
        // It may be a constant of an enum of the target: what the kernel has goes before what is known of its headers.
        this.needs.kernelBtf = true;
        return BasicType.None;
      }
      const known = this.headerConstant(e.name);
      if (known.known) return known.value > <i64>i32.MAX_VALUE ? BasicType.Int64 : BasicType.Int32;
      const called = this.findFunction(e.name);
      if (called != null && called.refusal.length > 0) return this.refused(called, e.start, e.end);
      const name = this.symbols.text(e.name);
      const names: Array<string> = [];
      for (let i = 0; i < this.builtins.length; i++) names.push(this.builtins[i].name);
      return this.error(Code.UnknownIdentifier, e.start, e.end, `Unknown identifier: '${name}'`, closest(name, names));
    }
    const probe = this.probe;
    const needsContext =
      row.recipe == Recipe.ProbeArguments ||
      row.recipe == Recipe.RegisterArgument ||
      row.recipe == Recipe.ReturnValue ||
      row.recipe == Recipe.ProbeContext;
    if (needsContext && this.forDepth > 0) {
      return this.error(
        Code.NotAvailableHere,
        e.start,
        e.end,
        `'${this.symbols.text(e.name)}' builtin is not allowed in a for-loop`,
        "Assign it to a variable before the loop.",
      );
    }
    switch (row.recipe) {
      case Recipe.CommandName:
        return this.types.text(16);
      case Recipe.CurrentTask:
        return this.currentTask(e);
      case Recipe.ProbeContext:
        return this.probeContext(e);
      case Recipe.ProbeName:
        if (!probe.hasBoundName) return this.types.text(this.probeName().length + 1);
        // The text of a function made from a loop's body would be the same for all places.
        if (this.forDepth > 0) return this.unsupported(e.start, e.end, "The name of a probe with many places in a for-loop");
        return this.types.text(PROBE_NAME_SIZE);
      case Recipe.ProbeArguments:
        if (probe.isTraced) return this.tracedArguments(e, this.fieldObject == e);
        if (probe.provider == Provider.Tracepoint && !probe.readsFields) {
          probe.readsFields = true;
          probe.waiting = true;
          this.changed = true;
        }
        if (!probe.waiting && probe.format == null) {
          return this.error(
            Code.NotAvailableHere,
            e.start,
            e.end,
            `The args builtin can only be used with tracepoint, rawtracepoint, fentry/fexit, and uprobe probes (${probe.typeName} used here)`,
          );
        }
        return BasicType.Arguments;
      case Recipe.RegisterArgument:
        if (!probe.hasRegisterArguments) {
          return this.error(
            Code.NotAvailableHere,
            e.start,
            e.end,
            `The ${this.symbols.text(e.name)} builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes`,
          );
        }
        if (this.registerIndex(e.name) >= probe.argumentLimit(this.architecture)) {
          const last = this.architecture.argumentRegisters.length - 1;
          return this.error(
            Code.OutOfRange,
            e.start,
            e.end,
            `${this.architecture.name} doesn't support ${this.symbols.text(e.name)}`,
            `Only the first ${last + 1} arguments are in registers: arg0 to arg${last}.`,
          );
        }
        return row.type;
      case Recipe.ReturnValue:
        if (probe.provider == Provider.Fentry || probe.provider == Provider.Fexit) return this.tracedReturn(e);
        if (!probe.hasReturnValue) {
          return this.error(
            Code.NotAvailableHere,
            e.start,
            e.end,
            "The retval builtin can only be used with 'kretprobe' and 'uretprobe' and 'fentry' probes",
          );
        }
        return row.type;
      default:
        return this.contextBuiltin(e, row);
    }
  }

  /** The probe as the peer prints it, where that is known. */
  probeName(): string {
    return this.probe.fullName;
  }

  private currentTask(e: Identifier): i32 {
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    const id = btf.findString(BtfKind.Struct, "task_struct");
    if (id == 0) return this.error(Code.UnknownType, e.start, e.end, "The BTF of the target has no struct task_struct");
    return this.types.pointer(this.kernelRecord(btf, id), AddressSpace.Kernel);
  }

  /** `ctx`: only its fields are values, since programs may neither keep nor hand out the address of their context. */
  private probeContext(e: Identifier): i32 {
    const probe = this.probe;
    if (probe.provider == Provider.Tracepoint)
      return this.error(Code.NotAvailableHere, e.start, e.end, "Use args instead of ctx in tracepoint");
    const name = probe.contextStructure;
    if (name.length == 0) {
      return this.error(
        Code.NotAvailableHere,
        e.start,
        e.end,
        `The ctx builtin can not be used with '${providerName(probe.provider)}' probes`,
      );
    }
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    const id = btf.findString(BtfKind.Struct, name);
    const isIterator = probe.provider == Provider.Iterator;
    if (id == 0) {
      if (isIterator)
        return this.error(
          Code.UnknownProbe,
          probe.point.start,
          probe.point.end,
          `iter ${probe.part(0)} not available for your kernel version.`,
        );
      return this.error(Code.UnknownType, e.start, e.end, `The BTF of the target has no struct ${name}`);
    }
    if (this.fieldObject != e) {
      return this.error(Code.TypeMismatch, e.start, e.end, `struct ${name} * has no value of its own here`, "its fields have: ctx.field");
    }
    return this.types.pointer(this.kernelRecord(btf, id), isIterator ? AddressSpace.Kernel : AddressSpace.Context);
  }

  private variable(e: Variable): i32 {
    const symbol = this.scopes.find(e.name);
    if (symbol == null && this.branchVariables.request(e.name)) {
      this.changed = true;
      return BasicType.None;
    }
    if (symbol == null)
      return this.error(Code.UnknownVariable, e.start, e.end, `Undefined or undeclared variable: $${this.symbols.text(e.name)}`);
    if (!symbol.isAssigned)
      this.warning(Code.UnknownVariable, e.start, e.end, `Variable used before it was assigned: $${this.symbols.text(e.name)}`);
    return this.knownType(e, this.variableType(symbol.declaration));
  }

  /** `type`; an error if no assignment has given `e` one and nothing else explains why. */
  protected knownType(e: Variable, type: i32): i32 {
    if (type != BasicType.None || this.diagnostics.hasErrors || this.needs.any) return type;
    return this.error(
      Code.UnknownVariable,
      e.start,
      e.end,
      "Could not resolve the type of this variable",
      `Nothing assigns $${this.symbols.text(e.name)} a value from which its type follows.`,
    );
  }

  // Maps

  mapOf(e: MapAccess): MapSymbol {
    for (let i = 0; i < this.maps.length; i++) {
      const known = this.maps[i];
      if (known.name != e.name) continue;
      // Messages show a use rather than the declaration.
      if (known.declaredType.length > 0 && !known.isUsed) {
        known.isUsed = true;
        known.start = e.start;
        known.end = e.nameEnd;
      }
      return known;
    }
    const map = new MapSymbol(e.name, "@" + this.symbols.text(e.name), this.maps.length, e.start, e.nameEnd);
    this.maps.push(map);
    return map;
  }

  /** Checks the key of an access (or of `delete(@map, key)`) and widens the map's key type. */
  protected mapKey(map: MapSymbol, keys: Array<Expression> | null, start: u32, end: u32): void {
    if (!map.isKeyed && !map.isScalar) map.isFirstKeyed = keys != null;
    if (keys == null) {
      if (!map.isScalar) this.changed = true;
      map.isScalar = true;
    } else {
      if (!map.isKeyed) this.changed = true;
      map.isKeyed = true;
      const type = keys.length == 1 ? this.stored(this.operand(keys[0])) : this.tuple(keys);
      if (type == BasicType.None) return;
      const widened = map.keyType == BasicType.None ? type : this.promote(map.keyType, type, keys.length == 1 && this.isFlexible(keys[0]));
      if (widened == BasicType.None || !this.types.isStorable(type)) {
        this.error(
          Code.TypeMismatch,
          start,
          end,
          `Argument mismatch for ${map.text}: trying to access with arguments: '${this.types.describe(type)}' when map expects arguments: '${this.types.describe(map.keyType)}'`,
        );
      } else if (widened != map.keyType) {
        map.keyType = widened;
        this.changed = true;
      } else if (keys.length == 1) this.castWarning(keys[0], type, map.keyType);
    }
    if (map.isKeyed && map.isScalar && (keys != null) != map.isFirstKeyed) {
      this.error(
        Code.InvalidKey,
        start,
        end,
        keys == null
          ? `${map.text} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)`
          : `${map.text} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)`,
      );
    }
  }

  private mapRead(e: MapAccess): i32 {
    const map = this.mapOf(e);
    this.mapKey(map, e.keys, e.start, e.end);
    map.isRead = true;
    if (map.valueType == BasicType.None) return BasicType.None;
    if (this.types.isAggregate(map.valueType) && !this.types.isReadableAggregate(map.valueType)) {
      return this.error(Code.InvalidOperator, e.start, e.end, `Map value '${this.types.describe(map.valueType)}' cannot be read`);
    }
    return map.valueType;
  }

  /** As `expression`; an aggregation counts as the number that its CPUs' values make (features 4.3). */
  protected operand(e: Expression): i32 {
    const type = this.number(e);
    return this.isDecimal(type) ? this.misplacedDecimal(e) : type;
  }

  /** As `operand`, where a decimal number has its place too. */
  protected number(e: Expression): i32 {
    const type = this.expression(e);
    if (!this.types.isReadableAggregate(type)) return type;
    e.typeId = this.types.integer(8, this.types.isSigned(type));
    return e.typeId;
  }

  private record(e: Record): i32 {
    const names: Array<string> = [];
    for (let i = 0; i < e.names.length; i++) {
      const name = this.symbols.text(e.names[i]);
      if (names.indexOf(name) >= 0)
        return this.error(Code.Redeclared, e.start, e.end, `Named argument list already contains name: ${name}`);
      names.push(name);
    }
    const type = this.tuple(e.values);
    return type == BasicType.None ? type : this.types.tuple(this.types.get(type).fields, names);
  }

  protected tuple(elements: Array<Expression>): i32 {
    const fields: Array<i32> = [];
    let known = true;
    for (let i = 0; i < elements.length; i++) {
      const type = this.stored(this.operand(elements[i]));
      if (type == BasicType.None) known = false;
      else if (!this.types.isStorable(type)) {
        return this.error(
          Code.TypeMismatch,
          elements[i].start,
          elements[i].end,
          `A value of type '${this.types.describe(type)}' can not be part of a tuple`,
        );
      }
      fields.push(type);
    }
    if (!known) return BasicType.None;
    // Tuples of tuples of tuples grow as powers: they end before their size overflows.
    let size = 0;
    for (let i = 0; i < fields.length; i++) size += this.types.get(fields[i]).size + 8;
    if (size > MAXIMUM_TUPLE)
      return this.error(
        Code.TooComplex,
        elements[0].start,
        elements[elements.length - 1].end,
        `A tuple of more than ${MAXIMUM_TUPLE} bytes is not possible`,
      );
    return this.types.tuple(fields);
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
    if (a.kind == TypeKind.Pointer && b.kind == TypeKind.Pointer) {
      if (a.element == BasicType.None || b.element == BasicType.None) return left;
      const element = this.promote(a.element, b.element, false);
      return element == BasicType.None ? left : this.types.pointer(element, a.space);
    }
    if (a.kind == TypeKind.Buffer && b.kind == TypeKind.Buffer) return a.size >= b.size ? left : right;
    if (a.kind == TypeKind.Tuple && b.kind == TypeKind.Tuple && a.fields.length == b.fields.length && sameNames(a.names, b.names)) {
      const fields: Array<i32> = [];
      for (let i = 0; i < a.fields.length; i++) {
        const field = this.promote(a.fields[i], b.fields[b.indexIn(a, i)], false);
        if (field == BasicType.None) return BasicType.None;
        fields.push(field);
      }
      return this.types.tuple(fields, a.names);
    }
    return BasicType.None;
  }

  // Operators

  /** A condition: a number, a pointer or a bool. */
  protected condition(e: Expression, what: string): void {
    const type = this.operand(e);
    // A literal text is true.
    if (type == BasicType.None || this.types.isScalar(type) || e.kind == NodeKind.StringLiteral) return;
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
        return this.addressOf(e);
      case UnaryOperator.Dereference:
        return this.dereference(e);
      default:
        break;
    }
    const isTooLarge = this.isFlexible(operand) && (<IntegerLiteral>operand).value > (<u64>1) << 63;
    if (e.operator == UnaryOperator.Negate && isTooLarge)
      return this.error(Code.NumberTooLarge, e.start, e.end, "negative value will underflow");
    const type = e.operator == UnaryOperator.Negate ? this.number(operand) : this.operand(operand);
    if (type == BasicType.None || this.isDecimal(type)) return type;
    if (e.operator == UnaryOperator.Not) {
      if (this.types.isInteger(type) || type == BasicType.Bool) return BasicType.Bool;
    } else if (this.types.isInteger(type)) {
      if (e.operator == UnaryOperator.Complement && operand.kind == NodeKind.IntegerLiteral) return BasicType.Uint64;
      // The peer keeps the width of narrow operands, and shows them without a sign.
      const size = this.types.get(type).size;
      if (e.operator == UnaryOperator.Complement && size < 8) return this.types.integer(size, false);
      return this.types.isSigned(type) ? BasicType.Int64 : BasicType.Uint64;
    }
    return this.error(
      Code.InvalidOperator,
      e.start,
      e.end,
      `The ${e.operator == UnaryOperator.Not ? "!" : e.operator == UnaryOperator.Negate ? "-" : "~"} operator can not be used on expressions of type '${this.types.describe(type)}'`,
    );
  }

  /** `&$variable`; and `&@map`, which is the address of the map itself. */
  private addressOf(e: Unary): i32 {
    const operand = e.operand;
    if (operand.kind == NodeKind.Variable) {
      const symbol = this.scopes.find((<Variable>operand).name);
      // Whoever has the address may assign it.
      if (symbol != null) symbol.isAssigned = true;
      const type = this.expression(operand);
      if (type == BasicType.None || symbol == null) return BasicType.None;
      this.noteAddressed(symbol.declaration);
      return this.types.pointer(type, AddressSpace.Kernel);
    }
    const access = <MapAccess>operand;
    const map = this.mapOf(access);
    if (map.valueType == BasicType.None) return this.error(Code.UnknownMap, access.start, access.nameEnd, `Undefined map: ${map.text}`);
    const isNumber = this.types.isAggregate(map.valueType);
    return this.types.pointer(isNumber ? BasicType.Uint64 : map.valueType, AddressSpace.Kernel);
  }

  private increment(e: Unary): i32 {
    const target = e.operand;
    // As of a subtraction, the result of -- has a sign.
    const down = e.operator == UnaryOperator.PreDecrement || e.operator == UnaryOperator.PostDecrement;
    if (target.kind == NodeKind.MapAccess) {
      const access = <MapAccess>target;
      const map = this.mapOf(access);
      this.mapKey(map, access.keys, access.start, access.end);
      if (map.valueType == BasicType.None || (down && map.valueType == BasicType.Uint64)) {
        map.valueType = BasicType.Int64;
        this.changed = true;
      }
      target.typeId = map.valueType;
      if (this.types.isInteger(map.valueType) || this.types.kind(map.valueType) == TypeKind.Pointer) return map.valueType;
    } else if (target.kind == NodeKind.Variable) {
      const type = this.expression(target);
      const symbol = this.scopes.find((<Variable>target).name);
      if (symbol != null && this.types.isInteger(type) && (this.types.get(type).size < 8 || (down && type == BasicType.Uint64))) {
        // What is counted with fills a register (features T6).
        this.widenDeclaration(symbol.declaration, this.types.integer(8, down || this.types.isSigned(type)));
        return this.expression(target);
      }
      if (type == BasicType.None || this.types.isInteger(type) || this.types.kind(type) == TypeKind.Pointer) return type;
    }
    const isMap = target.kind == NodeKind.MapAccess;
    const name = isMap ? "@" + this.symbols.text((<MapAccess>target).name) : "$" + this.symbols.text((<Variable>target).name);
    return this.error(
      Code.TypeMismatch,
      e.start,
      e.end,
      `Type mismatch for ${name}: trying to assign value of type 'uint64' when ${isMap ? "map" : "variable"} already has a type '${this.types.describe(target.typeId)}'`,
      "++ and -- count in integers.",
    );
  }

  private binary(e: Binary): i32 {
    if (e.operator == BinaryOperator.Match || e.operator == BinaryOperator.NotMatch) return this.match(e.left, e.right, false);
    const left = this.number(e.left);
    const right = this.number(e.right);
    if (left == BasicType.None || right == BasicType.None) return BasicType.None;
    if (e.left.kind == NodeKind.StringLiteral && e.operator == BinaryOperator.Add) {
      const type = this.joinedText(e);
      if (type != BasicType.None) return type;
    }
    if (this.isDecimalOperation(e)) return this.decimalBinary(e, left, right);
    const mixes =
      e.operator < BinaryOperator.LogicalAnd && e.operator != BinaryOperator.ShiftLeft && e.operator != BinaryOperator.ShiftRight;
    // A difference has a sign.
    const isSigned = e.operator == BinaryOperator.Subtract || this.signedOperation(e);
    if (mixes && isSigned && !isLiteral(e)) {
      if (!this.isFlexible(e.left)) this.castWarning(e.left, left, BasicType.Int64);
      if (!this.isFlexible(e.right)) this.castWarning(e.right, right, BasicType.Int64);
    }
    const result = this.binaryType(e, left, right);
    if (result != BasicType.None) return result;
    const leftName = this.types.describe(left);
    const rightName = this.types.describe(right);
    const leftKind = this.types.kind(left);
    const rightKind = this.types.kind(right);
    const text = binaryText(e.operator);
    if (leftKind == rightKind || leftKind == TypeKind.Pointer || rightKind == TypeKind.Pointer)
      return this.error(
        Code.InvalidOperator,
        e.start,
        e.end,
        `The ${text} operator can not be used on expressions of types ${leftName}, ${rightName}`,
      );
    if (!this.reporting) return BasicType.None;
    const message = `Type mismatch for '${text}': comparing ${leftName} with ${rightName}`;
    this.sides(this.diagnostics.error(Code.InvalidOperator, e.start, e.end, message), e, leftName, rightName);
    return BasicType.None;
  }

  /** `"a" + "b"`, and `"abc" + 1`, which leaves the first bytes out. None for texts that are no literals. */
  private joinedText(e: Binary): i32 {
    const left = <StringLiteral>e.left;
    if (e.right.kind == NodeKind.StringLiteral) {
      const right = <StringLiteral>e.right;
      const both = new ArrayBuffer(left.length + right.length);
      memory.copy(changetype<usize>(both), left.pointer, left.length);
      memory.copy(changetype<usize>(both) + left.length, right.pointer, right.length);
      return this.textFor(e, both);
    }
    if (e.right.kind != NodeKind.IntegerLiteral || (<IntegerLiteral>e.right).negative) return BasicType.None;
    const skipped = <u32>min<u64>((<IntegerLiteral>e.right).value, left.length);
    if (skipped == left.length) this.warning(Code.InvalidOperator, e.start, e.end, "literal string will always be empty");
    const rest = new ArrayBuffer(left.length - skipped);
    memory.copy(changetype<usize>(rest), left.pointer + skipped, left.length - skipped);
    return this.textFor(e, rest);
  }

  /** Names the types of both sides below a diagnostic about an operator. */
  private sides(diagnostic: Diagnostic | null, e: Binary, left: string, right: string): void {
    if (diagnostic == null) return;
    diagnostic.note(e.left.start, e.left.end, `left (${left})`);
    diagnostic.note(e.right.start, e.right.end, `right (${right})`);
  }

  /** Warns of a comparison of pointers to different types. */
  private comparePointers(e: Binary, left: i32, right: i32): void {
    const a = this.types.get(left);
    const b = this.types.get(right);
    if (a.kind != TypeKind.Pointer || b.kind != TypeKind.Pointer || a.element == b.element) return;
    const leftName = this.types.describe(a.element);
    const rightName = this.types.describe(b.element);
    if (!this.reporting) return;
    const message = `comparison of distinct pointer types: ${leftName}, ${rightName}`;
    this.sides(this.diagnostics.warning(Code.TypeMismatch, e.start, e.end, message), e, leftName, rightName);
  }

  /** `text =~ "regular expression"`, `glob(text, "pattern")`. */
  protected match(text: Expression, pattern: Expression, isGlob: bool): i32 {
    const type = this.operand(text);
    if (pattern.kind != NodeKind.StringLiteral)
      return this.error(
        Code.InvalidPattern,
        pattern.start,
        pattern.end,
        "A pattern must be a string literal: it is compiled into the program",
      );
    if (type == BasicType.None) return type;
    if (this.types.kind(type) != TypeKind.String)
      return this.error(
        Code.TypeMismatch,
        text.start,
        text.end,
        `Only strings fit patterns: this is of type '${this.types.describe(type)}'`,
        this.types.kind(type) == TypeKind.Pointer || this.types.isInteger(type) ? "str() reads the text at an address." : "",
      );
    const compiled = this.patterns.find(<StringLiteral>pattern, isGlob);
    if (compiled.error.length > 0)
      return this.error(Code.InvalidPattern, compiled.errorStart, compiled.errorEnd, `Invalid pattern: ${compiled.error}`);
    pattern.typeId = this.types.text((<StringLiteral>pattern).length + 1);
    return BasicType.Bool;
  }

  private binaryType(e: Binary, left: i32, right: i32): i32 {
    const types = this.types;
    switch (e.operator) {
      case BinaryOperator.LogicalAnd:
      case BinaryOperator.LogicalOr:
        return types.isScalar(left) && types.isScalar(right) ? BasicType.Bool : BasicType.None;
      case BinaryOperator.Equal:
      case BinaryOperator.NotEqual:
        this.comparePointers(e, left, right);
        return this.isComparable(left, right) ? BasicType.Bool : BasicType.None;
      case BinaryOperator.Less:
      case BinaryOperator.LessEqual:
      case BinaryOperator.Greater:
      case BinaryOperator.GreaterEqual:
        this.comparePointers(e, left, right);
        // Texts have an order where they are literals.
        if (e.left.kind == NodeKind.StringLiteral && e.right.kind == NodeKind.StringLiteral) return BasicType.Bool;
        return types.isScalar(left) && types.isScalar(right) ? BasicType.Bool : BasicType.None;
      default:
        break;
    }
    if (types.kind(left) == TypeKind.Pointer || types.kind(right) == TypeKind.Pointer) return this.pointerArithmetic(e, left, right);
    if (!types.isInteger(left) || !types.isInteger(right)) return BasicType.None;
    const signed = this.signedOperation(e);
    const divides = e.operator == BinaryOperator.Divide || e.operator == BinaryOperator.Modulo;
    if (divides && isLiteral(e) && this.constant(e.right).value == 0)
      return this.error(Code.OutOfRange, e.start, e.end, "unable to fold literals due to overflow or underflow");
    // The peer says nothing where both sides have one type.
    if (signed && left != right && !isLiteral(e)) this.signedDivision(e.operator, e.start, e.end);
    // `1 << 63`: literals that are not negative do not become so.
    if (e.operator == BinaryOperator.ShiftLeft && this.isFlexible(e.left) && isLiteral(e)) return BasicType.Uint64;
    return signed || e.operator == BinaryOperator.Subtract ? BasicType.Int64 : BasicType.Uint64;
  }

  /** `pointer + n`, `n + pointer`, `pointer - n`: in steps of what the pointer points to. */
  private pointerArithmetic(e: Binary, left: i32, right: i32): i32 {
    const types = this.types;
    const pointer = types.kind(left) == TypeKind.Pointer ? left : right;
    const other = pointer == left ? right : left;
    const fits = e.operator == BinaryOperator.Add || (e.operator == BinaryOperator.Subtract && pointer == left);
    return fits && types.isInteger(other) ? pointer : BasicType.None;
  }

  /** Whether values of the types can be equal. */
  private isComparable(left: i32, right: i32): bool {
    const types = this.types;
    if (types.isScalar(left)) return types.isScalar(right);
    const a = types.get(left);
    const b = types.get(right);
    if (a.kind != b.kind) return false;
    switch (a.kind) {
      case TypeKind.String:
      case TypeKind.Buffer:
        return true;
      case TypeKind.Array:
        return types.isInteger(a.element) && a.element == b.element && a.count == b.count;
      case TypeKind.Tuple:
        if (a.fields.length != b.fields.length || !sameNames(a.names, b.names)) return false;
        for (let i = 0; i < a.fields.length; i++) if (!this.isComparable(a.fields[i], b.fields[b.indexIn(a, i)])) return false;
        return true;
      default:
        return false;
    }
  }

  /** Warns where a number, `e` of type `from`, becomes one of a type that does not hold all of its values (features 5.1 T4). */
  protected castWarning(e: Expression, from: i32, to: i32): void {
    const types = this.types;
    if (from == to || !types.isInteger(from) || !types.isInteger(to)) return;
    const a = types.get(from);
    const b = types.get(to);
    // Literals that fit are no matter; whether they do is an error of its own.
    if (a.enumeration >= 0 || b.enumeration >= 0 || e.kind == NodeKind.IntegerLiteral) return;
    if (a.signed == b.signed ? b.size >= a.size : b.signed && b.size > a.size) return;
    this.warning(
      Code.InvalidCast,
      e.start,
      e.kind == NodeKind.Cast ? (<Cast>e).type.end + 1 : e.end,
      `Expression of type: ${types.describe(from)} being cast to type: ${types.describe(to)}. This may cause unexpected results. Use an explicit cast to suppress this warning.`,
    );
  }

  /** Warns of a division, which is unsigned, of what is not. */
  protected signedDivision(operator: BinaryOperator, start: u32, end: u32): void {
    if (operator != BinaryOperator.Divide && operator != BinaryOperator.Modulo) return;
    this.warning(
      Code.InvalidOperator,
      start,
      end,
      `signed operands for '${binaryText(operator)}' can lead to undefined behavior (cast to unsigned to silence warning)`,
    );
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
    const left = then != null ? this.operand(then) : e.condition.typeId;
    return this.either(e, left, then, this.operand(e.otherwise), e.otherwise);
  }

  private ifExpression(e: IfExpression): i32 {
    this.condition(e.condition, "if()");
    const left = this.blockValue(e.then);
    return this.either(e, left, e.then.result, this.operand(e.otherwise), e.otherwise);
  }

  /** The common type of the two values of which `e` is one. */
  private either(e: Expression, left: i32, then: Expression | null, right: i32, otherwise: Expression): i32 {
    if (left == BasicType.None || right == BasicType.None) return BasicType.None;
    if (left != right) {
      left = this.stored(left);
      right = this.stored(right);
    }
    let type = this.promote(left, right, this.isFlexible(otherwise));
    if (then != null && this.isFlexible(then) && this.types.isInteger(right)) type = this.promote(right, left, true);
    if (type != BasicType.None) return type;
    return this.error(
      Code.TypeMismatch,
      e.start,
      e.end,
      `Branches must return the same type or compatible types: have '${this.types.describe(left)}' and '${this.types.describe(right)}'`,
    );
  }

  protected isBuiltinName(name: u32): bool {
    return this.findBuiltin(name) != null;
  }
}

/** Whether records have the same fields, in whatever order. */
function sameNames(left: Array<string>, right: Array<string>): bool {
  if (left.length != right.length) return false;
  for (let i = 0; i < left.length; i++) if (right.indexOf(left[i]) < 0) return false;
  return true;
}
