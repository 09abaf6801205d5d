// The contract between the compiler and whoever runs its objects: one JSON document in section `.bpfcast`.
//
// Objects are untrusted input: `parseManifest` checks every field before the runner believes one. The compiler writes the
// document canonically (sorted keys, no blanks), so equal scripts give equal bytes.

/** The newest manifest version that this code understands. */
export const MANIFEST_VERSION = 1;

/** What objects are made for, by the kernel's names. */
export type Architecture = "x86_64" | "aarch64";

/** ELF sections that belong to bpfcast and are skipped by libbpf. */
export const MANIFEST_SECTION = ".bpfcast";
export const RELOCATION_SECTION = ".bpfcast.rel";

/** Name of the ring buffer map that carries every event. */
export const RING_BUFFER_MAP = "events";
/** Section (and libbpf map) of the loss counters: an array of u64, one per `CounterKind`. */
export const COUNTER_SECTION = ".data.counters";
/** Section (and libbpf map) of the per-CPU scratch slots; `bind` sets its size. */
export const SCRATCH_SECTION = ".data.scratch";

/** A place in the script: lines and byte columns count from 1, `endColumn` is exclusive. */
export interface Location {
  /** Name of the local header that it is in; absent in the script itself. */
  file?: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  /** In a macro: where it is used, and where the macro around that is. */
  expandedFrom?: Location[];
}

/** A script's text, or a header's. */
export interface SourceText {
  /** Shown in messages: a file name, or `stdin`. */
  name: string;
  text: string;
}

/** A script with the local headers that it includes. */
export interface Source extends SourceText {
  files?: SourceText[];
}

/** How the bytes of one value lie in an event, a map key or a map value. All little endian, at natural alignment. */
export type ValueType =
  /** `size` bytes, two's complement. */
  | { kind: "int"; size: 1 | 2 | 4 | 8; signed: boolean }
  /** One byte, 0 or 1. */
  | { kind: "bool" }
  /** `size` bytes; text ends at the first NUL. Without a NUL it was truncated. */
  | { kind: "string"; size: number }
  /** An address, printed as hexadecimal. */
  | { kind: "pointer" }
  /** Values at fixed offsets; also the key of a map with several keys. */
  | { kind: "tuple"; size: number; fields: Field[] }
  /** Values with names at fixed offsets: a record, or a struct of the script. */
  | { kind: "record"; size: number; fields: NamedField[] }
  /** `count` elements one behind the other. */
  | { kind: "array"; count: number; element: ValueType }
  /** An integer whose values have names; other values print as numbers. */
  | { kind: "enum"; size: 1 | 2 | 4 | 8; signed: boolean; names: { name: string; value: string }[] }
  /** A bitfield: `width` bits of an integer of `size` bytes, from bit `shift` on. */
  | { kind: "bits"; size: 1 | 2 | 4 | 8; signed: boolean; shift: number; width: number }
  /** u32 length, then up to `size - 4` bytes. */
  | { kind: "buffer"; size: number }
  /** u64 address in the kernel, printed as its symbol. */
  | { kind: "ksym" }
  /** u64 address, u32 process, u32 unused. */
  | { kind: "usym" }
  /** u64 number of frames, then room for `frames` u64 addresses. */
  | { kind: "kstack"; frames: number; mode: StackMode }
  /** u64 number of frames, u32 process, u32 unused, then room for `frames` u64 addresses; in mode build_id for as many struct bpf_stack_build_id. */
  | { kind: "ustack"; frames: number; mode: StackMode }
  /** u64 family (AF_INET, AF_INET6), then 16 bytes in network order, of which IPv4 has the first 4. */
  | { kind: "inet" }
  /** Six bytes. */
  | { kind: "mac" }
  /** u32 index of the format in `texts`, u32 clock (0 boot, 1 monotonic, 2 and 3 TAI), u64 nanoseconds. */
  | { kind: "timestamp" }
  /** u64 id, u32 index of the filter in `texts`, u32 unused. */
  | { kind: "cgroup_path" }
  /** u64 user id. */
  | { kind: "username" };

/** How frames print: `symbol+offset`, as perf has them, as addresses, or as build ids and places in files. */
export type StackMode = "bpftrace" | "perf" | "raw" | "build_id";

