// Names, probes and types of a whole script.
//
// The types of maps and variables are a fixpoint: the probes are walked until nothing widens any more. Every attach point is
// walked by itself, because the types in a body depend on it (two tracepoints have different fields). The last walk of an
// attach point reports, and leaves the annotations that its lowering reads: `check` must be followed by that lowering.

import { Code } from "../source/diagnostics";
import { isWellFormed } from "../source/well-formed";
import { AttachPoint, Block, Expression, NodeKind, Probe, Program, Provider, Statement } from "../syntax/ast";
import { Call, IntegerLiteral, MapAccess, Unary, Variable } from "../syntax/expression-nodes";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { providerName } from "../syntax/providers";
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
import { readTarget } from "./attach-points";
import { CallChecker } from "./calls";
import { FunctionId } from "./functions";
import { ProbeContext } from "./probe-context";
import { declarationOf, MapSymbol, VariableSymbol } from "./scope";
import { closest } from "./suggestion";
import { BasicType, TypeKind } from "./types";

/** How often one type can widen: through the integer widths and signs, or from text to longer text. */
const WIDENINGS: i32 = 4;

/** Walks after which a script whose types still widen is given up. */
const MAXIMUM_WALKS: i32 = 1000;

/** Times that `unroll` repeats its body at most, as in the peer. */
export const MAXIMUM_UNROLL: u64 = 100;

const WHILE_HINT: string =
  "For loops support ranges (e.g. `for ($x : $start..$end) { ... }`), and can be used in place of while. These are more easily proven to be bounded by the verifier.";

@final
export class Checker extends CallChecker {
  /** Every attach point of the script, in order, with the probe it belongs to. */
  contexts: Array<ProbeContext> = [];
  private probes: Array<Probe> = [];
  /** What to do about probes that the host lacks: `error`, `warn` or `ignore`. */
  missingProbes: string = "error";
  /** Choices by has_field() one of whose branches could not be compiled. */
  private leftOut: Set<usize> = new Set();
  /** The function of the script whose body is checked. */
  private function: FunctionBody | null = null;
  /** The statement that is checked next is the last of its block. */
  private isLast: bool = false;

  /** Infers all types. After it, `needs` says whether facts are missing. */
  infer(program: Program): void {
    this.reporting = true;
    this.define(program);
    for (let i = 0; i < program.mapDeclarations.length; i++) this.declareMap(program.mapDeclarations[i]);
    this.reporting = false;
    for (let i = 0; i < program.probes.length; i++) {
      const probe = program.probes[i];
      for (let j = 0; j < probe.attachPoints.length; j++) {
        this.contexts.push(new ProbeContext(probe.attachPoints[j], this.contexts.length, i));
        this.probes.push(probe);
      }
    }
    for (let i = 0; i < program.unusedFunctions.length; i++) {
      const probe = program.unusedFunctions[i];
      const context = new ProbeContext(probe.attachPoints[0], this.contexts.length, program.probes.length + i);
      context.isUnused = true;
      this.contexts.push(context);
      this.probes.push(probe);
    }
    this.reporting = true;
    for (let i = 0; i < this.contexts.length; i++) this.attachPoint(this.contexts[i]);
    this.checkNames();
    this.checkIterators();
    this.reporting = false;
    this.changed = true;
    for (let walk = 0; this.changed; walk++) {
      // Each walk that changes something widens at least one type.
      const enough = min(MAXIMUM_WALKS, 8 + WIDENINGS * (this.maps.length + this.variableTypes.size));
      if (walk > enough) {
        this.reporting = true;
        this.error(Code.TooComplex, 0, 0, "The types of this script could not be inferred");
        this.reporting = false;
        return;
      }
      this.changed = false;
      for (let i = 0; i < this.contexts.length; i++) this.walk(i);
      if (!this.changed) this.settleSelfReferences();
    }
  }

  /** `@ = @ + 1` and the like: a map that is only assigned from itself, or only read, holds numbers. */
  private settleSelfReferences(): void {
    for (let i = 0; i < this.maps.length; i++) {
      const map = this.maps[i];
      if (!(map.isAssigned || map.isRead) || map.valueType != BasicType.None) continue;
      map.valueType = BasicType.Int64;
      this.changed = true;
    }
  }

  /** Reports declared maps that hold something else. */
  reportDeclarations(): void {
    this.reporting = true;
    this.checkDeclarations();
    this.reporting = false;
  }

