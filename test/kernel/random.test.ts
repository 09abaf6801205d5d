// Random programs on the kernels of the virtual machines: what both back ends make of them is built here, and there loaded, run and
// compared. Each machine boots once for all of them.
//
//   RANDOM_PROGRAMS   programs of each kind (default: 1000)
//   RANDOM_KERNELS    comma list of kernel series (default: all)

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../runner/core/bind.ts";
import { Compiler } from "../../wasm/compiler.ts";
import type { Manifest } from "../../wasm/manifest.ts";
import { buildRunner, type KernelRun, parseRun, runInKernel } from "../compiler/kernel-runner.ts";
import { isBefore } from "../support/cases.ts";
import {
  areTooLarge,
  irObjects,
  irPrograms,
  loadScript,
  refusalText,
  resultDifference,
  runDifferences,
  SIDES,
  steady,
  TOO_LARGE,
} from "../support/differential.ts";
import { compileBoth, startLlc } from "../support/llvm.ts";
import { supplyLive } from "../support/needs.ts";
import { Random, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";
import { runInVm } from "./vm.ts";

const matrix = process.env["TEST_MODE"] === "matrix";
const wanted = Number(process.env["RANDOM_PROGRAMS"] ?? 1000);
const kernels = process.env["RANDOM_KERNELS"]?.split(",") ?? ["5.10", "6.1", "6.12"];
/** Programs of an object: of IR, of scripts that run, and of scripts of all kinds of probes. */
const [IR_BATCH, RUN_BATCH, LOAD_BATCH] = [100, 12, 6];

/** What a series may lack, the kernel that brought it, what says that an object needs it, and the words in which a kernel refuses it. */
interface Lack {
  what: string;
  since: string;
  applies(manifest: Manifest): boolean;
  message: RegExp;
}

const needs = (helper: string) => (manifest: Manifest) => manifest.features.some(({ feature }) => feature === `helper:${helper}`);
/** Before callbacks, and before the helper. */
const NO_CALLBACK = /number of funcs in func_info doesn't match number of subprogs|(invalid|unknown) func bpf_\w+#\d+/;
const LACKS: Lack[] = [
  { what: "bpf_for_each_map_elem", since: "5.13", applies: needs("for_each_map_elem"), message: NO_CALLBACK },
  { what: "bpf_loop", since: "5.17", applies: needs("loop"), message: NO_CALLBACK },
  {
    what: "keys of hash maps of more than 512 bytes",
    since: "5.11",
    applies: ({ maps }) => maps.some(({ type, keySize }) => type.endsWith("hash") && keySize > 512),
    message: /map '\w+': failed to create: Argument list too long/,
  },
];

/** What became of the two objects of one script in a machine: one line of its output. */
interface Fate {
  script: string;
  programs: number;
  /** What differs or was refused; empty when both objects are right. */
  wrong: string;
}

async function loadBoth(objects: Record<(typeof SIDES)[number], Uint8Array>): Promise<string> {
  const refusals: string[] = [];
  for (const side of SIDES) {
    try {
      await loadScript(objects[side]);
    } catch (error) {
      refusals.push(`${side}: ${refusalText(error)}`);
    }
  }
  return areTooLarge(refusals) ? TOO_LARGE : refusals.join("\n");
}

/** In the machine: runs or loads the objects of `folder`, SCRIPT.SIDE.o. */
async function runObjects(folder: string): Promise<void> {
  for (const script of new Set(readdirSync(folder).map((name) => name.split(".")[0] ?? ""))) {
    const [own, llvm] = SIDES.map((side) => readFileSync(join(folder, `${script}.${side}.o`)));
    if (own === undefined || llvm === undefined) continue;
    const compare = script.startsWith("run") ? resultDifference : loadBoth;
    const fate: Fate = { script, programs: readManifest(own).programs.length, wrong: await compare({ own, llvm }) };
    console.log(`fate ${JSON.stringify(fate)}`);
  }
}

const seed = runSeed();
const folder = mkdtempSync(join(tmpdir(), "bpfcast-random-"));
const scripts = new Map<string, { text: string; manifest: Manifest }>();
/** What this kernel computed in each object of IR. */
const expected = new Map<string, KernelRun>();

function write(kind: string, name: string, objects: Record<(typeof SIDES)[number], Uint8Array>): void {
  mkdirSync(join(folder, kind), { recursive: true });
  for (const side of SIDES) writeFileSync(join(folder, kind, `${name}.${side}.o`), objects[side]);
}

async function prepare(): Promise<void> {
  const llc = startLlc();
  for (let count = 0; count < wanted; count += IR_BATCH) {
    const objects = await irObjects(llc, irPrograms(seed * 1000 + count, IR_BATCH));
    write("ir", `ir${count}`, objects);
    expected.set(`ir${count}`, runInKernel(objects.own));
  }
  const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
  const random = new Random(seed + 83);
  for (const [kind, points, batch] of [
    ["run", ["BEGIN"], RUN_BATCH],
    ["load", undefined, LOAD_BATCH],
  ] as const) {
    const generator = new ScriptGenerator(random, true, points === undefined ? undefined : [...points]);
    for (let count = 0; count < wanted; ) {
      const script = steady(generator.script(10 + random.below(80), batch));
      const both = await compileBoth(compiler, llc, script, (need) => supplyLive(compiler, need));
      // What `rwbs` and `cmd` are differs from kernel to kernel, and is refused as such.
      if (both === undefined || /args\.(rwbs|cmd)/.test(script)) continue;
      const manifest = readManifest(both.own);
      scripts.set(`${kind}${count}`, { text: script, manifest });
      write("scripts", `${kind}${count}`, both);
      count += manifest.programs.length;
    }
  }
  await llc.close();
}

const guest = process.env["RANDOM_OBJECTS"];
if (guest !== undefined) {
  await runObjects(guest);
} else if (matrix && mayTrace()) {
  test(`objects of random programs from both back ends, seed ${seed}`, prepare);
  for (const series of kernels) {
    test(`kernel ${series}: accepts random programs of both back ends, which compute the same there`, async () => {
      const runner = buildRunner();
      const commands = [
        `cd ${join(folder, "ir")}`,
        `for file in *.o; do echo "object $file"; ${runner} $file 2>&1; done`,
        `cd ${process.cwd()}`,
        `RANDOM_OBJECTS=${join(folder, "scripts")} node --enable-source-maps ${process.argv[1]} 2>&1`,
      ];
      const { stdout, stderr } = await runInVm(series, `${commands.join("\n")}\n`, 1800);
      const runs = new Map(stdout.split(/^object /m).map((part) => [part.slice(0, part.indexOf(".o\n")), parseRun(part)]));
      const wrong: string[] = [];
      let computed = 0;
      for (const [name, here] of expected) {
        for (const side of SIDES) {
          const there = runs.get(`${name}.${side}`);
          const differences = there?.programs.length === here.programs.length ? runDifferences(here, there) : ["refused"];
          computed += here.programs.length;
          if (differences.length > 0) wrong.push(`${name}.${side}: ${differences[0]}`);
        }
      }
      if (process.env["RANDOM_LOG"] !== undefined) writeFileSync(`${process.env["RANDOM_LOG"]}-${series}`, stdout + stderr);
      const fates = [...stdout.matchAll(/^fate (.*)$/gm)].map(([, text = ""]) => JSON.parse(text) as Fate);
      const sum = (list: Fate[]) => list.reduce((total, { programs }) => total + programs, 0);
      const lackOf = ({ script, wrong: why }: Fate) => {
        const manifest = scripts.get(script)?.manifest;
        const refusals = why.split(/\n(?=llvm: )/);
        const fits = ({ since, applies, message }: Lack) =>
          isBefore(series, since) && manifest !== undefined && applies(manifest) && refusals.every((text) => message.test(text));
        return refusals.length < SIDES.length ? undefined : LACKS.find(fits);
      };
      const lacking = fates.filter((fate) => lackOf(fate) !== undefined);
      const large = fates.filter((fate) => fate.wrong === TOO_LARGE);
      const bad = fates.filter((fate) => fate.wrong !== "" && !large.includes(fate) && !lacking.includes(fate));
      const good = fates.filter((fate) => fate.wrong === "");
      const [run = [], loaded = []] = ["run", "load"].map((kind) => good.filter(({ script }) => script.startsWith(kind)));
      console.log(
        `kernel ${series}: ${computed / 2} programs of IR and ${sum(run)} of scripts executed, ${sum(loaded)} more loaded, from both back ends; ` +
          `${sum(lacking)} in ${lacking.length} scripts need ${[...new Set(lacking.map((fate) => lackOf(fate)?.what))].join(", ") || "nothing"} that it lacks; ` +
          `${sum(large)} are too much for its verifier from both; ` +
          `${wrong.length + bad.length} objects wrong`,
      );
      for (const { script, wrong: why } of bad.slice(0, 5)) wrong.push(`${script}: ${why}\n${scripts.get(script)?.text}`);
      assert.equal(wrong.slice(0, 10), [], stderr.slice(-2000));
      assert.is(fates.length, scripts.size, stdout.slice(-2000));
      assert.ok(sum(run) + sum(loaded) > wanted, `only ${sum(run)} programs of scripts ran and ${sum(loaded)} were loaded`);
    });
  }
} else {
  test("random programs on other kernels belong to the matrix", () => undefined);
}

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
