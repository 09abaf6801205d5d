// From a program's instructions to the machine's own form, in one walk that refuses what the kernel's verifier refuses without looking at
// values: unknown opcodes, reserved fields that are used, jumps out of the function.

import { FRAME_BYTES } from "./address";
import { Fault, fail } from "./faults";
import { helperArguments } from "./helper-numbers";
import { MapType, mapAddress, mapOf, valueAddress } from "./maps";
import { Field, INSTRUCTION_BYTES, INSTRUCTION_SHIFT, Operation, registerAddress } from "./operations";
import {
  Atomic,
  accessSize,
  Class,
  Code,
  classOf,
  codeOf,
  destination,
  FRAME_POINTER,
  immediate,
  LOCAL_CALL,
  Mode,
  offset,
  opcode,
  Pseudo,
  SOURCE_REGISTER,
  source,
  WIDE_LOAD,
} from "./raw";

/** What is known of a slot. */
export const enum Slot {
  /** The second half of a wide load. */
  Half = 1,
  /** A function starts here. */
  Start = 2,
  /** A jump leads here. */
  Target = 4,
  /** A function that helpers call. */
  Callback = 8,
}

/** A decoder's input and output, for the functions below. */
let raw: usize = 0;
let count: u32 = 0;
let code: usize = 0;
let slots: usize = 0;
/** Slots of the function that is decoded. */
let functionStart: u32 = 0;
let functionEnd: u32 = 0;
let slot: u32 = 0;

function refuse(why: Fault, at: u64 = 0): bool {
  fail(why, at);
  return false;
}

/** The slot at which the last refusal or walk was. */
export function decodedSlot(): u32 {
  return slot;
}

export function isFunctionLoad(at: usize): bool {
  return opcode(at) == WIDE_LOAD && source(at) == Pseudo.Function;
}

export function isLocalCall(at: usize): bool {
  return opcode(at) == 0x85 && source(at) == LOCAL_CALL;
}

/**
 * Decodes `length` instructions at `from` to `to`, and fills `marks`, a byte per slot, with `Slot` bits.
 * @returns false after a fault.
 */
export function decode(from: usize, length: u32, to: usize, marks: usize): bool {
  raw = from;
  count = length;
  code = to;
  slots = marks;
  if (!findStarts()) return false;
  for (functionStart = 0; functionStart < count; functionStart = functionEnd) {
    functionEnd = functionStart + 1;
    while (functionEnd < count && (load<u8>(slots + functionEnd) & Slot.Start) == 0) functionEnd++;
    for (slot = functionStart; slot < functionEnd; slot++) {
      if ((load<u8>(slots + slot) & Slot.Half) != 0) continue;
      if (!decodeOne(raw + (slot << 3), code + (slot << INSTRUCTION_SHIFT))) return false;
    }
    // What a jump may lead to is known only when all of the function was seen.
    slot = functionEnd - 1;
    const last = raw + (slot << 3);
    const ends = opcode(last) == 0x95 || opcode(last) == 0x05 || opcode(last) == 0x06;
    if (!ends || (load<u8>(slots + slot) & Slot.Half) != 0) return refuse(Fault.MissingExit);
  }
  return true;
}

/** Marks the second halves of wide loads and the first instructions of functions. */
function findStarts(): bool {
  store<u8>(slots, Slot.Start);
  for (slot = 0; slot < count; slot++) {
    if (opcode(raw + (slot << 3)) != WIDE_LOAD) continue;
    if (slot + 1 == count) return refuse(Fault.BadWideLoad);
    slot++;
    store<u8>(slots + slot, load<u8>(slots + slot) | Slot.Half);
  }
  for (slot = 0; slot < count; slot++) {
    const at = raw + (slot << 3);
    if ((load<u8>(slots + slot) & Slot.Half) != 0) continue;
    const isLoad = isFunctionLoad(at);
    if (!isLoad && !isLocalCall(at)) continue;
    const start = <i64>slot + 1 + immediate(at);
    if (start < 0 || start >= <i64>count || (load<u8>(slots + <u32>start) & Slot.Half) != 0) return refuse(Fault.BadCallTarget, start);
    // The main program is no function that can be called.
    if (start == 0) return refuse(Fault.BadCallTarget, start);
    const mark = slots + <u32>start;
    store<u8>(mark, load<u8>(mark) | Slot.Start | (isLoad ? Slot.Callback : 0));
  }
  return true;
}

