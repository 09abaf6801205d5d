// Attach points (features section 3): their text is not made of tokens, so it is read byte by byte.

import { Code } from "../source/diagnostics";
import { Source } from "../source/source";
import { AttachPart, AttachPoint, Provider } from "./ast";
import { CharacterClass, classOf } from "./characters";
import { Lexer } from "./lexer";
import { leastParts, mostParts, partsText, providerForm, providerName, providerOf, similarProvider } from "./providers";

/**
 * Reads the attach point that starts at `start`: up to a blank, `{`, `,`, or a `/` before the first `:`. Quoted parts hold
 * anything. The lexer is used for its bytes and errors only. Null if there is no text.
 * @param parameters words that positional parameters stand for; null while they are not known.
 */
export function readAttachPoint(lexer: Lexer, start: u32, parameters: Array<string> | null): AttachPoint | null {
  let end = start;
  let colon = false;
  let quoted = false;
  while (end < lexer.limit) {
    const byte = lexer.at(end);
    if (quoted) {
      if (byte == 0x22) quoted = false;
      else if (byte == 0x5c && end + 1 < lexer.limit) end++;
    } else if (byte == 0x22) {
      quoted = true;
    } else if (byte == 0x7b || byte == 0x2c || classOf(byte) == CharacterClass.Blank || (byte == 0x2f && !colon)) {
      break;
    } else if (byte == 0x3a) {
      colon = true;
    }
    end++;
  }
  if (end == start) return null;
  const point = new AttachPoint(start, end);
  if (quoted) {
    lexer.error(Code.UnterminatedString, end, end, "syntax: expected '{'", "a quoted part of an attach point is not closed");
    return point;
  }
  const providerStart = readLabel(lexer, point);
  if (parameters != null && hasParameter(lexer, providerStart, end)) {
    const text = expandParameters(lexer, providerStart, end, parameters);
    const source = Source.fromString(lexer.source.name, text);
    readParts(new Lexer(source, lexer.symbols, lexer.diagnostics, 0, source.length), 0, source.length, point);
    // What was written is what messages show.
    for (let i = 0; i < point.parts.length; i++) {
      point.parts[i].start = start;
      point.parts[i].end = end;
    }
    point.providerStart = start;
    point.providerEnd = end;
  } else readParts(lexer, providerStart, end, point);
  return point;
}

/** Whether a `$` is followed by a digit: in quotes, too, as in the peer. */
function hasParameter(lexer: Lexer, start: u32, end: u32): bool {
  for (let i = start; i + 1 < end; i++) if (lexer.at(i) == 0x24 && classOf(lexer.at(i + 1)) == CharacterClass.Digit) return true;
  return false;
}

/** The bytes from `start` to `end` with the words in place of `$1` and so on; one that was not given is nothing. */
function expandParameters(lexer: Lexer, start: u32, end: u32, parameters: Array<string>): string {
  let text = "";
  let from = start;
  for (let i = start; i + 1 < end; i++) {
    if (lexer.at(i) != 0x24 || classOf(lexer.at(i + 1)) != CharacterClass.Digit) continue;
    text += lexer.source.text(from, i);
    let number = 0;
    for (i++; i < end && classOf(lexer.at(i)) == CharacterClass.Digit && number < 100000; i++) number = number * 10 + (lexer.at(i) - 0x30);
    if (number > 0 && number <= parameters.length) text += parameters[number - 1];
    from = i--;
  }
  return text + lexer.source.text(from, end);
}

/** Splits the text from `start` to `end` at colons. */
function readParts(lexer: Lexer, start: u32, end: u32, point: AttachPoint): void {
  let offset = start;
  let separator: u8 = 0;
  while (true) {
    const part = readPart(lexer, offset, end, separator);
    if (separator == 0) {
      point.provider = providerOf(part.pointer, part.length);
      point.providerName = partText(part).toLowerCase();
      point.parameter = part.parameter;
      point.providerStart = part.start;
      point.providerEnd = part.end;
    } else {
      point.parts.push(part);
    }
    if (part.end >= end) break;
    separator = lexer.at(part.end);
    offset = part.end + 1;
  }
}

