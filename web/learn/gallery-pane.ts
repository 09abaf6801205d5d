// The gallery: a dialog with our own scripts and the official tools, which are loaded when it is shown for the first time.

import { make, makeButton } from "./elements.ts";
import type { GalleryScript } from "./gallery.ts";

/** What the build leaves in tools.json. */
interface Tools {
  /** Of the package that they are from; empty where it is not known. */
  version: string;
  licence: string;
  tools: { name: string; title: string; script: string }[];
}

/** @param file what the script is called, where it has a name. */
type Choose = (script: string, file: string | undefined) => void;

/** A script in the list. */
interface Row {
  item: HTMLElement;
  button: HTMLButtonElement;
  /** What a search looks at, in lower case. */
  words: string;
}

interface Section {
  element: HTMLElement;
  rows: Row[];
}

async function fetchTools(address: URL): Promise<Tools> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.json();
}

export class GalleryPane {
  readonly #dialog: HTMLDialogElement;
  readonly #search = make("input", { type: "search", id: "gallery-search", autocomplete: "off", spellcheck: "false" });
  readonly #found = make("p", { role: "status", class: "gallery-found" });
  readonly #list = make("div", { class: "gallery-list" });
  readonly #choose: Choose;
  readonly #tools: URL;
  #sections: Section[] = [];
  #loading: Promise<void> | undefined;

  /**
   * @param choose puts a script into the editor; the dialog is closed by then.
   * @param tools address of tools.json.
   */
  constructor(host: HTMLElement, choose: Choose, tools: URL) {
    this.#choose = choose;
    this.#tools = tools;
    this.#dialog = make(
      "dialog",
      { class: "gallery", "aria-labelledby": "gallery-title" },
      make(
        "div",
        { class: "gallery-head" },
        make("h2", { id: "gallery-title" }, "Scripts"),
        makeButton("Close", () => this.#dialog.close()),
        make("label", { for: "gallery-search" }, "Search"),
        this.#search,
        this.#found,
      ),
      this.#list,
    );
    this.#search.addEventListener("input", () => this.#filter());
    this.#dialog.addEventListener("keydown", (event) => this.#move(event));
    host.append(this.#dialog);
  }

  /** Opens the dialog; the focus goes back to where it was when it is closed. @returns when all is loaded. */
  async show(): Promise<void> {
    this.#search.value = "";
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#search.focus();
    if (this.#loading === undefined) this.#found.textContent = "Loading…";
    this.#loading ??= this.#load();
    try {
      await this.#loading;
      this.#filter();
    } catch (error) {
      this.#loading = undefined;
      this.#found.textContent = `The scripts could not be loaded: ${error instanceof Error ? error.message : error}`;
    }
  }

  async #load(): Promise<void> {
    const [{ GALLERY }, tools] = await Promise.all([
      import("./gallery.ts"),
      fetchTools(this.#tools).catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
    ]);
    const groups = new Map<string, GalleryScript[]>();
    for (const script of GALLERY) groups.set(script.group, [...(groups.get(script.group) ?? []), script]);
    this.#sections = [...groups].map(([group, scripts]) =>
      this.#section(
        group,
        scripts[0]?.runsHere === false ? ["The simulated kernel has none of this: build the object, and run it as root."] : [],
        scripts.map((one) => this.#row(one.title, one.about, one.script, one.group)),
      ),
    );
    this.#sections.push(this.#toolSection(tools));
    this.#list.replaceChildren(...this.#sections.map(({ element }) => element));
  }

  /** @param tools why there are none, if they could not be had. */
  #toolSection(tools: Tools | string): Section {
    const title = "The official tools of bpftrace";
    if (typeof tools === "string") return this.#section(title, [`They could not be loaded: ${tools}`], []);
    if (tools.tools.length === 0) return this.#section(title, ["This page was built where they are not installed."], []);
    const version = tools.version === "" ? "" : ` (package version ${tools.version})`;
    const licence = make(
      "details",
      {},
      make("summary", {}, "Their licence"),
      // What scrolls can be scrolled by keyboard.
      make("pre", { tabindex: "0", role: "region", "aria-label": "Licence of the official tools" }, tools.licence),
    );
    return this.#section(
      title,
      [`By the authors of bpftrace${version}, unchanged. Not each has something to show on the simulated kernel.`, licence],
      tools.tools.map((tool) => this.#row(tool.name, tool.title === "" ? "" : `${tool.title}.`, tool.script, title, `${tool.name}.bt`)),
    );
  }

  #section(title: string, notes: (Node | string)[], rows: Row[]): Section {
    const element = make(
      "section",
      { "aria-label": title },
      make("h3", {}, title),
      ...notes.map((note) => (typeof note === "string" ? make("p", {}, note) : note)),
      make("ul", {}, ...rows.map(({ item }) => item)),
    );
    if (rows.length === 0) element.querySelector("ul")?.remove();
    return { element, rows };
  }

  #row(title: string, about: string, script: string, group: string, file?: string): Row {
    const open = () => {
      this.#dialog.close();
      this.#choose(script, file);
    };
    const button = makeButton("Open", open, { "aria-label": `Open ${title}` });
    const item = make("li", {}, make("div", {}, make("h4", {}, title), make("p", {}, about)), button);
    return { item, button, words: `${title}\n${about}\n${group}\n${script}`.toLowerCase() };
  }

  /** Leaves what has every word of the search. */
  #filter(): void {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { element, rows } of this.#sections) {
      let own = 0;
      for (const { item, words: text } of rows) {
        item.hidden = !words.every((word) => text.includes(word));
        if (!item.hidden) own++;
      }
      element.hidden = own === 0 && words.length > 0;
      count += own;
    }
    this.#found.textContent = count === 1 ? "One script" : `${count === 0 ? "No" : count} scripts`;
  }

  /** Arrow keys go from the search to the scripts and from one to the next. */
  #move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const shown = this.#sections.flatMap(({ rows }) => rows.filter(({ item }) => !item.hidden).map(({ button }) => button));
    const stops: HTMLElement[] = [this.#search, ...shown];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)]?.focus();
    event.preventDefault();
  }
}
