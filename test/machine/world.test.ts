// Maps, helpers and memory objects of the machine: what they answer, and what they refuse.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { KERNEL_SPACE, type Machine, MapType, PATH_SPACE } from "../../wasm/machine.ts";
import type { Instruction } from "../support/instructions.ts";
import { add, call, callback, copy, encode, exit, ifZero, make, map, move, result, wide } from "./code.ts";
import { newMachine } from "./machine.ts";

const machine = await newMachine({ cpus: 4 });
const u64 = (value: bigint) => BigInt.asUintN(64, value);
const bytes = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
const number = (value: Uint8Array | undefined) => (value === undefined ? undefined : new DataView(value.buffer).getBigUint64(0, true));
const text = (value: string) => new TextEncoder().encode(value);

function fresh(): Machine {
  machine.reset({ cpus: 4 });
  return machine;
}

const store = (offset: number, value: number) => make(0x7a, 10, 0, offset, value);
const stack = (register: number, offset: number) => [copy(register, 10), add(register, offset)];
/** Puts value into the map under key. */
const update = (handle: number, key: number, value: number, flags = 0) => [
  store(-8, key),
  store(-16, value),
  ...map(1, handle),
  ...stack(2, -8),
  ...stack(3, -16),
  move(4, flags),
  call(2),
];
const lookup = (handle: number, key: number) => [store(-8, key), ...map(1, handle), ...stack(2, -8), call(1)];
const remove = (handle: number, key: number) => [store(-8, key), ...map(1, handle), ...stack(2, -8), call(3)];
const hash = (type: 1 | 5 | 9 | 10, capacity = 4) => machine.createMap({ type, keySize: 8, valueSize: 8, capacity, name: "hash" });
const run = (code: Instruction[]) => result(machine, [...code, exit]);

test("hash tables", () => {
  fresh();
  const handle = hash(MapType.hash);
  for (let key = 0; key < 4; key++) assert.is(run(update(handle, key, key * 10)), 0n);
  assert.is(run(update(handle, 4, 0)), u64(-7n), "full");
  assert.is(run(update(handle, 3, 31)), 0n, "a full map takes a new value of an old key");
  assert.is(run(update(handle, 3, 0, 1)), u64(-17n), "only new keys");
  assert.is(run(update(handle, 9, 0, 2)), u64(-2n), "only old keys");
  assert.is(run(update(handle, 3, 0, 3)), u64(-22n), "unknown flags");
  assert.is(run([...lookup(handle, 3), ifZero(0, 1), make(0x79, 0, 0, 0)]), 31n);
  assert.is(run(lookup(handle, 9)), 0n);
  assert.is(run(remove(handle, 1)), 0n);
  assert.is(run(remove(handle, 1)), u64(-2n));
  const { count, keys, values } = machine.readMap(handle);
  assert.equal([count, keys.length, values.length], [3, 24, 24]);
  assert.is(number(machine.getValue(handle, bytes(2n))), 20n);
  machine.zeroMap(handle);
  assert.is(number(machine.getValue(handle, bytes(2n))), 0n);
  assert.ok(machine.deleteKey(handle, bytes(2n)));
  machine.clearMap(handle);
  assert.is(machine.readMap(handle).count, 0);
});

test("who holds the address of a deleted or replaced value still reads it", () => {
  fresh();
  const handle = hash(MapType.hash);
  const hold = [...update(handle, 1, 5), ...lookup(handle, 1)];
  assert.is(run([...hold, ifZero(0, 8), copy(6, 0), ...remove(handle, 1), make(0x79, 0, 6, 0)]), 5n);
  assert.is(run([...hold, ifZero(0, 12), copy(6, 0), ...update(handle, 1, 6), make(0x79, 0, 6, 0)]), 5n);
});

