// Coverage-guided fuzzing of the compiler's module in this process: inputs are made by grammar and from earlier inputs; those that
// reach new statements are kept and built upon. The same seed gives the same inputs.

import { type CompileOptions, type CompileResult, Compiler, type Need } from "../../wasm/compiler.ts";
import { damagedTarget, type FuzzTarget, goodTarget } from "./fuzz-target.ts";
import { LanguageGenerator } from "./language-grammar.ts";
import { InputMutator } from "./mutate-input.ts";
import { TOKEN } from "./mutate-script.ts";
import { cpuClock, type Random } from "./random.ts";
import { ScriptGenerator } from "./random-script.ts";

/** No input may take longer, nor may the module hold more memory. */
export const MILLISECONDS = 1000;
export const MEMORY = 256 << 20;

/** What an instance may hold before a new one takes over: the names that scripts ask for stay known to it. */
const INSTANCE_MEMORY = 32 << 20;
/** Inputs for a good target, and then for one that is damaged. */
const GOOD_INPUTS = 1000;
const DAMAGED_INPUTS = 100;
/** Longest script, and largest object, that is kept to build upon: small ones are fast. */
const KEPT_LENGTH = 400;
const KEPT_OBJECT = 24 << 10;

type Options = Omit<CompileOptions, "name">;

interface Input {
  /** Bytes, as latin1. */
  script: string;
  options: Options;
}

export interface Finding {
  /** The same for all inputs that show the same fault. */
  message: string;
  /** As small as it still shows the fault. */
  script: string;
  options: Options;
  target: string[];
  count: number;
}

export interface Statistics {
  inputs: number;
  /** Inputs without an error of the parser. */
  parsed: number;
  /** Inputs that became code. */
  checked: number;
  damagedTargets: number;
  slowest: number;
  memory: number;
  /** Statements reached of those that there are; 0 without marks. */
  reached: number;
  statements: number;
  corpus: number;
}

/** Errors of compiler/syntax: compiler/source/codes.ts. */
const SYNTAX_ERRORS = new Set([
  "unexpected-token",
  "unterminated-string",
  "invalid-escape",
  "invalid-number",
  "number-too-large",
  "nested-too-deeply",
  "too-large",
  "empty-program",
  "misplaced-definition",
  "misplaced-config",
  "misplaced-import",
  "duplicate-config",
  "invalid-preprocessor",
  "missing-header",
  "invalid-definition",
  "invalid-attach-point",
  "unknown-provider",
  "invalid-assignment",
  "invalid-parameter",
  "reserved-name",
]);

const SETTINGS: Record<string, readonly string[]> = {
  BPFTRACE_MAX_STRLEN: ["1", "64", "65536", "99999999999", "x"],
  BPFTRACE_ON_STACK_LIMIT: ["0", "256"],
  BPFTRACE_MAX_MAP_KEYS: ["1", "2147483647"],
  BPFTRACE_MISSING_PROBES: ["ignore", "warn"],
  BPFTRACE_STACK_MODE: ["perf", "raw", "none"],
  BPFTRACE_UNSTABLE_TYPEINFO: ["enable"],
};

/** What marks of an instrumented module tell: one byte a statement, in its memory. */
interface Marked {
  memory: WebAssembly.Memory;
  firstStatement: WebAssembly.Global;
  statements: WebAssembly.Global;
}

export class GuidedFuzzer {
  readonly statistics: Statistics = {
    inputs: 0,
    parsed: 0,
    checked: 0,
    damagedTargets: 0,
    slowest: 0,
    memory: 0,
    reached: 0,
    statements: 0,
    corpus: 0,
  };
  readonly findings = new Map<string, Finding>();
  readonly #module: WebAssembly.Module;
  readonly #random: Random;
  readonly #language: LanguageGenerator;
  readonly #typed: ScriptGenerator;
  readonly #mutator: InputMutator;
  readonly #corpus: Input[];
  readonly #onInput: (script: Buffer) => void;
  readonly #onFinding: (finding: Finding) => void;
  readonly #good = goodTarget();
  #target = this.#good;
  #compiler!: Compiler;
  /** Those of the compiler in use; undefined for a module without them. */
  #marks: Marked | undefined;
  #seen = new Uint32Array(0);
  /** Inputs left for this instance. */
  #left = 0;
  /** Bytes of the last object; 0 when there was none. */
  #size = 0;

