// What can be said of a decoded program without running it: that every instruction can be reached, which registers have been written
// wherever control comes from, and how much stack its functions take together.
//
// The kernel's verifier walks every path; here a register counts as written when it is on all of them. An instruction that reads
// another one is made to stop the program.

import { allocate, release } from "./allocator";
import { decodedSlot, isFunctionLoad, isLocalCall, Slot } from "./decode";
import { Fault, fail } from "./faults";
import { answersNull, helperArguments } from "./helper-numbers";
import { Field, INSTRUCTION_SHIFT, Operation } from "./operations";
import {
  Atomic,
  Class,
  Code,
  classOf,
  codeOf,
  destination,
  FRAME_POINTER,
  immediate,
  offset,
  opcode,
  SOURCE_REGISTER,
  source,
} from "./raw";

/** State of a slot: bit i: register i was written; bit 16 + i: it may be what a helper answers NULL with; bit 31: reached. */
const REACHED: u32 = 1 << 31;
const WRITTEN: u32 = 0x7ff;
const NULLABLE_SHIFT: u32 = 16;
const ARGUMENTS: u32 = 0x3e;
const STACK_LIMIT: u32 = 512;
const MAX_FUNCTIONS: u32 = 256;

let raw: usize = 0;
let count: u32 = 0;
let code: usize = 0;
let marks: usize = 0;
let states: usize = 0;
/** Slots to be looked at: a stack that holds each at most once per change. */
let work: usize = 0;
let waiting: usize = 0;
let workCount: u32 = 0;
let faultSlot: u32 = 0;

export function flowSlot(): u32 {
  return faultSlot;
}

/** Joins a state into that of a slot. */
function flowTo(slot: u32, state: u32): void {
  const at = states + (slot << 2);
  const before = load<u32>(at);
  const nullable = WRITTEN << NULLABLE_SHIFT;
  const joined = before == 0 ? state : (before & state & WRITTEN) | ((before | state) & nullable) | REACHED;
  if (joined == before) return;
  store<u32>(at, joined);
  if (load<u8>(waiting + slot) != 0) return;
  store<u8>(waiting + slot, 1);
  store<u32>(work + (workCount << 2), slot);
  workCount++;
}

/** Registers that an instruction reads, as bits. */
function reads(at: usize): u32 {
  const left: u32 = 1 << destination(at);
  const right: u32 = (opcode(at) & SOURCE_REGISTER) != 0 ? 1 << source(at) : 0;
  switch (classOf(at)) {
    case Class.Load:
      return 0;
    case Class.LoadMemory:
      return 1 << source(at);
    case Class.StoreImmediate:
      return left;
    case Class.StoreRegister: {
      const compares = (opcode(at) & 0xe0) == 0xc0 && immediate(at) == Atomic.CompareExchange;
      return left | (1 << source(at)) | (compares ? 1 : 0);
    }
    case Class.Arithmetic32:
    case Class.Arithmetic64:
      if (codeOf(at) == Code.Move) return right;
      return codeOf(at) == Code.Negate || codeOf(at) == Code.ByteOrder ? left : left | right;
    default:
      if (codeOf(at) == Code.Always) return 0;
      if (codeOf(at) != Code.Call && codeOf(at) != Code.Exit) return left | right;
      if (codeOf(at) == Code.Exit || isLocalCall(at)) return 0;
      return ((1 << (max(helperArguments(immediate(at)), 0) + 1)) - 1) & ARGUMENTS;
  }
}

