// Parser, sixth layer: the C section (features 2.4). No C compiler reads it: a local header is read in the place of its #include,
// #define becomes a table of bodies that are parsed where they are used, conditions are decided here.

import { Code } from "../source/diagnostics";
import { FileUse, Includes, isOutsideHeader } from "../source/headers";
import { SourceFile } from "../source/source";
import { Define, Include, InlineType, NodeKind, TaggedType } from "./ast";
import { CDefinitionParser } from "./c-definitions";
import { CharacterClass, classOf } from "./characters";
import { PreprocessorCondition } from "./preprocessor-condition";
import { Token } from "./tokens";

/** Open `#if`s at most. */
const MAXIMUM_CONDITIONS: i32 = 64;

/** Headers inside headers at most. */
const MAXIMUM_NESTING: i32 = 64;

/** Headers read at most, each time one is counts: without guards they may include each other without end. */
const MAXIMUM_INCLUDES: i32 = 4096;

export abstract class CSectionParser extends CDefinitionParser {
  /** One entry per open `#if`: whether one of its branches has been taken. */
  private taken: Array<bool> = [];
  /** Those of them that the current file did not open. */
  private outerConditions: i32 = 0;
  /** What is known of local headers; null: they are not read. */
  includes: Includes | null = null;
  /** Headers around the current token. */
  private nesting: i32 = 0;
  private includeCount: i32 = 0;

  /** Whether a `#` line or a definition starts at the current token. */
  protected startsDefinition(): bool {
    if (this.is(Token.Hash)) return true;
    if (!this.is(Token.Identifier)) return false;
    const word = this.lexer.symbol;
    // `struct` and the like cannot be anything else: no provider is named so.
    return this.isTagWord(word) || word == this.words.typedef;
  }

