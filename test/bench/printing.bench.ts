// What printing costs the runner: events per CPU second and what is lost of a burst, in text and JSON, and large maps.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { folder, table } from "./measure.ts";
import { measureRun, measureTracing, type Tracer, tracers } from "./processes.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 500_000);
const load = join(folder, "tool-load");
execFileSync("gcc", ["-O1", "-o", load, "test/support/tool-load.c"]);
const all = tracers();

/** Lines in a file. */
function lines(file: string, pattern: RegExp): number {
  return readFileSync(file, "latin1").match(pattern)?.length ?? 0;
}

const rows = [["printf", "tracer", "events", "printed", "said lost", "CPU s", "events per CPU s", "MiB"]];
for (const format of ["text", "json"]) {
  for (const { name, command } of all) {
    const file = join(folder, "printed");
    const script = `tracepoint:raw_syscalls:sys_enter /args${name === "bpfcast" || name.startsWith("0.2") ? "." : "->"}id == 110/ { printf("%s %d %d\\n", comm, pid, cpu); }`;
    // What the process costs without events is not part of the figure.
    const idle = await measureTracing([...command, "-f", format, "-o", file, "-e", script], () => undefined);
    const { cpu, memory, stderr } = await measureTracing([...command, "-f", format, "-o", file, "-e", script], () => {
      spawnSync(load, ["parent-ids", String(EVENTS)]);
    });
    const printed = lines(file, /tool-load \d+ \d+/g);
    const lost = `${stderr}${format === "json" ? readFileSync(file, "latin1") : ""}`.matchAll(
      /(?:Lost (\d+) events|"lost_events", "count": (\d+))/g,
    );
    let said = 0;
    for (const [, text, json] of lost) said += Number(text ?? json);
    const seconds = Math.max(cpu - idle.cpu, 0.001);
    rows.push([
      format,
      name,
      `${EVENTS}`,
      `${printed}`,
      `${said}`,
      seconds.toFixed(3),
      `${Math.round(printed / seconds / 1000)}k`,
      (memory / 1024).toFixed(0),
    ]);
  }
}
console.log(table(rows));

function mapRun({ command }: Tracer, keys: number): string[] | undefined {
  const file = join(folder, "map");
  const script = `config = { max_map_keys = ${keys + 1} } BEGIN { for ($i : 0..${keys}) { @[$i] = $i; } exit(); }`;
  const { cpu, memory, code } = measureRun([...command, "-o", file, "-e", script]);
  if (code !== 0 || lines(file, /^@\[\d+\]: \d+$/gm) !== keys) return undefined;
  return [cpu.toFixed(3), (memory / 1024).toFixed(0), `${statSync(file).size}`];
}

const maps = [["map at exit", "tracer", "CPU s", "MiB", "bytes"]];
for (const keys of [10_000, 1_000_000])
  for (const tracer of all) maps.push([`${keys} keys`, tracer.name, ...(mapRun(tracer, keys) ?? ["-", "-", "-"])]);
console.log(table(maps));
