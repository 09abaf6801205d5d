// Whole processes, ours and the peers', in turns: CPU seconds, peak memory, wall time.
//
// PEER="chroot /some/where bpftrace" PEER_ROOT=/some/where names a second peer, which sees files below its root only; PEER_ROOT's
// /tmp must be this machine's (mount --bind /tmp /some/where/tmp).

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { folder } from "./measure.ts";
import type { Figure } from "./report.ts";

/** How long one process may take. */
const SECONDS = 120;
/** Milliseconds from the work to the end of a tracer. */
const SETTLE = 300;

export interface Usage {
  /** Seconds, user and system. */
  cpu: number;
  wall: number;
  /** KiB. */
  memory: number;
  code: number;
  stderr: string;
}

export interface Tracer {
  name: string;
  command: string[];
  /** Spells the fields of a tracepoint `args->name`. */
  isOld: boolean;
}

const program = join(folder, "usage");
execFileSync("gcc", ["-O1", "-o", program, "test/bench/usage.c"]);

/** Variable that has a tracer say that its probes are attached, and what it says. */
const NOTICE = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";

/** Name of our own figures. */
export const OWN = "bpfcast";

/** This program first, then the peers that are installed. */
export function tracers(): Tracer[] {
  const all: Tracer[] = [{ name: OWN, command: ["node", resolve(".out/bpfcast.cjs")], isOld: false }];
  const commands = [["bpftrace"], ...(process.env["PEER"] === undefined ? [] : [process.env["PEER"].split(" ")])];
  for (const command of commands) {
    const [first = "", ...words] = [...command, "--version"];
    const name = spawnSync(first, words, { encoding: "utf8" }).stdout?.trim().replace("bpftrace v", "");
    if (name) all.push({ name, command, isOld: name.startsWith("0.17") });
  }
  return all;
}

/** A script in the spelling that a tracer knows. */
export function spelled({ isOld }: Tracer, script: string): string {
  return isOld ? script.replaceAll("args.", "args->") : script;
}

/**
 * Runs a command; once it says that its probes are attached, does the work and ends it with SIGTERM. Without work it runs to its end.
 * @returns undefined when it failed, or did not come to its end in time.
 */
export async function measure(command: string[], work?: () => Promise<void> | void): Promise<Usage | undefined> {
  const file = join(folder, "usage.json");
  const child = spawn(program, [file, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(work === undefined ? {} : { [NOTICE]: "1" }) },
  });
  // The tracer is the only child of the measuring process, or has ended by itself.
  const end = (signal: NodeJS.Signals) => {
    const tracer = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).stdout.trim();
    if (tracer !== "") process.kill(Number(tracer), signal);
  };
  let late = false;
  const done = new AbortController();
  void setTimeout(SECONDS * 1000, undefined, { signal: done.signal }).then(
    () => {
      late = true;
      end("SIGKILL");
    },
    () => {},
  );
  const ended = new Promise((resolve) => child.on("close", resolve));
  let stderr = "";
  const attached = new Promise<void>((ready) => {
    let stdout = "";
    // The old one says it on standard error.
    const look = () => {
      if (stdout.includes(NOTICE) || stderr.includes(NOTICE)) ready();
    };
    child.stdout.on("data", (bytes: Buffer) => {
      if (stdout.length < 1 << 16) stdout += bytes.toString();
      look();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      stderr += bytes.toString();
      look();
    });
    void ended.then(() => ready());
  });
  if (work !== undefined) {
    await attached;
    await work();
    // 0.17 overlooks a signal that comes before it waits for events.
    await setTimeout(SETTLE);
    end("SIGTERM");
  }
  await ended;
  done.abort();
  const usage = { ...(JSON.parse(readFileSync(file, "utf8")) as Usage), stderr };
  return late || usage.code !== 0 ? undefined : usage;
}

/**
 * The figures of each tracer over `rounds` rounds in which all take turns, by column. A tracer whose first turn gives none has none:
 * what takes minutes to fail is not tried again.
 */
export async function inTurns<Columns extends string>(
  all: Tracer[],
  rounds: number,
  run: (tracer: Tracer) => Promise<Record<Columns, number> | undefined>,
): Promise<Map<Columns, Record<string, Figure>>> {
  const lists = new Map<string, Record<Columns, number>[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const tracer of all) {
      const list = lists.get(tracer.name);
      if (list === undefined) continue;
      const figures = await run(tracer);
      if (figures !== undefined) list.push(figures);
      else if (round === 0) lists.delete(tracer.name);
    }
  }
  const found = new Map<Columns, Record<string, Figure>>();
  for (const [name, list] of lists) {
    for (const column of Object.keys(list[0] ?? {}) as Columns[]) {
      const sorted = list.map((figures) => figures[column]).sort((a, b) => a - b);
      const figure = { minimum: sorted[0] ?? 0, ...(list.length > 2 ? { median: sorted[sorted.length >> 1] ?? 0 } : {}) };
      found.set(column, { ...found.get(column), [name]: figure });
    }
  }
  return found;
}
