// The Kernel of this machine, on libbpf.

import { readdirSync, readFileSync } from "node:fs";
import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { RING_BUFFER_MAP } from "../../wasm/manifest.ts";
import type { BoundObject, BoundProgram } from "../core/bind.ts";
import {
  type AttachFailure,
  type AttachRequest,
  type BatchHandler,
  type Kernel,
  type LoadedObject,
  type MapContents,
  type ProgramSize,
  RECORD_HEADER_BYTES,
  type RunResult,
} from "../core/kernel.ts";
import { type Attachment, KERNEL_MODULE } from "../core/targets.ts";
import { isNativeError, loadAddon, type NativeAddon, type NativeObject } from "./addon.ts";
import { ElfSymbols } from "./elf-symbols.ts";

/** `enum bpf_attach_type` of a program that one link attaches to many functions. */
const ATTACH_KPROBE_MULTI = 42;
/** What libbpf answers for a name that several symbols of a file have. */
const AMBIGUOUS_FUNCTION = "LIBBPF_FORMAT";
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_CPU_CLOCK = 0;
/** Bits of `bp_type` in `struct perf_event_attr`, by the letters of a mode. */
const BREAKPOINT_TYPES: Record<string, number> = { r: 1, w: 2, x: 4 };
/** Requests between two turns of the event loop, so that signals get through while hundreds of probes are attached. */
const ATTACH_SLICE = 32;
/** A batch of the ring buffer holds at most this much, or one record if that is larger. */
const BATCH_BYTES = 256 * 1024;

/** CPU numbers of a kernel list as `0-3,8`. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const part of text.trim().split(",")) {
    const [first, last = first] = part.split("-").map(Number);
    if (first === undefined || last === undefined || Number.isNaN(first) || part === "") continue;
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}

function onlineCpus(): number[] {
  return parseCpuList(readFileSync("/sys/devices/system/cpu/online", "latin1"));
}

/** Where a file holds what is at an address in its own terms; one that it does not map stays as it is, for the kernel to refuse. */
function fileOffset(binary: string, address: number): number {
  return ElfSymbols.read(binary)?.fileOffsetOf(address) ?? address;
}

/** Threads of a process; none once it has ended. */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** Runs one addon call; its errors become ours. */
function run<T>(code: ErrorCode, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isNativeError(error)) throw error;
    throw new BpfcastError(code, error.message, { exitCode: 255, ...(error.log === undefined ? {} : { log: error.log }) });
  }
}

class HostObject implements LoadedObject {
  readonly #object: NativeObject;
  /** Programs that were loaded to be attached by one link. */
  readonly #multi: Set<string>;
  readonly #batchBytes: number;
  readonly #pid: number | undefined;
  readonly #commandPid: number | undefined;

  /**
   * @param largestRecord bytes of the largest event; a batch holds at least that.
   * @param pid the process that alone is traced.
   * @param commandPid the process of the command of -c.
   */
  constructor(object: NativeObject, multi: Set<string>, largestRecord: number, pid: number | undefined, commandPid: number | undefined) {
    this.#object = object;
    this.#commandPid = commandPid;
    this.#multi = multi;
    this.#pid = pid;
    this.#batchBytes = Math.max(BATCH_BYTES, largestRecord + 2 * RECORD_HEADER_BYTES);
  }

  async testRun(program: string, repeat = 1): Promise<RunResult> {
    return run("run-failed", () => this.#object.testRun(program, repeat));
  }

  async attach(requests: AttachRequest[]): Promise<AttachFailure[]> {
    const failures: AttachFailure[] = [];
    for (let at = 0; at < requests.length; ) {
      const request = requests[at] as AttachRequest;
      let end = at + 1;
      if (this.#multi.has(request.program)) {
        while (requests[end]?.program === request.program) end++;
        this.#attachMulti(requests.slice(at, end), failures);
      } else {
        this.#attachOne(request, failures);
      }
      if (Math.floor(end / ATTACH_SLICE) > Math.floor(at / ATTACH_SLICE)) await new Promise((resolve) => setImmediate(resolve));
      at = end;
    }
    return failures;
  }

  #attachOne(request: AttachRequest, failures: AttachFailure[]): void {
    try {
      this.#attachTo(request.program, request.attachment);
    } catch (error) {
      if (!isNativeError(error)) throw error;
      failures.push({ request, code: error.code, message: error.message });
    }
  }

