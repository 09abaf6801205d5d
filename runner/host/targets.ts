// What the attach points of an object stand for on this machine, as far as `bind` must be told.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest, Program } from "../../wasm/manifest.ts";
import { argumentFormat } from "../core/argument-format.ts";
import type { HostFacts, KernelFunction } from "../core/facts.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";
import { similarNames } from "../core/similar.ts";
import { KERNEL_MODULE, typedKey } from "../core/targets.ts";
import { parseTracepointFormat, type TracepointFormat } from "../core/tracepoint-format.ts";
import { loadAddon } from "./addon.ts";
import { findBinaries, mappedFiles } from "./binaries.ts";
import { iteratorNames, loadBtf, modulesWithBtf } from "./btf.ts";
import { ElfSymbols, findSymbol } from "./elf-symbols.ts";
import { rawTracepointFunction, rawTracepoints } from "./raw-tracepoints.ts";
import { staticTracepoints } from "./static-tracepoints.ts";
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

/**
 * The iterators of this kernel; none where it has them, but loads none.
 * @throws BpfcastError `unknown-probe`, at the attach point, for one that the kernel knows nothing of, and for one that is to be pinned.
 */
function loadableIterators({ target: [name = "", pin = ""], location }: Program, { source }: Manifest): string[] {
  const known = iteratorNames();
  const details = { location, source, exitCode: 1 };
  if (!known.includes(name)) throw new BpfcastError("unknown-probe", `iter ${name} not available for your kernel version.`, details);
  if (pin !== "")
    throw new BpfcastError("unsupported", "Pinning an iterator is not supported yet", {
      ...details,
      hint: "without a pin its output is printed at once",
    });
  return loadAddon().hasProbeType("iter") ? known : [];
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

/** @throws BpfcastError `unknown-binary`, at the attach point. */
function addStaticTracepoints(program: Program, { arch, source }: Manifest, facts: HostFacts, pid: number | undefined): void {
  const [binary = "", namespace = "", name = ""] = program.target;
  const key = program.target.join(":");
  if (facts.staticTracepoints.has(key)) return;
  if (binary === "" && pid === undefined) {
    const isName = program.probe.split(":").length === 2;
    throw new BpfcastError(
      "unknown-binary",
      isName
        ? "usdt probe type requires 2 or 3 arguments, found 1"
        : "usdt probe must specify at least path or pid to probe. To target all paths/pids set the path to '*'.",
      { location: program.location, source },
    );
  }
  // With -p a pattern means the files that the process has mapped.
  const files = (binary === "" || binary === "*") && pid !== undefined ? mappedFiles(pid) : findBinaries(binary);
  if (files.length === 0 && !isPattern(binary)) {
    throw new BpfcastError("unknown-binary", `usdt target file '${binary}' does not exist or is not executable`, {
      location: program.location,
      source,
    });
  }
  const found = files.flatMap((file) => staticTracepoints(file, arch));
  facts.staticTracepoints.set(
    key,
    found.filter((own) => matchesGlob(name, own.name) && (namespace === "" || matchesGlob(namespace, own.namespace))),
  );
}

/** Adds the addresses of what scripts ask for by uaddr(), in each file that their probes are in, and of the functions probed there. */
function addUserSymbols({ programs, bindings }: Manifest, facts: HostFacts): void {
  for (const binding of bindings) {
    if (binding.kind !== "user_address") continue;
    const program = programs[binding.program];
    if (program === undefined) continue;
    const [binary = "", name = ""] = program.target;
    const places = [
      ...(facts.userFunctions.get(`${binary}:${name}`) ?? []),
      ...(facts.staticTracepoints.get(program.target.join(":")) ?? []).map((found) => ({ binary: found.binary, name: "" })),
    ];
    for (const place of places) {
      for (const symbol of [binding.name, place.name]) {
        const address = symbol === "" ? undefined : findSymbol(place.binary, symbol)?.address;
        if (address !== undefined) facts.userSymbols.set(`${place.binary}:${symbol}`, address);
      }
    }
  }
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
      case "iter":
        facts.iterators = loadableIterators(program, manifest);
        break;
      case "rawtracepoint":
      case "fentry":
      case "fexit":
        addTyped(program, relocated.has(index), facts);
        break;
      case "usdt":
        addStaticTracepoints(program, manifest, facts, pid);
        break;
      case "uprobe":
      case "uretprobe":
        addUserFunctions(program, manifest, facts, pid);
        break;
      default:
        break;
    }
  });
  addUserSymbols(manifest, facts);
}
