// Lowering of expressions: scalars into registers, everything else into memory.

import {
  Binary, BooleanLiteral, Call, Cast, Conditional, FieldAccess, Identifier, IntegerLiteral, MapAccess, OffsetOf, PositionalParameter, SizeOf, StringLiteral, Tuple, Unary, Variable,
} from "../syntax/expression-nodes";
import { Expression, NodeKind } from "../syntax/ast";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { FunctionId } from "../check/functions";
import { Recipe } from "../check/builtins";
import { AddressSpace, BasicType, TypeKind } from "../check/types";
import { Scopes } from "../check/scope";
import { PARAMETER_TEXT } from "../check/calls";
import { BindingRow, EventKind, EventRow } from "../object/manifest";
import { FieldLowering } from "./lower-fields";
import { arithmeticOp } from "./lower-operators";
import { Helper } from "./helpers";
import { Op, Section, Type } from "./ir";

export abstract class ExpressionLowering extends FieldLowering {
  protected scopes: Scopes = new Scopes();

  /** A call used as a statement, or for its value. */
  protected abstract call(e: Call): i32;

  protected addressType(type: i32): Type {
    const info = this.types.get(type);
    if (info.kind != TypeKind.Pointer) return Type.Scalar;
    return info.space == AddressSpace.User ? Type.User : info.space == AddressSpace.Kernel ? Type.Kernel : Type.Scalar;
  }

  protected value(e: Expression): i32 {
    const b = this.b;
    b.source = e.start;
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        return b.constant(<i64>(<IntegerLiteral>e).value);
      case NodeKind.BooleanLiteral:
        return b.constant((<BooleanLiteral>e).value ? 1 : 0);
      case NodeKind.Identifier:
        return this.builtin(<Identifier>e);
      case NodeKind.Variable:
        return b.read(this.scopes.find((<Variable>e).name)!.storage);
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
        const type = this.types.get(expression != null ? expression.typeId : this.checker.namedType(size.type!));
        return type.kind == TypeKind.Record ? this.structSize(type.btf) : b.constant(type.size);
      }
      case NodeKind.OffsetOf:
        return this.offsetOf(<OffsetOf>e);
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
  private parameter(e: PositionalParameter, kind: string, size: i32): i32 {
    return this.b.data(Section.Rodata, this.binding(kind, e.index, size, e));
  }

  /** Offset in `.rodata` of a constant that `bind` sets; made on first use. */
  private binding(kind: string, index: u32, size: i32, e: Expression): i32 {
    const bindings = this.manifest.bindings;
    for (let i = 0; i < bindings.length; i++) if (bindings[i].kind == kind && bindings[i].index == index) return bindings[i].offset;
    const row = new BindingRow(kind, this.constantOfRodata(size), size);
    row.index = index;
    row.start = e.start;
    row.end = e.end;
    bindings.push(row);
    return row.offset;
  }

  private builtin(e: Identifier): i32 {
    const b = this.b;
    const row = this.checker.findBuiltin(e.name)!;
    switch (row.recipe) {
      case Recipe.HelperResult:
      case Recipe.CurrentTask:
        return b.call(row.helper, []);
      case Recipe.HelperLow:
        return b.extend(b.call(row.helper, []), 4, false);
      case Recipe.HelperHigh:
        return b.binary(Op.Shr, b.call(row.helper, []), b.constant(32));
      case Recipe.RegisterArgument:
        return b.load(b.context(), argumentOffset(this.checker.registerIndex(e.name)), 8);
      case Recipe.ReturnValue:
        return b.load(b.context(), RETURN_VALUE_OFFSET, 8);
      default:
        assert(false, "a builtin that is no number");
        return 0;
    }
  }

  private cast(e: Cast): i32 {
    const info = this.types.get(e.typeId);
    const value = this.value(e.operand);
    if (info.kind == TypeKind.Bool) return this.b.truth(value);
    return this.b.extend(value, info.size, info.signed);
  }

