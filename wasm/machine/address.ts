// From virtual addresses to bytes: every access of a program is looked up among what is alive.
//
// What programs may read and write directly lies in region 0 (stack frames, the context) and in the regions of the maps (values, keys in
// callbacks, reserved records). Kernel objects of the host are read directly by programs with typed pointers alone, see `probeLoad`.

import { Fault, fail } from "./faults";
import { hasElement, keyOfElement, valueOfElement } from "./hash";
import { arrayValue, BpfMap, isMapMemory, KEYS, MapType, mapOf, REGION_SHIFT, REGIONS, VALUES, valueAddress } from "./maps";
import { findObject, KERNEL } from "./objects";
import { heldBytes } from "./ring";
import { inSpan, keepSpan } from "./span";

export const FRAME_BYTES: u32 = 512;
export const MAX_FRAMES: u32 = 8;
/** Virtual distance of two frames: around each there is nothing. */
const FRAME_SPACING_SHIFT: u32 = 12;
const FRAMES: u64 = REGIONS + 0x10000;
const FRAME_OFFSET: u64 = 0x800;
const CONTEXT: u64 = REGIONS + 0x100000;
export const MAX_CONTEXT: u32 = 8192;
/** The kernel's lowest addresses. */
const KERNEL_START: u64 = 0xffff_8000_0000_0000;
/** Addresses below are taken for NULL with an offset. */
const NULL_PAGE: u64 = 65536;

/** What an access is for. */
export const enum Access {
  Load,
  Store,
  /** Both at once, atomically. */
  Atomic,
  /** A helper reads it: initialised, at any alignment, no context. */
  Input,
  /** A helper fills it. */
  Output,
}

/** Per frame: its bytes, then for each of them whether it was written (1). */
const frames: usize = memory.data(8 * 1024, 16);
const contextBytes: usize = memory.data(8192, 16);

/** Frame in use. */
let depth: u32 = 0;
let contextStart: u32 = 0;
let contextEnd: u32 = 0;

/** Where the host puts the context of the next run. */
export function contextAddress(): usize {
  return contextBytes;
}

/** The bytes of the context that programs may read. */
export function limitContext(start: u32, end: u32): void {
  contextStart = start;
  contextEnd = min(end, MAX_CONTEXT);
}

export function contextPointer(): u64 {
  return CONTEXT;
}

/** Makes frame `number` the one in use, with nothing written; returns its bytes. */
export function enterFrame(number: u32): usize {
  depth = number;
  const frame = frames + (number << 10);
  memory.fill(frame, 0, FRAME_BYTES << 1);
  return frame;
}

export function leaveFrame(): void {
  depth--;
}

export function frameDepth(): u32 {
  return depth;
}

export function frameBytes(number: u32): usize {
  return frames + (number << 10);
}

/** The frame pointer: one past the frame's highest byte. */
export function framePointer(number: u32): u64 {
  return FRAMES + ((<u64>number) << FRAME_SPACING_SHIFT) + FRAME_OFFSET + FRAME_BYTES;
}

function isInStack(address: u64): bool {
  return address - FRAMES < (<u64>MAX_FRAMES) << FRAME_SPACING_SHIFT;
}

/** Whether an access of the stack starts and ends in one frame that is alive. */
function frameOffset(address: u64, size: u32): i64 {
  const distance = address - FRAMES;
  const number = <u32>(distance >> FRAME_SPACING_SHIFT);
  const offset = (distance & ((1 << FRAME_SPACING_SHIFT) - 1)) - FRAME_OFFSET;
  if (number > depth || offset >= FRAME_BYTES || offset + size > FRAME_BYTES) return -1;
  return (number << 10) + offset;
}

function stackAccess(address: u64, size: u32, access: Access): usize {
  const offset = frameOffset(address, size);
  if (offset < 0) {
    fail(Fault.StackBounds, address);
    return 0;
  }
  if (access <= Access.Atomic && (address & (size - 1)) != 0) {
    fail(Fault.Misaligned, address);
    return 0;
  }
  const at = frames + <usize>offset;
  const written = at + FRAME_BYTES;
  if (access == Access.Store || access == Access.Output) {
    memory.fill(written, 1, size);
    return at;
  }
  for (let i: u32 = 0; i < size; i++) {
    if (load<u8>(written + i) == 0) {
      fail(Fault.UninitialisedStack, address + i);
      return 0;
    }
  }
  return at;
}

function contextAccess(address: u64, size: u32, access: Access): usize {
  const offset = address - CONTEXT;
  if (access == Access.Store || access == Access.Atomic || access == Access.Output) {
    fail(Fault.ContextWrite, address);
    return 0;
  }
  if (access == Access.Input) {
    fail(Fault.BadMemoryArgument, address);
    return 0;
  }
  // Below the context the offset is a very large number.
  if (offset < contextStart || offset >= contextEnd || offset + size > contextEnd) {
    fail(Fault.ContextBounds, address);
    return 0;
  }
  if ((offset & (size - 1)) != 0) {
    fail(Fault.Misaligned, address);
    return 0;
  }
  return contextBytes + <usize>offset;
}

/** Where the thing that was found last lies: the place that was asked for, and whether programs may write it. */
let spanAt: usize = 0;
let spanWritable: bool = false;
/** Where in the thing the place is, and its bytes; of a record what lies before is not known. */
let spanInside: u32 = 0;
let spanBytes: u32 = 0;

