import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "forks of each second",
    processes: { shell: { pid: 500, comm: "bash" } },
    steps: [
      { tracepoint: "sched:sched_process_fork", fields: { parent_pid: 500, child_pid: 501 }, process: "shell", times: 3 },
      { after: "1s" },
      { tracepoint: "sched:sched_process_fork", fields: { parent_pid: 500, child_pid: 504 }, process: "shell" },
      { after: "1s" },
    ],
    expect: { output: [/^Tracing new processes/, /PIDs\/sec: @: 3$/, /PIDs\/sec: @: 1$/] },
  },
];
