// The machine module: a BPF interpreter whose every memory access is checked. Exports are numbers and addresses in its memory; the typed
// side is wasm/machine.ts.

import { contextAddress, limitContext, MAX_CONTEXT } from "./address";
import { allocate, memoryInUse, release, resetMemory } from "./allocator";
import { clearFault } from "./faults";
import { hashClear, isLive, keyOfElement } from "./hash";
import { arrayValue, createMap, deleteKey, findNumber, MapType, mapOf, resetMaps, updateMap, valueOf } from "./maps";
import { resetObjects } from "./objects";
import { addProgram, resetPrograms } from "./programs";
import { dropHeld, ringTake } from "./ring";
import { dropSpan } from "./span";
import { clearEffects, clearState } from "./state";

export { faultAddress, faultInstruction, faultKind, faultProgram } from "./faults";
export { instructionsRun, runProgram } from "./interpreter";
export { addMemory, memoryAt, memorySize, removeMemory, removeSpace } from "./objects";
export { wasExecuted, watchProgram } from "./programs";
export { clearEffects, effectsAddress, effectsLength, stateAddress } from "./state";
export { allocate, contextAddress, createMap, limitContext, memoryInUse, release };

/** Drops everything; the machine has `cpus` CPUs and takes at most `bytes` of memory. */
export function reset(cpus: u32, bytes: u32): void {
  resetMemory(bytes);
  resetMaps(cpus);
  resetObjects();
  resetPrograms();
  clearState();
  clearEffects();
  clearFault();
  dropHeld();
  dropSpan();
  limitContext(0, MAX_CONTEXT);
}

/** Checks and decodes a program; 0 after a fault. */
export function add(from: usize, count: u32, typedPointers: bool): u32 {
  clearFault();
  return addProgram(from, count, typedPointers);
}

/** Elements that a map has. */
export function mapCount(handle: u32): u32 {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer) return 0;
  return map.isHash ? map.live : map.capacity;
}

/** Bytes of a value as the host reads it: of all CPUs, each rounded up to 8. */
export function mapValueBytes(handle: u32): u32 {
  const map = mapOf(handle);
  if (map == null) return 0;
  return map.isPerCpu ? map.stride * map.cpus : map.valueSize;
}

/** Writes all keys and all values, each behind the other. */
export function readMap(handle: u32, keys: usize, values: usize): void {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer) return;
  const bytes = mapValueBytes(handle);
  const numbers = map.isHash ? map.numbers : map.capacity;
  for (let number: u32 = 0; number < numbers; number++) {
    if (map.isHash) {
      if (!isLive(map, number)) continue;
      memory.copy(keys, keyOfElement(map, number), map.keySize);
    } else store<u32>(keys, number);
    memory.copy(values, valueOf(map, number, 0), bytes);
    keys += map.keySize;
    values += bytes;
  }
}

/** Deletes all keys of a hash table; makes an array 0. */
export function clearMap(handle: u32): void {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer) return;
  if (map.isHash) hashClear(map);
  else zeroMap(handle);
}

/** Makes all values 0, on all CPUs. */
export function zeroMap(handle: u32): void {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer) return;
  if (!map.isHash) {
    memory.fill(map.memory, 0, map.capacity * map.cpus * map.stride);
    return;
  }
  for (let number: u32 = 0; number < map.numbers; number++) {
    if (isLive(map, number)) memory.fill(valueOf(map, number, 0), 0, map.cpus * map.stride);
  }
}

/** Sets a key's value, on one CPU of a per-CPU map. @returns 0 or a negative errno. */
export function setValue(handle: u32, key: usize, value: usize, cpu: u32): i32 {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer || cpu >= map.cpus) return -22;
  return <i32>updateMap(map, key, value, 0, cpu);
}

/** Where the value of a key lies, of the first CPU; 0 when the key is not there. */
export function findValue(handle: u32, key: usize): usize {
  const map = mapOf(handle);
  if (map == null || map.type == MapType.RingBuffer) return 0;
  const number = findNumber(map, key);
  return number < 0 ? 0 : valueOf(map, number, 0);
}

export function deleteValue(handle: u32, key: usize): i32 {
  const map = mapOf(handle);
  return map == null || map.type == MapType.RingBuffer ? -22 : <i32>deleteKey(map, key);
}

/** Bytes of the records in a ring buffer, which lie at `ringMemory`; they are taken out. */
export function takeRecords(handle: u32): u32 {
  const map = mapOf(handle);
  return map == null ? 0 : ringTake(map);
}

export function ringMemory(handle: u32): usize {
  const map = mapOf(handle);
  return map == null || map.type != MapType.RingBuffer ? 0 : arrayValue(map, 0, 0);
}
