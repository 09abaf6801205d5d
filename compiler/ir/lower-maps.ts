// Lowering of map accesses and aggregations.

import { FunctionId } from "../check/functions";
import { MapSymbol } from "../check/scope";
import { SeriesValue, TypeKind } from "../check/types";
import { MapRow } from "../object/manifest";
import { Expression } from "../syntax/ast";
import { Call, MapAccess } from "../syntax/expression-nodes";
import { Helper } from "./helpers";
import { Op, Type } from "./ir";
import { Counter } from "./lower-base";
import { EventLowering } from "./lower-events";

export abstract class MapLowering extends EventLowering {
  /** The value of a scalar expression, in a register. */
  protected abstract value(e: Expression): i32;

  /** Writes a value of any type to memory, as `type`; every byte of it is set. */
  protected abstract writeTo(e: Expression, type: i32, pointer: i32, offset: i32): void;

  protected rowOf(map: MapSymbol): MapRow {
    return this.manifest.maps[map.index];
  }

  /** Writes the key of an access into memory of its own; returns the address. */
  protected key(map: MapSymbol, keys: Array<Expression> | null): i32 {
    const b = this.b;
    const row = this.rowOf(map);
    if (keys == null) return b.zeroKey();
    const pointer = this.memory(row.keySize);
    // The verifier does not see unset bytes in a key, but the map would miss.
    if (row.bucketOffset > 0) {
      const size = this.types.get(map.keyType).size;
      if (row.bucketOffset > size) b.zero(pointer, size, row.bucketOffset - size);
    }
    if (keys.length == 1) this.writeTo(keys[0], map.keyType, pointer, 0);
    else this.writeTuple(keys, map.keyType, pointer, 0);
    return pointer;
  }

  /** The elements one by one at their offsets, the gaps between them zero. */
  protected writeTuple(elements: Array<Expression>, type: i32, pointer: i32, offset: i32): void {
    const info = this.types.get(type);
    let end = 0;
    for (let i = 0; i < elements.length; i++) {
      const at = info.offsets[i];
      if (at > end) this.b.zero(pointer, offset + end, at - end);
      this.writeTo(elements[i], info.fields[i], pointer, offset + at);
      end = at + this.types.get(info.fields[i]).size;
    }
    if (info.size > end) this.b.zero(pointer, offset + end, info.size - end);
  }

  /** Zeros; many of them by one helper call, which fills its output with zeros when it cannot read address 0. */
  protected clear(pointer: i32, offset: i32, size: i32): void {
    const b = this.b;
    if (size <= 64) b.zero(pointer, offset, size);
    else b.call(Helper.ProbeReadKernel, [b.offset(pointer, offset), b.constant(size), b.constant(0)]);
  }

  protected lookup(map: MapSymbol, key: i32): i32 {
    return this.b.call(Helper.MapLookupElem, [this.b.map(map.index), key]);
  }

  /** The bytes of the script that what is lowered now updates a map for. */
  protected updateStart: u32 = 0;
  protected updateEnd: u32 = 0;

  protected updates(start: u32, end: u32): void {
    this.updateStart = start;
    this.updateEnd = end;
  }

