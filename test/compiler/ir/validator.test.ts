// What the validator refuses, one small function each.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { printIr } from "../backend.ts";

const test = suite("IR validator");

const PRELUDE = `map cells type 2 key 4 value 8 entries 4 flags 0
map events type 27 key 0 value 0 entries 4096 flags 0
fn f section "raw_tp/test"
slot 0 size 8 align 8
`;

function verdict(code: string): string {
  const made = printIr(`${PRELUDE}${code}\nend\n`, "parsed");
  return made.ok ? "" : made.error;
}

const RESERVE = `b0:
  v0 = map 1
  v1 = const 16
  v2 = const 0
  v3 = call ringbuf_reserve(v0, v1, v2)
`;

const ACQUIRE = `b0:
  v0 = const 1
  v1 = const 0
  v2 = call task_from_pid(v0)
`;

const LOOKUP = `b0:
  v0 = slot 0
  v1 = const 0
  store4 v0, v1
  v2 = map 0
  v3 = call map_lookup_elem(v2, v0)
`;

const accepted: [string, string][] = [
  ["the smallest function", "b0:\n  v0 = const 0\n  return v0"],
  ["a pointer tested by ne", `${LOOKUP}  v4 = ne v3, v1\n  branch v4, b1, b2\nb1:\n  v5 = load8 v3\n  jump b2\nb2:\n  return v1`],
  ["a pointer tested by eq", `${LOOKUP}  v4 = eq v3, v1\n  branch v4, b2, b1\nb1:\n  v5 = load8 v3\n  jump b2\nb2:\n  return v1`],
  ["a pointer tested by itself", `${LOOKUP}  branch v3, b1, b2\nb1:\n  v5 = load8 v3\n  jump b2\nb2:\n  return v1`],
  ["a record submitted once", `${RESERVE}  branch v3, b1, b2\nb1:\n  call ringbuf_submit(v3, v2)\n  jump b2\nb2:\n  return v2`],
  ["an object given back once", `${ACQUIRE}  branch v2, b1, b2\nb1:\n  call task_release(v2)\n  jump b2\nb2:\n  return v1`],
];
for (const [what, code] of accepted) test(`accepts ${what}`, () => assert.is(verdict(code), ""));

