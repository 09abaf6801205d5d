// Reads the textual IR of printer.ts, for tests: not part of the product.
//
// Input: text. Output: functions, maps and relocations in an IrModule-shaped result, or the first error with its line.
// Types may be left out where they follow from the op; `from` may be left out, then predecessors come in the order of text.

import { HelperTable } from "./helper-lookup";
import { IrFunction, isComparison, isTerminator, LOAD_SIGNED, MapDefinition, Op, opNames, Relocation, Type, typeNames } from "./ir";
import { sectionNames } from "./printer";

@final
export class ParsedIr {
  functions: Array<IrFunction> = [];
  maps: Array<MapDefinition> = [];
  relocations: Array<Relocation> = [];
  /** Empty if the text was well formed. */
  error: string = "";
}

export function parseIr(text: string): ParsedIr {
  return new Parser(text).run();
}

/** An operand that is resolved when the function is complete. */
@final
class Reference {
  constructor(
    public value: i32,
    public names: Array<i32>,
    /** Blocks of a phi's operands. */
    public blocks: Array<i32>,
    public line: i32,
  ) {}
}

@final
class Parser {
  private result: ParsedIr = new ParsedIr();
  private helpers: HelperTable = new HelperTable();
  private tokens: Array<string> = [];
  private position: i32 = 0;
  private line: i32 = 0;
  private f: IrFunction = new IrFunction("", "");
  private programs: i32 = 0;
  private inFunction: bool = false;
  private block: i32 = -1;
  private values: Map<i32, i32> = new Map();
  private references: Array<Reference> = [];
  /** Predecessors as written behind `from`, by block; empty where not written. */
  private written: Array<Array<i32>> = [];

  constructor(private text: string) {}

  run(): ParsedIr {
    const lines = this.text.split("\n");
    for (let i = 0; i < lines.length && this.result.error.length == 0; i++) {
      this.line = i + 1;
      this.tokens = tokenize(lines[i]);
      this.position = 0;
      if (this.tokens.length > 0) this.parseLine();
      if (this.result.error.length == 0 && this.position < this.tokens.length) this.fail(`unexpected ${this.tokens[this.position]}`);
    }
    if (this.inFunction) this.fail("missing end");
    return this.result;
  }

  private fail(message: string): void {
    if (this.result.error.length == 0) this.result.error = `line ${this.line}: ${message}`;
  }

  private peek(): string {
    return this.position < this.tokens.length ? this.tokens[this.position] : "";
  }

  private next(): string {
    const token = this.peek();
    this.position++;
    return token;
  }

  private accept(token: string): bool {
    if (this.peek() != token) return false;
    this.position++;
    return true;
  }

  private expect(token: string): void {
    if (!this.accept(token)) this.fail(`expected ${token}, not ${this.peek()}`);
  }

  private number(): i64 {
    const negative = this.accept("-");
    const token = this.next();
    const first = token.length > 0 ? token.charCodeAt(0) : 0;
    if (first < 0x30 || first > 0x39) this.fail(`expected a number, not ${token}`);
    const value = <i64>U64.parseInt(token);
    return negative ? -value : value;
  }

  private keyed(key: string): i32 {
    this.expect(key);
    return <i32>this.number();
  }

  private quoted(): string {
    const token = this.next();
    if (!token.startsWith('"')) this.fail(`expected a string, not ${token}`);
    return token.substring(1);
  }

  /** A name as `v12` or `b3`: its number. */
  private numbered(letter: string): i32 {
    const token = this.next();
    if (!token.startsWith(letter) || token.length < 2) this.fail(`expected ${letter}N, not ${token}`);
    return I32.parseInt(token.substring(1));
  }

  /** Block `b<name>`; blocks keep their numbers. */
  private blockOf(name: i32): i32 {
    if (name > 10000) this.fail("block numbers end at 10000");
    while (this.f.blockCount <= min(name, 10000)) {
      this.f.addBlock();
      this.written.push([]);
    }
    return min(name, 10000);
  }

  private parseLine(): void {
    const first = this.peek();
    if (first == "fn") this.parseFunction();
    else if (first == "end") this.endFunction();
    else if (first == "slot" && this.inFunction) this.parseSlot();
    else if (first == "map" && !this.inFunction) this.parseMap();
    else if (first == "relocation") this.parseRelocation();
    else if (first.startsWith("b") && this.tokens.length > 1 && this.tokens[1] == ":") this.parseBlock();
    else if (this.inFunction && this.block >= 0) this.parseValue();
    else this.fail(`unexpected ${first}`);
  }

  private parseFunction(): void {
    this.next();
    const name = this.next();
    this.expect("section");
    this.f = new IrFunction(name, this.quoted());
    this.inFunction = true;
    this.block = -1;
    this.values = new Map();
    this.references = [];
    this.written = [];
  }

