// CO-RE: programs that return 0 only if libbpf relocated them to the target, run against BTFs whose fields moved. The objects
// are compiled against another BTF than either.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BtfWriter } from "../support/btf.ts";
import { compile, newCompiler } from "../support/compiler.ts";
import { mayTrace } from "../support/root.ts";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-core-"));
const loader = join(folder, "core-load");

/** Where a made-up kernel has its fields. */
interface Layout {
  tgid: number;
  /** `struct sched_entity se`, by value. */
  entity: number;
  vruntime: number;
  /** An anonymous struct, and a field in it. */
  anonymous: number;
  hidden: number;
  comm: number;
  size: number;
  /** Other fields come before these in the BTF: indices move with them. */
  others: number;
}

const BUILD: Layout = { tgid: 12, entity: 64, vruntime: 16, anonymous: 128, hidden: 0, comm: 32, size: 512, others: 0 };
const TARGETS: Layout[] = [
  BUILD,
  { tgid: 2044, entity: 192, vruntime: 40, anonymous: 1000, hidden: 8, comm: 1600, size: 9792, others: 3 },
  { tgid: 40000, entity: 32768, vruntime: 8, anonymous: 8, hidden: 16, comm: 70000, size: 131072, others: 40 },
];

function kernel(layout: Layout): Uint8Array {
  const btf = new BtfWriter();
  const int = btf.int("int", 4, true);
  const char = btf.int("char", 1, true);
  const u64 = btf.int("unsigned long", 8);
  const text = btf.array(char, int, 16);
  const others = Array.from({ length: layout.others }, (_, index) => ({ name: `other${index}`, type: int, offset: index * 4 }));
  const entity = btf.struct("sched_entity", layout.vruntime + 16, [...others, { name: "vruntime", type: u64, offset: layout.vruntime }]);
  const inner = btf.struct("", layout.hidden + 8, [{ name: "hidden", type: u64, offset: layout.hidden }]);
  btf.struct("task_struct", layout.size, [
    ...others,
    { name: "tgid", type: int, offset: layout.tgid },
    { name: "se", type: entity, offset: layout.entity },
    { name: "", type: inner, offset: layout.anonymous },
    { name: "comm", type: text, offset: layout.comm },
  ]);
  return btf.bytes();
}

/** What scripts ask of a target, and the answer there. */
const questions: { expression: string; answer(layout: Layout): number }[] = [
  { expression: "offsetof(struct task_struct, tgid)", answer: ({ tgid }) => tgid },
  { expression: "offsetof(struct task_struct, comm)", answer: ({ comm }) => comm },
  { expression: "offsetof(struct task_struct, se)", answer: ({ entity }) => entity },
  { expression: "offsetof(struct task_struct, se.vruntime)", answer: ({ entity, vruntime }) => entity + vruntime },
  { expression: "offsetof(struct task_struct, hidden)", answer: ({ anonymous, hidden }) => anonymous + hidden },
  { expression: "offsetof(struct sched_entity, vruntime)", answer: ({ vruntime }) => vruntime },
  { expression: "sizeof(struct task_struct)", answer: ({ size }) => size },
  { expression: "sizeof(struct sched_entity)", answer: ({ vruntime }) => vruntime + 16 },
];

/** What the programs of `object` return when it is relocated to a kernel's BTF, or to the one of a layout. */
function run(object: Uint8Array, target: Layout | Uint8Array): number[] {
  const file = join(folder, "object.o");
  const btf = join(folder, "kernel.btf");
  writeFileSync(file, object);
  writeFileSync(btf, target instanceof Uint8Array ? target : kernel(target));
  const result = spawnSync(loader, [file, btf], { encoding: "utf8" });
  assert.is(result.status, 0, result.stderr);
  return [...result.stdout.matchAll(/^program \S+ (-?\d+)$/gm)].map(([, value]) => Number(value));
}

async function build(script: string): Promise<Uint8Array> {
  const result = compile(await newCompiler(), script, [], kernel(BUILD));
  assert.is(result.kind, "object", `${script}: ${JSON.stringify(result.diagnostics)}`);
  return result.kind === "object" ? result.object : new Uint8Array();
}

if (mayTrace()) {
  execFileSync("gcc", ["-O1", "-Wall", "-o", loader, "test/support/core-load.c", "-lbpf", "-lelf", "-lz"]);

  for (const { expression, answer } of questions) {
    test(`${expression}: 0 exactly where it was relocated`, async () => {
      for (const target of TARGETS) {
        const object = await build(`BEGIN { return ${expression} == ${answer(target)} ? 0 : 1; }`);
        for (const layout of TARGETS) {
          const expected = answer(layout) === answer(target) ? 0 : 1;
          assert.equal(run(object, layout), [expected], `expecting ${answer(target)}, at ${answer(layout)}`);
        }
      }
    });
  }

  test("many relocations in one program, and in several", async () => {
    const sum = questions.map(({ expression }) => expression).join(" + ");
    const object = await build(`BEGIN { return ${sum}; } BEGIN { return offsetof(struct task_struct, tgid); }`);
    for (const layout of TARGETS) {
      const total = questions.reduce((value, { answer }) => value + answer(layout), 0);
      assert.equal(run(object, layout), [total, layout.tgid]);
    }
  });

  test("has_field() is decided where the object runs: what reads the field is not even looked at without it", async () => {
    const script = `BEGIN {
      if (has_field(struct task_struct, hidden)) { return offsetof(struct task_struct, hidden) + curtask.hidden * 0; }
      if (has_field(struct task_struct, tgid)) { return 7; }
      return 8;
    }`;
    const object = await build(script);
    for (const layout of TARGETS) assert.equal(run(object, layout), [layout.anonymous + layout.hidden]);
    for (const [name, expected] of [
      ["tgid", 7],
      ["pid", 8],
    ] as const) {
      const btf = new BtfWriter();
      btf.struct("task_struct", 64, [{ name, type: btf.int("int", 4, true), offset: 8 }]);
      assert.equal(run(object, btf.bytes()), [expected]);
    }
  });

  test("a field that the target lacks is refused, not misread", async () => {
    const file = join(folder, "object.o");
    const btf = join(folder, "kernel.btf");
    writeFileSync(file, await build("BEGIN { return offsetof(struct task_struct, hidden); }"));
    const writer = new BtfWriter();
    writer.struct("task_struct", 64, [{ name: "tgid", type: writer.int("int", 4, true), offset: 0 }]);
    writeFileSync(btf, writer.bytes());
    assert.is(spawnSync(loader, [file, btf]).status, 1);
  });
}

test.after(() => rmSync(folder, { recursive: true, force: true }));

test.run();
