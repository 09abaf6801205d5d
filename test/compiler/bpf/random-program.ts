// Random IR programs and an interpreter for them: the oracle of the execution tests.
//
// A program is generated in structured form (sequences, branches, counted loops), flattened to blocks, printed as IR text,
// and interpreted from the same blocks. All values stay alive to its end, so that registers run out.
import { contextArgument } from "../kernel-runner.ts";

/** A small generator of numbers with a seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }
}

interface Instruction {
  /** Name of the result, or -1. */
  result: number;
  type: string;
  op: string;
  operands: number[];
  imm: bigint;
  /** Phi: predecessor blocks. Jumps: targets. */
  blocks: number[];
}

interface Block {
  code: Instruction[];
  unlikely: boolean;
}

const BINARY = ["add", "sub", "mul", "div", "mod", "and", "or", "xor", "shl", "shr", "sar"] as const;
const COMPARISONS = ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"] as const;
const UNARY = ["neg", "zext1", "zext2", "zext4", "sext1", "sext2", "sext4", "bswap2", "bswap4", "bswap8"] as const;
const CONSTANTS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  31n,
  63n,
  64n,
  255n,
  256n,
  4096n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x0123456789abcdefn,
  -1n,
  -2n,
  -128n,
  -0x80000000n,
  -0x80000001n,
];

/** Bytes of the program's stack slots: 0 and 1 are for maps, the others for values. */
const SLOTS = [4, 8, 16, 24];

export class RandomProgram {
  readonly blocks: Block[] = [];
  private nextName = 0;
  private current = 0;
  private branches = 0;
  /** The operations on two numbers so far. */
  private readonly made: { op: string; operands: number[] }[] = [];

  constructor(
    private random: Random,
    readonly name: string,
    /** Slot of `.data.counters` that takes the result. */
    private place: number,
    private size: number,
  ) {
    this.generate();
  }

  private newBlock(): number {
    this.blocks.push({ code: [], unlikely: this.random.below(8) === 0 });
    return this.blocks.length - 1;
  }

  private add(op: string, operands: number[] = [], imm = 0n, type = "i64", blocks: number[] = []): number {
    const result = type === "void" ? -1 : this.nextName++;
    this.blocks[this.current]?.code.push({ result, type, op, operands, imm, blocks });
    return result;
  }

  private constant(value: bigint): number {
    return this.add("const", [], value);
  }

  private generate(): void {
    this.current = this.newBlock();
    const context = this.add("context", [], 0n, "ctx");
    const values: number[] = [];
    for (let i = 0; i < 3; i++) values.push(this.add("load8", [context], BigInt(this.random.below(11) * 8)));
    // Every byte of the slots is written first, so that loads of them are defined.
    SLOTS.forEach((size, slot) => {
      if (slot < 2) return;
      for (let at = 0; at < size; at += 8) this.add("store8", [this.slot(slot), this.random.pick(values)], BigInt(at), "void");
    });
    this.sequence(values, context, this.size, 0);
    let sum = values[0] ?? 0;
    for (let i = 1; i < values.length; i++) {
      const mixed = this.add("mul", [sum, this.constant(31n)]);
      sum = this.add(this.random.pick(["xor", "add"]), [mixed, values[i] ?? 0]);
    }
    const data = this.add("data counters", [], BigInt(this.place * 8), "data");
    this.add("store8", [data, sum], 0n, "void");
    this.add("return", [this.add("and", [sum, this.constant(0x7fffffffn)])], 0n, "void");
  }

  private slot(slot: number): number {
    return this.add("slot", [], BigInt(slot), "stack");
  }

  private operand(values: number[]): number {
    return this.random.below(4) === 0 ? this.constant(this.random.pick(CONSTANTS)) : this.random.pick(values);
  }

  private sequence(values: number[], context: number, size: number, depth: number): void {
    for (let i = 0; i < size; i++) this.statement(values, context, depth);
  }

  private statement(values: number[], context: number, depth: number): void {
    const kind = this.random.below(24);
    if (kind < 9) values.push(this.random.below(6) === 0 ? this.again(values) : this.binary(values));
    else if (kind < 11) values.push(this.add(this.random.pick(COMPARISONS), [this.operand(values), this.operand(values)]));
    else if (kind < 13) values.push(this.add(this.random.pick(UNARY), [this.random.pick(values)]));
    else if (kind < 14) values.push(this.add("load8", [context], BigInt(this.random.below(11) * 8)));
    else if (kind < 17) this.memory(values);
    else if (kind < 19) this.call(values);
    else if (kind < 20) this.map(values);
    else if (kind < 23 && depth < 3 && this.branches < 6) this.branch(values, context, depth);
    else if (depth < 2 && this.branches < 6) this.loop(values, context, depth);
    // A value that is forgotten frees its register.
    if (values.length > 14 || (values.length > 4 && this.random.below(5) === 0)) values.splice(this.random.below(values.length), 1);
  }

