// What the checker says where the target cannot be used; messages about scripts are in errors.test.ts.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile, newCompiler } from "../../support/compiler.ts";

test("a target without BTF is one clear error", async () => {
  const result = compile(await newCompiler(), "BEGIN { print(curtask->tgid); }", [], null);
  assert.is(result.kind, "failed");
  assert.is(result.diagnostics[0]?.code, "missing-types");
});

test("a damaged BTF is one clear error", async () => {
  const result = compile(await newCompiler(), "BEGIN { print(curtask->tgid); }", [], new Uint8Array(100));
  assert.is(result.kind, "failed");
  assert.match(result.diagnostics[0]?.message ?? "", /cannot be used: it does not start with the BTF magic/);
});

test.run();
