// What the helpers tell a program about the world: the block that the host fills before a run, and what programs did to the world.

/** Frames of a stack at most (PERF_MAX_STACK_DEPTH). */
export const MAX_FRAMES: u32 = 127;
export const COMM_BYTES: u32 = 16;

/** The current event. The host writes it whole; offsets are those of `EventOffset` in wasm/machine.ts. */
@unmanaged
@final
export class CurrentEvent {
  /** Clocks, in nanoseconds and in ticks. */
  monotonic: u64;
  boot: u64;
  tai: u64;
  jiffies: u64;
  /** Process id in the upper half, thread id in the lower. */
  processThread: u64;
  /** Group id in the upper half, user id in the lower. */
  groupUser: u64;
  /** Address of the current task_struct. */
  task: u64;
  cgroup: u64;
  /** Address of the probed function. */
  functionAddress: u64;
  cookie: u64;
  /** State of the random numbers; every one that is drawn changes it. */
  random: u64;
  /** The PID namespace that the numbers behind are of. */
  namespaceDevice: u64;
  namespaceInode: u64;
  namespaceThread: u32;
  namespaceProcess: u32;
  /** Whose user memory is read. */
  addressSpace: u32;
  cpu: u32;
  numaNode: u32;
  kernelFrames: u32;
  userFrames: u32;
  unused: u32;
}

const COMM_OFFSET: usize = 136;
const KERNEL_STACK_OFFSET: usize = COMM_OFFSET + 16;
const USER_STACK_OFFSET: usize = KERNEL_STACK_OFFSET + 127 * 8;
const STATE_BYTES: usize = USER_STACK_OFFSET + 127 * 8;

const block: usize = memory.data(2184, 8);

export function stateAddress(): usize {
  return block;
}

export function event(): CurrentEvent {
  return changetype<CurrentEvent>(block);
}

export function clearState(): void {
  memory.fill(block, 0, STATE_BYTES);
}

export function commAddress(): usize {
  return block + COMM_OFFSET;
}

export function stackAddress(user: bool): usize {
  return block + (user ? USER_STACK_OFFSET : KERNEL_STACK_OFFSET);
}

/** SplitMix64 (Steele, Lea, Flood 2014): the next random number. */
export function nextRandom(): u64 {
  const current = event();
  current.random += 0x9e3779b97f4a7c15;
  let mixed = current.random;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

/** What a program did to the world, in the order of doing. Kinds as `Effect` in wasm/machine.ts. */
export const enum Effect {
  /** u64 signal: to the process, or to the thread. */
  SignalProcess = 1,
  SignalThread = 2,
  /** u64: what the probed function returns instead of running. */
  OverrideReturn = 3,
  /** Three u64 arguments, then the format with its NUL. */
  Print = 4,
}

const EFFECT_BYTES: u32 = 65536;
const effects: usize = memory.data(65536, 8);
let effectsUsed: u32 = 0;

export function effectsAddress(): usize {
  return effects;
}

export function effectsLength(): u32 {
  return effectsUsed;
}

export function clearEffects(): void {
  effectsUsed = 0;
}

/**
 * Room for the `size` bytes of an effect; 0 when there is none left. A record: u32 kind, u32 size, the bytes, padding to 8.
 */
export function addEffect(kind: Effect, size: u32): usize {
  const whole: u32 = 8 + ((size + 7) & ~7);
  if (whole > EFFECT_BYTES - effectsUsed) return 0;
  const at = effects + effectsUsed;
  store<u32>(at, kind);
  store<u32>(at, size, 4);
  effectsUsed += whole;
  return at + 8;
}
