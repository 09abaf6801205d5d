// Registers by name.

/** Registers in the order of x86-64's `struct pt_regs` (arch/x86/include/asm/ptrace.h), 8 bytes each. */
const X86_64: StaticArray<string> = [
  "r15",
  "r14",
  "r13",
  "r12",
  "bp",
  "bx",
  "r11",
  "r10",
  "r9",
  "r8",
  "ax",
  "cx",
  "dx",
  "si",
  "di",
  "orig_rax",
  "ip",
  "cs",
  "flags",
  "sp",
  "ss",
];

/** Offset of the code segment, whose low bits are the privilege level. */
export const CODE_SEGMENT: i32 = 136;

/** Offset of a register in the context of a probe; -1 for no register. */
export function registerOffset(name: string): i32 {
  const known = name == "pc" ? "ip" : name;
  for (let i = 0; i < X86_64.length; i++) if (X86_64[i] == known) return i * 8;
  return -1;
}
