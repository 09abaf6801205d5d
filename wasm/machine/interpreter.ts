// Runs programs: one loop over the machine's own instructions. A callback of a helper runs in a loop of its own, on the next frame.

import {
  Access,
  contextPointer,
  enterFrame,
  FRAME_BYTES,
  frameBytes,
  frameDepth,
  framePointer,
  leaveFrame,
  locate,
  MAX_FRAMES,
  probeLocate,
} from "./address";
import { atomic } from "./atomic";
import { takeSpent } from "./cost";
import { functionSlot, Slot } from "./decode";
import { clearFault, Fault, fail, hasFault, placeFault } from "./faults";
import { callHelper } from "./helpers";
import { Field, INSTRUCTION_BYTES, INSTRUCTION_SHIFT, Operation, registerAddress } from "./operations";
import { Program, programOf, UNSEEN } from "./programs";
import { discardHeld, dropHeld, holdsRecords } from "./ring";
import { dropSpan } from "./span";

/** What a call keeps for its caller, per frame: u64 r6 to r9, address of the next instruction. */
const SAVED_SHIFT: u32 = 6;
const saved: usize = memory.data(8 * 64, 8);

let running: u32 = 0;
let program: usize = 0;
/** Instructions that the run may still execute. */
let budget: i64 = 0;
let granted: i64 = 0;

abstract class At {
  // @ts-ignore: decorator
  @inline static left(pc: usize): u64 {
    return load<u64>(load<u32>(pc, Field.Destination));
  }

  // @ts-ignore: decorator
  @inline static right(pc: usize): u64 {
    return load<u64>(load<u32>(pc, Field.Source));
  }

  // @ts-ignore: decorator
  @inline static left32(pc: usize): u32 {
    return load<u32>(load<u32>(pc, Field.Destination));
  }

  // @ts-ignore: decorator
  @inline static right32(pc: usize): u32 {
    return load<u32>(load<u32>(pc, Field.Source));
  }

  // @ts-ignore: decorator
  @inline static set(pc: usize, value: u64): void {
    store<u64>(load<u32>(pc, Field.Destination), value);
  }

  /** Address that a load reads. */
  // @ts-ignore: decorator
  @inline static loaded(pc: usize): u64 {
    return load<u64>(load<u32>(pc, Field.Source)) + load<u64>(pc, Field.Immediate);
  }

  /** Address that a store writes. */
  // @ts-ignore: decorator
  @inline static stored(pc: usize): u64 {
    return load<u64>(load<u32>(pc, Field.Destination)) + <u64>(<i64>load<i32>(pc, Field.Target));
  }

  /** Where a jump leads if it is taken, less what the loop adds. */
  // @ts-ignore: decorator
  @inline static next(pc: usize, taken: bool): usize {
    return taken ? load<usize>(pc, Field.Target) - INSTRUCTION_BYTES : pc;
  }
}

/**
 * Runs a program with the context that the host has laid out, on the current event's CPU.
 * @returns r0; 0 after a fault.
 */
export function runProgram(handle: u32, limit: u64): u64 {
  clearFault();
  const found = programOf(handle);
  placeFault(handle, 0);
  if (found == null) {
    fail(Fault.EmptyProgram, handle);
    return 0;
  }
  running = handle;
  program = changetype<usize>(found);
  budget = <i64>min(limit, i64.MAX_VALUE);
  granted = budget;
  takeSpent();
  dropHeld();
  dropSpan();
  store<u64>(registerAddress(1), contextPointer());
  const result = execute(found.code, 0);
  if (hasFault()) discardHeld();
  return hasFault() ? 0 : result;
}

/** Instructions that the last run executed. */
export function instructionsRun(): u64 {
  return granted - max(budget, 0);
}

/**
 * Calls a callback with its arguments in r1 to r5, on behalf of a helper.
 * @returns what it answers: 0 to go on, 1 to end; anything else is a fault.
 */
export function callBack(callback: u64): u64 {
  const slot = functionSlot(callback);
  const own = changetype<Program>(program);
  if (slot >= own.count || (load<u8>(own.marks + <u32>slot) & Slot.Callback) == 0) {
    fail(Fault.NotACallback, callback);
    return 1;
  }
  const depth = frameDepth() + 1;
  if (depth >= MAX_FRAMES) {
    fail(Fault.CallDepth, callback);
    return 1;
  }
  const keep = saved + (depth << SAVED_SHIFT);
  memory.copy(keep, registerAddress(6), 32);
  const result = execute(own.code + ((<u32>slot) << INSTRUCTION_SHIFT), depth);
  memory.copy(registerAddress(6), keep, 32);
  if (hasFault()) return 1;
  leaveFrame();
  store<u64>(registerAddress(10), framePointer(depth - 1));
  dropSpan();
  if (result > 1) fail(Fault.CallbackResult, result);
  return result;
}

