// From a module and its code to the bytes of a libbpf object.
//
// Section order: programs by section, `license`, data, `.maps`, `.BTF`, `.BTF.ext`, ours (`.bpfcast`, `.bpfcast.rel`), symbols,
// strings, relocations. Several programs may share a section; callbacks lie in `.text`. Kernel functions that code calls are
// symbols without a place, which libbpf looks for in the kernel's types.

import { GeneratedModule } from "../bpf/codegen";
import { CodeFixup, EncodedFunction } from "../bpf/encode";
import { Fixup, Opcode } from "../bpf/instructions";
import { KERNEL_FUNCTION } from "../ir/helpers";
import { RelocationKind, Section } from "../ir/ir";
import { ByteBuffer } from "../source/bytes";
import { Linkage } from "./btf";
import { BtfExtBuilder } from "./btf-ext";
import { BpfRelocation, ElfWriter, SectionFlags } from "./elf";
import { describeKernelFunctions, kernelFunctionName } from "./kernel-functions";
import { describeMaps, MapLayout } from "./maps";
import { IrModule } from "./module";

/** Section of callbacks. */
const TEXT: string = ".text";

/** A call of what a symbol stands for, as LLVM writes it: libbpf makes of it the call of a kernel function. */
const CALL_OF_SYMBOL: u32 = 0x1085;

/** Writes the object. The module's BTF grows by what the object needs, so this works once per module. */
export function writeObject(module: IrModule, generated: GeneratedModule, out: ByteBuffer): void {
  new ObjectWriter(module, generated).run(out);
}

/** One ELF section of code. */
@final
class CodeSection {
  code: ByteBuffer = new ByteBuffer(256);
  index: i32 = 0;
  /** Functions by rising offset. */
  functions: Array<i32> = [];

  constructor(public name: string) {}
}

@final
class ObjectWriter {
  private elf: ElfWriter = new ElfWriter();
  private sections: Array<CodeSection> = [];
  /** By function: code section, byte offset in it. */
  private functionSection: Array<i32> = [];
  private functionOffset: Array<u32> = [];
  /** Section symbol of `.text`, or -1. */
  private textSectionSymbol: i32 = -1;
  private mapSymbols: Array<i32> = [];
  /** Section symbols of the data sections by `Section`, or -1. */
  private dataSymbols: StaticArray<i32> = [-1, -1, -1];
  private ext: BtfExtBuilder;
  /** Kernel functions that are called, and the symbol of each. */
  private kernelFunctions: Array<i32> = [];
  private kernelSymbols: Array<i32> = [];
  /** Text of script lines as strings of the BTF, by line. */
  private lineStrings: Map<u32, u32> = new Map();

  constructor(
    private module: IrModule,
    private generated: GeneratedModule,
  ) {
    this.ext = new BtfExtBuilder(module.btf);
  }

  run(out: ByteBuffer): void {
    this.collectCode();
    this.addKernelFunctions();
    this.addLicense();
    this.addData(Section.Rodata, ".rodata", SectionFlags.Allocate, this.module.rodata);
    this.addZeroData(Section.Counters, ".data.counters", this.module.countersSize);
    this.addZeroData(Section.Scratch, ".data.scratch", this.module.scratchSize);
    this.addMaps();
    this.describeCode();
    this.addInfo();
    this.addOurs();
    for (let i = 0; i < this.generated.functions.length; i++) this.addRelocations(i);
    for (let s = 0; s < this.sections.length; s++) this.referToKernelFunctions(this.sections[s]);
    this.elf.write(out);
  }