function emit(to: usize, operation: Operation, register: u32, second: usize, target: i32, number: i64): bool {
  store<u16>(to, operation);
  store<u32>(to, registerAddress(register), Field.Destination);
  store<u32>(to, second, Field.Source);
  store<i32>(to, target, Field.Target);
  store<i64>(to, number, Field.Immediate);
  store<u32>(to, slot, Field.Slot);
  return true;
}

/** Address of an instruction's second operand. */
function operand(at: usize, to: usize): usize {
  return (opcode(at) & SOURCE_REGISTER) != 0 ? registerAddress(source(at)) : to + Field.Immediate;
}

function decodeOne(at: usize, to: usize): bool {
  if (destination(at) > FRAME_POINTER || (source(at) > FRAME_POINTER && opcode(at) != WIDE_LOAD)) return refuse(Fault.BadRegister);
  switch (classOf(at)) {
    case Class.Load:
      return decodeWideLoad(at, to);
    case Class.LoadMemory:
      return decodeLoad(at, to);
    case Class.StoreImmediate:
    case Class.StoreRegister:
      return decodeStore(at, to);
    case Class.Arithmetic32:
    case Class.Arithmetic64:
      return decodeArithmetic(at, to);
    default:
      return decodeJump(at, to);
  }
}

function decodeWideLoad(at: usize, to: usize): bool {
  if (opcode(at) != WIDE_LOAD) return refuse(Fault.UnknownOpcode, opcode(at));
  const second = at + 8;
  if (load<u32>(second) != 0) return refuse(Fault.BadWideLoad);
  if (offset(at) != 0) return refuse(Fault.ReservedField);
  if (destination(at) == FRAME_POINTER) return refuse(Fault.FramePointerWrite);
  const low = immediate(at);
  const high = immediate(second);
  let number: u64 = 0;
  switch (source(at)) {
    case Pseudo.None:
      number = <u64>(<u32>low) | ((<u64>(<u32>high)) << 32);
      break;
    case Pseudo.Map:
    case Pseudo.MapByIndex: {
      if (high != 0) return refuse(Fault.ReservedField);
      if (mapOf(low) == null) return refuse(Fault.UnknownMap, low);
      number = mapAddress(low);
      break;
    }
    case Pseudo.MapValue:
    case Pseudo.MapValueByIndex: {
      const map = mapOf(low);
      // The kernel knows the address of a value of arrays that have one element alone.
      if (map == null || map.type != MapType.Array || map.capacity != 1) return refuse(Fault.UnknownMap, low);
      if (<u32>high >= map.valueSize) return refuse(Fault.ValueBounds, high);
      number = valueAddress(map, 0, 0) + <u32>high;
      break;
    }
    case Pseudo.Function:
      if (high != 0) return refuse(Fault.ReservedField);
      number = functionAddress(slot + 1 + low);
      break;
    default:
      return refuse(Fault.UnknownOpcode, source(at));
  }
  return emit(to, Operation.Constant, destination(at), 0, 0, number);
}

/** Where functions seem to lie: what helpers take as callbacks. */
const FUNCTIONS: u64 = 0xffff_ffff_c000_0000;

function functionAddress(start: u32): u64 {
  return FUNCTIONS + ((<u64>start) << 3);
}

/** Slot of the function at an address; may be beyond the program. */
export function functionSlot(address: u64): u64 {
  return (address & 7) == 0 ? (address - FUNCTIONS) >> 3 : u64.MAX_VALUE;
}

/** Whether an access of the frame in use is inside and aligned: it needs no look-up. */
function isInFrame(displacement: i32, size: u32): bool {
  return displacement >= -(<i32>FRAME_BYTES) && displacement + <i32>size <= 0 && (displacement & (size - 1)) == 0;
}

/** Place of a size among the operations for 1, 2, 4 and 8 bytes. */
function sizeIndex(size: u32): u32 {
  return ctz(size);
}

