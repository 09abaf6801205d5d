// Nobody is kept out of the page: axe over all that it shows, light and dark, wide and narrow; and every part by keyboard alone.

import type { BrowserContext, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { choose, EDITOR, enter, findings, focused, keyTo, press } from "./keyboard.ts";
import { Playground, textOf } from "./playground.ts";

/** Maps of each kind that is drawn, filled until it is stopped. */
const DRAWN = `tracepoint:syscalls:sys_exit_read {
  @bytes = hist(args.ret);
  @each[comm] = hist(args.ret);
  @reads[comm] = count();
  @last = args.ret;
}
profile:hz:99 { @stacks[kstack] = count(); }
interval:s:1 { printf("%s\\n", "a second"); }
`;
const WRONG = "tracepoint:syscalls:sys_enter_read { @[comm] = cuont(); }\nbegin { $x = 1; print($y); }\n";
const SMALL = "begin {\n  print(cpu);\n  @[comm] = count();\n}\n";

let playground: Playground;
let context: BrowserContext;
let page: Page;

test.before(async () => {
  playground = await Playground.start();
  context = await playground.context();
  page = await playground.open(context);
});
test.after(() => playground?.close());

/** Pictures are left here, if the folder is named. */
const { PICTURES } = process.env;

/** What axe finds and what is too wide, in each of four looks. */
async function barriers(what: string): Promise<string[]> {
  const found: string[] = [];
  for (const [name, width, height] of [
    ["phone", 390, 844],
    ["desktop", 1280, 800],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      const look = `${name}, ${colorScheme}`;
      found.push(...(await findings(page)).map((finding) => `${look}: ${finding}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) found.push(`${look}: ${overflow} px too wide`);
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${what}-${name}-${colorScheme}.png` });
    }
  }
  return found;
}

/** What screen readers are told of. */
async function told() {
  const session = await context.newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes.map(({ role, name, description }) => ({
    role: String(role?.value),
    name: String(name?.value),
    description: String(description?.value),
  }));
}

const open = async (script: string) => {
  await enter(page, script);
  assert.is(await textOf(page), script);
};

test("the page at its start", async () => {
  assert.equal(await barriers("start"), []);
});

test("problems are listed, and lead to their place in the editor", async () => {
  await open(WRONG);
  const first = page.locator("#problems button", { hasText: "cuont" });
  await first.waitFor({ timeout: 20_000 });
  assert.equal(await barriers("problems"), []);
  await keyTo(page, (await first.textContent()) ?? "");
  // Another target: the list is made anew.
  await page.evaluate(() => {
    document.querySelector("#problems li")?.classList.add("old");
    document.getElementById("target")?.dispatchEvent(new Event("change"));
  });
  await page.locator("#problems .old").waitFor({ state: "detached" });
  assert.match(await focused(page), /cuont/);
  await press(page, (await page.locator("#problems button").last().textContent()) ?? "");
  assert.is(await focused(page), EDITOR);
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /^begin/);
});

test("out of the editor: Escape, then Tab, either way and with something chosen; Tab alone indents", async () => {
  await open("begin { }\n");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  assert.is(await textOf(page), "  begin { }\n");
  assert.is(await focused(page), EDITOR);
  for (const key of ["Tab", "Shift+Tab"]) {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Escape");
    await page.keyboard.press(key);
    assert.is.not(await focused(page), EDITOR, key);
    await keyTo(page, EDITOR, key === "Tab" ? "Shift+Tab" : "Tab");
  }
  // Another key in between: Tab indents again.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  assert.is(await focused(page), EDITOR);
  assert.is(await textOf(page), "    begin { }\n");
});

test("the way out of the editor is shown, and said by screen readers", async () => {
  const hint = page.getByText("Escape, then Tab, leaves the editor.");
  assert.ok(await hint.isVisible());
  const box = (await told()).find(({ role, name }) => role === "textbox" && name === EDITOR);
  assert.match(box?.description ?? "", /^Escape, then Tab, leaves the editor/);
});

test("Escape that closes what is offered stays in the editor", async () => {
  await open("begin { ");
  await page.keyboard.type("pri");
  const offered = page.locator(".cm-tooltip-autocomplete");
  await offered.waitFor();
  await page.keyboard.press("Escape");
  await offered.waitFor({ state: "detached" });
  await page.keyboard.press("Tab");
  assert.is(await focused(page), EDITOR);
});

test("a run with charts; its button keeps the focus", async () => {
  await open(DRAWN);
  await press(page, "Run", "Shift+Tab");
  assert.is(await focused(page), "Run");
  await page.locator(".chart").nth(4).waitFor({ timeout: 60_000 });
  await page.locator("#output", { hasText: "a second" }).waitFor({ timeout: 60_000 });
  assert.equal(await barriers("run"), []);
  const names = (await told()).filter(({ role }) => role === "treeitem").map(({ name }) => name);
  assert.ok(
    names.some((name) => /^ksys_read: \d+ \(\d+\.\d %\)$/.test(name)),
    names.join(", "),
  );
});

test("a run stands, goes on by steps, and is stopped", async () => {
  await press(page, "Pause");
  await page.locator("#moment", { hasText: "paused" }).waitFor();
  assert.is(await focused(page), "Go on");
  await press(page, "Step");
  await page.locator("#moment", { hasText: "paused behind tracepoint" }).waitFor();
  assert.is(await focused(page), "Step");
  await press(page, "Go on", "Shift+Tab");
  await press(page, "Stop");
  await page.locator("#status", { hasText: "Ended" }).waitFor({ timeout: 30_000 });
  assert.is(await focused(page), "Stop");
  assert.is(await page.locator("#stop").getAttribute("aria-disabled"), "true");
});

