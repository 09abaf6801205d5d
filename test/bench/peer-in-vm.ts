// Instructions that peers make of scripts on another kernel, in a virtual machine: of those whose probes this machine's kernel lacks.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernel } from "../kernel/kernels.ts";
import { runInVm } from "../kernel/vm.ts";
import { folder, type Peer } from "./measure.ts";

/** The peer takes some seconds a script there, and more where the machine is busy. */
const SECONDS_PER_SCRIPT = 40;

/** Sum of the executable sections in what readelf prints, in instructions. */
function executable(text: string): number | undefined {
  let sum: number | undefined;
  for (const [, size = ""] of text.matchAll(/ PROGBITS\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) \d+\s+AX /g)) {
    sum = (sum ?? 0) + Number.parseInt(size, 16) / 8;
  }
  return sum;
}

/**
 * @param series the kernel's: `6.12`.
 * @returns for each script the count, or undefined where the peer makes no object of it there either.
 */
export async function peerInstructionsInVm(peer: Peer, series: string, scripts: string[]): Promise<(number | undefined)[]> {
  const files = join(folder, "vm");
  mkdirSync(files, { recursive: true });
  const { root, release } = kernel(series);
  const lines = [`/sbin/modprobe -d ${root} -S ${release} -a xfs md_mod`];
  if (peer.root !== "") for (const name of ["proc", "sys", "dev", "tmp"]) lines.push(`mount --rbind /${name} ${peer.root}/${name}`);
  scripts.forEach((script, index) => {
    const file = join(files, `${index}.bt`);
    writeFileSync(file, script);
    const object = `/tmp/peer-${index}.o`;
    const command = [...peer.command, "--emit-elf", object, ...peer.options, file].join(" ");
    lines.push(`${command} > /dev/null; echo "=== ${index}"; readelf -SW ${peer.root}${object}`);
  });
  const { stdout } = await runInVm(series, `${lines.join("\n")}\n`, 60 + SECONDS_PER_SCRIPT * scripts.length);
  const found: (number | undefined)[] = scripts.map(() => undefined);
  for (const part of stdout.split("=== ").slice(1)) found[Number.parseInt(part, 10)] = executable(part);
  return found;
}
