// Calls: arguments and results of the functions of functions.ts.

import { Code } from "../source/diagnostics";
import { Expression, NodeKind } from "../syntax/ast";
import { Call, Identifier, IntegerLiteral, MapAccess, StringLiteral } from "../syntax/expression-nodes";
import { Format, isIntegerConversion, parseFormat } from "./format";
import { functionRows } from "./function-rows";
import { FunctionId, FunctionRow } from "./functions";
import { OptionChecker, PARAMETER_TEXT } from "./options";
import { closest } from "./suggestion";
import { BasicType, SeriesShape, SeriesValue, TypeKind } from "./types";

export abstract class CallChecker extends OptionChecker {
  private functions: Array<FunctionRow> = functionRows();
  /** Calls of builtins, by the address of their node. */
  private builtinCalls: Map<usize, Identifier> = new Map();

  findFunction(name: u32): FunctionRow | null {
    for (let i = 0; i < this.functions.length; i++) if (this.symbols.is(name, this.functions[i].name)) return this.functions[i];
    return null;
  }

  /** The row of a call with a fitting number of arguments; null after an error. */
  private rowOf(e: Call): FunctionRow | null {
    const row = this.findFunction(e.name);
    const name = this.symbols.text(e.name);
    if (row == null) {
      const names: Array<string> = [];
      for (let i = 0; i < this.functions.length; i++) names.push(this.functions[i].name);
      this.error(Code.UnknownFunction, e.start, e.end, `Unknown function: '${name}'`, closest(name, names));
      return null;
    }
    const count = e.argumentList.length;
    if (count >= row.minimumArguments && count <= row.maximumArguments) return row;
    const few = count < row.minimumArguments;
    const wanted = few ? row.minimumArguments : row.maximumArguments;
    const plural = wanted == 1 ? "" : "s";
    const bound = row.minimumArguments == row.maximumArguments ? "" : few ? "at least " : "up to ";
    this.error(
      Code.WrongArgumentCount,
      e.start,
      e.end,
      `${name}() ${few || bound === "" ? "requires" : "takes"} ${bound}${wanted == 0 ? "no" : wanted == 1 ? "one" : wanted.toString()} argument${plural} (${count} provided)`,
      `write ${row.signature}`,
    );
    return null;
  }

  /** Whether a call without arguments can only mean a builtin: `comm()`, beside which there is `comm(PID)`. */
  isBuiltinCall(e: Call): bool {
    const row = this.findFunction(e.name);
    return e.argumentList.length == 0 && (row == null || row.minimumArguments > 0);
  }

  /** A call in an expression or as a statement. */
  protected call(e: Call): i32 {
    if (this.isBuiltinCall(e)) {
      // Every builtin may be written as a call without arguments.
      const builtin = this.builtinOf(e);
      if (builtin != null) return this.expression(builtin);
    }
    const row = this.rowOf(e);
    if (row == null) {
      for (let i = 0; i < e.argumentList.length; i++) this.expression(e.argumentList[i]);
      return BasicType.None;
    }
    if (row.isAggregation) {
      return this.error(Code.NotAvailableHere, e.start, e.end, `${row.name}() must be assigned directly to a map`);
    }
    switch (row.id) {
      case FunctionId.Printf:
      case FunctionId.Cat:
      case FunctionId.System:
      case FunctionId.ReportError:
      case FunctionId.ReportWarning:
        return this.printf(e, row.name);
      case FunctionId.DebugPrint:
        this.warning(
          Code.Unsafe,
          e.start,
          e.end,
          "The debugf() builtin is not recommended for production use. For more information see bpf_trace_printk in bpf-helpers(7).",
        );
        return this.printf(e, row.name);
      case FunctionId.Print:
        return this.print(e);
      case FunctionId.Clear:
      case FunctionId.Zero:
        return this.wholeMap(e, row.name);
      case FunctionId.Exit:
        this.exits = true;
        if (this.forDepth > 0) this.error(Code.NotAvailableHere, e.start, e.end, "'return' statement is not allowed in a for-loop");
        if (e.argumentList.length == 1) this.integerArgument(e, 0, "exit");
        return BasicType.None;
      case FunctionId.Str:
        return this.str(e);
      case FunctionId.Getopt:
        return this.option(e);
      case FunctionId.Delete:
        return this.delete(e);
      case FunctionId.HasKey:
        return this.hasKey(e);
      case FunctionId.Find:
        return this.find(e);
      case FunctionId.Length:
        return this.length(e);
      case FunctionId.IsScalar:
        return this.isScalarMap(e);
      case FunctionId.KernelPointer:
        return this.inSpaceOf(e, false);
      case FunctionId.UserPointer:
        return this.inSpaceOf(e, true);
      default:
        return this.functionCall(e, row.id, row.name);
    }
  }

