// Entry of the module that the tests of the back end load. Text and bytes go through one buffer of linear memory:
// `allocate`, write UTF-8, call, then read `resultPointer` and `resultLength`.

import { GeneratedModule, generate } from "./bpf/codegen";
import { DisassemblyNames, disassemble } from "./bpf/disassemble";
import { EncodedFunction } from "./bpf/encode";
import { ParallelMove } from "./bpf/parallel-move";
import { layOutBlocks } from "./ir/branch-layout";
import { removeDeadCode } from "./ir/dead-code";
import { joinBranches } from "./ir/join-branches";
import { parseIr } from "./ir/parser";
import { printFunction, printMap, printRelocation } from "./ir/printer";
import { simplifyControlFlow } from "./ir/simplify-control-flow";
import { colourSlots } from "./ir/slot-colouring";
import { validateFunction } from "./ir/validator";
import { numberValues } from "./ir/value-numbering";
import { printLlvm } from "./llvm/print";
import { readLlvmObject } from "./llvm/read-object";
import { BtfBuilder, Linkage } from "./object/btf";
import { IrModule } from "./object/module";
import { writeObject } from "./object/object";
import { Region, releaseCompileRegion, useRegion } from "./runtime/region";
import { ByteBuffer } from "./source/bytes";
import { Source } from "./source/source";

let result: ByteBuffer = new ByteBuffer();

/** Memory for the input of the next call; what the call before made is given back. */
export function allocate(length: u32): usize {
  releaseCompileRegion();
  useRegion(Region.Compile);
  return heap.alloc(length + 1);
}

export function resultPointer(): usize {
  return result.pointer;
}

export function resultLength(): u32 {
  return result.length;
}

function failed(message: string): bool {
  result = new ByteBuffer();
  result.writeText(message);
  return false;
}

/** The module that the IR text describes; null with the error in the result. */
function parseModule(pointer: usize, length: u32): IrModule | null {
  const parsed = parseIr(String.UTF8.decodeUnsafe(pointer, length));
  if (parsed.error.length > 0) {
    failed(parsed.error);
    return null;
  }
  const module = new IrModule(new Source("test.bt", pointer, length));
  module.sourceName = "test.bt";
  module.functions = parsed.functions;
  module.maps = parsed.maps;
  module.relocations = parsed.relocations;
  addTestTypes(module.btf);
  for (let i = 0; i < 64; i++) module.rodata.writeU32(i);
  module.countersSize = 4096;
  module.scratchSize = 4096;
  module.manifest.writeAscii("{}");
  for (let i = 0; i < module.functions.length; i++) {
    const error = validateFunction(module.functions[i], module.maps, module.relocations.length);
    if (error.length == 0) continue;
    failed(`${module.functions[i].name}: ${error}`);
    return null;
  }
  return module;
}

/**
 * Types that the CO-RE relocations of test programs name: 1 `int`, 2 task_struct with real_parent (0:0) and tgid (0:1),
 * 4 enum pid_type with PIDTYPE_SID (0), 5 task_struct___other with a bitfield (0:0) and a field that no kernel has (0:1).
 */
function addTestTypes(btf: BtfBuilder): void {
  const int = btf.int("int", 4, true);
  const task = btf.struct_("task_struct", 16);
  btf.member(task, "real_parent", btf.pointer(task), 0);
  btf.member(task, "tgid", int, 64);
  // 4 and following: other kinds.
  const kind = btf.enumeration("pid_type", 4);
  btf.enumerator(kind, "PIDTYPE_SID", 99);
  const other = btf.struct_("task_struct___other", 8);
  btf.member(other, "sched_reset_on_fork", btf.int("unsigned int", 4, false), 3, 1);
  btf.member(other, "no_such_field", int, 32);
  const union = btf.union_("", 8);
  btf.member(union, "number", btf.int("unsigned long long", 8, false), 0);
  btf.member(union, "text", btf.array(btf.char(), 8), 0);
  const large = btf.enumeration("large", 4, true);
  btf.enumerator(large, "LARGE_VALUE", 0x123456789abc);
  btf.typedef_("spelling", btf.constant(btf.volatile(union)));
  btf.variable("flag", btf.boolean(), Linkage.Static);
  btf.forward("elsewhere");
  btf.declarationTag("note", task, 1);
}

