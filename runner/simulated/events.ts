// Events of a simulated host: what programs of each kind of probe are run for, and with what context.

import type { MachineEvent } from "../../wasm/machine.ts";
import { type Btf, BtfKind } from "../core/btf.ts";
import { perfEvent } from "../core/perf-events.ts";
import { similarNames } from "../core/similar.ts";
import type { TracepointFormat } from "../core/tracepoint-format.ts";
import { registerContext, sampleContext, stackedArguments, tracepointRecord, wordContext } from "./contexts.ts";
import { isSameBinary, profileFormat } from "./facts.ts";
import { resolve, sizeOfType } from "./map-definitions.ts";
import type { Memory } from "./memory.ts";
import type { Process } from "./processes.ts";
import type { Arguments, Situation, Value } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";
import { systemCallNumber } from "./system-calls.ts";
import { badValue, integerOf, pointerTo, writeValue } from "./values.ts";

/** First byte of a tracepoint's record that programs may read. */
const RECORD_START = 8;
/** Most arguments of a function that are looked at. */
const MAX_ARGUMENTS = 16;

interface Parameter {
  name: string;
  btf: Btf;
  type: number;
}

function didYouMean(name: string, names: Iterable<string>): string {
  const [first] = similarNames(name, names);
  return first === undefined ? "" : `: did you mean ${first}?`;
}

function isList(given: Arguments): given is readonly Value[] {
  return Array.isArray(given);
}

export class Events {
  readonly #simulation: Simulation;
  readonly #formats = new Map<string, TracepointFormat | undefined>();
  /** Events of perf that were counted since the last sample, by program and CPU. */
  readonly #counts = new Map<object, Map<number, number>>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** The format of a tracepoint; undefined where the profile has none. */
  #formatOf(name: string): TracepointFormat | undefined {
    if (!this.#formats.has(name)) this.#formats.set(name, profileFormat(this.#simulation.profile, name));
    return this.#formats.get(name);
  }

