// One object in the making: what lowering hands to the back end.

import { IrFunction, MapDefinition, Relocation } from "../ir/ir";
import { ByteBuffer } from "../source/bytes";
import { Source } from "../source/source";
import { BtfBuilder } from "./btf";

export class IrModule {
  /** Programs and callbacks. Callbacks have section `.text`; the others are counted in this order by `.bpfcast.rel`. */
  functions: Array<IrFunction> = [];
  maps: Array<MapDefinition> = [];
  relocations: Array<Relocation> = [];
  /** Contents of `.rodata`; the section is left out while this is empty. */
  rodata: ByteBuffer = new ByteBuffer();
  /** Bytes of `.data.counters`, a multiple of 8, all zero; 0: no such section. */
  countersSize: u32 = 0;
  /** Bytes of `.data.scratch`, all zero; 0: no such section. `bind` enlarges it. */
  scratchSize: u32 = 0;
  btf: BtfBuilder = new BtfBuilder();
  /** Contents of section `license`, without the NUL. */
  license: string = "GPL";
  /** Contents of `.bpfcast`: the manifest as JSON. */
  manifest: ByteBuffer = new ByteBuffer();
  /** File name in line info. */
  sourceName: string = "stdin";

  constructor(
    /** The script: lines of line info are its text. */
    public source: Source,
  ) {}
}
