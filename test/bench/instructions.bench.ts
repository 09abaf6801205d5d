// Instructions per script: our own code generator, the LLVM back end, the peers. Counted in the files, and for ours as the kernel has
// them after its rewriting as well. Fails where ours are more than a tenth above LLVM's, or not below those of the newest peer.
//
// Peers: see measure.ts. PEER_KERNELS="6.12,5.10" names kernels of virtual machines, on which the last peer compiles what it cannot
// compile here. A script that says that probes may be missing is compiled on all of them, and the largest number counts: there the
// fewest probes were left out.

import { readFileSync } from "node:fs";
import { Compiler } from "../../wasm/compiler.ts";
import { compileBoth, instructions, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { mayTrace } from "../support/root.ts";
import { allScripts, type Script } from "../support/script-list.ts";
import { findPeers, loadedInstructions, MODULE, peerInstructions } from "./measure.ts";
import { peerInstructionsInVm } from "./peer-in-vm.ts";
import { Report, table } from "./report.ts";

interface Counts {
  own: number;
  loaded: number | undefined;
  llvm: number;
  /** By peer: undefined where it makes no object of the script on this machine. */
  peers: (number | undefined)[];
  /** Of the last peer, in a virtual machine. */
  elsewhere?: number;
}

const mayLackProbes = ({ text }: Script) => text.includes("missing_probes");
const newest = ({ peers, elsewhere }: Counts) => elsewhere ?? peers.at(-1);

const peers = findPeers();
const compiler = await Compiler.create(readFileSync(MODULE));
const llc = startLlc();
const measured: [script: Script, counts: Counts][] = [];
for (const script of allScripts()) {
  const both = await compileBoth(compiler, llc, script.text, (need) => supplyLive(compiler, need));
  if (both === undefined) {
    console.log(`not compiled: ${script.set} ${script.name}`);
    continue;
  }
  const counts = {
    own: instructions(both.own),
    loaded: mayTrace() ? loadedInstructions(both.own) : undefined,
    llvm: instructions(both.llvm),
    peers: peers.map((peer) => (mayLackProbes(script) ? undefined : peerInstructions(peer, script.text))),
  };
  measured.push([script, counts]);
}
await llc.close();

const last = peers.at(-1);
for (const series of (process.env["PEER_KERNELS"] ?? "").split(",").filter((name) => name !== "")) {
  if (last === undefined) break;
  const wanted = measured.filter(([script, counts]) => newest(counts) === undefined || mayLackProbes(script));
  const found = await peerInstructionsInVm(
    last,
    series,
    wanted.map(([{ text }]) => text),
  );
  wanted.forEach(([, counts], index) => {
    const count = found[index];
    if (count !== undefined && count > (counts.elsewhere ?? 0)) counts.elsewhere = count;
  });
}

const sums = [["set", "scripts", "own", "llvm", ...peers.flatMap(({ name }) => [`with ${name}`, "own", name])]];
const broken: string[] = [];
for (const set of new Set(measured.map(([script]) => script.set))) {
  const members = measured.filter(([script]) => script.set === set);
  const report = new Report(`instructions-${set.replaceAll("/", "-").replace(/^-/, "")}`, `instructions, ${set}`);
  for (const [{ name }, counts] of members) {
    const { own, loaded, llvm, elsewhere } = counts;
    const others = peers.map((peer, index) => [peer.name, counts.peers[index]] as const);
    report.add(name, "insns", { bpfcast: own, loaded, llvm, ...Object.fromEntries(others), [`${last?.name} in VM`]: elsewhere });
    if (own * 10 > llvm * 11) broken.push(`${set} ${name}: ${own}, LLVM ${llvm}`);
    const peer = newest(counts);
    if (last?.name.includes("0.27") && peer !== undefined && own >= peer) broken.push(`${set} ${name}: ${own}, ${last.name} ${peer}`);
  }
  report.print();
  const add = (list: Counts[], count: (counts: Counts) => number | undefined) => `${list.reduce((sum, one) => sum + (count(one) ?? 0), 0)}`;
  const all = members.map(([, counts]) => counts);
  const beside = peers.flatMap((peer, index) => {
    const count = peer === last ? newest : (counts: Counts) => counts.peers[index];
    const known = all.filter((counts) => count(counts) !== undefined);
    return [`${known.length}`, add(known, ({ own }) => own), add(known, count)];
  });
  sums.push([set, `${all.length}`, add(all, ({ own }) => own), add(all, ({ llvm }) => llvm), ...beside]);
}
console.log(table(sums));
for (const line of broken) console.log(`broken: ${line}`);
if (broken.length > 0) process.exitCode = 1;
