// Lowering of expressions: scalars into registers, everything else into memory.

import { BuiltinRow, Recipe } from "../check/builtins";
import { isLiteral } from "../check/constant-operators";
import { FunctionId } from "../check/functions";
import { PARAMETER_TEXT } from "../check/options";
import { TypeKind } from "../check/types";
import { BindingRow } from "../object/manifest";
import { Block, Expression, NodeKind, Provider } from "../syntax/ast";
import {
  Binary,
  BlockExpression,
  BooleanLiteral,
  Call,
  Cast,
  Conditional,
  ContainerOf,
  FieldAccess,
  Identifier,
  IfExpression,
  Index,
  IntegerLiteral,
  MapAccess,
  OffsetOf,
  PositionalParameter,
  SizeOf,
  StringLiteral,
  Unary,
  Variable,
} from "../syntax/expression-nodes";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { Helper } from "./helpers";
import { Op, Section, Type } from "./ir";
import { DecimalLowering } from "./lower-decimals";
import { arithmeticOp } from "./lower-operators";

export abstract class ExpressionLowering extends DecimalLowering {
  /** A call used as a statement, or for its value. */
  protected abstract call(e: Call): i32;

  /** The process or thread id in the tracer's own PID namespace. */
  protected abstract namespaceId(e: Expression, isProcess: bool): i32;

  /** The number that a builtin is that needs more than a helper. */
  protected abstract builtinValue(e: Identifier, row: BuiltinRow): i32;

  protected value(e: Expression): i32 {
    const outer = this.subject;
    this.subject = e;
    const expansion = this.expansions.enter(changetype<usize>(e));
    const value = this.valueOf(e);
    this.expansions.current = expansion;
    this.subject = outer;
    return value;
  }

