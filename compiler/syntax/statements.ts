// Parser, fourth layer: blocks and statements (features 2.5 and 2.7), and the way back to one after an error.

import { Code } from "../source/diagnostics";
import { Block, Expression, NodeKind, Provider, Statement, TypeSyntax } from "./ast";
import { BlockExpression, IfExpression, MapAccess } from "./expression-nodes";
import { ExpressionParser } from "./expressions";
import { BinaryOperator } from "./operators";
import { providerOf } from "./providers";
import {
  Assignment,
  Break,
  Continue,
  Discard,
  ExpressionStatement,
  ForMap,
  ForRange,
  If,
  Let,
  Return,
  Unroll,
  While,
} from "./statement-nodes";
import { assignmentOperator, binaryOperator, Token } from "./tokens";

export abstract class StatementParser extends ExpressionParser {
  /** A probe starts at the current token although blocks are still open: they all end here. */
  protected atProbe: bool = false;

  parseBlock(value: bool): Block {
    const block = new Block(this.lexer.start, this.lexer.start, []);
    if (this.enter() && this.expect(Token.LeftBrace, "'{'")) {
      // A predicate's rule about `/` and `{` does not hold inside braces.
      const inPredicate = this.inPredicate;
      this.inPredicate = false;
      while (!this.is(Token.RightBrace) && !this.is(Token.End) && !this.atProbe) {
        if (this.startsProbe()) {
          this.endAtProbe();
          break;
        }
        this.parseStatementInto(block, value);
        if (this.lost) this.findStatement();
        if (block.result) break;
      }
      this.inPredicate = inPredicate;
      if (!this.atProbe) this.expect(Token.RightBrace, "'}'");
    }
    this.leave();
    block.end = max(this.previousEnd, block.start);
    return block;
  }

  /** A probe where a statement should be: in all likelihood a `}` is missing. */
  private endAtProbe(): void {
    this.atProbe = true;
    if (this.diagnostics.hasErrors) return;
    // In the peer's eyes its first word is an expression, and what follows is wrong.
    const offset = this.lexer.peekOffset();
    this.lexer.error(Code.UnexpectedToken, offset, offset + 1, "syntax: expected ';'", "a `}` is missing before this probe");
  }

  /** Adds the next statement to the block, or makes it the block's result. */
  private parseStatementInto(block: Block, value: bool): void {
    this.startChain();
    const start = this.lexer.start;
    const words = this.words;
    if (this.is(Token.LeftBrace)) {
      this.parseBlockStatement(block, value);
      return;
    }
    if (this.is(Token.Identifier)) {
      const word = this.lexer.symbol;
      if (word == words.if) {
        this.parseIfStatement(block, value);
        return;
      }
      if (word == words.for) {
        block.statements.push(this.parseFor());
        this.accept(Token.Semicolon);
        return;
      }
      if (word == words.while || word == words.unroll) {
        this.next();
        const condition = this.parseCondition();
        const body = this.parseBlock(false);
        block.statements.push(
          word == words.while ? <Statement>new While(start, body.end, condition, body) : new Unroll(start, body.end, condition, body),
        );
        this.accept(Token.Semicolon);
        return;
      }
    }
    const statement = this.parseSimple();
    if (this.lost) return;
    if (value && statement.kind == NodeKind.ExpressionStatement && this.is(Token.RightBrace)) {
      block.result = (<ExpressionStatement>statement).expression;
      return;
    }
    block.statements.push(statement);
    this.endStatement();
  }

  /** Takes the `;` behind a statement; the last one of a block needs none. */
  private endStatement(): void {
    if (this.is(Token.RightBrace)) return;
    const lineBreak = this.lexer.lineBreakBefore;
    if (!this.expect(Token.Semicolon, "';'") && lineBreak && !this.is(Token.End)) {
      // The next line is most likely a statement of its own: only the `;` is missing.
      if (this.kind == Token.Variable || this.kind == Token.Map || this.kind == Token.Identifier) {
        if (!this.startsProbe()) this.found();
      }
    }
  }

  /** A statement that ends with `;`. */
  private parseSimple(): Statement {
    const start = this.lexer.start;
    const words = this.words;
    if (this.is(Token.Identifier)) {
      const word = this.lexer.symbol;
      if (word == words.let) return this.parseLet();
      if (word == words.return) {
        this.next();
        const bare = this.is(Token.Semicolon) || this.is(Token.RightBrace);
        const value: Expression | null = bare ? null : this.parseExpression();
        return new Return(start, this.previousEnd, value);
      }
      if (word == words.break) {
        this.next();
        return new Break(start, this.previousEnd);
      }
      if (word == words.continue) {
        this.next();
        return new Continue(start, this.previousEnd);
      }
      if (word == words.import && this.lexer.at(this.lexer.peekOffset()) == 0x22) return this.refuseImport();
      if (word == words.underscore && this.startsDiscard()) {
        this.next();
        this.next();
        const value = this.parseExpression();
        return new Discard(start, this.previousEnd, value);
      }
    }
    const expression = this.parseExpression();
    if (this.lost) return new ExpressionStatement(start, this.previousEnd, expression);
    return this.parseAssignment(start, expression);
  }

