// Writes relocatable 64-bit ELF files for BPF: sections in the order of their creation, then symbols, strings, relocations.

import { ByteBuffer } from "../source/bytes";

/** `sh_type`. */
export const enum SectionType {
  Progbits = 1,
  SymbolTable = 2,
  StringTable = 3,
  Relocations = 9,
}

/** `sh_flags`. */
export const enum SectionFlags {
  None = 0,
  Write = 1,
  Allocate = 2,
  Execute = 4,
}

/** `R_BPF_*`. */
export const enum BpfRelocation {
  /** `ld_imm64`. */
  Wide = 1,
  /** A call. */
  Call = 10,
}

const enum SymbolType {
  None = 0,
  Object = 1,
  Function = 2,
  Section = 3,
}

const HEADER_SIZE: u32 = 64;
const SECTION_HEADER_SIZE: u32 = 64;
const SYMBOL_SIZE: u32 = 24;
const MACHINE_BPF: u16 = 247;
const TYPE_RELOCATABLE: u16 = 1;

@final
class ElfSection {
  /** Relocations of this section: slot offset, symbol (an index of `ElfWriter.symbols`), type. */
  relocationOffsets: Array<u32> = [];
  relocationSymbols: Array<i32> = [];
  relocationTypes: Array<u32> = [];
  link: u32 = 0;
  info: u32 = 0;
  entrySize: u32 = 0;

  constructor(
    public name: string,
    public type: u32,
    public flags: u32,
    public alignment: u32,
    public content: ByteBuffer,
  ) {}
}

@final
class ElfSymbol {
  /** Number in the file: local symbols come first there. */
  number: u32 = 0;

  constructor(
    public name: string,
    public type: SymbolType,
    public global: bool,
    public section: i32,
    public value: u64,
    public size: u64,
  ) {}
}

@final
export class ElfWriter {
  /** Section 0 is the null section. */
  private sections: Array<ElfSection> = [new ElfSection("", 0, 0, 0, new ByteBuffer(0))];
  private symbols: Array<ElfSymbol> = [];
  private strings: ByteBuffer = new ByteBuffer(256);

  /** Adds a PROGBITS section and returns its index. `content` may still grow until `write`. */
  section(name: string, flags: u32, alignment: u32, content: ByteBuffer): i32 {
    this.sections.push(new ElfSection(name, SectionType.Progbits, flags, alignment, content));
    return this.sections.length - 1;
  }

  /** The local symbol of a section as a whole. */
  sectionSymbol(section: i32): i32 {
    return this.symbol(new ElfSymbol("", SymbolType.Section, false, section, 0, 0));
  }

  functionSymbol(name: string, global: bool, section: i32, offset: u32, size: u32): i32 {
    return this.symbol(new ElfSymbol(name, SymbolType.Function, global, section, offset, size));
  }

  /** What the loader must find elsewhere: in the kernel. */
  undefinedSymbol(name: string): i32 {
    return this.symbol(new ElfSymbol(name, SymbolType.None, true, 0, 0, 0));
  }

  objectSymbol(name: string, section: i32, offset: u32, size: u32): i32 {
    return this.symbol(new ElfSymbol(name, SymbolType.Object, true, section, offset, size));
  }

  private symbol(symbol: ElfSymbol): i32 {
    this.symbols.push(symbol);
    return this.symbols.length - 1;
  }

  relocation(section: i32, offset: u32, symbol: i32, type: BpfRelocation): void {
    const target = this.sections[section];
    target.relocationOffsets.push(offset);
    target.relocationSymbols.push(symbol);
    target.relocationTypes.push(type);
  }

