// Lowering of messages to the runner: records of the ring buffer, each with a row in the manifest.

import { alignUp, BasicType } from "../check/types";
import { BindingRow, EventKind, EventRow } from "../object/manifest";
import { Expression, Provider } from "../syntax/ast";
import { Helper } from "./helpers";
import { Op, Section } from "./ir";
import { Counter, LoweringBase } from "./lower-base";

/** Bytes before the arguments: u32 id, u32 reserved. */
export const EVENT_HEADER: i32 = 8;

export abstract class EventLowering extends LoweringBase {
  /** Sets bytes of the program's memory to zero. */
  protected abstract clear(pointer: i32, offset: i32, size: i32): void;

  /** What an iterator sends goes to whoever reads its file, not to the ring buffer. */
  private get isIterator(): bool {
    return this.context.provider == Provider.Iterator;
  }

  /** Sends `size` bytes; 0 if there was room for them. */
  private output(record: i32, size: i32): i32 {
    const b = this.b;
    if (this.isIterator) {
      // Where its buffer is full the kernel runs the program once more for the same object, with an empty one: nothing is lost.
      b.call(Helper.SeqWrite, [this.sequence(), record, b.constant(size)]);
      return b.constant(0);
    }
    return b.call(Helper.RingbufOutput, [this.ringBuffer(), record, b.constant(size), b.constant(0)]);
  }

  /** Lays out the arguments of an event behind its header. */
  protected layOut(row: EventRow, types: Array<i32>): void {
    let offset = EVENT_HEADER;
    for (let i = 0; i < types.length; i++) {
      const info = this.types.get(types[i]);
      offset = alignUp(offset, info.align);
      row.types.push(types[i]);
      row.offsets.push(offset);
      offset += info.size;
    }
    row.size = alignUp(offset, 8);
  }

  /**
   * Reserves the record of an event and enters the block where it exists. Returns its address; the caller fills it and calls
   * `submitEvent` with the block that this returned in `eventDone`.
   * A flood of output leaves room for what must not be lost: the reserve is checked first.
   */
  protected eventDone: i32 = -1;

  protected reserveEvent(id: i32, row: EventRow): i32 {
    const b = this.b;
    if (this.isIterator) {
      this.eventDone = b.newBlock();
      const copy = this.memory(row.size);
      this.clear(copy, 0, row.size);
      b.store(copy, 0, 8, b.constant(id));
      return copy;
    }
    const ring = this.ringBuffer();
    const lost = b.newBlock(true);
    const reserved = b.newBlock();
    this.eventDone = b.newBlock();
    this.enterRoom(row, lost);
    const record = b.call(Helper.RingbufReserve, [ring, b.constant(row.size), b.constant(0)]);
    b.branch(b.binary(Op.NotEqual, record, b.constant(0)), reserved, lost);
    b.enter(lost);
    this.countLoss(Counter.LostEvents);
    b.jump(this.eventDone);
    b.enter(reserved);
    b.store(record, 0, 8, b.constant(id));
    return record;
  }

  /** Whether output has filled the ring buffer up to what is kept for messages that must not be lost. */
  private isFlooded(): i32 {
    const b = this.b;
    if (this.state.ringLimit < 0) {
      this.state.ringLimit = this.constantOfRodata(8);
      this.manifest.bindings.push(new BindingRow("ring_limit", this.state.ringLimit, 8));
    }
    const used = b.call(Helper.RingbufQuery, [this.ringBuffer(), b.constant(0)]);
    return b.binary(Op.Above, used, b.load(b.data(Section.Rodata, this.state.ringLimit), 0, 8));
  }

  /** Sends an output event whose record was built in memory of the program. */
  protected sendCopy(record: i32, row: EventRow): void {
    const lost = this.b.newBlock(true);
    this.enterRoom(row, lost);
    this.sendInRoom(record, row, lost);
  }

  /** Enters the block where the ring buffer has room for output; else it goes on in `lost`. */
  protected enterRoom(row: EventRow, lost: i32): void {
    const b = this.b;
    const room = b.newBlock();
    if (this.isIterator) {
      b.jump(room);
      b.enter(room);
      return;
    }
    this.manifest.need("ring_buffer", row.start, row.end);
    b.branch(this.isFlooded(), lost, room);
    b.enter(room);
  }