export interface Field {
  /** Bytes from the start of the tuple or event. */
  offset: number;
  type: ValueType;
}

export interface NamedField extends Field {
  name: string;
}

/** What a map holds under one key, and so how its per-CPU values are reduced and printed. */
export type MapValue =
  /** A plain value: not per CPU. */
  | { kind: "value"; type: ValueType }
  /** Per CPU `{ u64 count; }`. */
  | { kind: "count" }
  /** Per CPU `{ u64 total; }`. */
  | { kind: "sum"; signed: boolean }
  /** Per CPU `{ u64 value; u64 isSet; }`. */
  | { kind: "min"; signed: boolean }
  | { kind: "max"; signed: boolean }
  /** Per CPU `{ u64 total; u64 count; }`. */
  | { kind: "avg"; signed: boolean }
  | { kind: "stats"; signed: boolean }
  /**
   * Per CPU `u64`. Keyed maps: under (key, u32 bucket). Scalar maps: an array with one entry per bucket, whose u32 key is
   * the bucket; assigned when any bucket is not 0. Bucket of a value: see `Histogram` in runner/core/format.
   */
  | { kind: "hist"; bits: number; buckets: number }
  | { kind: "lhist"; min: string; max: string; step: string; buckets: number }
  /**
   * Per CPU `{ u64 value; u64 meta; u64 epoch; }` under the same keys as a histogram's, the bucket being `epoch` modulo `buckets`.
   * `epoch` counts intervals (of `interval` nanoseconds, decimal) since 1970; `meta` is when a last value came, or of how many
   * values an average is the sum.
   */
  | { kind: "tseries"; interval: string; aggregation: "last" | "avg" | "max" | "min" | "sum"; signed: boolean; buckets: number };

export interface MapInfo {
  /** The script's name: `@`, `@bytes`. */
  name: string;
  /** The ELF symbol and libbpf name: `at_bytes`. */
  symbol: string;
  /** BPF map type by its kernel name. */
  type: "hash" | "percpu_hash" | "lru_hash" | "lru_percpu_hash" | "array" | "percpu_array";
  /** Null for a scalar map, which is an array of one entry (of `buckets` entries for a histogram). */
  key: ValueType | null;
  /** Bytes of the BPF key: the key, rounded up to 4 and followed by a u32 bucket for a keyed histogram; 4 for a scalar map. */
  keySize: number;
  value: MapValue;
  /** Bytes of the BPF value, on one CPU. */
  valueSize: number;
  /** Largest number of keys. */
  capacity: number;
  /** Offset of a keyed histogram's u32 bucket in the BPF key. */
  bucketOffset: number;
  /**
   * Scalar maps other than histograms: offset in the BPF value of a u64 that is not 0 once the script assigned the map (on
   * that CPU). An array entry always exists; this tells the assigned ones, so that an untouched map prints nothing at exit.
   */
  presenceOffset: number;
}

export type ProgramKind =
  | "begin"
  | "end"
  | "self"
  | "test"
  | "bench"
  | "tracepoint"
  | "kprobe"
  | "kretprobe"
  | "uprobe"
  | "uretprobe"
  | "interval"
  | "profile"
  | "usdt"
  | "watchpoint"
  | "iter"
  | "software"
  | "hardware"
  | "rawtracepoint"
  | "fentry"
  | "fexit";

/** One BPF program. A wildcard stays a pattern in `target` and is expanded on the host. */
export interface Program {
  /** ELF symbol. Attach points of one probe may share a program. */
  name: string;
  /** ELF section, in libbpf's spelling. */
  section: string;
  kind: ProgramKind;
  /** The probe as the peer prints it: `tracepoint:raw_syscalls:sys_enter`. */
  probe: string;
  /**
   * Parts of the attach point. tracepoint: [category, event]. kprobe, kretprobe: [module or "", function or "", offset in decimal],
   * without a function the offset is an address. uprobe, uretprobe: [binary, function or "", offset in decimal]. software, hardware:
   * perf's [type, number of the event, events between two samples], in decimal. interval, profile: [unit "hz"|"s"|"ms"|"us", number].
   * rawtracepoint: [module or "", event]. fentry, fexit: [module or "", function]. usdt: [binary, namespace or "", name]. watchpoint: [address in decimal, bytes, mode]. iter: [name, file below /sys/fs/bpf or ""]. self: [signal]. test, bench: [name]. begin, end: [].
   */
  target: string[];
  /** Counts the probes of the script: the attach points of one have it in common. */
  body: number;
  location: Location;
}

