// The Kernel that runs objects in the machine. Events come from a `Simulation`, which asks it what is attached where.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Machine, MachineEvent } from "../../wasm/machine.ts";
import { type Program, RING_BUFFER_MAP } from "../../wasm/manifest.ts";
import type { BoundObject } from "../core/bind.ts";
import { lineRecords } from "../core/btf-ext.ts";
import type {
  AttachFailure,
  AttachRequest,
  BatchHandler,
  Kernel,
  LoadedObject,
  MapContents,
  ProgramSize,
  RunResult,
} from "../core/kernel.ts";
import { runsInOrder } from "../core/session.ts";
import type { Attachment } from "../core/targets.ts";
import type { TargetTypes } from "./core-types.ts";
import { type LoadedObjectCode, type LoadedProgram, loadObject, stoppedError } from "./load.ts";

const INSTRUCTION_BYTES = 8;

/** A program that is attached to a place. */
export interface AttachedProgram<Place extends Attachment = Attachment> {
  attachment: Place;
  object: SimulatedObject;
  program: LoadedProgram;
  kind: Program["kind"];
}

/** What a program is run for. */
export interface Firing {
  context?: Uint8Array;
  /** First byte of the context that may be read. */
  contextStart?: number;
  event: Partial<MachineEvent>;
}

/** Lines of the script by number. */
export interface Coverage {
  coverable: Set<number>;
  covered: Set<number>;
}

/** What may be attached, and what else the kernel must know of its host. */
export interface Places {
  /** Why there is no such place, as errno and sentence; undefined where there is one. */
  refusal(attachment: Attachment): { code: string; message: string } | undefined;
  /** Begin and end programs run in the tracer's own process. */
  tracer(): Partial<MachineEvent>;
  /** Which lines are run is to be remembered. */
  readonly isCovered: boolean;
}

/** One object in the machine. */
export class SimulatedObject implements LoadedObject {
  readonly #kernel: SimulatedKernel;
  readonly #machine: Machine;
  readonly #bound: BoundObject;
  readonly #code: LoadedObjectCode;
  #handler: BatchHandler | undefined;
  #isPaused = false;
  /** By the program that ran last. */
  #returned = 0n;
  readonly attached: AttachedProgram[] = [];

  constructor(kernel: SimulatedKernel, machine: Machine, bound: BoundObject, code: LoadedObjectCode) {
    this.#kernel = kernel;
    this.#machine = machine;
    this.#bound = bound;
    this.#code = code;
  }

