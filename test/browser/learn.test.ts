// Tour and gallery in headless Chromium, by keyboard alone, under the policy of the page.

import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { TOUR } from "../../web/learn/tour.ts";
import { bundleForPage, Site, startBrowser } from "./browser.ts";

const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(readFileSync("web/index.html", "utf8"))?.[1] ?? "";
const bytes = (text: string) => new TextEncoder().encode(text);
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="${policy}">
    <title>Learn</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="style.css"><link rel="stylesheet" href="learn.css">
    <script type="module" src="page.js"></script>
  </head>
  <body>
    <header><h1>Learn</h1><button id="open-tour" type="button">Tour</button><button id="open-gallery" type="button">Gallery</button></header>
    <main>
      <section aria-label="Script"><textarea id="script" rows="12" aria-label="Script"></textarea><pre id="output" tabindex="0" aria-label="Output" role="region"></pre></section>
      <section id="tour" aria-label="Tour"></section>
    </main>
  </body>
</html>`;
const TOOLS = {
  version: "1.2.3",
  licence: "Terms of use\n".repeat(80),
  tools: [{ name: "opensnoop", title: "Trace open() syscalls", script: "// opensnoop <b>bold</b>\n// By its authors\nBEGIN { }\n" }],
};

let browser: Browser;
let site: Site;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];
/** What is served as tools.json; a test changes it. */
const files: Record<string, Uint8Array | string> = {};

async function open(): Promise<Page> {
  const opened = await context.newPage();
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await opened.goto(`${site.address}/index.html`);
  return opened;
}

test.before(async () => {
  browser = await startBrowser();
  Object.assign(files, {
    "/index.html": bytes(PAGE),
    "/style.css": "web/style.css",
    "/learn.css": "web/learn/learn.css",
    "/page.js": await bundleForPage("test/browser/learn-page.ts"),
    "/worker.js": await bundleForPage("web/worker.ts"),
    "/compiler.wasm": ".out/compiler.wasm",
    "/machine.wasm": ".out/machine.wasm",
    "/default.profile": ".out/default.profile",
    "/tools.json": bytes(JSON.stringify(TOOLS)),
  });
  site = await Site.serve(files);
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await open();
});
test.after(async () => {
  await browser?.close();
  await site?.close();
});

const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");

/** Presses a key until what has the focus is called so. */
async function keyTo(name: string, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused()) === name) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never leads to ${name}`);
}

async function press(name: string): Promise<void> {
  await keyTo(name);
  await page.keyboard.press("Enter");
}

const said = (text: string | RegExp) => page.locator(".tour-said", { hasText: text }).waitFor({ timeout: 30_000 });
const script = () => page.locator("#script").inputValue();

