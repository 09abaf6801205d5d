// From a pattern to the smallest deterministic automaton that decides it: a network of nodes (K. Thompson, Regular Expression
// Search Algorithm, 1968), the subset construction, then merging of states that no text tells apart (E. F. Moore, 1956).

import { ByteSet, Pattern, PatternKind, UNBOUNDED } from "./regular-expression";

/** The text does not fit, whatever comes. */
export const REJECT: i32 = 0;
/** The text fits, whatever comes. */
export const ACCEPT: i32 = 1;

/** The state before the first byte, unless it is one of those two. */
const START: i32 = 2;

/** States that fit a byte. */
const MAXIMUM_STATES: i32 = 256;

/** States before merging, and nodes of the network: what a pattern may cost the compiler. */
const MAXIMUM_SUBSETS: i32 = 1500;
const MAXIMUM_NODES: i32 = 4000;

const enum NodeType {
  Bytes,
  Split,
  Start,
  End,
  Accept,
}

/** Decides texts byte by byte; the byte 0 ends a text and leads to `REJECT` or `ACCEPT`. */
@final
export class Automaton {
  /** What stands in for the automaton where the pattern is a plain text at the start: its bytes, and whether the text ends there. */
  prefix: Array<u8> | null = null;
  isWhole: bool = false;
  /** State before the first byte. */
  start: i32 = REJECT;
  /** `REJECT` and `ACCEPT` included. */
  states: i32 = 2;
  /** 256 next states for each state. */
  table: StaticArray<u8> = new StaticArray<u8>(0);
  /** Why there is none; empty if all is well. */
  error: string = "";
}

export function automatonOf(pattern: Pattern): Automaton {
  return new AutomatonBuilder().build(pattern);
}

@final
class AutomatonBuilder {
  private type: Array<NodeType> = [];
  private set: Array<ByteSet | null> = [];
  private first: Array<i32> = [];
  private second: Array<i32> = [];
  /** Per node: the closure that reached it last. */
  private mark: Array<i32> = [];
  private closures: i32 = 0;
  private waiting: Array<i32> = [];

  /** Per byte: which of the classes that no set of the pattern splits. Class 0 is the NUL alone. */
  private classOf: StaticArray<u8> = new StaticArray<u8>(256);
  private example: Array<i32> = [];

  /** Per state before merging: its nodes, and its next states by class. The first two are `REJECT` and `ACCEPT`. */
  private subsets: Array<Array<i32>> = [];
  private next: Array<StaticArray<u16>> = [];

  build(pattern: Pattern): Automaton {
    const automaton = new Automaton();
    findPrefix(pattern, automaton);
    const accept = this.node(NodeType.Accept, -1, -1, null);
    const entry = this.connect(pattern, accept);
    if (this.type.length >= MAXIMUM_NODES) {
      automaton.error = "the pattern is too large";
      return automaton;
    }
    this.classify();
    const classes = this.example.length;
    for (let sink = 0; sink < 2; sink++) {
      const row = new StaticArray<u16>(classes);
      for (let i = 0; i < classes; i++) row[i] = <u16>sink;
      this.subsets.push([]);
      this.next.push(row);
    }
    const start = this.stateOf(this.closure([entry], true, false));
    for (let state = START; state < this.subsets.length && state < MAXIMUM_SUBSETS; state++) this.step(state, entry);
    if (this.subsets.length >= MAXIMUM_SUBSETS) {
      automaton.error = `the pattern needs more than ${MAXIMUM_STATES} states`;
      return automaton;
    }
    this.merge(automaton, start);
    return automaton;
  }

  private node(type: NodeType, first: i32, second: i32, set: ByteSet | null): i32 {
    if (this.type.length >= MAXIMUM_NODES) return 0;
    this.type.push(type);
    this.first.push(first);
    this.second.push(second);
    this.set.push(set);
    this.mark.push(0);
    return this.type.length - 1;
  }

