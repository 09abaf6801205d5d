// Rows of bits: the sets of liveness and interference.

/** `rows` sets over 0..`columns`-1. */
export class BitMatrix {
  private words: StaticArray<u64>;
  private stride: i32;

  constructor(
    rows: i32,
    public columns: i32,
  ) {
    const stride = (columns + 63) >> 6;
    this.words = new StaticArray<u64>(rows * stride);
    this.stride = stride;
  }

  has(row: i32, column: i32): bool {
    assert(<u32>column < <u32>this.columns);
    return ((this.words[row * this.stride + (column >> 6)] >> (column & 63)) & 1) != 0;
  }

  add(row: i32, column: i32): void {
    assert(<u32>column < <u32>this.columns);
    const index = row * this.stride + (column >> 6);
    this.words[index] = this.words[index] | ((<u64>1) << (column & 63));
  }

  remove(row: i32, column: i32): void {
    assert(<u32>column < <u32>this.columns);
    const index = row * this.stride + (column >> 6);
    this.words[index] = this.words[index] & ~((<u64>1) << (column & 63));
  }

  clear(row: i32): void {
    for (let i = 0; i < this.stride; i++) this.words[row * this.stride + i] = 0;
  }

  /** Makes row `to` equal to row `from` of `other`. */
  copy(to: i32, from: i32, other: BitMatrix): void {
    const stride = this.stride;
    assert(stride == other.stride);
    for (let i = 0; i < stride; i++) this.words[to * stride + i] = other.words[from * stride + i];
  }

  /** Adds row `from` of `other` to row `to`; true if `to` changed. */
  unite(to: i32, from: i32, other: BitMatrix): bool {
    const stride = this.stride;
    assert(stride == other.stride);
    let changed: u64 = 0;
    for (let i = 0; i < stride; i++) {
      const before = this.words[to * stride + i];
      const after = before | other.words[from * stride + i];
      changed |= before ^ after;
      this.words[to * stride + i] = after;
    }
    return changed != 0;
  }

  /** Removes from row `to` what row `from` lacks. */
  intersect(to: i32, from: i32): void {
    const stride = this.stride;
    for (let i = 0; i < stride; i++) {
      this.words[to * stride + i] = this.words[to * stride + i] & this.words[from * stride + i];
    }
  }

  differs(a: i32, b: i32): bool {
    const stride = this.stride;
    for (let i = 0; i < stride; i++) if (this.words[a * stride + i] != this.words[b * stride + i]) return true;
    return false;
  }

  /** The first member of `row` that is at least `from`, or -1. */
  next(row: i32, from: i32): i32 {
    if (from >= this.columns) return -1;
    let index = from >> 6;
    let word = this.words[row * this.stride + index] & (~(<u64>0) << (from & 63));
    while (word == 0) {
      index++;
      if (index >= this.stride) return -1;
      word = this.words[row * this.stride + index];
    }
    return (index << 6) + <i32>ctz(word);
  }
}
