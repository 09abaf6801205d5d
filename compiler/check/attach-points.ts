// What an attach point means: its target in the form of the manifest (`Program.target` in wasm/manifest.ts), its ELF section in
// libbpf's spelling, or what is wrong with it.

import { Code } from "../source/codes";
import { Provider } from "../syntax/ast";
import { NumberReader } from "../syntax/number";
import { providerName } from "../syntax/providers";
import { findPerfEvent } from "./perf-events";
import { ProbeContext } from "./probe-context";
import { Amount, Rate } from "./rate";

@final
export class Target {
  parts: Array<string> = [];
  section: string = "";
  /** Name of the probe where it is not as written: numbers lose their form and units. */
  name: string = "";
  /** Empty, or the form that the probe must have. */
  problem: string = "";
  /** Empty, or the whole message about it. */
  message: string = "";
  /** What to do about it; may be empty. */
  hint: string = "";
  /** Only `--unsafe` allows it. */
  isUnsafe: bool = false;
  /** The problem is that we cannot do it yet. */
  isUnsupported: bool = false;
}

/** The largest offset that a probe may have from its symbol: beyond lies a mistake. */
const MAXIMUM_OFFSET: i64 = 1 << 32;

export function readTarget(context: ProbeContext): Target {
  const target = new Target();
  const point = context.point;
  const count = point.parts.length;
  const name = providerName(point.provider);
  switch (point.provider) {
    case Provider.Begin:
    case Provider.End:
      target.section = `raw_tp/${name}`;
      return target;
    case Provider.Tracepoint:
      if (count != 2) return wrong(target, "tracepoint:category:event");
      target.section = `tracepoint/${context.part(0)}/${context.part(1)}`;
      target.parts = [context.part(0), context.part(1)];
      return target;
    case Provider.Rawtracepoint:
      if (count != 1 && count != 2) return wrong(target, "rawtracepoint[:module]:event");
      target.section = "raw_tp";
      target.parts = [count == 2 ? context.part(0) : "", context.part(count - 1)];
      return target;
    case Provider.Fentry:
    case Provider.Fexit:
      if (count == 3 || (count == 2 && context.part(0) == "bpf")) return unsupported(target, `The probe ${name} of a BPF program`);
      if (count != 1 && count != 2) return wrong(target, `${name}[:module]:function`);
      // With the function's name libbpf's own tools can load it; a pattern is no name.
      target.section = context.isPattern || context.part(count - 1).indexOf("*") >= 0 ? name : `${name}/${context.part(count - 1)}`;
      target.parts = [count == 2 ? context.part(0) : "", context.part(count - 1)];
      return target;
    case Provider.Kprobe:
    case Provider.Kretprobe:
      return kprobe(target, context, name);
    case Provider.Uprobe:
    case Provider.Uretprobe:
      return uprobe(target, context, name);
    case Provider.Interval:
    case Provider.Profile: {
      target.section = "perf_event";
      if (count != 1 && count != 2) return wrong(target, `${name}:hz:99, ${name}:s:1 (s, ms, us) or ${name}:100ms`);
      const rate = new Rate(context, name);
      if (rate.error.length > 0) return said(target, rate.error);
      target.parts = [rate.unit, rate.amount.toString()];
      target.name = `${name}:${rate.unit}:${rate.amount}`;
      return target;
    }
    case Provider.Software:
    case Provider.Hardware:
      return perfEvent(target, context, name);
    case Provider.Self:
      return self(target, context);
    case Provider.Test:
    case Provider.Bench:
      if (context.part(0).length == 0) return said(target, `${name} probes must have a name`);
      // These programs can be run without anything that they are attached to.
      target.section = "xdp";
      target.parts = [context.part(0)];
      return target;
    case Provider.Usdt: {
      if (count < 1 || count > 3) return wrong(target, "usdt:binary[:namespace]:name");
      if (context.part(count - 1).length == 0) return said(target, "usdt probe must have a target function or wildcard");
      target.section = "uprobe";
      // Without a binary it is looked for in the process that -p names.
      target.parts = [count == 1 ? "" : context.part(0), count == 3 ? context.part(1) : "", context.part(count - 1)];
      return target;
    }
    case Provider.Watchpoint:
      return watchpoint(target, context);
    case Provider.Iterator:
      if (context.part(0).length == 0) return said(target, "iter should specify a iterator's name");
      if (context.point.parts[0].wildcard) return said(target, "iter probe type does not support wildcards");
      target.section = `iter/${context.part(0)}`;
      target.parts = [context.part(0), context.part(1)];
      return target;
    case Provider.Unknown:
      return target;
    default:
      return unsupported(target, `The probe type ${name}`);
  }
}

