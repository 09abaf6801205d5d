// Makes the shape of llc's code one that every kernel takes: those before 6.6 refuse ("back-edge") an instruction other than a jump
// that is followed by one that was met before on the same way from the start, as llc puts the end of a loop right before its head.
// Behind such an instruction comes a jump to the next.
//
// Input: a function's code with its records. Output: the same, some slots longer.

import { EncodedFunction } from "../bpf/encode";
import { Class, Opcode } from "../bpf/instructions";

const enum Mark {
  None,
  OnWay,
  Done,
}

export function mendBackEdges(f: EncodedFunction): void {
  if (f.slots == 0) return;
  for (let slot = backEdge(f); slot >= 0; slot = backEdge(f)) insertJump(f, slot);
}

function addressOf(f: EncodedFunction, slot: i32): usize {
  return f.code.pointer + ((<usize>slot) << 3);
}

function opcodeAt(f: EncodedFunction, slot: i32): u8 {
  return load<u8>(addressOf(f, slot));
}

function isJump(opcode: u8): bool {
  const kind = opcode & 7;
  return (kind == Class.Jump || kind == Class.Jump32) && opcode != Opcode.Call && opcode != Opcode.Exit;
}

function targetOf(f: EncodedFunction, slot: i32): i32 {
  return slot + 1 + <i32>load<i16>(addressOf(f, slot), 2);
}

/** Follower number `index` of the instruction at `slot`, in the order of the kernel's search; -1 when there are no more. */
function follower(f: EncodedFunction, slot: i32, index: i32): i32 {
  const opcode = opcodeAt(f, slot);
  if (opcode == Opcode.Exit) return -1;
  if (!isJump(opcode)) return index > 0 ? -1 : slot + (opcode == Opcode.LoadImmediate64 ? 2 : 1);
  if (opcode == Opcode.Jump) return index > 0 ? -1 : targetOf(f, slot);
  return index > 1 ? -1 : index == 0 ? slot + 1 : targetOf(f, slot);
}

/** The follower of the first instruction that the kernel's search (check_cfg() in kernel/bpf/verifier.c) refuses, or -1. */
function backEdge(f: EncodedFunction): i32 {
  const marks = new StaticArray<i32>(f.slots);
  const visited = new StaticArray<i32>(f.slots);
  const way: Array<i32> = [0];
  marks[0] = Mark.OnWay;
  while (way.length > 0) {
    const slot = way[way.length - 1];
    const next = follower(f, slot, visited[slot]++);
    if (next < 0) {
      marks[slot] = Mark.Done;
      way.pop();
    } else if (marks[next] == Mark.None) {
      marks[next] = Mark.OnWay;
      way.push(next);
    } else if (marks[next] == Mark.OnWay && !isJump(opcodeAt(f, slot))) return next;
  }
  return -1;
}

/** Inserts `goto +0` at `slot`: who jumped there jumps behind it. */
function insertJump(f: EncodedFunction, slot: i32): void {
  const slots = f.slots;
  for (let at = 0; at < slots; at++) {
    const opcode = opcodeAt(f, at);
    if (opcode == Opcode.LoadImmediate64) at++;
    else if (isJump(opcode)) {
      const target = targetOf(f, at);
      const change = (target >= slot ? 1 : 0) - (at >= slot ? 1 : 0);
      store<i16>(addressOf(f, at), <i16>(target - at - 1 + change), 2);
    }
  }
  f.code.writeZeros(8);
  memory.copy(addressOf(f, slot + 1), addressOf(f, slot), (<usize>(slots - slot)) << 3);
  store<u64>(addressOf(f, slot), <u64>Opcode.Jump);
  for (let i = 0; i < f.fixups.length; i++) if (f.fixups[i].slot >= slot) f.fixups[i].slot++;
  for (let i = 0; i < f.relocations.length; i++) if (f.relocations[i].slot >= slot) f.relocations[i].slot++;
  for (let i = 0; i < f.lines.length; i++) if (f.lines[i].slot >= slot) f.lines[i].slot++;
}
