// A word of the command line as a number: decimal, hexadecimal, octal (leading 0) or binary, perhaps negative.

@final
export class WordNumber {
  negative: bool = false;
  /** Two's complement of a negative one. */
  value: u64 = 0;

  /** True if `word` is a number; `value` and `negative` say which. */
  read(word: string): bool {
    let at = 0;
    if (word.startsWith("-")) {
      this.negative = true;
      at = 1;
    }
    let base: u64 = 10;
    if (word.length > at + 1 && word.charCodeAt(at) == 0x30) {
      const letter = word.charCodeAt(at + 1) | 0x20;
      base = letter == 0x78 ? 16 : letter == 0x62 ? 2 : 8;
      at += base == 8 ? 1 : 2;
    }
    // An absent word counts as 0.
    if (word.length > 0 && at >= word.length) return false;
    for (; at < word.length; at++) {
      const digit = digitOf(word.charCodeAt(at));
      if (digit >= base || this.value > (u64.MAX_VALUE - digit) / base) return false;
      this.value = this.value * base + digit;
    }
    if (!this.negative) return true;
    const fits = this.value <= (<u64>1) << 63;
    this.value = 0 - this.value;
    return fits;
  }
}

/** The value of a digit up to f; more than any base for anything else. */
function digitOf(code: i32): u64 {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 99;
}
