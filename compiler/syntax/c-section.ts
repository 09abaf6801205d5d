// Parser, fifth layer: the C section (features 2.4). No C compiler reads it: #include is recorded, #define becomes a table of
// bodies that are parsed where they are used, conditions are decided here, structs, unions and enums become definitions.

import { Code } from "../source/diagnostics";
import {
  ArrayType,
  Define,
  EnumDefinition,
  Enumerator,
  Expression,
  FieldDefinition,
  Include,
  InlineType,
  NamedType,
  Node,
  NodeKind,
  PointerType,
  Program,
  RecordDefinition,
  Tag,
  TaggedType,
  TypeSyntax,
} from "./ast";
import { CBasicType, CDeclarator } from "./c-types";
import { CharacterClass, classOf } from "./characters";
import { IntegerLiteral } from "./expression-nodes";
import { PreprocessorCondition } from "./preprocessor-condition";
import { StatementParser } from "./statements";
import { Token } from "./tokens";

/** Open `#if`s at most. */
const MAXIMUM_CONDITIONS: i32 = 64;

export abstract class CSectionParser extends StatementParser {
  protected program: Program = new Program(0, 0);
  /** One entry per open `#if`: whether one of its branches has been taken. */
  private taken: Array<bool> = [];

  /** Whether a `#` line or a definition starts at the current token. */
  protected startsDefinition(): bool {
    if (this.is(Token.Hash)) return true;
    if (!this.is(Token.Identifier)) return false;
    const word = this.lexer.symbol;
    // `struct` and the like cannot be anything else: no provider is named so.
    return this.isTagWord(word) || word == this.words.typedef;
  }

  /** Reads one `#` line or one definition. */
  protected parseDefinition(): void {
    if (this.is(Token.Hash)) {
      this.parseDirective();
      return;
    }
    if (this.isWord(this.words.typedef)) {
      this.next();
      this.fail(
        Code.InvalidDefinition,
        "syntax: expected '{'",
        "typedef is not understood; types of the kernel are known by name, others are written as struct",
      );
      return;
    }
    const definition = this.parseTagged();
    if (this.lost) return;
    if (definition.kind == NodeKind.InlineType) {
      this.program.definitions.push((<InlineType>definition).definition);
      this.accept(Token.Semicolon);
      return;
    }
    // The peer stops at the name.
    const end = this.previousEnd;
    const name = this.symbols.length((<TaggedType>definition).name);
    this.failAt(Code.InvalidDefinition, end - name, end, "syntax: expected '{'", "types of the kernel need no declaration");
  }

  /** Skips one `#` line or one definition without reading it; returns where it ends. */
  protected skipDefinition(): u32 {
    if (this.is(Token.Hash)) {
      const end = this.lineEnd(this.lexer.start);
      this.lexer.seek(end);
      return end;
    }
    let level = 0;
    do {
      this.next();
      if (this.is(Token.LeftBrace)) level++;
      else if (this.is(Token.RightBrace)) level--;
      else if (this.is(Token.Semicolon) && level == 0) break;
    } while (!this.is(Token.End) && !(this.is(Token.RightBrace) && level <= 0));
    this.accept(Token.RightBrace);
    this.skipAttributes();
    this.accept(Token.Semicolon);
    return this.previousEnd;
  }

  /** `#if` without `#endif` when the C section ends. */
  protected endDefinitions(): void {
    this.taken.length = 0;
  }

  private parseDirective(): void {
    const lexer = this.lexer;
    const start = lexer.start;
    const end = this.lineEnd(start);
    let offset = this.skipBlanks(start + 1, end);
    const wordEnd = min(lexer.wordEnd(offset), end);
    const word = this.source.text(offset, wordEnd);
    offset = this.skipBlanks(wordEnd, end);
    let resume = end;
    if (word == "include") {
      this.parseInclude(start, offset, end);
    } else if (word == "define") {
      this.parseDefine(start, offset, end);
    } else if (word == "undef") {
      this.removeDefine(offset, end);
    } else if (word == "if" || word == "ifdef" || word == "ifndef") {
      if (this.taken.length >= MAXIMUM_CONDITIONS) {
        this.failAt(Code.NestedTooDeeply, start, end, "syntax: nested too deeply");
        return;
      }
      const holds = this.evaluate(word, start, offset, end);
      this.taken.push(holds);
      if (!holds) resume = this.skipInactive(end);
    } else if (word == "elif" || word == "else") {
      // Reached from an active branch: all others are skipped.
      if (this.taken.length == 0) this.directiveError(start, end, `#${word} without #if`);
      else resume = this.skipInactive(end);
    } else if (word == "endif") {
      if (this.taken.length == 0) this.directiveError(start, end, "#endif without #if");
      else this.taken.pop();
    } else if (word == "error") {
      this.directiveError(start, end, `#error ${this.source.text(offset, end)}`);
    } else if (word != "pragma" && word != "warning" && word.length > 0) {
      this.directiveError(start, end, `invalid preprocessing directive '#${word}'`);
    }
    lexer.seek(resume);
  }

