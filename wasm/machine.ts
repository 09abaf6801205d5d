// The machine from JavaScript: maps, programs and memory in, results, records and faults out. Runs in Node and in browsers alike.
//
// A machine knows no kernel: what a program can ask of the world is in the event that it is run for (`MachineEvent`), what it can read
// beyond its own memory are the objects that were laid out (`addMemory`). The same calls give the same results.

import { BpfcastError } from "./errors.ts";
import { FAULT_ROWS, type Fault } from "./machine-faults.ts";

/** Exports of the module: addresses and lengths in its memory. */
interface Exports {
  memory: WebAssembly.Memory;
  reset(cpus: number, bytes: number): void;
  allocate(size: number): number;
  release(block: number, size: number): void;
  memoryInUse(): number;
  stateAddress(): number;
  contextAddress(): number;
  limitContext(start: number, end: number): void;
  createMap(type: number, keySize: number, valueSize: number, capacity: number, isReadOnly: number): number;
  mapCount(handle: number): number;
  mapValueBytes(handle: number): number;
  readMap(handle: number, keys: number, values: number): void;
  clearMap(handle: number): void;
  zeroMap(handle: number): void;
  setValue(handle: number, key: number, value: number, cpu: number): number;
  findValue(handle: number, key: number): number;
  deleteValue(handle: number, key: number): number;
  takeRecords(handle: number): number;
  ringMemory(handle: number): number;
  add(from: number, count: number, typedPointers: number): number;
  runProgram(handle: number, limit: bigint): bigint;
  watchProgram(handle: number): void;
  wasExecuted(handle: number, slot: number): boolean | number;
  instructionsRun(): bigint;
  addMemory(space: number, address: bigint, size: number, flags: number): number;
  memoryAt(space: number, address: bigint): number;
  memorySize(space: number, address: bigint): number;
  removeMemory(space: number, address: bigint): number;
  removeSpace(space: number): void;
  clearEffects(): void;
  effectsAddress(): number;
  effectsLength(): number;
  faultKind(): number;
  faultProgram(): number;
  faultInstruction(): number;
  faultAddress(): bigint;
}

/** Kinds of maps, by the numbers of the kernel's `enum bpf_map_type`. */
export const MapType = {
  hash: 1,
  array: 2,
  percpu_hash: 5,
  percpu_array: 6,
  lru_hash: 9,
  lru_percpu_hash: 10,
  ringbuf: 27,
} as const;

export interface MachineMap {
  type: (typeof MapType)[keyof typeof MapType];
  keySize: number;
  valueSize: number;
  /** Elements at most; bytes of a ring buffer. */
  capacity: number;
  /** Its name, for errors. */
  name: string;
  /** Programs may not write its values. */
  isReadOnly?: boolean;
}

/** What the helpers answer about the moment that a program runs in. */
export interface MachineEvent {
  /** Nanoseconds: since the boot without sleep, with it, and of the atomic clock. */
  monotonic: bigint;
  boot: bigint;
  tai: bigint;
  jiffies: bigint;
  process: number;
  thread: number;
  user: number;
  group: number;
  /** At most 15 bytes count. */
  comm: string;
  /** Address of the current `task_struct`. */
  task: bigint;
  cgroup: bigint;
  cpu: number;
  numaNode: number;
  /** Address of the probed function. */
  functionAddress: bigint;
  cookie: bigint;
  /** Whose user memory is read, see `addMemory`. */
  addressSpace: number;
  /** PID namespace (device and inode of /proc/self/ns/pid) and the numbers in it. */
  namespaceDevice: bigint;
  namespaceInode: bigint;
  namespaceProcess: number;
  namespaceThread: number;
  /** Return addresses, innermost first, 127 at most. An empty stack cannot be walked. */
  kernelStack: readonly bigint[];
  userStack: readonly bigint[];
}

