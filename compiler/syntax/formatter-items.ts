// Formatter, first step: a program's text as items, its tokens with the comments before each. Between them is layout only, so what
// prints all items has lost nothing. Attach points, the `#!` line and the C section are one item each, kept as written.

import { Diagnostics } from "../source/diagnostics";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { AttachPoint, Program } from "./ast";
import { CharacterClass, classOf } from "./characters";
import { Lexer } from "./lexer";
import { Token } from "./tokens";

export const enum ItemKind {
  Token,
  LineComment,
  BlockComment,
  AttachPoint,
  /** The `#!` line, or the C section. */
  Verbatim,
  End,
}

@final
export class Item {
  /** Of a bracket: index of the other one of its pair; else -1. */
  match: i32 = -1;
  // How it is laid out; found from the tree.
  /** Starts a line: a statement, an attach point, the end of a block. */
  line: bool = false;
  /** A line may be broken before it. */
  soft: bool = false;
  /** No blank before it, or behind it. */
  tightBefore: bool = false;
  tightAfter: bool = false;
  /** Groups that start before it, and that end behind it: what a group has on further lines starts where the group does. */
  opens: i32 = 0;
  closes: i32 = 0;
  /** A `{` behind which lines are indented, and its `}`. */
  indents: bool = false;
  dedents: bool = false;
  /** A `;` is printed behind it. */
  semicolon: bool = false;
  /** A `;` that is not printed itself. */
  dropped: bool = false;
  // Found when comments get their places.
  /** Line breaks before it. */
  breaks: i32 = 0;
  /** The line is broken before it, being too long. */
  broken: bool = false;
  /** Within a statement: its line break, if it has one, comes from a comment. */
  inside: bool = false;

  constructor(
    public kind: ItemKind,
    public token: Token,
    public start: u32,
    public end: u32,
    /** Line breaks before it in the source; those of a `;` that is not printed count for what follows. */
    public lines: i32,
    /** Characters; of a comment of several lines, those of the first. */
    public width: i32,
    /** Of a token: the comments before it. */
    public comments: Array<Item>,
  ) {}

  get isComment(): bool {
    return this.kind == ItemKind.LineComment || this.kind == ItemKind.BlockComment;
  }
}

@final
class Collector {
  private items: Array<Item> = [];
  private points: Array<AttachPoint> = [];
  private lexer: Lexer;
  /** Line breaks since the last item. */
  private lines: i32 = 0;
  private comments: Array<Item> = [];
  /** Shared by all items without comments. */
  private none: Array<Item> = [];

  constructor(
    private source: Source,
    symbols: Symbols,
    private program: Program,
  ) {
    this.lexer = new Lexer(source, symbols, new Diagnostics(source), 0, source.length);
    this.lexer.silent = true;
    for (let i = 0; i < program.probes.length; i++) {
      for (let j = 0; j < program.probes[i].attachPoints.length; j++) this.points.push(program.probes[i].attachPoints[j]);
    }
  }

  run(): Array<Item> {
    const program = this.program;
    const lexer = this.lexer;
    let offset: u32 = 0;
    let point = 0;
    let isField = false;
    while (true) {
      const start = this.layout(offset);
      if (start >= this.source.length) break;
      if (start < program.headerEnd) {
        offset = program.headerEnd;
        this.push(ItemKind.Verbatim, Token.End, start, this.trimmed(offset));
      } else if (start == program.definitionsStart && program.definitionsEnd > start) {
        offset = program.definitionsEnd;
        const end = this.trimmed(offset);
        // A backslash at the end of a line would join it with the next one.
        this.push(ItemKind.Verbatim, Token.End, start, lexer.at(end - 1) == 0x5c ? offset : end);
      } else if (point < this.points.length && start == this.points[point].start) {
        offset = this.points[point++].end;
        this.push(ItemKind.AttachPoint, Token.End, start, offset);
      } else {
        // Behind a `.` the lexer stands at the end of that token.
        if (isField) lexer.nextField();
        else lexer.seek(start);
        offset = lexer.end;
        // The 0 of `$x.0` is a name: it may be followed by another dot.
        this.push(ItemKind.Token, isField ? Token.Identifier : lexer.kind, start, offset);
        isField = lexer.kind == Token.Dot || lexer.kind == Token.Arrow;
      }
    }
    this.push(ItemKind.End, Token.End, this.source.length, this.source.length);
    matchBrackets(this.items);
    return this.items;
  }

