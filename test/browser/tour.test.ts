// The whole tour by keyboard alone, in the page as `bpfcast playground` serves it: nothing here uses a mouse.

import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { TOUR } from "../../web/learn/tour.ts";
import { choose, EDITOR, enter, focused, keyTo, press } from "./keyboard.ts";
import { Playground, textOf } from "./playground.ts";

let playground: Playground;
let page: Page;

test.before(async () => {
  playground = await Playground.start();
  page = await playground.open(await playground.context());
});
test.after(() => playground?.close());

test("the first Tabs of the page lead to the toolbar", async () => {
  for (const name of ["Run", "Stop", "Format", "Gallery", "Tour"]) {
    await page.keyboard.press("Tab");
    assert.is(await focused(page), name);
  }
});

test("the speed is chosen", async () => {
  await choose(page, "Speed", "as fast");
  assert.is(await page.evaluate(() => (document.activeElement as HTMLSelectElement).selectedOptions[0]?.text), "as fast as it goes");
});

test("the tour is opened, and its heading has the focus", async () => {
  await press(page, "Tour", "Shift+Tab");
  await page.locator("#tour-pane h2:focus").waitFor();
});

/** Of those that end only when they are stopped. */
const runsOn = (script: string) => /^(tracepoint|interval)/m.test(script) && !/\bexit\b/.test(script);
/** The last step that is done. */
let done = 0;

for (const [index, { title, script, solution }] of TOUR.entries()) {
  test(`step ${index + 1}: ${title}`, async () => {
    assert.is(done, index, "the step before was not done");
    await page.locator("#tour-pane h2:focus", { hasText: title }).waitFor();
    assert.is(await focused(page), title);
    assert.is(await textOf(page), script);
    await keyTo(page, EDITOR);
    await enter(page, solution);
    assert.is(await textOf(page), solution);
    // By the editor's key, and by the button, one step each.
    if (index % 2 === 0) await page.keyboard.press("Control+Enter");
    else await press(page, "Run", "Shift+Tab");
    if (runsOn(solution)) {
      await page.locator("#output", { hasText: /\n.*\n.*\n/ }).waitFor({ timeout: 30_000 });
      await press(page, "Stop", "Shift+Tab");
    }
    const left = TOUR.length - index - 1;
    const words = left === 0 ? "all twelve are done" : `Step ${index + 1} is done.`;
    const said = page.locator(".tour-said[role=status]", { hasText: words });
    await said.waitFor({ timeout: 60_000 });
    if (left > 0) await press(page, "Next", (await focused(page)) === EDITOR ? "Shift+Tab" : "Tab");
    done++;
  });
}

test("the tour is closed, and the page is as before", async () => {
  await press(page, "Tour", "Shift+Tab");
  await page.locator("#tour-pane").waitFor({ state: "hidden" });
  assert.is(await focused(page), "Tour");
});

test("nothing went wrong in the page", () => assert.equal(playground.complaints, []));

test.run();
