// Arguments of probes that BTF describes: functions (fentry, fexit) and raw tracepoints. In the context they lie one behind
// the other, 8 bytes each; behind them, for fexit, what the function returned.

import { Code } from "../source/diagnostics";
import { Expression, Provider } from "../syntax/ast";
import { providerName } from "../syntax/providers";
import { Btf, BtfKind } from "../target/btf";
import { closest } from "./suggestion";
import { TypeChecker } from "./type-names";
import { AddressSpace, BasicType } from "./types";

/** Name of the return value among the arguments, as the peer prints it. */
const RETURN_VALUE: string = "$retval";

export abstract class TracedChecker extends TypeChecker {
  /** The type of `args`, a record; None after an error, or while BTF is missing. Asked once, then kept. */
  protected tracedArguments(e: Expression): i32 {
    const probe = this.probe;
    if (probe.tracedType != BasicType.None) return probe.tracedType;
    if (probe.isPattern)
      return this.unsupported(e.start, e.end, `The arguments of a ${providerName(probe.provider)} probe with a wildcard`);
    const btf = this.kernelTypes(e.start, e.end);
    if (btf == null) return BasicType.None;
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
    const type = this.tracedArguments(e);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    if (info.fields.length > this.probe.argumentCount) return info.fields[this.probe.argumentCount];
    return this.error(Code.NotAvailableHere, e.start, e.end, `Can't find a field ${RETURN_VALUE}`);
  }

  protected unknownArgument(name: string, names: Array<string>, start: u32, end: u32): i32 {
    return this.error(Code.UnknownField, start, end, `Can't find function parameter ${name}`, closest(name, names));
  }

  /** The prototype of the probed function; 0 when BTF does not have it. */
  private prototypeOf(btf: Btf): u32 {
    const probe = this.probe;
    const name = probe.part(probe.point.parts.length - 1);
    let id: u32 = 0;
    if (probe.provider == Provider.Rawtracepoint) {
      // Functions that the kernel makes for each tracepoint; their parameters have names.
      id = btf.findString(BtfKind.Function, `__probestub_${name}`);
      if (id == 0) id = btf.findString(BtfKind.Function, `__traceiter_${name}`);
      if (id == 0) id = btf.findString(BtfKind.Function, `__bpf_trace_${name}`);
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
