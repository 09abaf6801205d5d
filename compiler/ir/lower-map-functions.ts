// Lowering of functions about maps, and of aggregations that a program reads: what all CPUs hold, from one of them.

import { MapSymbol } from "../check/scope";
import { TypeKind } from "../check/types";
import { EventKind, EventRow, histogramBuckets } from "../object/manifest";
import { Expression, NodeKind } from "../syntax/ast";
import { Call, MapAccess, Tuple, Variable } from "../syntax/expression-nodes";
import { Builder } from "./builder";
import { Helper } from "./helpers";
import { IrFunction, Op, Type } from "./ir";
import { LoopLowering } from "./lower-loops";

/** A loop over all CPUs, between `eachCpu` and `nextCpu`. */
@final
class CpuLoop {
  constructor(
    /** IR variable: the CPU's number. */
    public cpu: i32,
    public head: i32,
    /** The element of the CPU: an address that exists. */
    public element: i32,
    public next: i32,
    public done: i32,
  ) {}
}

export abstract class MapFunctionLowering extends LoopLowering {
  // Aggregations

  /** Starts the code that runs for each CPU whose value exists. The helper is in kernels from 5.19 on. */
  private eachCpu(map: MapSymbol, key: i32, e: Expression): CpuLoop {
    const b = this.b;
    this.manifest.need("helper:map_lookup_percpu_elem", e.start, e.end);
    const cpu = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const next = b.newBlock();
    const found = b.newBlock();
    b.write(cpu, b.constant(0));
    b.jump(head);
    b.enterUnsealed(head);
    const element = b.call(Helper.MapLookupPercpuElem, [b.map(map.index), key, b.read(cpu)]);
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), found, next);
    b.enter(found);
    return new CpuLoop(cpu, head, element, next, b.newBlock());
  }

  private nextCpu(loop: CpuLoop): void {
    const b = this.b;
    b.jump(loop.next);
    b.enter(loop.next);
    const following = b.binary(Op.Add, b.read(loop.cpu), b.constant(1));
    b.write(loop.cpu, following);
    b.branch(b.binary(Op.BelowEqual, following, this.maximumCpu()), loop.head, loop.done);
    b.seal(loop.head);
    b.enter(loop.done);
  }

  /** The number that an aggregation stands for: 0 where there is none. */
  protected readAggregate(access: MapAccess): i32 {
    const map = this.checker.mapOf(access);
    return this.aggregateValue(map, this.key(map, access.keys), access);
  }

  protected aggregateValue(map: MapSymbol, key: i32, e: Expression): i32 {
    const b = this.b;
    const info = this.types.get(map.valueType);
    const result = b.addVariable(Type.Scalar);
    const count = b.addVariable(Type.Scalar);
    b.write(result, b.constant(0));
    b.write(count, b.constant(0));
    const loop = this.eachCpu(map, key, e);
    const value = b.load(loop.element, 0, 8);
    switch (info.kind) {
      case TypeKind.Minimum:
      case TypeKind.Maximum: {
        const isSet = b.newBlock();
        const first = b.newBlock();
        const other = b.newBlock();
        b.branch(b.binary(Op.NotEqual, b.load(loop.element, 8, 8), b.constant(0)), isSet, loop.next);
        b.enter(isSet);
        b.branch(b.binary(Op.Equal, b.read(count), b.constant(0)), first, other);
        b.enter(other);
        const op = info.kind == TypeKind.Minimum ? (info.signed ? Op.Less : Op.Below) : info.signed ? Op.Greater : Op.Above;
        b.branch(b.binary(op, value, b.read(result)), first, loop.next);
        b.enter(first);
        b.write(result, value);
        b.write(count, b.constant(1));
        break;
      }
      case TypeKind.Average:
        b.write(result, b.binary(Op.Add, b.read(result), value));
        b.write(count, b.binary(Op.Add, b.read(count), b.load(loop.element, 8, 8)));
        break;
      default:
        b.write(result, b.binary(Op.Add, b.read(result), value));
    }
    this.nextCpu(loop);
    return info.kind == TypeKind.Average ? this.average(b.read(result), b.read(count), info.signed) : b.read(result);
  }

  /** `total / count`, toward zero; 0 of nothing. The machine divides without signs only. */
  private average(total: i32, count: i32, signed: bool): i32 {
    const b = this.b;
    // x / 0 is 0 in BPF.
    if (!signed) return b.binary(Op.Div, total, count);
    const result = b.addVariable(Type.Scalar);
    const negative = b.newBlock();
    const positive = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.Less, total, b.constant(0)), negative, positive);
    b.enter(negative);
    b.write(result, b.negate(b.binary(Op.Div, b.negate(total), count)));
    b.jump(done);
    b.enter(positive);
    b.write(result, b.binary(Op.Div, total, count));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  // Keys

  /** Writes the key that the second argument of a map function gives; with one argument, that of `@map[key]` or of a scalar. */
  protected keyArgument(call: Call, map: MapSymbol): i32 {
    const access = <MapAccess>call.argumentList[0];
    if (call.argumentList.length == 1) return this.key(map, access.keys);
    const key = call.argumentList[1];
    return this.key(map, key.kind == NodeKind.Tuple ? (<Tuple>key).elements : [key]);
  }

  /** `has_key(@map, key)` */
  protected hasKey(call: Call): i32 {
    const map = this.checker.mapOf(<MapAccess>call.argumentList[0]);
    if (this.types.hasBuckets(map.valueType)) return this.hasBucket(call, map, false);
    const found = this.lookup(map, this.keyArgument(call, map));
    return this.isFound(found);
  }

  /** Whether any bucket of a keyed histogram has the key, which is removed from all of them if `removes`. */
  private hasBucket(call: Call, map: MapSymbol, removes: bool): i32 {
    const b = this.b;
    const key = this.keyArgument(call, map);
    const bucket = b.addVariable(Type.Scalar);
    const result = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const found = b.newBlock();
    const next = b.newBlock();
    const done = b.newBlock();
    b.write(bucket, b.constant(0));
    b.write(result, b.constant(0));
    b.jump(head);
    b.enterUnsealed(head);
    b.store(key, this.rowOf(map).bucketOffset, 4, b.read(bucket));
    const isThere = removes
      ? b.binary(Op.Equal, b.call(Helper.MapDeleteElem, [b.map(map.index), key]), b.constant(0))
      : b.binary(Op.NotEqual, this.lookup(map, key), b.constant(0));
    b.branch(isThere, found, next);
    b.enter(found);
    b.write(result, b.constant(1));
    b.jump(removes ? next : done);
    b.enter(next);
    const following = b.binary(Op.Add, b.read(bucket), b.constant(1));
    b.write(bucket, following);
    b.branch(b.binary(Op.Below, following, b.constant(this.types.bucketCount(map.valueType))), head, done);
    b.seal(head);
    b.enter(done);
    return b.read(result);
  }

  private isFound(element: i32): i32 {
    const b = this.b;
    const result = b.addVariable(Type.Scalar);
    const hit = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, done);
    b.enter(hit);
    b.write(result, b.constant(1));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** `find(@map, key, $variable)`: sets the variable where there is such a key. */
  protected find(call: Call): i32 {
    const b = this.b;
    const map = this.checker.mapOf(<MapAccess>call.argumentList[0]);
    const target = call.argumentList[2];
    const symbol = this.scopes.find((<Variable>target).name);
    const info = this.types.get(map.valueType);
    const key = this.keyArgument(call, map);
    const element = this.lookup(map, key);
    const result = b.addVariable(Type.Scalar);
    const hit = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, done);
    b.enter(hit);
    if (symbol == null) {
      // Nobody can see the variable.
    } else if (this.types.isAggregate(map.valueType)) this.assignScalar(target, this.aggregateValue(map, key, call));
    else if (this.types.isScalar(map.valueType))
      this.assignScalar(target, b.load(element, 0, info.size, info.signed, this.addressType(map.valueType)));
    else this.convert(element, 0, map.valueType, symbol.storage, 0, symbol.type);
    b.write(result, b.constant(1));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** `len(stack)`, of which the first word is the number of frames; `len(@map)`: the helper that calls a function for each element says how many there were (kernels from 5.13 on). */
  protected length(call: Call): i32 {
    const b = this.b;
    const argument = call.argumentList[0];
    if (argument.kind != NodeKind.MapAccess || (<MapAccess>argument).keys != null) {
      const place = this.ownPlace(argument);
      return b.load(place.pointer, place.offset, 8);
    }
    const access = <MapAccess>argument;
    this.manifest.need("helper:for_each_map_elem", call.start, call.end);
    return b.call(Helper.ForEachMapElem, [
      b.map(this.checker.mapOf(access).index),
      b.callback(this.nothing()),
      b.constant(0),
      b.constant(0),
    ]);
  }

  /** Index of a callback that goes on with the next element. */
  private nothing(): i32 {
    const functions = this.module.functions;
    for (let i = 0; i < functions.length; i++) if (functions[i].name == EACH_ELEMENT) return i;
    const f = new IrFunction(EACH_ELEMENT, ".text");
    const b = new Builder(f);
    b.ret(b.constant(0));
    functions.push(f);
    return functions.length - 1;
  }

  // Removal

  /** `delete(@map, key)`: 1 if the key was there. */
  protected remove(call: Call): i32 {
    const b = this.b;
    const map = this.checker.mapOf(<MapAccess>call.argumentList[0]);
    const kind = this.types.kind(map.valueType);
    if (kind >= TypeKind.Histogram) return this.removeHistogram(call, map);
    if (!map.isScalar) {
      const failure = b.call(Helper.MapDeleteElem, [b.map(map.index), this.keyArgument(call, map)]);
      return b.binary(Op.Equal, failure, b.constant(0));
    }
    const key = this.key(map, null);
    if (!this.types.isAggregate(map.valueType)) return this.clearScalar(map, key);
    const result = b.addVariable(Type.Scalar);
    b.write(result, b.constant(0));
    const loop = this.eachCpu(map, key, call);
    b.write(result, b.binary(Op.Or, b.read(result), b.load(loop.element, this.rowOf(map).presenceOffset, 8)));
    b.zero(loop.element, 0, this.rowOf(map).valueSize);
    this.nextCpu(loop);
    return b.truth(b.read(result));
  }

  /** Entries of an array cannot be removed: the value and its presence are set to zero instead. */
  private clearScalar(map: MapSymbol, key: i32): i32 {
    const b = this.b;
    const element = this.lookup(map, key);
    const result = b.addVariable(Type.Scalar);
    const hit = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, done);
    b.enter(hit);
    const row = this.rowOf(map);
    b.write(result, b.truth(b.load(element, row.presenceOffset, 8)));
    b.zero(element, 0, row.valueSize);
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** A keyed histogram has a key for each bucket; one without key is cleared by the runner. */
  private removeHistogram(call: Call, map: MapSymbol): i32 {
    const b = this.b;
    if (map.isScalar) {
      const row = new EventRow(EventKind.Clear, call.start, call.end);
      row.map = map.index;
      this.sendConstantEvent(row);
      return b.constant(1);
    }
    return this.hasBucket(call, map, true);
  }
}

/** Name of the callback of `len()`. */
const EACH_ELEMENT: string = "each_element";
