// The command line's parts: options, messages, commands, names that are alike, the verifier's log.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { OPTION_TABLE, parseOptions, usage } from "../../runner/cli/options.ts";
import { causeOf, explainLoadError, findRefusal, lastInstruction } from "../../runner/cli/verifier.ts";
import { diagnosticText } from "../../runner/core/diagnostic-text.ts";
import { compileDiagnostics, errorText } from "../../runner/core/diagnostics.ts";
import { matchesGlob } from "../../runner/core/glob.ts";
import { editDistance, similarNames } from "../../runner/core/similar.ts";
import { splitCommand } from "../../runner/host/command.ts";
import { parseCpuList } from "../../runner/host/kernel.ts";
import { missingCapability } from "../../runner/host/privileges.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { makeManifest } from "../support/objects.ts";

function code(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof BpfcastError) return error.code;
    throw error;
  }
  return "";
}

test("options: short and long, joined and apart, before and behind other words", () => {
  assert.equal(parseOptions(["-e", "begin { }", "-q"]), { words: [], program: "begin { }", quiet: true });
  assert.equal(parseOptions(["-qvo", "x.txt", "file.bt"]), { words: ["file.bt"], quiet: true, verbose: true, output: "x.txt" });
  assert.equal(parseOptions(["file.bt", "-cls", "arg"]), { words: ["file.bt", "arg"], command: "ls" });
  assert.equal(parseOptions(["--output=x", "--cmd", "ls -l", "--dry-run"]), { words: [], output: "x", command: "ls -l", dryRun: true });
  assert.equal(parseOptions(["-d", "ast,types", "--debug=ir", "-"]), { words: ["-"], debug: ["ast", "types", "ir"] });
  assert.equal(parseOptions(["x.bt", "--", "--name", "-q"]), { words: ["x.bt", "--name", "-q"] });
  assert.equal(parseOptions(["--verb"]), { words: [], verbose: true });
});

test("options: what is wrong", () => {
  for (const words of [["-Z"], ["--nosuch"], ["-e"], ["--output"], ["--quiet=1"], ["--de"], ["-qZ"]])
    assert.is(
      code(() => parseOptions(words)),
      "bad-option",
      words.join(" "),
    );
  for (const words of [
    ["--aot", "x"],
    ["--dwarf-pid", "1"],
    ["--no-feature", "uprobe_multi"],
  ])
    assert.is(
      code(() => parseOptions(words)),
      "unsupported-option",
      words.join(" "),
    );
});

test("every supported option is in the help, no letter or name twice", () => {
  const names = OPTION_TABLE.flatMap(({ short, long }) => [short, long].filter((name) => name !== undefined));
  assert.is(new Set(names).size, names.length);
  for (const { key, help } of OPTION_TABLE) if (key !== "unsupported" && key !== "btf") assert.match(usage(), help);
});

const SCRIPT = { name: "x.bt", text: "begin {\n\t$x = \u00e9 + foo;\n}\n" };

test("messages: place, line with tabs as four blanks, underline by bytes", () => {
  const location = { line: 2, column: 12, endLine: 2, endColumn: 15 };
  assert.is(
    diagnosticText("ERROR", SCRIPT, location, "Unknown identifier: 'foo'"),
    "x.bt:2:12-15: ERROR: Unknown identifier: 'foo'\n    $x = \u00e9 + foo;\n              ~~~\n",
  );
});

test("messages: several lines are shown as they are, without underline", () => {
  const location = { line: 1, column: 7, endLine: 2, endColumn: 4 };
  assert.is(diagnosticText("WARNING", SCRIPT, location, "m", "h"), "x.bt:1-2: WARNING: m\nbegin {\n\t$x = \u00e9 + foo;\nHINT: h\n");
});

test("messages: an empty place", () => {
  const location = { line: 3, column: 2, endLine: 3, endColumn: 2 };
  assert.is(diagnosticText("ERROR", SCRIPT, location, "syntax: expected '}'"), "x.bt:3:2-2: ERROR: syntax: expected '}'\n}\n \n");
});

test("diagnostics of the compiler: hint and code follow", () => {
  const diagnostic = {
    severity: "error" as const,
    code: "unknown-field",
    message: "m",
    hint: "did you mean y?",
    notes: [],
    start: 0,
    end: 5,
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 6,
  };
  assert.is(compileDiagnostics([diagnostic], SCRIPT), "x.bt:1:1-6: ERROR: m\nbegin {\n~~~~~\nHINT: did you mean y?\nCODE: unknown-field\n");
});

test("errors without a place; the log only when asked for", () => {
  const error = new BpfcastError("load-failed", "it failed", { hint: "try again", log: "line 1\nline 2" });
  assert.is(errorText(error, "ERROR", false), "ERROR: it failed\nHINT: try again\nCODE: load-failed\n");
  assert.is(errorText(error, "ERROR", true), "ERROR: it failed\nHINT: try again\nCODE: load-failed\nline 1\nline 2\n");
});

test("commands are split as a shell does", () => {
  assert.equal(splitCommand("dd if=/dev/zero  of=x"), ["dd", "if=/dev/zero", "of=x"]);
  assert.equal(splitCommand("sh -c 'exit 3' \"a b\"c d\\ e ''"), ["sh", "-c", "exit 3", "a bc", "d e", ""]);
  assert.equal(splitCommand("  "), []);
  assert.equal(splitCommand("'a\\b'"), ["a\\b"]);
  assert.is(
    code(() => splitCommand("sh -c 'x")),
    "bad-command",
  );
});

