// Writes a function's instructions as bytes.
//
// Input: improved FunctionCode. Output: an EncodedFunction: code, fixups for the object writer, line records. Jumps reach
// 32767 slots; a function that is larger sets `error`.

import { ByteBuffer } from "../source/bytes";
import { Block, End, Fixup, FunctionCode, Instruction, Opcode, SOURCE_REGISTER } from "./instructions";
import { Condition, opposite } from "./machine";

/** Something in an instruction that the object writer or the target fills in. */
@final
export class CodeFixup {
  constructor(
    public kind: Fixup,
    /** Index of the instruction slot. */
    public slot: i32,
    /** Map, section or function. */
    public index: i32,
    /** Address in the section. */
    public address: i32,
  ) {}
}

/** A relocation of the module that applies to an instruction. */
@final
export class CodeRelocation {
  constructor(
    public slot: i32,
    /** Index into `IrModule.relocations`. */
    public relocation: i32,
  ) {}
}

/** From slot `slot` on the code comes from byte `source` of the script. */
@final
export class CodeLine {
  constructor(
    public slot: i32,
    public source: u32,
  ) {}
}

@final
export class EncodedFunction {
  code: ByteBuffer = new ByteBuffer(256);
  fixups: Array<CodeFixup> = [];
  relocations: Array<CodeRelocation> = [];
  /** Rising slots; the first is 0. */
  lines: Array<CodeLine> = [];
  /** Slots at which blocks start, by rising slot: labels of the disassembly. */
  labels: Array<i32> = [];
  /** Bytes of stack that the function uses. */
  frame: i32 = 0;
  /** Why there is no code; empty if all is well. */
  error: string = "";

  constructor(
    public name: string,
    public section: string,
  ) {}

  get slots(): i32 {
    return <i32>(this.code.length >> 3);
  }
}

export function encode(code: FunctionCode): EncodedFunction {
  return new Encoder(code).run();
}

/** Jumps at the end of a block: none, one, or a conditional and an unconditional one. */
const enum Ending {
  /** `goto next0`, or nothing. */
  Plain,
  /** `if condition goto next0`, falling through to next1. */
  Direct,
  /** `if not condition goto next1`, falling through to next0. */
  Inverted,
  /** `if condition goto next0; goto next1`. */
  Both,
}

@final
class Encoder {
  private out: EncodedFunction;
  private starts: StaticArray<i32>;
  private endings: StaticArray<u8>;
  /** Blocks that some jump leads to. */
  private jumped: StaticArray<bool>;

  constructor(private code: FunctionCode) {
    this.out = new EncodedFunction(code.name, code.section);
    this.starts = new StaticArray<i32>(code.blocks.length);
    this.endings = new StaticArray<u8>(code.blocks.length);
    this.jumped = new StaticArray<bool>(code.blocks.length);
  }

  run(): EncodedFunction {
    this.place();
    const order = this.code.order;
    for (let i = 0; i < order.length; i++) {
      if (this.jumped[order[i]]) this.out.labels.push(this.starts[order[i]]);
      this.writeBlock(this.code.blocks[order[i]], i + 1 < order.length ? order[i + 1] : -1, <Ending>this.endings[order[i]]);
    }
    return this.out;
  }

  private place(): void {
    const order = this.code.order;
    let slot = 0;
    for (let i = 0; i < order.length; i++) {
      const block = this.code.blocks[order[i]];
      const next = i + 1 < order.length ? order[i + 1] : -1;
      this.starts[order[i]] = slot;
      for (let k = 0; k < block.code.length; k++) slot += block.code[k].slots;
      const ending = this.choose(block, next);
      this.endings[order[i]] = <u8>ending;
      if (block.end == End.Exit) slot += 1;
      else slot += this.countJumps(block, next, ending);
    }
  }

  /** Marks what the jumps of `block` lead to and returns how many there are. */
  private countJumps(block: Block, next: i32, ending: Ending): i32 {
    if (ending == Ending.Plain) {
      if (block.next0 == next) return 0;
      this.jumped[block.next0] = true;
      return 1;
    }
    if (ending != Ending.Inverted) this.jumped[block.next0] = true;
    if (ending != Ending.Direct) this.jumped[block.next1] = true;
    return ending == Ending.Both ? 2 : 1;
  }

  private choose(block: Block, next: i32): Ending {
    if (block.end != End.Branch) return Ending.Plain;
    if (block.next1 == next) return Ending.Direct;
    const condition = block.condition!;
    const isTest = (condition.opcode & 0xf0) == Condition.Test;
    return block.next0 == next && !isTest ? Ending.Inverted : Ending.Both;
  }

  private writeBlock(block: Block, next: i32, ending: Ending): void {
    for (let k = 0; k < block.code.length; k++) this.write(block.code[k]);
    if (block.end == End.Exit) {
      this.write(new Instruction(Opcode.Exit, block.source));
      return;
    }
    switch (ending) {
      case Ending.Plain:
        if (block.next0 != next) this.writeJump(block.next0, block.source);
        break;
      case Ending.Direct:
        this.writeCondition(block.condition!, block.next0, false);
        break;
      case Ending.Inverted:
        this.writeCondition(block.condition!, block.next1, true);
        break;
      default:
        this.writeCondition(block.condition!, block.next0, false);
        this.writeJump(block.next1, block.source);
        break;
    }
  }

  private writeJump(to: i32, source: u32): void {
    const jump = new Instruction(Opcode.Jump, source);
    jump.offset = this.distance(to);
    this.write(jump);
  }

  private writeCondition(condition: Instruction, to: i32, inverted: bool): void {
    const jump = new Instruction(condition.opcode, condition.source);
    if (inverted) jump.opcode = (condition.opcode & 0x0f) | opposite(condition.opcode & 0xf0);
    jump.dst = condition.dst;
    jump.src = (condition.opcode & SOURCE_REGISTER) != 0 ? condition.src : 0;
    jump.imm = condition.imm;
    jump.offset = this.distance(to);
    this.write(jump);
  }

  private distance(to: i32): i32 {
    const distance = this.starts[to] - (this.out.slots + 1);
    if (distance != <i32>(<i16>distance)) this.out.error = "the program is too large: a jump spans more than 32767 instructions";
    return distance;
  }

  private write(instruction: Instruction): void {
    const out = this.out;
    const slot = out.slots;
    const lines = out.lines;
    if (lines.length == 0 || lines[lines.length - 1].source != instruction.source) {
      lines.push(new CodeLine(slot, instruction.source));
    }
    if (instruction.relocation >= 0) out.relocations.push(new CodeRelocation(slot, instruction.relocation));
    if (instruction.fixup != Fixup.None) {
      out.fixups.push(new CodeFixup(instruction.fixup, slot, instruction.fixupIndex, instruction.imm));
    }
    const code = out.code;
    code.writeU8(<u8>instruction.opcode);
    code.writeU8(instruction.dst | (instruction.src << 4));
    code.writeU16(<u16>instruction.offset);
    code.writeU32(instruction.imm);
    if (instruction.slots == 1) return;
    code.writeU32(0);
    code.writeU32(instruction.high);
  }
}
