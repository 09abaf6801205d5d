// Checks all scripts for all profiles. Module and profiles are loaded once; one script's misfortune does not stop the others.

import { Compiler } from "../../../wasm/compiler.ts";
import { BpfcastError } from "../../../wasm/errors.ts";
import type { Target } from "../../core/target.ts";
import { hostTarget, profileTarget } from "../../host/profile-targets.ts";
import { type CompilerSource, compileFor, type Script } from "../compile.ts";
import type { Options } from "../options.ts";
import { scriptOptions } from "../script-options.ts";
import type { CheckedProfile, CheckedScript, Failure } from "./report.ts";

export interface CheckInput extends Script {
  isText: boolean;
}

/** Name of this machine among profiles. */
const HOST = "host";

/** One compiler for each target, which keeps what it was told of it. */
class KeptCompilers implements CompilerSource {
  readonly #module: WebAssembly.Module;
  readonly #kept = new Map<Target, Compiler>();

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  async of(target: Target): Promise<Compiler> {
    const known = this.#kept.get(target);
    if (known !== undefined) return known;
    const made = await Compiler.create(this.#module);
    this.#kept.set(target, made);
    return made;
  }

  /** Has the next script begin with new compilers. */
  forget(): void {
    this.#kept.clear();
  }
}

function asError(error: unknown): BpfcastError {
  if (error instanceof BpfcastError) return error;
  return new BpfcastError("internal-error", `internal error: ${error instanceof Error ? error.message : error}`);
}

export interface Checker {
  options: Options;
  module: WebAssembly.Module;
  /** Told, a line, that the default profile is used. */
  say(line: string): void;
  /** Told of each file that is about to be read. */
  note(file: string): void;
}

/** @throws BpfcastError for a file that is no profile. */
function targetsOf({ options, say, note }: Checker): { name: string; target: Target }[] {
  if (options.profile === undefined) return [{ name: HOST, target: hostTarget(say) }];
  return options.profile.map((name) => {
    note(name);
    return { name, target: profileTarget(name) };
  });
}

/** @throws BpfcastError for a file that is no profile; whatever goes wrong with a script is a failure. */
export async function checkScripts(
  checker: Checker,
  inputs: readonly CheckInput[],
): Promise<{ profiles: CheckedProfile[]; failures: Failure[] }> {
  const settings = scriptOptions(checker.options);
  const failures: Failure[] = [];
  const profiles: CheckedProfile[] = [];
  for (const { name: profile, target } of targetsOf(checker)) {
    const compilers = new KeptCompilers(checker.module);
    const scripts: CheckedScript[] = [];
    let { description } = target;
    for (const input of inputs) {
      const { name, isText } = input;
      try {
        const compiled = await compileFor(input, settings, target, compilers);
        ({ description } = compiled.target);
        for (const file of compiled.headerFiles) checker.note(file);
        // The same #include may mean another file to the next script.
        if (compiled.headerFiles.length > 0) compilers.forget();
        scripts.push({ name, isText, compiled });
      } catch (error) {
        failures.push({ name, profile, error: asError(error) });
        scripts.push({ name, isText, compiled: undefined });
        // It may have been left in any state.
        compilers.forget();
      }
    }
    profiles.push({ name: profile, description: description === "" ? "this machine" : description, scripts });
  }
  return { profiles, failures };
}
