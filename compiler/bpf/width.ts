// How many low bits of an IR value may be other than zero: lets selection drop zero extensions that change nothing.

import { Helper } from "../ir/helpers";
import { IrFunction, isComparison, LOAD_SIGNED, Op } from "../ir/ir";

/** Chains longer than this are taken as 64 bits wide. */
const DEPTH: i32 = 6;

/** An upper bound of the bits that `value` occupies, counted from bit 0. */
export function bitWidth(f: IrFunction, value: i32, depth: i32 = DEPTH): i32 {
  const op = f.op[value];
  if (isComparison(op)) return 1;
  if (depth == 0) return 64;
  switch (op) {
    case Op.Const:
      return 64 - <i32>clz(<u64>f.imm[value]);
    case Op.Load:
      // A relocation may widen the access on the target.
      return (f.flags[value] & LOAD_SIGNED) != 0 || f.relocation[value] >= 0 ? 64 : <i32>f.aux[value] * 8;
    case Op.ZeroExtend:
      return min(<i32>f.aux[value] * 8, bitWidth(f, f.operand(value, 0), depth - 1));
    case Op.ByteSwap:
      return <i32>f.aux[value] * 8;
    case Op.And:
      return min(bitWidth(f, f.operand(value, 0), depth - 1), bitWidth(f, f.operand(value, 1), depth - 1));
    case Op.Or:
    case Op.Xor:
      return max(bitWidth(f, f.operand(value, 0), depth - 1), bitWidth(f, f.operand(value, 1), depth - 1));
    case Op.Shr: {
      const amount = f.operand(value, 1);
      const width = bitWidth(f, f.operand(value, 0), depth - 1);
      if (f.op[amount] != Op.Const || f.relocation[value] >= 0) return width;
      return max(0, width - <i32>(f.imm[amount] & 63));
    }
    case Op.Mod: {
      const divisor = f.operand(value, 1);
      const width = bitWidth(f, f.operand(value, 0), depth - 1);
      // x % 0 is x.
      return f.op[divisor] == Op.Const && f.imm[divisor] != 0 ? min(width, bitWidth(f, divisor, depth - 1)) : width;
    }
    case Op.Div:
      return bitWidth(f, f.operand(value, 0), depth - 1);
    case Op.Call: {
      // These return an unsigned int or an int that is never negative.
      const helper = <i32>f.imm[value];
      const narrow = helper == Helper.GetSmpProcessorId || helper == Helper.GetPrandomU32 || helper == Helper.GetNumaNodeId;
      return narrow ? 32 : 64;
    }
    default:
      return 64;
  }
}
