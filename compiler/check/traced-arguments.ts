// Arguments of probes that BTF describes: functions (fentry, fexit) and raw tracepoints. In the context they lie one behind
// the other, 8 bytes each; behind them, for fexit, what the function returned. Those of a wildcard lie elsewhere in each function
// and are found by name where the script runs.

import { Code } from "../source/diagnostics";
import { Expression, Provider } from "../syntax/ast";
import { providerName } from "../syntax/providers";
import { Btf, BtfKind } from "../target/btf";
import { closest } from "./suggestion";
import { TypeChecker } from "./type-names";
import { AddressSpace, BasicType } from "./types";

/** Name of the return value among the arguments, as the peer prints it. */
const RETURN_VALUE: string = "$retval";

/** What the functions that the kernel makes for each raw tracepoint are called; their parameters have names. */
const TRACEPOINT_FUNCTIONS: StaticArray<string> = ["__probestub_", "__traceiter_", "__bpf_trace_"];

export abstract class TracedChecker extends TypeChecker {
  /**
   * The type of `args`, a record; None after an error, or while BTF is missing. Asked once, then kept.
   * @param isOne what is wanted is one of them, not all at once.
   */
  protected tracedArguments(e: Expression, isOne: bool): i32 {
    const probe = this.probe;
    if (probe.isPattern && !isOne)
      return this.unsupported(e.start, e.end, `All arguments at once of a ${providerName(probe.provider)} probe with a wildcard`);
    if (probe.tracedType != BasicType.None) return probe.tracedType;
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
    if (probe.isPattern) return this.matchingArguments(btf);
    const prototype = this.prototypeOf(btf);
    if (prototype == 0) return this.unknownFunction(e);
    const isRaw = probe.provider == Provider.Rawtracepoint;
    const fields: Array<i32> = [];
    const names: Array<string> = [];
    const count = <i32>btf.memberCount(prototype);
    // The first of a raw tracepoint's is the tracer's own.
    for (let i = isRaw ? 1 : 0; i < count; i++) {
      const type = this.fromBtf(btf, btf.parameterType(prototype, i), AddressSpace.Kernel);
      const name = btf.parameterName(prototype, i);
      if (type == BasicType.None || !this.types.isScalar(type))
        return this.unsupported(e.start, e.end, `The argument '${name}' of ${probe.part(probe.point.parts.length - 1)}`);
      fields.push(type);
      names.push(name);
    }
    probe.argumentCount = fields.length;
    if (probe.provider == Provider.Fexit) {
      const type = this.fromBtf(btf, btf.sizeOrType(prototype), AddressSpace.Kernel);
      if (type != BasicType.None && this.types.isScalar(type)) {
        fields.push(type);
        names.push(RETURN_VALUE);
      }
    }
    probe.tracedType = this.types.tuple(fields, names);
    return probe.tracedType;
  }

  /** The type of `retval`; None after an error, or while BTF is missing. */
  protected tracedReturn(e: Expression): i32 {
    const type = this.tracedArguments(e, true);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    if (info.fields.length > this.probe.argumentCount) return info.fields[this.probe.argumentCount];
    return this.error(Code.NotAvailableHere, e.start, e.end, `Can't find a field ${RETURN_VALUE}`);
  }

  protected unknownArgument(name: string, names: Array<string>, start: u32, end: u32): i32 {
    return this.error(Code.UnknownField, start, end, `Can't find function parameter ${name}`, closest(name, names));
  }

  /** Of a wildcard: every argument that some function has which it matches, of the type that the first of them has. */
  private matchingArguments(btf: Btf): i32 {
    const probe = this.probe;
    const isRaw = probe.provider == Provider.Rawtracepoint;
    const fields: Array<i32> = [];
    const names: Array<string> = [];
    let returned: i32 = BasicType.None;
    let isFound = false;
    const forms = isRaw ? TRACEPOINT_FUNCTIONS.length : 1;
    for (let k = 0; k < forms && !isFound; k++) {
      const pattern = String.UTF8.encode((isRaw ? TRACEPOINT_FUNCTIONS[k] : "") + probe.part(probe.point.parts.length - 1), true);
      for (let id: u32 = 1; id < btf.typeCount; id++) {
        if (btf.kind(id) != BtfKind.Function || !matches(changetype<usize>(pattern), btf.name(id))) continue;
        const prototype = btf.sizeOrType(id);
        if (btf.kind(prototype) != BtfKind.FunctionPrototype) continue;
        isFound = true;
        for (let i: u32 = isRaw ? 1 : 0; i < btf.memberCount(prototype); i++) {
          const name = btf.parameterName(prototype, i);
          if (names.includes(name)) continue;
          const type = this.fromBtf(btf, btf.parameterType(prototype, i), AddressSpace.Kernel);
          if (type == BasicType.None || !this.types.isScalar(type)) continue;
          fields.push(type);
          names.push(name);
        }
        if (returned == BasicType.None) returned = this.fromBtf(btf, btf.sizeOrType(prototype), AddressSpace.Kernel);
      }
    }
    if (!isFound) return this.missingTarget(probe, []);
    probe.argumentCount = fields.length;
    if (probe.provider == Provider.Fexit && returned != BasicType.None && this.types.isScalar(returned)) {
      fields.push(returned);
      names.push(RETURN_VALUE);
    }
    probe.tracedType = this.types.tuple(fields, names);
    return probe.tracedType;
  }

  /** The prototype of the probed function; 0 when BTF does not have it. */
  private prototypeOf(btf: Btf): u32 {
    const probe = this.probe;
    const name = probe.part(probe.point.parts.length - 1);
    let id: u32 = 0;
    if (probe.provider == Provider.Rawtracepoint) {
      for (let k = 0; k < TRACEPOINT_FUNCTIONS.length && id == 0; k++)
        id = btf.findString(BtfKind.Function, TRACEPOINT_FUNCTIONS[k] + name);
    } else id = btf.findString(BtfKind.Function, name);
    const prototype = id != 0 ? btf.sizeOrType(id) : 0;
    return btf.kind(prototype) == BtfKind.FunctionPrototype ? prototype : 0;
  }

  private unknownFunction(e: Expression): i32 {
    const probe = this.probe;
    const point = probe.point;
    if (point.parts.length == 2 && probe.part(0) != "vmlinux")
      return this.unsupported(e.start, e.end, `The arguments of a function of the module ${probe.part(0)}`);
    return this.missingTarget(probe, []);
  }
}

/** Whether a pattern, in which `*` stands for anything, is all of a text; both end with a NUL. On a mismatch only the last `*` is tried again. */
function matches(pattern: usize, text: usize): bool {
  let star: usize = 0;
  let resume: usize = 0;
  while (load<u8>(text) != 0) {
    if (load<u8>(pattern) == 0x2a) {
      star = ++pattern;
      resume = text;
    } else if (load<u8>(pattern) == load<u8>(text)) {
      pattern++;
      text++;
    } else if (star == 0) return false;
    else {
      pattern = star;
      text = ++resume;
    }
  }
  while (load<u8>(pattern) == 0x2a) pattern++;
  return load<u8>(pattern) == 0;
}
