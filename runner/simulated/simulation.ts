// A simulated host: a clock, CPUs, processes and memory, and the events that make programs run. The same calls give the same results.

import { BpfcastError } from "../../wasm/errors.ts";
import { KERNEL_SPACE, type Machine, type MachineEvent } from "../../wasm/machine.ts";
import type { Binding } from "../../wasm/manifest.ts";
import type { Btf } from "../core/btf.ts";
import type { Names } from "../core/names.ts";
import type { Profile } from "../core/profile.ts";
import type { Attachment } from "../core/targets.ts";
import type { TargetTypes } from "./core-types.ts";
import type { SimulatedHost } from "./facts.ts";
import { type AttachedProgram, type Firing, SimulatedKernel } from "./kernel.ts";
import { sizeOfType } from "./map-definitions.ts";
import { Memory } from "./memory.ts";
import { type Process, Processes } from "./processes.ts";
import type { ProcessDescription, Situation, Value } from "./scenario.ts";
import { Symbols } from "./symbols.ts";
import { badValue, writeValue } from "./values.ts";

/** Nanoseconds since the boot, and since 1970, at which a simulation starts unless told: 2026-01-01, an hour after the boot. */
const UPTIME = 3_600_000_000_000n;
const START = 1_767_225_600_000_000_000n;
const SECOND = 1_000_000_000n;
const TICKS_PER_SECOND = 250n;
/** TAI is ahead of UTC by leap seconds. */
const LEAP_SECONDS = 37n;
/** Clock kinds of the compiler. */
const CLOCK_TAI = 2;
const TRACER = "bpfcast";
const STACK_BYTES = 256;

export interface SimulationOptions {
  cpus?: number;
  /** Remember which lines of scripts are run. */
  coverage?: boolean;
  /** Nanoseconds since 1970 at the start. */
  startTime?: bigint;
  /** Names of users by number; root is always known. */
  users?: Record<number, string>;
  /** Functions of binaries, which wildcards of uprobes match. */
  binaries?: Record<string, readonly string[]>;
}

interface Cpu {
  process: Process;
  kernelStack: bigint[];
  userStack: bigint[];
}

/** A timer of a program on one CPU. */
interface Timer {
  due: bigint;
  period: bigint;
  cpu: number;
  program: AttachedProgram;
}

export class Simulation {
  readonly machine: Machine;
  readonly profile: Profile;
  readonly types: TargetTypes;
  readonly kernel: SimulatedKernel;
  readonly memory: Memory;
  readonly processes: Processes;
  readonly symbols = Symbols.ofKernel();
  /** Addresses of objects by the names that a scenario has for them. */
  readonly objects = new Map<string, bigint>();
  /** Texts of files that cat() may print. */
  readonly files = new Map<string, string>();
  readonly #objectTypes = new Map<string, { btf: Btf; id: number }>();
  readonly #options: SimulationOptions;
  readonly #start: bigint;
  readonly #cpus: Cpu[];
  readonly #lastCpu = new Map<Process, number>();
  #now = UPTIME;
  readonly #timers = new Map<AttachedProgram, Timer[]>();
  readonly #stackAddress: bigint;
  /** Told of every event that ran programs. */
  onFire: (programs: readonly AttachedProgram[], process: Process) => void = () => {};

  /** @param machine one of its own, which is emptied. */
  constructor(machine: Machine, profile: Profile, types: TargetTypes, options: SimulationOptions = {}) {
    this.machine = machine;
    this.profile = profile;
    this.types = types;
    this.#options = options;
    this.#start = (options.startTime ?? START) - UPTIME;
    machine.reset({ cpus: options.cpus ?? 1 });
    this.memory = new Memory(machine, KERNEL_SPACE, types, this.objects);
    this.processes = new Processes(machine, types, this.memory, this.objects);
    this.processes.add(TRACER, { pid: 1000 });
    this.#cpus = Array.from({ length: machine.cpus }, () => ({ process: this.processes.idle, kernelStack: [], userStack: [] }));
    this.#stackAddress = this.memory.place(new Uint8Array(STACK_BYTES), 16);
    this.kernel = new SimulatedKernel(machine, types, {
      refusal: (attachment) => this.#refusal(attachment),
      tracer: () => this.#eventOf(this.processes.named(TRACER), 0, [], []),
      isCovered: options.coverage === true,
    });
  }

  /** Nanoseconds since the boot. */
  get now(): bigint {
    return this.#now;
  }

