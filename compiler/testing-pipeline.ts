// Entry of the module that the fuzz tests load: the product's exports (wasm/compiler.ts can drive it), but every compile
// validates the IR after lowering and after each pass, and gives up with the validator's words; and LLVM gets the IR as lowering
// made it, so that its code is an oracle for our passes over the IR as well. Not shipped.

import { Compilation, Status } from "./compile";
import { begin, profile, run, settingsAt, sourceAt, textAt } from "./exports";
import { IrFunction } from "./ir/ir";
import { validateFunction } from "./ir/validator";
import { IrModule } from "./object/module";
import { Architecture } from "./target/architecture";

export {
  allocateCompile,
  allocateProfile,
  link,
  memoryInUse,
  release,
  resultLength,
  resultPointer,
  supplyHeader,
  supplyKernelBtf,
  supplyKernelFunction,
  supplyMissingHeader,
  supplyMissingKernelBtf,
  supplyMissingTracepoint,
  supplySymbol,
  supplyTracepoint,
} from "./exports";

class ValidatedCompilation extends Compilation {
  protected optimise(module: IrModule): void {
    if (!this.settings.llvm) super.optimise(module);
  }

  protected afterPass(f: IrFunction, module: IrModule, pass: string): void {
    const message = validateFunction(f, module.maps, module.relocations.length);
    if (message.length > 0) throw new Error(`invalid IR after ${pass} of ${f.name}: ${message}`);
  }
}

export function compile(
  text: usize,
  length: u32,
  name: usize,
  nameLength: u32,
  dumps: u32,
  environment: usize,
  environmentLength: u32,
  settings: usize,
  settingsLength: u32,
  architecture: Architecture,
): Status {
  begin(architecture);
  const source = sourceAt(text, length, name, nameLength);
  const variables = textAt(environment, environmentLength);
  return run(new ValidatedCompilation(profile, source, dumps, variables, settingsAt(settings, settingsLength)));
}
