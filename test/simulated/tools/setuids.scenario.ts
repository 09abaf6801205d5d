import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "changes of the user",
    processes: { sshd: { pid: 900, uid: 122 } },
    steps: [
      { syscall: "setuid", arguments: { uid: 0 }, returns: -1, process: "sshd" },
      { syscall: "setresuid", arguments: { ruid: 1000, euid: 1000, suid: 1000 }, returns: 0, process: "sshd" },
    ],
    expect: {
      output: ["...", /^TIME/, /900 +sshd +122 +setuid +uid=0 \(-1\)$/, /900 +sshd +122 +setresuid +ruid=1000 euid=1000 suid=1000 \(0\)$/],
    },
  },
];
