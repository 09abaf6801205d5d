// Constants: operators on those of the C section with the kernel's arithmetic of 64 bits, and which expressions are literals.

import { foldBinary } from "../ir/fold";
import { arithmeticOp } from "../ir/lower-operators";
import { Expression, NodeKind } from "../syntax/ast";
import { Binary, Unary } from "../syntax/expression-nodes";
import { BinaryOperator } from "../syntax/operators";
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

/** Whether `e` is made of integer literals alone. */
export function isLiteral(e: Expression): bool {
  switch (e.kind) {
    case NodeKind.IntegerLiteral:
      return true;
    case NodeKind.Unary:
      return isLiteral((<Unary>e).operand);
    case NodeKind.Binary:
      return isLiteral((<Binary>e).left) && isLiteral((<Binary>e).right);
    default:
      return false;
  }
}