  private unary(e: Unary): i32 {
    const b = this.b;
    switch (e.operator) {
      case UnaryOperator.Negate:
        return b.negate(this.value(e.operand));
      case UnaryOperator.Not:
        return b.not(this.value(e.operand));
      case UnaryOperator.Complement:
        return b.binary(Op.Xor, this.value(e.operand), b.constant(-1));
      default:
        return this.increment(e);
    }
  }

  private increment(e: Unary): i32 {
    const b = this.b;
    const up = e.operator == UnaryOperator.PreIncrement || e.operator == UnaryOperator.PostIncrement;
    const before = this.value(e.operand);
    const after = this.assignScalar(e.operand, b.binary(up ? Op.Add : Op.Sub, before, b.constant(1)));
    return e.operator == UnaryOperator.PreIncrement || e.operator == UnaryOperator.PreDecrement ? after : before;
  }

  /** Stores `value` in a variable or map; returns it as it was stored. */
  protected assignScalar(target: Expression, value: i32): i32 {
    const info = this.types.get(target.typeId);
    if (info.kind == TypeKind.Integer) value = this.b.extend(value, info.size, info.signed);
    if (target.kind == NodeKind.Variable) this.b.write(this.scopes.find((<Variable>target).name)!.storage, value);
    else {
      const access = <MapAccess>target;
      this.storeMapValue(this.checker.mapOf(access), access.keys, value);
    }
    return value;
  }

