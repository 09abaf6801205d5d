// The page: editor, buttons and panes, wired to the worker.

import { WORKLOADS } from "../runner/simulated/workload.ts";
import type { Diagnostic } from "../wasm/compiler.ts";
import { indexOfByte } from "./editor/diagnostics.ts";
import { Editor } from "./editor/editor.ts";
import type { AskNames } from "./editor/probes.ts";
import { InsideView } from "./inside/view.ts";
import { FIRST_SCRIPT } from "./learn/first.ts";
import type { GalleryPane } from "./learn/gallery-pane.ts";
import type { Tour } from "./learn/tour-pane.ts";
import { fragmentOf, type Linked, linkedBy, linkedOf } from "./link.ts";
import { element, isIdle, makeMenu, save, setIdle, storage, Tabs } from "./page.ts";
import type { Control, View } from "./protocol.ts";
import { EventForm } from "./run/event-form.ts";
import { RunPane } from "./run/pane.ts";
import { TargetsPane } from "./targets/pane.ts";
import { Toolchain } from "./toolchain.ts";

/** Where the last work is kept. */
const KEPT = "bpfcast.work";
const DEFAULT_NAME = "script.bt";
const MAX_NAME = 60;
/** The panes follow what one types after so long, in milliseconds. */
const FOLLOW_DELAY = 200;

const TABS = [
  ["run", "Run"],
  ["bpf", "BPF"],
  ["ir", "IR"],
  ["types", "Types"],
  ["ast", "Tree"],
  ["relocations", "Relocations"],
  ["maps", "Maps"],
  ["manifest", "Manifest"],
  ["needs", "Needs"],
  ["targets", "Targets"],
] as const satisfies [View | "run" | "targets", string][];
type Tab = (typeof TABS)[number][0];

const panels = { run: element("panel-run"), inside: element("panel-inside"), targets: element("panel-targets") };
const status = element("status");
const problems = element("problems");
const runButton = element<HTMLButtonElement>("run");
const stopButton = element<HTMLButtonElement>("stop");
const workload = element<HTMLSelectElement>("workload");
const nameField = element<HTMLInputElement>("name");

const toolchain = new Toolchain(new URL("worker.js", document.baseURI));
/** Settled once the compiler is there. */
const known = toolchain
  .call("reference", {})
  .then((reference) => {
    editor.learn(reference, askNames);
    // Marks on the browser's own timeline: when the editor is complete, and when messages are.
    performance.mark("usable");
  })
  .catch(sayError);

function say(text: string): void {
  status.textContent = text;
}

function sayError(error: unknown): void {
  say(error instanceof Error ? error.message : String(error));
}

/** What goes wrong in a handler is said, and nothing else stops. */
function guarded(act: () => Promise<void>): () => void {
  return () => {
    act().catch(sayError);
  };
}

/** A file's name that a shell takes as it stands, without any folder: links bring names too. */
function scriptName(): string {
  return (
    nameField.value
      .replace(/[^\w.-]/g, "")
      .replace(/^[.-]+/, "")
      .slice(0, MAX_NAME) || DEFAULT_NAME
  );
}

/** The name with another ending. */
const fileName = (ending: string) => `${scriptName().replace(/\.bt$/, "") || "script"}${ending}`;

/** The script, what it is called and what it is compiled for. */
const work = () => ({ name: scriptName(), script: editor.script, target: targets.chosen });

/** The messages as a list too: for whoever cannot see what is underlined. */
function listProblems(diagnostics: Diagnostic[], script: string): void {
  const index = indexOfByte(script);
  const buttons = () => [...problems.querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement as HTMLButtonElement);
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
  // Whoever goes through them by keyboard stays there.
  buttons()[focused]?.focus();
}

let shown: Tab = "run";

async function show(tab: Tab): Promise<void> {
  shown = tab;
  tabs.select(tab);
  const panel = tab === "run" || tab === "targets" ? tab : "inside";
  for (const [name, own] of Object.entries(panels)) own.hidden = name !== panel;
  if (tab === "run" || tab === "targets") return;
  panels.inside.setAttribute("aria-labelledby", `tab-${tab}`);
  await inside.show(tab);
}

const askNames: AskNames = async (kind, start, place) =>
  (await toolchain.call("names", { target: targets.chosen, kind, start, place })).names;

