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

test("names that are no text are missing, and not asked for", async () => {
  const compiler = await newCompiler();
  const scripts = {
    "tracepoint:sched:\xfename { @ = args.x; }": "unknown-probe",
    '#include "\xfename.h"\nBEGIN { @ = 1; }': "missing-header",
    'import "\xfename.bt"; BEGIN { @ = 1; }': "missing-header",
  };
  for (const [script, code] of Object.entries(scripts)) {
    const result = compiler.compile(Buffer.from(script, "latin1"), { name: "stdin" });
    assert.equal([result.kind, ...result.diagnostics.map((found) => found.code)], ["failed", code], script);
  }
});

test("a map that only a missing probe names does no harm", async () => {
  const compiler = await newCompiler();
  const source = new TextEncoder().encode("tracepoint:no:such { print(args.x); clear(@y); } BEGIN { @ = 1; }");
  const options = { name: "stdin", environment: { BPFTRACE_MISSING_PROBES: "ignore" } };
  const first = compiler.compile(source, options);
  assert.is(first.kind, "needs");
  if (first.kind === "needs") for (const need of first.needs) compiler.supply(need, { found: false, candidates: [] });
  assert.is(compiler.compile(source, options).kind, "object");
});

test.run();
