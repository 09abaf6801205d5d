// Maps: what they are, where their elements lie, and the operations that all kinds share.
//
// Handle n (from 1) owns region n of the virtual addresses: values below, keys above. Every value has its own span of them, a power of
// two that is larger than the value, so that what lies next to a value is nobody's.

import { allocate } from "./allocator";
import { findElement, hashDelete, hashInsert, resetHash, valueOfElement } from "./hash";

/** Numbers of the kernel's `enum bpf_map_type`. */
export const enum MapType {
  Hash = 1,
  Array = 2,
  PerCpuHash = 5,
  PerCpuArray = 6,
  LruHash = 9,
  LruPerCpuHash = 10,
  RingBuffer = 27,
}

export const enum Errno {
  Again = -11,
  Fault = -14,
  Busy = -16,
  Exists = -17,
  Invalid = -22,
  Range = -34,
  NoEntry = -2,
  TooBig = -7,
  NoMemory = -12,
  NameTooLong = -36,
}

/** Flags of an update. */
const ANY: u64 = 0;
const ONLY_NEW: u64 = 1;
const ONLY_OLD: u64 = 2;

export const MAX_MAPS: u32 = 500;
/** Where the regions start, 2^36 addresses each: the kernel's area of virtual allocations. Region 0 is the machine's own. */
export const REGIONS: u64 = 0xffff_c900_0000_0000;
export const REGION_SHIFT: u64 = 36;
/** Values and records start here in a region, keys behind them. */
export const VALUES: u64 = 1 << 16;
export const KEYS: u64 = 1 << 35;
/** Where the maps themselves seem to lie: helpers take these addresses. */
const MAP_ADDRESSES: u64 = 0xffff_8881_0000_0000;
const MAP_SPACING: u64 = 0x400;

const MAX_KEY: u32 = 4096;
const MAX_VALUE: u32 = 1 << 28;
/** The kernel's limits for values of hash tables, and of each CPU. */
const MAX_HASH_VALUE: u32 = 1 << 22;
const MAX_CPU_VALUE: u32 = 1 << 15;

@unmanaged
@final
export class BpfMap {
  handle: u32;
  type: MapType;
  keySize: u32;
  valueSize: u32;
  /** Most elements; of a ring buffer, its bytes. */
  capacity: u32;
  /** Programs may not write its values. */
  isReadOnly: bool;
  isPerCpu: bool;
  isHash: bool;
  isLru: bool;
  /** CPUs that a value is held for: 1 unless `isPerCpu`. */
  cpus: u32;
  /** Bytes from one CPU's value to the next: the size, rounded up to 8. */
  stride: u32;
  /** Virtual addresses of a value and of a key, as shifts. */
  valueShift: u32;
  keyShift: u32;
  /** Array: the values. Ring buffer: the records. Hash: addresses of the elements by their numbers. */
  memory: usize;

  // Hash tables, see hash.ts.
  /** Numbers that elements had so far, and room in `memory`. */
  numbers: u32;
  room: u32;
  live: u32;
  buckets: usize;
  bucketCount: u32;
  /** Elements that can be used again at once, as a list. */
  free: usize;
  /** Elements that were deleted: readable for a while, as RCU has it. First to be used again, last, and how many. */
  retiredFirst: usize;
  retiredLast: usize;
  retired: u32;
  /** Least and most recently used. */
  oldest: usize;
  newest: usize;

  // Array: the key that a callback sees. Ring buffer: positions of consumer and producer.
  index: usize;
  consumer: u64;
  producer: u64;
}

const maps: usize = memory.data(501 * 4, 4);
let mapCount: u32 = 0;
let cpuCount: u32 = 1;

export function resetMaps(cpus: u32): void {
  mapCount = 0;
  cpuCount = cpus;
}

export function possibleCpus(): u32 {
  return cpuCount;
}

export function mapOf(handle: u32): BpfMap | null {
  return handle == 0 || handle > mapCount ? null : changetype<BpfMap>(load<usize>(maps + (handle << 2)));
}

export function mapAddress(handle: u32): u64 {
  return MAP_ADDRESSES + handle * MAP_SPACING;
}

/** The map that a helper's argument names, or null. */
export function mapAt(address: u64): BpfMap | null {
  const distance = address - MAP_ADDRESSES;
  return distance % MAP_SPACING == 0 && distance / MAP_SPACING <= mapCount ? mapOf(<u32>(distance / MAP_SPACING)) : null;
}

/** Whether an address lies in what a map seems to take. */
export function isMapMemory(address: u64): bool {
  return address - MAP_ADDRESSES < (MAX_MAPS + 1) * MAP_SPACING;
}

/** The smallest shift whose span is larger than `size`. */
function spanShift(size: u32): u32 {
  return 32 - clz<u32>(size);
}

