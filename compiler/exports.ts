// What the compiler's modules export but for `compile`: numbers, addresses and lengths in their memory. wasm/compiler.ts is the
// other side.

import { Compilation, Status } from "./compile";
import { Region, regionBytes, releaseCompileRegion, useRegion } from "./runtime/region";
import { Settings } from "./settings";
import { ByteBuffer } from "./source/bytes";
import { HeaderFact } from "./source/headers";
import { Source } from "./source/source";
import { Architecture } from "./target/architecture";
import { Profile } from "./target/profile";

export const profile: Profile = new Profile();
/** The compile whose result the host reads; null once it was released. */
let compilation: Compilation | null = null;

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
  profile.supplyTracepoint(textAt(name, nameLength), text, length);
}

/** `key`: `program type:function`. */
export function supplyKernelFunction(key: usize, keyLength: u32, isAllowed: bool): void {
  useRegion(Region.Profile);
  profile.kernelFunctions.set(textAt(key, keyLength), isAllowed);
}

/** `candidates`: names like the missing one, a line each. */
export function supplyMissingTracepoint(name: usize, nameLength: u32, candidates: usize, length: u32): void {
  useRegion(Region.Profile);
  const names = length > 0 ? textAt(candidates, length).split("\n") : [];
  profile.supplyMissingTracepoint(textAt(name, nameLength), names);
}

/** Bytes of a symbol of a binary, by the key of compiler/target/profile.ts; 0 where nobody knows. */
export function supplySymbol(key: usize, keyLength: u32, size: i32): void {
  useRegion(Region.Profile);
  profile.symbols.set(textAt(key, keyLength), size);
}

/** The file that an #include or import of `key` stands for; see compiler/source/headers.ts. */
export function supplyHeader(key: usize, keyLength: u32, name: usize, nameLength: u32, text: usize, length: u32): void {
  useRegion(Region.Profile);
  const fact = new HeaderFact(true, textAt(name, nameLength), text, length);
  profile.headers.supply(textAt(key, keyLength), fact);
}

/** `why`: a sentence where the host refuses to read it, else empty. */
export function supplyMissingHeader(key: usize, keyLength: u32, why: usize, whyLength: u32): void {
  useRegion(Region.Profile);
  profile.headers.supply(textAt(key, keyLength), new HeaderFact(false, textAt(why, whyLength), 0, 0));
}

/** A compile begins: what it makes is its own. */
export function begin(architecture: Architecture): void {
  useRegion(Region.Compile);
  profile.architecture = architecture;
}

export function textAt(pointer: usize, length: u32): string {
  return String.UTF8.decodeUnsafe(pointer, length);
}

export function sourceAt(text: usize, length: u32, name: usize, nameLength: u32): Source {
  return new Source(textAt(name, nameLength), text, length, profile.headers.room);
}

export function settingsAt(pointer: usize, length: u32): Settings {
  return Settings.read(textAt(pointer, length));
}

/** Runs a compile; the host reads its results until `release`. */
export function run(made: Compilation): Status {
  compilation = made;
  return made.run();
}

/** Lays a script's text out anew; the result's object is that text, or there are diagnostics. */
export function format(text: usize, length: u32, name: usize, nameLength: u32): Status {
  begin(profile.architecture);
  compilation = new Compilation(profile, sourceAt(text, length, name, nameLength), 0);
  return compilation!.format();
}

/** After `Status.Llvm`: makes the object from the one that llc made of the LLVM text. */
export function link(pointer: usize, length: u32): Status {
  return compilation!.link(pointer, length);
}

/** Parts of a result, by the numbers of wasm/compiler.ts. */
function part(index: u32): ByteBuffer {
  const run = compilation!;
  switch (index) {
    case 0:
      return run.object;
    case 1:
      return run.diagnosticsJson;
    case 2:
      return run.needsJson;
    case 3:
      return run.ast;
    case 4:
      return run.typesText;
    case 5:
      return run.ir;
    case 6:
      return run.bpf;
    default:
      return run.llvm;
  }
}

export function resultPointer(index: u32): usize {
  return part(index).pointer;
}

export function resultLength(index: u32): u32 {
  return part(index).length;
}

/** Gives back the memory of the last compile; what it handed out is gone. */
export function release(): void {
  compilation = null;
  releaseCompileRegion();
  useRegion(Region.Profile);
}

/** Bytes that both regions hold. */
export function memoryInUse(): u32 {
  return <u32>regionBytes();
}