/** The state behind an instruction that does not jump. */
function after(at: usize, state: u32): u32 {
  const register = destination(at);
  const bit: u32 = 1 << register;
  const both = bit | (bit << NULLABLE_SHIFT);
  switch (classOf(at)) {
    case Class.Load:
    case Class.LoadMemory:
      return (state & ~both) | bit;
    case Class.StoreRegister: {
      if ((opcode(at) & 0xe0) != 0xc0 || (immediate(at) & Atomic.Fetch) == 0) return state;
      const written: u32 = immediate(at) == Atomic.CompareExchange ? 1 : 1 << source(at);
      return (state | written) & ~(written << NULLABLE_SHIFT);
    }
    case Class.Arithmetic32:
    case Class.Arithmetic64: {
      if (codeOf(at) != Code.Move) return state | bit;
      const copied = (opcode(at) & SOURCE_REGISTER) != 0 ? (state >> (source(at) + NULLABLE_SHIFT)) & 1 : 0;
      return (state & ~both) | bit | (copied << (register + NULLABLE_SHIFT));
    }
    case Class.Jump64: {
      if (codeOf(at) != Code.Call) return state;
      const kept = state & ~(ARGUMENTS | 1 | ((ARGUMENTS | 1) << NULLABLE_SHIFT));
      return kept | 1 | (!isLocalCall(at) && answersNull(immediate(at)) ? 1 << NULLABLE_SHIFT : 0);
    }
    default:
      return state;
  }
}

function walk(slot: u32): void {
  const at = raw + (slot << 3);
  const state = load<u32>(states + (slot << 2));
  if (isFunctionLoad(at)) flowTo(slot + 1 + immediate(at), REACHED | 0x1e | (1 << FRAME_POINTER));
  if (isLocalCall(at)) {
    const given = state & (ARGUMENTS | (ARGUMENTS << NULLABLE_SHIFT));
    flowTo(slot + 1 + immediate(at), REACHED | given | (1 << FRAME_POINTER));
  }
  const isJump = classOf(at) == Class.Jump64 || classOf(at) == Class.Jump32;
  const next = slot + (classOf(at) == Class.Load ? 2 : 1);
  if (!isJump || codeOf(at) == Code.Call) {
    flowTo(next, after(at, state));
    return;
  }
  if (codeOf(at) == Code.Exit) return;
  if (codeOf(at) == Code.Always) {
    flowTo(slot + 1 + (classOf(at) == Class.Jump64 ? offset(at) : immediate(at)), state);
    return;
  }
  flowTo(slot + 1 + offset(at), state);
  flowTo(next, state);
}

/** Makes instructions stop that read what was not written, and loads be probing ones where pointers are typed. */
function mark(typedPointers: bool): bool {
  let isMain = true;
  for (let slot: u32 = 0; slot < count; slot++) {
    const marked = load<u8>(marks + slot);
    if ((marked & Slot.Half) != 0) continue;
    if (slot > 0 && (marked & Slot.Start) != 0) isMain = false;
    const state = load<u32>(states + (slot << 2));
    if (state == 0) {
      faultSlot = slot;
      fail(Fault.UnreachableCode);
      return false;
    }
    const at = raw + (slot << 3);
    const to = code + (slot << INSTRUCTION_SHIFT);
    const read = reads(at) | (isMain && opcode(at) == 0x95 ? 1 : 0);
    if ((read & ~state) != 0) {
      if (load<u16>(to) == Operation.Fail) continue;
      store<u16>(to, Operation.Fail);
      store<i32>(to, ctz(read & ~state), Field.Target);
      store<i64>(to, Fault.UninitialisedRegister, Field.Immediate);
    } else if (typedPointers && classOf(at) == Class.LoadMemory) {
      const operation = <i32>load<u16>(to);
      const nullable = (state >> (source(at) + NULLABLE_SHIFT)) & 1;
      const isGeneral = operation >= Operation.Load8 && operation <= Operation.LoadSigned32;
      if (isGeneral && nullable == 0) store<u16>(to, <u16>(operation - Operation.Load8 + Operation.LoadProbe8));
    }
  }
  return true;
}

/** @returns false after a fault. */
export function analyse(from: usize, length: u32, to: usize, slots: usize, typedPointers: bool): bool {
  raw = from;
  count = length;
  code = to;
  marks = slots;
  states = allocate(length << 2);
  work = allocate(length << 2);
  waiting = allocate(length);
  if (states == 0 || work == 0 || waiting == 0) {
    faultSlot = decodedSlot();
    fail(Fault.TooManyInstructions);
    return false;
  }
  workCount = 0;
  flowTo(0, REACHED | 2 | (1 << FRAME_POINTER));
  while (workCount > 0) {
    workCount--;
    const slot = load<u32>(work + (workCount << 2));
    store<u8>(waiting + slot, 0);
    walk(slot);
  }
  const fine = mark(typedPointers) && checkStack();
  release(states, length << 2);
  release(work, length << 2);
  release(waiting, length);
  return fine;
}

