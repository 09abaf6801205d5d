// The playground as `bpfcast playground` serves it, used as a person would, in headless Chromium.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startBrowser } from "./browser.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-playground-"));
let server: ChildProcess;
let address = "";
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the page complained about, and what it asked other hosts for. */
const complaints: string[] = [];

async function open(url = address): Promise<Page> {
  const opened = await context.newPage();
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  opened.on("request", (request) => {
    if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
  });
  await opened.goto(url);
  return opened;
}

const content = () => page.locator(".cm-content");
const text = () => page.evaluate(() => document.querySelector("#editor")?.shadowRoot?.querySelector(".cm-content")?.textContent ?? "");

/** Types a script in place of what there is, as keys would. */
async function write(script: string): Promise<void> {
  await content().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.type(script);
}

test.before(async () => {
  server = spawn("node", [bpfcast, "playground"], { stdio: ["ignore", "pipe", "inherit"] });
  address = await new Promise<string>((found, failed) => {
    let said = "";
    server.stdout?.on("data", (bytes: Buffer) => {
      said += bytes.toString();
      const url = /http:\S+/.exec(said)?.[0];
      if (url !== undefined) found(url);
    });
    server.on("exit", () => failed(new Error(`the playground has ended: ${said}`)));
  });
  browser = await startBrowser();
  context = await browser.newContext({ acceptDownloads: true });
  page = await open();
});
test.after(async () => {
  await browser?.close();
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

test("a mistake is underlined, listed with its hint, and mended by the offered fix", async () => {
  await write("tracepoint:raw_syscalls:sys_enter { @[comm] = cuont(); } interval:s:1 { exit(); }");
  // While one types there are others.
  const message = "Line 1: error: Unknown function: 'cuont' (Did you mean 'count'?)";
  const problem = page.locator("#problems button", { hasText: message });
  await problem.waitFor({ timeout: 20_000 });
  assert.is(await page.locator("#problems button").count(), 1);
  const squiggle = page.locator(".cm-lintRange-error");
  assert.is(await squiggle.textContent(), "cuont()");
  await squiggle.hover();
  await page.locator(".cm-diagnosticAction").click();
  assert.match(await text(), "@[comm] = count();");
  await problem.waitFor({ state: "detached" });
});

test("the script runs on the simulated kernel", async () => {
  await page.locator("#run").click();
  await page.getByText("Ended with exit code 0").waitFor({ timeout: 30_000 });
  assert.match((await page.locator("#output").textContent()) ?? "", /^Attached 2 probes\n(?:.*\n)*@\[nginx\]: \d+\n/m);
});

test("a run that does not end is stopped, and prints its maps", async () => {
  await write("tracepoint:syscalls:sys_exit_read { @bytes = hist(args.ret); }");
  await page.keyboard.press("Control+Enter");
  await page.locator("#output", { hasText: "Attached 1 probe" }).waitFor();
  await page.waitForTimeout(300);
  await page.locator("#stop").click();
  await page.getByText("Ended with exit code 0").waitFor();
  assert.match((await page.locator("#output").textContent()) ?? "", /@bytes:\s*\n(?:\[.*\) +\d+ \|@* *\|\n)+/);
});

test("the format button lays the script out", async () => {
  await write("begin{print(1)}");
  await page.locator("#format").click();
  await page.locator(".cm-line", { hasText: /^ {2}print\(1\);$/ }).waitFor();
});

test("the stages of the compile are shown, and follow the script", async () => {
  await page.getByRole("tab", { name: "BPF" }).click();
  await page.locator("#inside", { hasText: "exit" }).waitFor();
  await write("begin { print(12345); }");
  await page.locator("#inside", { hasText: "12345" }).waitFor();
  await page.getByRole("tab", { name: "Tree" }).click();
  await page.locator("#inside", { hasText: "call print" }).waitFor();
});

test("instructions and lines are tied both ways", async () => {
  await write("begin {");
  await page.keyboard.press("Enter");
  await page.keyboard.type('printf("ü"); print(cpu);');
  await page.keyboard.press("Enter");
  await page.keyboard.type("@[comm] = count();");
  await page.getByRole("tab", { name: "BPF" }).click();
  const line = page.locator("#inside .placed", { hasText: "get_current_comm" });
  await line.waitFor();
  await line.click();
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /^ *@\[comm\]/);
  const here = page.locator("#inside .here", { hasText: "get_current_comm" });
  await here.waitFor();
  await page.locator(".cm-content").press("Control+Home");
  await page.locator(".cm-content").press("ArrowDown");
  await here.waitFor({ state: "detached" });
  await page.locator("#inside .here", { hasText: "get_smp_processor_id" }).first().waitFor();
});

test("the object is the one that the command line makes", async () => {
  const script = 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }';
  await write(script);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  const [own, other] = [join(folder, "own.o"), join(folder, "script.o")];
  await download.saveAs(other);
  execFileSync("node", [bpfcast, "build", "--profile", ".out/default.profile", "-e", script, "-o", own]);
  assert.ok(readFileSync(own).equals(readFileSync(other)));
});

