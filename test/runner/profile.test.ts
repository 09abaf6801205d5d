// Profiles: written and read back, made from a copy of a machine's files, asked by the compiler, reduced, damaged.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Btf, BtfKind } from "../../runner/core/btf.ts";
import { type Profile, readProfile, writeProfile } from "../../runner/core/profile.ts";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { reduceBtf } from "../../runner/core/reduce-btf.ts";
import { reduceProfile } from "../../runner/core/reduce-profile.ts";
import { captureProfile } from "../../runner/host/capture.ts";
import { packProfile, readProfileFile, unpackProfile } from "../../runner/host/profile-file.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { BtfWriter, smallKernel } from "../support/btf.ts";
import { newCompiler } from "../support/compiler.ts";
import { capturedKernel, makeProfile } from "../support/profiles.ts";

const encoder = new TextEncoder();

/** Code and message of the error that the call throws. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof BpfcastError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

/** The document with its first two lines changed. */
function withHead(change: (lines: [string, string]) => [string, string]): Uint8Array {
  const whole = Buffer.from(writeProfile(makeProfile()));
  const first = whole.indexOf("\n");
  const second = whole.indexOf("\n", first + 1);
  const lines = change([whole.toString("utf8", 0, first), whole.toString("utf8", first + 1, second)]);
  return Buffer.concat([Buffer.from(`${lines.join("\n")}\n`), whole.subarray(second + 1)]);
}

test("a profile is read back as it was written", () => {
  const profile = makeProfile();
  const { btf, ...others } = unpackProfile(packProfile(profile));
  assert.equal({ ...others, btf: new Map() }, { ...profile, btf: new Map() });
  assert.equal(
    [...btf].map(([name, bytes]) => [name, [...bytes]]),
    [["vmlinux", [...smallKernel()]]],
  );
  const empty = makeProfile({
    btf: new Map(),
    tracepoints: new Map(),
    functions: new Map(),
    rawTracepoints: [],
    features: null,
    pageSize: null,
  });
  assert.equal(unpackProfile(packProfile(empty)), empty);
});

