// Whether two functions do the same, word for word: the attach points of a probe often have one body that is lowered for each.

import { IrFunction } from "./ir";

/** True if both have the same code; false as well where only numbers of relocations differ, which stand for different fields. */
export function sameCode(a: IrFunction, b: IrFunction): bool {
  if (a.valueCount != b.valueCount || a.blockCount != b.blockCount || a.slotSize.length != b.slotSize.length) return false;
  for (let value = 0; value < a.valueCount; value++) {
    if (
      a.op[value] != b.op[value] ||
      a.type[value] != b.type[value] ||
      a.imm[value] != b.imm[value] ||
      a.aux[value] != b.aux[value] ||
      a.flags[value] != b.flags[value] ||
      a.relocation[value] != b.relocation[value] ||
      a.block[value] != b.block[value] ||
      a.operandCount(value) != b.operandCount(value)
    )
      return false;
    for (let i = 0; i < a.operandCount(value); i++) if (a.operand(value, i) != b.operand(value, i)) return false;
  }
  for (let block = 0; block < a.blockCount; block++) {
    if (a.successor0[block] != b.successor0[block] || a.successor1[block] != b.successor1[block]) return false;
    const first = a.code[block];
    const second = b.code[block];
    if (first.length != second.length) return false;
    for (let i = 0; i < first.length; i++) if (first[i] != second[i]) return false;
  }
  for (let slot = 0; slot < a.slotSize.length; slot++)
    if (a.slotSize[slot] != b.slotSize[slot] || a.slotAlign[slot] != b.slotAlign[slot]) return false;
  return true;
}
