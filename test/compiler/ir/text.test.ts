// The textual form of IR: what is printed reads back as the same.
import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { printIr, textOf } from "../backend.ts";
import { Random, RandomProgram } from "../bpf/random-program.ts";

const test = suite("textual IR");
const golden = "test/compiler/bpf/golden";

for (const name of readdirSync(golden).filter((file) => file.endsWith(".ir"))) {
  test(`${name} survives a round trip`, () => {
    const once = textOf(printIr(readFileSync(`${golden}/${name}`, "utf8"), "parsed"));
    assert.fixture(textOf(printIr(once, "parsed")), once);
  });
}

test("random programs survive a round trip", () => {
  const random = new Random(7);
  for (let i = 0; i < 20; i++) {
    const program = `map cells type 2 key 4 value 8 entries 4 flags 0\n${new RandomProgram(random, "p", 0, 25).print()}`;
    const once = textOf(printIr(program, "parsed"));
    assert.fixture(textOf(printIr(once, "parsed")), once);
  }
});

const errors: [string, string, string][] = [
  ["an unknown op", "v0 = frob 1", "line 3: unknown op frob"],
  ["a size that an op lacks", "v0 = add4 v1, v2", "line 3: unknown op add4"],
  ["an unknown type", "v0: number = const 1", "line 3: unknown type number"],
  ["a value defined twice", "v0 = const 1\n  v0 = const 2", "line 4: v0 is defined twice"],
  ["a value that is not defined", "return v9", "line 3: v9 is not defined"],
  ["words behind the end", "v0 = const 1 2", "line 3: unexpected 2"],
];
for (const [what, code, message] of errors) {
  test(`${what} is an error with its line`, () => {
    const made = printIr(`fn f section "raw_tp/test"\nb0:\n  ${code}\nend\n`, "parsed");
    assert.is(made.ok ? "accepted" : made.error, message);
  });
}

test.run();
