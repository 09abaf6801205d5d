// Answers the compiler's needs from a profile, and from nothing else.

import type { Answer, TargetNeed } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { readManifest } from "./bind.ts";
import { Btf } from "./btf.ts";
import { isPattern, matchesGlob } from "./glob.ts";
import { byName, type Profile } from "./profile.ts";
import { similarNames } from "./similar.ts";
import type { Target } from "./target.ts";

/** What a profile has instead of a tracepoint's format file: its head and fields. */
export function formatText(event: string, fields: string): string {
  return `name: ${event.slice(event.indexOf(":") + 1)}\nformat:\n${fields}`;
}

export class ProfileTarget implements Target {
  readonly architecture: Target["architecture"];
  readonly description: string;
  readonly profile: Profile;
  #functions: Map<string, number> | undefined;

  /** @param label what messages call it: `profile host.profile`. */
  constructor(profile: Profile, label: string) {
    this.profile = profile;
    this.architecture = profile.architecture;
    const kernel = profile.kernel === "" ? "an unknown kernel" : `Linux ${profile.kernel}`;
    this.description = `${label} (${kernel}, ${profile.architecture}${profile.isReduced ? ", common types only" : ""})`;
  }

  answer(need: TargetNeed): Answer {
    if (need.kind === "btf") {
      const bytes = this.profile.btf.get(need.module);
      return bytes === undefined ? { found: false, candidates: [] } : { found: true, bytes };
    }
    // A profile knows the kernel, and no binaries.
    if (need.kind === "symbol") return { found: false, candidates: [] };
    if (need.kind === "tracepoint") return this.#tracepoint(`${need.category}:${need.event}`);
    const allowed = this.profile.features?.kernelFunctions;
    if (allowed === undefined) {
      throw new BpfcastError("profile-lacks-features", `${this.description} does not say which functions of the kernel programs may call`, {
        hint: "make it again on the machine itself, as root",
      });
    }
    return allowed[need.programType].includes(need.name) ? { found: true, bytes: new Uint8Array() } : { found: false, candidates: [] };
  }

  missingFeature(object: Uint8Array): BpfcastError | undefined {
    return this.missingFeatures(object)[0];
  }

  /** All of what the object needs and the kernel is known to lack. */
  missingFeatures(object: Uint8Array): BpfcastError[] {
    const { features } = this.profile;
    if (features === null) return [];
    const { features: needs, source } = readManifest(object);
    return needs.flatMap(({ feature, location }) => {
      const [kind = "", name = ""] = feature.split(":");
      const isThere = kind === "helper" ? features.helpers.includes(name) : kind !== "kfunc" || this.#hasFunction(name);
      if (isThere) return [];
      const message = `${this.description} has no ${kind === "kfunc" ? "function" : "BPF helper"} ${name}, which this needs`;
      return [new BpfcastError("missing-feature", message, { location, source })];
    });
  }

  /** Whether the kernel's types have a function; reduced types have few. */
  #hasFunction(name: string): boolean {
    const bytes = this.profile.isReduced ? undefined : this.profile.btf.get("vmlinux");
    if (bytes === undefined) return true;
    this.#functions ??= Btf.read(bytes).functions;
    return this.#functions.has(name);
  }

  /** Of a wildcard the first, by name, as of a live machine. */
  #tracepoint(wanted: string): Answer {
    const { tracepoints, missing } = this.profile;
    if (missing.includes("tracepoints")) {
      throw new BpfcastError("profile-lacks-tracepoints", `${this.description} has no tracepoints, which the script needs`, {
        hint: "the machine's tracefs could not be read when it was made: make it again as root",
      });
    }
    const found = isPattern(wanted) ? this.#firstMatch(wanted) : wanted;
    const fields = tracepoints.get(found);
    if (fields !== undefined) return { found: true, bytes: new TextEncoder().encode(formatText(found, fields)) };
    return { found: false, candidates: similarNames(wanted, tracepoints.keys()) };
  }

  #firstMatch(pattern: string): string {
    const [category = "", event = ""] = pattern.split(":");
    const matches: [category: string, event: string][] = [];
    for (const candidate of this.profile.tracepoints.keys()) {
      const [own = "", name = ""] = candidate.split(":");
      if (matchesGlob(category, own) && matchesGlob(event, name)) matches.push([own, name]);
    }
    matches.sort((left, right) => byName(left[0], right[0]) || byName(left[1], right[1]));
    return matches[0]?.join(":") ?? pattern;
  }
}
