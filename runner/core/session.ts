// One run of a script, from a bound object to its printed maps: features 7.1.
//
//   load -> begin programs -> attach -> let the command go -> "Attached" -> events
//        -> detach -> end programs -> the rest of the events -> losses -> maps
//
// Or, of a script's tests: load -> begin programs -> tests -> end programs, as above.

import { BpfcastError } from "../../wasm/errors.ts";
import { COUNTER_SECTION, CounterKind, type MapInfo, type Program } from "../../wasm/manifest.ts";
import type { BoundObject } from "./bind.ts";
import { Decoder, type MapCommand } from "./decode.ts";
import type { TestMode } from "./facts.ts";
import { MAP_FULL } from "./format/helper-errors.ts";
import { TextOutput } from "./format/text.ts";
import { isPattern } from "./glob.ts";
import type { AttachFailure, AttachRequest, Kernel, LoadedObject } from "./kernel.ts";
import { type MapTable, readTable, zeroTable } from "./maps.ts";
import { ProbeReport } from "./missing.ts";
import type { Style } from "./names.ts";
import { CapturedText, isBlock, type Output } from "./output.ts";
import { RecordStream } from "./record-stream.ts";
import { runScriptTests } from "./script-tests.ts";
import { type Attachment, placeName } from "./targets.ts";

/** What happens outside of the kernel and can end the run. */
export interface SessionHost {
  /** Calls `stop` once, when the user or the system asks the run to end. */
  onStopRequest(stop: () => void): void;
  /** Calls `act` whenever the tracer gets a signal, which then has no other effect. */
  onSignal(signal: "SIGUSR1", act: () => void): void;
  /** The command of `-c`, held before its start; undefined without one. */
  command: HeldCommand | undefined;
  /** Calls `tick` about every so many milliseconds until the returned function is called. */
  every(milliseconds: number, tick: () => void): () => void;
  /** Similar names of a kernel function that does not exist. */
  similarFunctions(name: string): string[];
  /** The first bytes of a file, as many as cat() may print, or why it cannot be read. */
  readFile(path: string): { bytes: Uint8Array } | { error: string };
  /** Runs a command line in the shell and waits for it; what it printed. */
  runCommand(line: string): Uint8Array;
  /** Nanoseconds since 1970. */
  now(): bigint;
}

export interface HeldCommand {
  /** @throws BpfcastError when it cannot be run. */
  release(): void;
  /** Calls `ended` when it has ended. */
  onEnd(ended: () => void): void;
  /** Asks it to end, if it runs. */
  terminate(): void;
}

export interface SessionOptions {
  /** No "Attached" message. */
  quiet: boolean;
  /** Ends once everything is attached, without printing anything. */
  dryRun: boolean;
  /** Flushes the output behind every batch. */
  flushBatches: boolean;
  /** Whether warnf() prints. */
  showWarnings: boolean;
  /** How values become text. */
  style: Style;
  /** Prints an error about the run. */
  complain: (message: string) => void;
  /** Called when all is attached, before any event is printed. */
  attached: () => void;
  /** Prints a warning about a probe of the script. */
  warn: (warning: BpfcastError) => void;
  /** Called after the end programs, before the maps are printed: the last time that they can be read. */
  ending?: (() => Promise<void>) | undefined;
}

/** How often the loss counters are looked at. */
const LOSS_INTERVAL = 250;
/** What the peer exits with when loading or attaching fails: -1. */
const EXIT_NOT_ATTACHED = 255;

export class Session {
  readonly #kernel: Kernel;
  readonly #bound: BoundObject;
  #output: Output;
  readonly #host: SessionHost;
  readonly #options: SessionOptions;
  readonly #decoder: Decoder;
  #object: LoadedObject | null = null;
  #exitCode = 0;
  #stop: () => void = () => {};
  #stopRequested = false;
  /** By a signal, not by the script itself. */
  #interrupted = false;
  #failure: unknown = null;
  /** The script's errorf() has printed something. */
  #hasReported = false;
  /** Lost events that were reported. */
  #lost = 0;
  /** Scalar maps that zero() emptied: to the kernel they are as never assigned, yet they print as zero. */
  readonly #zeroed = new Set<MapInfo>();

