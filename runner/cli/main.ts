// The program: runs the command line, and turns whatever goes wrong into a message and an exit code.

import { BpfcastError } from "../../wasm/errors.ts";
import { runCommand } from "./commands.ts";
import { errorText } from "./diagnostics.ts";

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
process.exitCode = await runCommand(words).catch(report);
// Nothing is pending: output is written synchronously, and what the run opened is closed.
process.exit();
