// The command of -c: held until it is released, watched from the event loop.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadAddon, type NativeChild } from "../../runner/host/addon.ts";
import { HostCommand } from "../../runner/host/command.ts";
import { BpfcastError } from "../../wasm/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "bpfcast-child-"));
test.after(() => rmSync(folder, { recursive: true }));

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function start(...words: string[]): { child: NativeChild; ended: Promise<void> } {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { child: new (loadAddon().Child)(words, () => end()), ended };
}

test("does nothing before it is released, then all it should", async () => {
  const file = join(folder, "mark");
  const { child, ended } = start("/bin/sh", "-c", `echo done > ${file}; exit 3`);
  await pause(100);
  assert.is(existsSync(file), false);
  assert.is(child.poll(), null);
  assert.is(readFileSync(`/proc/${child.pid()}/comm`, "latin1").trim(), readFileSync("/proc/self/comm", "latin1").trim());
  child.release();
  await ended;
  assert.is(readFileSync(file, "latin1"), "done\n");
  assert.equal(child.poll(), { code: 3, signal: 0 });
});

test("is found in the PATH, and finished when release returns has become the program", async () => {
  const { child, ended } = start("sleep", "60");
  child.release();
  assert.is(readFileSync(`/proc/${child.pid()}/comm`, "latin1").trim(), "sleep");
  child.signal(15);
  await ended;
  assert.equal(child.poll(), { code: 0, signal: 15 });
  // It has gone: a signal now must not hit anybody else.
  child.signal(15);
});

test("an exec that fails is an error of release", async () => {
  const { child, ended } = start("/no/such/program");
  assert.throws(() => child.release(), /running the command.*ENOENT/);
  await ended;
  assert.equal(child.poll(), { code: 127, signal: 0 });
});

test("its standard streams are ours, its signals are the default ones", async () => {
  const file = join(folder, "streams");
  const { child, ended } = start(
    "/bin/sh",
    "-c",
    `for stream in 0 1 2; do test -e /proc/self/fd/$stream && echo $stream; done > ${file}; grep -E 'Sig(Ign|Blk)' /proc/self/status >> ${file}`,
  );
  child.release();
  await ended;
  const text = readFileSync(file, "latin1");
  assert.match(text, /^0\n1\n2\n/);
  assert.match(text, /SigBlk:\s+0+\n/);
  // SIGPIPE is number 13: bit 12.
  assert.is(BigInt(`0x${/SigIgn:\s+([0-9a-f]+)/.exec(text)?.[1]}`) & (1n << 12n), 0n);
});

test("a command that does not exist is refused before anything is loaded", () => {
  try {
    new HostCommand("/no/such/program with arguments");
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof BpfcastError && error.code === "bad-command");
    assert.match(
      error instanceof Error ? error.message : "",
      "Failed to fork child: Path '/no/such/program' does not exist or is not executable",
    );
  }
  assert.throws(() => new HostCommand("   "), /empty/);
});

test.run();
