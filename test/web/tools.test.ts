// The official tools that the build puts beside the page: scripts with their description, and their licence.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { titleOf, writeTools } from "../../.scripts/tools.mjs";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-tools-"));
const licence = join(folder, "copyright");
const output = join(folder, "tools.json");
test.after(() => rmSync(folder, { recursive: true, force: true }));

function written(from: string): { version: string; licence: string; tools: { name: string; title: string; script: string }[] } {
  writeTools(output, { folder: from, licence, isPackage: false });
  return JSON.parse(readFileSync(output, "utf8"));
}

const TOOL = "#!/usr/bin/env bpftrace\n// thing\tShows things.\n// \t\tFor Linux.\n//\n// SPDX-License-Identifier: Apache-2.0\nBEGIN { }\n";

test("scripts come with their header and description, other files do not come", () => {
  writeFileSync(licence, "Terms");
  writeFileSync(join(folder, "thing.bt"), TOOL);
  writeFileSync(join(folder, "binary.bt"), "\x7fELF");
  writeFileSync(join(folder, "other.sh"), TOOL);
  mkdirSync(join(folder, "folder.bt"));
  const { tools, licence: terms } = written(folder);
  assert.equal(tools, [{ name: "thing", title: "Shows things", script: TOOL }]);
  assert.match(terms, /^Terms\n\n\s+Apache License\n/);
});

test("without a folder or without a licence there are none", () => {
  assert.equal(written(join(folder, "nowhere")), { version: "", licence: "", tools: [] });
  rmSync(licence);
  assert.equal(written(folder).tools, []);
});

for (const [head, title] of [
  ["/*\n * tool\tCounts calls.\n *\t\tFor Linux.\n */", "Counts calls"],
  ["/*\n * tool.bt   Counts calls\n */", "Counts calls"],
  ["// tool - Counts calls: all of them.", "Counts calls: all of them"],
  ["// tool.bt Counts calls", "Counts calls"],
  ["// tool-kp\tCounts calls", "Counts calls"],
  ["/* other words */", ""],
  ["", ""],
]) {
  test(`description of ${JSON.stringify(head)}`, () => assert.is(titleOf("tool", `#!/usr/bin/env bpftrace\n${head}\nBEGIN { }\n`), title));
}

test.run();
