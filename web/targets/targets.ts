// The kernels that the page can compile for: the profiles that lie beside it, and those that a person drops in.
//
//   const targets = new Targets({ module, fetchFile });
//   await targets.list()                          what to choose from
//   await targets.compile("6.1", script)          loads the profile when it is first needed
//   await targets.add(file.name, bytes)           one's own, in this tab alone
//   await targets.survey(script, onTarget)        what all of them say

import { checkBtf } from "../../runner/core/check-btf.ts";
import { asDiagnostic } from "../../runner/core/diagnostics.ts";
import { type Profile, readProfile } from "../../runner/core/profile.ts";
import { ProfileTypes } from "../../runner/core/profile-facts.ts";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { type CompileOptions, type CompileResult, Compiler, type Need } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Architecture } from "../../wasm/manifest.ts";
import { array, integer, oneOf, record, SchemaError, text, textLike } from "../../wasm/schema.ts";
import { badProfile, contentDigest, unpackedProfile } from "./profile-bytes.ts";
import { failedReport, reportOf, type TargetReport } from "./survey.ts";

export interface TargetEntry {
  /** `default`, `6.12-arm64`; of one's own what its content makes. */
  id: string;
  title: string;
  architecture: Architecture;
  /** Release of the kernel, as `uname -r`; empty when unknown. */
  kernel: string;
  /** Size of the file. */
  bytes: number;
  /** A person dropped it in. */
  isOwn: boolean;
}

export interface LoadedTarget {
  compiler: Compiler;
  target: ProfileTarget;
  types: ProfileTypes;
}

/** What a compile may be told beside the script. */
export type TargetCompileOptions = Partial<Omit<CompileOptions, "architecture">>;

export type FinishedCompile = Exclude<CompileResult, { kind: "needs" }>;

export interface TargetsSettings {
  /** The compiler. */
  module: WebAssembly.Module | Promise<WebAssembly.Module>;
  /** A file of the page by its name, `targets.json`. @throws Error where it cannot be had. */
  fetchFile(name: string): Promise<Response>;
}

export const DEFAULT_TARGET = "default";
/** The name that messages and objects have for a script without one. */
const NAME = "stdin";
/** Loaded targets; each has a compiler with the types of a kernel in its memory. */
const MAX_HELD = 4;
/** As many as the command line's compiles take. */
const MAX_ROUNDS = 128;
const OWN_PREFIX = "own-";
const FOLDER = "targets/";
const ENDING = ".profile";
const MAX_TITLE = 80;

const listed = array(
  record({
    architecture: oneOf("x86_64", "aarch64"),
    bytes: integer(0, 2 ** 31),
    file: textLike(/^(targets\/)?[A-Za-z0-9_][A-Za-z0-9_.-]*\.profile$/, "the name of a profile"),
    kernel: text(200),
    title: text(200),
  }),
  1000,
);

const encoder = new TextEncoder();

function idOf(file: string): string {
  return file.slice(file.startsWith(FOLDER) ? FOLDER.length : 0, -ENDING.length);
}

function fileOf(id: string): string {
  return id === DEFAULT_TARGET ? `${id}${ENDING}` : `${FOLDER}${id}${ENDING}`;
}

/** A file's name as text that can stand anywhere. */
function titleOf(name: string): string {
  const printable = name.replace(/\p{C}/gu, "");
  return (
    printable
      .replace(/^.*[\\/]/, "")
      .trim()
      .slice(0, MAX_TITLE) || "a profile"
  );
}

/** @throws BpfcastError `bad-profile`, for a profile whose types are more than the compiler can hold. */
function supply({ compiler, target }: LoadedTarget, need: Need): void {
  const answer = need.kind === "header" ? { found: false as const, candidates: [] } : target.answer(need);
  try {
    compiler.supply(need, answer);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) throw badProfile("the compiler has no room for it");
    throw error;
  }
}

/** Compiles for a loaded target. What its profile cannot answer is an error of the script. @throws BpfcastError of the compiler. */
function compileFor(loaded: LoadedTarget, script: string, options: TargetCompileOptions): FinishedCompile {
  const source = encoder.encode(script);
  const { architecture } = loaded.target;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = loaded.compiler.compile(source, { name: NAME, ...options, architecture });
    if (result.kind !== "needs") return result;
    try {
      for (const need of result.needs) supply(loaded, need);
    } catch (error) {
      if (!(error instanceof BpfcastError) || error.code === "bad-profile") throw error;
      return { kind: "failed", diagnostics: [asDiagnostic(error)], dumps: {} };
    }
  }
  throw new BpfcastError("compiler-failed", "the compiler keeps asking for facts of the target: this is an error of bpfcast");
}

/** Lets the messages in that have come meanwhile. */
function nextTurn(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}

interface OwnProfile {
  entry: TargetEntry;
  file: Uint8Array<ArrayBuffer>;
}

export class Targets {
  readonly #settings: TargetsSettings;
  #shipped: Promise<TargetEntry[]> | undefined;
  readonly #own = new Map<string, OwnProfile>();
  /** The least recently used first. */
  readonly #held = new Map<string, Promise<LoadedTarget>>();

  constructor(settings: TargetsSettings) {
    this.#settings = settings;
  }

