// Stacks as a flame graph: the outermost frame on top, each as wide as its share, those that it calls below.
//
// One element has the focus, as in any tree of this kind; the frame with the cursor is told by aria-activedescendant. Frames are
// known by their path, so that zoom and cursor outlast a redraw, and a moment without the frame too.

import { fitting, html, set, svg, visible, write } from "./elements.ts";
import { type Drawing, EMPTY, type Table } from "./figure.ts";
import { type FlameNode, flameTree, nodeAt, nodesOnWay } from "./flame-tree.ts";
import type { Picture } from "./pictures.ts";

type Stacks = Extract<Picture, { kind: "stacks" }>;

const ROW = 19;
const FONT = 11;
/** Narrower frames are left out: in pixels. */
const NARROWEST = 1;

interface Drawn {
  node: FlameNode;
  x: number;
  width: number;
}

interface Part {
  root: SVGGElement;
  title: SVGTitleElement;
  rect: SVGRectElement;
  text: SVGTextElement;
}

/** Ids are of the whole page. */
let graphs = 0;

export class Flames implements Drawing<Stacks> {
  readonly #svg = svg("svg", "flames");
  readonly #chosen = html("p", "chosen");
  readonly #id = `flames-${graphs++}`;
  readonly #parts = new Map<string, Part>();
  #made = 0;
  #tree = flameTree([]);
  #drawn: Drawn[] = [];
  /** Paths in the order in which they are in the document; that of the first frame is "". */
  #order: string | undefined;
  /** Paths of the frame that fills the width, and of the one with the cursor. */
  #zoom = "";
  #current = "";
  #width = 0;
  #rows = 1;

  constructor(body: HTMLElement) {
    set(this.#svg, { role: "tree", tabindex: "0" });
    this.#svg.addEventListener("keydown", (event) => {
      if (this.#press(event.key)) event.preventDefault();
    });
    const hint = html("p", "hint");
    hint.textContent = "Click or Enter zooms in, Escape zooms out, arrow keys move.";
    body.append(this.#svg, this.#chosen, hint);
  }

  summary({ rows, more }: Stacks): string {
    if (rows.length === 0) return EMPTY;
    const counted = `${rows.length} stack${rows.length === 1 ? "" : "s"}${more > 0 ? ` (and ${more} more)` : ""}`;
    return `${counted}, ${this.#tree.total} in all`;
  }

  table({ rows }: Stacks): Table {
    return { head: ["Stack", "Value"], rows: rows.map(({ frames, label }) => [frames.map(({ name }) => name).join("; "), label]) };
  }

  take({ rows }: Stacks): void {
    this.#tree = flameTree(rows);
  }

  draw(_: Stacks, summary: string, width: number): void {
    this.#width = width;
    set(this.#svg, { "aria-label": summary });
    this.#lay();
  }

  #lay(): void {
    const zoomed = nodeAt(this.#tree, this.#zoom);
    this.#drawn = [];
    // What the zoomed frame is called by fills the width as well.
    for (const node of nodesOnWay(zoomed).slice(0, -1)) this.#drawn.push({ node, x: 0, width: this.#width });
    const add = (node: FlameNode, x: number, width: number) => {
      this.#drawn.push({ node, x, width });
      let left = x;
      for (const child of node.children.values()) {
        const share = node.total === 0n ? 0 : (Number(child.total) / Number(node.total)) * width;
        if (share >= NARROWEST) add(child, left, share);
        left += share;
      }
    };
    add(zoomed, 0, this.#width);
    this.#rows = Math.max(this.#rows, ...this.#drawn.map(({ node }) => node.depth + 1));
    set(this.#svg, { width: this.#width, height: this.#rows * ROW });
    for (const { node, x, width } of this.#drawn) this.#drawFrame(node, x, width);
    const paths = new Set(this.#drawn.map(({ node }) => node.path));
    for (const [path, { root }] of this.#parts) {
      if (paths.has(path)) continue;
      root.remove();
      this.#parts.delete(path);
    }
    // A reader goes by the order in the document.
    const order = [...paths].join("\n");
    if (order !== this.#order) this.#svg.append(...[...paths].map((path) => (this.#parts.get(path) as Part).root));
    this.#order = order;
    this.#mark();
  }

  #part({ path, of }: FlameNode): Part {
    let part = this.#parts.get(path);
    if (part === undefined) {
      part = { root: svg("g", `frame ${of}`), title: svg("title"), rect: svg("rect"), text: svg("text") };
      set(part.root, { role: "treeitem", id: `${this.#id}-${this.#made++}` });
      // Shortened to its width: the title is the frame's name, for screen readers too.
      set(part.text, { "aria-hidden": "true" });
      part.root.append(part.title, part.rect, part.text);
      part.root.addEventListener("click", () => {
        this.#current = path;
        this.#zoomTo(path);
      });
      this.#parts.set(path, part);
    }
    return part;
  }

  #drawFrame(node: FlameNode, x: number, width: number): void {
    const { root, title, rect, text } = this.#part(node);
    const about = this.#about(node);
    const y = node.depth * ROW;
    write(title, about);
    set(root, { "aria-level": String(node.depth + 1) });
    set(rect, { x, y, width: Math.max(width - 1, 0.5), height: ROW - 1 });
    set(text, { x: x + 4, y: y + ROW / 2 });
    write(text, fitting(visible(node.name), width - 9, FONT));
  }

  #about({ name, total }: FlameNode): string {
    const all = this.#tree.total;
    const share = all === 0n ? 0 : (Number(total) / Number(all)) * 100;
    return `${visible(name)}: ${total} (${share.toFixed(1)} %)`;
  }

  /** The cursor stands on a frame that is drawn, if need be on one that calls it. */
  #mark(): void {
    const current = nodesOnWay(nodeAt(this.#tree, this.#current))
      .reverse()
      .find(({ path }) => this.#parts.has(path));
    for (const [path, { root }] of this.#parts) root.classList.toggle("current", path === current?.path);
    if (current === undefined) return;
    set(this.#svg, { "aria-activedescendant": (this.#parts.get(current.path) as Part).root.id });
    write(this.#chosen, this.#about(current));
  }

  #zoomTo(path: string): void {
    this.#zoom = path;
    this.#lay();
  }

  #press(key: string): boolean {
    const at = this.#drawn.findIndex(({ node }) => node.path === nodeAt(this.#tree, this.#current).path);
    const here = this.#drawn[Math.max(at, 0)];
    if (here === undefined) return false;
    const level = this.#drawn.filter(({ node }) => node.depth === here.node.depth).sort((left, right) => left.x - right.x);
    const beside = level.indexOf(here);
    const below = this.#drawn.filter(({ node }) => node.parent === here.node).sort((left, right) => right.width - left.width);
    const moves: Record<string, FlameNode | undefined> = {
      ArrowUp: here.node.parent,
      ArrowDown: below[0]?.node,
      ArrowLeft: level[beside - 1]?.node,
      ArrowRight: level[beside + 1]?.node,
    };
    if (key === "Enter" || key === " ") this.#zoomTo(here.node.path);
    else if (key === "Escape" && this.#zoom !== "") this.#zoomTo("");
    else if (key in moves) {
      this.#current = (moves[key] ?? here.node).path;
      this.#mark();
    } else return false;
    return true;
  }
}
