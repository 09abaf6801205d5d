// Lowering of the functions and builtins whose values are addresses, symbols, stacks and times, and of the actions.

import { BuiltinRow, PROBE_NAME_SIZE, Recipe } from "../check/builtins";
import { ClockKind, signalNumber } from "../check/function-calls";
import { FunctionId } from "../check/functions";
import { parseAddress } from "../check/network-address";
import { AddressSpace, BasicType, frameSize, StackMode, TypeKind } from "../check/types";
import { BindingRow, EventKind, EventRow } from "../object/manifest";
import { Expression, NodeKind, Provider } from "../syntax/ast";
import { Call, Identifier, IntegerLiteral, StringLiteral } from "../syntax/expression-nodes";
import { Helper } from "./helpers";
import { Op, Section, Type } from "./ir";
import { EVENT_HEADER } from "./lower-events";
import { readHelper } from "./lower-places";
import { StringLowering } from "./lower-strings";

/** MAX_ERRNO of the kernel (include/linux/err.h): larger addresses mean errors. */
const LARGEST_ERROR: i64 = 4095;

/** BPF_F_USER_STACK of get_stack. */
const USER_STACK: i64 = 256;

/** BPF_F_USER_BUILD_ID of get_stack. */
const BUILD_IDS: i64 = 2048;

/** TASK_COMM_LEN of the kernel. */
const COMMAND_SIZE: i32 = 16;

/** Texts that join() prints at most, as the peer. */
const JOIN_TEXTS: i32 = 16;

const IPV4: i64 = 2;
const IPV6: i64 = 10;

export abstract class FunctionLowering extends StringLowering {
  protected abstract assertion(e: Call): void;

  // Numbers

  /** The value of a call of a function that has one; 0 for the others, whose effect it has. */
  protected functionValue(e: Call, id: FunctionId): i32 {
    const b = this.b;
    switch (id) {
      case FunctionId.StringCompare:
        return this.compareStrings(e);
      case FunctionId.StringLength:
        return this.stringLength(e);
      case FunctionId.StringCapacity:
        return b.constant(this.types.get(e.argumentList[0].typeId).size);
      case FunctionId.StringSearch:
        return this.searchString(e);
      case FunctionId.Glob:
        return this.conditionValue(e);
      case FunctionId.StringContains:
        return b.binary(Op.GreaterEqual, this.searchString(e), b.constant(0));
      case FunctionId.ByteSwap: {
        const size = this.types.get(e.typeId).size;
        const value = this.value(e.argumentList[0]);
        return size == 1 ? b.extend(value, 1, false) : b.byteSwap(value, size);
      }
      case FunctionId.Register:
        this.manifest.need("architecture", e.start, e.end);
        return b.load(b.context(), this.register(literalText(e.argumentList[0])), 8);
      case FunctionId.KernelAddress:
        return this.boundConstant("kernel_address", e, literalText(e.argumentList[0]));
      case FunctionId.UserAddress:
        return this.userAddress(e);
      case FunctionId.CgroupId:
        return this.boundConstant("cgroup_id", e, literalText(e.argumentList[0]));
      case FunctionId.NanoSeconds:
        return this.nanoSeconds(e);
      case FunctionId.ProcessId:
      case FunctionId.ThreadId:
        return this.processId(e, id == FunctionId.ProcessId);
      case FunctionId.TaskField:
        return this.types.isScalar(e.typeId) ? this.value(this.checker.standIn(e)!) : b.constant(0);
      case FunctionId.Signal:
      case FunctionId.SignalThread:
        this.signal(e, id);
        return b.constant(0);
      case FunctionId.Override: {
        this.manifest.unsafe("override()", e.start, e.end);
        this.manifest.need("helper:override_return", e.start, e.end);
        b.call(Helper.OverrideReturn, [b.context(), this.value(e.argumentList[0])]);
        return b.constant(0);
      }
      case FunctionId.WriteUser:
        return this.writeUser(e);
      case FunctionId.Time:
        this.time(e);
        return b.constant(0);
      case FunctionId.Join:
        this.joinTexts(e);
        return b.constant(0);
      case FunctionId.DebugPrint:
        this.debugPrint(e);
        return b.constant(0);
      case FunctionId.Assert:
        this.assertion(e);
        return b.constant(0);
      case FunctionId.StaticAssert:
      case FunctionId.AssertText:
        return b.constant(0);
      case FunctionId.TypeQuestion:
      case FunctionId.KernelFunctionExists:
      case FunctionId.KernelFunctionAllowed:
      case FunctionId.DefaultTextLength:
        return b.constant(this.checker.knownValue(e));
      case FunctionId.IsError:
        return b.binary(Op.AboveEqual, this.value(e.argumentList[0]), b.constant(-LARGEST_ERROR));
      case FunctionId.MemoryCompare:
        return this.compareMemories(e);
      case FunctionId.PerCpuAddress:
        return this.perCpuAddress(e);
      case FunctionId.SocketCookie:
        this.manifest.need("helper:get_socket_cookie", e.start, e.end);
        this.needsTypedContext = true;
        return b.call(Helper.GetSocketCookie, [this.value(e.argumentList[0])]);
      case FunctionId.KernelVersion:
        return e.argumentList.length > 0 ? b.constant(this.checker.versionOf(e)) : this.boundConstant("kernel_version", e);
      default:
        // Of a value that is printed in its own form nothing is left when nobody uses it.
        assert(!this.types.isScalar(e.typeId), "a function without a lowering");
        return b.constant(0);
    }
  }