  private binary(values: number[]): number {
    const op = this.random.pick(BINARY);
    const operands = [this.operand(values), this.operand(values)];
    this.made.push({ op, operands });
    return this.add(op, operands);
  }

  /** An operation on the operands of an earlier one, often turned round: whether they are the same is for the compiler to see. */
  private again(values: number[]): number {
    const known = this.made.filter(({ operands }) => operands.every((operand) => values.includes(operand)));
    if (known.length === 0) return this.binary(values);
    const { op, operands } = this.random.pick(known);
    return this.add(op, this.random.below(2) === 0 ? operands : [...operands].reverse());
  }

  private memory(values: number[]): void {
    const slot = 2 + this.random.below(2);
    const bytes = this.random.pick([1, 2, 4, 8]);
    const at = BigInt(this.random.below((SLOTS[slot] ?? 8) / bytes) * bytes);
    const address = this.slot(slot);
    const offset = BigInt(this.random.below(3) * 8) % (at + 1n);
    const pointer = offset > 0n ? this.add("offset", [address], offset, "stack") : address;
    const displacement = at - offset;
    if (this.random.below(2) === 0) this.add(`store${bytes}`, [pointer, this.operand(values)], displacement, "void");
    else {
      const signed = bytes < 8 && this.random.below(3) === 0;
      const loaded = this.add(`load${bytes}${signed ? "s" : ""}`, [pointer], displacement);
      // An extension that a load makes needless, or not, is a decision of its own.
      const extend = bytes < 8 && this.random.below(3) === 0;
      values.push(extend ? this.add(this.random.pick([`zext${bytes}`, "zext4", `sext${bytes}`]), [loaded]) : loaded);
    }
  }

  /** A call whose result does not matter, but which nothing in r0-r5 survives. */
  private call(values: number[]): void {
    const result = this.add("call get_smp_processor_id");
    values.push(this.add("and", [result, this.constant(0n)]));
  }

  /** Looks up one of four elements (or a missing one), changes it, and goes on with what it held. */
  private map(values: number[]): void {
    const key = this.slot(0);
    const index = this.add(this.random.pick(["and", "and", "mod"]), [this.random.pick(values), this.constant(this.random.pick([3n, 7n]))]);
    this.add("slotbegin", [], 0n, "void");
    this.add("store4", [key, index], 0n, "void");
    const map = this.add("map", [], 0n, "map");
    const element = this.add("call map_lookup_elem", [map, key], 0n, "mapvalue?");
    const found = this.newBlock();
    const missing = this.newBlock();
    const join = this.newBlock();
    const test = this.add(this.random.pick(["ne", "eq"]), [element, this.constant(0n)]);
    const equal = this.blocks[this.current]?.code.at(-1)?.op === "eq";
    this.add("branch", [test], 0n, "void", equal ? [missing, found] : [found, missing]);
    this.current = found;
    const held = this.add("load8", [element]);
    if (this.random.below(2) === 0) this.add("atomicadd8", [element, this.operand(values)], 0n, "void");
    else this.add("store8", [element, this.operand(values)], 0n, "void");
    this.add("jump", [], 0n, "void", [join]);
    this.current = missing;
    const other = this.operand(values);
    this.add("jump", [], 0n, "void", [join]);
    this.current = join;
    values.push(this.add("phi", [held, other], 0n, "i64", [found, missing]));
  }

  private branch(values: number[], context: number, depth: number): void {
    this.branches++;
    let condition = this.add(this.random.pick(COMPARISONS), [this.random.pick(values), this.operand(values)]);
    if (this.random.below(4) === 0) condition = this.add("and", [this.random.pick(values), this.constant(this.random.pick(CONSTANTS))]);
    if (this.random.below(3) === 0) values.push(condition);
    const sides = [this.newBlock(), this.newBlock()];
    const join = this.newBlock();
    const direct = this.random.below(3) === 0;
    const from = this.current;
    this.add("branch", [condition], 0n, "void", [sides[0] ?? 0, direct ? join : (sides[1] ?? 0)]);
    const ends: { block: number; values: number[] }[] = [];
    for (const side of direct ? sides.slice(0, 1) : sides) {
      const own = values.slice();
      this.current = side;
      this.sequence(own, context, 1 + this.random.below(4), depth + 1);
      this.add("jump", [], 0n, "void", [join]);
      ends.push({ block: this.current, values: own });
    }
    if (direct) ends.push({ block: from, values: values.slice() });
    this.current = join;
    const joined = 1 + this.random.below(3);
    for (let i = 0; i < joined; i++) {
      const operands = ends.map((end) => this.random.pick(end.values));
      values.push(
        this.add(
          "phi",
          operands,
          0n,
          "i64",
          ends.map((end) => end.block),
        ),
      );
    }
  }

