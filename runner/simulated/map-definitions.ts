// The maps of an object: those that its `.maps` section describes by types, and one for each section of data.

import { BpfcastError } from "../../wasm/errors.ts";
import { type MachineMap, MapType } from "../../wasm/machine.ts";
import { Btf, BtfKind } from "../core/btf.ts";
import { type ElfObject, findSection, SectionFlag, SectionType } from "../core/elf.ts";

const PAGE_BYTES = 4096;
/** Types of an object's own are a few hundred; a chain of typedefs is short. */
const MAX_DEPTH = 32;

export interface MapDefinition extends MachineMap {
  /** Section index and place in it that relocations name. */
  section: number;
  offset: number;
  /** What a map of data holds at first. */
  content?: Uint8Array;
}

function damaged(what: string): never {
  throw new BpfcastError("bad-object", `not a usable BPF object: ${what}`);
}

/** The type behind typedefs and qualifiers. */
export function resolve(btf: Btf, id: number): number {
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const kind = btf.kind(at);
    const passes =
      kind === BtfKind.Typedef ||
      kind === BtfKind.Const ||
      kind === BtfKind.Volatile ||
      kind === BtfKind.Restrict ||
      kind === BtfKind.TypeTag;
    if (!passes) return at;
    at = btf.sizeOrType(at);
  }
  return damaged("its types go round in a circle");
}

/** Bytes of a type; arrays of arrays as well. */
export function sizeOfType(btf: Btf, id: number): number {
  let count = 1;
  let at = resolve(btf, id);
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    switch (btf.kind(at)) {
      case BtfKind.Int:
      case BtfKind.Struct:
      case BtfKind.Union:
      case BtfKind.Enum:
      case BtfKind.Enum64:
      case BtfKind.Float:
      case BtfKind.DataSection:
        return count * btf.sizeOrType(at);
      case BtfKind.Pointer:
        return count * 8;
      case BtfKind.Array:
        count *= btf.trailingWord(at, 2);
        at = resolve(btf, btf.trailingWord(at, 0));
        break;
      case BtfKind.Variable:
        at = resolve(btf, btf.sizeOrType(at));
        break;
      default:
        return damaged(`type ${at} has no size`);
    }
  }
  return damaged("its types go round in a circle");
}

/** What a member says by its type: a pointer to an array of that many elements. */
function numberOf(btf: Btf, type: number): number {
  const array = btf.kind(type) === BtfKind.Pointer ? resolve(btf, btf.sizeOrType(type)) : 0;
  return btf.kind(array) === BtfKind.Array ? btf.trailingWord(array, 2) : damaged("a map's description is no number");
}

function describedMap(btf: Btf, variable: number, section: number, offset: number): MapDefinition {
  const struct = resolve(btf, btf.sizeOrType(variable));
  if (btf.kind(struct) !== BtfKind.Struct) damaged("a map is described by no struct");
  const numbers = new Map<string, number>();
  for (let index = 0; index < btf.count(struct); index++) {
    const name = btf.memberName(struct, index);
    const type = resolve(btf, btf.trailingWord(struct, index * 3 + 1));
    if (name === "key" || name === "value") {
      if (btf.kind(type) !== BtfKind.Pointer) damaged("a map's key or value is no pointer to its type");
      numbers.set(`${name}_size`, sizeOfType(btf, btf.sizeOrType(type)));
    } else numbers.set(name, numberOf(btf, type));
  }
  const type = numbers.get("type") ?? 0;
  const known = Object.values(MapType).find((one) => one === type);
  const name = btf.name(variable);
  if (known === undefined)
    throw new BpfcastError("bad-map", `map '${name}' is of a kind (${type}) that the simulated kernel does not have`);
  const entries = numbers.get("max_entries") ?? 0;
  return {
    name,
    type: known,
    keySize: numbers.get("key_size") ?? 0,
    valueSize: numbers.get("value_size") ?? 0,
    capacity: known === MapType.ringbuf ? ringSize(entries) : entries,
    section,
    offset,
  };
}

/** As libbpf rounds it: a power of two of pages. */
function ringSize(bytes: number): number {
  return Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(Math.min(Math.max(bytes, 1), 2 ** 31))));
}

function isData(name: string): boolean {
  return /^\.(rodata|data|bss)(\.|$)/.test(name);
}

/** @throws BpfcastError `bad-object`, `bad-btf`, `bad-map`. */
export function mapDefinitions(object: ElfObject): MapDefinition[] {
  const found: MapDefinition[] = [];
  const section = object.sections.findIndex(({ name }) => name === ".maps");
  const types = findSection(object, ".BTF");
  if (section >= 0) {
    if (types === undefined) return damaged("its maps are not described");
    const btf = Btf.read(types.data);
    for (let id = 1; id < btf.endId; id++) {
      if (btf.kind(id) !== BtfKind.DataSection || btf.name(id) !== ".maps") continue;
      for (let index = 0; index < btf.count(id); index++) {
        const variable = btf.trailingWord(id, index * 3);
        if (btf.kind(variable) !== BtfKind.Variable) damaged("its section of maps holds what is no variable");
        found.push(describedMap(btf, variable, section, btf.trailingWord(id, index * 3 + 1)));
      }
    }
  }
  object.sections.forEach(({ name, data, memorySize, type }, index) => {
    const size = type === SectionType.NoBits ? memorySize : data.length;
    if (!isData(name) || size === 0 || (type !== SectionType.Program && type !== SectionType.NoBits)) return;
    const isReadOnly = name.startsWith(".rodata");
    const content = data.length > 0 ? { content: data } : {};
    found.push({ name, type: MapType.array, keySize: 4, valueSize: size, capacity: 1, isReadOnly, section: index, offset: 0, ...content });
  });
  return found;
}

export function isCode({ type, flags }: { type: number; flags: number }): boolean {
  return type === SectionType.Program && (flags & SectionFlag.Execute) !== 0;
}
