// Lowering, the common part: what the lowering of one attach point knows, stack and scratch memory, leaving the program.

import { Checker } from "../check/checker";
import { ProbeContext } from "../check/probe-context";
import { TypeTable } from "../check/types";
import { BindingRow, EventRow, Manifest } from "../object/manifest";
import { IrModule } from "../object/module";
import { Expansions } from "../source/expansions";
import { Symbols } from "../source/symbols";
import { Provider } from "../syntax/ast";
import { CoreTypes } from "../target/core-types";
import { Builder } from "./builder";
import { Helper } from "./helpers";
import { BpfMapType, IrFunction, MapDefinition, Op, Section, Type } from "./ir";
import { PatternPlace } from "./lower-patterns";

/** The busy flag at the start of a scratch slot. */
const SCRATCH_HEADER: i32 = 8;

/** A second slot lets a CPU go on when the holder of the first was preempted. */
export const SCRATCH_SLOTS: i32 = 2;

/** Slots of `.data.counters`: `CounterKind` in wasm/manifest.ts. */
export const enum Counter {
  LostEvents = 0,
  ScratchBusy = 1,
  MapFull = 2,
  /** Not a count: 1 once exit() was called. */
  Stopped = 3,
  Count = 4,
}

/** A loop of `beginCount`. */
@final
export class CountedLoop {
  constructor(
    /** The variable that counts. */
    public index: i32,
    public head: i32,
  ) {}
}

/** What all attach points of a script share while they are lowered. */
export class LoweringState {
  /** Made on first use: a script without kernel structs needs no BTF. */
  core: CoreTypes | null = null;
  /** Index of the ring buffer in `module.maps`, or -1. */
  ringBuffer: i32 = -1;
  /** Offset of `ring_limit` and `max_cpu` in `.rodata`, or -1. */
  ringLimit: i32 = -1;
  maximumCpu: i32 = -1;
  /** Tables of names in `.rodata`: pairs of the function that reads one and its offset. */
  nameTables: Array<i32> = [];
  /** Tables of patterns in `.rodata`. */
  patternTables: Array<PatternPlace> = [];

  constructor(
    public module: IrModule,
    public manifest: Manifest,
    public checker: Checker,
    /** Bytes of a scratch slot, as an earlier lowering found it; 0: no program has one. */
    public scratchSize: i32,
    /** Larger objects than this many bytes lie in per-CPU scratch memory, not on the stack: the config key on_stack_limit. */
    public onStackLimit: i32,
    /** Report helpers that fail (-k). */
    public helperErrors: bool,
  ) {
    manifest.scratchSlotSize = scratchSize;
    manifest.scratchSlotsPerCpu = scratchSize == 0 ? 0 : SCRATCH_SLOTS;
    module.scratchSize = scratchSize * SCRATCH_SLOTS;
  }
}

export abstract class LoweringBase {
  protected b: Builder;
  protected module: IrModule;
  protected manifest: Manifest;
  protected types: TypeTable;
  protected symbols: Symbols;
  protected checker: Checker;
  protected expansions: Expansions;
  /** A raw tracepoint's program must be one that the verifier knows the types of its context of. */
  needsTypedContext: bool = false;
  /** Address of this run's scratch slot; -1 while the program has none. */
  protected scratchSlot: i32 = -1;
  /** Bytes of the slot that are handed out now, at most, and to variables of the blocks around. */
  private scratchUsed: i32 = SCRATCH_HEADER;
  private scratchPeak: i32 = SCRATCH_HEADER;
  private scratchKept: i32 = SCRATCH_HEADER;

  /** Bytes of scratch that this program uses, in whole cache lines: slots of two CPUs do not share one. */
  get scratchNeed(): i32 {
    return this.scratchPeak == SCRATCH_HEADER ? 0 : (this.scratchPeak + 63) & -64;
  }

  constructor(
    protected state: LoweringState,
    protected context: ProbeContext,
    public f: IrFunction,
  ) {
    this.b = new Builder(f);
    this.module = state.module;
    this.manifest = state.manifest;
    this.checker = state.checker;
    this.expansions = state.checker.diagnostics.expansions;
    this.types = state.checker.types;
    this.symbols = state.checker.symbols;
  }

