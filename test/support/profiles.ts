// A profile of a made-up machine.

import type { Profile } from "../../runner/core/profile.ts";
import { BtfWriter, smallKernel } from "./btf.ts";

/** A kernel in miniature with what a capture looks for: registers, numbers of helpers, raw tracepoints. */
export function capturedKernel(registers: string[] = ["r15", "ip"]): Uint8Array {
  const btf = new BtfWriter();
  const long = btf.int("unsigned long", 8);
  btf.struct("pt_regs", 168, [...registers.map((name, index) => ({ name, type: long, offset: index * 8 }))]);
  btf.enumeration("bpf_func_id", { BPF_FUNC_unspec: 0, BPF_FUNC_map_lookup_elem: 1, BPF_FUNC_loop: 181 });
  btf.enumeration("bpf_map_type", { BPF_MAP_TYPE_UNSPEC: 0, BPF_MAP_TYPE_HASH: 1 });
  btf.enumeration("bpf_attach_type", { BPF_TRACE_ITER: 28, BPF_TRACE_KPROBE_MULTI: 42 });
  btf.typedef("btf_trace_sched_switch", btf.pointer(0));
  return btf.bytes();
}

const COMMON = "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n";

export function makeProfile(changes: Partial<Profile> = {}): Profile {
  return {
    architecture: "x86_64",
    kernel: "6.1.0-test",
    pageSize: 4096,
    isReduced: false,
    missing: [],
    features: { helpers: ["map_lookup_elem"], mapTypes: ["hash"], probeTypes: ["iter"] },
    btf: new Map([["vmlinux", smallKernel()]]),
    tracepoints: new Map([
      ["sched:sched_switch", `${COMMON}\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n`],
      ["syscalls:sys_enter_openat", `${COMMON}\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n`],
    ]),
    functions: new Map([["vmlinux", ["vfs_open", "vfs_read"]]]),
    rawTracepoints: ["sched_switch", "sys_enter"],
    ...changes,
  };
}
