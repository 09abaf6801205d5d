// Decimal numbers as exact integers: a value of type `decimal(scale)` is an integer that counts 10^-scale. Constants are computed
// here; what has no exact value in that form is an error, never rounded.

import { Code } from "../source/diagnostics";
import { Expression, NodeKind } from "../syntax/ast";
import { Binary, DecimalLiteral, IntegerLiteral, Unary } from "../syntax/expression-nodes";
import { BinaryOperator, binaryText, UnaryOperator } from "../syntax/operators";
import { AccessChecker } from "./access";
import { BasicType, TypeKind } from "./types";

/** Digits behind the point that a value may have: with more, little of 64 bits would be left in front of it. */
export const MAXIMUM_SCALE: i32 = 9;

/** `digits` times 10^-`scale`, without zeros at the end of its fraction. */
@final
export class DecimalValue {
  digits: i64 = 0;
  scale: i32 = 0;

  set(digits: i64, scale: i32): void {
    while (scale > 0 && digits % 10 == 0) {
      digits /= 10;
      scale--;
    }
    this.digits = digits;
    this.scale = scale;
  }
}

const enum Constness {
  /** Known only where the program runs. */
  Running,
  Known,
  /** A constant that has no exact value of at most `MAXIMUM_SCALE` digits in 64 bits. */
  Inexact,
}

/** 10^n, n at most 18. */
export function powerOfTen(n: i32): i64 {
  let power: i64 = 1;
  for (let i = 0; i < n; i++) power *= 10;
  return power;
}

/** Whether `a * b` leaves the range of i64. */
export function productOverflows(a: i64, b: i64): bool {
  if (a == 0 || b == 0) return false;
  if (a == i64.MIN_VALUE || b == i64.MIN_VALUE) return true;
  return (a < 0 ? -a : a) > i64.MAX_VALUE / (b < 0 ? -b : b);
}

/** 1 / `value`, where it has an exact decimal form. */
export function reciprocal(value: DecimalValue, result: DecimalValue): bool {
  // 10^scale / digits is (10^k / digits) / 10^(k - scale) for the first k that leaves no rest.
  if (value.digits == 0 || value.digits == i64.MIN_VALUE) return false;
  for (let k = value.scale; k <= 18; k++) {
    if (powerOfTen(k) % value.digits != 0) continue;
    result.set(powerOfTen(k) / value.digits, k - value.scale);
    return result.scale <= MAXIMUM_SCALE;
  }
  return false;
}

export abstract class DecimalChecker extends AccessChecker {
  private decimal: DecimalValue = new DecimalValue();
  private divisor: DecimalValue = new DecimalValue();

  isDecimal(type: i32): bool {
    return this.types.kind(type) == TypeKind.Decimal;
  }

  /** Whether `e` computes with decimal numbers, though its value may be an integer or a truth. */
  isDecimalOperation(e: Binary): bool {
    return this.usesDecimals(e.left) || this.usesDecimals(e.right);
  }

  private usesDecimals(e: Expression): bool {
    return this.isDecimal(e.typeId) || hasDecimals(e);
  }

  /** The value of `e` into `result`; false where it is none that is known and exact. */
  decimalOf(e: Expression, result: DecimalValue): bool {
    return this.constantOf(e, result) == Constness.Known;
  }

  private constantOf(e: Expression, result: DecimalValue): Constness {
    switch (e.kind) {
      case NodeKind.DecimalLiteral: {
        const literal = <DecimalLiteral>e;
        if (literal.digits > <u64>i64.MAX_VALUE) return Constness.Inexact;
        result.set(<i64>literal.digits, <i32>literal.scale);
        return result.scale > MAXIMUM_SCALE ? Constness.Inexact : Constness.Known;
      }
      case NodeKind.IntegerLiteral:
        result.set(<i64>(<IntegerLiteral>e).value, 0);
        return !(<IntegerLiteral>e).negative && result.digits < 0 ? Constness.Inexact : Constness.Known;
      case NodeKind.Unary: {
        if ((<Unary>e).operator != UnaryOperator.Negate) return Constness.Running;
        const known = this.constantOf((<Unary>e).operand, result);
        if (known == Constness.Known) result.set(-result.digits, result.scale);
        return known;
      }
      case NodeKind.Binary: {
        const binary = <Binary>e;
        const left = this.constantOf(binary.left, result);
        if (left != Constness.Known) return left;
        const digits = result.digits;
        const scale = result.scale;
        const right = this.constantOf(binary.right, result);
        if (right != Constness.Known) return right;
        return this.operate(binary.operator, digits, scale, result);
      }
      default:
        return Constness.Running;
    }
  }

