// The playground as `bpfcast playground` serves it, opened in headless Chromium: what tests of the page share.

import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { startBrowser } from "./browser.ts";

export const bpfcast = resolve(".out/bpfcast.cjs");

export class Playground {
  /** What pages complained about, and what they asked other hosts for. */
  readonly complaints: string[] = [];
  readonly address: string;
  readonly browser: Browser;
  readonly #server: ChildProcess;

  static async start(): Promise<Playground> {
    const server = spawn("node", [bpfcast, "playground"], { stdio: ["ignore", "pipe", "inherit"] });
    const address = await new Promise<string>((found, failed) => {
      let said = "";
      server.stdout?.on("data", (bytes: Buffer) => {
        said += bytes.toString();
        const url = /http:\S+/.exec(said)?.[0];
        if (url !== undefined) found(url);
      });
      server.on("exit", () => failed(new Error(`the playground has ended: ${said}`)));
    });
    return new Playground(server, address, await startBrowser());
  }

  private constructor(server: ChildProcess, address: string, browser: Browser) {
    this.#server = server;
    this.address = address;
    this.browser = browser;
  }

  context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 800 }, ...options });
  }

  /** A page whose complaints are heard. */
  async open(context: BrowserContext, url = this.address): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(this.address) && !/^(data|blob):/.test(request.url()))
        this.complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.#server.kill();
  }
}

/** What the editor holds. */
export const textOf = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const lines = document.querySelector("#editor")?.shadowRoot?.querySelectorAll(".cm-line") ?? [];
    return [...lines].map((line) => line.textContent).join("\n");
  });

/** Types a script in place of what there is, as keys would. */
export async function write(page: Page, script: string): Promise<void> {
  await clear(page);
  await page.keyboard.type(script);
}

/** Puts a script there at once, as a paste would. */
export async function paste(page: Page, script: string): Promise<void> {
  await clear(page);
  await page.keyboard.insertText(script);
}

async function clear(page: Page): Promise<void> {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
}
