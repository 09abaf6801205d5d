import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "connections of both versions",
    processes: { curl: { pid: 700 } },
    steps: [
      {
        call: "tcp_connect",
        arguments: [
          {
            $type: "struct sock",
            value: {
              __sk_common: {
                skc_family: 2,
                skc_daddr: { $ip: "93.184.216.34" },
                skc_rcv_saddr: { $ip: "10.0.0.7" },
                skc_dport: { $network: 443 },
                skc_num: 50_123,
              },
            },
          },
        ],
        process: "curl",
      },
      {
        call: "tcp_connect",
        arguments: [
          {
            $type: "struct sock",
            value: {
              __sk_common: {
                skc_family: 10,
                skc_v6_daddr: { $ip: "2001:db8::1" },
                skc_v6_rcv_saddr: { $ip: "::1" },
                skc_dport: { $network: 80 },
                skc_num: 50_124,
              },
            },
          },
        ],
        process: "curl",
      },
    ],
    expect: {
      output: ["...", /^TIME/, /700 +curl +10\.0\.0\.7 +50123 +93\.184\.216\.34 +443 *$/, /700 +curl +::1 +50124 +2001:db8::1 +80 *$/],
    },
  },
];
