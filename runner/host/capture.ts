// Makes a profile of this machine, or of a copy of another's /sys and /proc.

import { readdirSync, readFileSync } from "node:fs";
import type { ProgramType } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Architecture } from "../../wasm/manifest.ts";
import { Btf, BtfKind } from "../core/btf.ts";
import type { Profile, ProfileFeatures, ProfilePart } from "../core/profile.ts";
import { loadAddon } from "./addon.ts";
import { hostArchitecture, pageSize } from "./facts.ts";
import { hasHelper, hasKernelFunction } from "./features.ts";
import { missingPrivilege } from "./privileges.ts";
import { rawTracepointNames } from "./raw-tracepoints.ts";

const PROBE_TYPES: Record<string, string> = {
  kprobe_multi: "BPF_TRACE_KPROBE_MULTI",
  uprobe_multi: "BPF_TRACE_UPROBE_MULTI",
  kprobe_session: "BPF_TRACE_KPROBE_SESSION",
  iter: "BPF_TRACE_ITER",
};

export interface Capture {
  profile: Profile;
  /** Why each missing part is missing. */
  warnings: string[];
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function list(folder: string, wantFolders: boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() === wantFolders)
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Lines of the fields in a format file: all that a program can use. */
function fieldLines(format: string): string {
  return format
    .split("\n")
    .filter((line) => line.startsWith("\tfield"))
    .map((line) => `${line}\n`)
    .join("");
}

/** Groups of events that users define while the machine runs: they are none of the kernel's. */
const DYNAMIC_GROUPS = new Set(["eprobes", "fprobes", "kprobes", "synthetic", "uprobes"]);

/** Owners of code that comes and goes, in the kernel's symbol table: loaded BPF programs, trampolines. */
const TRANSIENT_OWNER = /^(bpf|__builtin__\w+)$/;

function readTracepoints(tracefs: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const category of list(`${tracefs}/events`, true).filter((name) => !DYNAMIC_GROUPS.has(name))) {
    for (const event of list(`${tracefs}/events/${category}`, true)) {
      const format = read(`${tracefs}/events/${category}/${event}/format`)?.toString("latin1");
      if (format !== undefined) found.set(`${category}:${event}`, fieldLines(format));
    }
  }
  return found;
}

/** Names and modules of available_filter_functions, else of the functions in the kernel's symbol table. */
function readFunctions(root: string, tracefs: string): Map<string, string[]> {
  const filter = read(`${tracefs}/available_filter_functions`)?.toString("latin1");
  const lines =
    filter ??
    (read(`${root}/proc/kallsyms`)?.toString("latin1") ?? "")
      .split("\n")
      .filter((line) => /^\S+ [tT] /.test(line))
      .map((line) => line.slice(line.indexOf(" ") + 3).replace("\t", " "))
      .join("\n");
  const found = new Map<string, Set<string>>();
  for (const line of lines.split("\n")) {
    const [name = "", module = "[vmlinux]"] = line.split(" ");
    // Places that ftrace gave up have no name of their own.
    if (name === "" || name.startsWith("__ftrace_invalid_address__")) continue;
    const key = module.slice(1, -1);
    if (TRANSIENT_OWNER.test(key)) continue;
    const names = found.get(key) ?? new Set();
    found.set(key, names.add(name));
  }
  return new Map([...found].map(([module, names]) => [module, [...names]]));
}

/** Enumerators of a named enum; empty without it. */
function enumerators(btf: Btf, name: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [id, own] of btf.named(BtfKind.Enum)) {
    if (own !== name) continue;
    for (let index = 0; index < btf.count(id); index++) found.set(btf.memberName(id, index), btf.trailingWord(id, index * 2 + 1));
  }
  return found;
}

/**
 * Functions of the kernel that are made for programs: since 6.10 its types say which. The rest are named alike, but for some that
 * other program types than those of scripts call.
 */
function programFunctions(btf: Btf): string[] {
  const tagged: string[] = [];
  for (const [id, name] of btf.named(BtfKind.DeclarationTag)) if (name === "bpf_kfunc") tagged.push(btf.name(btf.sizeOrType(id)));
  return tagged.length > 0 ? [...new Set(tagged)] : [...btf.functions.keys()].filter((name) => name.startsWith("bpf_"));
}

/** What the kernel's own types name; on this machine only what it then accepts. */
function readFeatures(btf: Btf, live: boolean): ProfileFeatures {
  const named = (type: string, prefix: string, accepts: (value: number) => boolean) =>
    [...enumerators(btf, type)]
      .filter(([name, value]) => name.startsWith(prefix) && value > 0 && (!live || accepts(value)))
      .map(([name]) => name.slice(prefix.length).toLowerCase());
  const attachTypes = enumerators(btf, "bpf_attach_type");
  return {
    helpers: named("bpf_func_id", "BPF_FUNC_", hasHelper),
    mapTypes: named("bpf_map_type", "BPF_MAP_TYPE_", (type) => loadAddon().hasMapType(type)),
    probeTypes: Object.entries(PROBE_TYPES)
      .filter(([name, enumerator]) => (live ? loadAddon().hasProbeType(name) : attachTypes.has(enumerator)))
      .map(([name]) => name),
    ...(live && { kernelFunctions: callableFunctions(programFunctions(btf)) }),
  };
}

