// The gallery: every script compiles without a word, runs on the page's machine and prints what it is about.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { GALLERY } from "../../web/learn/gallery.ts";
import { compile, run } from "./run.ts";

const BUCKET = String.raw`\[.+\) +\d+ \|@* *\|\n`;

/** What the output of each script has, by its title. */
const SHOWN: Record<string, RegExp> = {
  Hello: /^Hello from bpfcast, which runs on 2 CPUs$/m,
  "System calls by program": /^@calls\[postgres\]: \d+\n@calls\[nginx\]: \d+$/m,
  "Files that are opened": /^nginx {12}\/var\/www\/\w+\.\w+$/m,
  "Latency of reads, as a histogram": new RegExp(
    `^@microseconds\\[nginx\\]:\n(${BUCKET})+\n@microseconds\\[postgres\\]:\n(${BUCKET})+`,
    "m",
  ),
  "A map each second": /^00:00:01\n(@\[\w+\]: \d+\n){3}/m,
  "Before and after everything": /^Counting system calls for a second\nThere were [1-9]\d{2,}\n\n\n$/m,
  "Every event of a category": /^@\[tracepoint:syscalls:sys_enter_read\]: \d+$/m,
  "Raw tracepoints": /^@\[accept4\]: \d+$/m,
  "Calls of a kernel function": /^@asked:\n\[4K, 8K\) .*\n\n@calls\[nginx\]: \d+$/m,
  "What a kernel function returns": /^@bytes\[nginx\]: \d{4,}$/m,
  "Arguments by name": /^nginx connects to 127\.0\.0\.1, port 5432$/m,
  "Arguments and result together": /^@percent\[postgres\]:\n\[0, 10\) /m,
  "A function of a program": /^@asked\[bash, 1412\]: \d+$/m,
  "What is typed into bash": /^00:00:00 {2}1412 \w+ /m,
  "Something each half second": /^00:00:00\.500, 500 ms after the start\n00:00:01\.000, 1000 ms after the start$/m,
  "Samples of what runs": /^@samples\[nginx, 0\]: \d+\n@samples\[postgres, 1\]: \d+\n@samples\[swapper\/0, 0\]: \d+$/m,
  "Page faults": /^@tens_of_faults\[nginx\]: \d+$/m,
  "count: how often": /^@opened\[\/var\/www\/index\.html\]: \d+$/m,
  "sum: how much in all": /^@bytes\[nginx\]: \d{5,}$/m,
  "avg, min and max": /^@largest\[nginx\]: \d+\n(.*\n)?@mean\[postgres\]: \d+\n@mean\[nginx\]: \d+\n(.*\n)*@smallest\[nginx\]: \d+$/m,
  "stats: three in one": /^@bytes\[postgres\]: \{ \.count = \d+, \.average = 4096, \.total = \d+ \}$/m,
  "hist: powers of two": /^@coarse:\n\[32, 64\) (.*\n)+@fine:\n\[40, 48\) /m,
  "lhist: equal steps": /^@bytes\[nginx\]:\n\[0, 512\) .*\n\[512, 1024\) /m,
  "tseries: over time": /^hh:mm:ss\.ms {2}\|_+\|\n(\d\d:\d\d:\d\d\.\d00 .*\*.* \d+\n){10}/m,
  "Keys of several parts": /^@\[nginx, www-data, close\]: \d+$/m,
  "Only the top of a map": /^@bytes\[postgres, 930\]: \d+\n@bytes\[nginx, 812\]: \d{3,4}$/m,
  "A loop over a map": /^nginx {6} *\d+ calls$/m,
  "Leaving out one key": /^Without nginx, in this second:\n(@calls\[(?!nginx)\w+\]: \d+\n)+/m,
  "A map that forgets": /\n(@last\[\/.+\]: \d+\n){3}$/,
  "Tuples as values": /^Process 812 has opened \/var\/www\/.*\n(.*\n)*@last_opened\[nginx\]: \(812, \/var\/www\/.*\)$/m,
  Predicates: /^@\[read\]: \d+\n(?!.*\[close\])/m,
  "if, else and counting loops": /^1 squared is 10 at most\n.*\n.*\n4 squared is 16\n5 squared is 25\n\n/m,
  Macros: /^@read\[nginx\]:\n\[.*\n(.*\n)*@written\[nginx\]:\n\[/m,
  "Strings and patterns": /^@libraries\[.*libc.*\]: \d+\n(@pages\[\/var\/www\/\w+\.html\]: \d+\n){2}/m,
  "Named parameters": /\n\n\n@\[postgres, \w+\]: \d+\n@\[postgres, \w+\]: \d+\n$/,
  "Decimal numbers": /^@more_than_a_page_and_a_half\[nginx\]: \d+$/m,
  Records: /^\{ \.program = \w+, \.process = \d+, \.user = 1000 \}$/m,
  "Latency of the disk": new RegExp(`^@microseconds:\n(${BUCKET})+`, "m"),
  "Slow reads only": /^\w+ waited [1-9]\d\d us for \d+ bytes$/m,
  "How long processes live": /^\d{4} {3}\w+ +\d+ us$/m,
  "The way into the kernel": /^@\[\n {8}vfs_read\+\d+\n {8}ksys_read\+\d+\n(.*\n){2}, nginx\]: \d+$/m,
  "The way through a program": /^@opens\[\n {8}ngx_http_handler\+\d+\n {8}main\+\d+\n\]: \d+$/m,
  "Files that are not there": /^nginx {6}\/var\/www\/missing\.html: No such file or directory$/m,
  "New processes": /^bash \(1412\) makes process (\d+)\n\1 becomes \w+/m,
};

for (const { title, script, runsHere } of GALLERY) {
  test(title, async () => {
    const { kind, diagnostics } = compile(script);
    assert.equal(diagnostics, []);
    assert.is(kind, "object");
    if (runsHere === false) return;
    // Whatever does not end by itself has shown all that it is about after a second.
    const { output, code, isInterrupted } = await run(script, /\bexit\(/.test(script) ? 3 : 1);
    assert.is(code, 0, output);
    assert.is(isInterrupted, !/\bexit\(/.test(script));
    assert.match(output, SHOWN[title] ?? /there is no such title in the table/, title);
    assert.not.match(output, /WARNING|ERROR/);
  });
}

test("titles are different, sentences are sentences, scripts are short", () => {
  assert.is(new Set(GALLERY.map(({ title }) => title)).size, GALLERY.length);
  for (const { title, about, script } of GALLERY) {
    assert.match(about, /^\S.*[.?]$/, title);
    const lines = script.split("\n").filter((line) => line !== "");
    assert.ok(lines.length >= 3 && lines.length <= 15, `${title}: ${lines.length} lines`);
  }
});

test("every kind of probe and every aggregation is there", () => {
  const all = GALLERY.map(({ script }) => script).join("\n");
  const kinds =
    "begin end tracepoint rawtracepoint kprobe kretprobe fentry fexit uprobe uretprobe interval profile software hardware usdt watchpoint iter self";
  for (const kind of kinds.split(" ")) assert.match(all, new RegExp(`^${kind}\\b`, "m"));
  for (const name of "count sum avg min max stats hist lhist tseries".split(" "))
    assert.match(all, new RegExp(`\\] = ${name}\\(| = ${name}\\(`));
});

test.run();
