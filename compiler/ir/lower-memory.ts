// Lowering of values into memory: texts, arrays, tuples, records and structs.

import { Recipe } from "../check/builtins";
import { FunctionId } from "../check/functions";
import { PARAMETER_TEXT } from "../check/options";
import { AddressSpace, TypeKind } from "../check/types";
import { Block, Expression, NodeKind } from "../syntax/ast";
import {
  BlockExpression,
  Call,
  Cast,
  Conditional,
  FieldAccess,
  Identifier,
  IfExpression,
  IntegerLiteral,
  MapAccess,
  PositionalParameter,
  Record,
  StringLiteral,
  Tuple,
  Variable,
} from "../syntax/expression-nodes";
import { Helper } from "./helpers";
import { Op, Type } from "./ir";
import { PlaceLowering } from "./lower-places";
import { Place } from "./place";

/** The blocks of a choice between two values. */
@final
class Choice {
  constructor(
    public otherwise: i32,
    public done: i32,
  ) {}
}

export abstract class MemoryLowering extends PlaceLowering {
  /** Branches on `e`, without making a number of it. */
  protected abstract condition(e: Expression, whenTrue: i32, whenFalse: i32): void;

  /** Lowers the statements of a block that has a value, and leaves its scope open for the value; returns what closes it. */
  protected abstract openBlock(block: Block): i32;

  protected abstract closeBlock(mark: i32): void;

  /** Address of the constant that `bind` sets for a positional parameter. */
  protected abstract parameter(e: PositionalParameter, kind: string, size: i32): i32;

  /** Writes the value of a call that is no scalar; `size` bytes for a text. */
  protected abstract writeCall(e: Call, type: i32, size: i32, pointer: i32, offset: i32, whole: bool): void;

  /** Writes the value of a builtin that is no scalar. */
  protected abstract writeBuiltin(e: Identifier, type: i32, size: i32, pointer: i32, offset: i32, whole: bool): void;

  /** Address of the constant that `bind` sets for a named parameter. */
  protected abstract option(e: Call): i32;

  /** Text of at most `own` bytes that the object holds; the rest of `size` zero when `whole`. */
  protected copyBounded(from: i32, own: i32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    if (whole) this.clear(pointer, offset, size);
    b.call(Helper.ProbeReadKernelStr, [b.offset(pointer, offset), b.constant(min(own, size)), from]);
  }

  /** Starts the code of the first of two alternatives. */
  protected choose(condition: Expression): Choice {
    const b = this.b;
    const first = b.newBlock();
    const choice = new Choice(b.newBlock(), b.newBlock());
    this.condition(condition, first, choice.otherwise);
    b.enter(first);
    return choice;
  }

  /** Starts the code of the second. */
  protected otherwise(choice: Choice): void {
    this.b.jump(choice.done);
    this.b.enter(choice.otherwise);
  }

  protected join(choice: Choice): void {
    this.b.jump(choice.done);
    this.b.enter(choice.done);
  }

  protected isCommandName(e: Expression): bool {
    if (e.kind != NodeKind.Identifier) return false;
    const row = this.checker.findBuiltin((<Identifier>e).name);
    return row != null && row.recipe == Recipe.CommandName;
  }

  protected writeTo(e: Expression, type: i32, pointer: i32, offset: i32): void {
    const outer = this.subject;
    this.subject = e;
    const expansion = this.expansions.enter(changetype<usize>(e));
    this.writeValue(e, type, pointer, offset);
    this.expansions.current = expansion;
    this.subject = outer;
  }

  private writeValue(e: Expression, type: i32, pointer: i32, offset: i32): void {
    if (this.types.kind(type) == TypeKind.String) this.writeText(e, this.types.get(type).size, pointer, offset, true);
    else if (this.types.isScalar(type)) this.b.store(pointer, offset, this.types.get(type).size, this.value(e));
    else if (!this.writeChoice(e, type, pointer, offset)) this.writeCompound(e, type, pointer, offset);
  }

