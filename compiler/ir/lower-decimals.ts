// Lowering of decimal arithmetic: every value is an integer that counts 10^-scale, and what could leave 64 bits is guarded.

import { DecimalValue, powerOfTen, reciprocal } from "../check/decimals";
import { TypeKind } from "../check/types";
import { Expression } from "../syntax/ast";
import { Binary, Unary } from "../syntax/expression-nodes";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { DecimalBound } from "./decimal-bound";
import { Op, Type } from "./ir";
import { PatternLowering } from "./lower-patterns";

const TOO_LARGE = "This decimal number does not fit 64 bits. The nearest that fits is used.";

const SIGN_BIT: u64 = 1 << 63;

/** The side of an operation that a constant is on. */
const enum Side {
  None,
  Left,
  Right,
}

/** A number while it is computed. */
@final
class Scaled {
  constructor(
    public value: i32,
    public scale: i32,
    /** No value is further from 0. */
    public bound: u64,
    /** A 64-bit value without a sign: those from 2^63 on are no negative numbers. */
    public isUnsigned: bool,
  ) {}
}

export abstract class DecimalLowering extends PatternLowering {
  protected abstract value(e: Expression): i32;

  /** A literal, at the scale of its type. */
  protected decimalConstant(e: Expression): i32 {
    return this.scaled(e).value;
  }

  /** The value of an operation on decimal numbers: 0 or 1, an integer, or an integer at the scale of its type. */
  protected decimalOperation(e: Binary): i32 {
    const constant = new DecimalValue();
    if (this.checker.decimalOf(e, constant)) return this.b.constant(constant.digits);
    this.decimalStart = e.start;
    this.decimalEnd = e.end;
    switch (e.operator) {
      case BinaryOperator.Add:
      case BinaryOperator.Subtract:
      case BinaryOperator.Multiply:
      case BinaryOperator.Divide:
        return this.arithmetic(e).value;
      default:
        return this.compareDecimals(e);
    }
  }

