// Damaged profiles: whatever a file holds, reading it, asking it and reducing it ends with an answer or one of our errors.
// FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkBtf } from "../../runner/core/check-btf.ts";
import { writeProfile } from "../../runner/core/profile.ts";
import { ProfileTypes } from "../../runner/core/profile-facts.ts";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { reduceProfile } from "../../runner/core/reduce-profile.ts";
import { packProfile, unpackProfile } from "../../runner/host/profile-file.ts";
import type { TargetNeed } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { makeProfile } from "../support/profiles.ts";
import { cpuClock, Random, runMilliseconds, runSeed } from "../support/random.ts";

const seed = runSeed();

const NEEDS: TargetNeed[] = [
  { kind: "btf", module: "vmlinux" },
  { kind: "btf", module: "nfs" },
  { kind: "tracepoint", category: "sched", event: "sched_switch" },
  { kind: "tracepoint", category: "s*", event: "*" },
];

/** Reads, asks, checks and reduces; the code of the error, or `read`. */
function attempt(file: Uint8Array): string {
  const time = cpuClock();
  try {
    const profile = unpackProfile(file);
    const target = new ProfileTarget(profile, "x");
    for (const need of NEEDS) target.answer(need);
    for (const btf of new ProfileTypes(profile).modules.values()) checkBtf(btf);
    assert.ok(unpackProfile(packProfile(reduceProfile(profile))).isReduced);
    return "read";
  } catch (error) {
    if (!(error instanceof BpfcastError)) throw error;
    assert.not.match(error.message, /\n/);
    return error.code;
  } finally {
    assert.ok(time() < 2000, `${time().toFixed(0)} ms`);
  }
}

/** A few of its bytes changed, taken out, put in. */
function damage(whole: Uint8Array, random: Random): Uint8Array {
  let bytes = [...whole];
  for (let count = random.below(4); count >= 0; count--) {
    const at = random.below(bytes.length);
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 2:
        bytes.splice(at, 1 + random.below(20));
        break;
      default:
        bytes = [...bytes.slice(0, at), ...bytes.slice(random.below(bytes.length))];
    }
    if (bytes.length === 0) bytes = [0];
  }
  return Uint8Array.from(bytes);
}

test(`damaged documents, seed ${seed}`, () => {
  const random = new Random(seed);
  const end = Date.now() + runMilliseconds() / 2;
  const kinds = new Map<string, number>();
  const whole = writeProfile(makeProfile());
  // The head's end: damage behind it leaves a document that can be read, with damaged types.
  const head = Buffer.from(whole).indexOf("\n", 20) + 1;
  while (Date.now() < end) {
    const parts = random.once(2) ? [damage(whole, random)] : [whole.subarray(0, head), damage(whole.subarray(head), random)];
    const kind = attempt(gzipSync(Buffer.concat(parts)));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const expected of ["read", "bad-profile", "bad-btf"]) assert.ok((kinds.get(expected) ?? 0) > 5, JSON.stringify([...kinds]));
});

test(`damaged files, seed ${seed}`, () => {
  const random = new Random(seed + 1);
  const end = Date.now() + runMilliseconds() / 4;
  const whole = packProfile(makeProfile());
  while (Date.now() < end) attempt(damage(whole, random));
});

test.run();
