// What a host may say of itself, damaged: BTF, formats of tracepoints and headers are other people's bytes.

import { richKernel, smallKernel } from "./btf.ts";
import { FORMATS } from "./compiler.ts";
import type { Random } from "./random.ts";

/** Facts of a made-up host; null: it has no BTF. */
export interface FuzzTarget {
  btf: Uint8Array | null;
  formats: Map<string, Uint8Array>;
  headers: Map<string, Uint8Array>;
  /** How it differs from the good one; empty for that. */
  changes: string[];
}

const encode = (text: string) => new TextEncoder().encode(text);

const HEADERS: Record<string, string> = {
  "linux/sched.h": "#define FROM_HEADER 3\nstruct from_header { int a; struct from_header *next; };\n",
  "x.h": '#include "y1.h"\n#define NUMBER 5\nenum from_x { X_ONE = 1, X_TWO };\n',
  "y1.h": "#ifdef NUMBER\n#define Y NUMBER\n#endif\nunion of_y { int a; char b[4]; };\n",
  "name.h": '#include "name.h"\n',
};

export function goodTarget(btf: Uint8Array = richKernel()): FuzzTarget {
  const table = (texts: Record<string, string>) => new Map(Object.entries(texts).map(([name, text]) => [name, encode(text)]));
  return { btf, formats: table(FORMATS), headers: table(HEADERS), changes: [] };
}

/** Words that mean something as a size, a reference, a count, or a kind with its flag and number of members. */
const WORDS = [
  0, 1, 2, 3, 5, 8, 16, 31, 64, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
];

const FIELD_PARTS = [
  "\tfield:",
  "char ",
  "[4]",
  "[]",
  "__data_loc ",
  "__rel_loc ",
  "unsigned long ",
  "struct x *",
  "bool ",
  "u8 ",
  "offset:",
  "size:",
  "signed:1;",
  ";",
  "\n",
  "0",
  "65535",
  "99999999999",
  "-1",
  " ",
];

function damageBtf(bytes: Uint8Array, random: Random, changes: string[]): Uint8Array {
  if (random.once(24)) {
    const length = random.below(bytes.length);
    changes.push(`BTF cut to ${length} bytes`);
    return bytes.slice(0, length);
  }
  const damaged = bytes.slice();
  const view = new DataView(damaged.buffer);
  const words = (damaged.length - 24) >> 2;
  for (let count = random.below(4); count >= 0; count--) {
    const at = 24 + random.below(words) * 4;
    switch (random.below(5)) {
      case 0: {
        const place = random.below(damaged.length);
        damaged[place] = random.below(256);
        changes.push(`BTF byte ${damaged[place]} at ${place}`);
        break;
      }
      case 1: {
        // The header itself.
        const field = random.below(6) * 4;
        view.setUint32(field, random.once(2) ? view.getUint32(field, true) + random.below(9) - 4 : random.pick(WORDS), true);
        changes.push(`BTF header word ${view.getUint32(field, true)} at ${field}`);
        break;
      }
      case 2:
        // A kind with its number of members.
        view.setUint32(at, ((random.below(21) << 24) | (random.below(2) << 31) | random.pick([0, 1, 2, 3, 16, 0xffff])) >>> 0, true);
        changes.push(`BTF word ${view.getUint32(at, true)} at ${at}`);
        break;
      case 3:
        // Another reference, size, offset or name.
        view.setUint32(at, random.below(80), true);
        changes.push(`BTF word ${view.getUint32(at, true)} at ${at}`);
        break;
      default:
        view.setUint32(at, random.pick(WORDS), true);
        changes.push(`BTF word ${view.getUint32(at, true)} at ${at}`);
        break;
    }
  }
  return damaged;
}

function damageText(bytes: Uint8Array, parts: readonly string[], random: Random): Uint8Array {
  let damaged = Buffer.from(bytes);
  for (let count = random.below(4); count >= 0; count--) {
    const at = random.below(damaged.length + 1);
    const to = Math.min(damaged.length, at + random.below(12));
    const insertion = random.once(3) ? Buffer.from([random.below(256)]) : Buffer.from(random.pick(parts), "latin1");
    damaged = Buffer.concat([damaged.subarray(0, at), insertion, damaged.subarray(random.once(2) ? at : to)]);
  }
  return damaged;
}

/** A target like the good one, with some of its facts damaged or missing. */
export function damagedTarget(random: Random): FuzzTarget {
  const target = goodTarget(random.once(8) ? smallKernel() : richKernel());
  const { changes } = target;
  const kinds = 1 + random.below(7);
  if (kinds & 1 && target.btf !== null) target.btf = damageBtf(target.btf, random, changes);
  if (random.once(40)) {
    target.btf = null;
    changes.push("no BTF");
  }
  const damage = (facts: Map<string, Uint8Array>, parts: readonly string[]) => {
    for (const [name, bytes] of facts) {
      if (!random.once(2)) continue;
      const damaged = damageText(bytes, parts, random);
      facts.set(name, damaged);
      changes.push(`${name} = ${JSON.stringify(Buffer.from(damaged).toString("latin1"))}`);
    }
  };
  if (kinds & 2) damage(target.formats, FIELD_PARTS);
  if (kinds & 4)
    damage(target.headers, [
      "#include <x.h>\n",
      "#define A(x) x\n",
      "struct s {",
      "};",
      "#if 1\n",
      "#endif\n",
      "enum e { A }",
      "\\\n",
      "/*",
    ]);
  return target;
}
