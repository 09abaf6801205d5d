// Calls and builtins whose values need more than a helper: texts, addresses, symbols, stacks, times.

import { Code } from "../source/diagnostics";
import { isWellFormed } from "../source/well-formed";
import { Expression, NodeKind, Provider } from "../syntax/ast";
import { Call, FieldAccess, Identifier, IntegerLiteral, StringLiteral } from "../syntax/expression-nodes";
import { providerName } from "../syntax/providers";
import { BuiltinRow, Recipe, taskFields } from "./builtins";
import { ExpressionChecker } from "./expressions";
import { FunctionId } from "./functions";
import { parseAddress } from "./network-address";
import { AddressSpace, BasicType, StackMode, stackModeNames, TypeKind } from "./types";

/** Bytes of the texts of strerror(), signal_name() and syscall_name(): the peer's. */
export const NAME_SIZE: i32 = 64;

/** Frames of a stack when the script does not say, and at most. */
const DEFAULT_FRAMES: i32 = 127;
const MAXIMUM_FRAMES: u64 = 1024;

/** Searching one text in another takes the verifier a step for each pair of bytes: more than this it would not follow. */
const MAXIMUM_SEARCH: i32 = 65536;

/** Clocks of nsecs(), by the number that a timestamp carries. */
export const enum ClockKind {
  Boot,
  Monotonic,
  Tai,
  SoftwareTai,
}

export abstract class FunctionChecker extends ExpressionChecker {
  // Builtins

  protected contextBuiltin(e: Identifier, row: BuiltinRow): i32 {
    const probe = this.probe;
    switch (row.recipe) {
      case Recipe.ProbeType:
        return this.types.text(this.probe.typeName.length + 1);
      case Recipe.Stack:
        if (!this.contextAllowed(e, row.name)) return BasicType.None;
        return this.stackType(e, row.name == "kstack" ? TypeKind.KernelStack : TypeKind.UserStack, DEFAULT_FRAMES, this.stackMode);
      case Recipe.UserName:
        return this.types.printed(TypeKind.UserName, 8, 8);
      case Recipe.UserMode:
        if (!this.contextAllowed(e, row.name)) return BasicType.None;
        if (this.architecture.modeRegister == "")
          return this.error(Code.Unsupported, e.start, e.end, `The usermode builtin is not supported on ${this.architecture.name}`);
        return BasicType.Uint8;
      case Recipe.ProbedFunction:
        if (!this.contextAllowed(e, row.name)) return BasicType.None;
        if (probe.isKernelFunction) return this.types.printed(TypeKind.KernelSymbol, 8, 8);
        if (probe.hasFunction) return this.types.printed(TypeKind.UserSymbol, 16, 8);
        return this.error(
          Code.NotAvailableHere,
          e.start,
          e.end,
          `The func builtin can not be used with '${providerName(probe.provider)}' probes`,
        );
      case Recipe.TaskField:
        return this.expression(this.expand(e, row.name, null));
      default:
        return row.type;
    }
  }

  /** The fields of `task` (null: of the running one) that `name` means. */
  private expand(e: Expression, name: string, task: Expression | null): Expression {
    const known = this.standIn(e);
    if (known != null) return known;
    let made: Expression = task != null ? task : new Identifier(e.start, e.end, this.symbols.internString("curtask"));
    const fields = taskFields(name);
    for (let i = 0; i < fields.length; i++) made = new FieldAccess(e.end, made, this.symbols.internString(fields[i]), e.start, false);
    this.standIns.set(changetype<usize>(e), made);
    return made;
  }

  /** False, and an error, where the body may become a function of its own, which has no context. */
  private contextAllowed(e: Expression, name: string): bool {
    if (this.forDepth == 0) return true;
    this.error(
      Code.NotAvailableHere,
      e.start,
      e.end,
      `'${name}' builtin is not allowed in a for-loop`,
      "Assign it to a variable before the loop.",
    );
    return false;
  }

  // Arguments

  protected integerArgument(e: Call, index: i32, name: string): i32 {
    const argument = e.argumentList[index];
    const type = this.operand(argument);
    if (type == BasicType.None || this.types.isInteger(type)) return type;
    return this.error(Code.TypeMismatch, e.start, e.end, `${name}() only supports int arguments (${this.peerType(type)} provided)`);
  }

