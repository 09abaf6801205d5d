// Syntax tree: expressions.

import { Block, Expression, NodeKind, TypeSyntax } from "./ast";
import { BinaryOperator, UnaryOperator } from "./operators";

/** Suffix of an integer; the type it asks for has no effect in the peer, only its range. */
export const enum IntegerSuffix {
  None,
  /** `u` */
  Unsigned,
  /** `l`, `ll` */
  Long,
  /** `ul`, `ull` */
  UnsignedLong,
}

@final
export class IntegerLiteral extends Expression {
  /** Written with a time unit: `value` is nanoseconds. */
  duration: bool = false;
  /** A `-` stood directly before it; `value` is already its two's complement. */
  negative: bool = false;
  suffix: IntegerSuffix = IntegerSuffix.None;

  constructor(
    start: u32,
    end: u32,
    public value: u64,
  ) {
    super(NodeKind.IntegerLiteral, start, end);
  }
}

/** `1.5`: an extension of ours. Its value is `digits` / 10 ^ `scale`. */
@final
export class DecimalLiteral extends Expression {
  constructor(
    start: u32,
    end: u32,
    public digits: u64,
    public scale: u32,
  ) {
    super(NodeKind.DecimalLiteral, start, end);
  }
}

/** Bytes with escapes resolved; they may contain NUL, and no NUL ends them. */
@final
export class StringLiteral extends Expression {
  constructor(
    start: u32,
    end: u32,
    public pointer: usize,
    public length: u32,
  ) {
    super(NodeKind.StringLiteral, start, end);
  }
}

@final
export class BooleanLiteral extends Expression {
  constructor(
    start: u32,
    end: u32,
    public value: bool,
  ) {
    super(NodeKind.BooleanLiteral, start, end);
  }
}

/** A bare name: a builtin value, an enumerator, a `#define`, or a macro without arguments. */
@final
export class Identifier extends Expression {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
  ) {
    super(NodeKind.Identifier, start, end);
  }
}

/** `$name` */
@final
export class Variable extends Expression {
  constructor(
    start: u32,
    end: u32,
    /** Name without `$`. */
    public name: u32,
  ) {
    super(NodeKind.Variable, start, end);
  }
}

/** `@name`, `@name[key]`, `@name[key, key]` */
@final
export class MapAccess extends Expression {
  constructor(
    start: u32,
    end: u32,
    /** Name without `@`; 0 for the bare `@`. */
    public name: u32,
    /** Offset behind the name, where the keys start. */
    public nameEnd: u32,
    /** Null without brackets. `@x[(a, b)]` has one key, a Tuple, and means the same as two. */
    public keys: Array<Expression> | null,
  ) {
    super(NodeKind.MapAccess, start, end);
  }
}

/** `$1` */
@final
export class PositionalParameter extends Expression {
  constructor(
    start: u32,
    end: u32,
    /** From 1. */
    public index: u32,
  ) {
    super(NodeKind.PositionalParameter, start, end);
  }
}

/** `$#` */
@final
export class ParameterCount extends Expression {
  constructor(start: u32, end: u32) {
    super(NodeKind.ParameterCount, start, end);
  }
}

@final
export class Unary extends Expression {
  constructor(
    start: u32,
    end: u32,
    public operator: UnaryOperator,
    public operand: Expression,
  ) {
    super(NodeKind.Unary, start, end);
  }
}

@final
export class Binary extends Expression {
  constructor(
    public operator: BinaryOperator,
    /** Span of the operator itself. */
    public operatorStart: u32,
    public operatorEnd: u32,
    public left: Expression,
    public right: Expression,
  ) {
    super(NodeKind.Binary, left.start, right.end);
  }
}

/** `condition ? then : otherwise`, `condition ?: otherwise` */
@final
export class Conditional extends Expression {
  constructor(
    public condition: Expression,
    /** Null: the condition's own value. */
    public then: Expression | null,
    public otherwise: Expression,
  ) {
    super(NodeKind.Conditional, condition.start, otherwise.end);
  }
}

@final
export class Call extends Expression {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    /** Offset behind the name. */
    public nameEnd: u32,
    public argumentList: Array<Expression>,
  ) {
    super(NodeKind.Call, start, end);
  }
}

