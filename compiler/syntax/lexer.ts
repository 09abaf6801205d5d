// Tokens from bytes (features 2.1). The lexer holds one token, the current one, in its fields and allocates nothing for it.
// Errors are reported where they stand; the token is then as good a one as can be made of the text.

import { Code, Diagnostic, Diagnostics } from "../source/diagnostics";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { CharacterClass, classOf, hexDigit } from "./characters";
import { IntegerSuffix } from "./expression-nodes";
import { NumberReader } from "./number";
import { Token } from "./tokens";

@final
export class Lexer {
  kind: Token = Token.End;
  /** Span of the current token. */
  start: u32 = 0;
  end: u32 = 0;
  /** Identifier, Variable, Map: the name. */
  symbol: u32 = 0;
  /** Integer: its value. Decimal: its digits. Parameter: its number. */
  value: u64 = 0;
  /** Integer: written with a time unit. */
  duration: bool = false;
  suffix: IntegerSuffix = IntegerSuffix.None;
  /** Decimal: digits after the point. */
  scale: u32 = 0;
  /** String: its bytes, escapes resolved. */
  pointer: usize = 0;
  length: u32 = 0;
  /** The next string is a pattern: a backslash belongs to it, and only hides a quote. */
  inPattern: bool = false;
  /** A line break lies between this token and the one before. */
  lineBreakBefore: bool = false;
  /** Errors are not reported: the parser has lost its way, or is only looking ahead. */
  silent: bool = false;
  /** Where a comment starts that the text ends in; `u32.MAX_VALUE` if none has been met. */
  openComment: u32 = u32.MAX_VALUE;
  /** End of the last token, without the layout that follows it. */
  previousEnd: u32 = 0;

  private position: u32;
  private readonly text: usize;
  private readonly numbers: NumberReader = new NumberReader();

  /** Reads the bytes from `from` to `limit` of the source. Call `next` for the first token. */
  constructor(
    readonly source: Source,
    readonly symbols: Symbols,
    readonly diagnostics: Diagnostics,
    from: u32,
    public limit: u32,
  ) {
    this.text = source.pointer;
    this.position = from;
  }

  /** Byte at an offset; 0 at and behind the limit. */
  at(offset: u32): u8 {
    return offset < this.limit ? load<u8>(this.text + offset) : 0;
  }

  /** Reads on in another part of the source, from `from` to `limit`. */
  move(from: u32, limit: u32): void {
    this.limit = limit;
    this.seek(from);
    // The first token starts a line, too.
    this.lineBreakBefore = true;
  }

  /** Continues at `offset`: the token there becomes the current one. */
  seek(offset: u32): void {
    this.position = offset;
    this.next();
  }

  /** Offset of the first byte behind the current token that is neither blank nor comment. */
  peekOffset(): u32 {
    return this.skipLayout(this.end);
  }

  /** Offset of the first byte from `offset` on that is neither blank nor comment. */
  skipLayout(offset: u32): u32 {
    while (offset < this.limit) {
      const byte = load<u8>(this.text + offset);
      if (classOf(byte) == CharacterClass.Blank) {
        offset++;
        continue;
      }
      if (byte != 0x2f) break;
      const second = this.at(offset + 1);
      if (second == 0x2f) {
        offset += 2;
        while (offset < this.limit && load<u8>(this.text + offset) != 0x0a) offset++;
      } else if (second == 0x2a) {
        offset = this.blockCommentEnd(offset);
      } else {
        break;
      }
    }
    return offset;
  }

  /** Offset behind the comment in slashes and stars that starts at `start`. */
  blockCommentEnd(start: u32): u32 {
    let offset = start + 2;
    while (offset < this.limit && !(load<u8>(this.text + offset) == 0x2a && this.at(offset + 1) == 0x2f)) offset++;
    if (offset >= this.limit) this.openComment = start;
    return min(offset + 2, this.limit);
  }

