// The common part of all checking: what is known of the script and its target, and how errors are reported.

import { Code, Diagnostics } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import { Expression } from "../syntax/ast";
import { Call, StringLiteral } from "../syntax/expression-nodes";
import { ArchitectureRow, architectureRow } from "../target/architecture";
import { Btf } from "../target/btf";
import { Needs, Profile } from "../target/profile";
import { BranchVariables } from "./branch-variables";
import { ProbeContext } from "./probe-context";
import { MapSymbol, Scopes } from "./scope";
import { BasicType, StackMode, TypeKind, TypeTable } from "./types";

export abstract class CheckerBase {
  types: TypeTable = new TypeTable();
  needs: Needs = new Needs();
  maps: Array<MapSymbol> = [];
  /** Type of each scratch variable by attach point and declaration; survives the walks, and only widens. */
  variableTypes: Map<u64, i32> = new Map();
  scopes: Scopes = new Scopes();
  branchVariables: BranchVariables = new BranchVariables();
  /** Variables, by declaration, whose type the script says: nothing widens it. */
  protected declaredTypes: Set<u64> = new Set();
  /** Variables, by attach point and declaration, whose address the script takes. */
  private addressed: Set<u64> = new Set();
  /** Some probe calls exit(). */
  exits: bool = false;
  /** False in the walks that only infer types. */
  reporting: bool = false;
  /** Errors of all walks, reported or not. */
  protected failures: i32 = 0;
  /** A walk learned something: another one is due. */
  changed: bool = false;
  /** How stacks are printed where the script says nothing: the config key stack_mode. */
  stackMode: StackMode = StackMode.Symbols;
  /** Loops around the place whose body may become a function of its own, which has no context. */
  protected forDepth: i32 = 0;
  /** Loops of any kind around the place. */
  protected loopDepth: i32 = 0;
  /** Longest text of `str()` and of dynamic tracepoint strings: the config key max_strlen. */
  maximumString: i32 = 1024;
  /** `enable`, `warn` or `error`: the config key unstable_tseries. */
  unstableSeries: string = "enable";
  /** The scalar map that tells tseries() the time; empty: the clock does. */
  seriesClock: string = "";
  /** Keys of a map that declares none: the config key max_map_keys. */
  maximumKeys: i32 = 4096;
  /** What an expression that is short for something else stands for, by the address of its node. */
  protected standIns: Map<usize, Expression> = new Map();
  /** Attach points are checked by whoever runs the script, which is done at once. */
  isLive: bool = false;
  /** `pid` and `tid` are those of the namespace in which the script runs. */
  pidNamespace: bool = false;
  architecture: ArchitectureRow;
  /** Set while an attach point is walked. */
  protected context: ProbeContext | null = null;

  constructor(
    public symbols: Symbols,
    public diagnostics: Diagnostics,
    public profile: Profile,
  ) {
    this.architecture = architectureRow(profile.architecture);
  }

  protected abstract call(e: Call): i32;

  /** Reports an attach point that the target lacks, or leaves it out: as the script's configuration says. */
  protected abstract missingTarget(context: ProbeContext, candidates: Array<string>): i32;

  get probe(): ProbeContext {
    return this.context!;
  }

  /** The expression that `e` is short for, as `ppid` is, or that can be computed from its literals; null for any other. */
  standIn(e: Expression): Expression | null {
    const key = changetype<usize>(e);
    return this.standIns.has(key) ? this.standIns.get(key) : null;
  }

  /** A text in the place of `e`, which has been computed. */
  protected textFor(e: Expression, bytes: ArrayBuffer): i32 {
    this.standIns.set(changetype<usize>(e), new StringLiteral(e.start, e.end, changetype<usize>(bytes), bytes.byteLength));
    return this.literalType(e, changetype<usize>(bytes), bytes.byteLength);
  }