  /**
   * A symbol of the probed file lies as far from the place of the probe as in the file, wherever that was loaded: a constant that `bind`
   * sets for each place is added to where the program runs.
   */
  private userAddress(e: Call): i32 {
    const b = this.b;
    const name = literalText(e.argumentList[0]);
    const bindings = this.manifest.bindings;
    const program = this.manifest.programs.length;
    let at = -1;
    for (let i = 0; i < bindings.length; i++) {
      const known = bindings[i];
      if (known.kind == "user_address" && known.program == program && known.name == name) at = known.offset;
    }
    if (at < 0) {
      const row = new BindingRow("user_address", this.constantOfRodata(8), 8);
      row.program = program;
      row.name = name;
      row.start = e.start;
      row.end = e.end;
      bindings.push(row);
      at = row.offset;
    }
    this.manifest.need("architecture", e.start, e.end);
    const isReturn = this.context.provider == Provider.Uretprobe;
    if (isReturn) this.manifest.need("helper:get_func_ip", e.start, e.end);
    const place = isReturn ? b.call(Helper.GetFuncIp, [b.context()]) : b.load(b.context(), this.register("pc"), 8);
    return b.binary(Op.Add, place, b.load(b.data(Section.Rodata, at), 0, 8));
  }

  /** A constant of 8 bytes that `bind` sets. */
  protected boundConstant(kind: string, e: Expression, name: string = ""): i32 {
    return this.b.load(this.b.data(Section.Rodata, this.binding(kind, 0, 8, e, name)), 0, 8);
  }

  /** Address of the text that `bind` sets to the name of the place that this program is attached to. */
  private boundProbeName(): i32 {
    const bindings = this.manifest.bindings;
    const program = this.manifest.programs.length;
    for (let i = 0; i < bindings.length; i++) {
      const known = bindings[i];
      if (known.kind == "probe_name" && known.program == program) return this.b.data(Section.Rodata, known.offset);
    }
    const row = new BindingRow("probe_name", this.constantOfRodata(PROBE_NAME_SIZE), PROBE_NAME_SIZE);
    row.program = program;
    bindings.push(row);
    return this.b.data(Section.Rodata, row.offset);
  }

  protected builtinValue(e: Identifier, row: BuiltinRow): i32 {
    const b = this.b;
    switch (row.recipe) {
      case Recipe.Constant:
        if (row.name == "ncpus") return this.boundConstant("cpu_count", e);
        if (row.name == "has_cpid") return b.truth(this.boundConstant("command_pid", e));
        this.manifest.need("command", e.start, e.end);
        return this.boundConstant("command_pid", e);
      case Recipe.Elapsed:
        return b.binary(Op.Sub, b.call(row.helper, []), this.boundConstant("start_time", e));
      case Recipe.UserMode:
        if (!this.context.hasRegisters) return b.constant(this.context.isSpecial ? 1 : 0);
        this.manifest.need("architecture", e.start, e.end);
        return this.isUserMode();
      default: {
        const expansion = this.checker.standIn(e);
        assert(expansion != null, "a builtin that is no number");
        return this.value(expansion!);
      }
    }
  }