/** `object.name` or `object->name`: the same. */
@final
export class FieldAccess extends Expression {
  constructor(
    end: u32,
    public object: Expression,
    public name: u32,
    public nameStart: u32,
    /** Written with `->`. */
    public arrow: bool,
  ) {
    super(NodeKind.FieldAccess, object.start, end);
  }
}

/** `object.0` */
@final
export class TupleIndex extends Expression {
  constructor(
    end: u32,
    public object: Expression,
    public index: u32,
  ) {
    super(NodeKind.TupleIndex, object.start, end);
  }
}

/** `object[index]` of anything but a map. */
@final
export class Index extends Expression {
  constructor(
    end: u32,
    public object: Expression,
    public index: Expression,
  ) {
    super(NodeKind.Index, object.start, end);
  }
}

@final
export class Cast extends Expression {
  constructor(
    start: u32,
    public type: TypeSyntax,
    public operand: Expression,
  ) {
    super(NodeKind.Cast, start, operand.end);
  }
}

/** `sizeof(T)` or `sizeof(e)`: exactly one of the two is there. A lone identifier is kept as an expression. */
@final
export class SizeOf extends Expression {
  constructor(
    start: u32,
    end: u32,
    public type: TypeSyntax | null,
    public expression: Expression | null,
  ) {
    super(NodeKind.SizeOf, start, end);
  }
}

/** `offsetof(T, a.b)` or `offsetof(e, a.b)`: exactly one of the two is there. A lone identifier is kept as an expression. */
@final
export class OffsetOf extends Expression {
  constructor(
    start: u32,
    end: u32,
    public type: TypeSyntax | null,
    public expression: Expression | null,
    /** Field names, outermost first. */
    public path: Array<u32>,
    /** `has_field(T, a.b)`: whether there is such a field. */
    public asksExistence: bool = false,
  ) {
    super(NodeKind.OffsetOf, start, end);
  }
}

/** `typeinfo(T)` or `typeinfo(e)` */
@final
export class TypeInformation extends Expression {
  constructor(
    start: u32,
    end: u32,
    public type: TypeSyntax | null,
    public expression: Expression | null,
  ) {
    super(NodeKind.TypeInformation, start, end);
  }
}

/** `container_of(pointer, type, member)` */
@final
export class ContainerOf extends Expression {
  constructor(
    start: u32,
    end: u32,
    public pointer: Expression,
    public type: TypeSyntax,
    /** Field names, outermost first. */
    public path: Array<u32>,
  ) {
    super(NodeKind.ContainerOf, start, end);
  }
}

@final
export class Comptime extends Expression {
  constructor(
    start: u32,
    public operand: Expression,
  ) {
    super(NodeKind.Comptime, start, operand.end);
  }
}

/** `()`, `(a,)`, `(a, b)` */
@final
export class Tuple extends Expression {
  constructor(
    start: u32,
    end: u32,
    public elements: Array<Expression>,
  ) {
    super(NodeKind.Tuple, start, end);
  }
}

/** `(name = value, ...)`: names and values side by side. */
@final
export class Record extends Expression {
  constructor(
    start: u32,
    end: u32,
    public names: Array<u32>,
    public values: Array<Expression>,
  ) {
    super(NodeKind.Record, start, end);
  }
}

/** `{ statements; value }` */
@final
export class BlockExpression extends Expression {
  constructor(
    start: u32,
    end: u32,
    /** Its `result` is there. */
    public body: Block,
  ) {
    super(NodeKind.BlockExpression, start, end);
  }
}

/** An `if` used as a value. */
@final
export class IfExpression extends Expression {
  constructor(
    start: u32,
    end: u32,
    public condition: Expression,
    /** Its `result` is there. */
    public then: Block,
    /** BlockExpression or IfExpression. */
    public otherwise: Expression,
  ) {
    super(NodeKind.IfExpression, start, end);
  }
}

/** `typeof(e)` or a type's own name, where a value may stand: an argument of a macro, an operand of a comparison. */
@final
export class TypeExpression extends Expression {
  constructor(
    start: u32,
    end: u32,
    public type: TypeSyntax,
  ) {
    super(NodeKind.TypeExpression, start, end);
  }
}

@final
export class ErrorExpression extends Expression {
  constructor(start: u32, end: u32) {
    super(NodeKind.ErrorExpression, start, end);
  }
}
