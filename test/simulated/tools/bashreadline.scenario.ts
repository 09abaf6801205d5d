import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "commands as they are entered",
    processes: { bash: { pid: 500 } },
    steps: [
      { user: "/bin/bash:readline", returns: "df -h", process: "bash" },
      { user: "/bin/bash:readline", returns: "ls -l | wc", process: "bash" },
    ],
    expect: { output: ["...", /^TIME/, /500 +df -h$/, /500 +ls -l \| wc$/] },
  },
];