  /** `=` or `+=` behind an expression makes it a target. */
  private parseAssignment(start: u32, target: Expression): Statement {
    const operator = assignmentOperator(this.kind);
    const plain = this.is(Token.Equal);
    if (!plain && operator == BinaryOperator.None) return new ExpressionStatement(start, this.previousEnd, target);
    switch (target.kind) {
      case NodeKind.Variable:
      case NodeKind.MapAccess: {
        this.next();
        const value = this.parseExpression();
        return new Assignment(start, this.previousEnd, target, operator, value);
      }
      case NodeKind.FieldAccess:
      case NodeKind.TupleIndex:
      case NodeKind.Index: {
        if (!plain) break;
        this.next();
        const value = this.parseExpression();
        const element = target.kind == NodeKind.Index;
        const message = element
          ? "syntax: invalid assignment target"
          : "syntax: Tuples and records are immutable once created. Consider creating a new value and assigning it instead.";
        this.lexer.error(Code.InvalidAssignment, start, this.previousEnd, message, "only variables and maps can be assigned");
        return new ExpressionStatement(start, this.previousEnd, value);
      }
      default:
        break;
    }
    this.fail(Code.InvalidAssignment, "syntax: expected ';'", "only variables and maps can be assigned; `==` compares");
    return new ExpressionStatement(start, this.previousEnd, target);
  }

  private startsDiscard(): bool {
    const offset = this.lexer.peekOffset();
    return this.lexer.at(offset) == 0x3d && this.lexer.at(offset + 1) != 0x3d;
  }

  private refuseImport(): Statement {
    const start = this.lexer.start;
    this.next();
    this.next();
    const message =
      "Import statements that are not at the top level are primarily for the standard library. If this is functionality you need, please file an issue to explain why.";
    this.lexer.error(Code.MisplacedImport, start, this.previousEnd, message, "write the import before the first probe");
    return new Break(start, this.previousEnd);
  }

  private parseLet(): Statement {
    const start = this.lexer.start;
    this.next();
    const name = this.lexer.symbol;
    const nameStart = this.lexer.start;
    if (!this.expect(Token.Variable, "variable after 'let'")) return new Break(start, this.previousEnd);
    const nameEnd = this.previousEnd;
    let type: TypeSyntax | null = null;
    let value: Expression | null = null;
    if (this.accept(Token.Colon)) type = this.parseType();
    if (this.accept(Token.Equal)) value = this.parseExpression();
    return new Let(start, this.previousEnd, name, nameStart, nameEnd, type, value);
  }

  /** `for ($i : a..b) { }`, `for ($kv : @m) { }`; the parentheses may be left out. */
  private parseFor(): Statement {
    const start = this.lexer.start;
    this.next();
    const parentheses = this.accept(Token.LeftParenthesis);
    const name = this.lexer.symbol;
    const nameStart = this.lexer.start;
    this.expect(Token.Variable, "variable in for loop");
    const nameEnd = this.previousEnd;
    this.expect(Token.Colon, "':'");
    // Without parentheses a bound must not take the loop's body for a block of its own.
    const from = parentheses ? this.parseBinary(1) : this.parseUnary();
    if (this.accept(Token.DotDot)) {
      const to = parentheses ? this.parseBinary(1) : this.parseUnary();
      if (parentheses) this.expect(Token.RightParenthesis, "')'");
      const body = this.parseBlock(false);
      return new ForRange(start, body.end, name, nameStart, nameEnd, from, to, body);
    }
    if (from.kind != NodeKind.MapAccess || (<MapAccess>from).keys) {
      // As in the peer, the place is behind the parenthesis.
      if (parentheses && !this.lost) this.accept(Token.RightParenthesis);
      this.fail(Code.UnexpectedToken, "syntax: expected map or range in for loop", "a range is `0..10`, a map `@name` without keys");
      return new Break(start, this.previousEnd);
    }
    if (parentheses) this.expect(Token.RightParenthesis, "')'");
    const body = this.parseBlock(false);
    return new ForMap(start, body.end, name, nameStart, nameEnd, <MapAccess>from, body);
  }

  /** `{ ... }` where a statement may stand; with an operator behind it, it is an expression after all. */
  private parseBlockStatement(block: Block, value: bool): void {
    const inner = this.parseBlock(true);
    const result = inner.result;
    if (result && (this.startsOperator() || (value && this.is(Token.RightBrace)))) {
      this.finishValue(block, value, new BlockExpression(inner.start, inner.end, inner));
      return;
    }
    demote(inner);
    block.statements.push(inner);
    this.accept(Token.Semicolon);
  }

  private parseIfStatement(block: Block, value: bool): void {
    const statement = this.parseIf();
    if (!this.lost && (this.startsOperator() || (value && this.is(Token.RightBrace)))) {
      const expression = valueOf(statement);
      if (expression) {
        this.finishValue(block, value, expression);
        return;
      }
    }
    demoteIf(statement);
    block.statements.push(statement);
    this.accept(Token.Semicolon);
  }

