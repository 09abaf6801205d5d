// Pictures of maps as the scripts leave them, beside what text output prints of the same maps.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { MapTable } from "../../runner/core/maps.ts";
import type { Scenario } from "../../runner/simulated/scenario.ts";
import { runner } from "../simulated/run.ts";
import { pictured, seen } from "./drawn.ts";

const processes: Scenario["processes"] = { web: { pid: 300 }, db: { pid: 400 } };

test("numbers by key: the largest first, as text prints keys and digits", async () => {
  const { pictures, output } = await seen('begin { @calls["a b", 1] = 3; @calls["c", -2] = 70000; @calls["", 9] = -5; }');
  assert.equal(pictures, [
    {
      name: "@calls",
      isKeyed: true,
      more: 0,
      kind: "numbers",
      rows: [
        { key: "c, -2", value: 70000, label: "70000" },
        { key: "a b, 1", value: 3, label: "3" },
        { key: ", 9", value: -5, label: "-5" },
      ],
    },
  ]);
  for (const line of ["@calls[a b, 1]: 3", "@calls[, 9]: -5"]) assert.ok(output.includes(line), output);
});

test("a scalar; digits beyond those of a double are exact", async () => {
  const { rows, isKeyed } = await pictured("numbers", "begin { @ = (uint64)18446744073709551615; }");
  assert.is(isKeyed, false);
  assert.equal(rows, [{ key: "", value: 2 ** 64, label: "18446744073709551615" }]);
});

test("averages have their count and total", async () => {
  for (const name of ["avg", "stats"]) {
    const { rows } = await pictured("numbers", `begin { @[1] = ${name}(10); @[1] = ${name}(21); }`);
    assert.equal(rows, [{ key: "1", value: 15, label: "15", count: "2", total: "31" }]);
  }
});

test("negative extremes are below positive ones, though text prints them last", async () => {
  const { rows } = await pictured("numbers", "begin { @[1] = max(-5); @[2] = max(7); @[3] = max(0); }");
  assert.equal(
    rows.map(({ label }) => label),
    ["7", "0", "-5"],
  );
});

test("of ten thousand keys the largest fifty, and how many there are besides", async () => {
  const { rows, more } = await pictured("numbers", "config = { max_map_keys = 20000 } begin { for $i : 0..10000 { @[$i] = $i * 2; } }");
  assert.is(rows.length, 50);
  assert.is(more, 9950);
  assert.equal(rows[0], { key: "9999", value: 19998, label: "19998" });
  assert.is(rows[49]?.key, "9950");
});

test("buckets have the labels of the text, from the first to the last that any key has", async () => {
  const { pictures, output } = await seen(
    "begin { @h[1] = hist(0); @h[1] = hist(5); @h[1] = hist(6); @h[2] = hist(-1); @h[2] = hist(5000); }",
  );
  const [picture] = pictures;
  if (picture?.kind !== "histograms") throw new Error(picture?.kind);
  assert.is(picture.first, 0);
  const printed = [...output.matchAll(/^([[(].*?[)\]]) +\d+ \|/gm)].map(([, label]) => label);
  const labels = picture.buckets.map(({ label }) => label);
  for (const label of printed) assert.ok(labels.includes(label as string), label);
  assert.equal(picture.buckets[0], { lower: null, upper: 0, label: "(..., 0)" });
  assert.equal(picture.buckets.at(-1), { lower: 4096, upper: 8192, label: "[4K, 8K)" });
  const [most] = picture.rows;
  assert.is(most?.key, "1");
  assert.is(most?.total, "3");
  assert.equal(most?.counts[picture.buckets.findIndex(({ label }) => label === "[4, 8)")], { value: 2, label: "2" });
});

test("linear buckets are open at both ends", async () => {
  const { buckets, rows } = await pictured("histograms", "begin { @ = lhist(-1, 0, 30, 10); @ = lhist(99, 0, 30, 10); }");
  assert.equal(
    buckets.map(({ label }) => label),
    ["(..., 0)", "[0, 10)", "[10, 20)", "[20, 30)", "[30, ...)"],
  );
  assert.equal(
    rows[0]?.counts.map(({ label }) => label),
    ["1", "0", "0", "0", "1"],
  );
});

test("time series have the times of the text", async () => {
  const { pictures, output } = await seen('interval:s:1 { @x["a"] = tseries(elapsed / 1000000000, 1s, 5); } interval:s:3 { exit(); }', {
    processes,
    steps: [{ after: "5s" }],
  });
  const [picture] = pictures;
  if (picture?.kind !== "series") throw new Error(picture?.kind);
  assert.is(picture.interval, 1);
  const points = picture.rows[0]?.points ?? [];
  assert.equal(
    points.map(({ label }) => label),
    ["1", "2", "3"],
  );
  for (const { time, label } of points) assert.ok(new RegExp(`^${time} .* ${label}$`, "m").test(output), `${time} ${label}\n${output}`);
  assert.is((points[1]?.seconds ?? 0) - (points[0]?.seconds ?? 0), 1);
});