/** Per function: u32 start, u32 stack of its own, u32 stack with those it calls, u32 state (0 not looked at, 1 in hand, 2 known). */
const functions: usize = memory.data(256 * 16, 4);
let functionCount: u32 = 0;

function functionAt(start: u32): u32 {
  let low: u32 = 0;
  let high = functionCount;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<u32>(functions + (middle << 4)) <= start) low = middle;
    else high = middle;
  }
  return low;
}

/** Combined stack of all chains of calls is limited, as the kernel limits it; functions that call themselves end at the call depth. */
function checkStack(): bool {
  functionCount = 0;
  for (let slot: u32 = 0; slot < count; slot++) {
    if ((load<u8>(marks + slot) & Slot.Start) == 0) continue;
    if (functionCount == MAX_FUNCTIONS) {
      faultSlot = slot;
      fail(Fault.TooManyInstructions);
      return false;
    }
    const entry = functions + (functionCount << 4);
    store<u32>(entry, slot);
    store<u32>(entry, ownStack(slot), 4);
    store<u32>(entry, 0, 12);
    functionCount++;
  }
  const most = stackOf(0);
  faultSlot = 0;
  if (most > STACK_LIMIT) fail(Fault.StackTooLarge, most);
  return most <= STACK_LIMIT;
}

function stackOf(index: u32): u32 {
  const entry = functions + (index << 4);
  const known = load<u32>(entry, 12);
  if (known == 2) return load<u32>(entry, 8);
  if (known == 1) return 0;
  store<u32>(entry, 1, 12);
  const end = index + 1 < functionCount ? load<u32>(entry, 16) : count;
  let deepest: u32 = 0;
  for (let slot = load<u32>(entry); slot < end; slot++) {
    const at = raw + (slot << 3);
    if ((load<u8>(marks + slot) & Slot.Half) != 0 || (!isFunctionLoad(at) && !isLocalCall(at))) continue;
    deepest = max(deepest, stackOf(functionAt(slot + 1 + immediate(at))));
  }
  // A function that leaves its own frame is stopped where it does.
  const own = (max(min(load<u32>(entry, 4), STACK_LIMIT), 1) + 15) & ~15;
  store<u32>(entry, own + deepest, 8);
  store<u32>(entry, 2, 12);
  return own + deepest;
}

/** Bytes below the frame pointer that a function uses: by accesses through it, or through a copy with a constant added. */
function ownStack(start: u32): u32 {
  let lowest: i32 = 0;
  /** A register that is the frame pointer and a constant. */
  let copy: i32 = -1;
  let distance: i32 = 0;
  for (let slot = start; slot < count; slot++) {
    const marked = load<u8>(marks + slot);
    if (slot > start && (marked & Slot.Start) != 0) break;
    if ((marked & Slot.Half) != 0) continue;
    const at = raw + (slot << 3);
    if ((marked & Slot.Target) != 0) copy = -1;
    const operation = opcode(at);
    if (operation == 0xbf && source(at) == FRAME_POINTER) {
      copy = destination(at);
      distance = 0;
    } else if (operation == 0x07 && <i32>destination(at) == copy) {
      distance += immediate(at);
      lowest = min(lowest, distance);
    } else if (classOf(at) == Class.LoadMemory) {
      if (source(at) == FRAME_POINTER) lowest = min(lowest, offset(at));
      if (<i32>destination(at) == copy) copy = -1;
    } else if (classOf(at) == Class.StoreImmediate || classOf(at) == Class.StoreRegister) {
      if (destination(at) == FRAME_POINTER) lowest = min(lowest, offset(at));
    } else if (<i32>destination(at) == copy) copy = -1;
  }
  return <u32>-max(lowest, -65536);
}
