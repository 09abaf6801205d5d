// The server of `bpfcast playground`: the files of a folder and LLVM's, with the page's policy, packed or as they are.

import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { servePage } from "../../runner/cli/playground.ts";
import { packageScript } from "../../wasm/llvm-node.ts";

const POLICY = "default-src 'none'; script-src 'self'";
const PAGE = `<!doctype html><meta http-equiv="Content-Security-Policy"\n content="${POLICY}">`;
const SCRIPT = "postMessage(1);\n".repeat(500);

const folder = mkdtempSync(join(tmpdir(), "bpfcast-page-"));
const page = join(folder, "web");
let address = "";
let close = () => {};

test.before(async () => {
  mkdirSync(join(page, "targets"), { recursive: true });
  writeFileSync(join(folder, "secret"), "secret");
  writeFileSync(join(page, "index.html"), PAGE);
  writeFileSync(join(page, "worker.js"), SCRIPT);
  writeFileSync(join(page, "targets.json"), "[]");
  writeFileSync(join(page, "targets", "6.1.profile"), "profile");
  symlinkSync(join(folder, "secret"), join(page, "link"));
  symlinkSync(folder, join(page, "targets", "up"));
  const served = await servePage(page, 0);
  ({ address } = served);
  close = () => {
    served.server.closeAllConnections();
    served.server.close();
  };
});
test.after(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string>;
  bytes: Buffer;
  body: string;
}