  /** Nanoseconds since 1970. */
  get realTime(): bigint {
    return this.#start + this.#now;
  }

  get host(): SimulatedHost {
    return {
      profile: this.profile,
      types: this.types,
      cpus: this.machine.cpus,
      binaries: new Map(Object.entries(this.#options.binaries ?? {})),
      constant: (binding) => this.#constant(binding),
    };
  }

  #constant(binding: Binding): bigint | undefined {
    switch (binding.kind) {
      case "start_time":
        return this.#now;
      case "tai_offset":
        return this.#start + LEAP_SECONDS * SECOND;
      case "command_pid":
        return 0n;
      case "kernel_address":
        return this.symbols.addressOf(binding.name);
      case "cgroup_id":
        return this.processes.cgroupOf(binding.name.replace(/^\/sys\/fs\/cgroup(\/unified)?(?=\/|$)/, "") || "/");
      default:
        return undefined;
    }
  }

  /** What only the host knows of printed values. */
  get names(): Names {
    return {
      kernelSymbol: (address) => this.symbols.find(address),
      userSymbol: (pid, address) => this.processes.symbolsOf(pid)?.find(address),
      userName: (id) => this.#options.users?.[id] ?? (id === 0 ? "root" : undefined),
      cgroupPath: (id, filter) => {
        const path = filter === "" || filter === "unified" ? this.processes.cgroupPath(id) : undefined;
        return path === undefined ? [] : [`unified:${path}`];
      },
      clockOffset: (clock) => this.#start - (clock === CLOCK_TAI ? this.#start + LEAP_SECONDS * SECOND : 0n),
    };
  }

  /** What the simulation cannot stand for. */
  #refusal(attachment: Attachment): { code: string; message: string } | undefined {
    const unsupported = (message: string) => ({ code: "EOPNOTSUPP", message: `the simulated kernel ${message}` });
    switch (attachment.kind) {
      case "kprobe":
        return attachment.offset > 0 ? unsupported("has no instructions inside of functions") : undefined;
      case "usdt":
        return unsupported("has no static tracepoints");
      case "watchpoint":
        return unsupported("watches no memory");
      case "iter":
        return unsupported("has no iterators");
      case "kprobe_address":
        return unsupported("has no functions at addresses");
      case "uprobe":
        return attachment.function === "" || attachment.offset > 0 ? unsupported("has no instructions inside of binaries") : undefined;
      case "tracepoint":
        return this.profile.tracepoints.has(`${attachment.category}:${attachment.event}`)
          ? undefined
          : { code: "ENOENT", message: "no such tracepoint in the profile" };
      case "rawtracepoint":
        return this.profile.rawTracepoints.includes(attachment.event)
          ? undefined
          : { code: "ENOENT", message: "no such tracepoint in the profile" };
      default:
        return undefined;
    }
  }

  /** @throws BpfcastError `bad-scenario`. */
  addProcess(name: string, description: ProcessDescription): Process {
    return this.processes.add(name, description);
  }

