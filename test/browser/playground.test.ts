// The playground used as a person would, in headless Chromium. SCREENSHOTS names a folder for pictures of the walk.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { vmProfile } from "../kernel/profiles.ts";
import { bpfcast, Playground, paste, textOf, write } from "./playground.ts";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-playground-"));
const screenshots = process.env["SCREENSHOTS"];
let playground: Playground;
let context: BrowserContext;
let page: Page;
let address = "";

const picture = async (name: string, of: Page = page) => {
  if (screenshots !== undefined) await of.screenshot({ path: join(screenshots, `${name}.png`) });
};
const output = async (of: Page = page) => (await of.locator("#output").textContent()) ?? "";
const ended = (of: Page = page) => of.locator("#status", { hasText: "Ended with exit code 0" }).waitFor({ timeout: 30_000 });
const tab = (name: string, of: Page = page) => of.getByRole("tab", { name, exact: true }).click();

/** The object of the command line, of a script in a file of this name. */
function built(name: string, script: string): Buffer {
  writeFileSync(join(folder, name), script);
  const words = [bpfcast, "build", "--profile", join(process.cwd(), ".out/default.profile"), name, "-o", "own.o"];
  execFileSync("node", words, { cwd: folder, stdio: "pipe" });
  return readFileSync(join(folder, "own.o"));
}

async function downloaded(button: string, of: Page = page): Promise<{ name: string; bytes: Buffer }> {
  await of.locator("#downloads summary").click();
  const [download] = await Promise.all([of.waitForEvent("download"), of.locator(button).click()]);
  const path = join(folder, "downloaded");
  await download.saveAs(path);
  return { name: download.suggestedFilename(), bytes: readFileSync(path) };
}

test.before(async () => {
  playground = await Playground.start();
  ({ address } = playground);
  context = await playground.context();
  page = await playground.open(context);
});
test.after(async () => {
  await playground?.close();
  rmSync(folder, { recursive: true, force: true });
});

const LATENCY = `tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  @microseconds[comm] = hist((uint64)((int64)nsecs - @start[tid]) / 1000);
  _ = delete(@start, tid);
}

interval:s:1 {
  exit();
}

end {
  clear(@start);
}
`;

test("the walk: a mistake, its fix, a histogram, the assembly, the object, a link, no network", async () => {
  // Key by key, on one line: what the editor closes and indents by itself is another matter.
  const typed = LATENCY.replaceAll(/\s+/g, " ").trim();
  await write(page, typed.replace("= hist(", "= hits("));
  await page
    .locator("#problems button", { hasText: "Line 1: error: Unknown function: 'hits' (Did you mean 'hist'?)" })
    .waitFor({ timeout: 20_000 });
  const squiggle = page.locator(".cm-lintRange-error").first();
  assert.match((await squiggle.textContent()) ?? "", /^hits\(/);
  await squiggle.hover();
  await page.locator(".cm-diagnosticAction").waitFor();
  await picture("1-squiggle");
  await page.locator(".cm-diagnosticAction").click();
  await page.locator("#problems li").waitFor({ state: "detached" });
  assert.is(await textOf(page), typed);
  await page.locator("#format").click();
  await page.locator(".cm-line", { hasText: /^ {2}exit\(\);$/ }).waitFor();
  const script = await textOf(page);

  await page.locator("#run").click();
  await ended();
  assert.match(await output(), /^Attached 4 probes\n(?:.*\n)*@microseconds\[nginx\]:\s*\n(?:\[.*\) +\d+ \|@* *\|\n)+/m);
  const chart = page.locator("#charts figure", { hasText: "@microseconds" });
  await chart.locator("svg").first().waitFor();
  assert.match((await chart.textContent()) ?? "", /nginx/);
  await picture("2-histogram");

  await tab("BPF");
  const line = page.locator("#inside .placed", { hasText: "map[at_microseconds]" }).first();
  await line.click();
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /^ *@microseconds\[comm\]/);
  assert.match((await page.locator("#counts").textContent()) ?? "", /^4 programs, \d+ instructions$/);
  await picture("3-assembly");

  await page.locator("#name").fill("latency.bt");
  const { name, bytes } = await downloaded("#download");
  assert.is(name, "latency.o");
  assert.ok(built("latency.bt", script).equals(bytes));

  await page.locator("#share").click();
  await page.waitForFunction(() => location.hash.length > 10);
  const visit = await playground.open(context, page.url());
  await visit.locator("#inside .placed").first().waitFor();
  assert.is(await textOf(visit), script);
  assert.is(await visit.locator("#name").inputValue(), "latency.bt");
  assert.is(await visit.getByRole("tab", { name: "BPF", exact: true }).getAttribute("aria-selected"), "true");

  await visit.evaluate(() => navigator.serviceWorker.ready);
  await visit.waitForFunction(async () => (await (await caches.open("bpfcast")).keys()).length >= 10);
  await context.setOffline(true);
  try {
    await visit.reload();
    await visit.locator("#run").click();
    await ended(visit);
    assert.match(await output(visit), "@microseconds[nginx]:");
    await visit.locator("#charts figure", { hasText: "@microseconds" }).locator("svg").first().waitFor();
    await visit.locator("#gallery").click();
    await visit.getByText("Latency of reads, as a histogram").waitFor();
    await picture("4-offline", visit);
  } finally {
    await context.setOffline(false);
    await visit.close();
  }
});