/** The answer for a path that is sent as it stands. */
function ask(path: string, method = "GET", encoding?: string): Promise<Answer> {
  return new Promise((done, failed) => {
    const socket = connect(Number(new URL(address).port), "127.0.0.1");
    const parts: Buffer[] = [];
    socket.on("data", (bytes) => parts.push(bytes));
    socket.on("error", failed);
    socket.on("end", () => {
      const whole = Buffer.concat(parts);
      const end = whole.indexOf("\r\n\r\n");
      const [first = "", ...lines] = whole.toString("latin1", 0, end).split("\r\n");
      const headers = lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
      const bytes = whole.subarray(end + 4);
      done({ status: Number(first.split(" ")[1]), headers: Object.fromEntries(headers), bytes, body: bytes.toString() });
    });
    const accepts = encoding === undefined ? "" : `accept-encoding: ${encoding}\r\n`;
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${accepts}connection: close\r\n\r\n`);
  });
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

async function fileDigest(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest("hex");
}

test("files of the page and of its folder of targets", async () => {
  const found = await ask("/targets/6.1.profile");
  assert.is(found.status, 200);
  assert.match(found.body, "profile");
  assert.is(found.headers["content-type"], "application/octet-stream");
  assert.is((await ask("/targets.json?x")).headers["content-type"], "application/json");
  assert.is((await ask("/worker.js")).headers["content-type"], "text/javascript; charset=utf-8");
  assert.match((await ask("/")).body, "<!doctype html>");
  assert.is((await ask("/targets/6.1.profile", "POST")).status, 405);
});

test("the page's policy holds for all answers: workers have none but that", async () => {
  for (const [path, method, status] of [
    ["/", "GET", 200],
    ["/worker.js", "GET", 200],
    ["/worker.js", "HEAD", 200],
    ["/targets/6.1.profile", "GET", 200],
    ["/nosuch", "GET", 404],
    ["/", "POST", 405],
  ] as const) {
    const answer = await ask(path, method, "gzip");
    assert.is(answer.status, status, path);
    assert.is(answer.headers["content-security-policy"], `${POLICY}; frame-ancestors 'none'`, path);
    assert.is(answer.headers["x-content-type-options"], "nosniff", path);
  }
});

test("gzip for a browser that takes it", async () => {
  const packed = await ask("/worker.js", "GET", "br, gzip");
  assert.is(packed.headers["content-encoding"], "gzip");
  assert.is(packed.headers["vary"], "accept-encoding");
  assert.is(Number(packed.headers["content-length"]), packed.bytes.length);
  assert.ok(packed.bytes.length < SCRIPT.length / 10);
  assert.is(gunzipSync(packed.bytes).toString(), SCRIPT);
  for (const encoding of [undefined, "identity", "br", "gzip;q=0", "br, gzip; q=0.0"]) {
    const plain = await ask("/worker.js", "GET", encoding);
    assert.is(plain.headers["content-encoding"], undefined, encoding);
    assert.is(Number(plain.headers["content-length"]), SCRIPT.length);
    assert.is(plain.body, SCRIPT);
  }
  // Packed as it is.
  assert.is((await ask("/targets/6.1.profile", "GET", "gzip")).body, "profile");
});

test("HEAD: the same without content", async () => {
  for (const [path, encoding] of [
    ["/", undefined],
    ["/worker.js", "gzip"],
    ["/targets/6.1.profile", "gzip"],
  ] as const) {
    const [head, whole] = [await ask(path, "HEAD", encoding), await ask(path, "GET", encoding)];
    assert.is(head.status, 200);
    assert.is(head.bytes.length, 0);
    for (const name of ["content-length", "content-type", "content-encoding"]) assert.is(head.headers[name], whole.headers[name], name);
  }
});

test("LLVM's files come from its package, whole", async () => {
  const script = packageScript();
  const module = join(dirname(script), "llc.wasm");
  const { size } = statSync(module);
  const found = await ask("/llvm/llc.wasm", "GET", "gzip");
  assert.is(found.headers["content-type"], "application/wasm");
  assert.is(Number(found.headers["content-length"]), size);
  assert.is(found.bytes.length, size);
  assert.is(digest(found.bytes), await fileDigest(module));
  assert.ok((await ask("/llvm/llc.js")).bytes.equals(readFileSync(script)));
  for (const path of ["/llvm", "/llvm/", "/llvm/../package.json", "/llvm/package.json"]) assert.is((await ask(path)).status, 404, path);
});

test("what is built while it is served is served", async () => {
  assert.is((await ask("/part-1.js")).status, 404);
  writeFileSync(join(page, "part-1.js"), "one");
  for (const encoding of ["gzip", undefined]) assert.is((await ask("/part-1.js", "GET", encoding)).status, 200);
  writeFileSync(join(page, "part-1.js"), "another");
  assert.is((await ask("/part-1.js")).body, "another");
  assert.is(gunzipSync((await ask("/part-1.js", "GET", "gzip")).bytes).toString(), "another");
  rmSync(join(page, "part-1.js"));
  assert.is((await ask("/part-1.js")).status, 503);
  assert.is((await ask("/")).status, 200);
});

test("nothing else: no folder, nothing outside, nothing behind links, no path in disguise", async () => {
  const paths = [
    "/targets",
    "/targets/",
    "/../secret",
    "/targets/../../secret",
    "/targets/..%2f..%2fsecret",
    "/%2e%2e/secret",
    "/targets/../index.html",
    "//index.html",
    "/targets//6.1.profile",
    "/targets\\6.1.profile",
    "/link",
    "/targets/up",
    "/targets/up/secret",
    "/targets/6.1.profile%00",
    "/nosuch",
  ];
  for (const path of paths) {
    const { status, body } = await ask(path);
    assert.is(status, 404, path);
    assert.is(body.includes("secret"), false);
  }
});

test("a folder without a page, and a page without a policy, are refused", async () => {
  const bare = join(folder, "bare");
  mkdirSync(bare);
  writeFileSync(join(bare, "index.html"), "<!doctype html>");
  for (const [path, expected] of [
    [join(page, "targets"), /there is no page in /],
    [bare, /the page has no content security policy/],
  ] as const) {
    let said = "";
    try {
      (await servePage(path, 0)).server.close();
    } catch (error) {
      said = String(error);
    }
    assert.match(said, expected);
  }
});

test.run();
