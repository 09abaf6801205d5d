// Scenario files: NAME.scenario.ts (or .js, .mjs, .json) beside NAME.bt.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BpfcastError } from "../../../wasm/errors.ts";
import { type ScenarioFile, scenarioFile } from "../../simulated/scenario-schema.ts";
import { unusable } from "../unusable.ts";

const SUFFIX = /\.scenario\.(ts|mts|js|mjs|json)$/;

/** The scenario files that words of the command line name: files, scripts, or folders with all that is below. */
export function findScenarios(words: readonly string[]): string[] {
  const found = new Set<string>();
  for (const word of words) {
    if (!existsSync(word)) throw unusable("cannot-read", `failed to open file '${word}': No such file or directory`);
    if (statSync(word).isDirectory()) {
      const below = readdirSync(word, { recursive: true }).map(String).sort();
      for (const name of below) if (SUFFIX.test(name) && !name.includes("node_modules")) found.add(join(word, name));
    } else if (SUFFIX.test(word)) found.add(word);
    else {
      const stem = word.replace(/\.bt$/, "");
      const beside = ["ts", "mts", "js", "mjs", "json"].map((type) => `${stem}.scenario.${type}`).filter((file) => existsSync(file));
      if (beside.length === 0) throw unusable("no-scenario", `'${word}' has no scenarios: ${stem}.scenario.ts or .json is not there`);
      for (const file of beside) found.add(file);
    }
  }
  if (found.size === 0) throw unusable("no-scenario", "there are no files NAME.scenario.ts or NAME.scenario.json");
  return [...found];
}

/** What a module exports, bundled with what it imports. */
async function importModule(file: string): Promise<unknown> {
  let esbuild: typeof import("esbuild");
  try {
    esbuild = await import("esbuild");
  } catch {
    throw unusable("no-esbuild", `${file} is no JSON and needs esbuild`, "npm install esbuild");
  }
  let code: string;
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [file],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      logLevel: "silent",
      external: ["bpfcast/*"],
    });
    code = outputFiles[0]?.text ?? "";
  } catch (error) {
    throw unusable("bad-scenario", `${file}: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return { ...(await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)) };
  } catch (error) {
    throw unusable("bad-scenario", `${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw unusable("bad-scenario", `${file}: ${error instanceof Error ? error.message : error}`);
  }
}

export interface LoadedScenarios extends ScenarioFile {
  file: string;
  /** Where the script lies. */
  scriptFile: string;
}

/**
 * @param folder where scripts are looked for that are not beside their scenarios.
 * @throws BpfcastError of exit code 2.
 */
export async function loadScenarios(file: string, folder: string | undefined): Promise<LoadedScenarios> {
  const given = file.endsWith(".json") ? readJson(file) : await importModule(file);
  let content: ScenarioFile;
  try {
    content = scenarioFile(given, file);
  } catch (error) {
    if (error instanceof BpfcastError) throw unusable(error.code, error.message);
    throw error;
  }
  const name = content.script ?? basename(file).replace(SUFFIX, ".bt");
  const places = [resolve(dirname(file), name), ...(folder === undefined ? [] : [resolve(folder, name)])];
  const scriptFile = places.find((place) => existsSync(place));
  if (scriptFile === undefined) throw unusable("cannot-read", `${file}: its script is not there: ${places.join(", ")}`);
  return { ...content, file, scriptFile };
}
