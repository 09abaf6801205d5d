// The page: editor, buttons and panes, wired to the worker.

import type { Diagnostic } from "../wasm/compiler.ts";
import { indexOfByte } from "./diagnostics.ts";
import { Editor } from "./editor.ts";
import { EXAMPLES } from "./examples.ts";
import { InsidePane } from "./inside.ts";
import { fragmentOf, scriptOf } from "./link.ts";
import { STAGES, type Stage } from "./protocol.ts";
import { Toolchain } from "./toolchain.ts";

/** Where the last work is kept. */
const KEPT = "bpfcast.script";
/** Characters of output that the page keeps; of longer ones the beginning is dropped. */
const MAX_OUTPUT = 200_000;

const TABS = [
  ["output", "Output"],
  ...STAGES.map((stage) => [stage, { bpf: "BPF", ir: "IR", types: "Types", ast: "Tree" }[stage]]),
] as const;
type Tab = "output" | Stage;

function element<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Type;
}

const output = element("output");
const inside = element("inside");
// What scrolls can be scrolled by keyboard.
for (const panel of [output, inside]) panel.tabIndex = 0;
const status = element("status");
const problems = element("problems");
const runButton = element<HTMLButtonElement>("run");
const stopButton = element<HTMLButtonElement>("stop");

const toolchain = new Toolchain(new URL("worker.js", document.baseURI));

function say(text: string): void {
  status.textContent = text;
}

/** What goes wrong in a handler is said, and nothing else stops. */
function guarded(act: () => Promise<void>): () => void {
  return () => {
    act().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  };
}

function print(text: string): void {
  const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 4;
  const whole = (output.textContent ?? "") + text;
  output.textContent = whole.length > MAX_OUTPUT ? `…\n${whole.slice(-MAX_OUTPUT)}` : whole;
  if (atEnd) output.scrollTop = output.scrollHeight;
}

/** The messages as a list too: for whoever cannot see what is underlined. */
function listProblems(diagnostics: Diagnostic[], script: string): void {
  const index = indexOfByte(script);
  problems.replaceChildren(
    ...diagnostics.map(({ severity, message, hint, line, start }) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = severity;
      button.textContent = `Line ${line}: ${severity}: ${message}${hint === "" ? "" : ` (${hint})`}`;
      button.addEventListener("click", () => editor.goTo(index(start)));
      item.append(button);
      return item;
    }),
  );
}

let shown: Tab = "output";

/** Lines of the pane that are made from the editor's line. */
function markLine(): void {
  const { start, end } = editor.line;
  pane.mark(start, end);
}

async function show(tab: Tab): Promise<void> {
  shown = tab;
  for (const button of element("tabs").querySelectorAll("button")) {
    const isShown = button.dataset["tab"] === tab;
    button.setAttribute("aria-selected", String(isShown));
    button.tabIndex = isShown ? 0 : -1;
  }
  output.hidden = tab !== "output";
  inside.hidden = tab === "output";
  if (tab === "output") return;
  const { script } = editor;
  const { text } = await toolchain.call("inspect", { script, stage: tab });
  if (shown !== tab || editor.script !== script) return;
  pane.show(text === "" ? "The script has errors: there is nothing to see yet." : text, tab);
  inside.setAttribute("aria-label", tab);
  markLine();
}

async function run(): Promise<void> {
  if (runButton.disabled) return;
  runButton.disabled = true;
  stopButton.disabled = false;
  output.textContent = "";
  await show("output");
  say("Running on the simulated kernel");
  try {
    const { code } = await toolchain.call("run", { script: editor.script }, print);
    say(code === undefined ? "The script has errors" : `Ended with exit code ${code}`);
  } finally {
    runButton.disabled = false;
    stopButton.disabled = true;
  }
}

async function format(): Promise<void> {
  const { text } = await toolchain.call("format", { script: editor.script });
  if (text === undefined) say("A script with syntax errors cannot be formatted");
  else editor.script = text;
}

async function share(): Promise<void> {
  history.replaceState(null, "", await fragmentOf(editor.script));
  try {
    await navigator.clipboard.writeText(location.href);
    say("The link is in the clipboard");
  } catch {
    // Not every browser lets a page write there.
    say("The link is in the address bar");
  }
}

async function download(): Promise<void> {
  const { object } = await toolchain.call("build", { script: editor.script });
  if (object === undefined) {
    say("The script has errors: there is no object");
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([object], { type: "application/octet-stream" }));
  link.download = "script.o";
  link.click();
  URL.revokeObjectURL(link.href);
  say(`script.o: bpfcast run script.o, as root, on any host of this architecture (${object.length} bytes)`);
}

/** Undefined where the browser lets pages keep nothing: the script lasts as long as the tab. */
const storage = ((): Storage | undefined => {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
})();

let refresh: ReturnType<typeof setTimeout> | undefined;

/** @returns the script to begin with: that of the link, the last one, or the first example. */
async function firstScript(): Promise<string> {
  try {
    const linked = await scriptOf(location.hash);
    if (linked !== undefined) return linked;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  return storage?.getItem(KEPT) ?? EXAMPLES[1]?.script ?? "";
}

const editor = new Editor(element("editor"), "style.css", await firstScript(), {
  check: async (script) => {
    const { diagnostics } = await toolchain.call("check", { script });
    if (script === editor.script) listProblems(diagnostics, script);
    return diagnostics;
  },
  changed: (script) => {
    storage?.setItem(KEPT, script);
    // The link is no longer that of the script.
    if (location.hash !== "") history.replaceState(null, "", location.pathname);
    clearTimeout(refresh);
    if (shown !== "output")
      refresh = setTimeout(
        guarded(() => show(shown)),
        200,
      );
  },
  moved: () => {
    if (shown !== "output") markLine();
  },
  run: guarded(run),
  format: guarded(format),
});
const pane = new InsidePane(inside, (at) => editor.goTo(indexOfByte(editor.script)(at)));

for (const [tab, title] of TABS) {
  const button = document.createElement("button");
  button.type = "button";
  button.role = "tab";
  button.dataset["tab"] = tab;
  button.textContent = title;
  button.addEventListener(
    "click",
    guarded(() => show(tab as Tab)),
  );
  element("tabs").append(button);
}
element("tabs").addEventListener("keydown", ({ key }) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (step === undefined) return;
  const buttons = [...element("tabs").querySelectorAll("button")];
  const next = buttons[(buttons.findIndex(({ tabIndex }) => tabIndex === 0) + step + buttons.length) % buttons.length];
  next?.focus();
  next?.click();
});

const example = element<HTMLSelectElement>("example");
for (const [index, { title }] of EXAMPLES.entries()) example.add(new Option(title, String(index)));
example.addEventListener("change", () => {
  const chosen = EXAMPLES[Number(example.value)];
  if (example.value !== "" && chosen !== undefined) editor.script = chosen.script;
  example.value = "";
});

runButton.addEventListener("click", guarded(run));
stopButton.addEventListener(
  "click",
  guarded(async () => void (await toolchain.call("stop", {}))),
);
element("format").addEventListener("click", guarded(format));
element("share").addEventListener("click", guarded(share));
element("download").addEventListener("click", guarded(download));
window.addEventListener(
  "hashchange",
  guarded(async () => {
    const linked = await scriptOf(location.hash);
    if (linked !== undefined) editor.script = linked;
  }),
);

navigator.serviceWorker?.register("service.js").catch(() => say("This browser keeps nothing for work without a network"));
guarded(async () => editor.learn(await toolchain.call("reference", {})))();
guarded(() => show("output"))();