/** IR text to IR text; false: the result is an error. `stage` 0: as read, 1: after slot colouring and branch layout. */
export function printIr(pointer: usize, length: u32, stage: i32): bool {
  const module = parseModule(pointer, length);
  if (!module) return false;
  result = new ByteBuffer();
  for (let i = 0; i < module.maps.length; i++) printMap(module.maps[i], result);
  for (let i = 0; i < module.relocations.length; i++) printRelocation(module.relocations[i], result);
  for (let i = 0; i < module.functions.length; i++) {
    if (stage > 0) {
      colourSlots(module.functions[i]);
      layOutBlocks(module.functions[i]);
    }
    printFunction(module.functions[i], result);
  }
  return true;
}

function generateModule(module: IrModule): GeneratedModule | null {
  const generated = generate(module);
  if (generated.error.length == 0) return generated;
  failed(`${module.functions[generated.errorFunction].name}: ${generated.error}`);
  return null;
}

/** IR text to disassembly; false: the result is an error. */
export function compileToText(pointer: usize, length: u32): bool {
  const module = parseModule(pointer, length);
  if (!module) return false;
  const generated = generateModule(module);
  if (!generated) return false;
  const names = new DisassemblyNames();
  for (let i = 0; i < module.maps.length; i++) names.maps.push(module.maps[i].symbol);
  for (let i = 0; i < module.functions.length; i++) names.functions.push(module.functions[i].name);
  result = new ByteBuffer();
  const functions: Array<EncodedFunction> = generated.functions;
  for (let i = 0; i < functions.length; i++) disassemble(functions[i], names, result);
  return true;
}

/** IR text to an object, through the passes over the IR or not; false: the result is an error. */
export function compileToObject(pointer: usize, length: u32, optimise: bool): bool {
  const module = parseModule(pointer, length);
  if (!module) return false;
  if (optimise) {
    for (let i = 0; i < module.functions.length; i++) {
      const f = module.functions[i];
      simplifyControlFlow(f);
      numberValues(f);
      simplifyControlFlow(f);
      removeDeadCode(f);
      while (joinBranches(f)) {
        simplifyControlFlow(f);
        removeDeadCode(f);
      }
    }
  }
  const generated = generateModule(module);
  if (!generated) return false;
  result = new ByteBuffer();
  writeObject(module, generated, result);
  return true;
}

/** IR text to LLVM text; false: the result is an error. */
export function compileToLlvm(pointer: usize, length: u32): bool {
  const module = parseModule(pointer, length);
  if (!module) return false;
  result = new ByteBuffer();
  printLlvm(module, result);
  return true;
}

/** IR text and, behind it, the object that llc made of its LLVM text, to an object of ours; false: the result is an error. */
export function linkLlvm(pointer: usize, length: u32, objectLength: u32): bool {
  const module = parseModule(pointer, length);
  if (!module) return false;
  const generated = readLlvmObject(module, pointer + length, objectLength);
  if (generated.error.length > 0) return failed(generated.error);
  result = new ByteBuffer();
  writeObject(module, generated, result);
  return true;
}

/** Moves as pairs of i32 (target, source) to their order, cycles through place 0. */
export function orderMoves(pointer: usize, count: i32): bool {
  const moves = new ParallelMove();
  for (let i = 0; i < count; i++) moves.add(load<i32>(pointer + ((<usize>i) << 3)), load<i32>(pointer + ((<usize>i) << 3), 4));
  moves.sequence(0);
  result = new ByteBuffer();
  for (let i = 0; i < moves.targets.length; i++) {
    result.writeU32(moves.targets[i]);
    result.writeU32(moves.sources[i]);
  }
  return true;
}