test("another target: a profile of one's own, with other registers and other system calls", async () => {
  await paste(page, "kprobe:vfs_read {\n  @[arg2] = count();\n}\n");
  await tab("BPF");
  await page.locator("#inside", { hasText: "*(u64 *)(r1 +96)" }).waitFor();
  await tab("Targets");
  await page
    .locator("#own-profile")
    .setInputFiles({ name: "arm.profile", mimeType: "", buffer: readFileSync(await vmProfile("6.12-arm64")) });
  await page.waitForFunction(
    () => document.querySelector<HTMLSelectElement>("#target")?.selectedOptions[0]?.text === "arm.profile",
    undefined,
    { timeout: 30_000 },
  );
  await tab("BPF");
  await page.locator("#inside", { hasText: "*(u64 *)(r1 +16)" }).waitFor();
  await paste(page, "tracepoint:syscalls:sys_enter_open {\n  @ = count();\n}\n");
  await page.locator("#problems button", { hasText: /sys_enter_open/ }).waitFor();
  await tab("Targets");
  await page.locator("#survey").click();
  const row = (name: string) => page.locator("#surveyed tr", { hasText: name });
  await row("arm.profile").locator("td.error").waitFor({ timeout: 60_000 });
  assert.match((await row("arm.profile").textContent()) ?? "", /no.*Line 1: .*sys_enter_open/s);
  assert.match((await row("(default)").textContent()) ?? "", /yes\d+/);
  await picture("5-targets");
  await page.locator("#target").selectOption("default");
  await page.locator("#problems li").waitFor({ state: "detached" });
});

test("our code and LLVM's, side by side", async () => {
  await paste(page, "tracepoint:raw_syscalls:sys_enter {\n  @[comm] = count();\n}\n");
  await tab("BPF");
  await page.locator("#beside").click();
  await page.locator("#other", { hasText: "get_current_comm" }).waitFor({ timeout: 60_000 });
  const [, ours, theirs] =
    /^1 program, (\d+) instructions; LLVM makes (\d+)$/.exec((await page.locator("#counts").textContent()) ?? "") ?? [];
  assert.ok(Number(ours) > 20 && Number(theirs) > 20, `${ours} and ${theirs}`);
  await page.locator("#other .placed", { hasText: "get_current_comm" }).click();
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /^ *@\[comm\]/);
  await page.locator("#inside .here", { hasText: "get_current_comm" }).waitFor();
  await picture("6-llvm");
  await page.locator("#beside").click();
  await page.locator("#other").waitFor({ state: "hidden" });
});

