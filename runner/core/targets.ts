// From the attach points of an object to the places of one host that they stand for.

import type { Program } from "../../wasm/manifest.ts";
import type { HostFacts, KernelFunction, StaticPlace } from "./facts.ts";
import { isPattern, matchesGlob } from "./glob.ts";

/** One place that a program is attached to. */
export type Attachment =
  /** None: the runner itself runs the program, on a signal, or as a test or bench of the script. */
  | { kind: "run" }
  | { kind: "tracepoint"; category: string; event: string }
  /** `isTyped`: by a program that was verified against the types of the tracepoint's arguments. */
  | { kind: "rawtracepoint"; event: string; module?: string; isTyped?: boolean }
  /** A function of a binary by name, plus `offset` bytes; without a name `offset` is the address in the file's own terms. */
  | { kind: "uprobe"; binary: string; function: string; offset: number; isReturn: boolean }
  /** Every `period` events of perf's `type` and `config`, on every CPU. */
  | { kind: "perf"; type: number; config: number; period: number }
  /** One of the places of a static tracepoint. */
  | { kind: "usdt"; binary: string; namespace: string; name: string; place: StaticPlace }
  /** Reading (`r`), writing (`w`) or executing (`x`) memory at an address, which in decimal may not fit a number. */
  | { kind: "watchpoint"; address: string; length: number; mode: string }
  /** The objects of a kind, one after the other. */
  | { kind: "iter"; name: string }
  /** `offset` in bytes, kprobe only. With a `module`, the function of that name in it (`vmlinux`: in the kernel proper). */
  | { kind: "kprobe"; function: string; offset: number; isReturn: boolean; module?: string }
  /** A kprobe at an address of the kernel: decimal, as it may not fit a number. */
  | { kind: "kprobe_address"; address: string; isReturn: boolean }
  /** A function by its type in the BTF of `module`; its program is loaded for this place alone. */
  | { kind: "fentry"; function: string; module: string; isExit: boolean }
  /** Nanoseconds between two samples, or samples a second; on every CPU, or on one. */
  | { kind: "timer"; perSecond: boolean; amount: number; everyCpu: boolean };

const NANOSECONDS: Record<string, number> = { s: 1e9, ms: 1e6, us: 1e3 };

/** The BTF and the symbols of the kernel proper go by this module name. */
export const KERNEL_MODULE = "vmlinux";

function tracepointTargets(program: Program, facts: HostFacts): Attachment[] {
  const [category = "", event = ""] = program.target;
  const wanted = `${category}:${event}`;
  if (!isPattern(wanted)) return facts.tracepoints.has(wanted) ? [{ kind: "tracepoint", category, event }] : [];
  const found: Attachment[] = [];
  for (const name of [...facts.tracepoints.keys()].sort()) {
    const colon = name.indexOf(":");
    const [ownCategory, ownEvent] = [name.slice(0, colon), name.slice(colon + 1)];
    if (matchesGlob(category, ownCategory) && matchesGlob(event, ownEvent))
      found.push({ kind: "tracepoint", category: ownCategory, event: ownEvent });
  }
  return found;
}

/** Functions that match, each once, by module and name; `anyModule` for a pattern without a module. */
function matchingFunctions(functions: KernelFunction[], module: string, name: string): KernelFunction[] {
  const found = new Map<string, KernelFunction>();
  for (const candidate of functions) {
    if (!matchesGlob(name, candidate.name) || (module !== "" && !matchesGlob(module, candidate.module))) continue;
    // Without a module a name means all functions that have it.
    found.set(module === "" ? candidate.name : `${candidate.module}:${candidate.name}`, candidate);
  }
  return [...found.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, candidate]) => candidate);
}

/** Whether the functions of the host hold the one that an attach point names. */
export function isListed({ target }: Program, facts: HostFacts): boolean {
  const [module = "", name = ""] = target;
  return matchingFunctions(facts.functions, module, name).length > 0;
}

function functionTargets(program: Program, facts: HostFacts, unsafe: boolean): Attachment[] {
  const [module = "", name = "", offset = "0"] = program.target;
  const isReturn = program.kind === "kretprobe";
  if (name === "") return [{ kind: "kprobe_address", address: offset, isReturn }];
  const at = isReturn ? 0 : Number(offset);
  const kind = "kprobe" as const;
  if (isPattern(name) || isPattern(module)) {
    return matchingFunctions(facts.functions, module, name).map((found) =>
      module === ""
        ? { kind, function: found.name, offset: at, isReturn }
        : { kind, function: found.name, offset: at, isReturn, module: found.module },
    );
  }
  // Whether a function given by name can be probed shows when it is attached: the lists of all functions are long.
  if (facts.knowsFunctions && !unsafe && !isListed(program, facts)) return [];
  if (module !== "" && module !== KERNEL_MODULE && facts.modules !== undefined && !facts.modules.includes(module)) return [];
  return [module === "" ? { kind, function: name, offset: at, isReturn } : { kind, function: name, offset: at, isReturn, module }];
}

