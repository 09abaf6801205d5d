// The `.BTF.ext` section: which function, script line and CO-RE relocation belongs to which instruction.
//
// Each of the three tables starts with its record size; then, per ELF section, its name, the number of records and the
// records, by rising instruction offset. Format: tools/lib/bpf/libbpf_internal.h and include/uapi/linux/btf.h.

import { ByteBuffer } from "../source/bytes";
import { BtfBuilder } from "./btf";

const MAGIC: u16 = 0xeb9f;
/** Header with the CO-RE fields. */
const HEADER_SIZE: u32 = 32;

/** Columns have 10 bits, lines 22. */
const MAX_COLUMN: u32 = 1023;
const MAX_LINE: u32 = (1 << 22) - 1;

@final
class InfoTable {
  private out: ByteBuffer = new ByteBuffer(256);
  /** Place of the current section's record count; 0: no section yet. */
  private countAt: u32 = 0;
  private count: u32 = 0;

  constructor(private recordSize: u32) {
    this.out.writeU32(recordSize);
  }

  /** Records that follow belong to the section whose name is string `name`. */
  section(name: u32): void {
    this.closeSection();
    this.out.writeU32(name);
    this.countAt = this.out.length;
    this.out.writeU32(0);
  }

  /** Begins a record; its fields are written by the caller. */
  record(): ByteBuffer {
    this.count++;
    return this.out;
  }

  private closeSection(): void {
    if (this.countAt == 0) return;
    if (this.count == 0) this.out.length = this.countAt - 4;
    else this.out.patchU32(this.countAt, this.count);
    this.count = 0;
    this.countAt = 0;
  }

  /** The whole table; empty when it has no records. */
  finish(): ByteBuffer {
    this.closeSection();
    if (this.out.length == 4) this.out.clear();
    return this.out;
  }
}

@final
export class BtfExtBuilder {
  private functions: InfoTable = new InfoTable(8);
  private lines: InfoTable = new InfoTable(16);
  private relocations: InfoTable = new InfoTable(16);

  constructor(private btf: BtfBuilder) {}

  /** What follows belongs to ELF section `name`. */
  section(name: string): void {
    const offset = this.btf.string(name);
    this.functions.section(offset);
    this.lines.section(offset);
    this.relocations.section(offset);
  }

  /** A function of BTF type `type` starts at byte `offset` of the section. */
  func(offset: u32, type: i32): void {
    const out = this.functions.record();
    out.writeU32(offset);
    out.writeU32(type);
  }

  /** From byte `offset` on the code comes from `line` and `column` (from 1); `text` and `file` are strings of the BTF. */
  line(offset: u32, file: u32, text: u32, line: u32, column: u32): void {
    const out = this.lines.record();
    out.writeU32(offset);
    out.writeU32(file);
    out.writeU32(text);
    out.writeU32((min(line, MAX_LINE) << 10) | min(column, MAX_COLUMN));
  }

  /** The instruction at byte `offset` is rewritten by a CO-RE relocation of `kind` on `access` of BTF type `type`. */
  relocation(offset: u32, type: i32, access: string, kind: u32): void {
    const out = this.relocations.record();
    out.writeU32(offset);
    out.writeU32(type);
    out.writeU32(this.btf.string(access));
    out.writeU32(kind);
  }

  serialise(out: ByteBuffer): void {
    const functions = this.functions.finish();
    const lines = this.lines.finish();
    const relocations = this.relocations.finish();
    out.writeU16(MAGIC);
    out.writeU8(1);
    out.writeU8(0);
    out.writeU32(HEADER_SIZE);
    out.writeU32(0);
    out.writeU32(functions.length);
    out.writeU32(functions.length);
    out.writeU32(lines.length);
    out.writeU32(functions.length + lines.length);
    out.writeU32(relocations.length);
    out.append(functions);
    out.append(lines);
    out.append(relocations);
  }
}
