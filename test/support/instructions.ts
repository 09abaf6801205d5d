// A small BPF assembler for tests: one function for each kind of instruction, eight bytes each. Encoding: the kernel's
// Documentation/bpf/standardization/instruction-set.rst.

export interface Instruction {
  opcode: number;
  destination: number;
  source: number;
  offset: number;
  immediate: number;
  /** Symbol whose address is loaded (a map), or section (data). The second half of a wide load follows by itself. */
  symbol?: string;
}

export type Size = 1 | 2 | 4 | 8;

const SIZE_BITS: Record<Size, number> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };

function make(opcode: number, destination: number, source: number, offset: number, immediate: number): Instruction {
  return { opcode, destination, source, offset, immediate };
}

export const move = (destination: number, immediate: number) => make(0xb7, destination, 0, 0, immediate);
export const copy = (destination: number, source: number) => make(0xbf, destination, source, 0, 0);
export const add = (destination: number, immediate: number) => make(0x07, destination, 0, 0, immediate);
export const addRegister = (destination: number, source: number) => make(0x0f, destination, source, 0, 0);
export const shiftLeft = (destination: number, immediate: number) => make(0x67, destination, 0, 0, immediate);
export const shiftRightSigned = (destination: number, immediate: number) => make(0xc7, destination, 0, 0, immediate);
export const load = (size: Size, destination: number, source: number, offset: number) =>
  make(0x61 | SIZE_BITS[size], destination, source, offset, 0);
export const store = (size: Size, destination: number, offset: number, source: number) =>
  make(0x63 | SIZE_BITS[size], destination, source, offset, 0);
export const storeImmediate = (size: Size, destination: number, offset: number, immediate: number) =>
  make(0x62 | SIZE_BITS[size], destination, 0, offset, immediate);
export const atomicAdd = (destination: number, offset: number, source: number) => make(0xdb, destination, source, offset, 0);
export const call = (helper: number) => make(0x85, 0, 0, 0, helper);
export const exit = () => make(0x95, 0, 0, 0, 0);
/** Jumps over `offset` slots when the register equals, or does not equal, the number. */
export const jumpEqual = (register: number, immediate: number, offset: number) => make(0x15, register, 0, offset, immediate);
export const jumpNotEqual = (register: number, immediate: number, offset: number) => make(0x55, register, 0, offset, immediate);
/** The address of a map. Two slots. */
export const loadMap = (destination: number, symbol: string): Instruction => ({ ...make(0x18, destination, 0, 0, 0), symbol });
/** The address of a byte of a data section. Two slots. */
export const loadData = (destination: number, section: string, offset: number): Instruction => ({
  ...make(0x18, destination, 0, 0, offset),
  symbol: section,
});

export const Helper = {
  mapLookup: 1,
  mapUpdate: 2,
  ktime: 5,
  pidTgid: 14,
  comm: 16,
  sendSignal: 109,
  ringOutput: 130,
  probeReadKernel: 113,
} as const;

export interface SymbolUse {
  /** Byte offset of the wide load. */
  offset: number;
  symbol: string;
}

/** The code's bytes, and where symbols must be filled in. */
export function assemble(code: Instruction[]): { bytes: Uint8Array; uses: SymbolUse[] } {
  const slots = code.flatMap((instruction) => (instruction.opcode === 0x18 ? [instruction, make(0, 0, 0, 0, 0)] : [instruction]));
  const bytes = new Uint8Array(slots.length * 8);
  const view = new DataView(bytes.buffer);
  const uses: SymbolUse[] = [];
  slots.forEach(({ opcode, destination, source, offset, immediate, symbol }, index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, destination | (source << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
    if (symbol !== undefined) uses.push({ offset: index * 8, symbol });
  });
  return { bytes, uses };
}