  /** The node at which `pattern` begins when `next` follows it. */
  private connect(pattern: Pattern, next: i32): i32 {
    if (this.type.length >= MAXIMUM_NODES) return 0;
    switch (pattern.kind) {
      case PatternKind.Bytes:
        return this.node(NodeType.Bytes, next, -1, pattern.set);
      case PatternKind.Sequence:
        return this.connect(pattern.left!, this.connect(pattern.right!, next));
      case PatternKind.Choice:
        return this.node(NodeType.Split, this.connect(pattern.left!, next), this.connect(pattern.right!, next), null);
      case PatternKind.Start:
        return this.node(NodeType.Start, next, -1, null);
      case PatternKind.End:
        return this.node(NodeType.End, next, -1, null);
      case PatternKind.Repeat: {
        const repeated = pattern.left!;
        let entry = next;
        if (pattern.maximum == UNBOUNDED) {
          entry = this.node(NodeType.Split, -1, next, null);
          const turn = this.connect(repeated, entry);
          this.first[entry] = turn;
        }
        for (let i = pattern.minimum; i < pattern.maximum; i++)
          entry = this.node(NodeType.Split, this.connect(repeated, entry), next, null);
        for (let i = 0; i < pattern.minimum; i++) entry = this.connect(repeated, entry);
        return entry;
      }
      default:
        return next;
    }
  }

  /** Splits the bytes into classes that every set of the pattern has whole or not at all. */
  private classify(): void {
    const classOf = this.classOf;
    for (let byte = 1; byte < 256; byte++) classOf[byte] = 1;
    let classes = 2;
    const split = new StaticArray<i32>(256);
    for (let i = 0; i < this.set.length; i++) {
      const set = this.set[i];
      if (set == null) continue;
      // Per class: 0 nothing seen, 1 all in the set so far, 2 none so far; above: the class that takes those of the set.
      const seen = new StaticArray<i32>(256);
      for (let byte = 1; byte < 256; byte++) seen[classOf[byte]] |= set.has(byte) ? 1 : 2;
      for (let c = 1, known = classes; c < known; c++) split[c] = seen[c] == 3 ? classes++ : -1;
      for (let byte = 1; byte < 256; byte++) {
        const to = split[classOf[byte]];
        if (to >= 0 && set.has(byte)) classOf[byte] = <u8>to;
      }
    }
    for (let c = 0; c < classes; c++) this.example.push(0);
    for (let byte = 255; byte > 0; byte--) this.example[classOf[byte]] = byte;
  }

  /** The nodes that wait for a byte, the end or nothing more, and are reached from `nodes` without a byte; in ascending order. */
  private closure(nodes: Array<i32>, atStart: bool, atEnd: bool): Array<i32> {
    const mark = ++this.closures;
    const waiting = this.waiting;
    const reached: Array<i32> = [];
    for (let i = 0; i < nodes.length; i++) waiting.push(nodes[i]);
    while (waiting.length > 0) {
      const node = waiting.pop();
      if (node < 0 || this.mark[node] == mark) continue;
      this.mark[node] = mark;
      switch (this.type[node]) {
        case NodeType.Split:
          waiting.push(this.first[node]);
          waiting.push(this.second[node]);
          break;
        case NodeType.Start:
          if (atStart) waiting.push(this.first[node]);
          break;
        case NodeType.End:
          if (atEnd) waiting.push(this.first[node]);
          else reached.push(node);
          break;
        default:
          reached.push(node);
      }
    }
    return reached.sort((a: i32, b: i32) => a - b);
  }

  private hasAccept(nodes: Array<i32>): bool {
    for (let i = 0; i < nodes.length; i++) if (this.type[nodes[i]] == NodeType.Accept) return true;
    return false;
  }

  /** The state for a set of nodes. */
  private stateOf(nodes: Array<i32>): i32 {
    if (nodes.length == 0) return REJECT;
    if (this.hasAccept(nodes)) return ACCEPT;
    // The start state is nobody else's: there an end of the text is its start as well.
    for (let state = START + 1; state < this.subsets.length; state++) {
      const known = this.subsets[state];
      if (known.length != nodes.length) continue;
      let i = 0;
      while (i < nodes.length && known[i] == nodes[i]) i++;
      if (i == nodes.length) return state;
    }
    this.subsets.push(nodes);
    this.next.push(new StaticArray<u16>(this.example.length));
    return this.subsets.length - 1;
  }

