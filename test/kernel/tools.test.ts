// The official tools of an installed bpftrace under loads of known size, on kernels in virtual machines. With PEER_ROOT, a root
// folder that has a bpftrace (and its tools), that bpftrace runs the same files under the same load and is held to the same.
//
//   BPFTRACE_TOOLS=DIR  folder of the tools (default: those of the installed package)
//   TOOLS_ENVIRONMENT   variables of the tracers: BPFTRACE_MISSING_PROBES=warn is how tools before 0.24 were meant
//   TOOLS_BUILD         options of `bpfcast build`, as --backend llvm: the tools are then built here, with the kernel's profile, and their
//                       objects run there
//   TOOLS_KERNELS       comma list of kernel series (default: 6.1, the one that Debian 12's tools were written for)

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runner } from "../simulated/run.ts";
import { kept, processes, simulatedTools } from "../support/simulated-tools.ts";
import { type Tool, tools } from "../support/tools.ts";
import { kernel } from "./kernels.ts";
import { vmProfile } from "./profiles.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const peer = process.env["PEER_ROOT"];
const sources =
  process.env["BPFTRACE_TOOLS"] ?? ["/usr/sbin", "/usr/share/bpftrace/tools"].find((name) => existsSync(join(name, "opensnoop.bt")));
const wanted = process.env["TOOLS"]?.split(",");
const matrix = process.env["TEST_MODE"] === "matrix";
const series = process.env["TOOLS_KERNELS"]?.split(",") ?? ["6.1"];
const buildWords = process.env["TOOLS_BUILD"]?.split(" ");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-tools-"));
const load = join(folder, "tool-load");

/** Those that every run of the tests tries; the others belong to the matrix. */
const SHORT = ["capable", "execsnoop", "opensnoop", "tcpconnect", "tcplife", "undump"];

/** Shell functions: `trace NAME TRACER...` runs a tracer, waits for its probes, makes the load, ends it. */
const FUNCTIONS = `
trace() {
  name=$1; shift; echo "=== $name" ; rm -f /run/out /run/load
  env ${process.env["TOOLS_ENVIRONMENT"] ?? ""} __BPFTRACE_NOTIFY_PROBES_ATTACHED=1 "$@" > /run/out 2>&1 < /dev/null & tracer=$!
  waited=0
  while ! grep -q __BPFTRACE_NOTIFY /run/out; do
    sleep 0.1; waited=$((waited+1)); [ $waited -gt 900 ] && break
    kill -0 $tracer 2>/dev/null || break
  done
  load > /run/load 2>&1
  sleep 0.5; kill -TERM $tracer 2>/dev/null; wait $tracer; code=$?
  cat /run/out; echo; echo "--- load"; cat /run/load; echo "--- $code"
}
`;

const objectOf = (kernelSeries: string, { name }: Tool) => join(folder, `${name}-${kernelSeries}.o`);

/** What `bpfcast build` said against a tool, by kernel and tool: the machine has no object of it. */
const refused = new Map<string, string>();

/** Builds the objects of the tools for a kernel; what cannot be built is kept in `refused`. */
async function build(kernelSeries: string, tools: Tool[]): Promise<void> {
  const profile = await vmProfile(kernelSeries);
  for (const tool of tools) {
    const words = [bpfcast, "build", ...(buildWords ?? []), "--profile", profile, join(folder, `${tool.name}.bt`)];
    const environment = Object.fromEntries((process.env["TOOLS_ENVIRONMENT"] ?? "").split(" ").map((word) => word.split("=")));
    const built = spawnSync("node", [...words, "-o", objectOf(kernelSeries, tool)], {
      encoding: "utf8",
      env: { ...process.env, ...environment },
    });
    if (built.status !== 0) refused.set(`${kernelSeries} ${tool.name}`, built.stderr);
  }
}

