// Parser, third layer: expressions (features 2.8), by precedence climbing.

import { Code } from "../source/diagnostics";
import { Block, Expression, NodeKind, TypeSyntax } from "./ast";
import {
  Binary,
  BlockExpression,
  BooleanLiteral,
  Call,
  Cast,
  Comptime,
  Conditional,
  ContainerOf,
  DecimalLiteral,
  ErrorExpression,
  FieldAccess,
  IfExpression,
  Index,
  IntegerLiteral,
  MapAccess,
  OffsetOf,
  ParameterCount,
  PositionalParameter,
  Record,
  SizeOf,
  StringLiteral,
  Tuple,
  TupleIndex,
  TypeExpression,
  TypeInformation,
  Unary,
  Variable,
} from "./expression-nodes";
import { BinaryOperator, binaryPrecedence, UnaryOperator } from "./operators";
import { binaryOperator, Token } from "./tokens";
import { TypeParser } from "./types";

const ADDRESS_OF = "syntax: address-of operator (&) can only be used on a map or variable";

export abstract class ExpressionParser extends TypeParser {
  /** Inside a predicate: a `/` before `{` ends it and divides nothing. */
  protected inPredicate: bool = false;

  parseExpression(): Expression {
    const start = this.lexer.start;
    if (!this.enterExpression()) {
      this.leaveExpression();
      return new ErrorExpression(start, start);
    }
    let result = this.parseBinary(1);
    if (this.is(Token.Question) && !this.lost) {
      this.next();
      // `a ?: b` and `a ? : b` are the same.
      const then: Expression | null = this.is(Token.Colon) ? null : this.parseExpression();
      this.expect(Token.Colon, "':'");
      result = new Conditional(result, then, this.parseExpression());
    }
    this.leaveExpression();
    return result;
  }

  /** Operators of at least this precedence. */
  parseBinary(minimum: i32): Expression {
    return this.parseOperators(this.parseUnary(), minimum);
  }

  /** What follows an operand that has been read already. */
  parseOperators(left: Expression, minimum: i32): Expression {
    while (!this.lost) {
      const operator = this.operatorHere();
      if (operator == BinaryOperator.None) break;
      const precedence = binaryPrecedence(operator);
      if (precedence < minimum || !this.link()) break;
      const start = this.lexer.start;
      this.next();
      if (operator == BinaryOperator.Match || operator == BinaryOperator.NotMatch) {
        this.lexer.inPattern = true;
        this.next();
        this.lexer.inPattern = false;
      }
      const end = this.previousEnd;
      const right = this.parseBinary(precedence + 1);
      left = new Binary(operator, start, end, left, right);
    }
    return left;
  }

  /** The binary operator at the current token, if there is one and it does not end the predicate. */
  private operatorHere(): BinaryOperator {
    const kind = this.kind;
    if (kind == Token.Slash && this.inPredicate) {
      return this.lexer.at(this.lexer.peekOffset()) == 0x7b ? BinaryOperator.None : BinaryOperator.Divide;
    }
    // `=~` and `!~` are operators only before a string: `$x =~1` assigns, `a !~1` is an error either way.
    if ((kind == Token.Equal || kind == Token.Exclamation) && this.lexer.at(this.lexer.end) == 0x7e) {
      if (this.lexer.at(this.lexer.skipLayout(this.lexer.end + 1)) != 0x22) return BinaryOperator.None;
      return kind == Token.Equal ? BinaryOperator.Match : BinaryOperator.NotMatch;
    }
    return binaryOperator(kind);
  }

  /** An operand with the operators before and behind it. */
  parseUnary(): Expression {
    const start = this.lexer.start;
    if (!this.enterExpression()) {
      this.leaveExpression();
      return new ErrorExpression(start, start);
    }
    const result = this.parsePrefix();
    this.leaveExpression();
    return result;
  }

