// Makes .out/targets/NAME.profile, the playground's other targets: reduced profiles of Debian's kernels, taken in virtual machines.
//
//   node .scripts/targets.mjs [KERNEL...]     as 6.1 or 6.12-arm64; all that test/kernel/kernels.ts knows unless told
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** The modules of the tests that boot kernels, as one of Node's. */
async function bundled() {
  const outfile = ".out/test/targets.js";
  await build({
    stdin: {
      contents: 'export { architectureOf, SERIES } from "./kernels.ts"; export { vmProfile } from "./profiles.ts";',
      resolveDir: "test/kernel",
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    outfile,
    logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

const isThere = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;

const { SERIES, architectureOf, vmProfile } = await bundled();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SERIES.includes(name));
if (unknown.length > 0) fail(`No Debian kernel is known as ${unknown.join(", ")}: one of ${SERIES.join(", ")}.`);
const chosen = wanted.length > 0 ? wanted : SERIES;

const EMULATORS = { amd64: "qemu-system-x86_64", arm64: "qemu-system-aarch64" };
const needed = ["apt-get", "dpkg-deb", ...new Set(chosen.map((name) => EMULATORS[architectureOf(name)]))];
const missing = needed.filter((command) => !isThere(command));
if (missing.length > 0) fail(`Profiles of other kernels need ${missing.join(" and ")}, which this machine does not have.`);

mkdirSync(".out/targets", { recursive: true });
let failed = 0;
for (const name of chosen) {
  const started = Date.now();
  try {
    const whole = await vmProfile(name);
    const file = join(".out/targets", `${name}.profile`);
    const made = spawnSync("node", [".out/bpfcast.cjs", "profile", "--common", "--from", whole, "-o", `${file}.new`], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr.trim());
    renameSync(`${file}.new`, file);
    const kilobytes = (path) => `${Math.round(statSync(path).size / 1000)} KB`;
    console.log(`${file}: ${kilobytes(file)} of ${kilobytes(whole)} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.error(`${name}: ${error.message}`);
  }
}
// The page takes them in.
const rebuilt = spawnSync("node", [".scripts/build.mjs"], { stdio: "inherit" });
process.exitCode = failed > 0 || rebuilt.status !== 0 ? 1 : 0;
