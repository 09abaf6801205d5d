// Parser, last layer: the program (features 2.2). Input: a source. Output: its tree, complete if there are no errors.

import { Code, Diagnostics } from "../source/diagnostics";
import { Includes } from "../source/headers";
import { Source, SourceFile } from "../source/source";
import { Symbols } from "../source/symbols";
import {
  AttachPoint,
  ConfigEntry,
  Expression,
  FunctionDeclaration,
  FunctionParameter,
  Import,
  Macro,
  MacroParameter,
  MacroParameterKind,
  MapDeclaration,
  Probe,
  Program,
} from "./ast";
import { checkAttachPoint, readAttachPoint } from "./attach-point";
import { CSectionParser } from "./c-section";
import { BooleanLiteral, ErrorExpression, IntegerLiteral, StringLiteral } from "./expression-nodes";
import { Token } from "./tokens";

/** Bytes of a script at most; offsets and the tree stay far from 32 bits. */
const MAXIMUM_LENGTH: u32 = 1 << 24;

/** Where the text may still go: features 2.2 gives the order. */
const enum Stage {
  Definitions,
  Config,
  Probes,
}

@final
export class Parser extends CSectionParser {
  private stage: Stage = Stage.Definitions;
  private hasConfig: bool = false;
  /** Words that positional parameters in attach points stand for; null while they are not known. */
  parameters: Array<string> | null = null;

  constructor(source: Source, symbols: Symbols, diagnostics: Diagnostics, from: u32, to: u32) {
    super(source, symbols, diagnostics, from, to);
  }

  parseProgram(macros: StaticArray<string>): Program {
    const program = new Program(0, this.source.length);
    for (let i = 0; i < macros.length; i++) program.predefined.push(macros[i]);
    this.program = program;
    program.headerEnd = this.skipHeader(0);
    this.readFirstHeaders();
    this.parseRoots();
    if (program.probes.length == 0 && program.functions.length == 0 && program.macros.length == 0 && !this.diagnostics.hasErrors)
      reportNoProbes(this.source, this.diagnostics);
    return program;
  }

  /** One expression and nothing behind it: a #define's body. */
  parseLoneExpression(): Expression {
    this.next();
    const expression = this.parseExpression();
    if (!this.lost && !this.is(Token.End)) this.fail(Code.UnexpectedToken, "syntax: unexpected input after expression");
    return this.lost ? new ErrorExpression(expression.start, expression.end) : expression;
  }

  private parseRoots(): void {
    while (!this.is(Token.End)) {
      const start = this.lexer.start;
      this.parseRoot();
      this.atProbe = false;
      if (this.lost) {
        if (this.lexer.start == start && !this.is(Token.End)) this.next();
        this.findRoot();
      }
    }
  }

  protected parseImported(file: SourceFile): void {
    const stage = this.stage;
    const hasConfig = this.hasConfig;
    this.stage = Stage.Definitions;
    this.hasConfig = false;
    this.lexer.limit = file.end;
    this.skipHeader(file.start);
    this.parseRoots();
    this.stage = stage;
    this.hasConfig = hasConfig;
  }

  /** Skips the `#!` line; returns its end, or 0. As in the peer, blanks and comments may stand before it. */
  private skipHeader(start: u32): u32 {
    let offset = this.lexer.skipLayout(start);
    let end: u32 = 0;
    if (this.lexer.at(offset) == 0x23 && this.lexer.at(offset + 1) == 0x21) {
      while (offset < this.lexer.limit && this.lexer.at(offset) != 0x0a) offset++;
      end = offset;
    }
    this.lexer.seek(offset);
    // The first token starts a line, too.
    this.lexer.lineBreakBefore = true;
    return end;
  }

  private parseRoot(): void {
    const words = this.words;
    if (this.startsDefinition()) {
      if (this.stage == Stage.Definitions) {
        const start = this.lexer.start;
        const end = this.parseDefinition();
        if (this.program.definitionsEnd == 0) this.program.definitionsStart = start;
        this.program.definitionsEnd = end;
      } else {
        this.refuseDefinition();
      }
      return;
    }
    if (this.is(Token.Identifier)) {
      const word = this.lexer.symbol;
      if (word == words.config) {
        this.parseConfig();
        return;
      }
      if (word == words.import) {
        this.parseImport();
        return;
      }
      if (word == words.let || word == words.macro || word == words.fn) {
        this.reach(Stage.Probes);
        if (word == words.let) this.parseMapDeclaration();
        else if (word == words.macro) this.parseMacro();
        else this.parseFunction();
        return;
      }
    }
    this.reach(Stage.Probes);
    this.parseProbe();
  }

