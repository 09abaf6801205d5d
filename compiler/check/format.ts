// Format strings of printf and its like, as the peer takes them (features 4.5):
// %[-][+][ ][#][0][width][.precision][length]conversion, flags in this order.

/** One conversion of a format. */
@final
export class Conversion {
  constructor(
    /** Bytes of the format, `%` included, end exclusive. */
    public start: u32,
    public end: u32,
    /** The conversion's letter; for rx and rh the `r`, for gr the `g`. */
    public letter: u8,
  ) {}
}

@final
export class Format {
  conversions: Array<Conversion> = [];
  /** The letter of the first conversion of floating-point numbers, of which there are none; or 0. */
  unsupported: u8 = 0;
}

export function parseFormat(text: usize, length: u32): Format {
  const format = new Format();
  let at: u32 = 0;
  while (at < length) {
    if (load<u8>(text + at) != 0x25) {
      at++;
      continue;
    }
    const start = at++;
    if (at < length && load<u8>(text + at) == 0x25) {
      at++;
      continue;
    }
    at = skipFlag(text, length, at, 0x2d);
    at = skipFlag(text, length, at, 0x2b);
    at = skipFlag(text, length, at, 0x20);
    at = skipFlag(text, length, at, 0x23);
    at = skipFlag(text, length, at, 0x30);
    at = skipNumber(text, length, at);
    if (at < length && load<u8>(text + at) == 0x2e) at = skipNumber(text, length, at + 1);
    while (at < length && isLengthLetter(load<u8>(text + at))) at++;
    const letter = at < length ? load<u8>(text + at) : 0;
    if (isFloatLetter(letter) && !(letter == 0x67 && at + 1 < length && load<u8>(text + at + 1) == 0x72)) {
      if (format.unsupported == 0) format.unsupported = letter;
      continue;
    }
    // Anything else is text.
    if (!isConversionLetter(letter)) {
      at = start + 1;
      continue;
    }
    at++;
    if (letter == 0x67) at++;
    // r may be followed by x or h.
    if (letter == 0x72 && at < length && (load<u8>(text + at) == 0x78 || load<u8>(text + at) == 0x68)) at++;
    format.conversions.push(new Conversion(start, at, letter));
  }
  return format;
}

function skipFlag(text: usize, length: u32, at: u32, flag: u8): u32 {
  return at < length && load<u8>(text + at) == flag ? at + 1 : at;
}

function skipNumber(text: usize, length: u32, at: u32): u32 {
  if (at < length && load<u8>(text + at) == 0x2a) return at + 1;
  while (at < length && load<u8>(text + at) >= 0x30 && load<u8>(text + at) <= 0x39) at++;
  return at;
}

/** h l L j z t */
function isLengthLetter(byte: u8): bool {
  return byte == 0x68 || byte == 0x6c || byte == 0x4c || byte == 0x6a || byte == 0x7a || byte == 0x74;
}

/** a e f g and A E F G */
function isFloatLetter(byte: u8): bool {
  const lower = byte | 0x20;
  return lower == 0x61 || (lower >= 0x65 && lower <= 0x67);
}

/** d i o u x X c s p r g */
function isConversionLetter(byte: u8): bool {
  switch (byte) {
    case 0x64:
    case 0x69:
    case 0x6f:
    case 0x75:
    case 0x78:
    case 0x58:
    case 0x63:
    case 0x73:
    case 0x70:
    case 0x72:
    case 0x67:
      return true;
    default:
      return false;
  }
}

/** True for d i o u x X c p gr. */
export function isIntegerConversion(letter: u8): bool {
  return letter != 0x73 && letter != 0x72;
}
