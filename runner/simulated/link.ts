// Links a program as libbpf does: its code, behind it the functions of `.text` that it calls, all relocated.

import { BpfcastError } from "../../wasm/errors.ts";
import { Btf } from "../core/btf.ts";
import { type CoreRelocation, coreRelocations } from "../core/btf-ext.ts";
import { type ElfObject, type ElfRelocation, type ElfSymbol, findSection, relocationsOf, SymbolType, viewOf } from "../core/elf.ts";
import { applyCoreRelocation } from "./core-relocation.ts";
import type { TargetTypes } from "./core-types.ts";
import { isCode } from "./map-definitions.ts";

const INSTRUCTION_BYTES = 8;
const WIDE_LOAD = 0x18;
const CALL = 0x85;
const LOCAL_CALL = 1;
const PSEUDO_MAP = 1;
const PSEUDO_MAP_VALUE = 2;
const PSEUDO_FUNCTION = 4;
/** Functions of one program; more are no object of ours. */
const MAX_FUNCTIONS = 256;
const MAX_CODE_BYTES = 8_000_000;

function damaged(what: string): never {
  throw new BpfcastError("bad-object", `not a usable BPF object: ${what}`);
}

/** A map that code names, by the section and place of its symbol. */
export interface LinkedMap {
  handle: number;
  section: number;
  offset: number;
  isData: boolean;
}

/** Where a stretch of a linked program comes from. */
export interface Origin {
  /** First slot in the program. */
  slot: number;
  section: string;
  /** First byte in the section. */
  offset: number;
  size: number;
}

export interface LinkedProgram {
  instructions: Uint8Array;
  origins: Origin[];
}

interface LinkedFunction {
  section: number;
  offset: number;
  code: Uint8Array;
  /** Calls and loads of functions: slot in the code, and the function. */
  references: { slot: number; section: number; offset: number }[];
}

export class Linker {
  readonly #object: ElfObject;
  readonly #maps: readonly LinkedMap[];
  readonly #targets: TargetTypes | undefined;
  readonly #types: Btf | undefined;
  /** CO-RE relocations by section name. */
  readonly #core: ReadonlyMap<string, readonly CoreRelocation[]> = new Map();
  readonly #relocations = new Map<number, ElfRelocation[]>();
  readonly #functions = new Map<string, LinkedFunction>();

  /** @param targets the kernel's types; without, an object that needs them is refused. */
  constructor(object: ElfObject, maps: readonly LinkedMap[], targets: TargetTypes | undefined) {
    this.#object = object;
    this.#maps = maps;
    this.#targets = targets;
    const types = findSection(object, ".BTF");
    const ext = findSection(object, ".BTF.ext");
    if (types !== undefined && ext !== undefined) {
      this.#types = Btf.read(types.data);
      this.#core = coreRelocations(types.data, ext.data);
    }
  }

  #relocationsOf(section: number): ElfRelocation[] {
    const known = this.#relocations.get(section);
    if (known !== undefined) return known;
    const entries = relocationsOf(this.#object, section)?.entries ?? [];
    this.#relocations.set(section, entries);
    return entries;
  }

