// Scenarios: what happens to a script, and what it must print. Plain data, in TypeScript or JSON; only types, as scripts' authors import
// them: `import type { Scenario } from "bpfcast/test"`.

/**
 * A value, whose meaning its type gives. For an integer: a number, a decimal or 0x text, a boolean, or the name of an enumerator. For
 * an array: its elements, or a text. For a struct: its fields, the others being 0. For a pointer: an address, or what it points to.
 */
export type Value = number | bigint | boolean | string | null | Value[] | SpecialValue | { [field: string]: Value };

export type SpecialValue =
  /** The address of an object of the scenario. */
  | { $object: string }
  /** Bytes as hexadecimal digits. */
  | { $bytes: string }
  /** A number in the order of the network: ports. */
  | { $network: number }
  /** The bytes of an Internet address, of either version. */
  | { $ip: string }
  /** What a pointer points to, by its type in C, where it is more than the declared one: `struct sockaddr_in`. */
  | { $type: string; value: Value };

/** Arguments of a call: in their order, or by the names of the parameters where the types are known. */
export type Arguments = readonly Value[] | Record<string, Value>;

/** A process, or one of its threads, as a scenario describes it. */
export interface ProcessDescription {
  /** Process id; made up where it is not given. */
  pid?: number;
  /** Thread id; the process id unless it is given: then it is a thread of the process of that id. */
  tid?: number;
  /** Name, of at most 15 bytes; that in the scenario unless given. */
  comm?: string;
  uid?: number;
  gid?: number;
  /** Name of its parent in the scenario; the first process unless given. */
  parent?: string;
  /** Path of its control group. */
  cgroup?: string;
  /** Further fields of its `task_struct`. */
  task?: Record<string, Value>;
}

/** Who an event happens to, and where. */
export interface Situation {
  /** Name of the process; that which runs on the CPU unless given. */
  process?: string;
  /** The CPU that the process last ran on, unless given. */
  cpu?: number;
  /** Frames, innermost first: `vfs_read+16`, `/bin/app:main`, or an address. */
  kernelStack?: readonly (string | number)[];
  userStack?: readonly (string | number)[];
}

/** A length of time: nanoseconds, or a number with a unit as `250ms`. */
export type Duration = number | string;

/** Who it happens to and where, and how long it takes. */
interface Happening extends Situation {
  /** So many times, one behind the other. */
  times?: number;
}

interface Call extends Happening {
  /** What it returns; 0 unless given. */
  returns?: Value;
  /** From entry to return. */
  lasts?: Duration;
}

export type Step =
  /** Nothing happens but timers. */
  | { after: Duration }
  /** A process runs on a CPU, where timers see it. */
  | ({ runs: Duration } & Situation)
  /** `category:event` with its fields; those that are left out are 0. */
  | ({ tracepoint: string; fields?: Record<string, Value> } & Happening)
  | ({ rawtracepoint: string; arguments?: Arguments } & Happening)
  /** A system call by its name, with the tracepoints of entry and exit. */
  | ({ syscall: string; arguments?: Arguments; number?: number } & Call)
  /** A function of the kernel. */
  | ({ call: string; arguments?: Arguments } & Call)
  /** `binary:function`. */
  | ({ user: string; arguments?: readonly Value[] } & Call)
  /** Events of perf: `page-faults`. */
  | ({ event: string; count?: number } & Happening)
  /** The values of an object change from here on. */
  | { object: string; fields: Record<string, Value> }
  /** The tracer is asked to end: Ctrl-C. */
  | { interrupt: true };

/** A line, or what a line must fit; in JSON a regular expression is written `{ "matches": "^a.*z$" }`. */
export type ExpectedLine = string | RegExp | { matches: string };

export interface Expectation {
  /** Everything that is printed, line by line; `...` stands for any number of lines. */
  output?: string | readonly ExpectedLine[];
  /** Maps at the end as JSON output has them; a number for a map without keys. */
  maps?: Record<string, unknown>;
  /** JSON output, event by event. */
  events?: readonly unknown[];
  /** What is written to standard error, line by line. */
  errors?: string | readonly ExpectedLine[];
  /** 0 unless given. */
  exitCode?: number;
  /** Signals that the script sends. */
  signals?: readonly number[];
}

export interface Scenario {
  name: string;
  /** Words behind the script on the command line, and `--name=value`. */
  arguments?: readonly string[];
  /** Path of the profile of the kernel, from the scenario's file; the default profile unless given. */
  profile?: string;
  /** 1 unless given. */
  cpus?: number;
  /** Allows what `--unsafe` does. */
  unsafe?: boolean;
  /** Traced is one process only, as with -p. */
  pid?: number;
  processes?: Record<string, ProcessDescription>;
  /** Structs in the kernel's memory, by type and fields; steps name them by `{ $object: name }`. */
  objects?: Record<string, { type: string; fields?: Record<string, Value> }>;
  /** Functions of binaries, which wildcards match. */
  binaries?: Record<string, readonly string[]>;
  /** Files that cat() prints. */
  files?: Record<string, string>;
  users?: Record<number, string>;
  steps: readonly Step[];
  expect: Expectation;
}
