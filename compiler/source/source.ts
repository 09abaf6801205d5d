// A script's text: bytes with a name. Every place in it is a byte offset (u32); lines and columns are computed when shown.

/** Bytes readable after the end of a source, all zero, so that a scanner may look ahead without a bounds check. */
export const SOURCE_PADDING: u32 = 16;

@final
export class Source {
  /** Copy of the text, followed by `SOURCE_PADDING` zero bytes. */
  pointer: usize;
  /** Bytes of the text. */
  length: u32;
  /** Offset of the first byte of every line; built on first use. */
  private lineStarts: StaticArray<u32> | null = null;

  /** `name` is what diagnostics show: a file name, or `stdin`. The text is copied. */
  constructor(
    public name: string,
    text: usize,
    length: u32,
  ) {
    const copy = heap.alloc(length + SOURCE_PADDING);
    memory.copy(copy, text, length);
    memory.fill(copy + length, 0, SOURCE_PADDING);
    this.pointer = copy;
    this.length = length;
  }

  /** A source over the bytes of a string. */
  static fromString(name: string, text: string): Source {
    const buffer = String.UTF8.encode(text);
    return new Source(name, changetype<usize>(buffer), <u32>buffer.byteLength);
  }

  /** The byte at `offset`; 0 behind the end. */
  at(offset: u32): u8 {
    return offset < this.length ? load<u8>(this.pointer + offset) : 0;
  }

  /** Address of the byte at `offset`. */
  address(offset: u32): usize {
    assert(offset <= this.length);
    return this.pointer + offset;
  }

  /** The text of a span as a string, for messages. Bytes that are no UTF-8 become U+FFFD. */
  text(start: u32, end: u32): string {
    assert(start <= end && end <= this.length);
    return String.UTF8.decodeUnsafe(this.pointer + start, end - start);
  }

  /** Number of lines; a text that ends with a newline has no further empty one. */
  get lineCount(): u32 {
    const starts = this.lines();
    const count = <u32>starts.length;
    return count > 1 && starts[count - 1] == this.length ? count - 1 : count;
  }

  /** Line of `offset`, from 1. */
  line(offset: u32): u32 {
    const starts = this.lines();
    let low: u32 = 0;
    let high = <u32>starts.length;
    // Invariant: starts[low] <= offset < starts[high].
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Column of `offset` in its line, in bytes, from 1. */
  column(offset: u32): u32 {
    return offset - this.lineStart(this.line(offset)) + 1;
  }

  /** Offset of the first byte of `line` (from 1). */
  lineStart(line: u32): u32 {
    return this.lines()[line - 1];
  }

  /** Offset behind the last byte of `line`, its newline not included. */
  lineEnd(line: u32): u32 {
    const starts = this.lines();
    return line < <u32>starts.length ? starts[line] - 1 : this.length;
  }

  private lines(): StaticArray<u32> {
    const known = this.lineStarts;
    if (known) return known;
    let count = 1;
    for (let offset: u32 = 0; offset < this.length; offset++) if (load<u8>(this.pointer + offset) == 0x0a) count++;
    const starts = new StaticArray<u32>(count);
    let line = 1;
    for (let offset: u32 = 0; offset < this.length; offset++) {
      if (load<u8>(this.pointer + offset) == 0x0a) starts[line++] = offset + 1;
    }
    this.lineStarts = starts;
    return starts;
  }
}
