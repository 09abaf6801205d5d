// Random and damaged scripts through the whole compiler: an object or an error, never both, never late, never a trap; and the
// IR is valid after every pass. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Compiler } from "../../wasm/compiler.ts";
import { richKernel } from "../support/btf.ts";
import { cases } from "../support/cases.ts";
import { compile } from "../support/compiler.ts";
import { featureRows } from "../support/feature-rows.ts";
import { sections } from "../support/language-rows.ts";
import { mutate } from "../support/mutate-script.ts";
import { cpuClock, Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";

/** Milliseconds that no script may take in the product; the test module is built for its checks, not for speed. */
const LIMIT = 200;
const VALIDATING_LIMIT = 2000;
/** Of a script a thousand statements long, written out or unrolled. */
const LARGE_LIMIT = 500;

const seed = runSeed();
const golden = readdirSync("test/compiler/golden")
  .filter((name) => name.endsWith(".bt"))
  .map((name) => readFileSync(`test/compiler/golden/${name}`, "utf8"));

const load = async (name: string) => Compiler.create(readFileSync(name));
const product = () => load(".out/compiler.wasm");
const validating = () => load(".out/testing-pipeline.wasm");

/** Compiles and judges; returns the kind of result. */
function check(compiler: Compiler, script: string, limit = VALIDATING_LIMIT): string {
  try {
    let result = compile(compiler, script);
    // A pause of the machine is not the compiler's: only the best of three counts.
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3 && best > limit; attempt++) {
      const time = cpuClock();
      result = compile(compiler, script);
      best = time();
    }
    assert.ok(best <= limit, `it took ${best.toFixed(0)} ms`);
    const errors = result.diagnostics.filter(({ severity }) => severity === "error").length;
    assert.is(result.kind === "failed", errors > 0, `${result.kind} with ${errors} errors`);
    if (result.kind === "object") assert.ok(result.object.length > 500);
    return result.kind;
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nfor ${script.length > 4000 ? `${script.slice(0, 4000)}...` : script}`,
      { cause: error },
    );
  }
}

/** Scripts that every run compiles, however slow the machine. */
const MINIMUM = 200;

/** Compiles what `next` makes until the time is up. */
function run(compiler: Compiler, milliseconds: number, next: () => string, limitOf = (_: string) => VALIDATING_LIMIT): Map<string, number> {
  const kinds = new Map<string, number>();
  const end = Date.now() + milliseconds;
  for (let done = 0; done < MINIMUM || Date.now() < end; done++) {
    const script = next();
    const kind = check(compiler, script, limitOf(script));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

function atLeast(kinds: Map<string, number>, kind: string, wanted: number): void {
  assert.ok((kinds.get(kind) ?? 0) >= wanted, JSON.stringify([...kinds]));
}

test("known scripts: the IR is valid after every pass", async () => {
  const compiler = await validating();
  for (const script of golden) assert.is(check(compiler, script), "object", script);
  for (const { script } of cases) check(compiler, script);
  // The whole language, row by row; what made-up types lack is refused.
  const rows = [
    ...Object.values(sections).flatMap((section) => section.map(([script]) => script)),
    ...featureRows.map((row) => row.script),
  ];
  const objects = rows.filter((script) => compile(compiler, script, [], richKernel()).kind === "object");
  assert.ok(objects.length > rows.length / 2, `${objects.length} of ${rows.length}`);
});

test(`random scripts: the IR is valid after every pass, seed ${seed}`, async () => {
  const random = new Random(seed);
  const generator = new ScriptGenerator(random);
  const kinds = run(await validating(), runMilliseconds() / 2, () => generator.script(10 + random.below(80)));
  atLeast(kinds, "object", 50);
});

test(`random scripts through the product, seed ${seed}`, async () => {
  const random = new Random(seed + 1);
  const generator = new ScriptGenerator(random);
  const kinds = run(
    await product(),
    runMilliseconds() / 4,
    () => generator.script(10 + random.below(300)),
    (script) => (script.includes("unroll") ? LARGE_LIMIT : LIMIT),
  );
  atLeast(kinds, "object", 30);
});

test(`damaged scripts, seed ${seed}`, async () => {
  const random = new Random(seed + 2);
  const generator = new ScriptGenerator(random);
  const next = () => mutate(random.once(4) ? random.pick(golden) : generator.script(10 + random.below(40)), random);
  const kinds = run(await validating(), runMilliseconds() / 4, next);
  atLeast(kinds, "object", 2);
  atLeast(kinds, "failed", 100);
});

const repeated = (count: number, make: (index: number) => string, separator = "") =>
  Array.from({ length: count }, (_, index) => make(index)).join(separator);

/** Scripts that are large in one direction. */
const large: Record<string, string> = {
  "1,000 statements": `BEGIN { ${repeated(1000, (i) => `@x${i % 20} = ${i} * pid;`)} }`,
  "1,000 messages": `BEGIN { ${repeated(1000, (i) => `printf("%d %s", ${i}, comm);`)} }`,
  "1,000 branches": `BEGIN { $x = 0; ${repeated(1000, (i) => `if (pid == ${i}) { $x = ${i * 3}; }`)} @ = $x; }`,
  "1,000 nested additions": `BEGIN { @ = ${repeated(1000, (i) => `${i}`, " + pid + ")}; }`,
  "200 maps": `BEGIN { ${repeated(200, (i) => `@m${i}[pid, comm] = count();`)} }`,
  "200 attach points": `${repeated(200, (i) => `kprobe:function_${i}`, ", ")} { @[probe] = count(); }`,
  "200 probes": repeated(200, (i) => `kprobe:function_${i} { @[arg0] = hist(arg1); }`, "\n"),
  "300 nested blocks": `BEGIN { ${"if (pid) { ".repeat(300)} @++; ${"}".repeat(300)} }`,
  "300 nested parentheses": `BEGIN { @ = ${"(1 + ".repeat(300)} pid ${")".repeat(300)}; }`,
  "300 nested tuples": `BEGIN { @[${"(1, ".repeat(300)} 1 ${")".repeat(300)}] = 1; }`,
  "tuples of tuples": `BEGIN { @[${"(".repeat(7)}1, 2, 3${repeated(7, () => "), 1, 2, 3, comm")}] = count(); }`,
  "nested unroll": `BEGIN { ${"unroll(100) { ".repeat(4)} @++; ${"}".repeat(4)} }`,
  "unroll of much": `BEGIN { unroll(100) { ${"@x = @x * 2 + @y[pid];".repeat(50)} } }`,
  "a long format": `BEGIN { printf("${"%d ".repeat(127)}"${", pid".repeat(127)}); }`,
  "a longer format": `BEGIN { printf("${"%d ".repeat(200)}"${", pid".repeat(200)}); }`,
  "a long text in a format": `BEGIN { printf("${"x".repeat(100_000)}"); }`,
  "a long text": `BEGIN { @ = "${"x".repeat(100_000)}"; }`,
  "texts as key": `BEGIN { @[${repeated(40, () => "str(arg0)", ", ")}] = 1; }`.replace("BEGIN", "kprobe:f"),
  "many texts at once": `kprobe:f { printf("${"%s".repeat(100)}"${", str(arg0)".repeat(100)}); }`,
  "many variables": `BEGIN { ${repeated(300, (i) => `$v${i} = pid + ${i};`)} @ = ${repeated(300, (i) => `$v${i}`, " + ")}; }`,
  "many text variables": `BEGIN { ${repeated(100, (i) => `$v${i} = str(0);`)} }`,
  "a chain of conditions": `BEGIN { if (${repeated(500, (i) => `pid == ${i}`, " || ")}) { @++; } }`,
  "a chain of texts": `BEGIN { if (${repeated(200, (i) => `comm == "name ${i}"`, " || ")}) { @++; } }`,
  "a chain of conditionals": `BEGIN { @ = ${repeated(200, (i) => `pid == ${i} ? ${i} : `)} 0; }`,
  "types that widen again and again": `BEGIN { ${repeated(60, (i) => `@a${i} = @a${i + 1};`)} @a60 = "x"; }`,
  "a long chain of fields": `BEGIN { @ = curtask${"->real_parent".repeat(200)}->pid; }`,
  "a deep chain of maps": `BEGIN { @ = ${"@[".repeat(150)}1${"]".repeat(150)}; }`,
};

for (const [name, script] of Object.entries(large)) {
  test(`large: ${name}`, async () => {
    check(await product(), script, LARGE_LIMIT);
    // The validator takes 8 s for a thousand records: only its word counts, and not in every run.
    if (name !== "1,000 messages" || process.env["TEST_MODE"] === "fuzz") compile(await validating(), script);
  });
}

test.run();