  private reach(stage: Stage): void {
    if (this.stage == Stage.Definitions) this.endDefinitions();
    if (this.stage < stage) this.stage = stage;
  }

  /** C text behind its place: reported and skipped. */
  private refuseDefinition(): void {
    const start = this.lexer.start;
    const end = this.skipDefinition();
    this.lexer.error(
      Code.MisplacedDefinition,
      start,
      end,
      "syntax: C definitions must appear before probes and functions",
      "move it to the start of the script",
    );
  }

  /** `config = { key = value; ... }` */
  private parseConfig(): void {
    const start = this.lexer.start;
    const end = this.lexer.end;
    if (this.stage == Stage.Probes) {
      this.lexer.error(
        Code.MisplacedConfig,
        start,
        end,
        "syntax: config must appear before probes and functions",
        "move it to the start of the script",
      );
    } else if (this.hasConfig) {
      this.lexer.error(Code.DuplicateConfig, start, end, "syntax: duplicate config block", "merge the two");
    }
    this.hasConfig = true;
    this.reach(Stage.Config);
    this.next();
    this.expect(Token.Equal, "'='");
    this.expect(Token.LeftBrace, "'{'");
    while (!this.lost && !this.is(Token.RightBrace) && !this.is(Token.End)) {
      if (this.accept(Token.Semicolon)) continue;
      const entryStart = this.lexer.start;
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "config key") || !this.expect(Token.Equal, "'='")) break;
      const value = this.parseConfigValue();
      this.program.config.push(new ConfigEntry(entryStart, this.previousEnd, name, value));
      if (!this.is(Token.RightBrace)) this.expect(Token.Semicolon, "';'");
    }
    this.expect(Token.RightBrace, "'}'");
    if (this.source.file(start).start > 0)
      this.lexer.error(
        Code.MisplacedConfig,
        start,
        this.previousEnd,
        "invalid `config` within import",
        "only the script that is run says how it is run",
      );
  }

  private parseConfigValue(): Expression {
    const lexer = this.lexer;
    const start = lexer.start;
    if (this.is(Token.String)) {
      const literal = new StringLiteral(start, lexer.end, lexer.pointer, lexer.length);
      this.next();
      return literal;
    }
    if (this.is(Token.Integer)) {
      const literal = new IntegerLiteral(start, lexer.end, lexer.value);
      literal.duration = lexer.duration;
      this.next();
      return literal;
    }
    if (this.is(Token.Identifier)) {
      if (!this.isWord(this.words.true) && !this.isWord(this.words.false)) return this.identifier();
      const literal = new BooleanLiteral(start, lexer.end, this.isWord(this.words.true));
      this.next();
      return literal;
    }
    this.fail(Code.UnexpectedToken, "syntax: expected string, int, boolean, or ident");
    return new ErrorExpression(start, start);
  }

  /** `import "path";` */
  private parseImport(): void {
    const start = this.lexer.start;
    const end = this.lexer.end;
    if (this.stage == Stage.Probes) {
      this.lexer.error(
        Code.MisplacedImport,
        start,
        end,
        "syntax: root imports must appear before probes and functions",
        "move it to the start of the script",
      );
    }
    this.reach(Stage.Config);
    this.next();
    const pointer = this.lexer.pointer;
    const length = this.lexer.length;
    if (!this.expect(Token.String, "string after 'import'")) return;
    const pathEnd = this.previousEnd;
    this.program.imports.push(new Import(start, pathEnd, pointer, length));
    if (!this.expect(Token.Semicolon, "';' after import")) return;
    const next = this.lexer.start;
    const isFirst = this.lexer.lineBreakBefore;
    this.readImport(String.UTF8.decodeUnsafe(pointer, length), start, pathEnd);
    this.lexer.seek(next);
    this.lexer.lineBreakBefore = isFirst;
  }

  /** `let @name = hash(16);` */
  private parseMapDeclaration(): void {
    const start = this.lexer.start;
    this.next();
    const name = this.lexer.symbol;
    if (!this.is(Token.Map)) {
      // The peer marks the `let`.
      const hint = "scratch variables live in probes";
      this.failAt(
        Code.UnexpectedToken,
        start,
        this.previousEnd,
        "syntax: root-level let statements need to be map declarations, e.g. let @a = hash(2);",
        hint,
      );
      return;
    }
    this.next();
    this.expect(Token.Equal, "'='");
    const typeStart = this.lexer.start;
    const mapType = this.lexer.symbol;
    this.expect(Token.Identifier, "map type name");
    const typeEnd = this.previousEnd;
    this.expect(Token.LeftParenthesis, "'('");
    const capacity = new IntegerLiteral(this.lexer.start, this.lexer.end, this.lexer.value);
    this.expect(Token.Integer, "positive integer for map declaration max entries");
    this.expect(Token.RightParenthesis, "')'");
    const declaration = new MapDeclaration(start, this.previousEnd, name, mapType, typeStart, typeEnd, capacity);
    this.program.mapDeclarations.push(declaration);
    if (this.accept(Token.Semicolon)) declaration.end = this.previousEnd;
  }

  /** `macro name($a, @b, c) { ...; value }` */
  private parseMacro(): void {
    const start = this.lexer.start;
    this.next();
    const name = this.lexer.symbol;
    const nameStart = this.lexer.start;
    this.expect(Token.Identifier, "macro name");
    const nameEnd = this.previousEnd;
    this.expect(Token.LeftParenthesis, "'('");
    const parameters = new Array<MacroParameter>();
    if (!this.lost && !this.is(Token.RightParenthesis)) {
      do {
        this.parseMacroParameter(parameters);
      } while (!this.lost && this.accept(Token.Comma));
    }
    this.expect(Token.RightParenthesis, "')'");
    if (this.lost) return;
    const body = this.parseBlock(true);
    this.program.macros.push(new Macro(start, body.end, name, nameStart, nameEnd, parameters, body));
  }

  private parseMacroParameter(parameters: Array<MacroParameter>): void {
    const start = this.lexer.start;
    const name = this.lexer.symbol;
    let kind = MacroParameterKind.Expression;
    if (this.is(Token.Variable)) {
      kind = MacroParameterKind.Variable;
    } else if (this.is(Token.Map)) {
      kind = MacroParameterKind.Map;
    } else if (this.is(Token.Parameter)) {
      this.fail(Code.UnexpectedToken, "syntax: expected identifier after '$'");
      return;
    } else if (!this.is(Token.Identifier)) {
      this.fail(Code.UnexpectedToken, "syntax: expected macro argument ($var, @map, or identifier)");
      return;
    } else if (this.isValueName(name)) {
      this.fail(Code.ReservedName, `syntax: builtin '${this.tokenText()}' can't be used as a macro argument`);
      return;
    }
    this.next();
    parameters.push(new MacroParameter(start, this.previousEnd, kind, name));
  }

  /** `fn name($a : T) : T { ... }` */
  private parseFunction(): void {
    const start = this.lexer.start;
    this.next();
    const name = this.lexer.symbol;
    const nameStart = this.lexer.start;
    this.expect(Token.Identifier, "function name");
    const nameEnd = this.previousEnd;
    this.expect(Token.LeftParenthesis, "'('");
    const parameters = new Array<FunctionParameter>();
    if (!this.lost && !this.is(Token.RightParenthesis)) {
      do {
        const parameterStart = this.lexer.start;
        const parameter = this.lexer.symbol;
        if (!this.expect(Token.Variable, "variable in function argument")) break;
        this.expect(Token.Colon, "':'");
        const type = this.parseType();
        parameters.push(new FunctionParameter(parameterStart, this.previousEnd, parameter, type));
      } while (!this.lost && this.accept(Token.Comma));
    }
    this.expect(Token.RightParenthesis, "')'");
    this.expect(Token.Colon, "':'");
    const returnType = this.parseType();
    if (this.lost) return;
    const body = this.parseBlock(false);
    this.program.functions.push(new FunctionDeclaration(start, body.end, name, nameStart, nameEnd, parameters, returnType, body));
  }

  /** `attach point, attach point /predicate/ { ... }` */
  private parseProbe(): void {
    const start = this.lexer.start;
    const points = new Array<AttachPoint>();
    // A dangling comma may stand before the body or the predicate.
    while (points.length == 0 || !(this.is(Token.LeftBrace) || this.is(Token.Slash))) {
      const point = readAttachPoint(this.lexer, this.lexer.start, this.parameters);
      if (!point) {
        const slash = points.length == 0 && this.is(Token.Slash);
        this.fail(
          Code.UnexpectedToken,
          "syntax: expected attach point",
          slash ? "the probe comes before its predicate: `kprobe:f /pid == 1/ { }`" : "",
        );
        return;
      }
      points.push(point);
      this.lexer.seek(point.end);
      if (!this.accept(Token.Comma)) break;
    }
    let predicate: Expression | null = null;
    if (this.is(Token.Slash)) {
      this.next();
      this.startChain();
      this.inPredicate = true;
      predicate = this.parseExpression();
      this.inPredicate = false;
      this.expect(Token.Slash, "'/' to close predicate");
    }
    if (!this.lost && !this.is(Token.LeftBrace)) {
      this.fail(Code.UnexpectedToken, "syntax: expected '{'");
      return;
    }
    if (this.lost) return;
    for (let i = 0; i < points.length; i++) checkAttachPoint(this.lexer, points[i]);
    const body = this.parseBlock(false);
    this.program.probes.push(new Probe(start, body.end, points, predicate, body));
  }

  /** After an error outside of blocks: skips to behind the next block, or to a line that starts a probe or other root item. */
  private findRoot(): void {
    let level = 0;
    while (!this.is(Token.End)) {
      if (this.lexer.lineBreakBefore && this.startsRoot(level)) break;
      if (this.is(Token.LeftBrace)) {
        level++;
      } else if (this.is(Token.RightBrace)) {
        level--;
        if (level <= 0) {
          this.next();
          this.accept(Token.Semicolon);
          break;
        }
      }
      this.next();
    }
    this.found();
  }

  /** A word in the first column that starts something, with this many blocks open. */
  private startsRoot(level: i32): bool {
    if (this.startsProbe()) return true;
    const start = this.lexer.start;
    if (start > 0 && this.lexer.at(start - 1) != 0x0a) return false;
    if (this.is(Token.Hash)) return true;
    if (!this.is(Token.Identifier)) return false;
    const word = this.lexer.symbol;
    const words = this.words;
    if (word == words.macro || word == words.fn || word == words.config || word == words.import) return true;
    return level == 0 && (word == words.let || this.isTagWord(word));
  }
}

