// Scenarios: what happens to a script, and what it must print. Plain data, in TypeScript or JSON.

import type { Arguments, Events } from "./events.ts";
import type { ProcessDescription } from "./processes.ts";
import type { Simulation, Situation } from "./simulation.ts";
import { badValue, type Value } from "./values.ts";

/** A length of time: nanoseconds, or a number with a unit as `250ms`. */
export type Duration = number | string;

/** Who it happens to and where, and how long it takes. */
interface Happening extends Situation {
  /** So many times, one behind the other. */
  times?: number;
}

interface Call extends Happening {
  /** What it returns; 0 unless given. */
  returns?: Value;
  /** From entry to return. */
  lasts?: Duration;
}

export type Step =
  /** Nothing happens but timers. */
  | { after: Duration }
  /** A process runs on a CPU, where timers see it. */
  | ({ runs: Duration } & Situation)
  /** `category:event` with its fields; those that are left out are 0. */
  | ({ tracepoint: string; fields?: Record<string, Value> } & Happening)
  | ({ rawtracepoint: string; arguments?: Arguments } & Happening)
  /** A system call by its name, with the tracepoints of entry and exit. */
  | ({ syscall: string; arguments?: Arguments; number?: number } & Call)
  /** A function of the kernel. */
  | ({ call: string; arguments?: Arguments } & Call)
  /** `binary:function`. */
  | ({ user: string; arguments?: readonly Value[] } & Call)
  /** Events of perf: `page-faults`. */
  | ({ event: string; count?: number } & Happening)
  /** The values of an object change from here on. */
  | { object: string; fields: Record<string, Value> }
  /** The tracer is asked to end: Ctrl-C. */
  | { interrupt: true };

/** A line, or what a line must fit; in JSON a regular expression is written `{ "matches": "^a.*z$" }`. */
export type ExpectedLine = string | RegExp | { matches: string };

export interface Expectation {
  /** Everything that is printed, line by line; `...` stands for any number of lines. */
  output?: string | readonly ExpectedLine[];
  /** Maps at the end as JSON output has them; a number for a map without keys. */
  maps?: Record<string, unknown>;
  /** JSON output, event by event. */
  events?: readonly unknown[];
  /** What is written to standard error, line by line. */
  errors?: string | readonly ExpectedLine[];
  /** 0 unless given. */
  exitCode?: number;
  /** Signals that the script sends. */
  signals?: readonly number[];
}

export interface Scenario {
  name: string;
  /** Words behind the script on the command line, and `--name=value`. */
  arguments?: readonly string[];
  /** Path of the profile of the kernel, from the scenario's file; the default profile unless given. */
  profile?: string;
  /** 1 unless given. */
  cpus?: number;
  /** Allows what `--unsafe` does. */
  unsafe?: boolean;
  /** Traced is one process only, as with -p. */
  pid?: number;
  processes?: Record<string, ProcessDescription>;
  /** Structs in the kernel's memory, by type and fields; steps name them by `{ $object: name }`. */
  objects?: Record<string, { type: string; fields?: Record<string, Value> }>;
  /** Functions of binaries, which wildcards match. */
  binaries?: Record<string, readonly string[]>;
  /** Files that cat() prints. */
  files?: Record<string, string>;
  users?: Record<number, string>;
  steps: readonly Step[];
  expect: Expectation;
}

const UNITS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds. @throws BpfcastError `bad-scenario`. */
export function nanoseconds(duration: Duration, where: string): bigint {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)$/.exec(String(duration)) ?? [];
  const found = typeof duration === "number" ? duration : Number(number) * (UNITS[unit] ?? Number.NaN);
  if (!Number.isFinite(found) || found < 0) throw badValue(where, `'${duration}' is no duration: 10us, 1.5s`);
  return BigInt(Math.round(found));
}

/** Lays out what is there before anything happens. */
export function prepare(simulation: Simulation, scenario: Scenario): void {
  for (const [name, { type, fields = {} }] of Object.entries(scenario.objects ?? {})) simulation.addObject(name, type, fields);
  for (const [name, description] of Object.entries(scenario.processes ?? {})) simulation.addProcess(name, description);
  for (const [name, text] of Object.entries(scenario.files ?? {})) simulation.files.set(name, text);
}

/** How the steps of a scenario are played. */
export interface Play {
  simulation: Simulation;
  events: Events;
  /** Lets the runner print what has come. */
  settle(): Promise<void>;
  /** Asks the run to end. */
  interrupt(): void;
  /** Nothing is attached any more: the run has ended. */
  isOver(): boolean;
}

/** @throws BpfcastError `bad-scenario` with the number of the step, `program-stopped`. */
export async function play(steps: readonly Step[], stage: Play): Promise<void> {
  stage.simulation.start();
  for (const [index, step] of steps.entries()) {
    const times = "times" in step ? (step.times ?? 1) : 1;
    for (let time = 0; time < times; time++) {
      if (stage.isOver()) return;
      await playStep(step, stage, `step ${index + 1}`);
      await stage.settle();
    }
  }
}

async function playStep(step: Step, { simulation, events, settle, interrupt }: Play, where: string): Promise<void> {
  const pass = (duration: Duration) => simulation.pass(nanoseconds(duration, where), (process) => events.sample(process), settle);
  const lasts = (duration: Duration | undefined) => async () => {
    if (duration === undefined) return;
    await settle();
    await pass(duration);
  };
  if ("after" in step) {
    simulation.idle();
    await pass(step.after);
  } else if ("runs" in step) {
    simulation.enter(step, where);
    await pass(step.runs);
  } else if ("tracepoint" in step) events.tracepoint(step.tracepoint, step.fields ?? {}, step);
  else if ("rawtracepoint" in step) events.rawTracepoint(step.rawtracepoint, step.arguments ?? [], step);
  else if ("syscall" in step)
    await events.systemCall(step.syscall, step.arguments ?? [], step.returns ?? 0, step, lasts(step.lasts), step.number);
  else if ("call" in step) await events.call(step.call, step.arguments ?? [], step.returns ?? 0, step, lasts(step.lasts));
  else if ("user" in step) {
    const colon = step.user.lastIndexOf(":");
    if (colon < 0) throw badValue(where, `'${step.user}' is no BINARY:FUNCTION`);
    const [binary, name] = [step.user.slice(0, colon), step.user.slice(colon + 1)];
    await events.userCall(binary, name, step.arguments ?? [], step.returns ?? 0, step, lasts(step.lasts));
  } else if ("event" in step) events.perf(step.event, step.count ?? 1, step);
  else if ("object" in step) simulation.changeObject(step.object, step.fields);
  else interrupt();
}