  /** A type's family, as the peer has it in messages about arguments. */
  protected peerType(type: i32): string {
    const kind = this.types.kind(type);
    return kind == TypeKind.Integer ? "int" : kind == TypeKind.String ? "string" : this.types.describe(type);
  }

  /** True if the argument is a text. */
  protected textArgument(e: Call, index: i32, name: string): bool {
    const argument = e.argumentList[index];
    const type = this.expression(argument);
    if (type == BasicType.None) return false;
    if (this.types.kind(type) == TypeKind.String) return true;
    this.error(
      Code.TypeMismatch,
      argument.start,
      argument.end,
      `${name}() only supports string arguments (${this.types.describe(type)} provided)`,
    );
    return false;
  }

  /** The literal text that argument `index` must be; null after an error. */
  protected literalText(e: Call, index: i32, name: string): StringLiteral | null {
    const argument = e.argumentList[index];
    // It is for the compiler or the runner, and may be longer than texts of programs.
    if (argument.kind == NodeKind.StringLiteral) {
      argument.typeId = this.types.text((<StringLiteral>argument).length + 1);
      return <StringLiteral>argument;
    }
    const type = this.expression(argument);
    this.error(Code.NotConstant, e.start, e.end, `${name}() expects a string literal (${this.peerType(type)} provided)`);
    return null;
  }

  /** An address, or a number that is one. */
  private addressArgument(e: Call, index: i32, name: string): bool {
    const argument = e.argumentList[index];
    const type = this.operand(argument);
    if (type == BasicType.None || this.types.isScalar(type)) return true;
    this.error(
      Code.TypeMismatch,
      argument.start,
      argument.end,
      `${name}() only supports int or pointer arguments (${this.types.describe(type)} provided)`,
    );
    return false;
  }

  // Functions

  /** The type of a call of one of the functions of this file. */
  protected functionCall(e: Call, id: FunctionId, name: string): i32 {
    switch (id) {
      case FunctionId.StringCompare:
        return this.stringCompare(e);
      case FunctionId.StringLength:
        return this.textArgument(e, 0, name) ? BasicType.Uint64 : BasicType.None;
      case FunctionId.StringCapacity:
        return this.textArgument(e, 0, name) ? BasicType.Uint64 : BasicType.None;
      case FunctionId.StringSearch:
      case FunctionId.StringContains:
        return this.stringSearch(e, id, name);
      case FunctionId.Glob:
        return this.match(e.argumentList[0], e.argumentList[1], true);
      case FunctionId.StringConcatenate: {
        const first = this.textArgument(e, 0, name);
        return this.textArgument(e, 1, name) && first ? this.types.text(this.maximumString) : BasicType.None;
      }
      case FunctionId.ErrorText:
      case FunctionId.SignalName:
      case FunctionId.SyscallName:
        this.integerArgument(e, 0, name);
        return this.types.text(NAME_SIZE);
      case FunctionId.ByteSwap:
        return this.byteSwap(e);
      case FunctionId.Register:
        return this.register(e);
      case FunctionId.KernelAddress:
      case FunctionId.CgroupId: {
        const literal = this.literalText(e, 0, name);
        if (literal == null) return BasicType.None;
        if (literal.length > 0) return BasicType.Uint64;
        const problem = id == FunctionId.KernelAddress ? "Failed to resolve kernel symbol: " : 'Failed to get `cgroupid` for path: ""';
        return this.error(Code.InvalidArgument, e.start, e.end, problem);
      }
      case FunctionId.UserAddress:
        return this.userAddress(e, name);
      case FunctionId.NanoSeconds:
        return this.nanoSeconds(e);
      case FunctionId.ProcessId:
      case FunctionId.ThreadId:
        return this.processId(e, name);
      case FunctionId.TaskField:
        return this.expression(this.expand(e, name, e.argumentList.length > 0 ? e.argumentList[0] : null));
      case FunctionId.Buffer:
        return this.buffer(e);
      case FunctionId.MacAddress:
        return this.macAddress(e);
      case FunctionId.NetworkAddress:
        return this.networkAddress(e);
      case FunctionId.ParseAddress:
        return this.parsedAddress(e);
      case FunctionId.KernelSymbol:
        return this.addressArgument(e, 0, name) ? this.types.printed(TypeKind.KernelSymbol, 8, 8) : BasicType.None;
      case FunctionId.UserSymbol:
        return this.addressArgument(e, 0, name) ? this.types.printed(TypeKind.UserSymbol, 16, 8) : BasicType.None;
      case FunctionId.KernelStack:
      case FunctionId.UserStack:
        return this.stackCall(e, name);
      case FunctionId.FormatTime:
        return this.formatTime(e);
      case FunctionId.CgroupPath:
        this.integerArgument(e, 0, name);
        if (e.argumentList.length == 2) this.literalText(e, 1, name);
        return this.types.printed(TypeKind.CgroupPath, 16, 8);
      case FunctionId.Path:
        return this.path(e);
      case FunctionId.Time:
        if (e.argumentList.length == 1) this.literalText(e, 0, name);
        return BasicType.None;
      case FunctionId.Join:
        this.addressArgument(e, 0, name);
        if (e.argumentList.length == 2) this.literalText(e, 1, name);
        return BasicType.None;
      case FunctionId.Signal:
      case FunctionId.SignalThread:
        return this.signal(e, name);
      case FunctionId.Override:
        if (this.probe.provider != Provider.Kprobe)
          return this.error(
            Code.NotAvailableHere,
            e.start,
            e.end,
            `override() can not be used with ${providerName(this.probe.provider)} probes`,
          );
        this.integerArgument(e, 0, name);
        return BasicType.None;
      case FunctionId.WriteUser:
        this.addressArgument(e, 0, name);
        return this.writeUser(e, name);
      default:
        return this.libraryCall(e, id, name);
    }
  }

