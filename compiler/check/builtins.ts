// The builtins: values that a script names without declaring them. One row each; the checker, the lowering and the
// documentation read the same row. Meaning and types: features section 4.1.

import { Helper } from "../ir/helpers";
import { BasicType } from "./types";

/** How lowering gets the value. */
export const enum Recipe {
  /** The result of a helper without arguments. */
  HelperResult,
  /** Its low 32 bits. */
  HelperLow,
  /** Its high 32 bits. */
  HelperHigh,
  /** The command name: 16 bytes written by a helper. */
  CommandName,
  /** `struct task_struct *` of the running task. */
  CurrentTask,
  /** The fields of the probe. */
  ProbeArguments,
  /** A register argument; the number is part of the name. */
  RegisterArgument,
  /** What the function returned. */
  ReturnValue,
  /** The probe's name: constant text. */
  ProbeName,
  /** `begin`, `tracepoint`: constant text. */
  ProbeType,
  /** The frames of a stack. */
  Stack,
  /** The user id, printed as a name. */
  UserName,
  /** A constant that `bind` sets. */
  Constant,
  /** Nanoseconds since the start of the trace. */
  Elapsed,
  /** Whether the processor was in user mode. */
  UserMode,
  /** The probed function, by address. */
  ProbedFunction,
  /** What the probe's program is called with, as a typed pointer. */
  ProbeContext,
  /** A chain of fields from `struct task_struct`. */
  TaskField,
}

/** Bytes of the name of a probe that is known only where it is attached. */
export const PROBE_NAME_SIZE: i32 = 128;

@final
export class BuiltinRow {
  constructor(
    public name: string,
    public recipe: Recipe,
    /** Helper of the first three recipes. */
    public helper: i32,
    /** A `BasicType`; 0 where the recipe decides. */
    public type: i32,
    /** The same as scripts write it. */
    public typeText: string,
    /** One line for help and editor. */
    public documentation: string,
  ) {}
}

