// Codes of errors that the compiler does not give, as entries of the reference.

import type { ReferenceEntry } from "../../wasm/reference.ts";

export const RUNNER_CODES: readonly ReferenceEntry[] = [
  {
    kind: "code",
    name: "missing-feature",
    documentation:
      "The target's kernel lacks something that the script needs: a helper, a kind of map or of program, a function that programs may call",
  },
];
