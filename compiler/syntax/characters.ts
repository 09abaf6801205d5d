// Classes of bytes. Bytes above 127 are in none: they may stand in strings and comments only.

/** Letter and Digit are the highest, so that `>= Letter` asks for a byte of a word. */
export const enum CharacterClass {
  Other,
  Blank,
  /** Letters and `_`. */
  Letter,
  Digit,
}

/** One byte per class, at the byte's own index; static data of the module. */
// biome-ignore format: sixteen to a line, as in a code chart
const CLASSES = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, // tab, line feed, vertical tab, form feed, carriage return
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // space
  3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, // 0 to 9
  0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2, // A to Z, _
  0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, // a to z
]);

export function classOf(byte: u8): CharacterClass {
  return byte < 128 ? <CharacterClass>load<u8>(CLASSES + <usize>byte) : CharacterClass.Other;
}

/** Value of a hexadecimal digit, or -1. */
export function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  const lower = <i32>byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
