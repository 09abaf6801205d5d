// Tracepoint fields: rewrites the instructions that read them from the offsets of the profile that compiled the object to those of
// the target's own format.

import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { type Manifest, type Relocation, RelocationKind, type Tracepoint, type TracepointField } from "../../wasm/manifest.ts";
import { RETURN_VALUE } from "./argument-format.ts";
import { FIRST_READABLE_OFFSET, type FormatField, type TracepointFormat } from "./tracepoint-format.ts";

const INSTRUCTION_BYTES = 8;
const CLASS_MASK = 0x07;
const CLASS_LDX = 0x01;
const CLASS_ALU = 0x04;
const CLASS_ALU64 = 0x07;
const MODE_MASK = 0xe0;
const MODE_MEMORY = 0x60;
const SIZE_MASK = 0x18;
const SOURCE_REGISTER = 0x08;
/** Access size in bytes by the size bits of the opcode, and back. */
const SIZE_OF_BITS = new Map([
  [0x00, 4],
  [0x08, 2],
  [0x10, 1],
  [0x18, 8],
]);
const BITS_OF_SIZE = new Map([...SIZE_OF_BITS].map(([bits, size]) => [size, bits]));
/** The offset of a load is a signed 16-bit number. */
const MAX_OFFSET = 32_767;

/** The new bytes of one instruction. */
export interface Patch {
  instruction: number;
  bytes: Uint8Array;
}

interface Context {
  manifest: Manifest;
  relocations: Relocation[];
}

function damaged(index: number): never {
  throw new BpfcastError("bad-relocation", `the object's code and its relocation of instruction ${index} do not fit together`);
}

function unusable(manifest: Manifest, owner: string, field: TracepointField, code: ErrorCode, reason: string, hint: string): never {
  throw new BpfcastError(code, `${owner} of this kernel ${reason}`, {
    location: field.location,
    source: manifest.source,
    hint,
    exitCode: 1,
  });
}

/** The target's field for one of the profile's; refuses one that the code cannot be rewritten for. */
function targetField(
  context: Context,
  relocation: Relocation,
  tracepoint: Tracepoint,
  field: TracepointField,
  format: TracepointFormat,
): FormatField {
  const { manifest } = context;
  const first = format.isFunction ? 0 : FIRST_READABLE_OFFSET;
  const owner = format.isFunction ? `function ${format.name}` : `tracepoint ${tracepoint.category}:${tracepoint.event}`;
  const word = format.isFunction ? "argument" : "field";
  const found = format.fields.find(({ name }) => name === field.name);
  if (found === undefined) {
    const names = format.fields.filter(({ name, offset }) => offset >= first && name !== RETURN_VALUE).map(({ name }) => name);
    const hint = `its ${word}s are: ${names.join(", ")}`;
    return unusable(manifest, owner, field, "vanished-field", `has no ${word} '${field.name}'`, hint);
  }
  const describe = (kind: string, size: number) =>
    `${kind === "int" ? "a number" : kind === "array" ? "an array" : "dynamic data"} of ${size} bytes`;
  const was = `it was ${describe(field.kind, field.size)} where the object was built: build it against this kernel's profile`;
  if (found.kind !== field.kind) {
    return unusable(manifest, owner, field, "changed-field", `has ${word} '${field.name}' as ${describe(found.kind, found.size)}`, was);
  }
  if (found.offset < first || found.offset + found.size > MAX_OFFSET) {
    return unusable(
      manifest,
      owner,
      field,
      "unreadable-field",
      `has ${word} '${field.name}' at offset ${found.offset}, which programs cannot read`,
      was,
    );
  }
  if (field.kind === "int" && found.size !== field.size) {
    // A sign-extended value of another width needs its shifts rewritten too; without shifts there is nothing to rewrite.
    const shifted = context.relocations.some(
      ({ kind, program, tracepoint: event, field: index }) =>
        kind === RelocationKind.SignShift &&
        program === relocation.program &&
        event === relocation.tracepoint &&
        index === relocation.field,
    );
    if ((field.signed || found.signed) && !shifted) {
      return unusable(manifest, owner, field, "changed-field", `has ${word} '${field.name}' as ${describe("int", found.size)}`, was);
    }
  }
  if (field.kind === "array" && found.size < field.size) {
    return unusable(manifest, owner, field, "changed-field", `has ${word} '${field.name}' as ${describe("array", found.size)}`, was);
  }
  return found;
}

function patchLoad(code: Uint8Array, index: number, field: TracepointField, found: FormatField): void {
  const view = new DataView(code.buffer, code.byteOffset, INSTRUCTION_BYTES);
  const opcode = view.getUint8(0);
  if ((opcode & CLASS_MASK) !== CLASS_LDX || (opcode & MODE_MASK) !== MODE_MEMORY) damaged(index);
  const access = SIZE_OF_BITS.get(opcode & SIZE_MASK) ?? 0;
  // Code may read a part of the field, as an element of an array or the length of dynamic data.
  const within = view.getInt16(2, true) - field.offset;
  if (within < 0 || within + access > field.size) damaged(index);
  let size = access;
  if (field.kind === "int" && within === 0 && access === field.size) size = found.size;
  const offset = found.offset + within;
  const bits = BITS_OF_SIZE.get(size);
  if (bits === undefined || within + size > found.size || offset % size !== 0) damaged(index);
  view.setUint8(0, (opcode & ~SIZE_MASK) | bits);
  view.setInt16(2, offset, true);
}

function patchImmediate(code: Uint8Array, index: number, value: number): void {
  const view = new DataView(code.buffer, code.byteOffset, INSTRUCTION_BYTES);
  const opcode = view.getUint8(0);
  const instructionClass = opcode & CLASS_MASK;
  if ((instructionClass !== CLASS_ALU && instructionClass !== CLASS_ALU64) || (opcode & SOURCE_REGISTER) !== 0) damaged(index);
  view.setInt32(4, value, true);
}

/**
 * What one program must become to read the fields of `format`: patches in the order of the relocations.
 * @param code the program's instructions.
 * @throws BpfcastError `vanished-field`, `changed-field`, `unreadable-field` (with the script's line) or `bad-relocation`.
 */
export function patchesFor(
  manifest: Manifest,
  relocations: Relocation[],
  program: number,
  code: Uint8Array,
  format: TracepointFormat,
): Patch[] {
  const context = { manifest, relocations };
  const patches: Patch[] = [];
  for (const relocation of relocations) {
    if (relocation.program !== program) continue;
    const index = relocation.instruction;
    const tracepoint = manifest.tracepoints[relocation.tracepoint];
    const field = tracepoint?.fields[relocation.field];
    if (tracepoint === undefined || field === undefined || (index + 1) * INSTRUCTION_BYTES > code.length) return damaged(index);
    const found = targetField(context, relocation, tracepoint, field, format);
    const bytes = code.slice(index * INSTRUCTION_BYTES, (index + 1) * INSTRUCTION_BYTES);
    switch (relocation.kind) {
      case RelocationKind.Load:
        patchLoad(bytes, index, field, found);
        break;
      case RelocationKind.Offset: {
        // An element's address: the distance from the field's start is kept.
        const within = new DataView(bytes.buffer).getInt32(4, true) - field.offset;
        if (within < 0 || within >= Math.max(found.size, 1)) damaged(index);
        patchImmediate(bytes, index, found.offset + within);
        break;
      }
      case RelocationKind.SignShift:
        patchImmediate(bytes, index, 64 - 8 * found.size);
        break;
    }
    patches.push({ instruction: index, bytes });
  }
  return patches;
}