function callableFunctions(names: string[]): Record<ProgramType, string[]> {
  const of = (type: ProgramType) => names.filter((name) => hasKernelFunction(type, name));
  return {
    kprobe: of("kprobe"),
    perf_event: of("perf_event"),
    raw_tracepoint: of("raw_tracepoint"),
    tracepoint: of("tracepoint"),
    tracing: of("tracing"),
  };
}

/** Each raw tracepoint has a type of its name. */
/** The architecture whose registers `struct pt_regs` has. */
function architectureOf(btf: Btf): Architecture | undefined {
  for (const [id, name] of btf.named(BtfKind.Struct)) {
    if (name !== "pt_regs") continue;
    const members = Array.from({ length: btf.count(id) }, (_, index) => btf.memberName(id, index));
    return members.includes("r15") ? "x86_64" : members.includes("orig_x0") ? "aarch64" : undefined;
  }
  return undefined;
}

function supported(architecture: string | undefined): Architecture {
  if (architecture === "x86_64" || architecture === "aarch64") return architecture;
  throw new BpfcastError("unsupported-architecture", `profiles of ${architecture ?? "this architecture"} are not supported`, {
    hint: "x86_64 and aarch64 are",
  });
}

/** Why a machine's own files may be missing. */
function reason(live: boolean, what: string): string {
  if (!live) return `${what} is not there`;
  return process.geteuid?.() === 0 ? `${what} is not there` : `${what} cannot be read without root`;
}

/**
 * @param from folder with a copy of the other machine's /sys and /proc; undefined for this machine.
 * @throws BpfcastError `no-facts` when there is nothing to put into a profile, `unsupported-architecture`.
 */
export function captureProfile(from?: string): Capture {
  const live = from === undefined;
  const root = from ?? "";
  const warnings: string[] = [];
  const missing: ProfilePart[] = [];
  const lacks = (part: ProfilePart, why: string) => {
    missing.push(part);
    warnings.push(`the profile has no ${part}: ${why}`);
  };

  const btf = new Map<string, Uint8Array>();
  for (const name of list(`${root}/sys/kernel/btf`, false)) {
    const bytes = read(`${root}/sys/kernel/btf/${name}`);
    if (bytes !== undefined && bytes.length > 0) btf.set(name, bytes);
  }
  const kernelBytes = btf.get("vmlinux");
  const kernel = kernelBytes === undefined ? undefined : Btf.read(kernelBytes);
  if (kernel === undefined) lacks("btf", reason(live, "/sys/kernel/btf/vmlinux"));

  const places = [`${root}/sys/kernel/tracing`, `${root}/sys/kernel/debug/tracing`];
  const tracefs = places.find((place) => list(`${place}/events`, true).length > 0) ?? "";
  const tracepoints = tracefs === "" ? new Map<string, string>() : readTracepoints(tracefs);
  if (tracepoints.size === 0) lacks("tracepoints", reason(live, "tracefs (/sys/kernel/tracing)"));
  const functions = readFunctions(root, tracefs);
  if (functions.size === 0) lacks("functions", reason(live, "available_filter_functions"));
  if (kernel === undefined && tracepoints.size === 0) {
    throw new BpfcastError(
      "no-facts",
      `there is nothing to make a profile of: ${warnings[0]}`,
      live ? {} : { hint: `a copy of /sys and /proc is looked for in ${root}` },
    );
  }

  const privilege = live ? missingPrivilege() : undefined;
  let features: ProfileFeatures | null = null;
  if (kernel === undefined) lacks("features", "they are found by the types of the kernel");
  else if (privilege !== undefined) lacks("features", `trying them needs ${privilege}`);
  else features = readFeatures(kernel, live);

  const raw = kernel === undefined ? [] : rawTracepointNames(kernel);
  for (const [name, bytes] of btf) if (kernel !== undefined && name !== "vmlinux") raw.push(...rawTracepointNames(Btf.read(bytes, kernel)));
  const profile: Profile = {
    architecture: supported(live ? hostArchitecture() : kernel && architectureOf(kernel)),
    kernel: read(`${root}/proc/sys/kernel/osrelease`)?.toString("latin1").trim() ?? "",
    pageSize: live ? pageSize() : null,
    isReduced: false,
    missing,
    features,
    btf,
    tracepoints,
    functions,
    rawTracepoints: [...new Set(raw)],
  };
  return { profile, warnings };
}
