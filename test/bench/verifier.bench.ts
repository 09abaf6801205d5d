// What the kernel's verifier does with each script's programs: instructions that it visits, bytes of stack, and how often the code
// reads or writes the stack (spills among them). Ours, the LLVM back end's, and the peers' objects where libbpf takes them.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSection, readElf, SectionFlag, viewOf } from "../../runner/core/elf.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { compileBoth, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { allScripts } from "../support/script-list.ts";
import { findPeers, folder, MODULE, peerObject } from "./measure.ts";
import { Report } from "./report.ts";

interface Checked {
  visited: number;
  stack: number;
  accesses: number;
}

const FRAME_POINTER = 10;
/** Classes of instructions that reach memory: loads by register, stores of constants and of registers. */
const LOAD = 1;
const STORES = [2, 3];

/** Instructions that access the stack by the frame pointer. */
function stackAccesses(bytes: Uint8Array): number {
  let count = 0;
  for (const { flags, data } of readElf(bytes).sections) {
    if ((flags & SectionFlag.Execute) === 0) continue;
    const view = viewOf(data);
    for (let at = 0; at + 8 <= data.length; at += 8) {
      const [kind, registers] = [view.getUint8(at) & 7, view.getUint8(at + 1)];
      if (kind === LOAD && registers >> 4 === FRAME_POINTER) count++;
      else if (STORES.includes(kind) && (registers & 15) === FRAME_POINTER) count++;
    }
  }
  return count;
}

/** Undefined where the kernel or libbpf refuses the object. */
function check(object: Uint8Array): Checked | undefined {
  const file = join(folder, "checked.o");
  const pins = `/sys/fs/bpf/bpfcast-bench-${process.pid}`;
  writeFileSync(file, object);
  try {
    const { status, stdout, stderr } = spawnSync("bpftool", ["-d", "prog", "loadall", file, pins], {
      encoding: "latin1",
      maxBuffer: 1 << 30,
    });
    if (status !== 0) return undefined;
    const log = stdout + stderr;
    let [visited, stack] = [0, 0];
    for (const [, count] of log.matchAll(/^processed (\d+) insns/gm)) visited += Number(count);
    // Of functions that call each other the depths are joined by `+`.
    for (const [, depths = ""] of log.matchAll(/^stack depth ([\d+]+)/gm))
      stack = Math.max(
        stack,
        depths.split("+").reduce((sum, depth) => sum + Number(depth), 0),
      );
    return visited === 0 ? undefined : { visited, stack, accesses: stackAccesses(object) };
  } finally {
    rmSync(pins, { recursive: true, force: true });
  }
}

const peers = findPeers();
const compiler = await Compiler.create(readFileSync(MODULE));
const llc = startLlc();
const reports = new Map<string, Report>();
for (const { set, name, text } of allScripts()) {
  if (set === "probes") continue;
  const both = await compileBoth(compiler, llc, text, (need) => supplyLive(compiler, need));
  if (both === undefined || findSection(readElf(both.own), ".maps") === undefined) continue;
  const found: [string, Checked | undefined][] = [
    ["bpfcast", check(both.own)],
    ["llvm", check(both.llvm)],
  ];
  for (const peer of peers) {
    const object = peerObject(peer, text);
    found.push([peer.name, object && check(object)]);
  }
  if (found[0]?.[1] === undefined) continue;
  const report = reports.get(set) ?? new Report(`verifier-${set.replaceAll("/", "-").replace(/^-/, "")}`, `verifier, ${set}`);
  reports.set(set, report);
  const column = (read: (checked: Checked) => number) => Object.fromEntries(found.map(([who, checked]) => [who, checked && read(checked)]));
  report.add(
    name,
    "insns visited",
    column(({ visited }) => visited),
  );
  report.add(
    name,
    "stack bytes",
    column(({ stack }) => stack),
  );
  report.add(
    name,
    "stack accesses",
    column(({ accesses }) => accesses),
  );
}
await llc.close();
for (const report of reports.values()) report.print();
