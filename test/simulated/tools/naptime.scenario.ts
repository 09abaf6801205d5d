import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "who sleeps, for how long, and who started it",
    processes: { cron: { pid: 80, comm: "cron" }, job: { pid: 500, comm: "sleep", parent: "cron" } },
    steps: [
      {
        syscall: "nanosleep",
        arguments: { rqtp: { $type: "struct __kernel_timespec", value: { tv_sec: 5, tv_nsec: 250_000_000 } } },
        lasts: "5.25s",
        process: "job",
      },
    ],
    expect: { output: ["...", /^TIME/, /80 +cron +500 +sleep +5\.250$/] },
  },
];
