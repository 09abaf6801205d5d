// Reads and checks the manifest of an untrusted object, and its relocation records.

import { BpfcastError } from "./errors.ts";
import {
  type Binding,
  type EventInfo,
  type Field,
  type Location,
  MANIFEST_VERSION,
  type Manifest,
  type MapInfo,
  type MapValue,
  type NamedField,
  type Program,
  type Relocation,
  RelocationKind,
  type Source,
  type StackMode,
  type ValueType,
} from "./manifest.ts";
import {
  array,
  boolean,
  integer,
  nullable,
  oneOf,
  type Reader,
  record,
  refuse,
  SchemaError,
  text,
  textLike,
  union,
  withOptional,
} from "./schema.ts";

/** Largest size of one value, key or record: what a ring buffer record and a per-CPU map value may hold. */
const MAX_BYTES = 1 << 26;
const MAX_LIST = 100_000;
const MAX_NESTING = 32;
const MAX_PATH = 4096;
const MAX_TEXT = 1 << 20;
/** Buckets of hist(n, 5), the finest: ((63 - 5 + 1) << 5) + 2^5 + 1 values and the one below zero. */
const MAX_BUCKETS = 4096;
/** Structs without fields in an array. */
const MAX_EMPTY = 4096;
const RELOCATION_BYTES = 20;

const size = integer(0, MAX_BYTES);
const count = integer(0, 0xffff_ffff);
const line = integer(0, 1 << 30);
const identifier = textLike(/^[A-Za-z0-9_.]{1,128}$/, "a symbol name");
const decimal = textLike(/^-?[0-9]{1,20}$/, "a decimal number");

const place = { line, column: line, endLine: line, endColumn: line };
const simpleLocation = withOptional<Location>("file", record({ file: text(MAX_PATH), ...place }), record(place));
const expanded = { ...place, expandedFrom: array(simpleLocation, MAX_NESTING * 2) };
const location = withOptional<Location>(
  "expandedFrom",
  withOptional<Location>("file", record({ file: text(MAX_PATH), ...expanded }), record(expanded)),
  simpleLocation,
);
const sourceText = { name: text(MAX_PATH), text: text(1 << 24) };

const frames = integer(1, 1024);
const stackMode = oneOf("bpftrace", "perf", "raw", "build_id");

/** Readers may nest (a tuple in a tuple); the depth is bounded so that a hostile document cannot exhaust the stack. */
function valueTypeAt(depth: number): Reader<ValueType> {
  return (value, path) => {
    if (depth > MAX_NESTING) return refuse(path, `nested at most ${MAX_NESTING} deep`);
    return union<ValueType>({
      int: record({ kind: oneOf("int"), size: oneOf(1, 2, 4, 8), signed: boolean }),
      bool: record({ kind: oneOf("bool") }),
      string: record({ kind: oneOf("string"), size }),
      pointer: record({ kind: oneOf("pointer") }),
      tuple: record({ kind: oneOf("tuple"), size, fields: array(fieldAt(depth + 1), 256) }),
      record: record({ kind: oneOf("record"), size, fields: array(namedFieldAt(depth + 1), 1024) }),
      array: record({ kind: oneOf("array"), count, element: valueTypeAt(depth + 1) }),
      enum: record({
        kind: oneOf("enum"),
        size: oneOf(1, 2, 4, 8),
        signed: boolean,
        names: array(record({ name: text(256), value: decimal }), 65_536),
      }),
      bits: record({ kind: oneOf("bits"), size: oneOf(1, 2, 4, 8), signed: boolean, shift: integer(0, 63), width: integer(1, 64) }),
      buffer: record({ kind: oneOf("buffer"), size: integer(4, MAX_BYTES) }),
      ksym: record({ kind: oneOf("ksym") }),
      usym: record({ kind: oneOf("usym") }),
      kstack: record({ kind: oneOf("kstack"), frames, mode: stackMode }),
      ustack: record({ kind: oneOf("ustack"), frames, mode: stackMode }),
      inet: record({ kind: oneOf("inet") }),
      mac: record({ kind: oneOf("mac") }),
      timestamp: record({ kind: oneOf("timestamp") }),
      cgroup_path: record({ kind: oneOf("cgroup_path") }),
      username: record({ kind: oneOf("username") }),
    })(value, path);
  };
}