test("a hash table of many keys", () => {
  fresh();
  const handle = hash(MapType.hash, 100_000);
  for (let key = 0n; key < 20_000n; key++) machine.setValue(handle, bytes(key), bytes(key * 3n));
  for (let key = 0n; key < 20_000n; key += 2n) assert.ok(machine.deleteKey(handle, bytes(key)));
  assert.is(machine.readMap(handle).count, 10_000);
  for (let key = 1n; key < 20_000n; key += 200n) assert.is(number(machine.getValue(handle, bytes(key))), key * 3n);
  assert.is(machine.getValue(handle, bytes(2n)), undefined);
});

test("the least recently used key makes room", () => {
  fresh();
  const handle = hash(MapType.lru_hash, 2);
  assert.is(run([...update(handle, 1, 1), ...update(handle, 2, 2), ...lookup(handle, 1), ...update(handle, 3, 3)]), 0n);
  assert.equal(
    [1n, 2n, 3n].map((key) => machine.getValue(handle, bytes(key)) !== undefined),
    [true, false, true],
  );
});

test("values of each CPU", () => {
  fresh();
  const handle = hash(MapType.percpu_hash);
  for (const cpu of [0, 3]) {
    machine.setEvent({ cpu });
    assert.is(run(update(handle, 1, cpu + 10)), 0n);
  }
  const values = new BigUint64Array(machine.readMap(handle).values.buffer);
  assert.equal([...values], [10n, 0n, 0n, 13n]);
  const onCpu = (cpu: number) => [
    store(-8, 1),
    ...map(1, handle),
    ...stack(2, -8),
    move(3, cpu),
    call(195),
    ifZero(0, 1),
    make(0x79, 0, 0, 0),
  ];
  assert.equal([run(onCpu(0)), run(onCpu(3)), run(onCpu(4))], [10n, 13n, 0n]);
});

test("arrays", () => {
  fresh();
  const handle = machine.createMap({ type: MapType.array, keySize: 4, valueSize: 8, capacity: 3, name: "array" });
  assert.is(run(update(handle, 2, 7)), 0n);
  assert.is(run(update(handle, 3, 7)), u64(-7n));
  assert.is(run(update(handle, 2, 7, 1)), u64(-17n));
  assert.is(run(remove(handle, 2)), u64(-22n));
  assert.is(run(lookup(handle, 3)), 0n);
  assert.equal([...new BigUint64Array(machine.readMap(handle).values.buffer)], [0n, 0n, 7n]);
  assert.equal([...new Uint32Array(machine.readMap(handle).keys.buffer)], [0, 1, 2]);
});

test("callbacks", () => {
  fresh();
  const handle = hash(MapType.hash);
  for (let key = 1n; key <= 3n; key++) machine.setValue(handle, bytes(key), bytes(key * 10n));
  // Adds key and value of each element to the sum at the callback's memory.
  const sum = [
    store(-8, 0),
    ...map(1, handle),
    ...callback(2, 7),
    ...stack(3, -8),
    move(4, 0),
    call(164),
    make(0x79, 0, 10, -8),
    exit,
    make(0x79, 1, 2, 0),
    make(0x79, 2, 3, 0),
    make(0x0f, 1, 2),
    make(0xdb, 4, 1, 0, 0),
    move(0, 0),
  ];
  assert.is(run(sum), 66n);
  const loop = (rounds: number, last: number) => [
    move(1, rounds),
    ...callback(2, 5),
    move(3, 0),
    move(4, 0),
    call(181),
    exit,
    move(0, 0),
    make(0x55, 1, 0, 1, last),
    move(0, 1),
  ];
  assert.is(run(loop(10, 99)), 10n);
  assert.is(run(loop(10, 3)), 4n, "a callback that returns 1 ends the loop");
  assert.is(run(loop((1 << 23) + 1, 0)), u64(-7n));
});