  private directiveError(start: u32, end: u32, message: string): void {
    this.lexer.error(Code.InvalidPreprocessor, start, end, message);
  }

  /** End of the line that `offset` is on; a backslash before the line break continues it. */
  private lineEnd(offset: u32): u32 {
    const lexer = this.lexer;
    while (offset < lexer.limit) {
      const byte = lexer.at(offset);
      if (byte == 0x0a) return offset;
      if (byte == 0x5c && lexer.at(offset + 1) == 0x0a) offset++;
      else if (byte == 0x2f && lexer.at(offset + 1) == 0x2a) offset = lexer.blockCommentEnd(offset) - 1;
      offset++;
    }
    return lexer.limit;
  }

  private skipBlanks(offset: u32, end: u32): u32 {
    while (offset < end) {
      const byte = this.lexer.at(offset);
      const continued = byte == 0x5c && this.lexer.at(offset + 1) == 0x0a;
      if (classOf(byte) != CharacterClass.Blank && !continued) break;
      offset++;
    }
    return offset;
  }

  private parseInclude(start: u32, offset: u32, end: u32): void {
    const open = this.lexer.at(offset);
    const close: u8 = open == 0x3c ? 0x3e : 0x22;
    let stop = offset + 1;
    while (stop < end && this.lexer.at(stop) != close) stop++;
    if (offset >= end || (open != 0x3c && open != 0x22) || stop >= end || stop == offset + 1) {
      this.directiveError(start, end, 'expected "FILENAME" or <FILENAME>');
      return;
    }
    const path = this.source.address(offset + 1);
    this.program.definitions.push(new Include(start, end, path, stop - offset - 1, open == 0x3c));
  }

  private parseDefine(start: u32, offset: u32, end: u32): void {
    const lexer = this.lexer;
    const nameEnd = min(lexer.wordEnd(offset), end);
    if (classOf(lexer.at(offset)) != CharacterClass.Letter) {
      this.directiveError(start, end, "macro name must be an identifier");
      return;
    }
    const name = this.symbols.intern(this.source.address(offset), nameEnd - offset);
    let parameters: Array<u32> | null = null;
    let bodyStart = nameEnd;
    if (lexer.at(nameEnd) == 0x28 && nameEnd < end) {
      const list = new Array<u32>();
      let position = this.skipBlanks(nameEnd + 1, end);
      while (position < end && lexer.at(position) != 0x29) {
        const wordEnd = min(lexer.wordEnd(position), end);
        if (wordEnd == position) {
          this.directiveError(start, end, "expected parameter name in #define");
          return;
        }
        list.push(this.symbols.intern(this.source.address(position), wordEnd - position));
        position = this.skipBlanks(wordEnd, end);
        if (lexer.at(position) == 0x2c) position = this.skipBlanks(position + 1, end);
      }
      parameters = list;
      bodyStart = min(position + 1, end);
    }
    bodyStart = this.skipBlanks(bodyStart, end);
    let bodyEnd = this.commentStart(bodyStart, end);
    while (bodyEnd > bodyStart && classOf(lexer.at(bodyEnd - 1)) == CharacterClass.Blank) bodyEnd--;
    const define = new Define(start, end, name, bodyStart, bodyEnd);
    define.parameters = parameters;
    this.program.definitions.push(define);
  }

  /** Where a line comment starts in a body, or its end. Comments in slashes and stars may stay: the lexer skips them. */
  private commentStart(offset: u32, end: u32): u32 {
    let quoted = false;
    while (offset < end) {
      const byte = this.lexer.at(offset);
      if (byte == 0x22) quoted = !quoted;
      else if (byte == 0x5c) offset++;
      else if (!quoted && byte == 0x2f && this.lexer.at(offset + 1) == 0x2f) break;
      offset++;
    }
    return min(offset, end);
  }

  private findDefine(name: u32): i32 {
    const definitions = this.program.definitions;
    for (let i = definitions.length - 1; i >= 0; i--) {
      if (definitions[i].kind == NodeKind.Define && (<Define>definitions[i]).name == name) return i;
    }
    return -1;
  }

  private removeDefine(offset: u32, end: u32): void {
    const wordEnd = min(this.lexer.wordEnd(offset), end);
    const name = this.symbols.intern(this.source.address(offset), wordEnd - offset);
    for (let i = this.findDefine(name); i >= 0; i = this.findDefine(name)) this.program.definitions.splice(i, 1);
  }

