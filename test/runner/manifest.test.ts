// The manifest's validation: the valid ones pass unchanged, each broken field is named in the error.

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest } from "../../wasm/manifest.ts";
import { parseManifest, parseRelocations } from "../../wasm/parse-manifest.ts";
import { encodeBpfcastRelocations, makeManifest, makeMap, makePrintf, makeProgram, NOWHERE } from "../support/objects.ts";

const encode = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

function refusal(document: unknown): { code: string; message: string } {
  try {
    parseManifest(encode(document));
  } catch (error) {
    if (error instanceof BpfcastError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: "", message: "" };
}

/** A manifest that uses everything. */
function rich(): Manifest {
  return makeManifest({
    programs: [
      makeProgram({ name: "begin_1", kind: "begin" }),
      makeProgram({ name: "t_1", kind: "tracepoint", target: ["sched", "sched_switch"] }),
      makeProgram({ name: "k_1", kind: "kprobe", target: ["", "vfs_read", "4"] }),
      makeProgram({ name: "i_1", kind: "interval", target: ["s", "1"] }),
    ],
    maps: [
      makeMap({ name: "@", value: { kind: "count" }, type: "percpu_hash" }),
      makeMap({ name: "@h", value: { kind: "hist", bits: 0, buckets: 66 }, type: "percpu_hash", keySize: 16, bucketOffset: 8 }),
      makeMap({ name: "@l", value: { kind: "lhist", min: "0", max: "100", step: "10", buckets: 12 }, key: null, keySize: 4 }),
      makeMap({ name: "@s", value: { kind: "sum", signed: true }, key: null, keySize: 4, valueSize: 16, presenceOffset: 8 }),
      makeMap({
        name: "@t",
        value: {
          kind: "value",
          type: {
            kind: "tuple",
            size: 16,
            fields: [
              { offset: 0, type: { kind: "bool" } },
              { offset: 8, type: { kind: "pointer" } },
            ],
          },
        },
        valueSize: 16,
      }),
    ],
    events: [
      makePrintf("%d\n", [{ offset: 8, type: { kind: "int", size: 8, signed: true } }]),
      { kind: "exit", size: 8, args: [], location: NOWHERE },
      { kind: "print_map", map: 0, top: 3, div: 0, size: 8, location: NOWHERE },
      { kind: "runtime_error", text: "division by zero", size: 8, location: NOWHERE },
    ],
    tracepoints: [
      {
        category: "sched",
        event: "sched_switch",
        fields: [{ name: "prev_pid", offset: 24, size: 4, signed: true, kind: "int", location: NOWHERE }],
      },
    ],
    bindings: [{ offset: 0, size: 4, kind: "max_cpu" }],
    features: [{ feature: "ring_buffer", location: NOWHERE }],
    scratch: { slotSize: 1024, slotsPerCpu: 2 },
  });
}

test("a valid manifest passes unchanged", () => {
  assert.equal(parseManifest(encode(rich())), rich());
});

const BROKEN: [string, (manifest: Record<string, never> & Manifest) => unknown, RegExp][] = [
  ["no document", () => null, /an object/],
  ["a list", () => [], /an object/],
  ["an unknown field", (manifest) => ({ ...manifest, extra: 1 }), /extra/],
  ["an unknown architecture", (manifest) => ({ ...manifest, arch: "vax" }), /arch/],
  ["an unknown program kind", (manifest) => ({ ...manifest, programs: [{ ...manifest.programs[0], kind: "lsm" }] }), /programs\[0\]\.kind/],
  [
    "too few target parts",
    (manifest) => ({ ...manifest, programs: [{ ...manifest.programs[1], target: ["x"] }] }),
    /programs\[0\]\.target/,
  ],
  ["a hexadecimal offset", (manifest) => ({ ...manifest, programs: [{ ...manifest.programs[2], target: ["", "f", "0x4"] }] }), /decimal/],
  ["an interval of zero", (manifest) => ({ ...manifest, programs: [{ ...manifest.programs[3], target: ["s", "0"] }] }), /positive/],
  [
    "two programs of one name",
    (manifest) => ({ ...manifest, programs: [manifest.programs[0], manifest.programs[0]] }),
    /programs\[1\]\.name.*that of no other program/,
  ],
  ["a symbol with a slash", (manifest) => ({ ...manifest, programs: [{ ...manifest.programs[0], name: "a/b" }] }), /symbol/],
  ["a map without @", (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[0], name: "x" }] }), /map name/],
  ["a key larger than its size", (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[0], keySize: 4 }] }), /maps\[0\]\.key/],
  ["a bucket outside of the key", (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[1], bucketOffset: 16 }] }), /bucketOffset/],
  [
    "a presence outside of the value",
    (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[3], presenceOffset: 16 }] }),
    /presenceOffset/,
  ],
  [
    "a value smaller than its parts",
    (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[0], value: { kind: "avg", signed: true } }] }),
    /valueSize/,
  ],
  [
    "a step of zero",
    (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[2], value: { kind: "lhist", min: "0", max: "9", step: "0", buckets: 12 } }] }),
    /step/,
  ],
  ["a tuple field outside", (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[4], valueSize: 12 }] }), /maps\[0\]\.value/],
  ["an argument outside of its event", (manifest) => ({ ...manifest, events: [{ ...manifest.events[0], size: 12 }] }), /events\[0\]\.args/],
  ["an event without a head", (manifest) => ({ ...manifest, events: [{ ...manifest.events[1], size: 4 }] }), /events\[0\]\.size/],
  ["a print of no map", (manifest) => ({ ...manifest, events: [{ ...manifest.events[2], map: 5 }] }), /events\[0\]\.map/],
  [
    "an odd integer size",
    (manifest) => ({ ...manifest, maps: [{ ...manifest.maps[0], key: { kind: "int", size: 3, signed: true } }] }),
    /size/,
  ],
  ["a negative offset", (manifest) => ({ ...manifest, bindings: [{ offset: -4, size: 4, kind: "max_cpu" }] }), /offset/],
];

