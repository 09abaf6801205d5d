// Runs an object on this machine: facts, bind, session.

import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest } from "../../wasm/manifest.ts";
import { bind, readManifest } from "../core/bind.ts";
import { errorText } from "../core/diagnostics.ts";
import type { BindParameters } from "../core/facts.ts";
import { JsonOutput } from "../core/format/json.ts";
import { TextOutput } from "../core/format/text.ts";
import type { Output } from "../core/output.ts";
import { optionHelp } from "../core/parameters.ts";
import { refuseUnsafe } from "../core/safety.ts";
import { Session } from "../core/session.ts";
import { placeName } from "../core/targets.ts";
import { HostCommand, WatchedProcess } from "../host/command.ts";
import { gatherFacts } from "../host/facts.ts";
import { HostKernel } from "../host/kernel.ts";
import { HostNames } from "../host/names.ts";
import { requirePrivileges } from "../host/privileges.ts";
import { ProcessHost } from "../host/session-host.ts";
import { FileSink } from "../host/sink.ts";
import { useFunctionList } from "../host/tracefs.ts";
import { type Options, scriptWords } from "./options.ts";
import { explainLoadError } from "./verifier.ts";

/** What a test harness waits for: printed when everything is attached, if the variable of that name is set. */
const NOTIFY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";
/** Larger than any object; a mistaken path to a device must not be read without end. */
const MAX_FILE_BYTES = 1 << 28;

/** @throws BpfcastError `cannot-read`. */
export function readInput(file: string): Uint8Array {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason =
      code === "ENOENT"
        ? "No such file or directory"
        : code === "EISDIR"
          ? "Is a directory"
          : code === "EACCES"
            ? "Permission denied"
            : code;
    throw new BpfcastError("cannot-read", `failed to open file '${file}': ${reason}`);
  }
}

/** True when the file begins as an ELF file does. Does not read further. */
export function isObjectFile(file: string): boolean {
  try {
    const descriptor = openSync(file, "r");
    const head = new Uint8Array(4);
    const count = readSync(descriptor, head, 0, 4, 0);
    closeSync(descriptor);
    return count === 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
  } catch {
    return false;
  }
}

export function writeObject(file: string, object: Uint8Array): void {
  try {
    writeFileSync(file, object);
  } catch (error) {
    throw new BpfcastError(
      "cannot-write",
      `Failed to open output file: "${file}": ${error instanceof Error && "code" in error ? error.code : error}`,
    );
  }
}

/** @throws BpfcastError `usage` for what -f and -B do not know. */
export function checkOutputOptions(options: Options): void {
  const { format = "text", buffering = "line" } = options;
  if (format !== "text" && format !== "json") {
    throw new BpfcastError("usage", `Invalid output format "${format}"\nValid formats: 'text', 'json'`);
  }
  if (!["line", "full", "none"].includes(buffering)) throw new BpfcastError("usage", "USAGE: -B must be either 'line', 'full', or 'none'.");
}

/** @throws BpfcastError `usage` for options that exclude each other. */
export function checkTraceOptions({ command, pid, helperErrors, noWarnings }: Options): void {
  if (command !== undefined && pid !== undefined) throw new BpfcastError("usage", "USAGE: Cannot use both -c and -p.");
  if (helperErrors && noWarnings) throw new BpfcastError("usage", "USAGE: -k, --warnings conflicts with --no-warnings");
}

