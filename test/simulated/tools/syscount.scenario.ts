import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "calls by number and by process",
    processes: { web: { pid: 300, comm: "nginx" }, db: { pid: 301, comm: "postgres" } },
    steps: [
      { syscall: "read", process: "web", times: 5 },
      { syscall: "write", process: "web", times: 2 },
      { syscall: "openat", arguments: { filename: "/etc/hosts" }, process: "db", times: 3 },
      { interrupt: true },
    ],
    expect: {
      output: [
        "...",
        /^Top 10 syscalls IDs:$/,
        "@syscall[1]: 2",
        "@syscall[257]: 3",
        "@syscall[0]: 5",
        "",
        /^Top 10 processes:$/,
        "@process[postgres]: 3",
        "@process[nginx]: 7",
      ],
    },
  },
];
