// From bound objects to machines: CO-RE against this kernel's types, errors on the script's line, objects that do not fit.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readElf } from "../../runner/core/elf.ts";
import { HostKernel } from "../../runner/host/kernel.ts";
import { loadObject, stoppedError, targetTypesOf } from "../../runner/simulated/load.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { KERNEL_SPACE } from "../../wasm/machine.ts";
import { bytesOf, compileToObject } from "../compiler/backend.ts";
import { bindLive, pinToOneCpu, runLive } from "../support/differential.ts";
import { add, call, copy, exit as leave, load, loadMap, move as moveTo, store } from "../support/instructions.ts";
import { supplyLive } from "../support/needs.ts";
import { buildObject, makeManifest, makeProgram } from "../support/objects.ts";
import { mayTrace } from "../support/root.ts";
import { newMachine } from "./machine.ts";
import { scriptDifference } from "./scripts.ts";

function errorOf(act: () => void): BpfcastError {
  try {
    act();
  } catch (error) {
    if (error instanceof BpfcastError) return error;
    throw error;
  }
  throw new Error("no error");
}

if (mayTrace()) {
  pinToOneCpu();
  const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
  const targets = targetTypesOf({ btf: new Map([["vmlinux", new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux"))]]) });
  const machine = await newMachine({ cpus: new HostKernel({ verbose: false, logSize: 0 }).possibleCpus });

  const boundScript = (script: string) => {
    for (let round = 0; round < 8; round++) {
      const made = compiler.compile(new TextEncoder().encode(script), { name: "stdin", live: true });
      if (made.kind === "needs") for (const need of made.needs) supplyLive(compiler, need);
      else if (made.kind === "object") return bindLive(made.object);
      else throw new Error(JSON.stringify(made));
    }
    throw new Error("the compiler asks for ever");
  };
  /** What the kernel, after libbpf's relocation, says an expression is. */
  const inKernel = async (expression: string): Promise<number> => {
    const lines = await runLive(boundScript(`BEGIN { @[0] = (uint64)(${expression}); }`));
    const value = /=([0-9a-f]{16})$/.exec(lines.at(-1) ?? "")?.[1] ?? "";
    return Number(Buffer.from(value, "hex").readBigUInt64LE());
  };

  test("sizes, places and enumerators of this kernel", async () => {
    const expressions = [
      "sizeof(struct task_struct)",
      "sizeof(struct file)",
      "offsetof(struct task_struct, tgid)",
      "offsetof(struct task_struct, se.vruntime)",
      "offsetof(struct task_struct, comm)",
      "offsetof(struct sock, __sk_common.skc_dport)",
      "offsetof(struct sock, __sk_common.skc_family)",
      "offsetof(struct dentry, d_name.name)",
    ];
    for (const expression of expressions)
      assert.is(await scriptDifference(compiler, machine, targets, `BEGIN { @ = ${expression}; }`), "", expression);
  });

  test("every kind of relocation that the compiler makes", () => {
    machine.reset({ cpus: 2 });
    const object = bytesOf(compileToObject(readFileSync("test/compiler/bpf/golden/core-kinds.ir", "utf8")));
    const program = loadObject(machine, { bytes: object }, targets).programs.get("f");
    const run = machine.run(program?.handle ?? 0);
    assert.ok(
      run.ok && run.returned === 0n,
      JSON.stringify(run, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    );
  });

  test("fields of kernel structs, in memory laid out by the kernel's types", async () => {
    const task = 0xffff_8881_4000_0000n;
    const parent = task + 0x1_0000n;
    const size = await inKernel("sizeof(struct task_struct)");
    const places = { tgid: 0, real_parent: 0, comm: 0 };
    for (const name of ["tgid", "real_parent", "comm"] as const) places[name] = await inKernel(`offsetof(struct task_struct, ${name})`);
    const script = "BEGIN { @a = curtask->tgid; @b = curtask->real_parent->tgid; @c = curtask->comm; @d = curtask->sched_reset_on_fork; }";
    const found = await scriptDifference(compiler, machine, targets, script, () => {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      view.setInt32(places.tgid, process.pid, true);
      view.setBigUint64(places.real_parent, parent, true);
      bytes.set(new TextEncoder().encode(readFileSync("/proc/self/comm", "utf8").trim()), places.comm);
      machine.addMemory(KERNEL_SPACE, task, bytes);
      const above = new Uint8Array(size);
      new DataView(above.buffer).setInt32(places.tgid, process.ppid, true);
      machine.addMemory(KERNEL_SPACE, parent, above);
      machine.setEvent({ task });
    });
    assert.is(found, "");
  });

  test("a program that is stopped names the script's line", () => {
    machine.reset({ cpus: 2 });
    const bound = boundScript("BEGIN {\n  @x = 1;\n  while (@x) {\n    @x++;\n  }\n}");
    const loaded = loadObject(machine, bound, targets);
    const result = machine.run([...loaded.programs.values()][0]?.handle ?? 0, { budget: 10_000 });
    assert.not(result.ok);
    if (result.ok) return;
    const error = stoppedError(result.fault, loaded, bound);
    assert.is(error.code, "program-stopped");
    assert.match(error.message, /BEGIN|begin/);
    assert.match(error.message, /it runs for too long/);
    assert.ok([3, 4].includes(error.details.location?.line ?? 0));
  });

  test("without a kernel's types nothing is guessed", () => {
    machine.reset({ cpus: 2 });
    assert.is(errorOf(() => loadObject(machine, boundScript("BEGIN { @ = curtask->tgid; }"), undefined)).code, "no-btf");
  });

  test("types of another kernel: what it lacks is stopped where it is reached", () => {
    machine.reset({ cpus: 2 });
    const bound = boundScript("BEGIN { @ = curtask->tgid; }");
    const other = boundScript("BEGIN { @ = curtask->pid; }");
    // The types of an object stand for a kernel that has only what another script uses.
    const types = targetTypesOf({ btf: new Map([["vmlinux", sectionOf(other.bytes, ".BTF")]]) });
    const loaded = loadObject(machine, bound, types);
    const result = machine.run([...loaded.programs.values()][0]?.handle ?? 0);
    assert.ok(!result.ok && result.fault.kind === "unknown-helper");
  });
}

function sectionOf(bytes: Uint8Array, name: string): Uint8Array {
  const found = readElf(bytes).sections.find((section) => section.name === name);
  if (found === undefined) throw new Error(`no section ${name}`);
  return found.data;
}

test("what the machine does not take is an error on the script's line", async () => {
  const machine = await newMachine();
  const program = makeProgram({ name: "begin_1", kind: "begin", section: "raw_tp/begin" });
  const object = buildObject({
    programs: [
      {
        name: "begin_1",
        section: "raw_tp/begin",
        code: [moveTo(0, 0), load(8, 1, 10, 0), leave()],
        lines: [
          { slot: 0, line: 1, column: 1 },
          { slot: 1, line: 2, column: 3 },
        ],
      },
    ],
    script: "begin {\n  bad;\n}\n",
    manifest: makeManifest({ programs: [program], source: { name: "stdin", text: "begin {\n  bad;\n}\n" } }),
  });
  const manifest = makeManifest({ programs: [program], source: { name: "script.bt", text: "begin {\n  bad;\n}\n" } });
  const bound = { bytes: object, manifest, programs: [{ symbol: "begin_1", program: 0, attachments: [] }] };
  const loaded = loadObject(machine, bound, undefined);
  const result = machine.run(loaded.programs.get("begin_1")?.handle ?? 0);
  assert.not(result.ok);
  if (result.ok) return;
  const error = stoppedError(result.fault, loaded, bound);
  assert.equal([error.details.location?.line, error.details.location?.column, error.details.location?.endColumn], [2, 3, 7]);
  assert.match(error.message, /accesses the stack out of bounds/);
});

test("maps by their descriptions", async () => {
  const machine = await newMachine();
  const code = [moveTo(1, 5), store(8, 10, -8, 1), loadMap(1, "at_a"), copy(2, 10), add(2, -8), call(1), moveTo(0, 0), leave()];
  const bytes = buildObject({
    programs: [{ name: "p", section: "raw_tp/x", code }],
    maps: [
      { name: "at_b", type: "percpu_array", keySize: 4, valueSize: 24, maxEntries: 2 },
      { name: "at_a", type: "hash", keySize: 8, valueSize: 16, maxEntries: 10 },
      { name: "events", type: "ringbuf", maxEntries: 5000 },
    ],
    data: { ".rodata": Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0) },
  });
  const loaded = loadObject(machine, { bytes }, undefined);
  assert.equal([...loaded.maps.keys()], ["at_b", "at_a", "events", ".rodata"]);
  assert.equal([machine.readMap(1).count, machine.readMap(1).valueSize], [2, 48]);
  assert.equal([...machine.readMap(4).values], [1, 2, 3, 4, 0, 0, 0, 0]);
  assert.ok(machine.run(loaded.programs.get("p")?.handle ?? 0).ok);
});

test.run();
