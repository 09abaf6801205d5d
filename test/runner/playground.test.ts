// The server of `bpfcast playground`: a closed list of files, and those of the folders in it.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { servePage } from "../../runner/cli/playground.ts";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-page-"));
const page = join(folder, "web");
let address = "";
let close = () => {};

test.before(async () => {
  mkdirSync(join(page, "targets"), { recursive: true });
  writeFileSync(join(folder, "secret"), "secret");
  writeFileSync(join(page, "index.html"), "<!doctype html>");
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

/** Status and body for a path that is sent as it stands. */
function ask(path: string, method = "GET"): Promise<{ status: number; head: string; body: string }> {
  return new Promise((done, failed) => {
    const socket = connect(Number(new URL(address).port), "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
    socket.on("error", failed);
    socket.on("end", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n");
      done({ status: Number(head.split(" ")[1]), head, body });
    });
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  });
}

test("files of the page and of its folder of targets", async () => {
  const found = await ask("/targets/6.1.profile");
  assert.is(found.status, 200);
  assert.match(found.body, "profile");
  assert.match(found.head, /content-type: application\/octet-stream/i);
  assert.match((await ask("/targets.json?x")).head, /content-type: application\/json/i);
  assert.match((await ask("/")).body, "<!doctype html>");
  assert.is((await ask("/targets/6.1.profile", "HEAD")).status, 200);
  assert.is((await ask("/targets/6.1.profile", "POST")).status, 405);
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

test("a folder without a page", async () => {
  try {
    await servePage(join(page, "targets"), 0);
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /there is no page in /);
  }
});

test.run();
