// What a compile costs and what it makes, beside the peer: one table.
//
// Peers: the installed bpftrace (0.17 in Debian 12), and the command in PEER, which must write files below PEER_ROOT when it has a
// root of its own: PEER="chroot /some/where bpftrace" PEER_ROOT=/some/where.

import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { cases } from "../support/cases.ts";
import { filters, read } from "../support/filters.ts";
import { instructions } from "../support/llvm.ts";
import { mayTrace } from "../support/root.ts";
import {
  findPeers,
  llvmInstructions,
  loadedInstructions,
  MODULE,
  milliseconds,
  peerInstructions,
  refusal,
  timeCompile,
} from "./measure.ts";
import { table } from "./report.ts";

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

async function measure(): Promise<void> {
  const bytes = readFileSync(MODULE);
  console.log(`module: ${statSync(MODULE).size} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
  const module = await WebAssembly.compile(bytes);
  const peers = findPeers();
  const rows = [["script", "first ms", "warm ms", "worst ms", "in file", "loaded", "llvm", ...peers.map(({ name }) => name)]];
  const refused: string[] = [];
  /** Sums over the one-liners that both sides have. */
  let own = 0;
  let llvmSum = 0;
  let compiled = 0;
  const sums = peers.map(() => ({ own: 0, peer: 0, scripts: 0 }));
  const scripts = [
    ...cases.slice(0, 7).map(({ name, script }) => ({ name, script, counts: false })),
    ...oneLiners.map(([name, script]) => ({ name, script, counts: true })),
    // What a filter costs is the difference to the program without one.
    { name: "no filter", script: `${read} { @ = count(); }`, counts: false },
    ...filters.map(([probe, filter]) => ({ name: filter, script: `${probe} /${filter}/ { @ = count(); }`, counts: false })),
  ];
  for (const { name, script, counts } of scripts) {
    const source = new TextEncoder().encode(script);
    const { result, timing } = await timeCompile(module, source);
    if (result.kind !== "object") {
      refused.push(`${name}: ${refusal(result)}`);
      continue;
    }
    const size = instructions(result.object);
    const llvm = await llvmInstructions(module, source);
    const others = peers.map((peer) => peerInstructions(peer, ["-e", script]));
    if (counts) {
      own += size;
      llvmSum += llvm;
      compiled++;
      others.forEach((other, index) => {
        const sum = sums[index];
        if (other === undefined || sum === undefined) return;
        sum.own += size;
        sum.peer += other;
        sum.scripts++;
      });
    }
    const loaded = mayTrace() ? loadedInstructions(result.object) : undefined;
    rows.push([
      name,
      milliseconds(timing.first),
      milliseconds(timing.median),
      milliseconds(timing.worst),
      `${size}`,
      `${loaded ?? "-"}`,
      `${llvm}`,
      ...others.map((other) => `${other ?? "-"}`),
    ]);
  }
  console.log(table(rows));
  console.log(`one-liners: ${compiled} of ${oneLiners.length} compile, ${own} instructions in file, ${llvmSum} by LLVM`);
  for (const [index, sum] of sums.entries()) {
    console.log(`the ${sum.scripts} that ${peers[index]?.name} compiles too: ${sum.own} here, ${sum.peer} there`);
  }
  for (const line of refused) console.log(`not compiled: ${line}`);
}

await measure();
