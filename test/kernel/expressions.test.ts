// Integer arithmetic in the kernel against an interpreter of the specification: random programs of expressions, assignments,
// conditions and loops, each run by `bpfcast -e`. FUZZ_SEED repeats a run; TEST_MODE=fuzz runs thousands.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Random, runSeed } from "../support/random.ts";
import { ExpressionGenerator, freshState } from "../support/random-expression.ts";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const seed = runSeed();
const long = process.env["TEST_MODE"] === "fuzz";

/** Numbers that a script prints, one a line; warnings have words. */
function numbers(script: string): string[] {
  const ran = spawnSync("node", [bpfcast, "-e", script], { encoding: "utf8", timeout: 60_000, maxBuffer: 1 << 26 });
  assert.is(ran.status, 0, `${ran.stderr.slice(0, 4000)}\n${script}`);
  return ran.stdout.split("\n").filter((line) => /^-?\d+$/.test(line));
}

/** Runs programs of `count` statements nested `depth` deep. Returns how many numbers were compared. */
function compare(programs: number, count: number, depth: number, first: number): number {
  let compared = 0;
  for (let index = 0; index < programs; index++) {
    const generator = new ExpressionGenerator(new Random(first + index));
    const program = generator.program(count, depth);
    const state = freshState();
    program.run(state);
    assert.equal(numbers(program.text), state.output, `seed ${first + index}: ${program.text}`);
    compared += state.output.length;
  }
  return compared;
}

/** Lines that mattered once, with what the peer (0.27.1) printed. */
const known: [string, string[]][] = [
  ["$a = (int64)-8; $b = (uint64)3", ["$a >> 1", "9223372036854775804", "$a / $b", "6148914691236517202", "$a % 3", "2"]],
  ["$z = 0", ["5 / $z", "1", "5 % $z", "1"]],
  ["$a = (uint64)1", ["(uint32)(-$a <= 31)", "0", "(uint32)(~$a <= 31)", "0"]],
  ["$x = (int8)127; $x++; $y = (uint8)255; $y += 1", ["$x", "128", "$y", "256"]],
  ["$v = (uint64)-9; $v--; @v = (uint64)-9; @v -= (uint64)0", ["(int8)($v < 0)", "1", "(int8)(@v < 0)", "1"]],
  ["$v = (uint64)-9; $v++; $w = (uint64)-9; $w <<= (int64)0", ["(int8)($v < 0)", "0", "(int8)($w < 0)", "1"]],
  ["$a = (int64)5; $b = (uint64)5; $c = (int32)5", ["(int8)(~$a < 0)", "1", "(int8)(~$b < 0)", "0", "~$c", "4294967290"]],
  ["@z = 127; @z++", ["@z", "128"]],
  ["$j = -1; $j = (uint8)200", ["$j", "200"]],
  ["$x = 1", ["(uint8)200 + (uint8)100", "300", "(int8)-1 + (uint8)1", "0", "(int8)127 * (int8)127", "16129"]],
  ["$x = 1", ["(int8)((uint32)1 < (int32)-1)", "0", "(int8)((uint64)1 > -1)", "1", "(int8)((uint64)5 > (int64)-3)", "1"]],
  ["$x = 1", ["-8 >> 1", "-4", "-7 / 2", "-3", "-7 % 2", "-1", "(int32)-8 >> 1", "9223372036854775804"]],
  ["@i = 1; @j[1] = 5", ["@i + @i++ * 10", "11", "@i", "2", "@j[1]-- - @j[1]", "1"]],
];

if (mayTrace()) {
  test("what the peer answers", () => {
    const parts = known.map(([statements, expressions]) => {
      const prints = expressions.filter((_, index) => index % 2 === 0).map((expression) => `printf("%lld\\n", ${expression});`);
      return `BEGIN { ${statements}; ${prints.join(" ")} exit(); }`;
    });
    for (const [index, script] of parts.entries()) {
      assert.equal(
        numbers(script),
        known[index]?.[1].filter((_, at) => at % 2 === 1),
        script,
      );
    }
  });

  test("arguments of printf are computed in their order", () => {
    const script = '@x = 1; $s = "text"; printf("%d\\n%d\\n%d\\n", @x, @x++, @x); printf("%d\\n%s\\n%d\\n", ++@x, $s, @x);';
    assert.equal(numbers(`BEGIN { ${script} exit(); }`), ["1", "1", "2", "3", "3"]);
  });

  test(`expressions, seed ${seed}`, () => {
    const compared = compare(long ? 200 : 5, 40, 0, seed * 1000);
    assert.ok(compared > (long ? 2000 : 60), `${compared} numbers`);
  });

  test(`statements, seed ${seed}`, () => {
    const compared = compare(long ? 200 : 6, 12, 2, seed * 1000 + 500);
    assert.ok(compared > (long ? 2000 : 60), `${compared} numbers`);
  });
}

test.run();
