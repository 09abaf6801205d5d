// Values, types and declarations of the language, on the real kernel: see support/language-rows.ts.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Compiler } from "../../wasm/compiler.ts";
import { type Row, sections } from "../support/language-rows.ts";

function run(script: string): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((done, fail) => {
    const child = spawn("node", [resolve(".out/bpfcast.cjs"), "-q", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
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

/** Scripts that run at a time. */
const TOGETHER = 4;

for (const [name, rows] of Object.entries(sections)) {
  test(name, async () => {
    for (let first = 0; first < rows.length; first += TOGETHER) {
      const batch = rows.slice(first, first + TOGETHER);
      const results = await Promise.all(batch.map(([script]) => run(script)));
      results.forEach(({ code, output, errors }, index) => {
        const [script, expected] = batch[index] as Row;
        assert.is(output, expected, `${script}\n${errors}`);
        assert.is(code, 0, script);
      });
    }
  });
}

test("all scripts are valid after every pass", async () => {
  // This module validates the IR after each pass, and gives up with the validator's words.
  const compiler = await Compiler.create(readFileSync(".out/testing-pipeline.wasm"));
  const kernel = readFileSync("/sys/kernel/btf/vmlinux");
  for (const [script] of Object.values(sections).flat()) {
    let result = compiler.compile(new TextEncoder().encode(script), { name: "stdin" });
    // Headers are asked for first, then types.
    for (let round = 0; round < 3 && result.kind === "needs"; round++) {
      for (const need of result.needs)
        compiler.supply(need, need.kind === "btf" ? { found: true, bytes: kernel } : { found: false, candidates: [] });
      result = compiler.compile(new TextEncoder().encode(script), { name: "stdin" });
    }
    assert.is(result.kind, "object", script);
  }
});

test.run();
