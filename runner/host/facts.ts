// What `bind` must know of this machine for one object: no more is read than its probes ask for.

import { readFileSync, statSync } from "node:fs";
import { freemem, release } from "node:os";
import { type Binding, type Manifest, RELOCATION_SECTION } from "../../wasm/manifest.ts";
import { parseRelocations } from "../../wasm/parse-manifest.ts";
import { findSection, readElf } from "../core/elf.ts";
import { type HostFacts, kernelVersion } from "../core/facts.ts";
import { Clock, loadAddon } from "./addon.ts";
import type { HostNames } from "./names.ts";
import { addTargets } from "./targets.ts";

/** The kernel's name of this machine's architecture, as manifests have it. */
export function hostArchitecture(): string {
  return process.arch === "x64" ? "x86_64" : process.arch === "arm64" ? "aarch64" : process.arch;
}

function availableMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1"));
    if (match !== null) return Number(match[1]) * 1024;
  } catch {
    // Without /proc the free memory is a lower bound.
  }
  return freemem();
}

/** Pages are 4 KiB on x86-64; arm64 kernels may have 16 or 64 KiB ones. */
export function pageSize(): number {
  if (process.arch === "x64") return 4096;
  try {
    const match = /^KernelPageSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps", "latin1"));
    if (match !== null) return Number(match[1]) * 1024;
  } catch {
    // The usual size.
  }
  return 4096;
}

function inodeOf(path: string): { device: bigint; inode: bigint } | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { device: dev, inode: ino };
  } catch {
    return undefined;
  }
}

function constantValue(binding: Binding, facts: HostFacts, names: HostNames, commandPid: number): bigint | undefined {
  const { clockTime } = loadAddon();
  switch (binding.kind) {
    case "start_time":
      return clockTime(Clock.Boot);
    case "tai_offset":
      return clockTime(Clock.Tai) - clockTime(Clock.Boot);
    case "namespace_device":
      return inodeOf("/proc/self/ns/pid")?.device;
    case "namespace_inode":
      return inodeOf("/proc/self/ns/pid")?.inode;
    case "cpu_count":
      return BigInt(facts.possibleCpus);
    case "command_pid":
      return BigInt(commandPid);
    case "kernel_version":
      return kernelVersion(release());
    case "kernel_address":
      return names.kernel.addressOf(binding.name);
    case "cgroup_id":
      return inodeOf(binding.name)?.inode;
    default:
      return undefined;
  }
}

/** Answers the constants that the object asks for. What this machine does not know is left out: `bind` reports it. */
function addConstants(facts: HostFacts, manifest: Manifest, names: HostNames, commandPid: number): void {
  for (const binding of manifest.bindings) {
    const value = constantValue(binding, facts, names, commandPid);
    if (value !== undefined) facts.constants.set("name" in binding ? `${binding.kind}:${binding.name}` : binding.kind, value);
  }
}

/** Inode of the PID namespace that the kernel starts with: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const FIRST_NAMESPACE = 0xefff_fffcn;
const NAMESPACE = "/proc/self/ns/pid";

/** Whether process ids here are others than those that the kernel gives to programs. */
export function isInPidNamespace(): boolean {
  return (inodeOf(NAMESPACE)?.inode ?? FIRST_NAMESPACE) !== FIRST_NAMESPACE;
}

/**
 * @param commandPid process of the command of -c, or 0.
 * @param pid process of -p, if any.
 * @throws BpfcastError for a damaged object, and `no-tracefs` when it has tracepoints and tracefs is not there.
 */
export function gatherFacts(bytes: Uint8Array, manifest: Manifest, names: HostNames, commandPid: number, pid?: number): HostFacts {
  const facts: HostFacts = {
    arch: hostArchitecture(),
    possibleCpus: loadAddon().possibleCpus(),
    pageSize: pageSize(),
    availableMemory: availableMemory(),
    tracepoints: new Map(),
    functions: [],
    knowsFunctions: false,
    typed: new Map(),
    userFunctions: new Map(),
    staticTracepoints: new Map(),
    userSymbols: new Map(),
    constants: new Map(),
    similar: new Map(),
  };
  const section = findSection(readElf(bytes), RELOCATION_SECTION);
  const relocated = new Set(parseRelocations(section?.data ?? new Uint8Array(0), manifest).map(({ program }) => program));
  addTargets(manifest, relocated, facts, pid);
  const namespace = inodeOf(NAMESPACE);
  if (namespace !== undefined && isInPidNamespace()) facts.pidNamespace = namespace;
  addConstants(facts, manifest, names, commandPid);
  return facts;
}
