// Lowering of == and != between values in memory: word by word, which is what makes `comm == "dd"` one instruction.

import { TypeKind } from "../check/types";
import { Expression, NodeKind } from "../syntax/ast";
import { Binary, Call, StringLiteral, Variable } from "../syntax/expression-nodes";
import { Op, Type } from "./ir";
import { MemoryLowering } from "./lower-memory";
import { Place } from "./place";

/** Bytes up to which a comparison is unrolled; a loop compares more. */
const MAXIMUM_UNROLLED: i32 = 64;

export abstract class ComparisonLowering extends MemoryLowering {
  /** Branches on whether two values that are no scalars are equal. */
  protected compareMemory(e: Binary, whenEqual: i32, whenDifferent: i32): void {
    const isText = this.types.kind(e.left.typeId) == TypeKind.String;
    if (isText && (e.left.kind == NodeKind.StringLiteral || e.right.kind == NodeKind.StringLiteral)) {
      this.compareText(e, whenEqual, whenDifferent);
      return;
    }
    const left = this.ownPlace(e.left);
    const right = this.ownPlace(e.right);
    this.b.source = e.operatorStart;
    this.comparePlaces(left, e.left.typeId, right, e.right.typeId, whenDifferent);
    this.b.jump(whenEqual);
  }

  /** Goes on in a fresh block if the two values are equal. */
  private comparePlaces(left: Place, leftType: i32, right: Place, rightType: i32, whenDifferent: i32): void {
    const a = this.types.get(leftType);
    const c = this.types.get(rightType);
    switch (a.kind) {
      case TypeKind.Tuple:
        for (let i = 0; i < a.fields.length; i++) {
          const other = c.indexIn(a, i);
          const one = new Place(left.space, left.pointer, left.offset + a.offsets[i]);
          this.comparePlaces(
            one,
            a.fields[i],
            new Place(right.space, right.pointer, right.offset + c.offsets[other]),
            c.fields[other],
            whenDifferent,
          );
        }
        return;
      case TypeKind.String:
      case TypeKind.Array:
      case TypeKind.Buffer:
        // Behind the NUL of a text in memory there are zeros: words can be compared (features T14: up to the smaller size).
        this.compareWords(left, right, min(a.size, c.size), whenDifferent);
        return;
      default: {
        const b = this.b;
        const next = b.newBlock();
        b.branch(b.binary(Op.Equal, this.readPlace(left, leftType), this.readPlace(right, rightType)), next, whenDifferent);
        b.enter(next);
      }
    }
  }

  protected compareWords(left: Place, right: Place, size: i32, whenDifferent: i32): void {
    const b = this.b;
    // The stack is accessed at multiples of the access size only.
    let step = 8;
    while (((left.offset | right.offset) & (step - 1)) != 0) step >>= 1;
    let at = 0;
    if (size > MAXIMUM_UNROLLED) {
      at = size & -step;
      this.compareLoop(left, right, at, step, whenDifferent);
    }
    while (at < size) {
      while (step > size - at) step >>= 1;
      const next = b.newBlock();
      b.branch(
        b.binary(Op.Equal, b.load(left.pointer, left.offset + at, step), b.load(right.pointer, right.offset + at, step)),
        next,
        whenDifferent,
      );
      b.enter(next);
      at += step;
    }
  }

  /** `memcmp(a, b, length)`: of the first bytes that differ, within what both values have, the difference; else 0. */
  protected compareMemories(call: Call): i32 {
    const b = this.b;
    const list = call.argumentList;
    const left = this.bytesOf(list[0]);
    const right = this.bytesOf(list[1]);
    const size = min(this.types.get(list[0].typeId).size, this.types.get(list[1].typeId).size);
    const length = this.bounded(this.value(list[2]), size);
    const index = b.addVariable(Type.Scalar);
    const result = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const body = b.newBlock();
    const next = b.newBlock();
    const done = b.newBlock();
    b.write(index, b.constant(0));
    b.write(result, b.constant(0));
    b.jump(head);
    b.enterUnsealed(head);
    const at = b.read(index);
    const within = b.newBlock();
    b.branch(b.binary(Op.Below, at, b.constant(size)), within, done);
    b.enter(within);
    b.branch(b.binary(Op.Below, at, length), body, done);
    b.enter(body);
    const difference = b.binary(Op.Sub, b.load(b.index(left, at), 0, 1), b.load(b.index(right, at), 0, 1));
    b.write(result, difference);
    b.branch(b.binary(Op.Equal, difference, b.constant(0)), next, done);
    b.enter(next);
    b.write(index, b.binary(Op.Add, at, b.constant(1)));
    b.jump(head);
    b.seal(head);
    b.enter(done);
    return b.read(result);
  }

