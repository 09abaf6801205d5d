// What is said of attach points that stand for nothing on a host. The sentences are the peer's.

import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Location, Manifest, Program } from "../../wasm/manifest.ts";
import type { HostFacts } from "./facts.ts";
import { isPattern } from "./glob.ts";
import { KERNEL_MODULE } from "./targets.ts";

/** Errors and warnings about the attach points of one object, in the order in which they are reported. */
export class ProbeReport {
  readonly errors: BpfcastError[] = [];
  readonly warnings: BpfcastError[] = [];
  readonly #manifest: Manifest;
  /** Bodies that an error was reported for: what follows from it is not said again. */
  readonly #reported = new Set<number>();

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  #add(list: BpfcastError[], location: Location, message: string, hint = "", code: ErrorCode = "unknown-probe"): void {
    const details = hint === "" ? {} : { hint };
    list.push(new BpfcastError(code, message, { location, source: this.#manifest.source, ...details }));
  }

  /** A kernel function that the lists of this host do not have. */
  notTraceable(program: Program): void {
    if (this.#manifest.config.missingProbes === "ignore") return;
    const [, name = ""] = program.target;
    this.#add(
      this.warnings,
      program.location,
      `${name} is not traceable (either non-existing, inlined, or marked as "notrace"); attaching to it will likely fail`,
    );
  }

  /** An attach point that stands for nothing. */
  missing(program: Program, facts: Pick<HostFacts, "modules" | "similar">): void {
    const mode = this.#manifest.config.missingProbes;
    const isKernelFunction = program.kind === "kprobe" || program.kind === "kretprobe";
    const [module = "", name = ""] = program.target;
    const hasPattern = isPattern(module) || isPattern(name);
    const isNamed = isKernelFunction || program.kind === "fentry" || program.kind === "fexit";
    // Nothing is said of a pattern, nor of a static tracepoint or a raw one without its module, unless its probe is left with nothing.
    if (hasPattern || program.kind === "usdt" || (program.kind === "rawtracepoint" && module === "") || mode === "ignore") return;
    const hint = similarHint(facts.similar.get(program.target.join(":")) ?? []);
    const isLoaded = module === "" || module === KERNEL_MODULE || (facts.modules?.includes(module) ?? true);
    const place = [module, name].filter((part) => part !== "").join(":");
    if (mode === "error") {
      if (isKernelFunction && !isLoaded)
        this.#add(this.errors, program.location, `specified module ${module} in probe ${program.probe} is not loaded.`);
      this.#add(this.errors, program.location, `No matches for ${program.kind} ${place}.`, hint);
      this.#reported.add(program.body);
      if (isKernelFunction) this.notTraceable(program);
    } else {
      if (isKernelFunction) this.notTraceable(program);
      this.#add(this.warnings, program.location, `No matches for ${program.kind} ${place}. Skipping.`, isNamed ? hint : "");
    }
  }

  /** A probe none of whose attach points stands for anything. */
  empty(body: number): void {
    const mode = this.#manifest.config.missingProbes;
    const programs = this.#manifest.programs.filter((program) => program.body === body);
    const [first, last] = [programs[0], programs.at(-1)];
    if (first === undefined || last === undefined || mode === "ignore" || this.#reported.has(body)) return;
    const location = { ...first.location, endLine: last.location.endLine, endColumn: last.location.endColumn };
    if (mode === "error")
      this.#add(
        this.errors,
        location,
        "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.",
        "",
        "empty-probe",
      );
    else
      this.#add(
        this.warnings,
        location,
        "Probe has no valid attach points. It is being removed which may cause issues with program behavior.",
        "",
        "empty-probe",
      );
  }

  /** @throws the first error, with all others and the warnings behind it; nothing when there is none. */
  raise(): void {
    const [first, ...others] = this.errors;
    if (first !== undefined) throw new BpfcastError(first.code, first.message, { ...first.details, others, warnings: this.warnings });
  }
}

export function similarHint(names: string[]): string {
  return names.length > 0 ? `did you mean ${names.join(", ")}?` : "";
}
