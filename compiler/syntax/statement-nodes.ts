// Syntax tree: statements. `Block` is in `ast.ts`, since declarations hold one.

import { Source } from "../source/source";
import { Block, Expression, FunctionDeclaration, NodeKind, Statement, TypeSyntax } from "./ast";
import { CharacterClass, classOf } from "./characters";
import { MapAccess } from "./expression-nodes";
import { BinaryOperator } from "./operators";

/** `target = value` or `target += value`. */
@final
export class Assignment extends Statement {
  constructor(
    start: u32,
    end: u32,
    /** Variable or MapAccess; FieldAccess, TupleIndex or Index where the script tries that. */
    public target: Expression,
    /** None for a plain `=`. */
    public operator: BinaryOperator,
    public value: Expression,
  ) {
    super(NodeKind.Assignment, start, end);
  }

  /** Where the operator stands: the first byte behind the target that is no blank. */
  operatorStart(source: Source): u32 {
    let at = this.target.end;
    while (classOf(source.at(at)) == CharacterClass.Blank) at++;
    return at;
  }
}

/** `_ = value` */
@final
export class Discard extends Statement {
  constructor(
    start: u32,
    end: u32,
    public value: Expression,
  ) {
    super(NodeKind.Discard, start, end);
  }
}

/** `let $name : type = value;` */
@final
export class Let extends Statement {
  constructor(
    start: u32,
    end: u32,
    /** Name without `$`. */
    public name: u32,
    public nameStart: u32,
    public nameEnd: u32,
    public type: TypeSyntax | null,
    public value: Expression | null,
    /** Of a function: a parameter, or what it returns. It has a value, whatever the script says. */
    public isParameter: bool = false,
  ) {
    super(NodeKind.Let, start, end);
  }
}

@final
export class If extends Statement {
  constructor(
    start: u32,
    end: u32,
    public condition: Expression,
    public then: Block,
    /** Block or If. */
    public otherwise: Statement | null,
  ) {
    super(NodeKind.If, start, end);
  }
}

@final
export class While extends Statement {
  constructor(
    start: u32,
    end: u32,
    public condition: Expression,
    public body: Block,
  ) {
    super(NodeKind.While, start, end);
  }
}

/** `for ($name : from..to) { }`, half-open. */
@final
export class ForRange extends Statement {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    public nameStart: u32,
    public nameEnd: u32,
    public from: Expression,
    public to: Expression,
    public body: Block,
  ) {
    super(NodeKind.ForRange, start, end);
  }
}

/** `for ($name : @map) { }` */
@final
export class ForMap extends Statement {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    public nameStart: u32,
    public nameEnd: u32,
    public map: MapAccess,
    public body: Block,
  ) {
    super(NodeKind.ForMap, start, end);
  }
}

/** `unroll(count) { }` */
@final
export class Unroll extends Statement {
  constructor(
    start: u32,
    end: u32,
    public count: Expression,
    public body: Block,
  ) {
    super(NodeKind.Unroll, start, end);
  }
}

/**
 * The body of a function of the script in the place of a call: its variables are its own, and `return` leaves it for what follows.
 * Stands in a block that declares the parameters and `result`.
 */
@final
export class FunctionBody extends Statement {
  constructor(
    start: u32,
    end: u32,
    public declaration: FunctionDeclaration,
    /** The variable that `return` sets; 0 where there is none: the function is void. */
    public result: u32,
    public body: Block,
  ) {
    super(NodeKind.FunctionBody, start, end);
  }
}

@final
export class Return extends Statement {
  constructor(
    start: u32,
    end: u32,
    public value: Expression | null,
  ) {
    super(NodeKind.Return, start, end);
  }
}

@final
export class Break extends Statement {
  constructor(start: u32, end: u32) {
    super(NodeKind.Break, start, end);
  }
}

@final
export class Continue extends Statement {
  constructor(start: u32, end: u32) {
    super(NodeKind.Continue, start, end);
  }
}

@final
export class ExpressionStatement extends Statement {
  constructor(
    start: u32,
    end: u32,
    public expression: Expression,
  ) {
    super(NodeKind.ExpressionStatement, start, end);
  }
}
