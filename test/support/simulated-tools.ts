// The loads of tool-load.c as scenarios: what the tools print in the simulated kernel is what they print under the real load, process
// numbers, ports and times left out.

import type { Scenario, Step } from "../../runner/simulated/scenario.ts";

export interface SimulatedTool {
  /** Lines that count; what its groups match is compared. */
  keep: RegExp;
  steps: Step[];
}

const LOAD = { process: "load" };
const MISSING = "/no/such/bpfcast";
const AF_INET = 2;
const AF_INET6 = 10;

export const processes: NonNullable<Scenario["processes"]> = {
  shell: { pid: 100, comm: "sh" },
  bash: { pid: 200 },
  load: { pid: 4000, comm: "tool-load", parent: "shell" },
  child: { pid: 4001, comm: "tool-load", parent: "load" },
};

const repeat = (times: number, ...steps: Step[]): Step[] => Array.from({ length: times }, () => steps).flat();

function connect(family: number, address: string): Step {
  const both =
    family === AF_INET
      ? { skc_daddr: { $ip: address }, skc_rcv_saddr: { $ip: address } }
      : { skc_v6_daddr: { $ip: address }, skc_v6_rcv_saddr: { $ip: address } };
  const common = { skc_family: family, skc_dport: { $network: 8765 }, skc_num: 40_000, ...both };
  return { call: "tcp_connect", arguments: [{ $type: "struct sock", value: { __sk_common: common } }], ...LOAD };
}

/** By the name of the tool. */
export const simulatedTools: Record<string, SimulatedTool> = {
  bashreadline: {
    keep: /^[\d:]+ +\d+ +(echo bpfcast.*)$/,
    steps: repeat(3, { user: "/bin/bash:readline", returns: "echo bpfcast", process: "bash" }),
  },
  bitesize: {
    keep: /^(@\[tool-load\]:|\[4K, 8K\) +40 .*)$/,
    steps: [
      ...repeat(40, { tracepoint: "block:block_rq_issue", fields: { comm: "tool-load", bytes: 4096, nr_sector: 8, rwbs: "R" }, ...LOAD }),
      { interrupt: true },
    ],
  },
  capable: {
    keep: /^[\d:]+ +(0) +\d+ +(tool-load) +(18) +(CAP_SYS_CHROOT) +(\d+)$/,
    steps: repeat(7, { call: "cap_capable", arguments: [0, 0, 18, 0], ...LOAD }),
  },
  execsnoop: {
    keep: /(\/bin\/true bpfcast argument)$/,
    steps: repeat(6, {
      syscall: "execve",
      arguments: { filename: "/bin/true", argv: ["/bin/true", "bpfcast", "argument", null] },
      process: "child",
    }),
  },
  gethostlatency: {
    keep: /^[\d:]+ +\d+ +(tool-load) +\d+ (localhost)$/,
    steps: repeat(5, { user: "/lib/x86_64-linux-gnu/libc.so.6:getaddrinfo", arguments: ["localhost"], lasts: "1ms", ...LOAD }),
  },
  killsnoop: {
    keep: /(tool-load) +(\S+) +(?:4194303|\d+) +(0|-3)$/,
    steps: repeat(
      4,
      { syscall: "kill", arguments: { pid: 4000, sig: 10 }, ...LOAD },
      { syscall: "kill", arguments: { pid: 4_194_303, sig: 15 }, returns: -3, ...LOAD },
    ),
  },
  naptime: {
    keep: /^[\d:]+ +\d+ +\S+ +\d+ +(tool-load) +(0\.250)$/,
    steps: repeat(4, {
      syscall: "nanosleep",
      arguments: { rqtp: { $type: "struct __kernel_timespec", value: { tv_nsec: 250_000_000 } } },
      lasts: "250ms",
      ...LOAD,
    }),
  },
  opensnoop: {
    keep: /^\d+ +(tool-load) +(-1) +(2) (\/no\/such\/bpfcast)$/,
    steps: repeat(11, { syscall: "openat", arguments: { dfd: -100, filename: MISSING }, returns: -2, ...LOAD }),
  },
  setuids: {
    keep: /^[\d:]+ +\d+ +(tool-load) +(0) +(set.*)$/,
    steps: repeat(
      3,
      { syscall: "setuid", arguments: { uid: 0 }, ...LOAD },
      { syscall: "setresuid", arguments: { ruid: 0, euid: 0, suid: 0 }, ...LOAD },
      { syscall: "setfsuid", arguments: { uid: 0 }, ...LOAD },
    ),
  },
  statsnoop: {
    keep: /^\d+ +(tool-load) +(2|0) (\/no\/such\/bpfcast|\/proc)$/,
    steps: repeat(
      8,
      { syscall: "newstat", number: 4, arguments: { filename: MISSING }, returns: -2, ...LOAD },
      { syscall: "statfs", arguments: { pathname: "/proc" }, ...LOAD },
    ),
  },
  syncsnoop: {
    keep: /^[\d:]+ +\d+ +(tool-load) +(tracepoint:syscalls:sys_enter_(?:fsync|fdatasync|msync|syncfs))$/,
    steps: repeat(
      3,
      { syscall: "fsync", arguments: { fd: 3 }, ...LOAD },
      { syscall: "fdatasync", arguments: { fd: 3 }, ...LOAD },
      { syscall: "msync", arguments: { start: 0 }, ...LOAD },
      { syscall: "syncfs", arguments: { fd: 3 }, ...LOAD },
    ),
  },
  tcpconnect: {
    keep: /^[\d:]+ +\d+ +(tool-load) +(\S+) +\d+ +(\S+) +(8765) *$/,
    steps: [...repeat(3, connect(AF_INET, "127.0.0.1")), ...repeat(2, connect(AF_INET6, "::1"))],
  },
};

/** The lines of an output that count, in the form that is compared. */
export function kept({ keep }: SimulatedTool, output: string): string[] {
  return output.split("\n").flatMap((line) => {
    const match = keep.exec(line.trimEnd());
    return match === null ? [] : [match.slice(1).join(" ")];
  });
}
