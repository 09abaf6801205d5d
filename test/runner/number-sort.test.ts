// The radix sort against the language's own sort.

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sortIndexes } from "../../runner/core/number-sort.ts";

const indexes = (count: number) => Uint32Array.from({ length: count }, (_, index) => index);
const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
);

test("ascends, and keeps the order of equal ones", () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), (values) => {
      const expected = [...indexes(values.length)].sort(
        (left, right) => (values[left] as number) - (values[right] as number) || left - right,
      );
      // Infinities differ from themselves by NaN, which the comparison above takes for equal.
      assert.equal([...sortIndexes(indexes(values.length), Float64Array.from(values))], expected);
    }),
    { numRuns: 300 },
  );
});

test("two sorts in turn order by the second, then by the first", () => {
  const first = Float64Array.from([3, -1, 2, 1, 0, -7]);
  const second = Float64Array.from([5, 5, -5, 5, -5, 1e15]);
  const order = sortIndexes(sortIndexes(indexes(6), first), second);
  assert.equal([...order], [4, 2, 1, 3, 0, 5]);
});

test("nothing and one", () => {
  assert.is(sortIndexes(indexes(0), new Float64Array(0)).length, 0);
  assert.equal([...sortIndexes(indexes(1), Float64Array.of(-3))], [0]);
});

test.run();
