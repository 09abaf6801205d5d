// What `bind` must know of a host of which there is only a profile. What the profile cannot know is taken to be there: binaries,
// addresses of symbols, and functions of a profile of common types.

import type { Manifest, Program } from "../../wasm/manifest.ts";
import { argumentFormat } from "./argument-format.ts";
import { Btf, BtfKind } from "./btf.ts";
import { type HostFacts, type KernelFunction, kernelVersion } from "./facts.ts";
import { isPattern, matchesGlob } from "./glob.ts";
import type { Profile } from "./profile.ts";
import { formatText } from "./profile-target.ts";
import { similarNames } from "./similar.ts";
import { KERNEL_MODULE, typedKey } from "./targets.ts";
import { parseTracepointFormat } from "./tracepoint-format.ts";

/** Of a small machine: a script that needs more is no matter of the kernel. */
const CPUS = 2;
const MEMORY = 1 << 30;
const PAGE = 4096;
const RAW_PREFIX = "btf_trace_";
/** Functions that the kernel makes for each raw tracepoint; their first argument is the tracer's own. */
const STUBS = ["__probestub_", "__traceiter_", "__bpf_trace_"];
const ITERATOR = "bpf_iter_";

/** The types of a profile's kernel, by module, the kernel proper first; the same for any number of objects. */
export class ProfileTypes {
  readonly modules: ReadonlyMap<string, Btf>;
  #rawModules: Map<string, string> | undefined;

  /** @throws BpfcastError `bad-btf`. */
  constructor({ btf }: Pick<Profile, "btf">) {
    const modules = new Map<string, Btf>();
    const own = btf.get(KERNEL_MODULE);
    const kernel = own === undefined ? undefined : Btf.read(own);
    if (kernel !== undefined) modules.set(KERNEL_MODULE, kernel);
    for (const [name, bytes] of btf) if (name !== KERNEL_MODULE) modules.set(name, Btf.read(bytes, kernel));
    this.modules = modules;
  }

  /** Functions with a type. */
  functions(): KernelFunction[] {
    return [...this.modules].flatMap(([module, btf]) => [...btf.functions.keys()].map((name) => ({ name, module })));
  }

  /** The module that has a raw tracepoint: there is a type for each. */
  moduleOf(rawTracepoint: string): string {
    if (this.#rawModules === undefined) {
      const found = new Map<string, string>();
      for (const [module, btf] of this.modules)
        for (const [, name] of btf.named(BtfKind.Typedef))
          if (name.startsWith(RAW_PREFIX)) found.set(name.slice(RAW_PREFIX.length), module);
      this.#rawModules = found;
    }
    return this.#rawModules.get(rawTracepoint) ?? KERNEL_MODULE;
  }

  /** The same with what programs with a wildcard read, where that is known. */
  withFormat(found: KernelFunction, isRaw: boolean): KernelFunction {
    const btf = this.modules.get(found.module);
    const names = isRaw ? STUBS.map((stub) => stub + found.name) : [found.name];
    const id = names.map((name) => btf?.functions.get(name)).find((own) => own !== undefined);
    const format = btf === undefined || id === undefined ? undefined : argumentFormat(btf, id, isRaw ? 1 : 0);
    return format === undefined ? found : { ...found, format: { ...format, name: found.name } };
  }
}

interface Known {
  profile: Profile;
  types: ProfileTypes;
  facts: HostFacts;
}

function addTracepoints({ target: [category = "", event = ""] }: Program, { profile: { tracepoints }, facts }: Known): void {
  const wanted = `${category}:${event}`;
  for (const name of isPattern(wanted) ? tracepoints.keys() : [wanted]) {
    const [own = "", ownEvent = ""] = name.split(":");
    const fields = tracepoints.get(name);
    if (fields === undefined || !matchesGlob(category, own) || !matchesGlob(event, ownEvent) || facts.tracepoints.has(name)) continue;
    facts.tracepoints.set(name, parseTracepointFormat(formatText(name, fields)));
  }
  if (!isPattern(wanted) && !facts.tracepoints.has(wanted)) facts.similar.set(wanted, similarNames(wanted, tracepoints.keys()));
}

