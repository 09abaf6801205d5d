// Differences of two texts in the unified format of diff(1), by Myers' algorithm (An O(ND) Difference Algorithm, 1986).

/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/** Edits up to which the shortest way is looked for; beyond, one text in place of the other is as good. */
const MAXIMUM_EDITS = 2000;

interface Line {
  sign: " " | "-" | "+";
  text: string;
}

/** Lines with their line feeds. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** How far each diagonal was reached after each number of edits, up to the one that reaches the end; undefined: too many. */
function reach(left: string[], right: string[]): Int32Array[] | undefined {
  const most = Math.min(left.length + right.length, MAXIMUM_EDITS);
  const steps: Int32Array[] = [];
  let before = new Int32Array(3);
  for (let edits = 0; edits <= most; edits++) {
    // Diagonal k, from -edits to edits, is at k + edits + 1: one place to spare on either side.
    const reached = new Int32Array(2 * edits + 3);
    for (let k = -edits; k <= edits; k += 2) {
      const at = (diagonal: number) => before[diagonal + edits] ?? 0;
      let x = edits === 0 ? 0 : k === -edits || (k !== edits && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < left.length && x - k < right.length && left[x] === right[x - k]) x++;
      reached[k + edits + 1] = x;
      if (x >= left.length && x - k >= right.length) return [...steps, reached];
    }
    steps.push(reached);
    before = reached;
  }
  return undefined;
}

/** The way from one text to the other, line by line. */
function compare(left: string[], right: string[]): Line[] {
  const steps = reach(left, right);
  if (steps === undefined) {
    return [...left.map((text): Line => ({ sign: "-", text })), ...right.map((text): Line => ({ sign: "+", text }))];
  }
  const lines: Line[] = [];
  let x = left.length;
  let y = right.length;
  for (let edits = steps.length - 1; edits >= 0; edits--) {
    const k = x - y;
    const at = (diagonal: number) => steps[edits - 1]?.[diagonal + edits] ?? 0;
    const isInsertion = k === -edits || (k !== edits && at(k - 1) < at(k + 1));
    const from = edits === 0 ? 0 : isInsertion ? at(k + 1) : at(k - 1) + 1;
    while (x > from) lines.push({ sign: " ", text: left[--x] ?? "" });
    y = x - k;
    if (edits === 0) break;
    if (isInsertion) lines.push({ sign: "+", text: right[--y] ?? "" });
    else lines.push({ sign: "-", text: left[--x] ?? "" });
  }
  return lines.reverse();
}

/** `start,count` as diff(1) writes it: of no lines, the one before them. */
function range(before: number, count: number): string {
  return count === 1 ? `${before + 1}` : `${count === 0 ? before : before + 1},${count}`;
}

/** Empty if the texts are the same. */
export function unifiedDiff(name: string, left: string, right: string): string {
  if (left === right) return "";
  const lines = compare(linesOf(left), linesOf(right));
  const changed = lines.flatMap(({ sign }, index) => (sign === " " ? [] : [index]));
  let text = `--- ${name}\n+++ ${name}\n`;
  let leftLine = 0;
  let rightLine = 0;
  let done = 0;
  for (let first = 0; first < changed.length; ) {
    let last = first;
    while (last + 1 < changed.length && (changed[last + 1] ?? 0) - (changed[last] ?? 0) <= 2 * CONTEXT) last++;
    const from = Math.max((changed[first] ?? 0) - CONTEXT, 0);
    const hunk = lines.slice(from, (changed[last] ?? 0) + CONTEXT + 1);
    // What lies between hunks is in both.
    leftLine += from - done;
    rightLine += from - done;
    const ofLeft = hunk.filter(({ sign }) => sign !== "+").length;
    const ofRight = hunk.filter(({ sign }) => sign !== "-").length;
    text += `@@ -${range(leftLine, ofLeft)} +${range(rightLine, ofRight)} @@\n`;
    for (const line of hunk) text += `${line.sign}${line.text}${line.text.endsWith("\n") ? "" : "\n\\ No newline at end of file\n"}`;
    leftLine += ofLeft;
    rightLine += ofRight;
    done = from + hunk.length;
    first = last + 1;
  }
  return text;
}