/** A message from BPF: the record starts with `u32 id; u32 reserved`, arguments follow at their offsets. */
export type EventInfo =
  | { kind: "printf"; format: string; size: number; args: Field[]; location: Location }
  /** Ends the trace; `args` is empty (code 0) or holds the exit code. */
  | { kind: "exit"; size: number; args: Field[]; location: Location }
  /** Asynchronous map commands: `map` is an index into `maps`. */
  | { kind: "print_map"; map: number; top: number; div: number; size: number; location: Location }
  | { kind: "clear"; map: number; size: number; location: Location }
  | { kind: "zero"; map: number; size: number; location: Location }
  /** print() of a value that is no map. */
  | { kind: "print_value"; size: number; args: Field[]; location: Location }
  /** cat() and system(): the message is a file name, or a command line for the shell. */
  | { kind: "cat"; format: string; size: number; args: Field[]; location: Location }
  | { kind: "system"; format: string; size: number; args: Field[]; location: Location }
  /** Messages with their place in the script. */
  /** `library`: place in the peer's library that the message names first; empty for a call of the script. */
  | { kind: "errorf"; format: string; size: number; args: Field[]; library: string; location: Location }
  | { kind: "warnf"; format: string; size: number; args: Field[]; location: Location }
  /** time(): `format` is strftime's. */
  | { kind: "time"; format: string; size: number; location: Location }
  /** join(): a u64 number of texts, then room for them. */
  | { kind: "join"; separator: string; size: number; args: Field[]; location: Location }
  /** A run-time warning, as `division by zero`; `text` is what is printed after the location. */
  | { kind: "runtime_error"; text: string; size: number; location: Location }
  /** A helper that failed; `args` holds what it returned. */
  | { kind: "helper_error"; helper: string; size: number; args: Field[]; location: Location };

/** A tracepoint whose fields the code reads, as they were in the profile that compiled it. */
export interface Tracepoint {
  category: string;
  event: string;
  fields: TracepointField[];
}

export interface TracepointField {
  name: string;
  offset: number;
  size: number;
  signed: boolean;
  /** `int`: a scalar of `size`; `array`: read by address, of `size` bytes; `data_loc`: u32 of (offset, length). */
  kind: "int" | "array" | "data_loc";
  /** The first use in the script, for the error of a field that has vanished. */
  location: Location;
}

/** A constant of `.rodata` that `bind` sets: `size` bytes at `offset`. */
export type Binding =
  /** Largest CPU number: bounds the scratch slot index. */
  | { kind: "max_cpu"; offset: number; size: 4 }
  /** Bytes that the ring buffer may hold before printf-class events are dropped (its size less a reserve). */
  | { kind: "ring_limit"; offset: number; size: 8 }
  /** Nanoseconds of the boot clock when the trace started, and what turns that clock into TAI. */
  | { kind: "start_time"; offset: number; size: 8 }
  | { kind: "tai_offset"; offset: number; size: 8 }
  /** Device and inode of the tracer's PID namespace. */
  | { kind: "namespace_device"; offset: number; size: 8 }
  | { kind: "namespace_inode"; offset: number; size: 8 }
  /** Number of CPUs. */
  | { kind: "cpu_count"; offset: number; size: 8 }
  /** Process of the command of `-c`, 0 without one. */
  | { kind: "command_pid"; offset: number; size: 8 }
  /** Release of the kernel: major << 16 | minor << 8 | patch. */
  | { kind: "kernel_version"; offset: number; size: 8 }
  /** Address of the kernel symbol `name`; id of the cgroup at path `name`. */
  | { kind: "kernel_address"; offset: number; size: 8; name: string; location: Location }
  | { kind: "cgroup_id"; offset: number; size: 8; name: string; location: Location }
  /** NUL-terminated full name of the place that `program` (an index) is attached to. */
  | { kind: "probe_name"; offset: number; size: number; program: number }
  /**
   * Where an argument of the static tracepoint lies that `program` is attached to: u64 constant, u32 offset of a register in the
   * context, u32 of an index register, u32 bits that the index is shifted by, u32 bits that the value is shifted by to the left and
   * back, u32 flags (1: add the register, 2: add the index, 4: the sum is an address in the process, 8: the value has a sign).
   */
  | { kind: "usdt_argument"; offset: number; size: 32; program: number; argument: number }
  /** How far the symbol `name` of the file that `program` is attached to lies behind the place of the probe. */
  | { kind: "user_address"; offset: number; size: 8; program: number; name: string; location: Location }
  /** `$#`. */
  | { kind: "parameter_count"; offset: number; size: 8 }
  /** `$1` as a number: `index` counts from 1. */
  | { kind: "parameter_number"; offset: number; size: 8; index: number; location: Location }
  /** `str($1)`: NUL-terminated text of less than `size` bytes. */
  | { kind: "parameter_text"; offset: number; size: number; index: number; location: Location }
  /** A named parameter, `getopt`: 8 bytes of a number or bool, or NUL-terminated text of less than `size` bytes. */
  | {
      kind: "option";
      offset: number;
      size: number;
      name: string;
      type: "bool" | "int" | "string";
      /** As the user would write it. */
      default: string;
      description: string;
      location: Location;
    };