/** Bytes from a place in the region of a map to the end of the value, key or record that it is in; 0 when it is in none. */
function findInMap(map: BpfMap, inRegion: u64): u32 {
  spanWritable = !map.isReadOnly;
  const isKey = inRegion >= KEYS;
  if (inRegion < VALUES) return 0;
  const offset = inRegion - (isKey ? KEYS : VALUES);
  if (map.type == MapType.RingBuffer) {
    const left = heldBytes(map, offset);
    spanAt = map.memory + <usize>offset;
    spanInside = 0;
    spanBytes = left;
    return left;
  }
  const shift: u64 = isKey ? map.keyShift : map.valueShift;
  const index = offset >> shift;
  const inside = <u32>(offset & ((1 << shift) - 1));
  const size = isKey ? map.keySize : map.valueSize;
  if (inside >= size) return 0;
  const number = isKey ? index : index / map.cpus;
  const cpu = <u32>(index % map.cpus);
  if (map.isHash) {
    if (number > u32.MAX_VALUE || !hasElement(map, <u32>number)) return 0;
    spanAt = isKey ? keyOfElement(map, <u32>number) : valueOfElement(map, <u32>number, cpu);
  } else {
    if (isKey ? number != 0 : number >= map.capacity) return 0;
    spanAt = isKey ? map.index : arrayValue(map, <u32>number, cpu);
  }
  if (isKey) spanWritable = false;
  spanAt += inside;
  spanInside = inside;
  spanBytes = size;
  return size - inside;
}

function mapAccess(address: u64, size: u32, access: Access): usize {
  const region = <u32>((address - REGIONS) >> REGION_SHIFT);
  const offset = (address - REGIONS) & ((1 << REGION_SHIFT) - 1);
  const map = mapOf(region);
  if (map == null) return nothingThere(address);
  const left = findInMap(map, offset);
  if (left < size) {
    fail(map.type == MapType.RingBuffer ? Fault.RecordBounds : Fault.ValueBounds, address);
    return 0;
  }
  const writes = access == Access.Store || access == Access.Atomic || access == Access.Output;
  if (writes && !spanWritable) {
    fail(Fault.ReadOnly, address);
    return 0;
  }
  if (access == Access.Atomic && (address & (size - 1)) != 0) {
    fail(Fault.Misaligned, address);
    return 0;
  }
  if (access != Access.Atomic) {
    keepSpan(address - spanInside, spanBytes, spanAt - spanInside, spanWritable);
  }
  return spanAt;
}

function nothingThere(address: u64): usize {
  if (address < NULL_PAGE || address > <u64>-4096) fail(Fault.NullPointer, address);
  else if (isMapMemory(address)) fail(Fault.MapPointer, address);
  else if (findObject(KERNEL, address) != null) fail(Fault.KernelMemory, address);
  else fail(Fault.BadAddress, address);
  return 0;
}

/** Where the bytes of an access lie; 0 after a fault. */
export function locate(address: u64, size: u32, access: Access): usize {
  if (access != Access.Atomic) {
    const found = inSpan(address, size, access == Access.Store || access == Access.Output);
    if (found != 0) return found;
  }
  if (address < REGIONS || address - REGIONS >= (<u64>512) << REGION_SHIFT) return nothingThere(address);
  if (isInStack(address)) return stackAccess(address, size, access);
  if (address - CONTEXT + NULL_PAGE < 0x100000) return contextAccess(address, size, access);
  return mapAccess(address, size, access);
}

/** Kernel memory from an address on, whoever may read it: how many bytes lie in a row there, at `spanAddress`; 0 when there is nothing. */
export function kernelSpan(address: u64): u32 {
  if (address >= REGIONS && address - REGIONS < (<u64>512) << REGION_SHIFT) {
    if (isInStack(address)) {
      const offset = frameOffset(address, 1);
      if (offset < 0) return 0;
      spanAt = frames + <usize>offset;
      return FRAME_BYTES - (<u32>offset & (FRAME_BYTES - 1));
    }
    const offset = address - CONTEXT;
    if (offset < contextEnd) {
      spanAt = contextBytes + <usize>offset;
      return contextEnd - <u32>offset;
    }
    const map = mapOf(<u32>((address - REGIONS) >> REGION_SHIFT));
    return map == null ? 0 : findInMap(map, (address - REGIONS) & ((1 << REGION_SHIFT) - 1));
  }
  return spaceSpan(KERNEL, address);
}

/** The same of an address space of the host. */
export function spaceSpan(space: u32, address: u64): u32 {
  const object = findObject(space, address);
  if (object == null) return 0;
  const inside = <u32>(address - object.address);
  spanAt = object.bytes + inside;
  return object.size - inside;
}

export function spanAddress(): usize {
  return spanAt;
}

/** Whether an address can be one of the kernel's. */
export function isKernelAddress(address: u64): bool {
  return address >= KERNEL_START;
}

/**
 * A load through a typed kernel pointer: what cannot be read is 0, as the kernel's exception handler has it (PROBE_MEM). Such a pointer
 * may as well turn out to be one of the machine's own.
 */
export function probeLocate(address: u64, size: u32): usize {
  if (address >= REGIONS && address - REGIONS < (<u64>512) << REGION_SHIFT) return locate(address, size, Access.Load);
  return spaceSpan(KERNEL, address) >= size ? spanAt : 0;
}

/** The address of a value, which the next access is likely to be to. */
export function handOut(map: BpfMap, number: u32, cpu: u32, at: usize): u64 {
  const address = valueAddress(map, number, cpu);
  keepSpan(address, map.valueSize, at, !map.isReadOnly);
  return address;
}
