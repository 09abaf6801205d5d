// The formatter: a script's text laid out anew. Nothing but layout changes, and `;`: the last statement of a block gets one, blocks have
// none behind them. That is proven each time: the tree and all other tokens and comments must be those of the script, or there is no
// result. Formatting twice is formatting once.

import { ByteBuffer } from "../source/bytes";
import { Diagnostics } from "../source/diagnostics";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { Program } from "./ast";
import { placeComments } from "./formatter-comments";
import { collectItems, Item, ItemKind } from "./formatter-items";
import { layOut } from "./formatter-layout";
import { ProgramMarker } from "./formatter-statements";
import { parseProgram } from "./parser";
import { printProgram } from "./printer";
import { Token } from "./tokens";

/**
 * Formats a program that was parsed without errors, with headers left out.
 * @param macros those that it was parsed with.
 * @returns false if the text is not the same program: an error of ours.
 */
export function formatProgram(program: Program, source: Source, symbols: Symbols, macros: StaticArray<string>, out: ByteBuffer): bool {
  const items = collectItems(source, symbols, program);
  new ProgramMarker(items, source, program).run();
  layOut(source, placeComments(items), out);

  const made = new Source(source.name, out.pointer, out.length);
  const diagnostics = new Diagnostics(made);
  const again = parseProgram(made, symbols, diagnostics, macros);
  if (diagnostics.hasErrors) return false;
  return hasSameTree(program, source, again, made, symbols) && hasSameItems(items, source, collectItems(made, symbols, again), made);
}

function hasSameTree(left: Program, leftSource: Source, right: Program, rightSource: Source, symbols: Symbols): bool {
  const leftTree = new ByteBuffer();
  const rightTree = new ByteBuffer();
  printProgram(left, leftSource, symbols, leftTree, false);
  printProgram(right, rightSource, symbols, rightTree, false);
  return leftTree.length == rightTree.length && memory.compare(leftTree.pointer, rightTree.pointer, leftTree.length) == 0;
}

/** Tokens but `;` and the comments before each, in order. */
function withoutSemicolons(items: Array<Item>): Array<Item> {
  const list = new Array<Item>();
  for (let i = 0; i < items.length; i++) {
    for (let j = 0; j < items[i].comments.length; j++) list.push(items[i].comments[j]);
    if (items[i].token != Token.Semicolon) list.push(items[i]);
  }
  return list;
}

function hasSameItems(left: Array<Item>, leftSource: Source, right: Array<Item>, rightSource: Source): bool {
  left = withoutSemicolons(left);
  right = withoutSemicolons(right);
  if (left.length != right.length) return false;
  for (let i = 0; i < left.length; i++) {
    if (left[i].kind != right[i].kind || !hasSameText(left[i], leftSource, right[i], rightSource)) return false;
  }
  return true;
}

function hasSameText(left: Item, leftSource: Source, right: Item, rightSource: Source): bool {
  const length = left.end - left.start;
  return right.end - right.start == length && memory.compare(leftSource.address(left.start), rightSource.address(right.start), length) == 0;
}