  private parseSlot(): void {
    this.next();
    const slot = <i32>this.number();
    const size = this.keyed("size");
    const alignment = this.keyed("align");
    if (this.f.addSlot(size, alignment) != slot) this.fail("slots must be numbered from 0");
    if (this.accept("at")) this.f.slotOffset[slot] = <i32>this.number();
  }

  private parseMap(): void {
    this.next();
    const name = this.next();
    const type = this.keyed("type");
    const key = this.keyed("key");
    const value = this.keyed("value");
    const entries = this.keyed("entries");
    this.result.maps.push(new MapDefinition(name, type, 0, 0, key, value, entries, this.keyed("flags")));
  }

  private parseRelocation(): void {
    this.next();
    const kind = <i32>this.number();
    const target = <i32>this.number();
    const field = <i32>this.number();
    this.result.relocations.push(new Relocation(kind, target, this.quoted(), field));
  }

  private parseBlock(): void {
    this.block = this.blockOf(this.numbered("b"));
    this.expect(":");
    if (this.accept("unlikely")) this.f.unlikely[this.block] = true;
    if (!this.accept("from")) return;
    do this.written[this.block].push(this.blockOf(this.numbered("b")));
    while (this.accept(","));
  }

  private typeOf(name: string): Type {
    for (let i = 0; i < typeNames.length; i++) if (typeNames[i] == name) return i;
    this.fail(`unknown type ${name}`);
    return Type.Void;
  }

  private parseValue(): void {
    const f = this.f;
    let name = -1;
    let type: Type = Type.Void;
    let hasType = false;
    if (this.tokens.length > 1 && (this.tokens[1] == "=" || this.tokens[1] == ":")) {
      name = this.numbered("v");
      if (this.accept(":")) {
        type = this.typeOf(this.next());
        hasType = true;
      }
      this.expect("=");
    }
    const v = f.create(Op.Const, Type.Void);
    const word = this.next();
    const op = this.operation(v, word);
    if (this.result.error.length > 0) return;
    f.op[v] = op;
    f.append(this.block, v);
    this.operands(v, op);
    if (this.accept("!")) f.relocation[v] = <i32>this.number();
    if (this.accept("@")) f.source[v] = <u32>this.number();
    if (name < 0) return;
    if (this.values.has(name)) this.fail(`v${name} is defined twice`);
    this.values.set(name, v);
    f.type[v] = hasType ? type : this.inferredType(v, op);
  }

  /** The op of `word`, whose size suffix goes into the value. */
  private operation(v: i32, word: string): Op {
    let best = -1;
    for (let i = 0; i < opNames.length; i++) {
      if (word.startsWith(opNames[i]) && (best < 0 || opNames[i].length > opNames[best].length)) best = i;
    }
    if (best < 0) {
      this.fail(`unknown op ${word}`);
      return Op.Const;
    }
    let suffix = word.substring(opNames[best].length);
    if (suffix.endsWith("s") && best == Op.Load) {
      this.f.flags[v] = LOAD_SIGNED;
      suffix = suffix.substring(0, suffix.length - 1);
    }
    const sized =
      best == Op.Load || best == Op.Store || best == Op.AtomicAdd || best == Op.ZeroExtend || best == Op.SignExtend || best == Op.ByteSwap;
    const isSize = suffix == "1" || suffix == "2" || suffix == "4" || suffix == "8";
    if (sized != isSize || (!sized && suffix.length > 0)) {
      this.fail(`unknown op ${word}`);
      return Op.Const;
    }
    if (sized) this.f.aux[v] = <u8>I32.parseInt(suffix);
    return best;
  }

  private refer(v: i32, names: Array<i32>, blocks: Array<i32>): void {
    this.references.push(new Reference(v, names, blocks, this.line));
  }

  private displacement(v: i32): void {
    if (this.accept("+")) this.f.imm[v] = this.number();
    else if (this.accept("-")) this.f.imm[v] = -this.number();
  }

