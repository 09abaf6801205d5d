// Filters that bpftrace does not have: texts by pattern, numbers by exact decimals. In the kernel, against JavaScript's regular
// expressions and exact fractions. FUZZ_SEED repeats a run; TEST_MODE=fuzz runs many more.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CALLS } from "../support/cases.ts";
import { filters, read } from "../support/filters.ts";
import { Random, runSeed } from "../support/random.ts";
import { mayTrace } from "../support/root.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const attached = mayTrace() ? test : test.skip;
const folder = mkdtempSync(join(tmpdir(), "bpfcast-filters-"));
const load = join(folder, "make-calls");
const seed = runSeed();
const rounds = process.env["TEST_MODE"] === "fuzz" ? 300 : 6;

test.before(() => {
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string, ...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("node", [bpfcast, "-q", ...options, "-e", script], { encoding: "utf8", timeout: 60_000, maxBuffer: 1 << 26 });
}

attached("filters pass exactly what they describe", () => {
  const probes = filters.map(([probe, filter], index) => `${probe} /${filter}/ { @f${index} = count(); }`);
  probes.push(`${read} /comm == "load"/ { @sum = sum((int64)(args.ret * 1.55)); }`);
  const { status, stdout, stderr } = run(probes.join("\n"), "-c", `${load} ${CALLS}`);
  assert.is(status, 0, stderr);
  filters.forEach(([, filter, passes], index) => {
    const found = Number(new RegExp(`^@f${index}: (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
    assert.is(found, passes, filter);
  });
  assert.match(stdout, new RegExp(`^@sum: ${CALLS * (155 + 7)}$`, "m"));
});

/** What is refused, with its message. */
const refused: [statement: string, message: string][] = [
  ['print(comm =~ "a(b")', "stdin:1:25-26: ERROR: Invalid pattern: a ( without its )"],
  ['print(comm =~ "a{3,1}")', "ERROR: Invalid pattern: a repetition is {n}, {n,} or {n,m} with n not above m"],
  ['print(comm =~ "+a")', "ERROR: Invalid pattern: nothing to repeat before '+'"],
  ['print(comm =~ "[z-a]")', "ERROR: Invalid pattern: a range that ends before it begins"],
  ['print(comm =~ "[abc")', "ERROR: Invalid pattern: a [ without its ]"],
  ['print(comm =~ "(?=a)")', "ERROR: Invalid pattern: of the groups that begin with (? only (?: is known"],
  ['print(comm =~ "a(a|b){9}$")', "ERROR: Invalid pattern: the pattern needs"],
  ['print(comm =~ "(x{200}){200}")', "ERROR: Invalid pattern: the pattern is too large"],
  ['print(pid =~ "a")', "ERROR: Only strings fit patterns: this is of type 'uint32'"],
  ["print(glob(comm, comm))", "ERROR: A pattern must be a string literal"],
  ["print(1.5)", "ERROR: A decimal number can only be computed and compared with"],
  ["$x = pid * 1.5", "ERROR: A decimal number can only be computed and compared with"],
  ["print(pid / 1.5 > 2)", "ERROR: This has no exact value with at most 9 digits behind the point"],
  ["print(1.0 / 3 > pid)", "ERROR: This has no exact value with at most 9 digits behind the point"],
  ["print(pid % 1.5 > 2)", "ERROR: The % operator can not be used on decimal numbers"],
  ["print(pid > 1.0000000001)", "ERROR: A decimal number has at most 9 digits behind the point, and fits 64 bits"],
];

for (const [statement, message] of refused) {
  test(`refused: ${statement}`, () => {
    const { status, stderr } = spawnSync("node", [bpfcast, "check", "-e", `BEGIN { ${statement}; }`], { encoding: "utf8" });
    assert.is(status, 1, stderr);
    assert.ok(stderr.includes(message), stderr);
  });
}

attached("where a text is empty its end is its start", () => {
  const fits: [text: string, pattern: string, fits: boolean][] = [
    ["", "$^", true],
    ["", "(a|$)^", true],
    ["", "(b|( )?)$^$", true],
    ["a", "$^", false],
    ["a", "a$^", false],
    ["a", "a?^", true],
  ];
  const lines = fits.map(([text, pattern]) => `$t = "${text}"; print($t =~ "${pattern}");`);
  const { status, stdout, stderr } = run(`BEGIN { ${lines.map((line) => `if (1) { ${line} }`).join(" ")} }`);
  assert.is(status, 0, stderr);
  assert.equal(
    stdout.trim().split("\n"),
    fits.map(([, , isFit]) => String(isFit)),
  );
});

// Patterns at random

const LETTERS = "ab1_ /.";

function randomText(random: Random): string {
  let text = "";
  for (let length = random.below(9); length > 0; length--) text += LETTERS[random.below(LETTERS.length)];
  return text;
}

/** A pattern in the syntax that JavaScript and bpfcast share. */
function randomPattern(random: Random, depth: number): string {
  if (depth === 0) {
    const atoms = ["a", "b", "1", "_", " ", "\\.", ".", "[ab]", "[^a]", "\\d", "\\w", "\\s", "\\S", "[a-b1]", "[^\\w.]", "^", "$", "/"];
    return atoms[random.below(atoms.length)] ?? "a";
  }
  const part = () => randomPattern(random, depth - 1);
  switch (random.below(6)) {
    case 0:
      return `(${part()}|${part()})`;
    case 1:
      return `(?:${part()})${["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"][random.below(7)]}`;
    default:
      return part() + part();
  }
}

function randomGlob(random: Random): string {
  const parts = ["a", "b", "*", "?", "[ab]", "[!a]", "1", "/", "*", "_"];
  let glob = "";
  for (let length = 1 + random.below(5); length > 0; length--) glob += parts[random.below(parts.length)];
  return glob;
}

/** A glob as a regular expression of JavaScript. */
function globExpression(glob: string): RegExp {
  const text = glob.replace(/\[!/g, "[^").replace(/\*/g, ".*").replace(/\?/g, ".").replace(/\//g, "\\/");
  return new RegExp(`^${text}$`, "s");
}

attached("patterns fit what JavaScript's regular expressions fit", () => {
  let matches = 0;
  let compared = 0;
  for (let round = 0; round < rounds; round++) {
    const random = new Random(seed + round);
    const expected: boolean[] = [];
    const lines: string[] = [];
    for (let pair = 0; pair < 25; pair++) {
      const text = randomText(random);
      const isGlob = random.below(5) === 0;
      const pattern = isGlob ? randomGlob(random) : randomPattern(random, 1 + random.below(4));
      expected.push((isGlob ? globExpression(pattern) : new RegExp(pattern, "s")).test(text));
      const match = isGlob ? `glob($t, "${pattern}")` : `$t =~ "${pattern}"`;
      lines.push(`{ $t = "${text}"; print(${match}); }`);
    }
    const { status, stdout, stderr } = run(`BEGIN { ${lines.map((line) => `if (1) ${line}`).join("\n")} }`);
    assert.is(status, 0, stderr);
    const printed = stdout.trim().split("\n");
    expected.forEach((fits, index) => {
      assert.is(printed[index], String(fits), `seed ${seed + round}: ${lines[index]}`);
      compared++;
      if (fits) matches++;
    });
  }
  // Of random pairs a part fits and a part does not: neither is a test of much if it is rare.
  assert.ok(matches > compared / 10 && matches < (compared * 9) / 10, `${matches} of ${compared} fit`);
});

// Decimals at random

interface Fraction {
  digits: bigint;
  scale: number;
}

function atScale(number: Fraction, scale: number): bigint {
  return number.digits * 10n ** BigInt(scale - number.scale);
}

/** A random expression of `$x` and decimal literals, with its exact value. */
function randomDecimal(random: Random, x: bigint, depth: number): { text: string; value: Fraction } {
  if (depth === 0) {
    if (random.below(2) === 0) return { text: "$x", value: { digits: x, scale: 0 } };
    const whole = random.below(100);
    const scale = random.below(3);
    const part = random.below(10 ** scale);
    const digits = BigInt(whole) * 10n ** BigInt(scale) + BigInt(part);
    return { text: scale === 0 ? `${whole}` : `${whole}.${String(part).padStart(scale, "0")}`, value: { digits, scale } };
  }
  const left = randomDecimal(random, x, depth - 1);
  const right = randomDecimal(random, x, depth - 1);
  const scale = Math.max(left.value.scale, right.value.scale);
  const operator = ["+", "-", "*"][random.below(3)] ?? "+";
  if (operator === "*") {
    const value = { digits: left.value.digits * right.value.digits, scale: left.value.scale + right.value.scale };
    return { text: `(${left.text} * ${right.text})`, value };
  }
  const [a, b] = [atScale(left.value, scale), atScale(right.value, scale)];
  return { text: `(${left.text} ${operator} ${right.text})`, value: { digits: operator === "+" ? a + b : a - b, scale } };
}

/** A script with `$x`: known to the compiler in even rounds, and only to the kernel in the others. */
function withNumber(type: string, x: string, round: number, lines: string[]): string {
  const number = round % 2 === 0 ? `$x = (${type})${x};` : `@x = (${type})${x}; $x = (${type})@x; clear(@x);`;
  return `BEGIN { ${number}\n${lines.join("\n")} }`;
}

attached("decimals compare as exact fractions do", () => {
  const operators = ["<", "<=", ">", ">=", "==", "!="];
  for (let round = 0; round < rounds; round++) {
    const random = new Random(seed + 1000 + round);
    const x = BigInt(random.below(2001) - 1000);
    const expected: string[] = [];
    const lines: string[] = [];
    for (let pair = 0; pair < 25; pair++) {
      const left = randomDecimal(random, x, random.below(3));
      const right = randomDecimal(random, x, random.below(2));
      // One side must be a decimal for certain: integers alone follow the rules of integers.
      const text = `${left.text} - 0.25`;
      const scale = Math.max(left.value.scale, right.value.scale, 2);
      const [a, b] = [atScale(left.value, scale) - atScale({ digits: 25n, scale: 2 }, scale), atScale(right.value, scale)];
      const operator = operators[random.below(6)] ?? "<";
      const holds = { "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a === b, "!=": a !== b }[operator];
      expected.push(String(holds));
      lines.push(`print(${text} ${operator} ${right.text});`);
    }
    const { status, stdout, stderr } = run(withNumber("int64", `${x}`, round, lines));
    assert.is(status, 0, `seed ${seed + 1000 + round}: ${stderr}`);
    stdout
      .trim()
      .split("\n")
      .forEach((line, index) => {
        assert.is(line, expected[index], `seed ${seed + 1000 + round}: $x = ${x}; ${lines[index]}`);
      });
  }
});

// Constant factors and terms beside one number: they cost nothing where the program runs, and nothing there can be too large.

const TYPES: [name: string, bits: number, signed: boolean][] = [8, 16, 32, 64].flatMap((bits) => [
  [`uint${bits}`, bits, false],
  [`int${bits}`, bits, true],
]);
/** What has an exact reciprocal. */
const DIVISORS = ["2.0", "-4.0", "5.0", "0.5", "1.25", "-2.5", "0.2", "16.0"];
const NEAR_LIMIT = 10n ** 12n;

interface Ratio {
  over: bigint;
  /** Above 0. */
  under: bigint;
}

function ratio(over: bigint, under: bigint): Ratio {
  return under < 0n ? { over: -over, under: -under } : { over, under };
}

/** A decimal literal and its value. */
function randomLiteral(random: Random): [text: string, value: Ratio] {
  const scale = 1 + random.below(2);
  const digits = random.below(10 ** (1 + random.below(4))) - (random.below(3) === 0 ? 500 : 0) || 3;
  const sign = digits < 0 ? "-" : "";
  const text = String(Math.abs(digits)).padStart(scale + 1, "0");
  return [`${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`, { over: BigInt(digits), under: 10n ** BigInt(scale) }];
}

/** A literal of at most six digits behind the point that is the value, or close to it. */
function literalNear(value: Ratio, off: bigint): [text: string, value: Ratio] {
  const unit = 10n ** 6n;
  const digits = (value.over * unit) / value.under + off;
  const text = String(digits < 0n ? -digits : digits).padStart(7, "0");
  return [`${digits < 0n ? "-" : ""}${text.slice(0, -6)}.${text.slice(-6)}`, { over: digits, under: unit }];
}

/** `$x` under up to three operations with a constant. */
function randomLinear(random: Random, x: bigint): [text: string, value: Ratio] {
  let text = "$x";
  let value: Ratio = { over: x, under: 1n };
  for (let layer = 1 + random.below(3); layer > 0; layer--) {
    const [literal, { over, under }] = randomLiteral(random);
    const sum = (sign: bigint) => ratio(value.over * under + sign * over * value.under, value.under * under);
    switch (random.below(6)) {
      case 0:
        [text, value] = [`(${text} * ${literal})`, ratio(value.over * over, value.under * under)];
        break;
      case 1:
        [text, value] = [`(${literal} * ${text})`, ratio(value.over * over, value.under * under)];
        break;
      case 2: {
        const divisor = DIVISORS[random.below(DIVISORS.length)] ?? "2.0";
        const hundredths = BigInt(Math.round(Number(divisor) * 100));
        [text, value] = [`(${text} / ${divisor})`, ratio(value.over * 100n, value.under * hundredths)];
        break;
      }
      case 3:
        [text, value] = [`(${text} + ${literal})`, sum(1n)];
        break;
      case 4:
        [text, value] = [`(${text} - ${literal})`, sum(-1n)];
        break;
      default:
        value = sum(-1n);
        [text, value] = [`(${literal} - ${text})`, ratio(-value.over, value.under)];
    }
  }
  return [text, value];
}

/** A value of the type, often at one of its ends. */
function randomOfType(random: Random, bits: number, signed: boolean): bigint {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = low + 2n ** BigInt(bits) - 1n;
  const some = BigInt(random.below(200));
  switch (random.below(4)) {
    case 0:
      return low + some;
    case 1:
      return high - some;
    default:
      return signed ? some - 100n : some;
  }
}

attached("a number under constant operations compares with constants as exact fractions do, at the ends of its type as well", () => {
  const operators = ["<", "<=", ">", ">=", "==", "!="];
  let equal = 0;
  for (let round = 0; round < Math.max(2 * rounds, 2 * TYPES.length); round++) {
    const random = new Random(seed + 5000 + round);
    const [type, bits, signed] = TYPES[(round >> 1) % TYPES.length] ?? ["int64", 64, true];
    const x = randomOfType(random, bits, signed);
    const expected: string[] = [];
    const lines: string[] = [];
    for (let pair = 0; pair < 40; pair++) {
      const [left, value] = randomLinear(random, x);
      const isNear = value.over < value.under * NEAR_LIMIT && -value.over < value.under * NEAR_LIMIT && random.below(4) > 0;
      const [right, limit] = isNear ? literalNear(value, BigInt(random.below(3) - 1)) : randomLiteral(random);
      const difference = value.over * limit.under - limit.over * value.under;
      if (difference === 0n) equal++;
      const isTurned = random.below(3) === 0;
      const operator = operators[random.below(6)] ?? "<";
      const [a, b] = isTurned ? [0n, difference] : [difference, 0n];
      const holds = { "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a === b, "!=": a !== b }[operator];
      expected.push(String(holds));
      lines.push(`print(${isTurned ? `${right} ${operator} ${left}` : `${left} ${operator} ${right}`});`);
    }
    const word = `0x${BigInt.asUintN(64, x).toString(16)}`;
    const { status, stdout, stderr } = run(withNumber(type, word, round, lines));
    const label = `seed ${seed + 5000 + round}: $x = (${type})${x}`;
    assert.is(status, 0, `${label}: ${stderr}`);
    assert.not.match(stderr, /does not fit/, label);
    const printed = stdout.trim().split("\n");
    assert.is(printed.length, expected.length, label);
    printed.forEach((line, index) => {
      assert.is(line, expected[index], `${label}; ${lines[index]}`);
    });
  }
  assert.ok(equal > rounds, `${equal} equal pairs`);
});

attached("a decimal that leaves 64 bits is reported, with the nearest value in its place", () => {
  const { status, stdout, stderr } = run("BEGIN { $x = (int64)$1; print($x * 1.5 > $x); print(-$x * 1.5 < $x); exit(); }", "-q");
  assert.is(status, 0, stderr);
  assert.equal(stdout.trim().split("\n"), ["false", "false"]);
  const large = spawnSync(
    "node",
    [bpfcast, "-q", "-e", "BEGIN { $x = (int64)$1; print($x * 1.5 > $x); print(-$x * 1.5 < $x); }", "9000000000000000000"],
    { encoding: "utf8" },
  );
  assert.is(large.status, 0, large.stderr);
  assert.match(large.stderr, /stdin:1:31-44: WARNING: This decimal number does not fit 64 bits\. The nearest that fits is used\./);
  assert.equal(large.stdout.trim().split("\n")[1], "true");
});

test.run();
