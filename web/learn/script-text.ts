// Scripts as they stand in the gallery and the tour.

/** One sentence is what the script shows. */
export type ScriptRow = readonly [title: string, sentence: string, script: string];

/** Backslashes are the script's own, and it begins on the line after the quote. */
export function bt({ raw }: TemplateStringsArray): string {
  return raw.join("").replace(/^\n/, "");
}