/** What the targets of programs whose arguments BTF describes are known by in `HostFacts.typed`. */
export function typedKey({ kind, target }: Pick<Program, "kind" | "target">): string {
  return `${kind === "rawtracepoint" ? "rawtracepoint" : "function"}:${target.join(":")}`;
}

/** What is known of the place that a program by BTF is attached to. */
export function typedTarget(program: Program, target: Attachment, facts: HostFacts): KernelFunction | undefined {
  const name = target.kind === "fentry" ? target.function : target.kind === "rawtracepoint" ? target.event : undefined;
  const module = "module" in target ? target.module : undefined;
  return facts.typed.get(typedKey(program))?.find((found) => found.name === name && found.module === module);
}

function tracedTargets(program: Program, facts: HostFacts): Attachment[] {
  const isExit = program.kind === "fexit";
  const isTyped = program.section.startsWith("tp_btf");
  return (facts.typed.get(typedKey(program)) ?? []).map(({ module, name }) =>
    program.kind === "rawtracepoint"
      ? { kind: "rawtracepoint" as const, event: name, module, ...(isTyped && { isTyped }) }
      : { kind: "fentry" as const, function: name, module, isExit },
  );
}

function userTargets(program: Program, facts: HostFacts): Attachment[] {
  const [binary = "", name = "", offset = ""] = program.target;
  const isReturn = program.kind === "uretprobe";
  return (facts.userFunctions.get(`${binary}:${name}`) ?? []).map((found) => ({
    kind: "uprobe" as const,
    binary: found.binary,
    function: found.name,
    offset: Number(offset),
    isReturn,
  }));
}

function timerTarget(program: Program): Attachment {
  const [unit = "", amount = ""] = program.target;
  const everyCpu = program.kind === "profile";
  if (unit === "hz") return { kind: "timer", perSecond: true, amount: Number(amount), everyCpu };
  return { kind: "timer", perSecond: false, amount: Number(amount) * (NANOSECONDS[unit] ?? 0), everyCpu };
}

/**
 * All places that an attach point stands for on this host; none for begin and end.
 * @param unsafe also functions by name that this host does not list.
 */
export function targetsOf(program: Program, facts: HostFacts, unsafe: boolean): Attachment[] {
  switch (program.kind) {
    case "begin":
    case "end":
      return [];
    case "self":
    case "test":
    case "bench":
      return [{ kind: "run" }];
    case "tracepoint":
      return tracepointTargets(program, facts);
    case "rawtracepoint":
    case "fentry":
    case "fexit":
      return tracedTargets(program, facts);
    case "kprobe":
    case "kretprobe":
      return functionTargets(program, facts, unsafe);
    case "uprobe":
    case "uretprobe":
      return userTargets(program, facts);
    case "software":
    case "hardware": {
      const [type, config, period] = program.target.map(Number);
      return [{ kind: "perf", type: type ?? 0, config: config ?? 0, period: period ?? 0 }];
    }
    case "interval":
    case "profile":
      return [timerTarget(program)];
    case "usdt":
      return (facts.staticTracepoints.get(program.target.join(":")) ?? []).flatMap(({ places, ...found }) =>
        places.map((place): Attachment => ({ kind: "usdt", ...found, place })),
      );
    case "watchpoint": {
      const [address = "", length = "", mode = ""] = program.target;
      return [{ kind: "watchpoint", address, length: Number(length), mode }];
    }
    case "iter": {
      const [name = ""] = program.target;
      return facts.iterators?.includes(name) === false ? [] : [{ kind: "iter", name }];
    }
  }
}

/** The full name of a place, as the peer prints it. */
export function placeName(program: Pick<Program, "kind" | "probe">, attachment: Attachment): string {
  const { kind } = program;
  switch (attachment.kind) {
    case "tracepoint":
      return `${kind}:${attachment.category}:${attachment.event}`;
    case "rawtracepoint":
      return `${kind}:${attachment.module === undefined ? "" : `${attachment.module}:`}${attachment.event}`;
    case "kprobe": {
      const offset = attachment.offset > 0 ? `+${attachment.offset}` : "";
      return `${kind}:${attachment.module === undefined ? "" : `${attachment.module}:`}${attachment.function}${offset}`;
    }
    case "kprobe_address":
      return `${kind}:${attachment.address}`;
    case "fentry":
      return `${kind}:${attachment.module}:${attachment.function}`;
    case "uprobe": {
      const offset = attachment.function === "" ? String(attachment.offset) : attachment.offset > 0 ? `+${attachment.offset}` : "";
      return `${kind}:${attachment.binary}:${attachment.function}${offset}`;
    }
    case "usdt":
      return `${kind}:${attachment.binary}:${attachment.namespace}:${attachment.name}`;
    case "run":
    case "watchpoint":
    case "iter":
    case "perf":
    case "timer":
      return program.probe;
  }
}