  /** Makes the next token the current one. At the end of the text it stays at End. */
  next(): void {
    this.previousEnd = this.end;
    const from = this.position;
    const start = this.skipLayout(from);
    this.lineBreakBefore = this.hasLineBreak(from, start);
    this.start = start;
    if (start >= this.limit) {
      this.kind = Token.End;
      this.start = this.limit;
      this.end = this.limit;
      this.position = this.limit;
      return;
    }
    const byte = load<u8>(this.text + start);
    switch (classOf(byte)) {
      case CharacterClass.Letter:
        this.end = this.wordEnd(start);
        this.symbol = this.symbols.intern(this.text + start, this.end - start);
        this.kind = Token.Identifier;
        break;
      case CharacterClass.Digit:
        this.number(start);
        break;
      default:
        if (byte == 0x22) this.string(start);
        else if (byte == 0x24) this.dollar(start);
        else if (byte == 0x40) this.map(start);
        else this.punctuation(start, byte);
        break;
    }
    this.position = this.end;
  }

  /** Like `next` behind a `.`: `0.1` there is field 0 of which field 1 is taken, not a decimal number. */
  nextField(): void {
    const start = this.skipLayout(this.position);
    if (classOf(this.at(start)) != CharacterClass.Digit) {
      this.next();
      return;
    }
    this.previousEnd = this.end;
    this.lineBreakBefore = false;
    this.start = start;
    this.number(start, false);
    this.position = this.end;
  }

  /** Reports an error unless `silent`; null if it was not recorded. */
  error(code: Code, start: u32, end: u32, message: string, hint: string = ""): Diagnostic | null {
    return this.silent ? null : this.diagnostics.error(code, start, end, message, hint);
  }

  /** Offset behind the letters, digits and underscores from `offset` on. */
  wordEnd(offset: u32): u32 {
    while (offset < this.limit && classOf(load<u8>(this.text + offset)) >= CharacterClass.Letter) offset++;
    return offset;
  }

  private hasLineBreak(from: u32, to: u32): bool {
    for (let offset = from; offset < to; offset++) if (load<u8>(this.text + offset) == 0x0a) return true;
    return false;
  }

  private number(start: u32, decimals: bool = true): void {
    const reader = this.numbers;
    reader.read(this.text + start, this.limit - start, decimals);
    this.end = start + reader.length;
    this.kind = reader.decimal ? Token.Decimal : Token.Integer;
    this.value = reader.value;
    this.duration = reader.duration;
    this.suffix = reader.suffix;
    this.scale = reader.scale;
    if (reader.error != Code.Count && !this.silent) {
      this.error(reader.error, start + reader.errorStart, start + reader.errorEnd, `syntax: ${reader.message}`, reader.hint);
    }
  }

  /** `$name`, `$1`, `$#` */
  private dollar(start: u32): void {
    const byte = this.at(start + 1);
    if (classOf(byte) == CharacterClass.Letter) {
      this.end = this.wordEnd(start + 1);
      this.symbol = this.symbols.intern(this.text + start + 1, this.end - start - 1);
      this.kind = Token.Variable;
    } else if (classOf(byte) == CharacterClass.Digit) {
      let offset = start + 1;
      let value: u64 = 0;
      while (classOf(this.at(offset)) == CharacterClass.Digit) {
        value = min<u64>(value * 10 + <u64>(this.at(offset) - 0x30), (<u64>1) << 32);
        offset++;
      }
      this.end = offset;
      this.kind = Token.Parameter;
      this.value = value;
      if (value == 0) {
        const message = `syntax: param ${this.source.text(start, offset)} is out of integer range [1, 9223372036854775807]`;
        this.error(Code.InvalidParameter, start, offset, message, "positional parameters count from $1");
      }
    } else if (byte == 0x23) {
      this.end = start + 2;
      this.kind = Token.ParameterCount;
    } else {
      this.end = start + 1;
      this.kind = Token.Unknown;
      this.error(
        Code.UnexpectedToken,
        start,
        start + 1,
        "syntax: expected identifier after '$'",
        "a scratch variable is `$name`, a script parameter `$1`",
      );
    }
  }

