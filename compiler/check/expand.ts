// Macros, functions and #define: replaced in the tree before anything is checked.
//
// Input: the program as parsed. Output: the same program, its probes without calls of macros and names of defines. A body is
// copied for every use, so that each use is annotated by itself. A macro's variables get names that nothing else has; maps and
// variables of others only come in as arguments (features 2.6).

import { Code, Diagnostic, Diagnostics } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import { Define, Expression, Macro, MacroParameter, MacroParameterKind, NodeKind, Program } from "../syntax/ast";
import {
  BlockExpression,
  BooleanLiteral,
  Call,
  ErrorExpression,
  FieldAccess,
  Identifier,
  IntegerLiteral,
  MapAccess,
  PositionalParameter,
  Record,
  StringLiteral,
  Variable,
} from "../syntax/expression-nodes";
import { parseExpressionAt } from "../syntax/parser";
import { ConfigKind, ConfigRow, Configuration } from "./config";
import { FunctionInliner } from "./inline-functions";
import { BodyKind, Substitution } from "./tree-copier";
import { WordNumber } from "./word-number";

/** The word `config` in bytes. */
const CONFIG: ArrayBuffer = String.UTF8.encode("config");

/** Copies that one script may make: an exponential nest of macros ends here. */
const MAXIMUM_USES: i32 = 20000;

/** Macros and defines inside one another at most. */
const MAXIMUM_DEPTH: i32 = 64;

@final
export class Expander extends FunctionInliner {
  private macros: Map<u32, Array<Macro>> = new Map();
  private defines: Map<u32, Define> = new Map();
  /** Names of the macros and defines whose bodies are being copied, outermost first. */
  private chain: Array<u32> = [];
  private uses: i32 = 0;
  /** Positional parameters that were warned of. */
  private missingWords: Array<u32> = [];
  private configNames: Array<u32>;
  private textFunction: u32;

  constructor(
    private program: Program,
    symbols: Symbols,
    diagnostics: Diagnostics,
    private configuration: Configuration,
    /** Words behind the script; null while they are not known. */
    private words: Array<string> | null,
  ) {
    super(symbols, diagnostics);
    this.configNames = [symbols.internString("config"), symbols.internString("__builtin_config")];
    this.textFunction = symbols.internString("str");
  }

  run(): void {
    const program = this.program;
    for (let i = 0; i < program.macros.length; i++) this.declare(program.macros[i]);
    for (let i = 0; i < program.definitions.length; i++) {
      const node = program.definitions[i];
      if (node.kind == NodeKind.Define && (<Define>node).parameters == null) this.defines.set((<Define>node).name, <Define>node);
    }
    this.declareFunctions(program);
    const isPlain = this.macros.size == 0 && this.defines.size == 0 && program.functions.length == 0;
    if (isPlain && this.words == null && !this.mentionsConfig()) return;
    const plain = new Substitution(BodyKind.Plain);
    for (let i = 0; i < program.probes.length; i++) {
      const probe = program.probes[i];
      const predicate = probe.predicate;
      if (predicate != null) probe.predicate = this.expression(predicate, plain);
      probe.body = this.block(probe.body, plain);
    }
    this.addUnusedFunctions(program);
  }

  /** Whether the script's text or a header has the word `config` anywhere. */
  private mentionsConfig(): bool {
    const source = this.diagnostics.source;
    for (let at: u32 = 0; at + 6 <= source.end; at++)
      if (load<u8>(source.pointer + at) == 0x63 && memory.compare(source.pointer + at, changetype<usize>(CONFIG), 6) == 0) return true;
    return false;
  }

  private declare(macro: Macro): void {
    const name = macro.name;
    if (!this.macros.has(name)) this.macros.set(name, []);
    const others = this.macros.get(name);
    for (let i = 0; i < others.length; i++) {
      if (others[i].parameters.length != macro.parameters.length) continue;
      const error = this.diagnostics.error(
        Code.Redeclared,
        macro.start,
        macro.nameEnd,
        `Redefinition of macro: ${this.symbols.text(name)}`,
      );
      if (error != null) error.note(others[i].start, others[i].nameEnd, "This is the original definition.");
      return;
    }
    others.push(macro);
  }