test("every view follows the script, and its lines lead there", async () => {
  await paste(
    page,
    'tracepoint:syscalls:sys_enter_openat {\n  printf("%s %d\\n", str(args.filename), curtask->pid);\n  @["ü", comm] = sum(1);\n}\n',
  );
  const views: [string, RegExp][] = [
    ["Tree", /call printf/],
    ["Types", /sum_t/],
    ["IR", /fn tracepoint_syscalls_sys_enter_openat_1/],
    ["Relocations", /CO-RE +struct task_struct\.pid: offset[\s\S]*map +at_: its descriptor|tracepoint +syscalls:sys_enter_openat filename/],
    ["Maps", /@: sum\(\) by \(string\[\d+\], string\[16\]\)\n +at_: BPF_MAP_TYPE_PERCPU_HASH/],
    ["Manifest", /"location": "1:1-37"/],
    ["Needs", /tracepoint:syscalls:sys_enter_openat[\s\S]*ring_buffer \(Linux 5\.8\)[\s\S]*struct task_struct\.pid/],
  ];
  for (const [name, expected] of views) {
    await tab(name);
    const deadline = Date.now() + 20_000;
    let text = "";
    while (!expected.test(text)) {
      assert.ok(Date.now() < deadline, `${name}: ${text}`);
      await page.waitForTimeout(50);
      text = (await page.locator("#inside").textContent()) ?? "";
    }
  }
  await page.locator("#inside .placed", { hasText: "struct task_struct.pid" }).click();
  assert.match((await page.locator(".cm-activeLine").textContent()) ?? "", /printf/);
  await page.locator(".cm-content").press("ArrowDown");
  await page.locator("#inside .here", { hasText: "struct task_struct.pid" }).waitFor({ state: "detached" });
  await paste(page, "begin { print(12345); }");
  await page.locator("#inside", { hasText: "ring_buffer" }).waitFor();
});

test("a run that does not end is stopped, and prints its maps", async () => {
  await paste(page, "tracepoint:syscalls:sys_exit_read { @bytes = hist(args.ret); }");
  await page.keyboard.press("Control+Enter");
  await page.locator("#output", { hasText: "Attached 1 probe" }).waitFor();
  await page.locator("#charts figure svg").first().waitFor();
  await page.locator("#stop").click();
  await ended();
  assert.match(await output(), /@bytes:\s*\n(?:\[.*\) +\d+ \|@* *\|\n)+/);
});

test("event by event, with events of one's own, at another speed", async () => {
  await paste(page, 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }\ninterval:s:3600 { exit(); }');
  await page.locator("#workload").selectOption("idle");
  await page.locator("#step").click();
  const moment = page.locator("#moment", { hasText: /paused/ });
  await moment.waitFor();
  await page.locator("#own-event summary").click();
  await page.locator("#event-kind").selectOption({ label: "System call" });
  await page.locator("#event-name").pressSequentially("opena");
  await page.waitForFunction(
    () =>
      document.querySelector("#event-names option")?.textContent === "openat" ||
      document.querySelector<HTMLOptionElement>("#event-names option")?.value === "openat",
  );
  await page.locator("#event-name").fill("openat");
  await page.locator("#event-process").fill("mine");
  await page.locator("#event-times").fill("2");
  await page.locator("#event-fields").fill("filename=/etc/<b>hosts</b>");
  await page.locator("#event button").click();
  await page.locator("#output", { hasText: "mine /etc/<b>hosts</b>\nmine /etc/<b>hosts</b>\n" }).waitFor();
  assert.match((await moment.textContent()) ?? "", /2 events, paused behind tracepoint:syscalls:sys_enter_openat in mine \(\d+\)/);
  await page.locator("#event-fields").fill("nosuch=1");
  await page.locator("#event button").click();
  await page.locator("#status", { hasText: "it has no argument 'nosuch': it has" }).waitFor();
  await picture("7-own-event");
  await page.locator("#own-event summary").click();
  await page.locator("#speed").selectOption({ label: "as fast as it goes" });
  await page.locator("#pause").click();
  await ended();
  await page.locator("#speed").selectOption({ label: "as on a clock" });
  await page.locator("#workload").selectOption("busy");
});

test("steps stand behind one event each", async () => {
  await paste(page, "tracepoint:syscalls:sys_enter_read { @ = count(); }");
  for (let step = 1; step <= 3; step++) {
    await page.locator("#step").click();
    // The first step begins the run, which stands before anything has happened.
    await page.locator("#moment", { hasText: new RegExp(`${step - 1} events?, paused`) }).waitFor();
  }
  await page.locator("#stop").click();
  await ended();
  assert.match(await output(), /@: 2\n/);
});

