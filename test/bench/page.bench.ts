// The playground in headless Chromium: bytes over the wire before the editor is usable (typing, colours, completion and hovers), the
// time until then and until the first messages, each in a browser that has nothing yet; and from a key to its squiggle, in the
// official tools. TOOLS names folders of other tools, with commas between them.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Playground, paste } from "../browser/playground.ts";
import { table } from "./report.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 20);
const folders = ["/usr/sbin", ...(process.env["TOOLS"]?.split(",") ?? [])].filter((folder) => existsSync(folder));

function median(values: number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

const whole = (value: number) => value.toFixed(0);

const playground = await Playground.start();

interface Opening {
  bytes: number;
  usable: number;
  checked: number;
}

async function open(): Promise<Opening> {
  const context = await playground.context();
  const page = await context.newPage();
  const arrived: { at: number; bytes: Promise<number> }[] = [];
  page.on("requestfinished", (request) => {
    const { startTime, responseStart } = request.timing();
    const bytes = request.sizes().then((sizes) => sizes.responseBodySize + sizes.responseHeadersSize);
    arrived.push({ at: startTime + Math.max(responseStart, 0), bytes });
  });
  await page.goto(playground.address);
  await page.waitForFunction(() => performance.getEntriesByName("checked").length > 0);
  const marks = await page.evaluate(() => ["usable", "checked"].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? 0));
  const [usable = 0, checked = 0] = marks;
  const origin = await page.evaluate(() => performance.timeOrigin);
  // All of what had begun to arrive.
  const before = arrived.filter(({ at }) => at <= origin + usable);
  const bytes = (await Promise.all(before.map((one) => one.bytes))).reduce((sum, size) => sum + size, 0);
  await context.close();
  return { bytes, usable, checked };
}

const openings: Opening[] = [];
for (let round = 0; round < ROUNDS; round++) openings.push(await open());
console.log(`median of ${ROUNDS} visits with nothing kept`);
console.log(
  table([
    ["", "median", "worst"],
    ...(
      [
        ["bytes before the editor is usable", "bytes"],
        ["ms to the editor with completion", "usable"],
        ["ms to the first messages", "checked"],
      ] as const
    ).map(([title, key]) => {
      const values = openings.map((one) => one[key]);
      return [title, whole(median(values)), whole(Math.max(...values))];
    }),
  ]),
);

/** Squiggles, and the points that stand for mistakes of no width. */
const MARKS = ".cm-lintRange-error, .cm-lintPoint-error";

interface Watched {
  times: { key: number; squiggle: number };
}

/** Waits until there are marks, or none. */
async function waitForMarks(page: Page, some: boolean): Promise<void> {
  await page.waitForFunction(
    ([marks, wanted]) => (document.querySelector("#editor")?.shadowRoot?.querySelector(marks) !== null) === wanted,
    [MARKS, some] as const,
  );
}

/** Milliseconds from a key that is a mistake to its squiggle, as the page sees them. */
async function keyToSquiggle(page: Page): Promise<number> {
  await page.evaluate((marks) => {
    const root = document.querySelector("#editor")?.shadowRoot;
    if (!root) throw new Error("there is no editor");
    const times = { key: 0, squiggle: 0 };
    Object.assign(globalThis, { times });
    const heard = (event: Event) => {
      times.key = event.timeStamp;
    };
    root.addEventListener("keydown", heard, { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if (times.key === 0 || root.querySelector(marks) === null) return;
      times.squiggle = performance.now();
      observer.disconnect();
    });
    observer.observe(root, { subtree: true, childList: true, attributes: true });
  }, MARKS);
  await page.keyboard.press("?");
  await page.waitForFunction(() => (globalThis as unknown as Watched).times.squiggle > 0);
  const took = await page.evaluate(() => {
    const { times } = globalThis as unknown as Watched;
    return times.squiggle - times.key;
  });
  await page.keyboard.press("Backspace");
  await waitForMarks(page, false);
  return took;
}

const context = await playground.context();
const page = await playground.open(context);
await page.waitForFunction(() => performance.getEntriesByName("checked").length > 0);
const rows: string[][] = [];
const all: number[] = [];
for (const folder of folders) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".bt"))) {
    await paste(page, `${readFileSync(join(folder, file), "utf8").trimEnd()}\n`);
    await page.waitForTimeout(300);
    // One that this kernel cannot have is marked already.
    if ((await page.locator(MARKS).count()) > 0) continue;
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await keyToSquiggle(page));
    rows.push([join(folder, file), whole(median(times)), whole(Math.max(...times))]);
    all.push(median(times));
  }
}
rows.sort((left, right) => Number(right[1]) - Number(left[1]));
console.log(`from a key to its squiggle, ms: ${rows.length} tools, median of ${ROUNDS} each`);
console.log(table([["", "median", "worst"], ...rows.slice(0, 5), ["median of all", whole(median(all)), ""]]));
await playground.close();
