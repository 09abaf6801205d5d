// The ring buffer: records as the kernel lays them out (kernel/bpf/ringbuf.c). The host takes all records out between two runs, so that
// they always start at the beginning of the memory and never wrap.

import { spendBytes } from "./cost";
import { Fault, fail } from "./faults";
import { BpfMap, Errno, MapType, mapOf, REGION_SHIFT, REGIONS, VALUES } from "./maps";
import { dropSpan } from "./span";

const HEADER: u32 = 8;
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
/** A record says on which page of the ring buffer it starts; three hold what is before the records. */
const FIRST_PAGE: u32 = 3;
const MAX_RECORD: u64 = (1 << 29) - 1;
/** Records that one run holds at the same time, at most. */
const MAX_HELD: u32 = 64;

/** What the run has reserved: u32 map, u32 offset of the data, u32 size, u32 unused. */
const held: usize = memory.data(64 * 16, 8);
let heldCount: u32 = 0;

export function dropHeld(): void {
  heldCount = 0;
}

export function holdsRecords(): bool {
  return heldCount > 0;
}

/** At the end of a run that was stopped: what it reserved is discarded. */
export function discardHeld(): void {
  for (let i: u32 = 0; i < heldCount; i++) {
    const map = mapOf(load<u32>(held + i * 16))!;
    const header = map.memory + load<u32>(held + i * 16, 4) - HEADER;
    store<u32>(header, (load<u32>(header) & ~BUSY) | DISCARDED);
  }
  heldCount = 0;
}

/** Place in the memory, of the data of a new record; -1 when there is no room. */
function reserve(map: BpfMap, size: u64): i64 {
  if (size > MAX_RECORD) return -1;
  const whole = (size + HEADER + 7) & ~7;
  if (whole > <u64>map.capacity) return -1;
  // The kernel keeps a byte free: a full ring is not to look like an empty one.
  if (map.producer + whole - map.consumer > <u64>(map.capacity - 1)) return -1;
  const at = <u32>(map.producer - map.consumer);
  store<u32>(map.memory + at, <u32>size | BUSY);
  store<u32>(map.memory + at, FIRST_PAGE + (<u32>(map.producer & (map.capacity - 1)) >> 12), 4);
  map.producer += whole;
  return at + HEADER;
}

/** @returns the record's virtual address, or 0. */
export function ringReserve(map: BpfMap, size: u64, flags: u64): u64 {
  if (flags != 0) return 0;
  if (heldCount == MAX_HELD) {
    fail(Fault.TooManyRecords, size);
    return 0;
  }
  const at = reserve(map, size);
  if (at < 0) return 0;
  // In the kernel the bytes are those of an older record, or 0.
  spendBytes(size);
  memory.fill(map.memory + <usize>at, 0, <usize>size);
  const entry = held + heldCount * 16;
  store<u32>(entry, map.handle);
  store<u32>(entry, <u32>at, 4);
  store<u32>(entry, <u32>size, 8);
  heldCount++;
  return REGIONS + ((<u64>map.handle) << REGION_SHIFT) + VALUES + at;
}

/** Ends the life of a record: submitted or discarded. */
export function ringCommit(address: u64, discard: bool): void {
  for (let i: u32 = 0; i < heldCount; i++) {
    const entry = held + i * 16;
    const handle = load<u32>(entry);
    const at = load<u32>(entry, 4);
    if (address != REGIONS + ((<u64>handle) << REGION_SHIFT) + VALUES + at) continue;
    const header = mapOf(handle)!.memory + at - HEADER;
    store<u32>(header, load<u32>(entry, 8) | (discard ? DISCARDED : 0));
    heldCount--;
    memory.copy(entry, entry + 16, (heldCount - i) * 16);
    dropSpan();
    return;
  }
  fail(Fault.NotARecord, address);
}

/** Bytes from `offset` of a ring buffer to the end of the record that is held there; 0 when there is none. */
export function heldBytes(map: BpfMap, offset: u64): u32 {
  for (let i = heldCount; i > 0; i--) {
    const entry = held + (i - 1) * 16;
    if (load<u32>(entry) != map.handle) continue;
    const distance = offset - load<u32>(entry, 4);
    const size = load<u32>(entry, 8);
    if (distance < size) return size - <u32>distance;
  }
  return 0;
}

export function ringOutput(map: BpfMap, data: usize, size: u64, flags: u64): i64 {
  // Flags choose whether the reader is woken, which it need not be here.
  if (flags > 3) return Errno.Invalid;
  const at = reserve(map, size);
  if (at < 0) return Errno.Again;
  memory.copy(map.memory + <usize>at, data, <usize>size);
  store<u32>(map.memory + <usize>at - HEADER, <u32>size);
  return 0;
}

export function ringQuery(map: BpfMap, what: u64): u64 {
  if (what == 0) return map.producer - map.consumer;
  if (what == 1) return map.capacity;
  if (what == 2) return map.consumer;
  return what == 3 ? map.producer : 0;
}

/** Bytes of the records that are there, from the start of the map's memory. They are taken: the next record is laid over them. */
export function ringTake(map: BpfMap): u32 {
  if (map.type != MapType.RingBuffer) return 0;
  const length = <u32>(map.producer - map.consumer);
  map.consumer = map.producer;
  return length;
}
