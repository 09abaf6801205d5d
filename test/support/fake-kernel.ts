// A kernel that is only a script of what to answer: for tests of the life cycle.

import type { BoundObject } from "../../runner/core/bind.ts";
import type {
  AttachFailure,
  AttachRequest,
  BatchHandler,
  Kernel,
  LoadedObject,
  MapContents,
  ProgramSize,
  RunResult,
} from "../../runner/core/kernel.ts";

export class FakeKernel implements Kernel, LoadedObject {
  readonly possibleCpus = 2;
  /** What happened, in order. */
  readonly log: string[] = [];
  readonly maps = new Map<string, MapContents>();
  /** Batches that a program's test run leaves in the ring. */
  readonly sentBy = new Map<string, Uint8Array[]>();
  failures: Omit<AttachFailure, "request">[] = [];
  /** Called when the ring is watched: what arrives during the trace. */
  onTrace: () => void = () => {};
  #ring: Uint8Array[] = [];
  #handler: BatchHandler | null = null;
  #paused = false;

  async load(object: BoundObject): Promise<LoadedObject> {
    this.log.push(`load ${object.programs.map(({ symbol }) => symbol).join(" ")}`);
    return this;
  }

  /** An event arrives. */
  send(...batches: Uint8Array[]): void {
    this.#ring.push(...batches);
    if (!this.#paused) this.drain();
  }

  async testRun(program: string): Promise<RunResult> {
    this.log.push(`run ${program}`);
    this.#ring.push(...(this.sentBy.get(program) ?? []));
    return { value: 0, duration: 0 };
  }

  async attach(requests: AttachRequest[]): Promise<AttachFailure[]> {
    this.log.push(`attach ${requests.length}`);
    return this.failures.map((failure, index) => ({ ...failure, request: requests[index] as AttachRequest }));
  }

  async iterate(): Promise<void> {}

  async detach(): Promise<void> {
    this.log.push("detach");
  }

  onBatch(handler: BatchHandler): void {
    this.log.push("watch");
    this.#handler = handler;
    setImmediate(() => {
      if (!this.#paused) this.drain();
      this.onTrace();
    });
  }

  drain(): void {
    for (let batch = this.#ring.shift(); batch !== undefined && this.#handler !== null; batch = this.#ring.shift()) this.#handler(batch);
  }

  pause(): void {
    this.#paused = true;
  }

  async readMap(symbol: string): Promise<MapContents> {
    this.log.push(`read ${symbol}`);
    return this.maps.get(symbol) ?? { count: 0, keySize: 8, valueSize: 8, keys: new Uint8Array(0), values: new Uint8Array(0) };
  }

  async clearMap(symbol: string): Promise<void> {
    this.log.push(`clear ${symbol}`);
    this.maps.delete(symbol);
  }

  async zeroMap(symbol: string): Promise<void> {
    this.log.push(`zero ${symbol}`);
    this.maps.get(symbol)?.values.fill(0);
  }

  programSize(): ProgramSize {
    return { translated: 0, jited: 0 };
  }

  close(): void {
    this.log.push("close");
  }
}