  private parsePrefix(): Expression {
    const start = this.lexer.start;
    switch (this.kind) {
      case Token.Minus:
        return this.parseNegative();
      case Token.Exclamation:
        return this.prefixed(UnaryOperator.Not);
      case Token.Tilde:
        return this.prefixed(UnaryOperator.Complement);
      case Token.Star:
        return this.prefixed(UnaryOperator.Dereference);
      case Token.Ampersand: {
        this.next();
        if (this.is(Token.Variable)) return new Unary(start, this.lexer.end, UnaryOperator.AddressOf, this.parseVariable());
        if (this.is(Token.Map)) {
          // The peer takes the address of the map, never of a value in it.
          const map = new MapAccess(this.lexer.start, this.lexer.end, this.lexer.symbol, this.lexer.end, null);
          this.next();
          return new Unary(start, map.end, UnaryOperator.AddressOf, map);
        }
        this.fail(Code.InvalidOperator, ADDRESS_OF);
        return new ErrorExpression(start, this.previousEnd);
      }
      case Token.AmpersandAmpersand:
        // The address of an address: the peer marks the second `&`.
        this.failAt(Code.InvalidOperator, start + 1, start + 2, ADDRESS_OF);
        return new ErrorExpression(start, start);
      case Token.PlusPlus:
        return this.parsePreIncrement(UnaryOperator.PreIncrement);
      case Token.MinusMinus:
        return this.parsePreIncrement(UnaryOperator.PreDecrement);
      case Token.LeftParenthesis:
        if (this.startsCast()) {
          this.next();
          const type = this.parseType();
          this.expect(Token.RightParenthesis, "')'");
          return new Cast(start, type, this.parseUnary());
        }
        break;
      case Token.Identifier:
        if (this.isWord(this.words.comptime)) {
          this.next();
          return new Comptime(start, this.parseUnary());
        }
        break;
      default:
        break;
    }
    return this.parsePostfix(this.parsePrimary());
  }

  private prefixed(operator: UnaryOperator): Expression {
    const start = this.lexer.start;
    this.next();
    const operand = this.parseUnary();
    return new Unary(start, operand.end, operator, operand);
  }

  /** `-1` is one literal: only so the smallest number can be written. */
  private parseNegative(): Expression {
    const start = this.lexer.start;
    this.next();
    const operand = this.parseUnary();
    if (operand.kind == NodeKind.IntegerLiteral) {
      const literal = <IntegerLiteral>operand;
      if (!literal.negative && literal.value <= (<u64>1) << 63) {
        const negative = new IntegerLiteral(start, literal.end, 0 - literal.value);
        negative.negative = true;
        negative.duration = literal.duration;
        negative.suffix = literal.suffix;
        return negative;
      }
    }
    return new Unary(start, operand.end, UnaryOperator.Negate, operand);
  }

  private parsePreIncrement(operator: UnaryOperator): Expression {
    const start = this.lexer.start;
    this.next();
    if (!this.is(Token.Variable) && !this.is(Token.Map)) {
      this.fail(Code.InvalidOperator, "syntax: increment/decrement requires a variable or map");
      return new ErrorExpression(start, this.previousEnd);
    }
    const operand: Expression = this.is(Token.Variable) ? this.parseVariable() : this.parseMap();
    return new Unary(start, operand.end, operator, operand);
  }

  private parseVariable(): Variable {
    const variable = new Variable(this.lexer.start, this.lexer.end, this.lexer.symbol);
    this.next();
    return variable;
  }

  /** `@x` and its keys. */
  protected parseMap(): MapAccess {
    const map = new MapAccess(this.lexer.start, this.lexer.end, this.lexer.symbol, this.lexer.end, null);
    this.next();
    if (this.accept(Token.LeftBracket)) {
      const keys = new Array<Expression>();
      do {
        keys.push(this.parseExpression());
      } while (!this.lost && this.accept(Token.Comma));
      this.expect(Token.RightBracket, "']'");
      map.keys = keys;
      map.end = this.previousEnd;
    }
    return map;
  }

  private parsePostfix(expression: Expression): Expression {
    while (!this.lost) {
      switch (this.kind) {
        case Token.Dot:
        case Token.Arrow:
          if (!this.link()) return expression;
          expression = this.parseField(expression);
          continue;
        case Token.LeftBracket: {
          if (!this.link()) return expression;
          this.next();
          const index = this.parseExpression();
          this.expect(Token.RightBracket, "']'");
          expression = new Index(this.previousEnd, expression, index);
          continue;
        }
        case Token.PlusPlus:
        case Token.MinusMinus: {
          if (expression.kind != NodeKind.Variable && expression.kind != NodeKind.MapAccess) {
            const end = this.lexer.end;
            this.failAt(Code.InvalidOperator, this.lexer.start, end, "syntax: increment/decrement requires a variable or map");
            return expression;
          }
          const operator = this.is(Token.PlusPlus) ? UnaryOperator.PostIncrement : UnaryOperator.PostDecrement;
          this.next();
          return new Unary(expression.start, this.previousEnd, operator, expression);
        }
        default:
          return expression;
      }
    }
    return expression;
  }

  private parseField(object: Expression): Expression {
    const arrow = this.is(Token.Arrow);
    this.lexer.nextField();
    if (this.is(Token.Integer)) {
      const index = this.lexer.value;
      if (index > <u64>i32.MAX_VALUE) this.fail(Code.OutOfRange, "syntax: tuple index is too large");
      this.next();
      return new TupleIndex(this.previousEnd, object, <u32>index);
    }
    const name = this.lexer.symbol;
    const start = this.lexer.start;
    if (!this.is(Token.Identifier)) {
      this.fail(Code.UnexpectedToken, `syntax: expected field name after '${arrow ? "->" : "."}'`);
      return object;
    }
    this.next();
    return new FieldAccess(this.previousEnd, object, name, start, arrow);
  }