  private valueOf(e: Expression): i32 {
    const b = this.b;
    b.source = e.start;
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        return b.constant(<i64>(<IntegerLiteral>e).value);
      case NodeKind.DecimalLiteral:
        return this.decimalConstant(e);
      case NodeKind.BooleanLiteral:
        return b.constant((<BooleanLiteral>e).value ? 1 : 0);
      case NodeKind.Identifier:
        return this.builtin(<Identifier>e);
      case NodeKind.Variable:
        return this.readVariable(this.scopes.find((<Variable>e).name)!);
      case NodeKind.MapAccess:
        return this.readMap(<MapAccess>e);
      case NodeKind.Unary:
        return this.unary(<Unary>e);
      case NodeKind.Binary:
        return this.binary(<Binary>e);
      case NodeKind.Conditional:
        return this.conditional(<Conditional>e);
      case NodeKind.Call:
        return this.call(<Call>e);
      case NodeKind.FieldAccess:
        return this.fieldValue(<FieldAccess>e);
      case NodeKind.Cast:
        return this.cast(<Cast>e);
      case NodeKind.SizeOf: {
        const size = <SizeOf>e;
        const expression = size.expression;
        return this.elementSize(expression != null ? expression.typeId : this.checker.namedType(size.type!));
      }
      case NodeKind.Index:
        return this.indexValue(<Index>e);
      case NodeKind.TupleIndex:
        return this.readPlace(this.place(e), e.typeId);
      case NodeKind.IfExpression:
        return this.ifValue(<IfExpression>e);
      case NodeKind.BlockExpression:
        return this.blockValue((<BlockExpression>e).body);
      case NodeKind.OffsetOf:
        return (<OffsetOf>e).asksExistence ? this.fieldExists(<OffsetOf>e) : this.offsetOf(<OffsetOf>e);
      case NodeKind.Comptime:
        return b.constant(this.checker.knownValue(e));
      case NodeKind.ContainerOf: {
        const container = <ContainerOf>e;
        const offset = this.offsetOf(new OffsetOf(e.start, e.end, container.type, null, container.path));
        return b.binary(Op.Sub, this.value(container.pointer), offset);
      }
      case NodeKind.PositionalParameter:
        return b.load(this.parameter(<PositionalParameter>e, "parameter_number", 8), 0, 8);
      case NodeKind.ParameterCount:
        return b.load(b.data(Section.Rodata, this.binding("parameter_count", 0, 8, e)), 0, 8);
      default:
        assert(false, "an expression kind that has no value");
        return 0;
    }
  }

  /** Address of the constant that `bind` sets for a positional parameter. */
  protected parameter(e: PositionalParameter, kind: string, size: i32): i32 {
    return this.b.data(Section.Rodata, this.binding(kind, e.index, size, e));
  }

  /** Offset in `.rodata` of a constant that `bind` sets; made on first use. */
  protected binding(kind: string, index: u32, size: i32, e: Expression, name: string = ""): i32 {
    const bindings = this.manifest.bindings;
    for (let i = 0; i < bindings.length; i++)
      if (bindings[i].kind == kind && bindings[i].index == index && bindings[i].name == name) return bindings[i].offset;
    const row = new BindingRow(kind, this.constantOfRodata(size), size);
    row.index = index;
    row.name = name;
    row.start = e.start;
    row.end = e.end;
    bindings.push(row);
    return row.offset;
  }

  /** Address of the constant that `bind` sets for a named parameter. */
  protected option(e: Call): i32 {
    const option = this.checker.optionOf(e)!;
    const size = this.types.isScalar(option.type) ? 8 : PARAMETER_TEXT;
    const bindings = this.manifest.bindings;
    for (let i = 0; i < bindings.length; i++) if (bindings[i].option == option) return this.b.data(Section.Rodata, bindings[i].offset);
    const row = new BindingRow("option", this.constantOfRodata(size), size);
    row.option = option;
    bindings.push(row);
    return this.b.data(Section.Rodata, row.offset);
  }

  /** A raw tracepoint's context is its arguments, 8 bytes each; other probes have the registers. */
  private argumentOffset(index: i32): i32 {
    return this.context.provider == Provider.Rawtracepoint ? index * 8 : this.checker.architecture.argumentOffset(index);
  }

  private builtin(e: Identifier): i32 {
    const b = this.b;
    const row = this.checker.findBuiltin(e.name);
    if (row == null) return this.namedConstant(e);
    if (row.helper == Helper.GetCurrentPidTgid && this.checker.pidNamespace) return this.namespaceId(e, row.recipe == Recipe.HelperHigh);
    switch (row.recipe) {
      case Recipe.HelperResult:
      case Recipe.CurrentTask:
        return b.call(row.helper, []);
      case Recipe.HelperLow:
        return b.extend(b.call(row.helper, []), 4, false);
      case Recipe.HelperHigh:
        return b.binary(Op.Shr, b.call(row.helper, []), b.constant(32));
      case Recipe.RegisterArgument:
        if (this.context.provider == Provider.Usdt) return this.usdtArgument(this.checker.registerIndex(e.name));
        return b.load(b.context(), this.argumentOffset(this.checker.registerIndex(e.name)), 8);
      case Recipe.ProbeContext:
        return b.context();
      case Recipe.ReturnValue:
        if (this.context.isTraced) return this.tracedValue(this.context.argumentCount, e.typeId, e);
        return b.load(b.context(), this.checker.architecture.returnValueOffset, 8);
      default:
        return this.builtinValue(e, row);
    }
  }

  /** A constant of an enum, as the target has it, or of a header. */
  private namedConstant(e: Identifier): i32 {
    const symbol = this.checker.findEnumerator(e.name);
    if (symbol == null) return this.b.constant(this.checker.headerConstant(e.name).value);
    const enumeration = this.types.enumerations[symbol.enumeration];
    const value = enumeration.values[symbol.index];
    // CO-RE finds enums by name: those without one are as on the machine of the build.
    if (enumeration.btf == 0 || enumeration.name.length == 0) return this.b.constant(value);
    return this.b.relocatedConstant(value, this.core().enumeratorRelocation(enumeration, symbol.index));
  }

  private blockValue(block: Block): i32 {
    const mark = this.openBlock(block);
    const value = this.value(block.result!);
    this.closeBlock(mark);
    return value;
  }

  private ifValue(e: IfExpression): i32 {
    const b = this.b;
    const result = b.addVariable(this.addressType(e.typeId));
    const choice = this.choose(e.condition);
    b.write(result, this.blockValue(e.then));
    this.otherwise(choice);
    b.write(result, this.value(e.otherwise));
    this.join(choice);
    return b.read(result);
  }

  private cast(e: Cast): i32 {
    const info = this.types.get(e.typeId);
    const kind = this.types.kind(e.operand.typeId);
    if (kind == TypeKind.Array || kind == TypeKind.String) return this.castMemory(e);
    const value = kind == TypeKind.Decimal ? this.wholePart(e.operand) : this.value(e.operand);
    if (info.kind == TypeKind.Bool) return this.b.truth(value);
    return this.b.extend(value, info.size, info.signed);
  }

  /** The address of an array that a helper could read, or its bytes as one number. */
  private castMemory(e: Cast): i32 {
    const b = this.b;
    const info = this.types.get(e.typeId);
    const place = this.place(e.operand);
    if (info.kind == TypeKind.Pointer && !place.isOwn) return b.offset(place.pointer, place.offset);
    const size = min(this.types.get(e.operand.typeId).size, 8);
    const copy = b.slot(8);
    b.store(copy, 0, 8, b.constant(0));
    this.copyPlace(place, e.operand.typeId, e.operand.typeId, copy, 0);
    return b.extend(b.extend(b.load(copy, 0, 8), size, info.signed), info.size, info.signed);
  }

  private unary(e: Unary): i32 {
    const b = this.b;
    switch (e.operator) {
      case UnaryOperator.Negate:
        return b.negate(this.value(e.operand));
      case UnaryOperator.Not:
        return b.not(this.value(e.operand));
      case UnaryOperator.Complement:
        return b.extend(b.binary(Op.Xor, this.value(e.operand), b.constant(-1)), this.types.get(e.typeId).size, false);
      case UnaryOperator.Dereference:
        return this.pointedValue(e);
      case UnaryOperator.AddressOf:
        return this.addressOf(e.operand);
      default:
        return this.increment(e);
    }
  }

  /**
   * The address of a variable or map as a number. To the verifier it is a pointer, whose sums it restricts, until the helper has
   * copied it.
   */
  private addressOf(operand: Expression): i32 {
    const b = this.b;
    const isMap = operand.kind == NodeKind.MapAccess;
    const pointer = isMap ? b.map(this.checker.mapOf(<MapAccess>operand).index) : this.scopes.find((<Variable>operand).name)!.storage;
    const slot = b.slot(8);
    const copy = b.slot(8);
    b.store(slot, 0, 8, pointer);
    b.call(Helper.ProbeReadKernel, [copy, b.constant(8), slot]);
    return b.load(copy, 0, 8, false, Type.Kernel);
  }

  private increment(e: Unary): i32 {
    const b = this.b;
    const up = e.operator == UnaryOperator.PreIncrement || e.operator == UnaryOperator.PostIncrement;
    const op = up ? Op.Add : Op.Sub;
    const isPrefix = e.operator == UnaryOperator.PreIncrement || e.operator == UnaryOperator.PreDecrement;
    this.updates(e.start, e.end);
    if (e.operand.kind == NodeKind.MapAccess && this.types.isInteger(e.operand.typeId)) {
      this.modifyMap(<MapAccess>e.operand, op, b.constant(1));
      return isPrefix ? this.after : this.before;
    }
    const before = this.value(e.operand);
    const isPointer = this.types.kind(e.operand.typeId) == TypeKind.Pointer;
    const moved = isPointer ? this.movedPointer(before, e.operand.typeId, b.constant(1), op) : b.binary(op, before, b.constant(1));
    const after = this.assignScalar(e.operand, moved);
    return isPrefix ? after : before;
  }

  /** Stores `value` in a variable or map; returns it as it was stored. */
  protected assignScalar(target: Expression, value: i32): i32 {
    const info = this.types.get(target.typeId);
    if (info.kind == TypeKind.Integer) value = this.b.extend(value, info.size, info.signed);
    if (target.kind == NodeKind.Variable) this.writeVariable(this.scopes.find((<Variable>target).name)!, value);
    else {
      const access = <MapAccess>target;
      this.storeMapValue(this.checker.mapOf(access), access.keys, value);
    }
    return value;
  }

  private binary(e: Binary): i32 {
    const b = this.b;
    if (this.checker.isDecimalOperation(e)) return this.decimalOperation(e);
    switch (e.operator) {
      case BinaryOperator.LogicalAnd:
      case BinaryOperator.LogicalOr:
      case BinaryOperator.Match:
      case BinaryOperator.NotMatch:
        return this.conditionValue(e);
      case BinaryOperator.Less:
      case BinaryOperator.LessEqual:
      case BinaryOperator.Greater:
      case BinaryOperator.GreaterEqual:
      case BinaryOperator.Equal:
      case BinaryOperator.NotEqual:
        if (!this.types.isScalar(e.left.typeId)) return this.conditionValue(e);
        break;
      default:
        break;
    }
    const left = this.value(e.left);
    const right = this.value(e.right);
    b.source = e.operatorStart;
    if (this.types.kind(e.typeId) == TypeKind.Pointer) {
      const op = e.operator == BinaryOperator.Add ? Op.Add : Op.Sub;
      return this.types.kind(e.left.typeId) == TypeKind.Pointer
        ? this.movedPointer(left, e.typeId, right, op)
        : this.movedPointer(right, e.typeId, left, op);
    }
    if (e.operator == BinaryOperator.Divide || e.operator == BinaryOperator.Modulo)
      return this.divide(e.operator, left, right, e.start, e.end, isLiteral(e));
    return b.binary(this.operation(e), left, right);
  }

  /** The IR op of an operator on scalars. */
  private operation(e: Binary): Op {
    const signed = this.checker.signedOperation(e);
    switch (e.operator) {
      case BinaryOperator.Equal:
        return Op.Equal;
      case BinaryOperator.NotEqual:
        return Op.NotEqual;
      case BinaryOperator.Less:
        return signed ? Op.Less : Op.Below;
      case BinaryOperator.LessEqual:
        return signed ? Op.LessEqual : Op.BelowEqual;
      case BinaryOperator.Greater:
        return signed ? Op.Greater : Op.Above;
      case BinaryOperator.GreaterEqual:
        return signed ? Op.GreaterEqual : Op.AboveEqual;
      default:
        return arithmeticOp(e.operator, isLiteral(e));
    }
  }

  /** Unsigned, as in the peer; a divisor of 0 gives 1 and a run-time warning. */
  protected divide(operator: BinaryOperator, left: i32, right: i32, start: u32, end: u32, literals: bool): i32 {
    const b = this.b;
    const op = operator == BinaryOperator.Divide ? Op.Div : Op.Mod;
    if (b.isConst(right) && b.constOf(right) != 0) {
      // The peer computes with literals itself, by the rules of C.
      if (literals && b.constOf(right) != -1) {
        const quotient = b.constOf(left) / b.constOf(right);
        return b.constant(op == Op.Div ? quotient : b.constOf(left) - quotient * b.constOf(right));
      }
      return b.binary(op, left, right);
    }
    const result = b.addVariable(Type.Scalar);
    const zero = b.newBlock(true);
    const normal = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(1));
    b.branch(b.binary(Op.Equal, right, b.constant(0)), zero, normal);
    b.enter(normal);
    b.write(result, b.binary(op, left, right));
    b.jump(done);
    b.enter(zero);
    this.runtimeError(start, end, "Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.");
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  private conditional(e: Conditional): i32 {
    const b = this.b;
    const result = b.addVariable(this.addressType(e.typeId));
    const done = b.newBlock();
    const then = e.then;
    const whenTrue = b.newBlock();
    const whenFalse = b.newBlock();
    if (then == null) {
      const value = this.value(e.condition);
      b.write(result, value);
      b.branch(b.truth(value), done, whenFalse);
    } else {
      this.condition(e.condition, whenTrue, whenFalse);
      b.enter(whenTrue);
      b.write(result, this.value(then));
      b.jump(done);
    }
    b.enter(whenFalse);
    b.write(result, this.value(e.otherwise));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  // Conditions

  /** Branches on `e`, without making a number of it. */
  protected condition(e: Expression, whenTrue: i32, whenFalse: i32): void {
    const b = this.b;
    if (e.kind == NodeKind.StringLiteral) {
      b.jump(whenTrue);
      return;
    }
    if (e.kind == NodeKind.Unary && (<Unary>e).operator == UnaryOperator.Not) {
      this.condition((<Unary>e).operand, whenFalse, whenTrue);
      return;
    }
    if (e.kind == NodeKind.Binary) {
      const binary = <Binary>e;
      const operator = binary.operator;
      if (operator == BinaryOperator.LogicalAnd || operator == BinaryOperator.LogicalOr) {
        const next = b.newBlock();
        if (operator == BinaryOperator.LogicalAnd) this.condition(binary.left, next, whenFalse);
        else this.condition(binary.left, whenTrue, next);
        b.enter(next);
        this.condition(binary.right, whenTrue, whenFalse);
        return;
      }
      if (operator == BinaryOperator.Match || operator == BinaryOperator.NotMatch) {
        const matches = operator == BinaryOperator.Match;
        const pattern = <StringLiteral>binary.right;
        this.matchText(binary.left, pattern, false, matches ? whenTrue : whenFalse, matches ? whenFalse : whenTrue);
        return;
      }
      if (binary.left.kind == NodeKind.StringLiteral && binary.right.kind == NodeKind.StringLiteral) {
        b.jump(this.checker.knownValue(e) != 0 ? whenTrue : whenFalse);
        return;
      }
      const isEquality = operator == BinaryOperator.Equal || operator == BinaryOperator.NotEqual;
      if (isEquality && !this.types.isScalar(binary.left.typeId) && !this.checker.isDecimalOperation(binary)) {
        if (operator == BinaryOperator.Equal) this.compareMemory(binary, whenTrue, whenFalse);
        else this.compareMemory(binary, whenFalse, whenTrue);
        return;
      }
    }
    if (e.kind == NodeKind.Call) {
      const list = (<Call>e).argumentList;
      const row = this.checker.findFunction((<Call>e).name);
      if (row != null && row.id == FunctionId.Glob) {
        this.matchText(list[0], <StringLiteral>list[1], true, whenTrue, whenFalse);
        return;
      }
    }
    b.branch(b.truth(this.value(e)), whenTrue, whenFalse);
  }

  /** A condition as 0 or 1. */
  protected conditionValue(e: Expression): i32 {
    const b = this.b;
    const result = b.addVariable(Type.Scalar);
    const whenTrue = b.newBlock();
    const whenFalse = b.newBlock();
    const done = b.newBlock();
    this.condition(e, whenTrue, whenFalse);
    b.enter(whenTrue);
    b.write(result, b.constant(1));
    b.jump(done);
    b.enter(whenFalse);
    b.write(result, b.constant(0));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }
}
