// Parser, second layer: types as scripts write them (features 2.9).

import { Code } from "../source/diagnostics";
import { ArrayType, Expression, NamedType, PointerType, Tag, TaggedType, TypeOf, TypeSyntax } from "./ast";
import { CharacterClass, classOf } from "./characters";
import { Identifier, IntegerLiteral } from "./expression-nodes";
import { ParserBase } from "./parser-base";
import { Token } from "./tokens";

/** Bytes of an expression in `(typeof(...))` at most; without a limit, nested ones would cost the square of their length. */
const MAXIMUM_LOOK_AHEAD: u32 = 1024;

/** Types that are no one's variable: where one of them stands, a type is meant. */
const TYPE_NAMES: StaticArray<string> = [
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "void",
  "string",
  "buffer",
  "inet",
  "timestamp",
  "macaddr_t",
  "cgroup_path_t",
  "username_t",
  "count_t",
  "sum_t",
  "min_t",
  "max_t",
  "avg_t",
  "stats_t",
  "usum_t",
  "umin_t",
  "umax_t",
  "uavg_t",
  "ustats_t",
];

/** Builtin values that the grammar must know, since `(pid) - 1` is no cast (features 2.1, row L12). */
const VALUE_NAMES: StaticArray<string> = ["args", "ctx", "kstack", "nsecs", "pid", "tid", "ustack"];