  private parsePrimary(): Expression {
    const lexer = this.lexer;
    const start = lexer.start;
    switch (this.kind) {
      case Token.Integer: {
        const literal = new IntegerLiteral(start, lexer.end, lexer.value);
        literal.duration = lexer.duration;
        literal.suffix = lexer.suffix;
        this.next();
        return literal;
      }
      case Token.Decimal: {
        const literal = new DecimalLiteral(start, lexer.end, lexer.value, lexer.scale);
        this.next();
        return literal;
      }
      case Token.String: {
        const literal = new StringLiteral(start, lexer.end, lexer.pointer, lexer.length);
        this.next();
        return literal;
      }
      case Token.Variable:
        return this.parseVariable();
      case Token.Map:
        return this.parseMap();
      case Token.Parameter: {
        const parameter = new PositionalParameter(start, lexer.end, <u32>min<u64>(lexer.value, <u64>u32.MAX_VALUE));
        this.next();
        return parameter;
      }
      case Token.ParameterCount: {
        const count = new ParameterCount(start, lexer.end);
        this.next();
        return count;
      }
      case Token.LeftParenthesis:
        return this.parseParenthesised();
      case Token.LeftBrace:
        return this.parseValueBlock();
      case Token.Identifier:
        return this.parseWord();
      default: {
        const hint = lexer.at(start) == 0x27 ? 'text is written in double quotes; a character is "x"[0]' : "";
        this.fail(Code.UnexpectedToken, "syntax: expected expression", hint);
        return new ErrorExpression(start, start);
      }
    }
  }

  /** A value in parentheses, a tuple or a record. */
  private parseParenthesised(): Expression {
    const start = this.lexer.start;
    this.next();
    if (this.accept(Token.RightParenthesis)) return new Tuple(start, this.previousEnd, []);
    if (this.is(Token.Identifier) && this.startsRecord()) return this.parseRecord(start);
    const first = this.parseExpression();
    if (!this.is(Token.Comma)) {
      this.expect(Token.RightParenthesis, "')'");
      return first;
    }
    const elements: Array<Expression> = [first];
    while (!this.lost && this.accept(Token.Comma)) {
      if (this.is(Token.RightParenthesis)) break;
      elements.push(this.parseExpression());
    }
    this.expect(Token.RightParenthesis, "')'");
    return new Tuple(start, this.previousEnd, elements);
  }

  /** `name =`, but neither `name ==` nor `name =~ "pattern"`. */
  private startsRecord(): bool {
    const offset = this.lexer.peekOffset();
    if (this.lexer.at(offset) != 0x3d) return false;
    const second = this.lexer.at(offset + 1);
    if (second == 0x3d) return false;
    return second != 0x7e || this.lexer.at(this.lexer.skipLayout(offset + 2)) != 0x22;
  }

