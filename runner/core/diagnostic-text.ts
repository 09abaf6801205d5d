// Messages that point into the script, in the peer's shape:
//   stdin:1:9-13: ERROR: message
//   begin { @x = foo; }
//           ~~~~

import type { Location, Source, SourceText } from "../../wasm/manifest.ts";
import type { SourceLine } from "./btf-ext.ts";

const TAB = "    ";

/** Line `number` (from 1) of a text, without its end. */
export function lineOf(text: string, number: number): string {
  return text.split("\n", number)[number - 1]?.replace(/\r$/, "") ?? "";
}

/** The script, or the header called `file`. An object may name one that it does not hold. */
export function fileOf(source: Source, file: string | undefined): SourceText {
  if (file === undefined) return source;
  return source.files?.find(({ name }) => name === file) ?? { name: file, text: "" };
}

/** `name:line:from-to`, or `name:line-line` when the place spans lines. */
export function placeName(source: Source, location: Location): string {
  const name = location.file ?? source.name;
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

/** The whole message, each line ended. `hint` follows on a line of its own when not empty, then the macros that the place is in. */
export function diagnosticText(severity: "ERROR" | "WARNING", source: Source, location: Location, message: string, hint = ""): string {
  const lines = [`${placeName(source, location)}: ${severity}: ${message}`];
  const { text } = fileOf(source, location.file);
  if (location.endLine > location.line) {
    // Of a place that spans lines the peer shows the lines as they are, without underline.
    for (let number = location.line; number <= location.endLine; number++) lines.push(lineOf(text, number));
  } else {
    const line = lineOf(text, location.line);
    lines.push(line.replaceAll("\t", TAB), underline(line, location.column, location.endColumn));
  }
  if (hint !== "") lines.push(`HINT: ${hint}`);
  return `${lines.join("\n")}\n${expansionText(severity, source, location)}`;
}

/** The uses of the macros that a place is in, innermost first. */
export function expansionText(severity: "ERROR" | "WARNING", source: Source, { expandedFrom = [] }: Location): string {
  return expandedFrom.map((place) => diagnosticText(severity, source, place, "expanded from")).join("");
}

/** The whole source line, without its indentation. */
export function wholeLine(source: Source, { file, line }: SourceLine): Location {
  const inHeader = source.files?.some(({ name }) => name === file) ? { file } : {};
  const content = lineOf(fileOf(source, inHeader.file).text, line);
  const start = content.length - content.trimStart().length;
  const bytes = new TextEncoder().encode(content.trimEnd()).length;
  return { ...inHeader, line, column: start + 1, endLine: line, endColumn: Math.max(bytes, start) + 1 };
}
