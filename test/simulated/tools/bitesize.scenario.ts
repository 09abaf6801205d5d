import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "sizes by process",
    steps: [
      { tracepoint: "block:block_rq_issue", fields: { comm: "dd", bytes: 4096, rwbs: "R" }, times: 3 },
      { tracepoint: "block:block_rq_issue", fields: { comm: "cp", bytes: 131072, rwbs: "W" } },
      { interrupt: true },
    ],
    expect: {
      output: ["...", /^I\/O size \(bytes\) histograms/, "...", "@[cp]:", /^\[128K, 256K\) +1 \|/, "", "@[dd]:", /^\[4K, 8K\) +3 \|/],
    },
  },
];
