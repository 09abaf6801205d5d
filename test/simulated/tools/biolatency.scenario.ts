// Releases before 0.18 look at functions, later ones at tracepoints: both happen.

import type { Scenario, Step } from "bpfcast/test";

const io = (sector: number, took: string): Step[] => [
  { call: "blk_account_io_start", arguments: [sector] },
  { tracepoint: "block:block_bio_queue", fields: { sector, nr_sector: 8, rwbs: "R", comm: "dd" } },
  { after: took },
  { call: "blk_account_io_done", arguments: [sector] },
  { tracepoint: "block:block_rq_complete", fields: { sector, nr_sector: 8, rwbs: "R" } },
];

export const scenarios: Scenario[] = [
  {
    name: "latency from queue to completion",
    steps: [...io(8, "100us"), ...io(16, "120us"), ...io(24, "3ms"), { interrupt: true }],
    expect: {
      output: [
        /^Tracing block device I\/O/,
        "...",
        "@usecs:",
        /^\[64, 128\) +2 \|/,
        /^\[128, 256\) +0 \|/,
        /^\[256, 512\) +0/,
        /^\[512, 1K\) +0/,
        /^\[1K, 2K\) +0/,
        /^\[2K, 4K\) +1 \|/,
      ],
      maps: {
        "@usecs": [
          { min: 64, max: 127, count: 2 },
          { min: 128, max: 255, count: 0 },
          { min: 256, max: 511, count: 0 },
          { min: 512, max: 1023, count: 0 },
          { min: 1024, max: 2047, count: 0 },
          { min: 2048, max: 4095, count: 1 },
        ],
      },
    },
  },
];
