// The Kernel of this machine, on libbpf.

import { readFileSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import { RING_BUFFER_MAP } from "../../wasm/manifest.ts";
import type { Attachment, BoundObject, BoundProgram } from "../core/bind.ts";
import {
  type AttachFailure,
  type AttachRequest,
  type BatchHandler,
  type Kernel,
  type LoadedObject,
  type MapContents,
  type ProgramSize,
  RECORD_HEADER_BYTES,
} from "../core/kernel.ts";
import { isNativeError, loadAddon, type NativeAddon, type NativeObject } from "./addon.ts";
import { findBinary } from "./binaries.ts";

/** `enum bpf_attach_type` of a program that one link attaches to many functions. */
const ATTACH_KPROBE_MULTI = 42;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_CPU_CLOCK = 0;
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

/** Runs one addon call; its errors become ours. */
function run<T>(code: string, call: () => T): T {
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

  /** @param largestRecord bytes of the largest event; a batch holds at least that. */
  constructor(object: NativeObject, multi: Set<string>, largestRecord: number) {
    this.#object = object;
    this.#multi = multi;
    this.#batchBytes = Math.max(BATCH_BYTES, largestRecord + 2 * RECORD_HEADER_BYTES);
  }

  async testRun(program: string): Promise<void> {
    run("run-failed", () => this.#object.testRun(program));
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
      case "tracepoint":
        object.attachTracepoint(program, attachment.category, attachment.event);
        break;
      case "rawtracepoint":
        object.attachRawTracepoint(program, attachment.event);
        break;
      case "kprobe":
        object.attachKprobe(program, attachment.function, attachment.offset, attachment.isReturn);
        break;
      case "uprobe":
        object.attachUprobe(program, findBinary(attachment.binary), attachment.function, attachment.offset, attachment.isReturn);
        break;
      case "perf":
        for (const cpu of onlineCpus()) object.attachPerfEvent(program, attachment.type, attachment.config, attachment.period, false, cpu);
        break;
      case "timer": {
        const cpus = onlineCpus();
        for (const cpu of attachment.everyCpu ? cpus : cpus.slice(0, 1)) {
          object.attachPerfEvent(program, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, attachment.amount, attachment.perSecond, cpu);
        }
        break;
      }
    }
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
  return attachments.length > 1 && attachments.every((attachment) => attachment.kind === "kprobe" && attachment.offset === 0);
}

export class HostKernel implements Kernel {
  readonly #addon: NativeAddon;
  readonly #verbose: boolean;
  readonly possibleCpus: number;

  /** @param verbose keeps all of libbpf's messages for the log of an error. */
  constructor(verbose: boolean) {
    this.#addon = loadAddon();
    this.#verbose = verbose;
    this.possibleCpus = this.#addon.possibleCpus();
  }

  async load(bound: BoundObject): Promise<LoadedObject> {
    this.#addon.raiseMemoryLimit();
    this.#addon.raiseFileLimit();
    const object = run("bad-object", () => new this.#addon.BpfObject(bound.bytes, this.#verbose, process.env.BPFTRACE_BTF ?? ""));
    const wanted = new Map(bound.programs.map((program) => [program.symbol, program]));
    const multi = new Set<string>();
    const multiPrograms = bound.programs.filter(wantsMulti);
    if (multiPrograms.length > 0 && this.#addon.hasKprobeMulti()) {
      for (const { symbol } of multiPrograms) multi.add(symbol);
    }
    run("bad-object", () => {
      for (const { name } of object.programs()) {
        if (!wanted.has(name)) object.setAutoload(name, false);
        else if (multi.has(name)) object.setExpectedAttachType(name, ATTACH_KPROBE_MULTI);
      }
      if (bound.hasRingBuffer) object.setMaxEntries(RING_BUFFER_MAP, bound.ringBytes);
    });
    try {
      object.load();
    } catch (error) {
      object.close();
      if (!isNativeError(error)) throw error;
      throw new BpfcastError("load-failed", error.message, { exitCode: 255, log: error.log ?? "" });
    }
    const largestRecord = bound.manifest.events.reduce((most, { size }) => Math.max(most, size), 0);
    return new HostObject(object, multi, largestRecord);
  }
}