test("the target's probes, fields and parameters are offered and explained", async () => {
  await paste(page, "");
  await page.keyboard.type("tracepoint:syscalls:sys_enter_opena");
  const offered = page.locator(".cm-tooltip-autocomplete li", { hasText: "syscalls:sys_enter_openat2" });
  await offered.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.type("t { print(args.file");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "filename" }).waitFor();
  // What is offered is not taken at once, so that nobody takes it by accident.
  await page.waitForTimeout(200);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() =>
    /args\.filename/.test(document.querySelector("#editor")?.shadowRoot?.querySelector(".cm-content")?.textContent ?? ""),
  );
  await paste(page, "fentry:vfs_read { print(args.");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: /^filestruct file \*$/ }).waitFor();
  await page.keyboard.press("Escape");
  await paste(page, "tracepoint:syscalls:sys_enter_openat { print(args.filename); }");
  const hovered = async (word: string) => {
    const place = await page.evaluate((wanted) => {
      const content = document.querySelector("#editor")?.shadowRoot?.querySelector(".cm-content");
      const walker = document.createTreeWalker(content as Node, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const at = node.textContent?.indexOf(wanted) ?? -1;
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + wanted.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
      return { x: 0, y: 0 };
    }, word);
    await page.mouse.move(10, 500);
    await page.mouse.move(place.x, place.y);
    const tooltip = page.locator(".cm-tooltip .hover");
    await tooltip.waitFor();
    const text = (await tooltip.textContent()) ?? "";
    await page.mouse.move(10, 500);
    await tooltip.waitFor({ state: "detached" });
    return text;
  };
  assert.match(await hovered("filename"), /^const char \* filenameA field of syscalls:sys_enter_openat\.$/);
  assert.match(await hovered("sys_enter_openat"), /^syscalls:sys_enter_openat.*int dfdconst char \* filename/);
  assert.match(await hovered("print"), /^print\(/);
});

test("the format button lays the script out", async () => {
  await write(page, "begin{print(1)}");
  await page.locator("#format").click();
  await page.locator(".cm-line", { hasText: /^ {2}print\(1\);$/ }).waitFor();
});

test("the script and a command that runs it can be taken away", async () => {
  const script = 'begin {\n  printf("it\'s %d\\n", 1);\n}\n';
  await paste(page, script);
  await page.locator("#name").fill("../mine.bt");
  const { name, bytes } = await downloaded("#download-script");
  assert.match(name, /^[.]*mine\.bt$/);
  assert.is(bytes.toString(), script);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator("#downloads summary").click();
  await page.locator("#copy-command").click();
  await page.locator("#status", { hasText: "The command is in the clipboard" }).waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const said = execFileSync("sh", ["-c", command.replace("sudo bpfcast", 'set -- -e; printf %s "$0"').replace(/ -e /, "; printf %s ")], {
    encoding: "utf8",
  });
  assert.match(said, script.trimEnd());
});

test("links that were cut off, or are of another form, say so", async () => {
  await paste(page, 'begin { printf("grüße, 世界\\n"); exit(); }');
  await page.locator("#share").click();
  await page.waitForFunction(() => location.hash.length > 10);
  const link = page.url();
  const other = await playground.open(context, link);
  await other.locator(".cm-content", { hasText: "grüße, 世界" }).waitFor();
  await other.close();
  for (const damaged of [`${address}#1abc`, link.slice(0, -8), `${address}#2%3Cscript%3E`]) {
    const third = await playground.open(context, damaged);
    await third.locator("#status", { hasText: /^the link is/ }).waitFor();
    await third.close();
  }
});

test("what was written last is there again", async () => {
  await paste(page, "begin { print(777); }");
  const again = await playground.open(context);
  await again.locator(".cm-content", { hasText: "print(777)" }).waitFor();
  await again.close();
});

test("a browser that keeps nothing for pages runs it too", async () => {
  const visit = await context.newPage();
  visit.on("pageerror", (error) => playground.complaints.push(error.message));
  await visit.addInitScript(() =>
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    }),
  );
  await visit.goto(address);
  await paste(visit, 'begin { printf("Hello\\n"); exit(); }');
  await visit.locator("#run").click();
  await visit.locator("#output", { hasText: "Hello" }).waitFor({ timeout: 20_000 });
  await visit.close();
});

test("on a phone, and in the dark", async () => {
  for (const [name, options] of [
    ["phone", { viewport: { width: 390, height: 844 } }],
    ["dark", { colorScheme: "dark" }],
  ] as const) {
    const own = await playground.context(options);
    const visit = await playground.open(own);
    await paste(visit, LATENCY);
    await visit.locator("#run").click();
    await ended(visit);
    await visit.locator("#charts figure svg").first().waitFor();
    assert.ok(await visit.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: the page is wider than the screen`);
    await picture(name, visit);
    await own.close();
  }
});

test("nothing went wrong in the page", () => assert.equal(playground.complaints, []));

test.run();