/** @returns the handle, or 0: an unknown type, sizes that the kernel would refuse, or no memory. */
export function createMap(type: u32, keySize: u32, valueSize: u32, capacity: u32, isReadOnly: bool): u32 {
  const isArray = type == MapType.Array || type == MapType.PerCpuArray;
  const isLru = type == MapType.LruHash || type == MapType.LruPerCpuHash;
  const isHash = isLru || type == MapType.Hash || type == MapType.PerCpuHash;
  const isRing = type == MapType.RingBuffer;
  if (mapCount == MAX_MAPS || capacity == 0) return 0;
  if (isRing) {
    if (keySize != 0 || valueSize != 0 || capacity > 1 << 29 || capacity < 4096 || popcnt(capacity) != 1) return 0;
  } else {
    if ((!isArray && !isHash) || keySize == 0 || keySize > MAX_KEY || valueSize == 0 || valueSize > MAX_VALUE) return 0;
    if (isArray && keySize != 4) return 0;
    const isPerCpu = type == MapType.PerCpuHash || type == MapType.PerCpuArray || type == MapType.LruPerCpuHash;
    if ((isHash && valueSize > MAX_HASH_VALUE) || (isPerCpu && valueSize > MAX_CPU_VALUE)) return 0;
  }
  const block = allocate(offsetof<BpfMap>());
  if (block == 0) return 0;
  const map = changetype<BpfMap>(block);
  map.handle = mapCount + 1;
  map.type = type;
  map.keySize = keySize;
  map.valueSize = valueSize;
  map.capacity = capacity;
  map.isReadOnly = isReadOnly;
  map.isPerCpu = type == MapType.PerCpuHash || type == MapType.PerCpuArray || type == MapType.LruPerCpuHash;
  map.isHash = isHash;
  map.isLru = isLru;
  map.cpus = map.isPerCpu ? cpuCount : 1;
  map.stride = (valueSize + 7) & ~7;
  map.valueShift = spanShift(valueSize);
  map.keyShift = spanShift(keySize);
  // Elements that were deleted keep their addresses for a while: twice the capacity is enough.
  if (((<u64>capacity * 2 + 2) * map.cpus) << map.valueShift > KEYS - VALUES || (<u64>capacity * 2 + 2) << map.keyShift > KEYS) return 0;
  if (isHash) {
    if (!resetHash(map)) return 0;
  } else {
    const bytes: u64 = isRing ? <u64>capacity + 8 : <u64>capacity * map.stride * map.cpus;
    if (bytes > 1 << 30) return 0;
    map.memory = allocate(<u32>bytes);
    map.index = allocate(8);
    if (map.memory == 0 || map.index == 0) return 0;
  }
  mapCount++;
  store<usize>(maps + (mapCount << 2), block);
  return mapCount;
}

/** Virtual address of an element's value on a CPU. */
export function valueAddress(map: BpfMap, number: u32, cpu: u32): u64 {
  const index = map.isPerCpu ? <u64>number * map.cpus + cpu : <u64>number;
  return REGIONS + ((<u64>map.handle) << REGION_SHIFT) + VALUES + (index << map.valueShift);
}

export function keyAddress(map: BpfMap, number: u32): u64 {
  return REGIONS + ((<u64>map.handle) << REGION_SHIFT) + KEYS + ((<u64>number) << map.keyShift);
}

/** Where an array holds the value of an index that it has. */
export function arrayValue(map: BpfMap, index: u32, cpu: u32): usize {
  return map.memory + (index * map.cpus + (map.isPerCpu ? cpu : 0)) * map.stride;
}

/** Number of the element of a key, or -1. */
export function findNumber(map: BpfMap, key: usize): i32 {
  if (map.isHash) return findElement(map, key);
  const index = load<u32>(key);
  return index < map.capacity ? <i32>index : -1;
}

/** Where the value of an element lies. */
export function valueOf(map: BpfMap, number: u32, cpu: u32): usize {
  return map.isHash ? valueOfElement(map, number, cpu) : arrayValue(map, number, cpu);
}

/** As bpf_map_update_elem does. @returns 0 or a negative errno. */
export function updateMap(map: BpfMap, key: usize, value: usize, flags: u64, cpu: u32): i64 {
  if (flags != ANY && flags != ONLY_NEW && flags != ONLY_OLD) return Errno.Invalid;
  if (map.isHash) {
    const number = findElement(map, key);
    if (number >= 0 && flags == ONLY_NEW) return Errno.Exists;
    if (number < 0 && flags == ONLY_OLD) return Errno.NoEntry;
    // Only a per-CPU value is changed in place: who still has the address of another one sees what it was.
    if (number >= 0 && map.isPerCpu) {
      memory.copy(valueOfElement(map, number, cpu), value, map.valueSize);
      return 0;
    }
    return hashInsert(map, key, value, number, cpu);
  }
  const index = load<u32>(key);
  if (index >= map.capacity) return Errno.TooBig;
  if (flags == ONLY_NEW) return Errno.Exists;
  memory.copy(arrayValue(map, index, cpu), value, map.valueSize);
  return 0;
}

/** As bpf_map_delete_elem does. */
export function deleteKey(map: BpfMap, key: usize): i64 {
  if (!map.isHash) return Errno.Invalid;
  return hashDelete(map, key) ? 0 : Errno.NoEntry;
}
