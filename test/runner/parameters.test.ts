import { test } from "uvu";
import * as assert from "uvu/assert";
import { bindParameter, parseNumber } from "../../runner/core/parameters.ts";
import type { Binding, Manifest } from "../../wasm/manifest.ts";

const location = { line: 1, column: 2, endLine: 1, endColumn: 4 };
const manifest = { source: { name: "stdin", text: "" } } as Manifest;

test("numbers are read as the peer reads them", () => {
  const cases: Record<string, bigint | undefined> = {
    "0": 0n,
    "7": 7n,
    "-7": -7n,
    "0x1F": 31n,
    "-0x10": -16n,
    "010": 8n,
    "0b101": 5n,
    "18446744073709551615": 18446744073709551615n,
    "18446744073709551616": undefined,
    "-9223372036854775809": undefined,
    "": undefined,
    abc: undefined,
    "1a": undefined,
    "08": undefined,
    "1.5": undefined,
    "--1": undefined,
  };
  for (const [word, value] of Object.entries(cases)) assert.is(parseNumber(word), value, word);
});

function bound(binding: Binding, words: string[]): Uint8Array {
  const bytes = new Uint8Array(32).fill(0xff);
  bytes.fill(0, 8, 24);
  bindParameter(binding, new DataView(bytes.buffer), words, manifest);
  return bytes;
}

test("a number is 64 bits, and 0 when it was not given", () => {
  const binding: Binding = { kind: "parameter_number", offset: 8, size: 8, index: 2, location };
  assert.is(new DataView(bound(binding, ["1", "-2"]).buffer).getBigInt64(8, true), -2n);
  assert.is(new DataView(bound(binding, ["1"]).buffer).getBigInt64(8, true), 0n);
  assert.throws(() => bound(binding, ["1", "x"]), /\$2 used numerically but given "x"/);
});

test("a text ends with NUL and must fit", () => {
  const binding: Binding = { kind: "parameter_text", offset: 8, size: 4, index: 1, location };
  assert.equal([...bound(binding, ["abc"]).subarray(8, 13)], [97, 98, 99, 0, 0]);
  assert.throws(() => bound(binding, ["abcd"]), /\$1 has 4 bytes, and there is room for 3/);
});

test("the number of parameters", () => {
  assert.is(new DataView(bound({ kind: "parameter_count", offset: 8, size: 8 }, ["a", "b"]).buffer).getBigUint64(8, true), 2n);
});

test.run();