  #program(symbol: string): LoadedProgram {
    const found = this.#code.programs.get(symbol);
    if (found === undefined) throw new BpfcastError("no-program", `the simulated kernel has no program '${symbol}'`);
    return found;
  }

  #map(symbol: string): number {
    const found = this.#code.maps.get(symbol);
    if (found === undefined) throw new BpfcastError("map-failed", `the simulated kernel has no map '${symbol}'`);
    return found;
  }

  /** The process that alone is traced; undefined without -p. */
  get pid(): number | undefined {
    return this.#bound.pid;
  }

  /** One instruction lasts a nanosecond here. */
  async testRun(symbol: string, repeat = 1): Promise<RunResult> {
    const program = this.#program(symbol);
    const before = this.#kernel.instructions;
    for (let run = 0; run < repeat; run++) this.run(program, { context: new Uint8Array(8), event: this.#kernel.places.tracer() });
    return { value: Number(BigInt.asIntN(32, this.#returned)), duration: Math.round((this.#kernel.instructions - before) / repeat) };
  }

  /**
   * Runs a program and hands on what it has sent.
   * @returns what the probed function shall return in place of its own, if the program says so.
   * @throws BpfcastError `program-stopped`.
   */
  run(program: LoadedProgram, { context, contextStart, event }: Firing): bigint | undefined {
    const machine = this.#machine;
    machine.setEvent(event);
    const result = machine.run(program.handle, { ...(context && { context }), ...(contextStart !== undefined && { contextStart }) });
    this.#kernel.instructions += result.instructions;
    this.#kernel.runs++;
    if (!result.ok) throw stoppedError(result.fault, this.#code, this.#bound);
    this.#returned = result.returned;
    let override: bigint | undefined;
    for (const effect of machine.effects()) {
      if (effect.kind === "override") override = effect.value;
      else if (effect.kind === "signal") this.#kernel.signals.push({ program: program.symbol, signal: effect.signal });
    }
    if (!this.#isPaused) this.drain();
    return override;
  }

  async attach(requests: AttachRequest[]): Promise<AttachFailure[]> {
    const failures: AttachFailure[] = [];
    for (const request of requests) {
      const { attachment } = request;
      const refusal = this.#kernel.places.refusal(attachment);
      if (refusal !== undefined) {
        failures.push({ request, ...refusal });
        continue;
      }
      const bound = this.#bound.programs.find(({ symbol }) => symbol === request.program);
      const kind = this.#bound.manifest.programs[bound?.program ?? -1]?.kind ?? "begin";
      this.attached.push({ attachment, object: this, program: this.#program(request.program), kind });
    }
    return failures;
  }

  async iterate(): Promise<void> {}

  async detach(): Promise<void> {
    this.attached.length = 0;
  }

  onBatch(handler: BatchHandler): void {
    this.#handler = handler;
    this.drain();
  }

  drain(): void {
    const ring = this.#code.maps.get(RING_BUFFER_MAP);
    if (ring === undefined || this.#handler === undefined) return;
    const batch = this.#machine.drain(ring);
    if (batch.length === 0) return;
    this.#kernel.batches++;
    this.#handler(batch);
  }

  pause(): void {
    this.#isPaused = true;
  }

  async readMap(symbol: string): Promise<MapContents> {
    return this.#machine.readMap(this.#map(symbol));
  }

  async clearMap(symbol: string): Promise<void> {
    this.#machine.clearMap(this.#map(symbol));
  }

  async zeroMap(symbol: string): Promise<void> {
    this.#machine.zeroMap(this.#map(symbol));
  }

  programSize(symbol: string): ProgramSize {
    return { translated: this.#program(symbol).slots, jited: 0 };
  }

  /** Adds the lines of the script that its programs have, and those of them that were run. */
  #addCoverage(found: Coverage): void {
    for (const { handle, origins } of this.#code.programs.values()) {
      for (const { slot, section, offset, size } of origins) {
        const records = lineRecords(this.#code.object, section).filter(
          (record) => record.offset >= offset && record.offset < offset + size,
        );
        for (const [index, record] of records.entries()) {
          const end = records[index + 1]?.offset ?? offset + size;
          found.coverable.add(record.line);
          for (let at = record.offset; at < end; at += INSTRUCTION_BYTES)
            if (this.#machine.wasExecuted(handle, slot + (at - offset) / INSTRUCTION_BYTES)) found.covered.add(record.line);
        }
      }
    }
  }

  close(): void {
    if (this.#kernel.places.isCovered) this.#addCoverage(this.#kernel.coverage);
    this.attached.length = 0;
    this.#handler = undefined;
    this.#kernel.forget(this);
  }
}

export class SimulatedKernel implements Kernel {
  readonly #machine: Machine;
  readonly #types: TargetTypes | undefined;
  readonly places: Places;
  readonly #objects: SimulatedObject[] = [];
  /** Batches of records that were handed on, programs that were run, and their instructions. */
  batches = 0;
  runs = 0;
  instructions = 0;
  /** Of the objects that were closed. */
  readonly coverage: Coverage = { coverable: new Set(), covered: new Set() };
  /** Signals that programs have sent. */
  readonly signals: { program: string; signal: number }[] = [];

  /** @param types of the kernel that is simulated. */
  constructor(machine: Machine, types: TargetTypes | undefined, places: Places) {
    this.#machine = machine;
    this.#types = types;
    this.places = places;
  }

  get possibleCpus(): number {
    return this.#machine.cpus;
  }

  /** @throws BpfcastError `program-refused`, `no-memory`, `bad-object`. */
  async load(bound: BoundObject): Promise<SimulatedObject> {
    const code = loadObject(this.#machine, bound, this.#types);
    if (this.places.isCovered) for (const { handle } of code.programs.values()) this.#machine.watch(handle);
    const object = new SimulatedObject(this, this.#machine, bound, code);
    this.#objects.push(object);
    return object;
  }

  /** Nothing is attached. */
  get isIdle(): boolean {
    return this.#objects.every(({ attached }) => attached.length === 0);
  }

  forget(object: SimulatedObject): void {
    this.#objects.splice(this.#objects.indexOf(object) >>> 0, 1);
  }

  /** What is attached to a place, in the order in which the kernel runs it. */
  attachedTo<Kind extends Attachment["kind"]>(
    kind: Kind,
    matches: (place: Extract<Attachment, { kind: Kind }>) => boolean,
  ): AttachedProgram<Extract<Attachment, { kind: Kind }>>[] {
    type Place = Extract<Attachment, { kind: Kind }>;
    const found = this.#objects.flatMap(({ attached }) =>
      attached.filter((one): one is AttachedProgram<Place> => one.attachment.kind === kind && matches(one.attachment as Place)),
    );
    const first = found.filter((one) => runsInOrder(one.kind));
    return [...first, ...found.filter((one) => !runsInOrder(one.kind)).reverse()];
  }
}
