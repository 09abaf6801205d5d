// A growing buffer of bytes for output. Text that programs sent is copied as bytes, never decoded: it need not be UTF-8.

const ZERO = 48;
const HEX_LOWER = "0123456789abcdef";
const BILLION = 1_000_000_000;

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  clear(): void {
    this.length = 0;
  }

  /** What was written so far; valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Characters below 128 only. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index++) this.bytes[this.length++] = text.charCodeAt(index);
  }

  text(text: string): void {
    this.copy(new TextEncoder().encode(text), 0, -1);
  }

  /** Bytes [start, end) of `source`; to its end with -1. */
  copy(source: Uint8Array, start: number, end: number): void {
    const stop = end < 0 ? source.length : end;
    const count = stop - start;
    this.reserve(count);
    // Below this length a loop beats the call of `set`.
    if (count <= 32) {
      for (let index = start; index < stop; index++) this.bytes[this.length++] = source[index] as number;
      return;
    }
    this.bytes.set(source.subarray(start, stop), this.length);
    this.length += count;
  }

  fill(value: number, count: number): void {
    if (count <= 0) return;
    this.reserve(count);
    this.bytes.fill(value, this.length, this.length + count);
    this.length += count;
  }

  /** Decimal digits of a whole number of [0, 2^53], at least `width` of them. */
  digits(value: number, width = 1): void {
    if (value >= BILLION) {
      const high = Math.floor(value / BILLION);
      this.digits(high, width - 9);
      this.#smallDigits(value - high * BILLION, 9);
      return;
    }
    this.#smallDigits(value, width);
  }

  /** As `digits`, below a billion: integer arithmetic only. */
  #smallDigits(value: number, width: number): void {
    let count = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5;
    if (value >= 100_000) count = value < 1_000_000 ? 6 : value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
    if (count < width) count = width;
    this.reserve(count);
    const { bytes } = this;
    let rest = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const quotient = (rest / 10) | 0;
      bytes[at] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    this.length += count;
  }

  integer(value: number | bigint): void {
    if (typeof value === "bigint") {
      this.ascii(value.toString());
      return;
    }
    if (value < 0) {
      this.byte(45);
      this.digits(-value);
      return;
    }
    this.digits(value);
  }

  /** The value as `0x` and lower-case hexadecimal digits; zero is `0x0`. */
  pointer(low: number, high: number): void {
    this.ascii("0x");
    let started = false;
    for (let shift = 28; shift >= 0; shift -= 4) started = this.#hexDigit((high >>> shift) & 15, started);
    for (let shift = 28; shift >= 0; shift -= 4) started = this.#hexDigit((low >>> shift) & 15, started);
    if (!started) this.byte(ZERO);
  }

  #hexDigit(digit: number, started: boolean): boolean {
    if (digit === 0 && !started) return false;
    this.byte(HEX_LOWER.charCodeAt(digit));
    return true;
  }
}
