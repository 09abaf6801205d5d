// The functions that scripts call. One row each; the checker, the lowering and the documentation read the same row.
// Here those that do something, ask about types, or work on maps; value-function-rows.ts has those that make values.
// Meaning: features section 4.2 to 4.4.

import { FunctionId, FunctionRow, MAXIMUM_FORMAT_ARGUMENTS } from "./functions";
import { textFunctions, valueFunctions } from "./value-function-rows";

const FORMATTED: i32 = 1 + MAXIMUM_FORMAT_ARGUMENTS;

export function functionRows(): Array<FunctionRow> {
  return printing().concat(textFunctions()).concat(valueFunctions()).concat(actions()).concat(questions()).concat(maps());
}

function printing(): Array<FunctionRow> {
  return [
    new FunctionRow(
      "printf",
      FunctionId.Printf,
      1,
      FORMATTED,
      "void",
      "printf(format, ...)",
      "Prints formatted text: %d, %ld, %x, %s, %p, %c, %r",
    ).shownBy('printf("%s %d\\n", comm, pid)'),
    new FunctionRow(
      "print",
      FunctionId.Print,
      1,
      3,
      "void",
      "print(value) or print(@map[, top[, divisor]])",
      "Prints a value, or a map: its top largest entries, values divided",
    ).shownBy("print(@bytes, 10, 1024)"),
    new FunctionRow("clear", FunctionId.Clear, 1, 1, "void", "clear(@map)", "Removes all keys of a map"),
    new FunctionRow("zero", FunctionId.Zero, 1, 1, "void", "zero(@map)", "Sets all values of a map to zero and keeps its keys"),
    new FunctionRow(
      "exit",
      FunctionId.Exit,
      0,
      1,
      "void",
      "exit([code])",
      "Ends the trace: end probes run, maps are printed, and the program exits with the code",
    ),
    new FunctionRow(
      "time",
      FunctionId.Time,
      0,
      1,
      "void",
      "time([format])",
      "Prints the time of day, as strftime(3) formats it; without a format 12:34:56 on a line",
    ).shownBy('time("%H:%M:%S ")'),
    new FunctionRow(
      "join",
      FunctionId.Join,
      1,
      2,
      "void",
      "join(argv[, separator])",
      "Prints an array of texts, such as the words of a command line, and ends the line",
    ).shownBy("join(args.argv)"),
    new FunctionRow(
      "cat",
      FunctionId.Cat,
      1,
      FORMATTED,
      "void",
      "cat(format, ...)",
      "Prints a file whose name is formatted as by printf(), at most max_cat_bytes of it",
    ).shownBy('cat("/proc/%d/status", pid)'),
    new FunctionRow(
      "errorf",
      FunctionId.ReportError,
      1,
      FORMATTED,
      "void",
      "errorf(format, ...)",
      "Prints an error with its place in the script; the trace goes on",
    ),
    new FunctionRow(
      "warnf",
      FunctionId.ReportWarning,
      1,
      FORMATTED,
      "void",
      "warnf(format, ...)",
      "Prints a warning with its place in the script, unless --no-warnings is given",
    ),
    new FunctionRow(
      "debugf",
      FunctionId.DebugPrint,
      1,
      4,
      "void",
      "debugf(format, ...)",
      "Prints to the kernel's trace pipe: at most three values, and for debugging only",
    ),
  ];
}

function actions(): Array<FunctionRow> {
  return [
    new FunctionRow(
      "system",
      FunctionId.System,
      1,
      FORMATTED,
      "void",
      "system(format, ...)",
      "Runs a shell command that is formatted as by printf(), and prints what it prints",
    )
      .unsafe()
      .shownBy('system("ps -p %d", pid)'),
    new FunctionRow("signal", FunctionId.Signal, 1, 1, "void", "signal(number or name)", "Sends a signal to the running process")
      .unsafe()
      .needs("helper:send_signal", "5.3")
      .shownBy('signal("KILL")'),
    new FunctionRow(
      "signal_thread",
      FunctionId.SignalThread,
      1,
      1,
      "void",
      "signal_thread(number or name)",
      "Sends a signal to the running thread",
    )
      .unsafe()
      .needs("helper:send_signal_thread", "5.6"),
    new FunctionRow(
      "override",
      FunctionId.Override,
      1,
      1,
      "void",
      "override(value)",
      "Makes the probed function return a value at once; only in kprobes of functions that allow it",
    )
      .unsafe()
      .needs("helper:override_return", ""),
    new FunctionRow(
      "write_user",
      FunctionId.WriteUser,
      3,
      3,
      "bool",
      "write_user(target, source, length)",
      "Writes the bytes of a value, or those at an address, into memory of the running process; whether it could",
    )
      .unsafe()
      .needs("helper:probe_write_user", ""),
    new FunctionRow(
      "assert",
      FunctionId.Assert,
      2,
      2,
      "void",
      "assert(condition, message)",
      "Unless the condition holds, reports an error and ends the trace with code 1",
    ),
    new FunctionRow(
      "static_assert",
      FunctionId.StaticAssert,
      2,
      2,
      "void",
      "static_assert(condition, message)",
      "An error while compiling unless the condition holds, which must be known by then",
    ),
    new FunctionRow(
      "fail",
      FunctionId.Fail,
      1,
      FORMATTED,
      "void",
      "fail(format, ...)",
      "An error while compiling, where the call is not dropped by `if comptime`",
    ),
    new FunctionRow(
      "assert_str",
      FunctionId.AssertText,
      1,
      1,
      "void",
      "assert_str(value)",
      "An error while compiling unless the value is a text, an array or a pointer",
    ),
    new FunctionRow(
      "skboutput",
      FunctionId.Refused,
      4,
      4,
      "uint32",
      "skboutput(file, buffer, length, offset)",
      "Writes a network packet to a pcap file",
    ).refused("it needs a perf buffer, and objects have a ring buffer alone", "print(buf(...)) shows bytes of a packet."),
    new FunctionRow("unwatch", FunctionId.Refused, 1, 1, "void", "unwatch(address)", "Ends a watchpoint").refused(
      "bpftrace itself has not implemented it since 0.25",
      "A watchpoint lasts until the trace ends: leave the probe by a condition on a map instead.",
    ),
  ];
}