  // Uses

  protected call(e: Call, substitution: Substitution): Expression {
    if (!this.macros.has(e.name)) {
      const declaration = this.functionOf(e.name);
      if (declaration != null) return this.inlined(e, declaration, substitution);
      if (e.argumentList.length == 0 && this.configNames.includes(e.name)) return this.wholeConfig(e.start, e.end);
      if (e.name == this.textFunction && e.argumentList.length > 0 && e.argumentList[0].kind == NodeKind.PositionalParameter)
        return this.textOfParameter(e, substitution);
      return super.call(e, substitution);
    }
    const macro = this.choose(e);
    if (macro == null) return new ErrorExpression(e.start, e.end);
    const inner = new Substitution(BodyKind.Macro);
    for (let i = 0; i < macro.parameters.length; i++) this.bind(macro.parameters[i], e.argumentList[i], substitution, inner);
    return this.expand(macro, e.start, e.end, inner);
  }

  protected identifier(e: Identifier, substitution: Substitution): Expression {
    const argument = substitution.expressionOf(e.name);
    if (argument != null) return this.expression(argument, new Substitution(BodyKind.Plain));
    if (this.defines.has(e.name)) return this.expandDefine(this.defines.get(e.name), e, substitution);
    if (this.macros.has(e.name)) {
      const macro = this.withCount(e.name, 0);
      if (macro != null) return this.expand(macro, e.start, e.end, new Substitution(BodyKind.Macro));
      this.wrongCount(e.name, e.start, e.end, 0);
      return new ErrorExpression(e.start, e.end);
    }
    if (this.configNames.includes(e.name)) return this.wholeConfig(e.start, e.end);
    return super.identifier(e, substitution);
  }

  // The configuration

  /** `config()` as a record of all keys. */
  private wholeConfig(start: u32, end: u32): Expression {
    const rows = this.configuration.visibleRows();
    const names: Array<u32> = [];
    const values: Array<Expression> = [];
    for (let i = 0; i < rows.length; i++) {
      names.push(this.symbols.internString(rows[i].name));
      values.push(this.configValue(rows[i], start, end));
    }
    return new Record(start, end, names, values);
  }

  private configValue(row: ConfigRow, start: u32, end: u32): Expression {
    if (row.kind == ConfigKind.Bool) return new BooleanLiteral(start, end, row.value == "true");
    if (row.kind == ConfigKind.Number) return new IntegerLiteral(start, end, <u64>parseInt(row.value));
    return this.textLiteral(row.value, start, end);
  }

  private textLiteral(text: string, start: u32, end: u32): Expression {
    const bytes = String.UTF8.encode(text);
    return new StringLiteral(start, end, changetype<usize>(bytes), bytes.byteLength);
  }

  protected fieldAccess(e: FieldAccess, substitution: Substitution): Expression {
    const object = e.object;
    const isCall = object.kind == NodeKind.Call && (<Call>object).argumentList.length == 0;
    const name = isCall ? (<Call>object).name : object.kind == NodeKind.Identifier ? (<Identifier>object).name : 0;
    if (this.configNames.includes(name) && !this.macros.has(name)) {
      const row = this.configuration.visibleRow(this.symbols.text(e.name));
      if (row != null) return this.configValue(row, e.start, e.end);
    }
    return super.fieldAccess(e, substitution);
  }

  // Positional parameters

  /** Word number `index` from 1, empty and a warning where it was not given. */
  private word(index: u32, start: u32, end: u32): string {
    const words = this.words!;
    if (index <= <u32>words.length && words[index - 1].length > 0) return words[index - 1];
    if (this.missingWords.indexOf(index) < 0) {
      this.missingWords.push(index);
      this.diagnostics.warning(Code.InvalidParameter, start, end, `Positional parameter $${index} is empty or not provided. `);
    }
    return "";
  }