  private operands(v: i32, op: Op): void {
    const f = this.f;
    const names: Array<i32> = [];
    const blocks: Array<i32> = [];
    switch (op) {
      case Op.Const:
      case Op.Slot:
      case Op.MapRef:
      case Op.FunctionRef:
      case Op.CoreConst:
      case Op.SlotBegin:
        f.imm[v] = this.number();
        return;
      case Op.Context:
        if (this.position < this.tokens.length && this.peek() != "@") f.imm[v] = this.number();
        return;
      case Op.DataRef: {
        const section = this.next();
        let found = -1;
        for (let i = 0; i < sectionNames.length; i++) if (sectionNames[i] == section) found = i;
        if (found < 0) this.fail(`unknown section ${section}`);
        f.aux[v] = <u8>found;
        this.displacement(v);
        return;
      }
      case Op.Offset:
      case Op.Load:
        names.push(this.numbered("v"));
        this.displacement(v);
        break;
      case Op.Store:
      case Op.AtomicAdd:
        names.push(this.numbered("v"));
        this.displacement(v);
        this.expect(",");
        names.push(this.numbered("v"));
        break;
      case Op.Call: {
        const helper = this.next();
        const row = this.helpers.byName(helper);
        f.imm[v] = row ? row.number : I32.parseInt(helper);
        this.expect("(");
        if (!this.accept(")")) {
          do names.push(this.numbered("v"));
          while (this.accept(","));
          this.expect(")");
        }
        break;
      }
      case Op.Phi:
        do {
          blocks.push(this.blockOf(this.numbered("b")));
          this.expect(":");
          names.push(this.numbered("v"));
        } while (this.accept(","));
        break;
      case Op.Jump:
        f.successor0[this.block] = this.blockOf(this.numbered("b"));
        return;
      case Op.Branch:
        names.push(this.numbered("v"));
        this.expect(",");
        f.successor0[this.block] = this.blockOf(this.numbered("b"));
        this.expect(",");
        f.successor1[this.block] = this.blockOf(this.numbered("b"));
        break;
      default: {
        const unary = op == Op.Neg || op == Op.ZeroExtend || op == Op.SignExtend || op == Op.ByteSwap || op == Op.Return;
        names.push(this.numbered("v"));
        if (unary) break;
        this.expect(",");
        names.push(this.numbered("v"));
        break;
      }
    }
    this.refer(v, names, blocks);
  }

  private inferredType(v: i32, op: Op): Type {
    switch (op) {
      case Op.Context:
        return Type.Context;
      case Op.Slot:
        return Type.Stack;
      case Op.MapRef:
        return Type.Map;
      case Op.DataRef:
        return Type.Data;
      case Op.FunctionRef:
        return Type.Function;
      case Op.Call: {
        const row = this.helpers.byNumber(<i32>this.f.imm[v]);
        return row ? row.result : Type.Scalar;
      }
      case Op.Offset:
      case Op.Index: {
        const base = this.references[this.references.length - 1].names[0];
        const type = this.values.has(base) ? this.f.type[this.values.get(base)] : Type.Scalar;
        return type == Type.MapValueOrNull ? Type.MapValue : type == Type.RecordOrNull ? Type.Record : type;
      }
      default:
        assert(isComparison(op) || !isTerminator(op));
        return Type.Scalar;
    }
  }

  private endFunction(): void {
    this.next();
    this.connect();
    for (let i = 0; i < this.references.length; i++) this.resolve(this.references[i]);
    this.inFunction = false;
    if (this.f.section != ".text") this.f.program = this.programs++;
    this.result.functions.push(this.f);
  }

  private connect(): void {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) f.predecessors[b] = this.written[b];
    for (let b = 0; b < f.blockCount; b++) {
      const first = f.successor0[b];
      const second = f.successor1[b];
      if (first >= 0 && this.written[first].indexOf(b) < 0) f.predecessors[first].push(b);
      if (second >= 0 && (second == first || this.written[second].indexOf(b) < 0)) f.predecessors[second].push(b);
    }
  }

  private resolve(reference: Reference): void {
    const operands: Array<i32> = [];
    this.line = reference.line;
    for (let k = 0; k < reference.names.length; k++) {
      if (!this.values.has(reference.names[k])) this.fail(`v${reference.names[k]} is not defined`);
      else operands.push(this.values.get(reference.names[k]));
    }
    if (this.result.error.length > 0) return;
    if (reference.blocks.length == 0) {
      this.f.setOperands(reference.value, operands);
      return;
    }
    const before = this.f.predecessors[this.f.block[reference.value]];
    const ordered: Array<i32> = [];
    for (let k = 0; k < before.length; k++) {
      const at = reference.blocks.indexOf(before[k]);
      if (at < 0) this.fail("a phi lacks a predecessor");
      else ordered.push(operands[at]);
    }
    if (reference.blocks.length != before.length) this.fail("a phi has an operand for a block that is no predecessor");
    this.f.setOperands(reference.value, ordered);
  }
}

/** Words, numbers, strings (with their opening quote) and single signs of a line; `#` begins a comment. */
function tokenize(line: string): Array<string> {
  const tokens: Array<string> = [];
  let i = 0;
  while (i < line.length) {
    const c = line.charCodeAt(i);
    if (c == 0x23) break;
    if (c == 0x20 || c == 0x09 || c == 0x0d) {
      i++;
      continue;
    }
    const start = i;
    if (c == 0x22) {
      i++;
      while (i < line.length && line.charCodeAt(i) != 0x22) i++;
      tokens.push(line.substring(start, i));
      i++;
      continue;
    }
    if (isWord(c)) {
      while (i < line.length && isWord(line.charCodeAt(i))) i++;
    } else i++;
    tokens.push(line.substring(start, i));
  }
  return tokens;
}

function isWord(c: i32): bool {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c == 0x5f || c == 0x3f;
}