function questions(): Array<FunctionRow> {
  return [
    new FunctionRow("is_str", FunctionId.TypeQuestion, 1, 1, "bool", "is_str(value)", "Whether it is a text; known while compiling"),
    new FunctionRow("is_ptr", FunctionId.TypeQuestion, 1, 1, "bool", "is_ptr(value)", "Whether it is a pointer; known while compiling"),
    new FunctionRow("is_array", FunctionId.TypeQuestion, 1, 1, "bool", "is_array(value)", "Whether it is an array; known while compiling"),
    new FunctionRow(
      "is_integer",
      FunctionId.TypeQuestion,
      1,
      1,
      "bool",
      "is_integer(value)",
      "Whether it is a number; known while compiling",
    ),
    new FunctionRow(
      "is_unsigned_integer",
      FunctionId.TypeQuestion,
      1,
      1,
      "bool",
      "is_unsigned_integer(value)",
      "Whether it is a number without a sign; known while compiling",
    ),
    new FunctionRow(
      "is_literal",
      FunctionId.TypeQuestion,
      1,
      1,
      "bool",
      "is_literal(value)",
      "Whether the script has it as a literal; known while compiling",
    ),
    new FunctionRow(
      "is_err",
      FunctionId.IsError,
      1,
      1,
      "bool",
      "is_err(pointer)",
      "Whether the kernel means an error number by the pointer",
    ),
    new FunctionRow(
      "kfunc_exist",
      FunctionId.KernelFunctionExists,
      1,
      1,
      "bool",
      "kfunc_exist(name)",
      "Whether the kernel's types have the function; known while compiling",
    ),
    new FunctionRow(
      "kfunc_allowed",
      FunctionId.KernelFunctionAllowed,
      1,
      1,
      "bool",
      "kfunc_allowed(name)",
      "Whether the kernel lets programs of this probe call the function; known while compiling",
    ),
    new FunctionRow(
      "is_scalar",
      FunctionId.IsScalar,
      1,
      1,
      "bool",
      "is_scalar(@map)",
      "Whether the map has no keys; known while compiling",
    ),
  ];
}

function maps(): Array<FunctionRow> {
  return [
    new FunctionRow("delete", FunctionId.Delete, 1, 2, "bool", "delete(@map, key)", "Removes a key; whether it was there").shownBy(
      "delete(@start, tid)",
    ),
    new FunctionRow("has_key", FunctionId.HasKey, 2, 2, "bool", "has_key(@map, key)", "Whether the key is there").shownBy(
      "if (has_key(@start, tid)) { ... }",
    ),
    new FunctionRow(
      "find",
      FunctionId.Find,
      3,
      3,
      "bool",
      "find(@map, key, $variable)",
      "Sets the variable to the key's value if the key is there; whether it is",
    ).shownBy("let $begun: uint64 = 0; if (find(@start, tid, $begun)) { ... }"),
    new FunctionRow(
      "len",
      FunctionId.Length,
      1,
      1,
      "int64",
      "len(@map) or len(stack)",
      "Number of keys of a map, which needs a newer kernel, or of frames of a stack",
    ).needs("helper:for_each_map_elem", "5.13"),
    new FunctionRow("count", FunctionId.Count, 0, 0, "count_t", "count()", "How many times it was assigned").shownBy("@[comm] = count()"),
    new FunctionRow("sum", FunctionId.Sum, 1, 1, "sum_t", "sum(n)", "The sum of the values").shownBy("@bytes[comm] = sum(args.ret)"),
    new FunctionRow("min", FunctionId.Minimum, 1, 1, "min_t", "min(n)", "The smallest value"),
    new FunctionRow("max", FunctionId.Maximum, 1, 1, "max_t", "max(n)", "The largest value"),
    new FunctionRow("avg", FunctionId.Average, 1, 1, "avg_t", "avg(n)", "The mean of the values, a whole number"),
    new FunctionRow("stats", FunctionId.Stats, 1, 1, "stats_t", "stats(n)", "Count, mean and sum of the values"),
    new FunctionRow(
      "hist",
      FunctionId.Histogram,
      1,
      2,
      "hist_t",
      "hist(n[, bits])",
      "A histogram whose buckets double; 0 to 5 bits divide each into as many powers of two",
    ).shownBy("@us = hist((nsecs - @start[tid]) / 1000)"),
    new FunctionRow(
      "lhist",
      FunctionId.LinearHistogram,
      4,
      4,
      "lhist_t",
      "lhist(n, min, max, step)",
      "A histogram with buckets of equal width, at most 1000",
    ).shownBy("@kb = lhist(args.ret, 0, 4096, 256)"),
    new FunctionRow(
      "tseries",
      FunctionId.TimeSeries,
      3,
      4,
      "tseries_t",
      'tseries(n, interval, count[, "avg"|"max"|"min"|"sum"])',
      "Values by time: the last count intervals, each the newest value or what the word says; unstable",
    ).shownBy('@ = tseries(args.ret, 1s, 20, "sum")'),
  ];
}
