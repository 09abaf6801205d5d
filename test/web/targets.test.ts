// The targets of the page: loaded on demand, one's own, hostile files, and what all of them say to a script.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Profile, writeProfile } from "../../runner/core/profile.ts";
import { packProfile } from "../../runner/host/profile-file.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Architecture } from "../../wasm/manifest.ts";
import type { TargetReport } from "../../web/targets/survey.ts";
import { type TargetEntry, Targets } from "../../web/targets/targets.ts";
import { BtfWriter, richKernel, smallKernel } from "../support/btf.ts";
import { capturedKernel, makeProfile } from "../support/profiles.ts";

const module = WebAssembly.compile(readFileSync(".out/compiler.wasm"));

const HELPERS = ["map_lookup_elem", "loop", "for_each_map_elem", "get_stack"];
const FEATURES = { helpers: HELPERS, mapTypes: ["hash"], probeTypes: ["iter"] };
const ENTER = "\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n";

function kernelOf(version: string, architecture: Architecture = "x86_64", changes: Partial<Profile> = {}): Profile {
  const [vmlinux, tracepoints] = [richKernel(), new Map(makeProfile().tracepoints)];
  return makeProfile({ kernel: version, architecture, features: FEATURES, btf: new Map([["vmlinux", vmlinux]]), tracepoints, ...changes });
}

const withOpen = new Map([...makeProfile().tracepoints, ["syscalls:sys_enter_open", ENTER]]);
const OLD = { helpers: ["map_lookup_elem"], mapTypes: ["hash"], probeTypes: [] };

/** The page's files: six targets, of which one cannot be used. */
const shipped: [file: string, profile: Profile | undefined][] = [
  ["default.profile", kernelOf("6.18.0", "x86_64", { tracepoints: withOpen })],
  ["targets/5.10.profile", kernelOf("5.10.0", "x86_64", { features: OLD, btf: new Map([["vmlinux", smallKernel()]]), isReduced: true })],
  ["targets/6.1.profile", kernelOf("6.1.0", "x86_64", { tracepoints: withOpen })],
  ["targets/6.12.profile", kernelOf("6.12.0", "x86_64", { functions: new Map([["vmlinux", ["vfs_open"]]]) })],
  ["targets/6.12-arm64.profile", kernelOf("6.12.0", "aarch64")],
  ["targets/broken.profile", undefined],
];

interface Page {
  targets: Targets;
  /** Files that were asked for, in order. */
  asked: string[];
  files: Map<string, Uint8Array<ArrayBuffer>>;
}

function openPage(): Page {
  const files = new Map(
    shipped.map(([file, profile]) => [file, profile === undefined ? new Uint8Array([1]) : new Uint8Array(packProfile(profile))]),
  );
  const rows = shipped.map(([file, profile]) => ({
    file,
    title: `Linux ${file}`,
    architecture: profile?.architecture ?? "x86_64",
    kernel: profile?.kernel ?? "",
    bytes: files.get(file)?.length ?? 0,
  }));
  files.set("targets.json", new TextEncoder().encode(JSON.stringify(rows)));
  const asked: string[] = [];
  const fetchFile = async (name: string) => {
    asked.push(name);
    const file = files.get(name);
    if (file === undefined) throw new Error(`${name}: 404 Not Found`);
    return new Response(file);
  };
  return { targets: new Targets({ module, fetchFile }), asked, files };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, Error);
    const { message } = error as Error;
    assert.not.match(message, /\n/);
    return `${error instanceof BpfcastError ? error.code : "error"}: ${message}`;
  }
  return "";
}

/** Dump of the code, or the messages of the compile. */
async function bpfOf(targets: Targets, id: string, script: string): Promise<string> {
  const result = await targets.compile(id, script, { dump: ["bpf"] });
  return result.kind === "object" ? (result.dumps["bpf"] ?? "") : result.diagnostics.map(({ message }) => message).join("\n");
}