  /** `$1`: a number where its word is one, else text; as the script has it while words are not known. */
  protected parameter(e: PositionalParameter): Expression {
    if (this.words == null) return super.parameter(e);
    const word = this.word(e.index, e.start, e.end);
    const number = new WordNumber();
    if (!number.read(word)) return this.textLiteral(word, e.start, e.end);
    const literal = new IntegerLiteral(e.start, e.end, number.value);
    literal.negative = number.negative;
    return literal;
  }

  /** `str($1)` is the word itself; `str($1, n)` its beginning. */
  private textOfParameter(e: Call, substitution: Substitution): Expression {
    if (this.words == null) return super.call(e, substitution);
    const parameter = <PositionalParameter>e.argumentList[0];
    const literal = this.textLiteral(this.word(parameter.index, parameter.start, parameter.end), e.start, e.end);
    if (e.argumentList.length == 1) return literal;
    return new Call(e.start, e.end, e.name, e.nameEnd, [literal, this.expression(e.argumentList[1], substitution)]);
  }

  private expandDefine(define: Define, e: Identifier, substitution: Substitution): Expression {
    // A define that names itself, as C allows, stands for what else has that name.
    if (define.bodyEnd <= define.bodyStart || this.chain.indexOf(e.name) >= 0) return super.identifier(e, substitution);
    if (!this.enter(e.name, e.start, e.end)) return new ErrorExpression(e.start, e.end);
    const expansions = this.diagnostics.expansions;
    const outer = expansions.current;
    expansions.current = expansions.add(e.start, e.end);
    const body = parseExpressionAt(this.diagnostics.source, this.symbols, this.diagnostics, define.bodyStart, define.bodyEnd);
    const result = this.expression(body, new Substitution(BodyKind.Plain));
    this.leave();
    return this.expanded(result, outer);
  }

  private expand(macro: Macro, start: u32, end: u32, substitution: Substitution): Expression {
    if (this.chain.indexOf(macro.name) >= 0 && this.isRunning(macro)) {
      this.diagnostics.error(Code.NestedTooDeeply, start, end, `Recursive macro call detected. Call chain: ${this.chainText(macro.name)}`);
      return new ErrorExpression(start, end);
    }
    if (!this.enter(macro.name, start, end)) return new ErrorExpression(start, end);
    this.running.push(macro);
    const expansions = this.diagnostics.expansions;
    const outer = expansions.current;
    expansions.current = expansions.add(start, end);
    const block = this.block(macro.body, substitution);
    this.running.pop();
    this.leave();
    // A body that is only a value is that value.
    const result = block.result;
    const isValue = result != null && block.statements.length == 0;
    return this.expanded(isValue ? result! : new BlockExpression(start, end, block), outer);
  }

  /** Ends the current expansion, whose root is `root`. */
  private expanded(root: Expression, outer: i32): Expression {
    const expansions = this.diagnostics.expansions;
    const node = changetype<usize>(root);
    // The value may be that of a macro in this one, or an argument.
    if (expansions.of(node) < 0) expansions.mark(node, expansions.current);
    expansions.current = outer;
    return root;
  }

  protected isMacro(name: u32): bool {
    return this.macros.has(name);
  }

  private running: Array<Macro> = [];

  private isRunning(macro: Macro): bool {
    return this.running.indexOf(macro) >= 0;
  }

  protected enter(name: u32, start: u32, end: u32): bool {
    if (++this.uses > MAXIMUM_USES || this.chain.length >= MAXIMUM_DEPTH) {
      this.diagnostics.error(Code.TooComplex, start, end, "Macros and functions expand to too much code");
      return false;
    }
    this.chain.push(name);
    return true;
  }

  protected leave(): void {
    this.chain.pop();
  }

