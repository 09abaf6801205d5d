// Whether this kernel has what an object needs: asked only when it refused the object, since asking costs a load each.

import type { ProgramType } from "../../wasm/compiler.ts";
import type { FeatureNeed, Manifest } from "../../wasm/manifest.ts";
import { loadAddon } from "./addon.ts";
import { loadBtf } from "./btf.ts";

/** Their numbers in uapi/linux/bpf.h. */
const NUMBERS: Record<ProgramType, number> = { kprobe: 2, tracepoint: 5, perf_event: 7, raw_tracepoint: 17, tracing: 26 };

/** Whether this kernel has the helper of that number, in the programs that we load: between them these two have every helper. */
export function hasHelper(helper: number): boolean {
  return [NUMBERS.kprobe, NUMBERS.tracing].some((type) => loadAddon().hasHelper(type, helper));
}

/** Whether this kernel lets programs of a type call one of its functions. */
export function hasKernelFunction(type: ProgramType, name: string): boolean {
  return loadAddon().mayCallFunction(NUMBERS[type], name);
}

/** Helpers that not every kernel since 5.10 has: their numbers in uapi/linux/bpf.h, and the kernel that brought them. */
const HELPERS: Record<string, [number: number, since: string]> = {
  get_ns_current_pid_tgid: [120, "5.7"],
  get_socket_cookie: [46, "5.12"],
  d_path: [147, "5.10"],
  for_each_map_elem: [164, "5.13"],
  get_func_ip: [173, "5.15"],
  loop: [181, "5.17"],
  map_lookup_percpu_elem: [195, "5.19"],
  ktime_get_tai_ns: [208, "6.1"],
};

/** Functions of the kernel that programs may call, and the kernel that brought them. */
const KERNEL_FUNCTIONS: Record<string, string> = { bpf_task_from_pid: "6.2" };

/** The first need that this kernel cannot meet, in words, with the kernel version that brought it; undefined when all are met. */
export function missingFeature(manifest: Manifest): { need: FeatureNeed; what: string; since: string } | undefined {
  for (const need of manifest.features) {
    const [kind = "", name = ""] = need.feature.split(":");
    const helper = kind === "helper" && Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
    if (helper !== undefined && !hasHelper(helper[0])) return { need, what: `BPF helper ${name}`, since: helper[1] };
    const since = kind === "kfunc" && Object.hasOwn(KERNEL_FUNCTIONS, name) ? KERNEL_FUNCTIONS[name] : undefined;
    if (since !== undefined && !loadBtf()?.functions.has(name)) return { need, what: `function ${name} for BPF programs`, since };
  }
  return undefined;
}