let tour: Tour | undefined;
let gallery: GalleryPane | undefined;

/** A script in place of the one that was there. */
function load(script: string, name = DEFAULT_NAME): void {
  nameField.value = name.slice(0, MAX_NAME);
  editor.script = script;
}

/** Opens the tour, or closes it. */
async function openTour(): Promise<void> {
  const pane = element("tour-pane");
  const isOpen = pane.hidden;
  pane.hidden = !isOpen;
  element("tour").setAttribute("aria-pressed", String(isOpen));
  if (!isOpen) return;
  if (tour === undefined) {
    const { Tour } = await import("./learn/tour-pane.ts");
    tour ??= new Tour(pane, { load, run: guarded(run) }, storage);
  }
  tour.open();
}

async function openGallery(): Promise<void> {
  if (gallery === undefined) {
    const { GalleryPane } = await import("./learn/gallery-pane.ts");
    gallery ??= new GalleryPane(document.body, load, new URL("tools.json", document.baseURI));
  }
  await gallery.show();
}

const control = (asked: Control) => {
  toolchain.call("control", { control: asked }).catch(sayError);
};

async function run(): Promise<void> {
  if (isIdle(runButton)) return;
  setIdle(runButton, true);
  setIdle(stopButton, false);
  runPane.begin();
  tour?.started();
  const { script } = editor;
  try {
    await show("run");
    say("Running on the simulated kernel");
    const { speed, isPaused } = runPane;
    const request = { ...work(), workload: workload.value, speed, isPaused };
    const { code } = await toolchain.call("run", request, (news) => runPane.hear(news));
    say(code === undefined ? "The script has errors" : `Ended with exit code ${code}`);
    tour?.ran({ script, output: runPane.output, code });
  } finally {
    runPane.end();
    setIdle(runButton, false);
    setIdle(stopButton, true);
  }
}