  /** The type of a call of one of the peer's macros. */
  protected abstract libraryCall(e: Call, id: FunctionId, name: string): i32;

  private writeUser(e: Call, name: string): i32 {
    const source = this.types.get(this.operand(e.argumentList[1]));
    this.integerArgument(e, 2, name);
    const length = e.argumentList[2];
    const longest = this.maximumString;
    if (source.kind == TypeKind.Pointer && length.kind == NodeKind.IntegerLiteral && (<IntegerLiteral>length).value > <u64>longest)
      return this.error(
        Code.OutOfRange,
        length.start,
        length.end,
        `write_user() takes at most ${longest} bytes from an address`,
        "see max_strlen",
      );
    return BasicType.Bool;
  }

  private stringCompare(e: Call): i32 {
    const first = this.textArgument(e, 0, "strncmp");
    const second = this.textArgument(e, 1, "strncmp");
    const length = e.argumentList[2];
    this.expression(length);
    if (length.kind == NodeKind.PositionalParameter) return first && second ? BasicType.Uint64 : BasicType.None;
    if (length.kind != NodeKind.IntegerLiteral || (<IntegerLiteral>length).negative)
      return this.error(Code.NotConstant, e.start, e.end, "Builtin strncmp requires a non-negative literal");
    return first && second ? BasicType.Uint64 : BasicType.None;
  }

  private stringSearch(e: Call, id: FunctionId, name: string): i32 {
    const first = this.textArgument(e, 0, name);
    const second = this.textArgument(e, 1, name);
    if (!first || !second) return BasicType.None;
    const pairs = this.types.get(e.argumentList[0].typeId).size * this.types.get(e.argumentList[1].typeId).size;
    if (pairs > MAXIMUM_SEARCH)
      return this.error(
        Code.TooComplex,
        e.start,
        e.end,
        `${name}() of texts this long is more than a BPF program can do`,
        "str() with a length makes them shorter.",
      );
    return id == FunctionId.StringSearch ? BasicType.Int64 : BasicType.Bool;
  }

  private byteSwap(e: Call): i32 {
    const argument = e.argumentList[0];
    const type = this.operand(argument);
    if (type == BasicType.None) return type;
    if (!this.types.isInteger(type))
      return this.error(Code.TypeMismatch, e.start, e.end, `bswap() only supports integer arguments (${this.peerType(type)} provided)`);
    return this.types.integer(this.types.get(type).size, false);
  }