  /** Address in own memory of the bytes of a value. */
  private bytesOf(e: Expression): i32 {
    const b = this.b;
    if (!this.types.isScalar(e.typeId)) {
      const place = this.ownPlace(e);
      return b.offset(place.pointer, place.offset);
    }
    const copy = b.slot(8);
    b.store(copy, 0, 8, this.value(e));
    return copy;
  }

  /** The smaller of a number, seen as unsigned, and a constant. */
  protected abstract bounded(value: i32, limit: i32): i32;

  /** Compares `size` bytes, a multiple of `step`, in a loop that the verifier sees the end of. */
  private compareLoop(left: Place, right: Place, size: i32, step: i32, whenDifferent: i32): void {
    const b = this.b;
    const index = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const next = b.newBlock();
    const done = b.newBlock();
    const first = b.offset(left.pointer, left.offset);
    const second = b.offset(right.pointer, right.offset);
    b.write(index, b.constant(0));
    b.jump(head);
    b.enterUnsealed(head);
    const at = b.read(index);
    b.branch(b.binary(Op.Equal, b.load(b.index(first, at), 0, step), b.load(b.index(second, at), 0, step)), next, whenDifferent);
    b.enter(next);
    const following = b.binary(Op.Add, at, b.constant(step));
    b.write(index, following);
    b.branch(b.binary(Op.Below, following, b.constant(size)), head, done);
    b.seal(head);
    b.enter(done);
  }

  /**
   * Text against a literal: equal when all bytes up to and including the NUL are (features T14: up to the smaller size).
   * Compared in words, which is what makes `comm == "dd"` one instruction.
   */
  private compareText(e: Binary, whenEqual: i32, whenDifferent: i32): void {
    const b = this.b;
    const literalRight = e.right.kind == NodeKind.StringLiteral;
    const literal = <StringLiteral>(literalRight ? e.right : e.left);
    const text = literalRight ? e.left : e.right;
    if (text.kind == NodeKind.StringLiteral) {
      const other = <StringLiteral>text;
      const equal = other.length == literal.length && memory.compare(other.pointer, literal.pointer, literal.length) == 0;
      b.jump(equal ? whenEqual : whenDifferent);
      return;
    }
    const size = this.types.get(text.typeId).size;
    let count = min(<i32>literal.length + 1, size);
    // A task's name is short: with zeros around it, whole words can be compared.
    const isName = this.isCommandName(text);
    if (isName) count = (count + 7) & -8;
    const pointer = this.textPrefix(text, isName ? count : count + 1, isName);
    this.compareBytes(pointer, literal.pointer, <i32>literal.length, count, whenEqual, whenDifferent);
  }

  /** Whether a text begins with `bytes`, or with `isWhole` consists of them. */
  protected comparePrefix(text: Expression, bytes: Array<u8>, isWhole: bool, whenEqual: i32, whenDifferent: i32): void {
    const size = this.types.get(text.typeId).size;
    const length = bytes.length;
    if (length > size) {
      this.b.jump(whenDifferent);
      return;
    }
    const count = isWhole ? min(length + 1, size) : length;
    const pointer = this.textPrefix(text, min(count + 1, size), false);
    this.compareBytes(pointer, bytes.dataStart, length, count, whenEqual, whenDifferent);
  }

  /** Compares `count` bytes with `length` bytes and zeros behind them. */
  private compareBytes(pointer: i32, bytes: usize, length: i32, count: i32, whenEqual: i32, whenDifferent: i32): void {
    const b = this.b;
    let at = 0;
    while (at < count) {
      let step = 8;
      while (step > count - at) step >>= 1;
      let word: u64 = 0;
      for (let i = step - 1; i >= 0; i--) {
        const byte: u8 = at + i < length ? load<u8>(bytes + at + i) : 0;
        word = (word << 8) | <u64>byte;
      }
      const next = at + step < count ? b.newBlock() : whenEqual;
      b.branch(b.binary(Op.Equal, b.load(pointer, at, step), b.constant(word)), next, whenDifferent);
      if (next != whenEqual) b.enter(next);
      at += step;
    }
  }

  /** Address of memory that holds at least the first `wanted` bytes of a text, or all of it; `padded` with zeros behind the NUL. */
  protected textPrefix(e: Expression, wanted: i32, padded: bool): i32 {
    if (e.kind == NodeKind.Variable) return this.scopes.find((<Variable>e).name)!.storage;
    const size = this.types.get(e.typeId).size;
    const pointer = this.memory(padded ? size : min(size, wanted));
    if (padded) this.b.zero(pointer, 0, wanted);
    this.writeText(e, padded ? size : min(size, wanted), pointer, 0, false);
    return pointer;
  }
}
