// The patterns of a script: regular expressions and globs, each compiled once to the automaton that the program walks.

import { Automaton, automatonOf } from "../pattern/automaton";
import { PatternReader } from "../pattern/regular-expression";
import { StringLiteral } from "../syntax/expression-nodes";

@final
export class CompiledPattern {
  automaton: Automaton = new Automaton();
  /** Why it is none; empty if all is well. */
  error: string = "";
  /** Place of the error in the script. */
  errorStart: u32 = 0;
  errorEnd: u32 = 0;

  constructor(public literal: StringLiteral) {
    this.errorStart = literal.start;
    this.errorEnd = literal.end;
  }
}

function compilePattern(literal: StringLiteral, isGlob: bool): CompiledPattern {
  const compiled = new CompiledPattern(literal);
  const reader = new PatternReader(literal.pointer, literal.length);
  const pattern = isGlob ? reader.glob() : reader.regularExpression();
  compiled.error = reader.error;
  if (compiled.error.length == 0) {
    compiled.automaton = automatonOf(pattern);
    compiled.error = compiled.automaton.error;
  } else if (literal.end - literal.start == literal.length + 2) {
    // With escapes in the script's text its bytes and those of the pattern would not be side by side.
    compiled.errorStart = literal.start + 1 + reader.errorStart;
    compiled.errorEnd = max(literal.start + 1 + reader.errorEnd, compiled.errorStart + 1);
  }
  return compiled;
}

@final
export class PatternTable {
  private patterns: Array<CompiledPattern> = [];

  /** The pattern that `literal` writes. */
  find(literal: StringLiteral, isGlob: bool): CompiledPattern {
    for (let i = 0; i < this.patterns.length; i++) if (this.patterns[i].literal == literal) return this.patterns[i];
    const pattern = compilePattern(literal, isGlob);
    this.patterns.push(pattern);
    return pattern;
  }
}
