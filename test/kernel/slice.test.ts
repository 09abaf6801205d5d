// One object per script, built once on this machine, run here and on the kernels of the virtual machines with exact numbers.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CALLS, type Case, cases, isBefore, judge } from "../support/cases.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-slice-"));
const load = join(folder, "make-calls");

function objectOf(name: string): string {
  return join(folder, `${name}.o`);
}

function loadOf(one: Case): string {
  return `${load} ${CALLS}${one.device === undefined ? "" : ` ${one.device}`}`;
}

test.before(() => {
  mkdirSync(folder, { recursive: true });
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

for (const one of cases) {
  test(`${one.name}: builds, and bpftool loads it`, () => {
    const script = join(folder, `${one.name}.bt`);
    writeFileSync(script, one.script);
    const built = spawnSync("node", [bpfcast, "build", script, "-o", objectOf(one.name)], { encoding: "utf8" });
    assert.is(built.status, 0, built.stderr);
    const pins = `/sys/fs/bpf/bpfcast-test-${process.pid}-${one.name}`;
    if (spawnSync("sh", ["-c", "grep -q ' /sys/fs/bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf"]).status !== 0) return;
    const loaded = spawnSync("bpftool", ["prog", "loadall", objectOf(one.name), pins], { encoding: "utf8" });
    rmSync(pins, { recursive: true, force: true });
    assert.is(loaded.status, 0, loaded.stderr);
  });
}

for (const one of cases.filter(({ vmOnly }) => !vmOnly)) {
  test(`${one.name}: exact numbers on this kernel`, () => {
    const ran = spawnSync("node", [bpfcast, "run", objectOf(one.name), ...(one.alone ? [] : ["-c", loadOf(one)])], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.is(ran.status, 0, ran.stderr + ran.stdout);
    judge(one, ran.stdout);
  });
}

/** 6.1 in every run; the others take long, and are run by hand. */
const series = process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12"] : ["6.1"];

for (const kernel of series) {
  const fitting = cases.filter(({ since }) => since === undefined || !isBefore(kernel, since));
  const outputs = new Map<string, { status: string; output: string }>();

  test(`kernel ${kernel}: boots and runs all cases`, async () => {
    const disk = join(folder, `disk-${kernel}`);
    writeFileSync(disk, Buffer.alloc(CALLS * 4096 + (1 << 20)));
    const commands = cases.map(
      (one) =>
        `echo "=== ${one.name}"; node ${bpfcast} run ${objectOf(one.name)} ${one.alone ? "" : `-c '${loadOf(one)}'`} 2>&1; echo "--- $?"`,
    );
    const result = await runInVm(kernel, `cd ${process.cwd()}\nuname -r\n${commands.join("\n")}\n`, 600, [disk]);
    for (const part of result.stdout.split("=== ").slice(1)) {
      const name = part.slice(0, part.indexOf("\n"));
      const end = part.lastIndexOf("--- ");
      outputs.set(name, { status: part.slice(end + 4).trim(), output: part.slice(part.indexOf("\n") + 1, end) });
    }
    assert.is(outputs.size, cases.length, result.stdout + result.stderr);
  });

  for (const one of cases.filter((candidate) => !fitting.includes(candidate))) {
    test(`kernel ${kernel}: ${one.name} is refused with the helper that is missing`, () => {
      const found = outputs.get(one.name);
      assert.is(found?.status, "255", found?.output);
      assert.match(found?.output ?? "", /ERROR: this kernel has no BPF helper \w+, which this needs: it came with kernel/);
    });
  }

  for (const one of fitting) {
    test(`kernel ${kernel}: ${one.name} prints exact numbers`, () => {
      const found = outputs.get(one.name);
      assert.ok(found !== undefined, "the case was not reached");
      assert.is(found.status, "0", found.output);
      judge(one, found.output);
    });
  }
}

test.run();
