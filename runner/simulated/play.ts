// Plays the steps of a scenario.

import type { Events } from "./events.ts";
import type { Duration, Scenario, Step } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";
import { badValue } from "./values.ts";

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

/** @throws BpfcastError `bad-scenario`, `program-stopped`. */
export async function playStep(step: Step, { simulation, events, settle, interrupt }: Play, where: string): Promise<void> {
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
