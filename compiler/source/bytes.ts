// A growing buffer of bytes for everything that is written: sections, dumps, JSON. Integers are little endian.

const HEX_DIGITS = "0123456789abcdef";

@final
export class ByteBuffer {
  /** Address of the bytes. It moves when the buffer grows: do not keep it across writes. */
  pointer: usize = 0;
  /** Bytes written. */
  length: u32 = 0;
  private capacity: u32 = 0;

  constructor(capacity: u32 = 64) {
    this.capacity = max<u32>(capacity, 16);
    this.pointer = heap.alloc(this.capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: u32): void {
    const wanted = this.length + count;
    if (wanted <= this.capacity) return;
    const capacity = max<u32>(this.capacity << 1, wanted);
    const pointer = heap.alloc(capacity);
    memory.copy(pointer, this.pointer, this.length);
    heap.free(this.pointer);
    this.pointer = pointer;
    this.capacity = capacity;
  }

  writeU8(value: u8): void {
    this.reserve(1);
    store<u8>(this.pointer + this.length, value);
    this.length += 1;
  }

  writeU16(value: u16): void {
    this.reserve(2);
    store<u16>(this.pointer + this.length, value);
    this.length += 2;
  }

  writeU32(value: u32): void {
    this.reserve(4);
    store<u32>(this.pointer + this.length, value);
    this.length += 4;
  }

  writeU64(value: u64): void {
    this.reserve(8);
    store<u64>(this.pointer + this.length, value);
    this.length += 8;
  }

  writeBytes(pointer: usize, count: u32): void {
    this.reserve(count);
    memory.copy(this.pointer + this.length, pointer, count);
    this.length += count;
  }

  writeZeros(count: u32): void {
    this.reserve(count);
    memory.fill(this.pointer + this.length, 0, count);
    this.length += count;
  }

  /** Zeros up to the next multiple of `alignment`, a power of two. */
  align(alignment: u32): void {
    this.writeZeros((0 - this.length) & (alignment - 1));
  }

  /** All bytes of another buffer. */
  append(other: ByteBuffer): void {
    this.writeBytes(other.pointer, other.length);
  }

  /** A string of ASCII characters only, without a NUL. */
  writeAscii(text: string): void {
    const count = <u32>text.length;
    this.reserve(count);
    const to = this.pointer + this.length;
    const from = changetype<usize>(text);
    for (let i: u32 = 0; i < count; i++) {
      const unit = load<u16>(from + ((<usize>i) << 1));
      assert(unit < 0x80);
      store<u8>(to + i, <u8>unit);
    }
    this.length += count;
  }

  /** Any string as UTF-8, without a NUL. */
  writeText(text: string): void {
    const count = <u32>String.UTF8.byteLength(text);
    this.reserve(count);
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, this.pointer + this.length);
    this.length += count;
  }

  /** An unsigned number in decimal. */
  writeDecimal(value: u64): void {
    let digits: u32 = 1;
    for (let rest = value / 10; rest != 0; rest /= 10) digits++;
    this.reserve(digits);
    let position = this.pointer + this.length + digits;
    let rest = value;
    do {
      position--;
      store<u8>(position, <u8>(0x30 + (rest % 10)));
      rest /= 10;
    } while (rest != 0);
    this.length += digits;
  }

  /** A signed number in decimal. */
  writeSignedDecimal(value: i64): void {
    if (value < 0) {
      this.writeU8(0x2d);
      this.writeDecimal(0 - <u64>value);
    } else {
      this.writeDecimal(<u64>value);
    }
  }

  /** A number in lower-case hexadecimal without prefix, with zeros in front up to `digits`. */
  writeHex(value: u64, digits: i32 = 1): void {
    let count = 1;
    for (let rest = value >> 4; rest != 0; rest >>= 4) count++;
    if (count < digits) count = digits;
    for (let i = count - 1; i >= 0; i--) {
      const digit = i < 16 ? <i32>((value >> ((<u64>i) << 2)) & 15) : 0;
      this.writeU8(<u8>HEX_DIGITS.charCodeAt(digit));
    }
  }

  /** Overwrites four bytes written before. */
  patchU32(offset: u32, value: u32): void {
    assert(offset + 4 <= this.length);
    store<u32>(this.pointer + offset, value);
  }

  /** Overwrites eight bytes written before. */
  patchU64(offset: u32, value: u64): void {
    assert(offset + 8 <= this.length);
    store<u64>(this.pointer + offset, value);
  }

  /** Forgets all bytes and keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  /** The bytes as a string, for tests and messages. */
  toString(): string {
    return String.UTF8.decodeUnsafe(this.pointer, this.length);
  }
}
