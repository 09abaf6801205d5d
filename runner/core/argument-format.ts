// The arguments of a function as fields of a program's context: what programs with a wildcard find them by.

import { type Btf, BtfKind } from "./btf.ts";
import type { FormatField, TracepointFormat } from "./tracepoint-format.ts";

/** Types refer to each other this often at most; more is damage. */
const MAX_DEPTH = 32;
/** Name of what the function returned, behind its arguments. */
export const RETURN_VALUE = "$retval";
const POINTER_BYTES = 8;

/** Size and sign of a type, through its names and qualifiers. */
function sizeAndSign(btf: Btf, id: number): Pick<FormatField, "size" | "signed" | "kind"> {
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    switch (btf.kind(id)) {
      case BtfKind.Int:
        return { size: btf.sizeOrType(id), signed: ((btf.trailingWord(id, 0) >>> 24) & 1) === 1, kind: "int" };
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return { size: btf.sizeOrType(id), signed: btf.flag(id), kind: "int" };
      case BtfKind.Pointer:
        return { size: POINTER_BYTES, signed: false, kind: "int" };
      case BtfKind.Typedef:
      case BtfKind.Const:
      case BtfKind.Volatile:
      case BtfKind.Restrict:
      case BtfKind.TypeTag:
        id = btf.sizeOrType(id);
        break;
      case BtfKind.Struct:
      case BtfKind.Union:
        return { size: btf.sizeOrType(id), signed: false, kind: "array" };
      default:
        return { size: 0, signed: false, kind: "array" };
    }
  }
  return { size: 0, signed: false, kind: "array" };
}

/**
 * Each argument fills 8 bytes, structs as many times 8 as they need.
 * @param from the first parameter that programs are given.
 */
export function argumentFormat(btf: Btf, id: number, from: number): TracepointFormat | undefined {
  const prototype = btf.sizeOrType(id);
  if (btf.kind(prototype) !== BtfKind.FunctionPrototype) return undefined;
  const fields: FormatField[] = [];
  let offset = 0;
  const add = (name: string, type: number) => {
    const value = sizeAndSign(btf, type);
    fields.push({ name, declaration: name, type: "", offset, ...value });
    offset += Math.max(8, (value.size + 7) & ~7);
  };
  for (let index = from; index < btf.count(prototype); index++)
    add(btf.memberName(prototype, index), btf.trailingWord(prototype, index * 2 + 1));
  if (btf.sizeOrType(prototype) !== 0) add(RETURN_VALUE, btf.sizeOrType(prototype));
  return { name: btf.name(id), id: 0, fields, size: offset, isFunction: true };
}
