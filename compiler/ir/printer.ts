// Prints IR as text that parser.ts reads back.
//
//   fn NAME section "SECTION"
//   slot 0 size 16 align 8
//   b0:
//     v0: ctx = context
//     v2: i64 = load4 v0 + 8 !3 @12        load1s .. load4s sign-extend; !n is relocation n, @n the place in the script
//     v3: mapvalue? = call map_lookup_elem(v1, v2)
//     branch v3, b1, b2
//   b2: unlikely from b0
//     v4: i64 = phi b0: v1, b1: v2
//   end

import { ByteBuffer } from "../source/bytes";
import { HelperTable } from "./helper-lookup";
import { IrFunction, isComparison, LOAD_SIGNED, MapDefinition, Op, opNames, Relocation, Section, Type, typeNames } from "./ir";

/** Names of sections in the textual form, indexed by `Section`. */
export const sectionNames: StaticArray<string> = ["rodata", "counters", "scratch"];

export function printFunction(f: IrFunction, out: ByteBuffer): void {
  new Printer(f, out).run();
}

/** Prints what functions refer to: `map NAME type 5 key 16 value 8 entries 4096 flags 0`. */
export function printMap(map: MapDefinition, out: ByteBuffer): void {
  out.writeText(`map ${map.symbol} type ${map.bpfType} key ${map.keySize} value ${map.valueSize}`);
  out.writeText(` entries ${map.maxEntries} flags ${map.flags}\n`);
}

/** `relocation KIND TARGET FIELD "ACCESS"`. */
export function printRelocation(relocation: Relocation, out: ByteBuffer): void {
  out.writeText(`relocation ${relocation.kind} ${relocation.target} ${relocation.field} "${relocation.access}"\n`);
}

@final
class Printer {
  private helpers: HelperTable = new HelperTable();

  constructor(
    private f: IrFunction,
    private out: ByteBuffer,
  ) {}

  run(): void {
    const f = this.f;
    const out = this.out;
    out.writeText(`fn ${f.name} section "${f.section}"\n`);
    for (let s = 0; s < f.slotSize.length; s++) {
      out.writeText(`slot ${s} size ${f.slotSize[s]} align ${f.slotAlign[s]}`);
      if (f.slotOffset[s] != 0) out.writeText(` at ${f.slotOffset[s]}`);
      out.writeU8(0x0a);
    }
    if (f.layout.length > 0) {
      for (let i = 0; i < f.layout.length; i++) this.block(f.layout[i]);
    } else {
      for (let b = 0; b < f.blockCount; b++) if (f.code[b].length > 0) this.block(b);
    }
    out.writeAscii("end\n");
  }

  private block(b: i32): void {
    const f = this.f;
    const out = this.out;
    out.writeText(`b${b}:`);
    if (f.unlikely[b]) out.writeAscii(" unlikely");
    // The order of predecessors matters to phis alone, but a round trip keeps it always.
    const before = f.predecessors[b];
    for (let k = 0; k < before.length; k++) out.writeText(`${k == 0 ? " from " : ", "}b${before[k]}`);
    out.writeU8(0x0a);
    const code = f.code[b];
    for (let i = 0; i < code.length; i++) this.value(code[i], b);
  }

  private value(v: i32, b: i32): void {
    const f = this.f;
    const out = this.out;
    const op = f.op[v];
    out.writeAscii("  ");
    if (f.type[v] != Type.Void) out.writeText(`v${v}: ${typeNames[f.type[v]]} = `);
    out.writeAscii(opNames[op]);
    switch (op) {
      case Op.Const:
      case Op.Slot:
      case Op.MapRef:
      case Op.FunctionRef:
      case Op.CoreConst:
      case Op.SlotBegin:
        out.writeU8(0x20);
        out.writeSignedDecimal(f.imm[v]);
        break;
      case Op.Context:
        if (f.imm[v] != 0) out.writeText(` ${f.imm[v]}`);
        break;
      case Op.DataRef:
        out.writeText(` ${sectionNames[f.aux[v]]} + ${f.imm[v]}`);
        break;
      case Op.Offset:
        this.address(v);
        break;
      case Op.Load:
        out.writeText((f.flags[v] & LOAD_SIGNED) != 0 ? `${f.aux[v]}s` : `${f.aux[v]}`);
        this.address(v);
        break;
      case Op.Store:
      case Op.AtomicAdd:
        out.writeDecimal(f.aux[v]);
        this.address(v);
        out.writeText(`, v${f.operand(v, 1)}`);
        break;
      case Op.ZeroExtend:
      case Op.SignExtend:
      case Op.ByteSwap:
        out.writeText(`${f.aux[v]} v${f.operand(v, 0)}`);
        break;
      case Op.Call:
        this.call(v);
        break;
      case Op.Phi:
        for (let k = 0; k < f.operandCount(v); k++) {
          out.writeText(`${k == 0 ? " " : ", "}b${f.predecessors[b][k]}: v${f.operand(v, k)}`);
        }
        break;
      case Op.Jump:
        out.writeText(` b${f.successor0[b]}`);
        break;
      case Op.Branch:
        out.writeText(` v${f.operand(v, 0)}, b${f.successor0[b]}, b${f.successor1[b]}`);
        break;
      default:
        assert(isComparison(op) || op == Op.Index || op == Op.Return || (op >= Op.Add && op <= Op.Neg));
        for (let k = 0; k < f.operandCount(v); k++) out.writeText(`${k == 0 ? " " : ", "}v${f.operand(v, k)}`);
        break;
    }
    if (f.relocation[v] >= 0) out.writeText(` !${f.relocation[v]}`);
    if (f.source[v] != 0) out.writeText(` @${f.source[v]}`);
    out.writeU8(0x0a);
  }

  private address(v: i32): void {
    const imm = this.f.imm[v];
    this.out.writeText(` v${this.f.operand(v, 0)} ${imm < 0 ? "-" : "+"} ${imm < 0 ? -imm : imm}`);
  }

  private call(v: i32): void {
    const f = this.f;
    const out = this.out;
    const row = this.helpers.byNumber(<i32>f.imm[v]);
    out.writeText(row ? ` ${row.name}(` : ` ${f.imm[v]}(`);
    for (let k = 0; k < f.operandCount(v); k++) out.writeText(`${k == 0 ? "" : ", "}v${f.operand(v, k)}`);
    out.writeU8(0x29);
  }
}