/** A script that does nothing: the words of the runner, before anything runs. */
export function reportNoProbes(source: Source, diagnostics: Diagnostics): void {
  const hint = "a script needs at least one probe, as in `begin { print(1); }`";
  diagnostics.error(Code.EmptyProgram, source.length, source.length, "No probes to attach", hint);
}

/**
 * Parses a script. The tree is complete exactly if `diagnostics` has no errors.
 * @param macros those that the target's architecture defines.
 * @param parameters words that positional parameters in attach points stand for; null while they are not known.
 * @param includes what is known of local headers; null: their #include lines are only recorded.
 */
export function parseProgram(
  source: Source,
  symbols: Symbols,
  diagnostics: Diagnostics,
  macros: StaticArray<string> = [],
  parameters: Array<string> | null = null,
  includes: Includes | null = null,
): Program {
  if (source.length > MAXIMUM_LENGTH) {
    diagnostics.error(Code.TooLarge, 0, 0, `the script is larger than ${MAXIMUM_LENGTH >> 20} MiB`);
    return new Program(0, 0);
  }
  const parser = new Parser(source, symbols, diagnostics, 0, source.length);
  parser.parameters = parameters;
  parser.includes = includes;
  return parser.parseProgram(macros);
}

/** Parses the bytes from `start` to `end` as one expression: the body of a #define. ErrorExpression if they are none. */
export function parseExpressionAt(source: Source, symbols: Symbols, diagnostics: Diagnostics, start: u32, end: u32): Expression {
  return new Parser(source, symbols, diagnostics, start, end).parseLoneExpression();
}