  // Memory

  /** Address of `size` bytes of undefined contents, which live until the statement ends. */
  protected memory(size: i32, lasting: bool = false): i32 {
    if (size <= this.state.onStackLimit && !lasting) return this.b.slot(size);
    const offset = this.scratchUsed;
    this.scratchUsed = (offset + size + 7) & -8;
    this.scratchPeak = max(this.scratchPeak, this.scratchUsed);
    // Without a slot this lowering only measures: another one follows.
    return this.scratchSlot < 0 ? this.b.slot(8) : this.b.offset(this.scratchSlot, offset);
  }

  /**
   * Memory for a variable: it lives until its block ends. Asked for before any other memory of its statement. One whose address
   * the script takes is `lasting`: a stack slot would end where the compiler last sees it used.
   */
  protected variableMemory(size: i32, lasting: bool = false): i32 {
    const pointer = this.memory(size, lasting);
    this.scratchKept = this.scratchUsed;
    return pointer;
  }

  /** What `releaseMemory` gives back to: taken at the start of a statement or block. */
  protected get memoryMark(): i32 {
    return this.scratchUsed;
  }

  protected get variableMark(): i32 {
    return this.scratchKept;
  }

  /** Gives back the scratch memory handed out since `mark`, but for variables. */
  protected releaseMemory(mark: i32): void {
    this.scratchUsed = max(mark, this.scratchKept);
  }

  /** Gives back the variables' memory of a block. */
  protected releaseVariables(mark: i32): void {
    this.scratchKept = mark;
  }

  /**
   * Takes a scratch slot of this CPU, or leaves the program and counts the loss. The flag is a lock that only adds: a holder
   * contributes 1 until it releases, so whoever reads 1 after adding is alone, in whatever order programs preempt each other.
   * Two that add at once both give way. It needs no fetching atomics, which kernels before 5.12 lack.
   */
  protected acquireScratch(): void {
    const b = this.b;
    const refused = b.newBlock(true);
    const inRange = b.newBlock();
    const cpu = b.call(Helper.GetSmpProcessorId, []);
    b.branch(b.binary(Op.Above, cpu, this.maximumCpu()), refused, inRange);
    b.enter(inRange);
    const first = b.index(b.data(Section.Scratch, 0), b.binary(Op.Mul, cpu, b.constant(this.state.scratchSize * SCRATCH_SLOTS)));
    const taken = b.newBlock();
    const slot = b.addVariable(Type.Data);
    const one = b.constant(1);
    for (let i = 0; i < SCRATCH_SLOTS; i++) {
      const address = b.offset(first, this.state.scratchSize * i);
      const busy = b.newBlock(true);
      b.atomicAdd(address, 0, 8, one);
      b.write(slot, address);
      b.branch(b.binary(Op.Equal, b.load(address, 0, 8), one), taken, busy);
      b.enter(busy);
      b.atomicAdd(address, 0, 8, b.constant(-1));
    }
    b.jump(refused);
    b.enter(refused);
    this.countLoss(Counter.ScratchBusy);
    b.ret(this.returnValue());
    b.enter(taken);
    this.scratchSlot = b.read(slot);
  }

  /** The largest CPU number of the target. */
  protected maximumCpu(): i32 {
    const state = this.state;
    if (state.maximumCpu < 0) {
      state.maximumCpu = this.constantOfRodata(4);
      this.manifest.bindings.push(new BindingRow("max_cpu", state.maximumCpu, 4));
    }
    return this.b.load(this.b.data(Section.Rodata, state.maximumCpu), 0, 4);
  }

  /** Reserves `size` bytes of `.rodata` that `bind` sets; returns their offset. */
  protected constantOfRodata(size: i32): i32 {
    const rodata = this.module.rodata;
    rodata.align(min(size, 8));
    const offset = <i32>rodata.length;
    rodata.writeZeros(size);
    return offset;
  }

