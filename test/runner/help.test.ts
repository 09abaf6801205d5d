// `bpfcast help`: topics, tables, the whole as Markdown.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { helpEntries, TOPICS } from "../../runner/cli/help/entries.ts";
import { newCompiler } from "../support/compiler.ts";

const entries = helpEntries((await newCompiler()).reference());

function run(...words: string[]) {
  return spawnSync("node", [".out/bpfcast.cjs", ...words], { encoding: "utf8", timeout: 30_000 });
}

function help(...words: string[]): string {
  const { status, stdout, stderr } = run("help", ...words);
  assert.is(status, 0, stderr);
  assert.is(stderr, "");
  return stdout;
}

test("without a topic: what topics there are", () => {
  const text = help();
  for (const { name } of TOPICS) assert.match(text, new RegExp(`^    ${name} `, "m"));
});

const topics: [word: string, ...lines: RegExp[]][] = [
  ["printf", /^printf \(function\)$/, /^ {4}printf\(format, \.\.\.\)$/, /^ {4}Example: printf\(/],
  ["strlen", /^ {4}strlen\(text\): uint64$/, /^ {4}Now: max_strlen\.$/],
  ["count()", /^count \(aggregation\)$/],
  ["tracepoint", /^tracepoint \(probe; also t\)$/, /^ {4}Builtins: .*\bargs\b/],
  ["kfunc", /^fentry \(probe; also f, kfunc\)$/],
  ["U", /^usdt \(probe; also U\)$/, /^ {4}Builtins: .*\bargN\b/],
  ["unwatch", /^ {4}Not supported: bpftrace itself has not implemented it since 0\.25\.$/],
  ["no-feature", /^ {4}Not supported yet\.$/],
  ["BEGIN", /^begin \(probe\)$/],
  ["retval", /^ {4}Only in kretprobe, uretprobe, fexit\.$/],
  ["arg7", /^argN \(builtin\)$/],
  ["max_strlen", /^ {4}Default: 1024\.$/, /^ {4}Also BPFTRACE_MAX_STRLEN in the environment\.$/],
  ["BPFTRACE_MAX_STRLEN", /^max_strlen \(config key\)$/],
  ["unknown-field", /^unknown-field \(error or warning\)$/],
  ["maps", /^maps \(language; /],
  ["signal", /^ {4}Needs --unsafe\.$/, /^ {4}Needs kernel 5\.3 \(helper:send_signal\)\.$/],
  ["software", /^ {4}Events: .*\bpage-faults, faults\b/],
  ["--dry-run", /^--dry-run \(option\)$/],
  ["dry-run", /^--dry-run \(option\)$/],
  ["-e", /^ {4}-e 'program'$/],
  ["pid", /^pid \(builtin\)$/, /^pid \(function\)$/],
];

for (const [word, ...lines] of topics) {
  test(`help ${word}`, () => {
    const shown = help(word).split("\n");
    for (const line of lines)
      assert.ok(
        shown.some((text) => line.test(text)),
        `${line}\n${shown.join("\n")}`,
      );
  });
}

test("the tables have a line for each row", () => {
  for (const { name, kinds } of TOPICS) {
    const table = help(name);
    for (const entry of entries.filter(({ kind }) => kinds.includes(kind))) {
      const { signature = entry.name, kind } = entry;
      assert.ok(table.includes(`    ${kind === "probe" ? entry.name : signature}`), `${name}: ${entry.name}`);
    }
  }
});

test("an unknown topic: exit code 1, and what was meant", () => {
  const { status, stdout, stderr } = run("help", "tracepiont");
  assert.is(status, 1);
  assert.is(stdout, "");
  assert.match(stderr, /^ERROR: there is no help on 'tracepiont'\nHINT: did you mean `tracepoint`.*\?\nCODE: unknown-topic\n$/);
  assert.match(run("help", "zzzzzzzzzz").stderr, /\nHINT: `bpfcast help` lists the topics\n/);
});

test("the Markdown has every row of every table, and no cell is torn", () => {
  const text = help("reference");
  assert.is(help("--markdown"), text);
  const lines = text.split("\n");
  for (const { title } of TOPICS) assert.ok(lines.includes(`## ${title}`));
  for (const { name, kind } of entries) assert.ok(text.includes(`| \`${name}\` |`), `${kind} ${name}`);
  let columns = 0;
  for (const line of lines) {
    if (!line.startsWith("|")) columns = 0;
    else {
      const cells = line.replaceAll("\\|", "").split("|").length;
      if (columns === 0) columns = cells;
      assert.is(cells, columns, line);
    }
  }
});

const READMES = ["README.md", "compiler/README.md", "runner/README.md", "wasm/README.md", "test/README.md"];

test("the READMEs name only what there is", () => {
  const known = new Set(entries.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  for (const file of READMES) {
    const text = readFileSync(file, "utf8");
    for (const [word, topics = ""] of text.matchAll(/bpfcast help ([\w-]+(?:\|[\w-]+)*)/g)) {
      if (/^[A-Z]+$/.test(topics)) continue;
      for (const topic of topics.split("|"))
        assert.ok(topic === "reference" || known.has(topic) || TOPICS.some(({ name }) => name === topic), `${file}: ${word}`);
    }
  }
  // The row of probes in README.md has every one; what is refused is named behind it.
  const readme = readFileSync("README.md", "utf8");
  const row = /^\| probes \| (.*) \|$/m.exec(readme)?.[1] ?? "";
  const missing = /Not there yet:([\s\S]*?)\./.exec(readme)?.[1] ?? "";
  for (const { kind, name, unsupported } of entries) {
    if (kind === "probe") assert.match(row, new RegExp(`\\b${name}\\b`));
    if (kind === "function" && unsupported) assert.match(missing, new RegExp(`\\b${name}\\b`));
  }
});

test.run();
