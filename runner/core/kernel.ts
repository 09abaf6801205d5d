// The kernel as the runner sees it: asynchronous and in batches, so that a real kernel and a simulated one can stand behind it.

import type { BoundObject } from "./bind.ts";
import type { Attachment } from "./targets.ts";

/** A whole map. Entry i has its key at `i * keySize`, its value at `i * valueSize`. */
export interface MapContents {
  count: number;
  keySize: number;
  /** Of a per-CPU map: the values of all possible CPUs, each rounded up to 8 bytes. */
  valueSize: number;
  keys: Uint8Array;
  values: Uint8Array;
}

/**
 * Records of the ring buffer, in order: u32 length (bit 30: discarded, skip it), u32 unused, the data, padding to 8 bytes.
 * Only valid while the handler runs: the memory is used again for the next batch.
 */
export type BatchHandler = (batch: Uint8Array) => void;

export const RECORD_HEADER_BYTES = 8;
export const RECORD_LENGTH_MASK = 0x3fff_ffff;
export const RECORD_DISCARDED = 0x4000_0000;

export interface AttachRequest {
  /** Symbol of a loaded program. */
  program: string;
  attachment: Attachment;
}

/** Error of one attach request: why it failed, by errno name (`ENOENT`) and as a sentence. */
export interface AttachFailure {
  request: AttachRequest;
  code: string;
  message: string;
}

export interface ProgramSize {
  /** Instructions as loaded, after the verifier's rewriting; bytes of machine code. */
  translated: number;
  jited: number;
}

/** What a program returned, and how long it ran for: nanoseconds, of many runs the average. */
export interface RunResult {
  value: number;
  duration: number;
}

/** A loaded object. Nothing of it outlives `close`. */
export interface LoadedObject {
  /** Runs a program that is attached to nothing, `repeat` times where it is a bench; resolves when it has run. */
  testRun(program: string, repeat?: number): Promise<RunResult>;
  /** Attaches all that can be attached; the failures are returned, in the order of the requests. */
  attach(requests: AttachRequest[]): Promise<AttachFailure[]>;
  /** Has an iterator that is attached write its output, piece by piece, until it ends or the handler answers false. */
  iterate(program: string, handler: (bytes: Uint8Array) => boolean): Promise<void>;
  /** Ends all attachments. */
  detach(): Promise<void>;
  /** From now on, `handler` gets what arrives in the ring buffer, including what is in it already. */
  onBatch(handler: BatchHandler): void;
  /** Hands everything that is in the ring buffer now to the handler. */
  drain(): void;
  /** No more batches, except by `drain`. */
  pause(): void;
  readMap(symbol: string): Promise<MapContents>;
  /** Deletes every key; entries of an array become zero. */
  clearMap(symbol: string): Promise<void>;
  /** Zeroes the values of all keys, on all CPUs. */
  zeroMap(symbol: string): Promise<void>;
  programSize(program: string): ProgramSize;
  close(): void;
}

export interface Kernel {
  /** CPUs whose values a per-CPU map holds. */
  readonly possibleCpus: number;
  /** @throws BpfcastError; `verifier-refused` carries the log, and the program in its message. */
  load(object: BoundObject): Promise<LoadedObject>;
}
