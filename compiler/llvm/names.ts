// Names that the LLVM text and the reader of llc's object agree on, and small pieces of that text.

import { Op, Section } from "../ir/ir";
import { ByteBuffer } from "../source/bytes";

/** Beginning of the labels of instructions with a relocation. */
export const RELOCATION_LABEL: string = "relocation.";

/** Symbols of data addresses are these, by `Section`, a plus and the address. */
export const dataNames: StaticArray<string> = [".rodata", ".data.counters", ".data.scratch"];

/** Numbers of the metadata nodes that every module has. */
export const enum Node {
  Unit,
  File,
  Signature,
  Version,
  FirstFree,
}

/** A string in quotes: printable ASCII as it is, other bytes as `\xx`. */
export function writeQuoted(text: string, out: ByteBuffer): void {
  const bytes = String.UTF8.encode(text);
  const pointer = changetype<usize>(bytes);
  out.writeU8(0x22);
  for (let i = 0; i < bytes.byteLength; i++) {
    const byte = load<u8>(pointer + i);
    if (byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c) {
      out.writeU8(byte);
      continue;
    }
    out.writeU8(0x5c);
    out.writeHex(byte, 2);
  }
  out.writeU8(0x22);
}

/** The symbol of an address in a data section. */
export function dataSymbol(section: Section, address: i64): string {
  return `${dataNames[section]}+${address}`;
}

/** True for leaves that need an instruction where they are used. */
export function isMade(op: Op): bool {
  return op == Op.Slot || op == Op.CoreConst;
}

/** LLVM's name of arithmetic. */
export function llvmOperator(op: Op): string {
  switch (op) {
    case Op.Add:
      return "add";
    case Op.Sub:
      return "sub";
    case Op.Mul:
      return "mul";
    case Op.And:
      return "and";
    case Op.Or:
      return "or";
    case Op.Xor:
      return "xor";
    case Op.Shl:
      return "shl";
    case Op.Shr:
      return "lshr";
    default:
      assert(op == Op.Sar);
      return "ashr";
  }
}

/** Shifts in BPF assembly: LLVM leaves shifts by 64 and more undefined, BPF does not. */
export function bpfOperator(op: Op): string {
  switch (op) {
    case Op.Shl:
      return "<<=";
    case Op.Shr:
      return ">>=";
    default:
      assert(op == Op.Sar);
      return "s>>=";
  }
}

/** LLVM's name of a comparison. */
export function condition(op: Op): string {
  switch (op) {
    case Op.Equal:
      return "eq";
    case Op.NotEqual:
      return "ne";
    case Op.Below:
      return "ult";
    case Op.BelowEqual:
      return "ule";
    case Op.Above:
      return "ugt";
    case Op.AboveEqual:
      return "uge";
    case Op.Less:
      return "slt";
    case Op.LessEqual:
      return "sle";
    case Op.Greater:
      return "sgt";
    default:
      assert(op == Op.GreaterEqual);
      return "sge";
  }
}
