// For programs: one JSON document. Lines and columns are those of editors (see `Place`), `start` and `end` byte offsets.

import { placeOf, type Report, relativePath, sumsOf } from "./report.ts";

/** Counts changes that a reader must know of. */
const VERSION = 1;

export function json({ version, profiles, failures }: Report): string {
  const pathOf = (name: string, isText: boolean) => (isText ? name : relativePath(name));
  const diagnostics = profiles.flatMap(({ name: profile, scripts }) =>
    scripts.flatMap(({ name, isText, compiled }) =>
      (compiled?.diagnostics ?? []).map((diagnostic) => {
        const { severity, code, message, hint, file, start, end, notes } = diagnostic;
        const place = compiled === undefined ? undefined : placeOf(diagnostic, compiled);
        return {
          severity,
          code,
          message,
          ...(hint === "" ? {} : { hint }),
          profile,
          script: pathOf(name, isText),
          file: file === undefined ? pathOf(name, isText) : relativePath(file),
          ...(place === undefined ? {} : { ...place, start, end }),
          ...(compiled === undefined || notes.length === 0
            ? {}
            : {
                notes: notes.map((note) => ({
                  message: note.message,
                  file: note.file === undefined ? pathOf(name, isText) : relativePath(note.file),
                  ...placeOf(note, compiled),
                  start: note.start,
                  end: note.end,
                })),
              }),
        };
      }),
    ),
  );
  const sums = profiles.map((profile) => ({ name: profile.name, ...sumsOf(profile) }));
  const document = {
    version: VERSION,
    tool: { name: "bpfcast", version },
    profiles: profiles.map(({ name, description }) => ({ name, description })),
    files: (profiles[0]?.scripts ?? []).map(({ name, isText }) => pathOf(name, isText)),
    diagnostics,
    failures: failures.map(({ name, profile, error: { code, message, details } }) => ({
      code,
      message,
      ...(details.hint === undefined ? {} : { hint: details.hint }),
      ...(profile === undefined ? {} : { profile }),
      ...(name === undefined ? {} : { script: name }),
    })),
    summary: {
      scripts: profiles[0]?.scripts.length ?? 0,
      errors: sums.reduce((sum, { errors }) => sum + errors, 0),
      warnings: sums.reduce((sum, { warnings }) => sum + warnings, 0),
      failures: failures.length,
      profiles: sums,
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