function decodeLoad(at: usize, to: usize): bool {
  const mode = opcode(at) & 0xe0;
  const size = accessSize(at);
  const signed = mode == Mode.MemorySigned;
  if ((mode != Mode.Memory && !signed) || (signed && size == 8)) return refuse(Fault.UnknownOpcode, opcode(at));
  if (immediate(at) != 0) return refuse(Fault.ReservedField);
  if (destination(at) == FRAME_POINTER) return refuse(Fault.FramePointerWrite);
  const index = sizeIndex(size) + (signed ? 4 : 0);
  if (source(at) == FRAME_POINTER && isInFrame(offset(at), size))
    return emit(to, Operation.LoadFrame8 + index, destination(at), 0, offset(at) + FRAME_BYTES, 0);
  return emit(to, Operation.Load8 + index, destination(at), registerAddress(source(at)), 0, offset(at));
}

function decodeStore(at: usize, to: usize): bool {
  const mode = opcode(at) & 0xe0;
  const size = accessSize(at);
  const fromRegister = classOf(at) == Class.StoreRegister;
  if (mode == Mode.Atomic && fromRegister) return decodeAtomic(at, to, size);
  if (mode != Mode.Memory) return refuse(Fault.UnknownOpcode, opcode(at));
  if (fromRegister ? immediate(at) != 0 : source(at) != 0) return refuse(Fault.ReservedField);
  const value = fromRegister ? registerAddress(source(at)) : to + Field.Immediate;
  if (destination(at) == FRAME_POINTER && isInFrame(offset(at), size))
    return emit(to, Operation.StoreFrame8 + sizeIndex(size), 0, value, offset(at) + FRAME_BYTES, immediate(at));
  return emit(to, Operation.Store8 + sizeIndex(size), destination(at), value, offset(at), immediate(at));
}

function decodeAtomic(at: usize, to: usize, size: u32): bool {
  if (size < 4) return refuse(Fault.UnknownOpcode, opcode(at));
  const kind = immediate(at);
  switch (kind) {
    case Atomic.Add:
    case Atomic.Add | Atomic.Fetch:
    case Atomic.Or:
    case Atomic.Or | Atomic.Fetch:
    case Atomic.And:
    case Atomic.And | Atomic.Fetch:
    case Atomic.Xor:
    case Atomic.Xor | Atomic.Fetch:
    case Atomic.Exchange:
    case Atomic.CompareExchange:
      break;
    default:
      return refuse(Fault.ReservedField);
  }
  if ((kind & Atomic.Fetch) != 0 && kind != Atomic.CompareExchange && source(at) == FRAME_POINTER) return refuse(Fault.FramePointerWrite);
  const operation = size == 4 ? Operation.Atomic32 : Operation.Atomic64;
  return emit(to, operation, destination(at), registerAddress(source(at)), offset(at), kind);
}

function decodeArithmetic(at: usize, to: usize): bool {
  const number = codeOf(at);
  const wide = classOf(at) == Class.Arithmetic64;
  const fromRegister = (opcode(at) & SOURCE_REGISTER) != 0;
  const displacement = offset(at);
  const register = destination(at);
  const value = immediate(at);
  if (number > Code.ByteOrder) return refuse(Fault.UnknownOpcode, opcode(at));
  if (register == FRAME_POINTER) return refuse(Fault.FramePointerWrite);
  if (number == Code.ByteOrder) return decodeByteOrder(at, to, wide, fromRegister);
  const first: Operation = wide ? Operation.Add64 : Operation.Add32;
  if (number == Code.Negate) {
    if (fromRegister || source(at) != 0 || displacement != 0 || value != 0) return refuse(Fault.ReservedField);
    return emit(to, first + number, register, 0, 0, 0);
  }
  if (fromRegister ? value != 0 : source(at) != 0) return refuse(Fault.ReservedField);
  if (number == Code.Move && fromRegister && displacement != 0) {
    let operation: Operation = Operation.Nothing;
    if (displacement == 8) operation = wide ? Operation.MoveSigned8 : Operation.MoveSigned8To32;
    else if (displacement == 16) operation = wide ? Operation.MoveSigned16 : Operation.MoveSigned16To32;
    else if (displacement == 32 && wide) operation = Operation.MoveSigned32;
    else return refuse(Fault.ReservedField);
    return emit(to, operation, register, operand(at, to), 0, 0);
  }
  const divides = number == Code.Divide || number == Code.Remainder;
  if (displacement != 0 && !(divides && displacement == 1)) return refuse(Fault.ReservedField);
  if (!fromRegister) {
    if (divides && value == 0) return refuse(Fault.DivisionByZero);
    const shifts = number == Code.ShiftLeft || number == Code.ShiftRight || number == Code.ShiftRightSigned;
    if (shifts && <u32>value >= <u32>(wide ? 64 : 32)) return refuse(Fault.BadShift, value);
  }
  let operation: Operation = first + number;
  if (displacement == 1) {
    if (number == Code.Divide) operation = wide ? Operation.DivideSigned64 : Operation.DivideSigned32;
    else operation = wide ? Operation.RemainderSigned64 : Operation.RemainderSigned32;
  }
  return emit(to, operation, register, operand(at, to), 0, value);
}

