// Scripts that code generators are compared by: every one that the project has with a name, in sets.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cases } from "./cases.ts";
import { filters, read } from "./filters.ts";
import { oneLiners } from "./one-liners.ts";
import { probeCases } from "./probe-cases.ts";

export interface Script {
  set: string;
  name: string;
  text: string;
}

const GOLDEN = "test/compiler/golden";

/** Folders with the tools of bpftrace packages: BPFTRACE_TOOLS is a comma list of them. */
export const toolFolders = (process.env["BPFTRACE_TOOLS"] ?? "/usr/sbin")
  .split(",")
  .filter((folder) => existsSync(join(folder, "opensnoop.bt")));

function filesOf(set: string, folder: string): Script[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".bt"));
  return files.map((file) => ({ set, name: basename(file, ".bt"), text: readFileSync(join(folder, file), "utf8") }));
}

export function allScripts(): Script[] {
  return [
    ...oneLiners.map(([name, text]) => ({ set: "one-liners", name, text })),
    ...cases.map(({ name, script }) => ({ set: "cases", name, text: script })),
    // Probes in the load's own file have the code of those in libc.
    ...probeCases.filter(({ clause }) => !clause.includes("LOAD")).map(({ name, clause }) => ({ set: "probes", name, text: clause })),
    ...filesOf("golden", GOLDEN),
    ...filters.map(([probe, filter]) => ({ set: "filters", name: filter, text: `${probe} /${filter}/ { @ = count(); }` })),
    { set: "filters", name: "no filter", text: `${read} { @ = count(); }` },
    ...toolFolders.flatMap((folder) => filesOf(folder, folder)),
  ];
}