  /** Reports what is wrong in attach point `index`, and annotates its body for lowering. */
  report(index: i32): Probe {
    this.reporting = true;
    this.walk(index);
    this.reporting = false;
    return this.probes[index];
  }

  /** The type that a variable of attach point `context` was inferred to have. */
  typeOfVariable(context: ProbeContext, declaration: u64): i32 {
    this.context = context;
    return this.variableType(declaration);
  }

  // Attach points

  private attachPoint(context: ProbeContext): void {
    const point = context.point;
    if (point.hasParameter) {
      this.error(
        Code.InvalidAttachPoint,
        point.start,
        point.end,
        "A positional parameter in an attach point must be known when the script is compiled",
        "give it behind the script: bpfcast build script.bt -o script.o WORDS",
      );
      return;
    }
    const target = readTarget(context);
    context.name = target.name;
    if (target.isUnsupported) this.unsupported(point.start, point.end, target.problem);
    else if (target.problem.length > 0) {
      this.error(
        Code.InvalidAttachPoint,
        point.start,
        point.end,
        target.message.length > 0 ? target.message : `${providerName(point.provider)} probe type requires the form ${target.problem}`,
        target.hint,
      );
    } else for (let i = 0; i < point.parts.length; i++) if (point.parts[i].wildcard) context.isPattern = true;
  }

  /** Tests and benches are told apart by their names. */
  private checkNames(): void {
    for (let i = 0; i < this.contexts.length; i++) {
      const context = this.contexts[i];
      if (context.provider != Provider.Test && context.provider != Provider.Bench) continue;
      for (let j = 0; j < i; j++) {
        const other = this.contexts[j];
        if (other.provider != context.provider || other.part(0) != context.part(0)) continue;
        const kind = providerName(context.provider).toUpperCase();
        const error = this.diagnostics.error(
          Code.InvalidAttachPoint,
          context.point.start,
          context.point.end,
          `"${context.part(0)}" was used as the name for more than one ${kind} probe`,
        );
        if (error != null) error.note(other.point.start, other.point.end, "this is the other instance");
        break;
      }
    }
  }

  /** An iterator's objects are all there is to trace: what the script does is over with the last of them. */
  private checkIterators(): void {
    for (let i = 0; i < this.contexts.length; i++) {
      const context = this.contexts[i];
      if (context.provider != Provider.Iterator || context.isUnused) continue;
      for (let j = 0; j < this.contexts.length; j++) {
        const other = this.contexts[j];
        if (j == i || !other.isTracing || other.isUnused) continue;
        this.error(
          Code.InvalidAttachPoint,
          context.point.start,
          context.point.end,
          "An iter probe can not be combined with other probes",
          "only begin and end can stand beside it",
        );
        return;
      }
    }
  }

  /** Asks for the format of a tracepoint; reports one that the target lacks. */
  private loadFormat(context: ProbeContext): void {
    context.waiting = false;
    if (context.provider != Provider.Tracepoint || context.point.parts.length != 2 || context.format != null) return;
    const isOwed = context.readsFields || !(this.isLive || context.isPattern || this.missingProbes != "error");
    if (!isOwed || context.isMissing) return;
    const name = context.tracepointName;
    if (!isWellFormed(name)) {
      this.missingTarget(context, []);
      return;
    }
    const known = this.profile.tracepoints;
    if (!known.has(name)) {
      this.needs.tracepoint(name);
      context.waiting = true;
      return;
    }
    const fact = known.get(name);
    context.format = fact.format;
    if (fact.format == null) this.missingTarget(context, fact.candidates);
  }

  /** Attach points whose body reads arguments that nothing is known of. The sentences are those of the runner. */
  protected missingTarget(context: ProbeContext, candidates: Array<string>): i32 {
    const point = context.point;
    const name = context.shownName;
    context.waiting = true;
    const start = point.start;
    const end = point.end;
    if (this.missingProbes == "error") {
      if (context.isPattern)
        this.error(
          Code.UnknownProbe,
          start,
          end,
          "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.",
        );
      else this.error(Code.UnknownProbe, start, end, `No matches for ${name}.`, closest(context.tracepointName, candidates));
      return BasicType.None;
    }
    context.isMissing = true;
    if (this.missingProbes != "warn") return BasicType.None;
    // These are said once, whatever walk finds them.
    const reporting = this.reporting;
    this.reporting = true;
    if (!context.isPattern) this.warning(Code.UnknownProbe, start, end, `No matches for ${name}. Skipping.`);
    const points = this.probes[context.index].attachPoints;
    let left = 0;
    for (let i = 0; i < this.contexts.length; i++) if (this.contexts[i].body == context.body && !this.contexts[i].isMissing) left++;
    if (left == 0)
      this.warning(
        Code.EmptyProbe,
        points[0].start,
        points[points.length - 1].end,
        "Probe has no valid attach points. It is being removed which may cause issues with program behavior.",
      );
    this.reporting = reporting;
    return BasicType.None;
  }

