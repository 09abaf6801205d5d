// The kernel of this machine through the addon: hand-made objects are loaded, run, attached and read.

import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { explainLoadError } from "../../runner/cli/verifier.ts";
import { type BoundObject, bind, readManifest } from "../../runner/core/bind.ts";
import type { LoadedObject } from "../../runner/core/kernel.ts";
import { type MapTable, readTable } from "../../runner/core/maps.ts";
import { gatherFacts } from "../../runner/host/facts.ts";
import { HostKernel } from "../../runner/host/kernel.ts";
import { HostNames } from "../../runner/host/names.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { MapInfo, Program } from "../../wasm/manifest.ts";
import { add, call, copy, exit, Helper, type Instruction, load, loadMap, move, store, storeImmediate } from "../support/instructions.ts";
import { buildObject, makeManifest, makeMap, makePrintf, makeProgram } from "../support/objects.ts";
import { mayTrace } from "../support/root.ts";
import { eventObject, sendRecord } from "../support/scripts.ts";

const test = mayTrace() ? check : check.skip;

function bindHere(bytes: Uint8Array, ringBufferPages = 0): BoundObject {
  return bind(bytes, gatherFacts(bytes, readManifest(bytes), new HostNames(), 0), { ringBufferPages });
}

async function loadHere(bytes: Uint8Array, ringBufferPages = 0): Promise<LoadedObject> {
  return new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bindHere(bytes, ringBufferPages));
}

async function refusal(run: () => Promise<unknown>): Promise<BpfcastError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof BpfcastError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const BEGIN = makeProgram({ name: "begin_1", kind: "begin" });
const RETURN = [move(0, 0), exit()];

/** A begin program that sends { id 0, its start time }. */
const CLOCK = eventObject(
  [{ program: BEGIN, code: [call(Helper.ktime), store(8, 10, -8, 0), storeImmediate(8, 10, -16, 0), ...sendRecord(-16, 16), ...RETURN] }],
  { events: [makePrintf("%ld\n", [{ offset: 8, type: { kind: "int", size: 8, signed: true } }])] },
);

test("events of many runs arrive in order, through the event loop", async () => {
  const object = await loadHere(CLOCK);
  const times: bigint[] = [];
  let batches = 0;
  object.onBatch((batch) => {
    batches++;
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0; at < batch.length; at += 24) {
      assert.is(view.getUint32(at, true), 16);
      times.push(view.getBigInt64(at + 16, true));
    }
  });
  const count = 20_000;
  for (let run = 0; run < count; run++) {
    await object.testRun("begin_1");
    if (run % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  object.drain();
  object.pause();
  object.close();
  assert.is(times.length, count);
  assert.ok(batches >= 2);
  for (let index = 1; index < count; index++) assert.ok((times[index] as bigint) >= (times[index - 1] as bigint), `event ${index}`);
});

test("records that wrap around the end of the ring arrive whole", async () => {
  const object = await loadHere(CLOCK, 1);
  let count = 0;
  object.onBatch((batch) => {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0; at < batch.length; at += 24) {
      assert.is(view.getUint32(at, true), 16);
      assert.is(view.getUint32(at + 8, true), 0);
      count++;
    }
  });
  for (let round = 0; round < 50; round++) {
    for (let run = 0; run < 100; run++) await object.testRun("begin_1");
    object.drain();
  }
  object.close();
  assert.is(count, 5000);
});

test("what finds no room is counted", async () => {
  const pages = 1;
  const object = await loadHere(CLOCK, pages);
  const runs = 2000;
  for (let run = 0; run < runs; run++) await object.testRun("begin_1");
  let received = 0;
  object.onBatch((batch) => {
    received += batch.length / 24;
  });
  object.drain();
  const { values } = await object.readMap(".data.counters");
  const lost = Number(new DataView(values.buffer, values.byteOffset).getBigUint64(0, true));
  object.close();
  assert.ok(lost > 0);
  assert.is(received + lost, runs);
});

/** A begin program that sets key [clock] of a map to 1, so that each run makes a new key. */
function keysObject(type: MapInfo["type"], capacity: number): Uint8Array {
  const info = makeMap({ name: "@", value: { kind: "count" }, type, capacity });
  const code: Instruction[] = [
    call(Helper.ktime),
    store(8, 10, -8, 0),
    storeImmediate(8, 10, -16, 1),
    loadMap(1, "at_"),
    copy(2, 10),
    add(2, -8),
    copy(3, 10),
    add(3, -16),
    move(4, 0),
    call(Helper.mapUpdate),
    ...RETURN,
  ];
  return buildObject({
    programs: [{ name: "begin_1", section: "raw_tp", code }],
    maps: [{ name: "at_", type, keySize: 8, valueSize: 8, maxEntries: capacity }],
    manifest: makeManifest({ programs: [BEGIN], maps: [info] }),
  });
}