  /** Reads one `#` line, with the lines that it skips, or one definition; returns where it ends. */
  protected parseDefinition(): u32 {
    if (this.is(Token.Hash)) return this.parseDirective();
    if (this.isWord(this.words.typedef)) {
      const start = this.lexer.start;
      this.next();
      if (this.nesting > 0) {
        this.parseTypedef(start);
        return this.previousEnd;
      }
      this.fail(
        Code.InvalidDefinition,
        "syntax: expected '{'",
        "typedef is not understood; types of the kernel are known by name, others are written as struct",
      );
      return this.previousEnd;
    }
    const definition = this.parseTagged();
    if (this.lost) return this.previousEnd;
    if (definition.kind == NodeKind.InlineType) {
      this.program.definitions.push((<InlineType>definition).definition);
      this.accept(Token.Semicolon);
      return this.previousEnd;
    }
    // The peer stops at the name.
    const end = this.previousEnd;
    const name = this.symbols.length((<TaggedType>definition).name);
    this.failAt(Code.InvalidDefinition, end - name, end, "syntax: expected '{'", "types of the kernel need no declaration");
    return end;
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

  /** Returns the end of the last line that it takes. */
  private parseDirective(): u32 {
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
        return end;
      }
      const holds = this.evaluate(word, start, offset, end);
      this.taken.push(holds);
      if (!holds) resume = this.skipInactive(end);
    } else if (word == "elif" || word == "else") {
      // Reached from an active branch: all others are skipped.
      if (this.taken.length == this.outerConditions) this.directiveError(start, end, `#${word} without #if`);
      else resume = this.skipInactive(end);
    } else if (word == "endif") {
      if (this.taken.length == this.outerConditions) this.directiveError(start, end, "#endif without #if");
      else this.taken.pop();
    } else if (word == "error") {
      this.directiveError(start, end, `#error ${this.source.text(offset, end)}`);
    } else if (word == "pragma") {
      if (this.nesting > 0 && this.source.text(offset, min(lexer.wordEnd(offset), end)) == "once") this.source.file(start).once = true;
    } else if (word != "warning" && word.length > 0) {
      this.directiveError(start, end, `invalid preprocessing directive '#${word}'`);
    }
    lexer.seek(resume);
    return resume;
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
    this.readHeader(this.source.text(offset + 1, stop), open == 0x3c, offset, stop + 1);
  }

  /** Reads the headers that the command line names; they stand before the script. */
  protected readFirstHeaders(): void {
    const includes = this.includes;
    if (includes == null) return;
    const start = this.lexer.start;
    for (let i = 0; i < includes.first.length; i++) this.readHeader(includes.first[i], false, 0, 0);
    this.lexer.seek(start);
    this.lexer.lineBreakBefore = true;
  }

  /** Reads a header, if it is a local one and its text is known already. The span is that of its name, for errors. */
  private readHeader(path: string, system: bool, start: u32, end: u32): void {
    const includes = this.includes;
    if (includes == null) return;
    const from = this.source.file(start);
    const fact = includes.find(path, system ? FileUse.System : FileUse.Quoted, from.start == 0 ? "" : from.name);
    if (fact == null) return;
    const lexer = this.lexer;
    if (!fact.found) {
      if (isOutsideHeader(path, system)) return;
      lexer.error(Code.MissingHeader, start, end, `'${path}' file not found`, "-I adds a folder to those where headers are looked for");
      return;
    }
    if (this.nesting >= MAXIMUM_NESTING || this.includeCount >= MAXIMUM_INCLUDES) {
      // Once is enough, and no other header can end well.
      lexer.error(Code.NestedTooDeeply, start, end, "#include nested too deeply", "a header without #pragma once may include itself");
      this.includes = null;
      return;
    }
    const file = this.source.include(fact.name, fact.text, fact.length);
    if (file.once) return;
    this.nesting++;
    this.includeCount++;
    const limit = lexer.limit;
    const outer = this.outerConditions;
    this.outerConditions = this.taken.length;
    lexer.move(file.start, file.end);
    while (!this.is(Token.End)) this.parseHeaderItem();
    if (this.taken.length > this.outerConditions) this.directiveError(file.end, file.end, "unterminated #if");
    this.taken.length = this.outerConditions;
    this.outerConditions = outer;
    lexer.limit = limit;
    this.nesting--;
  }

  /** Reads the file of `import "path";` in its place. `start` and `end` are those of the line. */
  protected readImport(path: string, start: u32, end: u32): void {
    const includes = this.includes;
    if (includes == null) return;
    const lexer = this.lexer;
    if (path.endsWith(".bpf.c") || path.endsWith(".bpf.o")) {
      lexer.error(
        Code.Unsupported,
        start,
        end,
        `import of C is not supported: "${path}"`,
        "there is no C compiler here; functions of scripts (fn) and macros can be imported",
      );
      return;
    }
    const from = this.source.file(start);
    const fact = includes.find(path, FileUse.Import, from.start == 0 ? "" : from.name);
    if (fact == null) return;
    if (!fact.found) {
      if (fact.name.length > 0) this.diagnostics.warning(Code.MissingHeader, start, end, fact.name);
      lexer.error(Code.MissingHeader, start, end, "Unable to find suitable path for import", `checked: ${path}`);
      return;
    }
    // A script that is imported twice, or that imports itself, is there already.
    if (fact.name == this.source.name) return;
    if (path.endsWith(".h")) {
      this.readHeader(path, false, start, end);
      return;
    }
    const isFolder = fact.name.endsWith("/*");
    if (!isFolder && !path.endsWith(".bt")) {
      lexer.error(
        Code.MissingHeader,
        start,
        end,
        `unknown import type: "${path}"`,
        "scripts (.bt), headers (.h) and folders of them are known",
      );
      return;
    }
    if (this.nesting >= MAXIMUM_NESTING) {
      lexer.error(Code.NestedTooDeeply, start, end, "import nested too deeply");
      return;
    }
    const file = this.source.include(fact.name, fact.text, fact.length);
    if (file.once) return;
    file.once = true;
    const limit = lexer.limit;
    const outer = this.outerConditions;
    this.outerConditions = this.taken.length;
    this.nesting++;
    this.parseImported(file);
    this.nesting--;
    this.taken.length = this.outerConditions;
    this.outerConditions = outer;
    lexer.limit = limit;
  }

  /** Reads a script from its first to its last byte into the same program. */
  protected abstract parseImported(file: SourceFile): void;

  /** One definition of a header; declarations of what only C could use are passed over. */
  private parseHeaderItem(): void {
    const isDeclared = this.isWordText("extern") || this.isWordText("static") || this.isWordText("inline");
    if (this.startsDefinition()) this.parseDefinition();
    else if (isDeclared) this.skipDeclaration();
    else if (!this.accept(Token.Semicolon))
      this.fail(Code.UnexpectedToken, "syntax: expected a definition", "headers hold #, struct, union, enum and typedef");
    if (!this.lost) return;
    do {
      this.next();
    } while (!this.is(Token.End) && !(this.lexer.lineBreakBefore && this.startsDefinition()));
    this.found();
  }

  private skipDeclaration(): void {
    // C has literals that the language lacks.
    this.lexer.silent = true;
    this.skipDefinition();
    this.found();
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
}
