// bind: an object and a host's facts in, the object for that host out. No kernel needed.

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type BoundObject, bind } from "../../runner/core/bind.ts";
import { lineOfInstruction } from "../../runner/core/btf-ext.ts";
import { findSection, readElf, relocationsOf } from "../../runner/core/elf.ts";
import type { HostFacts } from "../../runner/core/facts.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { type FeatureNeed, type Manifest, RelocationKind, type TracepointField } from "../../wasm/manifest.ts";
import { type FieldRow, makeFormat } from "../support/formats.ts";
import {
  add,
  addRegister,
  copy,
  exit,
  type Instruction,
  load,
  loadMap,
  move,
  shiftLeft,
  shiftRightSigned,
} from "../support/instructions.ts";
import { buildObject, makeManifest, makeProgram, NOWHERE, type ObjectSpec } from "../support/objects.ts";

const ARCH = makeManifest().arch;

function makeFacts(overrides: Partial<HostFacts> = {}): HostFacts {
  return {
    arch: ARCH,
    possibleCpus: 4,
    pageSize: 4096,
    availableMemory: 1 << 30,
    tracepoints: new Map(),
    functions: [],
    knowsFunctions: false,
    typed: new Map(),
    userFunctions: new Map(),
    staticTracepoints: new Map(),
    userSymbols: new Map(),
    constants: new Map(),
    similar: new Map(),
    ...overrides,
  };
}