/** @throws BpfcastError `bad-probe-filter`. */
function probeFilter(text: string | undefined): { probeFilter?: RegExp } {
  if (text === undefined) return {};
  try {
    return { probeFilter: new RegExp(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: \/.*\/[a-z]*: /, "") : String(error);
    throw new BpfcastError("bad-probe-filter", `Invalid --probe-filter regex '${text}': ${reason}`, { exitCode: 255 });
  }
}

/** A limit of the script, or of the environment, which wins. @throws BpfcastError `usage` for a limit that is no number. */
function limit(variable: string, ofScript: number): number {
  const text = process.env[variable] ?? String(ofScript);
  if (!/^[0-9]{1,9}$/.test(text))
    throw new BpfcastError("usage", `Env var '${variable}' did not contain a valid uint64_t, or was zero-valued.`);
  return Number(text);
}

/** What the command line and the environment say of binding an object. @throws BpfcastError. */
export function bindParameters(options: Options, { config }: Manifest): BindParameters {
  return {
    maxProbes: limit("BPFTRACE_MAX_PROBES", config.maxProbes),
    maxPrograms: limit("BPFTRACE_MAX_BPF_PROGS", config.maxPrograms),
    ...probeFilter(options.probeFilter),
    unsafe: options.unsafe === true,
    ...(options.mode === "test" || options.mode === "bench" ? { mode: options.mode } : {}),
    ...scriptWords(options.words),
  };
}

/** Prints what a script says of its named parameters, if that is asked for. */
export function printsOptionHelp({ words }: Options, manifest: Manifest): boolean {
  if (!words.includes("--help")) return false;
  new FileSink().print(optionHelp(manifest));
  return true;
}

/** The places that an object's programs would be attached to: each program with the parts of its attach point, or its names. */
export function boundPlaces(object: Uint8Array, options: Options): string[] {
  const manifest = readManifest(object);
  const facts = gatherFacts(object, manifest, new HostNames(), 0);
  const { programs } = bind(object, facts, {
    maxProbes: Number.MAX_SAFE_INTEGER,
    maxPrograms: Number.MAX_SAFE_INTEGER,
    ...probeFilter(options.probeFilter),
  });
  const places = programs.flatMap(({ program, attachments }) => {
    const row = manifest.programs[program];
    if (row === undefined) return [];
    // Of events and timers the peer shows what can be asked for, without the number.
    if (["interval", "profile", "software", "hardware"].includes(row.kind)) return [`${row.probe.split(":").slice(0, 2).join(":")}:`];
    return attachments.map((attachment) => placeName(row, attachment));
  });
  // A static tracepoint may have several places of one name.
  return places.filter((place, index) => !place.startsWith("usdt:") || places.indexOf(place) === index);
}

/** @returns the exit code. */
export async function execute(object: Uint8Array, options: Options): Promise<number> {
  checkOutputOptions(options);
  checkTraceOptions(options);
  if (object.length > MAX_FILE_BYTES) throw new BpfcastError("bad-object", "the object is too large");
  const manifest = readManifest(object);
  if (printsOptionHelp(options, manifest)) return 1;
  if (!options.unsafe) refuseUnsafe(object, manifest);
  requirePrivileges();
  const names = new HostNames();
  const watched = options.pid === undefined ? undefined : new WatchedProcess(options.pid);
  const parameters = bindParameters(options, manifest);
  if (options.traceableFunctions !== undefined) useFunctionList(options.traceableFunctions);
  const command = options.command === undefined ? undefined : new HostCommand(options.command);
  // The command may end before anything of it is printed.
  if (command !== undefined && /"kind":"u(stack|sym)"/.test(JSON.stringify([manifest.events, manifest.maps])))
    command.onRelease = (pid) => names.remember(pid);
  const bound = bind(object, gatherFacts(object, manifest, names, command?.pid ?? 0, watched?.pid), {
    ...parameters,
    ...(watched === undefined ? {} : { pid: watched.pid }),
  });

  const sink = new FileSink(options.output);
  const warn = (warning: BpfcastError) => {
    if (!options.noWarnings) sink.writeError(errorText(warning, "WARNING", false));
  };
  bound.warnings.forEach(warn);
  const wantsCommand = manifest.features.find(({ feature }) => feature === "command");
  if (wantsCommand !== undefined && command === undefined)
    warn(
      new BpfcastError("no-command", "No child command (`-c`); cpid is zero", { location: wantsCommand.location, source: manifest.source }),
    );
  const style = { trailer: new TextEncoder().encode(manifest.config.stringTruncationTrailer), names, texts: manifest.texts };
  const output: Output = options.format === "json" ? new JsonOutput(sink, style) : new TextOutput(sink, style);
  const stages = options.debug ?? [];
  const shows = (stage: string) => stages.includes(stage) || stages.includes("all");
  const kernel = new HostKernel({
    verbose: options.verbose === true,
    ...(command === undefined ? {} : { commandPid: command.pid }),
    logSize: limit("BPFTRACE_LOG_SIZE", manifest.config.logSize),
    ...(shows("libbpf") ? { libbpfLog: (text: string) => sink.print(text.replace(/^(?=.)/gm, "[DEBUG] ")) } : {}),
    ...(shows("verifier")
      ? { verifierLog: (program: string, text: string) => sink.print(`BPF verifier log for ${program}:\n${"-".repeat(38)}\n${text}\n`) }
      : {}),
  });
  const host = new ProcessHost(command ?? watched, limit("BPFTRACE_MAX_CAT_BYTES", manifest.config.maxCatBytes));
  sink.onClosed = () => host.requestStop();
  const session = new Session(kernel, bound, output, host, {
    quiet: options.quiet === true,
    dryRun: options.dryRun === true,
    showWarnings: options.noWarnings !== true,
    style,
    complain: (message) => sink.writeError(`ERROR: ${message}\n`),
    flushBatches: options.buffering !== "full",
    attached: () => {
      // Always on standard output, also when results go to a file.
      if (process.env[NOTIFY] !== undefined) new FileSink().write(new TextEncoder().encode(`${NOTIFY}\n`));
    },
    warn,
  });
  try {
    return await session.run();
  } catch (error) {
    throw explainLoadError(error, bound);
  } finally {
    sink.close();
  }
}
