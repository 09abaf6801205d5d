// `bpfcast playground`: serves the page from the package, on the loopback interface alone.

import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BpfcastError } from "../../wasm/errors.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** What the page itself says in its head, and what only a server can. */
const HEADERS = {
  "content-security-policy": "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
};

/** The folder with the page: beside the program. */
export function pageFolder(): string {
  return fileURLToPath(new URL("./web/", import.meta.url));
}

/** All files of a folder and of those in it, by their paths from there; what links lead to is not among them. */
function filesBelow(folder: string): Set<string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Set(entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, "/")));
}

/**
 * Serves a folder with the page until the server is closed.
 * @param port 0: any that is free.
 * @throws BpfcastError `cannot-read` where the page was not built, `cannot-listen`.
 */
export async function servePage(folder: string, port: number): Promise<{ server: Server; address: string }> {
  if (!existsSync(join(folder, "index.html"))) throw new BpfcastError("cannot-read", `there is no page in ${folder}`);
  // All that there is; a path that is none of them is not found.
  const files = filesBelow(folder);
  const server = createServer(async ({ method = "", url = "/" }, response) => {
    const path = url.replace(/[?#].*$/, "").replace(/^\//, "") || "index.html";
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, HEADERS).end();
      return;
    }
    if (!files.has(path)) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    try {
      const content = await readFile(join(folder, path));
      response.writeHead(200, { ...HEADERS, "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
      response.end(method === "HEAD" ? undefined : content);
    } catch {
      // It is being built anew.
      response.writeHead(503, HEADERS).end();
    }
  });
  await new Promise<void>((listening, failed) => {
    server.on("error", (error) => failed(new BpfcastError("cannot-listen", `cannot serve the page on port ${port}: ${error.message}`)));
    server.listen(port, "127.0.0.1", listening);
  });
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Serves it until a signal comes. @returns the exit code. */
export async function runPlayground(port: number, say: (line: string) => void): Promise<number> {
  const { server, address } = await servePage(pageFolder(), port);
  say(`The playground is at ${address} until you press Ctrl-C.\n`);
  await new Promise<void>((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
  server.closeAllConnections();
  server.close();
  return 0;
}