  private walk(index: i32): void {
    const context = this.contexts[index];
    this.context = context;
    this.loadFormat(context);
    if (context.isMissing) return;
    this.branchVariables.enterProbe();
    const probe = this.probes[index];
    this.scopes.enter();
    const predicate = probe.predicate;
    if (predicate != null) this.condition(predicate, "predicate");
    this.block(probe.body);
    this.scopes.leave();
  }

  // Statements

  protected block(block: Block): void {
    this.scopes.enter();
    this.statements(block);
    const result = block.result;
    if (result != null) this.statementEffect(result);
    this.reportUnassigned();
    this.scopes.leave();
  }

  /** Warns of variables of the block that ends which were declared and never given a value. */
  private reportUnassigned(): void {
    const symbols = this.scopes.all;
    for (let i = this.scopes.first; i < symbols.length; i++) {
      const symbol = symbols[i];
      if (symbol.isAssigned) continue;
      const name = this.symbols.text(symbol.name);
      // The declaration begins with the word before the name.
      const source = this.diagnostics.source;
      let start = symbol.start;
      while (start >= 3 && load<u8>(source.pointer + start - 1) <= 0x20) start--;
      this.warning(Code.UnusedValue, start - 3, symbol.start + <u32>name.length + 1, `Variable $${name} was never assigned to.`);
    }
  }

  /** A part of the script as it is written. */
  private source(e: Expression): string {
    return this.diagnostics.source.text(e.start, e.end);
  }

  /** Offset behind a statement and its semicolon. */
  private endOf(statement: Statement): u32 {
    const source = this.diagnostics.source;
    return statement.end < source.end && load<u8>(source.pointer + statement.end) == 0x3b ? statement.end + 1 : statement.end;
  }

  private statements(block: Block): void {
    const list = block.statements;
    for (let i = 0; i < list.length; i++) {
      this.isLast = i + 1 == list.length && block.result == null;
      this.statement(list[i]);
      if (!this.leaves(list[i])) continue;
      if (i + 1 < list.length) this.warning(Code.Unreachable, list[i + 1].start, this.endOf(list[i + 1]), "Unreachable statement.");
      else if (block.result != null) this.warning(Code.Unreachable, block.result!.start, block.result!.end, "Unreachable statement.");
    }
  }

  /** Whether nothing that follows `statement` in its block runs. */
  private leaves(statement: Statement): bool {
    if (statement.kind == NodeKind.Return || statement.kind == NodeKind.Break || statement.kind == NodeKind.Continue) return true;
    if (statement.kind != NodeKind.ExpressionStatement) return false;
    const expression = (<ExpressionStatement>statement).expression;
    if (expression.kind != NodeKind.Call) return false;
    const row = this.findFunction((<Call>expression).name);
    return row != null && row.id == FunctionId.Exit;
  }

  protected blockValue(block: Block): i32 {
    this.scopes.enter();
    this.statements(block);
    const result = block.result;
    const type = result != null ? this.operand(result) : BasicType.None;
    this.reportUnassigned();
    this.scopes.leave();
    return type;
  }

