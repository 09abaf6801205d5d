// Lowering of pattern matches: a loop that walks the text through the table of an automaton in `.rodata`, or a comparison where the
// pattern is a plain text.

import { Automaton, REJECT } from "../pattern/automaton";
import { Expression, NodeKind } from "../syntax/ast";
import { StringLiteral } from "../syntax/expression-nodes";
import { Op, Section, Type } from "./ir";
import { ComparisonLowering } from "./lower-comparisons";

export abstract class PatternLowering extends ComparisonLowering {
  /** Branches on whether `literal`, a regular expression or a glob, fits `text`. */
  protected matchText(text: Expression, literal: StringLiteral, isGlob: bool, whenMatch: i32, whenOther: i32): void {
    const automaton = this.checker.patterns.find(literal, isGlob).automaton;
    const bytes = automaton.prefix;
    if (text.kind == NodeKind.StringLiteral) this.b.jump(fits(automaton, <StringLiteral>text) ? whenMatch : whenOther);
    else if (automaton.start <= 1) this.b.jump(automaton.start == REJECT ? whenOther : whenMatch);
    else if (bytes != null) this.comparePrefix(text, bytes, automaton.isWhole, whenMatch, whenOther);
    else this.walk(text, automaton, whenMatch, whenOther);
  }

  /**
   * One load per byte, and one for where it leads. A byte 0 leads to `REJECT` or `ACCEPT`, as does every byte that decides, so one
   * test ends the loop. The state is masked: the verifier knows no more of it than that it is a byte.
   */
  private walk(text: Expression, automaton: Automaton, whenMatch: i32, whenOther: i32): void {
    const b = this.b;
    const size = this.types.get(text.typeId).size;
    const bytes = this.textPrefix(text, size, false);
    let rows = 2;
    while (rows < automaton.states) rows <<= 1;
    const table = b.data(Section.Rodata, this.patternTable(automaton, rows));
    const mask = b.constant(rows * 256 - 1);
    const index = b.addVariable(Type.Scalar);
    const stateVariable = b.addVariable(Type.Scalar);
    const head = b.newBlock();
    const undecided = b.newBlock();
    const full = b.newBlock();
    const done = b.newBlock();
    b.write(index, b.constant(0));
    b.write(stateVariable, b.constant(automaton.start));
    b.jump(head);
    b.enterUnsealed(head);
    const row = b.binary(Op.Shl, b.read(stateVariable), b.constant(8));
    const byte = b.load(b.index(bytes, b.read(index)), 0, 1);
    const next = b.load(b.index(table, b.binary(Op.And, b.binary(Op.Or, row, byte), mask)), 0, 1);
    b.write(stateVariable, next);
    b.branch(b.binary(Op.Above, next, b.constant(1)), undecided, done);
    b.enter(undecided);
    const following = b.binary(Op.Add, b.read(index), b.constant(1));
    b.write(index, following);
    b.branch(b.binary(Op.Below, following, b.constant(size)), head, full);
    b.seal(head);
    // The text fills its memory: it ends here all the same.
    b.enter(full);
    const last = b.binary(Op.And, b.binary(Op.Shl, b.read(stateVariable), b.constant(8)), mask);
    b.write(stateVariable, b.load(b.index(table, last), 0, 1));
    b.jump(done);
    b.enter(done);
    b.branch(b.truth(b.read(stateVariable)), whenMatch, whenOther);
  }

  /** Offset in `.rodata` of the automaton's table, written on first use: a power of two of rows, so that a mask bounds it. */
  private patternTable(automaton: Automaton, rows: i32): i32 {
    const known = this.state.patternTables;
    for (let i = 0; i < known.length; i++) if (known[i].automaton == automaton) return known[i].offset;
    const rodata = this.module.rodata;
    rodata.align(8);
    const table = new PatternPlace(automaton, <i32>rodata.length);
    known.push(table);
    for (let i = 0; i < automaton.table.length; i++) rodata.writeU8(automaton.table[i]);
    rodata.writeZeros((rows - automaton.states) * 256);
    return table.offset;
  }
}

/** Where the table of an automaton lies. */
@final
export class PatternPlace {
  constructor(
    public automaton: Automaton,
    /** In `.rodata`. */
    public offset: i32,
  ) {}
}

/** Whether a text that is known now fits. */
function fits(automaton: Automaton, text: StringLiteral): bool {
  let state = automaton.start;
  for (let i: u32 = 0; i < text.length && state > 1; i++) state = automaton.table[state * 256 + <i32>load<u8>(text.pointer + i)];
  return state > 1 ? automaton.table[state * 256] != 0 : state != REJECT;
}