/** Places of the fields in the module's `CurrentEvent` (wasm/machine/state.ts). */
const EventOffset = {
  monotonic: 0,
  boot: 8,
  tai: 16,
  jiffies: 24,
  thread: 32,
  process: 36,
  user: 40,
  group: 44,
  task: 48,
  cgroup: 56,
  functionAddress: 64,
  cookie: 72,
  random: 80,
  namespaceDevice: 88,
  namespaceInode: 96,
  namespaceThread: 104,
  namespaceProcess: 108,
  addressSpace: 112,
  cpu: 116,
  numaNode: 120,
  kernelFrames: 124,
  userFrames: 128,
  comm: 136,
  kernelStack: 152,
  userStack: 152 + 127 * 8,
} as const;

const WIDE_FIELDS = [
  "monotonic",
  "boot",
  "tai",
  "jiffies",
  "task",
  "cgroup",
  "functionAddress",
  "cookie",
  "namespaceDevice",
  "namespaceInode",
] as const;
const NARROW_FIELDS = [
  "process",
  "thread",
  "user",
  "group",
  "cpu",
  "numaNode",
  "addressSpace",
  "namespaceProcess",
  "namespaceThread",
] as const;
const COMM_BYTES = 16;
const MAX_FRAMES = 127;

/** What a program did to the world, in the order of doing. */
export type MachineEffect =
  /** bpf_send_signal, to the process or the thread. */
  | { kind: "signal"; signal: number; thread: boolean }
  /** bpf_override_return. */
  | { kind: "override"; value: bigint }
  /** bpf_trace_printk: the format, not yet applied. */
  | { kind: "print"; format: string; arguments: [bigint, bigint, bigint] };

export type RunResult = { ok: true; returned: bigint; instructions: number } | { ok: false; fault: Fault; instructions: number };

export interface RunOptions {
  /** What r1 points to; at most 8192 bytes, less than which nothing is there. */
  context?: Uint8Array;
  /** First byte of the context that may be read (8 of a tracepoint's record); 0 unless told. */
  contextStart?: number;
  /** Instructions that it may execute; 100 million unless told. */
  budget?: number;
}

export interface MachineOptions {
  cpus: number;
  /** Bytes for maps, programs and memory objects; 1 GiB unless told. */
  memoryLimit?: number;
  /** The random numbers depend on it alone; 1 unless told. */
  seed?: bigint;
}

/** The address space of the kernel, in `addMemory`. Every other number is a process' user memory, but `PATH_SPACE`. */
export const KERNEL_SPACE = 0;
/** No memory: the object at the address of a `struct path` holds the path's text, which bpf_d_path answers with. */
export const PATH_SPACE = 0xffff_ffff;

const WRITABLE = 1;
const DEFAULT_BUDGET = 100_000_000;
const DEFAULT_MEMORY = 1 << 30;
/** WebAssembly has 4 GiB; the machine stays well below. */
const MAX_MEMORY = 3 * 2 ** 30;
const MAX_CONTEXT = 8192;
export const MAX_CPUS = 1024;

/** A whole map: see `MapContents` of runner/core/kernel.ts. */
export interface MachineMapContents {
  count: number;
  keySize: number;
  valueSize: number;
  keys: Uint8Array;
  values: Uint8Array;
}

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** One machine: maps, programs and memory of one session. Not re-entrant. */
export class Machine {
  readonly #exports: Exports;
  #cpus = 1;
  #memoryLimit = DEFAULT_MEMORY;
  #maps: MachineMap[] = [];

  private constructor(instance: WebAssembly.Instance, options: MachineOptions) {
    this.#exports = instance.exports as unknown as Exports;
    this.reset(options);
  }

