// `bpfcast fmt`: scripts laid out anew, in place or as the options say; and the peer's --fmt, which prints one script.

import type { Compiler } from "../../../wasm/compiler.ts";
import { loadCompiler } from "../../../wasm/compiler-node.ts";
import { BpfcastError } from "../../../wasm/errors.ts";
import { compileDiagnostics, errorText } from "../../core/diagnostics.ts";
import type { Script } from "../compile.ts";
import { readInput } from "../execute.ts";
import type { Options } from "../options.ts";
import { unifiedDiff } from "./diff.ts";
import { replaceFile, scriptsBelow } from "./files.ts";

const CHANGES = 1;
const UNUSABLE = 2;

export interface FormatSink {
  write(bytes: Uint8Array): void;
  print(text: string): void;
  writeError(text: string): void;
}

/** The text, or undefined after the script's errors were printed. */
function format(compiler: Compiler, { name, bytes }: Script, sink: FormatSink): Uint8Array | undefined {
  const result = compiler.format(bytes, name);
  if (result.kind === "formatted") return result.text;
  sink.writeError(compileDiagnostics(result.diagnostics, { name, text: new TextDecoder().decode(bytes) }));
  return undefined;
}

/** Formats one script as the options say; returns its exit code. `file` is where it is from, if that can be replaced. */
function formatScript(compiler: Compiler, script: Script, file: string | undefined, options: Options, sink: FormatSink): number {
  const text = format(compiler, script, sink);
  if (text === undefined) return UNUSABLE;
  const isSame = Buffer.compare(text, script.bytes) === 0;
  if (options.diff || options.check) {
    if (isSame) return 0;
    // A character for each byte: the texts need not be UTF-8.
    const bytesOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
    if (options.diff) {
      const name = Buffer.from(script.name).toString("latin1");
      sink.write(Buffer.from(unifiedDiff(name, bytesOf(script.bytes), bytesOf(text)), "latin1"));
    } else sink.print(`${script.name}\n`);
    return CHANGES;
  }
  if (file === undefined) sink.write(text);
  else if (!isSame) {
    replaceFile(file, text);
    sink.print(`${file}\n`);
  }
  return 0;
}

/** @returns the exit code: 0, 1 if --check or --diff found what would change, 2 when a script cannot be used. */
export async function runFormat(options: Options, sink: FormatSink): Promise<number> {
  if (options.output !== undefined) {
    throw new BpfcastError("usage", "option -o is not for `bpfcast fmt`", {
      exitCode: UNUSABLE,
      hint: "`bpfcast --fmt FILE -o FILE` writes another file",
    });
  }
  const compiler = await loadCompiler();
  let code = 0;
  const run = (name: string, read: () => Uint8Array, file?: string) => {
    try {
      code = Math.max(code, formatScript(compiler, { name, bytes: read() }, file, options, sink));
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      // The other files are worth formatting all the same.
      sink.writeError(errorText(error, "ERROR", false));
      code = UNUSABLE;
    }
  };
  const { program, words } = options;
  if (program !== undefined) run("stdin", () => new TextEncoder().encode(program));
  for (const file of program === undefined && words.length === 0 ? ["-"] : words.flatMap(scriptsBelow)) {
    if (file === "-") run("stdin", () => readInput(file));
    else run(file, () => readInput(file), file);
  }
  return code;
}

/** As the peer's --fmt: to standard output, or in place of the file that -o names. */
export async function printFormatted(script: Script, options: Options, sink: FormatSink): Promise<number> {
  const text = format(await loadCompiler(), script, sink);
  if (text === undefined) return 1;
  if (options.output === undefined) sink.write(text);
  else replaceFile(options.output, text);
  return 0;
}