export abstract class TypeParser extends ParserBase {
  /** `int32`, `struct x *`, `string[16]`, `typeof(e)`. */
  parseType(): TypeSyntax {
    const start = this.lexer.start;
    let type: TypeSyntax;
    const word = this.lexer.symbol;
    if (!this.is(Token.Identifier)) {
      this.fail(Code.UnexpectedToken, "syntax: expected type name");
      return new NamedType(start, start, this.words.void);
    }
    if (word == this.words.typeof) {
      type = this.parseTypeOf();
    } else if (this.isTagWord(word)) {
      const tag = this.tagOf(word);
      this.next();
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "identifier")) return new NamedType(start, start, this.words.void);
      type = new TaggedType(start, this.previousEnd, tag, name);
    } else {
      this.next();
      type = new NamedType(start, this.previousEnd, word);
    }
    return this.parseTypeSuffix(type);
  }

  /** `*` and `[N]` behind a type. */
  parseTypeSuffix(type: TypeSyntax): TypeSyntax {
    while (!this.lost) {
      if (this.is(Token.Star)) {
        if (!this.link()) break;
        this.next();
        type = new PointerType(type.start, this.previousEnd, type);
      } else if (this.is(Token.LeftBracket)) {
        if (!this.link()) break;
        this.next();
        let size: Expression | null = null;
        if (this.is(Token.Integer)) {
          size = new IntegerLiteral(this.lexer.start, this.lexer.end, this.lexer.value);
          this.next();
        }
        this.expect(Token.RightBracket, "']'");
        type = new ArrayType(type.start, this.previousEnd, type, size);
      } else {
        break;
      }
    }
    return type;
  }

  /** `typeof(T)` or `typeof(e)`. */
  parseTypeOf(): TypeOf {
    const start = this.lexer.start;
    this.next();
    this.expect(Token.LeftParenthesis, "'('");
    let type: TypeSyntax | null = null;
    let expression: Expression | null = null;
    if (this.startsType(true)) type = this.parseType();
    else expression = this.parseExpression();
    this.expect(Token.RightParenthesis, "')'");
    return new TypeOf(start, this.previousEnd, type, expression);
  }

  isTagWord(word: u32): bool {
    return word == this.words.struct || word == this.words.union || word == this.words.enum;
  }

  tagOf(word: u32): Tag {
    return word == this.words.struct ? Tag.Struct : word == this.words.union ? Tag.Union : Tag.Enum;
  }

  /** Whether the operand of sizeof and the like starts a type. A lone identifier is one only if `loneNames`. */
  startsType(loneNames: bool): bool {
    if (!this.is(Token.Identifier)) return false;
    const word = this.lexer.symbol;
    if (word == this.words.typeof || this.isTagWord(word)) return true;
    if (this.isTypeName(word)) return true;
    const after = this.skipTypeSuffix(this.lexer.end);
    const byte = this.lexer.at(after);
    if (byte != 0x29 && byte != 0x2c) return false;
    return loneNames ? true : this.hasStarBetween(this.lexer.end, after);
  }

  /** Names of the language's own types. */
  isTypeName(word: u32): bool {
    for (let i = 0; i < TYPE_NAMES.length; i++) if (this.symbols.is(word, TYPE_NAMES[i])) return true;
    return false;
  }

  /** Builtin values whose name in parentheses is a value, whatever follows. */
  isValueName(word: u32): bool {
    for (let i = 0; i < VALUE_NAMES.length; i++) if (this.symbols.is(word, VALUE_NAMES[i])) return true;
    // argN and sargN
    const pointer = this.symbols.pointer(word);
    const length = this.symbols.length(word);
    let offset: u32 = 0;
    if (length > 4 && load<u8>(pointer) == 0x73) offset = 1;
    if (length <= offset + 3) return false;
    if (load<u8>(pointer + offset) != 0x61 || load<u8>(pointer + offset + 1) != 0x72 || load<u8>(pointer + offset + 2) != 0x67)
      return false;
    for (let i = offset + 3; i < length; i++) if (classOf(load<u8>(pointer + i)) != CharacterClass.Digit) return false;
    return true;
  }

  /** Whether `(` at the current token opens a cast: a type, `)`, and then an operand. Looks ahead, takes nothing. */
  startsCast(): bool {
    const lexer = this.lexer;
    let offset = lexer.skipLayout(lexer.end);
    if (classOf(lexer.at(offset)) != CharacterClass.Letter) return false;
    let wordEnd = lexer.wordEnd(offset);
    const word = this.symbols.intern(this.source.address(offset), wordEnd - offset);
    if (word == this.words.typeof) return this.startsTypeOfCast(wordEnd);
    if (this.isTagWord(word)) {
      offset = lexer.skipLayout(wordEnd);
      if (classOf(lexer.at(offset)) != CharacterClass.Letter) return false;
      wordEnd = lexer.wordEnd(offset);
    } else if (this.isValueName(word)) {
      return false;
    }
    offset = this.skipTypeSuffix(wordEnd);
    if (lexer.at(offset) != 0x29) return false;
    return this.startsOperand(lexer.skipLayout(offset + 1));
  }

  /** `(typeof(` ... `))` and an operand. */
  private startsTypeOfCast(offset: u32): bool {
    const lexer = this.lexer;
    offset = lexer.skipLayout(offset);
    if (lexer.at(offset) != 0x28) return false;
    const limit = min(offset + MAXIMUM_LOOK_AHEAD, lexer.limit);
    let level = 0;
    while (offset < limit) {
      const byte = lexer.at(offset);
      if (byte == 0x28) level++;
      else if (byte == 0x29 && --level == 0) break;
      else if (byte == 0x3b || byte == 0x7b || byte == 0x22) return false;
      offset++;
    }
    offset = this.skipTypeSuffix(offset + 1);
    return lexer.at(offset) == 0x29 && this.startsOperand(lexer.skipLayout(offset + 1));
  }

  /** Offset behind the `*` and `[N]` that follow `offset`, and the layout behind them. */
  private skipTypeSuffix(offset: u32): u32 {
    const lexer = this.lexer;
    offset = lexer.skipLayout(offset);
    while (true) {
      const byte = lexer.at(offset);
      if (byte == 0x2a) {
        offset = lexer.skipLayout(offset + 1);
      } else if (byte == 0x5b) {
        let end = lexer.skipLayout(offset + 1);
        if (classOf(lexer.at(end)) == CharacterClass.Digit) end = lexer.skipLayout(lexer.wordEnd(end));
        if (lexer.at(end) != 0x5d) return offset;
        offset = lexer.skipLayout(end + 1);
      } else {
        return offset;
      }
    }
  }

  private hasStarBetween(from: u32, to: u32): bool {
    for (let offset = from; offset < to; offset++) if (this.lexer.at(offset) == 0x2a) return true;
    return false;
  }

  /** Whether what a cast applies to may start at `offset`. A `{` may not: it is the body of `if (x) {`. */
  private startsOperand(offset: u32): bool {
    const byte = this.lexer.at(offset);
    if (classOf(byte) >= CharacterClass.Letter) return true;
    switch (byte) {
      case 0x22:
      case 0x24:
      case 0x40:
      case 0x28:
      case 0x7e:
        return true;
      case 0x21:
        if (this.lexer.at(offset + 1) == 0x7e) return this.lexer.at(this.lexer.skipLayout(offset + 2)) != 0x22;
        return this.lexer.at(offset + 1) != 0x3d;
      case 0x2d:
        return this.lexer.at(offset + 1) != 0x3d && this.lexer.at(offset + 1) != 0x3e;
      case 0x2a:
        return this.lexer.at(offset + 1) != 0x3d;
      case 0x26:
        return this.lexer.at(offset + 1) != 0x3d && this.lexer.at(offset + 1) != 0x26;
      default:
        return false;
    }
  }

  /** The name at the current token as a bare expression. */
  protected identifier(): Identifier {
    const name = this.lexer.symbol;
    const start = this.lexer.start;
    this.next();
    return new Identifier(start, this.previousEnd, name);
  }
}