function addFunctions({ target: [module = "", name = ""] }: Program, { profile, types, facts }: Known): void {
  if (facts.functions.length === 0)
    facts.functions = facts.knowsFunctions
      ? [...profile.functions].flatMap(([own, names]) => names.map((one) => ({ name: one, module: own })))
      : types.functions();
  if (facts.knowsFunctions) facts.modules = [...profile.functions.keys()];
  else facts.functions.push({ name, module: module === "" ? KERNEL_MODULE : module });
}

function addTyped(program: Program, { profile, types, facts }: Known): void {
  const [module = "", name = ""] = program.target;
  const isRaw = program.kind === "rawtracepoint";
  const known = isRaw ? profile.rawTracepoints.map((own) => ({ name: own, module: types.moduleOf(own) })) : types.functions();
  const fits = (own: KernelFunction) => matchesGlob(name, own.name) && (module === "" || matchesGlob(module, own.module));
  const found = known.filter(fits).map((own) => types.withFormat(own, isRaw));
  const isUnknown = found.length === 0 && (profile.isReduced || profile.missing.includes("btf"));
  facts.typed.set(typedKey(program), isUnknown ? [{ name, module: module === "" ? KERNEL_MODULE : module }] : found);
}

function addIterators({ profile: { features }, types, facts }: Known): void {
  const names = types.functions().flatMap(({ name }) => (name.startsWith(ITERATOR) ? [name.slice(ITERATOR.length)] : []));
  if (features !== null) facts.iterators = features.probeTypes.includes("iter") ? names : [];
}

/** Stand-ins for what is in files of the host. */
function addUserPlaces({ kind, target }: Program, { bindings }: Manifest, { facts }: Known): void {
  const [binary = "", second = "", third = ""] = target;
  const place = { offset: 0, semaphore: 0, address: 0, arguments: [] };
  if (kind === "usdt") facts.staticTracepoints.set(target.join(":"), [{ binary, namespace: second, name: third, places: [place] }]);
  else facts.userFunctions.set(`${binary}:${second}`, [{ binary, name: second }]);
  facts.userSymbols.set(`${binary}:${second}`, 0);
  for (const binding of bindings) if (binding.kind === "user_address") facts.userSymbols.set(`${binary}:${binding.name}`, 0);
}

function addPlaces(program: Program, manifest: Manifest, known: Known): void {
  switch (program.kind) {
    case "tracepoint":
      addTracepoints(program, known);
      break;
    case "kprobe":
    case "kretprobe":
      addFunctions(program, known);
      break;
    case "rawtracepoint":
    case "fentry":
    case "fexit":
      addTyped(program, known);
      break;
    case "iter":
      addIterators(known);
      break;
    case "uprobe":
    case "uretprobe":
    case "usdt":
      addUserPlaces(program, manifest, known);
      break;
    default:
      break;
  }
}

/** @throws BpfcastError `bad-btf`, `bad-tracepoint-format` for a damaged profile. */
export function profileFacts(manifest: Manifest, profile: Profile, types: ProfileTypes): HostFacts {
  const facts: HostFacts = {
    arch: profile.architecture,
    possibleCpus: CPUS,
    pageSize: profile.pageSize ?? PAGE,
    availableMemory: MEMORY,
    tracepoints: new Map(),
    functions: [],
    knowsFunctions: !profile.isReduced && !profile.missing.includes("functions") && profile.functions.size > 0,
    typed: new Map(),
    userFunctions: new Map(),
    staticTracepoints: new Map(),
    userSymbols: new Map(),
    constants: new Map(),
    similar: new Map(),
  };
  for (const program of manifest.programs) addPlaces(program, manifest, { profile, types, facts });
  for (const binding of manifest.bindings) {
    const value = binding.kind === "cpu_count" ? BigInt(CPUS) : binding.kind === "kernel_version" ? kernelVersion(profile.kernel) : 0n;
    facts.constants.set("name" in binding ? `${binding.kind}:${binding.name}` : binding.kind, value);
  }
  return facts;
}