export function builtinRows(): Array<BuiltinRow> {
  return [
    new BuiltinRow(
      "pid",
      Recipe.HelperHigh,
      Helper.GetCurrentPidTgid,
      BasicType.Uint32,
      "uint32",
      "Process id (thread group id) of the running task",
    ),
    new BuiltinRow("tid", Recipe.HelperLow, Helper.GetCurrentPidTgid, BasicType.Uint32, "uint32", "Thread id of the running task"),
    new BuiltinRow("uid", Recipe.HelperLow, Helper.GetCurrentUidGid, BasicType.Uint64, "uint64", "User id of the running task"),
    new BuiltinRow("gid", Recipe.HelperHigh, Helper.GetCurrentUidGid, BasicType.Uint64, "uint64", "Group id of the running task"),
    new BuiltinRow(
      "nsecs",
      Recipe.HelperResult,
      Helper.KtimeGetBootNs,
      BasicType.Uint64,
      "uint64",
      "Nanoseconds since boot, suspended time included",
    ),
    new BuiltinRow("cpu", Recipe.HelperResult, Helper.GetSmpProcessorId, BasicType.Uint64, "uint64", "Number of the running CPU"),
    new BuiltinRow("numaid", Recipe.HelperResult, Helper.GetNumaNodeId, BasicType.Uint64, "uint64", "NUMA node of the running CPU"),
    new BuiltinRow("jiffies", Recipe.HelperResult, Helper.Jiffies64, BasicType.Uint64, "uint64", "Ticks of the kernel's timer"),
    new BuiltinRow("rand", Recipe.HelperResult, Helper.GetPrandomU32, BasicType.Uint64, "uint64", "A random number of 32 bits"),
    new BuiltinRow(
      "cgroup",
      Recipe.HelperResult,
      Helper.GetCurrentCgroupId,
      BasicType.Uint64,
      "uint64",
      "Id of the task's cgroup (version 2)",
    ),
    new BuiltinRow("comm", Recipe.CommandName, 0, 0, "string[16]", "Name of the running thread, at most 15 bytes"),
    new BuiltinRow(
      "curtask",
      Recipe.CurrentTask,
      Helper.GetCurrentTask,
      0,
      "struct task_struct *",
      "The running task, as the kernel has it: curtask->real_parent->tgid",
    ),
    new BuiltinRow(
      "args",
      Recipe.ProbeArguments,
      0,
      BasicType.Arguments,
      "record",
      "Arguments or fields of the probe, by name: args.filename",
    ),
    new BuiltinRow(
      "retval",
      Recipe.ReturnValue,
      0,
      BasicType.Uint64,
      "uint64, or typed",
      "What the probed function returned; in fexit with its type",
    ),
    new BuiltinRow("probetype", Recipe.ProbeType, 0, 0, "string", "Kind of the probe, such as tracepoint; special for begin and end"),
    new BuiltinRow("kstack", Recipe.Stack, 0, 0, "kstack_t", "The kernel's stack; kstack() takes a mode and a limit"),
    new BuiltinRow("ustack", Recipe.Stack, 0, 0, "ustack_t", "The process's stack; ustack() takes a mode and a limit"),
    new BuiltinRow("username", Recipe.UserName, Helper.GetCurrentUidGid, 0, "username_t", "Name of the user of the running task"),
    new BuiltinRow("ncpus", Recipe.Constant, 0, BasicType.Uint64, "uint64", "Number of CPUs"),
    new BuiltinRow("cpid", Recipe.Constant, 0, BasicType.Uint64, "uint64", "Process id of the command of -c"),
    new BuiltinRow("has_cpid", Recipe.Constant, 0, BasicType.Bool, "bool", "Whether there is a command of -c"),
    new BuiltinRow(
      "elapsed",
      Recipe.Elapsed,
      Helper.KtimeGetBootNs,
      BasicType.Uint64,
      "uint64",
      "Nanoseconds since the start of the trace",
    ),
    new BuiltinRow("usermode", Recipe.UserMode, 0, BasicType.Uint8, "uint8", "1 when the processor was in user mode, else 0; x86-64 only"),
    new BuiltinRow("func", Recipe.ProbedFunction, Helper.GetFuncIp, 0, "ksym_t or usym_t", "Name of the probed function"),
    new BuiltinRow("ppid", Recipe.TaskField, 0, 0, "int32", "Process id of the parent of the running task"),
    new BuiltinRow("pcomm", Recipe.TaskField, 0, 0, "string[16]", "Command name of the parent of the running task"),
    new BuiltinRow("leader_tid", Recipe.TaskField, 0, 0, "int32", "Thread id of the leader of the thread group"),
    new BuiltinRow("leader_comm", Recipe.TaskField, 0, 0, "string[16]", "Command name of the leader of the thread group"),
    new BuiltinRow(
      "ctx",
      Recipe.ProbeContext,
      0,
      0,
      "struct pt_regs *, struct bpf_perf_event_data *, struct bpf_iter__NAME *",
      "What the kernel hands the probe: registers, a sample, or an iterator's object, as ctx.field",
    ),
    new BuiltinRow("probe", Recipe.ProbeName, 0, 0, "string", "Full name of the probe, such as kprobe:vfs_read"),
  ];
}

/** The fields that a builtin of recipe `TaskField` follows from `curtask`, in order. */
export function taskFields(name: string): Array<string> {
  if (name == "ppid") return ["real_parent", "tgid"];
  if (name == "pcomm") return ["real_parent", "comm"];
  if (name == "leader_tid") return ["group_leader", "pid"];
  return ["group_leader", "comm"];
}

/** `argN`: not a row of its own per number. */
export function registerArgumentRow(): BuiltinRow {
  return new BuiltinRow(
    "arg",
    Recipe.RegisterArgument,
    0,
    BasicType.Uint64,
    "uint64",
    "Argument N of the probed function, from 0 on: arg0, arg1",
  );
}
