// The simulated kernel in headless Chromium: the language tests and events print what they print in Node and in a real kernel.

import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sections } from "../support/language-rows.ts";
import { bundleForPage, openPage, Site, scriptPage, startBrowser } from "./browser.ts";
import type { PageCalls } from "./simulated-page.ts";

declare const calls: PageCalls;

const errors: string[] = [];
let browser: Browser;
let site: Site;
let page: Page;

test.before(async () => {
  browser = await startBrowser();
  site = await Site.serve({
    "/index.html": scriptPage("/page.js"),
    "/page.js": await bundleForPage("test/browser/simulated-page.ts"),
    "/compiler.wasm": ".out/compiler.wasm",
    "/machine.wasm": ".out/machine.wasm",
    "/default.profile": ".out/default.profile",
  });
  page = await openPage(browser, `${site.address}/index.html`, errors);
});
test.after(async () => {
  await browser?.close();
  await site?.close();
});

for (const [name, rows] of Object.entries(sections)) {
  test(name, async () => {
    const scripts = rows.map(([script]) => script);
    const found = await page.evaluate(async (list) => {
      const outputs: string[] = [];
      for (const script of list) outputs.push((await calls.run(script, { steps: [] })).output);
      return outputs;
    }, scripts);
    rows.forEach(([script, expected], index) => {
      assert.is(found[index], expected, script);
    });
  });
}

test("events of the page's own machine, and a timer's", async () => {
  const script =
    'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); @[tid] = count(); } interval:s:1 { print(@); clear(@); }';
  const {
    output,
    errors: said,
    code,
  } = await page.evaluate(
    (text) =>
      calls.run(text, {
        processes: { web: { pid: 300 } },
        steps: [{ syscall: "openat", arguments: { filename: "/etc/hosts" }, process: "web", times: 2 }, { after: "1s" }],
      }),
    script,
  );
  assert.is(said, "");
  assert.is(output, "web /etc/hosts\nweb /etc/hosts\n@[300]: 2\n\n\n");
  assert.is(code, 0);
});

test("nothing went wrong in the page", () => assert.equal(errors, []));

test.run();
