// Atomic operations: nothing runs beside the program, so they are plain ones.

import { Access, locate } from "./address";
import { registerAddress } from "./operations";
import { Atomic } from "./raw";

/** @param register address of the source register. @returns false after a fault. */
export function atomic(address: u64, wide: bool, register: usize, kind: i32): bool {
  const at = locate(address, wide ? 8 : 4, Access.Atomic);
  if (at == 0) return false;
  const value = wide ? load<u64>(register) : <u64>load<u32>(register);
  const before = wide ? load<u64>(at) : <u64>load<u32>(at);
  let result = value;
  switch (kind & ~Atomic.Fetch) {
    case Atomic.Add:
      result = before + value;
      break;
    case Atomic.Or:
      result = before | value;
      break;
    case Atomic.And:
      result = before & value;
      break;
    case Atomic.Xor:
      result = before ^ value;
      break;
    case Atomic.CompareExchange & ~Atomic.Fetch: {
      const expected = wide ? load<u64>(registerAddress(0)) : <u64>load<u32>(registerAddress(0));
      if (before != expected) result = before;
      break;
    }
  }
  if (wide) store<u64>(at, result);
  else store<u32>(at, <u32>result);
  if (kind == Atomic.CompareExchange) store<u64>(registerAddress(0), before);
  else if ((kind & Atomic.Fetch) != 0) store<u64>(register, before);
  return true;
}
