// What helpers do, by their numbers. Arguments are in r1 to r5, as the caller left them.

import { Access, handOut, isKernelAddress, locate } from "./address";
import { spend, spendBytes } from "./cost";
import { Fault, fail, hasFault } from "./faults";
import { isLive } from "./hash";
import { Helper } from "./helper-numbers";
import { callBack } from "./interpreter";
import { BpfMap, deleteKey, Errno, findNumber, keyAddress, MapType, mapAt, possibleCpus, updateMap, valueOf } from "./maps";
import { KERNEL } from "./objects";
import { registerAddress } from "./operations";
import { overrideReturn, pathText, print, probeRead, probeReadText, probeWriteUser, signal, walkStack } from "./probe";
import { ringCommit, ringOutput, ringQuery, ringReserve } from "./ring";
import { COMM_BYTES, commAddress, Effect, event, nextRandom } from "./state";

/** Rounds of bpf_loop at most. */
const MAX_ROUNDS: u64 = 1 << 23;
/** A helper's sizes are signed 32-bit numbers to the kernel; the verifier lets no larger one pass. */
const MAX_SIZE: u64 = 1 << 29;

export function argument(number: u32): u64 {
  return load<u64>(registerAddress(number));
}

/** Memory that a helper reads or fills, in one argument, and its size in another; 0 after a fault. */
export function memoryArgument(number: u32, size: u64, access: Access): usize {
  if (size == 0 || size > MAX_SIZE) {
    fail(Fault.BadSize, size);
    return 0;
  }
  spendBytes(size);
  return locate(argument(number), <u32>size, access);
}

/** A map in r1, of a kind that has keys or of ring buffers; null after a fault. */
function mapArgument(ring: bool): BpfMap | null {
  const map = mapAt(argument(1));
  if (map == null) {
    fail(Fault.NotAMap, argument(1));
    return null;
  }
  if ((map.type == MapType.RingBuffer) == ring) return map;
  fail(Fault.WrongMapType, argument(1));
  return null;
}

/** @returns r0; the caller looks for a fault. */
export function callHelper(helper: u32): u64 {
  const now = event();
  switch (helper) {
    case Helper.MapLookup:
      return lookup(now.cpu);
    case Helper.MapLookupOnCpu: {
      const cpu = <u32>argument(3);
      const map = mapAt(argument(1));
      if (map != null && !map.isPerCpu) fail(Fault.WrongMapType, argument(1));
      return cpu < possibleCpus() ? lookup(cpu) : 0;
    }
    case Helper.MapUpdate: {
      const map = mapArgument(false);
      if (map == null) return 0;
      const key = memoryArgument(2, map.keySize, Access.Input);
      if (key == 0) return 0;
      const value = memoryArgument(3, map.valueSize, Access.Input);
      if (value == 0) return 0;
      if (map.isReadOnly) {
        fail(Fault.ReadOnly, argument(1));
        return 0;
      }
      return updateMap(map, key, value, argument(4), now.cpu);
    }
    case Helper.MapDelete: {
      const map = mapArgument(false);
      if (map == null) return 0;
      const key = memoryArgument(2, map.keySize, Access.Input);
      return key == 0 ? 0 : deleteKey(map, key);
    }
    case Helper.ForEachElement:
      return forEachElement();
    case Helper.Loop:
      return loop();

    case Helper.MonotonicClock:
    case Helper.CoarseClock:
      return now.monotonic;
    case Helper.BootClock:
      return now.boot;
    case Helper.AtomicClock:
      return now.tai;
    case Helper.Jiffies:
      return now.jiffies;
    case Helper.Random:
      return <u32>nextRandom();
    case Helper.Cpu:
      return now.cpu;
    case Helper.NumaNode:
      return now.numaNode;
    case Helper.ProcessThread:
      return now.processThread;
    case Helper.UserGroup:
      return now.groupUser;
    case Helper.Task:
    case Helper.TypedTask:
      return now.task;
    case Helper.Cgroup:
      return now.cgroup;
    case Helper.FunctionAddress:
      return now.functionAddress;
    case Helper.AttachCookie:
      return now.cookie;
    case Helper.Comm:
      return comm();
    case Helper.NamespaceProcessThread:
      return namespaceProcessThread();
    case Helper.Stack:
      return walkStack();

    case Helper.ProbeRead:
      return probeRead(isKernelAddress(argument(3)) ? KERNEL : now.addressSpace);
    case Helper.ProbeReadText:
      return probeReadText(isKernelAddress(argument(3)) ? KERNEL : now.addressSpace);
    case Helper.ProbeReadKernel:
      return probeRead(KERNEL);
    case Helper.ProbeReadKernelText:
      return probeReadText(KERNEL);
    case Helper.ProbeReadUser:
      return probeRead(now.addressSpace);
    case Helper.ProbeReadUserText:
      return probeReadText(now.addressSpace);
    case Helper.ProbeWriteUser:
      return probeWriteUser(now.addressSpace);
    case Helper.PathText:
      return pathText();
    case Helper.Signal:
      return signal(Effect.SignalProcess);
    case Helper.SignalThread:
      return signal(Effect.SignalThread);
    case Helper.OverrideReturn:
      return overrideReturn();
    case Helper.Print:
      return print();

    case Helper.RingReserve: {
      const map = mapArgument(true);
      return map == null ? 0 : ringReserve(map, argument(2), argument(3));
    }
    case Helper.RingSubmit:
    case Helper.RingDiscard:
      ringCommit(argument(1), helper == Helper.RingDiscard);
      return 0;
    case Helper.RingOutput: {
      const map = mapArgument(true);
      if (map == null) return 0;
      // A size of 0 is allowed here: a record without data.
      const size = argument(3);
      let data = map.memory;
      if (size != 0) data = memoryArgument(2, size, Access.Input);
      return data == 0 ? 0 : ringOutput(map, data, size, argument(4));
    }
    case Helper.RingQuery: {
      const map = mapArgument(true);
      return map == null ? 0 : ringQuery(map, argument(2));
    }
    default:
      fail(Fault.UnknownHelper, helper);
      return 0;
  }
}

