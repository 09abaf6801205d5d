// The page of the playground, into .out/web: static files, to be served from any folder.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { writeTools } from "./tools.mjs";

const OUT = join(".out", "web");
/** What is neither bundled nor made here. A build may lack the profile. */
export const STILL = ["web/index.html", ".out/compiler.wasm", ".out/machine.wasm", ".out/default.profile"];
/** By what they become. Parts that they have in common, or that are imported when they are needed, become files of their own. */
const ENTRIES = { main: "web/main.ts", worker: "web/worker.ts", "llvm-worker": "wasm/llvm-browser-worker.ts", style: "web/style.css" };

/** Profiles of other kernels, which `npm run targets` makes. */
export function targetFiles() {
  const folder = ".out/targets";
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".profile")) : [];
  return names.sort().map((name) => join(folder, name));
}

const ARCHITECTURES = { x86_64: "x86-64", aarch64: "arm64" };

/** What the list of the page's targets says of a profile: the second line of its document is JSON. */
function describeProfile(path, file) {
  const packed = readFileSync(path);
  const [, head] = gunzipSync(packed).toString("latin1").split("\n", 2);
  const { architecture, kernel } = JSON.parse(head);
  const version = /^\d+(\.\d+)?/.exec(kernel)?.[0] ?? "";
  const title = `Linux ${version} on ${ARCHITECTURES[architecture]}`;
  return { file, title, architecture, kernel, bytes: packed.length };
}

/** Copies the profiles beside the page's default one, and lists all. */
function copyTargets() {
  const targets = targetFiles();
  const folder = join(OUT, "targets");
  rmSync(folder, { recursive: true, force: true });
  const others = targets.map((path) => describeProfile(path, `targets/${basename(path)}`));
  const order = Object.keys(ARCHITECTURES);
  const numbers = ({ kernel }) => kernel.split(/\D+/, 2).map(Number);
  const byVersion = ([major, minor = 0], [other, another = 0]) => major - other || minor - another;
  others.sort(
    (left, right) => order.indexOf(left.architecture) - order.indexOf(right.architecture) || byVersion(numbers(left), numbers(right)),
  );
  if (targets.length > 0) mkdirSync(folder);
  for (const path of targets) copyFileSync(path, join(folder, basename(path)));
  const own = existsSync(".out/default.profile") ? [describeProfile(".out/default.profile", "default.profile")] : [];
  for (const entry of own) entry.title += " (default)";
  writeFileSync(join(OUT, "targets.json"), `${JSON.stringify([...own, ...others], null, 2)}\n`);
}

/** The licences of the packages whose code is in the page: they want to be passed on with it. */
function writeLicences(inputs) {
  const packages = new Set(inputs.map((file) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean));
  const texts = [...packages].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no licence to pass on`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  writeFileSync(join(OUT, "licences.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
}

export async function buildPage() {
  mkdirSync(OUT, { recursive: true });
  for (const file of readdirSync(OUT)) if (/\.(js|css)$/.test(file)) rmSync(join(OUT, file));
  const options = { bundle: true, format: "esm", target: "es2022", minify: true, outdir: OUT, logLevel: "warning" };
  const { metafile } = await build({ ...options, entryPoints: ENTRIES, splitting: true, metafile: true, chunkNames: "part-[hash]" });
  const still = STILL.filter((file) => existsSync(file));
  for (const file of still) copyFileSync(file, join(OUT, basename(file)));
  copyTargets();
  writeTools(join(OUT, "tools.json"));
  writeLicences(Object.keys(metafile.inputs));
  // What works without a network after the first visit. LLVM is not kept: it is 56 MB. Other targets are once they were looked at.
  const made = [...Object.keys(metafile.outputs), ...still].map((file) => basename(file));
  const kept = ["./", "targets.json", "tools.json", ...made.filter((file) => file !== "llvm-worker.js" && file !== "index.html")];
  await build({ ...options, entryPoints: { service: "web/service.ts" }, define: { FILES_OF_THE_PAGE: JSON.stringify(kept) } });
}
