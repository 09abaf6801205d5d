// Lowering of one attach point: predicate, statements and the calls that have an effect. One `IrFunction` each.

import { FunctionId } from "../check/functions";
import { ProbeContext } from "../check/probe-context";
import { VariableSymbol } from "../check/scope";
import { BasicType, TypeKind } from "../check/types";
import { EventKind, EventRow } from "../object/manifest";
import { Block, Expression, NodeKind, Probe, Provider, Statement } from "../syntax/ast";
import {
  BlockExpression,
  Call,
  Conditional,
  IfExpression,
  IntegerLiteral,
  MapAccess,
  OffsetOf,
  StringLiteral,
  Tuple,
  Variable,
} from "../syntax/expression-nodes";
import { BinaryOperator } from "../syntax/operators";
import {
  Assignment,
  Discard,
  ExpressionStatement,
  ForMap,
  ForRange,
  FunctionBody,
  If,
  Let,
  Return,
  Unroll,
  While,
} from "../syntax/statement-nodes";
import { IrFunction, Op, Type } from "./ir";
import { LoweringState } from "./lower-base";
import { EVENT_HEADER } from "./lower-events";
import { FunctionLowering } from "./lower-functions";
import { arithmeticOp, hasSideEffect } from "./lower-operators";

/** Values of one program at most, which only nested unrolling exceeds: they make more instructions than a branch reaches (32767). */
const MAXIMUM_VALUES: i32 = 40000;

/** Largest record of numbers that is built on the stack and copied: one call of a helper instead of two. */
const COPIED_RECORD: i32 = 32;

/** Where the peer's library reports a failed assert(): its messages name that place before the script's. */
const ASSERT_PLACE: string = "stdlib/base.bt:6:5-37";

@final
export class Lowering extends FunctionLowering {
  constructor(
    state: LoweringState,
    context: ProbeContext,
    f: IrFunction,
    /** Take a scratch slot first. */
    private scratch: bool,
  ) {
    super(state, context, f);
  }

  probe(probe: Probe): void {
    const b = this.b;
    b.source = probe.start;
    // An iterator goes on to its end, as the peer's does: what it prints is read from its file.
    if (this.context.provider == Provider.Iterator) this.leaveWithoutObject();
    else if (this.checker.exits && this.context.isTracing) this.leaveWhenStopped();
    if (this.scratch) this.acquireScratch();
    const predicate = probe.predicate;
    this.scopes.enter();
    if (predicate != null) {
      const body = b.newBlock();
      const skip = b.newBlock();
      this.condition(predicate, body, skip);
      b.enter(skip);
      this.leave();
      b.enter(body);
    }
    this.block(probe.body);
    b.source = probe.end > 0 ? probe.end - 1 : 0;
    this.leave();
    this.scopes.leave();
  }

  // Statements

  protected block(block: Block): void {
    const mark = this.openBlock(block);
    const result = block.result;
    if (result != null) this.effect(result);
    this.closeBlock(mark);
  }

  protected openBlock(block: Block): i32 {
    const variables = this.variableMark;
    this.scopes.enter();
    for (let i = 0; i < block.statements.length && !this.tooLarge; i++) {
      const mark = this.memoryMark;
      this.statement(block.statements[i]);
      this.releaseMemory(mark);
    }
    return variables;
  }

  protected closeBlock(mark: i32): void {
    this.scopes.leave();
    this.releaseVariables(mark);
  }

  /** True once the program is longer than any that loads; nothing more is lowered then. */
  get tooLarge(): bool {
    return this.f.valueCount > MAXIMUM_VALUES;
  }

