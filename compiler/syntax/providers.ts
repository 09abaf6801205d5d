// The kinds of probes. One row each; parser, hints and documentation read the same row. Meaning: features section 3.

import { Provider } from "./ast";

/** What a row has, in order. */
const enum Column {
  /** The long form, as probes are printed. */
  Name,
  /** Short forms and former names. */
  Aliases,
  /** How it is written. */
  Form,
  /** How the peer says how many parts there are behind the provider. */
  Parts,
  /** One line for help and editor. */
  Documentation,
  /** The first kernel that has it; empty where every one does. */
  Kernel,
  Count,
}

/** In the order of `Provider`. Data of the module, no allocation: it may outlive a compile. */
const ROWS: StaticArray<string> = [
  "",
  "",
  "",
  "",
  "",
  "",

  "begin",
  "",
  "begin",
  "0 arguments",
  "Runs once, before anything is attached",
  "",

  "end",
  "",
  "end",
  "0 arguments",
  "Runs once, after everything is detached: on Ctrl-C, exit(), or when the command of -c has ended",
  "",

  "self",
  "",
  "self:signal:SIGUSR1",
  "2 arguments",
  "Runs when the tracer itself gets the signal",
  "",

  "test",
  "",
  "test:name",
  "1 argument",
  "A test of the script's own, run by --test",
  "",

  "bench",
  "",
  "bench:name",
  "1 argument",
  "A measurement of the script's own, run by --bench",
  "",

  "kprobe",
  "k",
  "kprobe:function, kprobe:module:function or kprobe:function+offset",
  "1 or 2 arguments",
  "The start of a kernel function, or an instruction in it; * stands for any letters. kprobe:ADDRESS needs --unsafe",
  "",

  "kretprobe",
  "kr",
  "kretprobe:function or kretprobe:module:function",
  "1 or 2 arguments",
  "The return of a kernel function",
  "",

  "uprobe",
  "u",
  "uprobe:binary:function",
  "2 or 3 arguments",
  "The start of a function of a program or library, by path or by name (libc); function+offset and addresses, too",
  "",

  "uretprobe",
  "ur",
  "uretprobe:binary:function",
  "2 or 3 arguments",
  "The return of a function of a program or library",
  "",

  "usdt",
  "U",
  "usdt:binary:provider:probe",
  "2 or 3 arguments",
  "A static tracepoint that a program or library was built with",
  "",

  "tracepoint",
  "t",
  "tracepoint:category:event",
  "2 arguments",
  "A tracepoint of the kernel, with its fields as args.name: the most stable kernel probe",
  "",

  "rawtracepoint",
  "rt",
  "rawtracepoint:event",
  "2 or 1 arguments",
  "A tracepoint of the kernel, with the arguments that the kernel calls it with; cheaper, less stable",
  "",

  "fentry",
  "f kfunc",
  "fentry:function or fentry:module:function",
  "1 or 3 arguments",
  "The start of a kernel function, with typed arguments; cheaper than a kprobe, and needs BTF",
  "5.5",

  "fexit",
  "fr kretfunc",
  "fexit:function or fexit:module:function",
  "1 or 3 arguments",
  "The return of a kernel function, with typed arguments and retval; needs BTF",
  "5.5",

  "profile",
  "p",
  "profile:hz:99 or profile:10ms",
  "1 or 2 arguments",
  "At a rate or interval on every CPU: for samples of what runs",
  "",

  "interval",
  "i",
  "interval:s:1 or interval:1s",
  "1 or 2 arguments",
  "At an interval on one CPU: for what is printed now and then",
  "",

  "software",
  "s",
  "software:event:count",
  "1 or 2 arguments",
  "Every so many software events of perf",
  "",

  "hardware",
  "h",
  "hardware:event:count",
  "1 or 2 arguments",
  "Every so many hardware events of perf: cycles, cache misses",
  "",

  "watchpoint",
  "w",
  "watchpoint:address:length:mode",
  "3 arguments",
  "Memory that is read, written or executed",
  "",

  "iter",
  "it",
  "iter:name",
  "",
  "Each object of a kind in the kernel, such as iter:task",
  "5.8",
];

/** Smallest and largest number of parts behind the provider, in the order of `Provider`. */
const LEAST_PARTS: StaticArray<i32> = [0, 0, 0, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 3, 1];
const MOST_PARTS: StaticArray<i32> = [0, 0, 0, 2, 1, 1, 2, 2, 4, 3, 3, 2, 2, 3, 3, 2, 2, 2, 2, 3, 2];

const COUNT: i32 = <i32>Provider.Iterator + 1;

function cell(provider: Provider, column: Column): string {
  return ROWS[<i32>provider * Column.Count + column];
}

/** The long form, as probes are printed. */
export function providerName(provider: Provider): string {
  return cell(provider, Column.Name);
}

/** Short forms and former names. */
export function providerAliases(provider: Provider): Array<string> {
  const text = cell(provider, Column.Aliases);
  return text.length == 0 ? [] : text.split(" ");
}

/** How it is written, for hints. */
export function providerForm(provider: Provider): string {
  return cell(provider, Column.Form);
}

export function partsText(provider: Provider): string {
  return cell(provider, Column.Parts);
}

export function providerDocumentation(provider: Provider): string {
  return cell(provider, Column.Documentation);
}

/** The first kernel that has it; empty where every one does. */
export function providerKernel(provider: Provider): string {
  return cell(provider, Column.Kernel);
}

export function leastParts(provider: Provider): i32 {
  return LEAST_PARTS[<i32>provider];
}

export function mostParts(provider: Provider): i32 {
  return MOST_PARTS[<i32>provider];
}

/** The provider that these bytes name, in any case and in long or short form. */
export function providerOf(pointer: usize, length: u32): Provider {
  if (length == 0 || length > 13) return Provider.Unknown;
  // The only two short names that differ by case alone.
  if (length == 1 && load<u8>(pointer) == 0x55) return Provider.Usdt;
  for (let i = 1; i < COUNT; i++) if (isWordOf(pointer, length, cell(<Provider>i, Column.Name))) return <Provider>i;
  for (let i = 1; i < COUNT; i++) if (isWordOf(pointer, length, cell(<Provider>i, Column.Aliases))) return <Provider>i;
  return Provider.Unknown;
}

/** Whether the bytes are, in any case, one of the words of `text`. */
function isWordOf(pointer: usize, length: u32, text: string): bool {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf(" ", start);
    if (end < 0) end = text.length;
    if (<u32>(end - start) == length) {
      let same: u32 = 0;
      while (same < length && (<i32>load<u8>(pointer + same) | 0x20) == (text.charCodeAt(start + same) | 0x20)) same++;
      if (same == length) return true;
    }
    start = end + 1;
  }
  return false;
}

/** The provider's name that takes the fewest edits (at most two), or "". */
export function similarProvider(name: string): string {
  let best = "";
  let bestDistance = 3;
  if (name.length > 20) return best;
  for (let i = 1; i < COUNT; i++) {
    const known = providerName(<Provider>i);
    const distance = editDistance(name, known);
    if (distance < bestDistance && distance < known.length - 1) {
      bestDistance = distance;
      best = known;
    }
  }
  return best;
}

/** Levenshtein's distance, by one row of the matrix. */
function editDistance(a: string, b: string): i32 {
  const row = new StaticArray<i32>(b.length + 1);
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      const change = diagonal + (a.charCodeAt(i - 1) == b.charCodeAt(j - 1) ? 0 : 1);
      row[j] = min(change, min(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[b.length];
}
