// Profiles of the virtual machines' kernels, made in them by `bpfcast profile` and kept beside the kernels' images.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cache, kernel } from "./kernels.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");

/** What a host without Node copies for `bpfcast profile --from`: the commands of the README. */
export const COPY_COMMANDS = [
  "mkdir -p copy",
  "cp -r --parents /sys/kernel/btf /proc/sys/kernel/osrelease /sys/kernel/tracing/available_filter_functions copy",
  "cp --parents /sys/kernel/tracing/events/*/*/format copy",
];

/** @throws Error with what the command said, if it failed. */
export function run(words: string[], input?: Uint8Array): string {
  const [command = "", ...rest] = words;
  const result = spawnSync(command, rest, { encoding: "utf8", maxBuffer: 1 << 28, ...(input && { input }) });
  if (result.status !== 0) throw new Error(`${words.join(" ")}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** The bytes that `command`, run in the machine, writes. */
async function bytesFromVm(series: string, command: string): Promise<Uint8Array> {
  const { code, stdout, stderr } = await runInVm(series, `cd /tmp && ${command} | base64`, 300);
  if (code !== 0 || stdout === "") throw new Error(`kernel ${series}: ${stderr}`);
  return Buffer.from(stdout, "base64");
}

/** Makes the profile anew, in the machine. */
export async function captureVmProfile(series: string, file: string): Promise<void> {
  if (kernel(series).architecture === "amd64") {
    writeFileSync(file, await bytesFromVm(series, `node ${bpfcast} profile -o vm.profile >&2 && cat vm.profile`));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-copy-"));
  try {
    const archive = await bytesFromVm(series, `${COPY_COMMANDS.join(" && ")} && tar -c copy`);
    run(["tar", "-x", "-C", folder], archive);
    run(["node", bpfcast, "profile", "--from", join(folder, "copy"), "-o", file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Digest of the code that makes profiles: another one makes other profiles. */
function writerDigest(): string {
  const hash = createHash("sha256");
  const sources = ["runner/core/profile.ts", "runner/core/btf.ts", "runner/host/capture.ts", "runner/host/profile-file.ts"];
  for (const file of sources) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

/** File with the profile of a series' kernel (`6.12`, `6.12-arm64`), made on first use. */
export async function vmProfile(series: string): Promise<string> {
  const folder = join(cache, "profiles");
  mkdirSync(folder, { recursive: true });
  const name = `${kernel(series).release}-${writerDigest()}.profile`;
  const file = join(folder, name);
  if (existsSync(file)) return file;
  for (const old of readdirSync(folder).filter((other) => other.startsWith(`${kernel(series).release}-`))) rmSync(join(folder, old));
  await captureVmProfile(series, `${file}.${process.pid}`);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
