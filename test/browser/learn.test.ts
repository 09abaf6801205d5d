// Tour and gallery by keyboard alone, in the page as `bpfcast playground` serves it. The whole tour: tour.test.ts.

import type { BrowserContext, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { TOUR } from "../../web/learn/tour.ts";
import { choose, EDITOR, enter, focused, keyTo, press } from "./keyboard.ts";
import { Playground, textOf } from "./playground.ts";

const TOOLS = JSON.stringify({
  version: "1.2.3",
  licence: "Terms of use\n".repeat(80),
  tools: [
    { name: "opensnoop", title: "Trace open() syscalls", script: "// opensnoop <b>bold</b>\n// By its authors\nBEGIN { }\n" },
    { name: "<img src=x onerror=alert(1)>", title: "<script>alert(2)</script>", script: "</script><script>alert(3)</script>\n" },
  ],
});

let playground: Playground;
let context: BrowserContext;
let page: Page;
/** What is served as tools.json; a test changes it. */
let tools = TOOLS;

test.before(async () => {
  playground = await Playground.start();
  // What a service worker answers cannot be put in its place.
  context = await playground.context({ serviceWorkers: "block" });
  await context.route("**/tools.json", (route) => route.fulfill({ contentType: "application/json", body: tools }));
  page = await playground.open(context);
});
test.after(() => playground?.close());

const said = (text: string | RegExp) => page.locator(".tour-said", { hasText: text }).waitFor({ timeout: 30_000 });
const scripts = (count: string | RegExp) => page.locator(".gallery-found", { hasText: count }).waitFor();
const all = /^\d\d scripts$/;

/** Whether none of it is cut off by the pane. */
const isSeen = (selector: string) =>
  page.locator(selector).evaluate((element) => {
    const pane = document.getElementById("tour-pane")?.getBoundingClientRect();
    const { top, bottom } = element.getBoundingClientRect();
    return pane !== undefined && top >= pane.top && bottom <= pane.bottom;
  });

async function openTour(): Promise<void> {
  await press(page, "Tour");
  await page.locator("#tour-pane h2:focus").waitFor();
}

async function openGallery(): Promise<void> {
  if ((await focused(page)) !== "Gallery") await keyTo(page, "Gallery");
  await page.keyboard.press("Enter");
  await scripts(all);
  assert.is(await focused(page), "Search");
}

test("a step of the tour: a hint, a try that fails, one that does it", async () => {
  await choose(page, "Speed", "as fast");
  await openTour();
  assert.is(await focused(page), TOUR[0]?.title);
  assert.is(await textOf(page), TOUR[0]?.script);
  await press(page, "Hint");
  assert.ok(await page.locator("#tour-hint").isVisible());
  assert.is(await page.getByRole("button", { name: "Hint" }).getAttribute("aria-expanded"), "true");
  await press(page, "Run", "Shift+Tab");
  await said("There is no 2 CPUs in what was printed.");
  assert.ok(await isSeen(".tour-said"), "what is said is seen");
  await enter(page, 'begin { printf("I have %d CPUs\\n", ncpus); }');
  await press(page, "Run", "Shift+Tab");
  await said("Step 1 is done. 11 steps are left.");
  await press(page, "Next");
  assert.is(await focused(page), TOUR[1]?.title);
  assert.is(await textOf(page), TOUR[1]?.script);
  const rows = page.getByRole("navigation", { name: "Steps of the tour" }).getByRole("listitem");
  assert.equal((await rows.allTextContents()).slice(0, 2), ["A first line (done)", "Something happens"]);
  assert.is(await page.locator("[aria-current=step]").textContent(), TOUR[1]?.title);
});

test("the solution is loaded, and does it", async () => {
  await press(page, TOUR[2]?.title ?? "");
  assert.is(await focused(page), TOUR[2]?.title);
  await press(page, "Show the solution");
  assert.is(await textOf(page), TOUR[2]?.solution);
  await press(page, "Run", "Shift+Tab");
  await said("Step 3 is done. 10 steps are left.");
});

test("a script with errors is told apart from a wrong one", async () => {
  await enter(page, "begin {");
  await page.keyboard.press("Control+Enter");
  await said("The script has errors");
  assert.is(await focused(page), EDITOR);
});

test("what is done is remembered, and the tour goes on where it was left", async () => {
  await page.reload();
  await openTour();
  assert.is(await focused(page), TOUR[1]?.title);
  assert.is(await page.locator(".tour-mark", { hasText: "done" }).count(), 2);
  await page.evaluate(() => localStorage.setItem("bpfcast.tour", '{"no": "list"'));
  await page.reload();
  await openTour();
  assert.is(await focused(page), TOUR[0]?.title);
  assert.ok(await page.getByRole("button", { name: "Back" }).isDisabled());
});

test("a script of the gallery is found and chosen", async () => {
  await openGallery();
  await page.keyboard.type("LATENCY disk");
  await scripts("One script");
  await page.keyboard.press("ArrowDown");
  assert.is(await focused(page), "Open Latency of the disk");
  await page.keyboard.press("Enter");
  assert.match(await textOf(page), /block_rq_complete/);
  assert.not.ok(await page.getByRole("dialog").isVisible());
  assert.is(await focused(page), "Gallery");
});

test("Escape closes the gallery, and the focus is where it was", async () => {
  const before = await textOf(page);
  await openGallery();
  await keyTo(page, "Open Hello");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.is(await focused(page), "Gallery");
  assert.is(await textOf(page), before);
});

test("Escape in a search that has words clears or closes, and never strands", async () => {
  await openGallery();
  await page.keyboard.type("hello");
  await page.keyboard.press("Escape");
  if (await page.getByRole("dialog").isVisible()) {
    await scripts(all);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.is(await focused(page), "Gallery");
});

test("official tools come with their header and licence, as text", async () => {
  await openGallery();
  await page.keyboard.type("opensnoop");
  await scripts("One script");
  assert.match((await page.locator(".gallery section:visible").textContent()) ?? "", /package version 1\.2\.3/);
  await press(page, "Their licence");
  assert.ok(await page.getByText("Terms of use").isVisible());
  await keyTo(page, "Licence of the official tools");
  await page.keyboard.press("End");
  await page.waitForFunction(() => (document.querySelector(".gallery pre")?.scrollTop ?? 0) > 0);
  await press(page, "Open opensnoop");
  assert.is(await textOf(page), "// opensnoop <b>bold</b>\n// By its authors\nBEGIN { }\n");
  assert.is(await page.locator("#name").inputValue(), "opensnoop.bt");
});

test("names and scripts of tools are never markup", async () => {
  await openGallery();
  await page.keyboard.type("alert");
  await scripts("One script");
  assert.is(await page.locator(".gallery img, .gallery script").count(), 0);
  await press(page, "Open <img src=x onerror=alert(1)>");
  assert.is(await textOf(page), "</script><script>alert(3)</script>\n");
});

for (const [served, words] of [
  [JSON.stringify({ version: "", licence: "", tools: [] }), "built where they are not installed"],
  ["{", "They could not be loaded"],
] as const) {
  test(`tools that are missing, and what nothing has, are said: ${words}`, async () => {
    tools = served;
    await page.reload();
    await openGallery();
    await page.locator(".gallery section", { hasText: words }).waitFor();
    await page.keyboard.type("no script has these");
    await scripts("No scripts");
    await page.keyboard.press("Escape");
    tools = TOOLS;
  });
}

test("nothing went wrong in the page", () => assert.equal(playground.complaints, []));

test.run();