  private register(name: string): i32 {
    return this.checker.architecture.registerOffset(name);
  }

  private isUserMode(): i32 {
    const b = this.b;
    const architecture = this.checker.architecture;
    const mode = b.load(b.context(), this.register(architecture.modeRegister), 8);
    return b.binary(Op.Equal, b.binary(Op.And, mode, b.constant(architecture.modeMask)), b.constant(architecture.userMode));
  }

  private nanoSeconds(e: Call): i32 {
    const b = this.b;
    switch (this.checker.clockOf(e)) {
      case ClockKind.Monotonic:
        return b.call(Helper.KtimeGetNs, []);
      case ClockKind.Tai:
        this.manifest.need("helper:ktime_get_tai_ns", e.start, e.end);
        return b.call(Helper.KtimeGetTaiNs, []);
      case ClockKind.SoftwareTai:
        return b.binary(Op.Add, b.call(Helper.KtimeGetBootNs, []), this.boundConstant("tai_offset", e));
      default:
        return b.call(Helper.KtimeGetBootNs, []);
    }
  }

  private processId(e: Call, isProcess: bool): i32 {
    const b = this.b;
    if (this.checker.isOwnNamespace(e)) return this.namespaceId(e, isProcess);
    const both = b.call(Helper.GetCurrentPidTgid, []);
    return isProcess ? b.binary(Op.Shr, both, b.constant(32)) : b.extend(both, 4, false);
  }

  protected namespaceId(e: Expression, isProcess: bool): i32 {
    const b = this.b;
    this.manifest.need("helper:get_ns_current_pid_tgid", e.start, e.end);
    // struct bpf_pidns_info { u32 pid, tgid; }: a task outside of the namespace leaves zeros.
    const slot = b.slot(8);
    b.store(slot, 0, 8, b.constant(0));
    b.call(Helper.GetNsCurrentPidTgid, [
      this.boundConstant("namespace_device", e),
      this.boundConstant("namespace_inode", e),
      slot,
      b.constant(8),
    ]);
    return b.load(slot, isProcess ? 4 : 0, 4);
  }

  private signal(e: Call, id: FunctionId): void {
    const b = this.b;
    const argument = e.argumentList[0];
    const name = id == FunctionId.Signal ? "signal" : "signal_thread";
    this.manifest.unsafe(`${name}()`, e.start, e.end);
    this.manifest.need(`helper:send_${name}`, e.start, e.end);
    const number = argument.kind == NodeKind.StringLiteral ? b.constant(signalNumber(literalText(argument))) : this.value(argument);
    b.call(id == FunctionId.Signal ? Helper.SendSignal : Helper.SendSignalThread, [number]);
  }

