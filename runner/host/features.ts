// Whether this kernel has what an object needs: asked only when it refused the object, since asking costs a load each.

import type { FeatureNeed, Manifest } from "../../wasm/manifest.ts";
import { loadAddon } from "./addon.ts";

const KPROBE = 2;

/** Helpers that not every kernel since 5.10 has: their numbers in uapi/linux/bpf.h, and the kernel that brought them. */
const HELPERS: Record<string, [number: number, since: string]> = {
  get_ns_current_pid_tgid: [120, "5.7"],
  d_path: [147, "5.10"],
  for_each_map_elem: [164, "5.13"],
  get_func_ip: [173, "5.15"],
  loop: [181, "5.17"],
  map_lookup_percpu_elem: [195, "5.19"],
  ktime_get_tai_ns: [208, "6.1"],
};

/** The first need that this kernel cannot meet, with the kernel version that brought it; undefined when all are met. */
export function missingFeature(manifest: Manifest): { need: FeatureNeed; name: string; since: string } | undefined {
  for (const need of manifest.features) {
    const name = need.feature.startsWith("helper:") ? need.feature.slice("helper:".length) : "";
    const row = Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
    if (row !== undefined && !loadAddon().hasHelper(KPROBE, row[0])) return { need, name, since: row[1] };
  }
  return undefined;
}
