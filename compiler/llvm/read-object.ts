// Reads llc's object: the code of each function, with what the object writer and the target fill in.
//
// Input: the object that llc made of printLlvm's text. Output: a GeneratedModule as our own code generator makes it. Taken are the code,
// the relocations against our symbols, the labels of rewritten instructions and the line table of `.BTF.ext`; nothing else.

import { GeneratedModule } from "../bpf/codegen";
import { CodeFixup, CodeLine, CodeRelocation, EncodedFunction } from "../bpf/encode";
import { Class, Fixup, Opcode, PSEUDO_FUNCTION } from "../bpf/instructions";
import { IrModule } from "../object/module";
import { mendBackEdges } from "./back-edges";
import { dataNames, RELOCATION_LABEL } from "./names";

const HEADER_SIZE: u32 = 64;
const SYMBOL_SIZE: u32 = 24;
const RELOCATION_SIZE: u32 = 16;

const enum SectionKind {
  SymbolTable = 2,
  Relocations = 9,
}

const enum SymbolKind {
  Function = 2,
}

export function readLlvmObject(module: IrModule, pointer: usize, length: u32): GeneratedModule {
  const reader = new ObjectReader(module, pointer, length);
  reader.run();
  return reader.result;
}

@final
class SectionHeader {
  constructor(
    public name: u32,
    public kind: u32,
    public offset: u32,
    public size: u32,
    public link: u32,
    public info: u32,
  ) {}
}

@final
class ObjectReader {
  result: GeneratedModule = new GeneratedModule();
  private sections: Array<SectionHeader> = [];
  private names: u32 = 0;
  private symbols: SectionHeader | null = null;
  private functionNumbers: Map<string, i32> = new Map();
  private mapNumbers: Map<string, i32> = new Map();
  /** By function: section and byte offset in it, -1 until it was found. */
  private functionSection: Array<i32> = [];
  private functionStart: Array<u32> = [];

  constructor(
    private module: IrModule,
    private pointer: usize,
    private length: u32,
  ) {
    for (let i = 0; i < module.maps.length; i++) this.mapNumbers.set(module.maps[i].symbol, i);
    for (let i = 0; i < module.functions.length; i++) {
      const f = module.functions[i];
      this.functionNumbers.set(f.name, i);
      this.functionSection.push(-1);
      this.functionStart.push(0);
      this.result.functions.push(new EncodedFunction(f.name, f.section));
    }
  }

  run(): void {
    this.readHeaders();
    if (this.symbols == null) {
      this.failed("it has no symbols");
      return;
    }
    this.readFunctions();
    this.readLabels();
    for (let i = 0; i < this.sections.length; i++)
      if (this.sections[i].kind == SectionKind.Relocations) this.readRelocations(this.sections[i]);
    this.readLines();
    for (let i = 0; i < this.result.functions.length; i++) this.finish(i);
  }

  private failed(message: string): void {
    if (this.result.error.length == 0) this.result.error = `llc's object cannot be used: ${message}`;
    this.result.errorFunction = max(this.result.errorFunction, 0);
  }

  private u16At(offset: u32): u32 {
    assert(offset + 2 <= this.length);
    return load<u16>(this.pointer + offset);
  }

  private u32At(offset: u32): u32 {
    assert(offset + 4 <= this.length);
    return load<u32>(this.pointer + offset);
  }

  /** An offset or size, which never needs its upper half. */
  private u64At(offset: u32): u32 {
    assert(this.u32At(offset + 4) == 0);
    return this.u32At(offset);
  }

  private text(offset: u32): string {
    let end = offset;
    while (end < this.length && load<u8>(this.pointer + end) != 0) end++;
    return String.UTF8.decodeUnsafe(this.pointer + offset, end - offset);
  }

  private readHeaders(): void {
    const table = this.u64At(40);
    const count = this.u16At(60);
    for (let i: u32 = 0; i < count; i++) {
      const at = table + i * HEADER_SIZE;
      const section = new SectionHeader(
        this.u32At(at),
        this.u32At(at + 4),
        this.u64At(at + 24),
        this.u64At(at + 32),
        this.u32At(at + 40),
        this.u32At(at + 44),
      );
      this.sections.push(section);
      if (section.kind == SectionKind.SymbolTable) this.symbols = section;
    }
    this.names = this.sections[this.u16At(62)].offset;
  }

  private sectionName(index: i32): string {
    return this.text(this.names + this.sections[index].name);
  }

  /** Place of symbol `number` in the file. */
  private symbolAt(number: u32): u32 {
    return this.symbols!.offset + number * SYMBOL_SIZE;
  }

  private symbolName(number: u32): string {
    return this.text(this.sections[this.symbols!.link].offset + this.u32At(this.symbolAt(number)));
  }

  private get symbolCount(): u32 {
    return this.symbols!.size / SYMBOL_SIZE;
  }

  private readFunctions(): void {
    for (let n: u32 = 0; n < this.symbolCount; n++) {
      const at = this.symbolAt(n);
      if ((load<u8>(this.pointer + at + 4) & 15) != SymbolKind.Function) continue;
      const name = this.symbolName(n);
      if (!this.functionNumbers.has(name)) continue;
      const i = this.functionNumbers.get(name);
      const section = this.u16At(at + 6);
      const start = this.u64At(at + 8);
      const size = this.u64At(at + 16);
      this.functionSection[i] = section;
      this.functionStart[i] = start;
      assert(start + size <= this.sections[section].size);
      this.result.functions[i].code.writeBytes(this.pointer + this.sections[section].offset + start, size);
    }
    for (let i = 0; i < this.functionSection.length; i++) {
      if (this.functionSection[i] < 0) this.failed(`it lacks ${this.module.functions[i].name}`);
    }
  }