/** Kernel features that a program cannot do without; each with the place in the script that needs it. */
export interface FeatureNeed {
  /**
   * `command`: the process of -c, without which `cpid` is 0. `ring_buffer`, `helper:NAME`, `map_type:NAME`, `program_type:NAME`; `unsafe:FUNCTION` for what only `--unsafe` allows;
   * `architecture` for code that only runs on the manifest's.
   */
  feature: string;
  location: Location;
}

export interface Manifest {
  version: number;
  /** `bpfcast 0.1.0`. */
  compiler: string;
  source: Source;
  /** ELF machine the register layout was compiled for. */
  arch: Architecture;
  programs: Program[];
  maps: MapInfo[];
  /** Index = the id in the record. */
  events: EventInfo[];
  tracepoints: Tracepoint[];
  bindings: Binding[];
  features: FeatureNeed[];
  /** Formats and filters that values refer to by index. */
  texts: string[];
  /** Scratch: bytes of one slot and slots per CPU; 0 when the script needs none. */
  scratch: { slotSize: number; slotsPerCpu: number };
  config: {
    printMapsOnExit: boolean;
    stringTruncationTrailer: string;
    /** 0: sized by the host's memory. */
    ringBufferPages: number;
    missingProbes: "error" | "warn" | "ignore";
    /** How long symbols of a process are kept. AUTO: by program where addresses are the same in every run, else by process. */
    cacheUserSymbols: "AUTO" | "PER_PID" | "PER_PROGRAM" | "NONE";
    cppDemangle: boolean;
    /** Look symbols up when they are printed, not when a process starts. */
    lazySymbolication: boolean;
    /** Bytes of the verifier's log at most. */
    logSize: number;
    maxCatBytes: number;
    maxPrograms: number;
    maxProbes: number;
    /** Print source lines with symbols. */
    showDebugInfo: boolean;
    /** How stacks print that do not say it themselves. */
    stackMode: "bpftrace" | "perf" | "raw" | "build_id";
  };
  /** True when code or events need `--unsafe`. */
  unsafe: boolean;
}

/** What a record of `.bpfcast.rel` (five little-endian u32) rewrites in the instruction. */
export const enum RelocationKind {
  /** LDX from the context: offset, and access size where the field is unsigned. */
  Load = 0,
  /** ALU immediate: the field's offset (its address is computed). */
  Offset = 1,
  /** Shift immediate `64 - 8 * size` of a sign extension. */
  SignShift = 2,
}

export interface Relocation {
  kind: RelocationKind;
  /** Index into `programs`. */
  program: number;
  /** Index of the instruction slot (8 bytes each) in the program. */
  instruction: number;
  /** Index into `tracepoints`, and into its `fields`. */
  tracepoint: number;
  field: number;
}

/** Slots of `.data.counters`. */
export const enum CounterKind {
  /** Events that found no room in the ring buffer. */
  LostEvents = 0,
  /** Events dropped because every scratch slot of the CPU was taken. */
  ScratchBusy = 1,
  /** Map updates refused because the map was full (or out of memory). */
  MapFull = 2,
  /** No counter: 1 once the script has called exit(). */
  Stopped = 3,
}
