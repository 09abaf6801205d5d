// The ELF objects that the back end writes, as other tools see them.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bytesOf, compileToObject } from "../backend.ts";
import { dumpBtf } from "../bpftool.ts";
import { canLoadPrograms, runInKernel, temporaryFolder } from "../kernel-runner.ts";

const test = suite("objects");

function write(name: string): string {
  const file = join(temporaryFolder(), `${name}.o`);
  writeFileSync(file, bytesOf(compileToObject(readFileSync(`test/compiler/bpf/golden/${name}.ir`, "utf8"))));
  return file;
}

function readelf(option: string, file: string): string {
  return execFileSync("readelf", [option, "-W", file], { encoding: "utf8" });
}

/** Bytes of a section, by the headers that this parses itself. */
function section(object: Uint8Array, wanted: string): Uint8Array | undefined {
  const view = new DataView(object.buffer, object.byteOffset);
  const headers = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  const at = (index: number, field: number): number => Number(view.getBigUint64(headers + index * 64 + field, true));
  const names = at(view.getUint16(62, true), 24);
  for (let i = 1; i < count; i++) {
    const start = names + view.getUint32(headers + i * 64, true);
    const name = new TextDecoder().decode(object.subarray(start, object.indexOf(0, start)));
    if (name === wanted) return object.subarray(at(i, 24), at(i, 24) + at(i, 32));
  }
  return undefined;
}

test("sections come in the order that libbpf is known to accept", () => {
  const names = [...readelf("-S", write("ring-event")).matchAll(/\] (\S+)\s+(?:PROGBITS|SYMTAB|STRTAB|REL) /g)].map((match) => match[1]);
  assert.equal(names, [
    "tracepoint/syscalls/sys_enter_openat",
    "license",
    ".rodata",
    ".data.counters",
    ".data.scratch",
    ".maps",
    ".BTF",
    ".BTF.ext",
    ".bpfcast",
    ".bpfcast.rel",
    ".symtab",
    ".strtab",
    ".reltracepoint/syscalls/sys_enter_openat",
  ]);
});

test("readelf finds nothing to warn of", () => {
  const file = write("ring-event");
  const output = execFileSync("sh", ["-c", 'readelf -a -W "$0" 2>&1 >/dev/null', file], { encoding: "utf8" });
  assert.is(output, "");
});

test("programs are global functions with their size, maps are global objects", () => {
  const symbols = readelf("-s", write("ring-event"));
  assert.match(symbols, /264 FUNC\s+GLOBAL DEFAULT\s+1 tracepoint_1/);
  assert.match(symbols, /16 OBJECT\s+GLOBAL DEFAULT\s+6 events/);
});

test("relocations name maps and data sections", () => {
  const relocations = readelf("-r", write("ring-event"));
  assert.is([...relocations.matchAll(/ events$/gm)].length, 2);
  assert.is([...relocations.matchAll(/ \.data\.counters$/gm)].length, 1);
});

test("the BTF describes maps and programs", () => {
  const btf = dumpBtf(write("count-by-comm"));
  assert.match(btf, /VAR 'at_counts' type_id=\d+, linkage=global/);
  assert.match(btf, /DATASEC '\.maps'/);
  assert.match(btf, /FUNC 'tracepoint_1' type_id=\d+ linkage=global/);
});

test("kernel functions are symbols without a place, and functions of .ksyms in the BTF", () => {
  const file = write("kernel-function");
  const symbols = readelf("-s", file);
  for (const name of ["bpf_task_from_pid", "bpf_task_release"]) {
    assert.match(symbols, new RegExp(`0 NOTYPE  GLOBAL DEFAULT  UND ${name}$`, "m"));
    assert.is([...readelf("-r", file).matchAll(new RegExp(`^[0-9a-f]+ +[0-9a-f]{8}0000000a .* ${name}`, "gm"))].length, 1);
    assert.match(dumpBtf(file), new RegExp(`FUNC '${name}' type_id=\\d+ linkage=extern`));
  }
  assert.match(dumpBtf(file), /DATASEC '\.ksyms'/);
});

