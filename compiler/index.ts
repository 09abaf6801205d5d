// The module of the product.

import { Compilation, Status } from "./compile";
import { begin, profile, run, settingsAt, sourceAt, textAt } from "./exports";
import { Architecture } from "./target/architecture";

export {
  allocateCompile,
  allocateProfile,
  format,
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
export { reference, referenceLength } from "./reference";

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
  return run(new Compilation(profile, source, dumps, variables, settingsAt(settings, settingsLength)));
}
