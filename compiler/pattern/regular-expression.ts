// Regular expressions and globs, from their text to a tree. The syntax is that of extended regular expressions (POSIX.1-2017,
// chapter 9.4) with the escapes that everybody knows (\d \s \w \n \t \xHH); globs are those of fnmatch (POSIX, chapter 2.13).
// Bytes are matched, not characters: `.` is any byte but the NUL that ends a text.

/** Most repetitions that `{n,m}` may ask for. */
const MAXIMUM_REPEAT: i32 = 255;

/** Deepest nesting of parentheses. */
const MAXIMUM_DEPTH: i32 = 50;

/** `Repeat`: without an upper end. */
export const UNBOUNDED: i32 = -1;

export const enum PatternKind {
  /** Nothing, which always fits. */
  Empty,
  /** One byte of a set. */
  Bytes,
  /** `left` and behind it `right`. */
  Sequence,
  /** `left` or `right`. */
  Choice,
  /** `left`, `minimum` to `maximum` times. */
  Repeat,
  /** The start of the text. */
  Start,
  /** The end of the text. */
  End,
}

/** Which of the 256 bytes. */
@final
export class ByteSet {
  private words: StaticArray<u64> = new StaticArray<u64>(4);

  add(byte: i32): void {
    const bit: u64 = byte & 63;
    this.words[byte >> 6] |= 1 << bit;
  }

  addRange(from: i32, to: i32): void {
    for (let byte = from; byte <= to; byte++) this.add(byte);
  }

  has(byte: i32): bool {
    const bit: u64 = byte & 63;
    return ((this.words[byte >> 6] >> bit) & 1) != 0;
  }

  addAll(other: ByteSet): void {
    for (let i = 0; i < 4; i++) this.words[i] |= other.words[i];
  }

  /** All other bytes, but never the NUL. */
  invert(): void {
    for (let i = 0; i < 4; i++) this.words[i] = ~this.words[i];
    this.words[0] &= ~1;
  }
}

@final
export class Pattern {
  left: Pattern | null = null;
  right: Pattern | null = null;
  set: ByteSet | null = null;
  minimum: i32 = 0;
  maximum: i32 = 0;

  constructor(public kind: PatternKind) {}
}

function pair(kind: PatternKind, left: Pattern, right: Pattern): Pattern {
  const pattern = new Pattern(kind);
  pattern.left = left;
  pattern.right = right;
  return pattern;
}

function bytes(set: ByteSet): Pattern {
  const pattern = new Pattern(PatternKind.Bytes);
  pattern.set = set;
  return pattern;
}

function repeat(pattern: Pattern, minimum: i32, maximum: i32): Pattern {
  const repeated = new Pattern(PatternKind.Repeat);
  repeated.left = pattern;
  repeated.minimum = minimum;
  repeated.maximum = maximum;
  return repeated;
}

/** Every byte but NUL. */
export function anyByte(): Pattern {
  const set = new ByteSet();
  set.addRange(1, 255);
  return bytes(set);
}

function oneByte(byte: i32): Pattern {
  const set = new ByteSet();
  set.add(byte);
  return bytes(set);
}

/** Reads one pattern; `error` is empty if all is well. */
@final
export class PatternReader {
  error: string = "";
  /** Bytes from the start of the pattern. */
  errorStart: i32 = 0;
  errorEnd: i32 = 0;
  private at: i32 = 0;
  private depth: i32 = 0;
  /** Globs invert a set by ! as well. */
  private isGlob: bool = false;

  constructor(
    private text: usize,
    private length: i32,
  ) {}

  /** The pattern as a regular expression. */
  regularExpression(): Pattern {
    const pattern = this.choice();
    if (this.at < this.length && this.error.length == 0) this.fail(this.at, this.at + 1, "a ) without its (");
    return pattern;
  }

  /** The pattern as a glob, which the whole text has to fit. */
  glob(): Pattern {
    this.isGlob = true;
    let pattern = new Pattern(PatternKind.Start);
    while (this.at < this.length && this.error.length == 0) {
      const start = this.at;
      const byte = this.next();
      let part: Pattern;
      if (byte == 0x2a) part = repeat(anyByte(), 0, UNBOUNDED);
      else if (byte == 0x3f) part = anyByte();
      else if (byte == 0x5b) part = this.brackets(start);
      else if (byte == 0x5c && this.at < this.length) part = oneByte(this.next());
      else part = oneByte(byte);
      pattern = pair(PatternKind.Sequence, pattern, part);
    }
    return pair(PatternKind.Sequence, pattern, new Pattern(PatternKind.End));
  }