function fieldAt(depth: number): Reader<Field> {
  const type = valueTypeAt(depth);
  return record({ offset: size, type });
}

function namedFieldAt(depth: number): Reader<NamedField> {
  const type = valueTypeAt(depth);
  return record({ name: text(256), offset: size, type });
}

const valueType = valueTypeAt(0);
const field = fieldAt(0);

const signedOnly = <K extends string>(kind: K) => record({ kind: oneOf(kind), signed: boolean });
const bucketCount = integer(1, MAX_BUCKETS);

const mapValue = union<MapValue>({
  value: record({ kind: oneOf("value"), type: valueType }),
  count: record({ kind: oneOf("count") }),
  sum: signedOnly("sum"),
  min: signedOnly("min"),
  max: signedOnly("max"),
  avg: signedOnly("avg"),
  stats: signedOnly("stats"),
  hist: record({ kind: oneOf("hist"), bits: integer(0, 5), buckets: bucketCount }),
  tseries: record({
    kind: oneOf("tseries"),
    interval: textLike(/^[1-9][0-9]{0,18}$/, "a positive number"),
    aggregation: oneOf("last", "avg", "max", "min", "sum"),
    signed: boolean,
    buckets: integer(1, 1_000_000),
  }),
  lhist: record({ kind: oneOf("lhist"), min: decimal, max: decimal, step: decimal, buckets: bucketCount }),
});

