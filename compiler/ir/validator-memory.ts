// Checks that helpers read only stack bytes that were written on every path, and stay inside their slots.
//
// Kernels let root pass half-written keys, and what was on the stack then becomes part of the key. Written are bytes of
// plain stores at constant offsets and of helpers that fill all they are given; string reads stop at the NUL and do not count.

import { BitMatrix } from "../bpf/bit-set";
import { Dominators } from "./dominators";
import { HelperTable } from "./helper-lookup";
import { Argument, Helper } from "./helpers";
import { IrFunction, MapDefinition, Op } from "./ir";
import { nameOf } from "./validator";

export function checkMemory(f: IrFunction, maps: Array<MapDefinition>, dominators: Dominators): string {
  return f.slotSize.length == 0 ? "" : new MemoryCheck(f, maps, dominators).run();
}

@final
class MemoryCheck {
  private helpers: HelperTable = new HelperTable();
  /** Column of the first byte of each slot. */
  private firstByte: Array<i32> = [];
  /** Rows by block: bytes written at its end; the last row is scratch, the one before it full. */
  private written: BitMatrix;
  private visited: StaticArray<bool>;
  private row: i32;
  private full: i32;
  /** Slot and offset that `resolve` found. */
  private slot: i32 = 0;
  private offset: i64 = 0;

  constructor(
    private f: IrFunction,
    private maps: Array<MapDefinition>,
    private dominators: Dominators,
  ) {
    let bytes = 0;
    for (let s = 0; s < f.slotSize.length; s++) bytes += f.slotSize[s];
    this.full = f.blockCount;
    this.row = f.blockCount + 1;
    this.written = new BitMatrix(f.blockCount + 2, bytes);
    this.visited = new StaticArray<bool>(f.blockCount);
    for (let k = 0; k < bytes; k++) this.written.add(this.full, k);
    bytes = 0;
    for (let s = 0; s < f.slotSize.length; s++) {
      this.firstByte.push(bytes);
      bytes += f.slotSize[s];
    }
  }

  run(): string {
    const order = this.dominators.order;
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = 0; i < order.length; i++) {
        const b = order[i];
        this.enter(b);
        const message = this.walk(b, false);
        if (message.length > 0) return message;
        if (this.visited[b] && !this.written.differs(b, this.row)) continue;
        this.visited[b] = true;
        this.written.copy(b, this.row, this.written);
        changed = true;
      }
    }
    for (let i = 0; i < order.length; i++) {
      this.enter(order[i]);
      const message = this.walk(order[i], true);
      if (message.length > 0) return message;
    }
    return "";
  }

  /** Sets the scratch row to what all predecessors have written; those not visited yet do not limit it. */
  private enter(b: i32): void {
    if (b == 0) {
      this.written.clear(this.row);
      return;
    }
    this.written.copy(this.row, this.full, this.written);
    const before = this.f.predecessors[b];
    for (let k = 0; k < before.length; k++) if (this.visited[before[k]]) this.written.intersect(this.row, before[k]);
  }

  private walk(b: i32, check: bool): string {
    const f = this.f;
    const code = f.code[b];
    for (let i = 0; i < code.length; i++) {
      const v = code[i];
      let message = "";
      if (f.op[v] == Op.SlotBegin) this.set(<i32>f.imm[v], 0, f.slotSize[<i32>f.imm[v]], false);
      else if (f.op[v] == Op.Store && this.resolve(f.operand(v, 0))) {
        message = this.access(v, f.imm[v], f.aux[v]);
        if (message.length == 0) this.set(this.slot, this.offset + f.imm[v], f.aux[v], true);
      } else if (f.op[v] == Op.Load && this.resolve(f.operand(v, 0))) message = this.access(v, f.imm[v], f.aux[v]);
      else if (f.op[v] == Op.Call) message = this.call(v, check);
      if (message.length > 0) return message;
    }
    return "";
  }

  /** True if `pointer` is a slot plus a constant; both are left in `slot` and `offset`. */
  private resolve(pointer: i32): bool {
    const f = this.f;
    let v = pointer;
    this.offset = 0;
    while (f.op[v] == Op.Offset) {
      if (f.relocation[v] >= 0) return false;
      this.offset += f.imm[v];
      v = f.operand(v, 0);
    }
    if (f.op[v] != Op.Slot) return false;
    this.slot = <i32>f.imm[v];
    return true;
  }

  private access(v: i32, displacement: i64, size: i64): string {
    const start = this.offset + displacement;
    if (start >= 0 && start + size <= this.f.slotSize[this.slot]) return "";
    return `${nameOf(this.f, v)}: bytes ${start} to ${start + size} are outside of slot ${this.slot}`;
  }

  private set(slot: i32, start: i64, size: i64, value: bool): void {
    for (let k = start; k < start + size; k++) {
      if (value) this.written.add(this.row, this.firstByte[slot] + <i32>k);
      else this.written.remove(this.row, this.firstByte[slot] + <i32>k);
    }
  }

  private call(v: i32, check: bool): string {
    const f = this.f;
    const row = this.helpers.byNumber(<i32>f.imm[v]);
    if (!row) return "";
    const parameters = row.parameters;
    for (let k = 0; k < parameters.length; k++) {
      const kind = parameters[k];
      if (kind != Argument.Key && kind != Argument.Value && kind != Argument.Input && kind != Argument.Output) continue;
      if (!this.resolve(f.operand(v, k))) continue;
      const size = this.sizeOf(v, k, kind);
      if (size < 0) continue;
      const message = this.access(v, 0, size);
      if (message.length > 0) return message;
      if (kind == Argument.Output) {
        if (fillsAll(<i32>f.imm[v])) this.set(this.slot, this.offset, size, true);
      } else if (check) {
        const missing = this.firstUnwritten(size);
        if (missing >= 0)
          return `${nameOf(f, v)}: byte ${missing} of slot ${this.slot} is read by ${row.name} but not written on every path`;
      }
    }
    return "";
  }

  /** Bytes of memory argument `k`, or -1 if they are no constant. */
  private sizeOf(v: i32, k: i32, kind: Argument): i64 {
    const f = this.f;
    if (kind == Argument.Key || kind == Argument.Value) {
      const map = f.operand(v, 0);
      if (f.op[map] != Op.MapRef) return -1;
      const definition = this.maps[<i32>f.imm[map]];
      return kind == Argument.Key ? definition.keySize : definition.valueSize;
    }
    const size = f.operand(v, k + 1);
    return f.op[size] == Op.Const ? f.imm[size] : -1;
  }

  private firstUnwritten(size: i64): i64 {
    const first = this.firstByte[this.slot];
    for (let k = this.offset; k < this.offset + size; k++) if (!this.written.has(this.row, first + <i32>k)) return k;
    return -1;
  }
}

/** True for helpers that write every byte they are given, also when they fail. */
function fillsAll(helper: i32): bool {
  return helper == Helper.GetCurrentComm || helper == Helper.ProbeReadKernel || helper == Helper.ProbeReadUser;
}
