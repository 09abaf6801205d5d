// Errors and warnings on their way to the user.

import type { Diagnostic } from "../../wasm/compiler.ts";
import type { BpfcastError } from "../../wasm/errors.ts";
import type { Source } from "../../wasm/manifest.ts";
import { diagnosticText, fileOf } from "./diagnostic-text.ts";

/** The compiler's messages: the peer's shape first, then our hint and code on lines of their own. */
export function compileDiagnostics(diagnostics: Diagnostic[], source: Source): string {
  return diagnostics
    .map((diagnostic) => {
      const severity = diagnostic.severity === "error" ? "ERROR" : "WARNING";
      // What is said of the whole script has no place.
      if (diagnostic.file === undefined && diagnostic.start === 0 && diagnostic.end === 0)
        return `${severity}: ${diagnostic.message}\n${codeLine(diagnostic.code)}`;
      const notes = diagnostic.notes.map((note) => diagnosticText(severity, source, note, note.message));
      return diagnosticText(severity, source, diagnostic, diagnostic.message, diagnostic.hint) + notes.join("") + codeLine(diagnostic.code);
    })
    .join("");
}

/** An error of the script that somebody else than the compiler found. Without a place it is of the whole script. */
export function asDiagnostic({ code, message, details: { hint = "", location, source } }: BpfcastError): Diagnostic {
  if (location === undefined || source === undefined)
    return { severity: "error", code, message, hint, notes: [], start: 0, end: 0, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const lines = fileOf(source, location.file).text.split("\n");
  const bytesBefore = (line: number) => new TextEncoder().encode(lines.slice(0, line - 1).join("\n")).length + (line > 1 ? 1 : 0);
  const { line, column, endLine, endColumn } = location;
  const [start, end] = [bytesBefore(line) + column - 1, bytesBefore(endLine) + endColumn - 1];
  return { severity: "error", code, message, hint, notes: [], ...location, start, end };
}

function codeLine(code: string): string {
  return code === "" ? "" : `CODE: ${code}\n`;
}

/** An error, or a warning of the run, with its place in the script if it has one. */
export function errorText(error: BpfcastError, severity: "ERROR" | "WARNING", verbose: boolean): string {
  const { hint = "", location, source, log = "", others = [], warnings = [] } = error.details;
  let text: string;
  if (location !== undefined && source !== undefined) text = diagnosticText(severity, source, location, error.message, hint);
  else text = `${severity}: ${error.message}\n${hint === "" ? "" : `HINT: ${hint}\n`}`;
  text += codeLine(error.code);
  for (const other of others) text += errorText(other, "ERROR", verbose);
  for (const warning of warnings) text += errorText(warning, "WARNING", verbose);
  return verbose && log !== "" ? `${text}${log.endsWith("\n") ? log : `${log}\n`}` : text;
}