  constructor(kernel: Kernel, bound: BoundObject, output: Output, host: SessionHost, options: SessionOptions) {
    this.#kernel = kernel;
    this.#bound = bound;
    this.#output = output;
    this.#host = host;
    this.#options = options;
    this.#decoder = new Decoder(
      bound.manifest,
      output,
      {
        mapCommand: (command) => this.#mapCommand(command),
        exit: (code) => {
          this.#exitCode = code;
          this.#requestStop();
        },
        errorReported: () => {
          this.#hasReported = true;
        },
        readFile: (path) => host.readFile(path),
        runCommand: (line) => host.runCommand(line),
        now: () => host.now(),
        complain: (message) => options.complain(message),
      },
      options.style,
    );
    this.#decoder.showWarnings = options.showWarnings;
    this.#decoder.flushBatches = options.flushBatches;
  }

  /**
   * Runs the script to its end.
   * @returns the exit code: 0, or what the script's exit() said.
   * @throws BpfcastError when the object cannot be loaded or attached, or a map cannot be read.
   */
  async run(): Promise<number> {
    const object = await this.#kernel.load(this.#bound);
    this.#object = object;
    try {
      const stopped = new Promise<void>((resolve) => {
        this.#stop = resolve;
      });
      this.#host.onStopRequest(() => {
        this.#interrupted = true;
        this.#requestStop();
      });
      // Before anything is printed: who reads "Attached" may send it at once, and unhandled it opens Node's debugger.
      this.#host.onSignal("SIGUSR1", () => this.#runPrograms("self").catch((error: unknown) => this.#fail(error)));
      await this.#runPrograms("begin");
      if (this.#bound.mode !== undefined) return await this.#runTests(object, this.#bound.mode);
      const count = await this.#attach(object);
      if (this.#options.dryRun) return 0;
      await this.#trace(object, count, stopped);
      return this.#exitCode;
    } finally {
      this.#host.command?.terminate();
      this.#object = null;
      object.close();
      this.#output.flush();
    }
  }

  #requestStop(): void {
    this.#stopRequested = true;
    this.#stop();
  }

  async #runPrograms(kind: Program["kind"]): Promise<void> {
    for (const { symbol, program } of this.#bound.programs) {
      if (this.#bound.manifest.programs[program]?.kind === kind) await this.#object?.testRun(symbol);
    }
  }

  /** Attaches everything; returns the number of probes, begin and end included. */
  async #attach(object: LoadedObject): Promise<number> {
    const { manifest } = this.#bound;
    const requests: AttachRequest[] = [];
    let unattached = 0;
    /** Places of a static tracepoint that has several: it counts once. */
    let repeated = 0;
    const tracepoints = new Set<string>();
    for (const { symbol, program, attachments } of inAttachOrder(this.#bound)) {
      const kind = manifest.programs[program]?.kind;
      if (kind === "begin" || kind === "end") unattached++;
      for (const attachment of attachments) {
        if (attachment.kind === "usdt") {
          const name = `${program} ${attachment.binary} ${attachment.namespace} ${attachment.name}`;
          if (tracepoints.has(name)) repeated++;
          tracepoints.add(name);
        }
        if (attachment.kind === "run") unattached++;
        else requests.push({ program: symbol, attachment });
      }
    }
    const failures = await object.attach(requests);
    this.#reportFailures(failures);
    const count = unattached + requests.length - failures.length - repeated;
    if (count === 0) throw this.#nothingAttached();
    return count;
  }

  #nothingAttached(): BpfcastError {
    const has = (kind: Program["kind"]) => this.#bound.manifest.programs.some((program) => program.kind === kind);
    const [option, what] = has("test") ? ["--test", "test"] : has("bench") ? ["--bench", "benchmark"] : [];
    if (option === undefined) return new BpfcastError("no-probes", "No probes to attach", { exitCode: 1 });
    return new BpfcastError("no-probes", `ERROR: No probes attached; use ${option} to run ${what} probes.`, {
      exitCode: EXIT_NOT_ATTACHED,
    });
  }

  /** Runs the script's tests or benches; the exit code. */
  async #runTests(object: LoadedObject, mode: TestMode): Promise<number> {
    const text = new CapturedText();
    // What the begin programs have sent belongs to the first test; without any it is printed as ever.
    const isEmpty = !this.#bound.programs.some(({ program }) => this.#bound.manifest.programs[program]?.kind === mode);
    const own = this.#output;
    if (!isEmpty) this.#useOutput(new TextOutput(text, this.#options.style));
    if (this.#bound.hasRingBuffer) object.onBatch((batch) => this.#handle(batch));
    object.pause();
    const collect = async () => {
      await this.#drain(object);
      if (this.#failure !== null) throw this.#failure;
      this.#output.flush();
      const isFailure = this.#exitCode !== 0 || this.#hasReported;
      this.#exitCode = 0;
      this.#hasReported = false;
      this.#decoder.stopped = false;
      return { text: text.take(), isFailure };
    };
    const complain = (message: string) => this.#options.complain(message);
    const passed = await runScriptTests({ bound: this.#bound, object, output: own, collect, complain }, mode);
    await collect();
    this.#useOutput(own);
    await this.#finish(object, false);
    return passed ? this.#exitCode : 1;
  }

  #useOutput(output: Output): void {
    this.#output = output;
    this.#decoder.output = output;
  }

  /** What could not be attached: errors, or warnings where the script says so. */
  #reportFailures(failures: AttachFailure[]): void {
    if (failures.length === 0) return;
    const { manifest, programs } = this.#bound;
    const report = new ProbeReport(manifest);
    const failed = new Set(failures.map(({ request }) => request.attachment));
    const living = new Set<number>();
    for (const { program, attachments } of programs) {
      const { body, kind } = manifest.programs[program] ?? { body: -1, kind: "end" };
      if (kind === "begin" || kind === "end" || attachments.some((attachment) => !failed.has(attachment))) living.add(body);
    }
    const problems: BpfcastError[] = [];
    for (const failure of failures) {
      const bound = programs.find(({ attachments }) => attachments.includes(failure.request.attachment));
      const program = manifest.programs[bound?.program ?? -1];
      if (bound === undefined || program === undefined)
        throw new BpfcastError("attach-failed", failure.message, { exitCode: EXIT_NOT_ATTACHED });
      // Of a pattern, functions that cannot be probed after all are passed over.
      if (bound.attachments.length > 1 || program.target.some(isPattern)) continue;
      const missing = missingTarget(program, failure);
      if (missing !== undefined) {
        const names = missing.kind === "kprobe" ? this.#host.similarFunctions(missing.target[1] ?? "") : [];
        report.missing(missing, { similar: new Map([[missing.target.join(":"), names]]) });
      } else {
        living.add(program.body);
        problems.push(this.#notAttached(program, failure));
      }
    }
    for (const { program } of programs) {
      const body = manifest.programs[program]?.body ?? -1;
      if (living.has(body)) continue;
      living.add(body);
      report.empty(body);
    }
    report.raise();
    for (const warning of report.warnings) this.#options.warn(warning);
    if (manifest.config.missingProbes === "warn") for (const problem of problems) this.#options.warn(problem);
    const [first, ...others] = problems;
    if (first !== undefined && manifest.config.missingProbes === "error")
      throw new BpfcastError(first.code, first.message, { ...first.details, others });
  }

  #notAttached(program: Program, { request, code, message }: AttachFailure): BpfcastError {
    const { manifest } = this.#bound;
    const details = { location: program.location, source: manifest.source, exitCode: EXIT_NOT_ATTACHED };
    if (request.attachment.kind === "tracepoint" && code === "EACCES")
      return new BpfcastError("attach-failed", `${program.probe}: the program reads fields beyond the end of this kernel's event`, details);
    const name = placeName(program, request.attachment);
    if (manifest.config.missingProbes !== "error")
      return new BpfcastError("attach-failed", `Unable to attach probe: ${name}. Skipping.`, { hint: message });
    return new BpfcastError(
      "attach-failed",
      `Unable to attach probe: ${name}. If this is expected, set the 'missing_probes' config variable to 'warn'.`,
      { exitCode: EXIT_NOT_ATTACHED, hint: message },
    );
  }

  async #trace(object: LoadedObject, count: number, stopped: Promise<void>): Promise<void> {
    const { command } = this.#host;
    command?.onEnd(() => this.#requestStop());
    command?.release();
    if (!this.#options.quiet) this.#output.attachedProbes(count);
    this.#output.flush();
    this.#options.attached();

    if (this.#bound.hasRingBuffer) object.onBatch((batch) => this.#handle(batch));
    if (!this.#stopRequested) await this.#readIterators(object);
    const attached = this.#bound.programs.some(({ attachments }) => attachments.length > 0);
    if (!attached) this.#requestStop();
    const endTicks = this.#host.every(LOSS_INTERVAL, () => {
      this.#reportLosses(object).catch((error: unknown) => this.#fail(error));
    });
    if (!this.#stopRequested) await stopped;
    endTicks();
    object.pause();
    await object.detach();
    // What is in the ring behind an exit() is dropped, as the peer does; otherwise it is printed before the end programs run.
    await this.#drain(object);
    this.#decoder.stopped = false;
    command?.terminate();
    await this.#finish(object, this.#bound.manifest.config.printMapsOnExit);
  }

  /** Behind the trace: the end programs, losses and maps. */
  async #finish(object: LoadedObject, printsMaps: boolean): Promise<void> {
    await this.#runPrograms("end");
    await this.#drain(object);
    if (this.#failure !== null) throw this.#failure;
    const refused = await this.#reportLosses(object);
    if (refused > 0 && this.#options.showWarnings)
      this.#output.warning(`${MAP_FULL} (${refused} more ${refused === 1 ? "update" : "updates"} refused)`);
    if (this.#lost > 0) this.#output.warning(`Total lost event count: ${this.#lost}`);
    await this.#options.ending?.();
    this.#output.end();
    if (printsMaps) await this.#printMaps(object);
  }

  /**
   * An iterator's events come from its file, and the script is done when that ends. The peer's iterators print into the file, which
   * is read to its end whatever exit() says: it only gives the exit code.
   */
  async #readIterators(object: LoadedObject): Promise<void> {
    for (const { symbol, attachments } of this.#bound.programs) {
      if (!attachments.some(({ kind }) => kind === "iter")) continue;
      // What the begin programs have sent.
      await this.#drain(object);
      this.#decoder.iterating = true;
      const stream = new RecordStream(this.#bound.manifest, (batch) => this.#handle(batch));
      await object.iterate(symbol, (bytes) => {
        stream.add(bytes);
        return !this.#interrupted;
      });
      await this.#decoder.idle();
      this.#decoder.iterating = false;
      this.#requestStop();
    }
  }

  #handle(batch: Uint8Array): void {
    try {
      this.#decoder.handle(batch);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#decoder.stopped = true;
    this.#requestStop();
  }

  async #drain(object: LoadedObject): Promise<void> {
    object.drain();
    await this.#decoder.idle();
  }

  async #mapCommand(command: MapCommand): Promise<void> {
    const map = this.#bound.manifest.maps[command.map];
    const object = this.#object;
    if (map === undefined || object === null) return;
    switch (command.kind) {
      case "print_map":
        await this.#printMap(object, map, command.top, command.div, true);
        break;
      case "clear":
        this.#zeroed.delete(map);
        await object.clearMap(map.symbol);
        break;
      case "zero":
        if (map.key === null && readTable(map, await object.readMap(map.symbol), this.#kernel.possibleCpus).size > 0) this.#zeroed.add(map);
        await object.zeroMap(map.symbol);
        break;
    }
  }

  /**
   * All maps of the script as they would print now, in that order; empty ones too. Prints nothing and changes nothing.
   * None before the object is loaded, and after it is closed.
   */
  async readTables(): Promise<MapTable[]> {
    const object = this.#object;
    const tables: MapTable[] = [];
    try {
      for (const map of this.#mapsInOrder()) if (object !== null) tables.push(await this.#readTable(object, map, false));
    } catch (error) {
      // Closed meanwhile: it is no error to have asked.
      if (object === this.#object) throw error;
    }
    return object === this.#object ? tables : [];
  }

  #mapsInOrder(): MapInfo[] {
    return [...this.#bound.manifest.maps].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
  }

  /** @param zeroes have a scalar map that was never assigned as the zero of its type, as print() shows it. */
  async #readTable(object: LoadedObject, map: MapInfo, zeroes: boolean): Promise<MapTable> {
    const cpus = this.#kernel.possibleCpus;
    const table = readTable(map, await object.readMap(map.symbol), cpus);
    const untouched = map.key === null && zeroes && !isBlock(map);
    return table.size === 0 && (untouched || this.#zeroed.has(map)) ? zeroTable(map, cpus) : table;
  }

  async #printMap(object: LoadedObject, map: MapInfo, top: number, div: number, zeroes: boolean): Promise<void> {
    const table = await this.#readTable(object, map, zeroes);
    if (table.size > 0) this.#output.map(table, top, div);
  }

  async #printMaps(object: LoadedObject): Promise<void> {
    for (const map of this.#mapsInOrder()) await this.#printMap(object, map, 0, 0, false);
  }

  /** Prints what was lost since the last report. Returns how many map updates were refused so far. */
  async #reportLosses(object: LoadedObject): Promise<number> {
    const counters = await this.#readCounters(object);
    const lost = (counters[CounterKind.LostEvents] ?? 0) + (counters[CounterKind.ScratchBusy] ?? 0);
    if (lost > this.#lost) this.#output.lostEvents(lost - this.#lost);
    this.#lost = lost;
    // The event of an exit() that found no room is lost, its mark is not.
    if (counters[CounterKind.Stopped] === 1) this.#requestStop();
    return counters[CounterKind.MapFull] ?? 0;
  }

  async #readCounters(object: LoadedObject): Promise<number[]> {
    if (!this.#bound.hasCounters) return [];
    const { values } = await object.readMap(COUNTER_SECTION);
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    const counters: number[] = [];
    for (let at = 0; at + 8 <= values.length; at += 8) counters.push(Number(view.getBigUint64(at, true)));
    return counters;
  }
}

/** Errors of attaching that mean that there is no such place. */
const NO_PLACE = ["ENOENT", "ESRCH", "EADDRNOTAVAIL"];

/** The attach point, with the file that a uprobe's binary was found to be, if a failure means that it stands for nothing. */
function missingTarget(program: Program, { request, code }: AttachFailure): Program | undefined {
  const { attachment }: { attachment: Attachment } = request;
  if (!NO_PLACE.includes(code)) return undefined;
  if (attachment.kind === "uprobe") {
    if (attachment.function === "") return undefined;
    return { ...program, target: [attachment.binary, attachment.function, program.target[2] ?? ""] };
  }
  return attachment.kind === "kprobe" || attachment.kind === "rawtracepoint" ? program : undefined;
}

/** Whether the kernel runs programs of one place in the order in which they were attached; others it runs in reverse. */
export function runsInOrder(kind: Program["kind"]): boolean {
  return ["kretprobe", "tracepoint", "profile", "interval", "watchpoint", "hardware", "rawtracepoint", "software"].includes(kind);
}

/** The programs in an order that makes bodies of one place run in the order of the script. */
function inAttachOrder({ manifest, programs }: BoundObject): BoundObject["programs"] {
  const isInOrder = ({ program }: { program: number }) => runsInOrder(manifest.programs[program]?.kind ?? "end");
  return [...programs.filter(isInOrder), ...programs.filter((program) => !isInOrder(program)).reverse()];
}