  /** Writes the value of an expression that chooses among others, or ends a block; false if `e` is none. */
  private writeChoice(e: Expression, type: i32, pointer: i32, offset: i32): bool {
    switch (e.kind) {
      case NodeKind.Conditional: {
        const conditional = <Conditional>e;
        const blocks = this.choose(conditional.condition);
        this.writeTo(conditional.then!, type, pointer, offset);
        this.otherwise(blocks);
        this.writeTo(conditional.otherwise, type, pointer, offset);
        this.join(blocks);
        return true;
      }
      case NodeKind.IfExpression: {
        const choice = <IfExpression>e;
        const blocks = this.choose(choice.condition);
        this.writeBlock(choice.then, type, pointer, offset);
        this.otherwise(blocks);
        this.writeTo(choice.otherwise, type, pointer, offset);
        this.join(blocks);
        return true;
      }
      case NodeKind.BlockExpression:
        this.writeBlock((<BlockExpression>e).body, type, pointer, offset);
        return true;
      default:
        return false;
    }
  }

  private writeBlock(block: Block, type: i32, pointer: i32, offset: i32): void {
    const mark = this.openBlock(block);
    this.writeTo(block.result!, type, pointer, offset);
    this.closeBlock(mark);
  }

  /** Arrays, tuples, records and structs. */
  private writeCompound(e: Expression, type: i32, pointer: i32, offset: i32): void {
    switch (e.kind) {
      case NodeKind.Tuple:
        this.writeTuple((<Tuple>e).elements, type, pointer, offset);
        return;
      case NodeKind.Record:
        this.writeRecord(<Record>e, type, pointer, offset);
        return;
      case NodeKind.TypeInformation:
        this.writeCompound(this.checker.standIn(e)!, type, pointer, offset);
        return;
      case NodeKind.MapAccess:
        this.copyFromMap(<MapAccess>e, type, pointer, offset);
        return;
      case NodeKind.Cast:
        this.writeCast(<Cast>e, type, pointer, offset);
        return;
      case NodeKind.FieldAccess:
        if (this.isArguments(<FieldAccess>e)) {
          this.writeArgument(<FieldAccess>e, this.types.get(type).size, pointer, offset, true);
          return;
        }
        break;
      case NodeKind.Call:
        this.writeCall(<Call>e, type, this.types.get(type).size, pointer, offset, true);
        return;
      case NodeKind.Identifier:
        this.writeBuiltin(<Identifier>e, type, this.types.get(type).size, pointer, offset, true);
        return;
      default:
        break;
    }
    this.copyPlace(this.place(e), e.typeId, type, pointer, offset);
  }

  /** The values in the order of the script, each where the type has its field; the gaps zero. */
  private writeRecord(e: Record, type: i32, pointer: i32, offset: i32): void {
    const info = this.types.get(type);
    const own = this.types.get(e.typeId);
    let end = 0;
    for (let i = 0; i < info.fields.length; i++) {
      if (info.offsets[i] > end) this.b.zero(pointer, offset + end, info.offsets[i] - end);
      end = info.offsets[i] + this.types.get(info.fields[i]).size;
    }
    if (info.size > end) this.b.zero(pointer, offset + end, info.size - end);
    for (let i = 0; i < e.values.length; i++) {
      const field = info.indexIn(own, i);
      this.writeTo(e.values[i], info.fields[field], pointer, offset + info.offsets[field]);
    }
  }

  /** Bytes of a number, a text or another array as an array. */
  private writeCast(e: Cast, type: i32, pointer: i32, offset: i32): void {
    const size = this.types.get(type).size;
    const operand = e.operand;
    if (this.types.isScalar(operand.typeId)) this.writeNumber(this.value(operand), size, pointer, offset);
    else if (this.types.kind(operand.typeId) == TypeKind.String) this.writeText(operand, size, pointer, offset, true);
    else this.copyPlace(this.place(operand), operand.typeId, operand.typeId, pointer, offset);
  }

  /** The low `size` bytes, up to 8, of a number. */
  private writeNumber(value: i32, size: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    let at = 0;
    for (let step = 8; step > 0; step >>= 1) {
      if ((size & step) == 0) continue;
      b.store(pointer, offset + at, step, at == 0 ? value : b.binary(Op.Shr, value, b.constant(at * 8)));
      at += step;
    }
  }

