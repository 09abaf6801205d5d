// The back end's passes, in order: from one IR function to its bytes.
//
// Input: an IrModule whose functions are valid and optimised. Output: an EncodedFunction each, or the first error.

import { layOutBlocks } from "../ir/branch-layout";
import { IrFunction } from "../ir/ir";
import { colourSlots } from "../ir/slot-colouring";
import { IrModule } from "../object/module";
import { assign } from "./assign";
import { EncodedFunction, encode } from "./encode";
import { expand } from "./expand";
import { improve } from "./peephole";
import { select } from "./select";
import { spill } from "./spill";
import { FRAME_SIZE, placeSpillSlots } from "./spill-slots";

/** The code of a module; function i is that of `IrModule.functions[i]`. */
@final
export class GeneratedModule {
  functions: Array<EncodedFunction> = [];
  /** Empty, or why there is no code. */
  error: string = "";
  /** Index of the function that the error is about. */
  errorFunction: i32 = -1;
}

export function generate(module: IrModule): GeneratedModule {
  const result = new GeneratedModule();
  for (let i = 0; i < module.functions.length; i++) {
    const encoded = generateFunction(module.functions[i]);
    result.functions.push(encoded);
    if (encoded.error.length == 0) continue;
    result.error = encoded.error;
    result.errorFunction = i;
    break;
  }
  return result;
}

export function generateFunction(f: IrFunction): EncodedFunction {
  const slotBytes = colourSlots(f);
  layOutBlocks(f);
  if (slotBytes > FRAME_SIZE) return tooMuchStack(f, slotBytes);
  const machine = select(f);
  machine.frame = -slotBytes;
  const analysis = spill(machine);
  placeSpillSlots(machine, analysis.dominators.order);
  const registers = assign(machine, analysis);
  const code = expand(machine, registers, analysis.liveness);
  if (-machine.frame > FRAME_SIZE) return tooMuchStack(f, -machine.frame);
  improve(code);
  const encoded = encode(code);
  encoded.frame = -machine.frame;
  return encoded;
}

function tooMuchStack(f: IrFunction, bytes: i32): EncodedFunction {
  const failed = new EncodedFunction(f.name, f.section);
  failed.error = `the program needs ${bytes} bytes of stack, ${bytes - FRAME_SIZE} more than the ${FRAME_SIZE} that BPF has`;
  return failed;
}
