// What the editor knows of the language: colours from its tokens, completion and hovers from the compiler's own tables.

import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { hoverTooltip, type Tooltip } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Reference, ReferenceEntry } from "../../wasm/reference.ts";
import { type AskNames, explain } from "./probes.ts";

const KEYWORDS = new Set(
  "if else while for unroll return break continue let macro fn import config comptime sizeof offsetof typeof typeinfo".split(" "),
);
const TYPES = /^(u?int(8|16|32|64)|bool|string|buffer|struct|union|enum|void|min_t|max_t|sum_t|avg_t|count_t|stats_t)$/;

interface LexerState {
  inComment: boolean;
}

/** The tokens of scripts, line by line. `names`: what the language calls by name. */
export function scriptLanguage(names: ReadonlySet<string>): StreamLanguage<LexerState> {
  return StreamLanguage.define<LexerState>({
    name: "bpftrace",
    startState: () => ({ inComment: false }),
    token(stream, state) {
      if (state.inComment) {
        state.inComment = !stream.match(/.*?\*\//);
        if (state.inComment) stream.skipToEnd();
        return "blockComment";
      }
      if (stream.eatSpace()) return null;
      if (stream.match("/*")) {
        state.inComment = true;
        return "blockComment";
      }
      if (stream.match("//")) {
        stream.skipToEnd();
        return "lineComment";
      }
      if (stream.sol() && stream.match(/#.*/)) return "processingInstruction";
      if (stream.match(/"(?:[^"\\]|\\.)*"?/)) return "string";
      if (stream.match(/@\w*/)) return "special";
      if (stream.match(/\$[\w#]+/)) return "variableName";
      if (stream.match(/\d\w*/)) return "number";
      const word = stream.match(/[A-Za-z_]\w*/);
      if (word && typeof word !== "boolean") {
        const [text] = word;
        if (KEYWORDS.has(text)) return "keyword";
        if (TYPES.test(text)) return "typeName";
        return names.has(text) ? "standard" : "name";
      }
      stream.next();
      return null;
    },
    tokenTable: { special: tags.special(tags.variableName), standard: tags.standard(tags.name) },
    languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
  });
}

/** Classes, so that the sheet of the page has the colours, dark and light. */
export const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.lineComment, tags.blockComment], class: "tok-comment" },
    { tag: tags.processingInstruction, class: "tok-comment" },
    { tag: tags.string, class: "tok-string" },
    { tag: tags.number, class: "tok-number" },
    { tag: tags.keyword, class: "tok-keyword" },
    { tag: tags.typeName, class: "tok-type" },
    { tag: tags.variableName, class: "tok-variable" },
    { tag: tags.special(tags.variableName), class: "tok-map" },
    { tag: tags.standard(tags.name), class: "tok-builtin" },
  ]),
);

const KINDS: Partial<Record<ReferenceEntry["kind"], string>> = {
  builtin: "variable",
  function: "function",
  aggregation: "function",
  probe: "namespace",
  config: "property",
};

export function entriesByName(reference: Reference): Map<string, ReferenceEntry> {
  const found = new Map<string, ReferenceEntry>();
  for (const entry of reference) {
    if (KINDS[entry.kind] === undefined) continue;
    for (const name of [entry.name, ...(entry.aliases ?? [])]) if (!found.has(name)) found.set(name, entry);
  }
  return found;
}

export function completion(reference: Reference): (context: CompletionContext) => CompletionResult | null {
  const options = reference
    .filter(({ kind }) => KINDS[kind] !== undefined)
    .map(({ kind, name, signature, documentation }) => ({
      label: name,
      type: KINDS[kind] ?? "text",
      ...(signature !== undefined && { detail: signature.replace(name, "") }),
      info: documentation,
    }));
  return (context) => {
    // What stands behind these is the target's.
    if (context.matchBefore(/(?:\bargs(?:\.|->)|:)[\w.:]*/) !== null) return null;
    const word = context.matchBefore(/[A-Za-z_]\w*/);
    if (word === null && !context.explicit) return null;
    return { from: word?.from ?? context.pos, options, validFor: /^\w*$/ };
  };
}

/** A head in the type of code, and lines below. */
function tooltip(from: number, to: number, head: string, lines: string[]): Tooltip {
  return {
    pos: from,
    end: to,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "hover";
      const code = document.createElement("code");
      code.textContent = head;
      const texts = lines.map((line) => {
        const text = document.createElement("p");
        text.textContent = line;
        return text;
      });
      dom.append(code, ...texts);
      return { dom };
    },
  };
}

/** Signature and meaning of the word under the pointer, or what the target says of it. */
export function hovers(entries: ReadonlyMap<string, ReferenceEntry>, ask: AskNames) {
  return hoverTooltip(async (view, at) => {
    const { doc } = view.state;
    // A target that cannot be had has no more to say.
    const found = await explain(doc.toString(), at, ask).catch(() => undefined);
    if (found !== undefined) return tooltip(found.from, found.to, found.head, found.lines);
    const line = doc.lineAt(at);
    for (const match of line.text.matchAll(/[A-Za-z_]\w*/g)) {
      const from = line.from + match.index;
      const to = from + match[0].length;
      if (at < from || at > to) continue;
      const entry = entries.get(match[0]);
      if (entry === undefined) return null;
      const head = `${entry.signature ?? entry.name}${entry.type === undefined ? "" : `: ${entry.type}`}`;
      return tooltip(from, to, head, [`${entry.documentation}.`]);
    }
    return null;
  });
}
