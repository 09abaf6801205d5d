import type { Scenario } from "bpfcast/test";

export const scenarios: Scenario[] = [
  {
    name: "one flush, with its pages and time",
    steps: [
      { tracepoint: "writeback:writeback_start", fields: { name: "259:1", sb_dev: 271_581_185, nr_pages: 15_791, reason: 3 } },
      { after: "5us" },
      { tracepoint: "writeback:writeback_written", fields: { name: "259:1", sb_dev: 271_581_185, nr_pages: 15_791, reason: 3 } },
    ],
    expect: { output: ["...", /^TIME/, /259:1 +\d+ +periodic +0\.005$/] },
  },
];
