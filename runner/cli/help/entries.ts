// What there is help on: the compiler's reference, and the options of the command line.

import type { Reference, ReferenceEntry, ReferenceKind } from "../../../wasm/reference.ts";
import { RUNNER_CODES } from "../../core/codes.ts";
import { OPTION_TABLE } from "../options.ts";

export interface HelpEntry extends Omit<ReferenceEntry, "kind"> {
  kind: ReferenceKind | "option";
}

/** One table of the reference. */
export interface Topic {
  name: string;
  title: string;
  kinds: readonly HelpEntry["kind"][];
}

/** In the order of the reference. */
export const TOPICS: readonly Topic[] = [
  { name: "language", title: "Language", kinds: ["language"] },
  { name: "probes", title: "Probes", kinds: ["probe"] },
  { name: "builtins", title: "Builtins", kinds: ["builtin"] },
  { name: "functions", title: "Functions", kinds: ["function", "aggregation"] },
  { name: "config", title: "Configuration", kinds: ["config"] },
  { name: "options", title: "Options", kinds: ["option"] },
  { name: "errors", title: "Errors and warnings", kinds: ["code"] },
];

/** The options as entries: the long name is the name, if there is one. */
function optionEntries(): HelpEntry[] {
  return OPTION_TABLE.map(({ short, long, argument, help, key }) => {
    const names = [...(short === undefined ? [] : [`-${short}`]), ...(long === undefined ? [] : [`--${long}`])];
    return {
      kind: "option",
      name: names.at(-1) ?? "",
      aliases: names.slice(0, -1),
      signature: `${names.join(", ")}${argument === undefined ? "" : ` ${argument}`}`,
      documentation: `${help.charAt(0).toUpperCase()}${help.slice(1)}`,
      ...(key === "unsupported" ? { unsupported: true } : {}),
    };
  });
}

export function helpEntries(reference: Reference): HelpEntry[] {
  return [...reference, ...RUNNER_CODES, ...optionEntries()];
}

/** Remarks behind an entry's one line: what it needs, and where it is not. */
export function remarksOf(entry: HelpEntry): string[] {
  const { unsupported, why, unsafe, kernel, feature, probes, values, kind, environment, environmentOnly, deprecated } = entry;
  const remarks: string[] = [];
  if (unsupported) remarks.push(why === undefined ? "Not supported yet." : `Not supported: ${why}.`);
  if (unsafe) remarks.push("Needs --unsafe.");
  if (kernel !== undefined) remarks.push(`Needs kernel ${kernel}${feature === undefined ? "" : ` (${feature})`}.`);
  else if (feature !== undefined) remarks.push(`Uses ${feature}.`);
  if (probes !== undefined) remarks.push(`Only in ${probes.join(", ")}.`);
  if (entry.default !== undefined) remarks.push(`Default: ${entry.default}.`);
  if (values !== undefined) {
    const label = kind === "probe" ? "Events" : deprecated ? "Now" : "Values";
    remarks.push(`${label}: ${values.join(", ")}.`);
  }
  if (environment !== undefined && !deprecated) {
    remarks.push(environmentOnly ? `Only as ${environment} in the environment.` : `Also ${environment} in the environment.`);
  }
  return remarks;
}
