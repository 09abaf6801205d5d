// Truncated and damaged facts of a target: whatever BTF and tracepoint formats a host hands over, the answer is an object or an
// error, never a trap. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Compiler } from "../../wasm/compiler.ts";
import { BtfWriter, smallKernel } from "../support/btf.ts";
import { FORMATS } from "../support/compiler.ts";
import { cpuClock, Random, runMilliseconds, runSeed } from "../support/random.ts";

const seed = runSeed();
const module = new WebAssembly.Module(readFileSync(".out/testing-pipeline.wasm"));

const encoder = new TextEncoder();

/** Uses every reader of BTF: chains, structs by value, texts, sizes, offsets, casts, typedefs. */
const SCRIPTS = [
  "BEGIN { @ = curtask->real_parent->tgid; @se = curtask->se.vruntime; }",
  "BEGIN { @[curtask->comm] = count(); @h = curtask->hidden; }",
  "BEGIN { @ = sizeof(struct task_struct) + offsetof(struct task_struct, tgid); @s = sizeof(struct sched_entity); }",
  "BEGIN { @ = ((struct task_struct *)0)->real_parent->real_parent->pid; @p = (pid_t)1; }",
  'BEGIN { @ = offsetof(struct task_struct, se.vruntime); printf("%s", curtask->comm); }',
  "BEGIN { @ = curtask->no_such_field; }",
  "rawtracepoint:a /comm == comm(5)/ { @ = count(); }",
  "BEGIN { @[curtask[1]] = 1; @[curtask->se] = 1; }",
  "BEGIN { $v = curtask->comm; $w = (int32)curtask->tgid; print($v == $w); }",
  "BEGIN { @ = ((struct sched_entity *)1)->vruntime; @c = (struct no_such_struct *)1; }",
];

/** Compiles one script against this BTF and these formats; the kind of result. */
async function attempt(
  script: string,
  btf: Uint8Array,
  formats: Record<string, Uint8Array> = {},
  compiler: Compiler | undefined = undefined,
): Promise<string> {
  compiler ??= await Compiler.create(module);
  const source = encoder.encode(script);
  for (let round = 0; round < 4; round++) {
    const time = cpuClock();
    const result = compiler.compile(source, { name: "stdin" });
    assert.ok(time() < 2000, `${time().toFixed(0)} ms`);
    if (result.kind !== "needs") {
      const errors = result.diagnostics.filter(({ severity }) => severity === "error").length;
      assert.is(result.kind === "failed", errors > 0);
      return result.kind;
    }
    for (const need of result.needs) {
      if (need.kind === "btf" || need.kind === "kfunc") compiler.supply(need, { found: true, bytes: btf });
      else if (need.kind !== "tracepoint") compiler.supply(need, { found: false, candidates: [] });
      else {
        const bytes = formats[`${need.category}:${need.event}`];
        compiler.supply(need, bytes === undefined ? { found: false, candidates: [] } : { found: true, bytes });
      }
    }
  }
  throw new Error("the compiler asks for the same facts again and again");
}

