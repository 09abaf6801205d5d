// Elements that are made once and changed in place: a redraw touches what has changed, and nothing is lost that one looks at.

const SVG = "http://www.w3.org/2000/svg";

export function svg<Tag extends keyof SVGElementTagNameMap>(tag: Tag, className = ""): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  if (className !== "") made.setAttribute("class", className);
  return made;
}

export function html<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className = ""): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  return made;
}

/** Lengths in pixels are rounded: the rest of their digits is nothing to see. */
export function set(element: Element, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Parts of a drawing by number, used again at the next one. */
export class Pool<Part extends { root: Element }> {
  readonly #host: Element;
  readonly #make: () => Part;
  readonly #made: Part[] = [];
  #used = 0;

  constructor(host: Element, make: () => Part) {
    this.#host = host;
    this.#make = make;
  }

  /** The first `count` parts; there are no others in the drawing. */
  take(count: number): Part[] {
    while (this.#made.length < count) this.#made.push(this.#make());
    for (let index = this.#used; index < count; index++) this.#host.append((this.#made[index] as Part).root);
    for (let index = count; index < this.#used; index++) this.#made[index]?.root.remove();
    this.#used = count;
    return this.#made.slice(0, count);
  }
}

/** Width of a character in the charts' font, which is a mono-spaced one, by its height. */
const CHARACTER = 0.61;

export const textWidth = (characters: number, height: number): number => characters * height * CHARACTER;

/**
 * A text on one line, with escapes for what cannot be seen: a key may have any bytes. Characters that turn the direction of what is
 * behind them would turn the drawing's own texts as well.
 */
export function visible(text: string): string {
  // The frames of a stack are lines with an indent.
  return text.replace(/\n[ \t]+/g, " ").replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code === 9 || code === 10) return code === 9 ? "\\t" : "\\n";
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}

/** At most so wide; of a longer text the middle is left out, since paths differ at their ends. */
export function fitting(text: string, width: number, height: number): string {
  return shortened(text, Math.floor(width / textWidth(1, height)));
}

/** At most `room` characters. */
export function shortened(text: string, room: number): string {
  const characters = Array.from(text);
  if (characters.length <= room) return text;
  if (room < 3) return "";
  const head = Math.ceil((room - 1) / 2);
  const tail = room - 1 - head;
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - tail).join("")}`;
}

const UNITS = ["", "K", "M", "G", "T", "P", "E"];

/** A number of an axis. */
export function roundNumber(value: number): string {
  const size = Math.abs(value);
  const unit = size < 1000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  return `${Number((value / 1000 ** unit).toPrecision(4))}${UNITS[unit]}`;
}
