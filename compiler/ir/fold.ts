// Constant arithmetic exactly as the kernel's interpreter does it: 64 bits, unsigned division with x / 0 = 0 and x % 0 = x,
// shift counts masked with 63 (Documentation/bpf/standardization/instruction-set.rst).

import { Op } from "./ir";

/** The result of a binary op or comparison on constants. */
export function foldBinary(op: Op, left: i64, right: i64): i64 {
  switch (op) {
    case Op.Add:
      return left + right;
    case Op.Sub:
      return left - right;
    case Op.Mul:
      return left * right;
    case Op.Div:
      return right == 0 ? 0 : <i64>(<u64>left / <u64>right);
    case Op.Mod:
      return right == 0 ? left : <i64>(<u64>left % <u64>right);
    case Op.And:
      return left & right;
    case Op.Or:
      return left | right;
    case Op.Xor:
      return left ^ right;
    case Op.Shl:
      return left << (right & 63);
    case Op.Shr:
      return <i64>(<u64>left >> <u64>(right & 63));
    case Op.Sar:
      return left >> (right & 63);
    case Op.Equal:
      return left == right ? 1 : 0;
    case Op.NotEqual:
      return left != right ? 1 : 0;
    case Op.Below:
      return <u64>left < <u64>right ? 1 : 0;
    case Op.BelowEqual:
      return <u64>left <= <u64>right ? 1 : 0;
    case Op.Above:
      return <u64>left > <u64>right ? 1 : 0;
    case Op.AboveEqual:
      return <u64>left >= <u64>right ? 1 : 0;
    case Op.Less:
      return left < right ? 1 : 0;
    case Op.LessEqual:
      return left <= right ? 1 : 0;
    case Op.Greater:
      return left > right ? 1 : 0;
    case Op.GreaterEqual:
      return left >= right ? 1 : 0;
    default:
      assert(false, "not a binary op");
      return 0;
  }
}

/** The low `size` bytes of `value`, extended with zeros or the sign. */
export function extendConstant(value: i64, size: i32, signed: bool): i64 {
  switch (size) {
    case 1:
      return signed ? <i64>(<i8>value) : <i64>(<u8>value);
    case 2:
      return signed ? <i64>(<i16>value) : <i64>(<u16>value);
    case 4:
      return signed ? <i64>(<i32>value) : <i64>(<u32>value);
    default:
      return value;
  }
}

export function isCommutative(op: Op): bool {
  return op == Op.Add || op == Op.Mul || op == Op.And || op == Op.Or || op == Op.Xor || op == Op.Equal || op == Op.NotEqual;
}

/** `a OP b` as `b OP' a`, for comparisons and commutative ops. */
export function swapped(op: Op): Op {
  switch (op) {
    case Op.Below:
      return Op.Above;
    case Op.BelowEqual:
      return Op.AboveEqual;
    case Op.Above:
      return Op.Below;
    case Op.AboveEqual:
      return Op.BelowEqual;
    case Op.Less:
      return Op.Greater;
    case Op.LessEqual:
      return Op.GreaterEqual;
    case Op.Greater:
      return Op.Less;
    case Op.GreaterEqual:
      return Op.LessEqual;
    default:
      return op;
  }
}

/** The comparison that is true exactly where `op` is false. */
export function negated(op: Op): Op {
  switch (op) {
    case Op.Equal:
      return Op.NotEqual;
    case Op.NotEqual:
      return Op.Equal;
    case Op.Below:
      return Op.AboveEqual;
    case Op.BelowEqual:
      return Op.Above;
    case Op.Above:
      return Op.BelowEqual;
    case Op.AboveEqual:
      return Op.Below;
    case Op.Less:
      return Op.GreaterEqual;
    case Op.LessEqual:
      return Op.Greater;
    case Op.Greater:
      return Op.LessEqual;
    case Op.GreaterEqual:
      return Op.Less;
    default:
      assert(false, "not a comparison");
      return op;
  }
}
