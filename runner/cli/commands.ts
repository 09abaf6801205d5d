// What the command line asks for: run a script, or one of our subcommands.

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Target } from "../core/target.ts";
import { isInPidNamespace } from "../host/facts.ts";
import { requirePrivileges } from "../host/privileges.ts";
import { FileSink } from "../host/sink.ts";
import type { Script, ScriptOptions } from "./compile.ts";
import { checkOutputOptions, checkTraceOptions, execute, isObjectFile, readInput, writeObject } from "./execute.ts";
import { type Options, parseOptions, scriptWords, usage } from "./options.ts";
import { scriptOptions, writeDumps } from "./script-options.ts";
import { asUnusable } from "./unusable.ts";

/** Written at once: the process ends as soon as a command has. */
const output = new FileSink();

/** Replaced by the bundler with the package's version. */
declare const BPFCAST_VERSION: string | undefined;
const VERSION = typeof BPFCAST_VERSION === "string" ? BPFCAST_VERSION : "0.1.0";
/** The release whose language and output these are; programs that call us as it read it from the first two words. */
const PEER_VERSION = "0.27.1";

/** The script of `-e`, or of the first word: a file, or `-` for standard input. */
function scriptOf(options: Options): Script {
  if (options.program !== undefined) return { name: "stdin", bytes: new TextEncoder().encode(options.program) };
  const file = options.words.shift();
  if (file === undefined)
    throw new BpfcastError("usage", "USAGE: filename or -e 'program' required.", { hint: "bpfcast --help lists the options" });
  return { name: file === "-" ? "stdin" : file, bytes: readInput(file) };
}

/** Compiles and prints what the compiler has to say; undefined when the script has errors. */
async function compile(
  script: Script,
  options: Options,
  live: Partial<ScriptOptions> = {},
  target?: Target,
): Promise<Uint8Array | undefined> {
  const { compileScript } = await import("./compile.ts");
  const { LiveTarget } = await import("../host/profile.ts");
  const compiled = await compileScript(script, { ...scriptOptions(options), ...live }, target ?? new LiveTarget());
  await writeDumps(compiled, options, output);
  if (compiled.messages !== "") output.writeError(compiled.messages);
  return compiled.object;
}

/** What is known of a script that runs here and now. */
function liveOptions(options: Options): Partial<ScriptOptions> {
  return { live: true, parameters: scriptWords(options.words).positional, pidNamespace: isInPidNamespace() };
}

/** The same without a kernel: an object, or a script compiled for the profile that is simulated. */
async function runSimulation(options: Options): Promise<number> {
  refuseOptions(options, "a simulation", "profile");
  if (options.traceableFunctions !== undefined)
    throw new BpfcastError("usage", "option --traceable-functions is not for a simulation", {
      hint: "the profile says what can be traced",
    });
  const { simulate, simulatedTarget } = await import("./simulate.ts");
  const target = simulatedTarget(options, (line) => output.writeError(line));
  const first = options.words[0];
  if (options.program === undefined && first !== undefined && isObjectFile(first)) {
    options.words.shift();
    return simulate(readInput(first), target, options);
  }
  const script = scriptOf(options);
  const object = await compile(script, options, { parameters: scriptWords(options.words).positional }, target);
  if (object === undefined) return 1;
  if (options.emitElf !== undefined) writeObject(options.emitElf, object);
  return simulate(object, target, options);
}

async function runScript(options: Options): Promise<number> {
  if (options.simulate) return runSimulation(options);
  refuseOptions(options, "a run");
  checkOutputOptions(options);
  const first = options.words[0];
  if (options.program === undefined && first !== undefined && isObjectFile(first)) return execute(readInput(first), options);
  checkTraceOptions(options);
  const script = scriptOf(options);
  const object = await compile(script, options, liveOptions(options));
  if (object === undefined) return 1;
  if (options.emitElf !== undefined) writeObject(options.emitElf, object);
  if (options.mode === "codegen") return 0;
  return execute(object, options);
}

/** Options of our subcommands, where they mean nothing. */
function refuseOptions(options: Options, where: string, ...allowed: (keyof Options)[]): void {
  for (const key of ["profile", "from", "common", "reporter", "scripts", "coverage", "watch", "check", "diff"] as const) {
    if (options[key] !== undefined && !allowed.includes(key)) {
      throw new BpfcastError("usage", `option --${key} is not for ${where}`, { hint: "bpfcast --help says what it is for" });
    }
  }
}

async function build(words: string[]): Promise<number> {
  const options = parseOptions(words);
  refuseOptions(options, "`bpfcast build`", "profile");
  const [profile, ...others] = options.profile ?? [];
  if (others.length > 0) throw new BpfcastError("usage", "USAGE: an object is built for one profile; `bpfcast check` takes several");
  const { hostTarget, profileTarget } = await import("../host/profile-targets.ts");
  const target = profile === undefined ? hostTarget((line) => output.writeError(line)) : profileTarget(profile);
  const script = scriptOf(options);
  const file = options.output ?? (script.name === "stdin" ? undefined : `${basename(script.name).replace(/\.bt$/, "")}.o`);
  if (file === undefined) throw new BpfcastError("usage", "USAGE: bpfcast build -e 'program' -o FILE");
  // Without words nothing is known of them: an object may be built for many.
  const given = scriptWords(options.words).positional;
  const object = await compile(script, options, given.length === 0 ? {} : { parameters: given }, target);
  if (object === undefined) return 1;
  writeObject(file, object);
  return 0;
}