  /** The program of a symbol. @throws BpfcastError. */
  link(name: string): LinkedProgram {
    const symbol = this.#object.symbols.find((one) => one.name === name && one.type === SymbolType.Function);
    if (symbol === undefined) return damaged(`it has no program '${name}'`);
    const functions: LinkedFunction[] = [this.#function(symbol.section, symbol.value)];
    const starts = [0];
    let slots = (functions[0]?.code.length ?? 0) / INSTRUCTION_BYTES;
    const place = (section: number, offset: number): number => {
      const known = functions.findIndex((one, index) => index > 0 && one.section === section && one.offset === offset);
      if (known >= 0) return starts[known] ?? 0;
      const added = this.#function(section, offset);
      const start = slots;
      functions.push(added);
      starts.push(start);
      slots += added.code.length / INSTRUCTION_BYTES;
      if (functions.length > MAX_FUNCTIONS || slots * INSTRUCTION_BYTES > MAX_CODE_BYTES) damaged("a program has too many functions");
      return start;
    };
    const calls: [slot: number, target: number][] = [];
    for (let index = 0; index < functions.length; index++) {
      const { references } = functions[index] as LinkedFunction;
      for (const { slot, section, offset } of references) calls.push([(starts[index] ?? 0) + slot, place(section, offset)]);
    }
    const instructions = new Uint8Array(slots * INSTRUCTION_BYTES);
    const origins = functions.map(({ section, offset, code }, index): Origin => {
      const slot = starts[index] ?? 0;
      instructions.set(code, slot * INSTRUCTION_BYTES);
      return { slot, section: this.#object.sections[section]?.name ?? "", offset, size: code.length };
    });
    const view = viewOf(instructions);
    for (const [slot, target] of calls) view.setInt32(slot * INSTRUCTION_BYTES + 4, target - slot - 1, true);
    return { instructions, origins };
  }

  /** The function at a place, relocated but for its references to others. */
  #function(section: number, offset: number): LinkedFunction {
    const key = `${section}:${offset}`;
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const code = this.#object.sections[section];
    const symbol = this.#object.symbols.find((one) => one.type === SymbolType.Function && one.section === section && one.value === offset);
    if (code === undefined || !isCode(code) || symbol === undefined) return damaged("it calls what is no function");
    const { size } = symbol;
    if (size === 0 || size % INSTRUCTION_BYTES !== 0 || offset % INSTRUCTION_BYTES !== 0 || offset + size > code.data.length)
      damaged(`function '${symbol.name}' lies outside of its section`);
    const made: LinkedFunction = { section, offset, code: code.data.slice(offset, offset + size), references: [] };
    this.#functions.set(key, made);
    this.#applyCore(code.name, made);
    for (const relocation of this.#relocationsOf(section)) {
      if (relocation.offset >= offset && relocation.offset < offset + size) this.#apply(relocation, made);
    }
    this.#findCalls(made);
    return made;
  }

  #applyCore(section: string, { code, offset }: LinkedFunction): void {
    for (const relocation of this.#core.get(section) ?? []) {
      if (relocation.offset < offset || relocation.offset >= offset + code.length) continue;
      if (this.#targets === undefined || this.#types === undefined) {
        throw new BpfcastError("no-btf", "the script reads structs of the kernel, and no types of a kernel are known", {
          hint: "a profile with BTF has them: `bpfcast profile -o FILE` makes one",
        });
      }
      applyCoreRelocation(code, { ...relocation, offset: relocation.offset - offset }, this.#types, this.#targets);
    }
  }

  #apply(relocation: ElfRelocation, target: LinkedFunction): void {
    const { code } = target;
    const at = relocation.offset - target.offset;
    const symbol = this.#object.symbols[relocation.symbol];
    if (symbol === undefined || at % INSTRUCTION_BYTES !== 0) damaged("a relocation names no symbol or no instruction");
    const view = viewOf(code);
    const opcode = view.getUint8(at);
    if (opcode === CALL && view.getUint8(at + 1) >> 4 === LOCAL_CALL) {
      const offset = symbol.value + (view.getInt32(at + 4, true) + 1) * INSTRUCTION_BYTES;
      target.references.push({ slot: at / INSTRUCTION_BYTES, section: symbol.section, offset });
      return;
    }
    if (opcode !== WIDE_LOAD) damaged("a relocation names an instruction that loads nothing");
    if (at + 2 * INSTRUCTION_BYTES > code.length) damaged("a relocated load is not whole");
    this.#applyWide(view, at, symbol, target);
  }

  #applyWide(view: DataView, at: number, symbol: ElfSymbol, target: LinkedFunction): void {
    const pseudo = (kind: number) => view.setUint8(at + 1, (view.getUint8(at + 1) & 15) | (kind << 4));
    const section = this.#object.sections[symbol.section];
    if (section !== undefined && isCode(section)) {
      pseudo(PSEUDO_FUNCTION);
      view.setInt32(at + 12, 0, true);
      const offset = symbol.value + view.getInt32(at + 4, true);
      target.references.push({ slot: at / INSTRUCTION_BYTES, section: symbol.section, offset });
      return;
    }
    const map = this.#maps.find((one) => one.section === symbol.section && (one.isData || one.offset === symbol.value));
    if (map === undefined) damaged(`it names map '${symbol.name}', which it does not describe`);
    pseudo(map.isData ? PSEUDO_MAP_VALUE : PSEUDO_MAP);
    view.setInt32(at + 12, map.isData ? view.getInt32(at + 4, true) + symbol.value : 0, true);
    view.setUint32(at + 4, map.handle, true);
  }

  /** Calls within one section need no relocation. */
  #findCalls(target: LinkedFunction): void {
    const view = viewOf(target.code);
    const known = new Set(target.references.map(({ slot }) => slot));
    for (let slot = 0; slot * INSTRUCTION_BYTES < target.code.length; slot++) {
      const at = slot * INSTRUCTION_BYTES;
      const opcode = view.getUint8(at);
      if (opcode === CALL && view.getUint8(at + 1) >> 4 === LOCAL_CALL && !known.has(slot)) {
        const offset = target.offset + (slot + 1 + view.getInt32(at + 4, true)) * INSTRUCTION_BYTES;
        target.references.push({ slot, section: target.section, offset });
      }
      if (opcode === WIDE_LOAD) slot++;
    }
  }
}