  /** The builtin that a call without arguments means; null if there is none of its name. */
  builtinOf(e: Call): Identifier | null {
    if (this.findBuiltin(e.name) == null) return null;
    const key = changetype<usize>(e);
    if (!this.builtinCalls.has(key)) this.builtinCalls.set(key, new Identifier(e.start, e.end, e.name));
    return this.builtinCalls.get(key);
  }

  private printf(e: Call, name: string): i32 {
    for (let i = 1; i < e.argumentList.length; i++) this.expression(e.argumentList[i]);
    const first = e.argumentList[0];
    if (first.kind != NodeKind.StringLiteral) {
      this.expression(first);
      return this.error(Code.NotConstant, e.start, e.end, `${name}() expects a string literal (${this.peerType(first.typeId)} provided)`);
    }
    const literal = <StringLiteral>first;
    const format = parseFormat(literal.pointer, literal.length);
    if (format.unsupported != 0)
      return this.error(
        Code.InvalidFormat,
        e.start,
        e.end,
        `unsupported format specifier: ${String.fromCharCode(format.unsupported)}`,
        "Known conversions: d i o u x X c p s r rx rh, with l, ll, h, hh before them.",
      );
    const given = e.argumentList.length - 1;
    if (format.conversions.length != given) {
      return this.error(
        Code.WrongArgumentCount,
        e.start,
        e.end,
        `${given > format.conversions.length ? "too many" : "not enough"} arguments for format string (${given} supplied, ${format.conversions.length} expected)`,
      );
    }
    this.formatArguments(e, format, name);
    return BasicType.None;
  }

  private formatArguments(e: Call, format: Format, name: string): void {
    for (let i = 0; i < format.conversions.length; i++) {
      const argument = e.argumentList[i + 1];
      const type = argument.typeId;
      if (type == BasicType.None) {
        if (argument.kind == NodeKind.Call)
          this.error(Code.InvalidArgument, argument.start, argument.end, `${name}: a call without a value can not be printed`);
        continue;
      }
      const letter = format.conversions[i].letter;
      const isBuffer = this.types.kind(type) == TypeKind.Buffer;
      if (letter == 0x72 || (isBuffer && letter != 0x73)) {
        if (letter != 0x72 || !isBuffer) {
          this.error(
            Code.InvalidFormat,
            e.start,
            e.end,
            `unsupported format specifier for type '${this.types.describe(type)}': ${String.fromCharCode(letter)}`,
          );
        }
      } else if (isIntegerConversion(letter)) {
        if (!this.types.isScalar(type)) {
          this.error(
            Code.InvalidFormat,
            e.start,
            e.end,
            `unsupported format specifier for type '${this.types.describe(type)}': ${String.fromCharCode(letter)}`,
            "Use %s.",
          );
        }
      } else if (!this.isPrintable(type)) {
        this.error(
          Code.InvalidFormat,
          argument.start,
          argument.end,
          `${name}: a value of type '${this.types.describe(type)}' can not be printed`,
        );
      }
    }
  }

  private isPrintable(type: i32): bool {
    return this.types.isStorable(this.stored(type));
  }

  /** The map that a bare `@name` argument names; null after an error. */
  private mapArgument(e: Call, name: string): MapAccess | null {
    const argument = e.argumentList[0];
    if (argument.kind == NodeKind.MapAccess) {
      const access = <MapAccess>argument;
      if (access.keys == null) {
        const map = this.mapOf(access);
        if (this.reporting && map.valueType == BasicType.None) {
          this.error(Code.UnknownMap, access.start, access.nameEnd, `Undefined map: ${map.text}`);
          return null;
        }
        return access;
      }
    }
    this.expression(argument);
    this.error(Code.InvalidArgument, argument.start, argument.end, `${name}() expects a map argument`);
    return null;
  }

  private wholeMap(e: Call, name: string): i32 {
    this.mapArgument(e, name);
    return BasicType.None;
  }