  private register(e: Call): i32 {
    const literal = this.literalText(e, 0, "reg");
    if (literal == null) return BasicType.None;
    if (!this.contextAllowed(e, "reg")) return BasicType.None;
    if (!this.probe.hasRegisters)
      this.error(Code.NotAvailableHere, e.start, e.end, `reg can not be used with "${providerName(this.probe.provider)}" probes`);
    const name = String.UTF8.decodeUnsafe(literal.pointer, literal.length);
    if (this.architecture.registerOffset(name) < 0)
      return this.error(
        Code.InvalidArgument,
        e.start,
        e.end,
        `'${name}' is not a valid register on this architecture (${this.architecture.name})`,
      );
    return BasicType.Uint64;
  }

  /** The word that argument `index` is; empty for anything else. */
  private word(e: Call, index: i32): string {
    const argument = e.argumentList[index];
    if (argument.kind == NodeKind.Identifier) return this.symbols.text((<Identifier>argument).name);
    if (argument.kind == NodeKind.StringLiteral)
      return String.UTF8.decodeUnsafe((<StringLiteral>argument).pointer, (<StringLiteral>argument).length);
    return "";
  }

  /** The clock that a call of nsecs() names; -1 for none that exists. */
  clockOf(e: Call): i32 {
    if (e.argumentList.length == 0) return ClockKind.Boot;
    const word = this.word(e, 0);
    return word == "boot"
      ? ClockKind.Boot
      : word == "monotonic"
        ? ClockKind.Monotonic
        : word == "tai"
          ? ClockKind.Tai
          : word == "sw_tai"
            ? ClockKind.SoftwareTai
            : -1;
  }

  private nanoSeconds(e: Call): i32 {
    if (this.clockOf(e) >= 0) return BasicType.Uint64;
    const argument = e.argumentList[0];
    return this.error(Code.InvalidArgument, argument.start, argument.end, `Invalid timestamp mode: ${this.word(e, 0)}`);
  }

  /** `path(struct path *[, size])` */
  private path(e: Call): i32 {
    const provider = this.probe.provider;
    if (provider != Provider.Fentry && provider != Provider.Fexit)
      return this.error(Code.NotAvailableHere, e.start, e.end, "The path function can only be used with 'fentry', 'fexit', 'iter' probes");
    if (!this.contextAllowed(e, "path")) return BasicType.None;
    const argument = e.argumentList[0];
    const type = this.expression(argument);
    if (type == BasicType.None) return type;
    let info = this.types.get(type);
    if (info.kind == TypeKind.Pointer) info = this.types.get(info.element);
    if (info.kind != TypeKind.Record || info.text != "struct path")
      return this.error(
        Code.TypeMismatch,
        argument.start,
        argument.end,
        `path() only supports pointer to struct path argument (${this.types.describe(type)} provided)`,
      );
    if (e.argumentList.length == 1) return this.types.text(this.maximumString);
    const size = e.argumentList[1];
    if (size.kind != NodeKind.IntegerLiteral || (<IntegerLiteral>size).negative || (<IntegerLiteral>size).value < 1)
      return this.error(Code.NotConstant, size.start, size.end, "path() expects a positive integer literal as second argument");
    return this.types.text(<i32>min<u64>((<IntegerLiteral>size).value, <u64>this.maximumString));
  }

  /** Whether a call of pid() or tid() asks for the namespace of the tracer. */
  isOwnNamespace(e: Call): bool {
    return e.argumentList.length == 0 ? this.pidNamespace : this.word(e, 0) == "curr_ns";
  }

  private processId(e: Call, name: string): i32 {
    if (e.argumentList.length == 0 || this.isOwnNamespace(e) || this.word(e, 0) == "init") return BasicType.Uint32;
    const argument = e.argumentList[0];
    return this.error(
      Code.InvalidArgument,
      argument.start,
      argument.end,
      `Invalid PID namespace mode: ${this.word(e, 0)} (expects: curr_ns or init)`,
    );
  }