  /** A loop of two to four rounds that carries several values. */
  private loop(values: number[], context: number, depth: number): void {
    this.branches += 2;
    const zero = this.constant(0n);
    const initial = Array.from({ length: 1 + this.random.below(depth === 0 ? 6 : 3) }, () => this.random.pick(values));
    const from = this.current;
    const head = this.newBlock();
    const body = this.newBlock();
    const exit = this.newBlock();
    this.add("jump", [], 0n, "void", [head]);
    this.current = head;
    const index = this.add("phi", [zero, -1], 0n, "i64", [from, -1]);
    const carried = initial.map((value) => this.add("phi", [value, -1], 0n, "i64", [from, -1]));
    const phis = this.blocks[head]?.code.slice() ?? [];
    const limit = this.constant(BigInt(2 + this.random.below(3)));
    this.add("branch", [this.add("ult", [index, limit])], 0n, "void", [body, exit]);
    this.current = body;
    const own = [...values, ...carried];
    this.sequence(own, context, 1 + this.random.below(3), depth + 1);
    const next = this.add("add", [index, this.constant(1n)]);
    this.add("jump", [], 0n, "void", [head]);
    phis.forEach((phi, i) => {
      // Permutations of the carried values make cycles of moves.
      phi.operands[1] = i === 0 ? next : this.random.below(2) === 0 ? this.random.pick(carried) : this.random.pick(own);
      phi.blocks[1] = this.current;
    });
    this.current = exit;
    values.push(...carried);
  }

  /** The function in textual form. */
  print(): string {
    const lines = [`fn ${this.name} section "raw_tp/test"`];
    SLOTS.forEach((size, slot) => {
      lines.push(`slot ${slot} size ${size} align ${Math.min(size, 8)}`);
    });
    this.blocks.forEach((block, number) => {
      if (block.code.length === 0) return;
      lines.push(`b${number}:${block.unlikely && number > 0 ? " unlikely" : ""}`);
      for (const instruction of block.code) lines.push(`  ${printInstruction(instruction)}`);
    });
    lines.push("end");
    return lines.join("\n");
  }

  /** Runs the program on a map of four cells, which it changes; returns the u64 it stores. */
  interpret(cells: bigint[]): bigint {
    const values = new Map<number, bigint>();
    const slots = SLOTS.map((size) => new DataView(new ArrayBuffer(size)));
    let result = 0n;
    let block = 0;
    let before = -1;
    for (let steps = 0; steps < 100_000; ) {
      const code = this.blocks[block]?.code ?? [];
      const read = (name: number | undefined): bigint => values.get(name ?? -1) ?? 0n;
      const phis = code.filter((instruction) => instruction.op === "phi");
      const incoming = phis.map((phi) => read(phi.operands[phi.blocks.indexOf(before)]));
      phis.forEach((phi, i) => {
        values.set(phi.result, incoming[i] ?? 0n);
      });
      for (const instruction of code.slice(phis.length)) {
        steps++;
        const [first, second] = instruction.operands;
        const a = read(first);
        const b = read(second);
        const { op, imm } = instruction;
        const sized = /^(load|store|atomicadd)([1248])(s?)$/.exec(op);
        let value = 0n;
        if (sized) {
          const bytes = Number(sized[2]);
          const address = BigInt.asUintN(64, a + imm);
          if (sized[1] === "load") value = loadFrom(address, bytes, sized[3] === "s", slots, cells);
          else if (sized[1] === "atomicadd") {
            storeTo(address, bytes, loadFrom(address, bytes, false, slots, cells) + b, slots, cells);
          } else if (address === DATA) result = b;
          else storeTo(address, bytes, b, slots, cells);
        } else if (op === "jump" || op === "branch") {
          const [yes, no] = instruction.blocks;
          before = block;
          block = (op === "jump" || a !== 0n ? yes : no) ?? 0;
          break;
        } else if (op === "return") return result;
        else if (op === "context") value = CONTEXT;
        else if (op === "slot") value = SLOT + imm * 0x1000n;
        else if (op === "data counters") value = DATA;
        else if (op === "call map_lookup_elem") {
          const index = Number(loadFrom(b, 4, false, slots, cells));
          value = index < cells.length ? CELL + BigInt(index * 8) : 0n;
        } else if (op === "const") value = imm;
        else if (op === "offset") value = a + imm;
        else value = compute(op, a, b);
        if (instruction.result >= 0) values.set(instruction.result, BigInt.asUintN(64, value));
      }
    }
    throw new Error("the program does not end");
  }
}

