// Formatter, second step, second half: marks where lines start and how far they are indented, by the tree's blocks and statements.
// Every statement gets its `;`, also where the script leaves it out; a `;` behind a block goes.

import { Source } from "../source/source";
import { Block, FunctionDeclaration, NodeKind, Probe, Program, Statement } from "./ast";
import { ExpressionMarker } from "./formatter-expressions";
import { Item, ItemKind } from "./formatter-items";
import { Assignment, Discard, ExpressionStatement, ForMap, ForRange, If, Let, Return, Unroll, While } from "./statement-nodes";
import { Token } from "./tokens";

@final
export class ProgramMarker extends ExpressionMarker {
  private inMacro: bool = false;

  constructor(
    items: Array<Item>,
    private source: Source,
    private program: Program,
  ) {
    super(items);
  }

  run(): void {
    const items = this.items;
    let probes = 0;
    let functions = 0;
    let macros = 0;
    let at = 0;
    while (items[at].kind != ItemKind.End) {
      items[at].line = true;
      if (items[at].kind == ItemKind.Verbatim) {
        at++;
      } else if (items[at].kind == ItemKind.AttachPoint) {
        at = this.probe(at, this.program.probes[probes++]);
      } else if (this.isWord(at, "config")) {
        at = this.config(at);
      } else if (this.isWord(at, "import")) {
        at = this.endStatement(at + 1, at + 2);
      } else if (this.isWord(at, "let")) {
        // let @name = hash(1);
        items[at + 3].tightAfter = true;
        at = this.endStatement(at + 6, at + 7);
      } else if (this.isWord(at, "fn")) {
        at = this.functionDeclaration(at, this.program.functions[functions++]);
      } else {
        items[at + 1].tightAfter = true;
        this.inMacro = true;
        at = this.body(this.program.macros[macros++].body);
        this.inMacro = false;
      }
    }
  }

  private isWord(at: i32, word: string): bool {
    return this.items[at].token == Token.Identifier && this.source.text(this.items[at].start, this.items[at].end) == word;
  }

  /** Puts a `;` behind the token `last`, in place of the one at `at` if there is one; returns where the text goes on. */
  private endStatement(last: i32, at: i32): i32 {
    this.items[last].semicolon = true;
    return this.dropSemicolon(at);
  }

  private dropSemicolon(at: i32): i32 {
    if (this.items[at].token != Token.Semicolon) return at;
    this.items[at].dropped = true;
    return at + 1;
  }

  private probe(at: i32, probe: Probe): i32 {
    const items = this.items;
    const open = this.indexAt(probe.body.start);
    for (let i = at; i < open; i++) if (items[i].kind == ItemKind.AttachPoint) items[i].line = true;
    const predicate = probe.predicate;
    if (predicate) {
      this.expression(predicate);
      let slash = at;
      while (items[slash].token != Token.Slash) slash++;
      items[slash].line = true;
      items[slash].tightAfter = true;
      items[open - 1].tightBefore = true;
    }
    return this.body(probe.body);
  }

  private functionDeclaration(at: i32, declaration: FunctionDeclaration): i32 {
    this.items[at + 1].tightAfter = true;
    for (let i = 0; i < declaration.parameters.length; i++) this.type(declaration.parameters[i].type);
    this.type(declaration.returnType);
    return this.body(declaration.body);
  }

  /** A body's `{` stands on a line of its own. */
  private body(block: Block): i32 {
    const open = this.indexAt(block.start);
    this.items[open].line = true;
    this.block(block, true);
    return this.items[open].match + 1;
  }

  private config(at: i32): i32 {
    const items = this.items;
    const open = at + 2;
    const close = items[open].match;
    this.lines(open);
    at = open + 1;
    while (at < close) {
      if (items[at].token == Token.Semicolon) {
        at = this.dropSemicolon(at);
      } else {
        // key = value
        items[at].line = true;
        at = this.endStatement(at + 2, at + 3);
      }
    }
    return close + 1;
  }

  /** What is between the braces stands on lines of its own, unless there is nothing. */
  private lines(open: i32): void {
    const close = this.items[open].match;
    if (close == open + 1 && this.items[close].comments.length == 0) {
      this.items[close].tightBefore = true;
      return;
    }
    this.items[open].indents = true;
    this.items[close].dedents = true;
    this.items[close].line = true;
  }

  protected block(block: Block, broken: bool): void {
    const open = this.indexAt(block.start);
    const result = block.result;
    if (broken) this.lines(open);
    let at = open + 1;
    const close = this.items[open].match;
    for (let i = 0; i < block.statements.length; i++) {
      this.items[at].line = true;
      at = this.statement(block.statements[i], at, close);
    }
    if (!result) return;
    this.items[at].line = broken;
    this.expression(result);
  }

  /** Marks the statement that starts at `first`, in a block that ends at `close`; returns where the next one starts. */
  private statement(statement: Statement, first: i32, close: i32): i32 {
    let end = first;
    switch (statement.kind) {
      case NodeKind.Block:
        return this.behindBlock(<Block>statement, close);
      case NodeKind.If:
        return this.choice(<If>statement, close);
      case NodeKind.While:
        this.expression((<While>statement).condition);
        return this.behindBlock((<While>statement).body, close);
      case NodeKind.Unroll:
        this.expression((<Unroll>statement).count);
        return this.behindBlock((<Unroll>statement).body, close);
      case NodeKind.ForRange:
        this.expression((<ForRange>statement).from);
        this.expression((<ForRange>statement).to);
        return this.behindBlock((<ForRange>statement).body, close);
      case NodeKind.ForMap:
        this.expression((<ForMap>statement).map);
        return this.behindBlock((<ForMap>statement).body, close);
      case NodeKind.Assignment:
        this.expression((<Assignment>statement).target);
        this.expression((<Assignment>statement).value);
        break;
      case NodeKind.Discard:
        this.expression((<Discard>statement).value);
        break;
      case NodeKind.Let: {
        const type = (<Let>statement).type;
        const value = (<Let>statement).value;
        if (type) this.type(type);
        if (value) this.expression(value);
        break;
      }
      case NodeKind.Return: {
        const value = (<Return>statement).value;
        if (value) this.expression(value);
        break;
      }
      case NodeKind.ExpressionStatement:
        this.expression((<ExpressionStatement>statement).expression);
        break;
      default:
        break;
    }
    while (end < close && this.items[end].token != Token.Semicolon) end = this.behind(end);
    return this.endStatement(end - 1, end);
  }

  private choice(statement: If, close: i32): i32 {
    this.expression(statement.condition);
    const otherwise = statement.otherwise;
    if (!otherwise) return this.behindBlock(statement.then, close);
    this.block(statement.then, true);
    return otherwise.kind == NodeKind.If ? this.choice(<If>otherwise, close) : this.behindBlock(<Block>otherwise, close);
  }

  /** Marks the block that ends a statement. Last in a macro, it might without its `;` become the macro's value. */
  private behindBlock(block: Block, close: i32): i32 {
    this.block(block, true);
    const end = this.items[this.indexAt(block.start)].match;
    const next = this.dropSemicolon(end + 1);
    if (this.inMacro && next == close && next > end + 1) this.items[end].semicolon = true;
    return next;
  }
}
