// What a program's first argument points to, by kind of probe: registers, the record of a tracepoint, arguments in a row.

import type { Architecture } from "../../wasm/manifest.ts";
import type { TracepointFormat } from "../core/tracepoint-format.ts";
import type { Value } from "./scenario.ts";
import { badValue, integerOf, textBytes, writeArray, writeInteger } from "./values.ts";

interface Registers {
  /** Bytes of the kernel's `struct pt_regs`. */
  size: number;
  /** Places of the registers with arguments, in order. */
  arguments: number[];
  returned: number;
  stack: number;
  counter: number;
  /** The code segment, whose low bits say the mode; absent where another register does. */
  mode?: { at: number; kernel: bigint; user: bigint };
}

/** arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h, and the calling conventions. */
const REGISTERS: Record<Architecture, Registers> = {
  x86_64: {
    size: 168,
    arguments: [112, 104, 96, 88, 72, 64],
    returned: 80,
    stack: 152,
    counter: 128,
    mode: { at: 136, kernel: 0x10n, user: 0x33n },
  },
  aarch64: { size: 336, arguments: [0, 8, 16, 24, 32, 40, 48, 56], returned: 0, stack: 248, counter: 256 },
};

/** Behind the registers in the context of a sampling event: period and address. */
const SAMPLE_BYTES = 16;

export interface RegisterValues {
  arguments: bigint[];
  returned?: bigint;
  /** Address that the processor is at. */
  counter: bigint;
  stack: bigint;
  isUser: boolean;
}

/** `struct pt_regs`. */
export function registerContext(architecture: Architecture, values: RegisterValues): Uint8Array {
  const row = REGISTERS[architecture];
  const bytes = new Uint8Array(row.size);
  const view = new DataView(bytes.buffer);
  const set = (at: number, value: bigint) => view.setBigUint64(at, BigInt.asUintN(64, value), true);
  values.arguments.forEach((value, index) => {
    const at = row.arguments[index];
    if (at !== undefined) set(at, value);
  });
  if (values.returned !== undefined) set(row.returned, values.returned);
  set(row.counter, values.counter);
  set(row.stack, values.stack);
  if (row.mode !== undefined) set(row.mode.at, values.isUser ? row.mode.user : row.mode.kernel);
  return bytes;
}

/** Arguments that do not fit into registers lie on the stack, behind the return address. */
export function stackedArguments(architecture: Architecture, values: bigint[]): Uint8Array {
  const rest = values.slice(REGISTERS[architecture].arguments.length);
  return wordContext([0n, ...rest]);
}

/** `struct bpf_perf_event_data`. */
export function sampleContext(architecture: Architecture, values: RegisterValues, period: bigint): Uint8Array {
  const registers = registerContext(architecture, values);
  const bytes = new Uint8Array(registers.length + SAMPLE_BYTES);
  bytes.set(registers);
  new DataView(bytes.buffer).setBigUint64(registers.length, BigInt.asUintN(64, period), true);
  return bytes;
}

/** 64-bit values in a row: arguments of raw tracepoints, of fentry and fexit programs. */
export function wordContext(values: bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setBigUint64(index * 8, BigInt.asUintN(64, value), true);
  });
  return bytes;
}

/** Where the data of a field lies that has no fixed size: its offset, and its length in the high half. */
function placeDynamic(record: Uint8Array, at: number, data: Uint8Array, isRelative: boolean): Uint8Array {
  const grown = new Uint8Array(record.length + ((data.length + 7) & ~7));
  grown.set(record);
  grown.set(data, record.length);
  const from = isRelative ? record.length - (at + 4) : record.length;
  new DataView(grown.buffer).setUint32(at, (from & 0xffff) | (data.length << 16), true);
  return grown;
}

/**
 * The record of a tracepoint.
 * @param pointer gives the address of what a field of a pointer type points to, by that type's text.
 * @throws BpfcastError `bad-scenario`.
 */
export function tracepointRecord(
  format: TracepointFormat,
  fields: Record<string, Value>,
  common: { type: number; pid: number },
  pointer: (type: string, value: Value, where: string) => bigint,
  where: string,
): Uint8Array {
  let record: Uint8Array = new Uint8Array((format.size + 7) & ~7);
  const names = new Map(format.fields.map((field) => [field.name, field]));
  const view = new DataView(record.buffer);
  view.setUint16(0, common.type, true);
  view.setInt32(4, common.pid, true);
  for (const [name, value] of Object.entries(fields)) {
    const field = names.get(name);
    const place = `${where}.${name}`;
    if (field === undefined) {
      const known = format.fields.map((one) => one.name).filter((one) => !one.startsWith("common_"));
      throw badValue(place, `the tracepoint has no such field: it has ${known.join(", ")}`);
    }
    switch (field.kind) {
      case "data_loc": {
        const data = typeof value === "string" ? textBytes(value) : dynamicBytes(value, place);
        record = placeDynamic(record, field.offset, data, field.declaration.startsWith("__rel_loc"));
        break;
      }
      case "array": {
        const count = Number(/\[(\d+)\]/.exec(field.type)?.[1] ?? field.size);
        writeArray(record, field.offset, field.size, count > 0 && field.size % count === 0 ? field.size / count : 1, value, place);
        break;
      }
      default: {
        const isPointer = field.type.endsWith("*");
        const number = isPointer && integerOf(value) === undefined ? pointer(field.type.slice(0, -1), value, place) : value;
        writeInteger(record, field.offset, field.size, number, place);
      }
    }
  }
  return record;
}

function dynamicBytes(value: Value, where: string): Uint8Array {
  const size = Array.isArray(value)
    ? value.length
    : typeof value === "object" && value !== null && "$bytes" in value
      ? String(value["$bytes"]).length / 2
      : 0;
  const bytes = new Uint8Array(size);
  writeArray(bytes, 0, size, 1, value, where);
  return bytes;
}
