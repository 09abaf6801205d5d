// What any page needs: its elements, tabs, files to save, and what the browser keeps.

/** An element by its id in index.html. */
export function element<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Type;
}

/** Tabs of which one is shown; the arrow keys go from one to the next. */
export class Tabs<Name extends string> {
  readonly #buttons = new Map<Name, HTMLButtonElement>();

  /** @param chosen called with the tab that is. */
  constructor(list: HTMLElement, titles: readonly (readonly [Name, string])[], chosen: (name: Name) => void) {
    for (const [name, title] of titles) {
      const button = document.createElement("button");
      button.type = "button";
      button.role = "tab";
      button.id = `tab-${name}`;
      button.textContent = title;
      button.addEventListener("click", () => chosen(name));
      this.#buttons.set(name, button);
      list.append(button);
    }
    list.addEventListener("keydown", (event) => {
      const buttons = [...this.#buttons.values()];
      const at = buttons.findIndex(({ tabIndex }) => tabIndex === 0);
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const button = buttons[next % buttons.length];
      button?.focus();
      button?.click();
    });
  }

  has(name: string): name is Name {
    return this.#buttons.has(name as Name);
  }

  select(name: Name): void {
    for (const [own, button] of this.#buttons) {
      button.setAttribute("aria-selected", String(own === name));
      button.tabIndex = own === name ? 0 : -1;
    }
  }
}

/** A button that has nothing to do now. It keeps the focus: who has pressed it stays where they were. */
export function setIdle(button: HTMLButtonElement, isIdle: boolean): void {
  button.setAttribute("aria-disabled", String(isIdle));
}

export const isIdle = (button: HTMLButtonElement): boolean => button.getAttribute("aria-disabled") === "true";

/** Buttons that come up below a summary, and go by Escape, by the choice of one, and when the focus goes elsewhere. */
export function makeMenu(details: HTMLDetailsElement): void {
  const close = () => {
    // What goes must not have the focus.
    if (details.contains(document.activeElement)) details.querySelector("summary")?.focus();
    details.open = false;
  };
  for (const button of details.querySelectorAll("button")) button.addEventListener("click", close);
  details.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") close();
  });
  details.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !details.contains(relatedTarget)) close();
  });
}

/** Has the browser keep a file. */
export function save(name: string, content: BlobPart, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Undefined where the browser lets pages keep nothing: what is written lasts as long as the tab. */
export const storage = ((): Storage | undefined => {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
})();