function refusal(call: () => unknown): BpfcastError {
  try {
    call();
  } catch (error) {
    if (error instanceof BpfcastError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const SCRIPT = "tracepoint:c:e\n{ @ = args.count; }\n";
const FIELD_PLACE = { line: 2, column: 7, endLine: 2, endColumn: 17 };

/** The fields that the object was compiled against. */
const PROFILE: TracepointField[] = [
  { name: "count", offset: 16, size: 4, signed: false, kind: "int", location: FIELD_PLACE },
  { name: "error", offset: 20, size: 4, signed: true, kind: "int", location: FIELD_PLACE },
  { name: "comm", offset: 24, size: 16, signed: false, kind: "array", location: FIELD_PLACE },
  { name: "file", offset: 40, size: 4, signed: false, kind: "data_loc", location: FIELD_PLACE },
];

/** r2 = count; r3 = error, sign-extended; r4 = &comm; r5 = low half of file's place. */
const READS: Instruction[] = [
  load(4, 2, 1, 16),
  load(4, 3, 1, 20),
  shiftLeft(3, 32),
  shiftRightSigned(3, 32),
  copy(4, 1),
  add(4, 24),
  load(2, 5, 1, 40),
  move(0, 0),
  exit(),
];
const RELOCATIONS = [
  { kind: RelocationKind.Load, program: 0, instruction: 0, tracepoint: 0, field: 0 },
  { kind: RelocationKind.Load, program: 0, instruction: 1, tracepoint: 0, field: 1 },
  { kind: RelocationKind.SignShift, program: 0, instruction: 2, tracepoint: 0, field: 1 },
  { kind: RelocationKind.SignShift, program: 0, instruction: 3, tracepoint: 0, field: 1 },
  { kind: RelocationKind.Offset, program: 0, instruction: 5, tracepoint: 0, field: 2 },
  { kind: RelocationKind.Load, program: 0, instruction: 6, tracepoint: 0, field: 3 },
];

function tracepointObject(target = ["c", "e"], more: Partial<ObjectSpec> = {}, manifest: Partial<Manifest> = {}): Uint8Array {
  const program = makeProgram({
    name: "t_1",
    kind: "tracepoint",
    section: `tracepoint/${target.join("/")}`,
    target,
    probe: `tracepoint:${target.join(":")}`,
  });
  return buildObject({
    programs: [
      {
        name: "t_1",
        section: program.section,
        code: READS,
        lines: [
          { slot: 0, line: 2, column: 1 },
          { slot: 4, line: 1, column: 1 },
        ],
      },
    ],
    manifest: makeManifest({
      source: { name: "x.bt", text: SCRIPT },
      programs: [program],
      tracepoints: [{ category: "c", event: "e", fields: PROFILE }],
      ...manifest,
    }),
    script: SCRIPT,
    relocations: RELOCATIONS,
    ...more,
  });
}

const SAME: FieldRow[] = [
  ["unsigned int count", 16, 4, 0],
  ["int error", 20, 4, 1],
  ["char comm[16]", 24, 16, 0],
  ["__data_loc char[] file", 40, 4, 0],
];

/** The fields of the profile, with some rows replaced. */
function fields(changes: Record<string, FieldRow | null> = {}): FieldRow[] {
  return SAME.flatMap((row) => {
    const name =
      row[0]
        .replace(/\[\d+\]$/, "")
        .split(" ")
        .at(-1) ?? "";
    const change = changes[name];
    return change === null ? [] : [change ?? row];
  });
}

function bindWith(rows: FieldRow[]): BoundObject {
  return bind(tracepointObject(), makeFacts({ tracepoints: new Map([["c:e", makeFormat("e", rows)]]) }));
}

/** Opcode, offset and immediate of an instruction of a program in the bound object. */
function instructionAt(bound: BoundObject, symbol: string, index: number): { opcode: number; offset: number; immediate: number } {
  const object = readElf(bound.bytes);
  const found = object.symbols.find(({ name }) => name === symbol);
  const data = object.sections[found?.section ?? 0]?.data ?? new Uint8Array(0);
  const view = new DataView(data.buffer, data.byteOffset + (found?.value ?? 0) + index * 8, 8);
  return { opcode: view.getUint8(0), offset: view.getInt16(2, true), immediate: view.getInt32(4, true) };
}

const offsets = (bound: BoundObject, symbol = "t_1") => [
  instructionAt(bound, symbol, 0).offset,
  instructionAt(bound, symbol, 1).offset,
  instructionAt(bound, symbol, 5).immediate,
  instructionAt(bound, symbol, 6).offset,
];

test("fields that did not move leave the code as it is", () => {
  const bound = bindWith(SAME);
  assert.equal(offsets(bound), [16, 20, 24, 40]);
  assert.equal(bound.programs, [{ symbol: "t_1", program: 0, attachments: [{ kind: "tracepoint", category: "c", event: "e" }] }]);
});

test("fields that moved are read where they are", () => {
  const moved = fields({
    count: ["unsigned int count", 60, 4, 0],
    error: ["int error", 8, 4, 1],
    comm: ["char comm[16]", 33, 16, 0],
    file: ["__data_loc char[] file", 12, 4, 0],
  });
  assert.equal(offsets(bindWith(moved)), [60, 8, 33, 12]);
});

test("an unsigned field of another width is read in its width", () => {
  const opcodes = ([1, 2, 4, 8] as const).map(
    (size) => instructionAt(bindWith(fields({ count: ["u64 count", 64, size, 0] })), "t_1", 0).opcode,
  );
  assert.equal(opcodes, [0x71, 0x69, 0x61, 0x79]);
});

test("a signed field of another width has its shifts rewritten", () => {
  for (const size of [1, 2, 8]) {
    const bound = bindWith(fields({ error: ["long error", 64, size, 1] }));
    assert.equal(
      [2, 3].map((index) => instructionAt(bound, "t_1", index).immediate),
      [64 - 8 * size, 64 - 8 * size],
    );
  }
});

const REFUSED: [string, Record<string, FieldRow | null>, string, RegExp][] = [
  ["vanished", { count: null }, "vanished-field", /no field 'count'/],
  ["an array now", { count: ["u32 count[4]", 48, 16, 0] }, "changed-field", /'count' as an array of 16 bytes/],
  ["a shorter array", { comm: ["char comm[8]", 24, 8, 0] }, "changed-field", /'comm' as an array of 8 bytes/],
  ["dynamic no more", { file: ["u32 file", 40, 4, 0] }, "changed-field", /'file' as a number/],
  ["among the common fields", { count: ["u32 count", 4, 4, 0] }, "unreadable-field", /offset 4/],
  ["out of reach", { count: ["u32 count", 32_766, 4, 0] }, "unreadable-field", /offset 32766/],
];

for (const [name, changes, code, message] of REFUSED) {
  test(`a field that is ${name} is an error on the script's line`, () => {
    const error = refusal(() => bindWith(fields(changes)));
    assert.is(error.code, code);
    assert.match(error.message, message);
    assert.equal(error.details.location, FIELD_PLACE);
    assert.is(error.details.source?.name, "x.bt");
  });
}

test("a misaligned field cannot be loaded", () => {
  assert.is(refusal(() => bindWith(fields({ count: ["u32 count", 66, 4, 0] }))).code, "bad-relocation");
});

test("a signed field without shifts must keep its width", () => {
  const object = tracepointObject(["c", "e"], { relocations: RELOCATIONS.filter(({ kind }) => kind !== RelocationKind.SignShift) });
  const facts = makeFacts({ tracepoints: new Map([["c:e", makeFormat("e", fields({ error: ["long error", 64, 8, 1] }))]]) });
  assert.is(refusal(() => bind(object, facts)).code, "changed-field");
});

test("relocations that point at other code are refused", () => {
  for (const [index, change] of [
    [0, { instruction: 8 }],
    [0, { instruction: 99 }],
    [4, { instruction: 4 }],
    [0, { instruction: 5 }],
  ] as const) {
    const relocations = RELOCATIONS.map((relocation, at) => (at === index ? { ...relocation, ...change } : relocation));
    const facts = makeFacts({ tracepoints: new Map([["c:e", makeFormat("e", SAME)]]) });
    assert.is(refusal(() => bind(tracepointObject(["c", "e"], { relocations }), facts)).code, "bad-relocation");
  }
});

test("a pattern: one program for all events whose fields lie alike", () => {
  const formats = new Map([
    ["c:ea", makeFormat("ea", SAME)],
    ["c:eb", makeFormat("eb", SAME)],
    ["c:other", makeFormat("other", [])],
    ["d:ea", makeFormat("ea", SAME)],
  ]);
  const bound = bind(tracepointObject(["c", "e*"]), makeFacts({ tracepoints: formats }));
  assert.equal(
    bound.programs.map(({ symbol, attachments }) => [symbol, attachments.map((at) => (at.kind === "tracepoint" ? at.event : ""))]),
    [["t_1", ["ea", "eb"]]],
  );
});

test("a pattern: a copy of the program for each further layout", () => {
  const formats = new Map([
    ["c:ea", makeFormat("ea", SAME)],
    ["c:eb", makeFormat("eb", fields({ count: ["u32 count", 64, 4, 0] }))],
    ["c:ec", makeFormat("ec", SAME)],
    ["c:ed", makeFormat("ed", fields({ count: ["u64 count", 72, 8, 0] }))],
  ]);
  const bound = bind(tracepointObject(["c", "e*"]), makeFacts({ tracepoints: formats }));
  assert.equal(
    bound.programs.map(({ symbol, program, attachments }) => [symbol, program, attachments.length]),
    [
      ["t_1", 0, 2],
      ["t_1_1", 0, 1],
      ["t_1_2", 0, 1],
    ],
  );
  assert.equal(
    ["t_1", "t_1_1", "t_1_2"].map((symbol) => instructionAt(bound, symbol, 0).offset),
    [16, 64, 72],
  );
  assert.is(instructionAt(bound, "t_1_2", 0).opcode, 0x79);
  // The copies have their own line information.
  assert.equal(lineOfInstruction(readElf(bound.bytes), "t_1_1", 5), { file: "script.bt", line: 1, column: 1 });
  assert.equal(lineOfInstruction(readElf(bound.bytes), "t_1_2", 0), { file: "script.bt", line: 2, column: 1 });
  assert.is(lineOfInstruction(readElf(bound.bytes), "t_1_2", 9), undefined);
});

test("a copy keeps its references to maps", () => {
  const code = [load(4, 2, 1, 16), loadMap(1, "at_"), addRegister(1, 2), move(0, 0), exit()];
  const object = tracepointObject(["c", "e*"], {
    programs: [{ name: "t_1", section: "tracepoint/c/e*", code }],
    maps: [{ name: "at_", type: "hash", keySize: 8, valueSize: 8, maxEntries: 10 }],
    relocations: RELOCATIONS.slice(0, 1),
  });
  const formats = new Map([
    ["c:ea", makeFormat("ea", SAME)],
    ["c:eb", makeFormat("eb", fields({ count: ["u32 count", 64, 4, 0] }))],
  ]);
  const elf = readElf(bind(object, makeFacts({ tracepoints: formats })).bytes);
  const target = elf.sections.findIndex(({ name }) => name === "tracepoint/c/e*");
  assert.equal(
    relocationsOf(elf, target)?.entries.map(({ offset, symbol }) => [offset, elf.symbols[symbol]?.name]),
    [
      [8, "at_"],
      [8 + 48, "at_"],
    ],
  );
});

test("a tracepoint that is not there", () => {
  const similar = new Map([["c:e", ["c:ee"]]]);
  const error = refusal(() => bind(tracepointObject(), makeFacts({ similar })));
  assert.is(error.code, "unknown-probe");
  assert.is(error.message, "No matches for tracepoint c:e.");
  assert.match(error.details.hint ?? "", /c:ee/);
  for (const [missingProbes, warnings] of [
    ["warn", 2],
    ["ignore", 0],
  ] as const) {
    const config = { ...makeManifest().config, missingProbes };
    const bound = bind(tracepointObject(["c", "e"], {}, { config }), makeFacts());
    assert.is(bound.warnings.length, warnings);
    assert.equal(bound.programs, []);
  }
});

test("functions: patterns are expanded, names are taken as they are", () => {
  const kprobe = (target: string[], kind: "kprobe" | "kretprobe" = "kprobe") => {
    const program = makeProgram({ name: "k_1", kind, section: kind, target });
    return buildObject({
      programs: [{ name: "k_1", section: kind, code: [move(0, 0), exit()] }],
      manifest: makeManifest({ programs: [program] }),
    });
  };
  const facts = makeFacts({ functions: ["vfs_write", "vfs_read", "vfs_read", "do_it"].map((name) => ({ name, module: "vmlinux" })) });
  const targets = (bytes: Uint8Array) => bind(bytes, facts).programs.flatMap(({ attachments }) => attachments);
  assert.equal(targets(kprobe(["", "vfs_*", "0"])), [
    { kind: "kprobe", function: "vfs_read", offset: 0, isReturn: false },
    { kind: "kprobe", function: "vfs_write", offset: 0, isReturn: false },
  ]);
  assert.equal(targets(kprobe(["", "unheard_of", "8"])), [{ kind: "kprobe", function: "unheard_of", offset: 8, isReturn: false }]);
  assert.equal(targets(kprobe(["", "do_it", "0"], "kretprobe")), [{ kind: "kprobe", function: "do_it", offset: 0, isReturn: true }]);
  assert.is(refusal(() => bind(kprobe(["", "vfs_*", "0"]), { ...facts, arch: "sparc" })).code, "wrong-architecture");
});

test("code that is tied to an architecture is refused on another, with its place", () => {
  const manifest = (features: FeatureNeed[]) =>
    makeManifest({ programs: [makeProgram({ name: "i_1", kind: "interval", target: ["s", "1"] })], features });
  const object = (features: FeatureNeed[]) =>
    buildObject({ programs: [{ name: "i_1", section: "perf_event", code: [move(0, 0), exit()] }], manifest: manifest(features) });
  const facts = makeFacts({ arch: "sparc" });
  assert.is(bind(object([]), facts).programs.length, 1);
  const error = refusal(() => bind(object([{ feature: "architecture", location: NOWHERE }]), facts));
  assert.is(error.code, "wrong-architecture");
  assert.match(error.message, /^the object is made for \w+, this machine is sparc$/);
});

test("more attachments than allowed", () => {
  const formats = new Map(Array.from({ length: 20 }, (_, index) => [`c:e${index}`, makeFormat(`e${index}`, SAME)] as const));
  const facts = makeFacts({ tracepoints: formats });
  const error = refusal(() => bind(tracepointObject(["c", "e*"]), facts, { maxProbes: 19 }));
  assert.is(error.code, "too-many-probes");
  assert.match(error.message, "attach to 20 probes");
  assert.is(bind(tracepointObject(["c", "e*"]), facts, { maxProbes: 20 }).programs[0]?.attachments.length, 20);
});

test("timers", () => {
  const timer = (kind: "interval" | "profile", target: string[]) => {
    const program = makeProgram({ name: "p_1", kind, section: "perf_event", target });
    const object = buildObject({
      programs: [{ name: "p_1", section: "perf_event", code: [move(0, 0), exit()] }],
      manifest: makeManifest({ programs: [program] }),
    });
    return bind(object, makeFacts()).programs[0]?.attachments;
  };
  assert.equal(timer("profile", ["hz", "99"]), [{ kind: "timer", perSecond: true, amount: 99, everyCpu: true }]);
  assert.equal(timer("interval", ["s", "2"]), [{ kind: "timer", perSecond: false, amount: 2e9, everyCpu: false }]);
  assert.equal(timer("interval", ["ms", "100"]), [{ kind: "timer", perSecond: false, amount: 1e8, everyCpu: false }]);
  assert.equal(timer("profile", ["us", "50"]), [{ kind: "timer", perSecond: false, amount: 5e4, everyCpu: true }]);
});

const begin = makeProgram({ name: "b_1", kind: "begin" });
const simple = (more: Partial<ObjectSpec>, manifest: Partial<Manifest>) =>
  buildObject({
    programs: [{ name: "b_1", section: "raw_tp", code: [move(0, 0), exit()] }],
    manifest: makeManifest({ programs: [begin], ...manifest }),
    ...more,
  });

test("constants are set, the rest of .rodata stays", () => {
  const bytes = simple(
    { data: { ".rodata": Uint8Array.from({ length: 24 }, () => 0xaa) } },
    {
      bindings: [
        { offset: 4, size: 4, kind: "max_cpu" },
        { offset: 8, size: 8, kind: "ring_limit" },
      ],
      config: { ...makeManifest().config, ringBufferPages: 16 },
    },
  );
  const rodata = findSection(readElf(bind(bytes, makeFacts()).bytes), ".rodata")?.data ?? new Uint8Array(24);
  const view = new DataView(rodata.buffer, rodata.byteOffset);
  assert.is(view.getUint32(4, true), 3);
  assert.is(Number(view.getBigUint64(8, true)), 65_536 - 8192);
  assert.is(view.getUint32(0, true), 0xaaaaaaaa);
  assert.is(view.getUint32(16, true), 0xaaaaaaaa);
  const outside = simple({ data: { ".rodata": new Uint8Array(4) } }, { bindings: [{ offset: 2, size: 4, kind: "max_cpu" }] });
  assert.is(refusal(() => bind(outside, makeFacts())).code, "bad-object");
});

test("scratch grows with the CPUs, and the sections behind it move", () => {
  const bytes = simple({ data: { ".data.scratch": new Uint8Array(64) } }, { scratch: { slotSize: 1024, slotsPerCpu: 2 } });
  const bound = readElf(bind(bytes, makeFacts({ possibleCpus: 64 })).bytes);
  assert.is(findSection(bound, ".data.scratch")?.data.length, 131_072);
  assert.equal([...(findSection(bound, ".BTF")?.data ?? [])], [...(findSection(readElf(bytes), ".BTF")?.data ?? [1])]);
  assert.is(refusal(() => bind(simple({}, { scratch: { slotSize: 8, slotsPerCpu: 2 } }), makeFacts())).code, "bad-object");
  const huge = simple({ data: { ".data.scratch": new Uint8Array(64) } }, { scratch: { slotSize: 1 << 20, slotsPerCpu: 2 } });
  assert.is(refusal(() => bind(huge, makeFacts({ possibleCpus: 1024 }))).code, "scratch-too-large");
});

test("the ring buffer's size", () => {
  const config = makeManifest().config;
  const size = (availableMemory: number, ringBufferPages = 0, possibleCpus = 4, asked = 0) =>
    bind(simple({}, { config: { ...config, ringBufferPages } }), makeFacts({ availableMemory, possibleCpus }), { ringBufferPages: asked })
      .ringBytes;
  assert.is(size(1 << 30), 4096 * 4096);
  assert.is(size(1 << 16), 64 * 4096);
  assert.is(size(1 << 21), 512 * 4096);
  assert.is(size(1 << 30, 16), 16 * 4096);
  assert.is(size(1 << 30, 1), 4 * 4096);
  assert.is(size(1 << 30, 0, 4, 31), 32 * 4096);
});

test("objects of others are refused with the reason", () => {
  const foreign = buildObject({ programs: [{ name: "b_1", section: "raw_tp", code: [move(0, 0), exit()] }] });
  assert.is(refusal(() => bind(foreign, makeFacts())).code, "no-manifest");
  assert.is(refusal(() => bind(simple({}, { programs: [makeProgram({ name: "other", kind: "begin" })] }), makeFacts())).code, "bad-object");
});

test("any mutation of an object gives an error or a bound object", () => {
  const original = tracepointObject(["c", "e*"]);
  const facts = makeFacts({
    tracepoints: new Map([
      ["c:ea", makeFormat("ea", SAME)],
      ["c:eb", makeFormat("eb", fields({ count: ["u32 count", 64, 4, 0] }))],
    ]),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = original.slice();
      for (const [offset, value] of changes) bytes[offset] = value;
      try {
        assert.ok(bind(bytes, facts).bytes.length > 0);
      } catch (error) {
        if (!(error instanceof BpfcastError)) throw error;
      }
    }),
    { numRuns: 400 },
  );
});

test("binding leaves the given object untouched, and does the same twice", () => {
  const bytes = tracepointObject(["c", "e*"]);
  const before = bytes.slice();
  const facts = makeFacts({ tracepoints: new Map([["c:ea", makeFormat("ea", fields({ count: ["u32 count", 64, 4, 0] }))]]) });
  const first = bind(bytes, facts).bytes;
  assert.equal(bytes, before);
  assert.equal(bind(bytes, facts).bytes, first);
});

test.run();
