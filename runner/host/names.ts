// Symbols, users, cgroups and clocks of this machine.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { matchesGlob } from "../core/glob.ts";
import type { Names, SymbolPlace } from "../core/names.ts";
import { Clock, loadAddon } from "./addon.ts";
import { KernelSymbols } from "./kernel-symbols.ts";
import { UserSymbols } from "./user-symbols.ts";

/** Cgroup trees are a few levels deep; a loop of mounts must not hang the run. */
const MAX_DEPTH = 64;

/** A mounted hierarchy of cgroups. */
interface Hierarchy {
  /** `unified` for version 2, else its controllers. */
  name: string;
  mountPoint: string;
}

/** Of /proc/self/mounts: version 2 first, then those of version 1, each under every one of its names. */
export function parseHierarchies(mounts: string): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mounts.split("\n")) {
    const [, mountPoint = "", type = ""] = line.split(" ");
    if (type === "cgroup2") found.push({ name: "unified", mountPoint });
    // The mount point's last part names the controllers: `cpu,cpuacct`, or `systemd`.
    else if (type === "cgroup") for (const name of (mountPoint.split("/").pop() ?? "").split(",")) found.push({ name, mountPoint });
  }
  // Mounted twice, a hierarchy still is one.
  const first = new Map(found.map((hierarchy) => [hierarchy.name, hierarchy]));
  const order = ({ name }: Hierarchy) => (name === "unified" ? "" : name);
  return [...first.values()].sort((left, right) => (order(left) < order(right) ? -1 : 1));
}

/** The path, below `folder`, of the folder whose inode is `id`; undefined when there is none. */
function findFolder(folder: string, id: bigint, path: string, depth: number): string | undefined {
  try {
    if (statSync(folder, { bigint: true }).ino === id) return path === "" ? "/" : path;
    if (depth > MAX_DEPTH) return undefined;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const found = entry.isDirectory() ? findFolder(`${folder}/${entry.name}`, id, `${path}/${entry.name}`, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  } catch {
    // Removed meanwhile.
  }
  return undefined;
}

export class HostNames implements Names {
  readonly kernel = new KernelSymbols();
  readonly #user = new UserSymbols();
  #users: Map<number, string> | undefined;
  readonly #clockOffsets = new Map<number, bigint>();

  kernelSymbol(address: bigint): SymbolPlace | undefined {
    return this.kernel.find(address);
  }

  userSymbol(pid: number, address: bigint): SymbolPlace | undefined {
    return this.#user.find(pid, address);
  }

  /** Of a process that has just been let go: what it maps, before it may end. */
  remember(pid: number): void {
    this.#user.remember(pid);
  }

  userName(id: number): string | undefined {
    if (this.#users === undefined) {
      this.#users = new Map();
      try {
        for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
          const [name = "", , number = ""] = line.split(":");
          if (/^\d+$/.test(number) && !this.#users.has(Number(number))) this.#users.set(Number(number), name);
        }
      } catch {
        // Users print as numbers.
      }
    }
    return this.#users.get(id);
  }

  cgroupPath(id: bigint, filter: string): string[] {
    let mounts = "";
    try {
      mounts = readFileSync("/proc/self/mounts", "utf8");
    } catch {
      return [];
    }
    const paths: string[] = [];
    for (const { name, mountPoint } of parseHierarchies(mounts)) {
      if (filter !== "" && !matchesGlob(filter, name)) continue;
      const path = findFolder(mountPoint, id, "", 0);
      if (path !== undefined) paths.push(`${name}:${path}`);
    }
    return paths;
  }

  clockOffset(clock: number): bigint {
    let offset = this.#clockOffsets.get(clock);
    if (offset === undefined) {
      const { clockTime } = loadAddon();
      const from = clock === 0 ? Clock.Boot : clock === 1 ? Clock.Monotonic : Clock.Tai;
      offset = clockTime(Clock.RealTime) - clockTime(from);
      this.#clockOffsets.set(clock, offset);
    }
    return offset;
  }
}
