// The product's compiler module with a made-up target, for tests that need no kernel.

import { readFileSync } from "node:fs";
import { type CompileResult, Compiler } from "../../wasm/compiler.ts";
import type { Architecture } from "../../wasm/manifest.ts";
import { smallKernel } from "./btf.ts";

/** Bytes of the symbols of binaries that scripts of tests ask for. */
const SYMBOL_SIZES: Record<string, string> = { counter: "4", total: "8" };

/** Formats of tracepoints as tracefs would have them. */
export const FORMATS: Record<string, string> = {
  "raw_syscalls:sys_enter": `name: sys_enter
ID: 20
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:long id;	offset:8;	size:8;	signed:1;
	field:unsigned long args[6];	offset:16;	size:48;	signed:0;

print fmt: "NR %ld"
`,
  "syscalls:sys_enter_openat": `name: sys_enter_openat
ID: 700
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:int __syscall_nr;	offset:8;	size:4;	signed:1;
	field:int dfd;	offset:16;	size:8;	signed:0;
	field:const char * filename;	offset:24;	size:8;	signed:0;
	field:int flags;	offset:32;	size:8;	signed:0;
	field:umode_t mode;	offset:40;	size:8;	signed:0;

print fmt: "dfd: 0x%08lx"
`,
  "block:block_rq_complete": `name: block_rq_complete
ID: 900
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:dev_t dev;	offset:8;	size:4;	signed:0;
	field:sector_t sector;	offset:16;	size:8;	signed:0;
	field:unsigned int nr_sector;	offset:24;	size:4;	signed:0;
	field:int error;	offset:28;	size:4;	signed:1;
	field:char rwbs[10];	offset:34;	size:10;	signed:0;
	field:__data_loc char[] cmd;	offset:44;	size:4;	signed:0;

print fmt: "%d"
`,
};

/** A fresh compiler. It must be built: `npm run build`. */
/** Functions that programs of a type may call. */
const KERNEL_FUNCTIONS = ["tracepoint:bpf_task_from_pid", "tracing:bpf_task_from_pid"];

export async function newCompiler(): Promise<Compiler> {
  return Compiler.create(readFileSync(".out/compiler.wasm"));
}

/** Compiles, answering needs from `FORMATS`, `headers` and `btf` (null: a target without BTF). */
export function compile(
  compiler: Compiler,
  script: string,
  dump: string[] = [],
  btf: Uint8Array | null = smallKernel(),
  architecture: Architecture = "x86_64",
  headers: Record<string, string> = {},
): CompileResult {
  for (let round = 0; round < 128; round++) {
    const result = compiler.compile(new TextEncoder().encode(script), { name: "stdin", dump, architecture });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) {
      if (need.kind === "btf") compiler.supply(need, btf === null ? { found: false, candidates: [] } : { found: true, bytes: btf });
      else if (need.kind === "header") {
        const text = headers[need.path];
        compiler.supply(
          need,
          text === undefined ? { found: false, candidates: [] } : { found: true, bytes: new TextEncoder().encode(text), name: need.path },
        );
      } else if (need.kind === "symbol") {
        const size = SYMBOL_SIZES[need.name];
        compiler.supply(
          need,
          size === undefined ? { found: false, candidates: [] } : { found: true, bytes: new TextEncoder().encode(size) },
        );
      } else if (need.kind === "kfunc") {
        const isThere = KERNEL_FUNCTIONS.includes(`${need.programType}:${need.name}`);
        compiler.supply(need, isThere ? { found: true, bytes: new Uint8Array() } : { found: false, candidates: [] });
      } else {
        const text = FORMATS[`${need.category}:${need.event}`];
        if (text === undefined) compiler.supply(need, { found: false, candidates: Object.keys(FORMATS) });
        else compiler.supply(need, { found: true, bytes: new TextEncoder().encode(text) });
      }
    }
  }
  throw new Error("the compiler asks for the same facts again and again");
}