test("the list: what lies beside the page, the default one first", async () => {
  const { targets } = openPage();
  const list = await targets.list();
  assert.equal(
    list.map(({ id }) => id),
    ["default", "5.10", "6.1", "6.12", "6.12-arm64", "broken"],
  );
  const { bytes, ...row } = list[4] as TargetEntry;
  assert.ok(bytes > 100);
  assert.equal(row, {
    id: "6.12-arm64",
    title: "Linux targets/6.12-arm64.profile",
    architecture: "aarch64",
    kernel: "6.12.0",
    isOwn: false,
  });
});

test("the default target is there without the list; others are looked for in it", async () => {
  const { targets, asked, files } = openPage();
  await targets.compile("default", "begin { @ = curtask->tgid; }");
  assert.equal(asked, ["default.profile"]);
  await targets.compile("6.1", "begin { }");
  assert.equal(asked, ["default.profile", "targets.json", "targets/6.1.profile"]);
  for (const id of ["nosuch", "../default", "targets/6.1", "own-00"])
    assert.match(await refusal(targets.get(id)), /^no-profile: there is no target '/);
  assert.is(asked.length, 3);
  assert.match(await refusal(targets.get("broken")), /^bad-profile: not a usable profile: it does not start as one$/);
  // It may be there the next time.
  files.set("targets/broken.profile", new Uint8Array(packProfile(kernelOf("6.0.0"))));
  assert.is((await targets.get("broken")).target.description, "profile broken (Linux 6.0.0, x86_64)");
});

test("a list that is damaged, or not there now, is asked for again", async () => {
  const { targets, files } = openPage();
  const whole = files.get("targets.json") ?? new Uint8Array();
  files.delete("targets.json");
  assert.is(await refusal(targets.list()), "error: targets.json: 404 Not Found");
  for (const [text, expected] of [
    ["<!doctype html>", /^error: targets\.json is damaged: /],
    ["{}", /targets\.json is damaged: targets\.json is not a list/],
    ['[{"file":"../x.profile","title":"","architecture":"x86_64","kernel":"","bytes":1}]', /file is not the name of a profile/],
    ['[{"file":"https://a.example/x.profile","title":"","architecture":"x86_64","kernel":"","bytes":1}]', /not the name of a profile/],
  ] as const) {
    files.set("targets.json", new TextEncoder().encode(text));
    assert.match(await refusal(targets.list()), expected);
  }
  files.set("targets.json", whole);
  assert.is((await targets.list()).length, 6);
});

test("four are held: the least recently used goes, and comes back when it is asked for", async () => {
  const { targets, asked } = openPage();
  const fetched = (id: string) => asked.filter((file) => file.endsWith(`/${id}.profile`) || file === `${id}.profile`).length;
  const [first, again] = await Promise.all([targets.get("default"), targets.get("default")]);
  assert.is(first, again);
  for (const id of ["5.10", "6.1", "6.12"]) await targets.get(id);
  await targets.get("default");
  await targets.get("6.12-arm64");
  assert.is(await targets.get("default"), first);
  assert.is(fetched("default"), 1);
  await targets.get("6.1");
  assert.is(fetched("6.1"), 1);
  await targets.get("5.10");
  assert.is(fetched("5.10"), 2);
});

test("compiled for an architecture: a kprobe's argument is in other registers", async () => {
  const { targets } = openPage();
  const script = "kprobe:vfs_read { @[arg2] = count(); }";
  const [x86, arm64] = [await bpfOf(targets, "6.1", script), await bpfOf(targets, "6.12-arm64", script)];
  // pt_regs: dx at 96 (x86-64), x2 at 16 (arm64).
  assert.match(x86, "(r1 +96)");
  assert.match(arm64, "(r1 +16)");
  assert.not.match(arm64, "(r1 +96)");
});

test("one's own: packed or plain it is the same target, in this tab alone", async () => {
  const { targets, asked } = openPage();
  const profile = kernelOf("6.6.0\u202e", "aarch64", { tracepoints: new Map([["mine:event", ENTER]]) });
  const entry = await targets.add("C:\\my\n/host.profile", new Uint8Array(packProfile(profile)));
  assert.match(entry.id, /^own-[0-9a-f]{16}$/);
  assert.equal([entry.title, entry.architecture, entry.kernel, entry.isOwn], ["host.profile", "aarch64", "6.6.0", true]);
  assert.is(await targets.add("other", new Uint8Array(writeProfile(profile))), entry);
  const another = await targets.add("other", new Uint8Array(packProfile(kernelOf("6.6.1"))));
  assert.is.not(another.id, entry.id);
  assert.equal(
    (await targets.list()).slice(-2).map(({ id }) => id),
    [entry.id, another.id],
  );
  // Gone from memory, it is read again from its bytes.
  for (const id of ["default", "5.10", "6.1", "6.12"]) await targets.get(id);
  assert.equal((await targets.compile(entry.id, "tracepoint:mine:event { print(str(args.filename)); }")).kind, "object");
  assert.is(
    asked.some((file) => file.includes("own")),
    false,
  );
});

/** A document with its head changed. */
function withHead(change: (head: string) => string): Uint8Array<ArrayBuffer> {
  const whole = Buffer.from(writeProfile(makeProfile()));
  const [first, second] = [whole.indexOf("\n"), whole.indexOf("\n", whole.indexOf("\n") + 1)];
  const head = change(whole.toString("utf8", first + 1, second));
  return new Uint8Array(Buffer.concat([whole.subarray(0, first + 1), Buffer.from(`${head}\n`), whole.subarray(second + 1)]));
}

function withBtf(btf: Map<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packProfile(makeProfile({ btf })));
}

