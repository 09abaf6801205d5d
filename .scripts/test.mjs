// Runs the tests: each test/**/*.test.ts is bundled and run by itself, as it is a program of uvu's. Last line: the sum.
//
//   node .scripts/test.mjs [--matrix | --fuzz | --bench] [PART OF A FILE NAME...]
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { assemble } from "./assemble.mjs";
import { buildInstrumented } from "./instrument.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const words = process.argv.slice(2);
const mode = words.find((word) => word.startsWith("--"))?.slice(2) ?? "test";
const filters = words.filter((word) => !word.startsWith("--"));

const folders = {
  test: (file) => !file.startsWith("test/bench/"),
  matrix: (file) => file.startsWith("test/kernel/"),
  fuzz: (file) => file.startsWith("test/fuzz/"),
  bench: (file) => file.startsWith("test/bench/"),
};
const wanted = folders[mode];
if (!wanted) {
  console.error(`unknown mode --${mode}`);
  process.exit(1);
}
const SUMMARY = join("test", "bench", "summary.bench.ts");
const files = readdirSync("test", { recursive: true })
  .map((name) => join("test", String(name)))
  .filter(
    (name) =>
      name.endsWith(mode === "bench" ? ".bench.ts" : ".test.ts") &&
      wanted(name) &&
      (filters.length === 0 || name === SUMMARY || filters.some((part) => name.includes(part))),
  )
  // The summary of the benches reads what the others have left.
  .sort((left, right) => Number(left === SUMMARY) - Number(right === SUMMARY) || (left < right ? -1 : 1));

mkdirSync(".out/test", { recursive: true });
await build({
  entryPoints: files,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  outdir: ".out/test",
  outbase: "test",
  sourcemap: "inline",
  logLevel: "warning",
});
const programOf = (file) => join(".out/test", file.slice("test/".length).replace(/\.ts$/, ".js"));

// Test modules of the compiler: entries that export what tests in TypeScript drive. Made when a test reads them.
const programs = files.map((file) => readFileSync(programOf(file), "utf8"));
for (const name of ["testing", "testing-backend", "testing-pipeline"]) {
  if (!programs.some((program) => program.includes(`.out/${name}.wasm`))) continue;
  if (!(await assemble(`compiler/${name}.ts`, ["-O1", "--debug", "--outFile", `.out/${name}.wasm`]))) process.exit(1);
}
if (mode === "fuzz" && programs.some((program) => program.includes(".out/coverage/compiler.wasm"))) await buildInstrumented(["compiler"]);

/** A file of the plain tests that takes longer, in ms, hangs: it fails, and the others run. */
const FILE_LIMIT = 420_000;

let passed = 0;
let failed = 0;
for (const file of files) {
  const started = Date.now();
  const result = spawnSync("node", ["--enable-source-maps", programOf(file)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // Long runs say on stderr how far they are.
    stdio: ["ignore", "pipe", mode === "fuzz" ? "inherit" : "pipe"],
    env: { ...process.env, TEST_MODE: mode },
    ...(mode === "test" ? { timeout: FILE_LIMIT, killSignal: "SIGKILL" } : {}),
  });
  // A bench prints a table and is no program of uvu's: its exit status is all that counts.
  if (mode === "bench") {
    console.log(result.stdout + result.stderr);
    if (result.status === 0) passed++;
    else failed++;
    continue;
  }
  const number = (label) => Number(new RegExp(`${label}:\\s+(\\d+)`).exec(result.stdout)?.[1] ?? Number.NaN);
  const total = number("Total");
  const good = number("Passed");
  const broken = result.status !== 0 || Number.isNaN(total) || total === 0;
  const bad = Number.isNaN(total) ? 1 : Math.max(total - good, broken && total === good ? 1 : 0);
  passed += Number.isNaN(good) ? 0 : good;
  failed += bad;
  console.log(
    `${bad > 0 ? "FAILED" : "ok    "} ${file}: ${Number.isNaN(good) ? 0 : good} passed, ${bad} failed (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (result.error) console.log(result.error.message);
  if (bad > 0 || mode === "matrix" || mode === "fuzz") console.log(result.stdout + (result.stderr ?? ""));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
