// Slot colouring and branch layout, seen in the printed IR.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compileToText, printIr, textOf } from "../backend.ts";

const test = suite("slots and layout");
const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";

function offsets(ir: string): number[] {
  const text = textOf(printIr(ir, "laid out"));
  return [...text.matchAll(/^slot \d+ size \d+ align \d+(?: at (-\d+))?$/gm)].map((match) => Number(match[1] ?? 0));
}

function order(ir: string): string[] {
  return [...textOf(printIr(ir, "laid out")).matchAll(/^(b\d+):/gm)].map((match) => match[1] ?? "");
}

const use = (slot: number, name: number, begin: boolean): string =>
  `${begin ? `  slotbegin ${slot}\n` : ""}  v${name} = slot ${slot}\n  store4 v${name}, v1\n  v${name + 1} = call map_lookup_elem(v0, v${name})\n`;

test("slots one after the other share their place", () => {
  const ir = `${MAP}fn f section "raw_tp/test"\nslot 0 size 16 align 8\nslot 1 size 8 align 8\nb0:\n  v0 = map 0\n  v1 = const 0\n${use(0, 10, true)}${use(1, 20, true)}  return v1\nend`;
  assert.equal(offsets(ir), [-16, -8]);
});

test("slots without a beginning share nothing", () => {
  const ir = `${MAP}fn f section "raw_tp/test"\nslot 0 size 16 align 8\nslot 1 size 8 align 8\nb0:\n  v0 = map 0\n  v1 = const 0\n${use(0, 10, false)}${use(1, 20, true)}  return v1\nend`;
  assert.equal(offsets(ir), [-16, -24]);
});

test("slots that are needed together do not overlap", () => {
  const ir = `${MAP}fn f section "raw_tp/test"\nslot 0 size 4 align 4\nslot 1 size 8 align 8\nslot 2 size 1 align 1\nb0:
  v0 = map 0
  v1 = const 0
  slotbegin 0
  slotbegin 1
  slotbegin 2
  v2 = slot 0
  v3 = slot 1
  v4 = slot 2
  store4 v2, v1
  store8 v3, v1
  store1 v4, v1
  v5 = load1 v4
  v6 = call map_update_elem(v0, v2, v3, v1)
  return v5
end`;
  assert.equal(offsets(ir), [-12, -8, -9 + -4]);
});

test("a slot that nothing uses takes no place", () => {
  const ir = `fn f section "raw_tp/test"\nslot 0 size 400 align 8\nslot 1 size 400 align 8\nb0:\n  v0 = slot 1\n  v1 = const 0\n  store8 v0, v1\n  return v1\nend`;
  assert.equal(offsets(ir), [0, -400]);
});

test("a frame that is too large is an error that says how much", () => {
  const made = compileToText(
    `fn f section "raw_tp/test"\nslot 0 size 400 align 8\nslot 1 size 200 align 8\nb0:\n  v0 = slot 0\n  v1 = slot 1\n  v2 = const 0\n  store8 v0, v2\n  store8 v1, v2\n  return v2\nend`,
  );
  assert.is(made.ok ? "" : made.error, "f: the program needs 600 bytes of stack, 88 more than the 512 that BPF has");
});

const BRANCH = `fn f section "raw_tp/test"
b0:
  v0 = context
  v1 = load8 v0
  branch v1, b1, b2
`;

test("unlikely blocks come last", () => {
  assert.equal(order(`${BRANCH}b1: unlikely\n  jump b3\nb2:\n  jump b3\nb3:\n  return v1\nend`), ["b0", "b2", "b3", "b1"]);
});

test("a join comes behind the last way into it", () => {
  assert.equal(order(`${BRANCH}b1:\n  jump b3\nb2:\n  jump b3\nb3:\n  return v1\nend`), ["b0", "b1", "b2", "b3"]);
});

test("loops stay together", () => {
  const ir = `fn f section "raw_tp/test"
b0:
  v0 = context
  v1 = load8 v0
  v2 = const 0
  jump b1
b1:
  v3 = phi b0: v2, b3: v5
  v6 = ult v3, v1
  branch v6, b2, b4
b2:
  branch v1, b3, b5
b3:
  v4 = const 1
  v5 = add v3, v4
  jump b1
b5:
  return v3
b4:
  return v2
end`;
  assert.equal(order(ir).slice(0, 4), ["b0", "b1", "b2", "b3"]);
});

test.run();