  /** Sends a record that was built in memory of the program. Enters `lost` to count the loss, and then what follows both. */
  protected sendInRoom(record: i32, row: EventRow, lost: i32): void {
    const b = this.b;
    const done = b.newBlock();
    const failure = this.output(record, row.size);
    b.branch(b.binary(Op.NotEqual, failure, b.constant(0)), lost, done);
    b.enter(lost);
    this.countLoss(Counter.LostEvents);
    b.jump(done);
    b.enter(done);
  }

  protected submitEvent(record: i32, row: EventRow, done: i32): void {
    if (this.isIterator) this.countIfNot(this.output(record, row.size), Counter.LostEvents);
    else this.b.call(Helper.RingbufSubmit, [record, this.b.constant(0)]);
    this.b.jump(done);
    this.b.enter(done);
  }

  /** The record of an event without arguments: a constant. */
  protected constantRecord(row: EventRow): i32 {
    const id = this.addEvent(row);
    const known = this.manifest.events[id];
    if (known.record < 0) {
      const rodata = this.module.rodata;
      rodata.align(8);
      known.record = rodata.length;
      rodata.writeU64(id);
    }
    return this.b.data(Section.Rodata, known.record);
  }

  /** Sends an event without arguments. */
  protected sendConstantEvent(row: EventRow): void {
    if (!this.isIterator) this.manifest.need("ring_buffer", row.start, row.end);
    this.countIfNot(this.output(this.constantRecord(row), EVENT_HEADER), Counter.LostEvents);
  }

  /** Sends a record that was built on the stack. */
  protected sendFromStack(record: i32, row: EventRow, loss: Counter = Counter.LostEvents): void {
    if (!this.isIterator) this.manifest.need("ring_buffer", row.start, row.end);
    this.countIfNot(this.output(record, row.size), loss);
  }

  /** The expression that is lowered: what a failing helper is reported for. */
  protected subject: Expression | null = null;

  /** Where the user asked for it (-k): reports a read of memory whose `result`, that of a helper, is negative. */
  protected checkRead(result: i32, helper: Helper): void {
    const subject = this.subject;
    if (!this.state.helperErrors || subject == null) return;
    const b = this.b;
    const failed = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.Less, result, b.constant(0)), failed, done);
    b.enter(failed);
    this.reportHelper(result, readHelperName(helper), subject.start, subject.end);
    b.jump(done);
    b.enter(done);
  }

  /** Where the user asked for it (-k): reports a key that a map does not have. */
  protected reportMissingKey(access: Expression): void {
    if (!this.state.helperErrors) return;
    const subject = this.subject;
    const place = subject != null ? subject : access;
    this.reportHelper(this.b.constant(0), "map_lookup_elem", place.start, place.end);
  }

  /** Reports that helper `name` returned `result` at these bytes of the script; counts `loss` where there is no room for it. */
  protected reportHelper(result: i32, name: string, start: u32, end: u32, loss: Counter = Counter.LostEvents): void {
    const b = this.b;
    const row = new EventRow(EventKind.HelperError, start, end);
    row.setText(name);
    this.layOut(row, [BasicType.Int64]);
    const id = this.addEvent(row);
    const record = b.slot(row.size);
    b.store(record, 0, 8, b.constant(id));
    b.store(record, row.offsets[0], 8, result);
    this.sendFromStack(record, row, loss);
  }

  /** Counts a loss unless `result` is 0. */
  protected countIfNot(result: i32, counter: Counter): void {
    const b = this.b;
    const failed = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, result, b.constant(0)), failed, done);
    b.enter(failed);
    this.countLoss(counter);
    b.jump(done);
    b.enter(done);
  }
}

function readHelperName(helper: Helper): string {
  switch (helper) {
    case Helper.ProbeReadUser:
      return "probe_read_user";
    case Helper.ProbeReadUserStr:
      return "probe_read_user_str";
    case Helper.ProbeReadKernelStr:
      return "probe_read_kernel_str";
    default:
      return "probe_read_kernel";
  }
}
