// The language row by row, on the real kernel: see support/feature-rows.ts.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FeatureRow, featureRows } from "../support/feature-rows.ts";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-features-"));
// The peer's own name, which some scripts print.
const program = join(folder, "bpftrace");
const traced = mayTrace() ? test : test.skip;

/** Something for system calls, uprobes and samples to see. */
const load = spawn("sh", ["-c", "while :; do ls / >/dev/null; sleep 0.02; done"], { stdio: "ignore" });
test.before(() => assert.is(spawnSync("ln", ["-s", bpfcast, program]).status, 0));
test.after(() => {
  load.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function run({ script, options = [], words = [] }: FeatureRow): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, [...options, "-q", "-e", script, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", fail);
    child.on("close", (code) => done({ code, output, errors }));
  });
}

/** Rows that run at a time. */
const TOGETHER = 4;

for (let first = 0; first < featureRows.length; first += TOGETHER) {
  const rows = featureRows.slice(first, first + TOGETHER);
  // They are started together, and each is a test of its own.
  let results: Promise<{ code: number | null; output: string; errors: string }>[] = [];
  rows.forEach((row, index) => {
    traced(row.row, async () => {
      if (index === 0) results = rows.map(run);
      const { code, output, errors } = await (results[index] as (typeof results)[number]);
      assert.is(output, row.output, `${row.script}\n${errors}`);
      assert.is(code, row.code ?? 0, errors);
    });
  });
}

test.run();
