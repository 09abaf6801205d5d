// Lowering of loops. `while` and short ranges are loops in the program itself, which the verifier walks turn by turn; longer
// ranges call a function of their own by bpf_loop, which it walks once.

import { Block } from "../syntax/ast";
import { ForRange, While } from "../syntax/statement-nodes";
import { VariableSymbol } from "../check/scope";
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

export abstract class LoopLowering extends ExpressionLowering {
  private loops: Array<Loop> = [];

  protected abstract block(block: Block): void;

  protected break_(): void {
    this.b.jump(this.loops[this.loops.length - 1].exit);
  }

  protected continue_(): void {
    this.b.jump(this.loops[this.loops.length - 1].next);
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
    symbol.type = this.checker.typeOfVariable(this.context, symbol.declaration);
    symbol.storage = this.b.addVariable(Type.Scalar);
    this.b.write(symbol.storage, value);
  }

  /**
   * The body as a function of its own. It shares memory on the program's stack: the first value of the range, then what every
   * variable in scope holds (texts by address), read at the start of a turn and written back at its end.
   */
  private calledRange(statement: ForRange, from: i32, to: i32): void {
    const b = this.b;
    this.manifest.need("helper:loop", statement.start, statement.nameEnd);
    const captured = this.capture();
    const hasScratch = this.scratchSlot >= 0;
    const shared = b.slot(16 + captured.length * 8);
    b.store(shared, 0, 8, from);
    b.store(shared, 8, 8, hasScratch ? this.scratchSlot : b.constant(0));
    for (let i = 0; i < captured.length; i++) b.store(shared, captured[i].offset, 8, captured[i].isScalar ? b.read(captured[i].storage) : captured[i].storage);

    const callback = this.rangeCallback(statement, captured, hasScratch);
    const turns = b.addVariable(Type.Scalar);
    const some = b.newBlock();
    const counted = b.newBlock();
    b.write(turns, b.constant(0));
    b.branch(b.binary(Op.Greater, to, from), some, counted);
    b.enter(some);
    b.write(turns, b.binary(Op.Sub, to, from));
    b.jump(counted);
    b.enter(counted);
    b.source = statement.start;
    b.call(Helper.BpfLoop, [b.read(turns), b.callback(callback), shared, b.constant(0)]);
    for (let i = 0; i < captured.length; i++) {
      const one = captured[i];
      one.symbol.storage = one.storage;
      if (one.isScalar) b.write(one.storage, b.load(shared, one.offset, 8, false, this.addressType(one.symbol.type)));
    }
  }

  private capture(): Array<Captured> {
    const captured: Array<Captured> = [];
    const symbols = this.scopes.all;
    for (let i = 0; i < symbols.length; i++) {
      const symbol = symbols[i];
      if (symbol.storage >= 0) captured.push(new Captured(symbol, symbol.storage, 16 + captured.length * 8, this.types.isScalar(symbol.type)));
    }
    return captured;
  }

  /** Lowers the body into a function; returns its index in the module. */
  private rangeCallback(statement: ForRange, captured: Array<Captured>, hasScratch: bool): i32 {
    const outerBuilder = this.b;
    const outerFunction = this.f;
    const outerScratch = this.scratchSlot;
    const f = new IrFunction(`${outerFunction.name}_loop_${this.module.functions.length}`, ".text");
    const index = this.module.functions.length;
    this.module.functions.push(f);
    const b = new Builder(f);
    this.b = b;
    this.f = f;
    b.source = statement.start;
    const turn = b.argument(0, Type.Scalar);
    const shared = b.argument(1, Type.Stack);
    if (hasScratch) this.scratchSlot = b.load(shared, 8, 8, false, Type.Data);
    for (let i = 0; i < captured.length; i++) {
      const one = captured[i];
      const type = this.addressType(one.symbol.type);
      if (one.isScalar) {
        one.symbol.storage = b.addVariable(type);
        b.write(one.symbol.storage, b.load(shared, one.offset, 8, false, type));
      } else one.symbol.storage = b.load(shared, one.offset, 8, false, outerFunction.type[one.storage]);
    }
    const next = b.newBlock();
    const exit = b.newBlock();
    this.scopes.enter();
    this.loopVariable(statement, b.binary(Op.Add, b.load(shared, 0, 8), turn));
    this.loopBody(statement.body, exit, next);
    this.scopes.leave();
    b.jump(next);
    // What the callback returns: 0 goes on, 1 ends the loop.
    for (let result = 0; result < 2; result++) {
      b.enter(result == 0 ? next : exit);
      for (let i = 0; i < captured.length; i++) {
        if (captured[i].isScalar) b.store(shared, captured[i].offset, 8, b.read(captured[i].symbol.storage));
      }
      b.ret(b.constant(result));
    }
    this.b = outerBuilder;
    this.f = outerFunction;
    this.scratchSlot = outerScratch;
    return index;
  }
}
