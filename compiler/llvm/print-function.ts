// One function as LLVM text, with the metadata of its lines: see print.ts.

import { Dominators } from "../ir/dominators";
import { IrFunction, isComparison, isLeaf, LOAD_SIGNED, Op, Section, Type } from "../ir/ir";
import { colourSlots } from "../ir/slot-colouring";
import { IrModule } from "../object/module";
import { ByteBuffer } from "../source/bytes";
import { bpfOperator, condition, dataSymbol, isMade, llvmOperator, Node, RELOCATION_LABEL, writeQuoted } from "./names";

/** Section of callbacks. */
const TEXT: string = ".text";

/** Slots of a function lie apart up to these bytes, so that llc's choice tests ours; else they share bytes by our colouring. */
const SEPARATE_SLOTS: i32 = 320;

/** Columns of `.BTF.ext` have 10 bits, and llc does not cut them. */
const MAX_COLUMN: u32 = 1023;

@final
export class FunctionPrinter {
  private dominators: Dominators;
  /** Metadata node of the function. */
  private scope: i32;
  /** Metadata node of each place in the script. */
  private locations: Map<u32, i32> = new Map();
  private nextTemporary: i32 = 0;
  private source: u32 = 0;
  /** Bytes of the frame that all slots share, or 0: each has its own alloca. */
  private frame: i32 = 0;
  /** Values that something other than a branch uses: a branch makes its comparison itself. */
  private used: StaticArray<bool>;

  constructor(
    private module: IrModule,
    private f: IrFunction,
    public nextNode: i32,
    private out: ByteBuffer,
    private metadata: ByteBuffer,
  ) {
    this.dominators = Dominators.of(f);
    this.used = new StaticArray<bool>(f.valueCount);
    this.scope = this.nextNode++;
    for (let v = 0; v < f.valueCount; v++) {
      if (f.block[v] < 0 || f.op[v] == Op.Branch) continue;
      for (let k = 0; k < f.operandCount(v); k++) this.used[f.operand(v, k)] = true;
    }
  }

  run(): void {
    const f = this.f;
    const out = this.out;
    this.describe();
    out.writeText(`define i64 @${f.name}(${f.section == TEXT ? "i64 %a0, i64 %a1, i64 %a2, i64 %a3" : "i64 %a0"}) nounwind section `);
    writeQuoted(f.section, out);
    out.writeText(` !dbg !${this.scope} {\n`);
    const order = f.layout.length > 0 ? f.layout : this.dominators.order;
    for (let i = 0; i < order.length; i++) {
      if (!this.dominators.isReachable(order[i])) continue;
      out.writeText(`b${order[i]}:\n`);
      if (i == 0) this.declareSlots();
      const code = f.code[order[i]];
      for (let k = 0; k < code.length; k++) this.value(code[k], order[i]);
    }
    out.writeAscii("}\n");
  }

  private describe(): void {
    const f = this.f;
    let first = u32.MAX_VALUE;
    for (let v = 0; v < f.valueCount; v++) if (f.block[v] >= 0) first = min(first, f.source[v]);
    const line = this.module.source.line(min(first, this.module.source.length));
    this.metadata.writeText(
      `!${this.scope} = distinct !DISubprogram(name: "${f.name}", scope: !${<i32>Node.File}, file: !${<i32>Node.File}, `,
    );
    this.metadata.writeText(`line: ${line}, type: !${<i32>Node.Signature}, spFlags: DISPFlagDefinition, unit: !${<i32>Node.Unit})\n`);
  }

  private declareSlots(): void {
    const f = this.f;
    let bytes = 0;
    for (let s = 0; s < f.slotSize.length; s++) bytes += (f.slotSize[s] + 7) & ~7;
    if (bytes > SEPARATE_SLOTS) {
      this.frame = colourSlots(f);
      this.out.writeText(`  %frame = alloca [${this.frame} x i8], align 8\n`);
      return;
    }
    for (let s = 0; s < f.slotSize.length; s++) this.out.writeText(`  %s${s} = alloca [${f.slotSize[s]} x i8], align ${f.slotAlign[s]}\n`);
  }

  // Names and small pieces of text.

  private temporary(): string {
    return `%t${this.nextTemporary++}`;
  }

  /** Ends an instruction with the place in the script that it comes from. */
  private end(): void {
    if (!this.locations.has(this.source)) {
      const source = this.module.source;
      const offset = min(this.source, source.length);
      const node = this.nextNode++;
      this.locations.set(this.source, node);
      const column = min(source.column(offset), MAX_COLUMN);
      this.metadata.writeText(`!${node} = !DILocation(line: ${source.line(offset)}, column: ${column}, scope: !${this.scope})\n`);
    }
    this.out.writeText(`, !dbg !${this.locations.get(this.source)}\n`);
  }

