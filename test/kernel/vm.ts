// A virtual machine without hardware support: QEMU emulates a PC that boots a Debian kernel over this machine's own files
// (read-only, changes in memory) and runs one shell command.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initramfs } from "./initramfs.ts";
import { type Kernel, kernel } from "./kernels.ts";

export interface VmResult {
  /** The command's exit code. */
  code: number;
  stdout: string;
  stderr: string;
}

/** What differs between the machines. */
const MACHINES = {
  amd64: {
    program: "qemu-system-x86_64",
    options: ["-cpu", "max", "-machine", "q35"],
    commandLine: "console=ttyS0 tsc=reliable no_timer_check i8042.noprobe 8250.nr_uarts=1",
  },
  arm64: {
    program: "qemu-system-aarch64",
    options: ["-cpu", "max,pauth-impdef=on", "-machine", "virt"],
    commandLine: "console=ttyAMA0",
  },
};

/** Each spares the guest work that costs seconds under emulation. */
const KERNEL_COMMAND_LINE = [
  "loglevel=4",
  "panic=-1",
  "mitigations=off",
  "nokaslr",
  "apparmor=0",
  "audit=0",
  "cryptomgr.notests",
  "random.trust_cpu=on",
  "rcupdate.rcu_expedited=1",
  "nowatchdog",
].join(" ");

/**
 * The emulation of several CPUs now and then runs stale code where a program writes its own, as JavaScript's compilers do (one start
 * of Node in ten ended with SIGILL or SIGSEGV); on one CPU it does not.
 */
const ONE_CPU = 'node() { taskset -c 0 node "$@"; }\n';

const PORTS = ["stdout", "stderr", "code"] as const;
type Port = (typeof PORTS)[number];

function qemuArguments(folder: string, image: Kernel, disks: string[]): string[] {
  const machine = MACHINES[image.architecture];
  const args = [
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-no-reboot",
    "-accel",
    "tcg,thread=multi,tb-size=512",
    ...machine.options,
    "-smp",
    "2",
    "-m",
    "2048",
    "-kernel",
    image.image,
    "-initrd",
    join(folder, "initramfs"),
    "-append",
    `${machine.commandLine} ${KERNEL_COMMAND_LINE}`,
    "-serial",
    `file:${join(folder, "console")}`,
    "-device",
    "virtio-serial-pci,max_ports=8",
    "-device",
    "virtio-rng-pci",
    "-fsdev",
    `local,id=root,path=${image.files},security_model=none,multidevs=remap,readonly=on`,
    "-device",
    "virtio-9p-pci,fsdev=root,mount_tag=root",
  ];
  if (image.files !== "/") {
    args.push("-fsdev", "local,id=host,path=/,security_model=none,multidevs=remap,readonly=on");
    args.push("-device", "virtio-9p-pci,fsdev=host,mount_tag=host");
  }
  PORTS.forEach((port, index) => {
    args.push("-chardev", `socket,id=${port},path=${join(folder, port)}`);
    args.push("-device", `virtserialport,chardev=${port},name=bpfcast.${port},nr=${index + 1}`);
  });
  for (const [index, file] of disks.entries())
    args.push("-drive", `file=${file},format=raw,if=none,id=disk${index}`, "-device", `virtio-blk-pci,drive=disk${index}`);
  return args;
}

/**
 * Boots a kernel and runs `command` (a shell script) as root. On arm64 this machine's files are below /host.
 * @param seconds time for boot and command together; a machine that takes longer is killed and the promise rejected.
 */
export async function runInVm(series: string, command: string, seconds = 300, disks: string[] = []): Promise<VmResult> {
  const image = kernel(series);
  const folder = mkdtempSync(join(tmpdir(), "bpfcast-vm-"));
  const mark = `\u0001end-${randomBytes(12).toString("hex")}\u0001`;
  writeFileSync(join(folder, "initramfs"), initramfs(image, `${ONE_CPU}${command}`, mark));
  const received: Record<Port, Buffer[]> = { stdout: [], stderr: [], code: [] };
  const text = (port: Port) => Buffer.concat(received[port]).toString();
  const servers: Server[] = [];
  try {
    return await new Promise<VmResult>((resolve, reject) => {
      let machine: ReturnType<typeof spawn> | undefined;
      const timer = setTimeout(() => fail(`no end after ${seconds} s`), seconds * 1000);
      const stop = () => {
        clearTimeout(timer);
        machine?.kill("SIGKILL");
      };
      const fail = (reason: string) => {
        stop();
        let log = "";
        try {
          log = readFileSync(join(folder, "console"), "utf8").split("\n").slice(-30).join("\n");
        } catch {
          log = "(no console output)";
        }
        reject(new Error(`virtual machine with kernel ${image.release}: ${reason}\n${text("stdout")}${text("stderr")}${log}`));
      };
      const complete = () => text("stdout").includes(mark) && text("stderr").includes(mark) && text("code").includes("\n");
      const listen = (port: Port) =>
        new Promise<void>((ready) => {
          const server = createServer((socket: Socket) => {
            socket.on("error", () => undefined);
            socket.on("data", (bytes: Buffer) => {
              received[port].push(bytes);
              if (!complete()) return;
              stop();
              resolve({
                code: Number.parseInt(text("code"), 10),
                stdout: text("stdout").replace(mark, ""),
                stderr: text("stderr").replace(mark, ""),
              });
            });
          });
          servers.push(server);
          server.listen(join(folder, port), ready);
        });
      Promise.all(PORTS.map(listen)).then(() => {
        machine = spawn(MACHINES[image.architecture].program, qemuArguments(folder, image, disks), { stdio: ["ignore", "ignore", "pipe"] });
        let message = "";
        machine.stderr?.on("data", (bytes: Buffer) => {
          message += bytes.toString();
        });
        machine.on("error", (error) => fail(error.message));
        machine.on("exit", () => setTimeout(() => (complete() ? undefined : fail(`QEMU stopped: ${message}`)), 100));
      }, reject);
    });
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
