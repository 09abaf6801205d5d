// Help for a terminal.

import { type HelpEntry, remarksOf, TOPICS } from "./entries.ts";

/** Where the second column of tables begins. */
const COLUMN = 26;

const KINDS: Readonly<Record<HelpEntry["kind"], string>> = {
  language: "language",
  probe: "probe",
  builtin: "builtin",
  function: "function",
  aggregation: "aggregation",
  config: "config key",
  option: "option",
  code: "error or warning",
};

/** Two columns; a first one that is too long has a line of its own. */
function row(head: string, text: string): string {
  const start = `    ${head}`;
  return start.length < COLUMN ? `${start.padEnd(COLUMN)}${text}\n` : `${start}\n${" ".repeat(COLUMN)}${text}\n`;
}

/** How an entry is written, with the type of its value. */
function formOf({ signature, name, type, kind }: HelpEntry): string {
  const form = signature ?? name;
  if (kind === "config") return type === undefined ? name : `${name} = ${type}`;
  return type === undefined || type === "void" ? form : `${form}: ${type}`;
}

/** Everything about one entry. */
export function entryText(entry: HelpEntry): string {
  const { name, kind, documentation, aliases = [], example, builtins } = entry;
  const lines = [`${name} (${KINDS[kind]}${aliases.length === 0 ? "" : `; also ${aliases.join(", ")}`})`];
  const form = formOf(entry);
  if (form !== name) lines.push(`    ${form}`);
  lines.push(`    ${documentation}${/[.)]$/.test(documentation) ? "" : "."}`, ...remarksOf(entry).map((remark) => `    ${remark}`));
  if (builtins !== undefined) lines.push(`    Builtins: ${builtins.join(", ")}.`);
  if (example !== undefined) lines.push(`    Example: ${example}`);
  return `${lines.join("\n")}\n`;
}

/** Names and one line each. */
export function tableText(entries: readonly HelpEntry[]): string {
  return entries
    .map(({ name, kind, signature, aliases = [], documentation, unsupported }) => {
      const head = kind === "probe" ? [name, ...aliases].join(", ") : (signature ?? name);
      return row(head, `${documentation}${unsupported ? " (not supported)" : ""}`);
    })
    .join("");
}

/** What there is help on. */
export function overviewText(entries: readonly HelpEntry[]): string {
  const tables = TOPICS.map(({ name, title, kinds }) => {
    const count = entries.filter(({ kind }) => kinds.includes(kind)).length;
    return row(name, `${title}: ${count} entries`);
  });
  const subjects = entries.filter(({ kind, example }) => kind === "language" && example !== undefined).map(({ name }) => name);
  return `bpfcast help TOPIC

TABLES:
${tables.join("")}${row("reference", "All of them as Markdown; --markdown is the same")}
OF THE LANGUAGE:
    ${subjects.join(" ")}

Or any name of a table: bpfcast help printf, tracepoint, max_strlen, unknown-field, --profile
\`bpfcast --help\` shows how the program is called.
`;
}
