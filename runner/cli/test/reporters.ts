// What `bpfcast test` prints: for people in the manner of uvu, TAP version 13, JUnit XML.

import type { Outcome } from "./run-scenario.ts";

/** The scenarios of one file. */
export interface FileOutcome {
  file: string;
  scriptFile: string;
  /** Lines of the script. */
  lines: readonly string[];
  outcomes: readonly Outcome[];
}

export type Reporter = (files: readonly FileOutcome[], milliseconds: number, withCoverage: boolean) => string;

interface Sums {
  total: number;
  passed: number;
}

export function sumsOf(files: readonly FileOutcome[]): Sums {
  const all = files.flatMap(({ outcomes }) => outcomes);
  return { total: all.length, passed: all.filter(({ passed }) => passed).length };
}

/** Lines of a script that no scenario of a file has run. */
export function uncovered({ outcomes }: FileOutcome): { coverable: number; missed: number[] } {
  const coverable = new Set(outcomes.flatMap((outcome) => [...outcome.coverable]));
  const covered = new Set(outcomes.flatMap((outcome) => [...outcome.covered]));
  return { coverable: coverable.size, missed: [...coverable].filter((line) => !covered.has(line)).sort((a, b) => a - b) };
}

const share = (part: number, whole: number) => (whole === 0 ? "100.0" : ((part / whole) * 100).toFixed(1));

function coverageText(file: FileOutcome): string {
  const { coverable, missed } = uncovered(file);
  const head = `  ${share(coverable - missed.length, coverable).padStart(5)} %  ${file.scriptFile}`;
  return [head, ...missed.map((line) => `          ${String(line).padStart(4)} | ${file.lines[line - 1] ?? ""}`)].join("\n");
}

const text: Reporter = (files, milliseconds, withCoverage) => {
  const parts: string[] = [];
  for (const { file, outcomes } of files) {
    const marks = outcomes.map(({ passed }) => (passed ? "\u2022" : "\u2718")).join(" ");
    parts.push(`${file}  ${marks}   (${outcomes.filter(({ passed }) => passed).length} / ${outcomes.length})`);
    for (const { name, passed, difference } of outcomes)
      if (!passed) parts.push("", `   FAIL  "${name}"`, ...difference.map((line) => `    ${line}`), "");
  }
  const { total, passed } = sumsOf(files);
  if (withCoverage) parts.push("", "Lines of the scripts that were run:", ...files.map(coverageText));
  parts.push(
    "",
    `  Total:     ${total}`,
    `  Passed:    ${passed}`,
    `  Failed:    ${total - passed}`,
    `  Duration:  ${milliseconds.toFixed(0)}ms`,
    "",
  );
  return parts.join("\n");
};

const tap: Reporter = (files, _, withCoverage) => {
  const lines = ["TAP version 13", `1..${sumsOf(files).total}`];
  let number = 0;
  for (const file of files) {
    for (const { name, passed, difference, milliseconds } of file.outcomes) {
      lines.push(`${passed ? "ok" : "not ok"} ${++number} - ${file.file}: ${name.replace(/[#\\]/g, "\\$&")}`);
      lines.push("  ---", `  duration_ms: ${milliseconds.toFixed(1)}`);
      if (!passed) lines.push("  difference: |", ...difference.map((line) => `    ${line}`));
      lines.push("  ...");
    }
    if (!withCoverage) continue;
    const { coverable, missed } = uncovered(file);
    lines.push(
      `# coverage ${file.scriptFile}: ${share(coverable - missed.length, coverable)} % of ${coverable} lines; not run: ${missed.join(" ") || "none"}`,
    );
  }
  return `${lines.join("\n")}\n`;
};

/** Text in XML 1.0, which has no place for most control characters. */
function xml(value: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const letters = [...value].map((letter) =>
    (letter < " " && !"\t\n\r".includes(letter)) || letter === "\ufffe" || letter === "\uffff" ? "\ufffd" : letter,
  );
  return letters.map((letter) => names[letter] ?? letter).join("");
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3);

const junit: Reporter = (files, milliseconds) => {
  const { total, passed } = sumsOf(files);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${total}" failures="${total - passed}" time="${seconds(milliseconds)}">`,
  ];
  for (const { file, outcomes } of files) {
    const failures = outcomes.filter((outcome) => !outcome.passed).length;
    const time = outcomes.reduce((sum, outcome) => sum + outcome.milliseconds, 0);
    lines.push(`  <testsuite name="${xml(file)}" tests="${outcomes.length}" failures="${failures}" time="${seconds(time)}">`);
    for (const outcome of outcomes) {
      const head = `    <testcase classname="${xml(file)}" name="${xml(outcome.name)}" time="${seconds(outcome.milliseconds)}"`;
      if (outcome.passed) lines.push(`${head}/>`);
      else
        lines.push(
          `${head}>`,
          `      <failure message="${xml(outcome.difference[0] ?? "")}">${xml(outcome.difference.join("\n"))}</failure>`,
          "    </testcase>",
        );
    }
    lines.push("  </testsuite>");
  }
  return `${lines.join("\n")}\n</testsuites>\n`;
};

export const REPORTERS: Readonly<Record<string, Reporter>> = { text, tap, junit };