function decodeByteOrder(at: usize, to: usize, unconditional: bool, toBig: bool): bool {
  const bits = immediate(at);
  if (source(at) != 0 || offset(at) != 0 || (bits != 16 && bits != 32 && bits != 64) || (unconditional && toBig))
    return refuse(Fault.ReservedField);
  let operation: Operation;
  if (unconditional || toBig) operation = bits == 16 ? Operation.Swap16 : bits == 32 ? Operation.Swap32 : Operation.Swap64;
  else operation = bits == 16 ? Operation.Truncate16 : bits == 32 ? Operation.Truncate32 : Operation.Nothing;
  return emit(to, operation, destination(at), 0, 0, 0);
}

function decodeJump(at: usize, to: usize): bool {
  const number = codeOf(at);
  const wide = classOf(at) == Class.Jump64;
  const fromRegister = (opcode(at) & SOURCE_REGISTER) != 0;
  if (number > 13 || ((number == Code.Call || number == Code.Exit) && !wide)) return refuse(Fault.UnknownOpcode, opcode(at));
  if (number == Code.Call || number == Code.Exit || number == Code.Always) {
    if (fromRegister) return refuse(Fault.UnknownOpcode, opcode(at));
    if (number == Code.Always) return decodeGoto(at, to, wide);
    return number == Code.Call ? decodeCall(at, to) : decodeExit(at, to);
  }
  if (fromRegister ? immediate(at) != 0 : source(at) != 0) return refuse(Fault.ReservedField);
  const target = <i64>slot + 1 + offset(at);
  if (!markTarget(target)) return false;
  const first: Operation = wide ? Operation.Equal64 : Operation.Equal32;
  const operation: Operation = first + (number < 8 ? number - 1 : number - 3);
  return emit(to, operation, destination(at), operand(at, to), instructionAt(<u32>target), immediate(at));
}

function instructionAt(target: u32): i32 {
  return <i32>(code + target * INSTRUCTION_BYTES);
}

/** Notes that a jump leads to a slot, which must be an instruction of the same function. */
function markTarget(target: i64): bool {
  if (target < <i64>functionStart || target >= <i64>functionEnd) return refuse(Fault.BadJump, target);
  const mark = slots + <u32>target;
  if ((load<u8>(mark) & Slot.Half) != 0) return refuse(Fault.BadJump, target);
  store<u8>(mark, load<u8>(mark) | Slot.Target);
  return true;
}

function decodeGoto(at: usize, to: usize, short: bool): bool {
  if (destination(at) != 0 || source(at) != 0 || (short ? immediate(at) != 0 : offset(at) != 0)) return refuse(Fault.ReservedField);
  const target = <i64>slot + 1 + (short ? offset(at) : immediate(at));
  return markTarget(target) && emit(to, Operation.Jump, 0, 0, instructionAt(<u32>target), 0);
}

function decodeCall(at: usize, to: usize): bool {
  if (destination(at) != 0 || offset(at) != 0) return refuse(Fault.ReservedField);
  if (source(at) == LOCAL_CALL) return emit(to, Operation.CallFunction, 0, 0, instructionAt(slot + 1 + immediate(at)), 0);
  if (source(at) != 0) return refuse(Fault.ReservedField);
  // Code that is never reached may call what does not exist.
  if (helperArguments(immediate(at)) < 0) return emit(to, Operation.Fail, 0, 0, immediate(at), Fault.UnknownHelper);
  return emit(to, Operation.CallHelper, 0, 0, 0, immediate(at));
}

function decodeExit(at: usize, to: usize): bool {
  if (destination(at) != 0 || source(at) != 0 || immediate(at) != 0 || offset(at) != 0) return refuse(Fault.ReservedField);
  return emit(to, Operation.Exit, 0, 0, 0, 0);
}
