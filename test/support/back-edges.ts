// What kernels before 6.6 refuse in the shape of a program, found without them: an instruction other than a jump whose follower was
// met before on the same way ("back-edge", check_cfg() of their kernel/bpf/verifier.c). The order of the search is theirs too.

import { readElf, SectionFlag, SymbolType } from "../../runner/core/elf.ts";

const enum Mark {
  None,
  OnWay,
  Done,
}

const JUMP_CLASSES = [5, 6];
const CALL = 0x80;
const EXIT = 0x90;
const ALWAYS = 0x00;
const WIDE_LOAD = 0x18;

/** Followers of the instruction in slot `at`, in the order in which the kernel visits them. */
function followers(code: Uint8Array, at: number): { next: number[]; isJump: boolean } {
  const opcode = code[at * 8] ?? 0;
  const offset = new DataView(code.buffer, code.byteOffset).getInt16(at * 8 + 2, true);
  const operation = opcode & 0xf0;
  if (!JUMP_CLASSES.includes(opcode & 7) || operation === CALL) return { next: [at + (opcode === WIDE_LOAD ? 2 : 1)], isJump: false };
  if (operation === EXIT) return { next: [], isJump: true };
  return { next: operation === ALWAYS ? [at + 1 + offset] : [at + 1, at + 1 + offset], isJump: true };
}

function backEdge(code: Uint8Array): number | undefined {
  const marks = new Uint8Array(code.length / 8);
  const way: { at: number; next: number[]; isJump: boolean }[] = [];
  const enter = (at: number) => {
    marks[at] = Mark.OnWay;
    way.push({ at, ...followers(code, at) });
  };
  enter(0);
  for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
    const next = top.next.shift();
    if (next === undefined) {
      marks[top.at] = Mark.Done;
      way.pop();
    } else if (marks[next] === Mark.None) enter(next);
    else if (marks[next] === Mark.OnWay && !top.isJump) return top.at;
  }
  return undefined;
}

/** The functions of an object that these kernels refuse, as `FUNCTION: slot NUMBER`. */
export function backEdges(bytes: Uint8Array): string[] {
  const object = readElf(bytes);
  return object.symbols.flatMap(({ name, type, section, value, size }) => {
    const { data, flags } = object.sections[section] ?? {};
    if (type !== SymbolType.Function || data === undefined || flags === undefined || !(flags & SectionFlag.Execute)) return [];
    const slot = backEdge(data.subarray(value, value + size));
    return slot === undefined ? [] : [`${name}: slot ${slot}`];
  });
}
