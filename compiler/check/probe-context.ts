// The attach point that a body is checked and lowered for: what `args`, `argN` and `retval` mean there.

import { AttachPart, AttachPoint, Provider } from "../syntax/ast";
import { ArchitectureRow } from "../target/architecture";
import { TracepointFormat } from "../target/tracepoint";
import { AddressSpace } from "./types";

@final
export class ProbeContext {
  /** Format of the tracepoint; null for other providers and before it was supplied. */
  format: TracepointFormat | null = null;
  /** The tracepoint is a wildcard: one program for many; where their fields lie differently, the runner copies it. */
  isPattern: bool = false;
  /** Its body reads `args`: then the format of the first tracepoint that the wildcard matches stands for all of them. */
  readsFields: bool = false;
  /** True while the format is among the needs: nothing about `args` is known, and nothing wrong. */
  waiting: bool = false;

  constructor(
    public point: AttachPoint,
    /** Counts the attach points of the script. */
    public index: i32,
  ) {}

  get provider(): Provider {
    return this.point.provider;
  }

  part(index: i32): string {
    return index < this.point.parts.length ? partText(this.point.parts[index]) : "";
  }

  /** `category:event` of a tracepoint. */
  get tracepointName(): string {
    return `${this.part(0)}:${this.part(1)}`;
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
    return this.provider == Provider.Kprobe || this.provider == Provider.Uprobe || this.provider == Provider.Rawtracepoint;
  }

  /** How many arguments there are at most: those in registers, or what a raw tracepoint's context holds. */
  argumentLimit(architecture: ArchitectureRow): i32 {
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

  get hasReturnValue(): bool {
    return this.provider == Provider.Kretprobe || this.provider == Provider.Uretprobe;
  }
}

export function partText(part: AttachPart): string {
  return String.UTF8.decodeUnsafe(part.pointer, part.length);
}