test("output is scrolled, and numbers of a chart are read", async () => {
  await keyTo(page, "Output");
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.getElementById("output")?.scrollTop === 0);
  await page.keyboard.press("End");
  await page.waitForFunction(() => (document.getElementById("output")?.scrollTop ?? 0) > 0);
  await press(page, "Numbers");
  await keyTo(page, "Numbers of @bytes");
  await page.getByRole("region", { name: "Numbers of @bytes" }).getByText("[64, 128)").waitFor({ timeout: 5000 });
  assert.equal(await barriers("numbers"), []);
});

test("an event of one's own", async () => {
  await press(page, "An event of your own", "Shift+Tab");
  assert.ok(await page.locator("#event").isVisible());
  assert.equal(await barriers("event"), []);
  await choose(page, "What", "Sys");
  await keyTo(page, "Name");
  await page.keyboard.type("openat");
  await page.keyboard.press("Enter");
  await page.locator("#status", { hasText: "no script runs" }).waitFor();
  await press(page, "An event of your own", "Shift+Tab");
  assert.not.ok(await page.locator("#event").isVisible());
});

test("the download menu closes by Escape, by a choice, and when it is left", async () => {
  const menu = page.locator("#downloads > div");
  await press(page, "Download", "Shift+Tab");
  assert.ok(await menu.isVisible());
  assert.equal(await barriers("download"), []);
  await keyTo(page, "Script");
  await page.keyboard.press("Escape");
  assert.not.ok(await menu.isVisible());
  assert.is(await focused(page), "Download");
  await page.keyboard.press("Enter");
  const [file] = await Promise.all([page.waitForEvent("download"), press(page, "Object")]);
  assert.is(file.suggestedFilename(), "script.o");
  assert.not.ok(await menu.isVisible());
  assert.is(await focused(page), "Download");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Tab");
  assert.is(await focused(page), "Share");
  assert.not.ok(await menu.isVisible());
});

test("every tab, by arrow keys", async () => {
  await open(SMALL);
  const tabs = page.getByRole("tab");
  const names = await tabs.allTextContents();
  await keyTo(page, "Run");
  assert.ok(await tabs.first().evaluate((tab) => tab === document.activeElement));
  for (const name of names.slice(1)) {
    await page.keyboard.press("ArrowRight");
    assert.is(await focused(page), name);
    await page.getByRole("tab", { name, selected: true }).waitFor();
    const panel = page.getByRole("tabpanel", { name });
    await panel.waitFor();
    if (name !== "Targets") await panel.locator("#inside", { hasText: /\S/ }).waitFor();
    assert.equal(await barriers(`tab-${name}`), []);
  }
  await page.keyboard.press("ArrowRight");
  assert.is(await focused(page), "Run");
  await page.keyboard.press("End");
  assert.is(await focused(page), "Targets");
});

test("what becomes of the script on each target", async () => {
  await press(page, "Would it run on all of them?");
  assert.is(await focused(page), "Would it run on all of them?");
  await page.locator("#surveyed table").waitFor({ timeout: 60_000 });
  assert.equal(await barriers("targets"), []);
});

test("lines of BPF code are gone through, and Enter leads to the script", async () => {
  await keyTo(page, "Targets", "Shift+Tab");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const line = page.locator("#inside .placed", { hasText: "get_current_comm" });
  await line.waitFor();
  await keyTo(page, "bpf");
  const current = page.locator("#inside .current");
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press("ArrowDown");
    if (/get_current_comm/.test((await current.textContent()) ?? "")) break;
  }
  assert.is(await current.getAttribute("id"), await page.locator("#inside").getAttribute("aria-activedescendant"));
  assert.is(await current.getAttribute("aria-selected"), "true");
  assert.ok(await current.evaluate((row) => row.getBoundingClientRect().bottom <= window.innerHeight));
  await page.keyboard.press("Enter");
  assert.is(await focused(page), EDITOR);
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /@\[comm\]/);
});

test("the tour, with a hint and a step that is done", async () => {
  await press(page, "Tour", "Shift+Tab");
  await page.locator("#tour-pane h2:focus").waitFor();
  await press(page, "Show the solution");
  await press(page, "Hint", "Shift+Tab");
  await press(page, "Run", "Shift+Tab");
  await page.locator(".tour-said", { hasText: "is done" }).waitFor({ timeout: 30_000 });
  assert.equal(await barriers("tour"), []);
  await press(page, "Tour", "Shift+Tab");
});

test("the gallery, with the licence of the tools", async () => {
  await press(page, "Gallery", "Shift+Tab");
  await page.locator(".gallery-found", { hasText: /^\d\d scripts$/ }).waitFor();
  assert.equal(await barriers("gallery"), []);
  const licence = page.getByText("Their licence");
  if (await licence.isVisible()) {
    await press(page, "Their licence");
    assert.equal(await barriers("licence"), []);
  }
  await page.keyboard.press("Escape");
  assert.is(await focused(page), "Gallery");
});

test("nothing went wrong in the page", () => assert.equal(playground.complaints, []));

test.run();
