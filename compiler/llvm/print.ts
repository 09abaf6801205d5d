// Prints a module as LLVM IR text, for llc: the second back end.
//
// Input: an IrModule whose functions are valid and optimised. The dialect is that of LLVM 13 and taken by later versions with typed
// pointers as well: helpers are calls of constant addresses, and every value is an i64 that becomes a pointer where memory is touched.
// What only BPF means (division by zero, shifts by 64 and more) and every instruction that the target rewrites is inline assembly.
// A rewritten instruction has a label `relocation.N.U` (N the module's relocation, U any number), by which read-object.ts finds it in
// llc's object; maps, types, relocations and the manifest then come from our own object writer.

import { Op, Section } from "../ir/ir";
import { IrModule } from "../object/module";
import { ByteBuffer } from "../source/bytes";
import { dataSymbol, Node, writeQuoted } from "./names";
import { FunctionPrinter } from "./print-function";

export function printLlvm(module: IrModule, out: ByteBuffer): void {
  new ModulePrinter(module, out).run();
}

@final
class ModulePrinter {
  private metadata: ByteBuffer = new ByteBuffer(4096);
  private nextNode: i32 = Node.FirstFree;
  private dataSymbols: Set<string> = new Set();

  constructor(
    private module: IrModule,
    private out: ByteBuffer,
  ) {}

  run(): void {
    const module = this.module;
    const out = this.out;
    out.writeAscii('target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"\ntarget triple = "bpfel"\n');
    for (let i = 0; i < module.maps.length; i++) out.writeText(`@${module.maps[i].symbol} = external global i8\n`);
    this.declareData();
    out.writeAscii("declare i16 @llvm.bswap.i16(i16)\ndeclare i32 @llvm.bswap.i32(i32)\ndeclare i64 @llvm.bswap.i64(i64)\n");
    for (let i = 0; i < module.functions.length; i++) {
      out.writeU8(0x0a);
      const printer = new FunctionPrinter(module, module.functions[i], this.nextNode, out, this.metadata);
      printer.run();
      this.nextNode = printer.nextNode;
    }
    this.describe();
  }

  /** An own symbol for each address that the code takes, so that one instruction loads it. */
  private declareData(): void {
    const functions = this.module.functions;
    for (let i = 0; i < functions.length; i++) {
      const f = functions[i];
      for (let v = 0; v < f.valueCount; v++) {
        if (f.op[v] != Op.DataRef || f.block[v] < 0) continue;
        const name = dataSymbol(<Section>f.aux[v], f.imm[v]);
        if (this.dataSymbols.has(name)) continue;
        this.dataSymbols.add(name);
        this.out.writeText(`@"${name}" = external global i8\n`);
      }
    }
  }

  private describe(): void {
    const out = this.out;
    out.writeText(`\n!llvm.dbg.cu = !{!${<i32>Node.Unit}}\n!llvm.module.flags = !{!${<i32>Node.Version}}\n`);
    out.writeText(`!${<i32>Node.Unit} = distinct !DICompileUnit(language: DW_LANG_C99, file: !${<i32>Node.File}, producer: "bpfcast", `);
    out.writeText(`emissionKind: FullDebug)\n!${<i32>Node.File} = !DIFile(filename: `);
    writeQuoted(this.module.sourceName, out);
    out.writeText(`, directory: "")\n!${<i32>Node.Signature} = !DISubroutineType(types: !{null})\n`);
    out.writeText(`!${<i32>Node.Version} = !{i32 2, !"Debug Info Version", i32 3}\n`);
    out.append(this.metadata);
  }
}