  #attachTo(program: string, attachment: Attachment): void {
    const object = this.#object;
    switch (attachment.kind) {
      case "run":
        break;
      case "tracepoint":
        object.attachTracepoint(program, attachment.category, attachment.event);
        break;
      case "rawtracepoint":
        if (attachment.isTyped) object.attachTracing(program);
        else object.attachRawTracepoint(program, attachment.event);
        break;
      case "kprobe": {
        const { module = KERNEL_MODULE } = attachment;
        const name = module === KERNEL_MODULE ? attachment.function : `${module}:${attachment.function}`;
        object.attachKprobe(program, name, attachment.offset, attachment.isReturn);
        break;
      }
      case "kprobe_address":
        object.attachKprobeAddress(program, attachment.address, attachment.isReturn);
        break;
      case "fentry":
        object.attachTracing(program);
        break;
      case "uprobe":
        this.#attachUprobe(program, attachment);
        break;
      case "usdt":
        object.attachUprobe(program, attachment.binary, "", attachment.place.offset, false, this.#pid ?? -1, attachment.place.semaphore);
        break;
      case "watchpoint":
        this.#attachWatchpoint(program, attachment);
        break;
      case "iter":
        object.attachIterator(program, this.#pid ?? 0);
        break;
      case "perf":
        this.#attachPerf(program, attachment.type, attachment.config, attachment.period, false, true);
        break;
      case "timer":
        this.#attachPerf(
          program,
          PERF_TYPE_SOFTWARE,
          PERF_COUNT_SW_CPU_CLOCK,
          attachment.amount,
          attachment.perSecond,
          attachment.everyCpu,
        );
        break;
    }
  }

