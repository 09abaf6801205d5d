// Network addresses as text (RFC 4291, section 2.2), as inet_pton(3) takes them.

/** The 4 or 16 bytes of an address, in network order; none when the text is no address. */
export function parseAddress(text: usize, length: u32): Array<u8> {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(text + i) == 0x3a) return parseLong(text, length);
  return parseShort(text, 0, length);
}

/** `a.b.c.d` in bytes [at, end) of the text. */
function parseShort(text: usize, at: u32, end: u32): Array<u8> {
  const bytes: Array<u8> = [];
  while (bytes.length < 4) {
    let value: u32 = 0;
    const start = at;
    while (at < end && isDigit(load<u8>(text + at)) && at - start < 3) value = value * 10 + <u32>load<u8>(text + at++) - 0x30;
    if (at == start || value > 255 || (at - start > 1 && load<u8>(text + start) == 0x30)) return [];
    bytes.push(<u8>value);
    if (bytes.length < 4 && (at >= end || load<u8>(text + at++) != 0x2e)) return [];
  }
  return at == end ? bytes : [];
}

function parseLong(text: usize, length: u32): Array<u8> {
  const bytes: Array<u8> = [];
  /** Where `::` stands. */
  let gap = -1;
  let at: u32 = 0;
  if (length >= 2 && load<u8>(text) == 0x3a) {
    if (load<u8>(text, 1) != 0x3a) return [];
    gap = 0;
    at = 2;
  }
  while (at < length) {
    const start = at;
    let value: u32 = 0;
    while (at < length && hexDigit(load<u8>(text + at)) >= 0 && at - start < 4) value = value * 16 + <u32>hexDigit(load<u8>(text + at++));
    if (at < length && load<u8>(text + at) == 0x2e) {
      const last = parseShort(text, start, length);
      if (last.length == 0) return [];
      for (let i = 0; i < 4; i++) bytes.push(last[i]);
      at = length;
      break;
    }
    if (at == start) return [];
    bytes.push(<u8>(value >> 8));
    bytes.push(<u8>value);
    if (at == length) break;
    if (load<u8>(text + at++) != 0x3a || at == length) return [];
    if (load<u8>(text + at) != 0x3a) continue;
    if (gap >= 0) return [];
    gap = bytes.length;
    at++;
  }
  if (bytes.length > 16 || (gap < 0 && bytes.length != 16) || (gap >= 0 && bytes.length > 14)) return [];
  if (gap < 0) return bytes;
  const result: Array<u8> = [];
  for (let i = 0; i < gap; i++) result.push(bytes[i]);
  while (result.length < 16 - (bytes.length - gap)) result.push(0);
  for (let i = gap; i < bytes.length; i++) result.push(bytes[i]);
  return result;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function hexDigit(byte: u8): i32 {
  if (isDigit(byte)) return <i32>byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? <i32>lower - 0x57 : -1;
}