  private fail(start: i32, end: i32, message: string): void {
    if (this.error.length > 0) return;
    this.error = message;
    this.errorStart = start;
    this.errorEnd = end;
    this.at = this.length;
  }

  /** The byte at the current place, or -1 at the end. */
  private peek(): i32 {
    return this.at < this.length ? <i32>load<u8>(this.text + this.at) : -1;
  }

  private next(): i32 {
    const byte = this.peek();
    this.at++;
    return byte;
  }

  private choice(): Pattern {
    let pattern = this.sequence();
    while (this.peek() == 0x7c) {
      this.at++;
      pattern = pair(PatternKind.Choice, pattern, this.sequence());
    }
    return pattern;
  }

  private sequence(): Pattern {
    let pattern: Pattern | null = null;
    while (this.peek() >= 0 && this.peek() != 0x7c && this.peek() != 0x29) {
      const part = this.repeated();
      pattern = pattern == null ? part : pair(PatternKind.Sequence, pattern, part);
    }
    return pattern == null ? new Pattern(PatternKind.Empty) : pattern;
  }

  private repeated(): Pattern {
    let pattern = this.atom();
    while (this.error.length == 0) {
      const start = this.at;
      const byte = this.peek();
      if (byte == 0x2a) pattern = repeat(pattern, 0, UNBOUNDED);
      else if (byte == 0x2b) pattern = repeat(pattern, 1, UNBOUNDED);
      else if (byte == 0x3f) pattern = repeat(pattern, 0, 1);
      else if (byte != 0x7b) break;
      this.at++;
      if (byte == 0x7b) pattern = this.counted(pattern, start);
      // Whether as much or as little as possible fits makes no difference to whether there is a match.
      if (this.peek() == 0x3f) this.at++;
    }
    return pattern;
  }

  /** `{n}`, `{n,}`, `{n,m}` behind its brace. */
  private counted(pattern: Pattern, start: i32): Pattern {
    const minimum = this.number();
    let maximum = minimum;
    if (this.peek() == 0x2c) {
      this.at++;
      maximum = this.peek() == 0x7d ? UNBOUNDED : this.number();
    }
    if (this.peek() != 0x7d || minimum < 0 || (maximum < minimum && maximum != UNBOUNDED)) {
      this.fail(
        start,
        min(this.at + 1, this.length),
        "a repetition is {n}, {n,} or {n,m} with n not above m; write \\{ for the brace itself",
      );
      return pattern;
    }
    this.at++;
    if (max(minimum, maximum) > MAXIMUM_REPEAT) this.fail(start, this.at, `more than ${MAXIMUM_REPEAT} repetitions`);
    return repeat(pattern, minimum, maximum);
  }