  /** `digits` 10^-`scale` OP `result`, into `result`. */
  private operate(operator: BinaryOperator, digits: i64, scale: i32, result: DecimalValue): Constness {
    if (operator == BinaryOperator.Divide) {
      const divisor = this.divisor;
      divisor.set(result.digits, result.scale);
      // 3 / 1.5 is exact although 1 / 1.5 is not: what both have in common goes first.
      const common = commonFactor(digits, divisor.digits);
      if (common > 1) {
        digits /= common;
        divisor.digits /= common;
      }
      if (!reciprocal(divisor, result)) return Constness.Inexact;
      operator = BinaryOperator.Multiply;
    }
    if (operator == BinaryOperator.Multiply) {
      if (productOverflows(digits, result.digits)) return Constness.Inexact;
      result.set(digits * result.digits, scale + result.scale);
      return result.scale > MAXIMUM_SCALE ? Constness.Inexact : Constness.Known;
    }
    if (operator != BinaryOperator.Add && operator != BinaryOperator.Subtract) return Constness.Running;
    const common = max(scale, result.scale);
    const leftPower = powerOfTen(common - scale);
    const rightPower = powerOfTen(common - result.scale);
    if (productOverflows(digits, leftPower) || productOverflows(result.digits, rightPower)) return Constness.Inexact;
    const left = digits * leftPower;
    const right = operator == BinaryOperator.Add ? result.digits * rightPower : -result.digits * rightPower;
    const sum = left + right;
    if (left < 0 == right < 0 && sum < 0 != left < 0) return Constness.Inexact;
    result.set(sum, common);
    return Constness.Known;
  }

  /** The type of a constant: an integer where it is whole. */
  private constantType(value: DecimalValue): i32 {
    return value.scale == 0 ? this.types.smallestInteger(value.digits) : this.types.decimal(value.scale);
  }

  protected decimalLiteral(e: Expression): i32 {
    if (this.decimalOf(e, this.decimal)) return this.constantType(this.decimal);
    return this.error(
      Code.OutOfRange,
      e.start,
      e.end,
      `A decimal number has at most ${MAXIMUM_SCALE} digits behind the point, and fits 64 bits`,
    );
  }

  /** The type of an operation of which at least one side is a decimal number. */
  protected decimalBinary(e: Binary, left: i32, right: i32): i32 {
    const known = this.constantOf(e, this.decimal);
    if (known == Constness.Known) return this.constantType(this.decimal);
    if (known == Constness.Inexact) return this.inexact(e);
    if ((!this.types.isInteger(left) && !this.isDecimal(left)) || (!this.types.isInteger(right) && !this.isDecimal(right)))
      return this.error(
        Code.TypeMismatch,
        e.operatorStart,
        e.operatorEnd,
        `Type mismatch for '${binaryText(e.operator)}': ${this.types.describe(left)} and ${this.types.describe(right)}`,
      );
    switch (e.operator) {
      case BinaryOperator.Equal:
      case BinaryOperator.NotEqual:
      case BinaryOperator.Less:
      case BinaryOperator.LessEqual:
      case BinaryOperator.Greater:
      case BinaryOperator.GreaterEqual:
        return BasicType.Bool;
      case BinaryOperator.Add:
      case BinaryOperator.Subtract:
        return this.types.decimal(max(this.scaleOf(left), this.scaleOf(right)));
      case BinaryOperator.Multiply:
        return this.productType(e, this.scaleOf(left) + this.scaleOf(right));
      case BinaryOperator.Divide:
        if (this.constantOf(e.right, this.divisor) != Constness.Known || !reciprocal(this.divisor, this.decimal)) return this.inexact(e);
        return this.productType(e, this.scaleOf(left) + this.decimal.scale);
      default:
        return this.error(
          Code.InvalidOperator,
          e.operatorStart,
          e.operatorEnd,
          `The ${binaryText(e.operator)} operator can not be used on decimal numbers`,
        );
    }
  }

  private productType(e: Binary, scale: i32): i32 {
    if (scale > MAXIMUM_SCALE) return this.inexact(e);
    return scale == 0 ? BasicType.Int64 : this.types.decimal(scale);
  }

  /** Digits behind the point of a number's type. */
  scaleOf(type: i32): i32 {
    return this.isDecimal(type) ? this.types.get(type).count : 0;
  }

  private inexact(e: Binary): i32 {
    const isDivision = e.operator == BinaryOperator.Divide;
    return this.error(
      Code.InexactDecimal,
      e.start,
      e.end,
      `This has no exact value with at most ${MAXIMUM_SCALE} digits behind the point`,
      isDivision ? "Multiply the other side of the comparison instead." : "",
    );
  }

  /** A decimal number where an integer or a text is needed. */
  protected misplacedDecimal(e: Expression): i32 {
    return this.error(
      Code.InexactDecimal,
      e.start,
      e.end,
      "A decimal number can only be computed and compared with",
      "A cast, as in (int64)(x * 1.5), drops the digits behind the point.",
    );
  }
}

/** Whether `e` is built on decimal literals. */
function hasDecimals(e: Expression): bool {
  switch (e.kind) {
    case NodeKind.DecimalLiteral:
      return true;
    case NodeKind.Unary:
      return hasDecimals((<Unary>e).operand);
    case NodeKind.Binary:
      return isArithmetic((<Binary>e).operator) && (hasDecimals((<Binary>e).left) || hasDecimals((<Binary>e).right));
    default:
      return false;
  }
}

function isArithmetic(operator: BinaryOperator): bool {
  return (
    operator == BinaryOperator.Add ||
    operator == BinaryOperator.Subtract ||
    operator == BinaryOperator.Multiply ||
    operator == BinaryOperator.Divide
  );
}

/** Greatest common divisor, positive; 1 where there is none to speak of. */
function commonFactor(a: i64, b: i64): i64 {
  if (a == i64.MIN_VALUE || b == i64.MIN_VALUE) return 1;
  a = a < 0 ? -a : a;
  b = b < 0 ? -b : b;
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a == 0 ? 1 : a;
}
