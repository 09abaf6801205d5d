// The functions that scripts call. One row each; the checker, the lowering and the documentation read the same row.
// Meaning: features section 4.2 to 4.4.

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
  ErrorText,
  SignalName,
  SyscallName,
  // Numbers and addresses.
  ByteSwap,
  Register,
  KernelAddress,
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
  // Actions.
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
  HasKey,
  Find,
  Length,
  IsScalar,
  KernelPointer,
  UserPointer,
  // Aggregations: only as the value assigned to a map.
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
  constructor(
    public name: string,
    public id: FunctionId,
    public minimumArguments: i32,
    public maximumArguments: i32,
    /** True for the aggregations. */
    public isAggregation: bool,
    /** One line for help and editor. */
    public documentation: string,
  ) {}
}

/** Whether a call changes nothing: only its value counts. */
export function isPure(id: FunctionId): bool {
  return id == FunctionId.Str || (id >= FunctionId.StringCompare && id <= FunctionId.CgroupPath);
}

/** The most arguments that printf-like functions take. */
export const MAXIMUM_FORMAT_ARGUMENTS: i32 = 127;

export function functionRows(): Array<FunctionRow> {
  return [
    new FunctionRow("printf", FunctionId.Printf, 1, MAXIMUM_FORMAT_ARGUMENTS + 1, false, "printf(format, ...): prints formatted text"),
    new FunctionRow("print", FunctionId.Print, 1, 3, false, "print(@map[, top[, divisor]]) or print(value)"),
    new FunctionRow("clear", FunctionId.Clear, 1, 1, false, "clear(@map): removes all keys"),
    new FunctionRow("zero", FunctionId.Zero, 1, 1, false, "zero(@map): sets all values to zero"),
    new FunctionRow("exit", FunctionId.Exit, 0, 1, false, "exit([code]): ends the trace"),
    new FunctionRow("str", FunctionId.Str, 1, 2, false, "str(address[, length]): text at an address"),
    new FunctionRow("getopt", FunctionId.Getopt, 1, 3, false, "getopt(name[, default[, description]]): a named parameter of the script"),
    new FunctionRow("delete", FunctionId.Delete, 1, 2, false, "delete(@map, key): removes a key"),
    new FunctionRow("strncmp", FunctionId.StringCompare, 3, 3, false, "strncmp(a, b, length): 0 when the first bytes of two texts are equal, else 1"),
    new FunctionRow("strlen", FunctionId.StringLength, 1, 1, false, "strlen(text): bytes before the NUL"),
    new FunctionRow("strcap", FunctionId.StringCapacity, 1, 1, false, "strcap(text): bytes that the text's type has room for"),
    new FunctionRow("strstr", FunctionId.StringSearch, 2, 2, false, "strstr(text, part): where the part begins, or a negative number"),
    new FunctionRow("strcontains", FunctionId.StringContains, 2, 2, false, "strcontains(text, part): whether the part is in the text"),
    new FunctionRow("str_concat", FunctionId.StringConcatenate, 2, 2, false, "str_concat(a, b): both texts, one behind the other"),
    new FunctionRow("strerror", FunctionId.ErrorText, 1, 1, false, "strerror(number): the meaning of an errno"),
    new FunctionRow("signal_name", FunctionId.SignalName, 1, 1, false, "signal_name(number): what a signal is called"),
    new FunctionRow("syscall_name", FunctionId.SyscallName, 1, 1, false, "syscall_name(number): what a system call is called"),
    new FunctionRow("bswap", FunctionId.ByteSwap, 1, 1, false, "bswap(n): the bytes of a number in reverse order"),
    new FunctionRow("reg", FunctionId.Register, 1, 1, false, "reg(name): a register of the probed place"),
    new FunctionRow("kaddr", FunctionId.KernelAddress, 1, 1, false, "kaddr(name): address of a kernel symbol"),
    new FunctionRow("cgroupid", FunctionId.CgroupId, 1, 1, false, "cgroupid(path): id of a cgroup (version 2)"),
    new FunctionRow("nsecs", FunctionId.NanoSeconds, 0, 1, false, "nsecs([boot|monotonic|tai|sw_tai]): nanoseconds of a clock"),
    new FunctionRow("pid", FunctionId.ProcessId, 0, 1, false, "pid([curr_ns|init]): process id of the running task"),
    new FunctionRow("tid", FunctionId.ThreadId, 0, 1, false, "tid([curr_ns|init]): thread id of the running task"),
    new FunctionRow("ppid", FunctionId.TaskField, 0, 1, false, "ppid([task]): process id of a task's parent"),
    new FunctionRow("pcomm", FunctionId.TaskField, 0, 1, false, "pcomm([task]): command name of a task's parent"),
    new FunctionRow("leader_tid", FunctionId.TaskField, 0, 1, false, "leader_tid([task]): thread id of a task's thread group leader"),
    new FunctionRow("leader_comm", FunctionId.TaskField, 0, 1, false, "leader_comm([task]): command name of a task's thread group leader"),
    new FunctionRow("buf", FunctionId.Buffer, 1, 2, false, "buf(address[, length]): bytes at an address"),
    new FunctionRow("macaddr", FunctionId.MacAddress, 1, 1, false, "macaddr(bytes): a MAC address"),
    new FunctionRow("ntop", FunctionId.NetworkAddress, 1, 2, false, "ntop([family,] address): an IP address"),
    new FunctionRow("pton", FunctionId.ParseAddress, 1, 1, false, "pton(text): the bytes of an IP address"),
    new FunctionRow("ksym", FunctionId.KernelSymbol, 1, 1, false, "ksym(address): name of a kernel symbol"),
    new FunctionRow("usym", FunctionId.UserSymbol, 1, 1, false, "usym(address): name of a symbol of the process"),
    new FunctionRow("kstack", FunctionId.KernelStack, 0, 2, false, "kstack([mode,] [limit]): the kernel's stack"),
    new FunctionRow("ustack", FunctionId.UserStack, 0, 2, false, "ustack([mode,] [limit]): the process's stack"),
    new FunctionRow("strftime", FunctionId.FormatTime, 2, 2, false, "strftime(format, nsecs): a time of the boot clock as text"),
    new FunctionRow("cgroup_path", FunctionId.CgroupPath, 1, 2, false, "cgroup_path(id[, filter]): paths of a cgroup"),
    new FunctionRow("time", FunctionId.Time, 0, 1, false, "time([format]): prints the time of day"),
    new FunctionRow("join", FunctionId.Join, 1, 2, false, "join(argv[, separator]): prints an array of texts"),
    new FunctionRow("cat", FunctionId.Cat, 1, 1 + MAXIMUM_FORMAT_ARGUMENTS, false, "cat(format, ...): prints a file"),
    new FunctionRow("system", FunctionId.System, 1, 1 + MAXIMUM_FORMAT_ARGUMENTS, false, "system(format, ...): runs a shell command"),
    new FunctionRow("errorf", FunctionId.ReportError, 1, 1 + MAXIMUM_FORMAT_ARGUMENTS, false, "errorf(format, ...): prints an error with its place in the script"),
    new FunctionRow("warnf", FunctionId.ReportWarning, 1, 1 + MAXIMUM_FORMAT_ARGUMENTS, false, "warnf(format, ...): prints a warning with its place in the script"),
    new FunctionRow("debugf", FunctionId.DebugPrint, 1, 4, false, "debugf(format, ...): prints to the kernel's trace pipe"),
    new FunctionRow("signal", FunctionId.Signal, 1, 1, false, "signal(number or name): sends a signal to the process"),
    new FunctionRow("signal_thread", FunctionId.SignalThread, 1, 1, false, "signal_thread(number or name): sends a signal to the thread"),
    new FunctionRow("override", FunctionId.Override, 1, 1, false, "override(value): makes the probed function return a value at once"),
    new FunctionRow("write_user", FunctionId.WriteUser, 3, 3, false, "write_user(target, source, length): writes memory of the process"),
    new FunctionRow("has_key", FunctionId.HasKey, 2, 2, false, "has_key(@map, key): whether the key is there"),
    new FunctionRow("find", FunctionId.Find, 3, 3, false, "find(@map, key, $variable): sets the variable if the key is there"),
    new FunctionRow("len", FunctionId.Length, 1, 1, false, "len(@map): number of keys"),
    new FunctionRow("is_scalar", FunctionId.IsScalar, 1, 1, false, "is_scalar(@map): whether the map has no keys"),
    new FunctionRow("kptr", FunctionId.KernelPointer, 1, 1, false, "kptr(pointer): the pointer, into kernel memory"),
    new FunctionRow("uptr", FunctionId.UserPointer, 1, 1, false, "uptr(pointer): the pointer, into user memory"),
    new FunctionRow("count", FunctionId.Count, 0, 0, true, "count(): number of calls"),
    new FunctionRow("sum", FunctionId.Sum, 1, 1, true, "sum(n): total"),
    new FunctionRow("min", FunctionId.Minimum, 1, 1, true, "min(n): smallest"),
    new FunctionRow("max", FunctionId.Maximum, 1, 1, true, "max(n): largest"),
    new FunctionRow("avg", FunctionId.Average, 1, 1, true, "avg(n): mean"),
    new FunctionRow("stats", FunctionId.Stats, 1, 1, true, "stats(n): count, mean and total"),
    new FunctionRow("hist", FunctionId.Histogram, 1, 2, true, "hist(n[, bits]): histogram with power-of-two buckets"),
    new FunctionRow("tseries", FunctionId.TimeSeries, 3, 4, true, "tseries(n, interval, count[, \"avg\"|\"max\"|\"min\"|\"sum\"]): values by time"),
    new FunctionRow("lhist", FunctionId.LinearHistogram, 4, 4, true, "lhist(n, min, max, step): histogram with equal buckets"),
  ];
}
