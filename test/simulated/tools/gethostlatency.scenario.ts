import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "how long a name took",
    processes: { curl: { pid: 700 } },
    steps: [
      { user: "/lib/x86_64-linux-gnu/libc.so.6:getaddrinfo", arguments: ["example.org"], lasts: "81ms", process: "curl" },
      { user: "/lib/x86_64-linux-gnu/libc.so.6:gethostbyname", arguments: ["localhost"], lasts: "3ms", process: "curl" },
    ],
    expect: { output: ["...", /^TIME/, /700 +curl +81 example\.org$/, /700 +curl +3 localhost$/] },
  },
];