for (const [name, damage, expected] of BROKEN) {
  test(`refused: ${name}`, () => {
    const { code, message } = refusal(damage(rich() as Record<string, never> & Manifest));
    assert.is(code, "bad-manifest");
    assert.match(message, expected);
  });
}

test("a newer version has its own error", () => {
  const { code, message } = refusal({ ...rich(), version: 2, unheardOf: {} });
  assert.is(code, "newer-manifest");
  assert.match(message, /version 2/);
});

test("bytes that are no JSON, or no UTF-8", () => {
  for (const bytes of [new Uint8Array(0), new TextEncoder().encode("{"), Uint8Array.of(0x22, 0xff, 0x22)]) {
    assert.throws(
      () => parseManifest(bytes),
      (error: unknown) => error instanceof BpfcastError && error.code === "bad-manifest",
    );
  }
});

test("nesting is bounded", () => {
  const depth = 5000;
  const type = `${'{"kind":"tuple","size":1,"fields":[{"offset":0,"type":'.repeat(depth)}{"kind":"bool"}${"}]}".repeat(depth)}`;
  const text = JSON.stringify(rich()).replace('"value":{"kind":"count"}', `"value":{"kind":"value","type":${type}}`);
  let code = "";
  try {
    parseManifest(new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof BpfcastError) code = error.code;
  }
  assert.is(code, "bad-manifest");
});

test("any document gives an error or a manifest", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(...Object.keys(rich())), (json, field) => {
      const { code } = refusal({ ...rich(), [field]: JSON.parse(json) as unknown });
      assert.ok(code === "" || code === "bad-manifest" || code === "newer-manifest");
    }),
    { numRuns: 300 },
  );
});

test("relocations: read, and checked against the manifest", () => {
  const manifest = rich();
  const good = { kind: 0, program: 1, instruction: 3, tracepoint: 0, field: 0 };
  assert.equal(parseRelocations(encodeBpfcastRelocations([good]), manifest), [good]);
  const code = (bytes: Uint8Array) => {
    try {
      parseRelocations(bytes, manifest);
    } catch (error) {
      if (error instanceof BpfcastError) return error.code;
    }
    return "";
  };
  assert.is(code(encodeBpfcastRelocations([good]).subarray(0, 19)), "bad-relocation");
  for (const broken of [{ kind: 3 }, { program: 4 }, { tracepoint: 1 }, { field: 1 }]) {
    assert.is(code(encodeBpfcastRelocations([{ ...good, ...broken }])), "bad-relocation");
  }
});

test.run();
