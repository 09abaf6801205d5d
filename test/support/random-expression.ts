// Random integer programs of the language with their meaning: each comes with an interpreter on 64-bit patterns, written from
// the specification (features 5.1 and what the peer does), not from the compiler.

import type { Random } from "./random.ts";

/** An integer type; `flexible`: a literal without a minus, which takes the sign of its neighbour. */
export interface IntegerType {
  size: 1 | 2 | 4 | 8;
  signed: boolean;
  flexible?: boolean;
}

const INT64: IntegerType = { size: 8, signed: true };
const UINT64: IntegerType = { size: 8, signed: false };
const SIZES = [1, 2, 4, 8] as const;

/** Values of variables and maps: 64-bit patterns. */
export interface State {
  variables: Map<string, bigint>;
  /** By map name, then by key as text. */
  maps: Map<string, Map<string, bigint>>;
  /** What was printed. */
  output: string[];
  /** Statements run so far: ends loops that a mistake makes endless. */
  steps: number;
}

export function freshState(): State {
  return { variables: new Map(), maps: new Map(), output: [], steps: 0 };
}

export interface Expression {
  text: string;
  type: IntegerType;
  evaluate(state: State): bigint;
}

export interface Condition {
  text: string;
  evaluate(state: State): boolean;
}

export interface Statement {
  text: string;
  run(state: State): void;
}

const mask = (value: bigint) => BigInt.asUintN(64, value);
const signedOf = (value: bigint) => BigInt.asIntN(64, value);

/** The low `size` bytes of `value`, extended by the type's sign. */
export function extend(value: bigint, { size, signed }: IntegerType): bigint {
  return mask(signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value));
}

/** Features 5.1 T5: signed if one side is, unless that side is a literal that bends to the other. */
function isSignedOperation(left: IntegerType, right: IntegerType): boolean {
  if (left.signed === right.signed) return left.signed;
  const signed = left.signed ? left : right;
  return signed.flexible !== true;
}

/** The type that holds both (features 5.1 T3). */
function promote(left: IntegerType, right: IntegerType): IntegerType {
  const size = Math.max(left.size, right.size) as IntegerType["size"];
  if (left.signed === right.signed) return { size, signed: left.signed };
  if (left.flexible === true) return { size, signed: right.signed };
  if (right.flexible === true) return { size, signed: left.signed };
  const signed = left.signed ? left : right;
  const unsigned = left.signed ? right : left;
  if (signed.size > unsigned.size) return { size: signed.size, signed: true };
  return { size: Math.min(size * 2, 8) as IntegerType["size"], signed: true };
}

function literalType(value: bigint): IntegerType {
  const flexible = value >= 0n;
  if (value > 0x7fffffffffffffffn) return { size: 8, signed: false };
  for (const size of SIZES) if (BigInt.asIntN(size * 8, value) === value) return { size, signed: true, flexible };
  throw new Error(`no type holds ${value}`);
}

export function compute(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return mask(left + right);
    case "-":
      return mask(left - right);
    case "*":
      return mask(left * right);
    // Unsigned, and 1 for a divisor of 0.
    case "/":
      return right === 0n ? 1n : left / right;
    case "%":
      return right === 0n ? 1n : left % right;
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    // Shift counts are taken modulo 64; the sign is not kept.
    case "<<":
      return mask(left << (right & 63n));
    case ">>":
      return left >> (right & 63n);
    default:
      throw new Error(`no operator ${operator}`);
  }
}

function compare(operator: string, left: bigint, right: bigint): boolean {
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "==":
      return left === right;
    default:
      return left !== right;
  }
}

const LITERALS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  31n,
  63n,
  64n,
  100n,
  127n,
  128n,
  200n,
  255n,
  256n,
  32767n,
  32768n,
  65535n,
  65536n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0xffffffffffffffffn,
];
const ARITHMETIC = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"];
const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];
const NAMES = ["dd", "x", "", "load", "a name that is longer than sixteen bytes"];

