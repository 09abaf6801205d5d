// Lowering of loops. `while` and short ranges are loops in the program itself, which the verifier walks turn by turn; longer
// ranges call a function of their own by bpf_loop, which it walks once.

import { MapSymbol, VariableSymbol } from "../check/scope";
import { alignUp, TypeInfo } from "../check/types";
import { Block, Expression } from "../syntax/ast";
import { ForMap, ForRange, FunctionBody, While } from "../syntax/statement-nodes";
import { Builder } from "./builder";
import { Helper } from "./helpers";
import { IrFunction, Op, Type } from "./ir";
import { ExpressionLowering } from "./lower-expressions";

/** Turns of a constant range up to which the loop stays in the program: no helper, and hardly work for the verifier. */
const SHORT_RANGE: i64 = 32;

/** Where `break` and `continue` go. */
@final
class Loop {
  constructor(
    public exit: i32,
    public next: i32,
  ) {}
}

/** A variable of the program while a callback works on it, in the memory that both share. */
@final
class Captured {
  constructor(
    public symbol: VariableSymbol,
    /** Where the program itself has it. */
    public storage: i32,
    /** Bytes from the start of the shared memory. */
    public offset: i32,
    public isScalar: bool,
  ) {}
}

/** The memory that a program shares with a callback. */
@final
class Shared {
  constructor(
    public address: i32,
    public captured: Array<Captured>,
  ) {}
}

/** A callback being lowered, and what its program goes on with. */
@final
class Callback {
  /** In the callback: the shared memory, and where a turn ends or ends the loop. */
  shared: i32 = 0;
  next: i32 = 0;
  exit: i32 = 0;
  /** Its body leaves the function of the script that is being lowered. */
  returnsFromFunction: bool = false;
  /** Its body leaves the probe; and does so with a value. */
  returns: bool = false;
  returnsValue: bool = false;

  constructor(
    /** Among the functions of the module. */
    public index: i32,
    public outerBuilder: Builder,
    public outerFunction: IrFunction,
    public outerScratch: i32,
    /** Offset in the shared memory of what a turn has left, a `Left`, and behind it of the probe's value. */
    public returned: i32,
  ) {}
}

/** What a turn of a callback has left. */
const enum Left {
  Nothing = 0,
  Probe = 1,
  Function = 2,
}

/** A function of the script that is being lowered. */
@final
class FunctionExit {
  constructor(
    /** The variable that `return` sets; null for a void function. */
    public result: VariableSymbol | null,
    /** Where it goes on behind the call. */
    public done: i32,
    /** Callbacks around the call. */
    public depth: i32,
  ) {}
}

export abstract class LoopLowering extends ExpressionLowering {
  /** The functions of the script around the place, innermost last. */
  private functions: Array<FunctionExit> = [];
  private loops: Array<Loop> = [];
  /** The callbacks around the place, innermost last. */
  private callbacks: Array<Callback> = [];

  protected abstract block(block: Block): void;

  protected break_(): void {
    this.b.jump(this.loops[this.loops.length - 1].exit);
  }

  protected continue_(): void {
    this.b.jump(this.loops[this.loops.length - 1].next);
  }

  /** Leaves the probe with `value`; -1: without one. In a callback that ends all loops around first. */
  protected return_(value: i32 = -1): void {
    const b = this.b;
    if (this.callbacks.length == 0) {
      this.leave(value);
      return;
    }
    const callback = this.callbacks[this.callbacks.length - 1];
    callback.returns = true;
    b.store(callback.shared, callback.returned, 8, b.constant(Left.Probe));
    if (value >= 0) {
      callback.returnsValue = true;
      b.store(callback.shared, callback.returned + 8, 8, value);
    }
    b.jump(callback.exit);
  }

