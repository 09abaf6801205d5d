// Every official tool that is installed parses without a word.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeParser } from "./parse.ts";

// Where Debian's package puts them, and another one's if somebody wants more.
const folders = ["/usr/sbin", process.env.BPFTRACE_TOOLS ?? "/usr/share/bpftrace/tools"].filter((folder) => existsSync(folder));
const tools = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))).filter((file) => file.endsWith(".bt"));
const parse = makeParser();

for (const file of tools) {
  test(file, () => {
    const result = parse(readFileSync(file));
    assert.is(result.messages, "");
    assert.match(result.tree, /^program.*\n( {2}.*\n)* {2}probe/);
  });
}

test("the tools are looked for where they are", () => {
  assert.ok(!existsSync("/usr/bin/bpftrace") || tools.length >= 30, `${tools.length} tools found`);
});

test.run();
