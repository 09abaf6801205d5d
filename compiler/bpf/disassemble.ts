// Text form of encoded code, in the style of the kernel's verifier and bpftool, with labels and the names of what is fixed up.

import { HelperTable } from "../ir/helper-lookup";
import { ByteBuffer } from "../source/bytes";
import { CodeFixup, EncodedFunction } from "./encode";
import { Class, Fixup, Opcode, PSEUDO_FUNCTION, SOURCE_REGISTER } from "./instructions";
import { Alu, Condition } from "./machine";

/** Names that fixups refer to, by index: maps, data sections, functions. */
@final
export class DisassemblyNames {
  maps: Array<string> = [];
  functions: Array<string> = [];
  sections: Array<string> = [".rodata", ".data.counters", ".data.scratch"];
}

export function disassemble(f: EncodedFunction, names: DisassemblyNames, out: ByteBuffer): void {
  new Disassembler(f, names, out).run();
}

@final
class Disassembler {
  private fixup: i32 = 0;
  private relocation: i32 = 0;
  private label: i32 = 0;
  private line: i32 = 0;
  private helpers: HelperTable = new HelperTable();

  constructor(
    private f: EncodedFunction,
    private names: DisassemblyNames,
    private out: ByteBuffer,
  ) {}

  run(): void {
    const f = this.f;
    const out = this.out;
    out.writeText(`${f.section} ${f.name}: ${f.slots} slots, ${f.frame} bytes of stack\n`);
    for (let slot = 0; slot < f.slots; ) {
      if (this.label < f.labels.length && f.labels[this.label] == slot) {
        this.label++;
        out.writeText(`L${slot}:\n`);
      }
      const opcode = <i32>load<u8>(this.address(slot));
      this.writeNumber(slot, 4);
      out.writeAscii(": (");
      out.writeHex(opcode, 2);
      out.writeAscii(") ");
      this.instruction(slot, opcode);
      this.comments(slot);
      out.writeU8(0x0a);
      slot += opcode == Opcode.LoadImmediate64 ? 2 : 1;
    }
  }

  private address(slot: i32): usize {
    return this.f.code.pointer + ((<usize>slot) << 3);
  }

  private writeNumber(value: i32, width: i32): void {
    for (let limit = 1000, left = width; left > 1; left--, limit /= 10) if (value < limit) this.out.writeU8(0x20);
    this.out.writeDecimal(value);
  }

  /** Relocations as `!n`, and `@n` where the place in the script changes. */
  private comments(slot: i32): void {
    const f = this.f;
    while (this.relocation < f.relocations.length && f.relocations[this.relocation].slot == slot) {
      this.out.writeText(` !${f.relocations[this.relocation].relocation}`);
      this.relocation++;
    }
    while (this.line < f.lines.length && f.lines[this.line].slot == slot) {
      this.out.writeText(` @${f.lines[this.line].source}`);
      this.line++;
    }
  }

  private instruction(slot: i32, opcode: i32): void {
    const at = this.address(slot);
    const registers = load<u8>(at, 1);
    const dst = <i32>(registers & 15);
    const src = <i32>(registers >> 4);
    const offset = <i32>load<i16>(at, 2);
    const imm = load<i32>(at, 4);
    const out = this.out;
    switch (opcode & 7) {
      case Class.Load:
        out.writeText(`r${dst} = `);
        this.wide(slot, src, imm, load<i32>(at, 12));
        break;
      case Class.LoadMemory:
        out.writeText(`r${dst} = *(${sizeName(opcode)} *)(r${src} ${signed(offset)})`);
        break;
      case Class.StoreImmediate:
        out.writeText(`*(${sizeName(opcode)} *)(r${dst} ${signed(offset)}) = ${imm}`);
        break;
      case Class.StoreRegister:
        if ((opcode & 0xe0) == 0xc0) out.writeText(`lock *(${sizeName(opcode)} *)(r${dst} ${signed(offset)}) += r${src}`);
        else out.writeText(`*(${sizeName(opcode)} *)(r${dst} ${signed(offset)}) = r${src}`);
        break;
      case Class.Jump:
      case Class.Jump32:
        this.jump(slot, opcode, dst, src, offset, imm);
        break;
      default:
        this.arithmetic(opcode, dst, src, imm);
        break;
    }
  }

