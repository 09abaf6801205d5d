// How the script's maps become BPF maps: type, key and value layout, and their BTF, which is what lets bpftool print them.

import { MapSymbol } from "../check/scope";
import { alignUp, BasicType, TypeKind, TypeTable } from "../check/types";
import { BtfBuilder } from "../object/btf";
import { histogramBuckets, MapRow } from "../object/manifest";
import { BpfMapType, MapDefinition } from "./ir";

/** @param maximumKeys keys of a map that declares none. */
export function layOutMap(map: MapSymbol, types: TypeTable, maximumKeys: i32): MapRow {
  const row = new MapRow();
  const value = types.get(map.valueType);
  const histogram = types.hasBuckets(map.valueType);
  const perCpu = types.isAggregate(map.valueType);
  row.name = map.text;
  row.symbol = "at_" + map.text.slice(1);
  row.keyType = map.keyType;
  row.valueType = map.valueType;
  row.isScalar = map.isScalar;
  row.valueSize = alignUp(value.size, 8);
  if (map.isScalar) {
    row.keySize = 4;
    row.capacity = 1;
    row.type = perCpu ? "percpu_array" : "array";
    if (histogram) {
      row.capacity = types.bucketCount(map.valueType);
    } else if (value.kind == TypeKind.Sum || !perCpu) {
      // Only these have no part of their own that tells an assigned map from an untouched one.
      row.presenceOffset = row.valueSize;
      row.valueSize += 8;
    } else if (value.kind != TypeKind.Count) row.presenceOffset = 8;
  } else {
    row.keySize = types.get(map.keyType).size;
    row.capacity = map.declaredCapacity > 0 ? map.declaredCapacity : maximumKeys;
    row.type = map.declaredType.length > 0 ? map.declaredType : perCpu ? "percpu_hash" : "hash";
    if (histogram) {
      row.bucketOffset = alignUp(row.keySize, 4);
      row.keySize = row.bucketOffset + 4;
    }
  }
  return row;
}

export function defineMap(row: MapRow, types: TypeTable, btf: BtfBuilder): MapDefinition {
  const bpfType =
    row.type == "array"
      ? BpfMapType.Array
      : row.type == "percpu_array"
        ? BpfMapType.PerCpuArray
        : row.type == "hash"
          ? BpfMapType.Hash
          : row.type == "lru_hash"
            ? BpfMapType.LruHash
            : row.type == "lru_percpu_hash"
              ? BpfMapType.LruPerCpuHash
              : BpfMapType.PerCpuHash;
  const word = btf.int("unsigned long", 8, false);
  let key = row.isScalar ? btf.int("unsigned int", 4, false) : btfType(row.keyType, types, btf);
  if (row.bucketOffset > 0) {
    const bucketed = btf.struct_("bucket_key", row.keySize);
    btf.member(bucketed, "key", key, 0);
    btf.member(bucketed, "bucket", btf.int("unsigned int", 4, false), row.bucketOffset * 8);
    key = bucketed;
  }
  let value = row.valueSize == 8 ? word : btf.array(word, row.valueSize >> 3);
  if (!types.isAggregate(row.valueType) && !row.isScalar && types.get(row.valueType).size == row.valueSize)
    value = btfType(row.valueType, types, btf);
  return new MapDefinition(row.symbol, bpfType, key, value, row.keySize, row.valueSize, row.capacity, 0);
}

/** The object's BTF type of a value. */
function btfType(type: i32, types: TypeTable, btf: BtfBuilder): i32 {
  const info = types.get(type);
  switch (info.kind) {
    case TypeKind.Integer:
      if (info.size == 1) return btf.int(info.signed ? "signed char" : "unsigned char", 1, info.signed);
      if (info.size == 2) return btf.int(info.signed ? "short" : "unsigned short", 2, info.signed);
      if (info.size == 4) return btf.int(info.signed ? "int" : "unsigned int", 4, info.signed);
      return btf.int(info.signed ? "long" : "unsigned long", 8, info.signed);
    case TypeKind.Bool:
      return btf.boolean();
    case TypeKind.Pointer:
      return btf.pointer(0);
    case TypeKind.String: {
      // A struct around the text, so that map dumps show it as text.
      const text = btf.struct_("text", info.size);
      btf.member(text, "text", btf.array(btf.char(), info.size), 0);
      return text;
    }
    case TypeKind.Array:
      return btf.array(btfType(info.element, types, btf), info.count);
    case TypeKind.Record: {
      // Its fields are the manifest's to tell: to the kernel it is bytes.
      const record = btf.struct_("record", info.size);
      btf.member(record, "bytes", btf.array(btf.int("unsigned char", 1, false), info.size), 0);
      return record;
    }
    case TypeKind.Tuple: {
      const tuple = btf.struct_("tuple", info.size);
      for (let i = 0; i < info.fields.length; i++) btf.member(tuple, `f${i}`, btfType(info.fields[i], types, btf), info.offsets[i] * 8);
      return tuple;
    }
    default:
      // What only the runner understands is bytes to the kernel.
      if (types.isPrinted(type)) return btf.array(btf.int("unsigned char", 1, false), info.size);
      assert(info.kind == TypeKind.None, "a key or value type without BTF");
      return btf.int("unsigned long", 8, false);
  }
}

/** A map that is never assigned holds 64-bit numbers: one of them, where only probes that the target lacks name it. */
export function settle(map: MapSymbol): void {
  if (!map.isKeyed) map.isScalar = true;
  if (map.valueType == BasicType.None) map.valueType = BasicType.Int64;
  if (map.isKeyed && map.keyType == BasicType.None) map.keyType = BasicType.Int64;
}
