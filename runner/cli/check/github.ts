// For GitHub's runners: workflow commands, a line each, that become annotations in a pull request. Escaped as their documentation
// ("Workflow commands for GitHub Actions") and @actions/core have it.

import { type CheckedScript, placeOf, type Report, relativePath, wholeMessage } from "./report.ts";

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function command(severity: "error" | "warning", properties: Record<string, string | number | undefined>, message: string): string {
  const given = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${severity} ${given.join(",")}::${escapeMessage(message)}\n`;
}

/** @param suffix names the profile where there are several. */
function annotations({ name, isText, compiled }: CheckedScript, suffix: string): string[] {
  if (compiled === undefined) return [];
  return compiled.diagnostics.map((diagnostic) => {
    const { severity, code, file } = diagnostic;
    const place = placeOf(diagnostic, compiled);
    const isOneLine = place !== undefined && place.line === place.endLine;
    const path = file === undefined ? (isText ? undefined : relativePath(name)) : relativePath(file);
    return command(
      severity,
      {
        file: path,
        line: place?.line,
        endLine: place?.endLine,
        // GitHub takes columns of one line only.
        col: isOneLine ? place.column : undefined,
        endColumn: isOneLine ? place.endColumn : undefined,
        title: `${code}${suffix}`,
      },
      wholeMessage(diagnostic),
    );
  });
}

export function github({ profiles, failures }: Report): string {
  const suffixOf = (profile: string | undefined) => (profiles.length > 1 && profile !== undefined ? ` (${profile})` : "");
  const found = profiles.flatMap(({ name, scripts }) => scripts.flatMap((script) => annotations(script, suffixOf(name))));
  const failed = failures.map(({ name, profile, error: { code, message, details } }) =>
    command(
      "error",
      { file: name === undefined || profile === undefined ? undefined : relativePath(name), title: `${code}${suffixOf(profile)}` },
      wholeMessage({ message, ...details }),
    ),
  );
  return [...found, ...failed].join("");
}
