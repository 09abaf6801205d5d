// A script's text: bytes with a name, and behind them those of the headers that it includes. Every place in any of them is one
// byte offset (u32); file, line and column are computed when shown.

/** Bytes readable after the end of each text, all zero, so that a scanner may look ahead without a bounds check. */
export const SOURCE_PADDING: u32 = 16;

/** One text of a source: the script, or a header. */
@final
export class SourceFile {
  /** `#pragma once` was read in it. */
  once: bool = false;

  constructor(
    /** What diagnostics show: a path, or `stdin`. */
    public name: string,
    /** Offsets of its first byte and behind its last one. */
    public start: u32,
    public end: u32,
  ) {}
}

@final
export class Source {
  /** Copy of the text, followed by `SOURCE_PADDING` zero bytes; it never moves. */
  pointer: usize;
  /** Bytes of the script. */
  length: u32;
  /** Offset behind the last byte of the last header, or of the script. */
  end: u32;
  /** The script, then the headers in the order of their first use. */
  files: Array<SourceFile>;
  private capacity: u32;
  /** Offset of the first byte of every line; built on first use. */
  private lineStarts: StaticArray<u32> | null = null;

  /**
   * `name` is what diagnostics show: a file name, or `stdin`. The text is copied.
   * `reserve` is the room that headers will take: `Headers.room`.
   */
  constructor(
    public name: string,
    text: usize,
    length: u32,
    reserve: u32 = 0,
  ) {
    const copy = heap.alloc(length + reserve + SOURCE_PADDING);
    memory.copy(copy, text, length);
    memory.fill(copy + length, 0, SOURCE_PADDING);
    this.pointer = copy;
    this.length = length;
    this.end = length;
    this.capacity = length + reserve;
    this.files = [new SourceFile(name, 0, length)];
  }

  /** A source over the bytes of a string. */
  static fromString(name: string, text: string): Source {
    const buffer = String.UTF8.encode(text);
    return new Source(name, changetype<usize>(buffer), <u32>buffer.byteLength);
  }

  /** The header called `name`; its text is added behind all others, unless it is there already. */
  include(name: string, text: usize, length: u32): SourceFile {
    for (let i = 1; i < this.files.length; i++) if (this.files[i].name == name) return this.files[i];
    // The line break makes the header start a line.
    const start = this.end + SOURCE_PADDING + 1;
    assert(start + length <= this.capacity);
    store<u8>(this.pointer + start - 1, 0x0a);
    memory.copy(this.pointer + start, text, length);
    memory.fill(this.pointer + start + length, 0, SOURCE_PADDING);
    this.end = start + length;
    this.lineStarts = null;
    const file = new SourceFile(name, start, this.end);
    this.files.push(file);
    return file;
  }

  /** The file that `offset` is in. */
  file(offset: u32): SourceFile {
    let index = this.files.length - 1;
    while (this.files[index].start > offset) index--;
    return this.files[index];
  }

  /** `end`, or that of the line of `start` where they are in two files: a macro of a header is half of what is meant. */
  endOf(start: u32, end: u32): u32 {
    return this.files.length == 1 || this.file(start) == this.file(end) ? end : this.lineEnd(start);
  }

  /** The byte at `offset`; 0 behind the end. */
  at(offset: u32): u8 {
    return offset < this.end ? load<u8>(this.pointer + offset) : 0;
  }

  /** Address of the byte at `offset`. */
  address(offset: u32): usize {
    assert(offset <= this.end);
    return this.pointer + offset;
  }

  /** The text of a span as a string, for messages. Bytes that are no UTF-8 become U+FFFD. */
  text(start: u32, end: u32): string {
    assert(start <= end && end <= this.end);
    return String.UTF8.decodeUnsafe(this.pointer + start, end - start);
  }

  /** Line of `offset` in its file, from 1. */
  line(offset: u32): u32 {
    const file = this.file(offset);
    return this.lineIndex(offset) - (file.start == 0 ? 0 : this.lineIndex(file.start)) + 1;
  }

  /** Column of `offset` in its line, in bytes, from 1. */
  column(offset: u32): u32 {
    return offset - this.lines()[this.lineIndex(offset)] + 1;
  }

  /** Offset of the first byte of the line that `offset` is on. */
  lineStart(offset: u32): u32 {
    return this.lines()[this.lineIndex(offset)];
  }

  /** Offset of the first byte of a line of the script, from 1; that of the last line for numbers beyond. */
  startOfLine(line: u32): u32 {
    const starts = this.lines();
    return starts[min(max(line, 1), <u32>starts.length) - 1];
  }

  /** Offset behind the last byte of the line that `offset` is on, its newline not included. */
  lineEnd(offset: u32): u32 {
    const next = this.lineIndex(offset) + 1;
    const starts = this.lines();
    const end = this.file(offset).end;
    return next < <u32>starts.length ? min(starts[next] - 1, end) : end;
  }

  /** Index into `lines` of the line that `offset` is on. */
  private lineIndex(offset: u32): u32 {
    const starts = this.lines();
    let low: u32 = 0;
    let high = <u32>starts.length;
    // Invariant: starts[low] <= offset < starts[high].
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  private lines(): StaticArray<u32> {
    const known = this.lineStarts;
    if (known) return known;
    let count = 1;
    for (let offset: u32 = 0; offset < this.end; offset++) if (load<u8>(this.pointer + offset) == 0x0a) count++;
    const starts = new StaticArray<u32>(count);
    let line = 1;
    for (let offset: u32 = 0; offset < this.end; offset++) {
      if (load<u8>(this.pointer + offset) == 0x0a) starts[line++] = offset + 1;
    }
    this.lineStarts = starts;
    return starts;
  }
}