  /** Goes on behind a block or `if` that turned out to be the start of an expression. */
  private finishValue(block: Block, value: bool, first: Expression): void {
    const expression = this.parseOperators(first, 1);
    if (this.lost) return;
    if (value && this.is(Token.RightBrace)) {
      block.result = expression;
      return;
    }
    block.statements.push(new ExpressionStatement(first.start, this.previousEnd, expression));
    this.endStatement();
  }

  /** An operator that can follow a value and start no statement. */
  private startsOperator(): bool {
    const operator = binaryOperator(this.kind);
    return (
      operator != BinaryOperator.None &&
      operator != BinaryOperator.Multiply &&
      operator != BinaryOperator.And &&
      operator != BinaryOperator.Subtract
    );
  }

  /** An `if` whose blocks may still have results. */
  private parseIf(): If {
    const start = this.lexer.start;
    this.next();
    const condition = this.parseCondition();
    const then = this.parseBlock(true);
    let otherwise: Statement | null = null;
    if (!this.lost && this.isWord(this.words.else)) {
      this.next();
      if (this.isWord(this.words.if)) {
        const shallow = this.enter() && this.link();
        if (shallow) otherwise = this.parseIf();
        this.leave();
      } else if (this.is(Token.LeftBrace)) {
        otherwise = this.parseBlock(true);
      } else {
        this.fail(Code.UnexpectedToken, "syntax: expected '{' or 'if' after 'else'");
      }
    }
    return new If(start, this.previousEnd, condition, then, otherwise);
  }

  /**
   * After an error: skips to where a statement may start, behind the next `;` or block of this level, or to the `}` that ends
   * this block. Then errors count again.
   */
  private findStatement(): void {
    let level = 0;
    while (!this.is(Token.End)) {
      if (this.startsProbe()) {
        this.atProbe = true;
        break;
      }
      if (this.is(Token.LeftBrace)) {
        level++;
      } else if (this.is(Token.RightBrace)) {
        if (level == 0) break;
        level--;
        if (level == 0) {
          this.next();
          // The `else` of an `if` that was given up goes with it.
          if (this.isWord(this.words.else)) continue;
          this.accept(Token.Semicolon);
          break;
        }
      } else if (this.is(Token.Semicolon) && level == 0) {
        this.next();
        break;
      }
      this.next();
    }
    this.found();
  }

  /** A word in the first column that names a provider, and `:` or `{` behind it: where scripts start a probe. */
  protected startsProbe(): bool {
    if (!this.is(Token.Identifier) || !this.lexer.lineBreakBefore) return false;
    const start = this.lexer.start;
    if (start > 0 && this.lexer.at(start - 1) != 0x0a) return false;
    if (providerOf(this.source.pointer + start, this.lexer.end - start) == Provider.Unknown) return false;
    const byte = this.lexer.at(this.lexer.peekOffset());
    return byte == 0x3a || byte == 0x7b || byte == 0x2c || byte == 0x2f;
  }
}

/** Makes a block's result a statement: nobody uses its value. */
function demote(block: Block): void {
  const result = block.result;
  if (!result) return;
  block.result = null;
  if (result.kind == NodeKind.BlockExpression) {
    const inner = (<BlockExpression>result).body;
    demote(inner);
    block.statements.push(inner);
  } else if (result.kind == NodeKind.IfExpression) {
    block.statements.push(ifStatement(<IfExpression>result));
  } else {
    block.statements.push(new ExpressionStatement(result.start, result.end, result));
  }
}

function demoteIf(statement: If): void {
  demote(statement.then);
  const otherwise = statement.otherwise;
  if (!otherwise) return;
  if (otherwise.kind == NodeKind.If) demoteIf(<If>otherwise);
  else demote(<Block>otherwise);
}

/** The statement that an `if` expression in statement position is. */
function ifStatement(expression: IfExpression): If {
  demote(expression.then);
  let otherwise: Statement;
  if (expression.otherwise.kind == NodeKind.IfExpression) {
    otherwise = ifStatement(<IfExpression>expression.otherwise);
  } else {
    const body = (<BlockExpression>expression.otherwise).body;
    demote(body);
    otherwise = body;
  }
  return new If(expression.start, expression.end, expression.condition, expression.then, otherwise);
}

/** The expression that an `if` is when all its branches have a value; else null. */
function valueOf(statement: If): Expression | null {
  const otherwise = statement.otherwise;
  if (!statement.then.result || !otherwise) return null;
  let value: Expression;
  if (otherwise.kind == NodeKind.If) {
    const inner = valueOf(<If>otherwise);
    if (!inner) return null;
    value = inner;
  } else {
    const body = <Block>otherwise;
    if (!body.result) return null;
    value = new BlockExpression(body.start, body.end, body);
  }
  return new IfExpression(statement.start, statement.end, statement.condition, statement.then, value);
}
