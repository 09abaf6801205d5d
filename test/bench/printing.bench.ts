// What printing costs the runner: events per CPU second and what is lost of a burst, in text and JSON, and large maps.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./measure.ts";
import { inTurns, measure, spelled, tracers } from "./processes.ts";
import { Report } from "./report.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
const EVENTS = Number(process.env["EVENTS"] ?? 500_000);
const SCRIPT = 'tracepoint:raw_syscalls:sys_enter /args.id == 110/ { printf("%s %d %d\\n", comm, pid, cpu); }';

const load = join(folder, "tool-load");
execFileSync("gcc", ["-O1", "-o", load, "test/support/tool-load.c"]);
const all = tracers();
const report = new Report("printing", `printing, ${EVENTS} events in a burst`);
const file = join(folder, "printed");

/** Lines in the output, which can be larger than a string may be. */
function count(pattern: RegExp): number {
  return readFileSync(file, "latin1").match(pattern)?.length ?? 0;
}

for (const format of ["text", "json"]) {
  const figures = await inTurns(all, ROUNDS, async (tracer) => {
    const command = [...tracer.command, "-f", format, "-o", file, "-e", spelled(tracer, SCRIPT)];
    // What the process costs without events is not part of the figure.
    const idle = await measure(command, () => undefined);
    const busy = await measure(command, () => {
      spawnSync(load, ["parent-ids", String(EVENTS)]);
    });
    if (idle === undefined || busy === undefined) return undefined;
    const printed = count(/tool-load \d+ \d+/g);
    const told = `${busy.stderr}${readFileSync(file, "latin1")}`.matchAll(/Lost (\d+) events|"lost_events", "data": \{"events": (\d+)/g);
    let said = 0;
    for (const [, text, json] of told) said += Number(text ?? json);
    return {
      rate: printed / Math.max(busy.cpu - idle.cpu, 0.001),
      memory: busy.memory / 1024,
      lost: EVENTS - printed,
      unsaid: EVENTS - printed - said,
    };
  });
  report.add(`printf, ${format}`, "events/CPU s", figures.get("rate"));
  report.add(`printf, ${format}`, "MiB", figures.get("memory"));
  report.add(`printf, ${format}: lost`, "events", figures.get("lost"));
  report.add(`printf, ${format}: lost, not said`, "events", figures.get("unsaid"));
}

for (const keys of [10_000, 1_000_000]) {
  const figures = await inTurns(all, keys > 10_000 ? 1 : ROUNDS, async ({ command, isOld }) => {
    // The old one has neither the loop nor the setting in the script.
    if (isOld) return undefined;
    const script = `config = { max_map_keys = ${keys + 1} } BEGIN { for ($i : 0..${keys}) { @[$i] = $i; } exit(); }`;
    const usage = await measure([...command, "-o", file, "-e", script]);
    if (usage === undefined || count(/^@\[\d+\]: \d+$/gm) !== keys) return undefined;
    return { cpu: usage.cpu, memory: usage.memory / 1024 };
  });
  report.add(`map of ${keys} keys at exit`, "CPU s", figures.get("cpu"));
  report.add(`map of ${keys} keys at exit`, "MiB", figures.get("memory"));
}
report.print();
