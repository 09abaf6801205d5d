// The span of virtual addresses that was found last: most accesses are to what the access before was to.

let start: u64 = 0;
let length: u64 = 0;
let bytes: usize = 0;
let writable: bool = false;

/** Remembers that `size` addresses from `address` on are the bytes at `at`. */
export function keepSpan(address: u64, size: u32, at: usize, mayWrite: bool): void {
  start = address;
  length = size;
  bytes = at;
  writable = mayWrite;
}

export function dropSpan(): void {
  length = 0;
}

/** Where `size` bytes from `address` on lie, if in the span; else 0. */
export function inSpan(address: u64, size: u32, write: bool): usize {
  const distance = address - start;
  if (distance >= length || distance + size > length || (write && !writable)) return 0;
  return bytes + <usize>distance;
}
