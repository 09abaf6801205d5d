// The official tools of bpftrace for the page's gallery, from the package that is installed on the build's machine.
// BPFCAST_TOOLS names another folder of scripts, BPFCAST_TOOLS_LICENCE the file that says under which terms they are.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const { BPFCAST_TOOLS, BPFCAST_TOOLS_LICENCE } = process.env;

const DEFAULTS = {
  folder: BPFCAST_TOOLS ?? "/usr/sbin",
  licence: BPFCAST_TOOLS_LICENCE ?? "/usr/share/doc/bpftrace/copyright",
  isPackage: BPFCAST_TOOLS === undefined,
};
/** The package's word on the licence refers to this text, which is that of our own. */
const APACHE = "LICENSE";

/** @returns the scripts and the licence; empty where either is missing: without its terms nothing is passed on. */
export function toolFiles({ folder, licence } = DEFAULTS) {
  if (!existsSync(folder) || !existsSync(licence)) return [];
  const scripts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".bt"))
    .map(({ name }) => join(folder, name))
    .filter((file) => /^#!.*\bbpftrace\b/.test(readFileSync(file, "utf8")))
    .sort();
  return scripts.length === 0 ? [] : [...scripts, licence];
}

/** The description in the first line of a script's head comment: `// name.bt  Does this.`, `* name - Does this.` */
export function titleOf(name, script) {
  const comment = script
    .split("\n")
    .filter((line) => !line.startsWith("#!"))
    .map((line) => line.replace(/^\s*(\/\*+|\*\/|\*|\/\/)?\s*/, "").trim())
    .find((line) => line !== "");
  // One blank is enough behind the script's own name; a tool may come under another one.
  const [, named, words = ""] = /^([\w-]+)(?:\.bt)?(?:\s+-\s+|\s+)(.*)$/.exec(comment ?? "") ?? [];
  const isApart = /^\S+(\t| {2,}| - )/.test(comment ?? "");
  return named === name || isApart ? words.replace(/\.$/, "") : "";
}

/** Empty where the scripts are there without the package. */
function packageVersion() {
  const { stdout } = spawnSync("dpkg-query", ["-s", "bpftrace"], { encoding: "utf8" });
  return /^Version: (.*)$/m.exec(stdout ?? "")?.[1] ?? "";
}

/** Writes { version, licence, tools: [{ name, title, script }] }. */
export function writeTools(output, from = DEFAULTS) {
  const scripts = toolFiles(from).slice(0, -1);
  const tools = scripts.map((file) => {
    const name = basename(file, ".bt");
    const script = readFileSync(file, "utf8");
    return { name, title: titleOf(name, script), script };
  });
  const licence = tools.length === 0 ? "" : `${readFileSync(from.licence, "utf8")}\n\n${readFileSync(APACHE, "utf8")}`;
  writeFileSync(output, JSON.stringify({ version: from.isPackage && tools.length > 0 ? packageVersion() : "", licence, tools }));
}