  /** The body of a function of the script in the place of a call. */
  protected functionBody(statement: FunctionBody): void {
    const done = this.b.newBlock();
    const result = statement.result != 0 ? this.scopes.find(statement.result) : null;
    const loops = this.loops;
    this.loops = [];
    this.functions.push(new FunctionExit(result, done, this.callbacks.length));
    this.block(statement.body);
    this.functions.pop();
    this.loops = loops;
    this.b.jump(done);
    this.b.enter(done);
  }

  /** `return`: sets the result of the function of the script, or leaves the probe. */
  protected returnStatement(value: Expression | null): void {
    if (this.functions.length == 0) {
      this.return_(value != null ? this.value(value) : -1);
      return;
    }
    const result = this.functions[this.functions.length - 1].result;
    if (value != null && result != null) this.assignTo(result, value);
    this.leaveFunction();
  }

  protected abstract assignTo(symbol: VariableSymbol, value: Expression): void;

  private leaveFunction(): void {
    const b = this.b;
    const exit = this.functions[this.functions.length - 1];
    if (this.callbacks.length == exit.depth) {
      b.jump(exit.done);
      return;
    }
    const callback = this.callbacks[this.callbacks.length - 1];
    callback.returnsFromFunction = true;
    b.store(callback.shared, callback.returned, 8, b.constant(Left.Function));
    b.jump(callback.exit);
  }

  private loopBody(body: Block, exit: i32, next: i32): void {
    this.loops.push(new Loop(exit, next));
    this.block(body);
    this.loops.pop();
  }

  protected while_(statement: While): void {
    const b = this.b;
    const head = b.newBlock();
    const body = b.newBlock();
    const exit = b.newBlock();
    b.jump(head);
    b.enterUnsealed(head);
    this.condition(statement.condition, body, exit);
    b.enter(body);
    this.loopBody(statement.body, exit, head);
    b.jump(head);
    b.seal(head);
    b.enter(exit);
  }

  protected forRange(statement: ForRange): void {
    const b = this.b;
    const from = this.value(statement.from);
    const to = this.value(statement.to);
    if (b.isConst(from) && b.isConst(to) && b.constOf(to) - b.constOf(from) <= SHORT_RANGE) this.shortRange(statement, from, to);
    else this.calledRange(statement, from, to);
  }

  private shortRange(statement: ForRange, from: i32, to: i32): void {
    const b = this.b;
    // The script may assign its variable: the number of turns is kept apart.
    const counter = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const body = b.newBlock();
    const next = b.newBlock();
    const exit = b.newBlock();
    b.write(counter, from);
    b.jump(head);
    b.enterUnsealed(head);
    b.branch(b.binary(Op.Less, b.read(counter), to), body, exit);
    b.enter(body);
    this.scopes.enter();
    this.loopVariable(statement, b.read(counter));
    this.loopBody(statement.body, exit, next);
    this.scopes.leave();
    b.jump(next);
    b.enter(next);
    b.write(counter, b.binary(Op.Add, b.read(counter), b.constant(1)));
    b.jump(head);
    b.seal(head);
    b.enter(exit);
  }

  private loopVariable(statement: ForRange, value: i32): void {
    const symbol = this.scopes.add(statement.name, statement.nameStart);
    this.allocate(symbol);
    this.writeVariable(symbol, value);
  }

  /** A range of any length: bpf_loop calls the body. */
  private calledRange(statement: ForRange, from: i32, to: i32): void {
    const b = this.b;
    this.manifest.need("helper:loop", statement.start, statement.nameEnd);
    const shared = this.share(from);
    const callback = this.startCallback(shared, 1);
    const turn = this.b.argument(0, Type.Scalar);
    this.scopes.enter();
    this.loopVariable(statement, this.b.binary(Op.Add, this.b.load(callback.shared, 0, 8), turn));
    this.loopBody(statement.body, callback.exit, callback.next);
    this.scopes.leave();
    this.endCallback(callback, shared);

    // No call without turns: the verifier would not follow it, drop the callback as dead, and then miss it (EFAULT, 6.18).
    const some = b.newBlock();
    const done = b.newBlock();
    b.source = statement.start;
    this.prepareReturn(callback, shared);
    b.branch(b.binary(Op.Greater, to, from), some, done);
    b.enter(some);
    b.call(Helper.BpfLoop, [b.binary(Op.Sub, to, from), b.callback(callback.index), shared.address, b.constant(0)]);
    b.jump(done);
    b.enter(done);
    this.takeBack(callback, shared);
  }

