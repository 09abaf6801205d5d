// Messages of the compiler as the editor has them: places in UTF-16, and hints that are fixes.

import type { Action, Diagnostic as Mark } from "@codemirror/lint";
import type { EditorView } from "@codemirror/view";
import type { Diagnostic } from "../../wasm/compiler.ts";

/** Turns offsets in UTF-8 into indices of the text; those beyond its end become the end. */
export function indexOfByte(text: string): (offset: number) => number {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === text.length) return (offset) => Math.min(offset, text.length);
  const decoder = new TextDecoder();
  return (offset) => decoder.decode(bytes.subarray(0, offset)).length;
}

/** What a hint says to write in place of the word that the message complains about. */
function suggestions({ message, hint }: Diagnostic): { word: string; replacements: string[] } | undefined {
  if (!/^did you mean /i.test(hint)) return undefined;
  const replacements = [...hint.matchAll(/[`']([^`']+)[`']/g)].map(([, text = ""]) => text);
  const word = [...message.matchAll(/'([^' ]+)'|(\S+)$/g)].at(-1);
  return word === undefined ? undefined : { word: word[1] ?? word[2] ?? "", replacements };
}

/** The actions that replace the word inside of `from` to `to`. */
function fixes(diagnostic: Diagnostic, text: string, from: number, to: number): Action[] {
  const found = suggestions(diagnostic);
  if (found === undefined) return [];
  const at = text.slice(from, to).lastIndexOf(found.word);
  if (at < 0) return [];
  const place = { from: from + at, to: from + at + found.word.length };
  return found.replacements.map((replacement) => ({
    name: `Write ${replacement}`,
    apply: (view: EditorView) => view.dispatch({ changes: { ...place, insert: replacement } }),
  }));
}

export function marksOf(diagnostics: Diagnostic[], text: string): Mark[] {
  const index = indexOfByte(text);
  // Of a file that the script includes there is no place here.
  return diagnostics
    .filter(({ file }) => file === undefined)
    .map((diagnostic) => {
      const from = index(diagnostic.start);
      const to = Math.max(index(diagnostic.end), from);
      return {
        from,
        to,
        severity: diagnostic.severity,
        source: diagnostic.code,
        message: diagnostic.hint === "" ? diagnostic.message : `${diagnostic.message}\n${diagnostic.hint}`,
        actions: fixes(diagnostic, text, from, to),
      };
    });
}