  /** Stores a fresh value under `key`; reports a map that is full. */
  protected update(map: MapSymbol, key: i32, value: i32): void {
    const b = this.b;
    const result = b.call(Helper.MapUpdateElem, [b.map(map.index), key, value, b.constant(0)]);
    const failed = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, result, b.constant(0)), failed, done);
    b.enter(failed);
    this.reportHelper(result, "map_update_elem", this.updateStart, this.updateEnd, Counter.MapFull);
    b.jump(done);
    b.enter(done);
  }

  // Aggregations

  /** `@map[keys] = call`, where the call is an aggregation. */
  protected aggregate(access: MapAccess, call: Call): void {
    this.updates(call.start, call.end);
    const map = this.checker.mapOf(access);
    const id = this.checker.findFunction(call.name)!.id;
    const value = id == FunctionId.Count ? -1 : this.value(call.argumentList[0]);
    const kind = this.types.kind(map.valueType);
    if (kind == TypeKind.Histogram || kind == TypeKind.LinearHistogram) {
      this.countBucket(map, access.keys, this.bucket(map, value));
      return;
    }
    if (kind == TypeKind.TimeSeries) {
      this.addToSeries(map, access.keys, value, call);
      return;
    }
    const b = this.b;
    const key = this.key(map, access.keys);
    const element = this.lookup(map, key);
    const hit = b.newBlock();
    const miss = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    this.aggregateInto(map, element, value);
    b.jump(done);
    b.enter(miss);
    // An entry of an array is always there; the branch is for the verifier.
    if (!map.isScalar) this.insertAggregate(map, key, value);
    b.jump(done);
    b.enter(done);
  }

  /** Adds one observation to the element at `element`. Values are per CPU: no atomics. */
  private aggregateInto(map: MapSymbol, element: i32, value: i32): void {
    const b = this.b;
    const info = this.types.get(map.valueType);
    const one = b.constant(1);
    switch (info.kind) {
      case TypeKind.Count:
        b.store(element, 0, 8, b.binary(Op.Add, b.load(element, 0, 8), one));
        return;
      case TypeKind.Sum:
        b.store(element, 0, 8, b.binary(Op.Add, b.load(element, 0, 8), value));
        if (map.isScalar) b.store(element, this.rowOf(map).presenceOffset, 8, one);
        return;
      case TypeKind.Average:
      case TypeKind.Stats:
        b.store(element, 0, 8, b.binary(Op.Add, b.load(element, 0, 8), value));
        b.store(element, 8, 8, b.binary(Op.Add, b.load(element, 8, 8), one));
        return;
      default: {
        assert(info.kind == TypeKind.Minimum || info.kind == TypeKind.Maximum);
        const compare = b.newBlock();
        const write = b.newBlock();
        const done = b.newBlock();
        b.branch(b.binary(Op.NotEqual, b.load(element, 8, 8), b.constant(0)), compare, write);
        b.enter(compare);
        const op = info.kind == TypeKind.Minimum ? (info.signed ? Op.Less : Op.Below) : info.signed ? Op.Greater : Op.Above;
        b.branch(b.binary(op, value, b.load(element, 0, 8)), write, done);
        b.enter(write);
        b.store(element, 0, 8, value);
        b.store(element, 8, 8, one);
        b.jump(done);
        b.enter(done);
      }
    }
  }

  /** The first observation under a key. */
  private insertAggregate(map: MapSymbol, key: i32, value: i32): void {
    const b = this.b;
    const kind = this.types.kind(map.valueType);
    const one = b.constant(1);
    const fresh = b.slot(this.rowOf(map).valueSize);
    if (kind == TypeKind.Count) b.store(fresh, 0, 8, one);
    else {
      b.store(fresh, 0, 8, value);
      if (kind != TypeKind.Sum) b.store(fresh, 8, 8, one);
    }
    this.update(map, key, fresh);
  }

  /** Counts one in a histogram's bucket: per CPU, under (key, bucket), or the array entry of the bucket. */
  private countBucket(map: MapSymbol, keys: Array<Expression> | null, bucket: i32): void {
    const b = this.b;
    const row = this.rowOf(map);
    const key = map.isScalar ? this.memory(4) : this.key(map, keys);
    b.store(key, row.bucketOffset, 4, bucket);
    const element = this.lookup(map, key);
    const hit = b.newBlock();
    const miss = b.newBlock(true);
    const done = b.newBlock();
    const one = b.constant(1);
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    b.store(element, 0, 8, b.binary(Op.Add, b.load(element, 0, 8), one));
    b.jump(done);
    b.enter(miss);
    if (!map.isScalar) {
      const fresh = b.slot(8);
      b.store(fresh, 0, 8, one);
      this.update(map, key, fresh);
    }
    b.jump(done);
    b.enter(done);
  }

  /** A constant that `bind` sets, of 8 bytes. */
  protected abstract boundConstant(kind: string, e: Expression, name: string): i32;

  /** Nanoseconds since 1970; or what a map says that the environment names. */
  private seriesTime(call: Call): i32 {
    const checker = this.checker;
    for (let i = 0; i < checker.maps.length; i++) {
      const map = checker.maps[i];
      if (map.text != checker.seriesClock || !map.isScalar || !this.types.isInteger(map.valueType)) continue;
      return this.readMap(new MapAccess(call.start, call.end, map.name, call.end, null));
    }
    return this.b.binary(Op.Add, this.b.call(Helper.KtimeGetBootNs, []), this.boundConstant("tai_offset", call, ""));
  }

  /**
   * Puts a value into the interval of now. Intervals are numbered from 1970 on and have their place by that number; whoever finds
   * an older one there starts it anew. Beside the value stand when it came, or of how many it is the average, and the number.
   */
  private addToSeries(map: MapSymbol, keys: Array<Expression> | null, value: i32, call: Call): void {
    const b = this.b;
    const row = this.rowOf(map);
    const info = this.types.get(map.valueType);
    const shape = this.types.series[info.parameter];
    const average = shape.value == SeriesValue.Average;
    const now = this.seriesTime(call);
    const epoch = b.binary(Op.Div, now, b.constant(shape.interval));
    const key = map.isScalar ? this.memory(4) : this.key(map, keys);
    b.store(key, row.bucketOffset, 4, b.binary(Op.Mod, epoch, b.constant(shape.count)));
    const element = this.lookup(map, key);
    const meta = average ? b.constant(1) : now;
    const hit = b.newBlock();
    const miss = b.newBlock(true);
    const fresh = b.newBlock();
    const same = b.newBlock();
    const write = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    b.branch(b.binary(Op.Equal, b.load(element, 16, 8), epoch), same, fresh);
    b.enter(fresh);
    b.store(element, 0, 8, value);
    b.store(element, 8, 8, meta);
    b.store(element, 16, 8, epoch);
    b.jump(done);
    b.enter(same);
    const before = b.load(element, 0, 8);
    switch (shape.value) {
      case SeriesValue.Average:
      case SeriesValue.Sum:
        b.store(element, 0, 8, b.binary(Op.Add, before, value));
        if (average) b.store(element, 8, 8, b.binary(Op.Add, b.load(element, 8, 8), b.constant(1)));
        b.jump(done);
        break;
      case SeriesValue.Maximum:
        b.branch(b.binary(info.signed ? Op.Greater : Op.Above, value, before), write, done);
        break;
      case SeriesValue.Minimum:
        b.branch(b.binary(info.signed ? Op.Less : Op.Below, value, before), write, done);
        break;
      default:
        b.store(element, 8, 8, now);
        b.jump(write);
    }
    b.enter(write);
    b.store(element, 0, 8, value);
    b.jump(done);
    b.enter(miss);
    if (!map.isScalar) {
      const first = b.slot(24);
      b.store(first, 0, 8, value);
      b.store(first, 8, 8, meta);
      b.store(first, 16, 8, epoch);
      this.update(map, key, first);
    }
    b.jump(done);
    b.enter(done);
  }

  /** The bucket of `value` (features 4.4). */
  private bucket(map: MapSymbol, value: i32): i32 {
    const info = this.types.get(map.valueType);
    return info.kind == TypeKind.Histogram ? this.powerBucket(value, info.parameter) : this.linearBucket(map, value);
  }

  /**
   * n < 0: 0. n < 2^k: n + 1. Else, with l = floor(log2 n) - k: ((l + 1) << k) + ((n >> l) & (2^k - 1)) + 1.
   * The logarithm halves the width six times; as a key the result costs the verifier little, and a loop would cost it much.
   */
  private powerBucket(value: i32, bits: i32): i32 {
    const b = this.b;
    const result = b.addVariable(Type.Scalar);
    const done = b.newBlock();
    const notNegative = b.newBlock();
    const small = b.newBlock();
    const large = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.Less, value, b.constant(0)), done, notNegative);
    b.enter(notNegative);
    b.branch(b.binary(Op.Below, value, b.constant(1 << bits)), small, large);
    b.enter(small);
    b.write(result, b.binary(Op.Add, value, b.constant(1)));
    b.jump(done);
    b.enter(large);
    const logarithm = this.logarithm(value);
    if (bits == 0) b.write(result, b.binary(Op.Add, logarithm, b.constant(2)));
    else {
      const level = b.binary(Op.Sub, logarithm, b.constant(bits));
      const base = b.binary(Op.Shl, b.binary(Op.Add, level, b.constant(1)), b.constant(bits));
      const part = b.binary(Op.And, b.binary(Op.Shr, value, level), b.constant((1 << bits) - 1));
      b.write(result, b.binary(Op.Add, b.binary(Op.Add, base, part), b.constant(1)));
    }
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** floor(log2 value) of a value that is not 0. */
  private logarithm(value: i32): i32 {
    const b = this.b;
    const rest = b.addVariable(Type.Scalar);
    const result = b.addVariable(Type.Scalar);
    b.write(rest, value);
    b.write(result, b.constant(0));
    for (let width = 32; width >= 2; width >>= 1) {
      const wide = b.newBlock();
      const next = b.newBlock();
      if (width == 32) {
        // 2^32 is no immediate operand: the shifted value itself is tested.
        const high = b.binary(Op.Shr, b.read(rest), b.constant(32));
        b.branch(b.binary(Op.NotEqual, high, b.constant(0)), wide, next);
        b.enter(wide);
        b.write(rest, high);
      } else {
        b.branch(b.binary(Op.AboveEqual, b.read(rest), b.constant((<i64>1) << width)), wide, next);
        b.enter(wide);
        b.write(rest, b.binary(Op.Shr, b.read(rest), b.constant(width)));
      }
      b.write(result, b.binary(Op.Add, b.read(result), b.constant(width)));
      b.jump(next);
      b.enter(next);
    }
    return b.binary(Op.Add, b.read(result), b.binary(Op.Shr, b.read(rest), b.constant(1)));
  }

  /** n < min: 0. n >= max: the last. Else 1 + (n - min) / step. */
  private linearBucket(map: MapSymbol, value: i32): i32 {
    const b = this.b;
    const bounds = this.types.bounds[this.types.get(map.valueType).parameter];
    const result = b.addVariable(Type.Scalar);
    const done = b.newBlock();
    const notBelow = b.newBlock();
    const inside = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.Less, value, b.constant(bounds.min)), done, notBelow);
    b.enter(notBelow);
    b.write(result, b.constant(bounds.buckets - 1));
    b.branch(b.binary(Op.GreaterEqual, value, b.constant(bounds.max)), done, inside);
    b.enter(inside);
    const steps = b.binary(Op.Div, b.binary(Op.Sub, value, b.constant(bounds.min)), b.constant(bounds.step));
    b.write(result, b.binary(Op.Add, steps, b.constant(1)));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  // Plain values

  /** `@map[keys]` of a scalar value type: 0 where there is no such key. */
  protected readMap(access: MapAccess): i32 {
    const b = this.b;
    const map = this.checker.mapOf(access);
    if (this.types.isAggregate(map.valueType)) return this.readAggregate(access);
    const info = this.types.get(map.valueType);
    const type = this.addressType(map.valueType);
    const result = b.addVariable(type);
    const element = this.lookup(map, this.key(map, access.keys));
    const hit = b.newBlock();
    const done = b.newBlock();
    const miss = this.state.helperErrors ? b.newBlock(true) : done;
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    b.write(result, b.load(element, 0, info.size, info.signed, type));
    if (miss != done && map.isScalar) b.branch(b.load(element, this.rowOf(map).presenceOffset, 8), done, miss);
    else b.jump(done);
    if (miss != done) {
      b.enter(miss);
      this.reportMissingKey(access);
      b.jump(done);
    }
    b.enter(done);
    return b.read(result);
  }

  /** The number that an aggregation stands for. */
  protected abstract readAggregate(access: MapAccess): i32;

  /** What `modifyMap` found, and what it left. */
  protected before: i32 = 0;
  protected after: i32 = 0;

  /** What the IR calls a value of a scalar type. */
  protected abstract addressType(type: i32): Type;

  /** `@map[keys] = value` of a plain value. */
  protected assignMapValue(access: MapAccess, value: Expression): void {
    const b = this.b;
    const map = this.checker.mapOf(access);
    if (this.types.isScalar(map.valueType)) {
      // The value first: it may read the very element that is assigned.
      this.storeMapValue(map, access.keys, this.value(value));
      return;
    }
    const size = this.types.get(map.valueType).size;
    const memory = this.memory(this.rowOf(map).valueSize);
    this.writeTo(value, map.valueType, memory, 0);
    const padded = (size + 7) & -8;
    if (padded > size) b.zero(memory, size, padded - size);
    if (map.isScalar) b.store(memory, this.rowOf(map).presenceOffset, 8, b.constant(1));
    this.update(map, this.key(map, access.keys), memory);
  }

  /**
   * Replaces the integer of an element by `op` of it and `operand`, in place: one look-up, and no update of a key that is
   * there. Leaves the element before and after in `before` and `after`.
   */
  protected modifyMap(access: MapAccess, op: Op, operand: i32): void {
    const b = this.b;
    const map = this.checker.mapOf(access);
    const row = this.rowOf(map);
    const info = this.types.get(map.valueType);
    const before = b.addVariable(Type.Scalar);
    const after = b.addVariable(Type.Scalar);
    const key = this.key(map, access.keys);
    const element = this.lookup(map, key);
    const hit = b.newBlock();
    const miss = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    const old = b.load(element, 0, info.size, info.signed);
    if (map.isScalar && this.state.helperErrors) this.reportUnset(access, b.load(element, row.presenceOffset, 8));
    const changed = b.extend(b.binary(op, old, operand), info.size, info.signed);
    b.store(element, 0, info.size, changed);
    if (map.isScalar) b.store(element, row.presenceOffset, 8, b.constant(1));
    b.write(before, old);
    b.write(after, changed);
    b.jump(done);
    b.enter(miss);
    const first = map.isScalar ? b.constant(0) : b.extend(b.binary(op, b.constant(0), operand), info.size, info.signed);
    // An entry of an array is always there; the branch is for the verifier.
    if (!map.isScalar) {
      this.reportMissingKey(access);
      const fresh = b.slot(row.valueSize);
      if (info.size < row.valueSize) b.store(fresh, 0, 8, b.constant(0));
      b.store(fresh, 0, info.size, first);
      this.update(map, key, fresh);
    }
    b.write(before, b.constant(0));
    b.write(after, first);
    b.jump(done);
    b.enter(done);
    this.before = b.read(before);
    this.after = b.read(after);
  }

  /** Reports a scalar map that nothing has set: its entry is there all the same. */
  private reportUnset(access: MapAccess, presence: i32): void {
    const b = this.b;
    const unset = b.newBlock(true);
    const done = b.newBlock();
    b.branch(presence, done, unset);
    b.enter(unset);
    this.reportMissingKey(access);
    b.jump(done);
    b.enter(done);
  }

  protected storeMapValue(map: MapSymbol, keys: Array<Expression> | null, value: i32): void {
    const b = this.b;
    const row = this.rowOf(map);
    const size = this.types.get(map.valueType).size;
    const key = this.key(map, keys);
    if (map.isScalar) {
      const element = this.lookup(map, key);
      const hit = b.newBlock();
      const done = b.newBlock();
      b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, done);
      b.enter(hit);
      b.store(element, 0, size, value);
      b.store(element, row.presenceOffset, 8, b.constant(1));
      b.jump(done);
      b.enter(done);
      return;
    }
    const fresh = b.slot(row.valueSize);
    if (size < row.valueSize) b.store(fresh, 0, 8, b.constant(0));
    b.store(fresh, 0, size, value);
    this.update(map, key, fresh);
  }
}
