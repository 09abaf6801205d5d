// The reference says what the compiler does: every row is documented, and what a row claims is tried.

import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Compiled, compileFor } from "../../runner/cli/compile.ts";
import { readManifest } from "../../runner/core/bind.ts";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { readProfileFile } from "../../runner/host/profile-file.ts";
import type { CompileResult } from "../../wasm/compiler.ts";
import type { ReferenceEntry, ReferenceKind } from "../../wasm/reference.ts";
import { compile, newCompiler } from "../support/compiler.ts";

const reference = (await newCompiler()).reference();
const ofKind = (...kinds: ReferenceKind[]) => reference.filter(({ kind }) => kinds.includes(kind));

test("every row has a name and one line that says more than the name", () => {
  for (const { kind, name, documentation, signature } of reference) {
    assert.match(name, /^[\w-]+$/, `${kind} ${name}`);
    assert.ok(documentation.length >= 12, `${kind} ${name}: ${documentation}`);
    assert.match(documentation, /^[A-Z0-9#].*[^.\s]$/, `${kind} ${name}: ${documentation}`);
    assert.not.match(documentation, /\n/);
    if (kind === "function" || kind === "aggregation") assert.ok(signature?.startsWith(`${name}(`), `${name}: ${signature}`);
  }
});

test("no kind has two rows of one name, and no probe an alias of another", () => {
  for (const kind of new Set(reference.map(({ kind }) => kind))) {
    const names = ofKind(kind).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    assert.is(new Set(names).size, names.length, kind);
  }
});

test("what has a value says its type", () => {
  for (const { name, type } of ofKind("builtin", "function", "aggregation")) assert.ok(type !== undefined && type !== "", name);
  for (const { name, type, environmentOnly, deprecated } of ofKind("config"))
    assert.is(type !== undefined || environmentOnly === true || deprecated === true, true, name);
});

test("config keys that take words take their default", () => {
  for (const entry of ofKind("config")) {
    assert.is(entry.environment, `BPFTRACE_${entry.name.toUpperCase()}`);
    // AUTO is what no script can say.
    if (entry.values !== undefined && entry.default !== undefined && entry.default !== "AUTO")
      assert.ok(entry.values.includes(entry.default), entry.name);
  }
});

const errorsOf = ({ diagnostics }: CompileResult) => diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code);

test("the codes of errors are rows", async () => {
  const codes = ofKind("code").map(({ name }) => name);
  for (const script of ["begin { foo }", "begin { @x = bar(); }", "bgin { }", "begin { $x = 1; $x = (1, 2); }", ""])
    for (const code of errorsOf(compile(await newCompiler(), script))) assert.ok(codes.includes(code), code);
});

// Types and tracepoints of a real kernel, where the build could make a profile.
const PROFILE = ".out/default.profile";

const target = existsSync(PROFILE) ? new ProfileTarget({ ...readProfileFile(PROFILE), features: null }, "default") : undefined;
const compiler = await newCompiler();
const withProfile = target === undefined ? test.skip : test;

async function compileForProfile(script: string): Promise<Compiled> {
  assert.ok(target !== undefined);
  const options = { dump: [], warnings: false, parameters: ["1"] };
  return compileFor({ name: "stdin", bytes: new TextEncoder().encode(script) }, options, target, { of: async () => compiler });
}

/** An attach point of each kind. */
const POINTS: Record<string, string> = {
  begin: "begin",
  end: "end",
  self: "self:signal:SIGUSR1",
  test: "test:name",
  bench: "bench:name",
  kprobe: "kprobe:vfs_read",
  kretprobe: "kretprobe:vfs_read",
  uprobe: "uprobe:/bin/sh:main",
  uretprobe: "uretprobe:/bin/sh:main",
  tracepoint: "tracepoint:syscalls:sys_enter_openat",
  rawtracepoint: "rawtracepoint:sched_switch",
  fentry: "fentry:vfs_read",
  fexit: "fexit:vfs_read",
  profile: "profile:hz:99",
  interval: "interval:s:1",
  software: "software:cpu-clock:1000",
  hardware: "hardware:cycles:1000",
  usdt: "usdt:/bin/sh:provider:name",
  watchpoint: "watchpoint:0x1000:8:w",
  iter: "iter:task",
};

for (const probe of ofKind("probe")) {
  const point = POINTS[probe.name];
  withProfile(`the probe ${probe.name}: its builtins`, async () => {
    assert.ok(point !== undefined);
    for (const { name, probes } of ofKind("builtin")) {
      const written = name === "argN" ? "arg0" : name;
      const isListed = probe.builtins?.includes(name) === true;
      assert.is(probes === undefined || probes.includes(probe.name), isListed, name);
      const { diagnostics } = await compileForProfile(`${point} { $x = ${written}; }`);
      const isThere = !diagnostics.some(({ code }) => code === "not-available-here");
      assert.is(isThere, isListed, `${name} in ${probe.name}`);
    }
  });
}

/** Calls of functions that need others than `1`, and where they may stand. */
const CALLS: Record<string, string> = {
  override: "kprobe:vfs_read { override(1); }",
  write_user: "begin { write_user(1, 1, 1); }",
  system: 'begin { system("true"); }',
  signal: "tracepoint:syscalls:sys_enter_openat { signal(9); }",
  signal_thread: "tracepoint:syscalls:sys_enter_openat { signal_thread(9); }",
  unwatch: "begin { unwatch(1); }",
  dw_ustack: "begin { print(dw_ustack()); }",
  skboutput: 'fentry:vfs_read { skboutput("f", 1, 2, 3); }',
};

test("functions: what is unsafe and what is refused", async () => {
  for (const { name, unsafe, unsupported } of ofKind("function")) {
    const call = CALLS[name];
    assert.is(call !== undefined, unsafe === true || unsupported === true, name);
    if (call === undefined) continue;
    const result = compile(await newCompiler(), call);
    if (unsupported) assert.equal(errorsOf(result), ["unsupported"], name);
    else {
      assert.is(result.kind, "object", `${name}: ${JSON.stringify(result.diagnostics)}`);
      if (result.kind === "object") assert.ok(readManifest(result.object).unsafe, name);
    }
  }
});

test("what is said to need a feature of the kernel says so in its object", async () => {
  const scripts: Record<string, string> = {
    ...CALLS,
    len: "begin { @[1] = 1; print(len(@)); }",
    comm: `${POINTS["fentry"]} { print(comm(1)); }`,
  };
  for (const { name, feature } of ofKind("function")) {
    const script = scripts[name];
    if (feature === undefined || script === undefined || feature === "helper:probe_write_user") continue;
    const result = compile(await newCompiler(), script);
    assert.ok(
      result.kind === "object" && readManifest(result.object).features.some((need) => need.feature === feature),
      `${name}: ${feature}`,
    );
  }
});

/** A whole script around an example. */
function scriptAround({ example = "" }: ReferenceEntry): string {
  const filled = example.replaceAll("{ ... }", "{ print(1); }");
  if (/^(kprobe|fentry|macro|config|fn)\b/.test(filled)) return /^(macro|config|fn)/.test(filled) ? `${filled} begin { }` : filled;
  const fields: [RegExp, string][] = [
    [/args\.(filename|argv)/, "syscalls:sys_enter_execve"],
    [/args\.(buf|count)\b/, "syscalls:sys_enter_write"],
    [/args\.id/, "raw_syscalls:sys_exit"],
  ];
  const event = fields.find(([pattern]) => pattern.test(filled))?.[1] ?? "syscalls:sys_exit_read";
  // Maps and variables of examples come from elsewhere in a script.
  const others = "end { @start[tid] = nsecs; @bytes[comm] = sum(1); }";
  const before = filled.includes("$us") ? "$us = 1; " : "";
  const point = filled.startsWith("uaddr") ? POINTS["uprobe"] : /arg0|reg\(/.test(filled) ? "kprobe:vfs_read" : `tracepoint:${event}`;
  if (filled.startsWith("/")) return `${point} ${filled} { print(1); } ${others}`;
  if (filled.startsWith("#")) return `${filled}\nbegin { }`;
  const isStatement = /[=;}]|^(print|printf|time|join|cat|system|signal|delete)\b/.test(filled) || filled.startsWith("@open");
  return `${point} { ${before}${isStatement ? filled : `$x = ${filled}`}${filled.endsWith(";") ? "" : ";"} } ${others}`;
}

withProfile("every example compiles", async () => {
  let count = 0;
  for (const entry of reference) {
    if (entry.example === undefined || entry.example.startsWith("#include")) continue;
    const script = scriptAround(entry);
    const { diagnostics } = await compileForProfile(script);
    const messages = diagnostics.map(({ message }) => message);
    assert.equal(messages, [], `${entry.name}: ${script}`);
    count++;
  }
  assert.ok(count > 40, String(count));
});

// One that counts statements is larger.
const product = process.env["COVERAGE_HITS"] === undefined ? test : test.skip;

product("the module stays small", () => {
  assert.ok(readFileSync(".out/compiler.wasm").length < 600_000);
});

test.run();
