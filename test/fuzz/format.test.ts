// The formatter on random scripts, on damaged ones, and on scripts with comments and line breaks wherever there was a blank.
// FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CheckedFormatter } from "../support/formatting.ts";
import { mutate } from "../support/mutate-script.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";

const seed = runSeed();
const formatter = await CheckedFormatter.create();
const known = ["test/compiler/golden", "test/compiler/syntax/golden", "test/compiler/syntax/format"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".bt"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"))
    .filter((script) => script.length < 10_000),
);

/** Scripts that every run tries, however slow the machine. */
const MINIMUM = 150;

/** Formats what `next` makes until the time is up; returns how many scripts had no errors. */
function run(next: () => string): number {
  let formatted = 0;
  const end = Date.now() + runMilliseconds() / 3;
  for (let tried = 0; tried < MINIMUM || Date.now() < end; tried++) if (formatter.format(next()) !== undefined) formatted++;
  return formatted;
}

const LAYOUT = [" ", "\n", "\n\n\n", "\t", "\r\n", " /* c */ ", "/* a\n  b */", " // d\n", "\n// e\n", "\n/* f */\n"];

/** The script with other layout where it has some, or tokens stand side by side. */
function relayOut(script: string, random: Random): string {
  const rate = 1 + random.below(20);
  return script.replace(/[ \n]+|(?<=[;(){},])/g, (blank) => (random.once(rate) ? blank + random.pick(LAYOUT) : blank));
}

test(`random scripts, seed ${seed}`, () => {
  const random = new Random(seed);
  const generator = new ScriptGenerator(random);
  const formatted = run(() => generator.script(10 + random.below(80)));
  assert.ok(formatted > 20, `${formatted} scripts`);
});

test(`damaged scripts, seed ${seed}`, () => {
  const random = new Random(seed + 1);
  const generator = new ScriptGenerator(random);
  const formatted = run(() => mutate(random.once(2) ? random.pick(known) : generator.script(10 + random.below(40)), random));
  assert.ok(formatted > 10, `${formatted} scripts`);
});

test(`other layout, seed ${seed}`, () => {
  const random = new Random(seed + 2);
  const generator = new ScriptGenerator(random);
  const formatted = run(() => relayOut(random.once(2) ? random.pick(known) : generator.script(10 + random.below(40)), random));
  assert.ok(formatted > 20, `${formatted} scripts`);
});

test.run();