  private print(e: Call): i32 {
    const first = e.argumentList[0];
    const isMap = first.kind == NodeKind.MapAccess && (<MapAccess>first).keys == null;
    if (isMap) {
      this.mapArgument(e, "print");
      if (this.loopDepth > 0)
        this.warning(
          Code.Unsafe,
          e.start,
          e.end,
          "Due to it's asynchronous nature using 'print()' in a loop can lead to unexpected behavior. The map will likely be updated before the runtime can 'print' it.",
        );
      if (e.argumentList.length > 1 && this.types.kind(this.mapOf(<MapAccess>first).valueType) == TypeKind.Stats)
        this.warning(Code.Unsafe, e.start, e.end, "print()'s top and div arguments are ignored when used on stats() maps.");
      for (let i = 1; i < e.argumentList.length; i++) {
        const argument = e.argumentList[i];
        this.expression(argument);
        if (argument.kind != NodeKind.IntegerLiteral || (<IntegerLiteral>argument).negative) {
          this.error(
            Code.NotConstant,
            argument.start,
            argument.end,
            `print() ${i == 1 ? "top" : "div"} must be a positive integer literal`,
          );
        }
      }
      return BasicType.None;
    }
    const type = this.operand(first);
    if (e.argumentList.length > 1)
      return this.error(Code.WrongArgumentCount, e.start, e.end, `Non-map print() only takes 1 argument, ${e.argumentList.length} found`);
    if (this.types.kind(type) == TypeKind.Tuple && this.types.get(type).fields.length == 0)
      return this.error(Code.InvalidArgument, e.start, e.end, "none type passed to print() is not printable");
    if (type != BasicType.None && !this.isPrintable(type))
      return this.error(
        Code.InvalidArgument,
        first.start,
        first.end,
        `print() can not print a value of type '${this.types.describe(type)}'`,
      );
    return BasicType.None;
  }

  private str(e: Call): i32 {
    const address = e.argumentList[0];
    const type = this.expression(address);
    if (address.kind == NodeKind.IntegerLiteral && e.argumentList.length == 1) {
      // As `$1`, which is a literal where its word is known: the number as text.
      const literal = <IntegerLiteral>address;
      return this.textFor(e, String.UTF8.encode(literal.negative ? (<i64>literal.value).toString() : literal.value.toString()));
    }
    const longest = address.kind == NodeKind.PositionalParameter ? PARAMETER_TEXT : this.maximumString;
    const kind = this.types.kind(type);
    if (type != BasicType.None && !this.types.isScalar(type) && kind != TypeKind.String && kind != TypeKind.Array) {
      this.error(
        Code.TypeMismatch,
        address.start,
        address.end,
        `str() expects an integer or a pointer type as first argument (${this.types.describe(type)} provided)`,
      );
    }
    if (e.argumentList.length == 1) return this.types.text(longest);
    const length = e.argumentList[1];
    const lengthType = this.operand(length);
    if (length.kind != NodeKind.IntegerLiteral) {
      if (lengthType != BasicType.None && !this.types.isInteger(lengthType)) {
        return this.error(Code.TypeMismatch, e.start, e.end, `str() only supports int arguments (${this.peerType(lengthType)} provided)`);
      }
      return this.types.text(longest);
    }
    if ((<IntegerLiteral>length).negative)
      return this.error(
        Code.OutOfRange,
        length.start,
        length.end,
        `str cannot use negative length (${<i64>(<IntegerLiteral>length).value})`,
      );
    const value = (<IntegerLiteral>length).value;
    if (value + 1 > <u64>this.maximumString) {
      this.warning(
        Code.OutOfRange,
        length.start,
        length.end,
        `length param (${value}) is too long and will be shortened to ${this.maximumString} bytes (see BPFTRACE_MAX_STRLEN)`,
      );
      return this.types.text(longest);
    }
    return this.types.text(min(<i32>value + 1, longest));
  }