test("a step of the tour is done by keyboard alone", async () => {
  await press("Tour");
  assert.is(await focused(), TOUR[0]?.title);
  assert.is(await script(), TOUR[0]?.script);
  await press("Hint");
  assert.ok(await page.locator("#tour-hint").isVisible());
  assert.is(await page.getByRole("button", { name: "Hint" }).getAttribute("aria-expanded"), "true");
  await keyTo("Run", "Shift+Tab");
  await page.keyboard.press("Enter");
  await said("There is no 2 CPUs in what was printed.");
  await keyTo("Script", "Shift+Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.type('begin { printf("I have %d CPUs\\n", ncpus); }');
  await press("Run");
  await said("Step 1 is done. 11 steps are left.");
  await press("Next");
  assert.is(await focused(), TOUR[1]?.title);
  assert.is(await script(), TOUR[1]?.script);
  const rows = page.getByRole("navigation", { name: "Steps of the tour" }).getByRole("listitem");
  assert.equal((await rows.allTextContents()).slice(0, 2), ["A first line (done)", "Something happens"]);
  assert.is(await page.locator("[aria-current=step]").textContent(), TOUR[1]?.title);
});

test("the solution is loaded, and does it", async () => {
  await press(TOUR[2]?.title ?? "");
  assert.is(await focused(), TOUR[2]?.title);
  await press("Show the solution");
  assert.is(await script(), TOUR[2]?.solution);
  await keyTo("Run", "Shift+Tab");
  await page.keyboard.press("Enter");
  await said("Step 3 is done. 10 steps are left.");
});

test("a script with errors is told apart from a wrong one", async () => {
  await page.locator("#script").fill("begin {");
  await press("Run");
  await said("The script has errors");
});

test("what is done is remembered, and the tour goes on where it was left", async () => {
  await page.reload();
  await press("Tour");
  assert.is(await focused(), TOUR[1]?.title);
  assert.is(await page.locator(".tour-mark", { hasText: "done" }).count(), 2);
  await page.evaluate(() => localStorage.setItem("bpfcast.tour", '{"no": "list"'));
  await page.reload();
  await press("Tour");
  assert.is(await focused(), TOUR[0]?.title);
  assert.ok(await page.getByRole("button", { name: "Back" }).isDisabled());
});

test("a script of the gallery is found and chosen by keyboard alone", async () => {
  await keyTo("Gallery", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator(".gallery-found", { hasText: /^\d\d scripts$/ }).waitFor();
  assert.is(await page.evaluate(() => document.activeElement?.id), "gallery-search");
  await page.keyboard.type("LATENCY disk");
  await page.locator(".gallery-found", { hasText: "One script" }).waitFor();
  await page.keyboard.press("ArrowDown");
  assert.is(await focused(), "Open Latency of the disk");
  await page.keyboard.press("Enter");
  assert.match(await script(), /block_rq_complete/);
  assert.not.ok(await page.getByRole("dialog").isVisible());
  assert.is(await focused(), "Gallery");
});

test("Escape closes the gallery, and the focus is where it was", async () => {
  const before = await script();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await keyTo("Open Hello");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.is(await focused(), "Gallery");
  assert.is(await script(), before);
});

test("Escape in a search that has words clears or closes, and never strands", async () => {
  await page.keyboard.press("Enter");
  await page.locator(".gallery-found", { hasText: /^\d\d scripts$/ }).waitFor();
  await page.keyboard.type("hello");
  await page.keyboard.press("Escape");
  if (await page.getByRole("dialog").isVisible()) {
    await page.locator(".gallery-found", { hasText: /^\d\d scripts$/ }).waitFor();
    await page.keyboard.press("Escape");
  }
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.is(await focused(), "Gallery");
});

test("official tools come with their header and licence, as text", async () => {
  await page.keyboard.press("Enter");
  await page.keyboard.type("opensnoop");
  await page.locator(".gallery-found", { hasText: "One script" }).waitFor();
  assert.match((await page.locator(".gallery section:visible").textContent()) ?? "", /package version 1\.2\.3/);
  await keyTo("Their licence");
  await page.keyboard.press("Enter");
  assert.ok(await page.getByText("Terms of use").isVisible());
  await press("Open opensnoop");
  assert.is(await script(), TOOLS.tools[0]?.script);
});

test("what nothing has, and tools that are missing, are said", async () => {
  const first = files["/tools.json"] ?? "";
  for (const [served, words] of [
    [bytes(JSON.stringify({ version: "", licence: "", tools: [] })), "built where they are not installed"],
    [bytes("{"), "They could not be loaded"],
  ] as const) {
    files["/tools.json"] = served;
    await page.reload();
    await press("Gallery");
    await page.locator(".gallery section", { hasText: words }).waitFor();
    await page.keyboard.type("no script has these");
    await page.locator(".gallery-found", { hasText: "No scripts" }).waitFor();
  }
  files["/tools.json"] = first;
  await page.reload();
});

/** Findings of axe that keep someone out. */
async function findings(): Promise<string[]> {
  await page.evaluate(readFileSync("node_modules/axe-core/axe.min.js", "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}

/** Pictures are left here, if the folder is named. */
const { PICTURES } = process.env;

for (const [name, width, height, colorScheme] of [
  ["desktop", 1280, 800, "light"],
  ["desktop", 1280, 800, "dark"],
  ["phone", 390, 844, "light"],
  ["phone", 390, 844, "dark"],
] as const) {
  test(`nobody is kept out: ${name}, ${colorScheme}`, async () => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const picture = async (what: string) => {
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${what}-${name}-${colorScheme}.png` });
    };
    await page.locator("#open-tour").click();
    await page.getByRole("button", { name: "Tidying up" }).click();
    await page.getByRole("button", { name: "Show the solution" }).click();
    await page.getByRole("button", { name: "Hint" }).click();
    await page.locator("#tour").getByRole("button", { name: "Run" }).click();
    await said("is done");
    await page.locator("#tour h2").scrollIntoViewIfNeeded();
    await picture("tour");
    assert.equal(await findings(), []);
    await page.locator("#open-gallery").click();
    await page.locator(".gallery-found", { hasText: /^\d\d scripts$/ }).waitFor();
    await page.getByText("Their licence").click();
    await picture("licence");
    assert.equal(await findings(), []);
    await page.locator(".gallery-list").evaluate((list) => list.scrollTo(0, 0));
    await picture("gallery");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });
}

test("nothing went wrong in the page", () => assert.equal(complaints, []));

test.run();
