// Memory that the host lays out: what kernel pointers lead to, and the user memory of processes. Objects of all address spaces lie
// in one table, sorted by space and address.

import { allocate, release } from "./allocator";

/** The kernel's address space; every other number but `PATHS` is a process'. */
export const KERNEL: u32 = 0;
/** Not memory: texts of `struct path` objects by their addresses, for d_path. */
export const PATHS: u32 = 0xffff_ffff;

export const enum MemoryFlag {
  Writable = 1,
}

@unmanaged
@final
export class MemoryObject {
  address: u64;
  space: u32;
  size: u32;
  bytes: usize;
  flags: u32;
}

const OBJECT_BYTES: u32 = 24;

let table: usize = 0;
let count: u32 = 0;
let room: u32 = 0;

export function resetObjects(): void {
  table = 0;
  count = 0;
  room = 0;
}

function at(index: u32): MemoryObject {
  return changetype<MemoryObject>(table + index * OBJECT_BYTES);
}

/** Number of objects that start at or below an address. */
function rank(space: u32, address: u64): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const object = at(middle);
    if (object.space < space || (object.space == space && object.address <= address)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The object that holds the byte at an address, or null. */
export function findObject(space: u32, address: u64): MemoryObject | null {
  const before = rank(space, address);
  if (before == 0) return null;
  const object = at(before - 1);
  return object.space == space && address - object.address < object.size ? object : null;
}

function grow(): bool {
  const wanted: u32 = room == 0 ? 64 : room * 2;
  const larger = allocate(wanted * OBJECT_BYTES);
  if (larger == 0) return false;
  if (count > 0) {
    memory.copy(larger, table, count * OBJECT_BYTES);
    release(table, room * OBJECT_BYTES);
  }
  table = larger;
  room = wanted;
  return true;
}

/** Adds an object and returns where its bytes lie, all 0; 0 when it overlaps another or there is no memory. */
export function addMemory(space: u32, address: u64, size: u32, flags: u32): usize {
  if (size == 0 || address + (size - 1) < address) return 0;
  const before = rank(space, address);
  if (before > 0) {
    const lower = at(before - 1);
    if (lower.space == space && address - lower.address < lower.size) return 0;
  }
  if (before < count) {
    const upper = at(before);
    if (upper.space == space && upper.address - address < size) return 0;
  }
  if (count == room && !grow()) return 0;
  const bytes = allocate(size);
  if (bytes == 0) return 0;
  const place = table + before * OBJECT_BYTES;
  memory.copy(place + OBJECT_BYTES, place, (count - before) * OBJECT_BYTES);
  count++;
  const object = changetype<MemoryObject>(place);
  object.address = address;
  object.space = space;
  object.size = size;
  object.bytes = bytes;
  object.flags = flags;
  return bytes;
}

/** Bytes of the object that starts at an address, or 0; `objectSize` tells how many. */
export function memoryAt(space: u32, address: u64): usize {
  const object = findObject(space, address);
  return object != null && object.address == address ? object.bytes : 0;
}

export function memorySize(space: u32, address: u64): u32 {
  const object = findObject(space, address);
  return object != null && object.address == address ? object.size : 0;
}

/** @returns whether there was such an object. */
export function removeMemory(space: u32, address: u64): bool {
  const before = rank(space, address);
  if (before == 0) return false;
  const object = at(before - 1);
  if (object.space != space || object.address != address) return false;
  release(object.bytes, object.size);
  const place = table + (before - 1) * OBJECT_BYTES;
  memory.copy(place, place + OBJECT_BYTES, (count - before) * OBJECT_BYTES);
  count--;
  return true;
}

/** Removes all objects of an address space: a process has ended. */
export function removeSpace(space: u32): void {
  let kept: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const object = at(index);
    if (object.space == space) {
      release(object.bytes, object.size);
      continue;
    }
    if (kept != index) memory.copy(table + kept * OBJECT_BYTES, table + index * OBJECT_BYTES, OBJECT_BYTES);
    kept++;
  }
  count = kept;
}
