// What all parts of the parser share: the current token, expectations, errors, limits of depth.
//
// The parser is one class in layers, one file each: this one, types, expressions, statements, the C section, the program.
// After an error it is `lost`: no more errors are reported and all loops end, until a statement or probe boundary is found.

import { Code, Diagnostic, Diagnostics } from "../source/diagnostics";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { Block, Expression } from "./ast";
import { Lexer } from "./lexer";
import { Token, Words } from "./tokens";

/** Levels of nesting; a bracket counts twice. The parser and every walker of the tree recurse on the host's stack (1 MB in V8). */
const MAXIMUM_DEPTH: i32 = 400;

/** Operators of one statement that make the tree deeper without a bracket: `a + b + c`, `a.b.c`, `else if`. */
const MAXIMUM_CHAIN: i32 = 1000;

export abstract class ParserBase {
  protected lexer: Lexer;
  protected words: Words;
  private depth: i32 = 0;
  private chain: i32 = 0;
  /** Expressions around the current token: a statement in one of them adds to the chain of the outer one. */
  private expressionDepth: i32 = 0;

  constructor(
    protected source: Source,
    protected symbols: Symbols,
    protected diagnostics: Diagnostics,
    from: u32,
    to: u32,
  ) {
    this.lexer = new Lexer(source, symbols, diagnostics, from, to);
    this.words = new Words(symbols);
  }

  abstract parseExpression(): Expression;

  /** A block in braces. With `value` its last expression is its result. */
  abstract parseBlock(value: bool): Block;

  get kind(): Token {
    return this.lexer.kind;
  }

  /** An error was reported and no boundary has been reached since. */
  get lost(): bool {
    return this.lexer.silent;
  }

  next(): void {
    this.lexer.next();
  }

  is(kind: Token): bool {
    return this.lexer.kind == kind;
  }

  isWord(symbol: u32): bool {
    return this.lexer.kind == Token.Identifier && this.lexer.symbol == symbol;
  }

  /** Takes the token if it is of this kind. */
  accept(kind: Token): bool {
    if (this.lexer.kind != kind) return false;
    this.lexer.next();
    return true;
  }

  /** Takes a token of this kind, or reports that `text` is missing. */
  expect(kind: Token, text: string): bool {
    if (this.accept(kind)) return true;
    this.fail(Code.UnexpectedToken, `syntax: expected ${text}`);
    return false;
  }

  /** Reports an error at the current token. */
  fail(code: Code, message: string, hint: string = ""): void {
    // The peer marks a whole word, but one byte of anything else.
    const lexer = this.lexer;
    const start = lexer.start;
    let end = start;
    switch (lexer.kind) {
      case Token.End:
        break;
      case Token.Identifier:
      case Token.Variable:
      case Token.Map:
      case Token.Parameter:
      case Token.ParameterCount:
        end = lexer.end;
        break;
      case Token.Integer:
      case Token.Decimal:
        end = lexer.wordEnd(start);
        break;
      default:
        end = start + 1;
        break;
    }
    const error = this.failAt(code, start, end, message, hint);
    if (error && lexer.kind == Token.End && lexer.openComment < start)
      error.note(lexer.openComment, lexer.openComment + 2, "this comment is not closed");
  }

  /** Reports an error, unless the parser is lost already, which it then is. Null if nothing was recorded. */
  failAt(code: Code, start: u32, end: u32, message: string, hint: string = ""): Diagnostic | null {
    const error = this.lexer.error(code, start, end, message, hint);
    this.lexer.silent = true;
    return error;
  }

  /** Ends the silence after an error: a boundary has been found. */
  found(): void {
    this.lexer.silent = false;
  }

  /** End of the last token taken. */
  get previousEnd(): u32 {
    return this.lexer.previousEnd;
  }

  /** One level deeper. False: too deep, which has been reported; `leave` must be called all the same. */
  enter(): bool {
    this.depth++;
    return this.depth <= MAXIMUM_DEPTH || this.tooDeep();
  }

  leave(): void {
    this.depth--;
  }

  enterExpression(): bool {
    this.expressionDepth++;
    return this.enter();
  }

  leaveExpression(): void {
    this.expressionDepth--;
    this.leave();
  }

  /** A statement begins: its chain of operators does, unless it stands inside an expression. */
  startChain(): void {
    if (this.expressionDepth == 0) this.chain = 0;
  }

  /** One more operator in the chain. False: too many, which has been reported. */
  link(): bool {
    this.chain++;
    return this.chain <= MAXIMUM_CHAIN || this.tooDeep();
  }

  private tooDeep(): bool {
    this.fail(Code.NestedTooDeeply, "syntax: nested too deeply", "split it with variables or macros");
    return false;
  }

  /** Text of the current token, for messages. */
  tokenText(): string {
    return this.source.text(this.lexer.start, this.lexer.end);
  }
}
