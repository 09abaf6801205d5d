// The ELF reader and writer: what is written reads back the same, and nothing that is malformed gets past the reader.

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findSection, readElf, relocationsOf, writeElf } from "../../runner/core/elf.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { beginObject, countObject } from "../support/scripts.ts";

/** Runs `call`; a result or a BpfcastError is fine, everything else fails the test. */
function errorOrValue(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof BpfcastError)) throw error;
    assert.ok(error.code.length > 0);
  }
}

function refusal(bytes: Uint8Array): string {
  try {
    readElf(bytes);
  } catch (error) {
    if (error instanceof BpfcastError) return error.code;
    throw error;
  }
  return "";
}

test("what is written reads back the same", () => {
  const object = readElf(countObject("dd"));
  const again = readElf(writeElf(object));
  assert.equal(again.symbols, object.symbols);
  assert.equal(
    again.sections.map(({ name, type, flags, link, info }) => ({ name, type, flags, link, info })),
    object.sections.map(({ name, type, flags, link, info }) => ({ name, type, flags, link, info })),
  );
  for (const [index, section] of object.sections.entries()) {
    if (index !== object.symbolTable && section.name !== ".strtab")
      assert.equal([...(again.sections[index]?.data ?? [])], [...section.data]);
  }
});

test("writing twice gives the same bytes", () => {
  const once = writeElf(readElf(beginObject()));
  assert.equal(writeElf(readElf(once)), once);
});

test("sections are aligned in the file", () => {
  const bytes = beginObject();
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(40, true));
  for (let index = 1; index < view.getUint16(60, true); index++) {
    const offset = Number(view.getBigUint64(table + index * 64 + 24, true));
    const alignment = Number(view.getBigUint64(table + index * 64 + 48, true));
    assert.is(offset % Math.max(alignment, 1), 0);
  }
});

test("relocations are found by the section they apply to", () => {
  const object = readElf(beginObject());
  const code = object.sections.findIndex(({ name }) => name === "raw_tp");
  const found = relocationsOf(object, code);
  assert.is(found?.entries.length, 4);
  assert.is(object.symbols[found?.entries[0]?.symbol ?? 0]?.name, "events");
  assert.is(relocationsOf(object, 0xffff), undefined);
});

test("every truncation is refused", () => {
  const bytes = beginObject();
  for (let length = 0; length < bytes.length; length++) assert.is(refusal(bytes.subarray(0, length)), "bad-object", `length ${length}`);
});

test("foreign files are refused with the reason", () => {
  const changed = (offset: number, value: number) => {
    const bytes = beginObject().slice();
    bytes[offset] = value;
    return bytes;
  };
  assert.throws(
    () => readElf(new TextEncoder().encode("#!/bin/sh\necho this is no object at all, but long enough to hold a header")),
    /not an ELF file/,
  );
  assert.throws(() => readElf(changed(4, 1)), /64-bit/);
  assert.throws(() => readElf(changed(5, 2)), /little-endian/);
  assert.throws(() => readElf(changed(16, 2)), /relocatable/);
  assert.throws(() => readElf(changed(18, 62)), /another machine/);
});

test("any mutation of an object gives an error or an object", () => {
  const original = countObject("dd");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = original.slice();
      for (const [offset, value] of changes) bytes[offset] = value;
      errorOrValue(() => {
        const object = readElf(bytes);
        findSection(object, ".bpfcast");
        for (let index = 0; index < object.sections.length; index++) relocationsOf(object, index);
        readElf(writeElf(object));
      });
    }),
    { numRuns: 500 },
  );
});

test("mutations of the section table in particular", () => {
  const original = beginObject();
  const table = Number(new DataView(original.buffer).getBigUint64(40, true));
  fc.assert(
    fc.property(fc.integer({ min: table, max: original.length - 4 }), fc.integer({ min: -1, max: 0x7fffffff }), (offset, value) => {
      const bytes = original.slice();
      new DataView(bytes.buffer).setInt32(offset & ~3, value, true);
      errorOrValue(() => writeElf(readElf(bytes)));
    }),
    { numRuns: 500 },
  );
});

test.run();
