// `bpfcast help`: the reference of the language, from the compiler's own tables.

import { loadCompiler } from "../../../wasm/compiler-node.ts";
import { BpfcastError } from "../../../wasm/errors.ts";
import { similarNames } from "../../core/similar.ts";
import { type HelpEntry, helpEntries, TOPICS } from "./entries.ts";
import { markdown } from "./markdown.ts";
import { entryText, overviewText, tableText } from "./text.ts";

const WHOLE = ["reference", "--markdown"];
/** How many names an error suggests. */
const SUGGESTIONS = 3;

/** The name that stands for `argN`. */
function argumentName(word: string): string {
  return /^arg\d+$/.test(word) ? "argN" : word;
}

/** Of several meanings all. */
function entriesOf(word: string, entries: readonly HelpEntry[]): HelpEntry[] {
  const wanted = argumentName(word)
    .replace(/\(\)$/, "")
    .replace(/^BPFTRACE_/i, "")
    .toLowerCase();
  const matching = (name: string) =>
    entries.filter((entry) => [entry.name, ...(entry.aliases ?? [])].some((own) => own.toLowerCase() === name));
  const exact = entries.filter((entry) => [entry.name, ...(entry.aliases ?? [])].includes(word));
  if (exact.length > 0) return exact;
  const found = matching(wanted);
  return found.length > 0 ? found : matching(`--${wanted}`);
}

/** @throws BpfcastError `unknown-topic`. */
function topicText(word: string, entries: readonly HelpEntry[]): string {
  if (WHOLE.includes(word)) return markdown(entries);
  const texts = entriesOf(word, entries).map(entryText);
  const topic = TOPICS.find(({ name, title }) => name === word || title.toLowerCase() === word.toLowerCase());
  if (topic !== undefined) texts.push(tableText(entries.filter(({ kind }) => topic.kinds.includes(kind))));
  if (texts.length > 0) return texts.join("\n");
  const known = [...TOPICS.map(({ name }) => name), "reference", ...entries.flatMap(({ name, aliases = [] }) => [name, ...aliases])];
  const near = similarNames(word, known, SUGGESTIONS);
  const hint = near.length > 0 ? `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?` : "`bpfcast help` lists the topics";
  throw new BpfcastError("unknown-topic", `there is no help on '${word}'`, { hint });
}

/** @returns the exit code. */
export async function runHelp(words: readonly string[], output: { print(text: string): void }): Promise<number> {
  const entries = helpEntries((await loadCompiler()).reference());
  const texts = words.length === 0 ? [overviewText(entries)] : words.map((word) => topicText(word, entries));
  output.print(texts.join("\n"));
  return 0;
}
