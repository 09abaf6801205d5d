// Functions of the script (`fn`): a call becomes a block that declares the parameters, and the body in it. The body is copied for
// every call, as a macro's is, but its arguments are evaluated once, and `return` leaves the body alone.

import { Code } from "../source/diagnostics";
import { AttachPoint, Block, Expression, FunctionDeclaration, NodeKind, Probe, Program, Provider, Statement } from "../syntax/ast";
import { BlockExpression, Call, ErrorExpression, Variable } from "../syntax/expression-nodes";
import { FunctionBody, Let } from "../syntax/statement-nodes";
import { BodyKind, Substitution, TreeCopier } from "./tree-copier";
import { isVoid } from "./type-names";

export abstract class FunctionInliner extends TreeCopier {
  private functions: Map<u32, FunctionDeclaration> = new Map();
  /** Those whose bodies are being copied, outermost first. */
  private open: Array<FunctionDeclaration> = [];
  private called: Set<u32> = new Set();

  /** Notes that the body of `name` is being copied; false, and an error, where that is too much. */
  protected abstract enter(name: u32, start: u32, end: u32): bool;

  protected abstract leave(): void;

  /** The macros and functions from the one called `last` on, and that one again. */
  protected abstract chainText(last: u32): string;

  protected abstract isMacro(name: u32): bool;

  protected declareFunctions(program: Program): void {
    for (let i = 0; i < program.functions.length; i++) {
      const declaration = program.functions[i];
      const name = this.symbols.text(declaration.name);
      if (this.functions.has(declaration.name) || this.isMacro(declaration.name)) {
        this.diagnostics.error(Code.Redeclared, declaration.start, declaration.nameEnd, `Redefinition of function: ${name}`);
        continue;
      }
      this.functions.set(declaration.name, declaration);
      const names: Array<u32> = [];
      for (let j = 0; j < declaration.parameters.length; j++) {
        const parameter = declaration.parameters[j];
        if (names.indexOf(parameter.name) >= 0)
          this.diagnostics.error(
            Code.Redeclared,
            parameter.start,
            parameter.end,
            `Two parameters of ${name}() are called $${this.symbols.text(parameter.name)}`,
          );
        names.push(parameter.name);
      }
    }
  }

  protected functionOf(name: u32): FunctionDeclaration | null {
    return this.functions.has(name) ? this.functions.get(name) : null;
  }

  protected inlined(e: Call, declaration: FunctionDeclaration, outer: Substitution): Expression {
    const name = this.symbols.text(declaration.name);
    const wanted = declaration.parameters.length;
    const given = e.argumentList.length;
    if (wanted != given) {
      this.diagnostics.error(
        Code.WrongArgumentCount,
        e.start,
        e.end,
        `${name}() requires ${wanted == 0 ? "no" : wanted == 1 ? "one" : wanted.toString()} argument${wanted == 1 ? "" : "s"} (${given} provided)`,
      );
      return new ErrorExpression(e.start, e.end);
    }
    if (this.open.indexOf(declaration) >= 0) {
      this.diagnostics.error(
        Code.NestedTooDeeply,
        e.start,
        e.end,
        `Recursive function call detected. Call chain: ${this.chainText(declaration.name)}`,
        "BPF programs have no recursion: a loop may do the same.",
      );
      return new ErrorExpression(e.start, e.end);
    }
    const values: Array<Expression> = [];
    for (let i = 0; i < given; i++) values.push(this.expression(e.argumentList[i], outer));
    const block = this.body(declaration, values, e.start, e.end);
    return block == null ? new ErrorExpression(e.start, e.end) : new BlockExpression(e.start, e.end, block);
  }

  /** The block that a call is; without `values` its parameters are not set. Null after an error. */
  private body(declaration: FunctionDeclaration, values: Array<Expression>, start: u32, end: u32): Block | null {
    if (!this.enter(declaration.name, start, end)) return null;
    this.called.add(declaration.name);
    const own = new Substitution(BodyKind.Function);
    const statements: Array<Statement> = [];
    for (let i = 0; i < declaration.parameters.length; i++) {
      const parameter = declaration.parameters[i];
      const name = this.variableName(parameter.name, own);
      const value = i < values.length ? values[i] : null;
      const from = value != null ? value.start : parameter.start;
      const to = value != null ? value.end : parameter.end;
      statements.push(new Let(from, to, name, parameter.start, parameter.end, parameter.type, value, true));
    }
    let result: u32 = 0;
    if (!isVoid(declaration.returnType, this.symbols)) {
      result = this.symbols.fresh(declaration.name);
      const type = declaration.returnType;
      statements.push(new Let(type.start, type.end, result, type.start, type.end, type, null, true));
    }
    this.open.push(declaration);
    statements.push(new FunctionBody(declaration.start, declaration.end, declaration, result, this.block(declaration.body, own)));
    this.open.pop();
    this.leave();
    const block = new Block(start, end, statements);
    if (result != 0) block.result = new Variable(start, end, result);
    return block;
  }

  /** Functions that nothing calls are checked all the same: as the body of a probe that is never lowered. */
  protected addUnusedFunctions(program: Program): void {
    for (let i = 0; i < program.functions.length; i++) {
      const declaration = program.functions[i];
      if (this.called.has(declaration.name)) continue;
      const block = this.body(declaration, [], declaration.start, declaration.nameEnd);
      if (block == null) continue;
      block.result = null;
      const point = new AttachPoint(declaration.start, declaration.nameEnd);
      point.provider = Provider.Unknown;
      program.unusedFunctions.push(new Probe(declaration.start, declaration.end, [point], null, block));
    }
  }
}