async function format(): Promise<void> {
  const { text } = await toolchain.call("format", { script: editor.script });
  if (text === undefined) say("A script with syntax errors cannot be formatted");
  else editor.script = text;
}

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} is in the clipboard`);
  } catch {
    // Not every browser lets a page write there.
    say(text);
  }
}

async function share(): Promise<void> {
  const { name, script } = work();
  const { linkable } = targets;
  const linked = { name, script, view: shown, workload: workload.value, ...(linkable !== undefined && { target: linkable }) };
  history.replaceState(null, "", await fragmentOf(linked));
  await copy(location.href, "The link");
}

async function download(): Promise<void> {
  const { object } = await toolchain.call("build", work());
  if (object === undefined) {
    say("The script has errors: there is no object");
    return;
  }
  const file = fileName(".o");
  save(file, object, "application/octet-stream");
  say(`${file}: bpfcast run ${file}, as root, on any host of this architecture (${object.length} bytes)`);
}

/** One that a shell takes as it stands. */
const command = (script: string) => `sudo bpfcast -e '${script.trimEnd().replaceAll("'", "'\\''")}'`;

async function copyCommand(): Promise<void> {
  // A terminal would obey them before the shell sees a quote.
  if (/[^\P{Cc}\n\t]/u.test(editor.script)) say("The script has control characters, which no terminal takes as text: download it");
  else await copy(command(editor.script), "The command");
}

async function openLinked({ name, script, target, view, workload: machine }: Linked): Promise<void> {
  load(script, name);
  if (target !== undefined) targets.choose(target);
  if (WORKLOADS.some((kind) => kind.name === machine)) workload.value = machine ?? "";
  await show(view !== undefined && tabs.has(view) ? view : shown);
}

/** @returns what to begin with: that of the link, the last work, or the first script. */
async function firstWork(): Promise<Linked> {
  try {
    const linked = await linkedBy(location.hash);
    if (linked !== undefined) return linked;
  } catch (error) {
    sayError(error);
  }
  try {
    const kept = storage?.getItem(KEPT);
    if (kept) return linkedOf(kept);
  } catch {
    // What is kept there is not this page's.
  }
  return { script: FIRST_SCRIPT };
}

function keep(script: string): void {
  try {
    storage?.setItem(KEPT, JSON.stringify({ name: scriptName(), script }));
  } catch {
    // Full: it lasts as long as the tab.
  }
}

let refresh: ReturnType<typeof setTimeout> | undefined;
/** Has the pane that is shown follow the script. */
function follow(): void {
  clearTimeout(refresh);
  if (shown === "run" || shown === "targets") return;
  refresh = setTimeout(
    guarded(() => show(shown)),
    FOLLOW_DELAY,
  );
}

// What scrolls can be scrolled by keyboard, and has a name.
for (const [id, name] of [
  ["output", "Output"],
  ["inside", "Inside"],
  ["other", "LLVM's code"],
] as const) {
  const pane = element(id);
  pane.tabIndex = 0;
  pane.role ??= "group";
  pane.setAttribute("aria-label", name);
}
for (const { name, title } of WORKLOADS) workload.add(new Option(title, name));
const tabs = new Tabs<Tab>(element("tabs"), TABS, (tab) => guarded(() => show(tab))());
const first = await firstWork();

const editor: Editor = new Editor(element("editor"), "style.css", first.script, {
  check: async (script) => {
    // Who types can wait for a profile longer than for the names of the language.
    await known;
    const { diagnostics } = await toolchain.call("check", { ...work(), script });
    if (performance.getEntriesByName("checked").length === 0) performance.mark("checked");
    if (script === editor.script) listProblems(diagnostics, script);
    return diagnostics;
  },
  changed: (script) => {
    keep(script);
    // The link is no longer that of the script.
    if (location.hash !== "") history.replaceState(null, "", location.pathname);
    follow();
  },
  moved: () => inside.mark(editor.line),
  run: guarded(run),
  format: guarded(format),
});
nameField.addEventListener("change", () => keep(editor.script));

const runPane = new RunPane(
  {
    output: element("output"),
    charts: element("charts"),
    moment: element("moment"),
    speed: element("speed"),
    pause: element("pause"),
    step: element("step"),
  },
  control,
  guarded(run),
);

const inside = new InsideView(
  {
    inside: element("inside"),
    other: element("other"),
    counts: element("counts"),
    beside: element("beside"),
    progress: element("llvm-progress"),
  },
  async (view, backend, hear) => (await toolchain.call("inspect", { ...work(), view, backend }, hear)).text,
  (at) => editor.goTo(indexOfByte(editor.script)(at)),
  sayError,
);

const targets: TargetsPane = new TargetsPane(
  {
    select: element("target"),
    survey: element("survey"),
    progress: element("survey-progress"),
    file: element("own-profile"),
    surveyed: element("surveyed"),
    few: element("few-targets"),
  },
  {
    chosen: () => {
      editor.check();
      follow();
    },
    survey: async (progress) => {
      const request = { script: editor.script };
      return (await toolchain.call("survey", request, (news) => progress(news.progress ?? 0))).targets;
    },
    add: (name, bytes) => toolchain.call("addTarget", { name, bytes }),
    failed: sayError,
  },
);

new EventForm(
  element("event"),
  {
    kind: element("event-kind"),
    name: element("event-name"),
    names: element("event-names"),
    process: element("event-process"),
    returns: element("event-returns"),
    lasts: element("event-lasts"),
    times: element("event-times"),
    fields: element("event-fields"),
  },
  (step) => {
    toolchain
      .call("happen", { step })
      .then(() => say("It has happened"))
      .catch(sayError);
  },
  sayError,
  async (kind, start) => (await askNames(kind, start, "")).map(({ name }) => name),
);

const clicks: Record<string, () => Promise<void>> = {
  run,
  stop: async () => {
    if (!isIdle(stopButton)) control({ kind: "stop" });
  },
  format,
  gallery: openGallery,
  tour: openTour,
  share,
  download,
  "download-script": async () => save(fileName(".bt"), editor.script, "text/plain"),
  "copy-command": copyCommand,
};
for (const [id, act] of Object.entries(clicks)) element(id).addEventListener("click", guarded(act));
makeMenu(element("downloads"));

window.addEventListener(
  "hashchange",
  guarded(async () => {
    const linked = await linkedBy(location.hash);
    if (linked !== undefined) await openLinked(linked);
  }),
);

guarded(() => openLinked(first))();
guarded(async () => {
  await known;
  // It fetches everything: what is needed first comes first.
  navigator.serviceWorker?.register("service.js").catch(() => say("This browser keeps nothing for work without a network"));
  targets.fill(await toolchain.call("targets", {}), first.target);
  if (first.target !== undefined && targets.chosen === first.target) editor.check();
})();