function wrong(target: Target, form: string): Target {
  target.problem = form;
  return target;
}

/** A problem in the peer's own words. */
function said(target: Target, message: string): Target {
  target.problem = message;
  target.message = message;
  return target;
}

function unsupported(target: Target, what: string): Target {
  target.problem = what;
  target.isUnsupported = true;
  return target;
}

/** `signal:SIGUSR1`: a signal that the tracer itself gets. */
function self(target: Target, context: ProbeContext): Target {
  if (context.part(0) != "signal") return said(target, `${context.part(0)} is not a supported trigger`);
  if (context.part(1) != "SIGUSR1") return said(target, `${context.part(1)} is not a supported signal`);
  target.section = "raw_tp/self";
  target.parts = [context.part(1)];
  return target;
}

/** Modes of the processor's breakpoints, by the peer's letters. */
const WATCH_MODES: StaticArray<string> = ["x", "w", "rw"];

/** `address:length:mode` */
function watchpoint(target: Target, context: ProbeContext): Target {
  const address = new Amount(context.part(0));
  if (address.error.length > 0) return said(target, `Invalid function/address argument: ${address.error}`);
  const length = new Amount(context.part(1));
  if (length.error.length > 0) return said(target, `Invalid length argument: ${length.error}`);
  if (address.value == 0) return said(target, "watchpoint must be attached to a non-zero address");
  const bytes = length.value;
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return said(target, "watchpoint length must be one of (1,2,4,8)");
  const letters = context.part(2).split("");
  for (let i = 0; i < letters.length; i++) {
    if (!"rwx".includes(letters[i])) return said(target, "watchpoint mode must be combination of (r,w,x)");
    if (letters.indexOf(letters[i]) < i) return said(target, "watchpoint modes may not be duplicated");
  }
  const mode = letters.sort().join("");
  if (WATCH_MODES.indexOf(mode) < 0) {
    target.hint = `supported modes: ${WATCH_MODES.join(",")}`;
    return said(target, `invalid watchpoint mode: ${context.part(2)}`);
  }
  target.section = "perf_event";
  target.name = `watchpoint:${address.value}:${bytes}:${mode}`;
  target.parts = [address.value.toString(), bytes.toString(), mode];
  return target;
}

/** `[module:]function[+offset]` */
function kprobe(target: Target, context: ProbeContext, name: string): Target {
  const count = context.point.parts.length;
  const form = `${name}[:module]:function${context.provider == Provider.Kprobe ? "[+offset]" : ""}`;
  if (count != 1 && count != 2) return wrong(target, form);
  const symbol = context.part(count - 1);
  const module = count == 2 ? context.part(0) : "";
  target.section = name;
  if (symbol.length > 0 && symbol.charCodeAt(0) >= 0x30 && symbol.charCodeAt(0) <= 0x39) {
    const address = readAddress(symbol);
    if (address == null || count == 2) return wrong(target, form);
    target.isUnsafe = true;
    target.parts = ["", "", address];
    return target;
  }
  target.section = `${name}/${symbol}`;
  const offset = offsetOf(symbol);
  if (offset < 0) return wrong(target, form);
  if (offset > 0 && context.provider == Provider.Kretprobe) return said(target, "Offset not allowed");
  target.parts = [module, functionOf(symbol), offset.toString()];
  return target;
}

