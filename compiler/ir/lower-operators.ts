// Arithmetic operators as IR ops.

import { BinaryOperator } from "../syntax/operators";
import { Op } from "./ir";

/** The op of an arithmetic operator between integers of 64 bits; a shift to the right keeps the sign of a signed left side. */
export function arithmeticOp(operator: BinaryOperator, signed: bool): Op {
  switch (operator) {
    case BinaryOperator.Multiply:
      return Op.Mul;
    case BinaryOperator.Divide:
      return Op.Div;
    case BinaryOperator.Modulo:
      return Op.Mod;
    case BinaryOperator.Add:
      return Op.Add;
    case BinaryOperator.Subtract:
      return Op.Sub;
    case BinaryOperator.ShiftLeft:
      return Op.Shl;
    case BinaryOperator.ShiftRight:
      return signed ? Op.Sar : Op.Shr;
    case BinaryOperator.And:
      return Op.And;
    case BinaryOperator.Xor:
      return Op.Xor;
    default:
      assert(operator == BinaryOperator.Or, "no arithmetic operator");
      return Op.Or;
  }
}
