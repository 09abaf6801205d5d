// Hash tables: chains of elements, which have numbers for their virtual addresses. The least recently used element of an LRU map makes
// room for a new one.

import { allocate, release } from "./allocator";
import { spend, spendBytes } from "./cost";
import { BpfMap, Errno } from "./maps";

/** Deleted elements that stay readable; beyond, the one deleted first is used again, which the kernel does at once. */
const RETIRED: u32 = 256;
const FIRST_BUCKETS: u32 = 16;

/** Head of an element; its key follows, then the values of the CPUs. */
@unmanaged
@final
class Element {
  /** In the bucket, or in the list of free or retired elements. */
  next: usize;
  hash: u32;
  number: u32;
  isLive: u32;
  /** Neighbours by last use. */
  older: usize;
  newer: usize;
  unused: u32;
  unused2: u32;
}

const HEAD: u32 = 32;

function keyOf(element: usize): usize {
  return element + HEAD;
}

function valuesOf(map: BpfMap, element: usize): usize {
  return element + HEAD + ((map.keySize + 7) & ~7);
}

function valueOffset(map: BpfMap, cpu: u32): u32 {
  return map.isPerCpu ? cpu * map.stride : 0;
}

function elementBytes(map: BpfMap): u32 {
  return HEAD + ((map.keySize + 7) & ~7) + map.stride * map.cpus;
}

function elementOf(map: BpfMap, number: u32): usize {
  return load<usize>(map.memory + (number << 2));
}

/** Makes the map empty and forgets its elements; false when there is no memory. */
export function resetHash(map: BpfMap): bool {
  map.bucketCount = FIRST_BUCKETS;
  map.buckets = allocate(FIRST_BUCKETS << 2);
  map.room = FIRST_BUCKETS;
  map.memory = allocate(FIRST_BUCKETS << 2);
  return map.buckets != 0 && map.memory != 0;
}

/** FNV-1a, then mixed: the low bits choose the bucket. */
function hashOf(key: usize, size: u32): u32 {
  let hash: u32 = 2166136261;
  for (let i: u32 = 0; i < size; i++) hash = (hash ^ load<u8>(key + i)) * 16777619;
  hash ^= hash >> 15;
  return hash * 0x2c1b3c6d;
}

function sameKey(left: usize, right: usize, size: u32): bool {
  return memory.compare(left, right, size) == 0;
}

function findIn(map: BpfMap, key: usize, hash: u32): usize {
  let at = load<usize>(map.buckets + ((hash & (map.bucketCount - 1)) << 2));
  while (at != 0) {
    spend(1);
    const element = changetype<Element>(at);
    if (element.hash == hash && sameKey(keyOf(at), key, map.keySize)) return at;
    at = element.next;
  }
  return 0;
}

/** Number of the element of a key, or -1. */
export function findElement(map: BpfMap, key: usize): i32 {
  const found = findIn(map, key, hashOf(key, map.keySize));
  if (found == 0) return -1;
  if (map.isLru && map.newest != found) {
    unlinkUse(map, found);
    linkUse(map, found);
  }
  return changetype<Element>(found).number;
}

/** Whether the element of a number holds something that programs may still read: live, or deleted not long ago. */
export function hasElement(map: BpfMap, number: u32): bool {
  return number < map.numbers;
}

export function isLive(map: BpfMap, number: u32): bool {
  return number < map.numbers && changetype<Element>(elementOf(map, number)).isLive != 0;
}

export function keyOfElement(map: BpfMap, number: u32): usize {
  return keyOf(elementOf(map, number));
}

export function valueOfElement(map: BpfMap, number: u32, cpu: u32): usize {
  return valuesOf(map, elementOf(map, number)) + valueOffset(map, cpu);
}

function linkUse(map: BpfMap, at: usize): void {
  const element = changetype<Element>(at);
  element.newer = 0;
  element.older = map.newest;
  if (map.newest != 0) changetype<Element>(map.newest).newer = at;
  else map.oldest = at;
  map.newest = at;
}

function unlinkUse(map: BpfMap, at: usize): void {
  const element = changetype<Element>(at);
  if (element.older != 0) changetype<Element>(element.older).newer = element.newer;
  else map.oldest = element.newer;
  if (element.newer != 0) changetype<Element>(element.newer).older = element.older;
  else map.newest = element.older;
}

