// Loads objects by bpftool, the way that users without a runner do.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";

const PINS = "/sys/fs/bpf";
let serial = 0;

function mountBpfFileSystem(): void {
  if (spawnSync("mountpoint", ["-q", PINS]).status === 0) return;
  mkdirSync(PINS, { recursive: true });
  const mounted = spawnSync("mount", ["-t", "bpf", "bpf", PINS], { encoding: "utf8" });
  if (mounted.status !== 0) throw new Error(`cannot mount ${PINS}: ${mounted.stderr}`);
}

/** Loads and pins all programs of an object, then lets go of them. Throws with the verifier's log when it is refused. */
export function loadAll(file: string): void {
  mountBpfFileSystem();
  const pins = `${PINS}/bpfcast_test_${process.pid}_${serial++}`;
  const result = spawnSync("bpftool", ["prog", "loadall", file, pins], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (existsSync(pins)) rmSync(pins, { recursive: true });
  if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`.slice(-6000));
}

/** What the kernel says against the object in `file`; empty if it loads. */
export function refusal(file: string): string {
  try {
    loadAll(file);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `bpftool btf dump file`. */
export function dumpBtf(file: string): string {
  const result = spawnSync("bpftool", ["btf", "dump", "file", file], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}
