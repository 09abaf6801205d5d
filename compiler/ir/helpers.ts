// The BPF helpers that our code calls, one row each: number (include/uapi/linux/bpf.h), name, what it returns and takes. Functions
// of the kernel that programs may call (kfuncs) have numbers of our own: the object's writer makes references to names of them.
// The validator holds every call to its row; numbers and minimum kernels are those of facts and the kernel's helper list.

import { Type } from "./ir";

/** Numbers from here on are kernel functions. */
export const KERNEL_FUNCTION: i32 = 0x10000;

/** Helper numbers of the kernel. */
export const enum Helper {
  MapLookupElem = 1,
  MapUpdateElem = 2,
  MapDeleteElem = 3,
  KtimeGetNs = 5,
  TracePrintk = 6,
  GetPrandomU32 = 7,
  GetSmpProcessorId = 8,
  GetCurrentPidTgid = 14,
  GetCurrentUidGid = 15,
  GetCurrentComm = 16,
  GetCurrentTask = 35,
  ProbeWriteUser = 36,
  GetNumaNodeId = 42,
  GetSocketCookie = 46,
  OverrideReturn = 58,
  GetStack = 67,
  GetCurrentCgroupId = 80,
  SendSignal = 109,
  ProbeReadUser = 112,
  ProbeReadKernel = 113,
  ProbeReadUserStr = 114,
  ProbeReadKernelStr = 115,
  SendSignalThread = 117,
  Jiffies64 = 118,
  GetNsCurrentPidTgid = 120,
  KtimeGetBootNs = 125,
  SeqWrite = 127,
  RingbufOutput = 130,
  RingbufReserve = 131,
  RingbufSubmit = 132,
  RingbufDiscard = 133,
  RingbufQuery = 134,
  DPath = 147,
  GetFuncIp = 173,
  ForEachMapElem = 164,
  BpfLoop = 181,
  MapLookupPercpuElem = 195,
  KtimeGetTaiNs = 208,
  TaskFromPid = 0x10000,
  TaskRelease = 0x10001,
}

/** What a helper takes in one argument register. */
export const enum Argument {
  /** Any scalar. */
  Scalar,
  /** The context. */
  Context,
  /** A map. */
  Map,
  /** Initialised memory of the map's key size. */
  Key,
  /** Initialised memory of the map's value size. */
  Value,
  /** Memory that the helper fills; its size is in the next argument (`Size`) or the one before (`SizeBefore`). */
  Output,
  /** Initialised memory; its size is in the next argument. */
  Input,
  /** Bytes of the memory argument before this one. */
  Size,
  /** A kernel or user address, unchecked. */
  Address,
  /** A reserved record, whose ownership ends with the call. */
  Record,
  /** An object, whose reference the call gives back. */
  Reference,
  /** A callback function. */
  Callback,
  /** An address in the stack frame, or 0. */
  StackOrNull,
  /** An object of the kernel. */
  Object,
}

export class HelperRow {
  constructor(
    /** Kernel name without `bpf_`. */
    public name: string,
    public number: i32,
    public result: Type,
    public parameters: StaticArray<Argument>,
  ) {}
}

