// The life cycle of a run, on a kernel that only answers.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BoundObject } from "../../runner/core/bind.ts";
import { TextOutput } from "../../runner/core/format/text.ts";
import { plainStyle } from "../../runner/core/names.ts";
import { Session, type SessionHost, type SessionOptions } from "../../runner/core/session.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { EventInfo, Manifest } from "../../wasm/manifest.ts";
import { FakeKernel } from "../support/fake-kernel.ts";
import { CollectingSink, layOut, makeBatch, u32, u64 } from "../support/memory.ts";
import { makeManifest, makeMap, makePrintf, makeProgram, NOWHERE } from "../support/objects.ts";

const EVENTS: EventInfo[] = [
  makePrintf("%d\n", [{ offset: 8, type: { kind: "int", size: 8, signed: true } }]),
  { kind: "exit", size: 16, args: [{ offset: 8, type: { kind: "int", size: 8, signed: false } }], location: NOWHERE },
  { kind: "print_map", map: 0, top: 0, div: 0, size: 8, location: NOWHERE },
  { kind: "clear", map: 0, size: 8, location: NOWHERE },
  { kind: "zero", map: 0, size: 8, location: NOWHERE },
  { kind: "runtime_error", text: "Divide or modulo by 0 detected.", size: 8, location: { line: 1, column: 9, endLine: 1, endColumn: 14 } },
];
const print = (value: number) => layOut(u32(0), u32(0), u64(value));
const exitWith = (code: number) => layOut(u32(1), u32(0), u64(code));
const command = (id: number) => layOut(u32(id), u32(0));

const SCALAR = makeMap({
  name: "@",
  value: { kind: "value", type: { kind: "int", size: 8, signed: true } },
  type: "array",
  key: null,
  keySize: 4,
  valueSize: 16,
  presenceOffset: 8,
});
const scalarContents = (value: number) => ({
  count: 1,
  keySize: 4,
  valueSize: 16,
  keys: layOut(u32(0)),
  values: layOut(u64(value), u64(1)),
});

interface Fixture {
  kernel: FakeKernel;
  sink: CollectingSink;
  stop: () => void;
  calls: string[];
  run: () => Promise<number>;
}

