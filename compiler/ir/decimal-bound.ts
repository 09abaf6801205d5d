// The constant side of a comparison, to which constant factors and terms of the other side are moved: then they cost no instruction,
// and nothing can leave 64 bits where the program runs. An exact fraction; what would not fit one is not moved.

import { DecimalValue, powerOfTen } from "../check/decimals";

@final
export class DecimalBound {
  /** Whether the fraction is below 0; what `magnitude` has for a sign as well. */
  isNegative: bool = false;
  /** In lowest terms. */
  private numerator: u64 = 0;
  private denominator: u64 = 1;

  /** Of `round`: the largest integer that is not above the fraction at that scale, without its sign. */
  magnitude: u64 = 0;
  /** Of `round`: the integer is the fraction itself. */
  isWhole: bool = false;
  /** Of `round`: the integer needs more than 64 bits. */
  isBeyond: bool = false;

  constructor(value: DecimalValue) {
    this.add(value, false);
  }

  negate(): void {
    this.isNegative = !this.isNegative && this.numerator != 0;
  }

  /** False where the product needs more than 64 bits; the fraction is what it was then. */
  multiply(factor: DecimalValue): bool {
    return this.times(size(factor.digits), <u64>powerOfTen(factor.scale), factor.digits < 0);
  }

  /** As `multiply`. The divisor is not 0. */
  divide(divisor: DecimalValue): bool {
    return this.times(<u64>powerOfTen(divisor.scale), size(divisor.digits), divisor.digits < 0);
  }

  private times(numerator: u64, denominator: u64, isNegative: bool): bool {
    const over = commonFactor(this.numerator, denominator);
    const under = commonFactor(numerator, this.denominator);
    const first = this.numerator / over;
    const second = numerator / under;
    const third = this.denominator / under;
    const fourth = denominator / over;
    if (overflows(first, second) || overflows(third, fourth)) return false;
    this.numerator = first * second;
    this.denominator = third * fourth;
    this.isNegative = this.numerator != 0 && this.isNegative != isNegative;
    return true;
  }

  /** Adds the term, or subtracts it; false as of `multiply`. */
  add(term: DecimalValue, subtracts: bool): bool {
    const power = <u64>powerOfTen(term.scale);
    const common = commonFactor(this.denominator, power);
    const ownFactor = power / common;
    const otherFactor = this.denominator / common;
    const digits = size(term.digits);
    if (overflows(this.numerator, ownFactor) || overflows(digits, otherFactor) || overflows(this.denominator, ownFactor)) return false;
    const own = this.numerator * ownFactor;
    const other = digits * otherFactor;
    const isNegative = term.digits < 0 != subtracts;
    if (this.isNegative == isNegative) {
      if (own > u64.MAX_VALUE - other) return false;
      this.numerator = own + other;
    } else {
      this.numerator = own > other ? own - other : other - own;
    }
    const denominator = this.denominator * ownFactor;
    if (other > own) this.isNegative = isNegative;
    if (this.numerator == 0) this.isNegative = false;
    const rest = commonFactor(this.numerator, denominator);
    this.numerator /= rest;
    this.denominator = denominator / rest;
    return true;
  }

  /** Finds `magnitude`, `isWhole` and `isBeyond` of the fraction as a number that counts 10^-`scale`; scale is at most 18. */
  round(scale: i32): void {
    const power = <u64>powerOfTen(scale);
    const denominator = this.denominator;
    const whole = this.numerator / denominator;
    const part = this.numerator % denominator;
    // part * power / denominator by long multiplication: rest and part stay below the denominator.
    let quotient: u64 = 0;
    let rest: u64 = 0;
    for (let bit: u64 = 1 << 62; bit != 0; bit >>= 1) {
      quotient <<= 1;
      if (rest >= denominator - rest) {
        rest -= denominator - rest;
        quotient++;
      } else {
        rest += rest;
      }
      if ((power & bit) == 0) continue;
      if (rest >= denominator - part) {
        rest -= denominator - part;
        quotient++;
      } else {
        rest += part;
      }
    }
    this.isWhole = rest == 0;
    if (rest != 0 && this.isNegative) quotient++;
    this.isBeyond = overflows(whole, power) || whole * power > u64.MAX_VALUE - quotient;
    this.magnitude = this.isBeyond ? u64.MAX_VALUE : whole * power + quotient;
  }
}

function size(digits: i64): u64 {
  return digits < 0 ? 0 - <u64>digits : <u64>digits;
}

function overflows(a: u64, b: u64): bool {
  return a != 0 && b > u64.MAX_VALUE / a;
}

/** Greatest common divisor; of 0 and a number that number. */
function commonFactor(a: u64, b: u64): u64 {
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
