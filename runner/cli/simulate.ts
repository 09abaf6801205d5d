// `--simulate`: a script on the busy machine of the simulated kernel, at the pace of the clock.

import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BpfcastError } from "../../wasm/errors.ts";
import { loadMachine } from "../../wasm/machine-node.ts";
import { readManifest } from "../core/bind.ts";
import { errorText } from "../core/diagnostics.ts";
import { ProfileTarget } from "../core/profile-target.ts";
import { parsePid } from "../host/command.ts";
import { defaultProfileFile, profileTarget } from "../host/profile-targets.ts";
import { FileSink } from "../host/sink.ts";
import { bareProfile } from "../simulated/bare-profile.ts";
import { targetTypesOf } from "../simulated/load.ts";
import { runSimulated } from "../simulated/run.ts";
import { Simulation } from "../simulated/simulation.ts";
import { ROUND, Workload } from "../simulated/workload.ts";
import { bindParameters, checkOutputOptions, checkTraceOptions, printsOptionHelp } from "./execute.ts";
import type { Options } from "./options.ts";

const CPUS = 2;
/** A command of -c is at work for so many rounds: a second. */
const COMMAND_ROUNDS = 100;
/** The clock may run ahead of the simulation's by this before it is waited for, in milliseconds. */
const AHEAD = 20;

/**
 * The profile whose kernel is simulated: that of --profile, the default one, or one of next to nothing.
 * @param say told, a line, that it is the last.
 */
export function simulatedTarget({ profile = [] }: Options, say: (line: string) => void): ProfileTarget {
  if (profile.length > 1) throw new BpfcastError("usage", "USAGE: one profile is simulated; several were named");
  const file = profile[0] ?? defaultProfileFile();
  if (file !== undefined) return profileTarget(file);
  say("NOTE: there is no default profile: of the simulated kernel only the raw_syscalls tracepoints are known; --profile names one\n");
  return new ProfileTarget(bareProfile(), "a kernel of which little is known");
}

/** @returns the exit code. */
export async function simulate(object: Uint8Array, target: ProfileTarget, options: Options): Promise<number> {
  checkOutputOptions(options);
  checkTraceOptions(options);
  const manifest = readManifest(object);
  if (printsOptionHelp(options, manifest)) return 1;
  const types = targetTypesOf(target.profile);
  if (types === undefined) throw new BpfcastError("profile-lacks-types", `${target.description} has no types`);
  const startTime = BigInt(Date.now()) * 1_000_000n;
  const users = { 33: "www-data", 110: "postgres", 1000: "user" };
  const simulation = new Simulation(await loadMachine({ cpus: CPUS }), target.profile, types, { cpus: CPUS, startTime, users });
  const sink = new FileSink(options.output);
  let onClosed = () => {};
  sink.onClosed = () => onClosed();
  const { command, pid } = options;
  const name = command === undefined ? undefined : basename(command.trim().split(/\s+/)[0] ?? "");
  try {
    return await runSimulated(
      object,
      simulation,
      sink,
      {
        format: options.format === "json" ? "json" : "text",
        parameters: { ...bindParameters(options, manifest), ...(pid === undefined ? {} : { pid: parsePid(pid) }) },
        dryRun: options.dryRun === true,
        flushBatches: options.buffering !== "full",
        unsafe: options.unsafe === true,
        quiet: options.quiet === true,
        showWarnings: options.noWarnings !== true,
        report: (error, severity) => sink.writeError(errorText(error, severity, options.verbose === true)),
        onStopRequest: (stop) => {
          onClosed = stop;
          for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
        },
      },
      async (stage) => {
        const workload = new Workload(stage, name);
        simulation.start();
        const [begun, at] = [performance.now(), simulation.now];
        for (let round = 0; !stage.isOver() && (name === undefined || round < COMMAND_ROUNDS); round++) {
          await workload.round();
          const ahead = Number((simulation.now + ROUND - at) / 1_000_000n) - (performance.now() - begun);
          if (ahead > AHEAD) await setTimeout(ahead - AHEAD);
          else await setTimeout(0);
        }
      },
    );
  } finally {
    sink.close();
  }
}