  private statement(statement: Statement): void {
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
      case NodeKind.While: {
        const loop = <While>statement;
        this.warning(Code.Deprecated, loop.start, loop.end, "While loops are deprecated and may be removed in the future.", WHILE_HINT);
        this.condition(loop.condition, "while()");
        this.loopBody(loop.body);
        return;
      }
      case NodeKind.Unroll:
        this.unroll(<Unroll>statement);
        return;
      case NodeKind.ExpressionStatement: {
        const expression = (<ExpressionStatement>statement).expression;
        // The peer counts the semicolon of all but a block's last statement in.
        const isLast = this.isLast;
        const type = this.statementEffect(expression);
        if (type != BasicType.None && !isIncrement(expression))
          this.warning(Code.UnusedValue, statement.start, isLast ? statement.end : this.endOf(statement), "Return value discarded.");
        return;
      }
      case NodeKind.Discard:
        this.effect((<Discard>statement).value);
        return;
      case NodeKind.FunctionBody:
        this.functionBody(<FunctionBody>statement);
        return;
      case NodeKind.Return: {
        const value = (<Return>statement).value;
        if (this.function != null) {
          this.functionResult(this.function!, statement, value);
          return;
        }
        if (value != null) {
          const type = this.expression(value);
          if (type != BasicType.None && !this.types.isInteger(type))
            this.error(
              Code.TypeMismatch,
              statement.start,
              this.endOf(statement),
              `Probe return values can only be integers. Found ${this.types.describe(type)}`,
            );
        }
        return;
      }
      case NodeKind.Break:
      case NodeKind.Continue:
        if (this.loopDepth == 0)
          this.error(
            Code.NotAvailableHere,
            statement.start,
            this.endOf(statement),
            `'${statement.kind == NodeKind.Break ? "break" : "continue"}' statement is not allowed in a probe`,
          );
        return;
      case NodeKind.ForRange:
        this.forRange(<ForRange>statement);
        return;
      case NodeKind.ForMap:
        this.forMap(<ForMap>statement);
        return;
      default:
        assert(false, "a statement kind without a rule");
    }
  }

  /** The body of a function of the script, where it is called. */
  private functionBody(statement: FunctionBody): void {
    const outer = this.function;
    this.function = statement;
    const loops = this.loopDepth;
    this.loopDepth = 0;
    this.block(statement.body);
    this.loopDepth = loops;
    this.function = outer;
    const list = statement.body.statements;
    const isEnded = list.length > 0 && list[list.length - 1].kind == NodeKind.Return;
    if (!isEnded && statement.result != 0) this.wrongResult(statement, statement.body.start, statement.body.end, "void");
  }

  private wrongResult(body: FunctionBody, start: u32, end: u32, given: string): void {
    const declaration = body.declaration;
    const name = this.symbols.text(declaration.name);
    const type = body.result == 0 ? "void" : this.types.describe(this.namedType(declaration.returnType));
    this.error(Code.TypeMismatch, start, end, `Function ${name} is of type ${type}, cannot return ${given}`);
  }

  /** `return` in a function of the script: sets its result. */
  private functionResult(body: FunctionBody, statement: Statement, value: Expression | null): void {
    const type = value != null ? this.stored(this.operand(value)) : BasicType.None;
    if (value == null || body.result == 0) {
      if (value != null || body.result != 0)
        this.wrongResult(body, statement.start, this.endOf(statement), value == null ? "void" : this.types.describe(type));
      return;
    }
    const symbol = this.scopes.find(body.result)!;
    const wanted = this.variableType(symbol.declaration);
    if (type == BasicType.None || wanted == BasicType.None) return;
    if (this.literalFits(wanted, value) && this.promote(wanted, type, true) != BasicType.None) this.castWarning(value, type, wanted);
    else this.wrongResult(body, statement.start, this.endOf(statement), this.types.describe(type));
  }

  private loopBody(body: Block): void {
    this.loopDepth++;
    this.block(body);
    this.loopDepth--;
  }

  /** An error where a variable of that name is in scope. */
  private rejectKnown(name: u32, start: u32, end: u32, message: string): void {
    const known = this.scopes.find(name);
    if (known == null || !this.reporting) return;
    const error = this.diagnostics.error(Code.Redeclared, start, end, message);
    if (error != null) error.note(known.from, known.to, `This is the initial ${known.isDeclared ? "declaration" : "assignment"}.`);
  }

  private loopVariable(name: u32, start: u32, end: u32): VariableSymbol {
    this.rejectKnown(name, start, end, `Loop declaration shadows existing variable: $${this.symbols.text(name)}`);
    const symbol = this.scopes.add(name, start);
    symbol.from = start;
    symbol.to = end;
    return symbol;
  }

  private forMap(statement: ForMap): void {
    const access = statement.map;
    const map = this.mapOf(access);
    if (map.isScalar)
      this.error(
        Code.TypeMismatch,
        access.start,
        access.end,
        `${map.text} has no explicit keys (scalar map), and cannot be used for iteration`,
      );
    else if (map.valueType == BasicType.None && this.reporting)
      this.error(Code.UnknownMap, access.start, access.end, `Undefined map: ${map.text}`);
    else if (this.types.isAggregate(map.valueType) && !this.types.isReadableAggregate(map.valueType)) {
      this.error(
        Code.TypeMismatch,
        access.start,
        access.end,
        `Loop expression does not support type: ${this.types.describe(map.valueType)}`,
      );
    }
    this.scopes.enter();
    const symbol = this.loopVariable(statement.name, statement.nameStart, statement.nameEnd);
    if (map.keyType != BasicType.None && map.valueType != BasicType.None) {
      const isNumber = this.types.isReadableAggregate(map.valueType);
      const value = isNumber ? this.types.integer(8, this.types.isSigned(map.valueType)) : map.valueType;
      this.setVariableType(symbol.declaration, this.types.tuple([map.keyType, value]));
    }
    this.forDepth++;
    this.loopBody(statement.body);
    this.forDepth--;
    this.scopes.leave();
  }

  private forRange(statement: ForRange): void {
    const from = this.expression(statement.from);
    const to = this.expression(statement.to);
    const isBadStart = from != BasicType.None && !this.types.isInteger(from);
    const isBadEnd = to != BasicType.None && !this.types.isInteger(to);
    if (isBadStart || isBadEnd) {
      const which = isBadStart ? "start" : "end";
      this.error(Code.TypeMismatch, statement.start, statement.to.end, `Loop range requires an integer for the ${which} value`);
    }
    this.scopes.enter();
    const symbol = this.loopVariable(statement.name, statement.nameStart, statement.nameEnd);
    this.setVariableType(symbol.declaration, BasicType.Int64);
    this.forDepth++;
    this.loopBody(statement.body);
    this.forDepth--;
    this.scopes.leave();
  }

  private if_(statement: If): void {
    if (statement.condition.kind == NodeKind.Comptime) {
      this.expression(statement.condition);
      this.chosen(statement);
      return;
    }
    if (this.fieldChoice(statement)) return;
    this.condition(statement.condition, "if()");
    const names = this.branchVariables.of(this.probe.index, statement);
    for (let i = 0; i < names.length; i++) this.scopes.add(names[i], statement.start);
    this.block(statement.then);
    const otherwise = statement.otherwise;
    if (otherwise != null) this.statement(otherwise);
    this.branchVariables.note(this.probe.index, statement);
  }

  /**
   * `if (has_field(...))`: the target decides between the branches. A branch for a field that the build's types lack is not looked
   * at. The other one is for kernels that may have other fields: if something in it is wrong it is left out, and the object refused there.
   */
  private fieldChoice(statement: If): bool {
    const question = this.questionIn(statement.condition);
    if (question == null) return false;
    this.condition(statement.condition, "if()");
    if (question.typeId == BasicType.None) return true;
    const asksPresence = this.asksPresence(statement.condition);
    const otherwise = statement.otherwise;
    const withField: Statement | null = asksPresence ? statement.then : otherwise;
    const without: Statement | null = asksPresence ? otherwise : statement.then;
    if (!this.fieldExists(question)) {
      this.leftOut.delete(changetype<usize>(statement));
      if (without != null) this.statement(without);
      return true;
    }
    if (withField != null) this.statement(withField);
    if (without == null) return true;
    const reporting = this.reporting;
    const failures = this.failures;
    this.reporting = false;
    this.statement(without);
    this.reporting = reporting;
    if (!reporting) return true;
    if (this.failures > failures) this.leftOut.add(changetype<usize>(statement));
    else this.statement(without);
    return true;
  }

  /** Whether the branch for kernels without the field could not be compiled. */
  isLeftOut(statement: If): bool {
    return this.leftOut.has(changetype<usize>(statement));
  }

  /** The branch of an `if comptime` that remains; the other one is not looked at. */
  private chosen(statement: If): void {
    const branch = this.chosenBranch(statement.condition);
    const otherwise = statement.otherwise;
    if (branch == 1) this.block(statement.then);
    else if (branch == 0 && otherwise != null) this.statement(otherwise);
  }

  private unroll(statement: Unroll): void {
    this.expression(statement.count);
    const count = statement.count;
    const start = statement.start;
    const end = statement.end;
    if (count.kind != NodeKind.IntegerLiteral) this.error(Code.NotConstant, start, end, "invalid unroll value");
    else {
      const value = (<IntegerLiteral>count).value;
      if (value < 1) this.error(Code.OutOfRange, start, end, "unroll minimum value is 1");
      else if (value > MAXIMUM_UNROLL) this.error(Code.OutOfRange, start, end, `unroll maximum value is ${MAXIMUM_UNROLL}`);
    }
    this.block(statement.body);
  }

  private let_(statement: Let): void {
    const shadowed = `Variable $${this.symbols.text(statement.name)} was already declared. Variable shadowing is not allowed.`;
    this.rejectKnown(statement.name, statement.start, statement.nameEnd, shadowed);
    const value = statement.value;
    let type: i32 = BasicType.None;
    if (value != null) type = this.storable(this.operand(value), value.start, value.end);
    const declared = statement.type;
    if (declared != null) {
      const wanted = this.stored(this.namedType(declared));
      if (wanted != BasicType.None && this.fitsText(wanted, declared.start, declared.end)) {
        if (type != BasicType.None && !this.fitsDeclared(wanted, type, value)) {
          this.error(
            Code.TypeMismatch,
            statement.start,
            statement.end,
            `Type mismatch for $${this.symbols.text(statement.name)}: trying to assign value of type '${this.types.describe(type)}' when variable already has a type '${this.types.describe(wanted)}'`,
          );
        } else if (value != null) this.castWarning(value, type, wanted);
        type = wanted;
        this.declaredTypes.add(declarationOf(statement.name, statement.nameStart));
      }
    }
    const symbol = this.scopes.add(statement.name, statement.nameStart);
    symbol.from = statement.start;
    symbol.to = statement.nameEnd;
    symbol.isAssigned = value != null || statement.isParameter;
    if (type != BasicType.None) this.widenVariable(statement.name, symbol.declaration, type, false, statement.start, statement.end);
  }

  /** The type that a scratch variable gets from a value of `type`; None after an error. */
  private storable(type: i32, start: u32, end: u32): i32 {
    type = this.stored(type);
    if (type == BasicType.None || this.types.isStorable(type)) return type;
    return this.unsupported(start, end, `A variable of type '${this.types.describe(type)}'`);
  }

  /** Whether a variable whose type the script says can be given a value of `type`. */
  private fitsDeclared(wanted: i32, type: i32, value: Expression | null): bool {
    if (value != null && !this.literalFits(wanted, value)) return false;
    const promoted = this.promote(wanted, type, true);
    // Numbers are cut to what fits; texts are not.
    return promoted == wanted || (promoted != BasicType.None && !this.types.isSized(wanted));
  }

  /** Whether `value`, if it is a literal, is one of the numbers of the integer type `type`. */
  private literalFits(type: i32, value: Expression): bool {
    const info = this.types.get(type);
    if (value.kind != NodeKind.IntegerLiteral || info.kind != TypeKind.Integer || info.size == 8) return true;
    const literal = <IntegerLiteral>value;
    const number = <i64>literal.value;
    if (!literal.negative && number < 0) return false;
    const bits = info.size * 8;
    if (info.signed) return number >= -((<i64>1) << (bits - 1)) && number < (<i64>1) << (bits - 1);
    return number >= 0 && number < (<i64>1) << bits;
  }

  private widenVariable(name: u32, declaration: u64, type: i32, flexible: bool, start: u32, end: u32): void {
    const before = this.variableType(declaration);
    if (before == BasicType.None) {
      this.setVariableType(declaration, type);
      return;
    }
    const widened = this.promote(before, type, flexible);
    if (widened == BasicType.None) {
      this.error(
        Code.TypeMismatch,
        start,
        end,
        `Type mismatch for $${this.symbols.text(name)}: trying to assign value of type '${this.types.describe(type)}' when variable already has a type '${this.types.describe(before)}'`,
      );
    } else this.widenDeclaration(declaration, widened);
  }

  private assignment(statement: Assignment): void {
    const target = statement.target;
    if (target.kind == NodeKind.Variable) this.assignVariable(statement, <Variable>target);
    else if (target.kind == NodeKind.MapAccess) this.assignMap(statement, <MapAccess>target);
    else {
      this.expression(target);
      this.error(Code.InvalidAssignment, target.start, target.end, "Only variables and maps can be assigned");
    }
  }

  private assignVariable(statement: Assignment, target: Variable): void {
    const value = statement.value;
    if (value.kind == NodeKind.MapAccess) {
      const kept = this.mapOf(<MapAccess>value).valueType;
      if (this.types.isAggregate(kept) && !this.types.isReadableAggregate(kept)) {
        const message = `Value '${this.types.describe(kept)}' cannot be assigned to a scratch variable.`;
        this.error(Code.TypeMismatch, statement.start, statement.end, message);
        return;
      }
    }
    let type = this.storable(this.operand(value), value.start, value.end);
    let symbol = this.scopes.find(target.name);
    if (symbol == null) {
      if (statement.operator != BinaryOperator.None) {
        this.error(Code.UnknownVariable, target.start, target.end, `Undefined or undeclared variable: $${this.symbols.text(target.name)}`);
        return;
      }
      symbol = this.scopes.add(target.name, target.start);
      symbol.from = statement.start;
      symbol.to = statement.end;
      symbol.isDeclared = false;
    }
    symbol.isAssigned = true;
    if (type != BasicType.None) {
      if (statement.operator != BinaryOperator.None) {
        const current = this.knownType(target, this.variableType(symbol.declaration));
        const isPointer = this.types.kind(current) == TypeKind.Pointer && isStep(statement.operator);
        if (isPointer && this.types.isInteger(type)) type = current;
        else if (!this.types.isInteger(type) || (current != BasicType.None && !this.types.isInteger(current))) {
          this.compoundMismatch(statement, "$" + this.symbols.text(target.name), "variable", current);
          type = BasicType.None;
        } else {
          type = this.compound(statement, current, type);
        }
      }
      const flexible =
        statement.operator == BinaryOperator.None && value.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>value).negative;
      const before = this.variableType(symbol.declaration);
      if (
        type != BasicType.None &&
        before != BasicType.None &&
        this.declaredTypes.has(symbol.declaration) &&
        !this.fitsDeclared(before, type, value)
      ) {
        this.error(
          Code.TypeMismatch,
          statement.start,
          statement.end,
          `Type mismatch for $${this.symbols.text(target.name)}: trying to assign value of type '${this.types.describe(type)}' when variable already has a type '${this.types.describe(before)}'`,
        );
        type = BasicType.None;
      }
      if (type != BasicType.None) this.widenVariable(target.name, symbol.declaration, type, flexible, statement.start, statement.end);
      if (!flexible) this.castWarning(value, type, this.variableType(symbol.declaration));
    }
    target.typeId = this.variableType(symbol.declaration);
  }

  private compoundMismatch(statement: Assignment, name: string, what: string, known: i32): i32 {
    return this.error(
      Code.TypeMismatch,
      statement.start,
      statement.end,
      `Type mismatch for ${name}: trying to assign value of type 'uint64' when ${what} already has a type '${this.types.describe(known)}'`,
      "A compound assignment needs integers.",
    );
  }

  /** The type that a compound assignment of a value of type `type` gives a target of type `target`: that of the operation. */
  private compound(statement: Assignment, target: i32, type: i32): i32 {
    const value = statement.value;
    const flexible = value.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>value).negative;
    const start = statement.operatorStart(this.diagnostics.source);
    const signed = this.types.isSigned(target) || (this.types.isSigned(type) && (target == BasicType.None || !flexible));
    if (signed && target != BasicType.None) this.signedDivision(statement.operator, start, value.end);
    return this.types.integer(8, signed || statement.operator == BinaryOperator.Subtract);
  }

  private assignMap(statement: Assignment, target: MapAccess): void {
    const map = this.mapOf(target);
    const value = statement.value;
    let type: i32 = BasicType.None;
    /** The type without the widening to 8 bytes that every integer of a map gets: what messages show. */
    let shown: i32 = BasicType.None;
    let flexible = false;
    const isAggregation = this.isAggregation(value);
    if (isAggregation) {
      if (statement.operator != BinaryOperator.None) {
        this.error(Code.InvalidAssignment, statement.start, statement.end, "An aggregation can only be assigned with =");
        return;
      }
      type = this.aggregation(<Call>value);
      value.typeId = type;
    } else {
      type = this.stored(this.expression(value));
      if (this.types.isAggregate(type)) {
        this.error(
          Code.TypeMismatch,
          statement.start,
          statement.end,
          `Map value '${this.types.describe(type)}' cannot be assigned from one map to another. The function that returns this type must be called directly e.g. \`${map.text} = ${aggregationCall(this.types.kind(type))};\`.`,
          `Add a cast to integer if you want the value of the aggregate, e.g. \`${map.text} = (int64)${this.source(value)};\`.`,
        );
        type = BasicType.None;
      } else if (type != BasicType.None && !this.types.isStorable(type)) {
        type = this.error(
          Code.TypeMismatch,
          value.start,
          value.end,
          `A value of type '${this.types.describe(type)}' can not be assigned to a map`,
        );
      }
      if (type != BasicType.None && statement.operator != BinaryOperator.None) {
        const known = map.valueType;
        if (this.types.kind(known) == TypeKind.Pointer && this.types.isInteger(type) && isStep(statement.operator)) type = known;
        else if (!this.types.isInteger(type) || (known != BasicType.None && !this.types.isInteger(known))) {
          type = this.compoundMismatch(statement, map.text, "map", known);
        } else type = this.compound(statement, known, type);
      }
      if (
        statement.operator == BinaryOperator.None &&
        value.kind == NodeKind.IntegerLiteral &&
        !(<IntegerLiteral>value).negative &&
        this.types.isSigned(type)
      )
        flexible = true;
      shown = type;
      // Integers are stored in 8 bytes: their sign is what widening decides.
      if (this.types.isInteger(type) && this.types.get(type).enumeration < 0)
        type = this.types.integer(8, flexible || this.types.isSigned(type));
    }
    map.isAssigned = true;
    this.mapKey(map, target.keys, target.start, target.end);
    target.typeId = map.valueType;
    if (type == BasicType.None) return;
    if (!flexible) this.castWarning(value, type, map.valueType);
    if (shown == BasicType.None) shown = type;
    if (map.valueType == BasicType.None) {
      map.valueType = type;
      map.shownType = shown;
      this.changed = true;
    } else {
      const both = this.types.isAggregate(type) || this.types.isAggregate(map.valueType);
      const widened = both
        ? type == map.valueType
          ? type
          : this.sameAggregate(map.valueType, type)
        : this.promote(map.valueType, type, flexible);
      if (widened == BasicType.None) {
        const from = isAggregation ? value.start : statement.start;
        this.error(Code.TypeMismatch, from, statement.end, this.mapMismatch(map, type, shown));
      } else {
        const together = this.promote(map.shownType, shown, flexible);
        map.shownType = together != BasicType.None ? together : widened;
        if (widened != map.valueType) {
          map.valueType = widened;
          this.changed = true;
        }
      }
    }
    target.typeId = map.valueType;
  }

  private mapMismatch(map: MapSymbol, type: i32, shown: i32): string {
    const kind = this.types.kind(type);
    if (kind == this.types.kind(map.valueType)) {
      if (kind == TypeKind.Histogram) return "Different bits in a single hist unsupported";
      if (kind == TypeKind.LinearHistogram) return "Different lhist bounds in a single map unsupported";
    }
    return `Type mismatch for ${map.text}: trying to assign value of type '${this.types.describe(shown)}' when map already has a type '${this.types.describe(map.shownType)}'`;
  }

  /** Aggregations of one kind with different signs are signed; anything else does not mix. */
  private sameAggregate(left: i32, right: i32): i32 {
    const a = this.types.get(left);
    const b = this.types.get(right);
    if (a.kind != b.kind || a.kind == TypeKind.Histogram || a.kind == TypeKind.LinearHistogram || a.kind == TypeKind.TimeSeries)
      return BasicType.None;
    return a.signed ? left : right;
  }
}

/** How a script makes an aggregation, for messages. */
function aggregationCall(kind: TypeKind): string {
  switch (kind) {
    case TypeKind.Count:
      return "count()";
    case TypeKind.Sum:
      return "sum(retval)";
    case TypeKind.Minimum:
      return "min(retval)";
    case TypeKind.Maximum:
      return "max(retval)";
    default:
      return "avg(retval)";
  }
}

/** `++` and `--`: their values are not missed. */
function isIncrement(e: Expression): bool {
  return e.kind == NodeKind.Unary && (<Unary>e).operator >= UnaryOperator.PreIncrement;
}

/** The operators that move a pointer. */
function isStep(operator: BinaryOperator): bool {
  return operator == BinaryOperator.Add || operator == BinaryOperator.Subtract;
}
