// Where the parts of a script that macros made come from: messages about them end with "expanded from" and the use of the macro, and
// that of the macro around it.

@final
export class Expansions {
  /** By number: the expansion around it, and the span of the use. Number 0 is the script itself. */
  private parents: Array<i32> = [-1];
  private starts: Array<u32> = [0];
  private ends: Array<u32> = [0];
  /** Roots of what expansions made, and of the arguments in it, which come from outside. */
  private roots: Map<usize, i32> = new Map();
  /** The expansion that is being made, checked or lowered. */
  current: i32 = 0;

  /** Notes a use of a macro in the current expansion; returns its number. */
  add(start: u32, end: u32): i32 {
    this.parents.push(this.current);
    this.starts.push(start);
    return this.ends.push(end) - 1;
  }

  /** Says that `root`, a node, belongs to `expansion`. */
  mark(root: usize, expansion: i32): void {
    this.roots.set(root, expansion);
  }

  /** The number that `mark` gave `root`; -1 for any other node. */
  of(root: usize): i32 {
    return this.roots.size > 0 && this.roots.has(root) ? this.roots.get(root) : -1;
  }

  /** Enters a node; returns what `current` is to be set to when it is left. */
  enter(node: usize): i32 {
    const outer = this.current;
    const expansion = this.of(node);
    if (expansion >= 0) this.current = expansion;
    return outer;
  }

  parent(expansion: i32): i32 {
    return this.parents[expansion];
  }

  start(expansion: i32): u32 {
    return this.starts[expansion];
  }

  end(expansion: i32): u32 {
    return this.ends[expansion];
  }
}