async function run(words: string[]): Promise<number> {
  const options = parseOptions(words);
  if (options.simulate) return runSimulation(options);
  refuseOptions(options, "`bpfcast run`");
  const file = options.words.shift();
  if (file === undefined) throw new BpfcastError("usage", "USAGE: bpfcast run FILE");
  return execute(readInput(file), options);
}

async function check(words: string[]): Promise<number> {
  try {
    const options = parseOptions(words);
    refuseOptions(options, "`bpfcast check`", "profile", "watch");
    const { runCheck } = await import("./check/command.ts");
    return await runCheck(options, output, VERSION);
  } catch (error) {
    throw asUnusable(error);
  }
}

/** The probes that a pattern names, or that a script would be attached to. */
async function list(options: Options): Promise<number> {
  requirePrivileges();
  const [first] = options.words;
  const { listPatterns, listPlaces } = await import("./list.ts");
  const isScript = options.program !== undefined || (first !== undefined && existsSync(first));
  if (!isScript) {
    if (first !== undefined && /^[^:*]*(\.bt|\/[^:*]*)$/.test(first))
      output.writeError(`WARNING: It appears that '${first}' is a file that does not exist: it is used as a pattern.\n`);
    for (const text of listPatterns(first ?? "*:*", options.verbose === true)) output.print(text);
    return 0;
  }
  const object = await compile(scriptOf(options), options, liveOptions(options));
  if (object === undefined) return 1;
  const { boundPlaces } = await import("./execute.ts");
  output.print(listPlaces(boundPlaces(object, options), options.verbose === true));
  return 0;
}

async function profile(words: string[]): Promise<number> {
  const options = parseOptions(words);
  refuseOptions(options, "`bpfcast profile`", "from", "common");
  if (options.output === undefined || options.words.length > 0) {
    throw new BpfcastError("usage", "USAGE: bpfcast profile [--from PATH] [--common] -o FILE");
  }
  const { makeProfile } = await import("./make-profile.ts");
  const { file, warnings } = makeProfile(options.from, options.common === true);
  for (const warning of warnings) output.writeError(`WARNING: ${warning}\n`);
  writeObject(options.output, file);
  return 0;
}

async function test(words: string[]): Promise<number> {
  const options = parseOptions(words);
  refuseOptions(options, "`bpfcast test`", "profile", "reporter", "scripts", "coverage", "watch");
  const { runTests } = await import("./test/command.ts");
  return runTests(options, output);
}

async function help(words: string[]): Promise<number> {
  const { runHelp } = await import("./help/command.ts");
  return runHelp(words, output);
}

async function fmt(words: string[]): Promise<number> {
  const options = parseOptions(words);
  refuseOptions(options, "`bpfcast fmt`", "check", "diff");
  const { runFormat } = await import("./format/command.ts");
  return runFormat(options, output);
}

async function playground(words: string[]): Promise<number> {
  const options = parseOptions(words);
  refuseOptions(options, "`bpfcast playground`");
  const [word = "0", ...others] = options.words;
  const port = /^\d{1,5}$/.test(word) ? Number(word) : -1;
  if (port < 0 || port > 65_535 || others.length > 0) throw new BpfcastError("usage", "USAGE: bpfcast playground [PORT]");
  const { runPlayground } = await import("./playground.ts");
  return runPlayground(port, (line) => output.print(line));
}

const SUBCOMMANDS: Record<string, (words: string[]) => Promise<number>> = { build, run, check, fmt, profile, test, playground, help };

/**
 * @param words the command line behind the program's name.
 * @returns the exit code.
 */
export async function runCommand(words: string[]): Promise<number> {
  const [first = ""] = words;
  const subcommand = Object.hasOwn(SUBCOMMANDS, first) ? SUBCOMMANDS[first] : undefined;
  if (subcommand !== undefined) return subcommand(words.slice(1));
  const options = parseOptions(words);
  if (options.help) {
    output.print(usage());
    return 0;
  }
  if (options.version) {
    output.print(`bpftrace v${PEER_VERSION} (bpfcast v${VERSION})\n`);
    return 0;
  }
  if (options.info) {
    requirePrivileges();
    const { information } = await import("../host/information.ts");
    output.print(information(VERSION));
    return 0;
  }
  if (options.mode === "format") {
    refuseOptions(options, "--fmt");
    const { printFormatted } = await import("./format/command.ts");
    return printFormatted(scriptOf(options), options, output);
  }
  if (options.list) return list(options);
  return runScript(options);
}