  private statement(statement: Statement): void {
    const b = this.b;
    b.source = statement.start;
    switch (statement.kind) {
      case NodeKind.Block:
        this.block(<Block>statement);
        return;
      case NodeKind.Assignment:
        this.assignment(<Assignment>statement);
        return;
      case NodeKind.Let:
        this.let_(<Let>statement);
        return;
      case NodeKind.If:
        this.if_(<If>statement);
        return;
      case NodeKind.While:
        this.while_(<While>statement);
        return;
      case NodeKind.Unroll: {
        const unroll = <Unroll>statement;
        const count = <i32>(<IntegerLiteral>unroll.count).value;
        for (let i = 0; i < count && !this.tooLarge; i++) this.block(unroll.body);
        return;
      }
      case NodeKind.ExpressionStatement:
        this.effect((<ExpressionStatement>statement).expression);
        return;
      case NodeKind.Discard:
        this.effect((<Discard>statement).value);
        return;
      case NodeKind.FunctionBody:
        this.functionBody(<FunctionBody>statement);
        return;
      case NodeKind.Return:
        this.returnStatement((<Return>statement).value);
        return;
      case NodeKind.Break:
        this.break_();
        return;
      case NodeKind.Continue:
        this.continue_();
        return;
      case NodeKind.ForRange:
        this.forRange(<ForRange>statement);
        return;
      case NodeKind.ForMap:
        this.forMap(<ForMap>statement);
        return;
      default:
        assert(false, "a statement kind without a lowering");
    }
  }

  /** An expression for its effect alone. */
  private effect(e: Expression): void {
    const outer = this.expansions.enter(changetype<usize>(e));
    this.effectOf(e);
    this.expansions.current = outer;
  }

  private effectOf(e: Expression): void {
    if (e.kind == NodeKind.Call) this.call(<Call>e);
    else if (e.kind == NodeKind.Tuple) {
      const elements = (<Tuple>e).elements;
      for (let i = 0; i < elements.length; i++) this.effect(elements[i]);
    } else if (e.kind == NodeKind.BlockExpression) this.block((<BlockExpression>e).body);
    else if (e.kind == NodeKind.IfExpression) this.ifEffect(<IfExpression>e);
    else if (e.kind == NodeKind.Conditional && e.typeId <= 0) this.conditionalEffect(<Conditional>e);
    else if (e.typeId > 0 && this.types.isScalar(e.typeId)) this.value(e);
  }

  private ifEffect(e: IfExpression): void {
    const choice = this.choose(e.condition);
    this.block(e.then);
    this.otherwise(choice);
    this.effect(e.otherwise);
    this.join(choice);
  }

  /** `condition ? f() : g()` where neither has a value. */
  private conditionalEffect(e: Conditional): void {
    const b = this.b;
    const whenTrue = b.newBlock();
    const whenFalse = b.newBlock();
    const done = b.newBlock();
    this.condition(e.condition, whenTrue, whenFalse);
    b.enter(whenTrue);
    const then = e.then;
    if (then != null) this.effect(then);
    b.jump(done);
    b.enter(whenFalse);
    this.effect(e.otherwise);
    b.jump(done);
    b.enter(done);
  }

  private if_(statement: If): void {
    const b = this.b;
    const branch = this.checker.chosenBranch(statement.condition);
    if (branch >= 0) {
      const otherwise = statement.otherwise;
      if (branch == 1) this.block(statement.then);
      else if (otherwise != null) this.statement(otherwise);
      return;
    }
    const question = this.checker.questionIn(statement.condition);
    if (question != null) {
      this.fieldChoice(statement, question);
      return;
    }
    const then = b.newBlock();
    const otherwise = b.newBlock();
    const done = b.newBlock();
    const names = this.checker.branchVariables.of(this.context.index, statement);
    for (let i = 0; i < names.length; i++) this.allocate(this.scopes.add(names[i], statement.start));
    this.condition(statement.condition, then, otherwise);
    b.enter(then);
    this.block(statement.then);
    b.jump(done);
    b.enter(otherwise);
    const alternative = statement.otherwise;
    if (alternative != null) this.statement(alternative);
    b.jump(done);
    b.enter(done);
  }