function script(kernelSeries: string, chosen: Tool[]): string {
  const { root, release } = kernel(kernelSeries);
  const parts = [`cd ${process.cwd()}`, `MODULES="-d ${root} -S ${release}"`, FUNCTIONS];
  for (const { name, before } of chosen)
    if (before !== undefined) parts.push(`(${before}) > /run/before 2>&1 || { echo "before ${name}:"; cat /run/before; } >&2`);
  if (peer !== undefined) {
    for (const name of ["proc", "sys", "dev", "run"]) parts.push(`mount --rbind /${name} ${peer}/${name}`);
    parts.push(`mkdir -p ${peer}${folder}; mount --bind ${folder} ${peer}${folder}`);
  }
  for (const tool of chosen) {
    const file = join(folder, `${tool.name}.bt`);
    const words = buildWords === undefined ? file : `run ${objectOf(kernelSeries, tool)}`;
    parts.push(`LOAD=${load}`, `load() {\n${tool.load}\n}`, `trace ${tool.name} taskset -c 0 node ${bpfcast} ${words}`);
    if (peer !== undefined)
      parts.push(`LOAD="chroot ${peer} ${load}"`, `trace peer-${tool.name} chroot ${peer} env BPFTRACE_COLOR=never bpftrace ${file}`);
  }
  return parts.join("\n");
}

const available = sources === undefined ? [] : tools.filter(({ name }) => existsSync(join(sources, `${name}.bt`)));
const chosen = available.filter(({ name }) => (wanted === undefined ? matrix || SHORT.includes(name) : wanted.includes(name)));

test.before(() => {
  execFileSync("gcc", ["-O1", "-rdynamic", "-o", load, "test/support/tool-load.c"]);
  for (const { name } of chosen) writeFileSync(join(folder, `${name}.bt`), readFileSync(join(sources ?? "", `${name}.bt`)));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("the tools of a bpftrace package are installed", () => {
  assert.ok(chosen.length >= (wanted?.length ?? SHORT.length), `found ${available.length} in ${sources}`);
});

for (const name of series) {
  const fitting = chosen.filter(({ kernels }) => kernels === undefined || kernels.includes(name));
  const outputs = new Map<string, { output: string; load: string; code: string }>();

  test(`kernel ${name}: boots and runs the tools`, async () => {
    const disks = [8, 320, 8, 8, 128].map((megabytes, index) => {
      const disk = join(folder, `disk-${name}-${index}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(disk, "");
      truncateSync(disk, megabytes << 20);
      return disk;
    });
    if (buildWords !== undefined) await build(name, fitting);
    const result = await runInVm(name, script(name, fitting), 120 + fitting.length * (peer === undefined ? 30 : 90), disks);
    for (const part of result.stdout.split(/^=== /m).slice(1)) {
      const [output = "", rest = ""] = part.slice(part.indexOf("\n") + 1).split("\n--- load\n");
      const end = rest.lastIndexOf("--- ");
      outputs.set(part.slice(0, part.indexOf("\n")), { output, load: rest.slice(0, end), code: rest.slice(end + 4).trim() });
    }
    const log = process.env["TOOLS_LOG"];
    if (log !== undefined) writeFileSync(join(log, `${basename(sources ?? "")}-${name}.txt`), result.stdout + result.stderr);
    assert.is(outputs.size, fitting.length * (peer === undefined ? 1 : 2), result.stdout + result.stderr);
  });

  for (const tool of fitting) {
    for (const [who, key] of [["bpfcast", tool.name], ...(peer === undefined ? [] : [["bpftrace", `peer-${tool.name}`]])] as const) {
      const lack = tool.lack?.applies(readFileSync(join(sources ?? "", `${tool.name}.bt`), "utf8"), name) ? tool.lack : undefined;
      const expected = tool.exact ? "prints exact numbers" : "prints what the load bounds";
      test(`kernel ${name}: ${who} ${tool.name} ${lack === undefined ? expected : `says what is not there: ${lack.what}`}`, () => {
        const found = outputs.get(key);
        assert.ok(found !== undefined, "the tool was not reached");
        const output = refused.get(`${name} ${tool.name}`) ?? found.output;
        if (lack !== undefined) {
          assert.match(output, lack.message);
          return;
        }
        const wrong = tool.wrong(output, found.load) || (found.code === "0" ? "" : `exit code ${found.code}`);
        assert.is(wrong, "", `${wrong}\n${output}\n--- load\n${found.load}`);
      });
    }
    const simulated = simulatedTools[tool.name];
    if (simulated === undefined) continue;
    test(`kernel ${name}: ${tool.name} prints the same in the simulated kernel`, async () => {
      const text = readFileSync(join(sources ?? "", `${tool.name}.bt`), "utf8");
      const { output } = await runner.run(text, { processes, steps: simulated.steps });
      const real = kept(simulated, outputs.get(tool.name)?.output ?? "");
      assert.ok(real.length > 0, outputs.get(tool.name)?.output ?? "");
      assert.equal(kept(simulated, output), real, output);
    });
  }
}

test.run();
