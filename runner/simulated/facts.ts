// What `bind` must know of a simulated host: the profile's kernel, and the places that the simulation makes events at.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Binding, Manifest, Program } from "../../wasm/manifest.ts";
import { type HostFacts, type KernelFunction, kernelVersion } from "../core/facts.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";
import type { Profile } from "../core/profile.ts";
import { formatText } from "../core/profile-target.ts";
import { similarNames } from "../core/similar.ts";
import { KERNEL_MODULE } from "../core/targets.ts";
import { parseTracepointFormat, type TracepointFormat } from "../core/tracepoint-format.ts";
import type { TargetTypes } from "./core-types.ts";

/** Free memory that the size of the ring buffer follows from: it makes 4 MiB. */
const MEMORY = 1 << 30;
const PAGE = 4096;

/** What the simulation knows beyond the profile. */
export interface SimulatedHost {
  profile: Profile;
  types: TargetTypes | undefined;
  cpus: number;
  /** Functions of binaries by path, which wildcards of uprobes match. */
  binaries: ReadonlyMap<string, readonly string[]>;
  constant(binding: Binding): bigint | undefined;
}

/** The format of a tracepoint of the profile; undefined where it has none. */
export function profileFormat({ tracepoints }: Profile, name: string): TracepointFormat | undefined {
  const fields = tracepoints.get(name);
  return fields === undefined ? undefined : parseTracepointFormat(formatText(name, fields));
}

function addTracepoints({ target: [category = "", event = ""] }: Program, { profile }: SimulatedHost, facts: HostFacts): void {
  const wanted = `${category}:${event}`;
  for (const name of isPattern(wanted) ? profile.tracepoints.keys() : [wanted]) {
    const [own = "", ownEvent = ""] = name.split(":");
    if (!matchesGlob(category, own) || !matchesGlob(event, ownEvent) || facts.tracepoints.has(name)) continue;
    const format = profileFormat(profile, name);
    if (format !== undefined) facts.tracepoints.set(name, format);
  }
  if (!isPattern(wanted) && !facts.tracepoints.has(wanted)) facts.similar.set(wanted, similarNames(wanted, profile.tracepoints.keys()));
}

/** Functions of the profile; of one without a list, those that have a type. */
function functionsOf({ profile, types }: SimulatedHost): KernelFunction[] {
  const listed = [...profile.functions].flatMap(([module, names]) => names.map((name) => ({ name, module })));
  return listed.length > 0 ? listed : (types?.functionNames() ?? []).map((name) => ({ name, module: KERNEL_MODULE }));
}

function addTyped(program: Program, host: SimulatedHost, facts: HostFacts): void {
  const [module = "", name = ""] = program.target;
  const isRaw = program.kind === "rawtracepoint";
  const known = isRaw
    ? host.profile.rawTracepoints.map((own) => ({ name: own, module: KERNEL_MODULE }))
    : (host.types?.functionNames() ?? []).map((own) => ({ name: own, module: KERNEL_MODULE }));
  const matching = known.filter((own) => matchesGlob(name, own.name) && (module === "" || matchesGlob(module, own.module)));
  facts.typed.set(`${isRaw ? "rawtracepoint" : "function"}:${module}:${name}`, matching);
}

/** A library goes by its name without its version: `libc` is `/lib/x86_64-linux-gnu/libc.so.6`. */
export function isSameBinary(left: string, right: string): boolean {
  const short = (path: string) => path.slice(path.lastIndexOf("/") + 1).replace(/\.so(\.[\d.]+)?$/, "");
  return left === right || ((!left.includes("/") || !right.includes("/")) && short(left) === short(right));
}

function addUserFunctions({ target: [binary = "", name = ""] }: Program, { binaries }: SimulatedHost, facts: HostFacts): void {
  const found = [...binaries].flatMap(([own, names]) => {
    if (!isSameBinary(binary, own) && !matchesGlob(binary, own)) return [];
    return names.filter((function_) => matchesGlob(name, function_)).map((function_) => ({ binary: own, name: function_ }));
  });
  // A name stands for itself: nothing says that the binary lacks it.
  facts.userFunctions.set(`${binary}:${name}`, isPattern(name) || isPattern(binary) ? found : [{ binary, name }]);
}

/** @throws BpfcastError `profile-lacks-tracepoints`. */
export function simulatedFacts(manifest: Manifest, host: SimulatedHost): HostFacts {
  const facts: HostFacts = {
    arch: host.profile.architecture,
    possibleCpus: host.cpus,
    pageSize: host.profile.pageSize ?? PAGE,
    availableMemory: MEMORY,
    tracepoints: new Map(),
    functions: [],
    // A profile of common types lists few functions or none.
    knowsFunctions: !host.profile.isReduced && !host.profile.missing.includes("functions") && host.profile.functions.size > 0,
    typed: new Map(),
    userFunctions: new Map(),
    staticTracepoints: new Map(),
    userSymbols: new Map(),
    constants: new Map(),
    similar: new Map(),
  };
  for (const program of manifest.programs) {
    switch (program.kind) {
      case "tracepoint":
        if (host.profile.missing.includes("tracepoints"))
          throw new BpfcastError("profile-lacks-tracepoints", "the profile has no tracepoints, which the script needs");
        addTracepoints(program, host, facts);
        break;
      case "kprobe":
      case "kretprobe":
        if (facts.functions.length === 0) facts.functions = functionsOf(host);
        break;
      case "rawtracepoint":
      case "fentry":
      case "fexit":
        addTyped(program, host, facts);
        break;
      case "uprobe":
      case "uretprobe":
        addUserFunctions(program, host, facts);
        break;
      default:
        break;
    }
  }
  for (const binding of manifest.bindings) {
    const value =
      binding.kind === "cpu_count"
        ? BigInt(host.cpus)
        : binding.kind === "kernel_version"
          ? kernelVersion(host.profile.kernel)
          : host.constant(binding);
    if (value !== undefined) facts.constants.set("name" in binding ? `${binding.kind}:${binding.name}` : binding.kind, value);
  }
  return facts;
}