  /** The function at byte `offset` of a section, or -1. */
  private functionAt(section: i32, offset: u32): i32 {
    for (let i = 0; i < this.functionSection.length; i++) {
      if (this.functionSection[i] != section || offset < this.functionStart[i]) continue;
      if (offset - this.functionStart[i] < this.result.functions[i].code.length) return i;
    }
    return -1;
  }

  private slotOf(i: i32, offset: u32): i32 {
    return <i32>((offset - this.functionStart[i]) >> 3);
  }

  private readLabels(): void {
    for (let n: u32 = 0; n < this.symbolCount; n++) {
      const name = this.symbolName(n);
      if (!name.startsWith(RELOCATION_LABEL)) continue;
      const at = this.symbolAt(n);
      const offset = this.u64At(at + 8);
      const i = this.functionAt(this.u16At(at + 6), offset);
      const relocation = <i32>parseInt(name.substring(RELOCATION_LABEL.length));
      if (i < 0 || relocation < 0 || relocation >= this.module.relocations.length) {
        this.failed(`the label ${name} belongs to no instruction`);
        continue;
      }
      this.result.functions[i].relocations.push(new CodeRelocation(this.slotOf(i, offset), relocation));
    }
  }

  private readRelocations(table: SectionHeader): void {
    for (let at = table.offset; at < table.offset + table.size; at += RELOCATION_SIZE) {
      const offset = this.u64At(at);
      const i = this.functionAt(table.info, offset);
      // Relocations of debug sections have no function.
      if (i < 0) continue;
      this.fixUp(this.result.functions[i], this.slotOf(i, offset), this.symbolName(this.u32At(at + 12)));
    }
  }

  private fixUp(f: EncodedFunction, slot: i32, name: string): void {
    if (this.mapNumbers.has(name)) {
      f.fixups.push(new CodeFixup(Fixup.Map, slot, this.mapNumbers.get(name), 0));
      return;
    }
    if (this.functionNumbers.has(name)) {
      const registers = f.code.pointer + ((<usize>slot) << 3) + 1;
      store<u8>(registers, (load<u8>(registers) & 15) | (PSEUDO_FUNCTION << 4));
      f.fixups.push(new CodeFixup(Fixup.Function, slot, this.functionNumbers.get(name), 0));
      return;
    }
    const plus = name.indexOf("+");
    const section = dataNames.indexOf(name.substring(0, plus));
    if (plus < 0 || section < 0) {
      this.failed(`it refers to '${name}'`);
      return;
    }
    const address = <i32>parseInt(name.substring(plus + 1));
    f.fixups.push(new CodeFixup(Fixup.Data, slot, section, address));
    f.code.patchU32(((<u32>slot) << 3) + 4, address);
  }

  /** The second table of `.BTF.ext`: per section, by name, where which line begins. */
  private readLines(): void {
    let strings: u32 = 0;
    let ext: u32 = 0;
    for (let i = 0; i < this.sections.length; i++) {
      const name = this.sectionName(i);
      if (name == ".BTF")
        strings = this.sections[i].offset + this.u32At(this.sections[i].offset + 4) + this.u32At(this.sections[i].offset + 16);
      if (name == ".BTF.ext") ext = this.sections[i].offset;
    }
    if (strings == 0 || ext == 0) {
      this.failed("it has no line table");
      return;
    }
    let at = ext + this.u32At(ext + 4) + this.u32At(ext + 16);
    const end = at + this.u32At(ext + 20);
    const size = this.u32At(at);
    at += 4;
    while (at < end) {
      const section = this.sectionCalled(this.text(strings + this.u32At(at)));
      const count = this.u32At(at + 4);
      at += 8;
      for (let k: u32 = 0; k < count; k++) {
        this.readLine(section, this.u32At(at), this.u32At(at + 12));
        at += size;
      }
    }
  }

  private sectionCalled(name: string): i32 {
    for (let i = 0; i < this.sections.length; i++) if (this.sectionName(i) == name) return i;
    return -1;
  }

  private readLine(section: i32, offset: u32, place: u32): void {
    const i = this.functionAt(section, offset);
    const line = place >> 10;
    if (i < 0 || line == 0) return;
    const source = this.module.source;
    this.result.functions[i].lines.push(
      new CodeLine(this.slotOf(i, offset), min(source.startOfLine(line) + max(place & 1023, 1) - 1, source.end)),
    );
  }

  /** Puts a function's records in order and finds the targets of its jumps. */
  private finish(i: i32): void {
    const f = this.result.functions[i];
    mendBackEdges(f);
    f.relocations.sort((a, b) => a.slot - b.slot);
    f.fixups.sort((a, b) => a.slot - b.slot);
    f.lines.sort((a, b) => a.slot - b.slot);
    if (f.lines.length == 0) f.lines.push(new CodeLine(0, 0));
    f.lines[0].slot = 0;
    const isTarget = new StaticArray<bool>(f.slots + 1);
    for (let slot = 0; slot < f.slots; slot++) {
      const opcode = load<u8>(f.code.pointer + ((<usize>slot) << 3));
      const kind = opcode & 7;
      if (opcode == Opcode.LoadImmediate64) slot++;
      else if ((kind == Class.Jump || kind == Class.Jump32) && opcode != Opcode.Call && opcode != Opcode.Exit) {
        const target = slot + 1 + <i32>load<i16>(f.code.pointer + ((<usize>slot) << 3), 2);
        assert(target >= 0 && target < f.slots);
        isTarget[target] = true;
      }
    }
    for (let slot = 0; slot < f.slots; slot++) if (isTarget[slot]) f.labels.push(slot);
  }
}
