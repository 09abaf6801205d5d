// Symbols of files and processes, held to what nm(1) says of a program that the test compiles.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ElfSymbols } from "../../runner/host/elf-symbols.ts";
import { parseHierarchies } from "../../runner/host/names.ts";
import { parseMappings, UserSymbols } from "../../runner/host/user-symbols.ts";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-symbols-"));
const program = join(folder, "program");

const SOURCE = `
#include <unistd.h>
__attribute__((noinline)) int first_function(int n) { return n * 3; }
static __attribute__((noinline, used)) int second_function(int n) { return n + first_function(n); }
int data_object = 5;
int main(void) { pause(); return second_function(1); }
`;

/** Functions by nm: address, size, name. */
function functionsOf(file: string): { address: number; size: number; name: string }[] {
  const lines = execFileSync("nm", ["-S", "--defined-only", file], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => /^([0-9a-f]+) ([0-9a-f]+) [tT] (\S+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, address = "", size = "", name = ""]) => ({ address: Number.parseInt(address, 16), size: Number.parseInt(size, 16), name }));
}

test.before(() => {
  writeFileSync(`${program}.c`, SOURCE);
  execFileSync("gcc", ["-O1", "-o", program, `${program}.c`]);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("every function is found at its first and last byte, and not behind it", () => {
  const symbols = ElfSymbols.read(program);
  assert.ok(symbols);
  const functions = functionsOf(program);
  assert.ok(functions.length >= 3);
  for (const { address, size, name } of functions) {
    assert.equal(symbols?.find(address), { name, offset: 0 });
    assert.equal(symbols?.find(address + size - 1), { name, offset: size - 1 });
  }
  const end = functions.find(({ name }) => name === "first_function") ?? { address: 0, size: 0 };
  assert.is.not(symbols?.find(end.address + end.size)?.name, "first_function");
  assert.is(symbols?.find(0), undefined);
});

test("what is no ELF file has no symbols", () => {
  assert.is(ElfSymbols.read(`${program}.c`), undefined);
  assert.is(ElfSymbols.read(join(folder, "missing")), undefined);
});

test("damaged files are refused or read, never followed out of bounds", () => {
  const bytes = readFileSync(program);
  const damaged = join(folder, "damaged");
  for (let cut = 0; cut < bytes.length; cut += 997) {
    writeFileSync(damaged, bytes.subarray(0, cut));
    ElfSymbols.read(damaged)?.find(0x1000);
  }
  for (let at = 0; at < 64; at++) {
    const copy = Uint8Array.from(bytes);
    copy[at] = 0xff;
    writeFileSync(damaged, copy);
    ElfSymbols.read(damaged)?.find(0x1000);
  }
});

test("an address of a running process, also after its end", async () => {
  const child = spawn(program, { stdio: "ignore" });
  const pid = child.pid ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 100));
  const mapping = parseMappings(readFileSync(`/proc/${pid}/maps`, "utf8")).find(({ path }) => path === program);
  const main = functionsOf(program).find(({ name }) => name === "main");
  assert.ok(mapping);
  assert.ok(main);
  const base = (mapping?.start ?? 0n) - BigInt(mapping?.fileOffset ?? 0);
  const symbols = new UserSymbols();
  const address = base + BigInt(main?.address ?? 0) + 2n;
  assert.equal(symbols.find(pid, address), { name: "main", offset: 2, module: program });
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(symbols.find(pid, address), { name: "main", offset: 2, module: program });
  assert.is(symbols.find(pid, 1n), undefined);
});

test("mappings: code of files alone", () => {
  const text =
    "00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/a b\n00651000-00652000 r--p 00051000 08:02 173521 /usr/bin/x\n7fff0000-7fff1000 r-xp 00000000 00:00 0 [vdso]\n";
  assert.equal(parseMappings(text), [{ start: 0x400000n, end: 0x452000n, fileOffset: 0x1000, path: "/usr/bin/a b" }]);
});

test("hierarchies of cgroups: version 2 first, each once", () => {
  const mounts =
    "c /sys/fs/cgroup/cpu,cpuacct cgroup rw 0 0\nc /sys/fs/cgroup/unified cgroup2 rw 0 0\nproc /proc proc rw 0 0\nc /mnt/cpu,cpuacct cgroup rw 0 0\n";
  assert.equal(
    parseHierarchies(mounts).map(({ name }) => name),
    ["unified", "cpu", "cpuacct"],
  );
});

test.run();
