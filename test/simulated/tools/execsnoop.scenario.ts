import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "arguments of each new program",
    processes: { shell: { pid: 500, comm: "bash" }, child: { pid: 501, comm: "bash", parent: "shell" } },
    steps: [
      { syscall: "execve", arguments: { filename: "/bin/ls", argv: ["ls", "-l", "/tmp", null] }, returns: 0, process: "child" },
      { after: "1ms" },
      { syscall: "execve", arguments: { filename: "/bin/none", argv: ["none", null] }, returns: -2, process: "shell" },
    ],
    expect: {
      output: ["...", /^TIME.*PID.*ARGS$/, /501 .*\bls -l \/tmp$/, /500 .*\bnone$/],
    },
  },
];