test("globs", () => {
  for (const [pattern, text, expected] of [
    ["vfs_*", "vfs_read", true],
    ["vfs_*", "vfs_", true],
    ["vfs_*", "xvfs_read", false],
    ["*", "", true],
    ["*read*", "vfs_read_iter", true],
    ["*a*b*c", "xaybzbc", true],
    ["*a*b*c", "xaybzbcd", false],
    ["a.c", "abc", false],
    ["[ab]", "a", false],
  ] as const) {
    assert.is(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
  }
  // No exponential walk.
  assert.is(matchesGlob(`${"a*".repeat(50)}b`, "a".repeat(5000)), false);
});

test("names that are alike, the nearest first", () => {
  assert.equal(similarNames("sched:sched_swich", ["sched:sched_switch", "sched:sched_wakeup", "sched:sched_switc", "irq:x"]).slice(0, 2), [
    "sched:sched_switch",
    "sched:sched_switc",
  ]);
  assert.equal(similarNames("vfs_raed", ["vfs_read", "completely_different"]), ["vfs_read"]);
  assert.is(
    similarNames(
      "abcdef",
      Array.from({ length: 50 }, (_, index) => `abcde${index}`),
    ).length,
    8,
  );
  assert.is(editDistance("ab", "ba", 9), 1);
  assert.is(editDistance("kitten", "sitting", 9), 3);
  assert.is(editDistance("", "abc", 9), 3);
  assert.is(editDistance("abcdef", "uvwxyz", 3), 3);
});

test("CPU lists", () => {
  assert.equal(parseCpuList("0-3,8\n"), [0, 1, 2, 3, 8]);
  assert.equal(parseCpuList("0\n"), [0]);
  assert.equal(parseCpuList("\n"), []);
});

test("capabilities: the first that is missing", () => {
  const bits = (...numbers: number[]) => numbers.reduce((sum, number) => sum | (1n << BigInt(number)), 0n);
  assert.is(missingCapability(bits(21), true), undefined);
  assert.is(missingCapability(bits(39, 38), true), undefined);
  assert.is(missingCapability(bits(39), true), "CAP_PERFMON");
  assert.is(missingCapability(0n, true), "CAP_BPF");
  assert.is(missingCapability(bits(21), false), "CAP_DAC_READ_SEARCH");
  assert.is(missingCapability(bits(21, 2), false), "CAP_DAC_OVERRIDE");
  assert.is(missingCapability(bits(21, 2, 1), false), undefined);
});

const LOG = `libbpf: prog 't_1': BPF program load failed: Permission denied
libbpf: prog 't_1': -- BEGIN PROG LOAD LOG --
0: R1=ctx() R10=fp0
; $x = args.count; @ x.bt:2
0: (61) r2 = *(u32 *)(r1 +8000)       ; R1=ctx()
12: (79) r3 = *(u64 *)(r2 +0)
R2 invalid mem access 'scalar'
processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 't_1': failed to load: -13
`;

test("the verifier's log: program, instruction and cause", () => {
  const refusal = findRefusal(LOG);
  assert.is(refusal?.program, "t_1");
  assert.is(lastInstruction(refusal?.log ?? ""), 12);
  assert.match(causeOf(refusal?.log ?? ""), "cannot prove that this memory may be read");
  assert.is(findRefusal("libbpf: something else"), undefined);
});

test("failures before any program is looked at", () => {
  const bound = {
    bytes: new Uint8Array(0),
    manifest: makeManifest(),
    programs: [],
    ringBytes: 0,
    hasCounters: false,
    hasRingBuffer: false,
    warnings: [],
  };
  const explained = (log: string) => {
    const error = explainLoadError(new BpfcastError("load-failed", "m", { log, exitCode: 255 }), bound);
    return error instanceof BpfcastError ? `${error.code} ${error.details.exitCode}` : "";
  };
  assert.is(explained("libbpf: failed to find valid kernel BTF\nlibbpf: Error loading vmlinux BTF: -3\n"), "no-btf 255");
  assert.is(explained("libbpf: map '.data.scratch': failed to create: Argument list too long(-7)\n"), "map-too-large 255");
  assert.is(explained("libbpf: something new\n"), "load-failed 255");
  const other = new BpfcastError("bad-object", "m");
  assert.is(explainLoadError(other, bound), other);
});

test("causes that are known", () => {
  for (const [log, expected] of [
    ["1: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [17] struct x.y", "does not exist in this kernel"],
    ["unknown func bpf_get_current_task_btf#158", "does not exist in this kernel"],
    ["combined stack size of 2 calls is 800. Too large", "more stack"],
    ["The sequence of 8193 jumps is too complex.", "ends in time"],
    ["R1 unbounded memory access, make sure to bounds check", "stays inside its memory"],
    ["dereference of modified ctx ptr R1 off=8 disallowed", "context"],
    ["BPF program is too large. Processed 1000001 insn", "too long"],
    ["some new complaint\nprocessed 3 insns", "says: some new complaint"],
    ["", "no reason"],
  ] as const) {
    assert.match(causeOf(log), expected);
  }
});

test.run();
