// Scripts that bpftrace 0.27.1 was asked about (`bpftrace --fmt`), with its first error: we say the same at the same place.
// peer.tsv: the script as a JSON string, a tab, then `accepted` or `LINE:COLUMN-END message`.
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeParser } from "./parse.ts";

const rows = readFileSync("test/compiler/syntax/peer.tsv", "utf8").trimEnd().split("\n");
const parse = makeParser();

test("first errors", () => {
  assert.ok(rows.length > 400);
  for (const row of rows) {
    const tab = row.lastIndexOf("\t");
    const script = JSON.parse(row.slice(0, tab)) as string;
    // The peer may accept a file without probes here; it refuses them later.
    const errors = parse(script)
      .messages.split("\n")
      .filter((line) => line.includes(" ERROR ") && !line.includes("empty-program"));
    const first = /^(\S+) ERROR [a-z-]+: (.*)$/.exec(errors[0] ?? "");
    assert.is(first ? `${first[1]} ${first[2]}` : "accepted", row.slice(tab + 1), script);
  }
});

test.run();