  /**
   * `write_user(target, source, length)`: whether it worked. A source that is a value gives its own bytes, one that is an address
   * those that lie there, at most as many as the longest text has.
   */
  private writeUser(e: Call): i32 {
    const b = this.b;
    this.manifest.unsafe("write_user()", e.start, e.end);
    const target = this.value(e.argumentList[0]);
    const source = e.argumentList[1];
    const info = this.types.get(source.typeId);
    let bytes: i32;
    let length: i32;
    if (info.kind == TypeKind.Pointer) {
      const address = this.value(source);
      const wanted = this.value(e.argumentList[2]);
      const longest = this.checker.maximumString;
      const room = b.isConst(wanted) ? <i32>min(<u64>b.constOf(wanted), <u64>longest) : longest;
      bytes = this.memory((max(room, 1) + 7) & -8);
      length = this.bounded(wanted, room);
      const helper = readHelper(info.space);
      this.checkRead(b.call(helper, [bytes, length, address]), helper);
    } else {
      const place = this.ownPlace(source);
      bytes = b.offset(place.pointer, place.offset);
      length = this.bounded(this.value(e.argumentList[2]), info.size);
    }
    // The helper takes no length of 0: nothing is written then, and that works.
    const result = b.addVariable(Type.Scalar);
    const some = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(1));
    // By "above", which bounds the number for every verifier; "not equal" does only for later ones.
    b.branch(b.binary(Op.Above, length, b.constant(0)), some, done);
    b.enter(some);
    b.write(result, b.binary(Op.Equal, b.call(Helper.ProbeWriteUser, [target, bytes, length]), b.constant(0)));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  /** The smaller of a number, seen as unsigned, and a constant. */
  protected bounded(value: i32, limit: i32): i32 {
    const b = this.b;
    if (b.isConst(value)) return b.constant(min(b.constOf(value), <i64>limit));
    const result = b.addVariable(Type.Scalar);
    const large = b.newBlock();
    const done = b.newBlock();
    b.write(result, value);
    b.branch(b.binary(Op.Above, value, b.constant(limit)), large, done);
    b.enter(large);
    b.write(result, b.constant(limit));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  // Values in memory

  protected writeBuiltin(e: Identifier, type: i32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const row = this.checker.findBuiltin(e.name)!;
    switch (row.recipe) {
      case Recipe.ProbeName:
        if (this.context.hasBoundName) this.copyBounded(this.boundProbeName(), PROBE_NAME_SIZE, size, pointer, offset, whole);
        else this.writeConstant(this.checker.probeName(), size, pointer, offset, whole);
        return;
      case Recipe.ProbeArguments: {
        const info = this.types.get(type);
        this.clear(pointer, offset, info.size);
        for (let i = 0; i < info.fields.length; i++) {
          const field = info.fields[i];
          b.store(pointer, offset + info.offsets[i], this.types.get(field).size, this.tracedValue(i, field, e));
        }
        return;
      }
      case Recipe.ProbeType:
        this.writeConstant(this.context.typeName, size, pointer, offset, whole);
        return;
      case Recipe.Stack:
        this.writeStack(type, pointer, offset);
        return;
      case Recipe.UserName:
        b.store(pointer, offset, 8, b.extend(b.call(row.helper, []), 4, false));
        return;
      case Recipe.ProbedFunction:
        if (this.types.kind(type) == TypeKind.UserSymbol)
          this.writeUserSymbol(b.load(b.context(), this.register("pc"), 8), pointer, offset);
        // The place of the probe lies in the function: kernels before 5.15 have no helper that names its start.
        else if (this.context.provider == Provider.Kprobe) b.store(pointer, offset, 8, b.load(b.context(), this.register("pc"), 8));
        else {
          this.manifest.need("helper:get_func_ip", e.start, e.end);
          b.store(pointer, offset, 8, b.call(row.helper, [b.context()]));
        }
        return;
      default: {
        const expansion = this.checker.standIn(e);
        assert(expansion != null, "a builtin without a lowering");
        this.writeText(expansion!, size, pointer, offset, whole);
      }
    }
  }

  private writeConstant(text: string, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const bytes = String.UTF8.encode(text);
    this.writeBytes(changetype<usize>(bytes), bytes.byteLength, size, pointer, offset, whole);
  }

  protected writeCall(e: Call, type: i32, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    const row = this.checker.findFunction(e.name);
    if (row == null || this.checker.isBuiltinCall(e)) {
      const builtin = this.checker.builtinOf(e)!;
      if (this.types.kind(type) == TypeKind.String) this.writeText(builtin, size, pointer, offset, whole);
      else this.writeTo(builtin, type, pointer, offset);
      return;
    }
    const list = e.argumentList;
    switch (row.id) {
      case FunctionId.StringConcatenate:
        this.concatenate(e, size, pointer, offset, whole);
        return;
      case FunctionId.ErrorText:
      case FunctionId.SignalName:
      case FunctionId.SyscallName:
        this.numberName(row.id, list[0], size, pointer, offset);
        return;
      case FunctionId.TaskField:
        this.writeText(this.checker.standIn(e)!, size, pointer, offset, whole);
        return;
      case FunctionId.TaskName:
        this.writeTaskName(e, size, pointer, offset, whole);
        return;
      case FunctionId.Buffer:
        this.writeBuffer(e, type, pointer, offset);
        return;
      case FunctionId.MacAddress:
        this.copyBytes(list[0], 6, pointer, offset);
        return;
      case FunctionId.NetworkAddress:
        this.writeNetworkAddress(e, pointer, offset);
        return;
      case FunctionId.ParseAddress: {
        const literal = <StringLiteral>list[0];
        const bytes = parseAddress(literal.pointer, literal.length);
        this.writeBytes(bytes.dataStart, bytes.length, size, pointer, offset, true);
        return;
      }
      case FunctionId.KernelSymbol:
        b.store(pointer, offset, 8, this.value(list[0]));
        return;
      case FunctionId.UserSymbol:
        this.writeUserSymbol(this.value(list[0]), pointer, offset);
        return;
      case FunctionId.KernelStack:
      case FunctionId.UserStack:
        this.writeStack(type, pointer, offset);
        return;
      case FunctionId.FormatTime: {
        const clock = this.checker.clockOfTime(list[1]);
        const format = this.manifest.text(literalText(list[0]));
        b.store(pointer, offset + 8, 8, this.value(list[1]));
        b.store(pointer, offset, 4, b.constant(format));
        b.store(pointer, offset + 4, 4, b.constant(clock));
        return;
      }
      case FunctionId.Path: {
        this.manifest.need("helper:d_path", e.start, e.end);
        const own = this.types.get(e.typeId).size;
        const place = this.recordPlace(list[0]);
        // The helper writes from the end of its buffer, and leaves there what it does not need.
        const buffer = this.memory((own + 7) & -8);
        b.store(buffer, 0, 1, b.constant(0));
        b.call(Helper.DPath, [b.offset(place.pointer, place.offset), buffer, b.constant(own)]);
        this.copyBounded(buffer, own, size, pointer, offset, whole);
        return;
      }
      case FunctionId.CgroupPath: {
        const filter = this.manifest.text(list.length > 1 ? literalText(list[1]) : "");
        b.store(pointer, offset, 8, this.value(list[0]));
        b.store(pointer, offset + 8, 8, b.constant(filter));
        return;
      }
      default:
        assert(false, "a function whose value has no lowering");
    }
  }

  /** `comm(pid)`: the process may end at any time, so the kernel is asked for a reference to it, which is given back. */
  private writeTaskName(e: Call, size: i32, pointer: i32, offset: i32, whole: bool): void {
    const b = this.b;
    this.manifest.need("kfunc:bpf_task_from_pid", e.start, e.end);
    this.needsTypedContext = true;
    if (whole) this.clear(pointer, offset, size);
    const pid = this.value(e.argumentList[0]);
    const found = b.newBlock();
    const missing = b.newBlock(true);
    const done = b.newBlock();
    const task = b.call(Helper.TaskFromPid, [pid]);
    b.branch(b.binary(Op.NotEqual, task, b.constant(0)), found, missing);
    b.enter(found);
    const name = this.memberOf(task, "task_struct", "comm");
    b.call(Helper.ProbeReadKernelStr, [b.offset(pointer, offset), b.constant(min(size, COMMAND_SIZE)), name]);
    b.call(Helper.TaskRelease, [task]);
    b.jump(done);
    b.enter(missing);
    this.writeConstant("N/A", size, pointer, offset, false);
    this.warn("No such process (pid=%d)", e, pid, this.checker.stored(e.argumentList[0].typeId));
    b.jump(done);
    b.enter(done);
  }

  /** Reports a warning with one number at a place of the script. */
  private warn(format: string, e: Expression, value: i32, type: i32): void {
    const b = this.b;
    const row = new EventRow(EventKind.ReportWarning, e.start, e.end);
    row.setText(format);
    this.layOut(row, [type]);
    const record = b.slot(row.size);
    b.store(record, 0, 8, b.constant(this.addEvent(row)));
    b.store(record, EVENT_HEADER, 8, b.extend(value, this.types.get(type).size, false));
    this.sendFromStack(record, row);
  }

  private writeUserSymbol(address: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    b.store(pointer, offset, 8, address);
    b.store(pointer, offset + 8, 8, b.binary(Op.Shr, b.call(Helper.GetCurrentPidTgid, []), b.constant(32)));
  }

  /** The frames are written where they belong; the kernel says how many bytes they are. */
  private writeStack(type: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const info = this.types.get(type);
    const isUser = info.kind == TypeKind.UserStack;
    const first = offset + (isUser ? 16 : 8);
    this.manifest.need("helper:get_stack", this.b.source, this.b.source);
    const frame = frameSize(info.parameter);
    this.clear(pointer, first, info.count * frame);
    const bytes = b.call(Helper.GetStack, [
      b.context(),
      b.offset(pointer, first),
      b.constant(info.count * frame),
      b.constant(info.parameter == StackMode.BuildId ? USER_STACK | BUILD_IDS : isUser ? USER_STACK : 0),
    ]);
    const count = b.addVariable(Type.Scalar);
    const some = b.newBlock();
    const done = b.newBlock();
    b.write(count, b.constant(0));
    b.branch(b.binary(Op.Greater, bytes, b.constant(0)), some, done);
    b.enter(some);
    b.write(count, b.binary(Op.Shr, bytes, b.constant(frame == 8 ? 3 : 5)));
    b.jump(done);
    b.enter(done);
    b.store(pointer, offset, 8, b.read(count));
    if (isUser) b.store(pointer, offset + 8, 8, b.binary(Op.Shr, b.call(Helper.GetCurrentPidTgid, []), b.constant(32)));
  }

  /** Copies `count` bytes of what `e` is, or points to. */
  private copyBytes(e: Expression, count: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    if (this.types.isScalar(e.typeId)) {
      const address = this.value(e);
      b.call(readHelper(this.pointerSpace(e.typeId)), [b.offset(pointer, offset), b.constant(count), address]);
      return;
    }
    const place = this.place(e);
    const size = min(count, this.types.get(e.typeId).size);
    if (place.isOwn) b.copy(pointer, offset, place.pointer, place.offset, size);
    else b.call(readHelper(place.space), [b.offset(pointer, offset), b.constant(size), b.offset(place.pointer, place.offset)]);
    if (count > size) this.clear(pointer, offset + size, count - size);
  }

  /** u32 length and that many bytes; zeros behind them. */
  private writeBuffer(e: Call, type: i32, pointer: i32, offset: i32): void {
    const b = this.b;
    const room = this.types.get(type).count;
    const source = e.argumentList[0];
    const isScalar = this.types.isScalar(source.typeId);
    let limit = min(room, this.types.get(e.typeId).count);
    if (!isScalar) limit = min(limit, this.types.get(source.typeId).size);
    let space: AddressSpace = AddressSpace.Kernel;
    let address: i32;
    if (isScalar) {
      space = this.pointerSpace(source.typeId);
      address = this.value(source);
    } else {
      const place = this.place(source);
      if (!place.isOwn) space = place.space;
      address = b.offset(place.pointer, place.offset);
    }
    const length = e.argumentList.length > 1 ? this.bounded(this.value(e.argumentList[1]), limit) : b.constant(limit);
    if (room == 0) {
      b.store(pointer, offset, 4, length);
      return;
    }
    this.clear(pointer, offset + 4, room);
    b.store(pointer, offset, 4, length);
    if (!b.isConstant(length, 0)) b.call(readHelper(space), [b.offset(pointer, offset + 4), length, address]);
  }

  /** u64 family and 16 bytes of address. */
  private writeNetworkAddress(e: Call, pointer: i32, offset: i32): void {
    const b = this.b;
    const list = e.argumentList;
    const address = list[list.length - 1];
    const info = this.types.get(address.typeId);
    const isLong = !this.types.isScalar(address.typeId) && info.size >= 16;
    const family = list.length == 2 ? this.value(list[0]) : b.constant(isLong ? IPV6 : IPV4);
    this.clear(pointer, offset + 8, 16);
    if (this.types.isScalar(address.typeId)) b.store(pointer, offset + 8, 4, this.value(address));
    else this.copyBytes(address, isLong ? 16 : 4, pointer, offset + 8);
    b.store(pointer, offset, 8, family);
  }

  /** `percpu_kaddr(name[, cpu])`: the variable's address plus where the CPU's variables are; 0 for a CPU that there is none of. */
  private perCpuAddress(e: Call): i32 {
    const b = this.b;
    const base = this.boundConstant("kernel_address", e, literalText(e.argumentList[0]));
    const table = this.boundConstant("kernel_address", e, "__per_cpu_offset");
    const cpu = e.argumentList.length == 2 ? this.value(e.argumentList[1]) : b.call(Helper.GetSmpProcessorId, []);
    const result = b.addVariable(Type.Kernel);
    const inside = b.newBlock();
    const done = b.newBlock();
    b.write(result, b.constant(0));
    b.branch(b.binary(Op.BelowEqual, cpu, this.maximumCpu()), inside, done);
    b.enter(inside);
    const slot = b.slot(8);
    b.call(Helper.ProbeReadKernel, [slot, b.constant(8), b.binary(Op.Add, table, b.binary(Op.Mul, cpu, b.constant(8)))]);
    b.write(result, b.binary(Op.Add, base, b.load(slot, 0, 8)));
    b.jump(done);
    b.enter(done);
    return b.read(result);
  }

  // Actions

  private time(e: Call): void {
    const row = new EventRow(EventKind.Time, e.start, e.end);
    row.setText(e.argumentList.length > 0 ? literalText(e.argumentList[0]) : "%H:%M:%S\n");
    this.sendConstantEvent(row);
  }

  /** Reads the texts that an array of pointers names, up to its end: u64 number of texts, then the texts. */
  private joinTexts(e: Call): void {
    const b = this.b;
    const size = this.checker.maximumString;
    const row = new EventRow(EventKind.Join, e.start, e.end);
    const types: Array<i32> = [BasicType.Uint64];
    for (let i = 0; i < JOIN_TEXTS; i++) types.push(this.types.text(size));
    this.layOut(row, types);
    const separator = String.UTF8.encode(e.argumentList.length > 1 ? literalText(e.argumentList[1]) : " ");
    row.text = changetype<usize>(separator);
    row.textLength = separator.byteLength;
    const list = e.argumentList[0];
    const space = this.pointerSpace(list.typeId);
    const address = this.value(list);
    const record = this.reserveEvent(this.addEvent(row), row);
    const reserved = this.eventDone;
    const slot = b.slot(8);
    const text = b.newBlock();
    const done = b.newBlock();
    const loop = this.beginCount(JOIN_TEXTS, done);
    const index = b.read(loop.index);
    b.call(readHelper(space), [slot, b.constant(8), b.binary(Op.Add, address, b.binary(Op.Mul, index, b.constant(8)))]);
    const pointer = b.load(slot, 0, 8, false, space == AddressSpace.User ? Type.User : Type.Kernel);
    b.branch(b.binary(Op.Equal, pointer, b.constant(0)), done, text);
    b.enter(text);
    const target = b.index(b.offset(record, row.offsets[1]), b.binary(Op.Mul, index, b.constant(size)));
    b.call(space == AddressSpace.User ? Helper.ProbeReadUserStr : Helper.ProbeReadKernelStr, [target, b.constant(size), pointer]);
    this.endCount(loop);
    b.enter(done);
    b.store(record, row.offsets[0], 8, b.read(loop.index));
    this.submitEvent(record, row, reserved);
  }

  /** The kernel's own formatting, to its trace pipe: numbers alone, and texts by address. */
  private debugPrint(e: Call): void {
    const b = this.b;
    const literal = <StringLiteral>e.argumentList[0];
    const rodata = this.module.rodata;
    const offset = <u32>rodata.length;
    for (let i: u32 = 0; i < literal.length; i++) rodata.writeU8(load<u8>(literal.pointer + i));
    rodata.writeU8(0);
    const operands: Array<i32> = [b.data(Section.Rodata, offset), b.constant(literal.length + 1)];
    for (let i = 1; i < 4; i++) {
      if (i >= e.argumentList.length) operands.push(b.constant(0));
      else if (this.types.isScalar(e.argumentList[i].typeId)) operands.push(this.value(e.argumentList[i]));
      else {
        const place = this.ownPlace(e.argumentList[i]);
        operands.push(b.offset(place.pointer, place.offset));
      }
    }
    b.call(Helper.TracePrintk, operands);
  }
}

/** The text of an argument that the checker has found to be a literal, or a word. */
function literalText(e: Expression): string {
  const literal = <StringLiteral>e;
  return String.UTF8.decodeUnsafe(literal.pointer, literal.length);
}