test("the ring buffer", () => {
  fresh();
  const ring = machine.createMap({ type: MapType.ringbuf, keySize: 0, valueSize: 0, capacity: 4096, name: "ring" });
  const output = (value: number) => [store(-8, value), ...map(1, ring), ...stack(2, -8), move(3, 8), move(4, 0), call(130)];
  const reserve = (size: number, commit: number) => [
    ...map(1, ring),
    move(2, size),
    move(3, 0),
    call(131),
    ifZero(0, 4),
    make(0x7a, 0, 0, 0, 9),
    copy(1, 0),
    move(2, 0),
    call(commit),
    move(0, 0),
  ];
  const query = (what: number) => run([...map(1, ring), move(2, what), call(134)]);
  run(output(1));
  run(reserve(12, 133));
  run(reserve(12, 132));
  assert.equal([query(0), query(1), query(2), query(3)], [64n, 4096n, 0n, 64n]);
  const view = new Uint32Array(machine.drain(ring).slice().buffer);
  assert.equal([view[0], view[2], view[4], view[10], view[12]], [8, 1, 12 | 0x4000_0000, 12, 9]);
  assert.is(query(0), 0n);
  let taken = 0;
  while (run(output(taken)) === 0n) taken++;
  assert.is(taken, 255, "one record less than there is room for");
  assert.is(machine.drain(ring).length, 255 * 16);
  assert.is(run(output(0)), 0n);
  // A run that is stopped leaves its record discarded.
  assert.is(result(machine, [...map(1, ring), move(2, 8), move(3, 0), call(131), move(0, 0), exit]), "leaked-record");
  const left = new Uint32Array(machine.drain(ring).slice().buffer);
  assert.equal([left[0], left[4]], [8, 8 | 0x4000_0000]);
});

test("the current event", () => {
  fresh();
  machine.setEvent({ monotonic: 1n, boot: 2n, tai: 3n, jiffies: 4n, process: 5, thread: 6, user: 7, group: 8, task: 9n, cgroup: 10n });
  machine.setEvent({ cpu: 3, numaNode: 1, functionAddress: 11n, cookie: 12n, comm: "a name that is too long" });
  const expected: [helper: number, value: bigint][] = [
    [5, 1n],
    [125, 2n],
    [208, 3n],
    [118, 4n],
    [14, (5n << 32n) | 6n],
    [15, (8n << 32n) | 7n],
    [35, 9n],
    [80, 10n],
    [8, 3n],
    [42, 1n],
  ];
  for (const [helper, value] of expected) assert.is(run([call(helper)]), value, `helper ${helper}`);
  assert.is(run([call(173)]), 11n);
  assert.is(run([call(174)]), 12n);
  const comm = (size: number) => run([store(-8, -1), ...stack(1, -8), move(2, size), call(16), make(0x79, 0, 10, -8)]);
  assert.is(comm(8), number(text("a name \0")));
  assert.is(comm(3), number(Uint8Array.of(0x61, 0x20, 0, 0xff, 0xff, 0xff, 0xff, 0xff)), "a text that is cut ends with a NUL");
  assert.throws(() => machine.setEvent({ cpu: 4 }));
});

test("random numbers depend on the seed alone", () => {
  const draw = (seed: bigint) => {
    machine.reset({ cpus: 1, seed });
    return [run([call(7)]), run([call(7)])];
  };
  assert.equal(draw(5n), draw(5n));
  assert.not.equal(draw(5n), draw(6n));
  assert.ok((draw(5n)[0] as bigint) < 1n << 32n);
});

const OBJECT = 0xffff_8880_0010_0000n;

