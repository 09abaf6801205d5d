// Statement coverage of the AssemblyScript sources: `node .scripts/coverage.mjs [--missing] [--report] [PART OF A TEST FILE'S NAME...]`.
//
// Runs the tests on instrumented modules, then prints a table and writes .out/coverage/lcov.info. `--missing` lists the lines that
// nothing ran, `--report` tells of the last run again. Fails below the targets, unless only some of the tests were run.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { buildInstrumented, folder } from "./instrument.mjs";

/** Percent of all statements and, in compiler/, of those of each file. */
const TOTAL = 90;
const FILE = 75;

const words = process.argv.slice(2);
const parts = words.filter((word) => !word.startsWith("--"));
const points = await buildInstrumented();
const hitsFolder = join(folder, "hits");

if (!words.includes("--report")) {
  rmSync(hitsFolder, { recursive: true, force: true });
  mkdirSync(hitsFolder, { recursive: true });
  // Processes without rights leave their marks too.
  chmodSync(hitsFolder, 0o777);
  // What runs in a browser cannot tell what it ran; tests in virtual machines take long, and compile what the others compile.
  const folders = ["compiler/", "fuzz/", "kernel/attached", "kernel/filters", "machine/", "native/", "quirks/", "runner/", "simulated/"];
  const hook = pathToFileURL(resolve(".scripts/coverage-hook.mjs")).href;
  const environment = { ...process.env, NODE_OPTIONS: `--import=${hook}`, COVERAGE_HITS: resolve(hitsFolder) };
  const chosen = parts.length > 0 ? parts : folders.map((name) => `test/${name}`);
  const { status } = spawnSync("node", [".scripts/test.mjs", ...chosen], { stdio: "inherit", env: environment });
  if (status !== 0) console.error("coverage: tests have failed; they may be slower than they should be with instrumented modules");
}

const hits = new Uint8Array(points.length);
for (const name of readdirSync(hitsFolder)) {
  const marks = readFileSync(join(hitsFolder, name));
  if (marks.length === hits.length) for (let index = 0; index < hits.length; index++) hits[index] |= marks[index];
}

/** File to its lines: how many statements begin there, and how many of them ran. */
const files = new Map();
points.forEach(([file, line], index) => {
  // Entries of test modules are tests.
  if (/testing[-\w]*\.ts$/.test(file)) return;
  if (!files.has(file)) files.set(file, new Map());
  const lines = files.get(file);
  const row = lines.get(line) ?? { statements: 0, ran: 0 };
  row.statements++;
  row.ran += hits[index];
  lines.set(line, row);
});

function sum(rows) {
  const total = { statements: 0, ran: 0 };
  for (const { statements, ran } of rows) {
    total.statements += statements;
    total.ran += ran;
  }
  return { ...total, percent: (100 * total.ran) / total.statements };
}

const print = (name, { statements, ran, percent }) =>
  console.log(`${name.padEnd(44)} ${String(ran).padStart(6)} of ${String(statements).padStart(6)} ${percent.toFixed(1).padStart(6)} %`);

const sums = new Map([...files].map(([file, lines]) => [file, sum(lines.values())]));
for (const directory of [...new Set([...files.keys()].map(dirname))].sort()) {
  const inside = [...sums].filter(([file]) => dirname(file) === directory);
  print(`${directory}/`, sum(inside.map(([, row]) => row)));
  for (const [file, row] of inside) {
    print(`  ${file.slice(directory.length + 1)}`, row);
    if (!words.includes("--missing") || row.ran === row.statements) continue;
    const missing = [...files.get(file)].filter(([, { statements, ran }]) => ran < statements).map(([line]) => line);
    console.log(`    lines ${missing.join(" ")}`);
  }
}
const total = sum(sums.values());
print("all", total);

const records = [...files].map(([file, lines]) =>
  [`SF:${file}`, ...[...lines].map(([line, { ran }]) => `DA:${line},${ran}`), "end_of_record", ""].join("\n"),
);
writeFileSync(join(folder, "lcov.info"), records.join(""));

const low = [...sums].filter(([file, { percent }]) => file.startsWith("compiler/") && percent < FILE).map(([file]) => file);
if (parts.length === 0 && (total.percent < TOTAL || low.length > 0)) {
  console.error(`coverage: below the targets of ${TOTAL} % in all and ${FILE} % in each file of the compiler: ${low.join(" ")}`);
  process.exitCode = 1;
}
