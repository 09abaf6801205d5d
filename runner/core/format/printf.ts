// printf: a format and the layout of its arguments, compiled once into steps that write bytes.
//
// The conversions are the peer's, which prints through C++ streams: width pads the whole conversion, sign and prefix included, on
// either side with zeros or blanks (`%05d` of -3 is `000-3`); precision is accepted and ignored; `%d` is a C int.

import { BpfcastError } from "../../../wasm/errors.ts";
import type { Field, ValueType } from "../../../wasm/manifest.ts";
import { asUnsigned64, type Integer, readInteger } from "../integers.ts";
import type { Style } from "../names.ts";
import { gfpText } from "./gfp.ts";
import { writeBuffer } from "./printed.ts";
import { type Memory, readScalar, writeString, writeValue } from "./values.ts";
import { ByteWriter } from "./writer.ts";

/** Writes one piece of a message; the record starts at `at`. */
type Step = (memory: Memory, at: number, out: ByteWriter) => void;

const CONVERSION = /%(-?)(\+?)( ?)(#?)(0?)(\d*|\*)(?:\.(?:\d*|\*))?([hlLjzt]*)(rx|rh|gr|[diouxXcspr%])/y;
/** Far above any real width; a hostile object must not make one line fill the memory. */
const MAX_WIDTH = 65_536;

interface Conversion {
  leftAligned: boolean;
  plus: boolean;
  alternate: boolean;
  fill: number;
  width: number;
  /** Bits that the length modifier leaves of a number. */
  bits: 8 | 16 | 32 | 64;
  letter: string;
}

function bitsOf(modifier: string): 8 | 16 | 32 | 64 {
  if (modifier === "") return 32;
  if (modifier === "hh") return 8;
  return modifier === "h" ? 16 : 64;
}

/** A number argument, as a 64-bit integer of its own sign. */
function readNumber(type: ValueType, memory: Memory, at: number): Integer {
  switch (type.kind) {
    case "int":
    case "enum":
    case "bits":
      return readScalar(type, memory.view, at);
    case "bool":
      return memory.view.getUint8(at);
    case "pointer":
      return readInteger(memory.view, at, 8, false);
    default:
      return 0;
  }
}

function cutSigned(value: Integer, bits: number): Integer {
  if (bits === 64) return typeof value === "bigint" ? BigInt.asIntN(64, value) : value;
  if (typeof value === "bigint") return Number(BigInt.asIntN(bits, value));
  // `| 0` is exact modulo 2^32 for every safe integer.
  return bits === 32 ? value | 0 : ((value | 0) << (32 - bits)) >> (32 - bits);
}

function cutUnsigned(value: Integer, bits: number): Integer {
  if (bits === 64) return asUnsigned64(value);
  if (typeof value === "bigint") return Number(BigInt.asUintN(bits, value));
  return bits === 32 ? value >>> 0 : value & (bits === 8 ? 0xff : 0xffff);
}

function inBase(value: Integer, letter: string, alternate: boolean): string {
  const base = letter === "o" ? 8 : 16;
  const digits = value.toString(base);
  if (!alternate || value === 0) return letter === "X" ? digits.toUpperCase() : digits;
  return letter === "o" ? `0${digits}` : letter === "X" ? `0X${digits.toUpperCase()}` : `0x${digits}`;
}

function writeConverted(conversion: Conversion, type: ValueType, style: Style, memory: Memory, at: number, out: ByteWriter): void {
  const { letter, bits } = conversion;
  switch (letter) {
    case "d":
    case "i": {
      const value = cutSigned(readNumber(type, memory, at), bits);
      if (conversion.plus && value >= 0) out.byte(43);
      out.integer(value);
      break;
    }
    case "u":
      out.integer(cutUnsigned(readNumber(type, memory, at), bits));
      break;
    case "x":
    case "X":
    case "o":
      out.ascii(inBase(cutUnsigned(readNumber(type, memory, at), bits), letter, conversion.alternate));
      break;
    case "c":
      out.byte(Number(cutUnsigned(readNumber(type, memory, at), 8)));
      break;
    case "p":
      out.ascii(inBase(asUnsigned64(readNumber(type, memory, at)), "x", true));
      break;
    case "gr":
      out.ascii(gfpText(BigInt(asUnsigned64(readNumber(type, memory, at)))));
      break;
    case "r":
    case "rx":
    case "rh":
      if (type.kind === "buffer") writeBuffer(letter, memory, at, type.size, out);
      break;
    default:
      writeValue(type, memory, at, style, out);
  }
}

function conversionStep(conversion: Conversion, field: Field, style: Style): Step {
  const { type, offset } = field;
  const { width, fill, leftAligned, letter } = conversion;
  if (width === 0) {
    // The frequent conversions, without looking at kinds for every event.
    if (letter === "s" && type.kind === "string") {
      const { size } = type;
      return (memory, at, out) => writeString(memory, at + offset, size, style.trailer, out);
    }
    if ((letter === "d" || letter === "i") && conversion.bits === 32 && !conversion.plus && type.kind === "int" && type.size >= 4) {
      return (memory, at, out) => out.integer(memory.view.getInt32(at + offset, true));
    }
    return (memory, at, out) => writeConverted(conversion, type, style, memory, at + offset, out);
  }
  const scratch = new ByteWriter(64);
  return (memory, at, out) => {
    scratch.clear();
    writeConverted(conversion, type, style, memory, at + offset, scratch);
    if (!leftAligned) out.fill(fill, width - scratch.length);
    out.copy(scratch.bytes, 0, scratch.length);
    if (leftAligned) out.fill(fill, width - scratch.length);
  };
}

function literalStep(bytes: Uint8Array): Step {
  if (bytes.length === 1) {
    const only = bytes[0] as number;
    return (_memory, _at, out) => out.byte(only);
  }
  return (_memory, _at, out) => out.copy(bytes, 0, bytes.length);
}

function compatible(letter: string, type: ValueType): boolean {
  if (letter === "s") return true;
  if (letter === "r" || letter === "rx" || letter === "rh") return type.kind === "buffer";
  return type.kind === "int" || type.kind === "enum" || type.kind === "bool" || type.kind === "pointer";
}

export class PrintfFormat {
  readonly #steps: Step[] = [];

  /**
   * @param style how values become text.
   * @throws BpfcastError `bad-format` when format and arguments do not fit.
   */
  constructor(format: string, args: Field[], style: Style) {
    const encoder = new TextEncoder();
    let literal = "";
    let used = 0;
    const endLiteral = () => {
      if (literal !== "") this.#steps.push(literalStep(encoder.encode(literal)));
      literal = "";
    };
    for (let at = 0; at < format.length; ) {
      CONVERSION.lastIndex = at;
      const match = format[at] === "%" ? CONVERSION.exec(format) : null;
      if (match === null) {
        literal += format[at++];
        continue;
      }
      at = CONVERSION.lastIndex;
      const [, minus, plus, , alternate, zero, width = "", modifier = "", letter = ""] = match;
      if (letter === "%") {
        literal += "%";
        continue;
      }
      const field = args[used++];
      if (field === undefined || !compatible(letter, field.type)) {
        throw new BpfcastError("bad-format", `the object's format '${format}' does not fit its arguments`);
      }
      endLiteral();
      const conversion: Conversion = {
        leftAligned: minus !== "",
        plus: plus !== "",
        alternate: alternate !== "",
        fill: zero === "" ? 32 : 48,
        width: Math.min(Number.parseInt(width, 10) || 0, MAX_WIDTH),
        bits: bitsOf(modifier),
        letter,
      };
      this.#steps.push(conversionStep(conversion, field, style));
    }
    endLiteral();
  }

  /** Writes the message of the record that starts at `at`. */
  write(memory: Memory, at: number, out: ByteWriter): void {
    for (const step of this.#steps) step(memory, at, out);
  }
}