  private collectCode(): void {
    const functions = this.generated.functions;
    for (let i = 0; i < functions.length; i++) {
      const section = this.codeSection(functions[i].section);
      const code = this.sections[section].code;
      this.sections[section].functions.push(i);
      this.functionSection.push(section);
      this.functionOffset.push(code.length);
      code.append(functions[i].code);
    }
    for (let s = 0; s < this.sections.length; s++) {
      const section = this.sections[s];
      section.index = this.elf.section(section.name, SectionFlags.Allocate | SectionFlags.Execute, 8, section.code);
    }
    for (let i = 0; i < functions.length; i++) {
      const section = this.sections[this.functionSection[i]];
      // libbpf refuses static programs, and verifies global callbacks without their callers.
      const global = section.name != TEXT;
      const size = functions[i].code.length;
      this.elf.functionSymbol(functions[i].name, global, section.index, this.functionOffset[i], size);
    }
  }

  private codeSection(name: string): i32 {
    for (let s = 0; s < this.sections.length; s++) if (this.sections[s].name == name) return s;
    this.sections.push(new CodeSection(name));
    return this.sections.length - 1;
  }

  /** Which kernel functions the code calls. */
  private addKernelFunctions(): void {
    for (let s = 0; s < this.sections.length; s++) {
      const code = this.sections[s].code;
      for (let at: u32 = 0; at < code.length; at += 8) {
        const number = kernelFunctionAt(code, at);
        if (number == 0 || this.kernelFunctions.includes(number)) continue;
        this.kernelFunctions.push(number);
        this.kernelSymbols.push(this.elf.undefinedSymbol(kernelFunctionName(number)));
      }
    }
    if (this.kernelFunctions.length > 0) describeKernelFunctions(this.kernelFunctions, this.module.btf);
  }

  private referToKernelFunctions(section: CodeSection): void {
    const code = section.code;
    for (let at: u32 = 0; at < code.length; at += 8) {
      const number = kernelFunctionAt(code, at);
      if (number == 0) continue;
      code.patchU32(at, CALL_OF_SYMBOL);
      code.patchU32(at + 4, -1);
      this.elf.relocation(section.index, at, this.kernelSymbols[this.kernelFunctions.indexOf(number)], BpfRelocation.Call);
    }
  }

  private addLicense(): void {
    const content = new ByteBuffer(16);
    content.writeText(this.module.license);
    content.writeU8(0);
    this.elf.section("license", SectionFlags.Allocate | SectionFlags.Write, 1, content);
  }

  private addData(which: Section, name: string, flags: u32, content: ByteBuffer): void {
    if (content.length == 0) return;
    this.dataSymbols[which] = this.elf.sectionSymbol(this.elf.section(name, flags, 8, content));
  }

  private addZeroData(which: Section, name: string, size: u32): void {
    const content = new ByteBuffer(size);
    content.writeZeros(size);
    this.addData(which, name, SectionFlags.Allocate | SectionFlags.Write, content);
  }

  private addMaps(): void {
    const maps = this.module.maps;
    if (maps.length == 0) return;
    const layout: MapLayout = describeMaps(maps, this.module.btf);
    const content = new ByteBuffer(layout.size);
    content.writeZeros(layout.size);
    const section = this.elf.section(".maps", SectionFlags.Allocate | SectionFlags.Write, 8, content);
    for (let i = 0; i < maps.length; i++) {
      this.mapSymbols.push(this.elf.objectSymbol(maps[i].symbol, section, layout.offsets[i], layout.sizes[i]));
    }
  }

  /** Function types, script lines and CO-RE relocations of all code. */
  private describeCode(): void {
    const btf = this.module.btf;
    const prototype = btf.prototype(btf.int("int", 4, true));
    btf.parameter(prototype, "ctx", btf.pointer(0));
    for (let s = 0; s < this.sections.length; s++) {
      const section = this.sections[s];
      const linkage = section.name == TEXT ? Linkage.Static : Linkage.Global;
      this.ext.section(section.name);
      for (let k = 0; k < section.functions.length; k++) {
        const f = this.generated.functions[section.functions[k]];
        const start = this.functionOffset[section.functions[k]];
        this.ext.func(start, btf.func(f.name, prototype, linkage));
        this.describeLines(f, start);
        this.describeRelocations(f, start);
      }
    }
  }

