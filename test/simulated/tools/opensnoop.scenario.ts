import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "files with descriptors and errors",
    processes: { cat: { pid: 500 } },
    steps: [
      { syscall: "openat", arguments: { filename: "/etc/hosts" }, returns: 3, process: "cat" },
      { syscall: "open", arguments: { filename: "/nothing" }, returns: -2, process: "cat" },
    ],
    expect: { output: ["...", /^PID/, /^500 +cat +3 +0 \/etc\/hosts$/, /^500 +cat +-1 +2 \/nothing$/] },
  },
];
