// `bpfcast check` by a user without rights: inputs, formats, profiles, exit codes, --watch.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import ajv from "ajv-draft-04";
import formats from "ajv-formats";
import type { Log } from "sarif";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { checkScripts } from "../../runner/cli/check/check-scripts.ts";
import { packProfile, readProfileFile } from "../../runner/host/profile-file.ts";
import { NobodysFolder } from "../support/nobody.ts";

const DEFAULT_PROFILE = ".out/default.profile";
if (!existsSync(DEFAULT_PROFILE)) console.log("SKIPPED: the build could make no default profile on this kernel");
const test = existsSync(DEFAULT_PROFILE) ? check : check.skip;

const folder = new NobodysFolder("check");
const run = (...words: string[]) => folder.run(["check", ...words]);

folder.write("good/one.bt", "begin { print(1); }\n");
folder.write("good/deep/er/two.bt", "interval:s:1 { @[comm] = count(); }\n");
folder.write("good/notes.txt", "no script");
folder.write("good/node_modules/x/bad.bt", "bad");
symlinkSync(".", join(folder.path, "good/again"));
folder.write("real.bt", "begin { print(1); }\n");
mkdirSync(join(folder.path, "linked"));
symlinkSync("../real.bt", join(folder.path, "linked/script.bt"));
folder.write("bad/wrong.bt", 'begin { printf("é😀 %d\\n", comm, foo); }\nend { print(bar); }\n');
folder.write("bad/a, b:c%.bt", "begin { @ = foo;\n}\n");
folder.write("headers/first/use.bt", '#include "own.h"\nbegin { print(OWN); }\n');
folder.write("headers/first/own.h", "#define OWN 1\n");
folder.write("headers/second/use.bt", '#include "own.h"\nbegin { print(OWN); }\n');
folder.write("headers/second/own.h", "#define OWN other\n");
folder.write("warn.bt", "begin { return; print(1); }\n");
folder.write("signal.bt", "profile:hz:9 { signal(9); }\n");
if (existsSync(DEFAULT_PROFILE)) {
  const profile = readProfileFile(DEFAULT_PROFILE);
  folder.write("new.profile", packProfile({ ...profile, features: null, kernel: "6.18.0" }));
  folder.write("old.profile", packProfile({ ...profile, features: { helpers: [], mapTypes: [], probeTypes: [] }, kernel: "5.2.0" }));
}
const ONE = ["--profile", "new.profile"];
const TWO = [...ONE, "--profile", "old.profile"];

/** `file:line` of the errors in a text report. */
const placesOf = (stderr: string) => [...stderr.matchAll(/^(.+?:\d+):\d+-\d+: ERROR: /gm)].map(([, place]) => place);

test("files, folders with all below, globs, -e and standard input", () => {
  const filesOf = (...words: string[]) => JSON.parse(run(...ONE, "-f", "json", ...words).stdout).files;
  assert.equal(filesOf("good"), ["good/deep/er/two.bt", "good/one.bt"]);
  assert.equal(filesOf("./good/", "good/one.bt"), ["good/deep/er/two.bt", "good/one.bt"]);
  assert.equal(filesOf("good/*.bt", "*/deep/**/*.bt"), ["good/one.bt", "good/deep/er/two.bt"]);
  assert.equal(filesOf("**/{one,two}.bt"), ["good/deep/er/two.bt", "good/one.bt"]);
  assert.equal(filesOf("good/o?e.bt", "-e", "begin { }"), ["stdin", "good/one.bt"]);
  assert.equal(filesOf(`${folder.path}/good/one.bt`), ["good/one.bt"]);
  assert.equal(filesOf("linked"), ["linked/script.bt"]);
  // Its letters mean something in a glob, and it is there.
  assert.equal(filesOf("bad/a, b:c%.bt"), ["bad/a, b:c%.bt"]);
  const piped = folder.run(["check", ...ONE, "-"], "begin { foo }");
  assert.match(piped.stderr, /^stdin:1:/);
  assert.is(piped.status, 1);
});