test("kernel and user memory", () => {
  fresh();
  machine.addMemory(KERNEL_SPACE, OBJECT, text("kernel\0bytes...."));
  machine.addMemory(7, 0x1000n, text("user"));
  machine.addMemory(7, 0x1004n, text(" text\0"), true);
  machine.addMemory(8, 0x1000n, text("other\0"));
  const read = (helper: number, size: number, address: bigint) =>
    run([store(-16, 0), store(-8, 0), ...stack(1, -16), move(2, size), ...wide(3, address), call(helper)]);
  const bytesRead = (helper: number, size: number, address: bigint) =>
    run([store(-16, 0), store(-8, 0), ...stack(1, -16), move(2, size), ...wide(3, address), call(helper), make(0x79, 0, 10, -16)]);
  const asNumber = (value: string) => number(text(value.padEnd(8, "\0")));
  assert.is(read(113, 8, OBJECT), 0n);
  assert.is(bytesRead(113, 8, OBJECT), asNumber("kernel\0b"));
  assert.is(read(113, 16, OBJECT + 8n), u64(-14n), "a read that leaves the object");
  assert.is(bytesRead(113, 16, OBJECT + 8n), 0n);
  assert.is(read(113, 8, 0n), u64(-34n), "no kernel address");
  assert.is(read(115, 16, OBJECT), 7n, "a text ends behind its NUL");
  assert.is(read(115, 4, OBJECT), 4n);
  assert.is(bytesRead(115, 4, OBJECT), asNumber("ker"));
  machine.setEvent({ addressSpace: 7 });
  assert.is(read(114, 16, 0x1000n), 10n, "objects that touch are one memory");
  assert.is(bytesRead(112, 8, 0x1000n), asNumber("user tex"));
  assert.is(read(112, 8, OBJECT), u64(-14n));
  machine.setEvent({ addressSpace: 8 });
  assert.is(bytesRead(112, 6, 0x1000n), asNumber("other"));
  // Writes reach what may be written.
  const write = (address: bigint) => run([store(-8, 0x2121), ...wide(1, address), ...stack(2, -8), move(3, 2), call(36)]);
  assert.is(write(0x1000n), u64(-14n));
  machine.setEvent({ addressSpace: 7 });
  assert.is(write(0x1005n), 0n);
  assert.equal(machine.readMemory(7, 0x1004n), text(" !!xt\0"));
  machine.writeMemory(7, 0x1004n, text("T"), 1);
  assert.equal(machine.readMemory(7, 0x1004n), text(" T!xt\0"));
  assert.throws(() => machine.writeMemory(7, 0x1004n, text("long"), 4));
  assert.throws(() => machine.addMemory(7, 0x0fffn, text("ab")), "it overlaps");
  machine.removeSpace(7);
  assert.is(read(112, 4, 0x1000n), u64(-14n));
  assert.ok(machine.removeMemory(KERNEL_SPACE, OBJECT));
  assert.not(machine.removeMemory(KERNEL_SPACE, OBJECT));
  assert.is(read(113, 8, OBJECT), u64(-14n));
});

test("typed kernel pointers", () => {
  fresh();
  machine.addMemory(KERNEL_SPACE, OBJECT, bytes(0x8877_6655_4433_2211n));
  const at = (address: bigint, opcode = 0x79) => [...wide(1, address), make(opcode, 0, 1, 0), exit];
  assert.is(result(machine, at(OBJECT)), "kernel-memory", "only programs of some kinds");
  const typed = { typedPointers: true };
  assert.is(result(machine, at(OBJECT), typed), 0x8877_6655_4433_2211n);
  assert.is(result(machine, at(OBJECT + 7n, 0x91), typed), u64(-120n));
  assert.is(result(machine, at(0n), typed), 0n, "NULL reads as 0");
  assert.is(result(machine, at(OBJECT + 4n), typed), 0n, "what is not there reads as 0");
  assert.is(result(machine, [...wide(1, OBJECT), make(0x7a, 1, 0, 0, 1), move(0, 0), exit], typed), "kernel-memory");
  const handle = hash(MapType.hash);
  assert.is(result(machine, [...lookup(handle, 1), make(0x79, 0, 0, 0), exit], typed), "null-pointer", "a look-up is no such pointer");
});

test("stacks and paths", () => {
  fresh();
  machine.setEvent({ kernelStack: [1n, 2n, 3n], userStack: [] });
  const walk = (flags: number, size = 16) => [...stack(2, -16), move(3, size), move(4, flags), call(67)];
  const context = { context: new Uint8Array(8) };
  assert.is(result(machine, [...walk(0), exit], context), 16n);
  assert.is(result(machine, [...walk(2), make(0x79, 0, 10, -16), exit], context), 3n);
  assert.is(result(machine, [...walk(2), exit], context), 8n);
  assert.is(result(machine, [...walk(0x100), exit], context), u64(-14n), "an empty stack");
  assert.is(result(machine, [...walk(0x8000), exit], context), u64(-22n));
  machine.addMemory(PATH_SPACE, OBJECT, text("/tmp/x"));
  const path = (size: number) => [...wide(1, OBJECT), ...stack(2, -16), move(3, size), call(147)];
  assert.is(run(path(16)), 7n);
  assert.is(run([...path(16), make(0x71, 0, 10, -11)]), BigInt("x".charCodeAt(0)));
  assert.is(run(path(6)), u64(-36n));
});

