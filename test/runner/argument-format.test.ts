// Where a program finds the arguments of a function, by its prototype.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { argumentFormat } from "../../runner/core/argument-format.ts";
import { Btf } from "../../runner/core/btf.ts";
import { BtfWriter } from "../support/btf.ts";

const writer = new BtfWriter();
const int = writer.int("int", 4, true);
const long = writer.int("unsigned long", 8);
const id = writer.struct("kuid_t", 4, [{ name: "val", type: int, offset: 0 }]);
const pair = writer.struct("pair", 16, []);
const given = writer.function("given", { number: int, owner: id, both: pair, last: writer.pointer(pair) }, long);
const nothing = writer.function("nothing", { data: writer.pointer(0), state: int }, 0);
const btf = Btf.read(writer.bytes());

const placesOf = (of: number, from: number) =>
  argumentFormat(btf, of, from)?.fields.map(({ name, offset, size, kind }) => [name, offset, size, kind]);

test("each argument fills 8 bytes, structs as many times 8 as they need; the return value comes last", () => {
  assert.equal(placesOf(given, 0), [
    ["number", 0, 4, "int"],
    ["owner", 8, 4, "array"],
    ["both", 16, 16, "array"],
    ["last", 32, 8, "int"],
    ["$retval", 40, 8, "int"],
  ]);
});

test("what the tracer gives itself is left out; void is no value", () => {
  assert.equal(placesOf(nothing, 1), [["state", 0, 4, "int"]]);
});

test("what is no function has no arguments", () => {
  assert.is(argumentFormat(btf, long, 0), undefined);
});

test.run();
