// IR files and the code that the back end makes of them: golden/NAME.ir -> NAME.bpf. UPDATE_GOLDEN=1 writes the latter anew.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bytesOf, compileToObject, compileToText, textOf } from "../backend.ts";
import { loadAll } from "../bpftool.ts";
import { canLoadPrograms, temporaryFolder } from "../kernel-runner.ts";

const folder = "test/compiler/bpf/golden";
const test = suite("code of golden IR");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ir"))
  .map((name) => name.slice(0, -3))
  .sort();

for (const name of names) {
  const ir = readFileSync(join(folder, `${name}.ir`), "utf8");
  test(name, () => {
    const made = textOf(compileToText(ir));
    const golden = join(folder, `${name}.bpf`);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, made);
    assert.ok(existsSync(golden), `${golden} is missing: run with UPDATE_GOLDEN=1`);
    assert.fixture(made, readFileSync(golden, "utf8"));
  });
  if (!canLoadPrograms()) continue;
  test(`${name} loads`, () => {
    const file = join(temporaryFolder(), `${name}.o`);
    writeFileSync(file, bytesOf(compileToObject(ir)));
    loadAll(file);
  });
}

// Numbers of instruction slots of hand-written code for the same programs, which the back end must not exceed.
const budgets: [string, number][] = [
  ["count-by-comm", 27],
  ["ring-event", 34],
  ["core-chain", 19],
];
for (const [name, slots] of budgets) {
  test(`${name} takes no more than ${slots} slots`, () => {
    const made = textOf(compileToText(readFileSync(join(folder, `${name}.ir`), "utf8")));
    const taken = Number(/: (\d+) slots/.exec(made)?.[1]);
    assert.ok(taken <= slots, `${taken} slots`);
  });
}

test("a jump that is too far is an error", () => {
  const far = "  store8 v1, v0\n".repeat(33_000);
  const ir = `fn f section "raw_tp/test"
slot 0 size 8 align 8
b0:
  v0 = call ktime_get_ns()
  v1 = slot 0
  branch v0, b1, b2
b1:
${far}  jump b2
b2:
  return v0
end`;
  const made = compileToText(ir);
  assert.is(made.ok ? "" : made.error, "f: the program is too large: a jump spans more than 32767 instructions");
});

test.run();
