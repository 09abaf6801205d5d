// What hostile tests share: another host that nothing may reach, text that would run if a page took it for HTML, and a page that
// must keep answering.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";

/** The page answers its user within this, in milliseconds, whatever the worker does. */
const PATIENCE = 5000;

/** Another host: counts who comes. */
export class Canary {
  readonly visits: string[] = [];
  readonly #server: Server;

  static async start(): Promise<Canary> {
    const canary = new Canary();
    await new Promise<void>((listening) => canary.#server.listen(0, "127.0.0.1", listening));
    return canary;
  }

  private constructor() {
    this.#server = createServer(({ url = "" }, response) => {
      this.visits.push(url);
      response.writeHead(200, { "access-control-allow-origin": "*", "content-type": "text/javascript" }).end("globalThis.ran = 1;");
    });
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Text that would set `ran`, or ask this host for something, wherever it were taken for HTML. */
  get markup(): string {
    return `<img src=${this.address}i onerror=globalThis.ran=1><svg onload=globalThis.ran=1></svg><script>globalThis.ran=1</script>`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Has a page note the longest time for which it did nothing else than something. */
export async function watchPace(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const pace = { last: performance.now(), worst: 0 };
    Object.assign(globalThis, { pace });
    setInterval(() => {
      const now = performance.now();
      pace.worst = Math.max(pace.worst, now - pace.last);
      pace.last = now;
    }, 50);
  });
}

declare const pace: { last: number; worst: number };

/** Nothing ran, nothing was put into the page that is not its own, nobody visited the canary, and the page has not stood still. */
export async function assertHarmless(page: Page, canary: Canary, what: string): Promise<void> {
  const found = await page.evaluate(() => {
    const roots = [document, document.querySelector("#editor")?.shadowRoot].filter((root) => root != null);
    const foreign = roots.flatMap((root) => [
      ...root.querySelectorAll("img, iframe, object, embed, base, meta[http-equiv=refresh], script"),
    ]);
    // The editor has images without a source beside its marks.
    const scripts = foreign.filter((element) => !element.matches("script[src='main.js'], img.cm-widgetBuffer:not([src])"));
    const handlers = roots
      .flatMap((root) => [...root.querySelectorAll("*")])
      .filter((element) => [...element.attributes].some(({ name }) => name.startsWith("on")));
    return { ran: "ran" in globalThis, foreign: [...scripts, ...handlers].map(({ outerHTML }) => outerHTML), worst: pace.worst };
  });
  const inWorkers = await Promise.all(page.workers().map((worker) => worker.evaluate(() => "ran" in globalThis)));
  assert.is(found.ran || inWorkers.includes(true), false, what);
  assert.equal(found.foreign, [], what);
  assert.equal(canary.visits, [], what);
  assert.ok(found.worst < PATIENCE, `${what}: the page stood still for ${Math.round(found.worst)} ms`);
}
