// The `format` file of a tracepoint, as tracefs gives it: one line per field,
//   field:char prev_comm[16];  offset:8;  size:16;  signed:0;

import { BpfcastError } from "../../wasm/errors.ts";

export interface FormatField {
  name: string;
  /** As in the file: `const char * filename`. */
  declaration: string;
  /** The C declaration's type, without the name: `pid_t`, `char[16]`, `__data_loc char[]`. */
  type: string;
  offset: number;
  size: number;
  signed: boolean;
  kind: "int" | "array" | "data_loc";
}

export interface TracepointFormat {
  name: string;
  id: number;
  /** In the file's order, the four common fields included. */
  fields: FormatField[];
  /** Bytes of the record that a program may read: the end of the last field. */
  size: number;
  /** The fields are the arguments of a function. */
  isFunction?: boolean;
}

const FIELD = /^\s*field(?: special)?:([^;]*);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?/;
/** Fields before this offset (the common ones) cannot be read by programs: all kernels refuse it. */
export const FIRST_READABLE_OFFSET = 8;

function parseField(declaration: string, offset: number, size: number, signed: boolean): FormatField {
  const array = /^(.*?)\s*\b(\w+)((?:\[[^\]]*\])+)$/.exec(declaration);
  const dynamic = /^__(?:rel|data)_loc\b/.test(declaration);
  if (array !== null) {
    const [, type = "", name = "", extent = ""] = array;
    return { name, declaration, type: `${type}${extent}`, offset, size, signed, kind: dynamic ? "data_loc" : "array" };
  }
  // `__data_loc char[] filename`: the extent stands before the name.
  const plain = /^(.*?)(\w+)$/.exec(declaration);
  const type = (plain?.[1] ?? "").trim();
  const name = plain?.[2] ?? declaration;
  if (dynamic) return { name, declaration, type, offset, size, signed, kind: "data_loc" };
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8) return { name, declaration, type, offset, size, signed, kind: "array" };
  return { name, declaration, type, offset, kind: "int", ...(size === 8 ? narrow(type, signed) : { size, signed }) };
}

/** Bytes of the declared types that a system call event puts into a long. */
const DECLARED_SIZE: Record<string, number> = { int: 4, unsigned: 4, u32: 4, pid_t: 4, short: 2, char: 1, long: 8 };

/**
 * System call events put every argument into a long without extending it: what its declared type does not cover is unspecified,
 * and is no part of the field. The compiler reads formats by the same rule.
 */
function narrow(type: string, signed: boolean): { size: number; signed: boolean } {
  const words = type.split(/\s+/);
  const last = words.at(-1) ?? "";
  const size = last === "int" && words.includes("long") ? undefined : DECLARED_SIZE[last];
  if (size === undefined) return { size: 8, signed };
  return { size, signed: !words.includes("unsigned") && last !== "u32" };
}

/** @throws BpfcastError `bad-tracepoint-format` when the text has no fields or lacks its head. */
export function parseTracepointFormat(text: string): TracepointFormat {
  const fields: FormatField[] = [];
  let name = "";
  let id = 0;
  for (const line of text.split("\n")) {
    const match = FIELD.exec(line);
    if (match !== null) {
      const [, declaration = "", offset, size, signed] = match;
      fields.push(parseField(declaration.trim(), Number(offset), Number(size), signed === "1"));
    } else if (line.startsWith("name:")) {
      name = line.slice(5).trim();
    } else if (line.startsWith("ID:")) {
      id = Number(line.slice(3));
    } else if (line.startsWith("print fmt:")) {
      break;
    }
  }
  if (name === "" || fields.length === 0) {
    throw new BpfcastError("bad-tracepoint-format", "the tracepoint's format file cannot be understood");
  }
  const size = fields.reduce((end, field) => Math.max(end, field.offset + field.size), 0);
  return { name, id, fields, size };
}