  private line(text: string): void {
    this.out.writeAscii("  ");
    this.out.writeText(text);
    this.end();
  }

  /** `value` as an operand; leaves that need an instruction get one here. */
  private operand(value: i32): string {
    const op = this.f.op[value];
    if (op == Op.Slot || op == Op.CoreConst) {
      const name = this.temporary();
      this.leaf(name, value);
      return name;
    }
    return this.name(value);
  }

  /** `value` where it needs no instruction. */
  private name(value: i32): string {
    const f = this.f;
    switch (f.op[value]) {
      case Op.Const:
        return f.imm[value].toString();
      case Op.Context:
        return `%a${f.imm[value]}`;
      case Op.MapRef:
        return `ptrtoint (i8* @${this.module.maps[<i32>f.imm[value]].symbol} to i64)`;
      case Op.DataRef:
        return `ptrtoint (i8* @"${dataSymbol(<Section>f.aux[value], f.imm[value])}" to i64)`;
      case Op.FunctionRef:
        return `ptrtoint (i64 (i64, i64, i64, i64)* @${this.module.functions[<i32>f.imm[value]].name} to i64)`;
      default:
        return `%v${value}`;
    }
  }

  /** `name` = slot address or relocated constant. */
  private leaf(name: string, value: i32): void {
    const f = this.f;
    const imm = f.imm[value];
    if (f.op[value] == Op.CoreConst) {
      const wide = imm != <i64>(<i32>imm);
      this.line(`${name} = call i64 asm "${this.label(value)}$0 = ${imm}${wide ? " ll" : ""}", "=r"()`);
      return;
    }
    const slot = <i32>imm;
    if (this.frame == 0) {
      this.line(`${name} = ptrtoint [${f.slotSize[slot]} x i8]* %s${slot} to i64`);
      return;
    }
    const base = this.temporary();
    this.line(`${base} = ptrtoint [${this.frame} x i8]* %frame to i64`);
    this.line(`${name} = add i64 ${base}, ${this.frame + f.slotOffset[slot]}`);
  }

  private label(value: i32): string {
    return `${RELOCATION_LABEL}${this.f.relocation[value]}.\${:uid}: `;
  }

  /** A pointer to `bits` at operand 0 of `v` plus its displacement. */
  private pointer(v: i32, bits: i32): string {
    const imm = this.f.imm[v];
    let address = this.operand(this.f.operand(v, 0));
    if (imm != 0) {
      const sum = this.temporary();
      this.line(`${sum} = add i64 ${address}, ${imm}`);
      address = sum;
    }
    const pointer = this.temporary();
    this.line(`${pointer} = inttoptr i64 ${address} to i${bits}*`);
    return pointer;
  }

  /** The low `bits` of `value`. */
  private truncated(value: string, bits: i32): string {
    if (bits == 64) return value;
    const name = this.temporary();
    this.line(`${name} = trunc i64 ${value} to i${bits}`);
    return name;
  }

  private extend(v: i32, narrow: string, bits: i32, signed: bool): void {
    this.line(`%v${v} = ${signed ? "sext" : "zext"} i${bits} ${narrow} to i64`);
  }

  // Instructions.

  private value(v: i32, block: i32): void {
    const f = this.f;
    const op = f.op[v];
    if (isLeaf(op)) return;
    this.source = f.source[v];
    if (isComparison(op)) {
      if (!this.used[v]) return;
      const bit = this.comparison(v);
      this.extend(v, bit, 1, false);
      return;
    }
    switch (op) {
      case Op.Neg:
        this.line(`%v${v} = sub i64 0, ${this.operand(f.operand(v, 0))}`);
        break;
      case Op.ZeroExtend:
      case Op.SignExtend: {
        const bits = <i32>f.aux[v] * 8;
        this.extend(v, this.truncated(this.operand(f.operand(v, 0)), bits), bits, op == Op.SignExtend);
        break;
      }
      case Op.ByteSwap:
        this.byteSwap(v);
        break;
      case Op.Offset:
        this.offset(v);
        break;
      case Op.Index:
        this.index(v);
        break;
      case Op.Load:
        this.load(v);
        break;
      case Op.Store: {
        const bits = <i32>f.aux[v] * 8;
        const stored = this.truncated(this.operand(f.operand(v, 1)), bits);
        const pointer = this.pointer(v, bits);
        this.line(`store i${bits} ${stored}, i${bits}* ${pointer}, align ${f.aux[v]}`);
        break;
      }
      case Op.AtomicAdd: {
        const bits = <i32>f.aux[v] * 8;
        const added = this.truncated(this.operand(f.operand(v, 1)), bits);
        const pointer = this.pointer(v, bits);
        this.line(`${this.temporary()} = atomicrmw add i${bits}* ${pointer}, i${bits} ${added} monotonic`);
        break;
      }
      case Op.Call:
        this.call(v);
        break;
      case Op.SlotBegin:
        break;
      case Op.Phi:
        this.phi(v, block);
        break;
      case Op.Jump:
        this.phiOperands(block);
        this.line(`br label %b${f.successor0[block]}`);
        break;
      case Op.Branch:
        this.branch(v, block);
        break;
      case Op.Return:
        this.line(`ret i64 ${this.operand(f.operand(v, 0))}`);
        break;
      default:
        this.arithmetic(v);
        break;
    }
  }

