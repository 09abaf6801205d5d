// From the start of the process to attached and out: CPU and memory, beside the peers. Minimum and median of the rounds.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, table } from "./measure.ts";
import { inTurns, measureRun, tracers } from "./processes.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 7);

const rows: [name: string, words: string[]][] = [
  ["BEGIN { exit(); }", ["-e", "BEGIN { exit(); }"]],
  ["@[comm] = count()", ["-e", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } BEGIN { exit(); }"]],
];
for (const [count, pattern] of [
  [1, "sys_enter_read"],
  [360, "sys_enter_*"],
  [720, "sys_*"],
] as const)
  rows.push([`about ${count} tracepoints`, ["-e", `tracepoint:syscalls:${pattern} { @ = count(); } BEGIN { exit(); }`]]);
for (const lines of [1, 100, 1000, 10_000]) {
  const file = join(folder, `lines-${lines}.bt`);
  const statements = Array.from({ length: lines }, (_, line) => `  @m${line % 20}[${line % 50}] = count();`);
  writeFileSync(file, `BEGIN { exit(); }\ntracepoint:raw_syscalls:sys_enter {\n${statements.slice(0, 2000).join("\n")}\n}\n${rest(lines)}`);
  rows.push([`${lines} lines`, [file]]);
}

/** Further probes of a thousand lines each: one program has a limit. */
function rest(lines: number): string {
  let text = "";
  for (let done = 2000; done < lines; done += 1000) {
    const statements = Array.from({ length: 1000 }, (_, line) => `  @m${line % 20}[${line % 50}] = count();`);
    text += `tracepoint:raw_syscalls:sys_exit {\n${statements.join("\n")}\n}\n`;
  }
  return text;
}

const all = tracers();
const shown = [["start to out", ...all.flatMap(({ name }) => [`${name} CPU s`, "median", "MiB"])]];
for (const [name, words] of rows) {
  const figures = await inTurns(all, name.includes("lines") ? 1 : ROUNDS, ({ command }) => {
    const { cpu, memory, code } = measureRun([...command, ...words]);
    return code === 0 ? [cpu, memory / 1024] : undefined;
  });
  const cells = figures.flatMap((figure) => {
    const [time, memory] = figure ?? [];
    return time === undefined || memory === undefined ? ["-", "-", "-"] : [time[0].toFixed(3), time[1].toFixed(3), memory[0].toFixed(0)];
  });
  shown.push([name, ...cells]);
}
const node = await inTurns([{ name: "node", command: ["node", "-e", "0"] }], ROUNDS, ({ command }) => {
  const { cpu, memory } = measureRun(command);
  return [cpu, memory / 1024];
});
const [time, memory] = node[0] ?? [];
shown.push(["(node -e 0)", time?.[0].toFixed(3) ?? "-", time?.[1].toFixed(3) ?? "-", memory?.[0].toFixed(0) ?? "-"]);
console.log(table(shown));
