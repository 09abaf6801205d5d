import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "signals with their results",
    processes: { shell: { pid: 500, comm: "bash" } },
    steps: [
      { syscall: "kill", arguments: { pid: 42, sig: 9 }, returns: 0, process: "shell" },
      { syscall: "kill", arguments: { pid: 43, sig: 15 }, returns: -3, process: "shell" },
    ],
    expect: { output: ["...", /^TIME/, /500 .*bash .*(9|SIGKILL) +42 +0$/, /500 .*bash .*(15|SIGTERM) +43 +-3$/] },
  },
];