  private arithmetic(v: i32): void {
    const f = this.f;
    const op = f.op[v];
    const left = this.operand(f.operand(v, 0));
    const right = f.operand(v, 1);
    const isConstant = f.op[right] == Op.Const;
    const constant = f.imm[right];
    if (op == Op.Shl || op == Op.Shr || op == Op.Sar) {
      if (f.relocation[v] >= 0) this.line(`%v${v} = call i64 asm "${this.label(v)}$0 ${bpfOperator(op)} ${constant}", "=r,0"(i64 ${left})`);
      else if (isConstant) this.line(`%v${v} = ${llvmOperator(op)} i64 ${left}, ${constant & 63}`);
      else this.line(`%v${v} = call i64 asm "$0 ${bpfOperator(op)} $2", "=r,0,r"(i64 ${left}, i64 ${this.operand(right)})`);
      return;
    }
    assert(f.relocation[v] < 0, "a relocation on arithmetic other than a shift");
    if (op == Op.Div || op == Op.Mod) {
      this.divide(v, left, right);
      return;
    }
    this.line(`%v${v} = ${llvmOperator(op)} i64 ${left}, ${this.operand(right)}`);
  }

  /** BPF's quotient by 0 is 0, and the remainder then the dividend; LLVM 13 knows no instruction for remainders. */
  private divide(v: i32, left: string, right: i32): void {
    const f = this.f;
    const isDivision = f.op[v] == Op.Div;
    if (f.op[right] == Op.Const) {
      if (f.imm[right] == 0) this.line(`%v${v} = add i64 ${isDivision ? "0" : left}, 0`);
      else this.line(`%v${v} = ${isDivision ? "udiv" : "urem"} i64 ${left}, ${f.imm[right]}`);
      return;
    }
    const divisor = this.operand(right);
    const quotient = isDivision ? `%v${v}` : this.temporary();
    this.line(`${quotient} = call i64 asm "$0 /= $2", "=r,0,r"(i64 ${left}, i64 ${divisor})`);
    if (isDivision) return;
    const product = this.temporary();
    this.line(`${product} = mul i64 ${quotient}, ${divisor}`);
    this.line(`%v${v} = sub i64 ${left}, ${product}`);
  }

  /** The i1 that comparison `v` makes. */
  private comparison(v: i32): string {
    const f = this.f;
    const left = this.operand(f.operand(v, 0));
    const right = this.operand(f.operand(v, 1));
    const name = this.temporary();
    this.line(`${name} = icmp ${condition(f.op[v])} i64 ${left}, ${right}`);
    return name;
  }

  private byteSwap(v: i32): void {
    const f = this.f;
    const bits = <i32>f.aux[v] * 8;
    const narrow = this.truncated(this.operand(f.operand(v, 0)), bits);
    const name = bits == 64 ? `%v${v}` : this.temporary();
    this.line(`${name} = call i${bits} @llvm.bswap.i${bits}(i${bits} ${narrow})`);
    if (bits < 64) this.extend(v, name, bits, false);
  }

  private offset(v: i32): void {
    const f = this.f;
    const base = this.operand(f.operand(v, 0));
    const label = f.relocation[v] < 0 ? "" : this.label(v);
    if (label.length == 0 && !this.mayBecomeOr(v)) this.line(`%v${v} = add i64 ${base}, ${f.imm[v]}`);
    else this.line(`%v${v} = call i64 asm "${label}$0 += ${f.imm[v]}", "=r,0"(i64 ${base})`);
  }

