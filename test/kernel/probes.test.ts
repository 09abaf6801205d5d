// Every kind of probe, attached: exact counts under a load of known size, from the same objects on this kernel and on those of the
// virtual machines.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { CALLS } from "../support/cases.ts";
import { type ProbeCase, probeCases } from "../support/probe-cases.ts";
import { mayTrace } from "../support/root.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const test = mayTrace() ? check : check.skip;
const folder = mkdtempSync(join(tmpdir(), "bpfcast-probes-"));
const load = join(folder, "make-calls");

/** Cases that need the same of a kernel, and so can be one script. */
function groups(cases: ProbeCase[]): Map<string, ProbeCase[]> {
  const found = new Map<string, ProbeCase[]>();
  for (const one of cases) {
    const key = `${one.vmOnly === true ? "vm" : one.apart === true ? "apart" : "any"}-${one.since ?? "all"}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}

const all = groups(probeCases);

function fill(text: string, one: ProbeCase, address: string): string {
  return text.replaceAll("@r", `@${one.name}`).replaceAll("LOAD", load).replaceAll("ADDRESS", address);
}

let address = "";

function build(key: string, cases: ProbeCase[]): string {
  const script = join(folder, `${key}.bt`);
  const object = join(folder, `${key}.o`);
  writeFileSync(script, `config = { max_strlen = 64 }\n${cases.map((one) => fill(one.clause, one, address)).join("\n")}\n`);
  const built = spawnSync("node", [bpfcast, "build", script, "-o", object], { encoding: "utf8" });
  assert.is(built.status, 0, built.stderr);
  return object;
}

function judge(one: ProbeCase, output: string): void {
  const printed = output.split("\n");
  for (const line of one.lines) assert.ok(printed.includes(fill(line, one, address)), `${one.name}: no line '${line}' in\n${output}`);
  if (one.pattern !== undefined) assert.match(output, one.pattern, one.name);
}

check.before(() => {
  execFileSync("gcc", ["-O1", "-no-pie", "-o", load, "test/support/load.c"]);
  address = `0x${/^([0-9a-f]+) T main$/m.exec(execFileSync("nm", [load], { encoding: "utf8" }))?.[1] ?? "0"}`;
});
check.after(() => rmSync(folder, { recursive: true, force: true }));

const outputs = new Map<string, string>();

for (const [key, cases] of all) {
  test(`${key}: one script of ${cases.length} clauses builds`, () => {
    build(key, cases);
  });
  if (key.startsWith("vm")) continue;
  test(`${key}: runs on this kernel`, () => {
    const ran = spawnSync("node", [bpfcast, "run", join(folder, `${key}.o`), "-c", `${load} ${CALLS}`], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.is(ran.status, 0, ran.stderr + ran.stdout);
    outputs.set(key, ran.stdout);
  });
  for (const one of cases) test(`${one.name} on this kernel`, () => judge(one, outputs.get(key) ?? ""));
}

/** 6.12 in every run; the others take long, and are run by hand. */
const series = process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12"] : ["6.12"];

/** A kernel series as a number to compare by. */
function age(name: string): number {
  const [major = 0, minor = 0] = name.split(".").map(Number);
  return major * 1000 + minor;
}

for (const kernel of series) {
  const fitting = [...all].filter(([, [first]]) => first?.since === undefined || age(kernel) >= age(first.since));
  const found = new Map<string, string>();
  test(`kernel ${kernel}: runs`, async () => {
    const commands = fitting.map(
      ([key]) => `echo "=== ${key}"; node ${bpfcast} run ${join(folder, `${key}.o`)} -c '${load} ${CALLS}' 2>&1`,
    );
    const result = await runInVm(kernel, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 500);
    for (const part of result.stdout.split("=== ").slice(1)) found.set(part.slice(0, part.indexOf("\n")), part);
    assert.is(found.size, fitting.length, result.stdout + result.stderr);
  });
  for (const [key, cases] of fitting)
    for (const one of cases) test(`kernel ${kernel}: ${one.name}`, () => judge(one, found.get(key) ?? ""));
}

check.run();