  #cpuOf(process: Process | undefined, cpu: number | undefined, where: string): number {
    const found = cpu ?? (process && this.#lastCpu.get(process)) ?? 0;
    if (!Number.isInteger(found) || found < 0 || found >= this.#cpus.length)
      throw badValue(where, `there is no CPU ${found}: the machine has ${this.#cpus.length}`);
    return found;
  }

  /** The process, CPU and stacks of an event; the process is that CPU's current one from now on. */
  enter(
    { process: name, cpu, kernelStack, userStack }: Situation,
    where: string,
  ): { process: Process; cpu: number; event: Partial<MachineEvent> } {
    const given = name === undefined ? undefined : this.processes.named(name);
    const at = this.#cpuOf(given, cpu, where);
    const state = this.#cpus[at] as Cpu;
    const process = given ?? state.process;
    if (given !== undefined && given !== state.process) this.#cpus[at] = { process, kernelStack: [], userStack: [] };
    this.#lastCpu.set(process, at);
    const current = this.#cpus[at] as Cpu;
    if (kernelStack !== undefined) current.kernelStack = this.symbols.stack(kernelStack, where);
    if (userStack !== undefined) current.userStack = process.symbols.stack(userStack, where);
    return { process, cpu: at, event: this.#eventOf(process, at, current.kernelStack, current.userStack) };
  }

  #eventOf(process: Process, cpu: number, kernelStack: bigint[], userStack: bigint[]): Partial<MachineEvent> {
    return {
      monotonic: this.#now,
      boot: this.#now,
      tai: this.realTime + LEAP_SECONDS * SECOND,
      jiffies: (this.#now * TICKS_PER_SECOND) / SECOND,
      process: process.pid,
      thread: process.tid,
      user: process.uid,
      group: process.gid,
      comm: process.comm,
      task: process.task,
      cgroup: process.cgroup,
      cpu,
      addressSpace: process.space,
      kernelStack,
      userStack,
      functionAddress: 0n,
    };
  }

  /** A struct in the kernel's memory. @throws BpfcastError `bad-scenario`. */
  addObject(name: string, type: string, fields: Record<string, Value>): void {
    const { btf, id } = this.memory.type(type);
    // Its address is known before its fields are: they may point back to it.
    const bytes = new Uint8Array(sizeOfType(btf, id));
    this.objects.set(name, this.memory.place(bytes, 64));
    this.#objectTypes.set(name, { btf, id });
    this.changeObject(name, fields);
  }

  /** Other values for some of its fields. @throws BpfcastError `bad-scenario`. */
  changeObject(name: string, fields: Record<string, Value>): void {
    const address = this.memory.object(name);
    const bytes = this.machine.readMemory(KERNEL_SPACE, address) ?? new Uint8Array();
    const { btf, id } = this.#objectTypes.get(name) ?? { btf: this.types.kernel, id: 0 };
    writeValue(btf, id, fields, bytes, 0, this.memory, `object '${name}'`);
    this.machine.writeMemory(KERNEL_SPACE, address, bytes);
  }

  /** Nothing runs on any CPU. @param kernelStack of each. */
  idle(kernelStack: readonly string[] = []): void {
    const frames = this.symbols.stack(kernelStack, "idle");
    for (const cpu of this.#cpus) Object.assign(cpu, { process: this.processes.idle, kernelStack: frames, userStack: [] });
  }

  /** Words on the kernel's stack, where functions find what does not fit into registers. */
  stackWith(words: Uint8Array): bigint {
    this.machine.writeMemory(KERNEL_SPACE, this.#stackAddress, words.subarray(0, STACK_BYTES));
    return this.#stackAddress;
  }

  /**
   * Runs what is attached to a place.
   * @returns what the probed function shall return in place of its own value, if a program says so.
   */
  fire(programs: readonly AttachedProgram[], process: Process, firing: Firing): bigint | undefined {
    if (programs.length > 0) this.onFire(programs, process);
    let override: bigint | undefined;
    for (const { object, program, attachment } of programs) {
      // The kernel itself keeps these to one process.
      const isFiltered = attachment.kind === "uprobe" || attachment.kind === "perf" || attachment.kind === "timer";
      if (isFiltered && object.pid !== undefined && object.pid !== process.pid) continue;
      override = object.run(program, firing) ?? override;
    }
    return override;
  }

  /** Timers of programs that were attached since, from now on. */
  #startTimers(): Timer[] {
    const attached = this.kernel.attachedTo("timer", () => true);
    for (const known of this.#timers.keys()) if (!attached.some((one) => one === known)) this.#timers.delete(known);
    for (const program of attached) {
      if (this.#timers.has(program)) continue;
      const { perSecond, amount, everyCpu } = program.attachment;
      const period = perSecond ? SECOND / BigInt(Math.max(amount, 1)) : BigInt(amount);
      if (period <= 0n) throw new BpfcastError("bad-scenario", "a timer without a period");
      const cpus = everyCpu ? this.#cpus.map((_, cpu) => cpu) : [0];
      this.#timers.set(
        program,
        cpus.map((cpu) => ({ due: this.#now + period, period, cpu, program })),
      );
    }
    return [...this.#timers.values()].flat();
  }

  /** Timers count from here: called once everything is attached. */
  start(): void {
    this.#startTimers();
  }

  /**
   * Lets time pass; what is due is run at its time.
   * @param settle called after each timer.
   */
  async pass(nanoseconds: bigint, context: (process: Process) => Uint8Array, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + nanoseconds;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#startTimers()) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
      if (next === undefined) break;
      this.#now = next.due;
      next.due += next.period;
      const { process, event } = this.enter({ cpu: next.cpu }, "a timer");
      this.fire([next.program], process, { context: context(process), event });
      await settle();
    }
    this.#now = end;
  }
}