  private map(start: u32): void {
    this.end = classOf(this.at(start + 1)) == CharacterClass.Letter ? this.wordEnd(start + 1) : start + 1;
    this.symbol = this.symbols.intern(this.text + start + 1, this.end - start - 1);
    this.kind = Token.Map;
  }

  private string(start: u32): void {
    this.kind = Token.String;
    let offset = start + 1;
    let escapes = false;
    while (true) {
      const byte = this.at(offset);
      if (offset >= this.limit || byte == 0x0a) {
        // The peer reports this behind the line break.
        const place = min(offset + 1, this.limit);
        const hint = "a string ends on the line it starts on; write \\n for a line break";
        const error = this.error(Code.UnterminatedString, place, max(this.wordEnd(place), place + 1), "syntax: unterminated string", hint);
        if (error) error.note(start, start + 1, "the string starts here");
        this.end = offset;
        this.pointer = this.text + start + 1;
        this.length = offset - start - 1;
        return;
      }
      if (byte == 0x22) break;
      if (byte == 0x5c) {
        escapes = true;
        // An escaped line break does not hide the end of the line.
        if (this.at(offset + 1) != 0x0a && offset + 1 < this.limit) offset++;
      }
      offset++;
    }
    this.end = offset + 1;
    this.pointer = this.text + start + 1;
    this.length = offset - start - 1;
    if (escapes) this.unescape(start + 1, offset);
  }

  private unescape(from: u32, to: u32): void {
    const bytes = heap.alloc(to - from);
    let written: usize = bytes;
    let offset = from;
    while (offset < to) {
      let byte = load<u8>(this.text + offset++);
      if (byte == 0x5c) {
        const letter = this.at(offset++);
        if (this.inPattern) {
          if (letter != 0x22) store<u8>(written++, byte);
          store<u8>(written++, letter);
          continue;
        }
        switch (letter) {
          case 0x6e:
            byte = 0x0a;
            break;
          case 0x74:
            byte = 0x09;
            break;
          case 0x72:
            byte = 0x0d;
            break;
          case 0x22:
          case 0x5c:
            byte = letter;
            break;
          case 0x78:
          case 0x58: {
            let value: u32 = 0;
            let digits = 0;
            while (digits < 2 && offset < to && hexDigit(this.at(offset)) >= 0) {
              value = value * 16 + <u32>hexDigit(this.at(offset++));
              digits++;
            }
            if (digits == 0) {
              const end = max(this.wordEnd(offset), offset + 1);
              this.error(
                Code.InvalidEscape,
                offset,
                end,
                "syntax: invalid hex escape sequence",
                "one or two hexadecimal digits follow \\x",
              );
            }
            byte = <u8>value;
            break;
          }
          default:
            if (letter >= 0x30 && letter <= 0x37) {
              let value: u32 = <u32>letter - 0x30;
              let digits = 1;
              while (digits < 3 && offset < to && this.at(offset) >= 0x30 && this.at(offset) <= 0x37) {
                value = value * 8 + <u32>this.at(offset++) - 0x30;
                digits++;
              }
              if (value > 255) {
                const start = offset - digits - 1;
                this.error(
                  Code.InvalidEscape,
                  start,
                  offset,
                  `syntax: octal escape sequence out of range '${this.source.text(start, offset)}'`,
                  "the largest is \\377",
                );
              }
              byte = <u8>value;
            } else {
              const start = offset - 1;
              const text = letter < 0x20 || letter > 0x7e ? "" : String.fromCharCode(letter);
              this.error(
                Code.InvalidEscape,
                start,
                max(this.wordEnd(start), start + 1),
                `syntax: invalid escape character '\\${text}'`,
                'escapes are \\n \\t \\r \\" \\\\ \\0 to \\377 and \\x00 to \\xff',
              );
              byte = letter;
            }
            break;
        }
      }
      store<u8>(written++, byte);
    }
    this.pointer = bytes;
    this.length = <u32>(written - bytes);
  }

