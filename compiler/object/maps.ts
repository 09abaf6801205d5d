// The `.maps` section: BTF-defined maps as libbpf reads them.
//
// Every map is a variable of an anonymous struct whose members say what the map is: a number n is a pointer to an array of
// n elements, a type a pointer to it. The section itself holds nothing but room for those pointers.

import { MapDefinition } from "../ir/ir";
import { BtfBuilder, Linkage } from "./btf";

const POINTER_SIZE: u32 = 8;

/** Places of the maps in the section. */
@final
export class MapLayout {
  offsets: Array<u32> = [];
  sizes: Array<u32> = [];
  /** Bytes of the section. */
  size: u32 = 0;
}

/** Adds the types of all maps to `btf`; nothing is added when there are none. */
export function describeMaps(maps: Array<MapDefinition>, btf: BtfBuilder): MapLayout {
  const layout = new MapLayout();
  const variables: Array<i32> = [];
  for (let i = 0; i < maps.length; i++) {
    const map = maps[i];
    const type = btf.struct_("", 0);
    const size = describeMap(map, type, btf);
    btf.resize(type, size);
    variables.push(btf.variable(map.symbol, type, Linkage.Global));
    layout.offsets.push(layout.size);
    layout.sizes.push(size);
    layout.size += size;
  }
  if (maps.length == 0) return layout;
  const section = btf.dataSection(".maps", layout.size);
  for (let i = 0; i < maps.length; i++) btf.sectionVariable(section, variables[i], layout.offsets[i], layout.sizes[i]);
  return layout;
}

/** Adds the members of one map's struct and returns its size. */
function describeMap(map: MapDefinition, type: i32, btf: BtfBuilder): u32 {
  let size = numberMember(type, 0, "type", map.bpfType, btf);
  size = numberMember(type, size, "max_entries", map.maxEntries, btf);
  if (map.flags != 0) size = numberMember(type, size, "map_flags", map.flags, btf);
  if (map.keyType != 0) size = typeMember(type, size, "key", map.keyType, btf);
  else if (map.keySize != 0) size = numberMember(type, size, "key_size", map.keySize, btf);
  if (map.valueType != 0) size = typeMember(type, size, "value", map.valueType, btf);
  else if (map.valueSize != 0) size = numberMember(type, size, "value_size", map.valueSize, btf);
  return size;
}

function numberMember(type: i32, size: u32, name: string, value: u32, btf: BtfBuilder): u32 {
  return typeMember(type, size, name, btf.array(btf.int("int", 4, true), value), btf);
}

function typeMember(type: i32, size: u32, name: string, to: i32, btf: BtfBuilder): u32 {
  btf.member(type, name, btf.pointer(to), size * 8);
  return size + POINTER_SIZE;
}