/** `name=` before the provider; returns where the provider starts. */
function readLabel(lexer: Lexer, point: AttachPoint): u32 {
  const start = point.start;
  if (classOf(lexer.at(start)) != CharacterClass.Letter) return start;
  const end = lexer.wordEnd(start);
  if (end >= point.end || lexer.at(end) != 0x3d) return start;
  point.label = lexer.symbols.intern(lexer.source.address(start), end - start);
  return end + 1;
}

/** The part from `start` to the next `:` or `@` outside of quotes, or to `limit`. */
function readPart(lexer: Lexer, start: u32, limit: u32, separator: u8): AttachPart {
  const bytes = heap.alloc(max<u32>(limit - start, 1));
  let length: u32 = 0;
  let offset = start;
  let quoted = false;
  const part = new AttachPart(start, start, bytes, 0, separator);
  while (offset < limit) {
    let byte = lexer.at(offset);
    if (byte == 0x22) {
      quoted = !quoted;
      offset++;
      continue;
    }
    if (!quoted && (byte == 0x3a || byte == 0x40)) break;
    if (quoted && byte == 0x5c && offset + 1 < limit) byte = lexer.at(++offset);
    if (!quoted) {
      if (byte == 0x2a || byte == 0x5b) part.wildcard = true;
      if (byte == 0x24) part.parameter = true;
    }
    store<u8>(bytes + length++, byte);
    offset++;
  }
  part.end = offset;
  part.length = length;
  return part;
}

/** Reports what is wrong with an attach point whatever the target is. */
export function checkAttachPoint(lexer: Lexer, point: AttachPoint): void {
  const provider = point.provider;
  if (point.hasParameter) return;
  if (provider == Provider.Unknown) {
    const name = point.providerName;
    const near = similarProvider(name);
    lexer.error(
      Code.UnknownProvider,
      point.start,
      point.end,
      `Invalid probe type: ${name}`,
      near.length > 0 ? `did you mean \`${near}\`?` : "",
    );
    return;
  }
  const parts = point.parts;
  // `begin:*` is accepted for `-l`'s sake.
  if ((provider == Provider.Begin || provider == Provider.End) && parts.length == 1 && parts[0].wildcard) return;
  let count = parts.length;
  // The peer counts an `@` as a part of its own.
  for (let i = 0; i < parts.length; i++) if (parts[i].separator == 0x40) count++;
  const name = providerName(provider);
  const hint = `write ${providerForm(provider)}`;
  if (count < leastParts(provider) || (count > mostParts(provider) && !hasSourceLine(point))) {
    const text =
      provider == Provider.Iterator
        ? "iter probe type takes 2 arguments (1 optional)"
        : `${name} probe type requires ${partsText(provider)}, found ${count}`;
    lexer.error(Code.InvalidAttachPoint, point.start, point.end, text, hint);
    return;
  }
  if (parts.length == 0) return;
  const last = parts[parts.length - 1].length;
  switch (provider) {
    case Provider.Kprobe:
    case Provider.Kretprobe:
      if (last == 0)
        lexer.error(Code.InvalidAttachPoint, point.start, point.end, `${name}s should be attached to a function or an address`, hint);
      break;
    case Provider.Tracepoint:
      if (last == 0 || parts[0].length == 0) {
        lexer.error(Code.InvalidAttachPoint, point.start, point.end, "tracepoint probe must have a target", hint);
      }
      break;
    default:
      break;
  }
}

/** `uprobe:binary@file:line:column` */
function hasSourceLine(point: AttachPoint): bool {
  return point.provider == Provider.Uprobe && point.parts.length <= 4 && point.parts.length >= 2 && point.parts[1].separator == 0x40;
}

/** The text of a part, quotes and escapes resolved. */
export function partText(part: AttachPart): string {
  return String.UTF8.decodeUnsafe(part.pointer, part.length);
}
