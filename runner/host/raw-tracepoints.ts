// Raw tracepoints of the kernel and its modules: BTF has a type for each.

import { type Btf, BtfKind } from "../core/btf.ts";
import { type Parameter, prototypeOf } from "../core/btf-text.ts";
import type { KernelFunction } from "../core/facts.ts";
import { loadBtf, modulesWithBtf } from "./btf.ts";

const PREFIX = "btf_trace_";
/** Functions that the kernel makes for each tracepoint: their parameters have names. */
const STUBS = ["__probestub_", "__traceiter_", "__bpf_trace_"];

/** Names of those that a BTF has itself. */
export function rawTracepointNames(btf: Btf): string[] {
  return [...btf.named(BtfKind.Typedef)].flatMap(([, name]) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
}

let known: KernelFunction[] | undefined;

/** All of them, sorted by name. */
export function rawTracepoints(): KernelFunction[] {
  if (known !== undefined) return known;
  const found = new Map<string, KernelFunction>();
  for (const module of modulesWithBtf()) {
    const btf = loadBtf(module);
    for (const name of btf === undefined ? [] : rawTracepointNames(btf)) if (!found.has(name)) found.set(name, { name, module });
  }
  known = [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return known;
}

/** Id of a function with the arguments of a raw tracepoint, behind the tracer's own. */
export function rawTracepointFunction(btf: Btf, name: string): number | undefined {
  return STUBS.map((stub) => btf.functions.get(stub + name)).find((id) => id !== undefined);
}

/** The arguments of a raw tracepoint, without the tracer's own, which comes first. */
export function rawTracepointParameters({ name, module }: KernelFunction): Parameter[] {
  const btf = loadBtf(module);
  for (const stub of STUBS) {
    const id = btf?.functions.get(stub + name);
    const prototype = btf === undefined || id === undefined ? undefined : prototypeOf(btf, id);
    if (prototype !== undefined) return prototype.parameters.slice(1);
  }
  return [];
}
