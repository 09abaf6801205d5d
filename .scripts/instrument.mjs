// AssemblyScript modules that record which of their statements ran.
//
// Before each statement goes a store of 1 to a byte of its own, below the static memory that `--memoryBase` moves up: the marks are
// part of the module's memory, cost one instruction and need no imports. All modules share one numbering. Each exports the marks'
// `firstStatement`, an address, and `statements`, their number.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NodeKind, newOptions, newProgram, parse } from "assemblyscript";
import { assemble } from "./assemble.mjs";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

export const folder = ".out/coverage";
/** Address of the first mark; 0 is no address. */
const FIRST = 64;

const modules = {
  compiler: { entry: "compiler/index.ts", options: ["-O3", "--shrinkLevel", "1"] },
  machine: { entry: "wasm/machine/index.ts", options: ["-O3", "--shrinkLevel", "0"] },
  testing: { entry: "compiler/testing.ts", options: ["-O1", "--debug"] },
  "testing-backend": { entry: "compiler/testing-backend.ts", options: ["-O1", "--debug"] },
  "testing-pipeline": { entry: "compiler/testing-pipeline.ts", options: ["-O1", "--debug"] },
};

const isNode = (value) => value !== null && typeof value === "object" && typeof value.kind === "number" && "range" in value;

/** Statements that hold others where one alone may stand. */
const BRANCHES = ["ifTrue", "ifFalse", "body"];
const FUNCTIONS = [NodeKind.FunctionDeclaration, NodeKind.MethodDeclaration];

/** Calls `visit(statement, isAlone)` for each statement inside of a function; `isAlone`: it has no braces around it. */
function forEachStatement(node, visit) {
  for (const [key, value] of Object.entries(node)) {
    if (key === "range") continue;
    const isList = Array.isArray(value) && key === "statements" && (node.kind === NodeKind.Block || node.kind === NodeKind.SwitchCase);
    for (const child of Array.isArray(value) ? value : [value]) {
      if (!isNode(child)) continue;
      const isBranch = BRANCHES.includes(key) && child.kind !== NodeKind.Block && !FUNCTIONS.includes(node.kind);
      if ((isList && child.kind !== NodeKind.Block && child.kind !== NodeKind.Empty) || isBranch) visit(child, isBranch);
      forEachStatement(child, visit);
    }
  }
}

/** The text of a source with a mark before each statement, for which `points` gets a row: [file, line]. */
function instrument(file, points) {
  const text = readFileSync(file, "utf8");
  const program = newProgram(newOptions());
  parse(program, text, file, true);
  const source = program.sources.find(({ normalizedPath }) => normalizedPath === file);
  const insertions = [];
  forEachStatement(source, ({ range }, isAlone) => {
    const mark = `i32.store8(${FIRST + points.length}, 1);`;
    points.push([file, source.lineAt(range.start)]);
    insertions.push([range.start, isAlone ? `{ ${mark} ` : `${mark} `]);
    // Some ranges end before their semicolon.
    if (isAlone) insertions.push([text[range.end] === ";" ? range.end + 1 : range.end, " }"]);
  });
  // Of insertions at one place, those found later belong to inner statements.
  insertions.sort(([left], [right]) => left - right);
  let result = "";
  let from = 0;
  for (const [at, addition] of insertions) {
    result += text.slice(from, at) + addition;
    from = at;
  }
  return result + text.slice(from);
}

function sourcesBelow(root) {
  return readdirSync(root, { recursive: true })
    .map((name) => join(root, name))
    .filter((name) => name.endsWith(".ts"))
    .sort();
}

/** Builds the named modules with marks into `folder`, if a source has changed since; returns the rows of the marks, and writes them to points.json. */
export async function buildInstrumented(names = Object.keys(modules)) {
  const points = [];
  const sources = new Map();
  for (const file of [...sourcesBelow("compiler"), ...sourcesBelow("wasm/machine")]) sources.set(file, instrument(file, points));
  mkdirSync(folder, { recursive: true });
  const base = (FIRST + points.length + 15) & ~15;
  for (const name of names) {
    const { entry, options } = modules[name];
    const output = join(folder, `${name}.wasm`);
    const stamp = join(folder, `${name}.sha256`);
    const digest = createHash("sha256")
      .update(JSON.stringify([...sources, options]))
      .digest("hex");
    if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) continue;
    const extra = `\nexport const firstStatement: i32 = ${FIRST};\nexport const statements: i32 = ${points.length};\n`;
    const readFile = (path) => {
      if (sources.has(path)) return sources.get(path) + (path === entry ? extra : "");
      return existsSync(path) ? readFileSync(path, "utf8") : null;
    };
    if (!(await assemble(entry, [...options, "--memoryBase", String(base), "--outFile", output], { readFile }))) process.exit(1);
    writeFileSync(stamp, digest);
  }
  writeFileSync(join(folder, "points.json"), JSON.stringify(points));
  return points;
}
