// Damaged and made-up objects in what the page does with one: looks into it and runs it. An error of ours or text, soon, and nothing
// else. FUZZ_SEED repeats a run; `npm run fuzz` does not run this longer: ROUNDS does.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ElfObject, readElf, writeElf } from "../../runner/core/elf.ts";
import { profileTarget } from "../../runner/host/profile-targets.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { type Play, playStep } from "../../runner/simulated/play.ts";
import { runSimulated } from "../../runner/simulated/run.ts";
import type { Step } from "../../runner/simulated/scenario.ts";
import { Simulation } from "../../runner/simulated/simulation.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { Machine } from "../../wasm/machine.ts";
import { MANIFEST_SECTION } from "../../wasm/manifest.ts";
import { picturesOf } from "../../web/charts/pictures.ts";
import { viewText } from "../../web/inside/views.ts";
import type { ObjectView } from "../../web/protocol.ts";
import { mutate } from "../machine/mutations.ts";
import { Random, runSeed } from "../support/random.ts";
import { compile } from "./run.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 2000);
const VIEWS: ObjectView[] = ["relocations", "maps", "manifest", "needs"];
/** One object may take so long, in milliseconds, on a machine with other work. */
const PATIENCE = 5000;

const SCRIPTS = [
  'tracepoint:syscalls:sys_enter_openat { printf("%s %s %d\\n", comm, str(args.filename), args.flags); @[comm, args.flags] = count(); }',
  'begin { @h = hist(5); @l[1] = lhist(3, 0, 100, 10); @t[comm] = tseries(2, 1s, 10); @a = avg(7); @s = stats(8); print("x"); time("%H"); }',
  'kprobe:vfs_read { @[kstack, ustack(3)] = count(); @name = curtask->comm; @parent = curtask->real_parent->tgid; @r = reg("ip"); }',
  'interval:s:1 { for ($kv : @m) { print($kv); } @m[(1, "a")] = (cpu, comm); join(args); exit(); }'.replace("join(args); ", ""),
  'tracepoint:sched:sched_* { @[probe] = count(); } begin { system("id"); cat("/etc/hosts"); print((1, "x", nsecs)); errorf("%d", 3); }',
  'rawtracepoint:sched_switch { @x = strftime("%s", nsecs); @k = kaddr("vfs_read"); @u = usym(5); @b = buf("abc", 3); @i = ntop(1); }',
];

const STEPS: Step[] = [
  { syscall: "openat", arguments: { filename: "/etc/hosts", flags: 1 }, returns: 3, lasts: "1us" },
  { tracepoint: "sched:sched_switch", fields: { prev_comm: "a", next_comm: "b" } },
  { call: "vfs_read", returns: 1 },
  { after: "2s" },
];

const profile = profileTarget(".out/default.profile").profile;
const types = targetTypesOf(profile);
if (types === undefined) throw new Error("the default profile has no types");
const machine = await Machine.create(readFileSync(".out/machine.wasm"), { cpus: 2 });
const seed = runSeed();
const objects = SCRIPTS.map((script) => {
  const result = compile(script);
  if (result.kind !== "object") throw new Error(`${script}: ${result.diagnostics.map(({ message }) => message)}`);
  return result.object;
});

/** Runs it as the page's worker does, and reads its maps on the way. @returns what it prints. */
async function runOf(object: Uint8Array): Promise<string> {
  machine.reset({ cpus: 2 });
  const simulation = new Simulation(machine, profile, types as NonNullable<typeof types>, { cpus: 2, startTime: 0n });
  let output = "";
  const decoder = new TextDecoder();
  const print = (text: string) => {
    output += text;
  };
  const happen = async (stage: Play) => {
    simulation.start();
    for (const step of STEPS) {
      if (stage.isOver()) return;
      await playStep(step, stage, "step");
      await stage.settle();
    }
    stage.interrupt();
  };
  const settings = {
    format: "text" as const,
    parameters: { positional: [] },
    unsafe: true,
    quiet: false,
    showWarnings: true,
    report: (error: BpfcastError) => print(error.message),
    maps: {
      begin: () => {},
      end: (tables: Parameters<typeof picturesOf>[0]) => {
        picturesOf(tables, { trailer: new Uint8Array(), names: simulation.names, texts: [] });
      },
    },
  };
  const sink = { write: (bytes: Uint8Array) => print(decoder.decode(bytes, { stream: true })), writeError: print };
  await runSimulated(object, simulation, sink, settings, happen);
  return output;
}

/** What becomes of an object: codes of errors, or `text`. Anything but an error of ours is thrown. */
async function outcome(act: () => string | Promise<string>): Promise<string> {
  try {
    const text = await act();
    return typeof text === "string" ? "text" : "nothing";
  } catch (error) {
    if (error instanceof BpfcastError && !/^internal-/.test(error.code)) return error.code;
    throw error;
  }
}