  /** A tracepoint by `category:event`. What a pointer points to is the process' memory for system calls, else the kernel's. */
  tracepoint(name: string, fields: Record<string, Value>, situation: Situation): void {
    const format = this.#formatOf(name);
    if (format === undefined)
      throw badValue(name, `the profile has no tracepoint '${name}'${didYouMean(name, this.#simulation.profile.tracepoints.keys())}`);
    const { process, event } = this.#simulation.enter(situation, name);
    const [category = "", own = ""] = name.split(":");
    const programs = this.#simulation.kernel.attachedTo("tracepoint", (place) => place.category === category && place.event === own);
    const memory = category === "syscalls" ? process.memory : this.#simulation.memory;
    const common = { type: format.id, pid: process.tid };
    const context = tracepointRecord(format, fields, common, (type, value, where) => this.#pointer(type, value, memory, where), name);
    this.#simulation.fire(programs, process, { context, contextStart: RECORD_START, event });
  }

  /** The address of what a pointer to a type in C text points to. */
  #pointer(type: string, value: Value, memory: Memory, where: string): bigint {
    const pointed = type.replace(/\b(const|volatile|__user)\b/g, "").trim();
    if (pointed.endsWith("*") && Array.isArray(value)) {
      const words = value.map((one, index) => integerOf(one) ?? this.#pointer(pointed.slice(0, -1), one, memory, `${where}[${index}]`));
      return memory.place(wordContext(words), 8);
    }
    const found = this.#simulation.types.named(pointed.replace(/\*/g, "").trim());
    return pointerTo(found?.btf ?? emptyTypes(this.#simulation), found?.id ?? 0, value, memory, where);
  }

  /** A raw tracepoint by its name. */
  rawTracepoint(name: string, values: Arguments, situation: Situation): void {
    const { process, event } = this.#simulation.enter(situation, name);
    if (!this.#simulation.profile.rawTracepoints.includes(name))
      throw badValue(name, `the profile has no such raw tracepoint${didYouMean(name, this.#simulation.profile.rawTracepoints)}`);
    const type = this.#simulation.types.named(`btf_trace_${name}`);
    // The first parameter of the function behind it is the tracer's own.
    const parameters = type && this.#parametersOf(type.btf, type.id)?.slice(1);
    const words = this.#words(values, parameters, this.#simulation.memory, name);
    const programs = this.#simulation.kernel.attachedTo("rawtracepoint", (place) => place.event === name);
    this.#simulation.fire(programs, process, { context: wordContext(words), event });
  }

  #parametersOf(btf: Btf, id: number): Parameter[] | undefined {
    let at = resolve(btf, id);
    while (btf.kind(at) === BtfKind.Pointer || btf.kind(at) === BtfKind.Function) at = resolve(btf, btf.sizeOrType(at));
    if (btf.kind(at) !== BtfKind.FunctionPrototype) return undefined;
    return Array.from({ length: Math.min(btf.count(at), MAX_ARGUMENTS) }, (_, index) => ({
      name: btf.memberName(at, index),
      btf,
      type: btf.trailingWord(at, index * 2 + 1),
    }));
  }

  /** Arguments as the 64-bit words that registers hold. */
  #words(values: Arguments, parameters: Parameter[] | undefined, memory: Memory, where: string): bigint[] {
    const list: Value[] = [];
    if (isList(values)) list.push(...values);
    else {
      if (parameters === undefined) throw badValue(where, "its parameters are not known: give the arguments as an array");
      for (const name of Object.keys(values))
        if (!parameters.some((one) => one.name === name))
          throw badValue(where, `it has no parameter '${name}': it has ${parameters.map((one) => one.name).join(", ")}`);
      list.push(...parameters.map(({ name }) => values[name] ?? 0));
    }
    if (list.length > MAX_ARGUMENTS) throw badValue(where, `more than ${MAX_ARGUMENTS} arguments`);
    return list.map((value, index) => {
      const parameter = parameters?.[index];
      const place = `${where}, argument ${parameter?.name || index}`;
      if (parameter === undefined || parameter.type === 0) {
        return integerOf(value) ?? pointerTo(emptyTypes(this.#simulation), 0, value, memory, place);
      }
      const size = sizeOfType(parameter.btf, parameter.type);
      if (size > 8) throw badValue(place, "arguments of more than 8 bytes are not passed in registers");
      const bytes = new Uint8Array(8);
      writeValue(parameter.btf, parameter.type, value, bytes, 0, memory, place);
      return new DataView(bytes.buffer).getBigUint64(0, true);
    });
  }

  /**
   * A system call: the tracepoints of its entry, and after `duration` those of its exit.
   * @param pass lets the time of the call pass.
   */
  async systemCall(
    name: string,
    values: Arguments,
    returned: Value,
    situation: Situation,
    pass: () => Promise<void>,
    number?: number,
  ): Promise<void> {
    const { profile, kernel } = this.#simulation;
    const id = number ?? systemCallNumber(profile.architecture, name);
    if (id === undefined) throw badValue(name, `${profile.architecture} has no system call of this name`);
    const where = `system call ${name}`;
    const { process } = this.#simulation.enter(situation, where);
    const entry = this.#formatOf(`syscalls:sys_enter_${name}`);
    const own = entry?.fields.filter(({ offset }) => offset >= RECORD_START && offset >= 16) ?? [];
    const named: Record<string, Value> = {};
    if (isList(values))
      values.forEach((value, index) => {
        if (own[index] !== undefined) named[own[index].name] = value;
      });
    else Object.assign(named, values);
    for (const key of Object.keys(named))
      if (entry !== undefined && !own.some((field) => field.name === key))
        throw badValue(where, `it has no argument '${key}': it has ${own.map((field) => field.name).join(", ")}`);
    // Each text is put into the process' memory once: all tracepoints of the call see the same address.
    const order = isList(values) ? values : own.map((field) => named[field.name] ?? 0);
    const words = order.map((value, index) => {
      const place = `${where}, argument ${own[index]?.name ?? index}`;
      // Of a call whose event the profile lacks nothing is known: texts are pointers.
      const isPointer = own[index]?.type.endsWith("*") ?? typeof value !== "number";
      const number = integerOf(value);
      if (number !== undefined && !(isPointer && typeof value === "string")) return number;
      if (!isPointer) throw badValue(place, `${JSON.stringify(value)} is no integer`);
      return this.#pointer((own[index]?.type ?? "").replace(/\*$/, ""), value, process.memory, place);
    });
    const fields: Record<string, Value> = { __syscall_nr: id };
    own.forEach((field, index) => {
      if (index < words.length) fields[field.name] = BigInt.asUintN(field.size * 8, words[index] ?? 0n);
    });
    const attached = (event: string, category: string) =>
      kernel.attachedTo("tracepoint", (place) => place.event === event && place.category === category).length > 0;
    const all = Array.from({ length: 6 }, (_, index) => words[index] ?? 0n);
    if (attached("sys_enter", "raw_syscalls")) this.tracepoint("raw_syscalls:sys_enter", { id, args: all }, situation);
    this.#rawIfAttached("sys_enter", [0, id], situation);
    if (attached(`sys_enter_${name}`, "syscalls")) this.tracepoint(`syscalls:sys_enter_${name}`, fields, situation);
    await pass();
    const back = integerOf(returned);
    if (back === undefined) throw badValue(where, "what it returns is no integer");
    if (attached("sys_exit", "raw_syscalls")) this.tracepoint("raw_syscalls:sys_exit", { id, ret: back }, situation);
    this.#rawIfAttached("sys_exit", [0, back], situation);
    if (attached(`sys_exit_${name}`, "syscalls")) this.tracepoint(`syscalls:sys_exit_${name}`, { __syscall_nr: id, ret: back }, situation);
  }

  #rawIfAttached(name: string, values: Value[], situation: Situation): void {
    if (this.#simulation.kernel.attachedTo("rawtracepoint", (place) => place.event === name).length > 0)
      this.rawTracepoint(name, values, situation);
  }

  /**
   * A call of a kernel function: kprobe and fentry programs at its start, and after `pass` kretprobe and fexit programs.
   * A program may override what it returns.
   */
  async call(name: string, values: Arguments, returned: Value, situation: Situation, pass: () => Promise<void>): Promise<void> {
    const { kernel, types, memory, symbols } = this.#simulation;
    const known = types.functionNamed(name);
    const parameters = known && this.#parametersOf(known.btf, known.id);
    const words = this.#words(values, parameters, memory, name);
    const address = symbols.addressOf(name);
    const { process, event } = this.#simulation.enter(situation, name);
    const probes = (isReturn: boolean) => kernel.attachedTo("kprobe", (place) => place.function === name && place.isReturn === isReturn);
    const traces = (isExit: boolean) => kernel.attachedTo("fentry", (place) => place.function === name && place.isExit === isExit);
    const typed = [...words, ...new Array<bigint>(Math.max((parameters?.length ?? 0) - words.length, 0)).fill(0n)];
    const here = { ...event, functionAddress: address };
    const override = this.#simulation.fire(probes(false), process, { context: this.#registers(words, undefined, address), event: here });
    this.#simulation.fire(traces(false), process, { context: wordContext(typed), event: here });
    await pass();
    const back = override ?? this.#returned(known, returned, memory, name);
    const later = { ...this.#simulation.enter(situation, name).event, functionAddress: address };
    this.#simulation.fire(traces(true), process, { context: wordContext([...typed, back]), event: later });
    this.#simulation.fire(probes(true), process, { context: this.#registers(words, back, address), event: later });
  }

  #returned(known: { btf: Btf; id: number } | undefined, value: Value, memory: Memory, where: string): bigint {
    const prototype = known && resolve(known.btf, known.btf.sizeOrType(known.id));
    const type = known !== undefined && prototype !== undefined ? known.btf.sizeOrType(prototype) : 0;
    const number = integerOf(value);
    if (number !== undefined) return BigInt.asUintN(64, number);
    if (known === undefined || type === 0) return pointerTo(emptyTypes(this.#simulation), 0, value, memory, `${where}, returned`);
    const bytes = new Uint8Array(8);
    writeValue(known.btf, type, value, bytes, 0, memory, `${where}, returned`);
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  #registers(words: bigint[], returned: bigint | undefined, counter: bigint, isUser = false): Uint8Array {
    const { architecture } = this.#simulation.profile;
    const stack = this.#simulation.stackWith(stackedArguments(architecture, words));
    return registerContext(architecture, { arguments: words, ...(returned !== undefined && { returned }), counter, stack, isUser });
  }

  /** A call of a function of a binary, as `uprobe` and `uretprobe` see it. Texts lie in the process' memory. */
  async userCall(
    binary: string,
    name: string,
    values: readonly Value[],
    returned: Value,
    situation: Situation,
    pass: () => Promise<void>,
  ): Promise<void> {
    const where = `${binary}:${name}`;
    const { process, event } = this.#simulation.enter(situation, where);
    const words = this.#words(values, undefined, process.memory, where);
    const address = process.symbols.addressOf(name, binary);
    const programs = (isReturn: boolean) =>
      this.#simulation.kernel.attachedTo(
        "uprobe",
        (place) => place.isReturn === isReturn && place.function === name && isSameBinary(place.binary, binary),
      );
    const here = { ...event, functionAddress: address };
    this.#simulation.fire(programs(false), process, { context: this.#registers(words, undefined, address, true), event: here });
    await pass();
    const back = integerOf(returned) ?? pointerTo(emptyTypes(this.#simulation), 0, returned, process.memory, `${where}, returned`);
    const later: Partial<MachineEvent> = { ...this.#simulation.enter(situation, where).event, functionAddress: address };
    this.#simulation.fire(programs(true), process, { context: this.#registers(words, back, address, true), event: later });
  }

  /** So many events of perf: each program is run once for every period of its own. */
  perf(name: string, count: number, situation: Situation): void {
    const wanted = perfEvent(name);
    if (wanted === undefined) throw badValue(name, "perf has no such event");
    const { process, cpu, event } = this.#simulation.enter(situation, name);
    const programs = this.#simulation.kernel.attachedTo("perf", ({ type, config }) => type === wanted.type && config === wanted.config);
    for (const program of programs) {
      const counts = this.#counts.get(program) ?? new Map<number, number>();
      this.#counts.set(program, counts);
      const { period } = program.attachment;
      let left = (counts.get(cpu) ?? 0) + count;
      for (; left >= period; left -= period)
        this.#simulation.fire([program], process, { context: this.sample(process, BigInt(period)), event });
      counts.set(cpu, left);
    }
  }

  /** The context of a sample of a process. */
  sample(process: Process, period = 0n): Uint8Array {
    const { profile } = this.#simulation;
    const counter = process.symbols.addressOf("main");
    return sampleContext(profile.architecture, { arguments: [], counter, stack: 0n, isUser: process.pid !== 0 }, period);
  }
}

/** Types to which nothing refers: for values whose type is not known. */
function emptyTypes({ types }: Simulation): Btf {
  return types.kernel;
}
