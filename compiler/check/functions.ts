// What a function that scripts call is to the checker, the lowering and the documentation; function-rows.ts has one row for each.

/** Which function. */
export const enum FunctionId {
  Printf,
  Print,
  Clear,
  Zero,
  Exit,
  Str,
  Getopt,
  Delete,
  // Texts.
  StringCompare,
  StringLength,
  StringCapacity,
  StringSearch,
  StringContains,
  StringConcatenate,
  Glob,
  ErrorText,
  SignalName,
  SyscallName,
  // Numbers and addresses.
  ByteSwap,
  Register,
  KernelAddress,
  UserAddress,
  CgroupId,
  NanoSeconds,
  ProcessId,
  ThreadId,
  /** ppid(task) and its like: see `taskFields`. */
  TaskField,
  // Values that are printed in a form of their own.
  Buffer,
  MacAddress,
  NetworkAddress,
  ParseAddress,
  KernelSymbol,
  UserSymbol,
  KernelStack,
  UserStack,
  FormatTime,
  CgroupPath,
  Path,
  /** is_ptr() and its like: known while compiling. */
  TypeQuestion,
  KernelFunctionExists,
  KernelFunctionAllowed,
  DefaultTextLength,
  IsError,
  MemoryCompare,
  PerCpuAddress,
  /** socket_cookie(), which needs a pointer that the verifier knows. */
  SocketCookie,
  KernelVersion,
  // Actions.
  /** comm(PID): warns where there is no such process. */
  TaskName,
  Time,
  Join,
  Cat,
  System,
  ReportError,
  ReportWarning,
  DebugPrint,
  Signal,
  SignalThread,
  Override,
  WriteUser,
  Assert,
  StaticAssert,
  Fail,
  AssertText,
  /** skboutput(), dw_ustack() and unwatch(), which are refused. */
  Refused,
  HasKey,
  Find,
  Length,
  IsScalar,
  KernelPointer,
  UserPointer,
  // Aggregations: only as the value assigned to a map. The last of all, from Count on.
  Count,
  Sum,
  Minimum,
  Maximum,
  Average,
  Stats,
  Histogram,
  LinearHistogram,
  TimeSeries,
}

@final
export class FunctionRow {
  /** Only `--unsafe` allows it. */
  isUnsafe: bool = false;
  /** Of one that is known and refused: why, as the end of a sentence, and what to do instead. Empty for all others. */
  refusal: string = "";
  advice: string = "";
  /** What it needs of the kernel, in the words of the manifest, and the first release that has it; empty where every kernel does. */
  feature: string = "";
  kernel: string = "";
  example: string = "";

  constructor(
    public name: string,
    public id: FunctionId,
    public minimumArguments: i32,
    public maximumArguments: i32,
    /** The type of its value as scripts write it; `void` without one. */
    public type: string,
    /** How it is called: optional arguments in brackets. */
    public signature: string,
    /** One line for help and editor. */
    public documentation: string,
  ) {}

  get isAggregation(): bool {
    return this.id >= FunctionId.Count;
  }

  unsafe(): this {
    this.isUnsafe = true;
    return this;
  }

  refused(why: string, advice: string): this {
    this.refusal = why;
    this.advice = advice;
    return this;
  }

  needs(feature: string, kernel: string): this {
    this.feature = feature;
    this.kernel = kernel;
    return this;
  }

  shownBy(example: string): this {
    this.example = example;
    return this;
  }
}

/** Whether a call changes nothing: only its value counts. */
export function isPure(id: FunctionId): bool {
  return id == FunctionId.Str || (id >= FunctionId.StringCompare && id <= FunctionId.KernelVersion);
}

/** The most arguments that printf-like functions take. */
export const MAXIMUM_FORMAT_ARGUMENTS: i32 = 127;