for (const type of ["hash", "percpu_hash", "lru_hash"] as const) {
  test(`a map of many keys is read whole, zeroed and cleared: ${type}`, async () => {
    const bytes = keysObject(type, 20_000);
    const object = await loadHere(bytes);
    const keys = 10_000;
    for (let run = 0; run < keys; run++) await object.testRun("begin_1");
    const kernel = new HostKernel({ verbose: false, logSize: 1_000_000 });
    const [map] = readManifest(bytes).maps;
    const read = async () => readTable(map as MapInfo, await object.readMap("at_"), kernel.possibleCpus);
    const entriesOf = (table: MapTable) => Array.from({ length: table.size }, (_, index) => table.entry(index));
    const table = await read();
    assert.is(table.size, keys);
    assert.is(new Set(entriesOf(table).map(({ key }) => table.keys.view.getBigUint64(key, true))).size, keys);
    assert.ok(entriesOf(table).every(({ value }) => value === 1));
    await object.zeroMap("at_");
    const zeroed = await read();
    assert.is(zeroed.size, keys);
    assert.ok(entriesOf(zeroed).every(({ value }) => value === 0));
    await object.clearMap("at_");
    assert.is((await read()).size, 0);
    object.close();
  });
}

test("an array is cleared by zeroing it", async () => {
  const object = await loadHere(CLOCK, 1);
  for (let run = 0; run < 1000; run++) await object.testRun("begin_1");
  const first = async () => new DataView((await object.readMap(".data.counters")).values.slice().buffer).getBigUint64(0, true);
  assert.ok((await first()) > 0n);
  await object.clearMap(".data.counters");
  assert.is(await first(), 0n);
  object.close();
});

function probeObject(program: Program, code: Instruction[]): Uint8Array {
  return buildObject({
    programs: [
      {
        name: program.name,
        section: program.section,
        code,
        lines: [
          { slot: 0, line: 1, column: 1 },
          { slot: 1, line: 2, column: 3 },
        ],
      },
    ],
    manifest: makeManifest({ programs: [program], source: { name: "x.bt", text: "tracepoint:a:b {\n  $x = args.y;\n}\n" } }),
    script: "tracepoint:a:b {\n  $x = args.y;\n}\n",
  });
}

const SWITCH = makeProgram({
  name: "t_1",
  kind: "tracepoint",
  section: "tracepoint/sched/sched_switch",
  target: ["sched", "sched_switch"],
  probe: "tracepoint:sched:sched_switch",
});

test("a timer fires", async () => {
  const timer = makeProgram({ name: "i_1", kind: "interval", section: "perf_event", target: ["ms", "5"] });
  const object = await loadHere(
    eventObject([{ program: timer, code: [storeImmediate(8, 10, -8, 0), ...sendRecord(-8, 8), ...RETURN] }], { events: [makePrintf("")] }),
  );
  let ticks = 0;
  assert.equal(
    await object.attach([{ program: "i_1", attachment: { kind: "timer", perSecond: false, amount: 5e6, everyCpu: false } }]),
    [],
  );
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, 5000);
    object.onBatch((batch) => {
      ticks += batch.length / 16;
      if (ticks < 10) return;
      clearTimeout(patience);
      resolve();
    });
  });
  await object.detach();
  object.close();
  assert.ok(ticks >= 10, `${ticks} ticks`);
});

test("one program on many tracepoints; those that are not there are reported", async () => {
  const object = await loadHere(probeObject(SWITCH, RETURN));
  const attach = (event: string) => ({ program: "t_1", attachment: { kind: "tracepoint" as const, category: "sched", event } });
  const failures = await object.attach(["sched_switch", "no_such_event", "sched_wakeup", "sched_process_exit"].map(attach));
  assert.equal(
    failures.map(({ request, code }) => [request, code]),
    [[attach("no_such_event"), "ENOENT"]],
  );
  await object.detach();
  object.close();
});

test("the size of a loaded program", async () => {
  const object = await loadHere(probeObject(SWITCH, RETURN));
  assert.is(object.programSize("t_1").translated, 2);
  object.close();
});

test("a refused program: the script's line and one sentence", async () => {
  const bytes = probeObject(SWITCH, [move(2, 0), load(8, 3, 2, 0), ...RETURN]);
  const bound = bindHere(bytes);
  const error = explainLoadError(await refusal(() => new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bound)), bound);
  assert.ok(error instanceof BpfcastError);
  if (!(error instanceof BpfcastError)) return;
  assert.is(error.code, "verifier-refused");
  assert.is(error.details.exitCode, 255);
  assert.equal(error.details.location, { line: 2, column: 3, endLine: 2, endColumn: 15 });
  assert.match(
    error.message,
    "this kernel does not accept tracepoint:sched:sched_switch: the kernel cannot prove that this memory may be read",
  );
  assert.match(error.details.log ?? "", "R2 invalid mem access");
});

test("a log of many megabytes arrives whole", async () => {
  const code: Instruction[] = [];
  // Every round costs a line of log for each of its instructions.
  for (let index = 0; index < 30_000; index++) code.push(move(3, index), add(3, 1));
  const bytes = probeObject(SWITCH, [...code, load(8, 3, 2, 0), ...RETURN]);
  const bound = bindHere(bytes);
  const error = await refusal(() => new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bound));
  assert.ok((error.details.log ?? "").length > 1_000_000);
  assert.match(error.details.log ?? "", "R2 !read_ok");
});

test("bytes that are no object are refused by libbpf with its words", async () => {
  const bound = { ...bindHere(CLOCK), bytes: new TextEncoder().encode("this is no object") };
  const error = await refusal(() => new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bound));
  assert.is(error.code, "bad-object");
});

check.run();