  private buffer(e: Call): i32 {
    const source = e.argumentList[0];
    const type = this.operand(source);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    const isBytes = info.kind == TypeKind.Array || info.kind == TypeKind.String || info.kind == TypeKind.Record;
    if (!isBytes && !this.types.isScalar(type))
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `buf() expects an integer or a pointer type as first argument (${this.types.describe(type)} provided)`,
      );
    const longest = this.maximumString - 4;
    if (e.argumentList.length == 1) {
      if (!isBytes || info.kind == TypeKind.String)
        return this.error(
          Code.WrongArgumentCount,
          e.start,
          e.end,
          `buf() expects a length argument for non-array type ${this.peerType(type)}`,
        );
      return this.types.buffer(min(info.size, longest));
    }
    const length = e.argumentList[1];
    this.integerArgument(e, 1, "buf");
    if (length.kind != NodeKind.IntegerLiteral) return this.types.buffer(longest);
    const literal = <IntegerLiteral>length;
    if (literal.negative) return this.error(Code.OutOfRange, e.start, e.end, "Builtin buf requires a non-negative literal");
    if (literal.value > <u64>longest) {
      this.warning(
        Code.OutOfRange,
        length.start,
        length.end,
        `length param (${literal.value}) is too long and will be shortened to ${longest} bytes (see BPFTRACE_MAX_STRLEN)`,
      );
      return this.types.buffer(longest);
    }
    return this.types.buffer(<i32>literal.value);
  }

  private macAddress(e: Call): i32 {
    const argument = e.argumentList[0];
    const type = this.operand(argument);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    if (argument.kind == NodeKind.StringLiteral)
      return this.error(Code.InvalidArgument, e.start, e.end, "macaddr() does not support literal string arguments");
    if (!this.types.isScalar(type) && info.kind != TypeKind.Array && info.kind != TypeKind.String)
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `macaddr() only supports array or pointer arguments (${this.types.describe(type)} provided)`,
      );
    if (info.kind == TypeKind.Array && info.size < 6)
      return this.error(Code.TypeMismatch, e.start, e.end, "macaddr() argument must be at least 6 bytes in size");
    return this.types.printed(TypeKind.MacAddress, 6, 1);
  }

  private networkAddress(e: Call): i32 {
    const list = e.argumentList;
    if (list.length == 2) this.integerArgument(e, 0, "ntop");
    const address = list[list.length - 1];
    const type = this.operand(address);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    const bytes = info.kind == TypeKind.Array || info.kind == TypeKind.String || info.kind == TypeKind.Record;
    if (!this.types.isInteger(type) && !(bytes && (info.size == 4 || info.size == 16 || info.kind == TypeKind.String))) {
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `ntop() argument must be 4 or 16 bytes in size (${this.types.describe(type)} provided)`,
      );
    }
    return this.types.printed(TypeKind.NetworkAddress, 24, 8);
  }

  private parsedAddress(e: Call): i32 {
    const literal = this.literalText(e, 0, "pton");
    if (literal == null) return BasicType.None;
    const bytes = parseAddress(literal.pointer, literal.length);
    if (bytes.length == 0) {
      return this.error(
        Code.InvalidArgument,
        e.start,
        e.end,
        `pton() expects an string argument of an IPv4/IPv6 address, got ${String.UTF8.decodeUnsafe(literal.pointer, literal.length)}`,
      );
    }
    return this.types.array(BasicType.Uint8, bytes.length);
  }

  private stackCall(e: Call, name: string): i32 {
    if (!this.contextAllowed(e, name)) return BasicType.None;
    const kind = name == "kstack" ? TypeKind.KernelStack : TypeKind.UserStack;
    let mode: StackMode = this.stackMode;
    let frames = DEFAULT_FRAMES;
    for (let i = 0; i < e.argumentList.length; i++) {
      const argument = e.argumentList[i];
      if (argument.kind == NodeKind.Identifier && i == 0) {
        const word = this.word(e, i);
        mode = stackModeNames().indexOf(word);
        if (mode < 0)
          return this.error(
            Code.InvalidArgument,
            argument.start,
            argument.end,
            `Error parsing stack mode: ${name}: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id.`,
          );
        continue;
      }
      const isLiteralLimit = argument.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>argument).negative;
      if (!isLiteralLimit) return this.error(Code.NotConstant, e.start, e.end, `${name}: invalid limit value`);
      this.expression(argument);
      const limit = (<IntegerLiteral>argument).value;
      if (limit > MAXIMUM_FRAMES)
        return this.error(
          Code.OutOfRange,
          e.start,
          e.end,
          `${name}([int limit]): limit shouldn't exceed ${MAXIMUM_FRAMES}, ${limit} given`,
        );
      frames = max(<i32>limit, 1);
    }
    return this.stackType(e, kind, frames, mode);
  }

  /** A pointer to as many bytes as the symbol has, where the target can say; a variable of another size is taken for 8. */
  private userAddress(e: Call, name: string): i32 {
    const probe = this.probe;
    const isOfBinary = probe.provider == Provider.Uprobe || probe.provider == Provider.Uretprobe || probe.provider == Provider.Usdt;
    if (!isOfBinary)
      return this.error(Code.NotAvailableHere, e.start, e.end, `${name} can not be used with "${providerName(probe.provider)}" probes`);
    const symbol = this.literalText(e, 0, name);
    if (symbol == null) return BasicType.None;
    const key = `${probe.point.parts.length > 1 ? probe.part(0) : ""}\n${this.word(e, 0)}`;
    if (key.endsWith("\n") || !isWellFormed(key)) return this.error(Code.OutOfRange, e.start, e.end, "uaddr() needs the name of a symbol");
    const known = this.profile.symbols;
    if (!known.has(key)) {
      this.needs.symbol(key);
      return BasicType.None;
    }
    const size = known.get(key);
    return this.types.pointer(this.types.integer(size == 1 || size == 2 || size == 4 ? size : 8, false), AddressSpace.User);
  }

  private stackType(e: Expression, kind: TypeKind, frames: i32, mode: StackMode): i32 {
    if (mode == StackMode.BuildId && kind == TypeKind.KernelStack)
      return this.error(Code.InvalidArgument, e.start, e.end, "'build_id' stack mode can only be used for ustack");
    return this.types.stack(kind, frames, mode);
  }

  private formatTime(e: Call): i32 {
    if (this.literalText(e, 0, "strftime") == null) return BasicType.None;
    const type = this.integerArgument(e, 1, "strftime");
    if (type == BasicType.None) return type;
    if (this.clockOfTime(e.argumentList[1]) == ClockKind.Monotonic)
      return this.error(Code.InvalidArgument, e.start, e.end, "strftime() can not take a monotonic timestamp");
    return this.types.printed(TypeKind.Timestamp, 16, 8);
  }

  /** The clock that a time was taken from: what a call of nsecs() says, else the boot clock. */
  clockOfTime(e: Expression): i32 {
    if (e.kind != NodeKind.Call || !this.symbols.is((<Call>e).name, "nsecs")) return ClockKind.Boot;
    return max(this.clockOf(<Call>e), 0);
  }

  private signal(e: Call, name: string): i32 {
    const argument = e.argumentList[0];
    const provider = this.probe.provider;
    // These programs do not run for the process that is current.
    const isForeign =
      provider == Provider.Begin ||
      provider == Provider.End ||
      provider == Provider.Interval ||
      provider == Provider.Software ||
      provider == Provider.Hardware;
    if (isForeign) {
      this.error(Code.NotAvailableHere, e.start, e.end, `${name}() can not be used for this probetype ${this.probe.typeName}`);
      return BasicType.None;
    }
    if (argument.kind != NodeKind.StringLiteral) {
      this.integerArgument(e, 0, name);
      if (argument.kind == NodeKind.IntegerLiteral && (<IntegerLiteral>argument).value - 1 >= 64)
        this.error(Code.OutOfRange, e.start, e.end, `${name}() accepts a string literal or an integer between 1 and 64 (inclusive)`);
      return BasicType.None;
    }
    this.expression(argument);
    if (signalNumber(this.word(e, 0)) == 0)
      return this.error(Code.InvalidArgument, e.start, e.end, `${this.word(e, 0)} is not a valid signal`);
    return BasicType.None;
  }
}

/** Names of signals from 1 on (asm-generic/signal.h). */
const SIGNALS: StaticArray<string> = [
  "HUP",
  "INT",
  "QUIT",
  "ILL",
  "TRAP",
  "ABRT",
  "BUS",
  "FPE",
  "KILL",
  "USR1",
  "SEGV",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
  "STKFLT",
  "CHLD",
  "CONT",
  "STOP",
  "TSTP",
  "TTIN",
  "TTOU",
  "URG",
  "XCPU",
  "XFSZ",
  "VTALRM",
  "PROF",
  "WINCH",
  "IO",
  "PWR",
  "SYS",
];

/** The number of a signal, with or without `SIG` before its name; 0 for none. */
export function signalNumber(name: string): i32 {
  const bare = name.startsWith("SIG") ? name.substring(3) : name;
  for (let i = 0; i < SIGNALS.length; i++) if (SIGNALS[i] == bare) return i + 1;
  return 0;
}
