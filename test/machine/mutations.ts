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

const OPCODES = [
  ...[0x07, 0x0f, 0x17, 0x1f, 0x27, 0x37, 0x47, 0x57, 0x5f, 0x67, 0x77, 0x87, 0x97, 0xa7, 0xaf, 0xb7, 0xbf, 0xc7, 0x04, 0x0c, 0xb4, 0xbc],
  ...[0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb, 0xd4, 0xdc, 0xd7],
  ...[0x05, 0x06, 0x15, 0x1d, 0x25, 0x2d, 0x55, 0x5d, 0xa5, 0xad, 0x16, 0x56, 0x85, 0x85, 0x85, 0x85, 0x85, 0x95, 0x18, 0x18],
];
const HELPERS = [
  1, 2, 3, 5, 6, 7, 8, 14, 16, 35, 36, 45, 58, 67, 109, 112, 113, 114, 115, 120, 130, 131, 132, 133, 134, 147, 164, 181, 195,
];

/** A program of random instructions, most of which can be decoded, with registers that hold pointers and maps at first. */
export function randomInstructions(random: Random): Uint8Array {
  const slots: number[][] = [];
  const put = (opcode: number, destination = 0, source = 0, offset = 0, immediate = 0) =>
    slots.push([opcode, destination | (source << 4), offset, immediate]);
  for (let register = 0; register < 10; register++) {
    const kind = random.below(5);
    if (kind === 0) {
      put(0xbf, register, 10);
      put(0x07, register, 0, 0, -8 * (1 + random.below(64)));
    } else if (kind === 1) {
      put(0x18, register, random.pick([1, 2, 2, 4]), 0, 1 + random.below(5));
      put(0, 0, 0, 0, random.once(4) ? 8 : 0);
    } else if (kind === 2 && register !== 1) put(0xbf, register, 1);
    else put(0xb7, register, 0, 0, random.pick([0, 1, 8, 16, 64, -1, random.below(1000)]));
  }
  for (let at = 1; at <= 8; at++) put(0x7a, 10, 0, -8 * at, random.below(8));
  const length = 5 + random.below(60);
  for (let index = 0; index < length; index++) {
    const opcode = random.pick(OPCODES);
    const arithmetic = (opcode & 7) === 4 || (opcode & 7) === 7 || (opcode & 7) >= 5;
    const fromRegister = (opcode & 8) !== 0 && arithmetic;
    const offset =
      arithmetic && (opcode & 7) !== 5 && (opcode & 7) !== 6 ? 0 : random.below(24) - (random.once(3) ? 16 : 8) * random.below(2);
    if (opcode === 0x18) {
      put(opcode, random.below(10), random.pick([0, 1, 2, 4]), 0, random.below(6));
      put(0);
    } else if (opcode === 0x85) put(opcode, 0, random.once(8) ? 1 : 0, 0, random.once(8) ? random.below(8) - 4 : random.pick(HELPERS));
    else if (opcode === 0x95) put(opcode);
    else if (opcode === 0x05) put(opcode, 0, 0, random.below(8) - 2);
    else if (opcode === 0x06) put(opcode, 0, 0, 0, random.below(8) - 2);
    else if ((opcode & 7) === 1) put(opcode, random.below(10), random.below(11), offset);
    else if ((opcode & 7) === 2) put(opcode, random.below(11), 0, offset, random.below(100));
    else if ((opcode & 7) === 3)
      put(opcode, random.below(11), random.below(11), offset, (opcode & 0xc0) === 0xc0 ? random.pick([0, 1, 0x41, 0xe1, 0xf1]) : 0);
    else
      put(
        opcode,
        random.below(10),
        fromRegister ? random.below(11) : 0,
        offset,
        fromRegister ? 0 : random.pick([1, 16, 32, random.below(64)]),
      );
  }
  put(0xb7, 0);
  put(0x95);
  const bytes = new Uint8Array(slots.length * 8);
  const view = new DataView(bytes.buffer);
  slots.forEach(([opcode = 0, registers = 0, offset = 0, immediate = 0], index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, registers);
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  return bytes;
}

/** What became of a program of random instructions: `ran`, or a kind of fault. */
export function tryInstructions(machine: Machine, code: Uint8Array, typedPointers: boolean): string {
  machine.reset({ cpus: 2, memoryLimit: MEMORY_LIMIT });
  machine.createMap({ type: 1, keySize: 8, valueSize: 16, capacity: 4, name: "hash" });
  machine.createMap({ type: 2, keySize: 4, valueSize: 64, capacity: 1, name: "array" });
  machine.createMap({ type: 27, keySize: 0, valueSize: 0, capacity: 4096, name: "ring" });
  machine.createMap({ type: 10, keySize: 4, valueSize: 8, capacity: 2, name: "lru" });
  machine.createMap({ type: 2, keySize: 4, valueSize: 16, capacity: 1, name: "constants", isReadOnly: true });
  const added = machine.addProgram(code, typedPointers);
  if (!added.ok) return added.fault.kind;
  const result = machine.run(added.program, { context: new Uint8Array(64).fill(8), budget: MAX_INSTRUCTIONS });
  machine.drain(3);
  machine.effects();
  return result.ok ? "ran" : result.fault.kind;
}
