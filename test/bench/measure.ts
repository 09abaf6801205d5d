// What the benches share: compiling with the facts of the target at hand, counting instructions here and at the peer, tables.
//
// Peers: the installed bpftrace (0.17 in Debian 12), and the command in PEER, which must write files below PEER_ROOT when it has a
// root of its own: PEER="chroot /some/where bpftrace" PEER_ROOT=/some/where.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CompileResult, Compiler } from "../../wasm/compiler.ts";
import { instructions } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";

export const MODULE = ".out/compiler.wasm";
export const folder = mkdtempSync(join(tmpdir(), "bpfcast-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

export function complete(compiler: Compiler, source: Uint8Array): CompileResult {
  for (;;) {
    const result = compiler.compile(source, { name: "stdin" });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) supplyLive(compiler, need);
  }
}

/** Instructions after the verifier's rewriting; undefined where the object cannot be loaded here. */
export function loadedInstructions(object: Uint8Array): number | undefined {
  const file = join(folder, "object.o");
  const pins = `/sys/fs/bpf/bpfcast-bench-${process.pid}`;
  writeFileSync(file, object);
  try {
    if (spawnSync("bpftool", ["prog", "loadall", file, pins]).status !== 0) return undefined;
    let sum = 0;
    const shown = spawnSync("bpftool", ["-j", "-f", "prog", "show"], { encoding: "utf8", maxBuffer: 1 << 26 });
    for (const program of JSON.parse(shown.stdout) as { bytes_xlated: number; pinned?: string[] }[]) {
      if (program.pinned?.some((path) => path.startsWith(`${pins}/`))) sum += program.bytes_xlated / 8;
    }
    return sum;
  } finally {
    rmSync(pins, { recursive: true, force: true });
  }
}

export interface Peer {
  command: string[];
  options: string[];
  /** Where its files lie, seen from here. */
  root: string;
  name: string;
}

export function findPeers(): Peer[] {
  const peers: Peer[] = [{ command: ["bpftrace"], options: [], root: "", name: "" }];
  const other = process.env["PEER"];
  if (other !== undefined)
    peers.push({ command: other.split(" "), options: ["--dry-run"], root: process.env["PEER_ROOT"] ?? "", name: "" });
  return peers.filter((peer) => {
    const [program = "", ...words] = [...peer.command, "--version"];
    peer.name = spawnSync(program, words, { encoding: "utf8" }).stdout?.trim().replace("bpftrace ", "") ?? "";
    return peer.name !== "";
  });
}

/** The object that a peer makes of a script; undefined where it makes none. */
export function peerObject(peer: Peer, script: string): Uint8Array | undefined {
  const file = `/tmp/bpfcast-bench-${process.pid}.o`;
  const [program = "", ...words] = [...peer.command, "--emit-elf", file, ...peer.options, "-e", script];
  spawnSync(program, words, { timeout: 60_000 });
  try {
    return readFileSync(peer.root + file);
  } catch {
    return undefined;
  } finally {
    rmSync(peer.root + file, { force: true });
  }
}

export function peerInstructions(peer: Peer, script: string): number | undefined {
  const object = peerObject(peer, script);
  return object && instructions(object);
}

export const milliseconds = (value: number) => value.toFixed(2);

export interface Timing {
  /** Milliseconds of the first compile in a module that has the facts. */
  first: number;
  /** Of 200 compiles after 20. */
  median: number;
  worst: number;
}

/** Times compiles of a script with the facts of the target already there; reading them is the host's work. */
export async function timeCompile(module: WebAssembly.Module, source: Uint8Array): Promise<{ result: CompileResult; timing: Timing }> {
  const compiler = await Compiler.create(module);
  const result = complete(compiler, source);
  if (result.kind !== "object") return { result, timing: { first: 0, median: 0, worst: 0 } };
  const fresh = await Compiler.create(module);
  const asked = fresh.compile(source, { name: "stdin" });
  if (asked.kind === "needs") for (const need of asked.needs) supplyLive(fresh, need);
  const started = performance.now();
  complete(fresh, source);
  const first = performance.now() - started;
  const times: number[] = [];
  for (let round = 0; round < 220; round++) {
    const start = performance.now();
    compiler.compile(source, { name: "stdin" });
    if (round >= 20) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { result, timing: { first, median: times[100] ?? 0, worst: times[199] ?? 0 } };
}

/** What was wrong with a script that makes no object. */
export function refusal(result: CompileResult): string {
  return result.kind === "object" ? "" : (result.diagnostics.find(({ severity }) => severity === "error")?.message ?? "needs");
}
