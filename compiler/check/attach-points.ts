// What an attach point means: its target in the form of the manifest (`Program.target` in wasm/manifest.ts), its ELF section in
// libbpf's spelling, or what is wrong with it.

import { Provider } from "../syntax/ast";
import { providerName } from "../syntax/attach-point";
import { findPerfEvent } from "./perf-events";
import { ProbeContext } from "./probe-context";
import { readRate } from "./rate";

@final
export class Target {
  parts: Array<string> = [];
  section: string = "";
  /** Empty, or the form that the probe must have. */
  problem: string = "";
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
  for (let i = 0; i < count; i++) if (point.parts[i].parameter) return unsupported(target, "A positional parameter in an attach point");
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
      if (count != 1) return count == 2 ? unsupported(target, "A module in a raw tracepoint") : wrong(target, "rawtracepoint:event");
      if (point.parts[0].wildcard) return unsupported(target, "A wildcard in a raw tracepoint");
      target.section = `raw_tp/${context.part(0)}`;
      target.parts = [context.part(0)];
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
      const rate = readRate(context);
      if (rate == null) return wrong(target, `${name}:hz:99, ${name}:s:1 (s, ms, us) or ${name}:100ms`);
      target.parts = [rate.unit, rate.amount.toString()];
      return target;
    }
    case Provider.Software:
    case Provider.Hardware:
      return perfEvent(target, context, name);
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

function unsupported(target: Target, what: string): Target {
  target.problem = what;
  target.isUnsupported = true;
  return target;
}

/** `[module:]function[+offset]` */
function kprobe(target: Target, context: ProbeContext, name: string): Target {
  const count = context.point.parts.length;
  const form = `${name}[:module]:function${context.provider == Provider.Kprobe ? "[+offset]" : ""}`;
  if (count != 1 && count != 2) return wrong(target, form);
  const symbol = context.part(count - 1);
  const module = count == 2 ? context.part(0) : "";
  // Functions are attached by name alone: any other module would be taken for the kernel proper.
  if (module.length > 0 && module != "vmlinux") return unsupported(target, "A module in a kprobe");
  target.section = `${name}/${symbol}`;
  if (context.provider == Provider.Kretprobe) {
    target.parts = [module, symbol];
    return target;
  }
  const offset = offsetOf(symbol);
  if (offset < 0) return wrong(target, form);
  target.parts = [module, functionOf(symbol), offset.toString()];
  return target;
}

/** `binary:function[+offset]` or `binary:address` */
function uprobe(target: Target, context: ProbeContext, name: string): Target {
  const isReturn = context.provider == Provider.Uretprobe;
  const form = isReturn ? `${name}:binary:function` : `${name}:binary:function[+offset]`;
  if (context.point.parts.length != 2)
    return context.point.parts.length == 3 ? unsupported(target, "A uprobe with a language") : wrong(target, form);
  if (context.point.parts[0].wildcard || context.point.parts[1].wildcard) return unsupported(target, "A wildcard in a uprobe");
  target.section = name;
  const symbol = context.part(1);
  if (symbol.length > 0 && symbol.charCodeAt(0) >= 0x30 && symbol.charCodeAt(0) <= 0x39) {
    const address = readNumber(symbol);
    if (address < 0) return wrong(target, form);
    target.parts = [context.part(0), "", address.toString()];
    return target;
  }
  const offset = offsetOf(symbol);
  if (offset < 0 || (isReturn && offset > 0)) return wrong(target, form);
  target.parts = [context.part(0), functionOf(symbol), offset.toString()];
  return target;
}

/** `event[:count]`: perf's type and number of the event, and how many events lie between two samples. */
function perfEvent(target: Target, context: ProbeContext, name: string): Target {
  const count = context.point.parts.length;
  const form = `${name}:event[:count]`;
  if (count != 1 && count != 2) return wrong(target, form);
  const event = findPerfEvent(context.part(0), context.provider == Provider.Hardware);
  if (event == null) return wrong(target, `${form} with an event that bpfcast -l '${name}:*' lists`);
  let period = event.period;
  if (count == 2 && context.part(1).length > 0) {
    const given = readNumber(context.part(1));
    if (given <= 0) return wrong(target, form);
    period = <u64>given;
  }
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

/** A whole decimal or hexadecimal number, or -1. */
function readNumber(text: string): i64 {
  const isHexadecimal = text.startsWith("0x") || text.startsWith("0X");
  const start = isHexadecimal ? 2 : 0;
  if (text.length == start || text.length > start + 15) return -1;
  let value: i64 = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i) | 0x20;
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : isHexadecimal && code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit < 0) return -1;
    value = value * (isHexadecimal ? 16 : 10) + digit;
  }
  return value;
}
