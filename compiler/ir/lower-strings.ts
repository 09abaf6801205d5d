// Lowering of the functions on texts. Every text in the program's own memory has zeros behind its NUL.

import { FunctionId } from "../check/functions";
import { errorNames, NameTable, signalNames, syscallNames } from "../check/number-names";
import { Expression, NodeKind } from "../syntax/ast";
import { Call, IntegerLiteral, StringLiteral } from "../syntax/expression-nodes";
import { Helper } from "./helpers";
import { Op, Section, Type } from "./ir";
import { MapFunctionLowering } from "./lower-map-functions";
import { Place } from "./place";

export abstract class StringLowering extends MapFunctionLowering {
  /** `strncmp(a, b, n)`: 0 when the first n bytes are equal up to a NUL. */
  protected compareStrings(e: Call): i32 {
    const b = this.b;
    const list = e.argumentList;
    const left = this.ownPlace(list[0]);
    const right = this.ownPlace(list[1]);
    const shorter = min(this.types.get(list[0].typeId).size, this.types.get(list[1].typeId).size);
    if (list[2].kind != NodeKind.IntegerLiteral) return this.compareUpTo(e, left, right, shorter);
    const count = (<IntegerLiteral>list[2]).value;
    const result = b.addVariable(Type.Scalar);
    const different = b.newBlock();
    const done = b.newBlock();
    b.source = e.start;
    this.compareWords(left, right, count < <u64>shorter ? <i32>count : shorter, different);
    b.write(result, b.constant(0));
    b.jump(done);
    b.enter(different);
    b.write(result, b.constant(1));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** As `compareStrings`, with a length that is only known where the object runs: byte by byte. */
  private compareUpTo(e: Call, left: Place, right: Place, shorter: i32): i32 {
    const b = this.b;
    const count = this.value(e.argumentList[2]);
    const result = b.addVariable(Type.Scalar);
    const compare = b.newBlock();
    const next = b.newBlock();
    const different = b.newBlock();
    const equal = b.newBlock();
    const done = b.newBlock();
    const loop = this.beginCount(shorter, equal);
    const index = b.read(loop.index);
    b.branch(b.binary(Op.Below, index, count), compare, equal);
    b.enter(compare);
    const first = b.load(b.index(b.offset(left.pointer, left.offset), index), 0, 1);
    const second = b.load(b.index(b.offset(right.pointer, right.offset), index), 0, 1);
    b.branch(b.binary(Op.Equal, first, second), next, different);
    b.enter(next);
    this.endCount(loop);
    b.enter(equal);
    b.write(result, b.constant(0));
    b.jump(done);
    b.enter(different);
    b.write(result, b.constant(1));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** `strlen(text)`: what the kernel counts while it copies the text. */
  protected stringLength(e: Call): i32 {
    const b = this.b;
    const text = e.argumentList[0];
    const size = this.types.get(text.typeId).size;
    const place = this.ownPlace(text);
    const copy = this.memory((size + 7) & -8);
    b.source = e.start;
    const source = b.offset(place.pointer, place.offset);
    const copied = b.call(Helper.ProbeReadKernelStr, [copy, b.constant(size), source]);
    // The copy ends with a NUL in any case; a text that fills its memory has one byte more.
    const full = b.binary(Op.Equal, copied, b.constant(size));
    const last = b.truth(b.load(place.pointer, place.offset + size - 1, 1));
    return b.binary(Op.Add, b.binary(Op.Sub, copied, b.constant(1)), b.binary(Op.And, full, last));
  }

  /**
   * `strstr(text, part)`: where the part begins, -2 (ENOENT, as the kernel's own function has it) where it does not. At every place
   * of the text, up to its end, the part is compared: a literal in words, another text byte by byte.
   */
  protected searchString(e: Call): i32 {
    const b = this.b;
    const size = this.types.get(e.argumentList[0].typeId).size;
    const part = e.argumentList[1];
    const partSize = this.types.get(part.typeId).size;
    // Zeros behind the text: a comparison that starts in it never leaves this memory.
    const text = this.memory((size + partSize + 7) & -8);
    this.writeText(e.argumentList[0], size, text, 0, true);
    this.clear(text, size, ((size + partSize + 7) & -8) - size);
    const isLiteral = part.kind == NodeKind.StringLiteral;
    let partStart = -1;
    if (!isLiteral) {
      const place = this.ownPlace(part);
      partStart = b.offset(place.pointer, place.offset);
    }
    b.source = e.start;

    const result = b.addVariable(Type.Scalar);
    const mismatch = b.newBlock();
    const next = b.newBlock();
    const found = b.newBlock();
    const missing = b.newBlock();
    const done = b.newBlock();
    const places = this.beginCount(size, missing);
    const place = b.index(text, b.read(places.index));
    if (isLiteral) {
      const literal = <StringLiteral>part;
      let length = 0;
      while (length < <i32>literal.length && load<u8>(literal.pointer + length) != 0) length++;
      // Words on the stack must be aligned, elsewhere they need not be.
      const widest = b.f.type[text] == Type.Stack ? 1 : 8;
      if (length == 0) b.jump(found);
      else this.compareLiteral(place, literal.pointer, length, widest, found, mismatch);
    } else this.comparePart(place, partStart, partSize, found, mismatch);
    b.enter(mismatch);
    // Something may lie behind the NUL.
    b.branch(b.binary(Op.Equal, b.load(place, 0, 1), b.constant(0)), missing, next);
    b.enter(next);
    this.endCount(places);
    b.enter(found);
    b.write(result, b.read(places.index));
    b.jump(done);
    b.enter(missing);
    b.write(result, b.constant(-2));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /**
   * Whether what lies at `place` begins with `length` bytes. All words but the first are compared at once: a verifier keeps the other
   * side of each branch in mind, and 8192 are too many.
   */
  private compareLiteral(place: i32, bytes: usize, length: i32, widest: i32, found: i32, mismatch: i32): void {
    const b = this.b;
    let step = widest;
    while (step > length) step >>= 1;
    let difference = -1;
    for (let at = 0; at < length; at += step) {
      // The last word may lie over the one before.
      const from = min(at, length - step);
      let word: u64 = 0;
      for (let i = step - 1; i >= 0; i--) word = (word << 8) | <u64>load<u8>(bytes + from + i);
      const read = b.load(place, from, step);
      if (at == 0) {
        const rest = length > step ? b.newBlock() : found;
        b.branch(b.binary(Op.Equal, read, b.constant(word)), rest, mismatch);
        if (rest == found) return;
        b.enter(rest);
        continue;
      }
      const other = b.binary(Op.Xor, read, b.constant(word));
      difference = difference < 0 ? other : b.binary(Op.Or, difference, other);
    }
    b.branch(difference, mismatch, found);
  }

  /** Whether what lies at `place` begins with the text at `part`, of at most `size` bytes. */
  private comparePart(place: i32, part: i32, size: i32, found: i32, mismatch: i32): void {
    const b = this.b;
    const compare = b.newBlock();
    const same = b.newBlock();
    const bytes = this.beginCount(size, found);
    const wanted = b.load(b.index(part, b.read(bytes.index)), 0, 1);
    b.branch(b.binary(Op.Equal, wanted, b.constant(0)), found, compare);
    b.enter(compare);
    const byte = b.load(b.index(place, b.read(bytes.index)), 0, 1);
    b.branch(b.binary(Op.Equal, byte, wanted), same, mismatch);
    b.enter(same);
    this.endCount(bytes);
  }

  /** `str_concat(a, b)`: the second text is copied to where the first ended. */
  protected concatenate(e: Call, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const list = e.argumentList;
    const firstSize = this.types.get(list[0].typeId).size;
    const secondSize = this.types.get(list[1].typeId).size;
    const total = (firstSize + secondSize + 7) & -8;
    const both = this.memory(total);
    this.writeText(list[0], firstSize, both, 0, true);
    const first = this.memory((firstSize + 7) & -8);
    const second = this.ownPlace(list[1]);
    b.source = e.start;
    const copied = b.call(Helper.ProbeReadKernelStr, [first, b.constant(firstSize), both]);
    const fits = b.newBlock();
    const done = b.newBlock();
    // Says nothing new, but to the verifier.
    const end = b.binary(Op.Sub, copied, b.constant(1));
    this.clear(both, firstSize, total - firstSize);
    b.branch(b.binary(Op.Below, end, b.constant(firstSize)), fits, done);
    b.enter(fits);
    b.call(Helper.ProbeReadKernelStr, [b.index(both, end), b.constant(secondSize), b.offset(second.pointer, second.offset)]);
    b.jump(done);
    b.enter(done);
    b.copy(pointer, offset, both, 0, min(total, size));
    if (whole && size > total) this.clear(pointer, offset + total, size - total);
  }

  // Tables of names

  /** The text that the number `e` has in one of the tables of names. */
  protected numberName(id: FunctionId, e: Expression, size: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const table =
      id == FunctionId.ErrorText
        ? errorNames()
        : id == FunctionId.SignalName
          ? signalNames()
          : syscallNames(this.checker.profile.architecture);
    if (id == FunctionId.SyscallName) this.manifest.need("architecture", e.start, e.end);
    const offsets = this.nameTable(id, table);
    const count = table.names.length;
    const number = b.extend(this.value(e), 4, false);
    const place = b.addVariable(Type.Scalar);
    const known = b.newBlock();
    const done = b.newBlock();
    // The name that numbers without one have comes first.
    b.write(place, b.constant(0));
    b.branch(b.binary(Op.Below, number, b.constant(count)), known, done);
    b.enter(known);
    b.write(place, b.load(b.index(b.data(Section.Rodata, offsets), b.binary(Op.Mul, number, b.constant(2))), 0, 2));
    b.jump(done);
    b.enter(done);
    this.clear(pointer, offset, size);
    const names = b.data(Section.Rodata, offsets + ((count * 2 + 7) & -8));
    b.call(Helper.ProbeReadKernelStr, [b.offset(pointer, offset), b.constant(size), b.index(names, b.read(place))]);
  }

  /** Offset in `.rodata` of a table: u16 for each number, then the names; made on first use. */
  private nameTable(id: FunctionId, table: NameTable): i32 {
    const known = this.state.nameTables;
    for (let i = 0; i < known.length; i += 2) if (known[i] == id) return known[i + 1];
    const rodata = this.module.rodata;
    rodata.align(8);
    const offset = <i32>rodata.length;
    known.push(id);
    known.push(offset);
    const names = table.names;
    let at = table.unknown.length + 1;
    for (let i = 0; i < names.length; i++) {
      const place = names[i].length == 0 ? 0 : at;
      rodata.writeU8(<u8>place);
      rodata.writeU8(<u8>(place >> 8));
      if (place > 0) at += names[i].length + 1;
    }
    rodata.align(8);
    rodata.writeText(table.unknown);
    rodata.writeU8(0);
    for (let i = 0; i < names.length; i++) {
      if (names[i].length == 0) continue;
      rodata.writeText(names[i]);
      rodata.writeU8(0);
    }
    return offset;
  }
}
