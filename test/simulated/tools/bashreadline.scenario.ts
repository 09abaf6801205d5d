import type { Scenario } from "../../../runner/simulated/scenario.ts";

export const scenarios: Scenario[] = [
  {
    name: "commands of bash alone",
    processes: { bash: { pid: 500 }, zsh: { pid: 501 } },
    steps: [
      { user: "/bin/bash:readline", returns: "df -h", process: "bash" },
      { user: "/bin/bash:readline", returns: "not shown", process: "zsh" },
      { user: "/bin/bash:readline", returns: "ls -l | wc", process: "bash" },
    ],
    expect: { output: ["...", /^TIME/, /500 +df -h$/, /500 +ls -l \| wc$/] },
  },
];