  /** Fills in where a state leads. A match may begin at every byte, so `entry` is always among where it leads. */
  private step(state: i32, entry: i32): void {
    const nodes = this.subsets[state];
    const row = this.next[state];
    const ends: Array<i32> = [];
    for (let i = 0; i < nodes.length; i++) if (this.type[nodes[i]] == NodeType.End) ends.push(this.first[nodes[i]]);
    row[0] = <u16>(this.hasAccept(this.closure(ends, state == START, true)) ? ACCEPT : REJECT);
    for (let c = 1; c < this.example.length; c++) {
      const targets: Array<i32> = [entry];
      for (let i = 0; i < nodes.length; i++) {
        const set = this.set[nodes[i]];
        if (set != null && set.has(this.example[c])) targets.push(this.first[nodes[i]]);
      }
      row[c] = <u16>this.stateOf(this.closure(targets, false, false));
    }
  }

  /** Merges states that no rest of a text tells apart, and writes the table. */
  private merge(automaton: Automaton, start: i32): void {
    const count = this.subsets.length;
    const classes = this.example.length;
    // What the end of the text decides is the first difference: the sinks are ordinary states in that.
    let group = new StaticArray<i32>(count);
    for (let state = 0; state < count; state++) group[state] = this.next[state][0];
    let groups = 2;
    while (true) {
      const refined = new StaticArray<i32>(count);
      const members: Array<i32> = [];
      for (let state = 0; state < count; state++) {
        let same = 0;
        while (same < members.length && !this.alike(state, members[same], group, classes)) same++;
        if (same == members.length) members.push(state);
        refined[state] = same;
      }
      group = refined;
      if (members.length == groups) break;
      groups = members.length;
    }
    if (groups > MAXIMUM_STATES) {
      automaton.error = `the pattern needs ${groups} states; ${MAXIMUM_STATES} are possible`;
      return;
    }
    // States 0 and 1 are the first members of their groups, so the sinks keep their numbers.
    automaton.start = group[start];
    automaton.states = groups;
    const table = new StaticArray<u8>(groups * 256);
    for (let state = 0; state < count; state++) {
      const row = this.next[state];
      for (let byte = 0; byte < 256; byte++) table[group[state] * 256 + byte] = <u8>group[row[this.classOf[byte]]];
    }
    automaton.table = table;
  }

  private alike(left: i32, right: i32, group: StaticArray<i32>, classes: i32): bool {
    if (group[left] != group[right]) return false;
    const a = this.next[left];
    const b = this.next[right];
    for (let c = 0; c < classes; c++) if (group[a[c]] != group[b[c]]) return false;
    return true;
  }
}

/** Recognises `^` and single bytes behind it, with `$` at the end, `.*` at the end, or nothing. */
function findPrefix(pattern: Pattern, automaton: Automaton): void {
  const parts: Array<Pattern> = [];
  flatten(pattern, parts);
  if (parts.length < 2 || parts[0].kind != PatternKind.Start) return;
  const bytes: Array<u8> = [];
  let at = 1;
  while (at < parts.length) {
    const byte = singleByte(parts[at]);
    if (byte < 0) break;
    bytes.push(<u8>byte);
    at++;
  }
  if (bytes.length == 0) return;
  const atEnd = at < parts.length && parts[at].kind == PatternKind.End;
  if (at < parts.length && !atEnd && !isAnything(parts[at])) return;
  if (atEnd ? at + 1 < parts.length : at + 1 < parts.length && !(at + 2 == parts.length && parts[at + 1].kind == PatternKind.End)) return;
  automaton.prefix = bytes;
  automaton.isWhole = atEnd;
}

function flatten(pattern: Pattern, parts: Array<Pattern>): void {
  if (pattern.kind == PatternKind.Sequence) {
    flatten(pattern.left!, parts);
    flatten(pattern.right!, parts);
  } else if (pattern.kind != PatternKind.Empty) {
    parts.push(pattern);
  }
}

/** The byte, where exactly one fits, else -1. */
function singleByte(pattern: Pattern): i32 {
  if (pattern.kind != PatternKind.Bytes) return -1;
  const set = pattern.set!;
  let found = -1;
  for (let byte = 0; byte < 256; byte++) {
    if (!set.has(byte)) continue;
    if (found >= 0) return -1;
    found = byte;
  }
  return found;
}

/** `.*` */
function isAnything(pattern: Pattern): bool {
  if (pattern.kind != PatternKind.Repeat || pattern.minimum > 0 || pattern.maximum != UNBOUNDED) return false;
  const repeated = pattern.left!;
  if (repeated.kind != PatternKind.Bytes) return false;
  for (let byte = 1; byte < 256; byte++) if (!repeated.set!.has(byte)) return false;
  return true;
}
