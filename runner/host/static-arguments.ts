// Where an argument of a static tracepoint lies, from the assembler's operand in its note: a constant, a register, or memory.
//
//   -4@$5   8@%rdi   -4@-8(%rbp)   8@(%rax,%rbx,4)   4@counter(%rip)          x86-64
//   8@5     -4@x0    8@[sp, 16]                                               arm64

/** Flags of `usdt_argument` in wasm/manifest.ts. */
const enum Flag {
  Register = 1,
  Index = 2,
  Memory = 4,
  Signed = 8,
}

const DESCRIPTION_BYTES = 32;

/** In the order of the kernel's `struct pt_regs`; arm64 has x0 to x30, then sp. */
const X86_64 = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs flags rsp ss".split(" ");
/** Other names of parts of the first eight: eax, ax, al. */
const X86_64_PARTS: Record<string, string> = {
  ...Object.fromEntries(
    "a b c d".split(" ").flatMap((letter) => [
      [`${letter}x`, `r${letter}x`],
      [`${letter}l`, `r${letter}x`],
    ]),
  ),
  ...Object.fromEntries(
    "si di bp sp".split(" ").flatMap((name) => [
      [name, `r${name}`],
      [`${name}l`, `r${name}`],
    ]),
  ),
};

/** Offset of a register in the context of a probe; undefined for none that a probe has. */
function registerOffset(name: string, architecture: string): number | undefined {
  if (architecture === "x86_64") {
    const plain = name.replace(/^e(?=[a-z]{2}$)/, "").replace(/^(r\d+)[dwb]$/, "$1");
    const index = X86_64.indexOf(X86_64_PARTS[plain] ?? plain);
    return index < 0 ? undefined : index * 8;
  }
  if (name === "sp") return 31 * 8;
  const number = /^[xw](\d+)$/.exec(name)?.[1];
  return number === undefined || Number(number) > 30 ? undefined : Number(number) * 8;
}

interface Operand {
  constant?: bigint;
  register?: number;
  index?: number;
  scale?: number;
  isMemory?: boolean;
}

function parseX86(text: string, address: number, symbol: (name: string) => number | undefined): Operand | undefined {
  const offset = (name: string | undefined) => (name === undefined ? undefined : registerOffset(name, "x86_64"));
  if (text.startsWith("$")) return /^\$-?(0x)?[0-9a-f]+$/i.test(text) ? { constant: integer(text.slice(1)) } : undefined;
  if (text.startsWith("%")) {
    const register = offset(text.slice(1));
    return register === undefined ? undefined : { register };
  }
  const match = /^([A-Za-z_.$][\w.$@]*)?([-+]?(?:0x)?[0-9a-f]+)?(?:\((?:%(\w+))?(?:,%(\w+)(?:,([1248]))?|,([1248]))?\))?$/i.exec(text);
  if (match === null) return undefined;
  const [, name, number, base, index, scale] = match;
  let constant = number === undefined ? 0n : integer(number);
  const register = offset(base);
  const indexRegister = offset(index);
  if ((base !== undefined && register === undefined) || (index !== undefined && indexRegister === undefined)) return undefined;
  if (name !== undefined) {
    const found = symbol(name);
    if (found === undefined) return undefined;
    // Relative to the instruction, wherever the file is loaded; without a base only what is never moved has such operands.
    constant += BigInt(base === "rip" ? found - address : found);
  }
  return {
    constant,
    isMemory: true,
    ...(register !== undefined && { register }),
    ...(indexRegister !== undefined && { index: indexRegister, scale: Math.log2(Number(scale ?? 1)) }),
  };
}

function parseArm64(text: string): Operand | undefined {
  if (/^-?(0x)?[0-9a-f]+$/i.test(text)) return { constant: integer(text) };
  const memory = /^\[(\w+)(?:, *#?(-?\w+))?\]$/.exec(text);
  const register = registerOffset(memory?.[1] ?? text, "aarch64");
  if (register === undefined) return undefined;
  if (memory === null) return { register };
  const offset = memory[2] ?? "0";
  if (/^-?(0x)?[0-9a-f]+$/i.test(offset)) return { register, constant: integer(offset), isMemory: true };
  const index = registerOffset(offset, "aarch64");
  return index === undefined ? undefined : { register, index, isMemory: true };
}

function integer(text: string): bigint {
  const isNegative = text.startsWith("-");
  const value = BigInt(text.replace(/^[-+]/, ""));
  return isNegative ? -value : value;
}

/**
 * The description that programs go by; the operand itself where it is none of those above: a part of a register, a vector's.
 * @param address of the tracepoint's instruction.
 * @param symbol the address of a variable of the file.
 */
export function describeArgument(
  text: string,
  architecture: string,
  address: number,
  symbol: (name: string) => number | undefined,
): Uint8Array | string {
  const match = /^(-?[1248])@(.+)$/.exec(text);
  if (match === null) return text;
  const [, size = "8", place = ""] = match;
  const operand = architecture === "x86_64" ? parseX86(place, address, symbol) : parseArm64(place);
  if (operand === undefined) return text;
  const bytes = new Uint8Array(DESCRIPTION_BYTES);
  const view = new DataView(bytes.buffer);
  let flags = Number(size) < 0 ? Flag.Signed : 0;
  if (operand.isMemory === true) flags |= Flag.Memory;
  if (operand.register !== undefined) flags |= Flag.Register;
  if (operand.index !== undefined) flags |= Flag.Index;
  view.setBigUint64(0, BigInt.asUintN(64, operand.constant ?? 0n), true);
  view.setUint32(8, operand.register ?? 0, true);
  view.setUint32(12, operand.index ?? 0, true);
  view.setUint32(16, operand.scale ?? 0, true);
  view.setUint32(20, 64 - 8 * Math.abs(Number(size)), true);
  view.setUint32(24, flags, true);
  return bytes;
}
