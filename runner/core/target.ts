// What a script is compiled for: the machine itself, or a profile of another.

import type { Answer, TargetNeed } from "../../wasm/compiler.ts";
import type { BpfcastError } from "../../wasm/errors.ts";
import type { Architecture } from "../../wasm/manifest.ts";

export interface Target {
  architecture: Architecture;
  /** Names it in messages; empty for this machine. */
  description: string;
  /** @throws BpfcastError when it cannot be asked at all. */
  answer(need: TargetNeed): Answer;
  /** Another target to compile for, where this one cannot be asked for these facts. */
  replacement?(needs: TargetNeed[]): Target | undefined;
  /** What the object needs and the target's kernel is known to lack. */
  missingFeature?(object: Uint8Array): BpfcastError | undefined;
}
