// Builds everything into .out, and only what changed: `node .scripts/build.mjs [check]`.
//
//   compiler/   -> .out/compiler.wasm        (asc)
//   wasm/machine -> .out/machine.wasm       (asc)
//   runner/cli  -> .out/bpfcast.cjs  (esbuild), with wasm/llvm-worker.ts -> .out/llvm-worker.cjs
//   native/     -> .out/bpfcast.node         (node-gyp, on Linux)
//   the kernel  -> .out/default.profile      (bpfcast profile --common; BPFCAST_PROFILE names a profile to make it from)
//   web/        -> .out/web                  (.scripts/page.mjs), with the profiles of .out/targets (npm run targets)
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assemble } from "./assemble.mjs";
import { buildPage, STILL, targetFiles } from "./page.mjs";
import { toolFiles } from "./tools.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, ".out");
process.chdir(root);

/** Files below `folder` whose name ends with one of `endings`. */
function filesBelow(folder, endings) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => endings.some((ending) => name.endsWith(ending)) && !/[/\\](build|golden)[/\\]/.test(name) && statSync(name).isFile())
    .sort();
}

/** Runs `make` unless the inputs are those of the last run and the outputs exist. */
async function step(name, inputs, outputs, make) {
  const hash = createHash("sha256");
  for (const file of inputs) hash.update(file).update("\0").update(readFileSync(file));
  const digest = hash.digest("hex");
  const stamp = join(out, `.${name}.sha256`);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest && outputs.every((file) => existsSync(file))) return;
  const started = Date.now();
  await make();
  writeFileSync(stamp, digest);
  console.log(`build: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: "inherit", ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** `--use abort=`: an internal error traps, and its texts, a thirtieth of the module, stay out; the map has the places. */
const COMPILER_FLAGS = ["-O3", "--shrinkLevel", "1", "--sourceMap", "--use", "abort="];

const bin = (name) => join("node_modules", ".bin", name);

async function build() {
  mkdirSync(out, { recursive: true });
  const compilerSources = filesBelow("compiler", [".ts"]);
  const config = ["package.json", ".scripts/build.mjs", ".scripts/assemble.mjs"];
  await step("compiler", [...compilerSources.filter((file) => !file.includes("testing")), ...config], [".out/compiler.wasm"], async () => {
    const made = await assemble("compiler/index.ts", ["--outFile", ".out/compiler.wasm", ...COMPILER_FLAGS]);
    if (!made) process.exit(1);
  });
  await step("machine", [...filesBelow("wasm/machine", [".ts"]), ...config], [".out/machine.wasm"], async () => {
    if (!(await assemble("wasm/machine/index.ts", ["--outFile", ".out/machine.wasm", "-O3", "--shrinkLevel", "0"]))) process.exit(1);
  });
  const typescript = [
    ...filesBelow("runner", [".ts"]),
    ...readdirSync("wasm")
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join("wasm", name)),
  ];
  await step("cli", [...typescript, ...config], [".out/bpfcast.cjs", ".out/llvm-worker.cjs"], () => {
    // CommonJS in one file starts 10 ms sooner than modules do; the compiler's wasm is still read only when a script comes.
    const bundle = (entry, output) =>
      run(bin("esbuild"), [
        entry,
        "--bundle",
        "--platform=node",
        "--target=node20",
        // Compiles scenarios in TypeScript; whoever has none need not have it.
        "--external:esbuild",
        "--format=cjs",
        "--minify",
        `--outfile=${output}`,
        "--define:import.meta.url=moduleUrl",
        '--banner:js=#!/usr/bin/env node\nconst moduleUrl = require("node:url").pathToFileURL(__filename).href;',
        "--log-level=warning",
      ]);
    bundle("runner/cli/main.ts", ".out/bpfcast.cjs");
    bundle("wasm/llvm-worker.ts", ".out/llvm-worker.cjs");
    chmodSync(".out/bpfcast.cjs", 0o755);
  });
  if (process.platform === "linux") {
    const native = filesBelow("native", [".cc", ".h", ".gyp"]);
    await step("native", [...native, "package.json"], [".out/bpfcast.node"], () => {
      // Debian's Node ships its headers; else node-gyp fetches them.
      const prefix = dirname(dirname(execFileSync("node", ["-p", "process.execPath"], { encoding: "utf8" }).trim()));
      const nodeDirectory = [prefix, "/usr"].find((folder) => existsSync(join(folder, "include/node/node_api.h")));
      const made = spawnSync(
        bin("node-gyp"),
        ["rebuild", "--directory=native", "--silent", ...(nodeDirectory ? [`--nodedir=${nodeDirectory}`] : [])],
        { encoding: "utf8" },
      );
      if (made.status !== 0) {
        process.stderr.write(`${made.stdout ?? ""}${made.stderr ?? made.error?.message}`);
        process.exit(1);
      }
      copyFileSync("native/build/Release/bpfcast.node", ".out/bpfcast.node");
    });
  }
  await makeDefaultProfile();
  const still = [...STILL.filter(existsSync), ...targetFiles(), ...toolFiles()];
  const page = [...filesBelow("web", [".ts", ".css"]), ".scripts/page.mjs", ".scripts/tools.mjs", ...still];
  await step("page", [...page, ...typescript, ...config], [".out/web/main.js", ".out/web/worker.js", ".out/web/targets.json"], buildPage);
}

/**
 * The profile that is used where no kernel can be asked. Made from the kernel that the build runs on: it is there, on a fresh machine
 * too, and nothing is downloaded. Where tracefs is not to be read (it wants root), .scripts/setup makes it; without both there is none.
 */
async function makeDefaultProfile() {
  const source = process.env.BPFCAST_PROFILE;
  const readable = (path) => {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  };
  const tracefs = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];
  if (!source && !(readable("/sys/kernel/btf/vmlinux") && tracefs.some(readable))) return;
  const inputs = [".out/bpfcast.cjs", source ?? "/proc/sys/kernel/osrelease"];
  await step("profile", inputs, [".out/default.profile"], () => {
    run("node", [".out/bpfcast.cjs", "profile", "--common", ...(source ? ["--from", source] : []), "-o", ".out/default.profile"]);
  });
}

/** Types of all TypeScript and AssemblyScript, and the formatter's and linter's word. */
async function check() {
  run(bin("tsc"), ["-p", "tsconfig.json"]);
  run(bin("tsc"), ["-p", "compiler/tsconfig.json"]);
  mkdirSync(out, { recursive: true });
  run(bin("tsc"), ["-p", "wasm/machine/tsconfig.json"]);
  for (const entry of ["compiler/index.ts", "wasm/machine/index.ts"]) if (!(await assemble(entry, ["--noEmit"]))) process.exit(1);
  run(bin("biome"), ["check", "."]);
}

if (process.argv[2] === "check") await check();
else await build();
