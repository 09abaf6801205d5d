// `bpfcast check`: the errors of scripts, for people, editors and CI. Needs no kernel and no rights.

import { Compiler } from "../../../wasm/compiler.ts";
import { loadModule } from "../../../wasm/compiler-node.ts";
import { BpfcastError } from "../../../wasm/errors.ts";
import { readInput, writeObject } from "../execute.ts";
import type { Options } from "../options.ts";
import { writeDumps } from "../script-options.ts";
import { unusable } from "../unusable.ts";
import { type CommandSink, runWatched, type WatchedFiles } from "../watch.ts";
import { type CheckInput, checkScripts } from "./check-scripts.ts";
import { github } from "./github.ts";
import { findScripts, STANDARD_INPUT } from "./inputs.ts";
import { json } from "./json.ts";
import { type Failure, type Format, type Report, sumsOf } from "./report.ts";
import { sarif } from "./sarif.ts";
import { text } from "./text.ts";

const FORMATS: Readonly<Record<string, Format>> = { text, json, github, sarif };

const ERRORS = 1;
const UNUSABLE = 2;

function formatOf({ format = "text" }: Options): Format {
  const found = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (found === undefined) {
    const names = Object.keys(FORMATS).map((name) => `'${name}'`);
    throw unusable("usage", `Invalid output format "${format}"\nValid formats: ${names.join(", ")}`);
  }
  return found;
}

/** Reads scripts; standard input once, however often they are checked. */
class ScriptReader {
  #standardInput: Uint8Array | undefined;
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  #read(name: string, files: WatchedFiles): CheckInput {
    if (name === STANDARD_INPUT) {
      this.#standardInput ??= readInput(name);
      return { name: "stdin", isText: true, bytes: this.#standardInput };
    }
    files.note(name);
    return { name, isText: false, bytes: readInput(name) };
  }

  readAll(files: WatchedFiles): { inputs: CheckInput[]; failures: Failure[] } {
    const { program, words } = this.#options;
    const { names, failures: missing } = findScripts(words);
    const failures: Failure[] = [...missing];
    const inputs: CheckInput[] = [];
    if (program !== undefined) inputs.push({ name: "stdin", isText: true, bytes: new TextEncoder().encode(program) });
    for (const name of names) {
      try {
        inputs.push(this.#read(name, files));
      } catch (error) {
        if (!(error instanceof BpfcastError)) throw error;
        failures.push({ name, error });
      }
    }
    return { inputs, failures };
  }
}

/** @returns the exit code: 0, 1 when a script has errors, 2 when something cannot be used or fails. */
export async function runCheck(options: Options, sink: CommandSink, version: string): Promise<number> {
  const format = formatOf(options);
  const isText = format === text;
  if (options.program === undefined && options.words.length === 0) throw unusable("usage", "USAGE: bpfcast check FILE|FOLDER|GLOB...");
  if (!isText && options.debug !== undefined) throw unusable("usage", "option -d is for text output only");
  const module = await loadModule();
  const reference = (await Compiler.create(module)).reference();
  const reader = new ScriptReader(options);

  const run = async (files: WatchedFiles) => {
    const { inputs, failures } = reader.readAll(files);
    const checker = { options, module, say: (line: string) => sink.writeError(line), note: (file: string) => files.note(file) };
    const checked = await checkScripts(checker, inputs);
    const report: Report = { version, reference, profiles: checked.profiles, failures: [...failures, ...checked.failures] };
    for (const { scripts } of report.profiles)
      for (const { compiled } of scripts) if (compiled !== undefined) await writeDumps(compiled, options, sink);
    const written = format(report);
    if (options.output !== undefined) writeObject(options.output, new TextEncoder().encode(written));
    else if (isText) sink.writeError(written);
    else sink.print(written);
    if (report.failures.length > 0) return UNUSABLE;
    return report.profiles.some((profile) => sumsOf(profile).errors > 0) ? ERRORS : 0;
  };
  return runWatched(options.watch === true, {
    sink,
    run,
    inputs: () => findScripts(options.words).names,
    clears: isText && options.output === undefined,
  });
}
