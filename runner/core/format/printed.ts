// Values that the program only copies and the runner prints in a form of their own: symbols, stacks, addresses, times, buffers.

import type { StackMode, ValueType } from "../../../wasm/manifest.ts";
import type { Names, Style, SymbolPlace } from "../names.ts";
import { formatTime } from "./time.ts";
import type { Memory } from "./values.ts";
import type { ByteWriter } from "./writer.ts";

export type PrintedType = Extract<
  ValueType,
  { kind: "buffer" | "ksym" | "usym" | "kstack" | "ustack" | "inet" | "mac" | "timestamp" | "cgroup_path" | "username" }
>;

const INDENT = " ".repeat(8);
/** BPF_STACK_BUILD_ID_VALID. */
const BUILD_ID_VALID = 1;
const IPV4 = 2;
const IPV6 = 10;

/** As the peer's library has it: nothing before the digit of 0. */
function addressText(address: bigint): string {
  return address === 0n ? "0" : `0x${address.toString(16)}`;
}

/** A symbol by itself is shown without its offset; no address at all is 0. */
function symbolText(place: SymbolPlace | undefined, address: bigint): string {
  return place === undefined || place.name === "" ? addressText(address) : place.name;
}

/** A struct bpf_stack_build_id: i32 status, 20 bytes of build id, u64 place in the file, or the address where there is no id. */
function buildIdText(memory: Memory, at: number): string {
  const place = memory.view.getBigUint64(at + 24, true).toString(16);
  if (memory.view.getInt32(at, true) !== BUILD_ID_VALID) return place;
  const id = Array.from(memory.bytes.subarray(at + 4, at + 24), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${id} 0x${place}`;
}

function frameText(mode: StackMode, address: bigint, place: SymbolPlace | undefined): string {
  if (mode === "raw") return address.toString(16);
  const symbol = place === undefined || place.name === "" ? addressText(address) : `${place.name}+${place.offset}`;
  if (mode === "bpftrace") return INDENT + symbol;
  const module = place === undefined ? " ([unknown])" : place.module === "" ? "" : ` (${place.module})`;
  return `\t${address.toString(16)} ${symbol}${module}`;
}

function stackText(type: Extract<PrintedType, { kind: "kstack" | "ustack" }>, memory: Memory, at: number, names: Names): string {
  const { view } = memory;
  const user = type.kind === "ustack";
  const count = Math.min(Number(view.getBigUint64(at, true)), type.frames);
  const pid = user ? view.getUint32(at + 8, true) : 0;
  const start = at + (user ? 16 : 8);
  let text = "\n";
  for (let index = 0; index < count; index++) {
    if (type.mode === "build_id") {
      text += `${buildIdText(memory, start + index * 32)}\n`;
      continue;
    }
    const address = view.getBigUint64(start + index * 8, true);
    const place = type.mode === "raw" ? undefined : user ? names.userSymbol(pid, address) : names.kernelSymbol(address);
    text += `${frameText(type.mode, address, place)}\n`;
  }
  return text;
}

/** RFC 5952: the longest run of zero groups, the first of those as long, is left out; IPv4 in its last groups as inet_ntop(3) has it. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const mapped = best.start === 0 && (best.length === 6 || (best.length === 5 && groups[5] === 0xffff));
  const words = groups.slice(0, mapped ? 6 : 8).map((group) => group.toString(16));
  if (mapped) words.push(bytes.subarray(12, 16).join("."));
  if (best.start < 0) return words.join(":");
  const end = Math.min(best.start + best.length, words.length);
  return `${words.slice(0, best.start).join(":")}::${words.slice(end).join(":")}`;
}

function inetText(memory: Memory, at: number): string {
  const family = Number(memory.view.getBigUint64(at, true));
  const bytes = memory.bytes.subarray(at + 8, at + 24);
  if (family === IPV4) return bytes.subarray(0, 4).join(".");
  return family === IPV6 ? ipv6Text(bytes) : "";
}

/** How the bytes of a buffer are shown: printable ones as they are, all as `\x61`, or as `61 62`. */
export type BufferForm = "r" | "rx" | "rh";

export function writeBuffer(form: BufferForm, memory: Memory, at: number, size: number, out: ByteWriter): void {
  const length = Math.min(memory.view.getUint32(at, true), size - 4);
  for (let index = 0; index < length; index++) {
    const byte = memory.bytes[at + 4 + index] as number;
    const digits = byte.toString(16).padStart(2, "0");
    if (form === "rh") out.ascii(index === 0 ? digits : ` ${digits}`);
    else if (form === "r" && byte >= 32 && byte < 127) out.byte(byte);
    else out.ascii(`\\x${digits}`);
  }
}

export function writePrinted(type: PrintedType, memory: Memory, at: number, style: Style, out: ByteWriter): void {
  const { view } = memory;
  const { names } = style;
  switch (type.kind) {
    case "buffer":
      writeBuffer("r", memory, at, type.size, out);
      break;
    case "ksym": {
      const address = view.getBigUint64(at, true);
      out.text(symbolText(names.kernelSymbol(address), address));
      break;
    }
    case "usym": {
      const address = view.getBigUint64(at, true);
      out.text(symbolText(names.userSymbol(view.getUint32(at + 8, true), address), address));
      break;
    }
    case "kstack":
    case "ustack":
      out.text(stackText(type, memory, at, names));
      break;
    case "inet":
      out.ascii(inetText(memory, at));
      break;
    case "mac":
      out.ascii(Array.from(memory.bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":"));
      break;
    case "timestamp": {
      const nanoseconds = view.getBigUint64(at + 8, true) + names.clockOffset(view.getUint32(at + 4, true));
      out.text(formatTime(style.texts[view.getUint32(at, true)] ?? "", nanoseconds));
      break;
    }
    case "cgroup_path":
      out.text(names.cgroupPath(view.getBigUint64(at, true), style.texts[view.getUint32(at + 8, true)] ?? "").join(","));
      break;
    case "username": {
      const id = view.getUint32(at, true);
      out.text(names.userName(id) ?? String(id));
      break;
    }
  }
}