test("any profile is read back, and whatever order its parts come in, the bytes are the same", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
  const unique = (of: fc.Arbitrary<string>) => fc.uniqueArray(of, { maxLength: 6 });
  const profiles = fc.record({
    btf: unique(name),
    tracepoints: unique(fc.tuple(name, name).map((parts) => parts.join(":"))),
    functions: unique(name),
    names: unique(name),
    blob: fc.uint8Array({ maxLength: 50 }),
    kernel: fc.string({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(profiles, ({ btf, tracepoints, functions, names, blob, kernel }) => {
      const sorted = [...names].sort((left, right) => (left < right ? -1 : 1));
      const profile = makeProfile({
        kernel,
        btf: new Map(btf.map((module) => [module, blob])),
        tracepoints: new Map(tracepoints.map((event, index) => [event, index % 2 === 0 ? "" : `\tfield:int ${index};\n`])),
        functions: new Map(functions.map((module) => [module, sorted])),
        rawTracepoints: sorted,
      });
      const bytes = writeProfile(profile);
      const read = readProfile(bytes);
      const backwards = <V>(map: Map<string, V>) => new Map([...map].reverse());
      const other: Profile = { ...profile, btf: backwards(profile.btf), tracepoints: backwards(profile.tracepoints) };
      assert.equal(new Map([...read.tracepoints].sort()), new Map([...profile.tracepoints].sort()));
      assert.equal(new Map([...read.btf].sort()), new Map([...profile.btf].sort()));
      assert.equal(new Map([...read.functions].sort()), new Map([...profile.functions].sort()));
      assert.equal(read.rawTracepoints, sorted);
      assert.is(read.kernel, kernel);
      assert.equal(writeProfile({ ...other, rawTracepoints: [...sorted].reverse() }), bytes);
    }),
    { numRuns: 200 },
  );
});

test("the file carries no time and no system", () => {
  const packed = packProfile(makeProfile());
  assert.equal([...packed.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  assert.match(Buffer.from(gunzipSync(packed)).toString("latin1"), /^bpfcast-profile 1\n\{"architecture":"x86_64",/);
});

/** Documents that are none, and what is said of them. */
const damaged: [name: string, document: Uint8Array, expected: RegExp][] = [
  ["nothing", new Uint8Array(), /^bad-profile: not a usable profile: it does not start as one$/],
  ["something else", encoder.encode("#!/bin/sh\n"), /it does not start as one/],
  ["no version", withHead(() => ["bpfcast-profile x", "{}"]), /its version is no number/],
  ["version 0", withHead(() => ["bpfcast-profile 0", "{}"]), /its version is no number/],
  ["a version of the future", withHead(([, head]) => ["bpfcast-profile 2", head]), /^newer-profile: a profile of version 2, .* up to 1$/],
  ["no JSON", withHead(([first]) => [first, "{,}"]), /its head is no JSON/],
  ["a list", withHead(([first]) => [first, "[]"]), /head is not an object/],
  ["another architecture", withHead(([first, head]) => [first, head.replace("x86_64", "vax")]), /head.architecture is not one of/],
  ["an unknown field", withHead(([first, head]) => [first, head.replace("{", '{"more":1,')]), /head.more is not a known field/],
  [
    "an unknown field with a long name",
    withHead(([first, head]) => [first, head.replace("{", `{"\\n${"x".repeat(10_000)}":1,`)]),
    /^bad-profile: not a usable profile: head\.x{100,200}$/,
  ],
  ["a negative length", withHead(([first, head]) => [first, head.replace(/"bytes":\d+/, '"bytes":-1')]), /bytes is not a whole number/],
  ["a path for a module", withHead(([first, head]) => [first, head.replace('"vmlinux"', '"../vmlinux"')]), /name is not a name/],
  ["a length too large", withHead(([first, head]) => [first, head.replace(/"bytes":\d+/, '"bytes":2000000')]), /complete: it was cut off/],
  ["bytes behind the end", Buffer.concat([writeProfile(makeProfile()), Buffer.from("x")]), /what is behind its sections is not empty/],
  [
    "a field without tracepoint",
    writeProfile(makeProfile({ tracepoints: new Map([["", "\tfield:x\n"]]) })),
    /list of tracepoints is not in order/,
  ],
  [
    "a function without module",
    writeProfile(makeProfile({ functions: new Map([["]\nx[", ["y"]]]) })),
    /list of functions is not in order|^$/,
  ],
];

for (const [name, document, expected] of damaged) {
  test(`damaged: ${name}`, () => {
    assert.match(
      refusal(() => unpackProfile(gzipSync(document))),
      expected,
    );
  });
}

test("a document cut at every length is refused", () => {
  const whole = writeProfile(makeProfile());
  for (let length = 0; length < whole.length; length++)
    assert.match(
      refusal(() => readProfile(whole.subarray(0, length))),
      /^bad-profile: /,
    );
});

test("files that are no gzip, cut off, or a bomb", () => {
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-profile-"));
  try {
    const file = join(folder, "x.profile");
    assert.is(
      refusal(() => readProfileFile(file)),
      `cannot-read: failed to open profile '${file}': No such file or directory`,
    );
    assert.is(
      refusal(() => readProfileFile(folder)),
      `cannot-read: failed to open profile '${folder}': Is a directory`,
    );
    writeFileSync(file, "no profile");
    assert.is(
      refusal(() => readProfileFile(file)),
      `bad-profile: '${file}' is not a usable profile: it is no whole gzip file`,
    );
    writeFileSync(file, packProfile(makeProfile()).subarray(0, 300));
    assert.is(
      refusal(() => readProfileFile(file)),
      `bad-profile: '${file}' is not a usable profile: it is no whole gzip file`,
    );
    writeFileSync(file, gzipSync(Buffer.alloc((128 << 20) + 1)));
    assert.is(
      refusal(() => readProfileFile(file)),
      `bad-profile: '${file}' is not a usable profile: it unpacks to more than 128 MiB`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A copy of a machine's files: path below its root, content. */
function withCopy(files: Record<string, string | Uint8Array>, check: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-copy-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    check(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SWITCH =
  'name: sched_switch\nID: 7\nformat:\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n\tfield:int x;\toffset:8;\tsize:4;\tsigned:1;\n\nprint fmt: "%d"\n';

test("a copy of /sys and /proc becomes a profile", () => {
  const files = {
    "sys/kernel/btf/vmlinux": capturedKernel(["", "orig_x0"]),
    "sys/kernel/tracing/events/sched/sched_switch/format": SWITCH,
    "sys/kernel/tracing/events/uprobes/mine/format": SWITCH,
    "sys/kernel/tracing/available_filter_functions":
      "vfs_read\n__ftrace_invalid_address___7\nvfs_open\nvfs_read\nnfs_open [nfs]\nbpf_prog_1 [bpf]\n",
    "proc/sys/kernel/osrelease": "6.12.0-arm64\n",
  };
  withCopy(files, (folder) => {
    const { profile, warnings } = captureProfile(folder);
    assert.equal(warnings, []);
    assert.equal(
      { ...profile, btf: [...profile.btf.keys()] },
      {
        architecture: "aarch64",
        kernel: "6.12.0-arm64",
        pageSize: null,
        isReduced: false,
        missing: [],
        features: { helpers: ["map_lookup_elem", "loop"], mapTypes: ["hash"], probeTypes: ["kprobe_multi", "iter"] },
        btf: ["vmlinux"],
        tracepoints: new Map([
          ["sched:sched_switch", "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\tfield:int x;\toffset:8;\tsize:4;\tsigned:1;\n"],
        ]),
        functions: new Map([
          ["vmlinux", ["vfs_read", "vfs_open"]],
          ["nfs", ["nfs_open"]],
        ]),
        rawTracepoints: ["sched_switch"],
      },
    );
  });
});

test("what a copy lacks is said, and a copy of nothing is refused", () => {
  withCopy({ "sys/kernel/btf/vmlinux": capturedKernel() }, (folder) => {
    const { profile, warnings } = captureProfile(folder);
    assert.is(profile.architecture, "x86_64");
    assert.equal(profile.missing, ["tracepoints", "functions"]);
    assert.equal(warnings, [
      "the profile has no tracepoints: tracefs (/sys/kernel/tracing) is not there",
      "the profile has no functions: available_filter_functions is not there",
    ]);
    const target = new ProfileTarget(profile, "profile x");
    assert.match(
      refusal(() => target.answer({ kind: "tracepoint", category: "a", event: "b" })),
      /^profile-lacks-tracepoints: profile x/,
    );
  });
  withCopy({ "sys/kernel/btf/vmlinux": capturedKernel(["other"]) }, (folder) => {
    assert.match(
      refusal(() => captureProfile(folder)),
      /^unsupported-architecture: /,
    );
  });
  withCopy({ "sys/kernel/btf/vmlinux": "damaged" }, (folder) =>
    assert.match(
      refusal(() => captureProfile(folder)),
      /^bad-btf: /,
    ),
  );
  withCopy({ "etc/passwd": "" }, (folder) =>
    assert.match(
      refusal(() => captureProfile(folder)),
      /^no-facts: /,
    ),
  );
});

/** What the compiler makes of a script for a profile: errors, or `ok`. */
async function compiled(target: ProfileTarget, script: string): Promise<string> {
  const compiler = await newCompiler();
  for (let round = 0; round < 5; round++) {
    const result = compiler.compile(encoder.encode(script), { name: "x.bt", architecture: target.architecture });
    if (result.kind === "object") return target.missingFeature(result.object)?.message ?? "ok";
    if (result.kind === "failed") return result.diagnostics.map(({ message }) => message).join("; ");
    if (result.kind !== "needs") continue;
    for (const need of result.needs) compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : target.answer(need));
  }
  return "asked again and again";
}

test("the compiler finds in a profile what it asks for, and is told what is not there", async () => {
  const target = new ProfileTarget(makeProfile(), "profile x");
  assert.is(target.description, "profile x (Linux 6.1.0-test, x86_64)");
  assert.is(await compiled(target, "tracepoint:sched:sched_switch { @[args.prev_comm, curtask->tgid] = count(); }"), "ok");
  assert.is(await compiled(target, "tracepoint:sys*:sys_enter_* { @[str(args.filename)] = count(); }"), "ok");
  assert.match(await compiled(target, "tracepoint:sched:sched_swich { @ = args.prev_comm; }"), /sched_swich/);
  assert.match(await compiled(target, "begin { @ = curtask->nothing; }"), /nothing/);
  assert.is(
    await compiled(target, "begin { @a[1] = 1; for ($kv : @a) { print($kv); } }"),
    "profile x (Linux 6.1.0-test, x86_64) has no BPF helper for_each_map_elem, which this needs",
  );
});

test("reduced: structs in common use stay whole, others are declared, and common tracepoints stay", async () => {
  const btf = new BtfWriter();
  const int = btf.int("int", 4, true);
  const other = btf.struct("some_driver", 64, [{ name: "secret", type: int, offset: 60 }]);
  const inner = btf.struct("", 8, [{ name: "hidden", type: int, offset: 4 }]);
  const value = btf.struct("held_by_value", 16, [{ name: "flag", type: int, offset: 8, bits: { width: 3, first: 2 } }]);
  const self = btf.next + 1;
  const pointer = btf.pointer(self);
  btf.struct("task_struct", 256, [
    { name: "driver", type: btf.next + 1, offset: 0 },
    { name: "parent", type: pointer, offset: 8 },
    { name: "", type: inner, offset: 16 },
    { name: "held", type: value, offset: 32 },
  ]);
  btf.pointer(other);
  const reduced = Btf.read(reduceBtf(btf.bytes(), (kind, name) => kind === BtfKind.Struct && name === "task_struct"));
  const kinds = new Map<string, BtfKind>();
  for (let id = 1; id < reduced.endId; id++) if (reduced.name(id) !== "") kinds.set(reduced.name(id), reduced.kind(id));
  assert.equal(Object.fromEntries(kinds), {
    int: BtfKind.Int,
    some_driver: BtfKind.Forward,
    held_by_value: BtfKind.Struct,
    task_struct: BtfKind.Struct,
  });
  const profile = reduceProfile(
    makeProfile({ btf: new Map([["vmlinux", btf.bytes()]]), tracepoints: new Map([...makeProfile().tracepoints, ["my_driver:x", ""]]) }),
  );
  assert.equal([...profile.tracepoints.keys()], ["sched:sched_switch", "syscalls:sys_enter_openat"]);
  assert.equal(profile.rawTracepoints, ["sched_switch"]);
  assert.ok(profile.isReduced);
  const target = new ProfileTarget(profile, "x");
  assert.is(await compiled(target, "begin { @ = curtask->parent->hidden + curtask->held.flag; @s = sizeof(struct task_struct); }"), "ok");
  assert.match(await compiled(target, "begin { @ = curtask->driver->secret; }"), /some_driver/);
});

test("reduced BTF keeps offsets, sizes and values", () => {
  const whole = Btf.read(smallKernel());
  const reduced = Btf.read(reduceBtf(smallKernel(), () => true));
  const describe = (btf: Btf) =>
    Array.from({ length: btf.endId - 1 }, (_, index) => {
      const id = index + 1;
      const members =
        btf.kind(id) === BtfKind.Struct
          ? Array.from({ length: btf.count(id) }, (_, at) => [btf.memberName(id, at), btf.trailingWord(id, at * 3 + 2)])
          : [];
      return [btf.kind(id), btf.name(id), btf.count(id), btf.sizeOrType(id), members];
    });
  assert.equal(describe(reduced), describe(whole));
});

test.run();
