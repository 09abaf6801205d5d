// Why the machine refuses or stops a program: kinds, with a sentence each.

/** Why a program was refused or stopped, in the order of the module's `Fault`; each with a sentence. */
export const FAULT_ROWS = [
  ["none", ""],
  ["empty-program", "it has no instructions"],
  ["too-many-instructions", "it is too long"],
  ["unknown-opcode", "it holds an instruction that does not exist"],
  ["reserved-field", "an instruction uses a field that must be 0"],
  ["bad-register", "an instruction names a register that does not exist"],
  ["frame-pointer-write", "it writes the frame pointer"],
  ["division-by-zero", "it divides by the constant 0"],
  ["bad-shift", "it shifts by a constant that is as large as the register or larger"],
  ["bad-jump", "it jumps out of its function, or into an instruction"],
  ["bad-wide-load", "the load of a 64-bit constant is not whole"],
  ["unknown-map", "it names a map that does not exist"],
  ["bad-call-target", "it calls what is no function"],
  ["missing-exit", "a function runs on behind its last instruction"],
  ["unreachable-code", "it holds an instruction that can never be reached"],
  ["stack-too-large", "its functions need more than 512 bytes of stack together"],
  ["uninitialised-register", "it reads a register that was not written"],
  ["unknown-helper", "it calls a helper that does not exist"],
  ["null-pointer", "it uses NULL as a pointer"],
  ["bad-address", "it accesses an address where there is nothing"],
  ["stack-bounds", "it accesses the stack out of bounds"],
  ["uninitialised-stack", "it reads stack that was not written"],
  ["misaligned", "it accesses memory at an address that is not aligned"],
  ["context-bounds", "it reads the context out of bounds"],
  ["context-write", "it writes the context"],
  ["value-bounds", "it accesses a map's value out of bounds"],
  ["read-only", "it writes memory that may only be read"],
  ["map-pointer", "it accesses a map as if it were memory"],
  ["kernel-memory", "it accesses kernel memory directly"],
  ["record-bounds", "it accesses the ring buffer outside of a record that it holds"],
  ["call-depth", "its calls are nested too deep"],
  ["callback-result", "a callback returns neither 0 nor 1"],
  ["leaked-record", "it ends while it holds a record of the ring buffer"],
  ["not-a-record", "it submits what is no record that it holds"],
  ["too-many-records", "it holds too many records of the ring buffer at once"],
  ["not-a-map", "a helper is given what is no map"],
  ["wrong-map-type", "a helper is given a map of the wrong kind"],
  ["bad-size", "a helper is given a size that is 0, negative or too large"],
  ["bad-memory-argument", "a helper is given memory that it cannot take"],
  ["not-a-callback", "a helper is given what is no function of the program"],
  ["budget", "it runs for too long"],
] as const;

export type FaultKind = (typeof FAULT_ROWS)[number][0];

/** All kinds with their sentences, which go on from "the program was stopped: ". */
export const FAULTS: readonly (readonly [FaultKind, string])[] = FAULT_ROWS.slice(1);

export interface Fault {
  kind: FaultKind;
  /** What it means, as the end of a sentence about the program. */
  sentence: string;
  /** Handle that the program has, or would have had. */
  program: number;
  /** Slot of 8 bytes in the program as it was added. */
  instruction: number;
  /** The address or number it is about; 0 where there is none. */
  address: bigint;
}
