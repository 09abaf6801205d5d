// Instructions as the kernel knows them, over blocks whose jumps are still edges.
//
// Made by expand.ts, improved by peephole.ts, laid out and written by encode.ts.

/** Low three bits of an opcode. */
export const enum Class {
  Load = 0x00,
  LoadMemory = 0x01,
  StoreImmediate = 0x02,
  StoreRegister = 0x03,
  Alu32 = 0x04,
  Jump = 0x05,
  /** Jumps on the lower halves of registers: made by LLVM only. */
  Jump32 = 0x06,
  Alu64 = 0x07,
}

/** Whole opcodes that are used by name. */
export const enum Opcode {
  /** `ld_imm64`, two slots. */
  LoadImmediate64 = 0x18,
  Move = 0xbf,
  MoveImmediate = 0xb7,
  /** `w = imm`: zero-extended. */
  Move32Immediate = 0xb4,
  /** `w = w`: zero-extended. */
  Move32 = 0xbc,
  AddImmediate = 0x07,
  /** To big endian: on little endian machines a byte swap of `imm` bits. */
  ToBigEndian = 0xdc,
  Jump = 0x05,
  Call = 0x85,
  Exit = 0x95,
  AtomicAdd32 = 0xc3,
  AtomicAdd64 = 0xdb,
}

/** Bit 3 of arithmetic and jump opcodes: the source is a register. */
export const SOURCE_REGISTER: i32 = 0x08;

/** Memory mode with size bits: `opcode = class | MODE_MEMORY | sizeBits(bytes)`. */
export const MODE_MEMORY: i32 = 0x60;

/** `src` of `ld_imm64` that loads a callback's address. */
export const PSEUDO_FUNCTION: u8 = 4;

export const FRAME_POINTER: u8 = 10;

/** What an instruction's immediate stands for. */
export const enum Fixup {
  None,
  /** Map `fixupIndex`. */
  Map,
  /** Section `fixupIndex`, at `imm`. */
  Data,
  /** Function `fixupIndex` of the module. */
  Function,
}

@final
export class Instruction {
  dst: u8 = 0;
  src: u8 = 0;
  /** Bytes of a memory access; jumps get theirs when they are written. */
  offset: i32 = 0;
  imm: i32 = 0;
  /** Upper half of `ld_imm64`. */
  high: i32 = 0;
  fixup: Fixup = Fixup.None;
  fixupIndex: i32 = 0;
  /** Index of the module's relocation, or -1. */
  relocation: i32 = -1;

  constructor(
    public opcode: i32,
    /** Byte offset in the script. */
    public source: u32,
  ) {}

  /** Slots of 8 bytes. */
  get slots(): i32 {
    return this.opcode == Opcode.LoadImmediate64 ? 2 : 1;
  }

  /** True if both do exactly the same; the place in the script does not count. */
  equals(other: Instruction): bool {
    return (
      this.opcode == other.opcode &&
      this.dst == other.dst &&
      this.src == other.src &&
      this.offset == other.offset &&
      this.imm == other.imm &&
      this.high == other.high &&
      this.fixup == other.fixup &&
      this.fixupIndex == other.fixupIndex &&
      this.relocation == other.relocation
    );
  }
}

/** How a block ends. */
export const enum End {
  /** To `next0`. */
  Jump,
  /** To `next0` if `condition` holds, else to `next1`. */
  Branch,
  /** Leaves the program. */
  Exit,
}

@final
export class Block {
  code: Array<Instruction> = [];
  end: End = End.Exit;
  next0: i32 = -1;
  next1: i32 = -1;
  /** The jump of a Branch, without its offset. */
  condition: Instruction | null = null;
  /** Place in the script of the jump or exit. */
  source: u32 = 0;
}

/** A function's code: blocks by number, and their order. */
@final
export class FunctionCode {
  blocks: Array<Block> = [];
  order: Array<i32> = [];

  constructor(
    public name: string,
    public section: string,
  ) {}
}

/** Size bits of a memory opcode. */
export function sizeBits(bytes: u8): i32 {
  switch (bytes) {
    case 1:
      return 0x10;
    case 2:
      return 0x08;
    case 4:
      return 0x00;
    default:
      assert(bytes == 8);
      return 0x18;
  }
}
