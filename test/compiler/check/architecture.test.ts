// What a script means on each architecture: registers, system calls, macros, the manifest.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../../runner/core/bind.ts";
import { findSection, readElf } from "../../../runner/core/elf.ts";
import type { Architecture } from "../../../wasm/manifest.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

/** The code of a script, or its errors. */
async function dumped(script: string, architecture: Architecture): Promise<string> {
  const result = compile(await newCompiler(), script, ["bpf"], undefined, architecture);
  if (result.kind === "object") return result.dumps.bpf ?? "";
  return result.diagnostics.map(({ code, message, hint }) => `${code} ${message}${hint === "" ? "" : ` (${hint})`}`).join("\n");
}

/** Offsets in the context that the code loads 8 bytes from. */
function loads(code: string): number[] {
  return [...code.matchAll(/= \*\(u64 \*\)\(r[16] \+(\d+)\)/g)].map(([, offset]) => Number(offset));
}

/** Offsets of struct pt_regs (x86-64) and struct user_pt_regs (arm64), as the kernel's headers have them. */
const registers: [expression: string, x86: number | string, arm64: number | string][] = [
  ["arg0", 112, 0],
  ["arg1", 104, 8],
  ["arg5", 72 - 8, 40],
  ["arg7", "out-of-range x86_64 doesn't support arg7 (Only the first 6 arguments are in registers: arg0 to arg5.)", 56],
  [
    "arg8",
    "out-of-range x86_64 doesn't support arg8 (Only the first 6 arguments are in registers: arg0 to arg5.)",
    "out-of-range aarch64 doesn't support arg8 (Only the first 8 arguments are in registers: arg0 to arg7.)",
  ],
  ['reg("ip")', 128, "invalid-argument 'ip' is not a valid register on this architecture (aarch64)"],
  ['reg("pc")', 128, 256],
  ['reg("sp")', 152, 248],
  ['reg("r0")', "invalid-argument 'r0' is not a valid register on this architecture (x86_64)", 0],
  ['reg("r30")', "invalid-argument 'r30' is not a valid register on this architecture (x86_64)", 240],
  ['reg("pstate")', "invalid-argument 'pstate' is not a valid register on this architecture (x86_64)", 264],
  ["usermode", 136, "unsupported The usermode builtin is not supported on aarch64"],
];

for (const [expression, x86, arm64] of registers) {
  test(`${expression} on both architectures`, async () => {
    for (const [architecture, expected] of [
      ["x86_64", x86],
      ["aarch64", arm64],
    ] as const) {
      const code = await dumped(`kprobe:f { @ = ${expression}; }`, architecture);
      if (typeof expected === "string") assert.is(code, expected);
      else assert.ok(loads(code).includes(expected), `${expected} on ${architecture}: ${code}`);
    }
  });
}

test("retval is the register that results come in", async () => {
  assert.ok(loads(await dumped("kretprobe:f { @ = retval; }", "x86_64")).includes(80));
  assert.ok(loads(await dumped("kretprobe:f { @ = retval; }", "aarch64")).includes(0));
});

/** Names in the constants of the object of `syscall_name`. */
async function names(architecture: Architecture): Promise<string[]> {
  const result = compile(await newCompiler(), "rawtracepoint:sys_enter { print(syscall_name(arg1)); }", [], undefined, architecture);
  assert.is(result.kind, "object");
  const constants = result.kind === "object" ? findSection(readElf(result.object), ".rodata")?.data : undefined;
  return new TextDecoder("latin1").decode(constants).split("\0");
}

test("system calls have each architecture's names", async () => {
  const [x86, arm64] = [await names("x86_64"), await names("aarch64")];
  for (const name of ["read", "openat", "openat2", "file_setattr"]) assert.ok(x86.includes(name) && arm64.includes(name), name);
  for (const name of ["open", "stat", "arch_prctl"]) assert.ok(x86.includes(name) && !arm64.includes(name), name);
});

test("the C section knows the architecture", async () => {
  const script = `#if defined(__TARGET_ARCH_arm64)
#define NUMBER 64
#elif defined(__TARGET_ARCH_x86)
#define NUMBER 86
#endif
begin { @ = NUMBER; }`;
  assert.match(await dumped(script, "x86_64"), / = 86\b/);
  assert.match(await dumped(script, "aarch64"), / = 64\b/);
});

test("the manifest names the architecture, and says where the code is tied to it", async () => {
  const compiler = await newCompiler();
  for (const architecture of ["x86_64", "aarch64"] as const) {
    const result = compile(compiler, 'begin { print(1); }\nprofile:hz:9 { @ = reg("sp"); }', [], undefined, architecture);
    assert.is(result.kind, "object");
    if (result.kind !== "object") continue;
    const { arch, features } = readManifest(result.object);
    assert.is(arch, architecture);
    assert.equal(
      features.filter(({ feature }) => feature === "architecture").map(({ location }) => location.line),
      [2],
    );
  }
});

test.run();
