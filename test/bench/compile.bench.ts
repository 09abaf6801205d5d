// What a compile costs and what it makes, beside the peer: one table.
//
// Peers: the installed bpftrace (0.17 in Debian 12), and the command in PEER, which must write files below PEER_ROOT when it has a
// root of its own: PEER="chroot /some/where bpftrace" PEER_ROOT=/some/where.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readElf, SectionFlag } from "../../runner/core/elf.ts";
import { answerNeed } from "../../runner/host/profile.ts";
import { type CompileResult, Compiler } from "../../wasm/compiler.ts";
import { cases } from "../support/cases.ts";
import { mayTrace } from "../support/root.ts";

const MODULE = ".out/compiler.wasm";

/** The one-liners whose instructions are added up. */
const oneLiners: [string, string][] = [
  ["count", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"],
  ["count by comm", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"],
  ["hist by pid, comm", "tracepoint:raw_syscalls:sys_enter { @[pid, comm] = hist(args.id); }"],
  [
    "read latency",
    "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start, tid); }",
  ],
  ["comm filter", 'tracepoint:raw_syscalls:sys_enter /comm == "dd"/ { @ = count(); }'],
  ["printf comm pid count", 'tracepoint:syscalls:sys_enter_read { printf("%s %d %d\\n", comm, pid, args.count); }'],
  ["printf pid", 'tracepoint:syscalls:sys_enter_read { printf("%d\\n", pid); }'],
  ["printf file name", 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'],
  ["kstack", "profile:hz:99 { @[kstack] = count(); }"],
  ["ustack", "profile:hz:99 { @[ustack] = count(); }"],
  ["lhist", "tracepoint:syscalls:sys_exit_read { @ = lhist(args.ret, 0, 1000, 100); }"],
  [
    "aggregations",
    "tracepoint:syscalls:sys_exit_read { @s = sum(args.ret); @a = avg(args.ret); @i = min(args.ret); @x = max(args.ret); @t = stats(args.ret); }",
  ],
  ["scalar map", "tracepoint:raw_syscalls:sys_enter { @ = args.id; }"],
  ["begin", "BEGIN { @ = 1; }"],
  ["begin printf", 'BEGIN { printf("hello\\n"); }'],
  ["if", "tracepoint:raw_syscalls:sys_enter { if (args.id * 2 + 1 > 100) { @a = count(); } else { @b = count(); } }"],
  ["loop", "BEGIN { $i = 0; while ($i < 10) { $i++; @ = $i; } }"],
  ["unroll", "BEGIN { unroll(5) { @ = @ + 1; } }"],
  ["strncmp", 'tracepoint:raw_syscalls:sys_enter /strncmp(comm, "dd", 2) == 0/ { @ = count(); }'],
];

const folder = mkdtempSync(join(tmpdir(), "bpfcast-bench-"));
const encoder = new TextEncoder();

function complete(compiler: Compiler, source: Uint8Array): CompileResult {
  for (;;) {
    const result = compiler.compile(source, { name: "stdin" });
    if (result.kind !== "needs") return result;
    for (const need of result.needs) compiler.supply(need, answerNeed(need));
  }
}

/** Instructions in the executable sections. */
function instructions(object: Uint8Array): number {
  return readElf(object).sections.reduce((sum, { flags, data }) => sum + (flags & SectionFlag.Execute ? data.length / 8 : 0), 0);
}

/** Instructions after the verifier's rewriting; undefined where the object cannot be loaded here. */
function loadedInstructions(object: Uint8Array): number | undefined {
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

interface Peer {
  command: string[];
  options: string[];
  /** Where its files lie, seen from here. */
  root: string;
  name: string;
}

function findPeers(): Peer[] {
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

function peerInstructions(peer: Peer, script: string): number | undefined {
  const file = `/tmp/bpfcast-bench-${process.pid}.o`;
  const [program = "", ...words] = [...peer.command, "--emit-elf", file, ...peer.options, "-e", script];
  spawnSync(program, words, { timeout: 60_000 });
  try {
    return instructions(readFileSync(peer.root + file));
  } catch {
    return undefined;
  } finally {
    rmSync(peer.root + file, { force: true });
  }
}

function table(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
    )
    .join("\n");
}

const milliseconds = (value: number) => value.toFixed(2);

async function measure(): Promise<void> {
  const bytes = readFileSync(MODULE);
  console.log(`module: ${statSync(MODULE).size} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
  const module = await WebAssembly.compile(bytes);
  const peers = findPeers();
  const rows = [["script", "first ms", "warm ms", "worst ms", "in file", "loaded", ...peers.map(({ name }) => name)]];
  const refused: string[] = [];
  /** Sums over the one-liners that both sides have. */
  let own = 0;
  let compiled = 0;
  const sums = peers.map(() => ({ own: 0, peer: 0, scripts: 0 }));
  const scripts = [
    ...cases.slice(0, 7).map(({ name, script }) => ({ name, script, counts: false })),
    ...oneLiners.map(([name, script]) => ({ name, script, counts: true })),
  ];
  for (const { name, script, counts } of scripts) {
    const source = encoder.encode(script);
    // With the facts of the target already there; reading them is the host's work.
    const compiler = await Compiler.create(module);
    const probe = complete(compiler, source);
    if (probe.kind !== "object") {
      refused.push(`${name}: ${probe.diagnostics.find(({ severity }) => severity === "error")?.message ?? "needs"}`);
      continue;
    }
    const fresh = await Compiler.create(module);
    const asked = fresh.compile(source, { name: "stdin" });
    if (asked.kind === "needs") for (const need of asked.needs) fresh.supply(need, answerNeed(need));
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
    const size = instructions(probe.object);
    const others = peers.map((peer) => peerInstructions(peer, script));
    if (counts) {
      own += size;
      compiled++;
      others.forEach((other, index) => {
        const sum = sums[index];
        if (other === undefined || sum === undefined) return;
        sum.own += size;
        sum.peer += other;
        sum.scripts++;
      });
    }
    const loaded = mayTrace() ? loadedInstructions(probe.object) : undefined;
    rows.push([
      name,
      milliseconds(first),
      milliseconds(times[100] ?? 0),
      milliseconds(times[199] ?? 0),
      `${size}`,
      `${loaded ?? "-"}`,
      ...others.map((other) => `${other ?? "-"}`),
    ]);
  }
  console.log(table(rows));
  console.log(`one-liners: ${compiled} of ${oneLiners.length} compile, ${own} instructions in file`);
  for (const [index, sum] of sums.entries()) {
    console.log(`the ${sum.scripts} that ${peers[index]?.name} compiles too: ${sum.own} here, ${sum.peer} there`);
  }
  for (const line of refused) console.log(`not compiled: ${line}`);
}

try {
  await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