/** All rows; `findHelper` looks one up by number. */
export function helperRows(): StaticArray<HelperRow> {
  return [
    new HelperRow("map_lookup_elem", Helper.MapLookupElem, Type.MapValueOrNull, [Argument.Map, Argument.Key]),
    new HelperRow("map_update_elem", Helper.MapUpdateElem, Type.Scalar, [Argument.Map, Argument.Key, Argument.Value, Argument.Scalar]),
    new HelperRow("map_delete_elem", Helper.MapDeleteElem, Type.Scalar, [Argument.Map, Argument.Key]),
    new HelperRow("ktime_get_ns", Helper.KtimeGetNs, Type.Scalar, []),
    new HelperRow("trace_printk", Helper.TracePrintk, Type.Scalar, [
      Argument.Input,
      Argument.Size,
      Argument.Scalar,
      Argument.Scalar,
      Argument.Scalar,
    ]),
    new HelperRow("probe_write_user", Helper.ProbeWriteUser, Type.Scalar, [Argument.Address, Argument.Input, Argument.Size]),
    new HelperRow("override_return", Helper.OverrideReturn, Type.Scalar, [Argument.Context, Argument.Scalar]),
    new HelperRow("send_signal_thread", Helper.SendSignalThread, Type.Scalar, [Argument.Scalar]),
    new HelperRow("get_ns_current_pid_tgid", Helper.GetNsCurrentPidTgid, Type.Scalar, [
      Argument.Scalar,
      Argument.Scalar,
      Argument.Output,
      Argument.Size,
    ]),
    new HelperRow("ktime_get_tai_ns", Helper.KtimeGetTaiNs, Type.Scalar, []),
    new HelperRow("get_prandom_u32", Helper.GetPrandomU32, Type.Scalar, []),
    new HelperRow("get_smp_processor_id", Helper.GetSmpProcessorId, Type.Scalar, []),
    new HelperRow("get_current_pid_tgid", Helper.GetCurrentPidTgid, Type.Scalar, []),
    new HelperRow("get_current_uid_gid", Helper.GetCurrentUidGid, Type.Scalar, []),
    new HelperRow("get_current_comm", Helper.GetCurrentComm, Type.Scalar, [Argument.Output, Argument.Size]),
    new HelperRow("get_current_task", Helper.GetCurrentTask, Type.Kernel, []),
    new HelperRow("get_numa_node_id", Helper.GetNumaNodeId, Type.Scalar, []),
    new HelperRow("get_socket_cookie", Helper.GetSocketCookie, Type.Scalar, [Argument.Address]),
    new HelperRow("get_stack", Helper.GetStack, Type.Scalar, [Argument.Context, Argument.Output, Argument.Size, Argument.Scalar]),
    new HelperRow("get_current_cgroup_id", Helper.GetCurrentCgroupId, Type.Scalar, []),
    new HelperRow("send_signal", Helper.SendSignal, Type.Scalar, [Argument.Scalar]),
    new HelperRow("probe_read_user", Helper.ProbeReadUser, Type.Scalar, [Argument.Output, Argument.Size, Argument.Address]),
    new HelperRow("probe_read_kernel", Helper.ProbeReadKernel, Type.Scalar, [Argument.Output, Argument.Size, Argument.Address]),
    new HelperRow("probe_read_user_str", Helper.ProbeReadUserStr, Type.Scalar, [Argument.Output, Argument.Size, Argument.Address]),
    new HelperRow("probe_read_kernel_str", Helper.ProbeReadKernelStr, Type.Scalar, [Argument.Output, Argument.Size, Argument.Address]),
    new HelperRow("jiffies64", Helper.Jiffies64, Type.Scalar, []),
    new HelperRow("ktime_get_boot_ns", Helper.KtimeGetBootNs, Type.Scalar, []),
    new HelperRow("seq_write", Helper.SeqWrite, Type.Scalar, [Argument.Object, Argument.Input, Argument.Size]),
    new HelperRow("ringbuf_output", Helper.RingbufOutput, Type.Scalar, [Argument.Map, Argument.Input, Argument.Size, Argument.Scalar]),
    new HelperRow("ringbuf_reserve", Helper.RingbufReserve, Type.RecordOrNull, [Argument.Map, Argument.Scalar, Argument.Scalar]),
    new HelperRow("ringbuf_submit", Helper.RingbufSubmit, Type.Void, [Argument.Record, Argument.Scalar]),
    new HelperRow("ringbuf_discard", Helper.RingbufDiscard, Type.Void, [Argument.Record, Argument.Scalar]),
    new HelperRow("ringbuf_query", Helper.RingbufQuery, Type.Scalar, [Argument.Map, Argument.Scalar]),
    new HelperRow("loop", Helper.BpfLoop, Type.Scalar, [Argument.Scalar, Argument.Callback, Argument.StackOrNull, Argument.Scalar]),
    new HelperRow("for_each_map_elem", Helper.ForEachMapElem, Type.Scalar, [
      Argument.Map,
      Argument.Callback,
      Argument.StackOrNull,
      Argument.Scalar,
    ]),
    new HelperRow("map_lookup_percpu_elem", Helper.MapLookupPercpuElem, Type.MapValueOrNull, [Argument.Map, Argument.Key, Argument.Scalar]),
    new HelperRow("d_path", Helper.DPath, Type.Scalar, [Argument.Address, Argument.Output, Argument.Size]),
    new HelperRow("get_func_ip", Helper.GetFuncIp, Type.Kernel, [Argument.Context]),
    new HelperRow("task_from_pid", Helper.TaskFromPid, Type.ReferenceOrNull, [Argument.Scalar]),
    new HelperRow("task_release", Helper.TaskRelease, Type.Void, [Argument.Reference]),
  ];
}

/** True for helpers without effect or memory arguments that answer the same all through one run of a program. */
export function isPureHelper(number: i32): bool {
  switch (number) {
    case Helper.GetCurrentPidTgid:
    case Helper.GetCurrentUidGid:
    case Helper.GetSmpProcessorId:
    case Helper.GetCurrentTask:
    case Helper.GetNumaNodeId:
    case Helper.GetCurrentCgroupId:
    case Helper.GetFuncIp:
      return true;
    default:
      return false;
  }
}