const refused: [string, string, string][] = [
  ["a block without terminator", "b0:\n  v0 = const 0", "terminators stand at the end"],
  ["a terminator in the middle", "b0:\n  v0 = const 0\n  return v0\n  return v0", "terminators stand at the end"],
  ["a jump to the entry", "b0:\n  jump b0", "the entry has predecessors"],
  ["a use before its definition", "b0:\n  return v0\nb1:\n  v0 = const 1\n  return v0", "which does not come before it"],
  [
    "a use that is not dominated",
    "b0:\n  v0 = const 1\n  branch v0, b1, b2\nb1:\n  v1 = const 2\n  jump b2\nb2:\n  return v1",
    "which does not come before it",
  ],
  [
    "a phi behind other values",
    "b0:\n  v0 = const 1\n  jump b1\nb1:\n  v2 = const 1\n  v1 = phi b0: v0\n  return v1",
    "comes behind other values",
  ],
  [
    "a phi that joins pointer and number",
    "b0:\n  v0 = const 1\n  v5 = slot 0\n  branch v0, b1, b2\nb1:\n  jump b3\nb2:\n  jump b3\nb3:\n  v1: stack = phi b1: v5, b2: v0\n  return v0",
    "joins a i64 into a stack",
  ],
  ["a load from a number", "b0:\n  v0 = const 1\n  v1 = load8 v0\n  return v1", "cannot load from a i64"],
  ["a load from a kernel address", "b0:\n  v0 = call get_current_task()\n  v1 = load8 v0\n  return v1", "cannot load from a kernel"],
  ["a store to the context", "b0:\n  v0 = context\n  v1 = const 1\n  store8 v0, v1\n  return v1", "cannot store to a ctx"],
  ["a store to .rodata", "b0:\n  v0 = data rodata\n  v1 = const 1\n  store8 v0, v1\n  return v1", "cannot store to .rodata"],
  ["arithmetic on a pointer", "b0:\n  v0 = slot 0\n  v1 = const 1\n  v2 = add v0, v1\n  return v2", "cannot compute with a stack"],
  ["a comparison of pointers", "b0:\n  v0 = slot 0\n  v1 = eq v0, v0\n  return v1", "pointers are only compared with 0"],
  ["a map value that was not tested", `${LOOKUP}  v4 = load8 v3\n  return v4`, "cannot load from a mapvalue?"],
  [
    "a map value on its null edge",
    `${LOOKUP}  branch v3, b1, b2\nb1:\n  jump b3\nb2:\n  v5 = load8 v3\n  jump b3\nb3:\n  return v1`,
    "cannot load from a mapvalue?",
  ],
  [
    "a map value where both edges meet",
    `${LOOKUP}  branch v3, b1, b2\nb1:\n  jump b2\nb2:\n  v5 = load8 v3\n  return v1`,
    "cannot load from a mapvalue?",
  ],
  ["too few arguments", "b0:\n  v0 = map 0\n  v1 = call map_lookup_elem(v0)\n  v2 = const 0\n  return v2", "takes 2 arguments"],
  [
    "a wrong argument",
    "b0:\n  v0 = map 0\n  v1 = call map_lookup_elem(v0, v0)\n  v2 = const 0\n  return v2",
    "argument 2 of map_lookup_elem is a map",
  ],
  [
    "an unwritten key",
    "b0:\n  v0 = map 0\n  v1 = slot 0\n  v2 = call map_lookup_elem(v0, v1)\n  v3 = const 0\n  return v3",
    "byte 0 of slot 0 is read",
  ],
  [
    "a half-written key",
    "b0:\n  v0 = map 0\n  v1 = slot 0\n  v3 = const 0\n  store2 v1, v3\n  v2 = call map_lookup_elem(v0, v1)\n  return v3",
    "byte 2 of slot 0 is read",
  ],
  [
    "a key written on one path",
    "b0:\n  v0 = map 0\n  v1 = slot 0\n  v3 = const 0\n  v4 = context\n  v5 = load8 v4\n  branch v5, b1, b2\nb1:\n  store4 v1, v3\n  jump b2\nb2:\n  v2 = call map_lookup_elem(v0, v1)\n  return v3",
    "byte 0 of slot 0 is read",
  ],
  ["a key whose slot began anew", `${LOOKUP}  slotbegin 0\n  v6 = call map_lookup_elem(v2, v0)\n  return v1`, "byte 0 of slot 0 is read"],
  ["a store beyond its slot", "b0:\n  v0 = slot 0\n  v1 = const 0\n  store8 v0 + 4, v1\n  return v1", "outside of slot 0"],
  ["a record that is never released", `${RESERVE}  branch v3, b1, b2\nb1:\n  jump b2\nb2:\n  return v2`, "reserved"],
  [
    "a record released twice",
    `${RESERVE}  branch v3, b1, b2\nb1:\n  call ringbuf_submit(v3, v2)\n  call ringbuf_discard(v3, v2)\n  jump b2\nb2:\n  return v2`,
    "may release a record that is not reserved",
  ],
  [
    "a record used after its release",
    `${RESERVE}  branch v3, b1, b2\nb1:\n  call ringbuf_submit(v3, v2)\n  store8 v3, v2\n  jump b2\nb2:\n  return v2`,
    "after its release",
  ],
  [
    "a release of an address in a record",
    `${RESERVE}  branch v3, b1, b2\nb1:\n  v4 = offset v3 + 8\n  call ringbuf_submit(v4, v2)\n  jump b2\nb2:\n  return v2`,
    "argument 1 of ringbuf_submit is a record",
  ],
  ["an object that is never given back", `${ACQUIRE}  branch v2, b1, b2\nb1:\n  jump b2\nb2:\n  return v1`, "leaves record v2"],
  ["an object given back untested", `${ACQUIRE}  call task_release(v2)\n  return v1`, "argument 1 of task_release is a reference?"],
  [
    "an object used after it was given back",
    `${ACQUIRE}  branch v2, b1, b2\nb1:\n  v3 = slot 0\n  call task_release(v2)\n  v4 = call probe_read_kernel_str(v3, v0, v2)\n  jump b2\nb2:\n  return v1`,
    "after its release",
  ],
  [
    "an object read by the program itself",
    `${ACQUIRE}  branch v2, b1, b2\nb1:\n  v3 = load8 v2\n  jump b2\nb2:\n  return v1`,
    "cannot load from a reference",
  ],
  ["a relocation that does not exist", "b0:\n  v0 = context\n  v1 = load8 v0 + 8 !0\n  return v1", "has a relocation that does not exist"],
];
for (const [what, code, message] of refused) {
  test(`refuses ${what}`, () => {
    const error = verdict(code);
    assert.ok(error.includes(message), `said: ${error || "nothing"}`);
  });
}

test.run();
