// The page by keyboard alone: what has the focus, and keys until it is where it should be. And what axe says of the page.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

/** Name of the editor, and of its section. */
export const EDITOR = "Script";

/** The name of what has the focus, inside of shadow roots too: "" for the page itself. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (active === null || active === document.body) return "";
    const [label] = (active as HTMLInputElement).labels ?? [];
    return active.getAttribute("aria-label") ?? (label?.firstChild ?? active).textContent?.trim() ?? "";
  });

/** Presses a key until what has the focus is called so. Out of the editor Tab leads behind Escape alone. */
export async function keyTo(page: Page, name: string, key = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 80; presses++) {
    const at = await focused(page);
    if (at === name && presses > 0) return;
    passed.push(at);
    if (at === EDITOR) await page.keyboard.press("Escape");
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never leads to ${name}: ${passed.join(", ")}`);
}

export async function press(page: Page, name: string, key = "Tab"): Promise<void> {
  await keyTo(page, name, key);
  await page.keyboard.press("Enter");
}

/** Chooses from a select what begins so. */
export async function choose(page: Page, name: string, start: string, key = "Tab"): Promise<void> {
  await keyTo(page, name, key);
  await page.keyboard.type(start);
}

/** Puts a script into the editor, from wherever the focus is. */
export async function enter(page: Page, script: string): Promise<void> {
  if ((await focused(page)) !== EDITOR) await keyTo(page, EDITOR);
  await page.keyboard.press("Control+A");
  // Of what is typed over, Chromium wants to keep the colours as inline styles, and the policy's refusal would be a complaint.
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(script);
}

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");

/** Findings of axe that keep someone out. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  // Without a look at the sheets as such, for which it would make elements that the policy refuses.
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run({ preload: false });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
  });
}
