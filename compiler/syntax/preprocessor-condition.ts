// The expression of an `#if` line: integers, `defined`, names of #defines, and C's operators.

import { Diagnostics } from "../source/diagnostics";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { Define, NodeKind, Program } from "./ast";
import { Lexer } from "./lexer";
import { BinaryOperator, binaryPrecedence } from "./operators";
import { binaryOperator, Token } from "./tokens";

/** Parentheses and #defines inside each other at most. */
const MAXIMUM_DEPTH: i32 = 50;

@final
export class PreprocessorCondition {
  /** The text is no such expression. */
  failed: bool = false;
  private lexer: Lexer;
  private depth: i32 = 0;

  constructor(
    private source: Source,
    private symbols: Symbols,
    private program: Program,
    from: u32,
    to: u32,
  ) {
    // Its errors are one error of the line, reported by the caller.
    this.lexer = new Lexer(source, symbols, new Diagnostics(source), from, to);
  }

  evaluate(): i64 {
    this.lexer.next();
    const value = this.ternary();
    if (this.lexer.kind != Token.End) this.failed = true;
    return value;
  }

  private accept(kind: Token): bool {
    if (this.lexer.kind != kind) return false;
    this.lexer.next();
    return true;
  }

  private ternary(): i64 {
    const condition = this.binary(1);
    if (this.failed || !this.accept(Token.Question)) return condition;
    const yes = this.ternary();
    if (!this.accept(Token.Colon)) this.failed = true;
    const no = this.ternary();
    return condition != 0 ? yes : no;
  }

  private binary(minimum: i32): i64 {
    let left = this.unary();
    while (!this.failed) {
      const operator = binaryOperator(this.lexer.kind);
      if (operator == BinaryOperator.None || binaryPrecedence(operator) < minimum) break;
      this.lexer.next();
      left = this.apply(operator, left, this.binary(binaryPrecedence(operator) + 1));
    }
    return left;
  }

  private apply(operator: BinaryOperator, left: i64, right: i64): i64 {
    switch (operator) {
      case BinaryOperator.Multiply:
        return left * right;
      case BinaryOperator.Divide:
      case BinaryOperator.Modulo:
        // The second case is the only quotient of two i64 that is none, and a trap.
        if (right == 0 || (right == -1 && left == i64.MIN_VALUE)) {
          this.failed = true;
          return 0;
        }
        return operator == BinaryOperator.Divide ? left / right : left % right;
      case BinaryOperator.Add:
        return left + right;
      case BinaryOperator.Subtract:
        return left - right;
      case BinaryOperator.ShiftLeft:
        return left << (right & 63);
      case BinaryOperator.ShiftRight:
        return left >> (right & 63);
      case BinaryOperator.Less:
        return i64(left < right);
      case BinaryOperator.LessEqual:
        return i64(left <= right);
      case BinaryOperator.Greater:
        return i64(left > right);
      case BinaryOperator.GreaterEqual:
        return i64(left >= right);
      case BinaryOperator.Equal:
        return i64(left == right);
      case BinaryOperator.NotEqual:
        return i64(left != right);
      case BinaryOperator.And:
        return left & right;
      case BinaryOperator.Xor:
        return left ^ right;
      case BinaryOperator.Or:
        return left | right;
      case BinaryOperator.LogicalAnd:
        return i64(left != 0 && right != 0);
      case BinaryOperator.LogicalOr:
        return i64(left != 0 || right != 0);
      default:
        this.failed = true;
        return 0;
    }
  }

  private unary(): i64 {
    this.depth++;
    if (this.depth > MAXIMUM_DEPTH) this.failed = true;
    const value = this.failed ? 0 : this.operand();
    this.depth--;
    return value;
  }

  private operand(): i64 {
    const lexer = this.lexer;
    const kind = lexer.kind;
    const value = <i64>lexer.value;
    const symbol = lexer.symbol;
    lexer.next();
    switch (kind) {
      case Token.Integer:
        return value;
      case Token.Exclamation:
        return i64(this.unary() == 0);
      case Token.Minus:
        return -this.unary();
      case Token.Tilde:
        return ~this.unary();
      case Token.LeftParenthesis: {
        const inner = this.ternary();
        if (!this.accept(Token.RightParenthesis)) this.failed = true;
        return inner;
      }
      case Token.Identifier:
        return this.symbols.is(symbol, "defined") ? this.defined() : this.valueOf(symbol);
      default:
        this.failed = true;
        return 0;
    }
  }

  /** `defined X`, `defined(X)` */
  private defined(): i64 {
    const lexer = this.lexer;
    const parentheses = this.accept(Token.LeftParenthesis);
    const symbol = lexer.symbol;
    if (lexer.kind != Token.Identifier) this.failed = true;
    lexer.next();
    if (parentheses && !this.accept(Token.RightParenthesis)) this.failed = true;
    return i64(this.isPredefined(symbol) || this.find(symbol) != null);
  }

  private isPredefined(name: u32): bool {
    return this.program.predefined.indexOf(this.symbols.text(name)) >= 0;
  }

  private find(name: u32): Define | null {
    const definitions = this.program.definitions;
    for (let i = definitions.length - 1; i >= 0; i--) {
      const node = definitions[i];
      if (node.kind == NodeKind.Define && (<Define>node).name == name) return <Define>node;
    }
    return null;
  }

  /** Value of a name: that of its #define, else 0 as in C. */
  private valueOf(name: u32): i64 {
    if (this.isPredefined(name)) return 1;
    const define = this.find(name);
    if (!define || define.parameters) return 0;
    const inner = new PreprocessorCondition(this.source, this.symbols, this.program, define.bodyStart, define.bodyEnd);
    inner.depth = this.depth;
    const value = inner.evaluate();
    if (inner.failed) this.failed = true;
    return value;
  }
}
