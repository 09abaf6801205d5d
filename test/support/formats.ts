// Format files of made-up tracepoints.

import { parseTracepointFormat, type TracepointFormat } from "../../runner/core/tracepoint-format.ts";

/** Declaration, offset, size, signed. */
export type FieldRow = [string, number, number, 0 | 1];

const COMMON: FieldRow[] = [
  ["unsigned short common_type", 0, 2, 0],
  ["unsigned char common_flags", 2, 1, 0],
  ["unsigned char common_preempt_count", 3, 1, 0],
  ["int common_pid", 4, 4, 1],
];

export function formatText(name: string, fields: FieldRow[]): string {
  const line = ([declaration, offset, size, signed]: FieldRow) =>
    `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed};\n`;
  return `name: ${name}\nID: 365\nformat:\n${COMMON.map(line).join("")}\n${fields.map(line).join("")}\nprint fmt: "x=%d field:int y; offset:1; size:2;", REC->x\n`;
}

export function makeFormat(name: string, fields: FieldRow[]): TracepointFormat {
  return parseTracepointFormat(formatText(name, fields));
}
