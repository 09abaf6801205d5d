// Ten faults planted in copies of the compiler's passes, each found by the random programs that go through both back ends.
// `npm test` plants one of them, `npm run fuzz` all.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assemble } from "../../.scripts/assemble.mjs";
import { Compiler } from "../../wasm/compiler.ts";
import { useBackendModule } from "../compiler/backend.ts";
import { disagreement, irDisagreement, pinToOneCpu, steady } from "../support/differential.ts";
import { startLlc } from "../support/llvm.ts";
import { Random } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";

interface Fault {
  name: string;
  /** Below compiler/. */
  file: string;
  /** Text that stands once in the file, and what stands for it. */
  right: string;
  wrong: string;
}

const FAULTS: Fault[] = [
  {
    name: "a cycle of moves loses a value",
    file: "bpf/parallel-move.ts",
    right: "this.emit(temporary, saved);",
    wrong: "this.emit(temporary, this.pendingSources[0]);",
  },
  {
    name: "a chain of moves goes the wrong way",
    file: "bpf/parallel-move.ts",
    right: "if (!this.pendingSources.includes(this.pendingTargets[i])) return i;",
    wrong: "return i;",
  },
  {
    name: "an inverted jump keeps its condition",
    file: "bpf/machine.ts",
    right: "case Condition.Greater:\n      return Condition.LessEqual;",
    wrong: "case Condition.Greater:\n      return Condition.Less;",
  },
  {
    name: "blocks with nearly equal ends share them",
    file: "bpf/instructions.ts",
    right: "      this.imm == other.imm &&\n",
    wrong: "",
  },
  {
    name: "a number that is sign-extended counts as narrow",
    file: "bpf/width.ts",
    right: "(f.flags[value] & LOAD_SIGNED) != 0 || f.relocation[value] >= 0 ? 64 : <i32>f.aux[value] * 8",
    wrong: "f.relocation[value] >= 0 ? 64 : <i32>f.aux[value] * 8",
  },
  {
    name: "a shift folds without its mask",
    file: "ir/fold.ts",
    right: "return <i64>(<u64>left >> <u64>(right & 63));",
    wrong: "return right > 63 ? 0 : <i64>(<u64>left >> <u64>right);",
  },
  {
    name: "equal values are shared where they do not reach",
    file: "ir/value-numbering.ts",
    right: "this.same(known, value) && this.dominators.dominates(this.f.block[known], this.f.block[value])",
    wrong: "this.same(known, value)",
  },
  {
    name: "subtractions are shared as if they commuted",
    file: "ir/fold.ts",
    right: "return op == Op.Add || op == Op.Mul",
    wrong: "return op == Op.Add || op == Op.Sub || op == Op.Mul",
  },
  {
    name: "a branch on a constant goes the other way",
    file: "ir/simplify-control-flow.ts",
    right: "const taken = same || f.imm[condition] != 0;",
    wrong: "const taken = same || f.imm[condition] == 1;",
  },
  {
    name: "slots that are needed at the same time share their bytes",
    file: "ir/slot-colouring.ts",
    right: "if (record && changed) this.recordConflicts();",
    wrong: "",
  },
];

/** What is tried until something finds a fault: batches of IR programs, then scripts. */
const IR_BATCHES = 12;
const SCRIPTS = 60;

const llc = startLlc();
test.after(() => llc.close());

/** Builds an entry of the compiler with the fault in it. */
async function plant({ file, right, wrong }: Fault, entry: string, folder: string): Promise<string> {
  cpSync("compiler", join(folder, "compiler"), { recursive: true });
  const place = join(folder, "compiler", file);
  const text = readFileSync(place, "utf8");
  assert.is(text.split(right).length, 2, `${file} has changed: ${right}`);
  writeFileSync(
    place,
    text.replace(right, () => wrong),
  );
  const output = join(folder, `${entry}.wasm`);
  assert.ok(await assemble(relative(".", join(folder, "compiler", `${entry}.ts`)), ["-O0", "--outFile", output]));
  return output;
}

/** A fault may show as a failed assertion or a crash of the compiler's module as well. */
function isCrash(error: unknown): error is Error {
  return error instanceof WebAssembly.RuntimeError || (error instanceof Error && /\.ts:\d+:\d+$/.test(error.message));
}

async function findOrCrash(fault: Fault): Promise<string> {
  try {
    return await find(fault);
  } catch (error) {
    if (isCrash(error)) return `crash: ${error.message}`;
    throw error;
  }
}

/** What the fault was found by; empty if nothing did. */
async function find(fault: Fault): Promise<string> {
  const folder = mkdtempSync(".out/fault-");
  try {
    useBackendModule(await plant(fault, "testing-backend", folder));
    for (let batch = 0; batch < IR_BATCHES; batch++) {
      const wrong = await irDisagreement(llc, 7000 + batch, false);
      if (wrong !== "") return wrong;
    }
    const compiler = await Compiler.create(readFileSync(await plant(fault, "testing-pipeline", folder)));
    const generator = new ScriptGenerator(new Random(77), true, ["BEGIN"]);
    for (let tried = 0; tried < SCRIPTS; tried++) {
      const wrong = await disagreement(compiler, llc, steady(generator.script(60, 12)));
      if (wrong !== undefined && wrong !== "") return wrong;
    }
    return "";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const wanted = process.env["FAULT"];
const long = process.env["TEST_MODE"] === "fuzz";

if (mayTrace()) {
  test("planted faults are found", async () => {
    const faults = FAULTS.filter(({ name }, index) => (wanted === undefined ? long || index === 0 : name.includes(wanted)));
    const missed: string[] = [];
    pinToOneCpu();
    for (const fault of faults) {
      const found = await findOrCrash(fault);
      if (found === "") missed.push(fault.name);
      if (long) console.log(`${fault.name}: ${found === "" ? "MISSED" : found.slice(0, 200)}`);
    }
    assert.ok(missed.length <= (faults.length >= 10 ? 1 : 0), `missed: ${missed.join("; ")}`);
  });
}

test.run();
