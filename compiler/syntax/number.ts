// Numbers as scripts and attach points write them (features 2.1, rows L4 to L6).

import { Code } from "../source/codes";
import { CharacterClass, classOf, hexDigit } from "./characters";
import { IntegerSuffix } from "./expression-nodes";

/** Nanoseconds of a unit, in the order in which they are tried: the longest first. */
const UNIT_TEXT: StaticArray<string> = ["ns", "us", "ms", "s", "m", "h", "d"];
const UNIT_SIZE: StaticArray<u64> = [1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000, 86_400_000_000_000];

const SUFFIX_TEXT: StaticArray<string> = ["ull", "ul", "u", "ll", "l"];
const SUFFIX_KIND: StaticArray<IntegerSuffix> = [
  IntegerSuffix.UnsignedLong,
  IntegerSuffix.UnsignedLong,
  IntegerSuffix.Unsigned,
  IntegerSuffix.Long,
  IntegerSuffix.Long,
];

/** Reads one number; the results are in its fields until the next one. */
@final
export class NumberReader {
  /** Bytes read. */
  length: u32 = 0;
  /** The number; for a decimal one all its digits. */
  value: u64 = 0;
  decimal: bool = false;
  /** Decimal: digits after the point. */
  scale: u32 = 0;
  duration: bool = false;
  suffix: IntegerSuffix = IntegerSuffix.None;
  /** `Code.Count` if all is well. */
  error: Code = Code.Count;
  /** Where the error is, from the number's first byte. */
  errorStart: u32 = 0;
  errorEnd: u32 = 0;
  message: string = "";
  hint: string = "";

  private overflow: bool = false;
  private text: usize = 0;
  private limit: u32 = 0;

  /** `text` starts with a digit. With `decimals` a point and digits may follow. */
  read(text: usize, limit: u32, decimals: bool): void {
    this.text = text;
    this.limit = limit;
    this.value = 0;
    this.decimal = false;
    this.scale = 0;
    this.duration = false;
    this.suffix = IntegerSuffix.None;
    this.error = Code.Count;
    this.overflow = false;
    let offset: u32 = 0;
    const hexadecimal = this.at(0) == 0x30 && (<u32>this.at(1) | 0x20) == 0x78;
    if (hexadecimal) {
      offset = this.hexadecimal();
    } else {
      offset = this.digits(0);
      if (decimals && this.at(offset) == 0x2e && classOf(this.at(offset + 1)) == CharacterClass.Digit) {
        this.scale = 0;
        offset = this.digits(offset + 1);
        this.decimal = true;
      } else if ((<u32>this.at(offset) | 0x20) == 0x65 && this.at(offset - 1) != 0x5f) {
        offset = this.exponent(offset);
      } else if (this.at(offset - 1) != 0x5f && this.at(0) == 0x30 && classOf(this.at(1)) == CharacterClass.Digit) {
        this.octal(offset);
      }
    }
    if (this.at(offset - 1) == 0x5f) this.fail(Code.InvalidNumber, offset - 1, offset, "trailing underscore in integer literal", "");
    this.length = this.readSuffix(offset, hexadecimal);
  }

  private at(offset: u32): u8 {
    return offset < this.limit ? load<u8>(this.text + offset) : 0;
  }

  private string(start: u32, end: u32): string {
    return String.UTF8.decodeUnsafe(this.text + start, end - start);
  }

  private fail(code: Code, start: u32, end: u32, message: string, hint: string): void {
    if (this.error != Code.Count) return;
    this.error = code;
    this.errorStart = start;
    this.errorEnd = end;
    this.message = message;
    this.hint = hint;
  }

  /** The digits behind `0x`; returns the offset behind them. */
  private hexadecimal(): u32 {
    let offset: u32 = 2;
    let digits = 0;
    while (true) {
      const byte = this.at(offset);
      const digit = hexDigit(byte);
      if (digit < 0 && byte != 0x5f) break;
      offset++;
      if (digit < 0) continue;
      if (this.value >> 60 != 0) this.overflow = true;
      this.value = (this.value << 4) | <u64>digit;
      digits++;
    }
    if (digits == 0) this.fail(Code.InvalidNumber, 0, offset, "invalid integer: ", "hexadecimal digits follow 0x");
    return offset;
  }

