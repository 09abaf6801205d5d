// The runner of scripts in Node, for the default profile.

import { readFileSync } from "node:fs";
import { profileTarget } from "../../runner/host/profile-targets.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { ScriptRunner } from "./runner.ts";

const compiler = await Compiler.create(readFileSync(".out/compiler.wasm"));
const machine = await WebAssembly.compile(readFileSync(".out/machine.wasm"));

export const runner = await ScriptRunner.create(compiler, machine, profileTarget(".out/default.profile"));
