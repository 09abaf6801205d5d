// Preloaded into every process of a coverage run: modules of the build are replaced by their instrumented twins, and when the process
// ends, the statements that its instances ran are left in the folder COVERAGE_HITS, a byte each.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const out = join(dirname(dirname(fileURLToPath(import.meta.url))), ".out");

/** The path of the instrumented twin of a module of the build; any other path as it is. */
function twin(path) {
  if (typeof path !== "string" && !(path instanceof URL)) return path;
  const file = resolve(path instanceof URL ? fileURLToPath(path) : path);
  if (dirname(file) !== out || !file.endsWith(".wasm")) return path;
  const instrumented = join(out, "coverage", file.slice(out.length + 1));
  return fs.existsSync(instrumented) ? instrumented : path;
}

const { readFileSync, copyFileSync } = fs;
const { readFile } = fs.promises;
fs.readFileSync = (path, ...rest) => readFileSync(twin(path), ...rest);
fs.copyFileSync = (path, ...rest) => copyFileSync(twin(path), ...rest);
fs.promises.readFile = (path, ...rest) => readFile(twin(path), ...rest);
syncBuiltinESMExports();

/** Instances kept alive until their marks are taken: fuzzers make thousands, and use few at a time. */
const KEPT = 32;
let kept = [];
/** Those that were let go: they may have run on since. */
let released = [];
let hits;

function take({ exports: { memory, firstStatement, statements } }) {
  const marks = new Uint8Array(memory.buffer, firstStatement.value, statements.value);
  hits ??= new Uint8Array(marks.length);
  for (let index = 0; index < marks.length; index++) hits[index] |= marks[index];
}

WebAssembly.Instance = class Instance extends WebAssembly.Instance {
  constructor(module, imports) {
    super(module, imports);
    if (!("firstStatement" in this.exports)) return;
    kept.push(this);
    if (kept.length < KEPT * 2) return;
    for (const instance of kept.slice(0, KEPT)) take(instance);
    released = [...released.filter((reference) => reference.deref()), ...kept.slice(0, KEPT).map((instance) => new WeakRef(instance))];
    kept = kept.slice(KEPT);
  }
};

WebAssembly.instantiate = async (source, imports) => {
  if (source instanceof WebAssembly.Module) return new WebAssembly.Instance(source, imports);
  const module = await WebAssembly.compile(source);
  return { module, instance: new WebAssembly.Instance(module, imports) };
};

process.on("exit", () => {
  for (const instance of [...kept, ...released.map((reference) => reference.deref())]) if (instance) take(instance);
  if (hits) fs.writeFileSync(join(process.env.COVERAGE_HITS, randomUUID()), hits);
});
