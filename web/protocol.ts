// What the page and its worker say to each other. A request has one answer; a run sends its output before that.

import type { Diagnostic } from "../wasm/compiler.ts";
import type { Reference } from "../wasm/reference.ts";

/** Stages of a compile that can be looked at, by the compiler's names. */
export const STAGES = ["bpf", "ir", "types", "ast"] as const;
export type Stage = (typeof STAGES)[number];

export interface Calls {
  /** What the language has; answered as soon as the compiler is there. */
  reference: { request: Record<never, never>; answer: Reference };
  check: { request: { script: string }; answer: { diagnostics: Diagnostic[] } };
  /** `text` is absent where the script cannot be parsed. */
  format: { request: { script: string }; answer: { text?: string } };
  /** The text of a stage; empty where the script has errors. */
  inspect: { request: { script: string; stage: Stage }; answer: { text: string } };
  /** `object` is absent where the script has errors. */
  build: { request: { script: string }; answer: { object?: Uint8Array<ArrayBuffer> } };
  /** Runs on the simulated kernel until the script ends or `stop` comes. `code`: the exit code; absent where nothing ran. */
  run: { request: { script: string }; answer: { code?: number } };
  stop: { request: Record<never, never>; answer: Record<never, never> };
}

export type CallName = keyof Calls;

export type Request = { [Name in CallName]: { id: number; call: Name } & Calls[Name]["request"] }[CallName];

export type Reply =
  | { id: number; answer: Calls[CallName]["answer"] }
  /** The call has failed: an error of the program, or a file that could not be fetched. */
  | { id: number; error: string }
  /** Text that a run prints. */
  | { id: number; output: string };
