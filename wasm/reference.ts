// The reference of the language as the compiler module gives it: one entry for each row of its tables.

export type ReferenceKind = "probe" | "builtin" | "function" | "aggregation" | "config" | "code" | "language";

export interface ReferenceEntry {
  kind: ReferenceKind;
  name: string;
  /** How it is written; absent where the name says all. */
  signature?: string;
  /** One line. */
  documentation: string;
  /** Other names. */
  aliases?: string[];
  example?: string;
  /** Of its value, as scripts write it. */
  type?: string;
  /** What it needs of the kernel, in the words of the manifest, and the first release that has it; absent where every kernel does. */
  feature?: string;
  kernel?: string;
  /** Only `--unsafe` allows it. */
  unsafe?: true;
  /** Known, and refused with a message. */
  unsupported?: true;
  /** Of a function that is refused: the end of the sentence that says it. */
  why?: string;
  /** Builtins: the probes that have it; absent when all do. */
  probes?: string[];
  /** Probes: the builtins that they have. */
  builtins?: string[];
  /** Config keys: what they may be; of a former name, the new one. Probes of perf: the events. */
  values?: string[];
  /** Config keys. */
  default?: string;
  environment?: string;
  environmentOnly?: true;
  deprecated?: true;
}

export type Reference = readonly ReferenceEntry[];