/** A kernel whose types have one more, made by `add`. */
function odd(add: (btf: BtfWriter, int: number) => void): Uint8Array<ArrayBuffer> {
  const btf = new BtfWriter();
  add(btf, btf.int("int", 4, true));
  return withBtf(new Map([["vmlinux", btf.bytes()]]));
}

const packed = new Uint8Array(packProfile(makeProfile()));
const small = smallKernel();
const badName = small.slice();
new DataView(badName.buffer).setUint32(24, 0x7fff_ffff, true);

const hostile: [name: string, file: () => Uint8Array<ArrayBuffer>, expected: RegExp][] = [
  ["nothing", () => new Uint8Array(), /^bad-profile: 'x' is not a usable profile: it does not start as one$/],
  ["no gzip", () => new TextEncoder().encode("#!/bin/sh\n"), /it does not start as one$/],
  ["gzip of something else", () => new Uint8Array(gzipSync("hello")), /it does not start as one$/],
  ["a gzip header alone", () => new Uint8Array([0x1f, 0x8b]), /it is no whole gzip file$/],
  ["truncated", () => packed.slice(0, 300), /it is no whole gzip file$/],
  ["truncated at its end", () => packed.slice(0, -1), /it is no whole gzip file$/],
  ["more behind the end", () => new Uint8Array([...packed, 1, 2, 3]), /it is no whole gzip file$/],
  ["a wrong check sum", () => packed.map((byte, index) => (index === packed.length - 6 ? byte ^ 1 : byte)), /it is no whole gzip file$/],
  ["a bomb", () => new Uint8Array(gzipSync(Buffer.alloc((256 << 20) + 1))), /it unpacks to more than 256 MiB$/],
  ["no JSON", () => withHead(() => "{,}"), /its head is no JSON$/],
  ["JSON of another shape", () => withHead(() => '{"profile":1}'), /'x' is not a usable profile: head\.\w+ is not /],
  ["a list of JSON", () => withHead(() => "[]"), /head is not an object$/],
  ["an unknown field", () => withHead((head) => head.replace("{", '{"__proto__":{},')), /head\.__proto__ is not a known field$/],
  ["another architecture", () => withHead((head) => head.replace("x86_64", "vax")), /head\.architecture is not one of/],
  [
    "a section too long",
    () => withHead((head) => head.replace(/"bytes":\d+/, '"bytes":2000000000')),
    /it is not complete: it was cut off$/,
  ],
  ["a version of the future", () => new TextEncoder().encode("bpfcast-profile 9\n{}\n"), /^newer-profile: 'x' is .*version 9/],
  [
    "millions of empty lines",
    () => {
      const whole = writeProfile(makeProfile({ rawTracepoints: [] }));
      const lines = Buffer.alloc(100 << 20, "\n");
      const text = Buffer.from(whole)
        .toString("latin1")
        .replace(/"bytes":0,"kind":"rawt/, `"bytes":${lines.length},"kind":"rawt`);
      return new Uint8Array(gzipSync(Buffer.concat([Buffer.from(text, "latin1"), lines])));
    },
    /its list of rawtracepoints is not below 16 MiB$/,
  ],
  [
    "BTF that is none",
    () => withBtf(new Map([["vmlinux", new Uint8Array(10)]])),
    /^bad-btf: 'x' is not .*: the BTF is damaged: it has no header$/,
  ],
  ["BTF cut off", () => withBtf(new Map([["vmlinux", small.slice(0, -20)]])), /the BTF is damaged: it is cut off$/],
  ["a name outside", () => withBtf(new Map([["vmlinux", badName]])), /a name lies outside its strings$/],
  ["a type that is not there", () => odd((btf) => btf.pointer(77)), /type 2 refers to type 77, which is not there$/],
  ["a member without type", () => odd((btf) => btf.struct("s", 8, [{ name: "a", type: 9, offset: 0 }])), /type 2 refers to type 9,/],
  ["a parameter without type", () => odd((btf, int) => btf.function("f", { a: 40 }, int)), /type 2 refers to type 40,/],
  ["an array of nothing", () => odd((btf, int) => btf.array(50, int, 2)), /type 2 refers to type 50,/],
  [
    "a damaged module",
    () =>
      withBtf(
        new Map([
          ["nfs", capturedKernel().slice(0, 30)],
          ["vmlinux", small],
        ]),
      ),
    /the BTF is damaged/,
  ],
];

for (const [name, file, expected] of hostile) {
  test(`hostile: ${name}`, async () => {
    const { targets } = openPage();
    assert.match(await refusal(targets.add("x", file())), expected);
    assert.is((await targets.list()).length, shipped.length);
  });
}

test("types that go round in a circle stop nothing", async () => {
  const { targets } = openPage();
  const file = odd((btf) => {
    const first = btf.next;
    btf.typedef("loop", first + 1);
    btf.typedef("loop2", first);
    btf.struct("task_struct", 8, [{ name: "tgid", type: first, offset: 0 }]);
  });
  const { id } = await targets.add("circle", file);
  const result = await targets.compile(id, "begin { @ = curtask->tgid; }");
  assert.is(result.kind, "failed");
  const reports = await targets.survey("begin { @ = curtask->tgid; }");
  assert.ok((reports.at(-1)?.errors.length ?? 0) > 0);
});

test("what a profile cannot answer is an error of the script, not of the page", async () => {
  const { targets } = openPage();
  const bare = kernelOf("6.7.0", "x86_64", { missing: ["tracepoints", "btf"], tracepoints: new Map(), btf: new Map() });
  const { id } = await targets.add("bare", new Uint8Array(packProfile(bare)));
  const result = await targets.compile(id, "tracepoint:sched:sched_switch { @ = args.prev_comm; }");
  assert.equal(
    result.diagnostics.map(({ code, message }) => [code, message]),
    [["profile-lacks-tracepoints", "profile bare (Linux 6.7.0, x86_64) has no tracepoints, which the script needs"]],
  );
});

test("survey: errors, missing features, attach points and sizes, target by target", async () => {
  const { targets, asked } = openPage();
  const seen: string[] = [];
  const script =
    "tracepoint:syscalls:sys_enter_open { @[str(args.filename)] = count(); }\nkprobe:vfs_read { @either = curtask->either.whole; }";
  const current = await targets.get("6.12-arm64");
  const reports = await targets.survey(script, ({ id }, done, total) => seen.push(`${id} ${done}/${total}`));
  assert.equal(seen, ["default 1/6", "5.10 2/6", "6.1 3/6", "6.12 4/6", "6.12-arm64 5/6", "broken 6/6"]);
  const of = (id: string) => reports.find((report) => report.id === id) as TargetReport;
  for (const id of ["default", "6.1"]) {
    assert.equal([of(id).errors, of(id).missing], [[], []]);
    assert.ok((of(id).instructions ?? 0) > 20);
  }
  const messages = of("5.10").errors.map(({ message }) => message);
  assert.ok(
    messages.some((message) => message.includes("either")) && messages.some((message) => message.includes("sys_enter_open")),
    `${messages}`,
  );
  assert.is(of("5.10").instructions, undefined);
  assert.is(of("5.10").isReduced, true);
  assert.match(of("6.12-arm64").errors[0]?.message ?? "", /syscalls:sys_enter_open/);
  assert.equal(
    of("broken").errors.map(({ code }) => code),
    ["bad-profile"],
  );
  // What was in use is still there, and nothing was loaded twice.
  assert.is(await targets.get("6.12-arm64"), current);
  assert.is(new Set(asked).size, asked.length);
});

/** What the survey of one script says is missing, by target; targets with errors are left out. */
async function missing(script: string): Promise<Record<string, string[]>> {
  const reports = await openPage().targets.survey(script);
  return Object.fromEntries(reports.filter(({ errors }) => errors.length === 0).map((report) => [report.id, report.missing]));
}

test("survey: what binding would refuse", async () => {
  const loop = await missing("begin { @a[1] = 1; for ($kv : @a) { print($kv); } }");
  assert.equal(loop["6.1"], []);
  assert.equal(loop["5.10"], [
    "Line 1: profile 5.10 (Linux 5.10.0, x86_64, common types only) has no BPF helper for_each_map_elem, which this needs",
  ]);
  const kprobe = await missing("begin { }\nkprobe:vfs_rename { }");
  // All functions of the one are known, of the reduced one they are not.
  assert.equal(kprobe["6.12"], ["Line 2: No matches for kprobe vfs_rename."]);
  assert.equal(kprobe["5.10"], []);
  const pattern = await missing("kprobe:vfs_ren* { }");
  assert.match(pattern["6.12"]?.[0] ?? "", /^Line 1: Probe has no valid attach points\./);
  assert.equal(pattern["5.10"], []);
});

test("survey: binaries, addresses and parameters are no matter of the kernel", async () => {
  for (const script of [
    "uprobe:/bin/bash:readline { }",
    "uprobe:/bin/*:read* { }",
    "usdt:/bin/bash:a:b { @ = arg0; }",
    'begin { @ = kaddr("jiffies"); }',
    "begin { @ = $1; print(str($2)); }",
    "interval:s:1 { exit(); }",
    "profile:hz:99 { @[kstack] = count(); }",
    "hardware:cycles:1000000 { @ = count(); }",
    "rawtracepoint:sched_switch { }",
    "fentry:vfs_read { @ = args.count; }",
  ]) {
    const found = (await missing(script))["default"];
    assert.equal(found, [], script);
  }
});

test("survey: places that a wildcard stands for, and that lack a field which the first of them has", async () => {
  const { targets } = openPage();
  const tracepoints = new Map([
    ["fs:a_open", ENTER],
    ["fs:b_open", ENTER.replaceAll("filename", "pathname")],
  ]);
  const { id } = await targets.add("fields", new Uint8Array(packProfile(kernelOf("6.8.0", "x86_64", { tracepoints }))));
  const report = (await targets.survey("tracepoint:fs:* { print(str(args.filename)); }")).find((own) => own.id === id);
  assert.equal(report?.missing, ["Line 1: tracepoint fs:* of this kernel has no field 'filename' (its fields are: pathname)"]);
});

test("survey: ended early it tells nothing more", async () => {
  const { targets } = openPage();
  const stop = new AbortController();
  let told = 0;
  const onTarget = () => {
    told++;
    if (told === 2) stop.abort();
  };
  const reports = await targets.survey("begin { }", onTarget, stop.signal);
  assert.equal([told, reports.length], [2, 2]);
});

test.run();
