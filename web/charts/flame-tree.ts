// Stacks put together by the frames that they share from the outermost on.

import type { Frame, StackRow } from "./pictures.ts";

export interface FlameNode {
  name: string;
  of: Frame["of"] | "all";
  /** Names from the root on; empty for the root. */
  path: string;
  depth: number;
  /** Of all stacks that go through it; exact, whatever their size. */
  total: bigint;
  parent: FlameNode | undefined;
  /** By name. */
  children: Map<string, FlameNode>;
}

/** Only what is more than 0 has a width. */
export function flameTree(rows: readonly StackRow[]): FlameNode {
  const root: FlameNode = { name: "all", of: "all", path: "", depth: 0, total: 0n, parent: undefined, children: new Map() };
  for (const { frames, label } of rows) {
    const value = BigInt(label);
    if (value <= 0n) continue;
    root.total += value;
    let node = root;
    for (const { name, of } of frames) {
      const step = `${of} ${name}`;
      let child = node.children.get(step);
      if (child === undefined) {
        child = { name, of, path: `${node.path}\0${step}`, depth: node.depth + 1, total: 0n, parent: node, children: new Map() };
        node.children.set(step, child);
      }
      child.total += value;
      node = child;
    }
  }
  sortChildren(root);
  return root;
}

/** By name: by size they would change places all the time. */
function sortChildren(node: FlameNode): void {
  if (node.children.size > 1) node.children = new Map([...node.children].sort(([left], [right]) => (left < right ? -1 : 1)));
  for (const child of node.children.values()) sortChildren(child);
}

/** The node of a path, or the last one on the way to it that there is. */
export function nodeAt(root: FlameNode, path: string): FlameNode {
  let node = root;
  for (const step of path.split("\0").slice(1)) {
    const child = node.children.get(step);
    if (child === undefined) break;
    node = child;
  }
  return node;
}

/** From the root to the node. */
export function nodesOnWay(node: FlameNode): FlameNode[] {
  const way: FlameNode[] = [];
  for (let at: FlameNode | undefined = node; at !== undefined; at = at.parent) way.unshift(at);
  return way;
}
