// Raw tracepoints of the kernel and its modules: BTF has a type for each.

import type { KernelFunction } from "../core/facts.ts";
import { BtfKind, loadBtf, modulesWithBtf, type Parameter } from "./btf.ts";

const PREFIX = "btf_trace_";
/** Functions that the kernel makes for each tracepoint: their parameters have names. */
const STUBS = ["__probestub_", "__traceiter_", "__bpf_trace_"];

let known: KernelFunction[] | undefined;

/** All of them, sorted by name. */
export function rawTracepoints(): KernelFunction[] {
  if (known !== undefined) return known;
  const found = new Map<string, KernelFunction>();
  for (const module of modulesWithBtf()) {
    for (const [, name] of loadBtf(module)?.named(BtfKind.Typedef) ?? []) {
      if (!name.startsWith(PREFIX)) continue;
      const own = name.slice(PREFIX.length);
      if (!found.has(own)) found.set(own, { name: own, module });
    }
  }
  known = [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return known;
}

/** The arguments of a raw tracepoint, without the tracer's own, which comes first. */
export function rawTracepointParameters({ name, module }: KernelFunction): Parameter[] {
  const btf = loadBtf(module);
  for (const stub of STUBS) {
    const id = btf?.functions.get(stub + name);
    const prototype = id === undefined ? undefined : btf?.prototype(id);
    if (prototype !== undefined) return prototype.parameters.slice(1);
  }
  return [];
}
