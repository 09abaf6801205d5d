// Damaged objects in the loader and the machine: an error of ours, or a run that ends; never a trap, never a hang.

import { readdirSync, readFileSync } from "node:fs";
import type { TargetTypes } from "../../runner/simulated/core-types.ts";
import { loadObject, stoppedError } from "../../runner/simulated/load.ts";
import type { Compiler } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Machine } from "../../wasm/machine.ts";
import { bytesOf, compileToObject } from "../compiler/backend.ts";
import { bindLive } from "../support/differential.ts";
import { supplyLive } from "../support/needs.ts";
import type { Random } from "../support/random.ts";

const SCRIPTS = [
  'BEGIN { @a[comm] = count(); @h = hist(pid); printf("%d %s\\n", curtask->tgid, comm); for ($kv : @a) { print($kv.0); } }',
  'BEGIN { for ($i : 0..20) { @x[$i] = $i * 2; } $s = str_concat("abc", comm); print($s); print((1, "x")); delete(@x, 3); }',
];
const MAX_INSTRUCTIONS = 20_000;
const MEMORY_LIMIT = 1 << 24;

/** Objects to damage: bound ones where a kernel's types are known, and the back end's own. */
export function victims(compiler: Compiler | undefined): Uint8Array[] {
  const golden = "test/compiler/bpf/golden";
  const found = readdirSync(golden)
    .filter((name) => name.endsWith(".ir"))
    .map((name) => bytesOf(compileToObject(readFileSync(`${golden}/${name}`, "utf8"))));
  if (compiler === undefined) return found;
  for (const script of SCRIPTS) {
    for (let round = 0; round < 8; round++) {
      const made = compiler.compile(new TextEncoder().encode(script), { name: "stdin", live: true });
      if (made.kind === "needs") for (const need of made.needs) supplyLive(compiler, need);
      else if (made.kind === "object") {
        found.push(bindLive(made.object).bytes);
        break;
      } else throw new Error(`${script}: ${JSON.stringify(made.diagnostics)}`);
    }
  }
  return found;
}

/** A copy with some bytes changed: bits, corner values of 1 to 8 bytes, bytes from elsewhere, or an end cut off. */
export function mutate(object: Uint8Array, random: Random): Uint8Array {
  const copy = object.slice();
  const view = new DataView(copy.buffer);
  const changes = 1 + random.below(random.once(4) ? 20 : 3);
  for (let change = 0; change < changes; change++) {
    const at = random.below(copy.length);
    switch (random.below(6)) {
      case 0:
        copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        copy[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
        break;
      case 2:
        if (at + 4 <= copy.length)
          view.setUint32(at & ~3, random.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, random.below(65_536)]), true);
        break;
      case 3:
        if ((at & ~7) + 8 <= copy.length) view.setBigUint64(at & ~7, BigInt(random.pick([0, 8, 4096, 2 ** 31, 2 ** 40])), true);
        break;
      case 4:
        copy.copyWithin(at, random.below(copy.length), random.below(copy.length));
        break;
      default:
        // Whole instructions are likely where code is.
        if ((at & ~7) + 8 <= copy.length)
          view.setUint8(at & ~7, random.pick([0x18, 0x61, 0x63, 0x79, 0x7b, 0x85, 0x95, 0x05, 0x0f, 0xbf, 0xdb, 0x06]));
    }
  }
  return random.once(50) ? copy.subarray(0, random.below(copy.length)) : copy;
}

/** What became of a damaged object: the code of an error, or `ran`. Anything but an error of ours is thrown. */
export function tryObject(machine: Machine, bytes: Uint8Array, targets: TargetTypes | undefined): string {
  machine.reset({ cpus: 2, memoryLimit: MEMORY_LIMIT });
  try {
    const loaded = loadObject(machine, { bytes }, targets);
    const context = new Uint8Array(88);
    for (const { handle } of loaded.programs.values()) {
      const result = machine.run(handle, { context, budget: MAX_INSTRUCTIONS });
      if (!result.ok) throw stoppedError(result.fault, loaded, { bytes });
    }
    for (const handle of loaded.maps.values()) machine.readMap(handle);
    return "ran";
  } catch (error) {
    if (error instanceof BpfcastError && error.code !== "internal-machine-error") return error.code;
    throw error;
  }
}
