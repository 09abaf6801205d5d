// Calls that the peer's library of macros has: questions about types and values, checks, addresses.

import { Code } from "../source/diagnostics";
import { isWellFormed } from "../source/well-formed";
import { Expression, NodeKind, Provider } from "../syntax/ast";
import {
  BooleanLiteral,
  Call,
  Comptime,
  ContainerOf,
  FieldAccess,
  Identifier,
  IntegerLiteral,
  MapAccess,
  Record,
  StringLiteral,
} from "../syntax/expression-nodes";
import { providerName } from "../syntax/providers";
import { BtfKind } from "../target/btf";
import { Recipe } from "./builtins";
import { isLiteral } from "./constant-operators";
import { Constant } from "./definitions";
import { parseFormat } from "./format";
import { FunctionChecker, NAME_SIZE } from "./function-calls";
import { FunctionId, FunctionRow } from "./functions";
import { AddressSpace, BasicType, TypeKind } from "./types";

const UNRESOLVED: string = "Unable to resolve comptime expression";

export abstract class LibraryChecker extends FunctionChecker {
  /** The type of a call of one of the functions of this file. */
  protected libraryCall(e: Call, id: FunctionId, name: string): i32 {
    const list = e.argumentList;
    switch (id) {
      case FunctionId.Assert:
        this.condition(list[0], name);
        this.expression(list[1]);
        return BasicType.None;
      case FunctionId.StaticAssert:
        return this.staticAssert(e);
      case FunctionId.Fail:
        return this.fail(e);
      case FunctionId.TypeQuestion:
      case FunctionId.KernelFunctionExists:
      case FunctionId.KernelFunctionAllowed:
        if (id != FunctionId.TypeQuestion && this.literalText(e, 0, name) == null) return BasicType.None;
        this.operand(list[0]);
        this.remember(e);
        return BasicType.Bool;
      case FunctionId.IsError:
        return this.isError(list[0]);
      case FunctionId.DefaultTextLength:
        return BasicType.Uint64;
      case FunctionId.AssertText: {
        const kind = this.types.kind(this.operand(list[0]));
        if (kind == TypeKind.String || kind == TypeKind.Array || kind == TypeKind.Pointer || kind == TypeKind.None) return BasicType.None;
        return this.error(Code.TypeMismatch, e.start, e.end, "string-like values must be either strings, arrays or pointers");
      }
      case FunctionId.MemoryCompare:
        return this.memoryCompare(e);
      case FunctionId.PerCpuAddress:
        return this.perCpuAddress(e, name);
      case FunctionId.KernelVersion:
        return this.kernelVersion(e);
      case FunctionId.TaskName:
        return this.taskName(e);
      case FunctionId.SocketCookie:
        return this.socketCookie(e);
      default:
        for (let i = 0; i < e.argumentList.length; i++) this.expression(e.argumentList[i]);
        return this.refused(this.findFunction(e.name)!, e.start, e.end);
    }
  }

  protected abstract kernelVersion(e: Call): i32;

  /** The record of a typeinfo() that was checked; null for any other expression. */
  protected abstract typeRecord(e: Expression): Record | null;

  protected refused(row: FunctionRow, start: u32, end: u32): i32 {
    return this.error(Code.Unsupported, start, end, `${row.name}() is not supported: ${row.refusal}`, row.advice);
  }

