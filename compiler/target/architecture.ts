// What the compiler must know of a processor: how the registers lie in the context of a probe.

export const enum Architecture {
  X86_64 = 0,
  Arm64 = 1,
}

/** One row for each `Architecture`, in its order. */
@final
export class ArchitectureRow {
  constructor(
    /** The kernel's name of it, as `uname -m` prints it. */
    public name: string,
    /** Macros that a script's C section finds defined, to 1. */
    public macros: StaticArray<string>,
    /** Registers by their place in the context, 8 bytes each. */
    private registers: StaticArray<string>,
    /** Those that hold a function's arguments, in order. */
    public argumentRegisters: StaticArray<string>,
    private returnRegister: string,
    /** Register that tells whether the processor was in user mode, by the bits of a mask; empty where scripts cannot ask. */
    public modeRegister: string,
    public modeMask: i32,
    /** Their value in user mode. */
    public userMode: i32,
  ) {}

  /** Offset of a register, or of the program counter by the name `pc`, in the context of a probe; -1 for no register. */
  registerOffset(name: string): i32 {
    const known = name == "pc" && this.registers.indexOf("pc") < 0 ? "ip" : name;
    const index = this.registers.indexOf(known);
    return index < 0 ? -1 : index * 8;
  }

  argumentOffset(index: i32): i32 {
    return this.registerOffset(this.argumentRegisters[index]);
  }

  get returnValueOffset(): i32 {
    return this.registerOffset(this.returnRegister);
  }
}

/** In the order of `struct pt_regs` (arch/x86/include/asm/ptrace.h). */
const X86_64_REGISTERS: StaticArray<string> = [
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

/** `struct user_pt_regs` (arch/arm64/include/uapi/asm/ptrace.h): r0 to r30, then these. */
const ARM64_LAST_REGISTERS: StaticArray<string> = ["sp", "pc", "pstate"];
const ARM64_NUMBERED: i32 = 31;

function arm64Registers(): StaticArray<string> {
  const names = new StaticArray<string>(ARM64_NUMBERED + ARM64_LAST_REGISTERS.length);
  for (let i = 0; i < ARM64_NUMBERED; i++) names[i] = `r${i}`;
  for (let i = 0; i < ARM64_LAST_REGISTERS.length; i++) names[ARM64_NUMBERED + i] = ARM64_LAST_REGISTERS[i];
  return names;
}

export function architectureRow(architecture: Architecture): ArchitectureRow {
  if (architecture == Architecture.Arm64)
    return new ArchitectureRow(
      "aarch64",
      ["__TARGET_ARCH_arm64", "__aarch64__"],
      arm64Registers(),
      ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"],
      "r0",
      "",
      0,
      0,
    );
  return new ArchitectureRow(
    "x86_64",
    ["__TARGET_ARCH_x86", "__x86_64__"],
    X86_64_REGISTERS,
    ["di", "si", "dx", "cx", "r8", "r9"],
    "ax",
    // The low bits of the code segment are the privilege level.
    "cs",
    3,
    3,
  );
}