  /** `end` without the blanks before it. */
  private trimmed(end: u32): u32 {
    while (classOf(this.lexer.at(end - 1)) == CharacterClass.Blank) end--;
    return end;
  }

  private push(kind: ItemKind, token: Token, start: u32, end: u32): void {
    const item = this.item(kind, token, start, end);
    if (this.comments.length > 0) {
      item.comments = this.comments;
      this.comments = [];
    }
    setTightness(item);
    this.items.push(item);
  }

  private item(kind: ItemKind, token: Token, start: u32, end: u32): Item {
    let width = 0;
    for (let offset = start; offset < end; offset++) {
      const byte = this.source.at(offset);
      if (byte == 0x0a) break;
      if ((byte & 0xc0) != 0x80) width++;
    }
    const item = new Item(kind, token, start, end, this.lines, width, this.none);
    this.lines = 0;
    return item;
  }

  /** Reads the comments from `offset` on and counts line breaks; returns where the next token starts. */
  private layout(offset: u32): u32 {
    const limit = this.source.length;
    const lexer = this.lexer;
    while (offset < limit) {
      const byte = lexer.at(offset);
      if (classOf(byte) == CharacterClass.Blank) {
        if (byte == 0x0a) this.lines++;
        offset++;
        continue;
      }
      const start = offset;
      const second = byte == 0x2f ? lexer.at(offset + 1) : 0;
      if (second == 0x2f) {
        while (offset < limit && lexer.at(offset) != 0x0a) offset++;
        this.comments.push(this.item(ItemKind.LineComment, Token.End, start, this.trimmed(offset)));
      } else if (second == 0x2a) {
        offset = lexer.blockCommentEnd(offset);
        // One that is not closed ends with the text.
        const end = lexer.openComment == start ? this.trimmed(offset) : offset;
        this.comments.push(this.item(ItemKind.BlockComment, Token.End, start, end));
      } else {
        break;
      }
    }
    return offset;
  }
}

/** What holds for a token wherever it stands. */
function setTightness(item: Item): void {
  switch (item.token) {
    case Token.LeftParenthesis:
      item.tightAfter = true;
      break;
    case Token.RightParenthesis:
    case Token.RightBracket:
    case Token.Comma:
    case Token.Semicolon:
      item.tightBefore = true;
      break;
    case Token.LeftBracket:
    case Token.Dot:
    case Token.DotDot:
    case Token.Arrow:
      item.tightBefore = true;
      item.tightAfter = true;
      break;
    default:
      break;
  }
}

/** Finds the pairs, and what lines may be broken at within them. */
function matchBrackets(items: Array<Item>): void {
  const open = new Array<i32>();
  for (let i = 0; i < items.length; i++) {
    switch (items[i].token) {
      case Token.LeftParenthesis:
      case Token.LeftBracket:
      case Token.LeftBrace:
        open.push(i);
        break;
      case Token.RightParenthesis:
      case Token.RightBracket:
      case Token.RightBrace: {
        if (open.length == 0) break;
        const other = open.pop();
        items[i].match = other;
        items[other].match = i;
        if (items[i].token != Token.RightBrace && i > other + 1) {
          items[other + 1].opens++;
          items[i - 1].closes++;
        }
        break;
      }
      case Token.Comma:
        if (open.length > 0) items[i + 1].soft = true;
        break;
      default:
        break;
    }
  }
}

/** The tokens and comments of a program that was parsed without errors, the end last. */
export function collectItems(source: Source, symbols: Symbols, program: Program): Array<Item> {
  return new Collector(source, symbols, program).run();
}
