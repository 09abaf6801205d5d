// Hand-made objects of whole small scripts, as the compiler would make them.

import type { Manifest, Program } from "../../wasm/manifest.ts";
import {
  add,
  atomicAdd,
  call,
  copy,
  exit,
  Helper,
  type Instruction,
  jumpEqual,
  jumpNotEqual,
  load,
  loadData,
  loadMap,
  move,
  store,
  storeImmediate,
} from "./instructions.ts";
import { buildObject, makeManifest, makeMap, makePrintf, makeProgram, NOWHERE, type ObjectSpec } from "./objects.ts";

const RING = { name: "events", type: "ringbuf", maxEntries: 4096 } as const;

/** Sends the `size` bytes at fp + offset; counts the event as lost when there is no room. */
export function sendRecord(offset: number, size: number): Instruction[] {
  return [
    loadMap(1, "events"),
    copy(2, 10),
    add(2, offset),
    move(3, size),
    move(4, 0),
    call(Helper.ringOutput),
    jumpEqual(0, 0, 4),
    loadData(1, ".data.counters", 0),
    move(2, 1),
    atomicAdd(1, 0, 2),
  ];
}

const RETURN = [move(0, 0), exit()];

export function eventObject(
  programs: { program: Program; code: Instruction[] }[],
  manifest: Partial<Manifest>,
  more: Partial<ObjectSpec> = {},
): Uint8Array {
  return buildObject({
    programs: programs.map(({ program, code }) => ({ name: program.name, section: program.section, code })),
    maps: [RING, ...(more.maps ?? [])],
    data: { ".data.counters": new Uint8Array(24), ...more.data },
    manifest: makeManifest({ programs: programs.map(({ program }) => program), ...manifest }),
    ...(more.relocations === undefined ? {} : { relocations: more.relocations }),
  });
}

/** `begin { printf("%d %s\n", 42, "x"); exit(CODE); }` */
export function beginObject(exitCode = 0): Uint8Array {
  const code = [
    storeImmediate(8, 10, -24, 0),
    storeImmediate(8, 10, -16, 42),
    storeImmediate(8, 10, -8, 0x78),
    ...sendRecord(-24, 24),
    storeImmediate(8, 10, -24, 1),
    storeImmediate(8, 10, -16, exitCode),
    ...sendRecord(-24, 16),
    ...RETURN,
  ];
  return eventObject([{ program: makeProgram({ name: "begin_1", kind: "begin" }), code }], {
    events: [
      makePrintf("%d %s\n", [
        { offset: 8, type: { kind: "int", size: 8, signed: true } },
        { offset: 16, type: { kind: "string", size: 8 } },
      ]),
      { kind: "exit", size: 16, args: [{ offset: 8, type: { kind: "int", size: 8, signed: false } }], location: NOWHERE },
    ],
  });
}

/** `if (comm == NAME)`: up to seven characters; falls through when equal, else skips `skip` slots. */
export function unlessComm(name: string, skip: number): Instruction[] {
  const bytes = new Uint8Array(8);
  new TextEncoder().encodeInto(name, bytes);
  const words = new DataView(bytes.buffer);
  return [
    // 6.1 leaves the bytes behind the name's end as they were.
    storeImmediate(8, 10, -16, 0),
    storeImmediate(8, 10, -8, 0),
    copy(1, 10),
    add(1, -16),
    move(2, 16),
    call(Helper.comm),
    load(4, 1, 10, -16),
    jumpNotEqual(1, words.getInt32(0, true), skip + 2),
    load(4, 1, 10, -12),
    jumpNotEqual(1, words.getInt32(4, true), skip),
  ];
}

/**
 * `tracepoint:raw_syscalls:sys_enter /comm == NAME/ { @[comm] = count(); @total = count(); }`
 */
export function countObject(name: string): Uint8Array {
  const counting = [
    loadMap(1, "at_"),
    copy(2, 10),
    add(2, -16),
    call(Helper.mapLookup),
    jumpEqual(0, 0, 4),
    load(8, 1, 0, 0),
    add(1, 1),
    store(8, 0, 0, 1),
    jumpEqual(10, 0, 0),
  ];
  // A key that is new takes the long way: insert 1.
  const insert = [
    storeImmediate(8, 10, -24, 1),
    loadMap(1, "at_"),
    copy(2, 10),
    add(2, -16),
    copy(3, 10),
    add(3, -24),
    move(4, 0),
    call(Helper.mapUpdate),
  ];
  const total = [
    storeImmediate(4, 10, -28, 0),
    loadMap(1, "at_total"),
    copy(2, 10),
    add(2, -28),
    call(Helper.mapLookup),
    jumpEqual(0, 0, 5),
    load(8, 1, 0, 0),
    add(1, 1),
    store(8, 0, 0, 1),
    move(1, 1),
    store(8, 0, 8, 1),
  ];
  const slots = (code: Instruction[]) => code.reduce((sum, { opcode }) => sum + (opcode === 0x18 ? 2 : 1), 0);
  counting[counting.length - 1] = { opcode: 0x05, destination: 0, source: 0, offset: slots(insert), immediate: 0 };
  const body = [...counting, ...insert, ...total];
  const program = makeProgram({
    name: "tracepoint_1",
    kind: "tracepoint",
    section: "tracepoint/raw_syscalls/sys_enter",
    probe: "tracepoint:raw_syscalls:sys_enter",
    target: ["raw_syscalls", "sys_enter"],
  });
  return buildObject({
    programs: [{ name: program.name, section: program.section, code: [...unlessComm(name, slots(body)), ...body, ...RETURN] }],
    maps: [
      { name: "at_", type: "percpu_hash", keySize: 16, valueSize: 8, maxEntries: 4096 },
      { name: "at_total", type: "percpu_array", keySize: 4, valueSize: 16, maxEntries: 1 },
    ],
    manifest: makeManifest({
      programs: [program],
      maps: [
        makeMap({ name: "@", value: { kind: "count" }, type: "percpu_hash", key: { kind: "string", size: 16 }, keySize: 16 }),
        makeMap({
          name: "@total",
          value: { kind: "count" },
          type: "percpu_array",
          key: null,
          keySize: 4,
          valueSize: 16,
          presenceOffset: 8,
          capacity: 1,
        }),
      ],
    }),
  });
}
