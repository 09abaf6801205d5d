// What a compile of a test asks for, answered from this machine.

import { answerNeed } from "../../runner/host/profile.ts";
import type { Compiler, Need } from "../../wasm/compiler.ts";

/** Answers from the running kernel; local headers there are none. */
export function supplyLive(compiler: Compiler, need: Need): void {
  compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : answerNeed(need));
}