  write(out: ByteBuffer): void {
    this.strings.writeU8(0);
    const contentCount = this.sections.length;
    const symbolTable = contentCount;
    this.addSymbolTable();
    this.sections.push(new ElfSection(".strtab", SectionType.StringTable, 0, 1, this.strings));
    for (let i = 1; i < contentCount; i++) this.addRelocations(i, symbolTable);
    const names: Array<u32> = [];
    for (let i = 0; i < this.sections.length; i++) names.push(i == 0 ? 0 : this.name(this.sections[i].name));

    this.writeHeader(out, symbolTable + 1);
    const start = out.length - HEADER_SIZE;
    const offsets: Array<u32> = [];
    for (let i = 0; i < this.sections.length; i++) {
      const section = this.sections[i];
      while (((out.length - start) & (max<u32>(section.alignment, 1) - 1)) != 0) out.writeU8(0);
      offsets.push(i == 0 ? 0 : out.length - start);
      out.append(section.content);
    }
    while (((out.length - start) & 7) != 0) out.writeU8(0);
    out.patchU64(start + 40, out.length - start);
    for (let i = 0; i < this.sections.length; i++) this.writeSectionHeader(this.sections[i], names[i], offsets[i], out);
  }

  private name(text: string): u32 {
    const offset = this.strings.length;
    this.strings.writeText(text);
    this.strings.writeU8(0);
    return offset;
  }

  private addSymbolTable(): void {
    const content = new ByteBuffer(SYMBOL_SIZE * (this.symbols.length + 1));
    content.writeZeros(SYMBOL_SIZE);
    let number: u32 = 1;
    for (let i = 0; i < this.symbols.length; i++) if (!this.symbols[i].global) this.writeSymbol(this.symbols[i], number++, content);
    const firstGlobal = number;
    for (let i = 0; i < this.symbols.length; i++) if (this.symbols[i].global) this.writeSymbol(this.symbols[i], number++, content);
    const table = new ElfSection(".symtab", SectionType.SymbolTable, 0, 8, content);
    table.link = this.sections.length + 1;
    table.info = firstGlobal;
    table.entrySize = SYMBOL_SIZE;
    this.sections.push(table);
  }

  private writeSymbol(symbol: ElfSymbol, number: u32, content: ByteBuffer): void {
    symbol.number = number;
    content.writeU32(symbol.name.length == 0 ? 0 : this.name(symbol.name));
    content.writeU8(<u8>((symbol.global ? 1 << 4 : 0) | symbol.type));
    content.writeU8(0);
    content.writeU16(<u16>symbol.section);
    content.writeU64(symbol.value);
    content.writeU64(symbol.size);
  }

  private addRelocations(index: i32, symbolTable: i32): void {
    const target = this.sections[index];
    if (target.relocationOffsets.length == 0) return;
    const content = new ByteBuffer(16 * target.relocationOffsets.length);
    for (let i = 0; i < target.relocationOffsets.length; i++) {
      content.writeU64(target.relocationOffsets[i]);
      content.writeU64(((<u64>this.symbols[target.relocationSymbols[i]].number) << 32) | <u64>target.relocationTypes[i]);
    }
    const section = new ElfSection(`.rel${target.name}`, SectionType.Relocations, 0, 8, content);
    section.link = symbolTable;
    section.info = index;
    section.entrySize = 16;
    this.sections.push(section);
  }

  private writeHeader(out: ByteBuffer, nameSection: i32): void {
    // Magic, 64 bit, little endian, version 1; System V without further identification.
    out.writeU32(0x464c457f);
    out.writeU32(0x00010102);
    out.writeU64(0);
    out.writeU16(TYPE_RELOCATABLE);
    out.writeU16(MACHINE_BPF);
    out.writeU32(1);
    out.writeU64(0); // entry
    out.writeU64(0); // program headers
    out.writeU64(0); // section headers: patched
    out.writeU32(0);
    out.writeU16(<u16>HEADER_SIZE);
    out.writeU16(0);
    out.writeU16(0);
    out.writeU16(<u16>SECTION_HEADER_SIZE);
    out.writeU16(<u16>this.sections.length);
    out.writeU16(<u16>nameSection);
  }

  private writeSectionHeader(section: ElfSection, name: u32, offset: u32, out: ByteBuffer): void {
    out.writeU32(name);
    out.writeU32(section.type);
    out.writeU64(section.flags);
    out.writeU64(0); // address
    out.writeU64(offset);
    out.writeU64(section.content.length);
    out.writeU32(section.link);
    out.writeU32(section.info);
    out.writeU64(section.alignment);
    out.writeU64(section.entrySize);
  }
}
