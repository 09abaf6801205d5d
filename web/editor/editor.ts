// The editor. It lives in a shadow root: its own sheets need no inline style there, which the page's policy forbids.

import { autocompletion, type CompletionContext, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, simplifySelection } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { forceLinting, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, StateEffect } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import type { Diagnostic } from "../../wasm/compiler.ts";
import type { Reference } from "../../wasm/reference.ts";
import { marksOf } from "./diagnostics.ts";
import { completion, entriesByName, highlighting, hovers, scriptLanguage } from "./language.ts";
import { type AskNames, probeCompletion } from "./probes.ts";

/** A script is checked when nothing was typed for so long, in milliseconds. */
const CHECK_DELAY = 10;
/** Tab indents, so there is another way out: said under the editor, and by screen readers when they come to it. */
const WAY_OUT = "Escape, then Tab, leaves the editor. Ctrl+Enter runs the script.";
const recheck = StateEffect.define<null>();

export interface EditorActions {
  check(script: string): Promise<Diagnostic[]>;
  /** The script is another one. */
  changed(script: string): void;
  /** The cursor is on another line, perhaps. */
  moved(): void;
  run(): void;
  format(): void;
}

export class Editor {
  readonly #view: EditorView;
  readonly #language = new Compartment();

  constructor(host: HTMLElement, sheet: string, script: string, actions: EditorActions) {
    const root = host.attachShadow({ mode: "open" });
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = sheet;
    root.append(link);
    const keys = document.createElement("p");
    keys.id = "keys";
    keys.textContent = WAY_OUT;
    // A command of the keyboard is done whatever comes of it.
    const done = (act: () => void) => () => {
      act();
      return true;
    };
    const commands = [
      { key: "Mod-Enter", run: done(actions.run) },
      { key: "Shift-Alt-f", run: done(actions.format) },
      // Until another key is pressed, however long that takes. What completes has had its Escape by then.
      { key: "Escape", run: leaving },
    ];
    this.#view = new EditorView({
      root,
      parent: root as unknown as Element,
      state: EditorState.create({
        doc: script,
        extensions: [
          lineNumbers(),
          lintGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          EditorView.lineWrapping,
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ "aria-label": "Script", "aria-describedby": keys.id, spellcheck: "false" }),
          this.#language.of(languageOf(undefined)),
          highlighting,
          linter(async (view) => marksOf(await actions.check(view.state.doc.toString()), view.state.doc.toString()), {
            delay: CHECK_DELAY,
            needsRefresh: ({ transactions }) => transactions.some(({ effects }) => effects.some((effect) => effect.is(recheck))),
          }),
          keymap.of([
            ...commands,
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...historyKeymap,
            ...lintKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) actions.changed(this.script);
            else if (update.selectionSet) actions.moved();
          }),
        ],
      }),
    });
    root.append(keys);
  }

  get script(): string {
    return this.#view.state.doc.toString();
  }

  set script(text: string) {
    const { doc } = this.#view.state;
    if (text !== doc.toString()) this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }

  /** The line with the cursor, in bytes of the script's UTF-8; its end is that of the next one's start. */
  get line(): { start: number; end: number } {
    const { doc, selection } = this.#view.state;
    const { from, to } = doc.lineAt(selection.main.head);
    const length = (text: string) => new TextEncoder().encode(text).length;
    const start = length(doc.sliceString(0, from));
    return { start, end: start + length(doc.sliceString(from, to)) + 1 };
  }

  /** Checks the script again: for another target, say. */
  check(): void {
    this.#view.dispatch({ effects: recheck.of(null) });
    forceLinting(this.#view);
  }

  /** From now on it knows the names of the language. */
  learn(reference: Reference, ask: AskNames): void {
    this.#view.dispatch({ effects: this.#language.reconfigure(languageOf({ reference, ask })) });
  }

  /** Puts the cursor there, in UTF-16 from the start, and shows it. */
  goTo(index: number): void {
    this.#view.dispatch({ selection: { anchor: index }, scrollIntoView: true });
    this.#view.focus();
  }
}

/** The next Tab goes on to what comes behind the editor. */
function leaving(view: EditorView): boolean {
  view.setTabFocusMode(Number.POSITIVE_INFINITY);
  simplifySelection(view);
  return true;
}

function languageOf(known: { reference: Reference; ask: AskNames } | undefined): Extension {
  if (known === undefined) return scriptLanguage(new Set());
  const { reference, ask } = known;
  const entries = entriesByName(reference);
  const sources = [(context: CompletionContext) => probeCompletion(context, ask), completion(reference)];
  return [scriptLanguage(new Set(entries.keys())), autocompletion({ override: sources }), hovers(entries, ask)];
}