// Addresses of the interpreter's memory.
const CONTEXT = 0x1000000n;
const SLOT = 0x2000000n;
const CELL = 0x3000000n;
const DATA = 0x4000000n;

function loadFrom(address: bigint, bytes: number, signed: boolean, slots: DataView[], cells: bigint[]): bigint {
  let value: bigint;
  if (address >= DATA) throw new Error("load of the result");
  if (address >= CELL) value = cells[Number(address - CELL) / 8] ?? 0n;
  else if (address >= SLOT) {
    const slot = slots[Number((address - SLOT) >> 12n)];
    value = 0n;
    for (let i = 0; i < bytes; i++) value |= BigInt(slot?.getUint8(Number(address & 0xfffn) + i) ?? 0) << BigInt(8 * i);
  } else value = contextArgument(Number(address - CONTEXT) / 8);
  return signed ? BigInt.asIntN(bytes * 8, value) : value;
}

function storeTo(address: bigint, bytes: number, value: bigint, slots: DataView[], cells: bigint[]): void {
  if (address >= CELL) {
    cells[Number(address - CELL) / 8] = BigInt.asUintN(64, value);
    return;
  }
  const slot = slots[Number((address - SLOT) >> 12n)];
  for (let i = 0; i < bytes; i++) slot?.setUint8(Number(address & 0xfffn) + i, Number((value >> BigInt(8 * i)) & 0xffn));
}

function compute(op: string, a: bigint, b: bigint): bigint {
  const signedA = BigInt.asIntN(64, a);
  const signedB = BigInt.asIntN(64, b);
  const extension = /^(zext|sext|bswap)(\d)$/.exec(op);
  if (extension) {
    const bits = Number(extension[2]) * 8;
    if (extension[1] === "zext") return BigInt.asUintN(bits, a);
    if (extension[1] === "sext") return BigInt.asIntN(bits, a);
    let swapped = 0n;
    for (let i = 0; i < bits; i += 8) swapped = (swapped << 8n) | ((a >> BigInt(i)) & 0xffn);
    return swapped;
  }
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return b === 0n ? 0n : a / b;
    case "mod":
      return b === 0n ? a : a % b;
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << (b & 63n);
    case "shr":
      return a >> (b & 63n);
    case "sar":
      return signedA >> (b & 63n);
    case "neg":
      return -a;
    case "eq":
      return a === b ? 1n : 0n;
    case "ne":
      return a !== b ? 1n : 0n;
    case "ult":
      return a < b ? 1n : 0n;
    case "ule":
      return a <= b ? 1n : 0n;
    case "ugt":
      return a > b ? 1n : 0n;
    case "uge":
      return a >= b ? 1n : 0n;
    case "slt":
      return signedA < signedB ? 1n : 0n;
    case "sle":
      return signedA <= signedB ? 1n : 0n;
    case "sgt":
      return signedA > signedB ? 1n : 0n;
    case "sge":
      return signedA >= signedB ? 1n : 0n;
    case "slotbegin":
    case "map":
    case "call get_smp_processor_id":
      return 0n;
    default:
      throw new Error(`the interpreter lacks ${op}`);
  }
}

function printInstruction(instruction: Instruction): string {
  const { op, operands, imm, blocks, result, type } = instruction;
  const names = operands.map((name) => `v${name}`);
  const displacement = imm < 0n ? ` - ${-imm}` : ` + ${imm}`;
  let text: string;
  if (op.startsWith("call ")) text = `${op}(${names.join(", ")})`;
  else if (op === "phi") text = `phi ${names.map((name, i) => `b${blocks[i]}: ${name}`).join(", ")}`;
  else if (op === "jump") text = `jump b${blocks[0]}`;
  else if (op === "branch") text = `branch ${names[0]}, b${blocks[0]}, b${blocks[1]}`;
  else if (/^load|^offset/.test(op)) text = `${op} ${names[0]}${displacement}`;
  else if (/^store|^atomicadd/.test(op)) text = `${op} ${names[0]}${displacement}, ${names[1]}`;
  else if (op === "data counters") text = `${op}${displacement}`;
  else if (op === "const" || op === "slot" || op === "map" || op === "slotbegin") text = `${op} ${imm}`;
  else text = names.length > 0 ? `${op} ${names.join(", ")}` : op;
  return result >= 0 ? `v${result}: ${type} = ${text}` : text;
}