function unlink(map: BpfMap, at: usize): void {
  const element = changetype<Element>(at);
  let place = map.buckets + ((element.hash & (map.bucketCount - 1)) << 2);
  while (load<usize>(place) != at) place = load<usize>(place) + offsetof<Element>("next");
  store<usize>(place, element.next);
  if (map.isLru) unlinkUse(map, at);
  element.isLive = 0;
  map.live--;
}

/** Takes an element out of the map; what it held stays readable for a while. */
function retire(map: BpfMap, at: usize): void {
  unlink(map, at);
  changetype<Element>(at).next = 0;
  if (map.retiredLast != 0) changetype<Element>(map.retiredLast).next = at;
  else map.retiredFirst = at;
  map.retiredLast = at;
  map.retired++;
}

function takeRetired(map: BpfMap): usize {
  const at = map.retiredFirst;
  map.retiredFirst = changetype<Element>(at).next;
  if (map.retiredFirst == 0) map.retiredLast = 0;
  map.retired--;
  return at;
}

function growTable(map: BpfMap): bool {
  const larger = allocate(map.room << 3);
  if (larger == 0) return false;
  memory.copy(larger, map.memory, map.room << 2);
  release(map.memory, map.room << 2);
  map.memory = larger;
  map.room <<= 1;
  return true;
}

/** An element that is in no list, or 0. */
function newElement(map: BpfMap): usize {
  if (map.free != 0) {
    const at = map.free;
    map.free = changetype<Element>(at).next;
    return at;
  }
  if (map.retired >= min(RETIRED, map.capacity)) return takeRetired(map);
  if (map.numbers == map.room && !growTable(map)) return 0;
  const made = allocate(elementBytes(map));
  if (made == 0) return 0;
  changetype<Element>(made).number = map.numbers;
  store<usize>(map.memory + (map.numbers << 2), made);
  map.numbers++;
  return made;
}

function growBuckets(map: BpfMap): void {
  const count = map.bucketCount << 1;
  const larger = allocate(count << 2);
  // Without memory for more of them the chains become longer.
  if (larger == 0) return;
  for (let bucket: u32 = 0; bucket < map.bucketCount; bucket++) {
    let at = load<usize>(map.buckets + (bucket << 2));
    while (at != 0) {
      const element = changetype<Element>(at);
      const next = element.next;
      const place = larger + ((element.hash & (count - 1)) << 2);
      element.next = load<usize>(place);
      store<usize>(place, at);
      at = next;
    }
  }
  release(map.buckets, map.bucketCount << 2);
  map.buckets = larger;
  map.bucketCount = count;
}

/** Puts a new element in the place of element `before`, or beside all others when that is -1. @returns 0 or a negative errno. */
export function hashInsert(map: BpfMap, key: usize, value: usize, before: i32, cpu: u32): i64 {
  if (before < 0 && map.live >= map.capacity) {
    if (!map.isLru) return Errno.TooBig;
    retire(map, map.oldest);
  }
  const made = newElement(map);
  if (made == 0) return Errno.NoMemory;
  const element = changetype<Element>(made);
  element.hash = hashOf(key, map.keySize);
  memory.copy(keyOf(made), key, map.keySize);
  const values = valuesOf(map, made);
  if (map.isPerCpu) {
    spendBytes(map.stride * map.cpus);
    memory.fill(values, 0, map.stride * map.cpus);
  }
  memory.copy(values + valueOffset(map, cpu), value, map.valueSize);
  if (before >= 0) retire(map, elementOf(map, before));
  if (map.live >= map.bucketCount) growBuckets(map);
  const place = map.buckets + ((element.hash & (map.bucketCount - 1)) << 2);
  element.next = load<usize>(place);
  store<usize>(place, made);
  element.isLive = 1;
  map.live++;
  if (map.isLru) linkUse(map, made);
  return 0;
}

/** @returns whether the key was there. */
export function hashDelete(map: BpfMap, key: usize): bool {
  const found = findIn(map, key, hashOf(key, map.keySize));
  if (found == 0) return false;
  retire(map, found);
  return true;
}

/** Deletes all keys. */
export function hashClear(map: BpfMap): void {
  for (let number: u32 = 0; number < map.numbers; number++) {
    if (isLive(map, number)) retire(map, elementOf(map, number));
  }
  releaseRetired(map);
}

/** Between runs nobody holds the address of a deleted element: all can be used again. */
export function releaseRetired(map: BpfMap): void {
  while (map.retired > 0) {
    const at = takeRetired(map);
    changetype<Element>(at).next = map.free;
    map.free = at;
  }
}
