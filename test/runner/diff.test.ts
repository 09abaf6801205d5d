// Unified differences: what they say, applied to one text, makes the other.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { unifiedDiff } from "../../runner/cli/format/diff.ts";
import { Random } from "../support/random.ts";

const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Applies a difference as patch(1) does, without its tolerance. */
function patch(left: string, difference: string): string {
  const lines = linesOf(left);
  let made = "";
  let at = 0;
  // A line feed that is not there is named on the next line.
  for (const piece of difference.match(/[^\n]*\n(?:\\.*\n)?/g) ?? []) {
    const line = piece.replace(/\n\\.*\n$/, "");
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (/^(---|\+\+\+) x/.test(line)) continue;
    if (hunk !== null) {
      // Of no lines, the number is that of the line before.
      const start = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      while (at < start) made += lines[at++];
    } else if (line.startsWith("+")) made += line.slice(1);
    else {
      assert.is(line.slice(1), lines[at]);
      if (line.startsWith(" ")) made += lines[at];
      at++;
    }
  }
  return made + lines.slice(at).join("");
}

test("what is changed, with three lines around it", () => {
  assert.is(unifiedDiff("x", "a\n", "a\n"), "");
  assert.is(unifiedDiff("x", "", "a\n"), "--- x\n+++ x\n@@ -0,0 +1 @@\n+a\n");
  assert.is(unifiedDiff("x", "a\nb\n", ""), "--- x\n+++ x\n@@ -1,2 +0,0 @@\n-a\n-b\n");
  assert.is(unifiedDiff("x", "a", "a\n"), "--- x\n+++ x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  assert.is(
    unifiedDiff("x", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
    "--- x\n+++ x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
  );
});

test("two changes far apart are two hunks", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `${index}\n`);
  const changed = lines.map((line, index) => (index === 2 ? "" : index === 17 ? "a\nb\n" : line));
  const difference = unifiedDiff("x", lines.join(""), changed.join(""));
  assert.match(difference, /@@ -1,6 \+1,5 @@\n[^@]*@@ -15,6 \+14,7 @@\n/);
  assert.is(patch(lines.join(""), difference), changed.join(""));
});

test("random texts", () => {
  const random = new Random(7);
  const text = () => Array.from({ length: random.below(30) }, () => `${random.below(5)}${random.once(20) ? "" : "\n"}`).join("");
  for (let count = 0; count < 3000; count++) {
    const left = text();
    const right = text();
    assert.is(patch(left, unifiedDiff("x", left, right)), right, JSON.stringify([left, right]));
  }
});

test("long texts with nothing in common", () => {
  const left = Array.from({ length: 20_000 }, (_, index) => `a${index}\n`).join("");
  const right = Array.from({ length: 20_000 }, (_, index) => `b${index}\n`).join("");
  const started = performance.now();
  assert.is(patch(left, unifiedDiff("x", left, right)), right);
  assert.ok(performance.now() - started < 5000);
});

test.run();
