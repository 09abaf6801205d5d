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
    new FunctionRow("lhist", FunctionId.LinearHistogram, 4, 4, true, "lhist(n, min, max, step): histogram with equal buckets"),
  ];
}