test("the BTF has every kind of type", () => {
  const btf = dumpBtf(write("count-by-comm"));
  for (const line of [
    "ENUM 'pid_type' encoding=UNSIGNED size=4 vlen=1",
    "'PIDTYPE_SID' val=99",
    "'sched_reset_on_fork' type_id=\\d+ bits_offset=3 bitfield_size=1",
    "UNION '(anon)' size=8 vlen=2",
    "ENUM64 'large' encoding=SIGNED size=8 vlen=1",
    "'LARGE_VALUE' val=20015998343868",
    "TYPEDEF 'spelling'",
    "VAR 'flag' type_id=\\d+, linkage=static",
    "FWD 'elsewhere' fwd_kind=struct",
    "DECL_TAG 'note' type_id=2 component_idx=1",
  ]) {
    assert.match(btf, new RegExp(line.replaceAll("(", "\\(").replaceAll(")", "\\)")));
  }
});

test("tracepoint relocations are records of five numbers", () => {
  const records = section(readFileSync(write("ring-event")), ".bpfcast.rel");
  assert.ok(records);
  // Kind Load, program 0, the slot of the load of the file name, tracepoint 0, field 0.
  const numbers = [...new Uint32Array(Uint8Array.from(records).buffer)];
  assert.equal(numbers.slice(0, 2), [0, 0]);
  assert.is(numbers.length, 5);
  const code = section(readFileSync(write("ring-event")), "tracepoint/syscalls/sys_enter_openat");
  assert.is(code?.[(numbers[2] ?? 0) * 8], 0x79);
});

test("line info names the script's lines", () => {
  const btf = section(readFileSync(write("count-by-comm")), ".BTF");
  assert.ok(new TextDecoder().decode(btf).includes("tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"));
});

if (canLoadPrograms()) {
  test("CO-RE relocations reach the kernel's own layout", () => {
    // real_parent's tgid is the parent of the thread group: the program runs in the runner, whose parent is this process.
    const ir = readFileSync("test/compiler/bpf/golden/core-chain.ir", "utf8").replace(
      "tracepoint/syscalls/sys_enter_openat",
      "raw_tp/test",
    );
    assert.is(runInKernel(bytesOf(compileToObject(ir))).programs[0]?.returned, process.pid);
  });

  test("CO-RE values of every kind reach the target's own", () => {
    const ir = readFileSync("test/compiler/bpf/golden/core-kinds.ir", "utf8");
    assert.is(runInKernel(bytesOf(compileToObject(ir))).programs[0]?.returned, 0);
    // Without its relocation the enumerator keeps the object's own value, and the program says so.
    assert.is(runInKernel(bytesOf(compileToObject(ir.replace("coreconst 99 !0", "const 99")))).programs[0]?.returned, 1);
  });

  test("callbacks are found and run", () => {
    const run = runInKernel(bytesOf(compileToObject(readFileSync("test/compiler/bpf/golden/callback.ir", "utf8"))));
    assert.equal(run.programs, [{ name: "f", returned: 5 + 45 }]);
  });

  test("several programs share a section", () => {
    const f = (name: string, value: number): string => `fn ${name} section "raw_tp/test"\nb0:\n  v0 = const ${value}\n  return v0\nend\n`;
    const run = runInKernel(bytesOf(compileToObject(f("first", 11) + f("second", 22))));
    assert.equal(run.programs, [
      { name: "first", returned: 11 },
      { name: "second", returned: 22 },
    ]);
  });

  test("constants of .rodata are read", () => {
    const ir = 'fn f section "raw_tp/test"\nb0:\n  v0 = data rodata + 20\n  v1 = load4 v0 + 4\n  return v1\nend\n';
    assert.is(runInKernel(bytesOf(compileToObject(ir))).programs[0]?.returned, 6);
  });
}

test.run();
