// What `--info` prints: the machine, this program, and what the kernel was found able to do.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, release, type as systemName, version } from "node:os";
import { loadAddon } from "./addon.ts";

/** Program types and helpers by their numbers in uapi/linux/bpf.h. */
const KPROBE = 2;
const TRACING = 26;
const HELPERS: [name: string, programType: number, helper: number][] = [
  ["dpath", TRACING, 147],
  ["get_tai_ns", KPROBE, 208],
  ["get_func_ip", KPROBE, 173],
  ["lookup_percpu_elem", KPROBE, 195],
  ["loop", KPROBE, 181],
];
const MAP_TYPES: [name: string, type: number][] = [
  ["hash", 1],
  ["array", 2],
  ["percpu hash", 5],
  ["percpu array", 6],
  ["stack_trace", 7],
  ["lru hash", 9],
  ["lru percpu hash", 10],
  ["perf_event_array", 4],
  ["ringbuf", 27],
];
const PROBE_TYPES = ["kprobe_multi", "uprobe_multi", "kprobe_session", "iter"];

const COLUMN = 35;
/** Kernels before 5.2 stop at 4,096 instructions. */
const OLD_LIMIT = 4096;
const NEW_LIMIT = 1_000_000;

function yes(found: boolean): string {
  return found ? "yes" : "no";
}

/** Entries in two columns, as the peer lays them out. */
function table(entries: [string, string][]): string {
  const cells = entries.map(([name, value]) => `${name}: ${value}`);
  let text = "";
  for (let at = 0; at < cells.length; at += 2) text += `  ${(cells[at] ?? "").padEnd(COLUMN - 2)}${(cells[at + 1] ?? "").padEnd(COLUMN)}\n`;
  return text;
}

function kernelAtLeast(major: number, minor: number): boolean {
  const [first = 0, second = 0] = release().split(".").map(Number);
  return first > major || (first === major && second >= minor);
}

/** Modules have BTF of their own where the kernel was built so; one file of a module, or the configuration, tells. */
function hasModuleBtf(): boolean {
  try {
    if (readdirSync("/sys/kernel/btf").some((name) => name !== "vmlinux")) return true;
    return readFileSync(`/boot/config-${release()}`, "latin1").includes("CONFIG_DEBUG_INFO_BTF_MODULES=y");
  } catch {
    return false;
  }
}

/** @param programVersion version of bpfcast. */
export function information(programVersion: string): string {
  const addon = loadAddon();
  const machine = arch() === "x64" ? "x86_64" : arch() === "arm64" ? "aarch64" : arch();
  return [
    `System\n  OS: ${systemName()} ${release()} ${version()}\n  Arch: ${machine}\n`,
    `Build\n  version: v${programVersion}\n  LLVM: none (own code generator)\n  bfd: no\n  libdw (DWARF support): no\n  libsystemd (systemd notify support): no\n  blazesym (advanced symbolization): no\n  dwunwind (DWARF stack unwinding): no\n`,
    `Kernel helpers\n${table(HELPERS.map(([name, type, helper]) => [name, yes(addon.hasHelper(type, helper))]))}`,
    `Kernel features\n${table([
      ["Instruction limit", String(kernelAtLeast(5, 2) ? NEW_LIMIT : OLD_LIMIT)],
      ["btf", yes(existsSync("/sys/kernel/btf/vmlinux"))],
      ["module btf", yes(hasModuleBtf())],
    ])}`,
    `Map types\n${table(MAP_TYPES.map(([name, type]) => [name, yes(addon.hasMapType(type))]))}`,
    `Probe types\n${table(PROBE_TYPES.map((name) => [name, yes(addon.hasProbeType(name))]))}`,
  ].join("\n");
}
