// Random scripts through both back ends: equal maps, relocations and manifest, and equal events and map contents after their BEGIN
// programs ran, many in one object. FUZZ_SEED repeats a run; `npm run fuzz` runs longer, with FUZZ_PROGRAMS=COUNT until as many
// programs ran and a tenth as many of all kinds of probes were loaded.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../runner/core/bind.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { refusal } from "../compiler/bpftool.ts";
import { temporaryFolder } from "../compiler/kernel-runner.ts";
import { SCRIPT_CONSTRUCTS, Shares } from "../support/constructs.ts";
import {
  areTooLarge,
  compareScript,
  contractDifference,
  disagreement,
  kindOf,
  pinToOneCpu,
  REDUCE_MILLISECONDS,
  SIDES,
  steady,
  Tally,
  TOO_LARGE,
} from "../support/differential.ts";
import { CONTRACT_PARTS, compileBoth, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { goesOn, Random, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { reduceScript } from "../support/reduce.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const llc = startLlc();
const long = process.env["TEST_MODE"] === "fuzz";
const product = await Compiler.create(readFileSync(".out/compiler.wasm"));
const pipeline = await Compiler.create(readFileSync(".out/testing-pipeline.wasm"));
/** Programs that run for each that is only loaded. */
const LOADED_SHARE = 10;
/** The programs of a random script, a line each, without the one that only assigns its maps. */
const programsOf = (script: string) => script.split("\n").filter((line) => !line.startsWith("struct ") && !line.startsWith("END { @"));
test.after(() => llc.close());

/** Scripts that once went wrong. */
const FINDINGS = [
  // Sizes and offsets of the target as shift counts and divisors.
  "BEGIN { $n = pid; @a = $n << offsetof(struct task_struct, tgid); @b = $n >> sizeof(struct task_struct); @c = 7 << sizeof(struct task_struct); }",
  // A long part of a text, searched for byte by byte, was more than a verifier follows.
  'BEGIN { @n = pid; @c = strcontains(@n > 0 ? comm : "a longer text of more than sixteen bytes", "a longer text of more than sixteen bytes"); }',
  'BEGIN { @a = strstr(comm, "bpfcast-"); @b = strstr("a text of more than 64 bytes, so that it lies in memory that is not the stack", "in mem"); }',
  // So were two in texts of a thousand bytes, by the branches that a verifier keeps in mind.
  'BEGIN { unroll(2) { @c = strcontains(str(1, 1000), "a longer text of more than sixteen bytes"); } }',
  // Ranges that the verifier knows to be empty: it missed the callbacks that it had dropped.
  "BEGIN { @p[1] = 1; for ($a : @p) { @seen++; } for ($b : 4294967296..pid) { @seen++; } }",
  "BEGIN { @n = 3; for ($a : @n..100) { for ($b : (uint64)pid..pid) { } @n %= 1; } }",
  // A condition that nothing depends on.
  'BEGIN /pid || (curtask->sched_reset_on_fork && "" == "x")/ { }',
  "BEGIN { $n = pid; @a = $n / offsetof(struct task_struct, thread_info); @b = $n % offsetof(struct task_struct, thread_info); }",
];

if (mayTrace()) {
  test("what once went wrong", async () => {
    for (const script of FINDINGS) assert.is(await disagreement(pipeline, llc, script), "", script);
  });

  /** Makes a script that goes wrong smaller, and keeps what is left of it. */
  const report = async (tally: Tally, script: string, wrong: (script: string) => Promise<string>): Promise<void> => {
    const kind = kindOf(await wrong(script));
    const small = await reduceScript(script, async (text) => kindOf(await wrong(text)) === kind, REDUCE_MILLISECONDS);
    tally.findings.push(`${await wrong(small)}\nfor ${small}\nmade of ${script}`);
  };

  test(`scripts of all kinds of probes: equal records, and the verifier accepts both objects, seed ${seed}`, async () => {
    const started = Date.now();
    const random = new Random(seed + 59);
    const generator = new ScriptGenerator(random, true);
    const tally = new Tally();
    const shares = new Shares(SCRIPT_CONSTRUCTS);
    let programs = 0;
    const wrong = async (script: string, counting?: Tally): Promise<string> => {
      programs = 0;
      const both = await compileBoth(product, llc, script, (need) => supplyLive(product, need));
      if (both === undefined) return "";
      programs = readManifest(both.own).programs.length;
      const refusals = SIDES.flatMap((side) => {
        const file = join(temporaryFolder(), `${side}.o`);
        writeFileSync(file, both[side]);
        const message = refusal(file);
        return message === "" ? [] : [`${side}: ${message.slice(-2000)}`];
      });
      if (refusals.length > 0) return areTooLarge(refusals) ? TOO_LARGE : refusals.join("\n");
      return contractDifference(both, CONTRACT_PARTS, counting);
    };
    while (goesOn(tally.compiled * LOADED_SHARE, started) && !tally.isEnough) {
      const script = generator.script(10 + random.below(100), 6);
      const found = await wrong(script, tally);
      if (programs === 0) continue;
      if (found === TOO_LARGE) {
        tally.tooLarge += programs;
        continue;
      }
      tally.compiled += programs;
      for (const program of programsOf(script)) shares.add(program);
      if (found !== "") await report(tally, script, (text) => wrong(text));
    }
    if (long) console.log(`scripts of all kinds of probes, seed ${seed}: ${tally}\n${shares}`);
    assert.equal(tally.findings, []);
  });

  test(`scripts: both back ends send the same and leave the same maps, seed ${seed}`, async () => {
    pinToOneCpu();
    const started = Date.now();
    const random = new Random(seed + 31);
    const generator = new ScriptGenerator(random, true, ["BEGIN"]);
    const tally = new Tally();
    const shares = new Shares(SCRIPT_CONSTRUCTS);
    for (let round = 0; goesOn(tally.compiled, started) && !tally.isEnough; round++) {
      const script = steady(generator.script(10 + random.below(80), 12));
      // By turns LLVM has the IR before our passes, an oracle for them, and behind them, where all records must be equal.
      const [compiler, parts] = round % 2 === 0 ? [pipeline, undefined] : [product, CONTRACT_PARTS];
      const found = await compareScript(compiler, llc, script, parts, tally);
      if (found === undefined) continue;
      if (found.wrong === TOO_LARGE) {
        tally.tooLarge += found.programs;
        continue;
      }
      tally.compiled += found.programs;
      for (const program of programsOf(script)) shares.add(program);
      if (found.wrong === "") tally.executed += found.programs;
      else await report(tally, script, async (text) => (await compareScript(compiler, llc, text, parts))?.wrong ?? "");
    }
    if (long) console.log(`scripts, seed ${seed}: ${tally}\n${shares}`);
    assert.equal(tally.findings, []);
  });
}

test.run();
