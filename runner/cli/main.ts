// The program: runs the command line, and turns whatever goes wrong into a message and an exit code.

import { basename } from "node:path";
import { BpfcastError } from "../../wasm/errors.ts";
import { errorText } from "../core/diagnostics.ts";
import { runCommand } from "./commands.ts";

// Programs see this name as ours (`comm`), not Node's: that of the file or link that was called.
process.title = basename(process.argv[1] ?? "bpfcast").replace(/\.c?js$/, "");

const words = process.argv.slice(2);
/** Also before the options are read, since they may be what is wrong. */
const verbose = words.some((word) => /^-[a-z]*v|^--verbose$/.test(word));

function report(error: unknown): number {
  if (error instanceof BpfcastError) {
    if (error.code === "no-probes") process.stdout.write(`${error.message}\n`);
    else process.stderr.write(errorText(error, "ERROR", verbose));
    return error.details.exitCode ?? 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ERROR: internal error: ${message.split("\n")[0]}\nCODE: internal-error\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return 2;
}

process.on("uncaughtException", (error) => process.exit(report(error)));
// Nothing is pending when it ends: output is written synchronously, and what the run opened is closed.
runCommand(words)
  .catch(report)
  .then((code) => process.exit(code));
