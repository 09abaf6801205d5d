// Instructions per script: our own code generator, the LLVM back end, the peers. Counted in the files, and for ours as the kernel has
// them after its rewriting as well. Peers: see measure.ts. INSTRUCTIONS_JSON names a file for the rows.
//
// PEER_KERNELS="6.12,5.10" names kernels of virtual machines, on which the last peer compiles what it cannot compile here: `*` behind
// the number. A script that says that probes may be missing is compiled on all of them, and the largest number counts: there no
// probe was left out.

import { readFileSync, writeFileSync } from "node:fs";
import { Compiler } from "../../wasm/compiler.ts";
import { compileBoth, instructions, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { mayTrace } from "../support/root.ts";
import { allScripts, type Script } from "../support/script-list.ts";
import { findPeers, loadedInstructions, MODULE, peerInstructions, table } from "./measure.ts";
import { peerInstructionsInVm } from "./peer-in-vm.ts";

interface Row extends Script {
  own: number;
  loaded: number | undefined;
  llvm: number;
  /** One for each peer: undefined where it makes no object of the script on this machine. */
  peers: (number | undefined)[];
}

const mayLackProbes = ({ text }: Script) => text.includes("missing_probes");

const peers = findPeers();
const compiler = await Compiler.create(readFileSync(MODULE));
const llc = startLlc();
const rows: Row[] = [];
for (const script of allScripts()) {
  const both = await compileBoth(compiler, llc, script.text, (need) => supplyLive(compiler, need));
  if (both === undefined) {
    console.log(`not compiled: ${script.set} ${script.name}`);
    continue;
  }
  rows.push({
    ...script,
    own: instructions(both.own),
    loaded: mayTrace() ? loadedInstructions(both.own) : undefined,
    llvm: instructions(both.llvm),
    peers: peers.map((peer) => (mayLackProbes(script) ? undefined : peerInstructions(peer, script.text))),
  });
}
await llc.close();

/** Scripts whose last peer's number is from a virtual machine. */
const elsewhere = new Set<Row>();
for (const series of (process.env["PEER_KERNELS"] ?? "").split(",").filter((name) => name !== "")) {
  const peer = peers.at(-1);
  if (peer === undefined) break;
  const last = peers.length - 1;
  const wanted = rows.filter((row) => row.peers[last] === undefined || mayLackProbes(row));
  const found = await peerInstructionsInVm(
    peer,
    series,
    wanted.map((row) => row.text),
  );
  wanted.forEach((row, index) => {
    const count = found[index];
    if (count === undefined || count < (row.peers[last] ?? 0)) return;
    row.peers[last] = count;
    elsewhere.add(row);
  });
}

const text = (value: number | undefined) => `${value ?? "-"}`;
for (const set of new Set(rows.map((row) => row.set))) {
  const members = rows.filter((row) => row.set === set);
  const lines = members.map((row) => {
    const cells = [row.own, row.loaded, row.llvm, ...row.peers].map(text);
    return [row.name, ...cells.slice(0, -1), `${cells.at(-1)}${elsewhere.has(row) ? "*" : ""}`];
  });
  console.log(`${table([[set, "own", "loaded", "llvm", ...peers.map(({ name }) => name)], ...lines])}\n`);
}
const json = process.env["INSTRUCTIONS_JSON"];
if (json !== undefined) writeFileSync(json, JSON.stringify(rows, undefined, 1));