/** Stops at an instruction, with what is left of the budget. */
function stop(pc: usize, left: i64): u64 {
  budget = left;
  placeFault(running, load<u32>(pc, Field.Slot));
  return 0;
}

/** The state of a frame's four bytes at once, and so on: 1 for each byte that was written. */
const ALL8: u64 = 0x0101_0101_0101_0101;
const ALL4: u32 = 0x0101_0101;
const ALL2: u16 = 0x0101;

function unwritten(pc: usize, left: i64): u64 {
  const offset = load<i32>(pc, Field.Target);
  fail(Fault.UninitialisedStack, framePointer(frameDepth()) + offset - FRAME_BYTES);
  return stop(pc, left);
}

function execute(start: usize, first: u32): u64 {
  let frame = enterFrame(first);
  let depth = first;
  store<u64>(registerAddress(10), framePointer(first));
  let left = budget;
  for (let pc = start; ; pc += INSTRUCTION_BYTES) {
    left--;
    if (left < 0) {
      fail(Fault.Budget);
      return stop(pc, left);
    }
    switch (<i32>load<u16>(pc)) {
      case Operation.Add64:
        At.set(pc, At.left(pc) + At.right(pc));
        continue;
      case Operation.Subtract64:
        At.set(pc, At.left(pc) - At.right(pc));
        continue;
      case Operation.Multiply64:
        At.set(pc, At.left(pc) * At.right(pc));
        continue;
      case Operation.Divide64: {
        const divisor = At.right(pc);
        At.set(pc, divisor == 0 ? 0 : At.left(pc) / divisor);
        continue;
      }
      case Operation.Or64:
        At.set(pc, At.left(pc) | At.right(pc));
        continue;
      case Operation.And64:
        At.set(pc, At.left(pc) & At.right(pc));
        continue;
      case Operation.ShiftLeft64:
        At.set(pc, At.left(pc) << At.right(pc));
        continue;
      case Operation.ShiftRight64:
        At.set(pc, At.left(pc) >> At.right(pc));
        continue;
      case Operation.Negate64:
        At.set(pc, 0 - At.left(pc));
        continue;
      case Operation.Remainder64: {
        const divisor = At.right(pc);
        if (divisor != 0) At.set(pc, At.left(pc) % divisor);
        continue;
      }
      case Operation.Xor64:
        At.set(pc, At.left(pc) ^ At.right(pc));
        continue;
      case Operation.Move64:
      case Operation.Constant:
        At.set(pc, load<u16>(pc) == Operation.Constant ? load<u64>(pc, Field.Immediate) : At.right(pc));
        continue;
      case Operation.ShiftRightSigned64:
        At.set(pc, <u64>(<i64>At.left(pc) >> <i64>At.right(pc)));
        continue;
      case Operation.DivideSigned64: {
        const divisor = <i64>At.right(pc);
        // The one quotient that does not fit wraps.
        if (divisor == -1) At.set(pc, 0 - At.left(pc));
        else At.set(pc, divisor == 0 ? 0 : <u64>(<i64>At.left(pc) / divisor));
        continue;
      }
      case Operation.RemainderSigned64: {
        const divisor = <i64>At.right(pc);
        if (divisor == -1) At.set(pc, 0);
        else if (divisor != 0) At.set(pc, <u64>(<i64>At.left(pc) % divisor));
        continue;
      }

      case Operation.Add32:
        At.set(pc, At.left32(pc) + At.right32(pc));
        continue;
      case Operation.Subtract32:
        At.set(pc, At.left32(pc) - At.right32(pc));
        continue;
      case Operation.Multiply32:
        At.set(pc, At.left32(pc) * At.right32(pc));
        continue;
      case Operation.Divide32: {
        const divisor = At.right32(pc);
        At.set(pc, divisor == 0 ? 0 : At.left32(pc) / divisor);
        continue;
      }
      case Operation.Or32:
        At.set(pc, At.left32(pc) | At.right32(pc));
        continue;
      case Operation.And32:
        At.set(pc, At.left32(pc) & At.right32(pc));
        continue;
      case Operation.ShiftLeft32:
        At.set(pc, At.left32(pc) << At.right32(pc));
        continue;
      case Operation.ShiftRight32:
        At.set(pc, At.left32(pc) >> At.right32(pc));
        continue;
      case Operation.Negate32:
        At.set(pc, <u32>(0 - At.left32(pc)));
        continue;
      case Operation.Remainder32: {
        const divisor = At.right32(pc);
        At.set(pc, divisor == 0 ? At.left32(pc) : At.left32(pc) % divisor);
        continue;
      }
      case Operation.Xor32:
        At.set(pc, At.left32(pc) ^ At.right32(pc));
        continue;
      case Operation.Move32:
        At.set(pc, At.right32(pc));
        continue;
      case Operation.ShiftRightSigned32:
        At.set(pc, <u32>(<i32>At.left32(pc) >> <i32>At.right32(pc)));
        continue;
      case Operation.DivideSigned32: {
        const divisor = <i32>At.right32(pc);
        if (divisor == -1) At.set(pc, <u32>(0 - At.left32(pc)));
        else At.set(pc, divisor == 0 ? 0 : <u32>(<i32>At.left32(pc) / divisor));
        continue;
      }
      case Operation.RemainderSigned32: {
        const divisor = <i32>At.right32(pc);
        if (divisor == -1) At.set(pc, 0);
        else At.set(pc, divisor == 0 ? At.left32(pc) : <u32>(<i32>At.left32(pc) % divisor));
        continue;
      }

      case Operation.MoveSigned8:
        At.set(pc, <u64>(<i64>(<i8>At.right(pc))));
        continue;
      case Operation.MoveSigned16:
        At.set(pc, <u64>(<i64>(<i16>At.right(pc))));
        continue;
      case Operation.MoveSigned32:
        At.set(pc, <u64>(<i64>(<i32>At.right(pc))));
        continue;
      case Operation.MoveSigned8To32:
        At.set(pc, <u32>(<i32>(<i8>At.right32(pc))));
        continue;
      case Operation.MoveSigned16To32:
        At.set(pc, <u32>(<i32>(<i16>At.right32(pc))));
        continue;
      case Operation.Truncate16:
        At.set(pc, <u16>At.left(pc));
        continue;
      case Operation.Truncate32:
        At.set(pc, At.left32(pc));
        continue;
      case Operation.Nothing:
        continue;
      case Operation.Swap16:
        At.set(pc, bswap<u16>(<u16>At.left(pc)));
        continue;
      case Operation.Swap32:
        At.set(pc, bswap<u32>(At.left32(pc)));
        continue;
      case Operation.Swap64:
        At.set(pc, bswap<u64>(At.left(pc)));
        continue;

      case Operation.Jump:
        pc = At.next(pc, true);
        continue;
      case Operation.Equal64:
        pc = At.next(pc, At.left(pc) == At.right(pc));
        continue;
      case Operation.Above64:
        pc = At.next(pc, At.left(pc) > At.right(pc));
        continue;
      case Operation.AboveEqual64:
        pc = At.next(pc, At.left(pc) >= At.right(pc));
        continue;
      case Operation.Test64:
        pc = At.next(pc, (At.left(pc) & At.right(pc)) != 0);
        continue;
      case Operation.NotEqual64:
        pc = At.next(pc, At.left(pc) != At.right(pc));
        continue;
      case Operation.Greater64:
        pc = At.next(pc, <i64>At.left(pc) > <i64>At.right(pc));
        continue;
      case Operation.GreaterEqual64:
        pc = At.next(pc, <i64>At.left(pc) >= <i64>At.right(pc));
        continue;
      case Operation.Below64:
        pc = At.next(pc, At.left(pc) < At.right(pc));
        continue;
      case Operation.BelowEqual64:
        pc = At.next(pc, At.left(pc) <= At.right(pc));
        continue;
      case Operation.Less64:
        pc = At.next(pc, <i64>At.left(pc) < <i64>At.right(pc));
        continue;
      case Operation.LessEqual64:
        pc = At.next(pc, <i64>At.left(pc) <= <i64>At.right(pc));
        continue;

      case Operation.Equal32:
        pc = At.next(pc, At.left32(pc) == At.right32(pc));
        continue;
      case Operation.Above32:
        pc = At.next(pc, At.left32(pc) > At.right32(pc));
        continue;
      case Operation.AboveEqual32:
        pc = At.next(pc, At.left32(pc) >= At.right32(pc));
        continue;
      case Operation.Test32:
        pc = At.next(pc, (At.left32(pc) & At.right32(pc)) != 0);
        continue;
      case Operation.NotEqual32:
        pc = At.next(pc, At.left32(pc) != At.right32(pc));
        continue;
      case Operation.Greater32:
        pc = At.next(pc, <i32>At.left32(pc) > <i32>At.right32(pc));
        continue;
      case Operation.GreaterEqual32:
        pc = At.next(pc, <i32>At.left32(pc) >= <i32>At.right32(pc));
        continue;
      case Operation.Below32:
        pc = At.next(pc, At.left32(pc) < At.right32(pc));
        continue;
      case Operation.BelowEqual32:
        pc = At.next(pc, At.left32(pc) <= At.right32(pc));
        continue;
      case Operation.Less32:
        pc = At.next(pc, <i32>At.left32(pc) < <i32>At.right32(pc));
        continue;
      case Operation.LessEqual32:
        pc = At.next(pc, <i32>At.left32(pc) <= <i32>At.right32(pc));
        continue;

      case Operation.Load8: {
        const at = locate(At.loaded(pc), 1, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, load<u8>(at));
        continue;
      }
      case Operation.Load16: {
        const at = locate(At.loaded(pc), 2, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, load<u16>(at));
        continue;
      }
      case Operation.Load32: {
        const at = locate(At.loaded(pc), 4, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, load<u32>(at));
        continue;
      }
      case Operation.Load64: {
        const at = locate(At.loaded(pc), 8, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, load<u64>(at));
        continue;
      }
      case Operation.LoadSigned8: {
        const at = locate(At.loaded(pc), 1, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, <u64>(<i64>load<i8>(at)));
        continue;
      }
      case Operation.LoadSigned16: {
        const at = locate(At.loaded(pc), 2, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, <u64>(<i64>load<i16>(at)));
        continue;
      }
      case Operation.LoadSigned32: {
        const at = locate(At.loaded(pc), 4, Access.Load);
        if (at == 0) return stop(pc, left);
        At.set(pc, <u64>(<i64>load<i32>(at)));
        continue;
      }

      case Operation.LoadFrame8: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u8>(at, FRAME_BYTES) == 0) return unwritten(pc, left);
        At.set(pc, load<u8>(at));
        continue;
      }
      case Operation.LoadFrame16: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u16>(at, FRAME_BYTES) != ALL2) return unwritten(pc, left);
        At.set(pc, load<u16>(at));
        continue;
      }
      case Operation.LoadFrame32: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u32>(at, FRAME_BYTES) != ALL4) return unwritten(pc, left);
        At.set(pc, load<u32>(at));
        continue;
      }
      case Operation.LoadFrame64: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u64>(at, FRAME_BYTES) != ALL8) return unwritten(pc, left);
        At.set(pc, load<u64>(at));
        continue;
      }
      case Operation.LoadFrameSigned8: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u8>(at, FRAME_BYTES) == 0) return unwritten(pc, left);
        At.set(pc, <u64>(<i64>load<i8>(at)));
        continue;
      }
      case Operation.LoadFrameSigned16: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u16>(at, FRAME_BYTES) != ALL2) return unwritten(pc, left);
        At.set(pc, <u64>(<i64>load<i16>(at)));
        continue;
      }
      case Operation.LoadFrameSigned32: {
        const at = frame + load<u32>(pc, Field.Target);
        if (load<u32>(at, FRAME_BYTES) != ALL4) return unwritten(pc, left);
        At.set(pc, <u64>(<i64>load<i32>(at)));
        continue;
      }

      case Operation.LoadProbe8:
      case Operation.LoadProbe16:
      case Operation.LoadProbe32:
      case Operation.LoadProbe64:
      case Operation.LoadProbeSigned8:
      case Operation.LoadProbeSigned16:
      case Operation.LoadProbeSigned32: {
        loadProbe(pc);
        if (hasFault()) return stop(pc, left);
        continue;
      }

      case Operation.Store8: {
        const at = locate(At.stored(pc), 1, Access.Store);
        if (at == 0) return stop(pc, left);
        store<u8>(at, <u8>At.right32(pc));
        continue;
      }
      case Operation.Store16: {
        const at = locate(At.stored(pc), 2, Access.Store);
        if (at == 0) return stop(pc, left);
        store<u16>(at, <u16>At.right32(pc));
        continue;
      }
      case Operation.Store32: {
        const at = locate(At.stored(pc), 4, Access.Store);
        if (at == 0) return stop(pc, left);
        store<u32>(at, At.right32(pc));
        continue;
      }
      case Operation.Store64: {
        const at = locate(At.stored(pc), 8, Access.Store);
        if (at == 0) return stop(pc, left);
        store<u64>(at, At.right(pc));
        continue;
      }
      case Operation.StoreFrame8: {
        const at = frame + load<u32>(pc, Field.Target);
        store<u8>(at, <u8>At.right32(pc));
        store<u8>(at, 1, FRAME_BYTES);
        continue;
      }
      case Operation.StoreFrame16: {
        const at = frame + load<u32>(pc, Field.Target);
        store<u16>(at, <u16>At.right32(pc));
        store<u16>(at, ALL2, FRAME_BYTES);
        continue;
      }
      case Operation.StoreFrame32: {
        const at = frame + load<u32>(pc, Field.Target);
        store<u32>(at, At.right32(pc));
        store<u32>(at, ALL4, FRAME_BYTES);
        continue;
      }
      case Operation.StoreFrame64: {
        const at = frame + load<u32>(pc, Field.Target);
        store<u64>(at, At.right(pc));
        store<u64>(at, ALL8, FRAME_BYTES);
        continue;
      }
      case Operation.Atomic32:
      case Operation.Atomic64: {
        const wide = load<u16>(pc) == Operation.Atomic64;
        if (!atomic(At.stored(pc), wide, load<u32>(pc, Field.Source), load<i32>(pc, Field.Immediate))) return stop(pc, left);
        continue;
      }

      case Operation.CallHelper: {
        budget = left;
        const result = callHelper(load<u32>(pc, Field.Immediate));
        if (hasFault()) {
          // The place of a fault in a callback is in the callback.
          return frameDepth() == depth ? stop(pc, left) : 0;
        }
        store<u64>(registerAddress(0), result);
        left = budget - takeSpent();
        continue;
      }
      case Operation.CallFunction: {
        depth++;
        if (depth >= MAX_FRAMES) {
          fail(Fault.CallDepth, depth);
          return stop(pc, left);
        }
        const keep = saved + (depth << SAVED_SHIFT);
        memory.copy(keep, registerAddress(6), 32);
        store<usize>(keep, pc, 32);
        frame = enterFrame(depth);
        store<u64>(registerAddress(10), framePointer(depth));
        pc = At.next(pc, true);
        continue;
      }
      case Operation.Exit: {
        if (depth == first) {
          budget = left;
          if (depth == 0 && holdsRecords()) {
            fail(Fault.LeakedRecord);
            return stop(pc, left);
          }
          return load<u64>(registerAddress(0));
        }
        const keep = saved + (depth << SAVED_SHIFT);
        memory.copy(registerAddress(6), keep, 32);
        pc = load<usize>(keep, 32);
        depth--;
        leaveFrame();
        frame = frameBytes(depth);
        store<u64>(registerAddress(10), framePointer(depth));
        continue;
      }
      default:
        if (load<u16>(pc) & UNSEEN) {
          // Seen from now on, and executed after all.
          store<u16>(pc, load<u16>(pc) & ~UNSEEN);
          pc -= INSTRUCTION_BYTES;
          left++;
          continue;
        }
        fail(<Fault>load<u32>(pc, Field.Immediate), load<u32>(pc, Field.Target));
        return stop(pc, left);
    }
  }
}

/** A load through a typed pointer: 0 where nothing can be read. */
function loadProbe(pc: usize): void {
  const address = At.loaded(pc);
  const operation = load<u16>(pc) - Operation.LoadProbe8;
  const at = probeLocate(address, 1 << (operation & 3));
  let value: u64 = 0;
  if (at != 0) {
    switch (operation) {
      case 0:
        value = load<u8>(at);
        break;
      case 1:
        value = load<u16>(at);
        break;
      case 2:
        value = load<u32>(at);
        break;
      case 3:
        value = load<u64>(at);
        break;
      case 4:
        value = <u64>(<i64>load<i8>(at));
        break;
      case 5:
        value = <u64>(<i64>load<i16>(at));
        break;
      default:
        value = <u64>(<i64>load<i32>(at));
        break;
    }
  }
  At.set(pc, value);
}
