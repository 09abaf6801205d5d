// The machine's memory: blocks of powers of two, cleared, with a list of free ones for each size. `reset` gives all back at once.

const SMALLEST_SHIFT: u32 = 4;
const LARGEST_SHIFT: u32 = 30;
const PAGE: u32 = 65536;

/** Heads of the lists of free blocks by the shift of their size; a free block starts with the next one's address. */
const freeBlocks: usize = memory.data(32 * sizeof<usize>());

let top: usize = 0;
/** The highest that `top` ever was. */
let used: usize = 0;
/** Bytes that blocks may take together. */
let limit: usize = 0;

/** Drops all blocks; from now on they take at most `bytes` together. */
export function resetMemory(bytes: u32): void {
  top = (__heap_base + 15) & ~15;
  limit = bytes;
  memory.fill(freeBlocks, 0, 32 * sizeof<usize>());
}

function shiftOf(size: u32): u32 {
  return size <= 1 << SMALLEST_SHIFT ? SMALLEST_SHIFT : 32 - clz<u32>(size - 1);
}

/** A cleared block of at least `size` bytes, or 0 when there is no memory for it. */
export function allocate(size: u32): usize {
  if (size > 1 << LARGEST_SHIFT) return 0;
  const shift = shiftOf(size);
  const list = freeBlocks + (shift << 2);
  const free = load<usize>(list);
  if (free != 0) {
    store<usize>(list, load<usize>(free));
    memory.fill(free, 0, size);
    return free;
  }
  const bytes: usize = 1 << shift;
  if (bytes > limit - (top - __heap_base)) return 0;
  const block = top;
  const end = top + bytes;
  const have = <usize>memory.size() * PAGE;
  if (end > have && memory.grow(<i32>((end - have + PAGE - 1) / PAGE)) < 0) return 0;
  top = end;
  // Only memory that was handed out before a reset holds old bytes; what was not is not touched.
  if (block < used) memory.fill(block, 0, min(end, used) - block);
  used = max(used, end);
  return block;
}

/** Gives a block back; `size` as it was asked for. */
export function release(block: usize, size: u32): void {
  const list = freeBlocks + (shiftOf(size) << 2);
  store<usize>(block, load<usize>(list));
  store<usize>(list, block);
}

export function memoryInUse(): u32 {
  return <u32>(top - __heap_base);
}
