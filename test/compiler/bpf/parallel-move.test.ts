// Moves that happen at once, done one after the other.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { orderMoves } from "../backend.ts";

const test = suite("parallel moves");

/** Runs the ordered moves on places that hold their own number. */
function result(moves: [number, number][]): number[] {
  const places = Array.from({ length: 16 }, (_, i) => i);
  for (const [target, source] of orderMoves(moves)) places[target] = places[source] ?? -1;
  return places;
}

test("a cycle of two takes three moves", () => {
  assert.equal(
    orderMoves([
      [1, 2],
      [2, 1],
    ]).length,
    3,
  );
});

test("a chain takes no more than its moves", () => {
  assert.equal(
    orderMoves([
      [1, 2],
      [2, 3],
      [3, 4],
    ]),
    [
      [1, 2],
      [2, 3],
      [3, 4],
    ],
  );
});

test("moves to themselves vanish", () => {
  assert.equal(
    orderMoves([
      [3, 3],
      [4, 4],
    ]),
    [],
  );
});

test("every target gets what its source held", () => {
  const targets = fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 15 });
  const moves = targets.chain((list) => fc.tuple(...list.map((target) => fc.tuple(fc.constant(target), fc.integer({ min: 0, max: 15 })))));
  fc.assert(
    fc.property(moves, (list) => {
      const places = result(list);
      for (const [target, source] of list) assert.is(places[target], source);
      const written = new Set(list.map(([target]) => target));
      for (let place = 1; place < 16; place++) if (!written.has(place)) assert.is(places[place], place);
      // Each cycle costs one move more than it has.
      assert.ok(orderMoves(list).length <= list.length + list.length / 2);
    }),
    { numRuns: 1000 },
  );
});

test.run();