test("stacks: the other parts of the key, the process's functions, the kernel's; outermost first, without their offsets", async () => {
  const { rows } = await pictured("stacks", "profile:hz:10 { @[kstack, ustack, comm, pid] = count(); }", {
    processes,
    steps: [{ runs: "1s", process: "web", kernelStack: ["vfs_read+16", "ksys_read"], userStack: ["/bin/web:serve+4", "/bin/web:main"] }],
  });
  assert.equal(rows, [
    {
      frames: [
        { name: "web, 300", of: "key" },
        { name: "main", of: "user" },
        { name: "serve", of: "user" },
        { name: "ksys_read", of: "kernel" },
        { name: "vfs_read", of: "kernel" },
      ],
      value: 10,
      label: "10",
    },
  ]);
});

test("the other ways to print a stack keep what tells frames apart", async () => {
  const steps: Scenario["steps"] = [{ runs: "1s", process: "web", kernelStack: ["vfs_read+16"] }];
  const [perf] = (await pictured("stacks", "profile:hz:1 { @[kstack(perf)] = count(); }", { processes, steps })).rows;
  assert.equal(perf?.frames, [{ name: "vfs_read", of: "kernel" }]);
  const [raw] = (await pictured("stacks", "profile:hz:1 { @[kstack(raw)] = count(); }", { processes, steps })).rows;
  assert.match(raw?.frames[0]?.name ?? "", /^[0-9a-f]{16}$/);
});

test("what is no number is a text", async () => {
  const { pictures } = await seen('begin { @s = "<b>x</b>"; @t[1] = (1, "a"); @b[2] = true; @k[3] = kstack; }');
  assert.equal(
    pictures.map(({ name, kind }) => `${name} ${kind}`),
    ["@b texts", "@k texts", "@s texts", "@t texts"],
  );
  assert.equal(pictures[2]?.rows, [{ key: "", text: "<b>x</b>" }]);
  assert.equal(pictures[3]?.rows, [{ key: "1", text: "(1, a)" }]);
});

test("empty maps have their kind and no rows; keys may have any bytes", async () => {
  const { pictures } = await seen(
    'begin { if (pid == 0) { @a[1] = count(); @h = hist(1); @k[kstack] = count(); @z = tseries(1, 1s, 5); } @c["\\x01\\xff<i>\\n"] = 1; }',
  );
  assert.equal(
    pictures.map(({ kind, rows, more }) => `${kind} ${rows.length} ${more}`),
    ["numbers 0 0", "numbers 1 0", "histograms 0 0", "stacks 0 0", "series 0 0"],
  );
  assert.equal(pictures[1]?.rows, [{ key: "\x01\ufffd<i>\n", value: 1, label: "1" }]);
  assert.equal(structuredClone(pictures), pictures);
});

test("very long keys are cut", async () => {
  const { rows } = await pictured("numbers", `config = { max_strlen = 4096 } begin { @["${"x".repeat(3000)}"] = 1; }`);
  assert.is(rows[0]?.key.length, 2001);
});

test("maps are read while the script runs, without a trace; before it, and after it, there are none", async () => {
  let read: () => Promise<MapTable[]> = async () => [];
  let last: number[] = [];
  let before: MapTable[] | undefined;
  /** What `@` held at each look. */
  const looks = new Set<number>();
  let isOver = false;
  const look = async () => {
    const [table] = await read();
    if (table !== undefined && table.size > 0) looks.add(Number(table.entry(0).value));
    if (!isOver) setImmediate(look);
  };
  const script = "interval:s:1 { @ = count(); @b[1] = 1; clear(@b); }";
  const scenario = { processes, steps: [{ after: "3s" } as const] };
  const watched = await runner.run(script, scenario, "text", {
    begin: (reader) => {
      read = reader;
      void read().then((tables) => {
        before = tables;
      });
      setImmediate(look);
    },
    end: (tables) => {
      last = [...tables.map(({ size }) => size), Number(tables[0]?.entry(0).value)];
    },
  });
  isOver = true;
  assert.equal(before, []);
  assert.ok(looks.has(1) && looks.has(2), [...looks].join());
  assert.equal(last, [1, 0, 3]);
  assert.equal(await read(), []);
  assert.equal(watched, await runner.run(script, scenario));
});

test.run();
