// `bpfcast profile`, and scripts compiled for profiles by a user who may not read anything of this machine's kernel.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as check } from "uvu";
import * as assert from "uvu/assert";
import { readProfileFile } from "../../runner/host/profile-file.ts";
import { hostTarget } from "../../runner/host/profile-targets.ts";
import { mayTrace } from "../support/root.ts";

const test = mayTrace() ? check : check.skip;
const folder = mkdtempSync(join(tmpdir(), "bpfcast-profile-"));
chmodSync(folder, 0o755);
const NOBODY = 65534;

// Where this repository lies, others may not be able to read.
for (const name of ["bpfcast.cjs", "compiler.wasm", "default.profile"])
  if (existsSync(join(".out", name))) copyFileSync(join(".out", name), join(folder, name));

const bpfcast = join(folder, "bpfcast.cjs");
const profile = join(folder, "host.profile");

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(words: string[], options: { uid?: number; gid?: number } = {}): Run {
  return spawnSync("node", words, { encoding: "utf8", timeout: 60_000, cwd: folder, ...options });
}

/** As a user without rights. */
const asNobody = (...words: string[]) => run([bpfcast, ...words], { uid: NOBODY, gid: NOBODY });

test("a host's profile has everything, is small, and is the same each time", () => {
  const again = join(folder, "again.profile");
  for (const file of [profile, again]) {
    const made = run([resolve(".out/bpfcast.cjs"), "profile", "-o", file]);
    assert.is(made.status, 0, made.stderr);
    assert.is(made.stderr, "");
  }
  assert.ok(readFileSync(profile).equals(readFileSync(again)));
  assert.ok(statSync(profile).size < 4_000_000, `${statSync(profile).size} bytes`);
  const { btf, tracepoints, functions, features, missing, kernel, rawTracepoints } = readProfileFile(profile);
  assert.equal(missing, []);
  assert.is(kernel, readFileSync("/proc/sys/kernel/osrelease", "latin1").trim());
  assert.ok(readFileSync("/sys/kernel/btf/vmlinux").equals(btf.get("vmlinux") ?? new Uint8Array()));
  const events = readFileSync("/sys/kernel/tracing/available_events", "latin1")
    .split("\n")
    .filter((line) => line !== "");
  for (const event of events) assert.ok(tracepoints.has(event), event);
  assert.ok(functions.get("vmlinux")?.includes("vfs_read"));
  assert.ok(features !== null);
  assert.ok(features.helpers.includes("map_lookup_elem") && features.mapTypes.includes("hash"));
  // One of tracing programs only, and some of networking, which no program of ours can call.
  assert.ok(features.helpers.includes("d_path"));
  for (const name of ["xdp_adjust_head", "redirect", "msg_pop_data"]) assert.not(features.helpers.includes(name), name);
  assert.ok(rawTracepoints.includes("sched_switch"));
});

test("without rights: what is missing is said, and whether it is worth anything", () => {
  const { status, stderr } = asNobody("profile", "-o", join(folder, "x.profile"));
  assert.match(stderr, /^WARNING: the profile has no tracepoints: tracefs \(\/sys\/kernel\/tracing\) cannot be read without root\n/);
  assert.match(stderr, /WARNING: the profile has no features: trying them needs CAP_\w+\n/);
  assert.match(stderr, /ERROR: Failed to open output file: ".*x.profile": EACCES\n/);
  assert.is(status, 1);
});

const SCRIPT =
  'tracepoint:syscalls:sys_enter_openat { printf("%s %d\\n", str(args.filename), curtask->real_parent->tgid); } kprobe:vfs_* { @ = count(); }';

test("the object made for a profile is the one made on the host itself", () => {
  writeFileSync(join(folder, "script.bt"), SCRIPT);
  const [here, there] = [join(folder, "here.o"), join(folder, "there.o")];
  assert.is(run([bpfcast, "build", "script.bt", "-o", here]).status, 0);
  const built = run([bpfcast, "build", "script.bt", "--profile", profile, "-o", there]);
  assert.is(built.status, 0, built.stderr);
  assert.ok(readFileSync(here).equals(readFileSync(there)));
});

