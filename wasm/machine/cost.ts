// What helpers cost beyond the instruction that calls them: a program that keeps large copies or long searches going is to end as soon
// as one that loops.

/** Bytes that a helper handles in the time of one instruction, as a shift. */
const BYTES_SHIFT: u64 = 5;

let spent: u64 = 0;

export function spend(instructions: u64): void {
  spent += instructions;
}

export function spendBytes(bytes: u64): void {
  spent += bytes >> BYTES_SHIFT;
}

/** What was spent since the last time. */
export function takeSpent(): i64 {
  const taken = <i64>spent;
  spent = 0;
  return taken;
}