  /**
   * @param onInput gets each script before it is compiled.
   * @param onFinding gets each fault when it shows for the first time.
   */
  constructor(
    module: WebAssembly.Module,
    seeds: readonly string[],
    random: Random,
    onInput: (script: Buffer) => void,
    onFinding: (finding: Finding) => void,
  ) {
    this.#module = module;
    this.#random = random;
    this.#language = new LanguageGenerator(random);
    this.#typed = new ScriptGenerator(random);
    this.#mutator = new InputMutator(random, this.#language);
    this.#corpus = seeds.filter((script) => script.length <= KEPT_LENGTH).map((script) => ({ script, options: {} }));
    this.#onInput = onInput;
    this.#onFinding = onFinding;
  }

  async #renew(target: FuzzTarget, inputs: number): Promise<void> {
    this.#target = target;
    this.#left = inputs;
    // The compiler keeps its instance to itself; the marks are in its memory.
    const { Instance } = WebAssembly;
    let made: WebAssembly.Instance | undefined;
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        made = this;
      }
    };
    this.#compiler = await Compiler.create(this.#module);
    WebAssembly.Instance = Instance;
    const exports = made?.exports as Partial<Marked> | undefined;
    this.#marks = exports?.firstStatement === undefined ? undefined : (exports as Marked);
    if (this.#marks === undefined || this.statistics.statements > 0) return;
    this.statistics.statements = Number(this.#marks.statements.value);
    this.#seen = new Uint32Array(Math.ceil(this.statistics.statements / 4));
  }

  /** The statements that ran for the first time, as marks. */
  #newMarks(): number {
    if (this.#marks === undefined) return 0;
    const seen = this.#seen;
    const marks = new Uint32Array(this.#marks.memory.buffer, Number(this.#marks.firstStatement.value), seen.length);
    let found = 0;
    for (let index = 0; index < seen.length; index++) {
      let fresh = (marks[index] as number) & ~(seen[index] as number);
      if (fresh === 0) continue;
      seen[index] = (seen[index] as number) | fresh;
      for (; fresh !== 0; fresh &= fresh - 1) found++;
    }
    return found;
  }

  #options(): Options {
    const random = this.#random;
    const options: Options = {};
    if (!random.once(4)) return options;
    if (random.once(3)) options.architecture = "aarch64";
    if (random.once(3)) options.helperErrors = true;
    if (random.once(3)) options.live = true;
    if (random.once(4)) options.pidNamespace = true;
    if (random.once(4)) options.backend = "llvm";
    if (random.once(12)) options.dump = ["ast", "types", "ir", "bpf", "llvm"];
    if (random.once(8)) options.includes = [random.pick(["x.h", "name.h", "none.h"])];
    if (random.once(3)) options.parameters = [random.pick(["1", "-5", "0x10", "name", "", "vfs_read", "99999999999999999999"])];
    if (random.once(3)) {
      const name = random.pick(Object.keys(SETTINGS));
      options.environment = { [name]: random.pick(SETTINGS[name] ?? []) };
    }
    return options;
  }

  #pick(): Input {
    const { length } = this.#corpus;
    const recent = length > 64 && this.#random.once(3);
    const index = () => (recent ? length - 1 - this.#random.below(64) : this.#random.below(length));
    const left = this.#corpus[index()] as Input;
    const right = this.#corpus[index()] as Input;
    // Small ones are fast, and more of their changes matter.
    return left.script.length < right.script.length ? left : right;
  }

  #next(): Input {
    const random = this.#random;
    const isDamaged = this.#target !== this.#good;
    const kind = random.below(40);
    if (kind < 6) return { script: this.#language.script(), options: this.#options() };
    if (kind < 7) return { script: this.#typed.script(2 + random.below(5), 1), options: this.#options() };
    let { script, options } = this.#pick();
    // A damaged target is what matters: scripts that ask nothing of it are passed over.
    for (let tries = 0; isDamaged && tries < 8 && !/curtask|args|struct|include|retval|tracepoint/.test(script); tries++) {
      ({ script, options } = this.#pick());
    }
    if (!isDamaged || random.once(2)) script = this.#mutator.mutate(script, this.#pick().script);
    return { script, options: random.once(4) ? this.#options() : options };
  }

  /** Compiles, answering needs from the target. */
  #compile(compiler: Compiler, source: Uint8Array, options: Options, target: FuzzTarget): CompileResult {
    for (let round = 0; round < 64; round++) {
      const result = compiler.compile(source, { ...options, name: "stdin" });
      if (result.kind !== "needs") return result;
      for (const need of result.needs) {
        const bytes = factOf(target, need);
        const name = need.kind === "header" ? need.path : "";
        compiler.supply(need, bytes ? { found: true, bytes, name } : { found: false, candidates: [...target.formats.keys()] });
      }
    }
    throw new Error("the compiler asks for the same facts again and again");
  }

  /** What is wrong with the answer to an input; empty for nothing. */
  #judge(compiler: Compiler, source: Uint8Array, options: Options, target: FuzzTarget, count = false): string {
    let result: CompileResult;
    try {
      let best = Number.POSITIVE_INFINITY;
      // A pause of the machine is not the compiler's: only the best of three counts.
      for (let attempt = 0; ; attempt++) {
        const time = cpuClock();
        result = this.#compile(compiler, source, options, target);
        best = Math.min(best, time());
        if (best <= MILLISECONDS) break;
        if (attempt === 2) return "it takes more than a second";
      }
      if (count) this.statistics.slowest = Math.max(this.statistics.slowest, best);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const memory = compiler.memoryInUse;
    this.#size = result.kind === "object" ? result.object.length : 0;
    const errors = result.diagnostics.filter(({ severity }) => severity === "error");
    if (count) {
      this.statistics.memory = Math.max(this.statistics.memory, memory);
      if (!errors.some(({ code }) => SYNTAX_ERRORS.has(code))) this.statistics.parsed++;
      if (result.kind !== "failed") this.statistics.checked++;
    }
    if (memory > MEMORY) return "it holds more than 256 MiB";
    if ((result.kind === "failed") !== errors.length > 0)
      return result.kind === "failed" ? "it failed without an error" : "an error and an object";
    if (result.kind === "object" && result.object.length < 500) return "the object is too small";
    return "";
  }

  /** Whether each statement was reached, by the number of its mark. */
  get reached(): Uint8Array {
    return new Uint8Array(this.#seen.buffer, 0, this.statistics.statements);
  }

  /** Tries the next input. */
  async step(): Promise<void> {
    if (this.#left === 0) {
      const isDamaged = this.statistics.inputs > 0 && this.#target === this.#good;
      if (isDamaged) await this.#renew(damagedTarget(this.#random), DAMAGED_INPUTS);
      else await this.#renew(this.#good, GOOD_INPUTS);
    } else if (this.#compiler.memoryInUse > INSTANCE_MEMORY) await this.#renew(this.#target, this.#left);
    this.#left--;
    const input = this.#next();
    const source = Buffer.from(input.script, "latin1");
    this.#onInput(source);
    this.statistics.inputs++;
    if (this.#target !== this.#good) this.statistics.damagedTargets++;
    const message = this.#judge(this.#compiler, source, input.options, this.#target, true);
    const found = this.#newMarks();
    this.statistics.reached += found;
    if (message !== "") {
      await this.#record(message, input);
      return;
    }
    const isSmall = input.script.length <= KEPT_LENGTH && this.#size <= KEPT_OBJECT;
    if (found > 0 && isSmall) this.#corpus.push(input);
    this.statistics.corpus = this.#corpus.length;
  }

  async #record(message: string, { script, options }: Input): Promise<void> {
    const target = this.#target;
    const known = this.findings.get(message);
    if (known !== undefined) known.count++;
    else {
      const fails = async (text: string) => {
        const compiler = await Compiler.create(this.#module);
        return this.#judge(compiler, Buffer.from(text, "latin1"), options, target) === message;
      };
      const finding: Finding = { message, script: await minimise(script, fails), options, target: target.changes, count: 1 };
      this.findings.set(message, finding);
      this.#onFinding(finding);
    }
    // A module that gave up is in no state to go on.
    await this.#renew(target, this.#left);
  }
}

/** `script` without the tokens, and then the bytes, that the fault does not need. */
async function minimise(script: string, fails: (script: string) => Promise<boolean>, milliseconds = 20_000): Promise<string> {
  const end = Date.now() + milliseconds;
  // It may take what came before to show it.
  if (!(await fails(script))) return script;
  for (const pattern of [TOKEN, /[\s\S]/g]) {
    let parts: string[] = script.match(pattern) ?? [];
    for (let size = parts.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < parts.length && Date.now() < end; ) {
        const candidate = parts.toSpliced(at, size);
        if (await fails(candidate.join(""))) parts = candidate;
        else at += size;
      }
    }
    script = parts.join("");
  }
  return script;
}

/** A symbol of a program is never found: the target is a kernel. */
function factOf(target: FuzzTarget, need: Need): Uint8Array | undefined | null {
  switch (need.kind) {
    case "btf":
    case "kfunc":
      return target.btf;
    case "header":
      return target.headers.get(need.path);
    case "tracepoint":
      return target.formats.get(`${need.category}:${need.event}`);
    case "symbol":
      return undefined;
  }
}
