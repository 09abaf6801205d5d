// Formatter, last step: items as text. Lines that would be too long are broken at commas and operators, the outermost first; what goes
// on starts below the start of its group: the first argument, the first operand.

import { ByteBuffer } from "../source/bytes";
import { Source } from "../source/source";
import { Item, ItemKind } from "./formatter-items";
import { Token } from "./tokens";

/** Columns that a line should not exceed. */
const MAXIMUM_COLUMN = 100;

/** A group that starts behind this column is continued near the start of its line instead. */
const MAXIMUM_INDENTATION = 60;

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

  constructor(
    private source: Source,
    private items: Array<Item>,
    private out: ByteBuffer,
  ) {}

  run(): void {
    const items = this.items;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (item.dedents) {
        this.level--;
        this.floors.pop();
      }
      this.separate(i);
      for (let j = 0; j < item.opens; j++) this.openGroup();
      this.write(item);
      for (let j = 0; j < item.closes; j++) this.groups.pop();
      if (item.indents) {
        this.level++;
        this.floors.push(this.groups.length);
      }
    }
  }

  private openGroup(): void {
    this.groups.push(this.column <= MAXIMUM_INDENTATION ? this.column : this.lineIndentation + CONTINUATION);
  }

  /** What stands between the item and the one before. */
  private separate(index: i32): void {
    if (index == 0) return;
    const item = this.items[index];
    const previous = this.items[index - 1];
    if (item.breaks > 0) {
      if (item.breaks > 1 && !previous.indents) this.out.writeU8(0x0a);
      this.newLine(item.kind == ItemKind.End ? 0 : item.inside ? this.continuation(index) : this.level * INDENTATION);
    } else if (item.soft && !this.fits(index)) {
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
    this.out.writeU8(0x0a);
    for (let i = 0; i < indentation; i++) this.out.writeU8(0x20);
    this.column = indentation;
    this.lineIndentation = indentation;
  }

  /** Whether what follows up to the next place for a line break, of this group or one around it, fits the line. */
  private fits(index: i32): bool {
    const items = this.items;
    let column = this.column;
    let depth = 0;
    for (let i = index; i < items.length; i++) {
      const item = items[i];
      if (i > index) {
        if (item.soft && depth <= 0) return true;
        // The line that a comment ends within an inner group is not whole, wherever it is.
        if (item.breaks > 0) return !item.inside || depth <= 0;
        if (item.isComment && !item.inside) return true;
      }
      if (item.kind == ItemKind.LineComment) continue;
      depth += item.opens;
      column += item.width + (item.semicolon ? 1 : 0) + (isTight(this.source, items[i - 1], item) ? 0 : 1);
      if (column > MAXIMUM_COLUMN) return false;
      depth -= item.closes;
    }
    return true;
  }

  /** Carriage returns before line feeds go, unless a backslash stands before them: that would join two lines. */
  private write(item: Item): void {
    const source = this.source;
    const out = this.out;
    if (item.kind == ItemKind.Token) {
      out.writeBytes(source.address(item.start), item.end - item.start);
      this.column += item.width;
    } else {
      for (let offset = item.start; offset < item.end; offset++) {
        const byte = source.at(offset);
        const endsLine = byte == 0x0d && (offset + 1 == item.end || source.at(offset + 1) == 0x0a);
        if (endsLine && source.at(offset - 1) != 0x5c) continue;
        out.writeU8(byte);
        if (byte == 0x0a) this.column = 0;
        else if ((byte & 0xc0) != 0x80) this.column++;
      }
    }
    if (!item.semicolon) return;
    out.writeU8(0x3b);
    this.column++;
  }
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