  #attachUprobe(program: string, { binary, function: name, offset, isReturn }: Extract<Attachment, { kind: "uprobe" }>): void {
    const attach = (symbol: string, at: number) => this.#object.attachUprobe(program, binary, symbol, at, isReturn, this.#pid ?? -1, 0);
    if (name === "") {
      attach("", fileOffset(binary, offset));
      return;
    }
    try {
      attach(name, offset);
    } catch (error) {
      // Of a function with several versions libbpf does not know which is meant; mostly all are the same.
      const isAmbiguous = isNativeError(error) && error.code === AMBIGUOUS_FUNCTION;
      const address = isAmbiguous ? ElfSymbols.read(binary)?.addressOfFunction(name) : undefined;
      if (address === undefined) throw error;
      attach("", fileOffset(binary, address) + offset);
    }
  }

  /** On every CPU, or on one; of the threads of -p's process where only that is traced. Timers of one CPU run for nobody. */
  #attachPerf(program: string, type: number, config: number, sample: number, isFrequency: boolean, everyCpu: boolean): void {
    const cpus = onlineCpus();
    if (this.#pid !== undefined && everyCpu) {
      for (const thread of threadsOf(this.#pid)) {
        for (const cpu of cpus) this.#object.attachPerfEvent(program, type, config, sample, isFrequency, cpu, thread);
      }
      return;
    }
    for (const cpu of everyCpu ? cpus : cpus.slice(0, 1)) this.#object.attachPerfEvent(program, type, config, sample, isFrequency, cpu, -1);
  }

  /** One link for all; the kernel refuses all of them for one bad name, which is then found by halving. */
  #attachMulti(requests: AttachRequest[], failures: AttachFailure[]): void {
    const [first] = requests;
    if (first === undefined || first.attachment.kind !== "kprobe") return;
    const names = requests.map(({ attachment }) => (attachment.kind === "kprobe" ? attachment.function : ""));
    try {
      this.#object.attachKprobeMulti(first.program, names, first.attachment.isReturn);
    } catch (error) {
      if (!isNativeError(error)) throw error;
      if (requests.length === 1) {
        failures.push({ request: first, code: error.code, message: error.message });
        return;
      }
      const half = requests.length >> 1;
      this.#attachMulti(requests.slice(0, half), failures);
      this.#attachMulti(requests.slice(half), failures);
    }
  }

  /** Breakpoints lie in a process's own memory: on its threads, where one is known, else on every CPU. */
  #attachWatchpoint(program: string, { address, length, mode }: Extract<Attachment, { kind: "watchpoint" }>): void {
    const type = [...mode].reduce((bits, letter) => bits | (BREAKPOINT_TYPES[letter] ?? 0), 0);
    // The processor takes only one length for instructions.
    const bytes = mode === "x" ? 8 : length;
    const attach = (cpu: number, thread: number) => this.#object.attachBreakpoint(program, address, bytes, type, cpu, thread);
    const pid = this.#pid ?? this.#commandPid;
    if (pid !== undefined) for (const thread of threadsOf(pid)) attach(-1, thread);
    else for (const cpu of onlineCpus()) attach(cpu, -1);
  }

  async iterate(program: string, handler: (bytes: Uint8Array) => boolean): Promise<void> {
    for (;;) {
      const bytes = new Uint8Array(run("read-failed", () => this.#object.readIterator(program, BATCH_BYTES)));
      if (bytes.length === 0 || !handler(bytes)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async detach(): Promise<void> {
    this.#object.detach();
  }

  onBatch(handler: BatchHandler): void {
    const memory: { bytes: Uint8Array } = { bytes: new Uint8Array(0) };
    const buffer = run("no-ring-buffer", () =>
      this.#object.startRing(RING_BUFFER_MAP, this.#batchBytes, (length) => handler(memory.bytes.subarray(0, length))),
    );
    memory.bytes = new Uint8Array(buffer);
  }

  drain(): void {
    this.#object.drainRing();
  }

  pause(): void {
    this.#object.pauseRing();
  }

  async readMap(symbol: string): Promise<MapContents> {
    const { keys, values, ...sizes } = run("map-failed", () => this.#object.readMap(symbol));
    return { ...sizes, keys: new Uint8Array(keys), values: new Uint8Array(values) };
  }

  async clearMap(symbol: string): Promise<void> {
    run("map-failed", () => this.#object.clearMap(symbol));
  }

  async zeroMap(symbol: string): Promise<void> {
    run("map-failed", () => this.#object.zeroMap(symbol));
  }

  programSize(program: string): ProgramSize {
    return run("no-program", () => this.#object.programInfo(program));
  }

  close(): void {
    this.#object.close();
  }
}

/** Whether a program's attachments are best made by one link: many functions, without an offset. */
function wantsMulti({ attachments }: BoundProgram): boolean {
  return attachments.length > 1 && attachments.every((one) => one.kind === "kprobe" && one.offset === 0 && one.module === undefined);
}

export interface KernelOptions {
  /** Keep all of libbpf's messages for the log of an error. */
  verbose: boolean;
  /** Gets what libbpf says while an object is loaded. */
  libbpfLog?: (text: string) => void;
  /** Gets what the verifier says of each program. */
  verifierLog?: (program: string, text: string) => void;
  /** Bytes of the verifier's log of one program at most. */
  logSize: number;
  /** Process of the command of -c. */
  commandPid?: number;
}

export class HostKernel implements Kernel {
  readonly #addon: NativeAddon;
  readonly #options: KernelOptions;
  readonly possibleCpus: number;

  constructor(options: KernelOptions) {
    this.#addon = loadAddon();
    this.#options = options;
    this.possibleCpus = this.#addon.possibleCpus();
  }

  async load(bound: BoundObject): Promise<LoadedObject> {
    const { libbpfLog, verifierLog, logSize } = this.#options;
    this.#addon.raiseMemoryLimit();
    this.#addon.raiseFileLimit();
    const verbose = this.#options.verbose || libbpfLog !== undefined;
    const object = run("bad-object", () => new this.#addon.BpfObject(bound.bytes, verbose, process.env.BPFTRACE_BTF ?? ""));
    const wanted = new Map(bound.programs.map((program) => [program.symbol, program]));
    const multi = new Set<string>();
    const multiPrograms = bound.programs.filter(wantsMulti);
    if (multiPrograms.length > 0 && this.#addon.hasKprobeMulti()) {
      for (const { symbol } of multiPrograms) multi.add(symbol);
    }
    run("bad-object", () => {
      for (const { name } of object.programs()) {
        const program = wanted.get(name);
        if (program === undefined) {
          object.setAutoload(name, false);
          continue;
        }
        if (multi.has(name)) object.setExpectedAttachType(name, ATTACH_KPROBE_MULTI);
        const [first] = program.attachments;
        if (first?.kind === "fentry") object.setAttachTarget(name, first.function);
        if (first?.kind === "rawtracepoint" && first.isTyped) object.setAttachTarget(name, first.event);
        if (verifierLog !== undefined) object.keepVerifierLogs(name, logSize);
      }
      if (bound.hasRingBuffer) object.setMaxEntries(RING_BUFFER_MAP, bound.ringBytes);
    });
    const report = () => {
      libbpfLog?.(object.messages());
      if (verifierLog !== undefined) for (const { program, log } of object.verifierLogs()) verifierLog(program, log);
    };
    try {
      object.load();
    } catch (error) {
      report();
      object.close();
      if (!isNativeError(error)) throw error;
      throw new BpfcastError("load-failed", error.message, { exitCode: 255, log: error.log ?? "" });
    }
    report();
    const largestRecord = bound.manifest.events.reduce((most, { size }) => Math.max(most, size), 0);
    return new HostObject(object, multi, largestRecord, bound.pid, this.#options.commandPid);
  }
}
