// The charts in headless Chromium under the playground's policy, drawn from what scripts leave in their maps.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../web/charts/pictures.ts";
import { seen } from "../web/drawn.ts";
import { Site, startBrowser } from "./browser.ts";
import type { ChartCalls } from "./charts-page.ts";

declare const chartCalls: ChartCalls;
declare const axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

/** Where screenshots are put, for whoever wants to look at them. */
const SHOTS = process.env["CHARTS_SHOTS"];

const errors: string[] = [];
let browser: Browser;
let site: Site;
let page: Page;

/** The page's files, by path: what is imported later is a file of its own, as in the playground. */
async function files(): Promise<Record<string, Uint8Array | string>> {
  const { outputFiles } = await build({
    entryPoints: ["test/browser/charts-page.ts", "web/style.css"],
    bundle: true,
    splitting: true,
    write: false,
    outdir: "/",
    entryNames: "[name]",
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  const policy = /content="(default-src[^"]*)"/.exec(readFileSync("web/index.html", "utf8"))?.[1];
  assert.ok(policy, "the playground has a policy");
  const document = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark"><title>Charts</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"><link rel="stylesheet" href="/page.css">
<script type="module" src="/charts-page.js"></script></head><body><main class="main"><h1>Charts</h1><div id="charts"></div></main></body></html>`;
  return {
    ...Object.fromEntries(outputFiles.map(({ path, contents }) => [path, contents])),
    // The playground's <main> has two columns.
    "/page.css": new TextEncoder().encode("main.main { display: block; padding: 8px; }"),
    "/index.html": new TextEncoder().encode(document),
  };
}

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const opened = await context.newPage();
  opened.on("pageerror", (error) => errors.push(error.message));
  opened.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await opened.goto(`${site.address}/index.html`);
  return opened;
}

const draw = (pictures: Picture[], seconds: number, on = page) =>
  on.evaluate(([given, at]) => chartCalls.draw(given as Picture[], at as number), [pictures, seconds] as const);
const clear = () => page.evaluate(() => chartCalls.clear());
const picturesOf = async (script: string) => (await seen(script)).pictures;
const numbers = (name: string, rows: [string, number][], more = 0): Picture => ({
  name,
  kind: "numbers",
  isKeyed: true,
  more,
  rows: rows.map(([key, value]) => ({ key, value, label: String(value) })),
});
const stacks = (...rows: [string, number][]): Picture => ({
  name: "@s",
  kind: "stacks",
  isKeyed: true,
  more: 0,
  rows: rows.map(([names, value]) => ({
    frames: names.split(" ").map((name) => ({ name, of: "kernel" })),
    value,
    label: String(value),
  })),
});
const attributes = (selector: string, name: string) =>
  page.locator(selector).evaluateAll((found, attribute) => found.map((one) => one.getAttribute(attribute)), name);
const frame = (name: string) => page.locator(".flames .frame", { has: page.locator(`title:text-matches("^${name}:")`) });
const frameWidth = async (name: string) => Math.round(Number(await frame(name).locator("rect").getAttribute("width")));

test.before(async () => {
  browser = await startBrowser();
  site = await Site.serve(await files());
  page = await open();
});
test.after(async () => {
  await browser?.close();
  await site?.close();
});
test.before.each(clear);

test("bars by value with their digits; uPlot comes when there are lines to draw", async () => {
  const pictures = await picturesOf('begin { @n["a"] = 4; @n["b"] = (int64)-2; @n["c"] = 1; @big = (uint64)18446744073709551615; }');
  await draw(pictures, 0);
  assert.equal(await page.locator(".bars .value").allTextContents(), ["4", "1", "-2"]);
  assert.equal(await page.locator(".bars .key").allTextContents(), ["a", "c", "b"]);
  const [four, one, minus] = (await attributes(".bars .bar", "width")).map(Number) as [number, number, number];
  assert.ok(Math.abs(four - 4 * one) < 1 && Math.abs(minus - 2 * one) < 1, `${four} ${one} ${minus}`);
  assert.is(await page.locator(".scalar:visible").textContent(), "18446744073709551615");
  assert.is(await page.locator(".bars").getAttribute("role"), "img");
  assert.ok((await attributes(".bars", "aria-label")).includes("@n: 3 keys, the largest a: 4"));
  const before = site.requests.length;
  assert.is(await page.locator(".uplot").count(), 0);
  for (let at = 1; at < 5; at++) await draw(pictures, at / 4);
  await page.locator(".uplot").nth(1).waitFor();
  assert.ok(site.requests.slice(before).some((path) => path.endsWith(".js")));
  assert.equal(await page.locator(".legend:visible li").allTextContents(), ["a", "c", "b"]);
});

test("lines end when there are more keys than can be told apart", async () => {
  const rows = Array.from({ length: 6 }, (_, index): [string, number] => [`k${index}`, index]);
  for (let at = 0; at < 6; at++) await draw([numbers("@n", rows)], at);
  await page.locator(".uplot").waitFor();
  await draw([numbers("@n", [...rows, ["k6", 9]])], 6);
  assert.is(await page.locator(".uplot").count(), 0);
});

test("a redraw changes what is there: elements, focus and open numbers stay", async () => {
  await draw(
    [
      numbers("@n", [
        ["a", 3],
        ["b", 1],
      ]),
    ],
    0,
  );
  await page.locator("summary").click();
  await page.locator(".table").focus();
  await page.evaluate(() => Object.assign(globalThis, { first: document.querySelector(".bars g"), row: document.querySelector("td") }));
  await draw(
    [
      numbers("@n", [
        ["b", 7],
        ["a", 4],
      ]),
    ],
    1,
  );
  assert.equal(await page.locator("td").allTextContents(), ["b", "7", "a", "4"]);
  const kept = await page.evaluate(() => {
    const { first, row } = globalThis as unknown as { first: Element; row: Element };
    return [first.isConnected, row.isConnected, document.activeElement?.className];
  });
  assert.equal(kept, [true, true, "table"]);
});

test("a map that is cleared or gone keeps its place", async () => {
  const tops = () => page.locator("figure").evaluateAll((figures) => figures.map((figure) => figure.getBoundingClientRect().top));
  const [histogram] = await picturesOf("begin { @h[1] = hist(10); @h[2] = hist(100); }");
  // So many keys have no lines, which would come in between.
  const rows = Array.from({ length: 7 }, (_, index): [string, number] => [`k${index}`, index]);
  const all = [numbers("@a", rows), histogram as Picture, stacks(["f g", 3]), numbers("@z", rows)];
  await draw(all, 0);
  const before = await tops();
  await draw(
    [numbers("@a", []), { ...(histogram as Picture), rows: [], first: 0, buckets: [] } as Picture, stacks(), all[3] as Picture],
    1,
  );
  assert.equal(await tops(), before);
  assert.equal((await page.locator("figcaption span").allTextContents()).slice(0, 3), ["empty", "empty", "empty"]);
  await draw([], 2);
  assert.equal(await tops(), before);
  await draw(all, 3);
  assert.equal(await tops(), before);
});

test("histograms: a drawing for each key, buckets as the text names them", async () => {
  const pictures = await picturesOf(
    "begin { for $i : 0..20 { @h[$i] = hist($i); } @l = lhist(3, 0, 1000, 1); @l = lhist(999, 0, 1000, 1); }",
  );
  await draw(pictures, 0);
  const [first] = await page.locator("figure").all();
  assert.is(await first?.locator(".histogram").count(), 12);
  assert.match((await first?.locator("figcaption").textContent()) ?? "", /20 keys, 12 of them shown/);
  assert.ok((await first?.locator("title").allTextContents())?.includes("[16, 32): 1"));
  // A thousand buckets are fewer columns, and all in the table.
  assert.ok((await page.locator("figure:nth-of-type(2) .bar").count()) <= 640 / 5);
  await page.locator("summary").nth(1).click();
  assert.is(await page.locator("figure:nth-of-type(2) tbody tr").count(), 997);
});

test("time series by the clock", async () => {
  const pictures = await picturesOf("begin { @t[1] = tseries(5, 1s, 10); @t[2] = tseries(7, 1s, 10); }");
  await draw(pictures, 0);
  await page.locator(".uplot canvas").waitFor();
  assert.equal(await page.locator(".legend li").allTextContents(), ["1", "2"]);
  assert.match((await page.locator(".lines").getAttribute("aria-label")) ?? "", /^@t: 2 keys$/);
});

test("a flame graph: shares, zoom by click and keys, a redraw keeps them", async () => {
  await draw([stacks(["main read", 30], ["main write", 60], ["idle", 10])], 0);
  const whole = await frameWidth("all");
  assert.is(await frame("main").locator("title").textContent(), "main: 90 (90.0 %)");
  assert.ok(Math.abs((await frameWidth("main")) - 0.9 * whole) < 2);
  await frame("main").click();
  assert.is(await frameWidth("main"), whole);
  assert.is(await frame("idle").count(), 0);
  await draw([stacks(["main read", 60], ["main write", 60], ["idle", 10])], 1);
  assert.is(await frameWidth("main"), whole);
  assert.ok(Math.abs((await frameWidth("read")) - whole / 2) < 2);
  await page.locator(".flames").focus();
  const current = () => page.locator(".flames .current title").textContent();
  await page.keyboard.press("Escape");
  assert.is(await frame("idle").count(), 1);
  assert.match((await current()) ?? "", /^main:/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  assert.match((await current()) ?? "", /^write:/);
  const id = await page.locator(".flames .current").getAttribute("id");
  assert.is(await page.locator(".flames").getAttribute("aria-activedescendant"), id);
  await page.keyboard.press("Enter");
  assert.is(await frameWidth("write"), whole);
  // Gone for a moment: the zoom is there again with the frame.
  await draw([stacks()], 2);
  await draw([stacks(["main write", 1], ["idle", 5])], 3);
  assert.is(await frameWidth("write"), whole);
  assert.ok(await page.evaluate(() => document.activeElement?.classList.contains("flames")));
});

test("what a script puts into keys and values is text", async () => {
  await draw(await picturesOf('begin { @["<img src=x>\\n\\x07", "\\xe2\\x80\\xae"] = 1; @t = "<script>alert(1)</script>"; }'), 0);
  assert.is(await page.locator("figure img, figure script").count(), 0);
  assert.is(await page.locator(".bars .key").textContent(), "<img src=x>\\n\\x07, \\u202e");
  assert.is(await page.locator("td").textContent(), "<script>alert(1)</script>");
});

test("very long keys and many numbers stay inside the page, on a phone too", async () => {
  const phone = await open({ viewport: { width: 390, height: 844 } });
  const rows = Array.from({ length: 50 }, (_, index): [string, number] => [`${"x".repeat(300)}${index}`, 10 ** (index / 3)]);
  const named = stacks([`${"f".repeat(500)} g`, 5]);
  const [text] = await picturesOf(`begin { @t["${"k".repeat(500)}"] = "${"v".repeat(500)}"; }`);
  for (let at = 0; at < 5; at++)
    await draw([numbers("@n", rows, 9950), numbers("@few", rows.slice(0, 3)), named, text as Picture], at, phone);
  await phone.locator(".uplot").waitFor();
  for (const summary of await phone.locator("summary").all()) if ((await summary.textContent()) === "Numbers") await summary.click();
  assert.is(await phone.evaluate(() => document.documentElement.scrollWidth), 390);
  await phone.context().close();
});

test("names, roles and contrast, light and dark", async () => {
  const source = readFileSync(join("node_modules", "axe-core", "axe.min.js"), "utf8");
  const pictures = [
    ...(await picturesOf('begin { @n["a"] = 4; @h = hist(3); @t = tseries(1, 1s, 3); @x[1] = "text"; @e[1] = avg(3); }')),
    stacks(["main read", 30], ["main write", 60]),
  ];
  for (const colorScheme of ["light", "dark"] as const) {
    const looked = await open({ colorScheme });
    for (let at = 0; at < 5; at++) await draw(pictures, at, looked);
    await looked.locator(".uplot").first().waitFor();
    for (const summary of await looked.locator("summary").all()) if ((await summary.textContent()) === "Numbers") await summary.click();
    await looked.evaluate(source);
    const { violations } = await looked.evaluate(() => axe.run());
    assert.equal(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`),
      [],
      colorScheme,
    );
    await looked.context().close();
  }
});

test("a drawing of fifty keys and a flame graph costs little", async () => {
  const rows = (shift: number) => Array.from({ length: 50 }, (_, index): [string, number] => [`key ${index}`, (index * 7 + shift) % 50]);
  const paths = Array.from({ length: 200 }, (_, index): [string, number] => [`main f${index % 5} g${index % 25} h${index}`, index + 1]);
  const frames = Array.from({ length: 8 }, (_, shift) => [
    numbers("@n", rows(shift)),
    stacks(...paths.map(([path, value]): [string, number] => [path, value + shift])),
  ]);
  const cost = await page.evaluate((given) => chartCalls.measure(given, 60), frames);
  // Of the 250 ms until the next one, on a machine that has other things to do.
  assert.ok(cost < 150, `${cost} ms`);
  if (SHOTS !== undefined) console.log(`a drawing: ${cost.toFixed(1)} ms`);
});

test("nothing went wrong in the page", () => assert.equal(errors, []));

test.run();