export class ExpressionGenerator {
  readonly #random: Random;
  /** 64-bit variables that may be assigned, narrower ones that may only be read. */
  readonly #variables = new Map<string, IntegerType>();
  readonly #constants = new Map<string, IntegerType>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Declares variables of every width with random values. */
  declarations(): Statement[] {
    const statements: Statement[] = [];
    for (const signed of [true, false]) {
      for (const size of SIZES) {
        for (const name of size === 8 ? [`$w${signed ? "s" : "u"}`, `$v${signed ? "s" : "u"}`] : [`$${signed ? "s" : "u"}${size}`]) {
          const type = { size, signed };
          const value = this.#random.pick(LITERALS) * (this.#random.once(2) ? -1n : 1n);
          (size === 8 ? this.#variables : this.#constants).set(name, type);
          const literal = value < -0x7fffffffffffffffn ? value + 0x7fffffffffffffffn : value;
          statements.push({
            text: `${name} = (${nameOf(type)})${literal};`,
            run: (state) => void state.variables.set(name, extend(literal, type)),
          });
        }
      }
    }
    return statements;
  }

  literal(): Expression {
    const value = this.#random.pick(LITERALS);
    return { text: `${value}`, type: literalType(value), evaluate: () => value };
  }

  #leaf(): Expression {
    const random = this.#random;
    const known = [...this.#variables, ...this.#constants];
    // Behind a cast: the peer computes with bare literals at compile time, by other rules.
    if (known.length === 0 || random.once(4)) return this.#cast(this.literal());
    if (random.once(6)) return this.#map();
    const [text, type] = random.pick(known);
    return { text, type, evaluate: (state) => state.variables.get(text) ?? 0n };
  }

  #cast(e: Expression, size: IntegerType["size"] = this.#random.pick(SIZES)): Expression {
    const type = { size, signed: this.#random.once(2) };
    return { text: `(${nameOf(type)})(${e.text})`, type, evaluate: (state) => extend(e.evaluate(state), type) };
  }

  /** A read of a map: maps hold 64-bit numbers, signed for `@s`, unsigned for `@u`. */
  #map(): Expression {
    const signed = this.#random.once(2);
    const map = this.#mapPlace(signed);
    return { text: map.text, type: signed ? INT64 : UINT64, evaluate: (state) => map.get(state) };
  }

