// The memory of the compiler module: two regions of chunks instead of a garbage collector.
//
// `profile` holds what is known of the target and lives as long as the module; `compile` holds everything of one compile and
// is given back whole. Allocation bumps a pointer in the current chunk of the current region; nothing is freed singly.
// Chunks given back are reused before memory grows. The functions with two underscores are what AssemblyScript's code
// generator calls (its run-time interface); decorators are allowed in this file alone, for their sake.

import { OBJECT, OBJECT_OVERHEAD, BLOCK_OVERHEAD, AL_MASK } from "rt/common";

/** Which region allocates. */
export const enum Region {
  Profile = 0,
  Compile = 1,
}

/** Bytes of an ordinary chunk; larger objects get a chunk of their own. */
const CHUNK_SIZE: usize = 1 << 18;

/** A chunk starts with the address of the next chunk of its list and its size. */
const CHUNK_HEADER: usize = 16;

let current: Region = Region.Profile;

// Per region: bump position, end of the current chunk, and the list of its chunks.
let profilePosition: usize = 0;
let profileEnd: usize = 0;
let compilePosition: usize = 0;
let compileEnd: usize = 0;
let compileChunks: usize = 0;
/** Chunks of CHUNK_SIZE that a finished compile gave back, and larger ones. */
let freeChunks: usize = 0;
let freeLarge: usize = 0;
/** End of the memory that was handed out as chunks. */
let memoryTop: usize = 0;

function newChunk(size: usize): usize {
  if (size == CHUNK_SIZE && freeChunks != 0) {
    const chunk = freeChunks;
    freeChunks = load<usize>(chunk);
    return chunk;
  }
  if (size > CHUNK_SIZE) {
    let before: usize = 0;
    for (let chunk = freeLarge; chunk != 0; chunk = load<usize>(chunk)) {
      if (load<usize>(chunk, sizeof<usize>()) >= size) {
        if (before) store<usize>(before, load<usize>(chunk));
        else freeLarge = load<usize>(chunk);
        return chunk;
      }
      before = chunk;
    }
  }
  if (memoryTop == 0) memoryTop = (__heap_base + AL_MASK) & ~AL_MASK;
  const chunk = memoryTop;
  const top = chunk + size;
  const have = <usize>memory.size() << 16;
  if (top > have) {
    const pages = <i32>((top - have + 0xffff) >> 16);
    if (memory.grow(pages) < 0) throw new Error("out of memory");
  }
  memoryTop = top;
  store<usize>(chunk, size, sizeof<usize>());
  return chunk;
}

/** Bytes from the current region, aligned to 16. */
function take(size: usize): usize {
  const bytes = (size + AL_MASK) & ~AL_MASK;
  if (current == Region.Compile) {
    if (compilePosition + bytes > compileEnd) {
      const wanted = max(CHUNK_SIZE, (bytes + CHUNK_HEADER + 0xffff) & ~0xffff);
      const chunk = newChunk(wanted);
      store<usize>(chunk, compileChunks);
      compileChunks = chunk;
      if (wanted > CHUNK_SIZE && compileEnd - compilePosition > 4096) return chunk + CHUNK_HEADER;
      compilePosition = chunk + CHUNK_HEADER;
      compileEnd = chunk + load<usize>(chunk, sizeof<usize>());
    }
    const pointer = compilePosition;
    compilePosition += bytes;
    return pointer;
  }
  if (profilePosition + bytes > profileEnd) {
    const wanted = max(CHUNK_SIZE, (bytes + CHUNK_HEADER + 0xffff) & ~0xffff);
    const chunk = newChunk(wanted);
    if (wanted > CHUNK_SIZE && profileEnd - profilePosition > 4096) return chunk + CHUNK_HEADER;
    profilePosition = chunk + CHUNK_HEADER;
    profileEnd = chunk + load<usize>(chunk, sizeof<usize>());
  }
  const pointer = profilePosition;
  profilePosition += bytes;
  return pointer;
}

/** Makes `region` the one that allocates; returns the one that did. */
export function useRegion(region: Region): Region {
  const before = current;
  current = region;
  return before;
}

/** Gives back everything of the compile region. */
export function releaseCompileRegion(): void {
  for (let chunk = compileChunks; chunk != 0; ) {
    const next = load<usize>(chunk);
    if (load<usize>(chunk, sizeof<usize>()) == CHUNK_SIZE) {
      store<usize>(chunk, freeChunks);
      freeChunks = chunk;
    } else {
      store<usize>(chunk, freeLarge);
      freeLarge = chunk;
    }
    chunk = next;
  }
  compileChunks = 0;
  compilePosition = 0;
  compileEnd = 0;
}

/** Bytes of memory handed out as chunks so far, to either region. */
export function regionBytes(): usize {
  return memoryTop == 0 ? 0 : memoryTop - __heap_base;
}

// @ts-ignore: decorator
@unsafe @global
export function __alloc(size: usize): usize {
  const block = take(size + AL_MASK + 1);
  // The block header sits right before the payload, which is aligned to 16.
  const payload = block + AL_MASK + 1;
  store<usize>(payload - BLOCK_OVERHEAD, (size + AL_MASK) & ~AL_MASK);
  return payload;
}

// @ts-ignore: decorator
@unsafe @global
export function __realloc(pointer: usize, size: usize): usize {
  const have = load<usize>(pointer - BLOCK_OVERHEAD);
  if (size <= have) return pointer;
  const moved = __alloc(max(size, have << 1));
  memory.copy(moved, pointer, have);
  return moved;
}

// @ts-ignore: decorator
@unsafe @global
export function __free(_pointer: usize): void {}

// @ts-ignore: decorator
@unsafe @global
export function __new(size: usize, id: u32): usize {
  const payload = __alloc(OBJECT_OVERHEAD + size);
  const object = changetype<OBJECT>(payload - BLOCK_OVERHEAD);
  object.gcInfo = 0;
  object.gcInfo2 = 0;
  object.rtId = id;
  object.rtSize = <u32>size;
  // Reused chunks hold old bytes; the language promises zeroed objects.
  memory.fill(payload + OBJECT_OVERHEAD, 0, size);
  return payload + OBJECT_OVERHEAD;
}

// @ts-ignore: decorator
@unsafe @global
export function __renew(pointer: usize, size: usize): usize {
  const before = changetype<OBJECT>(pointer - OBJECT_OVERHEAD - BLOCK_OVERHEAD).rtSize;
  const payload = __realloc(pointer - OBJECT_OVERHEAD, OBJECT_OVERHEAD + size);
  changetype<OBJECT>(payload - BLOCK_OVERHEAD).rtSize = <u32>size;
  if (size > <usize>before) memory.fill(payload + OBJECT_OVERHEAD + before, 0, size - before);
  return payload + OBJECT_OVERHEAD;
}

// @ts-ignore: decorator
@unsafe @global
export function __link(_parent: usize, _child: usize, _multiple: bool): void {}

// @ts-ignore: decorator
@unsafe @global
export function __pin(pointer: usize): usize {
  return pointer;
}

// @ts-ignore: decorator
@unsafe @global
export function __unpin(_pointer: usize): void {}

// @ts-ignore: decorator
@unsafe @global
function __visit(_pointer: usize, _cookie: u32): void {}

// @ts-ignore: decorator
@unsafe @global
export function __collect(): void {}
