// Kinds of tokens and the words that the grammar knows.
//
// The language has no reserved words: `if`, `let`, `struct` mean something only where the grammar looks for them, so the
// lexer calls every word an identifier and the parser compares symbols.

import { Symbols } from "../source/symbols";
import { BinaryOperator } from "./operators";

export const enum Token {
  End,
  /** A byte that starts no token. */
  Unknown,
  Identifier,
  /** `$name`; the symbol is without `$`. */
  Variable,
  /** `@name` or `@`; the symbol is without `@`. */
  Map,
  /** `$1` */
  Parameter,
  /** `$#` */
  ParameterCount,
  Integer,
  Decimal,
  String,
  // Punctuation
  LeftParenthesis,
  RightParenthesis,
  LeftBrace,
  RightBrace,
  LeftBracket,
  RightBracket,
  Semicolon,
  Comma,
  Colon,
  Question,
  Dot,
  DotDot,
  Arrow,
  Hash,
  // Operators
  Plus,
  Minus,
  Star,
  Slash,
  Percent,
  Ampersand,
  Pipe,
  Caret,
  Tilde,
  Exclamation,
  Less,
  Greater,
  LessLess,
  GreaterGreater,
  LessEqual,
  GreaterEqual,
  EqualEqual,
  NotEqual,
  AmpersandAmpersand,
  PipePipe,
  PlusPlus,
  MinusMinus,
  Equal,
  PlusEqual,
  MinusEqual,
  StarEqual,
  SlashEqual,
  PercentEqual,
  AmpersandEqual,
  PipeEqual,
  CaretEqual,
  LessLessEqual,
  GreaterGreaterEqual,
}

/** The operator between two operands that a token stands for; None if it is no such operator. */
export function binaryOperator(token: Token): BinaryOperator {
  switch (token) {
    case Token.Star:
      return BinaryOperator.Multiply;
    case Token.Slash:
      return BinaryOperator.Divide;
    case Token.Percent:
      return BinaryOperator.Modulo;
    case Token.Plus:
      return BinaryOperator.Add;
    case Token.Minus:
      return BinaryOperator.Subtract;
    case Token.LessLess:
      return BinaryOperator.ShiftLeft;
    case Token.GreaterGreater:
      return BinaryOperator.ShiftRight;
    case Token.Less:
      return BinaryOperator.Less;
    case Token.LessEqual:
      return BinaryOperator.LessEqual;
    case Token.Greater:
      return BinaryOperator.Greater;
    case Token.GreaterEqual:
      return BinaryOperator.GreaterEqual;
    case Token.EqualEqual:
      return BinaryOperator.Equal;
    case Token.NotEqual:
      return BinaryOperator.NotEqual;
    case Token.Ampersand:
      return BinaryOperator.And;
    case Token.Caret:
      return BinaryOperator.Xor;
    case Token.Pipe:
      return BinaryOperator.Or;
    case Token.AmpersandAmpersand:
      return BinaryOperator.LogicalAnd;
    case Token.PipePipe:
      return BinaryOperator.LogicalOr;
    default:
      return BinaryOperator.None;
  }
}

/** The operator of a compound assignment; None for `=` and everything else. */
export function assignmentOperator(token: Token): BinaryOperator {
  switch (token) {
    case Token.PlusEqual:
      return BinaryOperator.Add;
    case Token.MinusEqual:
      return BinaryOperator.Subtract;
    case Token.StarEqual:
      return BinaryOperator.Multiply;
    case Token.SlashEqual:
      return BinaryOperator.Divide;
    case Token.PercentEqual:
      return BinaryOperator.Modulo;
    case Token.AmpersandEqual:
      return BinaryOperator.And;
    case Token.PipeEqual:
      return BinaryOperator.Or;
    case Token.CaretEqual:
      return BinaryOperator.Xor;
    case Token.LessLessEqual:
      return BinaryOperator.ShiftLeft;
    case Token.GreaterGreaterEqual:
      return BinaryOperator.ShiftRight;
    default:
      return BinaryOperator.None;
  }
}

/** Symbols of the words that the grammar knows, interned once per parser. */
@final
export class Words {
  break: u32;
  comptime: u32;
  config: u32;
  containerOf: u32;
  continue: u32;
  else: u32;
  enum: u32;
  false: u32;
  fn: u32;
  for: u32;
  if: u32;
  import: u32;
  let: u32;
  macro: u32;
  offsetof: u32;
  hasField: u32;
  return: u32;
  sizeof: u32;
  struct: u32;
  true: u32;
  typedef: u32;
  typeinfo: u32;
  typeof: u32;
  underscore: u32;
  union: u32;
  unroll: u32;
  void: u32;
  while: u32;

  constructor(symbols: Symbols) {
    this.break = symbols.internString("break");
    this.comptime = symbols.internString("comptime");
    this.config = symbols.internString("config");
    this.containerOf = symbols.internString("container_of");
    this.continue = symbols.internString("continue");
    this.else = symbols.internString("else");
    this.enum = symbols.internString("enum");
    this.false = symbols.internString("false");
    this.fn = symbols.internString("fn");
    this.for = symbols.internString("for");
    this.if = symbols.internString("if");
    this.import = symbols.internString("import");
    this.let = symbols.internString("let");
    this.macro = symbols.internString("macro");
    this.offsetof = symbols.internString("offsetof");
    this.hasField = symbols.internString("has_field");
    this.return = symbols.internString("return");
    this.sizeof = symbols.internString("sizeof");
    this.struct = symbols.internString("struct");
    this.true = symbols.internString("true");
    this.typedef = symbols.internString("typedef");
    this.typeinfo = symbols.internString("typeinfo");
    this.typeof = symbols.internString("typeof");
    this.underscore = symbols.internString("_");
    this.union = symbols.internString("union");
    this.unroll = symbols.internString("unroll");
    this.void = symbols.internString("void");
    this.while = symbols.internString("while");
  }
}
