// The programs of a machine: added, checked and decoded once, then run any number of times.

import { allocate, release } from "./allocator";
import { decode, decodedSlot } from "./decode";
import { Fault, fail, hasFault, placeFault } from "./faults";
import { analyse, flowSlot } from "./flow";
import { INSTRUCTION_BYTES } from "./operations";

/** The kernel's limit. */
const MAX_INSTRUCTIONS: u32 = 1_000_000;
const MAX_PROGRAMS: u32 = 4096;

@unmanaged
@final
export class Program {
  code: usize;
  /** A byte per slot: `Slot` bits. */
  marks: usize;
  count: u32;
}

const programs: usize = memory.data(4097 * 4, 4);
let programCount: u32 = 0;

export function resetPrograms(): void {
  programCount = 0;
}

export function programOf(handle: u32): Program | null {
  return handle == 0 || handle > programCount ? null : changetype<Program>(load<usize>(programs + (handle << 2)));
}

/**
 * @param from instructions of 8 bytes: the program, then the functions it calls; a wide load names maps by handle.
 * @param typedPointers its kernel pointers may be read directly.
 * @returns the handle, or 0 after a fault.
 */
export function addProgram(from: usize, count: u32, typedPointers: bool): u32 {
  placeFault(programCount + 1, 0);
  if (count == 0) fail(Fault.EmptyProgram);
  else if (count > MAX_INSTRUCTIONS || programCount == MAX_PROGRAMS) fail(Fault.TooManyInstructions, count);
  if (hasFault()) return 0;
  const block = allocate(offsetof<Program>());
  const code = allocate(count * INSTRUCTION_BYTES);
  const marks = allocate(count);
  if (block == 0 || code == 0 || marks == 0) {
    fail(Fault.TooManyInstructions, count);
    return 0;
  }
  const decoded = decode(from, count, code, marks);
  if (!decoded || !analyse(from, count, code, marks, typedPointers)) {
    placeFault(programCount + 1, decoded ? flowSlot() : decodedSlot());
    release(code, count * INSTRUCTION_BYTES);
    release(marks, count);
    release(block, offsetof<Program>());
    return 0;
  }
  const program = changetype<Program>(block);
  program.code = code;
  program.marks = marks;
  program.count = count;
  programCount++;
  store<usize>(programs + (programCount << 2), block);
  return programCount;
}

/** Set in the operation of an instruction that is watched, until it is executed: what is not watched costs nothing. */
export const UNSEEN: u16 = 0x8000;

/** Watches which instructions of a program are executed from here on. */
export function watchProgram(handle: u32): void {
  const program = programOf(handle);
  if (program == null) return;
  for (let slot: u32 = 0; slot < program.count; slot++) {
    const at = program.code + slot * INSTRUCTION_BYTES;
    store<u16>(at, load<u16>(at) | UNSEEN);
  }
}

/** Whether an instruction of a watched program was executed. */
export function wasExecuted(handle: u32, slot: u32): bool {
  const program = programOf(handle);
  return program != null && slot < program.count && (load<u16>(program.code + slot * INSTRUCTION_BYTES) & UNSEEN) == 0;
}
