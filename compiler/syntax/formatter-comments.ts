// Formatter, third step: tokens and comments in one list, each with the line breaks before it. A comment stays on the line of what it
// stood on a line with; on lines of its own it stays before what follows. So a second run finds every comment where it is.

import { Item, ItemKind } from "./formatter-items";

@final
class Placer {
  private placed: Array<Item> = [];

  /** Adds an item: `breaks` are line breaks before it. */
  private add(item: Item, breaks: i32, inside: bool): void {
    item.breaks = breaks;
    item.inside = inside;
    this.placed.push(item);
  }

  run(items: Array<Item>): Array<Item> {
    let comments: Array<Item> = [];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      comments = comments.length > 0 ? comments.concat(item.comments) : item.comments;
      if (item.dropped) {
        // Comments before a `;` belong to what it ends.
        const next = items[i + 1].comments.length > 0 ? items[i + 1].comments[0] : items[i + 1];
        if (comments.length > 0) next.lines = max(next.lines, 1);
        continue;
      }
      if (item.line || item.kind == ItemKind.End) this.betweenLines(comments, item);
      else this.withinLine(comments, item);
      comments = [];
    }
    return this.placed;
  }

  /** One line break, or two where the source has an empty line. */
  private ownLine(item: Item): i32 {
    return min(max(item.lines, 1), 2);
  }

  private betweenLines(comments: Array<Item>, item: Item): void {
    const placed = this.placed;
    // From here on they stand on one line with the item.
    let leading = comments.length;
    if (item.kind != ItemKind.End && !item.dedents) {
      let next = item;
      while (leading > 0 && next.lines == 0) next = comments[--leading];
    } else if (item.lines == 0 && comments.length == 1 && placed.length > 0 && placed[placed.length - 1].indents) {
      // `{ /* nothing */ }`
      comments[0].lines = 1;
    }
    for (let i = 0; i < comments.length; i++) {
      const comment = comments[i];
      if (i > leading) this.add(comment, 0, false);
      else this.add(comment, comment.lines > 0 || i == leading ? this.ownLine(comment) : 0, false);
    }
    this.add(item, leading < comments.length ? 0 : this.breaksBefore(item), false);
  }

  private breaksBefore(item: Item): i32 {
    return item.dedents || item.kind == ItemKind.End ? 1 : this.ownLine(item);
  }

  private withinLine(comments: Array<Item>, item: Item): void {
    const count = comments.length;
    // The first comment that stands before the item, and not behind what precedes: there the line may be broken, there groups start.
    let first = 0;
    while (first < count && comments[first].lines == 0) first++;
    if (first == count && item.lines == 0) first = 0;
    if (first < count) {
      comments[first].opens = item.opens;
      item.opens = 0;
      if (item.lines == 0) {
        comments[first].soft = item.soft;
        item.soft = false;
      }
    }
    for (let i = 0; i < count; i++) this.add(comments[i], min(comments[i].lines, 1), true);
    this.add(item, count > 0 ? min(item.lines, 1) : 0, true);
  }
}

/** All that is printed, in order. */
export function placeComments(items: Array<Item>): Array<Item> {
  return new Placer().run(items);
}
