// What the benches of this run have found, beside the targets: one table. Reads the files of .out/bench.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { number, RESULTS, type Results, type Row, table } from "./report.ts";

const OWN = "bpfcast";
const NEW = "0.27.1";

const results = new Map<string, Results>();
if (existsSync(RESULTS))
  for (const file of readdirSync(RESULTS)) results.set(file.replace(/\.json$/, ""), JSON.parse(readFileSync(join(RESULTS, file), "utf8")));

function rowsOf(name: string): Row[] {
  return [...results].filter(([file]) => file === name || file.startsWith(`${name}-`)).flatMap(([, { rows }]) => rows);
}

function figure(file: string, name: string, unit: string, who: string): number | undefined {
  return rowsOf(file).find((row) => row.name === name && row.unit === unit)?.figures[who]?.minimum;
}

/** The lower of the peers' figures. */
function best({ figures }: Row): number | undefined {
  const others = Object.entries(figures).flatMap(([who, { minimum }]) => (/^\d/.test(who) ? [minimum] : []));
  return others.length === 0 ? undefined : Math.min(...others);
}

interface Line {
  what: string;
  unit: string;
  found: number | undefined;
  /** How it is to compare: at most, at least. */
  limit: number | undefined;
  isLeast?: boolean;
  /** Where the limit comes from. */
  why: string;
}

const lines: Line[] = [];

for (const name of ["BEGIN { exit(); }", "@[comm] = count()"]) {
  const [own, peer, node] = [OWN, NEW]
    .map((who) => figure("start", name, "CPU s", who))
    .concat(figure("start", "node -e 0", "CPU s", "node -e 0"));
  lines.push({ what: `start, ${name}`, unit: "CPU s", found: own, limit: peer && peer * 0.6, why: `0.6 of ${NEW}` });
  lines.push({ what: `start, ${name}`, unit: "CPU s", found: own, limit: node && node + 0.025, why: "25 ms over node -e 0" });
  lines.push({
    what: `start, ${name}`,
    unit: "MiB",
    found: figure("start", name, "MiB", OWN),
    limit: figure("start", name, "MiB", NEW),
    why: `below ${NEW}`,
  });
}
const timed = rowsOf("compile").filter(({ figures }) => figures["warm"] !== undefined);
const slowest = timed.reduce<Row | undefined>(
  (most, row) => ((row.figures["warm"]?.minimum ?? 0) > (most?.figures["warm"]?.minimum ?? 0) ? row : most),
  undefined,
);
lines.push({
  what: `compile, the slowest script (${slowest?.name ?? "none"})`,
  unit: "ms warm",
  found: slowest?.figures["warm"]?.minimum,
  limit: 10,
  why: "every official tool",
});
const sum = (file: string, who: string) => rowsOf(file).reduce((all, { figures }) => all + (figures[who]?.minimum ?? 0), 0) || undefined;
lines.push({ what: "the one-liners together", unit: "insns", found: sum("instructions-one-liners", OWN), limit: 900, why: "fixed" });
const counted = rowsOf("instructions");
const above = (who: RegExp, factor: number) =>
  counted.filter(({ figures }) => {
    const other = Object.entries(figures).find(([name]) => who.test(name))?.[1].minimum;
    return other !== undefined && (figures[OWN]?.minimum ?? 0) > other * factor;
  }).length;
if (counted.length > 0) {
  lines.push({
    what: `scripts not below ${NEW}, of ${counted.length}`,
    unit: "scripts",
    found: above(/^v?0\.27/, 1),
    limit: 0,
    why: "instructions in the file",
  });
  lines.push({
    what: "scripts over the LLVM back end by more than a tenth",
    unit: "scripts",
    found: above(/^llvm$/, 1.1),
    limit: 0,
    why: "instructions in the file",
  });
}
for (const row of rowsOf("events"))
  lines.push({ what: `event, ${row.name}`, unit: "ns", found: row.figures[OWN]?.minimum, limit: best(row), why: "the better peer" });
for (const [format, rate] of [
  ["text", 3_000_000],
  ["json", 2_000_000],
] as const) {
  lines.push({
    what: `printf, ${format}`,
    unit: "events/CPU s",
    found: figure("printing", `printf, ${format}`, "events/CPU s", OWN),
    limit: rate,
    isLeast: true,
    why: "fixed",
  });
  lines.push({
    what: `printf, ${format}: lost`,
    unit: "events",
    found: figure("printing", `printf, ${format}: lost`, "events", OWN),
    limit: 0,
    why: "none of a burst of 500,000",
  });
}
const keys = "map of 1000000 keys at exit";
const peerKeys = figure("printing", keys, "CPU s", NEW);
lines.push({
  what: keys,
  unit: "CPU s",
  found: figure("printing", keys, "CPU s", OWN),
  limit: peerKeys && peerKeys / 2.4,
  why: `1.0 where ${NEW} takes 2.4`,
});
lines.push({ what: keys, unit: "MiB", found: figure("printing", keys, "MiB", OWN), limit: 250, why: "fixed" });
const many = figure("start", "360 tracepoints", "CPU s", NEW);
lines.push({
  what: "360 tracepoints",
  unit: "CPU s",
  found: figure("start", "360 tracepoints", "CPU s", OWN),
  limit: many && many * (0.2 / 1.9),
  why: `0.2 where ${NEW} takes 1.9`,
});
lines.push({ what: "360 tracepoints", unit: "MiB", found: figure("start", "360 tracepoints", "MiB", OWN), limit: 120, why: "fixed" });
lines.push({
  what: "compiler module",
  unit: "bytes",
  found: figure("module", "compiler.wasm", "bytes", "raw"),
  limit: 600 * 1024,
  why: "600 KB",
});
lines.push({
  what: "compiler module",
  unit: "bytes gzip",
  found: figure("module", "compiler.wasm", "bytes", "gzip"),
  limit: 200 * 1024,
  why: "200 KB",
});

const shown = lines.map(({ what, unit, found, limit, isLeast, why }) => {
  if (found === undefined || limit === undefined) return [what, unit, "-", "-", "not measured", why];
  const share = limit === 0 ? (found === 0 ? 1 : Number.POSITIVE_INFINITY) : isLeast ? limit / found : found / limit;
  const verdict = share <= 1 ? "yes" : `no, by ${Number.isFinite(share) ? `${((share - 1) * 100).toFixed(0)} %` : "all"}`;
  return [what, unit, number(found), `${isLeast ? ">=" : "<="} ${number(limit)}`, verdict, why];
});
console.log(table([["target", "unit", "found", "wanted", "reached", "by"], ...shown]));