  /** `if (has_field(...))`: see the checker's. */
  private fieldChoice(statement: If, question: OffsetOf): void {
    const b = this.b;
    const asksPresence = this.checker.asksPresence(statement.condition);
    const otherwise = statement.otherwise;
    const withField: Statement | null = asksPresence ? statement.then : otherwise;
    const without: Statement | null = asksPresence ? otherwise : statement.then;
    if (!this.checker.fieldExists(question)) {
      if (without != null) this.statement(without);
      return;
    }
    const present = b.newBlock();
    const absent = b.newBlock(true);
    const done = b.newBlock();
    b.branch(b.truth(this.fieldExists(question)), present, absent);
    b.enter(present);
    if (withField != null) this.statement(withField);
    b.jump(done);
    b.enter(absent);
    // Where there is no such field its place cannot be told, and the kernel says so when the object is loaded.
    if (this.checker.isLeftOut(statement)) this.return_(this.offsetOf(question));
    else if (without != null) this.statement(without);
    b.jump(done);
    b.enter(done);
  }

  private let_(statement: Let): void {
    const value = statement.value;
    // The value is computed before the name is known, so that it cannot refer to itself; it may have a variable of that name inside.
    const symbol = new VariableSymbol(statement.name, statement.nameStart);
    this.allocate(symbol);
    if (value != null) this.assignTo(symbol, value);
    else if (this.types.isScalar(symbol.type)) this.writeVariable(symbol, this.b.constant(0));
    else if (symbol.type != BasicType.None) this.clear(symbol.storage, 0, this.types.get(symbol.type).size);
    this.scopes.adopt(symbol);
  }

  protected assignTo(symbol: VariableSymbol, value: Expression): void {
    if (!this.types.isScalar(symbol.type)) {
      this.writeTo(value, symbol.type, symbol.storage, 0);
      return;
    }
    const info = this.types.get(symbol.type);
    let register = this.value(value);
    if (info.kind == TypeKind.Integer && !this.types.holds(symbol.type, value.typeId))
      register = this.b.extend(register, info.size, info.signed);
    this.writeVariable(symbol, register);
  }

  private assignment(statement: Assignment): void {
    this.updates(statement.start, statement.end);
    const target = statement.target;
    const value = statement.value;
    if (target.kind == NodeKind.MapAccess && this.types.isAggregate(value.typeId)) {
      this.aggregate(<MapAccess>target, <Call>value);
      return;
    }
    if (statement.operator != BinaryOperator.None) {
      const operator = statement.operator;
      const divides = operator == BinaryOperator.Divide || operator == BinaryOperator.Modulo;
      const inPlace = target.kind == NodeKind.MapAccess && this.types.isInteger(target.typeId) && !divides;
      if (inPlace && !hasSideEffect(value, this.checker) && !hasSideEffect(target, this.checker)) {
        this.modifyMap(<MapAccess>target, arithmeticOp(operator, false), this.value(value));
        return;
      }
      const before = this.value(target);
      const operand = this.value(value);
      if (this.types.kind(target.typeId) == TypeKind.Pointer) {
        this.assignScalar(target, this.movedPointer(before, target.typeId, operand, operator == BinaryOperator.Add ? Op.Add : Op.Sub));
        return;
      }
      this.assignScalar(
        target,
        divides
          ? this.divide(operator, before, operand, statement.operatorStart(this.module.source), value.end, false)
          : this.b.binary(arithmeticOp(operator, false), before, operand),
      );
      return;
    }
    if (target.kind == NodeKind.MapAccess) {
      // The value may hold updates of its own.
      this.assignMapValue(<MapAccess>target, value);
      return;
    }
    const variable = <Variable>target;
    const known = this.scopes.find(variable.name);
    const symbol = known != null ? known : new VariableSymbol(variable.name, variable.start);
    if (known == null) this.allocate(symbol);
    this.assignTo(symbol, value);
    if (known == null) this.scopes.adopt(symbol);
  }

