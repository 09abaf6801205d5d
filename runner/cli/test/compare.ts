// What a scenario expects against what was printed: what differs, to be read by a person.

import type { ExpectedLine } from "../../simulated/scenario.ts";

/** Stands for any number of lines. */
const GAP = "...";

function fits(expected: ExpectedLine, line: string): boolean {
  if (typeof expected === "string") return expected === line;
  return (expected instanceof RegExp ? expected : new RegExp(expected.matches)).test(line);
}

function shown(expected: ExpectedLine): string {
  return typeof expected === "string" ? expected : expected instanceof RegExp ? String(expected) : `/${expected.matches}/`;
}

/** Lines without the empty ones around them: the peer ends its output with some. */
function linesOf(text: string): string[] {
  return text.replace(/^\n+|\n+$/g, "").split("\n");
}

/**
 * A difference as lines that start with `-` (expected, missing) and `+` (printed, not expected), others are common; empty when
 * everything fits. The longest common part is kept.
 */
export function differenceOfLines(expected: string | readonly ExpectedLine[], text: string): string[] {
  const wanted: readonly ExpectedLine[] = typeof expected === "string" ? linesOf(expected) : expected;
  const printed = linesOf(text);
  // A program without output prints one empty line of nothing.
  const lines = printed.length === 1 && printed[0] === "" ? [] : printed;
  const rows = wanted.filter((line, index) => typeof expected !== "string" || line !== "" || wanted.length > 1 || index > 0);
  // cost[i][j]: least lines that do not fit, of expected from i and printed from j.
  const cost = Array.from({ length: rows.length + 1 }, () => new Uint32Array(lines.length + 1));
  for (let i = rows.length; i >= 0; i--) {
    for (let j = lines.length; j >= 0; j--) {
      const row = cost[i] as Uint32Array;
      const below = cost[i + 1];
      const expectedLine = rows[i];
      const line = lines[j];
      if (expectedLine === undefined) row[j] = lines.length - j;
      else if (expectedLine === GAP)
        row[j] = Math.min(below?.[j] ?? 0, line === undefined ? Number.MAX_SAFE_INTEGER : (row[j + 1] as number));
      else if (line === undefined) row[j] = 1 + (below?.[j] ?? 0);
      else {
        const other = 1 + Math.min(below?.[j] ?? 0, row[j + 1] as number);
        row[j] = fits(expectedLine, line) ? Math.min(below?.[j + 1] ?? 0, other) : other;
      }
    }
  }
  if (cost[0]?.[0] === 0) return [];
  const shownLines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < rows.length || j < lines.length) {
    const expectedLine = rows[i];
    const line = lines[j];
    const here = cost[i]?.[j] ?? 0;
    if (expectedLine === GAP && cost[i + 1]?.[j] === here) i++;
    else if (expectedLine === GAP && line !== undefined) {
      shownLines.push(`  ${line}`);
      j++;
    } else if (expectedLine !== undefined && line !== undefined && fits(expectedLine, line) && cost[i + 1]?.[j + 1] === here) {
      shownLines.push(`  ${line}`);
      i++;
      j++;
    } else if (expectedLine !== undefined && (cost[i + 1]?.[j] ?? 0) + 1 === here) {
      shownLines.push(`- ${shown(expectedLine)}`);
      i++;
    } else {
      shownLines.push(`+ ${line ?? ""}`);
      j++;
    }
  }
  return shownLines;
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(
      value,
      (_, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
          : inner,
      2,
    ) ?? "nothing"
  );
}

/** The same for data, line by line of its JSON. */
export function differenceOfData(expected: unknown, found: unknown): string[] {
  const [wanted, got] = [canonical(expected), canonical(found)];
  return wanted === got ? [] : differenceOfLines(wanted.split("\n"), got);
}