  /**
   * Writes a text into `size` bytes. With `whole` every byte is set, as keys and values need it; without, only those up to
   * the NUL, as a reader of text needs it.
   */
  protected writeText(e: Expression, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const outer = this.subject;
    this.subject = e;
    const expansion = this.expansions.enter(changetype<usize>(e));
    this.writeTextOf(e, size, pointer, offset, whole);
    this.expansions.current = expansion;
    this.subject = outer;
  }

  private writeTextOf(e: Expression, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    b.source = e.start;
    switch (e.kind) {
      case NodeKind.StringLiteral: {
        const literal = <StringLiteral>e;
        this.writeBytes(literal.pointer, literal.length, size, pointer, offset, whole);
        return;
      }
      case NodeKind.Identifier:
        if (this.isCommandName(e)) {
          // Kernels from 6.1 to 6.5 leave what follows the NUL as it was.
          if (whole) b.zero(pointer, offset, size);
          b.call(Helper.GetCurrentComm, [b.offset(pointer, offset), b.constant(min(size, 16))]);
        } else this.writeBuiltin(<Identifier>e, e.typeId, size, pointer, offset, whole);
        return;
      case NodeKind.Variable: {
        const own = this.types.get(e.typeId).size;
        b.copy(pointer, offset, this.scopes.find((<Variable>e).name)!.storage, 0, min(own, size));
        if (whole && size > own) b.zero(pointer, offset + own, size - own);
        return;
      }
      case NodeKind.MapAccess:
        this.copyFromMap(<MapAccess>e, this.types.text(size), pointer, offset);
        return;
      case NodeKind.FieldAccess:
        if (this.isArguments(<FieldAccess>e)) this.writeArgument(<FieldAccess>e, size, pointer, offset, whole);
        else this.copyPlace(this.place(e), e.typeId, this.types.text(size), pointer, offset);
        return;
      case NodeKind.Binary:
        this.writeText(this.checker.standIn(e)!, size, pointer, offset, whole);
        return;
      case NodeKind.Cast:
        this.writeText((<Cast>e).operand, size, pointer, offset, whole);
        return;
      case NodeKind.Call: {
        const call = <Call>e;
        const standIn = this.checker.standIn(e);
        if (standIn != null) {
          this.writeText(standIn, size, pointer, offset, whole);
          return;
        }
        const row = this.checker.findFunction(call.name);
        if (row != null && row.id == FunctionId.Getopt) this.copyBounded(this.option(call), PARAMETER_TEXT, size, pointer, offset, whole);
        else if (row != null && row.id == FunctionId.Str) this.readText(call, size, pointer, offset, whole);
        else this.writeCall(call, e.typeId, size, pointer, offset, whole);
        return;
      }
      case NodeKind.Conditional:
      case NodeKind.IfExpression:
      case NodeKind.BlockExpression:
        // Whatever is chosen sets every byte.
        this.writeChoice(e, this.types.text(size), pointer, offset);
        return;
      default:
        this.copyPlace(this.place(e), e.typeId, this.types.text(size), pointer, offset);
    }
  }

  protected writeBytes(bytes: usize, length: u32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const count = whole ? size : min(size, <i32>length + 1);
    let at = 0;
    while (at < count) {
      let step = 8;
      while (step > count - at || ((offset + at) & (step - 1)) != 0) step >>= 1;
      let word: u64 = 0;
      for (let i = step - 1; i >= 0; i--) {
        const byte: u8 = <u32>(at + i) < length ? load<u8>(bytes + at + i) : 0;
        word = (word << 8) | <u64>byte;
      }
      // A store of fewer than 8 bytes keeps its constant in 32 bits.
      b.store(pointer, offset + at, step, b.constant(step == 4 ? <i64>(<i32>word) : <i64>word));
      at += step;
    }
  }

