// The whole reference as one Markdown document.

import { type HelpEntry, remarksOf, TOPICS, type Topic } from "./entries.ts";

/** Text of a table's cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** Text as code; pipes end a cell even there. */
function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${cell(text)}${fence}`;
}

function tableOf({ title, kinds }: Topic, entries: readonly HelpEntry[]): string {
  const rows = entries.filter(({ kind }) => kinds.includes(kind));
  const hasTypes = rows.some(({ type }) => type !== undefined);
  const hasForms = rows.some(({ signature, name }) => signature !== undefined && signature !== name);
  const hasAliases = rows.some(({ aliases = [], kind }) => kind !== "option" && aliases.length > 0);
  const columns: { head: string; of(entry: HelpEntry): string }[] = [
    { head: "name", of: ({ name }) => code(name) },
    ...(hasAliases ? [{ head: "also", of: ({ aliases = [] }: HelpEntry) => aliases.map(code).join(" ") }] : []),
    ...(hasForms ? [{ head: "written", of: ({ signature = "" }: HelpEntry) => (signature === "" ? "" : code(signature)) }] : []),
    ...(hasTypes ? [{ head: "type", of: ({ type = "" }: HelpEntry) => cell(type) }] : []),
    {
      head: "meaning",
      of: (entry) =>
        [
          `${cell(entry.documentation)}.`,
          ...remarksOf(entry).map(cell),
          ...(entry.builtins === undefined ? [] : [`Builtins: ${entry.builtins.map(code).join(" ")}.`]),
          ...(entry.example === undefined ? [] : [`Example: ${code(entry.example)}`]),
        ].join(" "),
    },
  ];
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    line(columns.map(({ head }) => head)),
    line(columns.map(() => "---")),
    ...rows.map((entry) => line(columns.map(({ of }) => of(entry)))),
    "",
  ].join("\n");
}

export function markdown(entries: readonly HelpEntry[]): string {
  const head = "# bpfcast reference\n\nMade by `bpfcast help reference` from the tables that the compiler itself works by.\n";
  return [head, ...TOPICS.map((topic) => tableOf(topic, entries))].join("\n");
}
