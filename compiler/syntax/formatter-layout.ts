// Formatter, last step: items as text. Lines that would be too long are broken at commas and operators, the outermost first; what goes
// on starts below the start of its group: the first argument, the first operand.

import { ByteBuffer } from "../source/bytes";
import { Source } from "../source/source";
import { Item, ItemKind } from "./formatter-items";
import { Token } from "./tokens";

/** Columns that a line should not exceed. */
const MAXIMUM_COLUMN = 90;

/** A group that starts behind this column is continued near the start of its line instead. */
const MAXIMUM_INDENTATION = 50;

/** Blanks for each level of blocks, and before lines that go on with a statement. */
const INDENTATION = 2;
const CONTINUATION = 4;

@final
class Layout {
  private column: i32 = 0;
  /** Blanks that the line starts with. */
  private lineIndentation: i32 = 0;
  private level: i32 = 0;
  /** Column of each open group. */
  private groups: Array<i32> = [];
  /** Groups around each open block. */
  private floors: Array<i32> = [0];
  private carriageReturns: bool;

  constructor(
    private source: Source,
    private items: Array<Item>,
    private out: ByteBuffer,
  ) {
    this.carriageReturns = hasCarriageReturns(source);
  }

  run(): void {
    const items = this.items;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (item.dedents) {
        this.level--;
        this.floors.pop();
      }
      this.separate(i);
      for (let j = item.opens - 1; j >= 0; j--) this.openGroup(i, j);
      this.write(item);
      for (let j = 0; j < item.closes; j++) this.groups.pop();
      if (item.indents) {
        this.level++;
        this.floors.push(this.groups.length);
      }
    }
  }

  private openGroup(index: i32, inner: i32): void {
    const indentation = this.column <= MAXIMUM_INDENTATION ? this.column : this.lineIndentation + CONTINUATION;
    this.groups.push(indentation);
    this.breakGroup(index, inner, this.column, indentation);
  }

  /** What stands between the item and the one before. */
  private separate(index: i32): void {
    if (index == 0) return;
    const item = this.items[index];
    const previous = this.items[index - 1];
    if (item.breaks > 0) {
      if (item.breaks > 1 && !previous.indents) this.newLine(0);
      this.newLine(item.kind == ItemKind.End ? 0 : item.inside ? this.continuation(index) : this.level * INDENTATION);
    } else if (item.broken) {
      this.newLine(this.continuation(index));
    } else if (!isTight(this.source, previous, item)) {
      this.out.writeU8(0x20);
      this.column++;
    }
  }

  /** Where a line starts that goes on with a statement. */
  private continuation(index: i32): i32 {
    const groups = this.groups;
    if (groups.length > this.floors[this.floors.length - 1]) return groups[groups.length - 1];
    let previous = index - 1;
    while (previous > 0 && this.items[previous].isComment) previous--;
    // `{` and `else` are as far to the left as what they belong to.
    const isPart = this.items[index].token == Token.LeftBrace || this.items[previous].token == Token.RightBrace;
    return this.level * INDENTATION + (isPart ? 0 : CONTINUATION);
  }

  private newLine(indentation: i32): void {
    if (this.carriageReturns) this.out.writeU8(0x0d);
    this.out.writeU8(0x0a);
    for (let i = 0; i < indentation; i++) this.out.writeU8(0x20);
    this.column = indentation;
    this.lineIndentation = indentation;
  }

  /**
   * Decides where the group that opens at `index` is broken, `inner` more of which open there. If it does not fit the line, its parts
   * fill lines from the last one backwards, as the peer has it: so a format string is alone rather than the last argument.
   */
  private breakGroup(index: i32, inner: i32, column: i32, indentation: i32): void {
    const items = this.items;
    const starts: Array<i32> = [index];
    const widths: Array<i32> = [];
    let width = 0;
    let depth = 1 + inner;
    let i = index;
    let isWhole = true;
    for (; depth > 0; i++) {
      const item = items[i];
      if (i > index) {
        // A block with lines of its own: what is around it stays on the lines of its braces.
        if (item.breaks > 0 && !item.inside) return;
        if (item.breaks > 0) isWhole = false;
        if (depth == 1 && (item.soft || item.breaks > 0)) {
          widths.push(width);
          starts.push(i);
          width = 0;
        } else {
          // A line that ends within an inner group is shared with nothing.
          if (item.breaks > 0) width = MAXIMUM_COLUMN;
          width += this.gap(i);
        }
        depth += item.opens;
      }
      width += this.widthOf(item);
      depth -= item.closes;
    }
    let rest = 0;
    for (; i < items.length && items[i].breaks == 0 && !items[i].soft && (items[i].inside || !items[i].isComment); i++) {
      rest += this.gap(i) + this.widthOf(items[i]);
    }
    widths.push(width);
    if (isWhole) {
      let total = column + rest + widths.length - 1;
      for (let part = 0; part < widths.length; part++) total += widths[part];
      if (total <= MAXIMUM_COLUMN) return;
    }
    const end = column + widths[0] + (widths.length == 1 ? rest : 0);
    // Not before a comment: another time that line break would be the comment's own.
    if (indentation < column && end > MAXIMUM_COLUMN && items[index - 1].tightAfter && !items[index].isComment) {
      this.newLine(indentation);
      column = indentation;
    }
    let line = rest;
    for (let part = widths.length - 1; part > 0; part--) {
      line += widths[part];
      const before = part == 1 ? column : indentation;
      if (items[starts[part]].breaks > 0) {
        line = 0;
      } else if (before + widths[part - 1] + 1 + line > MAXIMUM_COLUMN) {
        items[starts[part]].broken = true;
        line = 0;
      } else {
        line++;
      }
    }
  }

  private gap(index: i32): i32 {
    return isTight(this.source, this.items[index - 1], this.items[index]) ? 0 : 1;
  }

  private widthOf(item: Item): i32 {
    return item.kind == ItemKind.LineComment ? 0 : item.width + (item.semicolon ? 1 : 0);
  }

  private write(item: Item): void {
    this.out.writeBytes(this.source.address(item.start), item.end - item.start);
    let lineStart = item.end;
    while (lineStart > item.start && this.source.at(lineStart - 1) != 0x0a) lineStart--;
    // Of a comment of several lines, what follows stands behind the last one.
    this.column = lineStart == item.start ? this.column + item.width : <i32>(item.end - lineStart);
    if (!item.semicolon) return;
    this.out.writeU8(0x3b);
    this.column++;
  }
}

