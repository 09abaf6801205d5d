// Operators: their text and how tightly they bind (features 2.8).

/** In the order of the two tables below. */
export const enum BinaryOperator {
  /** No operator, as of a plain assignment. */
  None,
  Multiply,
  Divide,
  Modulo,
  Add,
  Subtract,
  ShiftLeft,
  ShiftRight,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  /** `e =~ "pattern"`; only before a string literal, since `$x =~1` assigns `~1`. */
  Match,
  NotMatch,
  And,
  Xor,
  Or,
  LogicalAnd,
  LogicalOr,
  Count,
}

export const enum UnaryOperator {
  Negate,
  Not,
  Complement,
  AddressOf,
  Dereference,
  PreIncrement,
  PreDecrement,
  PostIncrement,
  PostDecrement,
  Count,
}

const BINARY_TEXT: StaticArray<string> = [
  "",
  "*",
  "/",
  "%",
  "+",
  "-",
  "<<",
  ">>",
  "<",
  "<=",
  ">",
  ">=",
  "==",
  "!=",
  "=~",
  "!~",
  "&",
  "^",
  "|",
  "&&",
  "||",
];

/** Higher binds tighter; all are left-associative. */
const BINARY_PRECEDENCE: StaticArray<i32> = [0, 10, 10, 10, 9, 9, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6, 5, 4, 3, 2, 1];

const UNARY_TEXT: StaticArray<string> = ["-", "!", "~", "&", "*", "++", "--", "++", "--"];

/** As written in a script. */
export function binaryText(operator: BinaryOperator): string {
  return BINARY_TEXT[<i32>operator];
}

/** From 1 (`||`) to 10 (`*`). */
export function binaryPrecedence(operator: BinaryOperator): i32 {
  return BINARY_PRECEDENCE[<i32>operator];
}

/** As written in a script, before or after its operand. */
export function unaryText(operator: UnaryOperator): string {
  return UNARY_TEXT[<i32>operator];
}
