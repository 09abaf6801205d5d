// Scripts with their trees (.ast) and errors (.err). UPDATE_GOLDEN=1 writes them anew; review the difference.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "./parse.ts";

const folder = "test/compiler/syntax/golden";
const update = process.env.UPDATE_GOLDEN === "1";

for (const name of readdirSync(folder)
  .filter((file) => file.endsWith(".bt"))
  .map((file) => file.slice(0, -3))
  .sort()) {
  test(name, () => {
    const result = parse(readFileSync(join(folder, `${name}.bt`)));
    const failed = result.errors > 0;
    assert.is(result.tree === "", failed, "there is a tree exactly if there are no errors");
    const made = join(folder, `${name}${failed ? ".err" : ".ast"}`);
    const other = join(folder, `${name}${failed ? ".ast" : ".err"}`);
    const text = failed ? result.messages : result.tree;
    if (update) {
      writeFileSync(made, text);
      rmSync(other, { force: true });
    }
    assert.not(existsSync(other), `${other} is of another outcome`);
    assert.fixture(text, readFileSync(made, "utf8"));
    if (!failed) assert.is(result.messages, "");
  });
}

test("every outcome belongs to a script", () => {
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".bt")) assert.ok(existsSync(join(folder, file.replace(/\.\w+$/, ".bt"))), file);
  }
});

test.run();
