// What the page and its worker say to each other. A request has one answer; some send news before that.

import type { Diagnostic } from "../wasm/compiler.ts";
import type { Reference } from "../wasm/reference.ts";
import type { Picture } from "./charts/pictures.ts";
import type { TargetReport } from "./targets/survey.ts";
import type { TargetEntry } from "./targets/targets.ts";

/** Stages of a compile that can be looked at, by the compiler's names. */
export const STAGES = ["bpf", "ir", "types", "ast"] as const;
export type Stage = (typeof STAGES)[number];

/** What can be seen in an object. */
export type ObjectView = "relocations" | "maps" | "manifest" | "needs";

export type View = Stage | ObjectView;

/** A script, and what it is compiled for: the id of one of the targets. */
export interface Script {
  /** Name of its file: messages and objects have it. */
  name: string;
  script: string;
  target: string;
}

/** How a run stands. */
export interface Moment {
  /** Of the simulation, since its start. */
  seconds: number;
  /** That have run a probe, and the last of them. */
  events: number;
  last: string;
  isPaused: boolean;
  /** What the maps hold; absent where they could not be read. */
  pictures?: Picture[];
}

/** How a run is to go on. */
export type Control = { kind: "stop" | "pause" | "resume" | "step" } | { kind: "speed"; speed: number };

/** What a target has names for. */
export type NameKind = "tracepoint" | "rawtracepoint" | "syscall" | "function" | "field";

/** A name with its type: of a function, its parameters. */
export interface Named {
  name: string;
  detail: string;
}

export interface Calls {
  /** What the language has; answered as soon as the compiler is there. */
  reference: { request: Record<never, never>; answer: Reference };
  targets: { request: Record<never, never>; answer: TargetEntry[] };
  /** A profile of one's own. */
  addTarget: { request: { name: string; bytes: Uint8Array<ArrayBuffer> }; answer: TargetEntry };
  check: { request: Script; answer: { diagnostics: Diagnostic[] } };
  /** `text` is absent where the script cannot be parsed. */
  format: { request: { script: string }; answer: { text?: string } };
  /** The text of a stage, or of what the object holds; empty where the script has errors. */
  inspect: { request: Script & { view: View; backend: "own" | "llvm" }; answer: { text: string } };
  /** `object` is absent where the script has errors. */
  build: { request: Script; answer: { object?: Uint8Array<ArrayBuffer> } };
  /** What becomes of the script on each of the targets. */
  survey: { request: { script: string }; answer: { targets: TargetReport[] } };
  /** Runs on the simulated kernel until the script ends or is stopped. `code`: the exit code; absent where nothing ran. */
  run: { request: Script & { workload: string; speed: number; isPaused: boolean }; answer: { code?: number } };
  control: { request: { control: Control }; answer: Record<never, never> };
  /** An event in the run: a step of a scenario (runner/simulated/scenario.ts). */
  happen: { request: { step: unknown }; answer: Record<never, never> };
  /** Names of a kind that begin with `start`; of the fields, those of `place`: `category:event`, or a function. */
  names: { request: { target: string; kind: NameKind; start: string; place: string }; answer: { names: Named[] } };
}

export type CallName = keyof Calls;

export type Request = { [Name in CallName]: { id: number; call: Name } & Calls[Name]["request"] }[CallName];

/** What comes before the answer: text that a run prints, how it stands, how much of a longer job is done (0 to 1). */
export interface News {
  output?: string;
  moment?: Moment;
  progress?: number;
}

export type Reply =
  | { id: number; answer: Calls[CallName]["answer"] }
  /** The call has failed: an error of the program, or a file that could not be fetched. */
  | { id: number; error: string }
  | ({ id: number } & News);