/** @param what described in the message of a failure. */
async function survives(script: string, btf: Uint8Array, what: string): Promise<string> {
  try {
    return await attempt(script, btf);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nfor ${script} with ${what}`, { cause: error });
  }
}

test("the undamaged BTF gives objects", async () => {
  for (const script of SCRIPTS.slice(0, 5)) assert.is(await survives(script, smallKernel(), "the whole"), "object", script);
});

test("a member whose name is no text", async () => {
  const btf = smallKernel();
  const at = Buffer.from(btf).indexOf("real_parent");
  btf[at + 3] = 0xa5;
  assert.is(await survives("BEGIN { print(*curtask); }", btf, "real_parent with a byte that is no UTF-8"), "object");
});

test("BTF cut at every length", async () => {
  const whole = smallKernel();
  for (let length = 0; length < whole.length; length++) {
    const kind = await survives(SCRIPTS[length % SCRIPTS.length] ?? "", whole.subarray(0, length), `${length} bytes`);
    assert.is(kind, "failed", `${length} bytes`);
  }
});

test(`damaged BTF, seed ${seed}`, async () => {
  const random = new Random(seed);
  const end = Date.now() + runMilliseconds() / 2;
  const kinds = new Map<string, number>();
  while (Date.now() < end) {
    const btf = smallKernel(random.below(3) * 8);
    const view = new DataView(btf.buffer);
    const changes: string[] = [];
    for (let count = random.below(4); count >= 0; count--) {
      if (random.once(2)) {
        // A word of the type section: sizes, references, kinds and counts that mean something.
        const at = 24 + random.below((btf.length - 24) >> 2) * 4;
        const value = random.pick([
          0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x04000001, 0x84000002, 0x03000000,
          0x08000000,
        ]);
        view.setUint32(at, value, true);
        changes.push(`${value} at ${at}`);
      } else {
        const at = random.below(btf.length);
        const value = random.below(256);
        btf[at] = value;
        changes.push(`byte ${value} at ${at}`);
      }
    }
    const kind = await survives(random.pick(SCRIPTS), btf, changes.join(", "));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  assert.ok((kinds.get("failed") ?? 0) > 50 && (kinds.get("object") ?? 0) > 10, JSON.stringify([...kinds]));
});

/** Hostile types by hand: `task` makes the struct that `curtask` points to. */
const hostile: Record<string, (btf: BtfWriter) => void> = {
  "a typedef of itself": (btf) => {
    const self = btf.next;
    btf.typedef("pid_t", self);
    btf.struct("task_struct", 64, [
      { name: "tgid", type: self, offset: 0 },
      { name: "real_parent", type: self, offset: 8 },
    ]);
  },
  "a pointer to itself": (btf) => {
    const self = btf.pointer(btf.next);
    btf.struct("task_struct", 64, [{ name: "real_parent", type: self, offset: 8 }]);
  },
  "a declaration with members": (btf) => {
    const self = btf.next;
    btf.forward("sched_entity", 3);
    btf.struct("task_struct", 64, [{ name: "se", type: self, offset: 8 }]);
  },
  "an array of itself": (btf) => {
    const self = btf.next;
    btf.array(self, self, 4);
    btf.struct("task_struct", 64, [
      { name: "comm", type: self, offset: 8 },
      { name: "real_parent", type: self, offset: 8 },
    ]);
  },
  "a pointer to an array of itself": (btf) => {
    const pointer = btf.next;
    btf.pointer(pointer + 1);
    btf.array(pointer, pointer, 4);
    btf.struct("task_struct", 64, [{ name: "real_parent", type: pointer, offset: 8 }]);
  },
  "a struct inside itself": (btf) => {
    const self = btf.next;
    btf.struct("task_struct", 64, [
      { name: "", type: self, offset: 8 },
      { name: "se", type: self, offset: 8 },
    ]);
  },
  "sizes that overflow": (btf) => {
    const char = btf.int("char", 1, true);
    const text = btf.array(char, char, 0xffffffff);
    const large = btf.struct("sched_entity", 0xffffffff, [{ name: "vruntime", type: char, offset: 0x1fffffff }]);
    const many = btf.array(large, char, 0x10001);
    btf.struct("task_struct", 0xffffffff, [
      { name: "comm", type: text, offset: 0 },
      { name: "se", type: large, offset: 0x1ffffff0 },
      { name: "tgid", type: char, offset: 0x1fffffff },
      { name: "real_parent", type: many, offset: 8 },
    ]);
  },
  "offsets beyond an instruction's": (btf) => {
    const int = btf.int("int", 4, true);
    const large = btf.struct("sched_entity", 0x100000, [{ name: "vruntime", type: int, offset: 0x9000 }]);
    btf.struct("task_struct", 0x200000, [
      { name: "tgid", type: int, offset: 0x12345 },
      { name: "se", type: large, offset: 0x80000 },
    ]);
  },
  "a struct without a name behind a pointer": (btf) => {
    const int = btf.int("int", 4, true);
    const inner = btf.struct("", 8, [{ name: "tgid", type: int, offset: 4 }]);
    const pointer = btf.pointer(inner);
    btf.struct("task_struct", 64, [{ name: "real_parent", type: pointer, offset: 8 }]);
  },
  "integers of odd sizes": (btf) => {
    const odd = btf.int("int", 3, true);
    const wide = btf.int("__int128", 16, true);
    btf.struct("task_struct", 64, [
      { name: "tgid", type: odd, offset: 0 },
      { name: "se", type: wide, offset: 8 },
      { name: "comm", type: wide, offset: 8 },
    ]);
  },
  "enums of odd sizes": (btf) => {
    const three = btf.enumeration("three", { A: 1 }, 3);
    const wide = btf.enumeration("wide", { B: 1 }, 64);
    btf.struct("task_struct", 64, [
      { name: "tgid", type: three, offset: 0 },
      { name: "comm", type: wide, offset: 0 },
    ]);
  },
  "a bitfield": (btf) => {
    const int = btf.int("int", 4, true);
    btf.struct("task_struct", 64, [{ name: "tgid", type: int, offset: 0, bits: { width: 3, first: 2 } }]);
  },
  "a function as field": (btf) => {
    btf.struct("task_struct", 64, [
      { name: "tgid", type: 0, offset: 0 },
      { name: "comm", type: 0, offset: 0 },
    ]);
  },
};

for (const [name, make] of Object.entries(hostile)) {
  test(`hostile BTF: ${name}`, async () => {
    const btf = new BtfWriter();
    make(btf);
    for (const script of SCRIPTS) await survives(script, btf.bytes(), name);
  });
}

test("a deep tree of anonymous structs is searched in time", async () => {
  const btf = new BtfWriter();
  const int = btf.int("int", 4, true);
  let inner = btf.struct("", 8, [{ name: "deepest", type: int, offset: 0 }]);
  // Two members of the same type at each level: a search of every path would take 2^40 steps.
  for (let level = 0; level < 40; level++)
    inner = btf.struct("", 8, [
      { name: "", type: inner, offset: 0 },
      { name: "", type: inner, offset: 0 },
    ]);
  btf.struct("task_struct", 8, [{ name: "", type: inner, offset: 0 }]);
  await survives("BEGIN { @ = curtask->no_such_field; }", btf.bytes(), "anonymous structs");
  await survives("BEGIN { @ = curtask->deepest; }", btf.bytes(), "anonymous structs");
});

const VMLINUX = "/sys/kernel/btf/vmlinux";

if (existsSync(VMLINUX)) {
  test(`the running kernel's BTF, cut and damaged, seed ${seed}`, async () => {
    const whole = readFileSync(VMLINUX);
    assert.is(await survives(SCRIPTS[0] ?? "", whole, "the kernel's BTF"), "object");
    const random = new Random(seed);
    const end = Date.now() + runMilliseconds() / 2;
    let attempts = 0;
    while (Date.now() < end) {
      if (random.once(3)) {
        const length = random.below(whole.length);
        assert.is(await survives(random.pick(SCRIPTS), whole.subarray(0, length), `${length} bytes of the kernel's BTF`), "failed");
      } else {
        const btf = Uint8Array.from(whole);
        const places: string[] = [];
        for (let count = 0; count < 2000; count++) {
          const at = 24 + random.below(btf.length - 24);
          btf[at] = random.below(256);
          if (count < 3) places.push(`${at}`);
        }
        await survives(random.pick(SCRIPTS), btf, `damage at ${places.join(", ")}...`);
      }
      attempts++;
    }
    assert.ok(attempts > 5, `${attempts} attempts`);
  });
}

