// Attach points (features section 3): their text is not made of tokens, so it is read byte by byte.

import { Code } from "../source/diagnostics";
import { Source } from "../source/source";
import { AttachPart, AttachPoint, Provider } from "./ast";
import { CharacterClass, classOf } from "./characters";
import { Lexer } from "./lexer";

/** Long form of each provider, in the order of `Provider`. */
const NAMES: StaticArray<string> = [
  "",
  "begin",
  "end",
  "self",
  "test",
  "bench",
  "kprobe",
  "kretprobe",
  "uprobe",
  "uretprobe",
  "usdt",
  "tracepoint",
  "rawtracepoint",
  "fentry",
  "fexit",
  "profile",
  "interval",
  "software",
  "hardware",
  "watchpoint",
  "iter",
];

/** Short forms and former names, and in the same order what they stand for. */
const OTHER_NAMES: StaticArray<string> = [
  "k",
  "kr",
  "u",
  "ur",
  "U",
  "t",
  "rt",
  "f",
  "fr",
  "kfunc",
  "kretfunc",
  "p",
  "i",
  "s",
  "h",
  "w",
  "it",
];
const OTHER_PROVIDERS: StaticArray<Provider> = [
  Provider.Kprobe,
  Provider.Kretprobe,
  Provider.Uprobe,
  Provider.Uretprobe,
  Provider.Usdt,
  Provider.Tracepoint,
  Provider.Rawtracepoint,
  Provider.Fentry,
  Provider.Fexit,
  Provider.Fentry,
  Provider.Fexit,
  Provider.Profile,
  Provider.Interval,
  Provider.Software,
  Provider.Hardware,
  Provider.Watchpoint,
  Provider.Iterator,
];

/** The long form, as probes are printed. */
export function providerName(provider: Provider): string {
  return NAMES[<i32>provider];
}

/** The provider that these bytes name, in any case and in long or short form. */
export function providerOf(pointer: usize, length: u32): Provider {
  if (length == 0 || length > 13) return Provider.Unknown;
  // The only two short names that differ by case alone.
  if (length == 1 && load<u8>(pointer) == 0x55) return Provider.Usdt;
  if (length == 1 && load<u8>(pointer) == 0x75) return Provider.Uprobe;
  for (let i = 1; i < NAMES.length; i++) if (equalsIgnoringCase(pointer, length, NAMES[i])) return <Provider>i;
  for (let i = 0; i < OTHER_NAMES.length; i++) if (equalsIgnoringCase(pointer, length, OTHER_NAMES[i])) return OTHER_PROVIDERS[i];
  return Provider.Unknown;
}

function equalsIgnoringCase(pointer: usize, length: u32, text: string): bool {
  if (length != <u32>text.length) return false;
  for (let i: u32 = 0; i < length; i++) if ((<i32>load<u8>(pointer + i) | 0x20) != (text.charCodeAt(i) | 0x20)) return false;
  return true;
}

/** Smallest and largest number of parts behind the provider, and how the peer says it; in the order of `Provider`. */
const LEAST_PARTS: StaticArray<i32> = [0, 0, 0, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 3, 1];
const MOST_PARTS: StaticArray<i32> = [0, 0, 0, 2, 1, 1, 2, 2, 4, 3, 3, 2, 2, 3, 3, 2, 2, 2, 2, 3, 2];
const PARTS_TEXT: StaticArray<string> = [
  "",
  "0 arguments",
  "0 arguments",
  "2 arguments",
  "1 argument",
  "1 argument",
  "1 or 2 arguments",
  "1 or 2 arguments",
  "2 or 3 arguments",
  "2 or 3 arguments",
  "2 or 3 arguments",
  "2 arguments",
  "2 or 1 arguments",
  "1 or 3 arguments",
  "1 or 3 arguments",
  "1 or 2 arguments",
  "1 or 2 arguments",
  "1 or 2 arguments",
  "1 or 2 arguments",
  "3 arguments",
  "",
];
/** How each provider is written, for hints. */
const FORMS: StaticArray<string> = [
  "",
  "begin",
  "end",
  "self:signal:SIGUSR1",
  "test:name",
  "bench:name",
  "kprobe:function, kprobe:module:function or kprobe:function+offset",
  "kretprobe:function or kretprobe:module:function",
  "uprobe:binary:function",
  "uretprobe:binary:function",
  "usdt:binary:provider:probe",
  "tracepoint:category:event",
  "rawtracepoint:event",
  "fentry:function or fentry:module:function",
  "fexit:function or fexit:module:function",
  "profile:hz:99 or profile:10ms",
  "interval:s:1 or interval:1s",
  "software:event:count",
  "hardware:event:count",
  "watchpoint:address:length:mode",
  "iter:name",
];

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
  const hint = `write ${FORMS[<i32>provider]}`;
  if (count < LEAST_PARTS[<i32>provider] || (count > MOST_PARTS[<i32>provider] && !hasSourceLine(point))) {
    const text =
      provider == Provider.Iterator
        ? "iter probe type takes 2 arguments (1 optional)"
        : `${name} probe type requires ${PARTS_TEXT[<i32>provider]}, found ${count}`;
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

/** The provider's name that takes the fewest edits (at most two), or "". */
function similarProvider(name: string): string {
  let best = "";
  let bestDistance = 3;
  if (name.length > 20) return best;
  for (let i = 1; i < NAMES.length; i++) {
    const distance = editDistance(name, NAMES[i]);
    if (distance < bestDistance && distance < NAMES[i].length - 1) {
      bestDistance = distance;
      best = NAMES[i];
    }
  }
  return best;
}

/** Levenshtein's distance, by one row of the matrix. */
export function editDistance(a: string, b: string): i32 {
  const row = new StaticArray<i32>(b.length + 1);
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      const change = diagonal + (a.charCodeAt(i - 1) == b.charCodeAt(j - 1) ? 0 : 1);
      row[j] = min(change, min(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[b.length];
}

/** The text of a part, quotes and escapes resolved. */
export function partText(part: AttachPart): string {
  return String.UTF8.decodeUnsafe(part.pointer, part.length);
}