  private describeLines(f: EncodedFunction, start: u32): void {
    const source = this.module.source;
    for (let i = 0; i < f.lines.length; i++) {
      const offset = min(f.lines[i].source, source.end);
      const lineStart = source.lineStart(offset);
      if (!this.lineStrings.has(lineStart)) {
        this.lineStrings.set(lineStart, this.module.btf.string(source.text(lineStart, source.lineEnd(offset))));
      }
      const file = this.module.btf.string(source.file(offset).name);
      this.ext.line(start + <u32>f.lines[i].slot * 8, file, this.lineStrings.get(lineStart), source.line(offset), source.column(offset));
    }
  }

  private describeRelocations(f: EncodedFunction, start: u32): void {
    for (let i = 0; i < f.relocations.length; i++) {
      const relocation = this.module.relocations[f.relocations[i].relocation];
      if (relocation.kind >= RelocationKind.TracepointLoad) continue;
      this.ext.relocation(start + <u32>f.relocations[i].slot * 8, relocation.target, relocation.access, relocation.kind);
    }
  }

  private addInfo(): void {
    const ext = new ByteBuffer(1024);
    this.ext.serialise(ext);
    const btf = new ByteBuffer(4096);
    this.module.btf.serialise(btf);
    this.elf.section(".BTF", SectionFlags.None, 4, btf);
    this.elf.section(".BTF.ext", SectionFlags.None, 4, ext);
  }

  /** The manifest, and our own relocations: five u32 each, see `Relocation` of wasm/manifest.ts. */
  private addOurs(): void {
    this.elf.section(".bpfcast", SectionFlags.None, 1, this.module.manifest);
    const records = new ByteBuffer(256);
    const functions = this.generated.functions;
    for (let i = 0; i < functions.length; i++) {
      const list = functions[i].relocations;
      for (let k = 0; k < list.length; k++) {
        const relocation = this.module.relocations[list[k].relocation];
        if (relocation.kind < RelocationKind.TracepointLoad) continue;
        assert(this.module.functions[i].program >= 0, "callbacks have no tracepoint context");
        records.writeU32(relocation.kind - RelocationKind.TracepointLoad);
        records.writeU32(this.module.functions[i].program);
        records.writeU32(list[k].slot);
        records.writeU32(relocation.target);
        records.writeU32(relocation.field);
      }
    }
    this.elf.section(".bpfcast.rel", SectionFlags.None, 4, records);
  }

  private addRelocations(i: i32): void {
    const fixups = this.generated.functions[i].fixups;
    for (let k = 0; k < fixups.length; k++) {
      const fixup = fixups[k];
      const offset = this.functionOffset[i] + <u32>fixup.slot * 8;
      const section = this.sections[this.functionSection[i]];
      // libbpf knows static functions by the section's symbol and their place in it alone.
      if (fixup.kind == Fixup.Function) section.code.patchU32(offset + 4, this.functionOffset[fixup.index]);
      this.elf.relocation(section.index, offset, this.symbolOf(fixup), BpfRelocation.Wide);
    }
  }

  private textSymbol(): i32 {
    if (this.textSectionSymbol < 0) this.textSectionSymbol = this.elf.sectionSymbol(this.sections[this.codeSection(TEXT)].index);
    return this.textSectionSymbol;
  }

  private symbolOf(fixup: CodeFixup): i32 {
    switch (fixup.kind) {
      case Fixup.Map:
        return this.mapSymbols[fixup.index];
      case Fixup.Data:
        assert(this.dataSymbols[fixup.index] >= 0, "the data section is empty");
        return this.dataSymbols[fixup.index];
      default:
        assert(fixup.kind == Fixup.Function);
        return this.textSymbol();
    }
  }
}

/** The kernel function that the instruction calls; 0 for any other. The second half of a wide one has no opcode. */
function kernelFunctionAt(code: ByteBuffer, at: u32): i32 {
  const number = load<i32>(code.pointer + at, 4);
  return load<u16>(code.pointer + at) == Opcode.Call && number >= KERNEL_FUNCTION ? number : 0;
}
