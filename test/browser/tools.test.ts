// The official tools in the page: the object that it gives to keep is the one that the command line makes, and the kernel loads that.
//
// Those of Debian's bpftrace, and of a folder that TOOLS names.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { refusal } from "../compiler/bpftool.ts";
import { mayTrace } from "../support/root.ts";
import { bpfcast, Playground, paste } from "./playground.ts";

const FOLDERS = ["/usr/sbin", process.env["TOOLS"] ?? ""].filter((path) => path !== "" && existsSync(path));
const TOOLS = FOLDERS.flatMap((path) =>
  readdirSync(path)
    .filter((file) => file.endsWith(".bt"))
    .map((file): [path: string, file: string] => [path, file]),
);

/** Objects that a kernel refuses, and its reason: fentry, say, where it may not be changed while it runs. So far there are none. */
const REFUSED: Record<string, RegExp> = {};

const folder = mkdtempSync(join(tmpdir(), "bpfcast-page-tools-"));
const profile = resolve(".out/default.profile");
const loads = mayTrace();
let playground: Playground;
let page: Page;

test.before(async () => {
  playground = await Playground.start();
  page = await playground.open(await playground.context());
});
test.after(async () => {
  await playground?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An object, or the errors that are said instead, as `37: message`. */
interface Outcome {
  object: Buffer | undefined;
  errors: string[];
}

/** What the page gives. */
async function pageObject(file: string, script: string): Promise<Outcome> {
  await page.locator("#name").fill(file);
  await paste(page, script);
  await page.locator("#status").evaluate((status) => status.replaceChildren());
  const downloading = page.waitForEvent("download", { timeout: 20_000 });
  // One that has errors comes to no download.
  downloading.catch(() => {});
  await page.locator("#downloads summary").click();
  await page.locator("#download").click();
  const status = page.locator("#status", { hasText: /\S/ });
  await status.waitFor({ timeout: 20_000 });
  if (/has errors/.test((await status.textContent()) ?? "")) {
    await page.locator("#problems .error").first().waitFor();
    const listed = await page.locator("#problems .error").allTextContents();
    return { object: undefined, errors: listed.map((text) => text.replace(/^Line (\d+): error: /, "$1: ")) };
  }
  const own = join(folder, "page.o");
  const download = await downloading;
  assert.is(download.suggestedFilename(), file.replace(/\.bt$/, ".o"));
  await download.saveAs(own);
  return { object: readFileSync(own), errors: [] };
}

/** What the command line makes. */
async function ownObject(path: string, file: string): Promise<Outcome> {
  const own = join(folder, "own.o");
  const words = [bpfcast, "build", "--profile", profile, file, "-o", own];
  const [isMade, stderr] = await new Promise<[boolean, string]>((done) => {
    execFile("node", words, { cwd: path }, (error, _, said) => done([error === null, said]));
  });
  const errors = [...stderr.matchAll(/:(\d+):\d+-\d+: ERROR: (.*)$/gm)].map(([, line, message]) => `${line}: ${message}`);
  return { object: isMade ? readFileSync(own) : undefined, errors };
}

for (const [path, file] of TOOLS) {
  test(`${file} of ${path}`, async () => {
    const script = readFileSync(join(path, file), "utf8");
    const [found, expected] = await Promise.all([pageObject(file, script), ownObject(path, file)]);
    assert.equal(found.errors, expected.errors);
    if (expected.object === undefined) {
      assert.ok(found.errors.length > 0);
      return;
    }
    assert.ok(found.object?.equals(expected.object), `${found.object?.length} bytes, not those ${expected.object.length}`);
    if (!loads) return;
    const reason = REFUSED[file];
    const said = refusal(join(folder, "page.o"));
    if (reason === undefined) assert.is(said, "");
    else assert.match(said, reason);
  });
}

test("nothing went wrong in the page", () => {
  assert.ok(TOOLS.length >= 30);
  assert.equal(playground.complaints, []);
});

test.run();