  /** `ld_imm64`: a constant, or the name of what its fixup stands for. */
  private wide(slot: i32, src: i32, imm: i32, high: i32): void {
    const out = this.out;
    const fixups = this.f.fixups;
    if (this.fixup < fixups.length && fixups[this.fixup].slot == slot) {
      this.fixupName(fixups[this.fixup++]);
      out.writeAscii(" ll");
      return;
    }
    assert(src != PSEUDO_FUNCTION);
    out.writeAscii("0x");
    out.writeHex(((<u64>(<u32>high)) << 32) | <u64>(<u32>imm));
    out.writeAscii(" ll");
  }

  private fixupName(fixup: CodeFixup): void {
    const names = this.names;
    const list = fixup.kind == Fixup.Map ? names.maps : fixup.kind == Fixup.Data ? names.sections : names.functions;
    const name = fixup.index < list.length ? list[fixup.index] : `${fixup.index}`;
    if (fixup.kind == Fixup.Map) this.out.writeText(`map[${name}]`);
    else if (fixup.kind == Fixup.Data) this.out.writeText(`data[${name}+${fixup.address}]`);
    else this.out.writeText(`function[${name}]`);
  }

  private jump(slot: i32, opcode: i32, dst: i32, src: i32, offset: i32, imm: i32): void {
    const target = slot + 1 + offset;
    if (opcode == Opcode.Exit) this.out.writeAscii("exit");
    else if (opcode == Opcode.Call) {
      const row = this.helpers.byNumber(imm);
      this.out.writeText(row ? `call ${row.name}#${imm}` : `call ${imm}`);
    } else if (opcode == Opcode.Jump) this.out.writeText(`goto L${target}`);
    else {
      const letter = (opcode & 7) == Class.Jump32 ? "w" : "r";
      const right = (opcode & SOURCE_REGISTER) != 0 ? `${letter}${src}` : imm.toString();
      this.out.writeText(`if ${letter}${dst} ${conditionText(opcode & 0xf0)} ${right} goto L${target}`);
    }
  }

  private arithmetic(opcode: i32, dst: i32, src: i32, imm: i32): void {
    const letter = (opcode & 7) == Class.Alu64 ? "r" : "w";
    const code = opcode & 0xf0;
    if (code == Alu.Swap) this.out.writeText(`r${dst} = be${imm} r${dst}`);
    else if (code == Alu.Negate) this.out.writeText(`${letter}${dst} = -${letter}${dst}`);
    else {
      const right = (opcode & SOURCE_REGISTER) != 0 ? `${letter}${src}` : imm.toString();
      this.out.writeText(`${letter}${dst} ${arithmeticText(code)} ${right}`);
    }
  }
}

function signed(offset: i32): string {
  return offset < 0 ? `-${-offset}` : `+${offset}`;
}

function sizeName(opcode: i32): string {
  switch (opcode & 0x18) {
    case 0x10:
      return "u8";
    case 0x08:
      return "u16";
    case 0x00:
      return "u32";
    default:
      return "u64";
  }
}

function conditionText(code: i32): string {
  switch (code) {
    case Condition.Equal:
      return "==";
    case Condition.NotEqual:
      return "!=";
    case Condition.Above:
      return ">";
    case Condition.AboveEqual:
      return ">=";
    case Condition.Below:
      return "<";
    case Condition.BelowEqual:
      return "<=";
    case Condition.Greater:
      return "s>";
    case Condition.GreaterEqual:
      return "s>=";
    case Condition.Less:
      return "s<";
    case Condition.LessEqual:
      return "s<=";
    default:
      return "&";
  }
}

function arithmeticText(code: i32): string {
  switch (code) {
    case Alu.Add:
      return "+=";
    case Alu.Sub:
      return "-=";
    case Alu.Mul:
      return "*=";
    case Alu.Div:
      return "/=";
    case Alu.Or:
      return "|=";
    case Alu.And:
      return "&=";
    case Alu.ShiftLeft:
      return "<<=";
    case Alu.ShiftRight:
      return ">>=";
    case Alu.Mod:
      return "%=";
    case Alu.Xor:
      return "^=";
    case Alu.ShiftArithmetic:
      return "s>>=";
    default:
      return "=";
  }
}
