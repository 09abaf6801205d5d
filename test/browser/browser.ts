// A real browser for tests: entries bundled for pages, served on the loopback interface, opened in headless Chromium.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  // As root there is no sandbox, and nothing but our own pages is opened.
  "--no-sandbox",
  "--disable-gpu",
  // Nothing but the page itself is to use the network.
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @throws Error where there is no Chromium. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}: apt-get install chromium, or .scripts/setup test`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Memory of all pages' processes, in bytes: what they share with others counts in part. */
export async function pageMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const sizes = renderers.map(async ({ id }) => {
    const text = await readFile(`/proc/${id}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** Bundles a TypeScript file as a module for pages. */
export async function bundleForPage(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${entry} made no bundle`);
  return file.contents;
}

/** A web server of a test. */
export class Site {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;

  /** @param files contents, or names of files, by path: `/index.html`. */
  static async serve(files: Record<string, Uint8Array | string>): Promise<Site> {
    const site = new Site(files);
    await new Promise<void>((listening) => site.#server.listen(0, "127.0.0.1", listening));
    return site;
  }

  private constructor(files: Record<string, Uint8Array | string>) {
    this.#server = createServer(async (request, response) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      this.requests.push(path);
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file === undefined) {
        response.writeHead(404).end();
        return;
      }
      const content = typeof file === "string" ? await readFile(file) : file;
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content);
    });
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

/** A page with nothing in it but a script. */
export const scriptPage = (script: string) =>
  new TextEncoder().encode(
    `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`,
  );

/** Opens a page. Errors in it that nobody caught are put into `errors`. */
export async function openPage(browser: Browser, address: string, errors: string[]): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(address);
  return page;
}