test("with a profile nothing of this machine's kernel is read", () => {
  const traced = join(folder, "trace");
  const words = ["-f", "-e", "trace=file", "-o", traced, "node", bpfcast, "check", "--profile", profile, "script.bt"];
  const result = spawnSync("strace", words, { encoding: "utf8", cwd: folder });
  assert.is(result.status, 0, result.stderr);
  const paths = readFileSync(traced, "utf8").match(/"[^"]*"/g) ?? [];
  assert.ok(paths.some((path) => path.includes("host.profile")));
  const kernel = paths.filter((path) => /\/sys\/kernel|\/proc\/(kallsyms|sys\/kernel|version)|\/lib\/modules|\/boot/.test(path));
  assert.equal(kernel, []);
});

test("without rights: --profile compiles, and what the profile lacks is an error that names it", () => {
  assert.equal(asNobody("check", "--profile", profile, "script.bt").stderr, "");
  const missing = asNobody("check", "--profile", profile, "-e", "tracepoint:sched:sched_swich { }");
  assert.is(missing.status, 1);
  assert.match(missing.stderr, /ERROR: .*sched:sched_swich[\s\S]*NOTE: compiled for profile .*host\.profile \(Linux .*, x86_64\)\n$/);
  const twice = asNobody("check", "--profile", profile, "--profile", profile, "-e", "begin { print(curtask->nothing); }");
  assert.is(twice.stderr.match(/does not contain a field named 'nothing'/g)?.length, 2);
});

test("damaged profiles and misplaced options are errors of one line", () => {
  const file = join(folder, "damaged.profile");
  writeFileSync(file, readFileSync(profile).subarray(0, 100_000));
  const cut = run([bpfcast, "check", "--profile", file, "-e", "begin { }"]);
  assert.is(
    cut.stderr,
    `ERROR: '${file}' is not a usable profile: it is no whole gzip file\nHINT: make one with \`bpfcast profile -o FILE\`\nCODE: bad-profile\n`,
  );
  for (const words of [
    ["--profile", file, "-e", "begin { }"],
    ["run", "--profile", file, "x.o"],
    ["build", "--from", "/", "-e", "begin { }"],
    ["profile", "--profile", file, "-o", "x"],
    ["profile"],
  ]) {
    const refused = run([bpfcast, ...words]);
    assert.match(refused.stderr, /^ERROR: (option --\w+ is not for|USAGE: ).*\n(HINT: .*\n)?CODE: usage\n$/, words.join(" "));
    assert.is(refused.status, 1);
  }
});

test("without rights and without --profile the default profile serves the official tools", () => {
  const note =
    /^NOTE: this machine's tracepoints cannot be read without root: compiled for the default profile \(Linux .*, common types only\); --profile names another\n/;
  const tools = readdirSync("/usr/sbin").filter((name) => name.endsWith(".bt"));
  assert.ok(tools.length >= 30, `${tools.length} tools`);
  const { stderr: errors } = asNobody("check", "--no-warnings", ...tools.map((name) => `/usr/sbin/${name}`));
  const failed = new Set([...errors.matchAll(/^\/usr\/sbin\/([^:]+):.* ERROR: /gm)].map(([, name]) => name));
  assert.equal(errors.match(/^ERROR: .*/gm), null);
  // Its struct cfs_rq has lost the field `nr_running` in kernel 6.14.
  assert.equal(
    [...failed].filter((name) => name !== "runqlen.bt"),
    [],
  );
  const { stderr } = asNobody("check", "--no-warnings", "script.bt", "script.bt");
  assert.match(stderr, note);
  assert.is(stderr.split("\n").length, 2, stderr);
});

test("where there is no Linux the default profile serves from the start", () => {
  const said: string[] = [];
  const target = hostTarget((line) => said.push(line), "darwin", profile);
  assert.match(target.description, /^the default profile \(Linux /);
  assert.match(said.join(""), /^NOTE: this machine does not run Linux: compiled for the default profile .*\n$/);
  assert.is(hostTarget((line) => said.push(line), "linux", profile).description, "");
  assert.is(said.length, 1);
});

check.after(() => rmSync(folder, { recursive: true, force: true }));
check.run();
