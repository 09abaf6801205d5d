// `bpfcast playground`: serves the page from the package, on the loopback interface alone.

import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { BpfcastError } from "../../wasm/errors.ts";
import { packageScript } from "../../wasm/llvm-node.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const HEADERS = {
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
function filesBelow(folder: string): [path: string, file: string][] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => {
    const file = join(parentPath, name);
    return [relative(folder, file).replaceAll(sep, "/"), file];
  });
}

/** The files of LLVM, where its package is installed: the page asks for them when somebody wants to see its code. */
function llvmFiles(): [path: string, file: string][] {
  try {
    const script = packageScript();
    return [
      ["llvm/llc.js", script],
      ["llvm/llc.wasm", join(dirname(script), "llc.wasm")],
    ];
  } catch {
    return [];
  }
}

/** The page's own policy holds for its workers too, which have none but that of their answer. */
function policyOf(page: string): string {
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1];
  if (policy === undefined) throw new BpfcastError("cannot-read", "the page has no content security policy");
  return `${policy}; frame-ancestors 'none'`;
}

interface Packed {
  content: Buffer;
  /** When the file was changed, in milliseconds. */
  modified: number;
}

/** What is worth packing, and small enough to be held. */
const PACKED = new Set([".html", ".css", ".js", ".json", ".wasm"]);
const MAX_PACKED = 4 << 20;
/** In what a browser accepts; one of quality 0 it does not. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/;

class PageFiles {
  readonly #folder: string;
  readonly #headers: Record<string, string>;
  #files: ReadonlyMap<string, string> = new Map();
  readonly #packed = new Map<string, Packed>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#headers = { ...HEADERS, "content-security-policy": policyOf(readFileSync(join(folder, "index.html"), "utf8")) };
  }

  /** All that there is; a path that is none of them is not found. */
  #find(path: string): string | undefined {
    // It may have been built anew.
    if (!this.#files.has(path)) this.#files = new Map([...filesBelow(this.#folder), ...llvmFiles()]);
    return this.#files.get(path);
  }

  async answer({ method = "", url = "/", headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url.replace(/[?#].*$/, "").replace(/^\//, "") || "index.html";
    const file = this.#find(path);
    const status = method !== "GET" && method !== "HEAD" ? 405 : file === undefined ? 404 : 200;
    if (file === undefined || status !== 200) {
      response.writeHead(status, this.#headers).end();
      return;
    }
    const type = { "content-type": TYPES[extname(path)] ?? "application/octet-stream", vary: "accept-encoding" };
    try {
      const { size, mtimeMs } = await stat(file);
      const packs = PACKED.has(extname(path)) && size <= MAX_PACKED && TAKES_GZIP.test(String(headers["accept-encoding"]));
      const content = packs ? await this.#pack(file, mtimeMs) : undefined;
      const encoding =
        content === undefined ? { "content-length": size } : { "content-length": content.length, "content-encoding": "gzip" };
      response.writeHead(200, { ...this.#headers, ...type, ...encoding });
      if (method === "HEAD") response.end();
      else if (content !== undefined) response.end(content);
      else await pipeline(createReadStream(file), response);
    } catch {
      // It is being built anew, or the browser has gone.
      if (!response.headersSent) response.writeHead(503, this.#headers);
      response.end();
    }
  }

  async #pack(file: string, modified: number): Promise<Buffer> {
    const known = this.#packed.get(file);
    if (known?.modified === modified) return known.content;
    const content = await promisify(gzip)(await readFile(file), { level: constants.Z_BEST_COMPRESSION });
    this.#packed.set(file, { content, modified });
    return content;
  }
}

/**
 * Serves a folder with the page until the server is closed.
 * @param port 0: any that is free.
 * @throws BpfcastError `cannot-read` where the page was not built, `cannot-listen`.
 */
export async function servePage(folder: string, port: number): Promise<{ server: Server; address: string }> {
  if (!existsSync(join(folder, "index.html"))) throw new BpfcastError("cannot-read", `there is no page in ${folder}`);
  const files = new PageFiles(folder);
  const server = createServer((request, response) => void files.answer(request, response));
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
