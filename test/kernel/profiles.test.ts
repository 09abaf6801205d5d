// Objects compiled on this machine for the kernels of the virtual machines, by their profiles, and run there.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CALLS, cases, isBefore, judge } from "../support/cases.ts";
import { captureVmProfile, vmProfile } from "./profiles.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-profiles-"));
const load = join(folder, "make-calls");
const isMatrix = process.env["TEST_MODE"] === "matrix";

/** A few in every run, all of them by hand: test/kernel/slice.test.ts runs all on the same kernel. */
const chosen = isMatrix ? cases : cases.filter(({ name }) => ["openat", "core", "kprobe", "wildcard-fields"].includes(name));

/** Where the official tools may be installed: of Debian's bpftrace, and of another one that TOOLS names. */
const TOOLS = ["/usr/sbin", process.env["TOOLS"] ?? ""].filter((path) => path !== "" && existsSync(path));

/** Tools that name what a kernel does not have, so that nothing can be built for it; in either version of the tools. */
const LACKING: Record<string, string[]> = {
  "5.10": ["biosnoop", "biostacks", "mdflush", "opensnoop", "runqlen", "tcpdrop", "vfscount", "vfsstat", "xfsdist"],
  "6.1": ["biosnoop", "biostacks", "runqlen"],
  "6.12": ["runqlen"],
  // Its system calls open, stat and lstat do not exist.
  "6.12-arm64": ["opensnoop", "runqlen", "statsnoop"],
};

/** Tools that a kernel refuses to load, and its reason. */
const REFUSED: Record<string, Record<string, RegExp>> = {
  // Keys have at most 512 bytes there; its key is a stack.
  "5.10": { biostacks: /'at_usecs': failed to create: Argument list too long/ },
};

interface Built {
  name: string;
  object: string;
  /** What the compiler said, if it made no object. */
  error: string;
}

function build(name: string, script: string, profile: string): Built {
  const object = join(folder, `${name}.o`);
  const words = [bpfcast, "build", "--no-warnings", "--profile", profile, script, "-o", object];
  const { status, stderr } = spawnSync("node", words, { encoding: "utf8" });
  return { name, object, error: status === 0 ? "" : stderr };
}

function buildTools(profile: string): Built[] {
  return TOOLS.flatMap((path, index) =>
    readdirSync(path)
      .filter((file) => file.endsWith(".bt"))
      .map((file) => build(`${file.replace(/\.bt$/, "")}-${index}`, join(path, file), profile)),
  );
}

/** What the machine printed for each name, by the marks around it. */
function parts(stdout: string): Map<string, { status: string; output: string }> {
  const found = new Map<string, { status: string; output: string }>();
  for (const part of stdout.split("=== ").slice(1)) {
    const start = part.indexOf("\n");
    const end = part.lastIndexOf("--- ");
    found.set(part.slice(0, start), { status: part.slice(end + 4).trim(), output: part.slice(start + 1, end) });
  }
  return found;
}

const marked = (name: string, command: string) => `echo "=== ${name}"; { ${command}; } 2>&1; echo "--- $?"`;