  private binary(e: Binary): i32 {
    const b = this.b;
    switch (e.operator) {
      case BinaryOperator.LogicalAnd:
      case BinaryOperator.LogicalOr:
        return this.conditionValue(e);
      case BinaryOperator.Equal:
      case BinaryOperator.NotEqual:
        if (this.types.kind(e.left.typeId) == TypeKind.String) return this.conditionValue(e);
        break;
      default:
        break;
    }
    const left = this.value(e.left);
    const right = this.value(e.right);
    b.source = e.operatorStart;
    if (e.operator == BinaryOperator.Divide || e.operator == BinaryOperator.Modulo) return this.divide(e, left, right);
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
        return arithmeticOp(e.operator, this.types.isSigned(e.typeId));
    }
  }

  /** Unsigned, as in the peer; a divisor of 0 gives 1 and a run-time warning. */
  private divide(e: Binary, left: i32, right: i32): i32 {
    const b = this.b;
    const op = e.operator == BinaryOperator.Divide ? Op.Div : Op.Mod;
    if (b.isConst(right) && b.constOf(right) != 0) return b.binary(op, left, right);
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
    const message = String.UTF8.encode("Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.");
    const row = this.sendConstantEvent(EventKind.RuntimeError, e.start, e.end);
    row.text = changetype<usize>(message);
    row.textLength = message.byteLength;
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
      const isEquality = operator == BinaryOperator.Equal || operator == BinaryOperator.NotEqual;
      if (isEquality && this.types.kind(binary.left.typeId) == TypeKind.String) {
        if (operator == BinaryOperator.Equal) this.compareText(binary, whenTrue, whenFalse);
        else this.compareText(binary, whenFalse, whenTrue);
        return;
      }
    }
    b.branch(b.truth(this.value(e)), whenTrue, whenFalse);
  }

  /** A condition as 0 or 1. */
  private conditionValue(e: Expression): i32 {
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

  /**
   * Text against a literal: equal when all bytes up to and including the NUL are (features T14: up to the smaller size).
   * Compared in words, which is what makes `comm == "dd"` one instruction.
   */
  private compareText(e: Binary, whenEqual: i32, whenDifferent: i32): void {
    const b = this.b;
    const literalRight = e.right.kind == NodeKind.StringLiteral;
    const literal = <StringLiteral>(literalRight ? e.right : e.left);
    const text = literalRight ? e.left : e.right;
    if (text.kind == NodeKind.StringLiteral) {
      const other = <StringLiteral>text;
      const equal = other.length == literal.length && memory.compare(other.pointer, literal.pointer, literal.length) == 0;
      b.jump(equal ? whenEqual : whenDifferent);
      return;
    }
    const size = this.types.get(text.typeId).size;
    let count = min(<i32>literal.length + 1, size);
    // A task's name is short: with zeros around it, whole words can be compared.
    const isName = this.isCommandName(text);
    if (isName) count = (count + 7) & -8;
    const pointer = this.textPrefix(text, isName ? count : count + 1, isName);
    let at = 0;
    while (at < count) {
      let step = 8;
      while (step > count - at) step >>= 1;
      let word: u64 = 0;
      for (let i = step - 1; i >= 0; i--) {
        const byte: u8 = <u32>(at + i) < literal.length ? load<u8>(literal.pointer + at + i) : 0;
        word = (word << 8) | <u64>byte;
      }
      const next = at + step < count ? b.newBlock() : whenEqual;
      b.branch(b.binary(Op.Equal, b.load(pointer, at, step), b.constant(word)), next, whenDifferent);
      if (next != whenEqual) b.enter(next);
      at += step;
    }
  }

  protected isCommandName(e: Expression): bool {
    if (e.kind != NodeKind.Identifier) return false;
    const row = this.checker.findBuiltin((<Identifier>e).name);
    return row != null && row.recipe == Recipe.CommandName;
  }

  /** Address of memory that holds at least the first `wanted` bytes of a text, or all of it; `padded` with zeros behind the NUL. */
  private textPrefix(e: Expression, wanted: i32, padded: bool): i32 {
    if (e.kind == NodeKind.Variable) return this.scopes.find((<Variable>e).name)!.storage;
    const size = this.types.get(e.typeId).size;
    const pointer = this.memory(padded ? size : min(size, wanted));
    if (padded) this.b.zero(pointer, 0, wanted);
    this.writeText(e, padded ? size : min(size, wanted), pointer, 0, false);
    return pointer;
  }

  // Into memory

  protected writeTo(e: Expression, type: i32, pointer: i32, offset: i32): void {
    const info = this.types.get(type);
    const b = this.b;
    switch (info.kind) {
      case TypeKind.String:
        this.writeText(e, info.size, pointer, offset, true);
        return;
      case TypeKind.Tuple:
        if (e.kind == NodeKind.Tuple) this.writeTuple((<Tuple>e).elements, type, pointer, offset);
        else this.copyFromMap(<MapAccess>e, info.size, pointer, offset);
        return;
      default: {
        const value = this.value(e);
        b.store(pointer, offset, info.size, value);
      }
    }
  }

  /**
   * Writes a text into `size` bytes. With `whole` every byte is set, as keys and values need it; without, only those up to
   * the NUL, as a reader of text needs it.
   */
  protected writeText(e: Expression, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    b.source = e.start;
    switch (e.kind) {
      case NodeKind.StringLiteral: {
        const literal = <StringLiteral>e;
        this.writeBytes(literal.pointer, literal.length, size, pointer, offset, whole);
        return;
      }
      case NodeKind.Identifier:
        if (this.isCommandName(e)) {
          // Kernels from 6.1 to 6.5 leave what follows the NUL as it was.
          if (whole) b.zero(pointer, offset, size);
          b.call(Helper.GetCurrentComm, [b.offset(pointer, offset), b.constant(min(size, 16))]);
        } else {
          const name = String.UTF8.encode(this.checker.probeName());
          this.writeBytes(changetype<usize>(name), name.byteLength, size, pointer, offset, whole);
        }
        return;
      case NodeKind.Variable: {
        const own = this.types.get(e.typeId).size;
        b.copy(pointer, offset, this.scopes.find((<Variable>e).name)!.storage, 0, min(own, size), 8);
        if (whole && size > own) b.zero(pointer, offset + own, size - own);
        return;
      }
      case NodeKind.MapAccess:
        this.copyFromMap(<MapAccess>e, size, pointer, offset);
        return;
      case NodeKind.FieldAccess:
        this.writeFieldText(<FieldAccess>e, size, pointer, offset, whole);
        return;
      case NodeKind.Call: {
        const call = <Call>e;
        assert(this.checker.findFunction(call.name)!.id == FunctionId.Str);
        this.readText(call.argumentList[0], min(size, this.types.get(e.typeId).size), size, pointer, offset, whole);
        return;
      }
      case NodeKind.Conditional: {
        const conditional = <Conditional>e;
        const then = conditional.then;
        assert(then != null);
        const whenTrue = b.newBlock();
        const whenFalse = b.newBlock();
        const done = b.newBlock();
        this.condition(conditional.condition, whenTrue, whenFalse);
        b.enter(whenTrue);
        this.writeText(then!, size, pointer, offset, whole);
        b.jump(done);
        b.enter(whenFalse);
        this.writeText(conditional.otherwise, size, pointer, offset, whole);
        b.jump(done);
        b.enter(done);
        return;
      }
      default:
        assert(false, "an expression kind that is no text");
    }
  }

  private writeBytes(bytes: usize, length: u32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const count = whole ? size : min(size, <i32>length + 1);
    let at = 0;
    while (at < count) {
      let step = 8;
      while (step > count - at || ((offset + at) & (step - 1)) != 0) step >>= 1;
      let word: u64 = 0;
      for (let i = step - 1; i >= 0; i--) {
        const byte: u8 = <u32>(at + i) < length ? load<u8>(bytes + at + i) : 0;
        word = (word << 8) | <u64>byte;
      }
      // A store of fewer than 8 bytes keeps its constant in 32 bits.
      b.store(pointer, offset + at, step, b.constant(step == 4 ? <i64>(<i32>word) : <i64>word));
      at += step;
    }
  }

  /** `str(address)`: at most `count` bytes, NUL included, of text; the rest of `size` zero when `whole`. */
  private readText(address: Expression, count: i32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    if (address.kind == NodeKind.PositionalParameter) {
      const text = this.parameter(<PositionalParameter>address, "parameter_text", PARAMETER_TEXT);
      if (whole && count < size) this.clear(pointer, offset, size);
      b.call(Helper.ProbeReadKernelStr, [b.offset(pointer, offset), b.constant(count), text]);
      return;
    }
    const from = this.value(address);
    if (whole) this.clear(pointer, offset, size);
    const info = this.types.get(address.typeId);
    const space = info.kind == TypeKind.Pointer && info.space != AddressSpace.None ? info.space : this.context.space;
    const helper = space == AddressSpace.User ? Helper.ProbeReadUserStr : Helper.ProbeReadKernelStr;
    b.call(helper, [b.offset(pointer, offset), b.constant(count), from]);
  }

  /** The value of a map, zeros where there is no such key. */
  private copyFromMap(e: MapAccess, size: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const map = this.checker.mapOf(e);
    const own = min(this.types.get(map.valueType).size, size);
    const element = this.lookup(map, this.key(map, e.keys));
    const hit = b.newBlock();
    const miss = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    b.copy(pointer, offset, element, 0, own, 8);
    if (size > own) this.clear(pointer, offset + own, size - own);
    b.jump(done);
    b.enter(miss);
    this.clear(pointer, offset, size);
    b.jump(done);
    b.enter(done);
  }
}

/** Offset in x86-64's `struct pt_regs` (arch/x86/include/asm/ptrace.h) of argument `index` of a function: di si dx cx r8 r9. */
function argumentOffset(index: i32): i32 {
  switch (index) {
    case 0:
      return 112;
    case 1:
      return 104;
    case 2:
      return 96;
    case 3:
      return 88;
    case 4:
      return 72;
    default:
      return 64;
  }
}

/** `ax` in x86-64's `struct pt_regs`. */
const RETURN_VALUE_OFFSET: i32 = 80;
