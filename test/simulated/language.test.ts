// The language tests of the real kernel, in the simulated one: the same scripts must print the same.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { sections } from "../support/language-rows.ts";
import { runner } from "./run.ts";

for (const [name, rows] of Object.entries(sections)) {
  test(name, async () => {
    for (const [script, expected] of rows) {
      const { output, errors, code } = await runner.run(script, { steps: [] });
      assert.is(output, expected, `${script}\n${errors}`);
      assert.is(code, 0, script);
    }
  });
}

test.run();