function lookup(cpu: u32): u64 {
  const map = mapArgument(false);
  if (map == null) return 0;
  const key = memoryArgument(2, map.keySize, Access.Input);
  if (key == 0) return 0;
  const number = findNumber(map, key);
  return number < 0 ? 0 : handOut(map, number, cpu, valueOf(map, number, cpu));
}

function forEachElement(): u64 {
  const map = mapArgument(false);
  if (map == null) return 0;
  const address = argument(1);
  const callback = argument(2);
  const memory = argument(3);
  if (argument(4) != 0) return Errno.Invalid;
  const cpu = event().cpu;
  const numbers = map.isHash ? map.numbers : map.capacity;
  spend(numbers);
  let calls: u64 = 0;
  for (let number: u32 = 0; number < numbers; number++) {
    if (map.isHash) {
      if (!isLive(map, number)) continue;
    } else store<u32>(map.index, number);
    calls++;
    store<u64>(registerAddress(1), address);
    store<u64>(registerAddress(2), map.isHash ? keyAddress(map, number) : keyAddress(map, 0));
    store<u64>(registerAddress(3), handOut(map, number, cpu, valueOf(map, number, cpu)));
    store<u64>(registerAddress(4), memory);
    if (callBack(callback) != 0 || hasFault()) break;
  }
  return calls;
}

function loop(): u64 {
  const rounds = <u64>(<u32>argument(1));
  const callback = argument(2);
  const memory = argument(3);
  if (argument(4) != 0) return Errno.Invalid;
  if (rounds > MAX_ROUNDS) return Errno.TooBig;
  for (let round: u64 = 0; round < rounds; round++) {
    store<u64>(registerAddress(1), round);
    store<u64>(registerAddress(2), memory);
    if (callBack(callback) != 0 || hasFault()) return round + 1;
  }
  return rounds;
}

function comm(): u64 {
  const size = argument(2);
  const to = memoryArgument(1, size, Access.Output);
  if (to == 0) return 0;
  const copied = <u32>min(size, COMM_BYTES);
  memory.fill(to, 0, <usize>size);
  memory.copy(to, commAddress(), copied);
  store<u8>(to + copied - 1, 0);
  return 0;
}

function namespaceProcessThread(): u64 {
  const now = event();
  const size = argument(4);
  const to = memoryArgument(3, size, Access.Output);
  if (to == 0) return 0;
  const known = size == 8 && argument(1) == now.namespaceDevice && argument(2) == now.namespaceInode;
  memory.fill(to, 0, <usize>size);
  if (!known) return Errno.Invalid;
  store<u32>(to, now.namespaceThread);
  store<u32>(to, now.namespaceProcess, 4);
  return 0;
}