  /** Whether the condition of an #if line holds. */
  private evaluate(word: string, start: u32, offset: u32, end: u32): bool {
    if (word == "ifdef" || word == "ifndef") {
      const wordEnd = min(this.lexer.wordEnd(offset), end);
      if (wordEnd == offset) this.directiveError(start, end, `macro name missing in #${word}`);
      return this.isDefined(offset, wordEnd) == (word == "ifdef");
    }
    const condition = new PreprocessorCondition(this.source, this.symbols, this.program, offset, end);
    const value = condition.evaluate();
    if (condition.failed) this.directiveError(start, end, "invalid expression in #if");
    return value != 0;
  }

  private isDefined(start: u32, end: u32): bool {
    const name = this.symbols.intern(this.source.address(start), end - start);
    return this.program.predefined.indexOf(this.symbols.text(name)) >= 0 || this.findDefine(name) >= 0;
  }

  /** Skips from the end of a directive's line to the branch that holds or to the #endif; returns where to go on. */
  private skipInactive(offset: u32): u32 {
    const lexer = this.lexer;
    let level = 0;
    while (offset < lexer.limit) {
      offset = lexer.skipLayout(offset);
      const start = offset;
      const end = this.lineEnd(start);
      if (lexer.at(start) == 0x23) {
        offset = this.skipBlanks(start + 1, end);
        const wordEnd = min(lexer.wordEnd(offset), end);
        const word = this.source.text(offset, wordEnd);
        if (word == "if" || word == "ifdef" || word == "ifndef") {
          level++;
        } else if (word == "endif") {
          if (level == 0) {
            this.taken.pop();
            return end;
          }
          level--;
        } else if (level == 0 && (word == "else" || word == "elif") && !this.taken[this.taken.length - 1]) {
          if (word == "else" || this.evaluate(word, start, this.skipBlanks(wordEnd, end), end)) {
            this.taken[this.taken.length - 1] = true;
            return end;
          }
        }
      }
      offset = max(end, start + 1);
    }
    this.directiveError(lexer.limit, lexer.limit, "unterminated #if");
    return lexer.limit;
  }

  /** `struct name`, `struct name { ... }` and the like, from the tag on. */
  private parseTagged(): TypeSyntax {
    const start = this.lexer.start;
    const tag = this.tagOf(this.lexer.symbol);
    this.next();
    let packed = this.skipAttributes();
    let name: u32 = 0;
    if (this.is(Token.Identifier)) {
      name = this.lexer.symbol;
      this.next();
    }
    if (!this.is(Token.LeftBrace)) {
      if (name == 0) this.fail(Code.InvalidDefinition, "syntax: expected '{'");
      return new TaggedType(start, this.previousEnd, tag, name);
    }
    if (!this.enter()) {
      this.leave();
      return new TaggedType(start, start, tag, name);
    }
    this.next();
    let definition: Node;
    if (tag == Tag.Enum) {
      const enumerators = this.parseEnumerators();
      definition = new EnumDefinition(start, this.previousEnd, name, enumerators);
    } else {
      const fields = this.parseFields();
      packed = this.skipAttributes() || packed;
      const record = new RecordDefinition(start, this.previousEnd, tag, name, fields);
      record.packed = packed;
      definition = record;
    }
    this.leave();
    return new InlineType(start, this.previousEnd, definition);
  }

  /** Skips `__attribute__((...))`; true if one of them is `packed`. */
  private skipAttributes(): bool {
    let packed = false;
    while (this.is(Token.Identifier) && this.symbols.is(this.lexer.symbol, "__attribute__")) {
      this.next();
      let level = 0;
      do {
        if (this.is(Token.LeftParenthesis)) level++;
        else if (this.is(Token.RightParenthesis)) level--;
        else if (this.is(Token.End)) break;
        else if (this.isWordText("packed") || this.isWordText("__packed__")) packed = true;
        this.next();
      } while (level > 0);
    }
    if (this.isWordText("__packed")) {
      packed = true;
      this.next();
    }
    return packed;
  }

  private isWordText(text: string): bool {
    return this.is(Token.Identifier) && this.symbols.is(this.lexer.symbol, text);
  }