  /** One byte is `single`; followed by `second` it is `pair`. */
  private pair(start: u32, single: Token, second: u8, pair: Token): void {
    const both = this.at(start + 1) == second;
    this.kind = both ? pair : single;
    this.end = start + (both ? 2 : 1);
  }

  private punctuation(start: u32, byte: u8): void {
    const second = this.at(start + 1);
    this.end = start + 1;
    switch (byte) {
      case 0x28:
        this.kind = Token.LeftParenthesis;
        break;
      case 0x29:
        this.kind = Token.RightParenthesis;
        break;
      case 0x7b:
        this.kind = Token.LeftBrace;
        break;
      case 0x7d:
        this.kind = Token.RightBrace;
        break;
      case 0x5b:
        this.kind = Token.LeftBracket;
        break;
      case 0x5d:
        this.kind = Token.RightBracket;
        break;
      case 0x3b:
        this.kind = Token.Semicolon;
        break;
      case 0x2c:
        this.kind = Token.Comma;
        break;
      case 0x3a:
        this.kind = Token.Colon;
        break;
      case 0x3f:
        this.kind = Token.Question;
        break;
      case 0x7e:
        this.kind = Token.Tilde;
        break;
      case 0x23:
        this.kind = Token.Hash;
        break;
      case 0x2e:
        this.pair(start, Token.Dot, 0x2e, Token.DotDot);
        break;
      case 0x2a:
        this.pair(start, Token.Star, 0x3d, Token.StarEqual);
        break;
      case 0x2f:
        this.pair(start, Token.Slash, 0x3d, Token.SlashEqual);
        break;
      case 0x25:
        this.pair(start, Token.Percent, 0x3d, Token.PercentEqual);
        break;
      case 0x5e:
        this.pair(start, Token.Caret, 0x3d, Token.CaretEqual);
        break;
      case 0x21:
        this.pair(start, Token.Exclamation, 0x3d, Token.NotEqual);
        break;
      case 0x3d:
        this.pair(start, Token.Equal, 0x3d, Token.EqualEqual);
        break;
      case 0x2b:
        if (second == 0x2b) this.pair(start, Token.Plus, 0x2b, Token.PlusPlus);
        else this.pair(start, Token.Plus, 0x3d, Token.PlusEqual);
        break;
      case 0x2d:
        if (second == 0x2d) this.pair(start, Token.Minus, 0x2d, Token.MinusMinus);
        else if (second == 0x3e) this.pair(start, Token.Minus, 0x3e, Token.Arrow);
        else this.pair(start, Token.Minus, 0x3d, Token.MinusEqual);
        break;
      case 0x26:
        if (second == 0x26) this.pair(start, Token.Ampersand, 0x26, Token.AmpersandAmpersand);
        else this.pair(start, Token.Ampersand, 0x3d, Token.AmpersandEqual);
        break;
      case 0x7c:
        if (second == 0x7c) this.pair(start, Token.Pipe, 0x7c, Token.PipePipe);
        else this.pair(start, Token.Pipe, 0x3d, Token.PipeEqual);
        break;
      case 0x3c:
        if (second == 0x3c) this.shift(start, Token.LessLess, Token.LessLessEqual);
        else this.pair(start, Token.Less, 0x3d, Token.LessEqual);
        break;
      case 0x3e:
        if (second == 0x3e) this.shift(start, Token.GreaterGreater, Token.GreaterGreaterEqual);
        else this.pair(start, Token.Greater, 0x3d, Token.GreaterEqual);
        break;
      default:
        this.kind = Token.Unknown;
        break;
    }
  }

  private shift(start: u32, plain: Token, assigning: Token): void {
    const assigns = this.at(start + 2) == 0x3d;
    this.kind = assigns ? assigning : plain;
    this.end = start + (assigns ? 3 : 2);
  }
}