  /** The aggregation that `e` assigns to a map: its type, or None after an error. */
  protected aggregation(e: Call): i32 {
    const row = this.rowOf(e);
    if (row == null) return BasicType.None;
    if (row.id == FunctionId.Count) return BasicType.Count;
    const value = e.argumentList[0];
    const type = this.expression(value);
    for (let i = 1; i < e.argumentList.length; i++) this.expression(e.argumentList[i]);
    if (type == BasicType.None) return type;
    if (!this.types.isInteger(type)) {
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `${row.name}() only supports integer arguments (${this.types.describe(type)} provided)`,
      );
    }
    const signed = this.types.isSigned(type);
    switch (row.id) {
      case FunctionId.Sum:
        return signed ? BasicType.SumSigned : BasicType.SumUnsigned;
      case FunctionId.Minimum:
        return signed ? BasicType.MinimumSigned : BasicType.MinimumUnsigned;
      case FunctionId.Maximum:
        return signed ? BasicType.MaximumSigned : BasicType.MaximumUnsigned;
      case FunctionId.Average:
        return signed ? BasicType.AverageSigned : BasicType.AverageUnsigned;
      case FunctionId.Stats:
        return signed ? BasicType.StatsSigned : BasicType.StatsUnsigned;
      case FunctionId.Histogram:
        return this.histogram(e);
      case FunctionId.LinearHistogram:
        return this.linearHistogram(e);
      case FunctionId.TimeSeries:
        return this.timeSeries(e, signed);
      default:
        assert(false, "an aggregation without a rule");
        return BasicType.None;
    }
  }

  /** The literal that argument `index` must be; `fallback` and an error where it is none. */
  private literalArgument(e: Call, index: i32, name: string, fallback: i64): i64 {
    const argument = e.argumentList[index];
    if (argument.kind == NodeKind.IntegerLiteral) return <i64>(<IntegerLiteral>argument).value;
    const hint = argument.kind == NodeKind.PositionalParameter ? "Its value must be known when the script is compiled." : "";
    this.error(Code.NotConstant, argument.start, argument.end, `${name} only supports literal arguments`, hint);
    return fallback;
  }

  private histogram(e: Call): i32 {
    if (e.argumentList.length == 1) return this.types.histogram(0);
    const bits = this.literalArgument(e, 1, "hist()", 0);
    if (bits < 0 || bits > 5) return this.error(Code.OutOfRange, e.start, e.end, `hist: bits ${bits} must be 0..5`);
    return this.types.histogram(<i32>bits);
  }

  private timeSeries(e: Call, signed: bool): i32 {
    this.unstable(e, "tseries", this.unstableSeries);
    const interval = this.literalArgument(e, 1, "tseries()", 1);
    const count = this.literalArgument(e, 2, "tseries()", 1);
    if (interval < 1) return this.error(Code.OutOfRange, e.start, e.end, `tseries() interval_ns must be >= 1 (${interval} provided)`);
    if (count < 1) return this.error(Code.OutOfRange, e.start, e.end, `tseries() num_intervals must be >= 1 (${count} provided)`);
    if (count > 1000000)
      return this.error(Code.OutOfRange, e.start, e.end, `tseries() num_intervals must be < 1000000 (${count} provided)`);
    let value: SeriesValue = SeriesValue.Last;
    if (e.argumentList.length == 4) {
      const literal = this.literalText(e, 3, "tseries");
      if (literal == null) return BasicType.None;
      const name = String.UTF8.decodeUnsafe(literal.pointer, literal.length);
      value =
        name == "avg" ? SeriesValue.Average : name == "max" ? SeriesValue.Maximum : name == "min" ? SeriesValue.Minimum : SeriesValue.Sum;
      if (value == SeriesValue.Sum && name != "sum")
        return this.error(
          Code.InvalidArgument,
          e.start,
          e.end,
          `tseries() expects one of the following aggregation functions: avg, max, min, sum ("${name}" provided)`,
        );
    }
    return this.types.timeSeries(new SeriesShape(interval, <i32>count, value), signed);
  }

  private linearHistogram(e: Call): i32 {
    const minimum = this.literalArgument(e, 1, "lhist()", 0);
    const maximum = this.literalArgument(e, 2, "lhist()", 1);
    const step = this.literalArgument(e, 3, "lhist()", 1);
    if (step <= 0) return this.error(Code.OutOfRange, e.start, e.end, `lhist() step must be >= 1 (${step} provided)`);
    if (minimum > maximum)
      return this.error(Code.OutOfRange, e.start, e.end, `lhist() min must be less than max (provided min ${minimum} and max ${maximum})`);
    const buckets = (maximum - minimum) / step;
    if (buckets > 1000)
      return this.error(Code.OutOfRange, e.start, e.end, `lhist() too many buckets, must be <= 1000 (would need ${buckets})`);
    if (maximum - minimum < step)
      return this.error(
        Code.OutOfRange,
        e.start,
        e.end,
        `lhist() step is too large for the given range (provided step ${step} for range ${maximum - minimum})`,
      );
    return this.types.linearHistogram(minimum, maximum, step);
  }

  /** True when `e` is a call of an aggregation. */
  protected isAggregation(e: Expression): bool {
    if (e.kind != NodeKind.Call) return false;
    const row = this.findFunction((<Call>e).name);
    return row != null && row.isAggregation;
  }
}
