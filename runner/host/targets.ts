// What the attach points of an object stand for on this machine, as far as `bind` must be told.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest, Program } from "../../wasm/manifest.ts";
import { argumentFormat } from "../core/argument-format.ts";
import type { HostFacts, KernelFunction } from "../core/facts.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";
import { similarNames } from "../core/similar.ts";
import { KERNEL_MODULE, typedKey } from "../core/targets.ts";
import { parseTracepointFormat, type TracepointFormat } from "../core/tracepoint-format.ts";
import { findBinaries } from "./binaries.ts";
import { loadBtf, modulesWithBtf } from "./btf.ts";
import { ElfSymbols } from "./elf-symbols.ts";
import { rawTracepointFunction, rawTracepoints } from "./raw-tracepoints.ts";
import {
  allTracepoints,
  hasFunctionList,
  hasTracepoint,
  loadedModules,
  readFormat,
  traceableFunctions,
  tracepointCategories,
  tracepointEvents,
} from "./tracefs.ts";

/** Adds the tracepoints that a program's target names or matches. */
function addTracepoints(program: Program, wantsFormats: boolean, facts: HostFacts): void {
  const [category = "", event = ""] = program.target;
  const categories = isPattern(category) ? tracepointCategories().filter((name) => matchesGlob(category, name)) : [category];
  for (const found of categories) {
    const events = isPattern(event) ? tracepointEvents(found).filter((name) => matchesGlob(event, name)) : [event];
    for (const name of events) {
      const key = `${found}:${name}`;
      if (!wantsFormats) {
        if (!facts.tracepoints.has(key) && hasTracepoint(found, name)) facts.tracepoints.set(key, null);
        continue;
      }
      const text = facts.tracepoints.get(key) ? undefined : readFormat(found, name);
      if (text !== undefined) facts.tracepoints.set(key, parseTracepointFormat(text) satisfies TracepointFormat);
    }
  }
  const wanted = `${category}:${event}`;
  if (!isPattern(wanted) && !facts.tracepoints.has(wanted)) facts.similar.set(wanted, similarNames(wanted, allTracepoints()));
}

/** Functions with BTF that match; those that the kernel lets nobody trace are left out of patterns. */
function typedFunctions(module: string, name: string): KernelFunction[] {
  const pattern = isPattern(name) || isPattern(module);
  const modules = modulesWithBtf().filter((own) => module === "" || matchesGlob(module, own));
  const found: KernelFunction[] = [];
  const traceable = pattern ? new Set(traceableFunctions().map((own) => own.name)) : undefined;
  for (const own of modules) {
    const functions = loadBtf(own)?.functions;
    if (functions === undefined) continue;
    if (!isPattern(name)) {
      if (functions.has(name) && (traceable?.has(name) ?? true)) found.push({ name, module: own });
      // A name without a module means the first that has it.
      if (!pattern && found.length > 0) return found;
      continue;
    }
    const matching = [...functions.keys()].filter((own) => matchesGlob(name, own) && traceable?.has(own));
    for (const own_ of matching.sort()) found.push({ name: own_, module: own });
  }
  return found;
}

function withFormat(own: KernelFunction, isRaw: boolean): KernelFunction {
  const btf = loadBtf(own.module);
  const id = btf && (isRaw ? rawTracepointFunction(btf, own.name) : btf.functions.get(own.name));
  const format = btf && id !== undefined ? argumentFormat(btf, id, isRaw ? 1 : 0) : undefined;
  return format === undefined ? own : { ...own, format: { ...format, name: own.name } };
}

function addTyped(program: Program, wantsFormats: boolean, facts: HostFacts): void {
  const [module = "", name = ""] = program.target;
  const isRaw = program.kind === "rawtracepoint";
  const key = typedKey(program);
  const known = facts.typed.get(key);
  const matching =
    known ??
    (isRaw
      ? rawTracepoints().filter((own) => matchesGlob(name, own.name) && (module === "" || matchesGlob(module, own.module)))
      : typedFunctions(module, name));
  facts.typed.set(key, wantsFormats ? matching.map((own) => withFormat(own, isRaw)) : matching);
}

/** @throws BpfcastError `unknown-binary`, at the attach point. */
function addUserFunctions(program: Program, manifest: Manifest, facts: HostFacts, pid: number | undefined): void {
  const [binary = "", name = ""] = program.target;
  const key = `${binary}:${name}`;
  if (facts.userFunctions.has(key)) return;
  const place = { location: program.location, source: manifest.source };
  if (binary === "" && pid === undefined)
    throw new BpfcastError("unknown-binary", `${program.kind} without a binary needs the process that -p names`, place);
  const files = binary === "" ? [`/proc/${pid}/exe`] : findBinaries(binary);
  if (files.length === 0)
    throw new BpfcastError("unknown-binary", `uprobe target file '${binary}' does not exist or is not executable`, place);
  facts.userFunctions.set(
    key,
    files.flatMap((file) => {
      // A name alone is looked up when it is attached.
      const names = isPattern(name) ? (ElfSymbols.read(file)?.names() ?? []).filter((own) => matchesGlob(name, own)) : [name];
      return names.map((own) => ({ binary: file, name: own }));
    }),
  );
}

/**
 * Adds to `facts` what the object's attach points name or match.
 * @param relocated programs that read fields of tracepoints, or arguments of functions that a wildcard stands for.
 * @param pid the process of -p.
 */
export function addTargets(manifest: Manifest, relocated: Set<number>, facts: HostFacts, pid: number | undefined): void {
  manifest.programs.forEach((program, index) => {
    const [first = "", second = ""] = program.target;
    switch (program.kind) {
      case "tracepoint":
        addTracepoints(program, relocated.has(index), facts);
        break;
      case "kprobe":
      case "kretprobe":
        facts.knowsFunctions = hasFunctionList();
        if (isPattern(first) || isPattern(second) || facts.knowsFunctions) facts.functions = traceableFunctions();
        if (first !== "" && first !== KERNEL_MODULE) facts.modules = loadedModules();
        break;
      case "rawtracepoint":
      case "fentry":
      case "fexit":
        addTyped(program, relocated.has(index), facts);
        break;
      case "uprobe":
      case "uretprobe":
        addUserFunctions(program, manifest, facts, pid);
        break;
      default:
        break;
    }
  });
}