  protected chainText(last: u32): string {
    let text = "";
    for (let i = this.chain.indexOf(last); i < this.chain.length; i++) text += this.symbols.text(this.chain[i]) + " > ";
    return text + this.symbols.text(last);
  }

  // Arguments

  private withCount(name: u32, count: i32): Macro | null {
    const candidates = this.macros.get(name);
    for (let i = 0; i < candidates.length; i++) if (candidates[i].parameters.length == count) return candidates[i];
    return null;
  }

  /** The definition that fits a call; null after an error. */
  private choose(e: Call): Macro | null {
    const name = this.symbols.text(e.name);
    const macro = this.withCount(e.name, e.argumentList.length);
    if (macro == null) {
      this.wrongCount(e.name, e.start, e.end, e.argumentList.length);
      return null;
    }
    let error: Diagnostic | null = null;
    let fits = true;
    for (let i = 0; i < macro.parameters.length; i++) {
      const parameter = macro.parameters[i];
      const argument = e.argumentList[i];
      const isVariable = parameter.parameterKind == MacroParameterKind.Variable;
      if (parameter.parameterKind == MacroParameterKind.Expression) continue;
      if (isVariable ? argument.kind == NodeKind.Variable : isWholeMap(argument)) continue;
      if (fits) error = this.diagnostics.error(Code.InvalidArgument, e.start, e.end, noMatch(name));
      fits = false;
      const wanted = isVariable ? "variable" : "map";
      const given = argument.kind == NodeKind.Variable ? "a variable" : isWholeMap(argument) ? "a map" : "an expression";
      if (error == null) continue;
      error.note(
        argument.start,
        argument.end,
        `Mismatched arg. ${name}() expects a ${wanted} for arg ${isVariable ? "$" : "@"}${this.symbols.text(parameter.name)} but got ${given}.`,
      );
      error.note(parameter.start, parameter.end, "This is the argument in the closest definition.");
    }
    return fits ? macro : null;
  }

  private wrongCount(name: u32, start: u32, end: u32, count: i32): void {
    const text = this.symbols.text(name);
    const closest = this.macros.get(name)[0];
    const error = this.diagnostics.error(Code.WrongArgumentCount, start, end, noMatch(text));
    if (error == null) return;
    error.note(
      closest.start,
      closest.nameEnd,
      `The closest definition of ${text}() has a different number of arguments. Expected: ${closest.parameters.length} but got ${count}`,
    );
  }

  private bind(parameter: MacroParameter, argument: Expression, outer: Substitution, inner: Substitution): void {
    switch (parameter.parameterKind) {
      case MacroParameterKind.Variable:
        inner.variables.set(parameter.name, this.variableName((<Variable>argument).name, outer));
        return;
      case MacroParameterKind.Map:
        inner.maps.set(parameter.name, this.mapName(<MapAccess>argument, outer));
        return;
      default: {
        const value = this.expression(argument, outer);
        // Wherever it ends up, it was written here.
        const expansions = this.diagnostics.expansions;
        if (expansions.of(changetype<usize>(value)) < 0) expansions.mark(changetype<usize>(value), expansions.current);
        inner.expressions.set(parameter.name, value);
      }
    }
  }

  protected foreignMap(e: MapAccess): void {
    this.diagnostics.error(
      Code.NotAvailableHere,
      e.start,
      e.nameEnd,
      `Unhygienic access to map: @${this.symbols.text(e.name)}. Maps must be passed into the macro as arguments.`,
    );
  }

  protected returnInMacro(start: u32, end: u32): void {
    if (this.diagnostics.source.at(end) == 0x3b) end++;
    this.diagnostics.error(Code.NotAvailableHere, start, end, "'return' statement is not allowed in a macro");
  }
}

function noMatch(name: string): string {
  return `Call to ${name}() has arguments that do not match any definition.`;
}

function isWholeMap(e: Expression): bool {
  return e.kind == NodeKind.MapAccess && (<MapAccess>e).keys == null;
}
