// Stock Debian kernels for the virtual machines: downloaded once by apt from the mirror that this machine already uses, unpacked
// into a cache, nothing installed.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A Debian suite that has a kernel. */
interface Suite {
  suite: string;
  version: string;
  /** By Debian's name. */
  architecture: "amd64" | "arm64";
}

const SUITES: Record<string, Suite> = {
  "5.10": { suite: "bullseye", version: "5.10", architecture: "amd64" },
  "6.1": { suite: "bookworm", version: "6.1", architecture: "amd64" },
  "6.12": { suite: "trixie", version: "6.12", architecture: "amd64" },
  "6.12-arm64": { suite: "trixie", version: "6.12", architecture: "arm64" },
};

/** The names that kernels go by. */
export const SERIES = Object.keys(SUITES);

/** By Debian's name. */
export function architectureOf(series: string): Suite["architecture"] | undefined {
  return SUITES[series]?.architecture;
}

/** What an arm64 machine boots to: it cannot run the programs of this one. */
const ARM64_PACKAGES = ["busybox-static", "bpftool", "coreutils"];

export interface Kernel {
  series: string;
  /** `uname -r`. */
  release: string;
  architecture: Suite["architecture"];
  /** What QEMU boots without unpacking it under emulation: the ELF image, through PVH; on arm64 the plain one. */
  image: string;
  /** Folder with `lib/modules/RELEASE`. */
  root: string;
  /** Root of the machine's files, and the static busybox that it starts with. */
  files: string;
  busybox: string;
}

export const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "bpfcast", "kernels");

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
function privateApt({ suite, architecture }: Suite): string[] {
  const folder = join(cache, "apt", architecture === "amd64" ? suite : `${suite}-${architecture}`);
  for (const name of ["lists/partial", "cache/archives/partial", "parts"]) mkdirSync(join(folder, name), { recursive: true });
  const site = mirror();
  writeFileSync(join(folder, "sources.list"), `deb ${site} ${suite} main\ndeb ${site}-security ${suite}-security main\n`);
  writeFileSync(join(folder, "status"), "");
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": join(folder, "parts"),
    "Dir::Etc::preferencesparts": join(folder, "parts"),
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
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

function download(source: Suite, folder: string): void {
  const options = privateApt(source);
  run("apt-get", [...options, "-q", "update"]);
  const wanted = new RegExp(`^linux-image-(${source.version.replace(".", "\\.")}\\.\\d[^ ]*-${source.architecture}) `);
  const releases = run("apt-cache", [...options, "search", "--names-only", "^linux-image-"])
    .toString()
    .split("\n")
    .map((line) => wanted.exec(line)?.[1])
    .filter((release) => release !== undefined)
    .filter((release) => !/-(cloud|rt|16k)-|-16k|~bpo|-0\.deb/.test(release))
    .sort(byVersion);
  const release = releases.at(-1);
  if (release === undefined) throw new Error(`Debian ${source.suite} has no kernel ${source.version}`);
  const work = mkdtempSync(join(cache, "work-"));
  run("apt-get", [...options, "-q", "download", `linux-image-${release}`], { cwd: work });
  for (const name of readdirSync(work)) if (name.endsWith(".deb")) run("dpkg-deb", ["-x", join(work, name), join(work, "tree")]);
  const made = join(work, "kernel");
  mkdirSync(join(made, "lib/modules"), { recursive: true });
  const modules = [`tree/lib/modules/${release}`, `tree/usr/lib/modules/${release}`].map((name) => join(work, name)).find(existsSync);
  if (modules === undefined) throw new Error(`the package of kernel ${release} has no modules`);
  renameSync(modules, join(made, "lib/modules", release));
  const image = readFileSync(join(work, `tree/boot/vmlinuz-${release}`));
  writeFileSync(join(made, "vmlinux"), source.architecture === "amd64" ? unpackBzImage(image) : image);
  run("depmod", ["-b", made, release]);
  writeFileSync(join(made, "release"), release);
  renameSync(made, folder);
  rmSync(work, { recursive: true, force: true });
}

/** Files for a machine of another architecture: a few packages of the suite with what they depend on. */
function foreignFiles(source: Suite): string {
  const folder = join(cache, `files-${source.suite}-${source.architecture}`);
  if (existsSync(folder)) return folder;
  const options = privateApt(source);
  run("apt-get", [...options, "-q", "update"]);
  run("apt-get", [...options, "-q", "-y", "--download-only", "--no-install-recommends", "install", ...ARM64_PACKAGES]);
  const work = mkdtempSync(join(cache, "work-"));
  const made = join(work, "files");
  for (const name of ["bin", "sbin", "lib"]) {
    mkdirSync(join(made, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(made, name));
  }
  const archives = join(cache, "apt", `${source.suite}-${source.architecture}`, "cache/archives");
  for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
    // tar follows the links of the merged /usr, which dpkg-deb -x would replace.
    const packed = run("dpkg-deb", ["--fsys-tarfile", join(archives, name)]);
    run("tar", ["-x", "--keep-directory-symlink", "-C", made], { input: packed });
  }
  for (const name of ["proc", "sys", "dev", "run", "tmp", "host"]) mkdirSync(join(made, name), { recursive: true });
  renameSync(made, folder);
  rmSync(work, { recursive: true, force: true });
  return folder;
}

/** The newest kernel of a series (`6.1`, `6.12-arm64`), downloaded on first use. */
export function kernel(series: string): Kernel {
  const source = SUITES[series];
  if (source === undefined) throw new Error(`no Debian suite is known for kernel ${series}: one of ${Object.keys(SUITES).join(", ")}`);
  const folder = join(cache, series);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(folder, "release"))) download(source, folder);
  const release = readFileSync(join(folder, "release"), "utf8").trim();
  const files = source.architecture === "amd64" ? "/" : foreignFiles(source);
  const { architecture } = source;
  return { series, release, architecture, image: join(folder, "vmlinux"), root: folder, files, busybox: join(files, "usr/bin/busybox") };
}
