// The initramfs of a virtual machine: busybox, the modules that reach the host's files, and an init that makes the host's root,
// read-only below a tmpfs, the machine's own.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Kernel } from "./kernels.ts";

/** What must be loaded to mount the root, and disks; their dependencies come along, those built in are passed over. */
const MODULES = ["virtio_pci", "virtio_console", "virtio_blk", "9pnet_virtio", "9p", "overlay"];

/** Builds an archive in the `newc` format of cpio (Documentation/driver-api/early-userspace/buffer-format.rst). */
class Archive {
  readonly #parts: Buffer[] = [];
  #inode = 1;

  add(name: string, mode: number, data: Uint8Array = new Uint8Array(0), device: [number, number] = [0, 0]): void {
    const path = Buffer.from(`${name}\0`);
    const numbers = [this.#inode++, mode, 0, 0, 1, 0, data.length, 0, 0, device[0], device[1], path.length, 0];
    const header = Buffer.from(`070701${numbers.map((n) => n.toString(16).padStart(8, "0").toUpperCase()).join("")}`);
    const pad = (length: number) => Buffer.alloc(-length & 3);
    this.#parts.push(header, path, pad(header.length + path.length), Buffer.from(data), pad(data.length));
  }

  finish(): Buffer {
    this.add("TRAILER!!!", 0);
    return Buffer.concat(this.#parts);
  }
}

const DIRECTORY = 0o040755;
const EXECUTABLE = 0o100755;

/** First process. The ports: 1 stdout, 2 stderr, 3 exit code. The applets are named by busybox, so that no links are needed. */
const INIT = `#!/bin/busybox sh
B=/bin/busybox
$B mkdir -p /proc /sys /dev /lower /upper /new
$B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
while read name; do $B insmod /modules/$name 2>/dev/null; done < /modules/order
tries=0
while :; do
  for port in /sys/class/virtio-ports/*; do
    read name < $port/name 2>/dev/null && [ "$name" = bpfcast.code ] && { number=\${port##*/vport}; number=\${number%%p*}; }
  done
  [ -n "$number" ] && [ -e /dev/vport\${number}p3 ] && break
  tries=$((tries+1)); [ $tries -gt 500 ] && { echo "no virtio ports" > /dev/kmsg; $B poweroff -f; }
  $B usleep 10000
done
$B mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /lower
$B mount -t tmpfs -o size=75%,mode=755 upper /upper; $B mkdir /upper/files /upper/work
$B mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /new || { echo "no root" > /dev/kmsg; $B poweroff -f; }
if [ -e /host-files ]; then $B mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /new/host; fi
cd /new; $B mkdir -p proc sys dev run tmp
$B mount --move /proc proc; $B mount --move /sys sys; $B mount --move /dev dev
$B mkdir -p dev/pts dev/shm; $B mount -t devpts pts dev/pts; $B mount -t tmpfs shm dev/shm; $B mount -t tmpfs run run
$B ln -sf /proc/self/fd dev/fd
$B mount -t tracefs tracefs sys/kernel/tracing; $B mount -t debugfs debugfs sys/kernel/debug
$B mount -t bpf bpf sys/fs/bpf; $B mount -t cgroup2 cgroup2 sys/fs/cgroup
$B ip link set lo up
$B mkdir run/vm; $B cp /bin/busybox /command /last run/vm; echo $number > run/vm/number
$B mount --move . /
exec $B chroot . /run/vm/busybox sh /run/vm/last
`;

/** Process 1 inside the machine's root: the command, then its exit code, then nothing: QEMU is killed from outside. */
const LAST = `read number < /run/vm/number; B=/run/vm/busybox
$B sh /run/vm/command < /dev/null > /dev/vport\${number}p1 2> /dev/vport\${number}p2; code=$?
$B sync
echo -n "@MARK@" > /dev/vport\${number}p1; echo -n "@MARK@" > /dev/vport\${number}p2; echo $code > /dev/vport\${number}p3
$B sleep 60; $B poweroff -f
`;

/** Files of the modules in the order in which they must be loaded. */
function moduleFiles(kernel: Kernel): string[] {
  const files: string[] = [];
  for (const name of MODULES) {
    const shown = spawnSync("modprobe", ["-d", kernel.root, "-S", kernel.release, "--show-depends", name], { encoding: "utf8" });
    for (const line of shown.stdout.split("\n")) {
      const file = /^insmod (\S+)/.exec(line)?.[1];
      if (file !== undefined && !files.includes(file)) files.push(file);
    }
  }
  return files;
}

function unpackModule(file: string): Uint8Array {
  const packed = readFileSync(file);
  const tool = file.endsWith(".xz") ? ["xz", "-dc"] : file.endsWith(".zst") ? ["zstd", "-dcq"] : undefined;
  if (tool === undefined) return packed;
  return spawnSync(tool[0] ?? "", tool.slice(1), { input: packed, maxBuffer: 1 << 28 }).stdout;
}

/**
 * @param command a shell script that the machine runs as its only task.
 * @param mark written behind stdout and stderr, so that the host knows that all has arrived.
 */
export function initramfs(kernel: Kernel, command: string, mark: string): Buffer {
  const archive = new Archive();
  for (const name of ["bin", "dev", "modules"]) archive.add(name, DIRECTORY);
  archive.add("dev/console", 0o020600, undefined, [5, 1]);
  archive.add("dev/null", 0o020666, undefined, [1, 3]);
  archive.add("bin/busybox", EXECUTABLE, readFileSync(kernel.busybox));
  if (kernel.files !== "/") archive.add("host-files", 0o100644);
  archive.add("init", EXECUTABLE, Buffer.from(INIT));
  archive.add("last", EXECUTABLE, Buffer.from(LAST.replaceAll("@MARK@", mark)));
  archive.add("command", EXECUTABLE, Buffer.from(command));
  const files = moduleFiles(kernel);
  const names = files.map((file) => basename(file).replace(/\.(xz|zst)$/, ""));
  for (const [index, file] of files.entries()) archive.add(`modules/${names[index]}`, 0o100644, unpackModule(file));
  archive.add("modules/order", 0o100644, Buffer.from(names.map((name) => `${name}\n`).join("")));
  return archive.finish();
}
