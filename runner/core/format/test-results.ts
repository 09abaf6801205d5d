// Results of a script's tests and benches as the peer prints them, colours included: also where no terminal is.

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";
const NAME_WIDTH = 40;
const TIME_WIDTH = 14;

function tag(colour: string, text: string): string {
  return `${colour}[${text}]${PLAIN} `;
}

const RULE = tag(GREEN, "==========");
const FAILED = tag(RED, "  FAILED  ");

function counted(count: number): string {
  return `${count} ${count === 1 ? "test" : "tests"}`;
}

/** The peer counts in units that it then multiplies once more; what is meant is this. */
function durationText(nanoseconds: number): string {
  if (nanoseconds < 1e6) return `${Math.ceil(nanoseconds / 1e3)} μs`;
  return nanoseconds < 1e9 ? `${Math.round(nanoseconds / 1e6)} ms` : `${Math.round(nanoseconds / 1e9)} s`;
}

export function testsBeginText(count: number): string {
  return `${RULE}Running ${count} tests.\n`;
}

export function testBeginsText(name: string): string {
  return `${tag(GREEN, " RUN      ")}${name}\n`;
}

export function testEndedText(name: string, passed: boolean, duration: number): string {
  return `${passed ? tag(GREEN, "       OK ") : FAILED}${name} (${durationText(duration)})\n`;
}

export function testsEndedText(count: number, failed: string[]): string {
  const lines = [`${RULE}${counted(count)} ran.`, `${tag(GREEN, "  PASSED  ")}${counted(count - failed.length)}.`];
  if (failed.length > 0) lines.push(`${FAILED}${counted(failed.length)}, listed below:`, ...failed.map((name) => FAILED + name));
  return `${lines.join("\n")}\n`;
}

/** @param width characters of the longest name. */
export function benchText(name: string, average: number, iterations: number, width: number, isFirst: boolean): string {
  const row = (first: string, second: string, third: string) =>
    `${first.padEnd(Math.max(width, NAME_WIDTH))} ${second.padEnd(TIME_WIDTH)} ${third}\n`;
  const title = row("Benchmark", "Time(ns)", "Iterations");
  const head = isFirst ? `${title}${"-".repeat(title.length - 1)}\n` : "";
  return head + row(name, String(average), String(iterations));
}