test("exit codes: 0, 1 for errors, 2 for what cannot be used, and the others are checked all the same", () => {
  assert.is(run(...ONE, "good").status, 0);
  const { status, stderr } = run(...ONE, "bad/wrong.bt");
  assert.is(status, 1);
  assert.equal(placesOf(stderr), ["bad/wrong.bt:1", "bad/wrong.bt:1", "bad/wrong.bt:2"]);
  const unusable: [words: string[], message: RegExp][] = [
    [["nosuch.bt"], /^ERROR: failed to open file 'nosuch\.bt': No such file or directory\nCODE: cannot-read\n/m],
    [["no*.bt"], /^ERROR: 'no\*\.bt' fits no file\nCODE: no-script\n/m],
    [["empty"], /^ERROR: the folder 'empty' has no scripts \(\*\.bt\)\nCODE: no-script\n/m],
    [["hidden.bt"], /^ERROR: failed to open file 'hidden\.bt': Permission denied\nCODE: cannot-read\n/m],
  ];
  mkdirSync(join(folder.path, "empty"));
  chmodSync(folder.write("hidden.bt", "begin { }"), 0);
  for (const [words, message] of unusable) {
    if (words[0] === "hidden.bt" && process.geteuid?.() !== 0) continue;
    const found = run(...ONE, ...words, "bad/wrong.bt");
    assert.match(found.stderr, message);
    assert.is(placesOf(found.stderr).length, 3);
    assert.is(found.status, 2);
  }
  for (const words of [
    [],
    ["-f", "xml", "good"],
    ["--profile", "nosuch", "good"],
    ["--nosuch"],
    ["--coverage", "good"],
    ["-f", "json", "-d", "ast", "good"],
  ])
    assert.is(run(...words).status, 2, words.join(" "));
  assert.match(run("-f", "xml", "good").stderr, /Valid formats: 'text', 'json', 'github', 'sarif'\nCODE: usage\n$/);
});