  private parseEnumerators(): Array<Enumerator> {
    const list = new Array<Enumerator>();
    while (!this.lost && !this.is(Token.RightBrace) && !this.is(Token.End)) {
      const start = this.lexer.start;
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "identifier")) break;
      const value: Expression | null = this.accept(Token.Equal) ? this.parseExpression() : null;
      list.push(new Enumerator(start, this.previousEnd, name, value));
      if (!this.accept(Token.Comma)) break;
    }
    this.expect(Token.RightBrace, "'}'");
    return list;
  }

  private parseFields(): Array<FieldDefinition> {
    const fields = new Array<FieldDefinition>();
    while (!this.lost && !this.is(Token.RightBrace) && !this.is(Token.End)) {
      if (this.accept(Token.Semicolon)) continue;
      const start = this.lexer.start;
      const base = this.parseSpecifiers();
      if (this.lost) break;
      if (this.is(Token.Semicolon) && base.kind == NodeKind.InlineType) {
        fields.push(new FieldDefinition(start, this.previousEnd, 0, base, -1));
      } else {
        do {
          this.parseDefinedField(fields, start, base);
        } while (!this.lost && this.accept(Token.Comma));
      }
      // As in the peer, the last field needs no `;`.
      if (!this.is(Token.RightBrace)) this.expect(Token.Semicolon, "';'");
    }
    this.expect(Token.RightBrace, "'}'");
    return fields;
  }

  private parseDefinedField(fields: Array<FieldDefinition>, start: u32, base: TypeSyntax): void {
    const declarator = new CDeclarator();
    const type = this.parseDeclarator(base, declarator);
    let bits = -1;
    if (!this.lost && this.accept(Token.Colon)) {
      if (this.is(Token.Integer) && this.lexer.value <= 64) bits = <i32>this.lexer.value;
      else this.fail(Code.InvalidDefinition, "syntax: expected width of the bitfield", "a number from 0 to 64");
      this.next();
    }
    this.skipAttributes();
    fields.push(new FieldDefinition(start, this.previousEnd, declarator.name, type, bits));
  }

  /** Pointers, the name, arrays: what stands around a field's name. */
  private parseDeclarator(base: TypeSyntax, declarator: CDeclarator): TypeSyntax {
    let type = base;
    const start = this.lexer.start;
    while (!this.lost && (this.is(Token.Star) || this.isQualifier())) {
      if (!this.link()) break;
      if (this.is(Token.Star)) type = new PointerType(start, this.lexer.end, type);
      this.next();
    }
    if (this.is(Token.LeftParenthesis)) return this.parseFunctionPointer(declarator);
    if (this.is(Token.Identifier)) {
      declarator.name = this.lexer.symbol;
      this.next();
    } else if (!this.is(Token.Colon)) {
      this.fail(Code.InvalidDefinition, "syntax: expected field name");
    }
    return this.parseArrays(type);
  }

  private isQualifier(): bool {
    return this.isWordText("const") || this.isWordText("volatile") || this.isWordText("__restrict") || this.isWordText("restrict");
  }

  /** `(*name)(parameters)` and `(*name[2])(parameters)`: an address, whatever it takes and returns. */
  private parseFunctionPointer(declarator: CDeclarator): TypeSyntax {
    const start = this.lexer.start;
    this.next();
    this.expect(Token.Star, "'*'");
    declarator.name = this.lexer.symbol;
    this.expect(Token.Identifier, "field name");
    const type = this.parseArrays(new PointerType(start, this.previousEnd, new NamedType(start, start, this.words.void)));
    this.expect(Token.RightParenthesis, "')'");
    if (!this.lost && this.is(Token.LeftParenthesis)) {
      let level = 0;
      do {
        if (this.is(Token.LeftParenthesis)) level++;
        else if (this.is(Token.RightParenthesis)) level--;
        else if (this.is(Token.End)) break;
        this.next();
      } while (level > 0);
    }
    return type;
  }

  /** `[2][3]` makes an array of 2 arrays of 3. */
  private parseArrays(element: TypeSyntax): TypeSyntax {
    if (this.lost || !this.is(Token.LeftBracket) || !this.link()) return element;
    this.next();
    const size: Expression | null = this.is(Token.RightBracket) ? null : this.parseExpression();
    this.expect(Token.RightBracket, "']'");
    const end = this.previousEnd;
    return new ArrayType(element.start, end, this.parseArrays(element), size);
  }

  /** What stands before the names of the fields: qualifiers and a type. */
  private parseSpecifiers(): TypeSyntax {
    const start = this.lexer.start;
    const basic = new CBasicType();
    let result: TypeSyntax | null = null;
    while (!this.lost && this.is(Token.Identifier)) {
      const word = this.lexer.symbol;
      if (this.isQualifier()) {
        this.next();
      } else if (!result && !basic.any && this.isTagWord(word)) {
        result = this.parseTagged();
      } else if (!result && basic.add(this.symbols, word)) {
        this.next();
      } else if (!result && !basic.any) {
        this.next();
        result = new NamedType(start, this.previousEnd, word);
      } else {
        break;
      }
    }
    if (result) return result;
    if (basic.any) return new NamedType(start, this.previousEnd, this.symbols.internString(basic.name()));
    this.fail(Code.InvalidDefinition, "syntax: expected type name");
    return new NamedType(start, start, this.words.void);
  }
}
