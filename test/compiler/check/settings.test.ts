// What the command line and the environment say that shapes the code: words for parameters, options of scripts, config keys.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../../runner/core/bind.ts";
import type { CompileOptions, CompileResult } from "../../../wasm/compiler.ts";
import type { Manifest } from "../../../wasm/manifest.ts";
import { newCompiler } from "../../support/compiler.ts";

async function compile(script: string, options: Omit<CompileOptions, "name"> = {}): Promise<CompileResult> {
  return (await newCompiler()).compile(new TextEncoder().encode(script), { name: "stdin", ...options });
}

/** What is wrong with a script; empty when it compiles. */
async function problems(script: string, options: Omit<CompileOptions, "name">): Promise<string[]> {
  const { diagnostics } = await compile(script, options);
  return diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

async function manifestOf(script: string, options: Omit<CompileOptions, "name"> = {}): Promise<Manifest> {
  const result = await compile(script, options);
  assert.is(result.kind, "object", JSON.stringify(result.diagnostics));
  return readManifest(result.kind === "object" ? result.object : new Uint8Array());
}

/** Words of the command line, and what `$1` is then. */
const words: [word: string, condition: string][] = [
  ["5", "$1 == 5"],
  ["-7", "$1 == -7"],
  ["0x1f", "$1 == 31"],
  ["0XaB", "$1 == 171"],
  ["017", "$1 == 15"],
  ["0b101", "$1 == 5"],
  ["0", "$1 == 0"],
  ["", "$1 == 0"],
  ["18446744073709551615", "$1 == 18446744073709551615"],
  ["-9223372036854775808", "$1 < 0"],
  ["18446744073709551616", "is_str($1)"],
  ["-9223372036854775809", "is_str($1)"],
  ["0x", "is_str($1)"],
  ["-", "is_str($1)"],
  ["12a", "is_str($1)"],
  ["0b2", "is_str($1)"],
  ["019", "is_str($1)"],
  ["300", "(int8)$1 == 44 && (uint8)$1 == 44 && (int16)$1 == 300 && (bool)$1 == true"],
  ["-1", "(uint32)$1 == 4294967295 && (uint64)$1 == 18446744073709551615"],
  ["name", "is_str($1) && sizeof($1) == 5"],
  ["name", "sizeof(str($1)) == 5"],
];

for (const [word, condition] of words) {
  test(`$1 as '${word}': ${condition}`, async () => {
    const options = { parameters: [word] };
    assert.equal(await problems(`BEGIN { static_assert(${condition}, "no"); }`, options), []);
    assert.equal(await problems(`BEGIN { static_assert(!(${condition}), "no"); }`, options), ["no"]);
  });
}

test("a parameter without a word is 0, and said so", async () => {
  const { kind, diagnostics } = await compile("BEGIN { print($2); print(str($3)); }", { parameters: ["1"] });
  assert.is(kind, "object");
  assert.equal(
    diagnostics.map(({ message }) => message),
    ["Positional parameter $2 is empty or not provided. ", "Positional parameter $3 is empty or not provided. "],
  );
});

test("known words stand where the language wants a literal", async () => {
  const script = "BEGIN { unroll($1) { @n++; } @l = lhist(5, 0, $2, 10); @h = hist(5, $1); print(str($3, 2)); }";
  assert.equal(await problems(script, { parameters: ["3", "100", "name"] }), []);
  assert.equal(await problems(script, { parameters: ["300", "100", "name"] }), [
    "unroll maximum value is 100",
    "hist: bits 300 must be 0..5",
  ]);
});

test("options are in the manifest with type, default and description, each once", async () => {
  const script = `BEGIN {
  print(getopt("flag"));
  print(getopt("off", true, "turns it off"));
  print(getopt("times", -5));
  print(getopt("name", "someone", "who"));
  print(getopt("name", "someone", "who"));
}`;
  const { bindings } = await manifestOf(script);
  const options = bindings.filter(({ kind }) => kind === "option");
  assert.equal(
    options.map((option) => ("type" in option ? [option.name, option.type, option.default, option.description] : [])),
    [
      ["flag", "bool", "false", ""],
      ["off", "bool", "true", "turns it off"],
      ["times", "int", "-5", ""],
      ["name", "string", "someone", "who"],
    ],
  );
});

/** A variable of the environment against what a script sets, and what its config says then. */
const environments: [name: string, value: string, setting: string, condition: string][] = [
  ["MAX_STRLEN", "40", "max_strlen = 99", "config().max_strlen == 40"],
  ["max_map_keys", "7", "max_map_keys = 99", "config().max_map_keys == 7"],
  ["CPP_DEMANGLE", "0", "cpp_demangle = true", "!config().cpp_demangle"],
  ["CPP_DEMANGLE", "5", "cpp_demangle = false", "config().cpp_demangle"],
  ["PRINT_MAPS_ON_EXIT", "false", "print_maps_on_exit = 1", "!config().print_maps_on_exit"],
  ["STACK_MODE", "perf", "stack_mode = raw", 'config().stack_mode == "perf"'],
  ["CACHE_USER_SYMBOLS", "1", "cache_user_symbols = PER_PROGRAM", 'config().cache_user_symbols == "PER_PID"'],
  ["CACHE_USER_SYMBOLS", "0", "cache_user_symbols = PER_PROGRAM", 'config().cache_user_symbols == "NONE"'],
  ["STR_TRUNC_TRAILER", "~", 'str_trunc_trailer = "+"', 'config().str_trunc_trailer == "~"'],
  ["UNSTABLE_TSERIES", "1", "unstable_tseries = warn", 'config().unstable_tseries == "enable"'],
  ["UNSTABLE_TSERIES", "false", "unstable_tseries = warn", 'config().unstable_tseries == "error"'],
];

for (const [name, value, setting, condition] of environments) {
  test(`BPFTRACE_${name}=${value} beats ${setting}`, async () => {
    const script = `config = { ${setting} } BEGIN { static_assert(${condition}, "no"); }`;
    assert.equal(await problems(script, { environment: { [`BPFTRACE_${name}`]: value } }), []);
    assert.equal(await problems(script, {}), ["no"]);
  });
}

test("a variable with a wrong value is an error that names it", async () => {
  const { kind, diagnostics } = await compile("BEGIN { }", { environment: { BPFTRACE_MAX_STRLEN: "many" } });
  assert.is(kind, "failed");
  assert.is(diagnostics[0]?.message, "max_strlen: expecting a number, got many");
  assert.is(diagnostics[0]?.hint, "It was set in the environment: BPFTRACE_MAX_STRLEN.");
});

test("variables that are no settings are not ours to judge", async () => {
  assert.equal(await problems("BEGIN { }", { environment: { BPFTRACE_NOTHING: "x", BPFTRACE_SYMBOL_SOURCE: "x", MAX_STRLEN: "x" } }), []);
});

test.run();
