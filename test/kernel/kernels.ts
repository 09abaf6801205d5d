// Stock Debian kernels for the virtual machines: downloaded once by apt from the mirror that this machine already uses, unpacked
// into a cache, nothing installed.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Debian suite of each kernel series, and whether its security suite has newer ones. */
const SUITES: Record<string, { suite: string; security: boolean }> = {
  "5.10": { suite: "bullseye", security: true },
  "6.1": { suite: "bookworm", security: true },
  "6.12": { suite: "trixie", security: true },
};

export interface Kernel {
  series: string;
  /** `uname -r`. */
  release: string;
  /** The uncompressed ELF image, which QEMU boots through PVH without unpacking it under emulation. */
  vmlinux: string;
  /** Folder with `lib/modules/RELEASE`. */
  root: string;
}

const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "bpfcast", "kernels");

function run(command: string, args: string[], options: { cwd?: string; input?: Uint8Array } = {}): Buffer {
  const result = spawnSync(command, args, { maxBuffer: 1 << 30, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: exit ${result.status}\n${result.stderr}`);
  return result.stdout;
}

/** The Debian mirror of this machine's own package lists. */
function mirror(): string {
  const sites = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { encoding: "utf8" }).split("\n");
  const found = sites.map((site) => site.trim().replace(/\/$/, "")).find((site) => site.endsWith("/debian"));
  if (found === undefined) throw new Error("apt knows no Debian mirror: run apt-get update");
  return found;
}

/** Options that give apt a world of its own for one suite: nothing of the machine's lists or state is touched. */
function privateApt(suite: string, security: boolean): string[] {
  const folder = join(cache, "apt", suite);
  for (const name of ["lists/partial", "cache/archives/partial", "parts"]) mkdirSync(join(folder, name), { recursive: true });
  const site = mirror();
  let sources = `deb ${site} ${suite} main\n`;
  if (security) sources += `deb ${site}-security ${suite}-security main\n`;
  writeFileSync(join(folder, "sources.list"), sources);
  writeFileSync(join(folder, "status"), "");
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": join(folder, "parts"),
    "Dir::Etc::preferencesparts": join(folder, "parts"),
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Sandbox::User": "root",
    "Acquire::Check-Valid-Until": "false",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

function byVersion(left: string, right: string): number {
  const numbers = (text: string) =>
    text
      .split(/\D+/)
      .filter((part) => part !== "")
      .map(Number);
  const [a, b] = [numbers(left), numbers(right)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The ELF inside a bzImage (Documentation/arch/x86/boot.rst): the payload starts `payload_offset` bytes into the protected-mode
 * code, which follows the boot sector and `setup_sects` further ones; its last four bytes are the unpacked size.
 */
export function unpackBzImage(image: Buffer): Buffer {
  const start = ((image[0x1f1] ?? 0) + 1) * 512 + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
  const magic = payload.readUInt32BE(0);
  const vmlinux =
    magic === 0xfd377a58
      ? run("xz", ["-dc", "--single-stream"], { input: payload })
      : magic === 0x28b52ffd
        ? run("zstd", ["-dcq"], { input: payload })
        : undefined;
  if (vmlinux === undefined) throw new Error(`the kernel is packed in an unknown way (${magic.toString(16)})`);
  if (vmlinux.readUInt32BE(0) !== 0x7f454c46) throw new Error("the unpacked kernel is no ELF file");
  return vmlinux;
}

function download(series: string, folder: string): void {
  const source = SUITES[series];
  if (source === undefined) throw new Error(`no Debian suite is known for kernel ${series}: one of ${Object.keys(SUITES).join(", ")}`);
  const options = privateApt(source.suite, source.security);
  run("apt-get", [...options, "-q", "update"]);
  const wanted = new RegExp(`^linux-image-(${series.replace(".", "\\.")}\\.\\d[^ ]*-amd64) `);
  const releases = run("apt-cache", [...options, "search", "--names-only", "^linux-image-"])
    .toString()
    .split("\n")
    .map((line) => wanted.exec(line)?.[1])
    .filter((release) => release !== undefined)
    .filter((release) => !/-(cloud|rt)-|~bpo|-0\.deb/.test(release))
    .sort(byVersion);
  const release = releases.at(-1);
  if (release === undefined) throw new Error(`Debian ${source.suite} has no kernel ${series}`);
  const work = mkdtempSync(join(cache, "work-"));
  run("apt-get", [...options, "-q", "download", `linux-image-${release}`], { cwd: work });
  for (const name of readdirSync(work)) if (name.endsWith(".deb")) run("dpkg-deb", ["-x", join(work, name), join(work, "tree")]);
  const made = join(work, "kernel");
  mkdirSync(join(made, "lib/modules"), { recursive: true });
  const modules = [`tree/lib/modules/${release}`, `tree/usr/lib/modules/${release}`].map((name) => join(work, name)).find(existsSync);
  if (modules === undefined) throw new Error(`the package of kernel ${release} has no modules`);
  renameSync(modules, join(made, "lib/modules", release));
  writeFileSync(join(made, "vmlinux"), unpackBzImage(readFileSync(join(work, `tree/boot/vmlinuz-${release}`))));
  run("depmod", ["-b", made, release]);
  writeFileSync(join(made, "release"), release);
  renameSync(made, folder);
  rmSync(work, { recursive: true, force: true });
}

/** The newest kernel of a series, downloaded on first use. */
export function kernel(series: string): Kernel {
  const folder = join(cache, series);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(folder, "release"))) download(series, folder);
  const release = readFileSync(join(folder, "release"), "utf8").trim();
  return { series, release, vmlinux: join(folder, "vmlinux"), root: folder };
}