  /** The type of a literal text (features 5.3 T9); None, and an error, for one that is longer than texts may be. */
  protected literalType(e: Expression, pointer: usize, length: u32): i32 {
    if (length < <u32>this.maximumString) return this.types.text(length + 1);
    const text = String.UTF8.decodeUnsafe(pointer, length);
    return this.error(
      Code.OutOfRange,
      e.start,
      e.end,
      `String is too long (over ${this.maximumString} bytes): ${text}`,
      "The config key max_strlen sets how long texts may be.",
    );
  }

  /** Whether values of a type that the script names may be kept: `string[n]` may be no longer than texts may be. */
  protected fitsText(type: i32, start: u32, end: u32): bool {
    if (this.types.kind(type) != TypeKind.String || this.types.get(type).size <= this.maximumString) return true;
    this.error(
      Code.OutOfRange,
      start,
      end,
      `String type is too long (over ${this.maximumString} bytes): ${this.types.describe(type)}`,
      "The config key max_strlen sets how long texts may be.",
    );
    return false;
  }

  protected error(code: Code, start: u32, end: u32, message: string, hint: string = ""): i32 {
    this.failures++;
    if (this.reporting) this.diagnostics.error(code, start, end, message, hint);
    return BasicType.None;
  }

  protected warning(code: Code, start: u32, end: u32, message: string, hint: string = ""): void {
    if (this.reporting) this.diagnostics.warning(code, start, end, message, hint);
  }

  protected unsupported(start: u32, end: u32, what: string): i32 {
    return this.error(Code.Unsupported, start, end, `${what} is not supported yet`);
  }

  /** Whether a feature may be used that may change; `setting` is its config key's: enable, warn or error. */
  protected unstable(e: Expression, name: string, setting: string): bool {
    if (setting == "enable") return true;
    if (setting == "warn") {
      // Without a place, as the peer has it: once for the whole script.
      const how = `you must explicitly enable it in the config e.g. unstable_${name}=enable`;
      this.warning(Code.Unstable, 0, 0, `Script is using an unstable feature: ${name}. To prevent this warning ${how}`);
      return true;
    }
    this.error(
      Code.Unstable,
      e.start,
      e.end,
      `${name} feature is not enabled by default. To enable this unstable feature, set the config flag to enable. unstable_${name}=enable`,
    );
    return false;
  }

  /** The type of `e`, which is recorded in it. */
  abstract expression(e: Expression): i32;

  /** BTF of the kernel, or null: then it is a need now, or an error was reported for this span. */
  protected kernelTypes(start: u32, end: u32): Btf | null {
    const profile = this.profile;
    if (!profile.kernelAnswered) {
      this.needs.kernelBtf = true;
      return null;
    }
    if (profile.kernel == null) {
      const why = profile.kernelError.length > 0 ? `The BTF of the target cannot be used: ${profile.kernelError}` : "The target has no BTF";
      this.error(
        Code.MissingTypes,
        start,
        end,
        why,
        "Kernel structs are only known through BTF: a kernel built with CONFIG_DEBUG_INFO_BTF has it in /sys/kernel/btf/vmlinux.",
      );
    }
    return profile.kernel;
  }

  protected noteAddressed(declaration: u64): void {
    this.addressed.add(((<u64>this.probe.index) << 48) | declaration);
  }

  isAddressed(context: ProbeContext, declaration: u64): bool {
    return this.addressed.has(((<u64>context.index) << 48) | declaration);
  }

  protected variableType(declaration: u64): i32 {
    const key = ((<u64>this.probe.index) << 48) | declaration;
    return this.variableTypes.has(key) ? this.variableTypes.get(key) : BasicType.None;
  }

  /** Gives a variable a wider type, unless the script says its type. */
  protected widenDeclaration(declaration: u64, type: i32): void {
    if (!this.declaredTypes.has(declaration)) this.setVariableType(declaration, type);
  }

  protected setVariableType(declaration: u64, type: i32): void {
    const key = ((<u64>this.probe.index) << 48) | declaration;
    if (this.variableType(declaration) == type) return;
    this.variableTypes.set(key, type);
    this.changed = true;
  }
}
