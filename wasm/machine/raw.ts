// Instructions as the kernel has them: eight bytes each (Documentation/bpf/standardization/instruction-set.rst).

export const enum Class {
  Load = 0,
  LoadMemory = 1,
  StoreImmediate = 2,
  StoreRegister = 3,
  Arithmetic32 = 4,
  Jump64 = 5,
  Jump32 = 6,
  Arithmetic64 = 7,
}

export const enum Code {
  Add = 0,
  Divide = 3,
  ShiftLeft = 6,
  ShiftRight = 7,
  Negate = 8,
  Remainder = 9,
  Move = 11,
  ShiftRightSigned = 12,
  ByteOrder = 13,

  Always = 0,
  Call = 8,
  Exit = 9,
}

export const enum Mode {
  Immediate = 0x00,
  Memory = 0x60,
  MemorySigned = 0x80,
  Atomic = 0xc0,
}

/** What a wide load's source register says about its number. */
export const enum Pseudo {
  None = 0,
  Map = 1,
  MapValue = 2,
  Function = 4,
  MapByIndex = 5,
  MapValueByIndex = 6,
}

export const enum Atomic {
  Fetch = 0x01,
  Add = 0x00,
  Or = 0x40,
  And = 0x50,
  Xor = 0xa0,
  Exchange = 0xe1,
  CompareExchange = 0xf1,
}

export const SOURCE_REGISTER: u32 = 8;
export const WIDE_LOAD: u32 = 0x18;
/** Source register of a call of a function of the program. */
export const LOCAL_CALL: u32 = 1;
export const FRAME_POINTER: u32 = 10;

export function opcode(at: usize): u32 {
  return load<u8>(at);
}

export function classOf(at: usize): Class {
  return load<u8>(at) & 7;
}

export function codeOf(at: usize): i32 {
  return load<u8>(at) >> 4;
}

export function destination(at: usize): u32 {
  return load<u8>(at, 1) & 15;
}

export function source(at: usize): u32 {
  return load<u8>(at, 1) >> 4;
}

export function offset(at: usize): i32 {
  return load<i16>(at, 2);
}

export function immediate(at: usize): i32 {
  return load<i32>(at, 4);
}

/** Bytes of a load or store. */
export function accessSize(at: usize): u32 {
  const bits = load<u8>(at) & 0x18;
  return bits == 0x18 ? 8 : bits == 0x10 ? 1 : bits == 0x08 ? 2 : 4;
}