function fixture(manifest: Partial<Manifest> = {}, options: Partial<SessionOptions> = {}, withCommand = false): Fixture {
  const programs = manifest.programs ?? [
    makeProgram({ name: "b", kind: "begin" }),
    makeProgram({ name: "t", kind: "tracepoint", target: ["c", "e"], probe: "tracepoint:c:e" }),
    makeProgram({ name: "e", kind: "end" }),
  ];
  const bound: BoundObject = {
    bytes: new Uint8Array(0),
    manifest: makeManifest({
      programs,
      events: EVENTS,
      maps: [SCALAR],
      source: { name: "stdin", text: "begin { 5 / $a; }\n" },
      ...manifest,
    }),
    programs: programs.map(({ name, kind }, program) => ({
      symbol: name,
      program,
      attachments:
        kind === "tracepoint"
          ? [{ kind: "tracepoint", category: "c", event: "e" }]
          : kind === "kprobe"
            ? [{ kind: "kprobe", function: "f", offset: 0, isReturn: false }]
            : [],
    })),
    ringBytes: 4096,
    hasCounters: true,
    hasRingBuffer: true,
    warnings: [],
  };
  const kernel = new FakeKernel();
  const sink = new CollectingSink();
  const calls: string[] = [];
  let stop = () => {};
  let ended = () => {};
  const host: SessionHost = {
    onSignal: () => {},
    onStopRequest: (requested) => {
      stop = requested;
    },
    command: withCommand
      ? {
          release: () => calls.push("release"),
          onEnd: (callback) => {
            ended = callback;
          },
          terminate: () => calls.push("terminate"),
        }
      : undefined,
    every: () => () => {},
    similarFunctions: () => ["ff"],
    readFile: (path) =>
      path === "/nonexistent" ? { error: "No such file or directory" } : { bytes: new TextEncoder().encode(`<${path}>`) },
    runCommand: (line) => new TextEncoder().encode(`ran ${line}\n`),
    now: () => 86_399_000_000_000n,
  };
  const session = new Session(kernel, bound, new TextOutput(sink, plainStyle("..")), host, {
    quiet: false,
    dryRun: false,
    flushBatches: true,
    showWarnings: true,
    style: plainStyle(".."),
    complain: (message) => calls.push(`error: ${message}`),
    attached: () => calls.push(`attached, output so far: ${sink.out.length}`),
    warn: (warning) => calls.push(`warning: ${warning.message}`),
    ...options,
  });
  return { kernel, sink, calls, run: () => session.run(), stop: () => (withCommand ? ended() : stop()) };
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

test("the order of a run", async () => {
  const { kernel, sink, calls, run, stop } = fixture();
  kernel.sentBy.set("b", [makeBatch(print(1))]);
  kernel.sentBy.set("e", [makeBatch(print(9))]);
  kernel.maps.set("at_", scalarContents(42));
  kernel.onTrace = () => {
    kernel.send(makeBatch(print(2), print(3)));
    stop();
  };
  assert.is(await run(), 0);
  assert.is(sink.out, "1\n2\n3\n9\n\n\n@: 42\n");
  assert.is(sink.error, "Attached 3 probes\n");
  assert.equal(calls, ["attached, output so far: 0"]);
  assert.equal(kernel.log, ["load b t e", "run b", "attach 1", "watch", "detach", "run e", "read .data.counters", "read at_", "close"]);
});

test("begin and end alone: ends by itself", async () => {
  const { kernel, sink, run } = fixture({ programs: [makeProgram({ name: "b", kind: "begin" })] });
  kernel.sentBy.set("b", [makeBatch(print(1))]);
  assert.is(await run(), 0);
  assert.is(sink.out, "1\n\n\n");
  assert.is(sink.error, "Attached 1 probe\n");
});

test("exit: its code; events behind it are dropped, those of end are not", async () => {
  const { kernel, sink, run } = fixture();
  kernel.sentBy.set("b", [makeBatch(print(1), exitWith(7), print(2)), makeBatch(print(3))]);
  kernel.sentBy.set("e", [makeBatch(print(9))]);
  assert.is(await run(), 7);
  assert.is(sink.out, "1\n9\n\n\n");
});

test("exit codes are one byte", async () => {
  const { kernel, run } = fixture();
  kernel.sentBy.set("b", [makeBatch(exitWith(300))]);
  assert.is(await run(), 44);
});

test("map commands are done in their place among the events", async () => {
  const { kernel, sink, run } = fixture();
  kernel.maps.set("at_", scalarContents(5));
  kernel.sentBy.set("b", [
    makeBatch(print(1), command(2), print(2), command(4), command(2), command(3)),
    makeBatch(print(3), command(2), exitWith(0)),
  ]);
  assert.is(await run(), 0);
  assert.is(sink.out, "1\n@: 5\n2\n@: 0\n3\n@: 0\n\n\n");
});

test("a scalar that was zeroed prints as zero at exit, one that was cleared does not", async () => {
  for (const [id, expected] of [
    [4, "\n\n@: 0\n"],
    [3, "\n\n"],
  ] as const) {
    const { kernel, sink, run } = fixture();
    kernel.maps.set("at_", scalarContents(5));
    kernel.sentBy.set("b", [makeBatch(command(id), exitWith(0))]);
    await run();
    assert.is(sink.out, expected);
  }
});

test("discarded records are passed over", async () => {
  const { kernel, sink, run } = fixture();
  kernel.sentBy.set("b", [makeBatch({ discarded: layOut(u32(99)) }, print(1), exitWith(0))]);
  await run();
  assert.is(sink.out, "1\n\n\n");
});

test("a warning of a program shows the script", async () => {
  const { kernel, sink, run } = fixture();
  kernel.sentBy.set("b", [makeBatch(command(5), exitWith(0))]);
  await run();
  assert.is(sink.error, "Attached 3 probes\nstdin:1:9-14: WARNING: Divide or modulo by 0 detected.\nbegin { 5 / $a; }\n        ~~~~~\n");
});

test("losses and full maps are reported", async () => {
  const { kernel, sink, run } = fixture();
  kernel.maps.set(".data.counters", {
    count: 1,
    keySize: 4,
    valueSize: 24,
    keys: layOut(u32(0)),
    values: layOut(u64(100), u64(11), u64(2)),
  });
  kernel.sentBy.set("b", [makeBatch(exitWith(0))]);
  await run();
  assert.match(sink.error, "Lost 111 events\nWARNING: Map full; can't update element.");
  assert.match(sink.error, "(2 more updates refused)\nWARNING: Total lost event count: 111\n");
});

test("an event that the object does not describe ends the run", async () => {
  for (const record of [layOut(u32(99), u32(0)), layOut(u32(0), u32(0)), layOut(u32(0))]) {
    const { kernel, run } = fixture();
    kernel.sentBy.set("b", [makeBatch(record)]);
    const error = await refusal(run);
    assert.is(error.code, "bad-record");
    assert.is(kernel.log.at(-1), "close");
  }
});

test("a command: released when all is attached, terminated at the end", async () => {
  const { kernel, calls, run, stop } = fixture({}, {}, true);
  kernel.onTrace = stop;
  await run();
  assert.equal(calls, ["release", "attached, output so far: 0", "terminate", "terminate"]);
});

test("a dry run ends when everything is attached, and prints nothing", async () => {
  const { kernel, sink, run } = fixture({}, { dryRun: true });
  kernel.sentBy.set("b", [makeBatch(print(1))]);
  kernel.maps.set("at_", scalarContents(42));
  assert.is(await run(), 0);
  assert.is(sink.out + sink.error, "");
  assert.equal(kernel.log, ["load b t e", "run b", "attach 1", "close"]);
});

test("quiet: no message about attaching", async () => {
  const { kernel, sink, run } = fixture({}, { quiet: true });
  kernel.sentBy.set("b", [makeBatch(exitWith(0))]);
  await run();
  assert.is(sink.error, "");
});

test("maps are not printed when the script says so; else by name", async () => {
  const maps = ["@b", "@", "@a"].map((name) => ({ ...SCALAR, name, symbol: `at_${name.slice(1)}` }));
  for (const printMapsOnExit of [true, false]) {
    const { kernel, sink, run } = fixture({ maps, config: { ...makeManifest().config, printMapsOnExit } });
    for (const [index, { symbol }] of maps.entries()) kernel.maps.set(symbol, scalarContents(index));
    kernel.sentBy.set("b", [makeBatch(exitWith(0))]);
    await run();
    assert.is(sink.out, printMapsOnExit ? "\n\n@: 1\n@a: 2\n@b: 0\n" : "\n\n");
  }
});

test("a tracepoint that cannot be attached", async () => {
  const { kernel, run } = fixture();
  kernel.failures = [{ code: "EACCES", message: "x" }];
  const error = await refusal(run);
  assert.is(error.code, "attach-failed");
  assert.is(error.details.exitCode, 255);
  assert.match(error.message, /tracepoint:c:e/);
});

test("a function that does not exist: error, warning or nothing", async () => {
  const programs = [makeProgram({ name: "b", kind: "begin" }), makeProgram({ name: "k", kind: "kprobe", target: ["", "f", "0"] })];
  const config = makeManifest().config;
  const failing = (missingProbes: "error" | "warn" | "ignore") => {
    const made = fixture({ programs, config: { ...config, missingProbes } });
    made.kernel.failures = [{ code: "ENOENT", message: "x" }];
    made.kernel.sentBy.set("b", [makeBatch(exitWith(0))]);
    return made;
  };
  const error = await refusal(failing("error").run);
  assert.is(error.message, "No matches for kprobe f.");
  assert.match(error.details.hint ?? "", "ff");
  const warned = failing("warn");
  await warned.run();
  assert.is(
    warned.calls[0],
    'warning: f is not traceable (either non-existing, inlined, or marked as "notrace"); attaching to it will likely fail',
  );
  assert.is(warned.calls[1], "warning: No matches for kprobe f. Skipping.");
  assert.is(warned.sink.error, "Attached 1 probe\n");
  const ignored = failing("ignore");
  await ignored.run();
  assert.is(ignored.calls.length, 1);
});

test("nothing to attach at all", async () => {
  const error = await refusal(fixture({ programs: [] }).run);
  assert.is(error.code, "no-probes");
  assert.is(error.details.exitCode, 1);
});

test.run();