  // Calls

  protected call(e: Call): i32 {
    const b = this.b;
    b.source = e.start;
    const row = this.checker.findFunction(e.name);
    if (row == null || this.checker.isBuiltinCall(e)) {
      // A builtin that was written as a call. One that is no number has no effect either.
      return this.types.isScalar(e.typeId) ? this.value(this.checker.builtinOf(e)!) : b.constant(0);
    }
    switch (row.id) {
      case FunctionId.Printf:
        this.printf(e, EventKind.Printf);
        return b.constant(0);
      case FunctionId.Cat:
        this.printf(e, EventKind.Cat);
        return b.constant(0);
      case FunctionId.System:
        this.manifest.unsafe("system()", e.start, e.end);
        this.printf(e, EventKind.System);
        return b.constant(0);
      case FunctionId.ReportError:
        this.printf(e, EventKind.ReportError);
        return b.constant(0);
      case FunctionId.ReportWarning:
        this.printf(e, EventKind.ReportWarning);
        return b.constant(0);
      case FunctionId.Print:
        this.print(e);
        return b.constant(0);
      case FunctionId.Clear:
        this.sendConstantEvent(this.mapEvent(e, EventKind.Clear));
        return b.constant(0);
      case FunctionId.Zero:
        this.sendConstantEvent(this.mapEvent(e, EventKind.Zero));
        return b.constant(0);
      case FunctionId.Getopt:
        return b.load(this.option(e), 0, 8);
      case FunctionId.Exit:
        this.exit(e);
        return b.constant(0);
      case FunctionId.Delete:
        return this.remove(e);
      case FunctionId.HasKey:
        return this.hasKey(e);
      case FunctionId.Find:
        return this.find(e);
      case FunctionId.Length:
        return this.length(e);
      case FunctionId.IsScalar:
        return b.constant(this.checker.mapOf(<MapAccess>e.argumentList[0]).isScalar ? 1 : 0);
      case FunctionId.KernelPointer:
      case FunctionId.UserPointer:
        return this.value(e.argumentList[0]);
      default:
        return this.functionValue(e, row.id);
    }
  }

  /** Sends a message: a format and its arguments. */
  private printf(e: Call, kind: EventKind): void {
    const literal = <StringLiteral>e.argumentList[0];
    const row = new EventRow(kind, e.start, e.end);
    row.text = literal.pointer;
    row.textLength = literal.length;
    this.sendValues(row, e.argumentList, 1);
  }

  private print(e: Call): void {
    const first = e.argumentList[0];
    if (first.kind != NodeKind.MapAccess || (<MapAccess>first).keys != null) {
      this.sendValues(new EventRow(EventKind.PrintValue, e.start, e.end), e.argumentList, 0);
      return;
    }
    const row = this.mapEvent(e, EventKind.PrintMap);
    if (e.argumentList.length > 1) row.top = (<IntegerLiteral>e.argumentList[1]).value;
    if (e.argumentList.length > 2) row.divisor = (<IntegerLiteral>e.argumentList[2]).value;
    this.sendConstantEvent(row);
  }

  private mapEvent(e: Call, kind: EventKind): EventRow {
    const map = this.checker.mapOf(<MapAccess>e.argumentList[0]);
    const row = new EventRow(kind, e.start, e.end);
    row.map = map.index;
    return row;
  }

