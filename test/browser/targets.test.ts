// The targets of the page in headless Chromium: its own streams unpack the files, hostile ones as well.

import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeProfile } from "../../runner/core/profile.ts";
import { packProfile } from "../../runner/host/profile-file.ts";
import { makeProfile } from "../support/profiles.ts";
import { bundleForPage, openPage, Site, scriptPage, startBrowser } from "./browser.ts";
import type { PageCalls } from "./targets-page.ts";

declare const calls: PageCalls;

const packed = packProfile(makeProfile());
const errors: string[] = [];
let browser: Browser;
let site: Site;
let page: Page;

/** Files that are dropped in, and what is said of them. */
const dropped: [path: string, file: Uint8Array, expected: RegExp][] = [
  ["/good", packed, /^own-[0-9a-f]{16}$/],
  ["/plain", writeProfile(makeProfile()), /^own-[0-9a-f]{16}$/],
  ["/empty", new Uint8Array(), /^'x' is not a usable profile: it does not start as one$/],
  ["/cut", packed.subarray(0, 300), /it is no whole gzip file$/],
  ["/more", Buffer.concat([packed, Buffer.from("x")]), /it is no whole gzip file$/],
  ["/bomb", gzipSync(Buffer.alloc((256 << 20) + 1), { level: 1 }), /it unpacks to more than 256 MiB$/],
  ["/btf", packProfile(makeProfile({ btf: new Map([["vmlinux", new Uint8Array(9)]]) })), /the BTF is damaged: it has no header$/],
];

test.before(async () => {
  browser = await startBrowser();
  const list = [{ file: "default.profile", title: "x", architecture: "x86_64", kernel: "6.1.0", bytes: packed.length }];
  site = await Site.serve({
    "/index.html": scriptPage("/page.js"),
    "/page.js": await bundleForPage("test/browser/targets-page.ts"),
    "/compiler.wasm": ".out/compiler.wasm",
    "/default.profile": packed,
    "/targets.json": new TextEncoder().encode(JSON.stringify(list)),
    ...Object.fromEntries(dropped.map(([path, file]) => [path, file])),
  });
  page = await openPage(browser, `${site.address}/index.html`, errors);
});
test.after(async () => {
  await browser?.close();
  await site?.close();
});

for (const [path, , expected] of dropped) {
  test(`dropped in: ${path}`, async () => {
    assert.match(await page.evaluate((file) => calls.add(file), path), expected);
  });
}

test("what was kept is asked with the others: one target, however it was packed", async () => {
  const found = await page.evaluate(() => calls.survey("begin { @ = curtask->nothing; }"));
  assert.is(found.length, 2);
  assert.match(found[0] ?? "", /^default .*'nothing'/);
  assert.match(found[1] ?? "", /^own-[0-9a-f]{16} .*'nothing'/);
  assert.equal(errors, []);
});

test.run();