  /** A scalar or keyed map element: how it is written, read and set. Keys have their own type. */
  #mapPlace(signed: boolean): { text: string; get(state: State): bigint; set(state: State, value: bigint): void } {
    const random = this.#random;
    const sign = signed ? "s" : "u";
    const shape = random.below(3);
    const name = `@${sign}${shape}`;
    const number = random.below(3);
    const key =
      shape === 0 ? "" : shape === 1 ? `[(int64)${number}]` : `[(uint8)${number}, "${random.pick(NAMES.slice(0, 3))}", (int64)${number}]`;
    const table = (state: State) => {
      const known = state.maps.get(name) ?? new Map<string, bigint>();
      state.maps.set(name, known);
      return known;
    };
    return { text: name + key, get: (state) => table(state).get(key) ?? 0n, set: (state, value) => void table(state).set(key, value) };
  }

  expression(depth: number): Expression {
    const random = this.#random;
    if (depth === 0) return this.#leaf();
    switch (random.below(9)) {
      case 0: {
        // Of 64 bits: what the peer makes of narrower ones depends on what lies beside them on its stack.
        const operand = this.#cast(this.expression(depth - 1), 8);
        const operator = random.pick(["-", "~"]);
        return {
          text: `${operator}${operand.text}`,
          type: operand.type,
          evaluate: (state) => {
            const value = operand.evaluate(state);
            return mask(operator === "-" ? -value : ~value);
          },
        };
      }
      case 1:
        return this.#cast(this.expression(depth - 1));
      case 2: {
        const condition = this.condition(depth - 1);
        const left = this.expression(depth - 1);
        const right = this.expression(depth - 1);
        const type = promote(left.type, right.type);
        return {
          text: `(${condition.text} ? ${left.text} : ${right.text})`,
          type,
          evaluate: (state) => extend((condition.evaluate(state) ? left : right).evaluate(state), type),
        };
      }
      case 3: {
        const condition = this.condition(depth - 1);
        const type = { size: random.pick(SIZES), signed: random.once(2) };
        return { text: `(${nameOf(type)})(${condition.text})`, type, evaluate: (state) => (condition.evaluate(state) ? 1n : 0n) };
      }
      default: {
        const left = this.expression(depth - 1);
        const operator = random.pick(ARITHMETIC);
        const isShift = operator === "<<" || operator === ">>";
        const right = isShift ? this.#shiftCount(depth - 1) : random.once(4) ? this.literal() : this.expression(depth - 1);
        const signed = operator === "-" || isSignedOperation(left.type, right.type);
        return {
          text: `(${left.text} ${operator} ${right.text})`,
          type: signed ? INT64 : UINT64,
          evaluate: (state) => {
            const first = left.evaluate(state);
            return compute(operator, first, right.evaluate(state));
          },
        };
      }
    }
  }

  /** 0 to 63: what larger counts do depends in the peer on what its optimiser knows. */
  #shiftCount(depth: number): Expression {
    if (this.#random.once(2)) {
      const count = BigInt(this.#random.below(64));
      return { text: `${count}`, type: literalType(count), evaluate: () => count };
    }
    const e = this.expression(depth);
    return {
      text: `(${e.text} & 63)`,
      type: { size: 8, signed: isSignedOperation(e.type, literalType(63n)) },
      evaluate: (state) => e.evaluate(state) & 63n,
    };
  }

  condition(depth: number): Condition {
    const random = this.#random;
    if (depth > 0 && random.once(3)) {
      const left = this.condition(depth - 1);
      if (random.once(4)) return { text: `!(${left.text})`, evaluate: (state) => !left.evaluate(state) };
      const right = this.condition(depth - 1);
      const and = random.once(2);
      return {
        text: `(${left.text} ${and ? "&&" : "||"} ${right.text})`,
        evaluate: (state) => (and ? left.evaluate(state) && right.evaluate(state) : left.evaluate(state) || right.evaluate(state)),
      };
    }
    if (random.once(8)) {
      const [left, right] = [random.pick(NAMES), random.pick(NAMES)];
      const equal = random.once(2);
      return { text: `($t${NAMES.indexOf(left)} ${equal ? "==" : "!="} "${right}")`, evaluate: () => (left === right) === equal };
    }
    const left = this.expression(Math.max(0, depth - 1));
    const right = random.once(3) ? this.literal() : this.expression(Math.max(0, depth - 1));
    const operator = random.pick(COMPARISONS);
    const signed = isSignedOperation(left.type, right.type);
    return {
      text: `(${left.text} ${operator} ${right.text})`,
      evaluate: (state) => {
        const first = left.evaluate(state);
        const second = right.evaluate(state);
        return signed ? compare(operator, signedOf(first), signedOf(second)) : compare(operator, first, second);
      },
    };
  }

  /** Texts for the conditions: `$t0`... hold NAMES. */
  texts(): Statement[] {
    return NAMES.map((name, index) => ({ text: `$t${index} = "${name}";`, run: () => {} }));
  }

  /** Every map gets its type before it is read. */
  maps(): Statement[] {
    const statements: Statement[] = [];
    for (const sign of ["s", "u"]) {
      const type = sign === "s" ? "int64" : "uint64";
      statements.push({
        text: `@${sign}0 = (${type})0; @${sign}1[(int64)9] = (${type})0; @${sign}2[(uint8)9, "", (int64)9] = (${type})0;`,
        run: () => {},
      });
    }
    return statements;
  }

  print(depth: number): Statement {
    const e = this.expression(depth);
    return { text: `printf("%lld\\n", ${e.text});`, run: (state) => void state.output.push(`${signedOf(e.evaluate(state))}`) };
  }

  /** An assignment, an increment or a printed increment. */
  #assignment(): Statement {
    const random = this.#random;
    const signed = random.once(2);
    const type = signed ? INT64 : UINT64;
    const onMap = random.once(2);
    const names = [...this.#variables].filter(([, variable]) => variable.signed === signed).map(([name]) => name);
    const name = random.pick(names);
    const place = onMap
      ? this.#mapPlace(signed)
      : {
          text: name,
          get: (state: State) => state.variables.get(name) ?? 0n,
          set: (state: State, value: bigint) => void state.variables.set(name, value),
        };
    if (random.once(3)) {
      // A subtraction would make a signed variable of it, everywhere.
      const delta = !signed || random.once(2) ? 1n : -1n;
      // A statement that begins with ++ or -- continues the block before it, for the peer's parser.
      const printed = random.once(2);
      const prefix = printed && random.once(2);
      const operator = delta > 0n ? "++" : "--";
      const text = prefix ? `${operator}${place.text}` : `${place.text}${operator}`;
      const step = (state: State) => {
        const before = place.get(state);
        const after = mask(before + delta);
        place.set(state, after);
        return prefix ? after : before;
      };
      if (printed) return { text: `printf("%lld\\n", ${text});`, run: (state) => void state.output.push(`${signedOf(step(state))}`) };
      return { text: `${text};`, run: (state) => void step(state) };
    }
    const operator = random.once(2) ? "" : random.pick(signed ? ARITHMETIC : ARITHMETIC.filter((text) => text !== "-"));
    const value = operator === "<<" || operator === ">>" ? this.#shiftCount(2) : this.expression(2);
    const cast = `(${nameOf(type)})(${value.text})`;
    if (operator === "") return { text: `${place.text} = ${cast};`, run: (state) => place.set(state, value.evaluate(state)) };
    return {
      text: `${place.text} ${operator}= ${cast};`,
      run: (state) => place.set(state, compute(operator, place.get(state), value.evaluate(state))),
    };
  }

  #block(depth: number, loop: boolean): Statement {
    const statements = Array.from({ length: 1 + this.#random.below(3) }, () => this.statement(depth, loop));
    return {
      text: `{ ${statements.map(({ text }) => text).join(" ")} }`,
      run: (state) => {
        for (const statement of statements) statement.run(state);
      },
    };
  }

  #loops = 0;

  statement(depth: number, loop = false): Statement {
    const random = this.#random;
    if (depth > 0) {
      switch (random.below(6)) {
        case 0: {
          const condition = this.condition(2);
          const then = this.#block(depth - 1, loop);
          const otherwise = random.once(2) ? this.#block(depth - 1, loop) : undefined;
          return {
            text: `if (${condition.text}) ${then.text}${otherwise === undefined ? "" : ` else ${otherwise.text}`}`,
            run: (state) => {
              if (condition.evaluate(state)) then.run(state);
              else otherwise?.run(state);
            },
          };
        }
        case 1: {
          const count = 1 + random.below(3);
          const body = this.#block(depth - 1, loop);
          return {
            text: `unroll(${count}) ${body.text}`,
            run: (state) => {
              for (let i = 0; i < count; i++) body.run(state);
            },
          };
        }
        case 2: {
          // A counter of its own bounds the loop for the verifier too.
          if (loop) break;
          const name = `$loop${this.#loops++}`;
          const count = BigInt(1 + random.below(4));
          const body = this.#block(depth - 1, true);
          return {
            text: `${name} = (uint64)0; while (${name} < ${count}) { ${name}++; ${body.text} }`,
            run: (state) => {
              for (let i = 0n; i < count; i++) body.run(state);
            },
          };
        }
        default:
          break;
      }
    }
    return random.once(2) ? this.print(2) : this.#assignment();
  }

  /** A whole program: declarations, then `count` statements. */
  program(count: number, depth: number): Statement {
    const statements = [...this.texts(), ...this.declarations(), ...this.maps()];
    for (let i = 0; i < count; i++) statements.push(this.statement(depth));
    return {
      text: `BEGIN { ${statements.map(({ text }) => text).join("\n")} exit(); }`,
      run: (state) => {
        for (const statement of statements) statement.run(state);
      },
    };
  }
}

export function nameOf({ size, signed }: IntegerType): string {
  return `${signed ? "int" : "uint"}${size * 8}`;
}