  private parseRecord(start: u32): Expression {
    const names = new Array<u32>();
    const values = new Array<Expression>();
    do {
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "identifier")) break;
      if (!this.expect(Token.Equal, "'='")) break;
      names.push(name);
      values.push(this.parseExpression());
    } while (!this.lost && this.accept(Token.Comma));
    this.expect(Token.RightParenthesis, "')'");
    return new Record(start, this.previousEnd, names, values);
  }

  /** What starts with a word: a literal, a construct with its own syntax, a call, a name. */
  private parseWord(): Expression {
    const word = this.lexer.symbol;
    const words = this.words;
    const start = this.lexer.start;
    const call = this.lexer.at(this.lexer.peekOffset()) == 0x28;
    if (word == words.true || word == words.false) {
      this.next();
      return new BooleanLiteral(start, this.previousEnd, word == words.true);
    }
    if (word == words.if) return this.parseIfExpression();
    if (word == words.sizeof || word == words.typeinfo) return this.parseSizeOf(word == words.sizeof);
    if (word == words.offsetof) return this.parseOffsetOf(false);
    if (call) {
      if (word == words.typeof) {
        const type = this.parseTypeOf();
        return new TypeExpression(start, type.end, type);
      }
      if (word == words.containerOf) return this.parseContainerOf();
      if (word == words.hasField) return this.parseOffsetOf(true);
      return this.parseCall();
    }
    if (this.isTypeName(word)) {
      const type = this.parseType();
      return new TypeExpression(start, type.end, type);
    }
    return this.identifier();
  }

  private parseCall(): Expression {
    const name = this.lexer.symbol;
    const start = this.lexer.start;
    const nameEnd = this.lexer.end;
    this.next();
    this.next();
    const list = new Array<Expression>();
    if (!this.is(Token.RightParenthesis)) {
      do {
        list.push(this.parseExpression());
      } while (!this.lost && this.accept(Token.Comma));
    }
    this.expect(Token.RightParenthesis, "')'");
    return new Call(start, this.previousEnd, name, nameEnd, list);
  }

  /** `sizeof(T|e)`, `typeinfo(T|e)` */
  private parseSizeOf(size: bool): Expression {
    const start = this.lexer.start;
    this.next();
    this.expect(Token.LeftParenthesis, "'('");
    let type: TypeSyntax | null = null;
    let expression: Expression | null = null;
    if (this.startsType(false)) type = this.parseType();
    else expression = this.parseExpression();
    this.expect(Token.RightParenthesis, "')'");
    if (size) return new SizeOf(start, this.previousEnd, type, expression);
    return new TypeInformation(start, this.previousEnd, type, expression);
  }

  /** `offsetof(T|e, a.b)`, `has_field(T|e, a.b)` */
  private parseOffsetOf(asksExistence: bool): Expression {
    const start = this.lexer.start;
    this.next();
    this.expect(Token.LeftParenthesis, "'('");
    let type: TypeSyntax | null = null;
    let expression: Expression | null = null;
    if (this.startsType(false)) type = this.parseType();
    else expression = this.parseExpression();
    this.expect(Token.Comma, "','");
    const path = this.parsePath();
    this.expect(Token.RightParenthesis, "')'");
    return new OffsetOf(start, this.previousEnd, type, expression, path, asksExistence);
  }

  private parseContainerOf(): Expression {
    const start = this.lexer.start;
    this.next();
    this.next();
    const pointer = this.parseExpression();
    this.expect(Token.Comma, "','");
    const type = this.parseType();
    this.expect(Token.Comma, "','");
    const path = this.parsePath();
    this.expect(Token.RightParenthesis, "')'");
    return new ContainerOf(start, this.previousEnd, pointer, type, path);
  }

  /** `a.b.c` */
  private parsePath(): Array<u32> {
    const path = new Array<u32>();
    do {
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "')'")) break;
      path.push(name);
    } while (this.accept(Token.Dot));
    return path;
  }

  private parseValueBlock(): Expression {
    const errors = this.diagnostics.errorCount;
    const body = this.parseBlock(true);
    this.needValue(body, errors);
    return new BlockExpression(body.start, body.end, body);
  }

  /** Reports a block that is used as a value and has none; not if it has errors, of which there were `errors` before. */
  private needValue(body: Block, errors: i32): void {
    if (body.result || this.diagnostics.errorCount > errors) return;
    this.lexer.error(
      Code.UnexpectedToken,
      body.start,
      body.end,
      "this block must have a value",
      "its last line is the value: an expression without a ';'",
    );
  }

  /** What `if`, `while` and `unroll` stand before: one operand, so that the block behind it is not taken for a part of it. */
  protected parseCondition(): Expression {
    if (!this.is(Token.LeftBrace)) return this.parseUnary();
    const errors = this.diagnostics.errorCount;
    const body = this.parseBlock(true);
    if (!this.lost && !this.is(Token.LeftBrace)) this.fail(Code.UnexpectedToken, "syntax: expected '{'", "the condition is missing");
    this.needValue(body, errors);
    return new BlockExpression(body.start, body.end, body);
  }

  /** An `if` whose value is used: every branch has one. */
  private parseIfExpression(): Expression {
    const start = this.lexer.start;
    this.next();
    const condition = this.parseCondition();
    const errors = this.diagnostics.errorCount;
    const then = this.parseBlock(true);
    this.needValue(then, errors);
    if (!this.isWord(this.words.else)) {
      const hint = "an `if` that is used as a value needs an `else`";
      this.fail(Code.UnexpectedToken, "syntax: expected 'else'", hint);
      return new ErrorExpression(start, this.previousEnd);
    }
    this.next();
    let otherwise: Expression;
    if (this.isWord(this.words.if)) {
      const reached = this.enterExpression();
      otherwise = reached ? this.parseIfExpression() : new ErrorExpression(start, start);
      this.leaveExpression();
    } else if (this.is(Token.LeftBrace)) {
      otherwise = this.parseValueBlock();
    } else {
      this.fail(Code.UnexpectedToken, "syntax: expected '{' or 'if' after 'else'");
      otherwise = new ErrorExpression(this.lexer.start, this.lexer.start);
    }
    return new IfExpression(start, this.previousEnd, condition, then, otherwise);
  }
}
