// The playground's targets with profiles of Debian's kernels, as `npm run targets` makes them.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { reduceProfile } from "../../runner/core/reduce-profile.ts";
import { packProfile, readProfileFile } from "../../runner/host/profile-file.ts";
import type { TargetReport } from "../../web/targets/survey.ts";
import { Targets } from "../../web/targets/targets.ts";
import { vmProfile } from "./profiles.ts";

const FOLDER = ".out/targets";
const isMatrix = process.env["TEST_MODE"] === "matrix";
const fileOf = (series: string) => join(FOLDER, `${series}.profile`);

/** One in every run; the others where somebody has made them, or by hand. */
const KERNELS = ["5.10", "6.1", "6.12-arm64"].filter((series) => series === "6.1" || isMatrix || existsSync(fileOf(series)));

const files = new Map<string, Uint8Array<ArrayBuffer>>();
const targets = new Targets({
  module: WebAssembly.compile(readFileSync(".out/compiler.wasm")),
  fetchFile: async (name) => new Response(files.get(name)),
});

test.before(async () => {
  const rows: unknown[] = [];
  for (const series of KERNELS) {
    const packed = existsSync(fileOf(series))
      ? readFileSync(fileOf(series))
      : packProfile(reduceProfile(readProfileFile(await vmProfile(series))));
    const file = `targets/${series}.profile`;
    files.set(file, new Uint8Array(packed));
    const architecture = series.endsWith("arm64") ? "aarch64" : "x86_64";
    rows.push({ file, title: series, architecture, kernel: "", bytes: packed.length });
  }
  files.set("targets.json", new TextEncoder().encode(JSON.stringify(rows)));
});

async function surveyed(script: string): Promise<Map<string, TargetReport>> {
  return new Map((await targets.survey(script)).map((report) => [report.id, report]));
}

const messages = (report: TargetReport | undefined) => report?.errors.map(({ message }) => message);

test("a script that runs everywhere, with the numbers of its instructions", async () => {
  const reports = await surveyed("kprobe:vfs_read { @[curtask->real_parent->comm] = sum(arg2); }");
  assert.equal([...reports.keys()], KERNELS);
  for (const { errors, missing, instructions = 0 } of reports.values()) {
    assert.equal([errors, missing], [[], []]);
    assert.ok(instructions > 20);
  }
});

test("open is a system call of x86-64, and none of arm64", async () => {
  const reports = await surveyed("tracepoint:syscalls:sys_enter_open { @[str(args.filename)] = count(); }");
  assert.equal(messages(reports.get("6.1")), []);
  if (reports.has("6.12-arm64")) assert.equal(messages(reports.get("6.12-arm64")), ["No matches for tracepoint syscalls:sys_enter_open."]);
});

test("a field that 5.10 has under another name, a helper that it lacks", async () => {
  const reports = await surveyed("begin { @ = curtask->__state; }");
  assert.equal(messages(reports.get("6.1")), []);
  if (!reports.has("5.10")) return;
  assert.equal(messages(reports.get("5.10")), ["Struct/union of type 'struct task_struct' does not contain a field named '__state'"]);
  const loop = await surveyed("begin { @a[1] = 1; for ($kv : @a) { print($kv); } }");
  assert.match(
    loop.get("5.10")?.missing.join("\n") ?? "",
    /^Line 1: profile 5\.10 .* has no BPF helper for_each_map_elem, which this needs$/,
  );
  assert.equal(loop.get("6.1")?.missing, []);
});

test("an argument of a kprobe is in the architecture's own register", async () => {
  const offset = async (id: string) => {
    const result = await targets.compile(id, "kprobe:vfs_read { @[arg2] = count(); }", { dump: ["bpf"] });
    return "dumps" in result ? /r0 = \*\(u64 \*\)\(r1 \+(\d+)\)/.exec(result.dumps["bpf"] ?? "")?.[1] : undefined;
  };
  assert.is(await offset("6.1"), "96");
  if (files.has("targets/6.12-arm64.profile")) assert.is(await offset("6.12-arm64"), "16");
});

test.run();