  /** All that can be chosen: the default one first, one's own last. @throws Error where the list cannot be had. */
  async list(): Promise<TargetEntry[]> {
    this.#shipped ??= this.#fetchList();
    try {
      return [...(await this.#shipped), ...[...this.#own.values()].map(({ entry }) => entry)];
    } catch (error) {
      // The network may be back the next time.
      this.#shipped = undefined;
      throw error;
    }
  }

  async #fetchList(): Promise<TargetEntry[]> {
    try {
      const rows = listed(await (await this.#settings.fetchFile("targets.json")).json(), "targets.json");
      return rows.map(({ file, ...row }) => ({ id: idOf(file), ...row, isOwn: false }));
    } catch (error) {
      if (error instanceof SchemaError || error instanceof SyntaxError) throw new Error(`targets.json is damaged: ${error.message}`);
      throw error;
    }
  }

  /** A target with its compiler. @throws Error where there is none of that name, or its file cannot be had or used. */
  get(id: string): Promise<LoadedTarget> {
    const known = this.#held.get(id);
    const loaded = known ?? this.#load(id);
    this.#hold(id, loaded);
    return loaded;
  }

  #hold(id: string, loaded: Promise<LoadedTarget>): void {
    this.#held.delete(id);
    this.#held.set(id, loaded);
    loaded.catch(() => this.#drop(id, loaded));
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MAX_HELD) break;
      this.#held.delete(oldest);
    }
  }

  #drop(id: string, loaded: Promise<LoadedTarget>): void {
    if (this.#held.get(id) === loaded) this.#held.delete(id);
  }

  async #load(id: string): Promise<LoadedTarget> {
    const own = this.#own.get(id);
    if (own !== undefined) return this.#made(readProfile(await unpackedProfile(own.file)), `profile ${own.entry.title}`);
    // The default one is wanted at once, before the list is there.
    const isKnown = id === DEFAULT_TARGET || (await this.list()).some((entry) => entry.id === id && !entry.isOwn);
    if (!isKnown) throw new BpfcastError("no-profile", `there is no target '${titleOf(id)}'`);
    const response = await this.#settings.fetchFile(fileOf(id));
    const document = await unpackedProfile(new Uint8Array(await response.arrayBuffer()));
    return this.#made(readProfile(document), id === DEFAULT_TARGET ? "the default profile" : `profile ${id}`);
  }

  async #made(profile: Profile, label: string): Promise<LoadedTarget> {
    const compiler = await Compiler.create(await this.#settings.module);
    return { compiler, target: new ProfileTarget(profile, label), types: new ProfileTypes(profile) };
  }

  /**
   * Takes a profile that a person brings: a file that `bpfcast profile -o` made, or the same unpacked. One that is there already
   * stays as it is.
   * @throws BpfcastError `bad-profile`, `newer-profile`, `bad-btf`; then nothing of it is kept.
   */
  async add(name: string, file: Uint8Array<ArrayBuffer>): Promise<TargetEntry> {
    const title = titleOf(name);
    try {
      const document = await unpackedProfile(file);
      const profile = readProfile(document);
      const id = `${OWN_PREFIX}${contentDigest(document)}`;
      const known = this.#own.get(id);
      if (known !== undefined) return known.entry;
      const loaded = await this.#made(profile, `profile ${title}`);
      const kernel = loaded.types.modules.get("vmlinux");
      for (const [module, btf] of loaded.types.modules) checkBtf(btf, module === "vmlinux" ? undefined : kernel);
      // The compiler reads the types: it is to fail here, if at all.
      compileFor(loaded, "begin { @ = curtask->tgid; }", {});
      const { architecture } = profile;
      const entry = { id, title, architecture, kernel: profile.kernel.replace(/\p{C}/gu, ""), bytes: file.length, isOwn: true };
      this.#own.set(id, { entry, file });
      this.#hold(id, Promise.resolve(loaded));
      return entry;
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      // Of a damaged profile the compiler's own failure says nothing to its owner.
      const { code, message } = error.code === "internal-compiler-error" ? badProfile("the compiler cannot read its types") : error;
      const sentence = /^(not )?a /.test(message) ? `'${title}' is ${message}` : `'${title}' is not a usable profile: ${message}`;
      throw new BpfcastError(code, sentence, error.details);
    }
  }

  /** @throws Error as `get`, and BpfcastError where the compiler fails. */
  async compile(id: string, script: string, options: TargetCompileOptions = {}): Promise<FinishedCompile> {
    const loading = this.get(id);
    const loaded = await loading;
    try {
      return compileFor(loaded, script, options);
    } catch (error) {
      // The compiler may have been left in any state.
      this.#drop(id, loading);
      throw error;
    }
  }

  /**
   * Whether a script would run on each target. Those that are in use stay loaded; the others come and go.
   * @param onTarget told of each as soon as it is known, with how many there are.
   * @param signal ends it early: nothing is told any more, and what was found is returned.
   * @throws Error where the list of targets cannot be had; one that cannot be loaded has an error of its own.
   */
  async survey(
    script: string,
    onTarget: (report: TargetReport, done: number, total: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<TargetReport[]> {
    const entries = await this.list();
    const reports: TargetReport[] = [];
    for (const entry of entries) {
      await nextTurn();
      const report = await this.#report(entry, script);
      if (signal?.aborted) break;
      reports.push(report);
      onTarget(report, reports.length, entries.length);
    }
    return reports;
  }

  async #report(entry: TargetEntry, script: string): Promise<TargetReport> {
    const { id } = entry;
    const hasRoom = this.#held.has(id) || this.#held.size < MAX_HELD;
    const loading = hasRoom ? this.get(id) : this.#load(id);
    try {
      const loaded = await loading;
      return reportOf(entry, loaded, compileFor(loaded, script, {}));
    } catch (error) {
      this.#drop(id, loading);
      return failedReport(entry, error);
    }
  }
}