  /** Sends an event with the arguments from `first` on. */
  private sendValues(row: EventRow, list: Array<Expression>, first: i32): void {
    const b = this.b;
    const types: Array<i32> = [];
    // What reading the arguments reports comes before the event, too.
    let effects = this.state.helperErrors;
    let scalars = true;
    for (let i = first; i < list.length; i++) {
      types.push(this.checker.stored(list[i].typeId));
      if (hasSideEffect(list[i], this.checker)) effects = true;
      if (!this.types.isScalar(list[i].typeId)) scalars = false;
    }
    this.layOut(row, types);
    if (types.length == 0) {
      this.sendCopy(this.constantRecord(row), row);
      return;
    }
    const id = this.addEvent(row);
    const values = new StaticArray<i32>(list.length);
    for (let i = 0; i < list.length; i++) values[i] = -1;
    if (effects) {
      // Effects happen in their order even when the event is lost: before the reservation.
      if (!scalars) {
        const copy = this.memory(row.size);
        b.store(copy, 0, 8, b.constant(id));
        this.writeArguments(row, list, first, values, copy, true);
        this.sendCopy(copy, row);
        return;
      }
      for (let i = first; i < list.length; i++) values[i] = this.value(list[i]);
    }
    b.source = row.start;
    if (scalars && row.size <= min(COPIED_RECORD, this.state.onStackLimit)) {
      const lost = b.newBlock(true);
      this.enterRoom(row, lost);
      const copy = b.slot(row.size);
      b.store(copy, 0, 8, b.constant(id));
      this.writeArguments(row, list, first, values, copy, true);
      b.source = row.start;
      this.sendInRoom(copy, row, lost);
      return;
    }
    const record = this.reserveEvent(id, row);
    const done = this.eventDone;
    this.writeArguments(row, list, first, values, record, false);
    b.source = row.start;
    this.submitEvent(record, row, done);
  }

  /** Writes the arguments of an event behind its header: from `values` where they are known. */
  private writeArguments(row: EventRow, list: Array<Expression>, first: i32, values: StaticArray<i32>, record: i32, whole: bool): void {
    const b = this.b;
    let end = EVENT_HEADER;
    for (let i = first; i < list.length; i++) {
      const type = row.types[i - first];
      const offset = row.offsets[i - first];
      const info = this.types.get(type);
      if (offset > end) b.zero(record, end, offset - end);
      end = offset + info.size;
      if (whole && offset + 8 == row.size && this.types.isScalar(type)) {
        // One store for a number and the padding behind it. Extended without a sign, for which nothing has to be computed.
        const value = values[i] >= 0 ? values[i] : this.value(list[i]);
        b.store(record, offset, 8, b.extend(value, info.size, false));
        end = row.size;
      } else if (values[i] >= 0) b.store(record, offset, info.size, values[i]);
      else if (info.kind == TypeKind.String) this.writeText(list[i], info.size, record, offset, whole);
      else this.writeTo(list[i], type, record, offset);
    }
    if (whole && row.size > end) b.zero(record, end, row.size - end);
  }

  /** `assert(condition, message)`: unless the condition holds, an error and the end, with exit code 1. */
  protected assertion(e: Call): void {
    const b = this.b;
    const failed = b.newBlock(true);
    const done = b.newBlock();
    this.condition(e.argumentList[0], done, failed);
    b.enter(failed);
    const row = new EventRow(EventKind.ReportError, e.start, e.end);
    row.library = ASSERT_PLACE;
    const format = String.UTF8.encode("assert failed: %s");
    row.text = changetype<usize>(format);
    row.textLength = format.byteLength;
    this.sendValues(row, e.argumentList, 1);
    this.sendExit(e, b.constant(1));
    b.enter(done);
  }

  private sendExit(e: Call, code: i32): void {
    const b = this.b;
    const row = new EventRow(EventKind.Exit, e.start, e.end);
    this.layOut(row, [BasicType.Uint64]);
    const id = this.addEvent(row);
    const record = b.slot(row.size);
    b.store(record, 0, 8, b.constant(id));
    b.store(record, row.offsets[0], 8, code);
    this.sendFromStack(record, row);
    this.markStopped();
    this.return_();
  }

  private exit(e: Call): void {
    if (e.argumentList.length > 0) {
      this.sendExit(e, this.value(e.argumentList[0]));
      return;
    }
    this.sendConstantEvent(new EventRow(EventKind.Exit, e.start, e.end));
    this.markStopped();
    this.leave();
  }
}