  /** `str(address[, length])` into `size` bytes; what follows the text is zero when `whole`. */
  private readText(call: Call, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const address = call.argumentList[0];
    const own = this.types.get(call.typeId).size;
    if (address.kind == NodeKind.StringLiteral && call.argumentList.length == 2 && call.argumentList[1].kind == NodeKind.IntegerLiteral) {
      const literal = <StringLiteral>address;
      this.writeBytes(literal.pointer, min(literal.length, <u32>(own - 1)), size, pointer, offset, whole);
      return;
    }
    let count = min(size, own);
    let limit = -1;
    if (call.argumentList.length == 2) {
      const length = call.argumentList[1];
      // A literal length counts the NUL, and leaves room for one more.
      if (length.kind == NodeKind.IntegerLiteral) {
        if ((<IntegerLiteral>length).value < <u64>own) count = min(count, <i32>(<IntegerLiteral>length).value);
      } else limit = this.atMost(this.value(length), count);
    }
    if (address.kind == NodeKind.PositionalParameter) {
      const text = this.parameter(<PositionalParameter>address, "parameter_text", PARAMETER_TEXT);
      this.readTextAt(new Place(AddressSpace.Kernel, text, 0), count, limit, size, pointer, offset, whole);
      return;
    }
    let place: Place;
    if (this.types.isScalar(address.typeId)) {
      const known = this.types.get(address.typeId).space;
      place = new Place(known != AddressSpace.None ? known : this.context.space, this.value(address), 0);
    } else place = this.place(address);
    this.readTextAt(place, count, limit, size, pointer, offset, whole);
    if (limit < 0 && count == own && count == this.checker.maximumString) this.readLastByte(place, count, pointer, offset);
  }

  /** The result of the read helper that `readTextAt` called last. */
  private textLength: i32 = -1;

  /** At most `count` bytes of text at `place`, its NUL included, or `limit` (an IR value) of them. */
  private readTextAt(place: Place, count: i32, limit: i32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    if (whole) this.clear(pointer, offset, size);
    else if (limit >= 0 || count == 0) b.store(pointer, offset, 1, b.constant(0));
    if (count == 0) return;
    const helper = place.space == AddressSpace.User ? Helper.ProbeReadUserStr : Helper.ProbeReadKernelStr;
    this.textLength = b.call(helper, [
      b.offset(pointer, offset),
      limit >= 0 ? limit : b.constant(count),
      b.offset(place.pointer, place.offset),
    ]);
    this.checkRead(this.textLength, helper);
  }

  /** The helper ends every text with a NUL: of one that was cut off, the last byte is read by itself, so that it shows as cut off. */
  private readLastByte(place: Place, count: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const cut = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.binary(Op.Equal, this.textLength, b.constant(count)), cut, done);
    b.enter(cut);
    const helper = place.space == AddressSpace.User ? Helper.ProbeReadUser : Helper.ProbeReadKernel;
    b.call(helper, [b.offset(pointer, offset + count - 1), b.constant(1), b.offset(place.pointer, place.offset + count - 1)]);
    b.jump(done);
    b.enter(done);
  }

  /** The smaller of an unsigned `value` and a constant. */
  private atMost(value: i32, most: i32): i32 {
    const b = this.b;
    const result = b.addVariable(Type.Scalar);
    const more = b.newBlock(true);
    const done = b.newBlock();
    b.write(result, value);
    b.branch(b.binary(Op.Above, value, b.constant(most)), more, done);
    b.enter(more);
    b.write(result, b.constant(most));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** The value of a map as `type`, which may be wider than the map's own; zeros where there is no such key. */
  private copyFromMap(e: MapAccess, type: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const map = this.checker.mapOf(e);
    const size = this.types.get(type).size;
    const element = this.lookup(map, this.key(map, e.keys));
    const hit = b.newBlock();
    const miss = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, element, b.constant(0)), hit, miss);
    b.enter(hit);
    this.convert(element, 0, map.valueType, pointer, offset, type);
    b.jump(done);
    b.enter(miss);
    this.reportMissingKey(e);
    this.clear(pointer, offset, size);
    b.jump(done);
    b.enter(done);
  }
}