/** `binary:function[+offset]` or `binary:address` */
function uprobe(target: Target, context: ProbeContext, name: string): Target {
  const isReturn = context.provider == Provider.Uretprobe;
  const form = isReturn ? `${name}:binary:function` : `${name}:binary:function[+offset]`;
  if (context.point.parts.length != 2)
    return context.point.parts.length == 3 ? unsupported(target, "A uprobe with a language") : wrong(target, form);
  target.section = name;
  const symbol = context.part(1);
  if (symbol.length > 0 && symbol.charCodeAt(0) >= 0x30 && symbol.charCodeAt(0) <= 0x39) {
    const address = readNumber(symbol);
    if (address < 0) return wrong(target, form);
    target.parts = [context.part(0), "", address.toString()];
    return target;
  }
  const offset = offsetOf(symbol);
  if (isReturn && offset > 0) return said(target, "Offset not allowed");
  if (offset < 0) return wrong(target, form);
  target.parts = [context.part(0), functionOf(symbol), offset.toString()];
  return target;
}

/** `event[:count]`: perf's type and number of the event, and how many events lie between two samples. */
function perfEvent(target: Target, context: ProbeContext, name: string): Target {
  const count = context.point.parts.length;
  const form = `${name}:event[:count]`;
  if (count != 1 && count != 2) return wrong(target, form);
  let given: u64 = 0;
  if (count == 2) {
    const amount = new Amount(context.part(1));
    if (amount.error.length > 0) return said(target, `Invalid count for ${name} probe: ${amount.error}`);
    if (<i64>amount.value < 0)
      return said(target, `${name} ${context.provider == Provider.Hardware ? "frequency" : "count"} should be a positive integer`);
    given = amount.value;
  }
  const event = findPerfEvent(context.part(0), context.provider == Provider.Hardware);
  if (event == null) return said(target, `${context.part(0)} is not a ${name} probe`);
  // As in the peer, 0 stands for the usual count.
  const period = given != 0 ? given : event.period;
  if (given != 0) target.name = `${name}:${context.part(0)}:${given}`;
  target.section = "perf_event";
  target.parts = [event.type.toString(), event.config.toString(), period.toString()];
  return target;
}

/** The symbol before a `+`. */
function functionOf(symbol: string): string {
  const plus = symbol.indexOf("+");
  return plus < 0 ? symbol : symbol.substring(0, plus);
}

/** The number behind a `+`: 0 without one, -1 for what is no offset. */
function offsetOf(symbol: string): i64 {
  const plus = symbol.indexOf("+");
  if (plus < 0) return 0;
  const offset = readNumber(symbol.substring(plus + 1));
  return offset <= MAXIMUM_OFFSET ? offset : -1;
}

/** An address in decimal, from a decimal or hexadecimal number of 64 bits; null for anything else. */
function readAddress(text: string): string | null {
  const isHexadecimal = text.startsWith("0x") || text.startsWith("0X");
  const start = isHexadecimal ? 2 : 0;
  if (text.length == start || text.length > start + (isHexadecimal ? 16 : 19)) return null;
  let value: u64 = 0;
  for (let i = start; i < text.length; i++) {
    const digit = digitOf(text.charCodeAt(i), isHexadecimal);
    if (digit < 0) return null;
    value = value * (isHexadecimal ? 16 : 10) + digit;
  }
  return value.toString();
}

function digitOf(code: i32, isHexadecimal: bool): i32 {
  const lower = code | 0x20;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return isHexadecimal && lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A number in any form of the language but a duration, or -1. */
function readNumber(text: string): i64 {
  const bytes = String.UTF8.encode(text);
  const start = changetype<usize>(bytes);
  const length = bytes.byteLength;
  if (length == 0 || load<u8>(start) < 0x30 || load<u8>(start) > 0x39) return -1;
  const number = new NumberReader();
  number.read(start, length, false);
  if (number.error != Code.Count || number.length != <u32>length || number.duration || number.value > <u64>i64.MAX_VALUE) return -1;
  return <i64>number.value;
}
