// Would it run there? What a target says to a script: the compiler's messages, and what binding the object would refuse.

import { bind, readManifest } from "../../runner/core/bind.ts";
import { asDiagnostic } from "../../runner/core/diagnostics.ts";
import { readElf } from "../../runner/core/elf.ts";
import { type ProfileTypes, profileFacts } from "../../runner/core/profile-facts.ts";
import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import { isCode } from "../../runner/simulated/map-definitions.ts";
import type { CompileResult, Diagnostic } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";

export interface TargetReport {
  id: string;
  title: string;
  /** Errors of the compile; of a target that cannot be loaded, that. */
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** Instructions of all programs of the object, as the kernel counts them; undefined where there is no object. */
  instructions: number | undefined;
  /** Why the object would not run there, a sentence each: features, attach points and fields that this kernel lacks. */
  missing: string[];
  /** The profile has common types only: what it lacks may be there. */
  isReduced: boolean;
}

const INSTRUCTION_BYTES = 8;

function instructionsOf(object: Uint8Array): number {
  return readElf(object)
    .sections.filter(isCode)
    .reduce((sum, { data }) => sum + data.length / INSTRUCTION_BYTES, 0);
}

function sentenceOf({ message, details: { location, hint = "" } }: BpfcastError): string {
  return `${location === undefined ? "" : `Line ${location.line}: `}${message}${hint === "" ? "" : ` (${hint})`}`;
}

/** What binding would refuse, and what it would warn of. */
function refusals(object: Uint8Array, { target, types }: SurveyedTarget): { missing: BpfcastError[]; warnings: BpfcastError[] } {
  const features = target.missingFeatures(object);
  try {
    const { warnings } = bind(object, profileFacts(readManifest(object), target.profile, types));
    return { missing: features, warnings };
  } catch (error) {
    if (!(error instanceof BpfcastError)) throw error;
    const { others = [], warnings = [] } = error.details;
    // A profile of common types does not say what arguments every function has.
    if (error.code === "bad-tracepoint-format" && target.profile.isReduced) return { missing: features, warnings };
    return { missing: [...features, error, ...others], warnings };
  }
}

export interface SurveyedTarget {
  target: ProfileTarget;
  types: ProfileTypes;
}

export function reportOf(
  { id, title }: { id: string; title: string },
  surveyed: SurveyedTarget,
  result: Exclude<CompileResult, { kind: "needs" }>,
): TargetReport {
  const ofSeverity = (wanted: string) => result.diagnostics.filter(({ severity }) => severity === wanted);
  const { isReduced } = surveyed.target.profile;
  const report: TargetReport = {
    id,
    title,
    errors: ofSeverity("error"),
    warnings: ofSeverity("warning"),
    instructions: undefined,
    missing: [],
    isReduced,
  };
  if (result.kind !== "object") return report;
  const { missing, warnings } = refusals(result.object, surveyed);
  report.instructions = instructionsOf(result.object);
  report.missing = [...new Set(missing.map(sentenceOf))];
  report.warnings.push(...warnings.map((warning) => ({ ...asDiagnostic(warning), severity: "warning" as const })));
  return report;
}

/** Of a target that nothing can be found out about. */
export function failedReport({ id, title }: { id: string; title: string }, error: unknown): TargetReport {
  const known = error instanceof BpfcastError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const diagnostic = asDiagnostic(known ?? new BpfcastError("internal-error", message));
  return { id, title, errors: [diagnostic], warnings: [], instructions: undefined, missing: [], isReduced: false };
}
