// What is simulated where no profile is at hand: a kernel of which only the raw system call events are known.

import { BTF_MAGIC, HEADER_BYTES } from "../core/btf.ts";
import type { Profile } from "../core/profile.ts";

/** Fields of the events as tracefs has them; they have not changed since the events exist. */
const COMMON = [
  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;",
  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;",
  "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;",
  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;",
  "\tfield:long id;\toffset:8;\tsize:8;\tsigned:1;",
];
const ENTER = "\tfield:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;";
const EXIT = "\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;";

/** BTF without types: a header and the empty name. */
function emptyBtf(): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 1);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, BTF_MAGIC, true);
  view.setUint8(2, 1);
  view.setUint32(4, HEADER_BYTES, true);
  view.setUint32(20, 1, true);
  return bytes;
}

export function bareProfile(): Profile {
  return {
    architecture: "x86_64",
    kernel: "",
    pageSize: 4096,
    isReduced: true,
    missing: [],
    features: null,
    btf: new Map([["vmlinux", emptyBtf()]]),
    tracepoints: new Map([
      ["raw_syscalls:sys_enter", `${[...COMMON, ENTER].join("\n")}\n`],
      ["raw_syscalls:sys_exit", `${[...COMMON, EXIT].join("\n")}\n`],
    ]),
    functions: new Map(),
    rawTracepoints: ["sys_enter", "sys_exit"],
  };
}