/** Looks into an object and runs it. @throws Error with its number for what may not be. */
async function tryAll(object: Uint8Array, name: string, outcomes: Map<string, number>): Promise<void> {
  const started = performance.now();
  for (const [what, act] of [
    ...VIEWS.map((view) => [view, () => viewText(object, view)] as const),
    ["run", () => runOf(object)] as const,
  ]) {
    try {
      const key = `${what}: ${await outcome(act)}`;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${name}, ${what}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  const took = performance.now() - started;
  assert.ok(took < PATIENCE, `${name} took ${Math.round(took)} ms`);
}

/** The same object with another content of a section: what a change of its length moves stays in order. */
function withSection(object: ElfObject, index: number, data: Uint8Array): Uint8Array {
  return writeElf({ ...object, sections: object.sections.map((section, at) => (at === index ? { ...section, data } : section)) });
}

const HOSTILE_NUMBERS = [-1, 0, 1, 0.5, 7, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, null];
const HOSTILE_TEXTS = [
  "",
  "<img src=x onerror=alert(1)>",
  "\0\u202e\x1b[2J",
  "__proto__",
  "constructor",
  "%s%n%99999999d",
  "a".repeat(70_000),
  "-1",
];

/** Some value of a document replaced by another one: JSON stays JSON. */
function changedDocument(json: string, random: Random): string {
  const places: [holder: Record<string, unknown>, name: string][] = [];
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, part] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, name]);
      visit(part);
    }
  };
  const document = JSON.parse(json) as Record<string, unknown>;
  visit(document);
  for (let change = 1 + random.below(3); change > 0; change--) {
    const [holder, name] = random.pick(places);
    const value = holder[name];
    const other = random.pick(places);
    if (random.once(5)) holder[name] = other[0][other[1]];
    else if (random.once(12)) delete holder[name];
    else if (Array.isArray(value) && random.once(2)) holder[name] = [...value, ...value];
    else if (typeof value === "number") holder[name] = random.pick([...HOSTILE_NUMBERS, value + 1, value * 2, -value]);
    else if (typeof value === "string") holder[name] = random.pick(HOSTILE_TEXTS);
    else holder[name] = random.pick([...HOSTILE_NUMBERS, ...HOSTILE_TEXTS, [], {}, true]);
  }
  try {
    return JSON.stringify(document);
  } catch {
    // A part was put into itself.
    return json;
  }
}

const KINDS: [name: string, damage: (object: Uint8Array, random: Random) => Uint8Array][] = [
  ["bytes anywhere", mutate],
  [
    "bytes of one section",
    (object, random) => {
      const elf = readElf(object);
      const index = random.pick(elf.sections.flatMap(({ data }, at) => (data.length > 0 ? [at] : [])));
      return withSection(elf, index, mutate(elf.sections[index]?.data.slice() ?? new Uint8Array(), random));
    },
  ],
  [
    "values of the manifest",
    (object, random) => {
      const elf = readElf(object);
      const index = elf.sections.findIndex(({ name }) => name === MANIFEST_SECTION);
      const json = new TextDecoder().decode(elf.sections[index]?.data);
      return withSection(elf, index, new TextEncoder().encode(changedDocument(json, random)));
    },
  ],
];

test("whole objects are run and looked into", async () => {
  for (const [index, object] of objects.entries()) {
    const outcomes = new Map<string, number>();
    await tryAll(object, `script ${index}`, outcomes);
    assert.equal(
      [...outcomes.keys()],
      [...VIEWS, "run"].map((what) => `${what}: text`),
    );
  }
});

for (const [kind, damage] of KINDS) {
  test(`${kind}, seed ${seed}`, async () => {
    const outcomes = new Map<string, number>();
    for (let round = 0; round < ROUNDS / KINDS.length; round++) {
      const random = new Random(seed * 100_000 + round);
      await tryAll(damage(random.pick(objects), random), `${kind} ${round}`, outcomes);
    }
    if (process.env["ROUNDS"] !== undefined) console.log(Object.fromEntries([...outcomes].sort()));
  });
}

test("what is no object at all", async () => {
  const [object = new Uint8Array()] = objects;
  const outcomes = new Map<string, number>();
  const texts = ["", "<script>globalThis.ran = 1</script>", "\x7fELF", "\x7fELF\x02\x01\x01".padEnd(64, "\0"), "\xff".repeat(5000)];
  for (const text of texts)
    await tryAll(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
      JSON.stringify(text),
      outcomes,
    );
  for (let length = 0; length < 200; length++) await tryAll(object.subarray(0, length), `${length} bytes`, outcomes);
  assert.equal(
    [...outcomes.keys()],
    [...VIEWS, "run"].map((what) => `${what}: bad-object`),
  );
});

test.run();
