// Codes of errors that the compiler does not give, as entries of the reference.

import { ERROR_CODES } from "../../wasm/error-codes.ts";
import type { ReferenceEntry } from "../../wasm/reference.ts";

export const RUNNER_CODES: readonly ReferenceEntry[] = ERROR_CODES.map(([name, documentation]) => ({ kind: "code", name, documentation }));
