// Functions that hardly any kernel lets a test call: the helpers that they become, and what the manifest asks of the host.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../../runner/core/bind.ts";
import { richKernel } from "../../support/btf.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

interface Row {
  script: string;
  /** In this order in the IR. */
  ir: RegExp[];
  unsafe?: boolean;
  features?: string[];
  /** Kinds of what `bind` sets. */
  bindings?: string[];
}

const rows: Row[] = [
  {
    script: "kprobe:f { override(5); }",
    ir: [/const 5/, /call override_return\(/],
    unsafe: true,
    features: ["unsafe:override()", "helper:override_return"],
  },
  {
    script: "kprobe:f { $x = (int32)7; @ = write_user(arg0, &$x, 4); }",
    ir: [/store4 .* \+ 0, /, /call probe_write_user\(/, /eq /],
    unsafe: true,
    features: ["unsafe:write_user()"],
    bindings: ["max_cpu"],
  },
  {
    script: 'BEGIN { debugf("%d %s", pid, comm); }',
    ir: [/const 6 /, /call get_current_comm\(/, /call trace_printk\(/],
  },
  {
    script: 'BEGIN { @ = *percpu_kaddr("runqueues"); }',
    ir: [/call get_smp_processor_id\(\)/, /call probe_read_kernel\(/, /phi /],
    bindings: ["kernel_address", "kernel_address", "max_cpu"],
  },
  {
    // A CPU that is not there has no address.
    script: 'BEGIN { @ = percpu_kaddr("runqueues", 5) == 0; }',
    ir: [/const 5 /, /uge .*\n.*branch /, /phi .*: v\d+, .*: v\d+/],
    bindings: ["kernel_address", "kernel_address", "max_cpu"],
  },
  {
    script: 'BEGIN { print(cgroup_path(cgroup, "user*")); }',
    ir: [/store8 v\d+ \+ 8, .*get_current_cgroup_id|get_current_cgroup_id/, /store8 v\d+ \+ 16, /],
    features: ["ring_buffer"],
    bindings: ["ring_limit"],
  },
  {
    // A length that is a parameter is a loop of single bytes.
    script: 'BEGIN { @ = strncmp(comm, "abc", $1); }',
    ir: [/call get_current_comm\(/, /load1 .*\n.*index.*\n.*load1 /, /phi /],
    bindings: ["parameter_number"],
  },
  { script: "BEGIN { @ = has_cpid; }", ir: [/load8 .*\n.* ne /], bindings: ["command_pid"] },
  { script: "kprobe:f { @ = str($1); }", ir: [/call probe_read_kernel_str|data rodata/], bindings: ["max_cpu", "parameter_text"] },
  {
    script: "kprobe:f { @ = str(arg0, arg1); }",
    ir: [/load8 .*\n/, /call probe_read_kernel_str\(/],
    bindings: ["max_cpu"],
  },
  { script: "kprobe:f { @ = *curtask; }", ir: [/call get_current_task\(\)/, /call probe_read_kernel\(/], bindings: ["max_cpu"] },
  {
    script: "fentry:vfs_open { @ = path(args.path, 16); }",
    ir: [/call d_path\(/],
    features: ["helper:d_path"],
  },
];

for (const { script, ir, unsafe = false, features = [], bindings = [] } of rows) {
  test(script, async () => {
    const result = compile(await newCompiler(), script, ["ir"], richKernel());
    assert.is(result.kind, "object", JSON.stringify(result.diagnostics));
    if (result.kind !== "object") return;
    let text = result.dumps["ir"] ?? "";
    for (const part of ir) {
      const found = part.exec(text);
      assert.ok(found, `${part} in ${result.dumps["ir"]}`);
      text = text.slice((found?.index ?? 0) + 1);
    }
    const manifest = readManifest(result.object);
    assert.is(manifest.unsafe, unsafe);
    const names = manifest.features.map(({ feature }) => feature);
    for (const feature of features) assert.ok(names.includes(feature), names.join(" "));
    assert.equal(
      manifest.bindings.map(({ kind }) => kind),
      bindings,
    );
  });
}

test.run();
