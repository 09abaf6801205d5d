// Messages that point into the script, in the peer's shape:
//   stdin:1:9-13: ERROR: message
//   begin { @x = foo; }
//           ~~~~

import type { Location } from "../../wasm/manifest.ts";

const TAB = "    ";

/** Line `number` (from 1) of a text, without its end. */
export function lineOf(text: string, number: number): string {
  return text.split("\n", number)[number - 1]?.replace(/\r$/, "") ?? "";
}

/** `name:line:from-to`, or `name:line-line` when the place spans lines. */
export function placeName(name: string, location: Location): string {
  if (location.endLine > location.line) return `${name}:${location.line}-${location.endLine}`;
  return `${name}:${location.line}:${location.column}-${location.endColumn}`;
}

/** Blanks up to a byte column, then one `~` for each byte; a tab is four wide. */
function underline(line: string, column: number, endColumn: number): string {
  const bytes = new TextEncoder().encode(line);
  const width = (from: number, to: number) => {
    let sum = 0;
    for (let at = from; at < to; at++) sum += bytes[at] === 9 ? TAB.length : 1;
    return sum;
  };
  return " ".repeat(width(0, column - 1)) + "~".repeat(width(column - 1, endColumn - 1));
}

/** The whole message, each line ended. `hint` follows on a line of its own when not empty. */
export function diagnosticText(
  severity: "ERROR" | "WARNING",
  source: { name: string; text: string },
  location: Location,
  message: string,
  hint = "",
): string {
  const lines = [`${placeName(source.name, location)}: ${severity}: ${message}`];
  if (location.endLine > location.line) {
    // Of a place that spans lines the peer shows the lines as they are, without underline.
    for (let number = location.line; number <= location.endLine; number++) lines.push(lineOf(source.text, number));
  } else {
    const line = lineOf(source.text, location.line);
    lines.push(line.replaceAll("\t", TAB), underline(line, location.column, location.endColumn));
  }
  if (hint !== "") lines.push(`HINT: ${hint}`);
  return `${lines.join("\n")}\n`;
}
