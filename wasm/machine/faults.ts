// Why a program was stopped, or not taken. The first fault of a run, or of adding a program, is kept for the host.

/** In the order of `FAULTS` in wasm/machine-faults.ts. */
export const enum Fault {
  None,

  // Found when a program is added.
  EmptyProgram,
  TooManyInstructions,
  UnknownOpcode,
  ReservedField,
  BadRegister,
  FramePointerWrite,
  DivisionByZero,
  BadShift,
  BadJump,
  BadWideLoad,
  UnknownMap,
  BadCallTarget,
  MissingExit,
  UnreachableCode,
  StackTooLarge,

  // Found when a program runs.
  UninitialisedRegister,
  UnknownHelper,
  NullPointer,
  BadAddress,
  StackBounds,
  UninitialisedStack,
  Misaligned,
  ContextBounds,
  ContextWrite,
  ValueBounds,
  ReadOnly,
  MapPointer,
  KernelMemory,
  RecordBounds,
  CallDepth,
  CallbackResult,
  LeakedRecord,
  NotARecord,
  TooManyRecords,
  NotAMap,
  WrongMapType,
  BadSize,
  BadMemoryArgument,
  NotACallback,
  Budget,
}

let kind: Fault = Fault.None;
let program: u32 = 0;
let instruction: u32 = 0;
let address: u64 = 0;

export function clearFault(): void {
  kind = Fault.None;
  address = 0;
}

/** Notes a fault, unless there is one; `at` is the address or number it is about. */
export function fail(why: Fault, at: u64 = 0): void {
  if (kind != Fault.None) return;
  kind = why;
  address = at;
}

/** Says which instruction the fault is of. */
export function placeFault(ofProgram: u32, ofInstruction: u32): void {
  program = ofProgram;
  instruction = ofInstruction;
}

export function hasFault(): bool {
  return kind != Fault.None;
}

export function faultKind(): u32 {
  return kind;
}

export function faultProgram(): u32 {
  return program;
}

/** Slot of the program, of 8 bytes each. */
export function faultInstruction(): u32 {
  return instruction;
}

export function faultAddress(): u64 {
  return address;
}