  /** Digits and underscores from `offset` on, behind those of `value`; returns the offset behind them. */
  private digits(offset: u32): u32 {
    while (true) {
      const byte = this.at(offset);
      if (classOf(byte) == CharacterClass.Digit) {
        const digit = <u64>(byte - 0x30);
        if (this.value > (u64.MAX_VALUE - digit) / 10) this.overflow = true;
        this.value = this.value * 10 + digit;
        this.scale++;
      } else if (byte != 0x5f) {
        return offset;
      }
      offset++;
    }
  }

  /** Reads the digits up to `end` again, in base 8. */
  private octal(end: u32): void {
    this.value = 0;
    this.overflow = false;
    for (let offset: u32 = 1; offset < end; offset++) {
      const byte = this.at(offset);
      if (byte == 0x5f) continue;
      if (byte > 0x37) {
        while (classOf(this.at(end)) >= CharacterClass.Letter) end++;
        this.fail(Code.InvalidNumber, 0, end, `invalid trailing bytes: ${this.string(0, end)}`, "a number that starts with 0 is octal");
        return;
      }
      if (this.value >> 61 != 0) this.overflow = true;
      this.value = (this.value << 3) | <u64>(byte - 0x30);
    }
  }

  /** `e` and its exponent, which starts at `offset`; returns the offset behind it. */
  private exponent(offset: u32): u32 {
    const coefficientEnd = offset;
    offset++;
    let exponent: u32 = 0;
    while (classOf(this.at(offset)) == CharacterClass.Digit || this.at(offset) == 0x5f) {
      if (this.at(offset) != 0x5f) exponent = min<u32>(exponent * 10 + <u32>(this.at(offset) - 0x30), 1000);
      offset++;
    }
    if (this.at(offset - 1) == 0x5f) return offset;
    if (exponent == 0) {
      this.fail(
        Code.InvalidNumber,
        0,
        offset,
        `invalid trailing bytes: ${this.string(0, offset)}`,
        "the exponent is a number from 1 on, as in 1e6",
      );
    } else if (coefficientEnd != 1 || this.value == 0) {
      const message = `coefficient part of scientific literal must be 1-9: ${this.string(0, offset)}`;
      this.fail(Code.InvalidNumber, 0, offset, message, "write the zeros, as in 12_000");
    } else {
      for (let i: u32 = 0; i < exponent; i++) {
        if (this.value > u64.MAX_VALUE / 10) this.overflow = true;
        this.value *= 10;
      }
    }
    return offset;
  }

  /** Whether `text` stands at `offset`; with 0x20, the bit that makes ASCII letters lower-case, in any case. */
  private matches(offset: u32, text: string, caseBit: i32): bool {
    for (let i = 0; i < text.length; i++) if ((<i32>this.at(offset + <u32>i) | caseBit) != text.charCodeAt(i)) return false;
    return true;
  }

  /** Time unit or type at `offset`, and the range that it allows; returns the offset behind it. */
  private readSuffix(offset: u32, hexadecimal: bool): u32 {
    let wordEnd = offset;
    while (classOf(this.at(wordEnd)) >= CharacterClass.Letter) wordEnd++;
    let end = offset;
    let largest: u64 = u64.MAX_VALUE;
    if (wordEnd > offset && !this.decimal) {
      for (let i = 0; i < UNIT_TEXT.length && end == offset && !hexadecimal; i++) {
        if (!this.matches(offset, UNIT_TEXT[i], 0)) continue;
        end += <u32>UNIT_TEXT[i].length;
        this.duration = true;
        if (this.value > u64.MAX_VALUE / UNIT_SIZE[i]) this.overflow = true;
        this.value *= UNIT_SIZE[i];
      }
      for (let i = 0; i < SUFFIX_TEXT.length && end == offset; i++) {
        if (!this.matches(offset, SUFFIX_TEXT[i], 0x20)) continue;
        end += <u32>SUFFIX_TEXT[i].length;
        this.suffix = SUFFIX_KIND[i];
        if (this.suffix == IntegerSuffix.Unsigned) largest = u32.MAX_VALUE;
        else if (this.suffix == IntegerSuffix.Long) largest = <u64>i64.MAX_VALUE;
      }
    }
    if (end < wordEnd && !hexadecimal) {
      const message = `invalid integer suffix '${this.string(end, wordEnd)}'`;
      this.fail(Code.InvalidNumber, end, wordEnd, message, "suffixes are ns us ms s m h d (time) and u l ul ll ull (type)");
      return wordEnd;
    }
    if (this.overflow || this.value > largest) {
      this.fail(Code.NumberTooLarge, 0, end, `overflow error, maximum value is ${largest}: ${this.string(0, end)}`, "");
    }
    return end;
  }
}