  /** Address of a number that the runner reads. */
  private counter(counter: Counter): i32 {
    this.module.countersSize = Counter.Count * 8;
    return this.b.data(Section.Counters, counter * 8);
  }

  /** Begins a loop whose turns are counted from 0, and enters its body; it goes on in `exit` after `limit` turns. */
  protected beginCount(limit: i32, exit: i32): CountedLoop {
    const b = this.b;
    const loop = new CountedLoop(b.addVariable(Type.Scalar), b.newBlock());
    const body = b.newBlock();
    b.write(loop.index, b.constant(0));
    b.jump(loop.head);
    b.enterUnsealed(loop.head);
    b.branch(b.binary(Op.Below, b.read(loop.index), b.constant(limit)), body, exit);
    b.enter(body);
    return loop;
  }

  /** Ends the body: the next turn. */
  protected endCount(loop: CountedLoop): void {
    const b = this.b;
    b.write(loop.index, b.binary(Op.Add, b.read(loop.index), b.constant(1)));
    b.jump(loop.head);
    b.seal(loop.head);
  }

  /** Adds one to a counter that the runner reports. */
  protected countLoss(counter: Counter): void {
    this.b.atomicAdd(this.counter(counter), 0, 8, this.b.constant(1));
  }

  /** Notes that the script has called exit(): until the runner has detached the probes, they do nothing. */
  protected markStopped(): void {
    this.b.store(this.counter(Counter.Stopped), 0, 8, this.b.constant(1));
  }

  /** Leaves the program when the script has called exit(). */
  protected leaveWhenStopped(): void {
    const b = this.b;
    const stopped = b.newBlock(true);
    const running = b.newBlock();
    b.branch(b.binary(Op.NotEqual, b.load(this.counter(Counter.Stopped), 0, 8), b.constant(0)), stopped, running);
    b.enter(stopped);
    this.leave();
    b.enter(running);
  }

  /** The file that an iterator's output goes to: `ctx->meta->seq`, both the first fields of their structs. */
  protected sequence(): i32 {
    const b = this.b;
    const meta = b.load(b.context(), 0, 8, false, Type.Object);
    return b.load(meta, 0, 8, false, Type.Object);
  }

  /** An iterator's program is called once more behind the last object, with none: that call is not the script's. */
  protected leaveWithoutObject(): void {
    const b = this.b;
    const empty = b.newBlock(true);
    const found = b.newBlock();
    const slot = b.slot(8);
    b.call(Helper.ProbeReadKernel, [slot, b.constant(8), b.offset(b.context(), 8)]);
    b.branch(b.binary(Op.Equal, b.load(slot, 0, 8), b.constant(0)), empty, found);
    b.enter(empty);
    this.leave();
    b.enter(found);
  }

  // Leaving

  /** What a program returns by itself: a tracepoint's must be 1, or perf would lose the event. */
  private returnValue(): i32 {
    return this.b.constant(this.context.provider == Provider.Tracepoint ? 1 : 0);
  }

  /** Ends the program with `value`; -1: with what its kind returns. */
  protected leave(value: i32 = -1): void {
    if (!this.b.reachable) return;
    if (this.scratchSlot >= 0) this.b.atomicAdd(this.scratchSlot, 0, 8, this.b.constant(-1));
    this.b.ret(value < 0 ? this.returnValue() : value);
  }

  // Module

  protected ringBuffer(): i32 {
    const state = this.state;
    if (state.ringBuffer < 0) {
      state.ringBuffer = this.module.maps.length;
      // The runner sets the real size: this one only has to be valid.
      this.module.maps.push(new MapDefinition("events", BpfMapType.RingBuffer, 0, 0, 0, 0, 1 << 18, 0));
    }
    return this.b.map(state.ringBuffer);
  }

  /** The id of an event, of which everything must be known. */
  protected addEvent(row: EventRow): i32 {
    row.expansion = this.expansions.current;
    const events = this.manifest.events;
    for (let i = 0; i < events.length; i++) if (events[i].equals(row)) return i;
    return events.push(row) - 1;
  }
}