  /** The elements of a map: bpf_for_each_map_elem calls the body with each. The variable is the tuple (key, value). */
  protected forMap(statement: ForMap): void {
    const b = this.b;
    this.manifest.need("helper:for_each_map_elem", statement.start, statement.nameEnd);
    const map = this.checker.mapOf(statement.map);
    const shared = this.share(b.constant(0));
    const callback = this.startCallback(shared, 3);
    this.scopes.enter();
    const symbol = this.scopes.add(statement.name, statement.nameStart);
    symbol.type = this.checker.typeOfVariable(this.context, symbol.declaration);
    const pair = this.types.get(symbol.type);
    symbol.storage = this.variableMemory(alignUp(pair.size, 8), this.checker.isAddressed(this.context, symbol.declaration));
    const key = this.b.argument(1, Type.MapValue);
    this.copyElement(symbol.storage, pair.offsets[0], key, this.types.get(map.keyType));
    // The argument is this CPU's part of an aggregation: the loop shows all of it.
    if (this.types.isAggregate(map.valueType))
      this.b.store(symbol.storage, pair.offsets[1], 8, this.aggregateValue(map, key, statement.map));
    else this.copyElement(symbol.storage, pair.offsets[1], this.b.argument(2, Type.MapValue), this.types.get(map.valueType));
    this.zeroGaps(symbol.storage, pair);
    this.loopBody(statement.body, callback.exit, callback.next);
    this.scopes.leave();
    this.endCallback(callback, shared);
    b.source = statement.start;
    this.prepareReturn(callback, shared);
    b.call(Helper.ForEachMapElem, [b.map(map.index), b.callback(callback.index), shared.address, b.constant(0)]);
    this.takeBack(callback, shared);
  }

  /** The number that an aggregation of all CPUs stands for. */
  protected abstract aggregateValue(map: MapSymbol, key: i32, e: Expression): i32;

  private copyElement(target: i32, offset: i32, source: i32, info: TypeInfo): void {
    this.b.copy(target, offset, source, 0, info.size);
  }

  /** The bytes of a pair that neither key nor value cover. */
  private zeroGaps(pointer: i32, pair: TypeInfo): void {
    const keyEnd = pair.offsets[0] + this.types.get(pair.fields[0]).size;
    const valueEnd = pair.offsets[1] + this.types.get(pair.fields[1]).size;
    if (pair.offsets[1] > keyEnd) this.b.zero(pointer, keyEnd, pair.offsets[1] - keyEnd);
    if (pair.size > valueEnd) this.b.zero(pointer, valueEnd, pair.size - valueEnd);
  }

  // Callbacks

  /**
   * Puts on the stack what a callback needs of the program: `first`, the scratch slot, then every variable in scope (texts by
   * address). A callback reads them at the start of a turn and writes them back at its end.
   */
  private share(first: i32): Shared {
    const b = this.b;
    const captured: Array<Captured> = [];
    const symbols = this.scopes.all;
    for (let i = 0; i < symbols.length; i++) {
      const symbol = symbols[i];
      if (symbol.storage >= 0)
        captured.push(new Captured(symbol, symbol.storage, 16 + captured.length * 8, this.types.isScalar(symbol.type) && !symbol.inMemory));
    }
    // At the end: whether the body returned, and with what.
    const address = b.slot(32 + captured.length * 8);
    b.store(address, 0, 8, first);
    b.store(address, 8, 8, this.scratchSlot >= 0 ? this.scratchSlot : b.constant(0));
    for (let i = 0; i < captured.length; i++)
      b.store(address, captured[i].offset, 8, captured[i].isScalar ? b.read(captured[i].storage) : captured[i].storage);
    return new Shared(address, captured);
  }

