// Operands of static tracepoints' notes, as compilers write them.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { describeArgument } from "../../runner/host/static-arguments.ts";

/** Constant, register's offset, index register's, scale, bits of the shift, flags. */
type Description = [constant: bigint, register: number, index: number, scale: number, shift: number, flags: number];

/** What no program can read. */
const UNREADABLE = undefined;
const AT = 0x401000;

const cases: [architecture: string, text: string, expected: Description | undefined][] = [
  ["x86_64", "8@%rdi", [0n, 112, 0, 0, 0, 1]],
  ["x86_64", "-4@%esi", [0n, 104, 0, 0, 32, 9]],
  ["x86_64", "-1@%cl", [0n, 88, 0, 0, 56, 9]],
  ["x86_64", "2@%r9w", [0n, 64, 0, 0, 48, 1]],
  ["x86_64", "-4@$-7", [-7n, 0, 0, 0, 32, 8]],
  ["x86_64", "8@$0x10", [16n, 0, 0, 0, 0, 0]],
  ["x86_64", "8@-8(%rbp)", [-8n, 32, 0, 0, 0, 5]],
  ["x86_64", "4@(%rsp)", [0n, 152, 0, 0, 32, 5]],
  ["x86_64", "8@16(%rax,%rbx,8)", [16n, 80, 40, 3, 0, 7]],
  ["x86_64", "8@(,%rbx,4)", [0n, 0, 40, 2, 0, 6]],
  ["x86_64", "-4@value(%rip)", [0x1000n, 128, 0, 0, 32, 13]],
  ["x86_64", "-4@value+8(%rip)", [0x1008n, 128, 0, 0, 32, 13]],
  ["x86_64", "4@value(,%rax,4)", [0x402000n, 0, 80, 2, 32, 6]],
  ["x86_64", "4@value", [0x402000n, 0, 0, 0, 32, 4]],
  ["x86_64", "4@other", UNREADABLE],
  ["x86_64", "8@%xmm0", UNREADABLE],
  ["x86_64", "8@%ah", UNREADABLE],
  ["x86_64", "16@%rax", UNREADABLE],
  ["x86_64", "", UNREADABLE],
  ["aarch64", "8@x3", [0n, 24, 0, 0, 0, 1]],
  ["aarch64", "-4@w0", [0n, 0, 0, 0, 32, 9]],
  ["aarch64", "4@5", [5n, 0, 0, 0, 32, 0]],
  ["aarch64", "8@[sp, 16]", [16n, 248, 0, 0, 0, 5]],
  ["aarch64", "8@[x1]", [0n, 8, 0, 0, 0, 5]],
  ["aarch64", "8@[x1, x2]", [0n, 8, 16, 0, 0, 7]],
  ["aarch64", "8@x99", UNREADABLE],
];

for (const [architecture, text, expected] of cases)
  test(`${architecture}: ${text}`, () => {
    const bytes = describeArgument(text, architecture, AT, (name) => (name === "value" ? 0x402000 : undefined));
    if (expected === undefined || typeof bytes === "string") {
      assert.is(bytes, text);
      assert.is(expected, undefined);
      return;
    }
    const view = new DataView(bytes.buffer);
    const found = [view.getBigInt64(0, true), ...[8, 12, 16, 20, 24].map((at) => view.getUint32(at, true))];
    assert.equal(found, expected);
  });

test.run();