test.before(() => {
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

for (const series of isMatrix ? ["5.10", "6.1", "6.12"] : ["6.1"]) {
  test(`kernel ${series}: objects made here for it run there with exact numbers`, async () => {
    const profile = await vmProfile(series);
    const built = chosen.map((one) => {
      const script = join(folder, `${one.name}.bt`);
      writeFileSync(script, one.script);
      return build(one.name, script, profile);
    });
    const disk = join(folder, `disk-${series}`);
    writeFileSync(disk, Buffer.alloc(CALLS * 4096 + (1 << 20)));
    const commands: string[] = [];
    chosen.forEach((one, index) => {
      const { object = "", error = "" } = built[index] ?? {};
      if (one.since !== undefined && isBefore(series, one.since)) {
        assert.match(error, /ERROR: profile .* has no BPF helper \w+, which this needs\n/, one.name);
        return;
      }
      assert.is(error, "", one.name);
      const words = `${load} ${CALLS}${one.device === undefined ? "" : ` ${one.device}`}`;
      commands.push(marked(one.name, `node ${bpfcast} run ${object}${one.alone ? "" : ` -c '${words}'`}`));
    });
    const { stdout } = await runInVm(series, commands.join("\n"), 600, [disk]);
    const outputs = parts(stdout);
    assert.is(outputs.size, commands.length, stdout);
    for (const one of chosen) {
      const found = outputs.get(one.name);
      if (found === undefined) continue;
      assert.is(found.status, "0", `${one.name}: ${found.output}`);
      judge(one, found.output);
    }
  });
}

for (const series of isMatrix ? Object.keys(LACKING) : []) {
  const built: Built[] = [];

  test(`kernel ${series}: official tools are made for it, those that it cannot have are refused`, async () => {
    built.push(...buildTools(await vmProfile(series)));
    assert.ok(built.length >= 30);
    for (const { name, error } of built) {
      const lacking = LACKING[series]?.some((tool) => name.startsWith(`${tool}-`)) ?? false;
      if (error !== "") assert.ok(lacking, `${name}: ${error}`);
      if (error !== "") assert.match(error, /has no BPF helper|NOTE: compiled for profile/, name);
    }
  });

  test(`kernel ${series}: it loads the tools`, async () => {
    const host = series.endsWith("arm64") ? "/host" : "";
    const loading = (object: string) => `bpftool prog loadall ${host}${object} /sys/fs/bpf/tool && rm -r /sys/fs/bpf/tool`;
    const made = built.filter(({ error }) => error === "");
    const { stdout } = await runInVm(series, made.map(({ name, object }) => marked(name, loading(object))).join("\n"), 900);
    const outputs = parts(stdout);
    for (const { name } of made) {
      const { status = "", output = "" } = outputs.get(name) ?? {};
      const refusal = REFUSED[series]?.[name.slice(0, name.lastIndexOf("-"))];
      if (refusal === undefined) assert.is(status, "0", `${name}: ${output}`);
      else assert.match(output, refusal, name);
    }
  });
}

/** Sums over the processors, by key, of the counts in a map that `bpftool -j map dump` printed. */
function totals(json: string): Record<string, number> {
  const entries = JSON.parse(json) as { formatted: { key: number | { text: string }; values: { value: number | number[] }[] } }[];
  const found: Record<string, number> = {};
  for (const { formatted } of entries) {
    const key = typeof formatted.key === "number" ? String(formatted.key) : formatted.key.text;
    // A sum is followed by whether there was one.
    found[key] = formatted.values.reduce((sum, { value }) => sum + (typeof value === "number" ? value : (value[0] ?? 0)), 0);
  }
  return found;
}

const ARM64_SCRIPT = `kprobe:vfs_read /comm == "dd"/ {
  @bytes = sum(arg2); @register[reg("r2")] = count(); @parents[curtask->real_parent->comm] = count();
}
kretprobe:vfs_read /comm == "dd"/ { @returned[retval] = count(); }
tracepoint:raw_syscalls:sys_enter /comm == "dd"/ { @names[syscall_name(args.id)] = count(); }
tracepoint:syscalls:sys_enter_openat /comm == "dd"/ { @files[str(args.filename, 32)] = count(); }
rawtracepoint:sys_enter /comm == "dd" && arg1 == 63/ { @raw[0] = count(); }
`;

if (isMatrix) {
  test("arm64: arguments, registers, results and system calls are its own", async () => {
    const script = join(folder, "arm64.bt");
    writeFileSync(script, ARM64_SCRIPT);
    const { object, error } = build("arm64", script, await vmProfile("6.12-arm64"));
    assert.is(error, "");
    const maps = ["bytes", "register", "parents", "returned", "names", "files", "raw"];
    // Nothing binds the object there: on processor 0 it has scratch memory all the same.
    const commands = [
      `bpftool prog loadall /host${object} /sys/fs/bpf/object autoattach`,
      "busybox taskset 1 dd if=/dev/zero of=/dev/null bs=105 count=250",
      ...maps.map((map) => marked(map, `bpftool -j map dump name at_${map}`)),
    ];
    const { stdout, stderr } = await runInVm("6.12-arm64", commands.join("\n"), 300);
    const outputs = parts(stdout);
    const of = (map: string) => totals(outputs.get(map)?.output ?? stderr);
    assert.equal(of("bytes"), { 0: 250 * 105 });
    assert.equal(of("register"), { 105: 250 });
    assert.equal(of("returned"), { 105: 250 });
    assert.equal(of("parents"), { busybox: 250 });
    assert.equal(of("raw"), { 0: 250 });
    assert.equal(of("files"), { "/dev/zero": 1, "/dev/null": 1 });
    const names = of("names");
    assert.is(names.read, 250, JSON.stringify(names));
    assert.is(names.openat, 2, JSON.stringify(names));
    assert.is(names.dup3, 2, JSON.stringify(names));
  });

  for (const series of ["6.1", "6.12-arm64"]) {
    test(`kernel ${series}: its profile is the same each time`, async () => {
      const again = join(folder, "again.profile");
      await captureVmProfile(series, again);
      assert.ok(readFileSync(await vmProfile(series)).equals(readFileSync(again)));
    });
  }
}

test.run();