test("a link has the script; one that was cut off says so", async () => {
  await write('begin { printf("grüße, 世界\\n"); exit(); }');
  await page.locator("#share").click();
  await page.waitForFunction(() => location.hash.length > 10);
  const link = page.url();
  const other = await open(link);
  await other.locator(".cm-content", { hasText: "grüße, 世界" }).waitFor();
  await other.close();
  for (const damaged of [`${address}#2abc`, link.slice(0, -8), `${address}#1%3Cscript%3E`]) {
    const third = await open(damaged);
    await third.locator("#status", { hasText: /^the link is/ }).waitFor();
    await third.close();
  }
});

test("what was written last is there again", async () => {
  await write("begin { print(777); }");
  const again = await open();
  await again.locator(".cm-content", { hasText: "print(777)" }).waitFor();
  await again.close();
});

test("a browser that keeps nothing for pages runs it too", async () => {
  const visit = await context.newPage();
  visit.on("pageerror", (error) => complaints.push(error.message));
  await visit.addInitScript(() =>
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    }),
  );
  await visit.goto(address);
  await visit.locator("#example").selectOption({ label: "Hello" });
  await visit.locator("#run").click();
  await visit.locator("#output", { hasText: "Hello from" }).waitFor({ timeout: 20_000 });
  await visit.close();
});

test("after the first visit it works without a network", async () => {
  const visit = await open();
  await visit.evaluate(() => navigator.serviceWorker.ready);
  await visit.waitForFunction(async () => (await (await caches.open("bpfcast")).keys()).length >= 7);
  await context.setOffline(true);
  try {
    await visit.reload();
    await visit.locator("#example").selectOption({ label: "Hello" });
    await visit.locator("#run").click();
    await visit.locator("#output", { hasText: "Hello from" }).waitFor({ timeout: 20_000 });
  } finally {
    await context.setOffline(false);
    await visit.close();
  }
});

test("a script can neither run code in the page nor reach another host", async () => {
  const evil = 'begin { printf("<img src=x onerror=alert(1)><script>alert(2)</script>\\n"); exit(); }';
  await write(evil);
  await page.locator("#run").click();
  await page.getByText("Ended with exit code 0").waitFor();
  assert.is(await page.locator("#output img, #output script").count(), 0);
  const refused = await page.evaluate(async () => {
    const tries: string[] = [];
    await fetch("https://example.com/").catch(() => tries.push("fetch"));
    // Not at once: what the test itself calls is exempt.
    await new Promise<void>((done) =>
      setTimeout(() => {
        try {
          new Function("return 1")();
        } catch {
          tries.push("code");
        }
        done();
      }),
    );
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.head.append(script);
    if (!("ran" in globalThis)) tries.push("script");
    return tries;
  });
  assert.equal(refused, ["fetch", "code", "script"]);
  // The refusals above are the only complaints.
  assert.ok(
    complaints.splice(0).every((text) => /Content Security Policy|asks for https:\/\/example\.com|Failed to load|Fetch API/.test(text)),
  );
});

test("files of the package alone are served", async () => {
  for (const path of ["package.json", "../bpfcast.cjs", "..%2fbpfcast.cjs", "%2e%2e/bpfcast.cjs"]) {
    assert.is((await fetch(`${address}${path}`)).status, 404, path);
  }
  assert.is((await fetch(address, { method: "POST" })).status, 405);
});

test("nothing else went wrong in the page", () => assert.equal(complaints, []));

test.run();