  /** Digits; -2 where there are none. */
  private number(): i32 {
    let value = -2;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) value = min(max(value, 0) * 10 + this.next() - 0x30, 100_000);
    return value;
  }

  private atom(): Pattern {
    const start = this.at;
    const byte = this.next();
    switch (byte) {
      case 0x28:
        return this.group(start);
      case 0x5b:
        return this.brackets(start);
      case 0x2e:
        return anyByte();
      case 0x5e:
        return new Pattern(PatternKind.Start);
      case 0x24:
        return new Pattern(PatternKind.End);
      case 0x5c: {
        const set = new ByteSet();
        this.escape(start, set);
        return bytes(set);
      }
      case 0x2a:
      case 0x2b:
      case 0x3f:
      case 0x7b:
        this.fail(start, this.at, `nothing to repeat before '${String.fromCharCode(byte)}'`);
        return new Pattern(PatternKind.Empty);
      default:
        return oneByte(byte);
    }
  }

  private group(start: i32): Pattern {
    if (++this.depth > MAXIMUM_DEPTH) this.fail(start, this.at, `more than ${MAXIMUM_DEPTH} groups in one another`);
    if (this.peek() == 0x3f) {
      this.at++;
      if (this.next() != 0x3a)
        this.fail(start, this.at, "of the groups that begin with (? only (?: is known: a bounded walk has no look-around");
    }
    const pattern = this.choice();
    if (this.peek() == 0x29) this.at++;
    else this.fail(start, start + 1, "a ( without its )");
    this.depth--;
    return pattern;
  }

  /** What stands behind a backslash, which is at `start`. Returns the byte where it is one alone, else -1. */
  private escape(start: i32, set: ByteSet): i32 {
    const letter = this.next();
    let byte = -1;
    switch (letter) {
      case -1:
        this.fail(start, this.length, "nothing behind the last backslash");
        return -1;
      case 0x6e: // \n
        byte = 0x0a;
        break;
      case 0x74: // \t
        byte = 0x09;
        break;
      case 0x72: // \r
        byte = 0x0d;
        break;
      case 0x78: // \x
        byte = this.hexadecimal(start);
        break;
      case 0x64: // \d
      case 0x44:
      case 0x73: // \s
      case 0x53:
      case 0x77: // \w
      case 0x57: {
        const shorthand = new ByteSet();
        const lower = letter | 0x20;
        addClass(shorthand, lower == 0x64 ? "digit" : lower == 0x73 ? "space" : "word");
        if (letter != lower) shorthand.invert();
        set.addAll(shorthand);
        return -1;
      }
      default: {
        const isWord = (letter >= 0x30 && letter <= 0x39) || ((letter | 0x20) >= 0x61 && (letter | 0x20) <= 0x7a);
        if (isWord) {
          const text = String.fromCharCode(letter);
          this.fail(start, this.at, `\\${text} is not known; there are \\d \\s \\w \\D \\S \\W \\n \\r \\t \\xHH and \\ before a mark`);
        }
        byte = letter;
      }
    }
    set.add(byte);
    return byte;
  }

  private hexadecimal(start: i32): i32 {
    let value = 0;
    for (let i = 0; i < 2; i++) {
      const byte = this.next();
      const lower = byte | 0x20;
      if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30;
      else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
      else this.fail(start, min(this.at, this.length), "two hexadecimal digits follow \\x");
    }
    if (value == 0) this.fail(start, min(this.at, this.length), "a text has no NUL inside");
    return value;
  }

  /** A set behind its bracket, which is at `start`. */
  private brackets(start: i32): Pattern {
    const set = new ByteSet();
    const inverted = this.peek() == 0x5e || (this.isGlob && this.peek() == 0x21);
    if (inverted) this.at++;
    let first = true;
    while (this.error.length == 0) {
      const from = this.at;
      const byte = this.next();
      if (byte < 0) {
        this.fail(start, start + 1, "a [ without its ]");
        break;
      }
      if (byte == 0x5d && !first) break;
      first = false;
      if (byte == 0x5b && this.peek() == 0x3a) {
        this.namedClass(from, set);
        continue;
      }
      let low = byte;
      if (byte == 0x5c) {
        low = this.escape(from, set);
        if (low < 0) continue;
      }
      if (this.peek() != 0x2d || this.at + 1 >= this.length || load<u8>(this.text + this.at + 1) == 0x5d) {
        set.add(low);
        continue;
      }
      this.at++;
      let high = this.next();
      if (high == 0x5c) high = this.escape(this.at - 1, set);
      if (high < low) this.fail(from, this.at, "a range that ends before it begins");
      else set.addRange(low, high);
    }
    if (inverted) set.invert();
    return bytes(set);
  }

  /** `[:name:]` inside of brackets. */
  private namedClass(start: i32, set: ByteSet): void {
    const nameStart = ++this.at;
    while (this.peek() >= 0x61 && this.peek() <= 0x7a) this.at++;
    const name = String.UTF8.decodeUnsafe(this.text + nameStart, this.at - nameStart);
    if (this.next() != 0x3a || this.next() != 0x5d || !addClass(set, name))
      this.fail(
        start,
        min(this.at, this.length),
        "classes are [:alpha:] [:digit:] [:alnum:] [:lower:] [:upper:] [:space:] [:punct:] [:xdigit:]",
      );
  }
}

/** Adds the bytes of a class of POSIX (or `word`: letters, digits and _); false for one that is not known. */
function addClass(set: ByteSet, name: string): bool {
  const letters = name == "alpha" || name == "alnum" || name == "word";
  if (letters || name == "lower") set.addRange(0x61, 0x7a);
  if (letters || name == "upper") set.addRange(0x41, 0x5a);
  if (name == "digit" || name == "alnum" || name == "word" || name == "xdigit") set.addRange(0x30, 0x39);
  if (name == "word") set.add(0x5f);
  if (name == "xdigit") {
    set.addRange(0x61, 0x66);
    set.addRange(0x41, 0x46);
  }
  if (name == "space") {
    set.addRange(0x09, 0x0d);
    set.add(0x20);
  }
  if (name == "punct") {
    set.addRange(0x21, 0x2f);
    set.addRange(0x3a, 0x40);
    set.addRange(0x5b, 0x60);
    set.addRange(0x7b, 0x7e);
  }
  return letters || name == "lower" || name == "upper" || name == "digit" || name == "xdigit" || name == "space" || name == "punct";
}
