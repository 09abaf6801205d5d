// The helpers that the machine knows, by the kernel's numbers, and how many arguments they take.

export const enum Helper {
  MapLookup = 1,
  MapUpdate = 2,
  MapDelete = 3,
  ProbeRead = 4,
  MonotonicClock = 5,
  Print = 6,
  Random = 7,
  Cpu = 8,
  ProcessThread = 14,
  UserGroup = 15,
  Comm = 16,
  Task = 35,
  ProbeWriteUser = 36,
  NumaNode = 42,
  ProbeReadText = 45,
  OverrideReturn = 58,
  Stack = 67,
  Cgroup = 80,
  Signal = 109,
  ProbeReadUser = 112,
  ProbeReadKernel = 113,
  ProbeReadUserText = 114,
  ProbeReadKernelText = 115,
  SignalThread = 117,
  Jiffies = 118,
  NamespaceProcessThread = 120,
  BootClock = 125,
  RingOutput = 130,
  RingReserve = 131,
  RingSubmit = 132,
  RingDiscard = 133,
  RingQuery = 134,
  PathText = 147,
  TypedTask = 158,
  CoarseClock = 160,
  ForEachElement = 164,
  FunctionAddress = 173,
  AttachCookie = 174,
  Loop = 181,
  MapLookupOnCpu = 195,
  AtomicClock = 208,
}

/** Registers that a helper reads, from r1 on; -1: there is no such helper. */
export function helperArguments(helper: i32): i32 {
  switch (helper) {
    case Helper.MonotonicClock:
    case Helper.Random:
    case Helper.Cpu:
    case Helper.ProcessThread:
    case Helper.UserGroup:
    case Helper.Task:
    case Helper.NumaNode:
    case Helper.Cgroup:
    case Helper.Jiffies:
    case Helper.BootClock:
    case Helper.TypedTask:
    case Helper.CoarseClock:
    case Helper.AtomicClock:
      return 0;
    case Helper.Signal:
    case Helper.SignalThread:
    case Helper.FunctionAddress:
    case Helper.AttachCookie:
      return 1;
    case Helper.MapLookup:
    case Helper.MapDelete:
    case Helper.Comm:
    case Helper.OverrideReturn:
    case Helper.RingSubmit:
    case Helper.RingDiscard:
    case Helper.RingQuery:
    // More are read by formats that have more.
    case Helper.Print:
      return 2;
    case Helper.ProbeRead:
    case Helper.ProbeReadText:
    case Helper.ProbeWriteUser:
    case Helper.ProbeReadUser:
    case Helper.ProbeReadKernel:
    case Helper.ProbeReadUserText:
    case Helper.ProbeReadKernelText:
    case Helper.RingReserve:
    case Helper.PathText:
    case Helper.MapLookupOnCpu:
      return 3;
    case Helper.MapUpdate:
    case Helper.Stack:
    case Helper.NamespaceProcessThread:
    case Helper.RingOutput:
    case Helper.ForEachElement:
    case Helper.Loop:
      return 4;
    default:
      return -1;
  }
}

/** Whether a helper answers NULL where there is nothing: its pointers are no typed kernel pointers. */
export function answersNull(helper: i32): bool {
  return helper == Helper.MapLookup || helper == Helper.MapLookupOnCpu || helper == Helper.RingReserve;
}
