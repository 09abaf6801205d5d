// The attach point that a body is checked and lowered for: what `args`, `argN` and `retval` mean there.

import { AttachPoint, Provider } from "../syntax/ast";
import { partText } from "../syntax/attach-point";
import { providerName } from "../syntax/providers";
import { ArchitectureRow } from "../target/architecture";
import { TracepointFormat } from "../target/tracepoint";
import { Recipe } from "./builtins";
import { AddressSpace } from "./types";

/** The program asks for more arguments of a static tracepoint than any has. */
const USDT_ARGUMENTS: i32 = 255;

@final
export class ProbeContext {
  /** Full name where it is not as written; else empty. */
  name: string = "";
  /** Format of the tracepoint; null for other providers and before it was supplied. */
  format: TracepointFormat | null = null;
  /** A wildcard: one program for many places; where their fields lie differently, the runner copies it. */
  isPattern: bool = false;
  /** Its body reads `args`: then the format is needed; of a wildcard, that of the first tracepoint stands for all. */
  readsFields: bool = false;
  /** Functions and raw tracepoints: the record that `args` is, and how many of its fields are arguments. 0 before it is known. */
  tracedType: i32 = 0;
  argumentCount: i32 = 0;
  /** The host lacks it, and the script says that this is no error: it is left out. */
  isMissing: bool = false;
  /** No probe at all, but a function that nothing calls: it is checked, and never lowered. */
  isUnused: bool = false;
  /** True while the format is among the needs: nothing about `args` is known, and nothing wrong. */
  waiting: bool = false;

  constructor(
    public point: AttachPoint,
    /** Counts the attach points of the script. */
    public index: i32,
    /** Counts the probes of the script: attach points of one have it in common. */
    public body: i32,
  ) {}

  get provider(): Provider {
    return this.point.provider;
  }

  part(index: i32): string {
    return index >= 0 && index < this.point.parts.length ? partText(this.point.parts[index]) : "";
  }

  /** The probe as the peer prints it, where that is known: `name`, or as written. */
  get fullName(): string {
    if (this.name.length > 0) return this.name;
    let name = providerName(this.provider);
    for (let i = 0; i < this.point.parts.length; i++) name += ":" + this.part(i);
    return name;
  }

  /** The full name of the probe is known only where it is attached. */
  get hasBoundName(): bool {
    switch (this.provider) {
      case Provider.Rawtracepoint:
      case Provider.Fentry:
      case Provider.Fexit:
        return this.isPattern || this.point.parts.length == 1;
      case Provider.Uprobe:
      case Provider.Uretprobe:
        return this.isPattern || this.part(0).indexOf("/") < 0;
      case Provider.Usdt:
        return true;
      default:
        return this.isPattern;
    }
  }

  /** The tracer itself runs it. */
  get isSpecial(): bool {
    return this.provider == Provider.Begin || this.provider == Provider.End || this.provider == Provider.Self;
  }

  /** It runs while the script traces: not before or behind that, and not by itself. */
  get isTracing(): bool {
    switch (this.provider) {
      case Provider.Begin:
      case Provider.End:
      case Provider.Test:
      case Provider.Bench:
        return false;
      default:
        return true;
    }
  }

  /** The kind of probe as `probetype` has it: `special` for begin, end and self. */
  get typeName(): string {
    if (this.isUnused) return "no";
    return this.isSpecial ? "special" : providerName(this.provider);
  }

  /** `category:event` of a tracepoint. */
  get tracepointName(): string {
    return `${this.part(0)}:${this.part(1)}`;
  }

  /** What an attach point that the host lacks is called in messages: `kprobe vfs_read`. */
  get shownName(): string {
    const parts: Array<string> = [];
    for (let i = 0; i < this.point.parts.length; i++) parts.push(this.part(i));
    return `${providerName(this.provider)} ${parts.join(":")}`;
  }

  /** Where the addresses that the probe hands out point to. */
  get space(): AddressSpace {
    switch (this.provider) {
      case Provider.Tracepoint:
        return this.part(0) == "syscalls" ? AddressSpace.User : AddressSpace.Kernel;
      case Provider.Uprobe:
      case Provider.Uretprobe:
      case Provider.Usdt:
        return AddressSpace.User;
      case Provider.Kprobe:
      case Provider.Kretprobe:
      case Provider.Fentry:
      case Provider.Fexit:
      case Provider.Rawtracepoint:
      case Provider.Iterator:
        return AddressSpace.Kernel;
      default:
        return AddressSpace.None;
    }
  }

  /** True for probes that give `argN`. */
  get hasRegisterArguments(): bool {
    switch (this.provider) {
      case Provider.Kprobe:
      case Provider.Uprobe:
      case Provider.Usdt:
      case Provider.Rawtracepoint:
        return true;
      default:
        return false;
    }
  }

  /** How many arguments there are at most: those in registers, or what a raw tracepoint's context holds. */
  argumentLimit(architecture: ArchitectureRow): i32 {
    if (this.provider == Provider.Usdt) return USDT_ARGUMENTS;
    return this.provider == Provider.Rawtracepoint ? 12 : architecture.argumentRegisters.length;
  }

  /** True for probes whose context is, or starts with, the registers of the probed place. */
  get hasRegisters(): bool {
    switch (this.provider) {
      case Provider.Kprobe:
      case Provider.Kretprobe:
      case Provider.Uprobe:
      case Provider.Uretprobe:
      case Provider.Usdt:
      case Provider.Profile:
      case Provider.Interval:
      case Provider.Software:
      case Provider.Hardware:
      case Provider.Watchpoint:
        return true;
      default:
        return false;
    }
  }

  /** Name of the struct that `ctx` points to; empty where there is none. */
  get contextStructure(): string {
    switch (this.provider) {
      case Provider.Kprobe:
      case Provider.Kretprobe:
      case Provider.Uprobe:
      case Provider.Uretprobe:
      case Provider.Usdt:
        return "pt_regs";
      case Provider.Profile:
      case Provider.Interval:
      case Provider.Software:
      case Provider.Hardware:
      case Provider.Watchpoint:
        return "bpf_perf_event_data";
      case Provider.Iterator:
        return `bpf_iter__${this.part(0)}`;
      default:
        return "";
    }
  }

  /** True for probes of functions. */
  get hasFunction(): bool {
    return this.isKernelFunction || this.provider == Provider.Uprobe || this.provider == Provider.Uretprobe;
  }

  get isKernelFunction(): bool {
    switch (this.provider) {
      case Provider.Kprobe:
      case Provider.Kretprobe:
      case Provider.Fentry:
      case Provider.Fexit:
        return true;
      default:
        return false;
    }
  }

  /** Whether a builtin means something here, whatever the target is. */
  hasBuiltin(recipe: Recipe): bool {
    switch (recipe) {
      case Recipe.ProbeArguments:
        return this.isTraced || this.provider == Provider.Tracepoint;
      case Recipe.RegisterArgument:
        return this.hasRegisterArguments;
      case Recipe.ReturnValue:
        return this.hasReturnValue || this.provider == Provider.Fexit;
      case Recipe.ProbedFunction:
        return this.hasFunction;
      case Recipe.ProbeContext:
        return this.contextStructure.length > 0;
      default:
        return true;
    }
  }

  get hasReturnValue(): bool {
    return this.provider == Provider.Kretprobe || this.provider == Provider.Uretprobe;
  }

  /** True for probes whose arguments BTF describes. */
  get isTraced(): bool {
    return this.provider == Provider.Fentry || this.provider == Provider.Fexit || this.provider == Provider.Rawtracepoint;
  }
}
