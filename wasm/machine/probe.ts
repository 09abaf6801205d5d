// Helpers that read memory which programs cannot reach themselves, and those that act on the world.

import { Access, isKernelAddress, kernelSpan, spaceSpan, spanAddress } from "./address";
import { argument, memoryArgument } from "./helpers";
import { Errno } from "./maps";
import { findObject, KERNEL, MemoryFlag, memoryAt, memorySize, PATHS } from "./objects";
import { addEffect, Effect, event, MAX_FRAMES, stackAddress } from "./state";

/** `BPF_F_SKIP_FIELD_MASK` and `BPF_F_USER_STACK`. */
const SKIP_MASK: u64 = 0xff;
const USER_STACK: u64 = 0x100;
const LAST_SIGNAL: u64 = 64;

function spanOf(space: u32, address: u64): u32 {
  return space == KERNEL ? kernelSpan(address) : spaceSpan(space, address);
}

/** Why an address is refused before anything is read; 0 when it is not. */
function refusal(space: u32, address: u64): i64 {
  if (space == KERNEL) return isKernelAddress(address) ? 0 : Errno.Range;
  return isKernelAddress(address) ? Errno.Fault : 0;
}

/** r1 to fill, r2 bytes, r3 address. What cannot be read is all 0. */
export function probeRead(space: u32): i64 {
  const size = argument(2);
  if (size == 0) return 0;
  const to = memoryArgument(1, size, Access.Output);
  if (to == 0) return 0;
  let address = argument(3);
  const refused = refusal(space, address);
  let done: u32 = 0;
  while (refused == 0 && done < <u32>size) {
    const there = min(spanOf(space, address), <u32>size - done);
    if (there == 0) break;
    memory.copy(to + done, spanAddress(), there);
    done += there;
    address += there;
  }
  if (done == <u32>size) return 0;
  memory.fill(to, 0, <usize>size);
  return refused != 0 ? refused : Errno.Fault;
}

/** The same up to a NUL: the bytes with it, which is put in the last place of a text that is too long. */
export function probeReadText(space: u32): i64 {
  const size = argument(2);
  if (size == 0) return 0;
  const to = memoryArgument(1, size, Access.Output);
  if (to == 0) return 0;
  let address = argument(3);
  const refused = refusal(space, address);
  let done: u32 = 0;
  while (refused == 0 && done < <u32>size) {
    const there = min(spanOf(space, address), <u32>size - done);
    if (there == 0) break;
    const from = spanAddress();
    for (let i: u32 = 0; i < there; i++) {
      const byte = load<u8>(from + i);
      store<u8>(to + done, byte);
      done++;
      if (byte == 0) return done;
    }
    address += there;
  }
  if (done == <u32>size) {
    store<u8>(to + done - 1, 0);
    return done;
  }
  memory.fill(to, 0, <usize>size);
  return refused != 0 ? refused : Errno.Fault;
}

/** r1 user address, r2 memory, r3 bytes. */
export function probeWriteUser(space: u32): i64 {
  const size = argument(3);
  const from = memoryArgument(2, size, Access.Input);
  if (from == 0) return 0;
  const address = argument(1);
  const object = findObject(space, address);
  if (object == null || (object.flags & MemoryFlag.Writable) == 0) return Errno.Fault;
  const inside = <u32>(address - object.address);
  if (object.size - inside < <u32>size) return Errno.Fault;
  memory.copy(object.bytes + inside, from, <usize>size);
  return 0;
}

/** r1 address of a path, r2 to fill, r3 bytes. @returns the text's bytes with the NUL. */
export function pathText(): i64 {
  const size = argument(3);
  if (size == 0) return 0;
  const to = memoryArgument(2, size, Access.Output);
  if (to == 0) return 0;
  const text = memoryAt(PATHS, argument(1));
  const length = memorySize(PATHS, argument(1));
  if (text == 0) return Errno.Invalid;
  if (length + 1 > <u32>size) return Errno.NameTooLong;
  memory.copy(to, text, length);
  store<u8>(to + length, 0);
  return length + 1;
}

/** r2 to fill with addresses, r3 bytes, r4 flags. @returns the bytes of the addresses; the rest is 0. */
export function walkStack(): i64 {
  const size = argument(3);
  const flags = argument(4);
  if (size == 0) return 0;
  const to = memoryArgument(2, size, Access.Output);
  if (to == 0) return 0;
  memory.fill(to, 0, <usize>size);
  if ((flags & ~(SKIP_MASK | USER_STACK)) != 0 || (size & 7) != 0) return Errno.Invalid;
  const user = (flags & USER_STACK) != 0;
  const now = event();
  const frames = min(user ? now.userFrames : now.kernelFrames, MAX_FRAMES);
  const skip = <u32>(flags & SKIP_MASK);
  if (frames == 0 || frames < skip) return Errno.Fault;
  const bytes = min((frames - skip) << 3, <u32>size);
  memory.copy(to, stackAddress(user) + (skip << 3), bytes);
  return bytes;
}

export function signal(kind: Effect): i64 {
  const number = argument(1);
  if (number > LAST_SIGNAL) return Errno.Invalid;
  const at = addEffect(kind, 8);
  if (at == 0) return Errno.Busy;
  store<u64>(at, number);
  return 0;
}

export function overrideReturn(): i64 {
  const at = addEffect(Effect.OverrideReturn, 8);
  if (at == 0) return Errno.Busy;
  store<u64>(at, argument(2));
  return 0;
}

/** r1 format, r2 its bytes, r3 to r5 what it shows. */
export function print(): i64 {
  const size = argument(2);
  const format = memoryArgument(1, size, Access.Input);
  if (format == 0) return 0;
  if (load<u8>(format + <usize>size - 1) != 0) return Errno.Invalid;
  const at = addEffect(Effect.Print, 24 + <u32>size);
  if (at == 0) return Errno.Busy;
  for (let i: u32 = 0; i < 3; i++) store<u64>(at + (i << 3), argument(3 + i));
  memory.copy(at + 24, format, <usize>size);
  return <i64>size;
}