const mapInfo: Reader<MapInfo> = record({
  name: textLike(/^@[A-Za-z0-9_]{0,127}$/, "a map name"),
  symbol: identifier,
  type: oneOf("hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "array", "percpu_array"),
  key: nullable(valueType),
  keySize: size,
  value: mapValue,
  valueSize: size,
  capacity: count,
  bucketOffset: size,
  presenceOffset: size,
});

const program = record({
  name: identifier,
  section: text(256),
  kind: oneOf(
    "begin",
    "end",
    "self",
    "test",
    "bench",
    "tracepoint",
    "kprobe",
    "kretprobe",
    "uprobe",
    "uretprobe",
    "interval",
    "profile",
    "usdt",
    "watchpoint",
    "iter",
    "software",
    "hardware",
    "fentry",
    "fexit",
    "rawtracepoint",
  ),
  probe: text(4096),
  target: array(text(4096), 4),
  body: integer(0, MAX_LIST),
  location,
});

const args = array(field, 256);
const mapCommand = { map: integer(0, MAX_LIST), size, location };
const message = <K extends string>(kind: K) => record({ kind: oneOf(kind), format: text(MAX_TEXT), size, args, location });
const event = union<EventInfo>({
  printf: record({ kind: oneOf("printf"), format: text(MAX_TEXT), size, args, location }),
  exit: record({ kind: oneOf("exit"), size, args, location }),
  print_map: record({ kind: oneOf("print_map"), top: count, div: count, ...mapCommand }),
  clear: record({ kind: oneOf("clear"), ...mapCommand }),
  zero: record({ kind: oneOf("zero"), ...mapCommand }),
  print_value: record({ kind: oneOf("print_value"), size, args, location }),
  cat: message("cat"),
  system: message("system"),
  errorf: record({ kind: oneOf("errorf"), format: text(MAX_TEXT), size, args, library: text(256), location }),
  warnf: message("warnf"),
  time: record({ kind: oneOf("time"), format: text(4096), size, location }),
  join: record({ kind: oneOf("join"), separator: text(4096), size, args, location }),
  helper_error: record({ kind: oneOf("helper_error"), helper: text(256), size, args, location }),
  runtime_error: record({ kind: oneOf("runtime_error"), text: text(4096), size, location }),
});

const tracepoint = record({
  category: text(256),
  event: text(256),
  fields: array(
    record({
      name: text(256),
      offset: integer(0, 65_535),
      size: integer(0, 65_535),
      signed: boolean,
      kind: oneOf("int", "array", "data_loc"),
      location,
    }),
    1024,
  ),
});

const parameterIndex = integer(1, 65_535);
const constant = <K extends string>(kind: K) => record({ kind: oneOf(kind), offset: size, size: oneOf(8) });
const namedConstant = <K extends string>(kind: K) =>
  record({ kind: oneOf(kind), offset: size, size: oneOf(8), name: text(4096), location });
const binding = union<Binding>({
  max_cpu: record({ kind: oneOf("max_cpu"), offset: size, size: oneOf(4) }),
  ring_limit: record({ kind: oneOf("ring_limit"), offset: size, size: oneOf(8) }),
  start_time: constant("start_time"),
  tai_offset: constant("tai_offset"),
  namespace_device: constant("namespace_device"),
  namespace_inode: constant("namespace_inode"),
  cpu_count: constant("cpu_count"),
  command_pid: constant("command_pid"),
  kernel_version: constant("kernel_version"),
  kernel_address: namedConstant("kernel_address"),
  cgroup_id: namedConstant("cgroup_id"),
  probe_name: record({ kind: oneOf("probe_name"), offset: size, size: integer(1, 4096), program: count }),
  user_address: record({ kind: oneOf("user_address"), offset: size, size: oneOf(8), program: count, name: text(4096), location }),
  usdt_argument: record({
    kind: oneOf("usdt_argument"),
    offset: size,
    size: oneOf(32),
    program: count,
    argument: integer(0, 254),
  }),
  parameter_count: record({ kind: oneOf("parameter_count"), offset: size, size: oneOf(8) }),
  parameter_number: record({ kind: oneOf("parameter_number"), offset: size, size: oneOf(8), index: parameterIndex, location }),
  option: record({
    kind: oneOf("option"),
    offset: size,
    size: integer(8, 65_536),
    name: text(256),
    type: oneOf("bool", "int", "string"),
    default: text(256),
    description: text(4096),
    location,
  }),
  parameter_text: record({ kind: oneOf("parameter_text"), offset: size, size: integer(1, 65_536), index: parameterIndex, location }),
});

const manifest: Reader<Manifest> = record({
  version: integer(MANIFEST_VERSION, MANIFEST_VERSION),
  compiler: text(256),
  source: withOptional<Source>("files", record({ files: array(record(sourceText), MAX_LIST), ...sourceText }), record(sourceText)),
  arch: oneOf("x86_64", "aarch64"),
  programs: array(program, MAX_LIST),
  maps: array(mapInfo, MAX_LIST),
  events: array(event, MAX_LIST),
  tracepoints: array(tracepoint, MAX_LIST),
  bindings: array(binding, 1024),
  features: array(record({ feature: text(256), location }), 1024),
  texts: array(text(4096), MAX_LIST),
  scratch: record({ slotSize: size, slotsPerCpu: integer(0, 1024) }),
  config: record({
    printMapsOnExit: boolean,
    stringTruncationTrailer: text(1024),
    ringBufferPages: integer(0, 1 << 20),
    missingProbes: oneOf("error", "warn", "ignore"),
    cacheUserSymbols: oneOf("AUTO", "PER_PID", "PER_PROGRAM", "NONE"),
    cppDemangle: boolean,
    lazySymbolication: boolean,
    logSize: count,
    maxCatBytes: count,
    maxPrograms: count,
    maxProbes: count,
    showDebugInfo: boolean,
    stackMode: oneOf("bpftrace", "perf", "raw", "build_id"),
  }),
  unsafe: boolean,
});

/** Bytes that a value of the type takes. */
export function valueSize(type: ValueType): number {
  switch (type.kind) {
    case "int":
    case "string":
    case "tuple":
    case "record":
    case "enum":
    case "bits":
    case "buffer":
      return type.size;
    case "ksym":
    case "username":
    case "pointer":
      return 8;
    case "usym":
    case "timestamp":
    case "cgroup_path":
      return 16;
    case "kstack":
      return 8 + type.frames * 8;
    case "ustack":
      return 16 + type.frames * frameSize(type.mode);
    case "inet":
      return 24;
    case "mac":
      return 6;
    case "array":
      return type.count * valueSize(type.element);
    case "bool":
      return 1;
  }
}

/** Bytes of a frame of a process's stack. */
export function frameSize(mode: StackMode): number {
  return mode === "build_id" ? 32 : 8;
}

/** Values that a type holds, one beside the other. */
function leaves(type: ValueType): number {
  if (type.kind === "array") return type.count * leaves(type.element);
  if (type.kind === "tuple" || type.kind === "record") return type.fields.reduce((sum, field) => sum + leaves(field.type), 1);
  return 1;
}

/** Fields must lie inside what holds them: everything that decodes relies on it and checks no more. */
function checkInside(fields: Field[], bytes: number, path: string): void {
  fields.forEach(({ offset, type }, index) => {
    const where = `${path}[${index}]`;
    if (offset + valueSize(type) > bytes) refuse(where, `inside its ${bytes} bytes`);
    // No size limits how many there are of what has none.
    if (type.kind === "array" && valueSize(type.element) === 0 && leaves(type) > MAX_EMPTY)
      refuse(where, `at most ${MAX_EMPTY} times nothing`);
    if (type.kind === "tuple" || type.kind === "record") checkInside(type.fields, type.size, `${where}.type.fields`);
    if (type.kind === "array") checkInside([{ offset: 0, type: type.element }], valueSize(type.element), `${where}.type.element`);
  });
}

const AGGREGATE_BYTES = { count: 8, sum: 8, min: 16, max: 16, avg: 16, stats: 16 } as const;

function checkPresence(map: MapInfo, path: string): void {
  if (map.presenceOffset % 8 !== 0 || map.presenceOffset + 8 > map.valueSize) refuse(`${path}.presenceOffset`, "inside the value");
}

/** Only attach points of one probe, on functions, may share a program: others are told apart by its name. */
function checkNames(programs: Program[]): void {
  const known = new Map<string, Program>();
  programs.forEach((program, index) => {
    const twin = known.get(program.name);
    if (twin === undefined) known.set(program.name, program);
    else if (twin.body !== program.body || twin.kind !== program.kind || !program.kind.endsWith("probe"))
      refuse(`programs[${index}].name`, "that of no other program");
  });
}

function checkMap(map: MapInfo, path: string): void {
  const histogram = map.value.kind === "hist" || map.value.kind === "lhist" || map.value.kind === "tseries";
  if (map.key !== null) {
    checkInside([{ offset: 0, type: map.key }], map.keySize, `${path}.key`);
  } else {
    if (map.keySize !== 4) refuse(`${path}.keySize`, "4, the index of an array");
    if (!histogram) checkPresence(map, path);
  }
  if (histogram && map.bucketOffset + 4 > map.keySize) refuse(`${path}.bucketOffset`, "inside the key");
  let needed: number;
  switch (map.value.kind) {
    case "value":
      needed = valueSize(map.value.type);
      checkInside([{ offset: 0, type: map.value.type }], map.valueSize, `${path}.value`);
      break;
    case "hist":
    case "lhist":
      needed = 8;
      break;
    case "tseries":
      needed = 24;
      break;
    default:
      needed = AGGREGATE_BYTES[map.value.kind];
  }
  if (needed > map.valueSize) refuse(`${path}.valueSize`, `at least ${needed}`);
  if (map.value.kind === "lhist" && BigInt(map.value.step) < 1n) refuse(`${path}.value.step`, "at least 1");
}

function checkEvent(info: EventInfo, maps: number, path: string): void {
  if (info.size < 8) refuse(`${path}.size`, "at least 8, the record's head");
  if ("args" in info) checkInside(info.args, info.size, `${path}.args`);
  if ("map" in info && info.map >= maps) refuse(`${path}.map`, "the index of a map");
}

/** How many parts `target` has, by kind of program. */
const TARGET_PARTS = {
  begin: 0,
  end: 0,
  self: 1,
  test: 1,
  bench: 1,
  tracepoint: 2,
  kprobe: 3,
  kretprobe: 3,
  uprobe: 3,
  uretprobe: 3,
  interval: 2,
  profile: 2,
  usdt: 3,
  watchpoint: 3,
  iter: 2,
  software: 3,
  hardware: 3,
  rawtracepoint: 2,
  fentry: 2,
  fexit: 2,
} as const;

function checkManifest(checked: Manifest): void {
  checked.programs.forEach(({ kind, target }, index) => {
    const path = `programs[${index}].target`;
    if (target.length !== TARGET_PARTS[kind]) refuse(path, `of ${TARGET_PARTS[kind]} parts`);
    const isFunction = kind === "kprobe" || kind === "kretprobe";
    if (isFunction && !/^[0-9]{1,20}$/.test(target[2] ?? "")) refuse(`${path}[2]`, "a decimal offset or address");
    if (kind === "watchpoint") {
      if (!/^[1-9][0-9]{0,19}$/.test(target[0] ?? "")) refuse(`${path}[0]`, "a decimal address");
      if (!/^[1248]$/.test(target[1] ?? "")) refuse(`${path}[1]`, "1, 2, 4 or 8");
      if (!/^(r|w|rw|x)$/.test(target[2] ?? "")) refuse(`${path}[2]`, "r, w, rw or x");
    }
    if (kind === "interval" || kind === "profile") {
      if (!["hz", "s", "ms", "us"].includes(target[0] ?? "")) refuse(`${path}[0]`, "a unit of time");
      if (!/^[1-9][0-9]{0,18}$/.test(target[1] ?? "")) refuse(`${path}[1]`, "a positive number");
    }
  });
  checkNames(checked.programs);
  checked.maps.forEach((map, index) => {
    checkMap(map, `maps[${index}]`);
  });
  checked.events.forEach((info, index) => {
    checkEvent(info, checked.maps.length, `events[${index}]`);
  });
}

/**
 * The checked manifest in the bytes of section `.bpfcast`.
 * @throws BpfcastError `newer-manifest` for a version of the future, `bad-manifest` for anything else that is wrong.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  try {
    return readManifest(bytes);
  } catch (error) {
    if (error instanceof SchemaError) throw new BpfcastError("bad-manifest", `the object's manifest is damaged: ${error.message}`);
    throw error;
  }
}

function readManifest(bytes: Uint8Array): Manifest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("", "a JSON document in UTF-8");
  }
  const version = typeof document === "object" && document !== null ? (document as Record<string, unknown>).version : undefined;
  if (typeof version === "number" && version > MANIFEST_VERSION) {
    throw new BpfcastError(
      "newer-manifest",
      `the object was made by a newer bpfcast: its manifest has version ${version}, this one reads up to ${MANIFEST_VERSION}`,
      {
        hint: "update bpfcast on this machine, or rebuild the object with this version",
      },
    );
  }
  const checked = manifest(document, "");
  checkManifest(checked);
  return checked;
}

/**
 * The records of section `.bpfcast.rel`, their indexes checked against the manifest.
 * @throws BpfcastError `bad-relocation`.
 */
export function parseRelocations(bytes: Uint8Array, checked: Manifest): Relocation[] {
  if (bytes.length % RELOCATION_BYTES !== 0) {
    throw new BpfcastError("bad-relocation", "the object's relocation section is truncated");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const relocations: Relocation[] = [];
  for (let at = 0; at < bytes.length; at += RELOCATION_BYTES) {
    const kind: number = view.getUint32(at, true);
    const relocation: Relocation = {
      kind,
      program: view.getUint32(at + 4, true),
      instruction: view.getUint32(at + 8, true),
      tracepoint: view.getUint32(at + 12, true),
      field: view.getUint32(at + 16, true),
    };
    const fields = checked.tracepoints[relocation.tracepoint]?.fields;
    const program = checked.programs[relocation.program];
    if (kind > RelocationKind.SignShift || program === undefined || fields?.[relocation.field] === undefined) {
      throw new BpfcastError("bad-relocation", `relocation ${at / RELOCATION_BYTES} of the object is damaged`);
    }
    relocations.push(relocation);
  }
  return relocations;
}