  private index(v: i32): void {
    const base = this.operand(this.f.operand(v, 0));
    const by = this.operand(this.f.operand(v, 1));
    if (this.mayBecomeOr(v)) this.line(`%v${v} = call i64 asm "$0 += $2", "=r,0,r"(i64 ${base}, i64 ${by})`);
    else this.line(`%v${v} = add i64 ${base}, ${by}`);
  }

  /** llc knows how slots are aligned, and writes `|` for a sum of the address and less than that: the verifier refuses it on pointers. */
  private mayBecomeOr(v: i32): bool {
    const f = this.f;
    if (f.type[f.operand(v, 0)] != Type.Stack) return false;
    return f.op[v] == Op.Index || (f.imm[v] & 7) != 0;
  }

  private load(v: i32): void {
    const f = this.f;
    const bits = <i32>f.aux[v] * 8;
    const signed = (f.flags[v] & LOAD_SIGNED) != 0 && bits < 64;
    if (f.relocation[v] >= 0) {
      const base = this.operand(f.operand(v, 0));
      const name = signed ? this.temporary() : `%v${v}`;
      const imm = f.imm[v];
      const place = `${imm < 0 ? "-" : "+"} ${imm < 0 ? -imm : imm}`;
      // Has effects, so that it stays behind the checks that allow it.
      this.line(`${name} = call i64 asm sideeffect "${this.label(v)}$0 = *(u${bits} *)($1 ${place})", "=r,r"(i64 ${base})`);
      if (signed) this.extend(v, this.truncated(name, bits), bits, true);
      return;
    }
    const pointer = this.pointer(v, bits);
    const name = bits == 64 ? `%v${v}` : this.temporary();
    this.line(`${name} = load i${bits}, i${bits}* ${pointer}, align ${f.aux[v]}`);
    if (bits < 64) this.extend(v, name, bits, signed);
  }

  private call(v: i32): void {
    const f = this.f;
    const isVoid = f.type[v] == Type.Void;
    let types = "";
    let values = "";
    for (let k = 0; k < f.operandCount(v); k++) {
      types += k == 0 ? "i64" : ", i64";
      values += `${k == 0 ? "" : ", "}i64 ${this.operand(f.operand(v, k))}`;
    }
    const result = isVoid ? "void" : "i64";
    this.line(`${isVoid ? "" : `%v${v} = `}call ${result} inttoptr (i64 ${f.imm[v]} to ${result} (${types})*)(${values})`);
  }

  private phi(v: i32, block: i32): void {
    const f = this.f;
    const before = f.predecessors[block];
    this.out.writeText(`  %v${v} = phi i64 `);
    let first = true;
    for (let k = 0; k < before.length; k++) {
      if (!this.dominators.isReachable(before[k])) continue;
      const operand = f.operand(v, k);
      const name = isMade(f.op[operand]) ? `%p${v}.${k}` : this.name(operand);
      this.out.writeText(`${first ? "" : ", "}[ ${name}, %b${before[k]} ]`);
      first = false;
    }
    this.end();
  }

  /** Makes what phis of the successors of `block` take from it and what needs an instruction. */
  private phiOperands(block: i32): void {
    this.phiOperandsOf(block, this.f.successor0[block]);
    if (this.f.successor1[block] != this.f.successor0[block]) this.phiOperandsOf(block, this.f.successor1[block]);
  }

  private phiOperandsOf(block: i32, successor: i32): void {
    if (successor < 0) return;
    const f = this.f;
    const code = f.code[successor];
    const before = f.predecessors[successor];
    for (let i = 0; i < code.length && f.op[code[i]] == Op.Phi; i++) {
      for (let k = 0; k < before.length; k++) {
        const operand = f.operand(code[i], k);
        if (before[k] == block && isMade(f.op[operand])) this.leaf(`%p${code[i]}.${k}`, operand);
      }
    }
  }

  private branch(v: i32, block: i32): void {
    const f = this.f;
    this.phiOperands(block);
    const value = f.operand(v, 0);
    let bit: string;
    // Made anew, so that it becomes one instruction with the jump: the verifier learns from comparisons in jumps only.
    if (isComparison(f.op[value])) bit = this.comparison(value);
    else {
      const operand = this.operand(value);
      bit = this.temporary();
      this.line(`${bit} = icmp ne i64 ${operand}, 0`);
    }
    this.line(`br i1 ${bit}, label %b${f.successor0[block]}, label %b${f.successor1[block]}`);
  }
}