test("a field larger than any record is not there", async () => {
  for (const place of ["offset:28;\tsize:99999999;", "offset:99999999;\tsize:4;", "offset:65533;\tsize:4;"]) {
    const text = (FORMATS["block:block_rq_complete"] ?? "").replace("offset:28;\tsize:4;", place);
    const compiler = await Compiler.create(module);
    const formats = { "block:block_rq_complete": encoder.encode(text) };
    const script = "tracepoint:block:block_rq_complete { $i = args.error; print($i); }";
    assert.is(await attempt(script, smallKernel(), formats, compiler), "failed", place);
    assert.ok(compiler.memoryInUse < 1 << 25, `${compiler.memoryInUse} bytes`);
  }
});

test(`damaged tracepoint formats, seed ${seed}`, async () => {
  const random = new Random(seed + 1);
  const names = Object.keys(FORMATS);
  const uses = [
    "tracepoint:raw_syscalls:sys_enter { @ = args.id; }",
    "tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = args.dfd + args.flags + args.__syscall_nr; }",
    'tracepoint:block:block_rq_complete { @[args.rwbs, args.cmd] = count(); printf("%d %s", args.sector, args.cmd); @e = args.error; }',
  ];
  const pieces = [
    "field:",
    ";",
    "offset:",
    "size:",
    "size:3",
    "offset:99999999999",
    "offset:-1",
    "size:0",
    "size:4294967295",
    "size:100000",
    "offset:40000",
    "[",
    "]",
    "__data_loc ",
    "*",
    "\t",
    "\n",
    "signed:1",
    "unsigned ",
    "char ",
  ];
  const end = Date.now() + runMilliseconds() / 4;
  const kinds = new Map<string, number>();
  while (Date.now() < end) {
    const formats: Record<string, Uint8Array> = {};
    let shown = "";
    for (const name of names) {
      let text = FORMATS[name] ?? "";
      for (let count = random.below(5); count >= 0; count--) {
        const at = random.below(text.length + 1);
        const to = Math.min(text.length, at + random.below(12));
        text = text.slice(0, at) + (random.once(3) ? "" : random.pick(pieces)) + text.slice(random.once(2) ? to : at);
      }
      formats[name] = encoder.encode(text);
      shown += text;
    }
    const script = random.pick(uses);
    try {
      const kind = await attempt(script, smallKernel(), formats);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nfor ${script}\n${shown}`, { cause: error });
    }
  }
  assert.ok((kinds.get("object") ?? 0) > 20 && (kinds.get("failed") ?? 0) > 20, JSON.stringify([...kinds]));
});

test.run();
