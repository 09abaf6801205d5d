// Entry of the module that the fuzz tests load: the product's exports (wasm/compiler.ts can drive it), but every compile
// validates the IR after lowering and after each pass, and gives up with the validator's words; and LLVM gets the IR as lowering
// made it, so that its code is an oracle for our passes over the IR as well. Not shipped.

import { Compilation, Status } from "./compile";
import { IrFunction } from "./ir/ir";
import { validateFunction } from "./ir/validator";
import { IrModule } from "./object/module";
import { Region, regionBytes, releaseCompileRegion, useRegion } from "./runtime/region";
import { Settings } from "./settings";
import { ByteBuffer } from "./source/bytes";
import { HeaderFact } from "./source/headers";
import { Source } from "./source/source";
import { Architecture } from "./target/architecture";
import { Profile } from "./target/profile";

let profile: Profile = new Profile();
let compilation: Compilation | null = null;

class ValidatedCompilation extends Compilation {
  protected optimise(module: IrModule): void {
    if (!this.settings.llvm) super.optimise(module);
  }

  protected afterPass(f: IrFunction, module: IrModule, pass: string): void {
    const message = validateFunction(f, module.maps, module.relocations.length);
    if (message.length > 0) throw new Error(`invalid IR after ${pass} of ${f.name}: ${message}`);
  }
}

export function allocateProfile(size: u32): usize {
  useRegion(Region.Profile);
  return heap.alloc(size);
}

export function allocateCompile(size: u32): usize {
  useRegion(Region.Compile);
  return heap.alloc(size);
}

export function supplyKernelBtf(bytes: usize, length: u32): void {
  useRegion(Region.Profile);
  profile.supplyKernelBtf(bytes, length);
}

export function supplyMissingKernelBtf(): void {
  profile.kernelAnswered = true;
}

export function supplyTracepoint(name: usize, nameLength: u32, text: usize, length: u32): void {
  useRegion(Region.Profile);
  profile.supplyTracepoint(String.UTF8.decodeUnsafe(name, nameLength), text, length);
}

export function supplyMissingTracepoint(name: usize, nameLength: u32, candidates: usize, length: u32): void {
  useRegion(Region.Profile);
  profile.supplyMissingTracepoint(String.UTF8.decodeUnsafe(name, nameLength), String.UTF8.decodeUnsafe(candidates, length).split("\n"));
}

export function supplyHeader(key: usize, keyLength: u32, name: usize, nameLength: u32, text: usize, length: u32): void {
  useRegion(Region.Profile);
  const fact = new HeaderFact(true, String.UTF8.decodeUnsafe(name, nameLength), text, length);
  profile.headers.supply(String.UTF8.decodeUnsafe(key, keyLength), fact);
}

export function supplyMissingHeader(key: usize, keyLength: u32): void {
  useRegion(Region.Profile);
  profile.headers.supply(String.UTF8.decodeUnsafe(key, keyLength), new HeaderFact(false, "", 0, 0));
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
  useRegion(Region.Compile);
  profile.architecture = architecture;
  const source = new Source(String.UTF8.decodeUnsafe(name, nameLength), text, length, profile.headers.room);
  const run = new ValidatedCompilation(
    profile,
    source,
    dumps,
    String.UTF8.decodeUnsafe(environment, environmentLength),
    Settings.read(String.UTF8.decodeUnsafe(settings, settingsLength)),
  );
  compilation = run;
  return run.run();
}

export function link(pointer: usize, length: u32): Status {
  return compilation!.link(pointer, length);
}

function part(index: u32): ByteBuffer {
  const run = compilation!;
  if (index == 0) return run.object;
  if (index == 1) return run.diagnosticsJson;
  if (index == 2) return run.needsJson;
  if (index == 3) return run.ast;
  if (index == 4) return run.typesText;
  return index == 5 ? run.ir : index == 6 ? run.bpf : run.llvm;
}

export function resultPointer(index: u32): usize {
  return part(index).pointer;
}

export function resultLength(index: u32): u32 {
  return part(index).length;
}

export function release(): void {
  compilation = null;
  releaseCompileRegion();
  useRegion(Region.Profile);
}

export function memoryInUse(): u32 {
  return <u32>regionBytes();
}