/** Whether lines end with a carriage return and a line feed: the first one does. */
function hasCarriageReturns(source: Source): bool {
  let offset: u32 = 0;
  while (offset < source.length && source.at(offset) != 0x0a) offset++;
  return offset > 0 && offset < source.length && source.at(offset - 1) == 0x0d;
}

/** Whether nothing stands between two items on one line. */
function isTight(source: Source, previous: Item, item: Item): bool {
  if (item.isComment) return previous.token == Token.LeftParenthesis || previous.token == Token.LeftBracket;
  if (!item.tightBefore && (!previous.tightAfter || previous.isComment)) return false;
  return previous.kind != ItemKind.Token || !join(source, previous, item);
}

/** Whether two tokens without a blank between would be others. */
function join(source: Source, previous: Item, item: Item): bool {
  if (previous.token == Token.Integer && item.token == Token.Dot) return true;
  const left = source.at(previous.end - 1);
  const right = source.at(item.start);
  switch (right) {
    case 0x2b: // + & | < .
    case 0x26:
    case 0x7c:
    case 0x3c:
    case 0x2e:
      return left == right;
    case 0x2d: // - behind -
      return left == 0x2d;
    case 0x3e: // > behind > and -
      return left == 0x3e || left == 0x2d;
    case 0x2f: // a comment's start
    case 0x2a:
      return left == 0x2f;
    case 0x7e: // ~ behind = and !: a match
      return (left == 0x3d || left == 0x21) && previous.end != item.start;
    default:
      return false;
  }
}

/** Prints what `placeComments` made. */
export function layOut(source: Source, items: Array<Item>, out: ByteBuffer): void {
  new Layout(source, items, out).run();
}
