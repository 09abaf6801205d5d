// The BPF operation and condition of an IR op.

import { Op } from "../ir/ir";
import { Alu, Condition } from "./machine";

export function aluCode(op: Op): i32 {
  switch (op) {
    case Op.Add:
      return Alu.Add;
    case Op.Sub:
      return Alu.Sub;
    case Op.Mul:
      return Alu.Mul;
    case Op.Div:
      return Alu.Div;
    case Op.Mod:
      return Alu.Mod;
    case Op.And:
      return Alu.And;
    case Op.Or:
      return Alu.Or;
    case Op.Xor:
      return Alu.Xor;
    case Op.Shl:
      return Alu.ShiftLeft;
    case Op.Shr:
      return Alu.ShiftRight;
    default:
      assert(op == Op.Sar);
      return Alu.ShiftArithmetic;
  }
}

export function conditionCode(op: Op): i32 {
  switch (op) {
    case Op.Equal:
      return Condition.Equal;
    case Op.NotEqual:
      return Condition.NotEqual;
    case Op.Below:
      return Condition.Below;
    case Op.BelowEqual:
      return Condition.BelowEqual;
    case Op.Above:
      return Condition.Above;
    case Op.AboveEqual:
      return Condition.AboveEqual;
    case Op.Less:
      return Condition.Less;
    case Op.LessEqual:
      return Condition.LessEqual;
    case Op.Greater:
      return Condition.Greater;
    default:
      assert(op == Op.GreaterEqual);
      return Condition.GreaterEqual;
  }
}