  /** `(int64)x` of a decimal x: the digits in front of the point. */
  protected wholePart(e: Expression): i32 {
    this.decimalStart = e.start;
    this.decimalEnd = e.end;
    const b = this.b;
    const number = this.scaled(e);
    const power = b.constant(powerOfTen(number.scale));
    const result = b.addVariable(Type.Scalar);
    const negative = b.newBlock();
    const positive = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.Less, number.value, b.constant(0)), negative, positive);
    b.enter(negative);
    b.write(result, b.negate(b.binary(Op.Div, b.negate(number.value), power)));
    b.jump(done);
    b.enter(positive);
    b.write(result, b.binary(Op.Div, number.value, power));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  private scaled(e: Expression): Scaled {
    const constant = new DecimalValue();
    if (this.checker.decimalOf(e, constant)) {
      const digits = constant.digits;
      return new Scaled(this.b.constant(digits), constant.scale, digits < 0 ? 0 - <u64>digits : <u64>digits, false);
    }
    const info = this.types.get(e.typeId);
    if (info.kind == TypeKind.Decimal || (e instanceof Binary && this.checker.isDecimalOperation(<Binary>e))) {
      if (e instanceof Binary) return this.arithmetic(<Binary>e);
      return new Scaled(this.value(e), info.count, <u64>i64.MAX_VALUE, false);
    }
    const value = this.value(e);
    const bits: u64 = info.size * 8;
    const bound = bits < 64 ? (<u64>1) << bits : info.signed ? (<u64>1) << 63 : u64.MAX_VALUE;
    return new Scaled(value, 0, bound, !info.signed);
  }

  private arithmetic(e: Binary): Scaled {
    const b = this.b;
    const constant = new DecimalValue();
    if (e.operator == BinaryOperator.Divide) {
      const divisor = new DecimalValue();
      this.checker.decimalOf(e.right, divisor);
      reciprocal(divisor, constant);
      return this.multiplied(this.scaled(e.left), constant);
    }
    if (e.operator == BinaryOperator.Multiply) {
      if (this.checker.decimalOf(e.right, constant)) return this.multiplied(this.scaled(e.left), constant);
      if (this.checker.decimalOf(e.left, constant)) return this.multiplied(this.scaled(e.right), constant);
      // Both are known only where the program runs: half of the bits for each.
      const left = this.limited(this.scaled(e.left), i32.MAX_VALUE);
      const right = this.limited(this.scaled(e.right), i32.MAX_VALUE);
      const product = b.binary(Op.Mul, left.value, right.value);
      return new Scaled(product, left.scale + right.scale, left.bound * right.bound, false);
    }
    const left = this.scaled(e.left);
    const right = this.scaled(e.right);
    const scale = max(left.scale, right.scale);
    const half = i64.MAX_VALUE / 2;
    const first = this.limited(this.rescaled(left, scale, half), half);
    const second = this.limited(this.rescaled(right, scale, half), half);
    const op = e.operator == BinaryOperator.Add ? Op.Add : Op.Sub;
    return new Scaled(b.binary(op, first.value, second.value), scale, first.bound + second.bound, false);
  }

  private multiplied(number: Scaled, factor: DecimalValue): Scaled {
    const digits = factor.digits;
    const product = this.times(number, digits, i64.MAX_VALUE);
    return new Scaled(product.value, number.scale + factor.scale, product.bound, product.isUnsigned);
  }

  /** The same number at a larger scale, and within `limit`. */
  private rescaled(number: Scaled, scale: i32, limit: i64): Scaled {
    const product = this.times(number, powerOfTen(scale - number.scale), limit);
    return new Scaled(product.value, scale, product.bound, product.isUnsigned);
  }

  /** `number` times an integer; guarded where the product could be larger than `limit`. */
  private times(number: Scaled, factor: i64, limit: i64): Scaled {
    if (factor == 1) return number;
    if (factor == 0) return new Scaled(this.b.constant(0), number.scale, 0, false);
    const size: i64 = factor < 0 ? -factor : factor;
    const safe = this.limited(number, limit / size);
    return new Scaled(this.b.binary(Op.Mul, safe.value, this.b.constant(factor)), number.scale, safe.bound * <u64>size, false);
  }

  /** The number, or what is nearest to it between -`limit` and `limit`, with a run-time warning. */
  private limited(number: Scaled, limit: i64): Scaled {
    if (number.bound <= <u64>limit) return number;
    const b = this.b;
    const source = b.source;
    const result = b.addVariable(Type.Scalar);
    const outside = b.newBlock(true);
    const done = b.newBlock();
    b.write(result, number.value);
    // One comparison for both ends: the numbers from -limit to limit, moved up by limit.
    const moved = number.isUnsigned ? number.value : b.binary(Op.Add, number.value, b.constant(limit));
    const width = number.isUnsigned ? limit : limit + limit;
    b.branch(b.binary(Op.Above, moved, b.constant(width)), outside, done);
    b.enter(outside);
    this.runtimeError(this.decimalStart, this.decimalEnd, TOO_LARGE);
    b.source = source;
    if (number.isUnsigned) {
      b.write(result, b.constant(limit));
    } else {
      // The sign, as 0 or -1, makes one end of the other.
      const sign = b.binary(Op.Sar, number.value, b.constant(63));
      b.write(result, b.binary(Op.Sub, b.binary(Op.Xor, b.constant(limit), sign), sign));
    }
    b.jump(done);
    b.enter(done);
    return new Scaled(b.read(result), number.scale, <u64>limit, false);
  }

  /** The operation that a run-time warning is about. */
  private decimalStart: u32 = 0;
  private decimalEnd: u32 = 0;

  private compareDecimals(e: Binary): i32 {
    const b = this.b;
    const constant = new DecimalValue();
    if (this.checker.decimalOf(e.right, constant)) return this.compareConstant(e.operator, e.left, new DecimalBound(constant));
    if (this.checker.decimalOf(e.left, constant)) return this.compareConstant(mirrored(e.operator), e.right, new DecimalBound(constant));
    const left = this.scaled(e.left);
    const right = this.scaled(e.right);
    const scale = max(left.scale, right.scale);
    const first = this.limited(this.rescaled(left, scale, i64.MAX_VALUE), i64.MAX_VALUE);
    const second = this.limited(this.rescaled(right, scale, i64.MAX_VALUE), i64.MAX_VALUE);
    return b.binary(comparison(e.operator, false), first.value, second.value);
  }

  /**
   * A number and a constant. The number's own constant factors and terms go to the constant: `x * 1.5 <= 7.5` is `x <= 5`. Between two
   * steps of the number's scale the constant is as good as the step below it: `x > 1.5` is `x > 1`.
   */
  private compareConstant(operator: BinaryOperator, e: Expression, bound: DecimalBound): i32 {
    for (;;) {
      const side = this.movesConstant(e, bound);
      if (side == Side.None) break;
      if (this.isMirrored) operator = mirrored(operator);
      e = e instanceof Unary ? (<Unary>e).operand : side == Side.Left ? (<Binary>e).right : (<Binary>e).left;
    }
    const number = this.scaled(e);
    bound.round(number.scale);
    const magnitude = bound.magnitude;
    if (bound.isBeyond || magnitude > number.bound) return this.decided(operator, bound.isNegative);
    if (bound.isNegative ? number.isUnsigned || magnitude > SIGN_BIT : !number.isUnsigned && magnitude >= SIGN_BIT)
      return this.decided(operator, bound.isNegative);
    if (!bound.isWhole) {
      switch (operator) {
        case BinaryOperator.Equal:
        case BinaryOperator.NotEqual:
          return this.b.constant(operator == BinaryOperator.NotEqual ? 1 : 0);
        case BinaryOperator.Less:
          operator = BinaryOperator.LessEqual;
          break;
        case BinaryOperator.GreaterEqual:
          operator = BinaryOperator.Greater;
          break;
        default:
          break;
      }
    }
    const limit = <i64>(bound.isNegative ? 0 - magnitude : magnitude);
    return this.b.binary(comparison(operator, number.isUnsigned), number.value, this.b.constant(limit));
  }

  /** Of `movesConstant`: what was moved has turned the order round. */
  private isMirrored: bool = false;

  /** Moves the constant side of an operation on decimal numbers to the bound. Returns which side it was; none if it has to stay. */
  private movesConstant(e: Expression, bound: DecimalBound): Side {
    this.isMirrored = false;
    if (e instanceof Unary && (<Unary>e).operator == UnaryOperator.Negate && this.checker.isDecimal(e.typeId)) {
      bound.negate();
      this.isMirrored = true;
      return Side.Left;
    }
    if (!(e instanceof Binary) || !this.checker.isDecimalOperation(<Binary>e)) return Side.None;
    const binary = <Binary>e;
    const constant = new DecimalValue();
    const side = this.checker.decimalOf(binary.right, constant)
      ? Side.Right
      : this.checker.decimalOf(binary.left, constant)
        ? Side.Left
        : Side.None;
    if (side == Side.None) return side;
    let isMoved: bool = false;
    switch (binary.operator) {
      case BinaryOperator.Add:
        isMoved = bound.add(constant, true);
        break;
      case BinaryOperator.Subtract:
        if (side == Side.Right) {
          isMoved = bound.add(constant, false);
        } else if (bound.add(constant, true)) {
          bound.negate();
          this.isMirrored = true;
          isMoved = true;
        }
        break;
      case BinaryOperator.Multiply:
        this.isMirrored = constant.digits < 0;
        isMoved = constant.digits != 0 && bound.divide(constant);
        break;
      case BinaryOperator.Divide:
        this.isMirrored = constant.digits < 0;
        isMoved = side == Side.Right && bound.multiply(constant);
        break;
      default:
        break;
    }
    return isMoved ? side : Side.None;
  }

  /** The comparison with a constant that is below all values, or above them. */
  private decided(operator: BinaryOperator, isBelow: bool): i32 {
    const isGreater = operator == BinaryOperator.Greater || operator == BinaryOperator.GreaterEqual;
    const isLess = operator == BinaryOperator.Less || operator == BinaryOperator.LessEqual;
    const holds = operator == BinaryOperator.NotEqual || (isBelow ? isGreater : isLess);
    return this.b.constant(holds ? 1 : 0);
  }
}

/** `a OP b` as `b OP' a`. */
function mirrored(operator: BinaryOperator): BinaryOperator {
  switch (operator) {
    case BinaryOperator.Less:
      return BinaryOperator.Greater;
    case BinaryOperator.LessEqual:
      return BinaryOperator.GreaterEqual;
    case BinaryOperator.Greater:
      return BinaryOperator.Less;
    case BinaryOperator.GreaterEqual:
      return BinaryOperator.LessEqual;
    default:
      return operator;
  }
}

function comparison(operator: BinaryOperator, isUnsigned: bool): Op {
  switch (operator) {
    case BinaryOperator.Equal:
      return Op.Equal;
    case BinaryOperator.NotEqual:
      return Op.NotEqual;
    case BinaryOperator.Less:
      return isUnsigned ? Op.Below : Op.Less;
    case BinaryOperator.LessEqual:
      return isUnsigned ? Op.BelowEqual : Op.LessEqual;
    case BinaryOperator.Greater:
      return isUnsigned ? Op.Above : Op.Greater;
    default:
      return isUnsigned ? Op.AboveEqual : Op.GreaterEqual;
  }
}
