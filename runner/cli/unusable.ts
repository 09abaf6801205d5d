// Exit code 2 of the subcommands for CI: what they were given cannot be used, so that they can say nothing of it.

import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";

const UNUSABLE = 2;

export function unusable(code: ErrorCode, message: string, hint?: string): BpfcastError {
  return new BpfcastError(code, message, { exitCode: UNUSABLE, ...(hint === undefined ? {} : { hint }) });
}

/** The same error with that exit code; what is none of ours stays as it is. */
export function asUnusable(error: unknown): unknown {
  return error instanceof BpfcastError ? new BpfcastError(error.code, error.message, { ...error.details, exitCode: UNUSABLE }) : error;
}
