// Operators on constants of the C section, with the kernel's arithmetic of 64 bits.

import { BinaryOperator } from "../syntax/operators";
import { arithmeticOp } from "../ir/lower-operators";
import { foldBinary } from "../ir/fold";
import { Constant } from "./definitions";

/** Puts `left OP right` into `result`; false where it has no value. */
export function foldOperator(operator: BinaryOperator, left: i64, right: i64, result: Constant): bool {
  switch (operator) {
    case BinaryOperator.Less:
      result.value = left < right ? 1 : 0;
      return true;
    case BinaryOperator.LessEqual:
      result.value = left <= right ? 1 : 0;
      return true;
    case BinaryOperator.Greater:
      result.value = left > right ? 1 : 0;
      return true;
    case BinaryOperator.GreaterEqual:
      result.value = left >= right ? 1 : 0;
      return true;
    case BinaryOperator.Equal:
      result.value = left == right ? 1 : 0;
      return true;
    case BinaryOperator.NotEqual:
      result.value = left != right ? 1 : 0;
      return true;
    case BinaryOperator.LogicalAnd:
      result.value = left != 0 && right != 0 ? 1 : 0;
      return true;
    case BinaryOperator.LogicalOr:
      result.value = left != 0 || right != 0 ? 1 : 0;
      return true;
    case BinaryOperator.Match:
    case BinaryOperator.NotMatch:
      return false;
    case BinaryOperator.Divide:
    case BinaryOperator.Modulo:
      if (right == 0) return false;
      break;
    default:
      break;
  }
  result.value = foldBinary(arithmeticOp(operator, true), left, right);
  return true;
}
