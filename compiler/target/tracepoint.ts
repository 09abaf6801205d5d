// The `format` file of a tracepoint (Documentation/trace/events.rst of the kernel), one field a line:
//   \tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;

/** How a field's bytes are reached. The order is that of `TracepointField.kind` in the manifest. */
export const enum FieldKind {
  /** A scalar of `size` bytes. */
  Integer,
  /** `size` bytes in the record itself. */
  Array,
  /** A u32 of (offset in the low half, length in the high half) of bytes behind the record. */
  DataLocation,
}

@final
export class TracepointField {
  /** Name and declared type: addresses in the format's bytes. */
  name: usize = 0;
  nameLength: u32 = 0;
  declaration: usize = 0;
  declarationLength: u32 = 0;
  offset: u32 = 0;
  /** Bytes that hold the value: less than the format says where a system call's int fills a long. */
  size: u32 = 0;
  signed: bool = false;
  kind: FieldKind = FieldKind.Integer;
  /** True when the declared type is a pointer. */
  isPointer: bool = false;
  /** Array of integers: bytes of an element, else 0. */
  elementSize: i32 = 0;
  /** Array of `char`. */
  isText: bool = false;

  nameString(): string {
    return String.UTF8.decodeUnsafe(this.name, this.nameLength);
  }
}

@final
export class TracepointFormat {
  fields: Array<TracepointField> = [];

  /** Reads the format; a line that is no field is passed over, a field without numbers is left out. */
  static parse(text: usize, length: u32): TracepointFormat {
    const format = new TracepointFormat();
    const end = text + length;
    let line = text;
    while (line < end) {
      let stop = line;
      while (stop < end && load<u8>(stop) != 10) stop++;
      const field = parseField(line, stop);
      if (field != null) format.fields.push(field);
      line = stop + 1;
    }
    return format;
  }

  find(name: usize, length: u32): TracepointField | null {
    for (let i = 0; i < this.fields.length; i++) {
      const field = this.fields[i];
      if (field.nameLength == length && memory.compare(field.name, name, length) == 0) return field;
    }
    return null;
  }
}

function isNameByte(byte: u8): bool {
  return (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57) || byte == 95;
}

/** Address just behind `key` when it occurs in [from, end), else 0. */
function after(from: usize, end: usize, key: string): usize {
  const length = <usize>key.length;
  for (let at = from; at + length <= end; at++) {
    let same = true;
    for (let i: usize = 0; i < length; i++) {
      if (<i32>load<u8>(at + i) != key.charCodeAt(<i32>i)) {
        same = false;
        break;
      }
    }
    if (same) return at + length;
  }
  return 0;
}

/** Bytes: a page, where pages are largest. */
const LARGEST_RECORD: i32 = 65536;

/** Decimal number at `at`, or -1; of one with more than eight digits, the first eight. */
function number(at: usize, end: usize): i32 {
  if (at == 0 || at >= end || load<u8>(at) < 48 || load<u8>(at) > 57) return -1;
  let value = 0;
  while (at < end && load<u8>(at) >= 48 && load<u8>(at) <= 57 && value < 10000000) {
    value = value * 10 + <i32>(load<u8>(at) - 48);
    at++;
  }
  return value;
}

function parseField(line: usize, end: usize): TracepointField | null {
  const declaration = after(line, end, "field:");
  if (declaration == 0) return null;
  let semicolon = declaration;
  while (semicolon < end && load<u8>(semicolon) != 59) semicolon++;
  const offset = number(after(semicolon, end, "offset:"), end);
  const size = number(after(semicolon, end, "size:"), end);
  // A record fits into a page of the trace buffer: what claims to lie beyond the largest there is, is none of its fields.
  if (offset < 0 || size < 0 || offset + size > LARGEST_RECORD) return null;

  const field = new TracepointField();
  field.offset = <u32>offset;
  field.size = <u32>size;
  field.signed = number(after(semicolon, end, "signed:"), end) == 1;
  // The name is the last word, before an array's brackets: `char comm[16]`, `__data_loc char[] name`.
  let nameEnd = semicolon;
  let array = false;
  if (nameEnd > declaration && load<u8>(nameEnd - 1) == 93) {
    array = true;
    while (nameEnd > declaration && load<u8>(nameEnd - 1) != 91) nameEnd--;
    nameEnd--;
  }
  let name = nameEnd;
  while (name > declaration && isNameByte(load<u8>(name - 1))) name--;
  if (name == nameEnd) return null;
  field.name = name;
  field.nameLength = <u32>(nameEnd - name);
  field.declaration = declaration;
  field.declarationLength = <u32>(name - declaration);
  if (after(declaration, name, "__data_loc ") != 0 || after(declaration, name, "__rel_loc ") != 0) field.kind = FieldKind.DataLocation;
  else if (array) {
    field.kind = FieldKind.Array;
    field.elementSize = elementSize(declaration, name, field.size, number(nameEnd + 1, semicolon));
    field.isText = field.elementSize == 1 && after(declaration, name, "char") != 0 && after(declaration, name, "unsigned") == 0;
  } else {
    let last = name;
    while (last > declaration && load<u8>(last - 1) == 32) last--;
    field.isPointer = last > declaration && load<u8>(last - 1) == 42;
    if (!field.isPointer && size == 8) narrowSystemCallArgument(field, last);
    // Structs inside the record (rare) are reached by address.
    if (size != 1 && size != 2 && size != 4 && size != 8) field.kind = FieldKind.Array;
  }
  return field;
}

/** Bytes of an element of an array with `count` of them; 0 where they are no integers. */
function elementSize(declaration: usize, name: usize, size: u32, count: i32): i32 {
  // Sizes that are no plain number (`[TASK_COMM_LEN]`) are of texts.
  if (count <= 0) return after(declaration, name, "char") != 0 || after(declaration, name, "u8") != 0 ? 1 : 0;
  const bytes = <i32>size / count;
  return after(declaration, name, "struct ") == 0 && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) ? bytes : 0;
}

/**
 * System call events put every argument into a long, whatever its type, without extending it: the bytes that the declared
 * type does not cover are unspecified.
 */
function narrowSystemCallArgument(field: TracepointField, typeEnd: usize): void {
  const start = field.declaration;
  let word = typeEnd;
  while (word > start && isNameByte(load<u8>(word - 1))) word--;
  const isUnsigned = after(start, typeEnd, "unsigned") != 0;
  let size: u32 = 0;
  if (same(word, typeEnd, "int")) {
    if (after(start, typeEnd, "long") == 0) size = 4;
  } else if (same(word, typeEnd, "unsigned") || same(word, typeEnd, "u32") || same(word, typeEnd, "pid_t")) size = 4;
  else if (same(word, typeEnd, "short")) size = 2;
  else if (same(word, typeEnd, "char")) size = 1;
  else if (same(word, typeEnd, "long")) size = 8;
  if (size == 0) return;
  field.size = size;
  field.signed = !isUnsigned && !same(word, typeEnd, "u32");
}

function same(from: usize, end: usize, text: string): bool {
  return end - from == <usize>text.length && after(from, end, text) != 0;
}
