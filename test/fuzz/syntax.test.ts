// Damaged scripts: the parser answers with a tree or with errors, never both, never late, never with a trap.
// FUZZ_SEED repeats a run; `npm run fuzz` runs longer.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeParser } from "../compiler/syntax/parse.ts";
import { cpuClock } from "../support/random.ts";

const folder = "test/compiler/syntax/golden";
const milliseconds = process.env.TEST_MODE === "fuzz" ? 60_000 : 2000;
const seed = Number(process.env.FUZZ_SEED ?? (process.env.TEST_MODE === "fuzz" ? Date.now() % 1_000_000 : 1));

const fragments = [
  ..."{}()[]\"'/\\;,.=*&-+~!@$#?:\n\0\xff",
  "/*",
  "*/",
  "//",
  "..",
  "->",
  '=~ "',
  "@x[",
  "$x",
  "if ",
  "else ",
  "for ($i : ",
  "let $x : ",
  "#if 1\n",
  "#else\n",
  "#endif\n",
  "#define X ",
  "struct x {",
  "kprobe:",
  "\nkprobe:f {",
  "macro m(",
  "fn f(",
  "config = {",
  'import "',
  "sizeof(",
  "typeof(",
  "(int8*)",
  "offsetof(",
  "comptime ",
  "0x",
  "1e",
  "1.5",
  "08",
  "99999999999999999999",
  '"\\x',
  "{ 1 }",
  "if 1 { 2 } else { 3 }",
];

/** Numbers below a limit, the same for the same seed (Marsaglia's xorshift32). */
function generator(start: number): (limit: number) => number {
  let state = start | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function damage(script: Buffer, random: (limit: number) => number): Buffer {
  let bytes = script;
  for (let count = random(5); count >= 0; count--) {
    const from = random(bytes.length + 1);
    const to = Math.min(bytes.length, from + random(24));
    const fragment = Buffer.from(fragments[random(fragments.length)] ?? "", "latin1");
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from([random(256)]), bytes.subarray(from)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, from), ...new Array<Buffer>(random(300)).fill(fragment), bytes.subarray(from)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, from), fragment, bytes.subarray(from)]);
        break;
    }
  }
  return bytes;
}

test(`damaged scripts, seed ${seed}`, () => {
  const scripts = readdirSync(folder)
    .filter((name) => name.endsWith(".bt"))
    .map((name) => readFileSync(join(folder, name)))
    .filter((script) => script.length < 3000);
  const random = generator(seed);
  const parse = makeParser();
  const end = Date.now() + milliseconds;
  let trees = 0;
  let errors = 0;
  while (Date.now() < end) {
    const script = damage(scripts[random(scripts.length)] ?? Buffer.of(), random);
    const shown = JSON.stringify(script.toString("latin1"));
    try {
      // A pause of the machine is not the parser's: only the best of three counts.
      let time = Number.POSITIVE_INFINITY;
      let result = parse(script);
      for (let attempt = 0; attempt < 3 && time > 100; attempt++) {
        const clock = cpuClock();
        result = parse(script);
        time = clock();
      }
      assert.ok(time < 100, `${time} ms`);
      assert.is(result.errors > 0, result.tree === "", "tree or errors");
      assert.is(result.errors > 0, result.messages.includes(" ERROR "));
      if (result.errors > 0) errors++;
      else trees++;
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nfor ${shown}`, { cause: error });
    }
  }
  assert.ok(trees > 10 && errors > 100, `${trees} trees, ${errors} scripts with errors`);
});

test.run();
