// The kernel functions that code calls, as libbpf looks them up: functions of section `.ksyms` in the object's BTF, which are compared
// with those of the kernel's types by the kinds of what they take and return.

import { Helper } from "../ir/helpers";
import { BtfBuilder, Linkage } from "./btf";

export function kernelFunctionName(number: i32): string {
  switch (number) {
    case Helper.TaskFromPid:
      return "bpf_task_from_pid";
    default:
      assert(number == Helper.TaskRelease, "a kernel function without a name");
      return "bpf_task_release";
  }
}

/** Adds the functions to the BTF; libbpf fills in what it wants of the section. */
export function describeKernelFunctions(numbers: Array<i32>, btf: BtfBuilder): void {
  const section = btf.dataSection(".ksyms", 0);
  for (let i = 0; i < numbers.length; i++) {
    const prototype = prototypeOf(numbers[i], btf);
    btf.sectionVariable(section, btf.func(kernelFunctionName(numbers[i]), prototype, Linkage.Extern), 0, 0);
  }
}

function prototypeOf(number: i32, btf: BtfBuilder): i32 {
  const task = btf.pointer(btf.struct_("task_struct", 0));
  const takesNumber = number == Helper.TaskFromPid;
  const prototype = btf.prototype(takesNumber ? task : 0);
  if (takesNumber) btf.parameter(prototype, "pid", btf.int("int", 4, true));
  else btf.parameter(prototype, "task", task);
  return prototype;
}
