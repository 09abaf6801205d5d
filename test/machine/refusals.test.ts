// What the kernel's verifier refuses, the machine stops: one program for each reason. And what it takes, runs.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Machine, MapType } from "../../wasm/machine.ts";
import { FAULTS } from "../../wasm/machine-faults.ts";
import { temporaryFolder } from "../compiler/kernel-runner.ts";
import type { Instruction } from "../support/instructions.ts";
import { mayTrace } from "../support/root.ts";
import { encode, result } from "./code.ts";
import { newMachine } from "./machine.ts";
import { REFUSED, STOPPED, TAKEN } from "./refused-programs.ts";

/** The verifier's answers. */
function verify(programs: Instruction[][]): string[] {
  const runner = join(temporaryFolder(), "verify");
  execFileSync("gcc", ["-O1", "-Wall", "-o", runner, "test/machine/verify.c", "-lbpf", "-lelf", "-lz"]);
  const file = join(temporaryFolder(), "programs");
  writeFileSync(file, Buffer.concat(programs.flatMap((code) => [new Uint8Array(Uint32Array.of(code.length).buffer), encode(code)])));
  return execFileSync(runner, [file], { encoding: "utf8" }).split("\n").slice(0, -1);
}

/** Why the machine refuses or stops a program; empty when it runs to its end. */
function stopped(machine: Machine, code: Instruction[]): string {
  machine.reset({ cpus: 2 });
  const shape = { keySize: 8, valueSize: 8, capacity: 4 };
  machine.createMap({ ...shape, type: MapType.hash, name: "hash" });
  machine.createMap({ type: MapType.array, keySize: 4, valueSize: 16, capacity: 1, name: "array" });
  machine.createMap({ type: MapType.array, keySize: 4, valueSize: 16, capacity: 1, name: "constants", isReadOnly: true });
  machine.createMap({ type: MapType.ringbuf, keySize: 0, valueSize: 0, capacity: 4096, name: "ring" });
  machine.createMap({ ...shape, type: MapType.percpu_hash, name: "percpu" });
  const context = new Uint8Array(96).fill(0x11);
  const found = result(machine, code, { context, budget: 100_000 });
  return typeof found === "string" ? found : "";
}

const machine = await newMachine();

test("the machine runs what is right", () => {
  for (const [name, code] of TAKEN) assert.is(stopped(machine, code), "", name);
});

test("the machine stops what is wrong", () => {
  for (const [name, code, fault] of [...REFUSED, ...STOPPED]) assert.is(stopped(machine, code), fault, name);
});

if (mayTrace()) {
  test("the kernel agrees", () => {
    const answers = verify([...TAKEN, ...REFUSED].map(([, code]) => code));
    assert.is(answers.length, TAKEN.length + REFUSED.length);
    TAKEN.forEach(([name], index) => {
      assert.is(answers[index], "ok", name);
    });
    REFUSED.forEach(([name], index) => {
      assert.is.not(answers[TAKEN.length + index], "ok", name);
    });
  });
}

test("the module and its typed side have the same kinds of faults", () => {
  const source = readFileSync("wasm/machine/faults.ts", "utf8");
  const names = [...(/enum Fault \{([^}]*)\}/.exec(source)?.[1]?.matchAll(/^ {2}([A-Z]\w*),/gm) ?? [])].map(([, name = ""]) => name);
  const kebab = names.map((name) => name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase());
  assert.equal(
    kebab.slice(1),
    FAULTS.map(([kind]) => kind),
  );
});

test("kinds", () => {
  assert.ok(REFUSED.length >= 30);
  assert.ok(new Set(REFUSED.map(([, , fault]) => fault)).size >= 30, `${new Set(REFUSED.map(([, , fault]) => fault)).size} kinds`);
});

test.run();