test("effects", () => {
  fresh();
  const format = machine.createMap({ type: MapType.array, keySize: 4, valueSize: 8, capacity: 1, name: "format", isReadOnly: true });
  machine.setValue(format, new Uint8Array(4), text("n %d ok\0"));
  const code = [
    copy(6, 1),
    move(1, 9),
    call(109),
    move(1, 15),
    call(117),
    copy(1, 6),
    move(2, -1),
    call(58),
    make(0x18, 1, 2, 0, format),
    make(0),
    move(2, 8),
    move(3, 42),
    move(4, 0),
    move(5, 0),
    call(6),
    exit,
  ];
  assert.is(result(machine, code), 8n);
  assert.equal(machine.effects(), [
    { kind: "signal", signal: 9, thread: false },
    { kind: "signal", signal: 15, thread: true },
    { kind: "override", value: u64(-1n) },
    { kind: "print", format: "n %d ok", arguments: [42n, 0n, 0n] },
  ]);
  assert.is(run([move(0, 0)]), 0n);
  assert.equal(machine.effects(), []);
  assert.is(run([move(1, 65), call(109)]), u64(-22n));
});

test("PID namespaces", () => {
  fresh();
  machine.setEvent({ namespaceDevice: 4n, namespaceInode: 5n, namespaceProcess: 6, namespaceThread: 7 });
  const ask = (inode: number) => [move(1, 4), move(2, inode), ...stack(3, -8), move(4, 8), call(120)];
  assert.is(run([...ask(5), make(0x79, 0, 10, -8)]), (6n << 32n) | 7n);
  assert.is(run(ask(6)), u64(-22n));
});

test("large copies count as instructions", () => {
  fresh();
  const handle = machine.createMap({ type: MapType.array, keySize: 4, valueSize: 1 << 20, capacity: 1, name: "large" });
  const value = (register: number) => [make(0x18, register, 2, 0, handle), make(0)];
  const code = [move(0, 0), ...value(1), move(2, 1 << 20), ...value(3), call(113), make(0x05, 0, 0, -7), exit];
  const added = machine.addProgram(encode(code.slice(0, -1)));
  assert.ok(added.ok);
  if (!added.ok) return;
  const stopped = machine.run(added.program, { budget: 1_000_000 });
  assert.ok(!stopped.ok && stopped.fault.kind === "budget");
});

test("machines that cannot be", () => {
  assert.throws(() => machine.reset({ cpus: 0 }));
  fresh();
  assert.throws(() => machine.createMap({ type: MapType.hash, keySize: 0, valueSize: 8, capacity: 1, name: "x" }));
  assert.throws(() => machine.createMap({ type: MapType.array, keySize: 8, valueSize: 8, capacity: 1, name: "x" }));
  assert.throws(() => machine.createMap({ type: MapType.array, keySize: 4, valueSize: 2 ** 28, capacity: 64, name: "x" }));
  assert.throws(() => machine.createMap({ type: MapType.ringbuf, keySize: 0, valueSize: 0, capacity: 5000, name: "x" }));
  machine.reset({ cpus: 1, memoryLimit: 1 << 20 });
  assert.throws(() => machine.createMap({ type: MapType.array, keySize: 4, valueSize: 8, capacity: 1 << 18, name: "x" }));
  assert.throws(() => machine.readMap(1));
  assert.is(machine.addProgram(encode([])).ok, false);
  const none = machine.run(99);
  assert.ok(!none.ok);
});

test.run();