  /** `socket_cookie(struct sock *)` */
  private socketCookie(e: Call): i32 {
    const socket = e.argumentList[0];
    const type = this.operand(socket);
    if (!this.probe.isTraced) {
      const provider = providerName(this.probe.provider);
      return this.error(Code.NotAvailableHere, e.start, e.end, `socket_cookie can not be used with "${provider}" probes`);
    }
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    if (info.kind != TypeKind.Pointer)
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `socket_cookie() only supports pointer arguments (${this.peerType(type)} provided)`,
      );
    if (this.types.get(info.element).text == "struct sock") return BasicType.Uint64;
    const message = `socket_cookie() only supports 'struct sock *' as the argument ('${this.types.describe(type)}' provided)`;
    return this.error(Code.TypeMismatch, e.start, e.end, message);
  }

  /** `comm(PID)` */
  private taskName(e: Call): i32 {
    const type = this.operand(e.argumentList[0]);
    if (type != BasicType.None && !this.types.isInteger(type))
      return this.error(Code.TypeMismatch, e.start, e.end, "Only integer supported for comm()'s pid");
    const kind = programType(this.probe.provider);
    if (kind == "kprobe" || kind == "raw_tracepoint")
      return this.error(
        Code.NotAvailableHere,
        e.start,
        e.end,
        `Syntax comm(PID) is not supported in this probe type yet. Type: ${this.probe.typeName}`,
        "The kernel looks processes up for tracepoint, rawtracepoint, fentry, fexit, profile, interval, software and hardware probes.",
      );
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    const name = String.UTF8.encode("comm");
    const task = btf.findString(BtfKind.Struct, "task_struct");
    if (task == 0 || btf.findMember(task, changetype<usize>(name), name.byteLength) == null)
      return this.error(Code.MissingTypes, e.start, e.end, "The target's types do not have the name of a task (struct task_struct)");
    return this.types.text(NAME_SIZE);
  }

  /** The peer's is a macro that casts. */
  private isError(pointer: Expression): i32 {
    const type = this.operand(pointer);
    if (type == BasicType.None || this.types.isScalar(type)) return type == BasicType.None ? type : BasicType.Bool;
    const message = `Cannot cast from "${this.types.describe(type)}" to "int64"`;
    return this.error(Code.InvalidCast, pointer.start, pointer.end, message);
  }

  private staticAssert(e: Call): i32 {
    const list = e.argumentList;
    this.expression(list[0]);
    const message = this.literalText(e, 1, "static_assert");
    if (message == null) return BasicType.None;
    const holds = this.constant(list[0]);
    if (!holds.known) return this.error(Code.NotConstant, list[0].start, list[0].end, UNRESOLVED);
    if (holds.value != 0) return BasicType.None;
    return this.error(Code.Failed, e.start, e.end, String.UTF8.decodeUnsafe(message.pointer, message.length));
  }

  /** An error of the script's own making, where the call is live: branches that `if comptime` drops are not checked. */
  private fail(e: Call): i32 {
    const literal = this.literalText(e, 0, "fail");
    if (literal == null) return BasicType.None;
    const format = parseFormat(literal.pointer, literal.length);
    let text = "";
    let from: u32 = 0;
    for (let i = 0; i < format.conversions.length && i + 1 < e.argumentList.length; i++) {
      const conversion = format.conversions[i];
      const argument = e.argumentList[i + 1];
      this.expression(argument);
      const value = this.textOf(argument);
      if (value == null) return this.error(Code.NotConstant, e.start, e.end, "fail() arguments need to be literals");
      text += String.UTF8.decodeUnsafe(literal.pointer + from, conversion.start - from) + value;
      from = conversion.end;
    }
    text += String.UTF8.decodeUnsafe(literal.pointer + from, literal.length - from);
    return this.error(Code.Failed, e.start, e.end, text);
  }

  /** A literal, or the name or kind of the probe, as text; null for anything else. */
  private textOf(e: Expression): string | null {
    switch (e.kind) {
      case NodeKind.StringLiteral:
        return String.UTF8.decodeUnsafe((<StringLiteral>e).pointer, (<StringLiteral>e).length);
      case NodeKind.IntegerLiteral:
        return (<IntegerLiteral>e).negative ? (<i64>(<IntegerLiteral>e).value).toString() : (<IntegerLiteral>e).value.toString();
      case NodeKind.BooleanLiteral:
        return (<BooleanLiteral>e).value ? "true" : "false";
      case NodeKind.FieldAccess: {
        const record = this.typeRecord((<FieldAccess>e).object);
        if (record == null) return null;
        const field = record.names.indexOf((<FieldAccess>e).name);
        return field < 0 ? null : this.textOf(record.values[field]);
      }
      case NodeKind.Identifier: {
        const row = this.findBuiltin((<Identifier>e).name);
        if (row == null) return null;
        return row.recipe == Recipe.ProbeType ? this.probe.typeName : row.recipe == Recipe.ProbeName ? this.probeName() : null;
      }
      default:
        return null;
    }
  }

  // What is known while compiling

  /** By expression: its value where it stands, with the variables that are in scope there. */
  private remembered: Map<usize, Constant> = new Map();

  private remember(e: Expression): Constant {
    const constant = this.constant(e);
    this.remembered.set(changetype<usize>(e), constant);
    return constant;
  }

  private recall(e: Expression): Constant {
    const key = changetype<usize>(e);
    return this.remembered.has(key) ? this.remembered.get(key) : this.constant(e);
  }

  /** The value of an expression that the checker has found to be constant. */
  knownValue(e: Expression): i64 {
    return this.recall(e).value;
  }

  protected comptime(e: Comptime): i32 {
    const type = this.expression(e.operand);
    if (this.remember(e).known) return type;
    // The parentheses belong to it.
    const end = this.diagnostics.source.at(e.end) == 0x29 ? e.end + 1 : e.end;
    return this.error(Code.NotConstant, e.start, end, UNRESOLVED);
  }

  /** Which branch of `if comptime (...)` remains: 1 the first, 0 the other; -1 for a condition that is known only at run time. */
  chosenBranch(condition: Expression): i32 {
    if (condition.kind != NodeKind.Comptime) return -1;
    const constant = this.recall(condition);
    return !constant.known ? -1 : constant.value != 0 ? 1 : 0;
  }

  protected textOrder(left: Expression, right: Expression): Constant {
    const result = new Constant();
    // Values of enumerators and sizes of arrays are asked for before anything has a type.
    if (left.typeId > BasicType.None && this.types.isScalar(left.typeId)) return result;
    const a = this.textOf(left);
    const b = this.textOf(right);
    if (a == null || b == null) return result;
    result.known = true;
    result.value = a == b ? 0 : a < b ? -1 : 1;
    return result;
  }

  protected callConstant(e: Call): Constant {
    const result = new Constant();
    const row = this.findFunction(e.name);
    if (row == null || e.argumentList.length < row.minimumArguments) return result;
    switch (row.id) {
      case FunctionId.TypeQuestion:
        result.known = true;
        result.value = this.answer(row.name, e.argumentList[0]) ? 1 : 0;
        return result;
      case FunctionId.DefaultTextLength:
        result.known = true;
        result.value = this.maximumString;
        return result;
      case FunctionId.IsScalar:
        if (e.argumentList[0].kind != NodeKind.MapAccess) return result;
        result.known = true;
        result.value = this.mapOf(<MapAccess>e.argumentList[0]).isScalar ? 1 : 0;
        return result;
      case FunctionId.KernelFunctionExists: {
        const argument = e.argumentList[0];
        const btf = this.kernelTypes(e.start, e.end);
        if (btf == null || argument.kind != NodeKind.StringLiteral) return result;
        result.known = true;
        result.value = btf.find(BtfKind.Function, (<StringLiteral>argument).pointer, (<StringLiteral>argument).length) != 0 ? 1 : 0;
        return result;
      }
      case FunctionId.KernelFunctionAllowed: {
        const name = this.textOf(e.argumentList[0]);
        if (name == null) return result;
        const key = `${programType(this.probe.provider)}:${name}`;
        const known = this.profile.kernelFunctions;
        result.known = known.has(key) || !isWellFormed(key);
        if (result.known) result.value = known.has(key) && known.get(key) ? 1 : 0;
        else this.needs.kernelFunction(key);
        return result;
      }
      default:
        return result;
    }
  }

  /** `is_ptr(e)` and its like. */
  private answer(question: string, e: Expression): bool {
    if (question == "is_literal") {
      const isText = e.kind == NodeKind.StringLiteral || e.kind == NodeKind.BooleanLiteral || e.kind == NodeKind.PositionalParameter;
      return isText || isLiteral(e);
    }
    const info = this.types.get(this.operand(e));
    if (question == "is_str") return info.kind == TypeKind.String;
    if (question == "is_ptr") return info.kind == TypeKind.Pointer;
    if (question == "is_array") return info.kind == TypeKind.Array;
    return info.kind == TypeKind.Integer && (question == "is_integer" || !info.signed);
  }

  // Memory

  private memoryCompare(e: Call): i32 {
    const list = e.argumentList;
    for (let i = 0; i < 2; i++) {
      const type = this.operand(list[i]);
      if (type == BasicType.None || this.types.isStorable(type)) continue;
      return this.error(
        Code.TypeMismatch,
        list[i].start,
        list[i].end,
        `memcmp() can not compare a value of type '${this.types.describe(type)}'`,
      );
    }
    this.integerArgument(e, 2, "memcmp");
    return BasicType.Int32;
  }

  private perCpuAddress(e: Call, name: string): i32 {
    const literal = this.literalText(e, 0, name);
    if (e.argumentList.length == 2) this.integerArgument(e, 1, name);
    if (literal == null) return BasicType.None;
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    if (btf.find(BtfKind.Variable, literal.pointer, literal.length) == 0) {
      const text = String.UTF8.decodeUnsafe(literal.pointer, literal.length);
      return this.error(Code.UnknownIdentifier, e.start, e.end, `Could not resolve variable "${text}" from BTF`);
    }
    return this.types.pointer(BasicType.Uint64, AddressSpace.Kernel);
  }

  /** A pointer to the struct that has the member that `e` points to. */
  protected containerOf(e: ContainerOf): i32 {
    const pointer = this.operand(e.pointer);
    const struct = this.namedType(e.type);
    if (pointer == BasicType.None || struct == BasicType.None) return BasicType.None;
    if (!this.types.isScalar(pointer))
      return this.error(
        Code.TypeMismatch,
        e.pointer.start,
        e.pointer.end,
        `container_of() expects a pointer (${this.types.describe(pointer)} provided)`,
      );
    let type = struct;
    for (let i = 0; i < e.path.length; i++) {
      type = this.fieldType(type, e.path[i], AddressSpace.Kernel, e.start, e.end);
      if (type == BasicType.None) return type;
    }
    return this.types.pointer(struct, this.types.get(pointer).space);
  }
}

/** The kernel's type of the programs of a probe, as far as it decides which functions of the kernel they may call. */
function programType(provider: Provider): string {
  switch (provider) {
    case Provider.Tracepoint:
      return "tracepoint";
    case Provider.Fentry:
    case Provider.Fexit:
    case Provider.Rawtracepoint:
    case Provider.Iterator:
      return "tracing";
    case Provider.Kprobe:
    case Provider.Kretprobe:
    case Provider.Uprobe:
    case Provider.Uretprobe:
    case Provider.Usdt:
      return "kprobe";
    case Provider.Profile:
    case Provider.Interval:
    case Provider.Software:
    case Provider.Hardware:
    case Provider.Watchpoint:
      return "perf_event";
    default:
      return "raw_tracepoint";
  }
}
