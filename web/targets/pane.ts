// The panel of targets: what becomes of the script on each of them, and profiles of one's own.

import { isIdle, setIdle } from "../page.ts";
import type { TargetReport } from "./survey.ts";
import type { TargetEntry } from "./targets.ts";

/** A profile of a whole kernel has a few megabytes; nothing that is larger is read. */
const MAX_PROFILE = 64 << 20;

export interface TargetsParts {
  select: HTMLSelectElement;
  survey: HTMLButtonElement;
  progress: HTMLProgressElement;
  file: HTMLInputElement;
  surveyed: HTMLElement;
  /** Shown where the page has one target alone. */
  few: HTMLElement;
}

export interface TargetsActions {
  /** Another target was chosen. */
  chosen(): void;
  survey(progress: (share: number) => void): Promise<TargetReport[]>;
  add(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<TargetEntry>;
  failed(error: unknown): void;
}

export class TargetsPane {
  readonly #parts: TargetsParts;
  readonly #actions: TargetsActions;

  constructor(parts: TargetsParts, actions: TargetsActions) {
    this.#parts = parts;
    this.#actions = actions;
    const { select, survey, file } = parts;
    select.addEventListener("change", () => actions.chosen());
    survey.addEventListener("click", () => this.#survey().catch(actions.failed));
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) this.#add(chosen);
    });
    document.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
      const [dropped] = event.dataTransfer?.files ?? [];
      if (dropped === undefined) return;
      event.preventDefault();
      this.#add(dropped);
    });
  }

  /** Those of the page. @param wanted is chosen, if it is one of them. */
  fill(targets: TargetEntry[], wanted: string | undefined): void {
    const before = wanted ?? this.chosen;
    this.#parts.select.replaceChildren();
    for (const target of targets) this.#option(target);
    this.choose(before);
    this.#parts.few.hidden = targets.length > 1;
  }

  get chosen(): string {
    return this.#parts.select.value;
  }

  /** Undefined for a profile of one's own, which no link can name. */
  get linkable(): string | undefined {
    return this.#parts.select.selectedOptions[0]?.dataset["own"] === undefined ? this.chosen : undefined;
  }

  /** @returns false where there is none of this id. */
  choose(id: string): boolean {
    const { select } = this.#parts;
    if (![...select.options].some(({ value }) => value === id)) return false;
    select.value = id;
    return true;
  }

  #option({ id, title, isOwn }: TargetEntry): void {
    const option = new Option(title, id);
    if (isOwn) option.dataset["own"] = "";
    this.#parts.select.add(option);
  }

  /** A profile as a file. */
  #add(file: File): void {
    const read = async () => {
      if (file.size > MAX_PROFILE) throw new Error(`${file.name}: ${file.size} bytes are too many for a profile`);
      const target = await this.#actions.add(file.name, new Uint8Array(await file.arrayBuffer()));
      if (!this.choose(target.id)) this.#option(target);
      this.choose(target.id);
      this.#actions.chosen();
    };
    read().catch(this.#actions.failed);
  }

  async #survey(): Promise<void> {
    const { survey, progress, surveyed } = this.#parts;
    if (isIdle(survey)) return;
    setIdle(survey, true);
    progress.hidden = false;
    progress.value = 0;
    try {
      const found = await this.#actions.survey((share) => {
        progress.value = share;
      });
      surveyed.replaceChildren(this.#table(found));
    } finally {
      setIdle(survey, false);
      progress.hidden = true;
    }
  }

  #table(found: TargetReport[]): HTMLElement {
    const table = document.createElement("table");
    const good = found.filter(({ errors, missing }) => errors.length === 0 && missing.length === 0).length;
    table.createCaption().textContent =
      good === found.length ? `It would run on all ${good}.` : `It would run on ${good} of ${found.length}.`;
    const head = table.createTHead().insertRow();
    for (const title of ["Target", "Runs", "Instructions", "Why not"]) head.append(headCell("col", title));
    const body = table.createTBody();
    for (const report of found) this.#row(body.insertRow(), report);
    return table;
  }

  #row(row: HTMLTableRowElement, { id, title, errors, missing, instructions, isReduced }: TargetReport): void {
    const name = headCell("row", "");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () => {
      if (this.choose(id)) this.#actions.chosen();
    });
    name.append(button);
    row.append(name);
    const isGood = errors.length === 0 && missing.length === 0;
    const verdict = row.insertCell();
    verdict.textContent = isGood ? "yes" : "no";
    verdict.className = isGood ? "good" : "error";
    row.insertCell().textContent = instructions === undefined ? "" : String(instructions);
    const reasons = [...errors.map(({ line, message }) => `Line ${line}: ${message}`), ...missing];
    if (!isGood && isReduced) reasons.push("(This profile has the common types alone: that of a host knows all of its kernel.)");
    row.insertCell().textContent = reasons.join("\n");
  }
}

function headCell(scope: "col" | "row", text: string): HTMLTableCellElement {
  const cell = document.createElement("th");
  cell.scope = scope;
  cell.textContent = text;
  return cell;
}
