// Pass: removes values that nothing with an effect depends on.

import { isPureHelper } from "./helpers";
import { hasEffect, IrFunction, Op } from "./ir";

export function removeDeadCode(f: IrFunction): void {
  const live = new StaticArray<bool>(f.valueCount);
  const work: Array<i32> = [];
  for (let block = 0; block < f.blockCount; block++) {
    const code = f.code[block];
    for (let i = 0; i < code.length; i++) {
      const value = code[i];
      if (!hasEffect(f.op[value]) || (f.op[value] == Op.Call && isPureHelper(<i32>f.imm[value]))) continue;
      live[value] = true;
      work.push(value);
    }
  }
  while (work.length > 0) {
    const value = work.pop();
    for (let i = 0; i < f.operandCount(value); i++) {
      const operand = f.operand(value, i);
      if (live[operand]) continue;
      live[operand] = true;
      work.push(operand);
    }
  }
  for (let block = 0; block < f.blockCount; block++) {
    const code = f.code[block];
    const kept: Array<i32> = [];
    for (let i = 0; i < code.length; i++) {
      if (live[code[i]]) kept.push(code[i]);
      else f.block[code[i]] = -1;
    }
    f.code[block] = kept;
  }
}
