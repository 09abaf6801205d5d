// Loads objects into the running kernel and runs their raw_tp programs by BPF_PROG_TEST_RUN.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ProgramRun {
  name: string;
  returned: number;
}

export interface KernelRun {
  programs: ProgramRun[];
  /** `.data.counters` after all programs ran. */
  counters: bigint[];
}

/** What loading said when it failed. */
export class LoadError extends Error {}

/** Arguments of the raw tracepoint that programs see: u64 `i * 0x0101010101010101 + i`. */
export function contextArgument(index: number): bigint {
  return BigInt.asUintN(64, BigInt(index) * 0x0101010101010101n + BigInt(index));
}

export function canLoadPrograms(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

let folder: string | undefined;

/** A folder for this process' files; removed when it ends. */
export function temporaryFolder(): string {
  if (folder) return folder;
  const made = mkdtempSync(join(tmpdir(), "bpfcast-test-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

let runner: string | undefined;

/** The program that loads an object and runs what is in it; built once. */
export function buildRunner(): string {
  if (runner) return runner;
  const program = join(temporaryFolder(), "run-programs");
  execFileSync("gcc", ["-O1", "-Wall", "-o", program, "test/compiler/run-programs.c", "-lbpf", "-lelf", "-lz"]);
  runner = program;
  return program;
}

/** What the runner printed. */
export function parseRun(output: string): KernelRun {
  const run: KernelRun = { programs: [], counters: [] };
  for (const line of output.split("\n")) {
    const [kind, name, value] = line.split(" ");
    if (kind === "program" && name && value) run.programs.push({ name, returned: Number(value) });
    if (kind === "counter" && name) run.counters.push(BigInt(`0x${name}`));
  }
  return run;
}

/** Loads `object` and runs each of its programs once, in the order of the object. */
export function runInKernel(object: Uint8Array): KernelRun {
  const file = join(temporaryFolder(), "programs.o");
  writeFileSync(file, object);
  const result = spawnSync(buildRunner(), [file], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new LoadError(`${result.stderr.slice(-6000)}`);
  return parseRun(result.stdout);
}
