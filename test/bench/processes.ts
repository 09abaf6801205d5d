// Whole processes, ours and the peers', in turns: CPU seconds, peak memory, wall time.
//
// PEER="chroot /some/where bpftrace" PEER_ROOT=/some/where names a second peer, which sees files below its root only; PEER_ROOT's
// /tmp must be this machine's (mount --bind /tmp /some/where/tmp).

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { folder } from "./measure.ts";

export interface Usage {
  /** Seconds, user and system. */
  cpu: number;
  wall: number;
  /** KiB. */
  memory: number;
  code: number;
}

export interface Tracer {
  name: string;
  command: string[];
}

const program = join(folder, "usage");
execFileSync("gcc", ["-O1", "-o", program, "test/bench/usage.c"]);

/** This program first, then the peers that are installed. */
export function tracers(): Tracer[] {
  const all: Tracer[] = [{ name: "bpfcast", command: ["node", resolve(".out/bpfcast.cjs")] }];
  const commands = [["bpftrace"], ...(process.env["PEER"] === undefined ? [] : [process.env["PEER"].split(" ")])];
  for (const command of commands) {
    const [first = "", ...words] = [...command, "--version"];
    const name = spawnSync(first, words, { encoding: "utf8" }).stdout?.trim().replace("bpftrace v", "");
    if (name) all.push({ name, command });
  }
  return all;
}

/** Runs a command to its end. */
export function measureRun(command: string[], seconds = 120): Usage & { stdout: string; stderr: string } {
  const file = join(folder, "usage.json");
  const { stdout, stderr } = spawnSync(program, [file, ...command], { encoding: "utf8", timeout: seconds * 1000, maxBuffer: 1 << 30 });
  return { ...(JSON.parse(readFileSync(file, "utf8")) as Usage), stdout, stderr };
}

/** As `measureRun`, and calls `work` once the tracer says that its probes are attached; then ends it with SIGTERM. */
export async function measureTracing(command: string[], work: () => Promise<void> | void): Promise<Usage & { stderr: string }> {
  const file = join(folder, "usage.json");
  const child = spawn(program, [file, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, __BPFTRACE_NOTIFY_PROBES_ATTACHED: "1" },
  });
  let stderr = "";
  child.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const ended = new Promise((done) => child.on("close", done));
  await new Promise<void>((ready) => {
    let seen = "";
    child.stdout.on("data", (bytes: Buffer) => {
      if (seen.length < 1 << 16) seen += bytes.toString();
      if (seen.includes("__BPFTRACE_NOTIFY_PROBES_ATTACHED")) ready();
    });
    void ended.then(() => ready());
  });
  await work();
  // The tracer is the only child of the measuring process, or has ended by itself.
  const tracer = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).stdout.trim();
  if (tracer !== "") process.kill(Number(tracer), "SIGTERM");
  await ended;
  return { ...(JSON.parse(readFileSync(file, "utf8")) as Usage), stderr };
}

/** The figure of each tracer over `rounds` rounds in which all take turns: [minimum, median]. */
export async function inTurns(
  all: Tracer[],
  rounds: number,
  run: (tracer: Tracer) => Promise<number[] | undefined> | number[] | undefined,
): Promise<([number, number][] | undefined)[]> {
  const figures = all.map(() => [] as number[][]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, tracer] of all.entries()) {
      const figure = await run(tracer);
      if (figure !== undefined) figures[index]?.push(figure);
    }
  }
  return figures.map((list) => {
    const width = list[0]?.length;
    if (width === undefined) return undefined;
    return Array.from({ length: width }, (_, column) => {
      const sorted = list.map((figure) => figure[column] ?? 0).sort((a, b) => a - b);
      return [sorted[0] ?? 0, sorted[sorted.length >> 1] ?? 0];
    });
  });
}
