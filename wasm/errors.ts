// The one error class of the project. Whoever catches it has everything that a user should see.

import type { ErrorCode } from "./error-codes.ts";
import type { Location, Source } from "./manifest.ts";

export interface ErrorDetails {
  /** What the user can do about it, printed on its own line. */
  hint?: string;
  /** The place in the script, with the script, so that the line can be shown. */
  location?: Location;
  source?: Source;
  /** Exit status of the process; 1 unless told. The peer's rules: features 1.3. */
  exitCode?: number;
  /** A long raw log (libbpf's or the verifier's), shown only when asked for. */
  log?: string;
  /** What else is wrong, to be reported behind it; the warnings last. */
  others?: BpfcastError[];
  warnings?: BpfcastError[];
}

export class BpfcastError extends Error {
  /** Stable kebab-case name, as `bad-manifest`. */
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "BpfcastError";
    this.code = code;
    this.details = details;
  }
}