  /** Before the loop: its body has not returned. */
  private prepareReturn(callback: Callback, shared: Shared): void {
    const b = this.b;
    if (callback.returns || callback.returnsFromFunction) b.store(shared.address, callback.returned, 8, b.constant(Left.Nothing));
    if (callback.returnsValue) b.store(shared.address, callback.returned + 8, 8, b.constant(0));
  }

  /** After the loop: the variables as the callback left them; and leaves the probe if it returned. */
  private takeBack(callback: Callback, shared: Shared): void {
    const b = this.b;
    for (let i = 0; i < shared.captured.length; i++) {
      const one = shared.captured[i];
      one.symbol.storage = one.storage;
      if (one.isScalar) this.b.write(one.storage, this.b.load(shared.address, one.offset, 8, false, this.addressType(one.symbol.type)));
    }
    if (callback.returnsFromFunction) {
      const left = b.newBlock();
      const going = b.newBlock();
      b.branch(b.binary(Op.Equal, b.load(shared.address, callback.returned, 8), b.constant(Left.Function)), left, going);
      b.enter(left);
      this.leaveFunction();
      b.enter(going);
    }
    if (!callback.returns) return;
    const returned = b.newBlock();
    const done = b.newBlock();
    b.branch(b.binary(Op.NotEqual, b.load(shared.address, callback.returned, 8), b.constant(Left.Nothing)), returned, done);
    b.enter(returned);
    this.return_(callback.returnsValue ? b.load(shared.address, callback.returned + 8, 8) : -1);
    b.enter(done);
  }

  /** Begins a function of the module; what is lowered until `endCallback` goes there. `argument` is the shared memory's. */
  private startCallback(shared: Shared, argument: i32): Callback {
    const index = this.module.functions.length;
    const f = new IrFunction(`${this.f.name}_loop_${index}`, ".text");
    this.module.functions.push(f);
    const outer = this.f;
    const b = new Builder(f);
    const callback = new Callback(index, this.b, outer, this.scratchSlot, 16 + shared.captured.length * 8);
    this.callbacks.push(callback);
    b.source = this.b.source;
    this.b = b;
    this.f = f;
    callback.shared = b.argument(argument, Type.Stack);
    callback.next = b.newBlock();
    callback.exit = b.newBlock();
    if (this.scratchSlot >= 0) this.scratchSlot = b.load(callback.shared, 8, 8, false, Type.Data);
    for (let i = 0; i < shared.captured.length; i++) {
      const one = shared.captured[i];
      const type = one.isScalar ? this.addressType(one.symbol.type) : outer.type[one.storage];
      const value = b.load(callback.shared, one.offset, 8, false, type);
      if (one.isScalar) {
        one.symbol.storage = b.addVariable(type);
        b.write(one.symbol.storage, value);
      } else one.symbol.storage = value;
    }
    return callback;
  }

  private endCallback(callback: Callback, shared: Shared): void {
    const b = this.b;
    b.jump(callback.next);
    // What the callback returns: 0 goes on, 1 ends the loop.
    for (let result = 0; result < 2; result++) {
      b.enter(result == 0 ? callback.next : callback.exit);
      for (let i = 0; i < shared.captured.length; i++) {
        const one = shared.captured[i];
        if (one.isScalar) b.store(callback.shared, one.offset, 8, b.read(one.symbol.storage));
      }
      b.ret(b.constant(result));
    }
    this.callbacks.pop();
    this.b = callback.outerBuilder;
    this.f = callback.outerFunction;
    this.scratchSlot = callback.outerScratch;
  }
}