test("without --profile, and without rights: the default profile", () => {
  const { status, stderr } = run("good", "-e", "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); }");
  assert.is(status, 0);
  assert.match(stderr, /^NOTE: this machine's tracepoints cannot be read without root: compiled for the default profile /);
});

test("local headers are those of each script", () => {
  const { stderr } = run(...ONE, "headers");
  assert.equal(placesOf(stderr), ["headers/second/own.h:1", "headers/second/use.bt:2"]);
});

test("text: one profile as a run says it; several under headings, with sums", () => {
  const alone = run(...ONE, "bad/a, b:c%.bt");
  assert.is(
    alone.stderr,
    "bad/a, b:c%.bt:1:13-16: ERROR: Unknown identifier: 'foo'\nbegin { @ = foo;\n            ~~~\nCODE: unknown-identifier\n" +
      "NOTE: compiled for profile new.profile (Linux 6.18.0, x86_64, common types only)\n",
  );
  const { stderr, stdout, status } = run(...TWO, "signal.bt", "warn.bt");
  assert.is(stdout, "");
  assert.is(status, 1);
  assert.match(stderr, /^profile new\.profile \(Linux 6\.18\.0, x86_64.*\):\nwarn\.bt:1:17-26: WARNING: Unreachable statement\.\n/);
  assert.match(
    stderr,
    /\n\nprofile old\.profile \(Linux 5\.2\.0, .*\):\nsignal\.bt:1:16-25: ERROR: .* has no BPF helper send_signal, which this needs\n/,
  );
  assert.match(stderr, /\n\nnew\.profile: 2 scripts, 0 errors, 1 warning\nold\.profile: 2 scripts, 1 error, 1 warning\n$/);
  assert.not.match(run(...TWO, "--no-warnings", "warn.bt").stderr, /WARNING/);
});

test("-o: the report goes to a file, in any format", () => {
  chmodSync(folder.path, 0o777);
  for (const format of ["text", "json", "github", "sarif"]) {
    const { stdout, stderr } = run(...ONE, "bad", "-f", format, "-o", "report");
    assert.is(stdout + stderr, "");
    assert.match(readFileSync(join(folder.path, "report"), "utf8"), /Unknown identifier: 'foo'/);
    rmSync(join(folder.path, "report"));
  }
  const { status, stderr } = run(...ONE, "good", "-o", "nosuch/report");
  assert.is(status, 2);
  assert.match(stderr, /cannot-write/);
});

test("JSON: places in lines, UTF-16 columns and bytes", () => {
  const { stdout, status } = run(...TWO, "-f", "json", "bad/wrong.bt", "signal.bt", "nosuch");
  assert.is(status, 2);
  const { version, tool, profiles, diagnostics, failures, summary } = JSON.parse(stdout);
  assert.is(version, 1);
  assert.is(tool.name, "bpfcast");
  assert.equal(
    profiles.map(({ name }: { name: string }) => name),
    ["new.profile", "old.profile"],
  );
  assert.equal(diagnostics[1], {
    severity: "error",
    code: "unknown-identifier",
    message: "Unknown identifier: 'foo'",
    profile: "new.profile",
    script: "bad/wrong.bt",
    file: "bad/wrong.bt",
    line: 1,
    column: 34,
    endLine: 1,
    endColumn: 37,
    start: 36,
    end: 39,
  });
  assert.equal(failures, [{ code: "cannot-read", message: "failed to open file 'nosuch': No such file or directory", script: "nosuch" }]);
  const { profiles: sums, ...whole } = summary;
  assert.equal(whole, { scripts: 2, errors: 7, warnings: 0, failures: 1 });
  assert.equal(sums[1], { name: "old.profile", scripts: 2, errors: 4, warnings: 0 });
  // What somebody else than the compiler found has bytes, too.
  const found = diagnostics.find(({ code }: { code: string }) => code === "missing-feature");
  assert.equal([found.line, found.column, found.start, found.end], [1, 16, 15, 24]);
});

test("GitHub: a line for each, escaped", () => {
  const { stdout } = run(...ONE, "-f", "github", "bad", "warn.bt", "-e", "begin { @x = cont(); }", "nosuch");
  assert.equal(stdout.split("\n"), [
    "::error line=1,endLine=1,col=14,endColumn=20,title=unknown-function::Unknown function: 'cont'%0ADid you mean 'count'?",
    "::error file=bad/a%2C b%3Ac%25.bt,line=1,endLine=1,col=13,endColumn=16,title=unknown-identifier::Unknown identifier: 'foo'",
    "::error file=bad/wrong.bt,line=1,endLine=1,col=9,endColumn=38,title=wrong-argument-count::too many arguments for format string (2 supplied, 1 expected)",
    "::error file=bad/wrong.bt,line=1,endLine=1,col=34,endColumn=37,title=unknown-identifier::Unknown identifier: 'foo'",
    "::error file=bad/wrong.bt,line=2,endLine=2,col=13,endColumn=16,title=unknown-identifier::Unknown identifier: 'bar'",
    "::warning file=warn.bt,line=1,endLine=1,col=17,endColumn=26,title=unreachable::Unreachable statement.",
    "::error title=cannot-read::failed to open file 'nosuch': No such file or directory",
    "",
  ]);
  const several = run(...TWO, "-f", "github", "signal.bt");
  assert.match(several.stdout, /^::error file=signal\.bt,.*,title=missing-feature \(old\.profile\)::.*\n$/);
  // Of a place that spans lines GitHub takes no columns.
  const long = run(...ONE, "-f", "github", "-e", 'begin { printf("%d",\n 1, 2); }');
  assert.match(long.stdout, /^::error line=1,endLine=2,title=wrong-argument-count::/);
});

const schema = JSON.parse(readFileSync("test/support/sarif-2.1.0-rtm.5.json", "utf8"));
const validator = new ajv.default({ allErrors: true, strict: false, unicodeRegExp: false });
formats.default(validator);
const isSarif = validator.compile<Log>(schema);

function sarifOf(...words: string[]): Log {
  const { stdout } = run("-f", "sarif", ...words);
  const log: unknown = JSON.parse(stdout);
  assert.ok(isSarif(log), validator.errorsText(isSarif.errors));
  return log;
}

test("SARIF: valid by the schema; rules, places, artifacts, a run for each profile", () => {
  const log = sarifOf(...TWO, "bad", "signal.bt", "headers", "-e", "begin { foo }", "nosuch");
  assert.equal(
    log.runs.map(({ automationDetails }) => automationDetails?.id),
    ["bpfcast/check/new.profile/", "bpfcast/check/old.profile/"],
  );
  for (const { tool, results = [], artifacts = [], columnKind, invocations, originalUriBaseIds } of log.runs) {
    const rules = tool.driver.rules ?? [];
    assert.is(columnKind, "utf16CodeUnits");
    assert.ok(rules.length > 50);
    for (const { shortDescription } of rules) assert.ok((shortDescription?.text.length ?? 0) > 10);
    for (const { ruleId, ruleIndex = -1, locations } of results) {
      assert.is(rules[ruleIndex]?.id, ruleId);
      const location = locations?.[0]?.physicalLocation?.artifactLocation;
      assert.is(artifacts[location?.index ?? -1]?.location?.uri, location?.uri);
    }
    assert.is(originalUriBaseIds?.["WORKINGDIRECTORY"]?.uri, `${pathToFileURL(folder.path).href}/`);
    assert.is(invocations?.[0]?.executionSuccessful, false);
    assert.is(invocations?.[0]?.toolExecutionNotifications?.[0]?.descriptor?.id, "cannot-read");
  }
  const [first, second] = log.runs;
  const uris = first?.artifacts?.map(({ location }) => location?.uri) ?? [];
  for (const uri of ["bad/a%2C%20b%3Ac%25.bt", "bad/wrong.bt", "headers/second/own.h", "stdin"]) assert.ok(uris.includes(uri), uri);
  const places = first?.results?.map(({ locations }) => locations?.[0]?.physicalLocation) ?? [];
  const regions = places.filter((place) => place?.artifactLocation?.uri === "bad/wrong.bt").map((place) => place?.region);
  assert.equal(regions[1], { startLine: 1, startColumn: 34, endLine: 1, endColumn: 37 });
  assert.is(second?.results?.filter(({ ruleId }) => ruleId === "missing-feature").length, 1);
});

test("SARIF: nothing wrong is a valid report, too, and so is a file elsewhere", () => {
  const [run] = sarifOf(...ONE, "good").runs;
  assert.equal(run?.results, []);
  assert.is(run?.invocations?.[0]?.executionSuccessful, true);
  const elsewhere = new NobodysFolder("check é");
  try {
    const file = elsewhere.write("a b.bt", "begin { foo }");
    const [other] = sarifOf(...ONE, file).runs;
    assert.is(other?.artifacts?.[0]?.location?.uri, pathToFileURL(file).href);
    assert.is(other?.artifacts?.[0]?.location?.uriBaseId, undefined);
  } finally {
    elsewhere.remove();
  }
});

test("what goes wrong inside with one script does not stop the others", async () => {
  const module = await WebAssembly.compile(readFileSync(".out/compiler.wasm"));
  const checker = { options: { words: [], profile: [DEFAULT_PROFILE] }, module, say: () => {}, note: () => {} };
  const bytes = new TextEncoder().encode("begin { foo }");
  // No compiler can read this.
  const broken = { name: "broken.bt", isText: false, bytes: null as unknown as Uint8Array };
  const { profiles, failures } = await checkScripts(checker, [broken, { name: "next.bt", isText: false, bytes }]);
  assert.equal(
    failures.map(({ name, error }) => [name, error.code]),
    [["broken.bt", "internal-error"]],
  );
  assert.is(profiles[0]?.scripts[1]?.compiled?.diagnostics.length, 1);
});

test("--watch: again when a script, a header or a profile changes, or a script comes or goes", async () => {
  chmodSync(folder.path, 0o777);
  folder.write("watched/a.bt", '#include "a.h"\nbegin { print(A); }\n');
  folder.write("watched/a.h", "#define A 1\n");
  const profile = readFileSync(join(folder.path, "new.profile"));
  folder.write("watched.profile", profile);
  const child = folder.start(["check", "--watch", "--profile", "watched.profile", "-f", "json", "watched"]);
  let text = "";
  let errors = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  const reports = () =>
    text
      .split("\n}\n")
      .filter((part) => part !== "")
      .map((part) => JSON.parse(`${part}\n}`));
  const until = async (what: string, holds: () => boolean) => {
    for (let tries = 0; tries < 300 && !holds(); tries++) await setTimeout(50);
    assert.ok(holds(), `${what}: ${text.slice(-2000)}${errors}`);
  };
  const settled = () => text.endsWith("\n}\n");
  const last = () => reports().at(-1);
  try {
    await until("the first", () => settled() && reports().length === 1);
    assert.is(last().summary.errors, 0);
    folder.write("watched/a.h", "#define A foo\n");
    await until("a header", () => settled() && reports().length === 2);
    assert.is(last().diagnostics[0].file, "watched/a.h");
    folder.write("watched/a.bt", "begin { print(1); }\n");
    await until("a script", () => settled() && reports().length === 3);
    assert.is(last().summary.errors, 0);
    folder.write("watched/deep/b.bt", "begin { bar }\n");
    await until("a new script", () => settled() && last().summary.errors === 1 && last().files.length === 2);
    folder.write("watched.profile", profile.subarray(0, 1000));
    await until("a damaged profile", () => errors.includes("is not a usable profile"));
    folder.write("watched.profile", readFileSync(join(folder.path, "old.profile")));
    await until("a profile", () => settled() && last().profiles[0].description.includes("5.2.0"));
    rmSync(join(folder.path, "watched/deep"), { recursive: true });
    await until("a script that went", () => settled() && last().files.length === 1);
    // And then it rests.
    const count = reports().length;
    await setTimeout(700);
    assert.is(reports().length, count);
  } finally {
    child.kill();
  }
});

check.after(() => folder.remove());
check.run();
