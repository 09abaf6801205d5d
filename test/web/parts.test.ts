// Pure parts of the page: fields of the event form, lines tied to the script, attach points in a text, links.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { attachPointBefore, explain } from "../../web/editor/probes.ts";
import { codeSize, placedLines } from "../../web/inside/lines.ts";
import { fragmentOf, linkedBy } from "../../web/link.ts";
import { fieldsOf } from "../../web/run/event-form.ts";
import { Pace } from "../../web/run/pace.ts";

test("fields of an event: numbers, texts, JSON, by name or in their order", () => {
  assert.equal(fieldsOf('a = 1\n\n b.c=x y \nd={"$ip":"127.0.0.1"}\ne=-5', false), { a: 1, "b.c": "x y", d: { $ip: "127.0.0.1" }, e: -5 });
  assert.equal(fieldsOf("1\n/etc/hosts\n[1,2]", true), [1, "/etc/hosts", [1, 2]]);
  // Larger than a double holds: the digits stay.
  assert.equal(fieldsOf("a=18446744073709551615", false), { a: "18446744073709551615" });
  assert.throws(() => fieldsOf("nothing", false), /'nothing' is no NAME=VALUE/);
  assert.throws(() => fieldsOf("a={", false), /begins as JSON and is none/);
});

test("lines have the place of the line before them in code, and none across programs", () => {
  const text =
    "raw_tp/a a_1: 3 slots, 0 bytes of stack\n   0: (b7) r0 = 0 @12\n   1: (95) exit\nL2:\nraw_tp/b b_2: 1 slots\n   0: x @4294967295\n\n";
  assert.equal(
    placedLines(text, "bpf").map(({ at }) => at),
    [undefined, 12, 12, 12, undefined, undefined],
  );
  assert.is(placedLines(text, "bpf")[1]?.text, "   0: (b7) r0 = 0");
  assert.equal(
    placedLines("a @1\nb\n", "ir").map(({ at }) => at),
    [1, undefined],
  );
  assert.equal(codeSize(text), { programs: 2, slots: 4 });
});

test("the attach point that a place belongs to", () => {
  const place = (text: string) => attachPointBefore(text)?.place;
  assert.is(place("tracepoint:a:b { x } kprobe:vfs_read { args."), "vfs_read");
  assert.is(place("fentry:vmlinux:vfs_read { args."), "vfs_read");
  assert.is(place("t:syscalls:sys_enter_read /args."), "syscalls:sys_enter_read");
  assert.is(place("begin { args."), undefined);
});

test("what the target says of a field", async () => {
  const ask = async () => [{ name: "filename", detail: "const char *" }];
  const text = "t:a:b { print(args->filename); }";
  const found = await explain(text, text.indexOf("filename") + 2, ask);
  assert.equal(found && [text.slice(found.from, found.to), found.head], ["filename", "const char * filename"]);
  assert.is(await explain(text, text.indexOf("print"), ask), undefined);
});

test("a link brings back what it was made of, and nothing else", async () => {
  const linked = { script: "begin { print(1) } // grüße", name: "a.bt", target: "6.1", view: "bpf", workload: "idle" };
  assert.equal(await linkedBy(await fragmentOf(linked)), linked);
  assert.equal(await linkedBy(await fragmentOf({ script: "", other: 1 } as never)), { script: "" });
  assert.is(await linkedBy("#"), undefined);
  for (const damaged of ["#1x", "#2", "#2AAAA", `${(await fragmentOf(linked)).slice(0, -9)}`]) {
    const said = await linkedBy(damaged).catch((error: Error) => error.message);
    assert.match(String(said), /^the link is/);
  }
});

test("a pace: steps go from one fired probe to the next", async () => {
  let [now, isOver, shown] = [0n, false, 0];
  const pace = new Pace(
    {
      now: () => now,
      isOver: () => isOver,
      show: () => {
        shown++;
      },
      standing: async () => false,
    },
    Number.POSITIVE_INFINITY,
  );
  pace.pause(true);
  let passed = 0;
  const events = (async () => {
    for (; passed < 3; passed++) {
      await pace.gate();
      now += 1_000_000_000n;
      pace.fired();
    }
  })();
  const later = () => new Promise((done) => setTimeout(done, 100));
  await later();
  assert.is(passed, 0);
  pace.step();
  await later();
  assert.is(passed, 1);
  pace.step();
  await later();
  assert.is(passed, 2);
  assert.ok(shown >= 3);
  isOver = true;
  await events;
});

test.run();