  static async create(module: WebAssembly.Module | BufferSource, options: MachineOptions): Promise<Machine> {
    const imports = {
      env: {
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new BpfcastError("internal-machine-error", `internal error in the machine at ${line}:${column}`);
        },
      },
    };
    const made = await WebAssembly.instantiate(module instanceof WebAssembly.Module ? module : await WebAssembly.compile(module), imports);
    return new Machine(made, options);
  }

  /** Drops all maps, programs and memory: a new machine in the old one's place. */
  reset({ cpus, memoryLimit = DEFAULT_MEMORY, seed = 1n }: MachineOptions): void {
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > MAX_CPUS) {
      throw new BpfcastError("bad-machine", `a machine has 1 to ${MAX_CPUS} CPUs, not ${cpus}`);
    }
    this.#cpus = cpus;
    this.#memoryLimit = memoryLimit;
    this.#maps = [];
    this.#exports.reset(cpus, Math.min(memoryLimit, MAX_MEMORY));
    this.#view().setBigUint64(this.#exports.stateAddress() + EventOffset.random, BigInt.asUintN(64, seed), true);
  }

  get cpus(): number {
    return this.#cpus;
  }

  get memoryInUse(): number {
    return this.#exports.memoryInUse();
  }

  // Memory may grow with every call into the module: views are made when they are used.

  #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, address, length);
  }

  #allocate(size: number): number {
    const block = this.#exports.allocate(size);
    if (block === 0) throw this.#outOfMemory(`${size} bytes`);
    return block;
  }

  #outOfMemory(what: string): BpfcastError {
    return new BpfcastError("no-memory", `the simulated kernel has no memory for ${what}: it takes ${this.#memoryLimit} bytes at most`);
  }

  /** Calls with a copy of the bytes in the module's memory. */
  #with<T>(bytes: Uint8Array, call: (address: number) => T): T {
    const block = this.#allocate(bytes.length);
    this.#bytes(block, bytes.length).set(bytes);
    try {
      return call(block);
    } finally {
      this.#exports.release(block, bytes.length);
    }
  }

  /**
   * Creates a map, all 0 or empty.
   * @returns its handle: 1, 2 and so on; programs name it by this number.
   * @throws BpfcastError `bad-map`, `no-memory`.
   */
  createMap(map: MachineMap): number {
    const { type, keySize, valueSize, capacity, name } = map;
    const known = Object.values(MapType).some((one) => one === type);
    const sane = [keySize, valueSize, capacity].every((size) => Number.isInteger(size) && size >= 0 && size <= 0xffff_ffff);
    const handle = known && sane ? this.#exports.createMap(type, keySize, valueSize, capacity, map.isReadOnly ? 1 : 0) : 0;
    if (handle === 0) {
      const shape = `type ${type}, ${capacity} elements, keys of ${keySize} and values of ${valueSize} bytes`;
      throw new BpfcastError("bad-map", `the simulated kernel cannot create map '${name}': ${shape}`, {
        hint: "it is of a kind that the machine does not have, or too large",
      });
    }
    this.#maps.push({ ...map });
    return handle;
  }

  #map(handle: number): MachineMap {
    const map = this.#maps[handle - 1];
    if (map === undefined) throw new BpfcastError("bad-map", `the simulated kernel has no map ${handle}`);
    return map;
  }

  /** Everything that a map holds; of a per-CPU map the values of all CPUs, each rounded up to 8 bytes. */
  readMap(handle: number): MachineMapContents {
    const { keySize } = this.#map(handle);
    const count = this.#exports.mapCount(handle);
    const valueSize = this.#exports.mapValueBytes(handle);
    const keyBytes = count * keySize;
    const valueBytes = count * valueSize;
    const block = this.#allocate(keyBytes + valueBytes);
    this.#exports.readMap(handle, block, block + keyBytes);
    const keys = this.#bytes(block, keyBytes).slice();
    const values = this.#bytes(block + keyBytes, valueBytes).slice();
    this.#exports.release(block, keyBytes + valueBytes);
    return { count, keySize, valueSize, keys, values };
  }

  /** Deletes every key; entries of an array become 0. */
  clearMap(handle: number): void {
    this.#map(handle);
    this.#exports.clearMap(handle);
  }

  /** Makes the values of all keys 0, on all CPUs. */
  zeroMap(handle: number): void {
    this.#map(handle);
    this.#exports.zeroMap(handle);
  }

  /** Sets a value, of one CPU where they are per CPU. Constants are set so too. @throws BpfcastError `bad-map`. */
  setValue(handle: number, key: Uint8Array, value: Uint8Array, cpu = 0): void {
    const { keySize, valueSize, name } = this.#map(handle);
    const error =
      key.length === keySize && value.length === valueSize
        ? this.#with(key, (at) => this.#with(value, (data) => this.#exports.setValue(handle, at, data, cpu)))
        : -22;
    if (error !== 0) throw new BpfcastError("bad-map", `a value of map '${name}' cannot be set (errno ${-error})`);
  }

  /** The value of a key, as `readMap` has it; undefined when the key is not there. */
  getValue(handle: number, key: Uint8Array): Uint8Array | undefined {
    const { keySize, name } = this.#map(handle);
    if (key.length !== keySize) throw new BpfcastError("bad-map", `a key of map '${name}' has ${keySize} bytes`);
    const at = this.#with(key, (address) => this.#exports.findValue(handle, address));
    return at === 0 ? undefined : this.#bytes(at, this.#exports.mapValueBytes(handle)).slice();
  }

  /** @returns whether the key was there. */
  deleteKey(handle: number, key: Uint8Array): boolean {
    const { keySize } = this.#map(handle);
    return key.length === keySize && this.#with(key, (address) => this.#exports.deleteValue(handle, address)) === 0;
  }

  /**
   * Takes all records out of a ring buffer, in the layout of `BatchHandler`: u32 length (bit 30: discarded), u32 0, data, padding to 8.
   * The bytes are the machine's own: valid until it is used again.
   */
  drain(handle: number): Uint8Array {
    this.#map(handle);
    const length = this.#exports.takeRecords(handle);
    return this.#bytes(this.#exports.ringMemory(handle), length);
  }

  /**
   * Adds a program: instructions of 8 bytes, the main program first and the functions it calls behind it. Wide loads name maps by
   * handle (pseudo kinds 1, 2, 5 and 6), functions by distance (4).
   * @param typedPointers whether kernel pointers may be read directly (fentry, fexit, tp_btf, iterators); what is not there reads as 0.
   * @returns its handle, or why it was refused.
   */
  addProgram(instructions: Uint8Array, typedPointers = false): { ok: true; program: number } | { ok: false; fault: Fault } {
    const count = instructions.length >> 3;
    const program = this.#with(instructions.subarray(0, count * 8), (at) => this.#exports.add(at, count, typedPointers ? 1 : 0));
    return program === 0 ? { ok: false, fault: this.#fault() } : { ok: true, program };
  }

  #fault(): Fault {
    const [kind, sentence] = FAULT_ROWS[this.#exports.faultKind()] ?? FAULT_ROWS[0];
    return {
      kind,
      sentence,
      program: this.#exports.faultProgram(),
      instruction: this.#exports.faultInstruction(),
      address: BigInt.asUintN(64, this.#exports.faultAddress()),
    };
  }

  /** Sets fields of the current event; the others stay as they are, 0 at first. The event is that of all runs until it is changed. */
  setEvent(event: Partial<MachineEvent>): void {
    const base = this.#exports.stateAddress();
    const view = this.#view();
    for (const field of WIDE_FIELDS) {
      const value = event[field];
      if (value !== undefined) view.setBigUint64(base + EventOffset[field], BigInt.asUintN(64, value), true);
    }
    for (const field of NARROW_FIELDS) {
      const value = event[field];
      if (value !== undefined) view.setUint32(base + EventOffset[field], value, true);
    }
    if (event.cpu !== undefined && !(event.cpu >= 0 && event.cpu < this.#cpus)) {
      throw new BpfcastError("bad-machine", `the machine has no CPU ${event.cpu}`);
    }
    if (event.comm !== undefined) {
      const comm = this.#bytes(base + EventOffset.comm, COMM_BYTES);
      comm.fill(0);
      comm.set(encoder.encode(event.comm).subarray(0, COMM_BYTES - 1));
    }
    this.#setStack(view, event.kernelStack, base + EventOffset.kernelFrames, base + EventOffset.kernelStack);
    this.#setStack(view, event.userStack, base + EventOffset.userFrames, base + EventOffset.userStack);
  }

  #setStack(view: DataView, stack: readonly bigint[] | undefined, countAt: number, framesAt: number): void {
    if (stack === undefined) return;
    const frames = stack.slice(0, MAX_FRAMES);
    view.setUint32(countAt, frames.length, true);
    frames.forEach((frame, index) => {
      view.setBigUint64(framesAt + index * 8, BigInt.asUintN(64, frame), true);
    });
  }

  /** Runs a program for the current event, on its CPU. */
  run(program: number, { context, contextStart = 0, budget = DEFAULT_BUDGET }: RunOptions = {}): RunResult {
    const exports = this.#exports;
    const length = context?.length ?? 0;
    if (length > MAX_CONTEXT) throw new BpfcastError("bad-machine", `a context has ${MAX_CONTEXT} bytes at most, not ${length}`);
    if (context !== undefined) this.#bytes(exports.contextAddress(), length).set(context);
    exports.limitContext(contextStart, length);
    exports.clearEffects();
    const returned = BigInt.asUintN(64, exports.runProgram(program, BigInt(budget)));
    const instructions = Number(exports.instructionsRun());
    return exports.faultKind() === 0 ? { ok: true, returned, instructions } : { ok: false, fault: this.#fault(), instructions };
  }

  /** Watches which instructions of a program are executed from here on. */
  watch(program: number): void {
    this.#exports.watchProgram(program);
  }

  /** Whether the instruction in a slot of a watched program was executed. */
  wasExecuted(program: number, slot: number): boolean {
    return Boolean(this.#exports.wasExecuted(program, slot));
  }

  /** What the run before did to the world. */
  effects(): MachineEffect[] {
    const found: MachineEffect[] = [];
    const bytes = this.#bytes(this.#exports.effectsAddress(), this.#exports.effectsLength());
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const kind = view.getUint32(at, true);
      const size = view.getUint32(at + 4, true);
      const value = view.getBigUint64(at + 8, true);
      if (kind === 1 || kind === 2) found.push({ kind: "signal", signal: Number(value), thread: kind === 2 });
      else if (kind === 3) found.push({ kind: "override", value });
      else {
        const format = decoder.decode(bytes.subarray(at + 32, at + 8 + size - 1));
        found.push({ kind: "print", format, arguments: [value, view.getBigUint64(at + 16, true), view.getBigUint64(at + 24, true)] });
      }
      at += 8 + ((size + 7) & ~7);
    }
    return found;
  }

  /**
   * Lays an object into memory: of the kernel (`KERNEL_SPACE`), or of the user address space of a number of your choice. Programs
   * reach it by the probe_read helpers, typed kernel pointers directly.
   * @throws BpfcastError `bad-memory` when it overlaps another or there is no room.
   */
  addMemory(space: number, address: bigint, bytes: Uint8Array, writable = false): void {
    const at = this.#exports.addMemory(space, BigInt.asUintN(64, address), bytes.length, writable ? WRITABLE : 0);
    if (at === 0) {
      throw new BpfcastError("bad-memory", `no room for ${bytes.length} bytes at 0x${address.toString(16)} of the simulated memory`);
    }
    this.#bytes(at, bytes.length).set(bytes);
  }

  /** Changes bytes of an object that starts at an address. */
  writeMemory(space: number, address: bigint, bytes: Uint8Array, offset = 0): void {
    const start = BigInt.asUintN(64, address);
    const at = this.#exports.memoryAt(space, start);
    if (at === 0 || offset < 0 || offset + bytes.length > this.#exports.memorySize(space, start)) {
      throw new BpfcastError("bad-memory", `no object of the simulated memory at 0x${address.toString(16)} holds these bytes`);
    }
    this.#bytes(at + offset, bytes.length).set(bytes);
  }

  /** A copy of the object that starts at an address; undefined when there is none. */
  readMemory(space: number, address: bigint): Uint8Array | undefined {
    const start = BigInt.asUintN(64, address);
    const at = this.#exports.memoryAt(space, start);
    return at === 0 ? undefined : this.#bytes(at, this.#exports.memorySize(space, start)).slice();
  }

  /** @returns whether an object started there. */
  removeMemory(space: number, address: bigint): boolean {
    return this.#exports.removeMemory(space, BigInt.asUintN(64, address)) !== 0;
  }

  /** Removes all objects of an address space: its process has ended. */
  removeSpace(space: number): void {
    this.#exports.removeSpace(space);
  }
}
