// Improves a function's code once registers are assigned.
//
// Input: FunctionCode from expand.ts. Output: the same code with fewer jumps and instructions: empty blocks are bypassed,
// equal ends of blocks are shared, blocks that nothing reaches are gone (verifiers reject unreachable instructions).

import { Block, End, FunctionCode, Instruction, Opcode } from "./instructions";

export function improve(code: FunctionCode): void {
  bypassEmptyBlocks(code);
  removeUnreachable(code);
  for (let i = 0; i < code.order.length; i++) removeUselessMoves(code.blocks[code.order[i]]);
  // Sharing can make blocks empty, and their removal more ends equal.
  while (shareTails(code)) {
    bypassEmptyBlocks(code);
    removeUnreachable(code);
  }
  placeBehindJumps(code);
}

/** Redirects edges that lead to blocks which only jump on. */
function bypassEmptyBlocks(code: FunctionCode): void {
  for (let i = 0; i < code.order.length; i++) {
    const block = code.blocks[code.order[i]];
    if (block.end == End.Exit) continue;
    block.next0 = finalTarget(code, block.next0);
    if (block.end == End.Jump) continue;
    block.next1 = finalTarget(code, block.next1);
    if (block.next0 == block.next1) block.end = End.Jump;
  }
}

function finalTarget(code: FunctionCode, target: i32): i32 {
  // An empty endless loop would go round for ever.
  for (let steps = 0; steps < 64; steps++) {
    const block = code.blocks[target];
    if (block.end != End.Jump || block.code.length > 0 || block.next0 == target) break;
    target = block.next0;
  }
  return target;
}

function removeUnreachable(code: FunctionCode): void {
  const reached = new StaticArray<bool>(code.blocks.length);
  const work: Array<i32> = [code.order[0]];
  reached[code.order[0]] = true;
  while (work.length > 0) {
    const block = code.blocks[work.pop()];
    if (block.end == End.Exit) continue;
    if (!reached[block.next0]) {
      reached[block.next0] = true;
      work.push(block.next0);
    }
    if (block.end == End.Branch && !reached[block.next1]) {
      reached[block.next1] = true;
      work.push(block.next1);
    }
  }
  const order: Array<i32> = [];
  for (let i = 0; i < code.order.length; i++) if (reached[code.order[i]]) order.push(code.order[i]);
  code.order = order;
}

/** Drops a move back to where the value just came from: `a = b; b = a`. */
function removeUselessMoves(block: Block): void {
  const result: Array<Instruction> = [];
  for (let i = 0; i < block.code.length; i++) {
    const instruction = block.code[i];
    if (instruction.opcode == Opcode.Move && result.length > 0) {
      const before = result[result.length - 1];
      if (before.opcode == Opcode.Move && before.dst == instruction.src && before.src == instruction.dst) continue;
    }
    result.push(instruction);
  }
  block.code = result;
}

/** Lets blocks that end in the same way share that end; true if there were any. */
function shareTails(code: FunctionCode): bool {
  let shared = false;
  for (let i = 0; i < code.order.length; i++) {
    const first = code.blocks[code.order[i]];
    if (first.end == End.Branch) continue;
    const exit = first.end == End.Exit;
    // An exit needs one more equal instruction to be worth a jump; all its partners then share the longest end with it.
    let best = -1;
    let bestLength = exit ? 0 : 1;
    for (let k = i + 1; k < code.order.length; k++) {
      const second = code.blocks[code.order[k]];
      if (second.end != first.end || (!exit && second.next0 != first.next0)) continue;
      const length = commonTail(first, second);
      if (length > bestLength) {
        bestLength = length;
        best = k;
      }
    }
    if (best < 0) continue;
    share(code, i, best, bestLength);
    shared = true;
  }
  return shared;
}

function commonTail(a: Block, b: Block): i32 {
  let length = 0;
  const count = min(a.code.length, b.code.length);
  while (length < count && a.code[a.code.length - 1 - length].equals(b.code[b.code.length - 1 - length])) length++;
  return length;
}

/** Makes the last `length` instructions of the blocks at positions `i` and `k` (i < k) of the order one block. */
function share(code: FunctionCode, i: i32, k: i32, length: i32): void {
  const first = code.blocks[code.order[i]];
  const second = code.blocks[code.order[k]];
  // If one of them is wholly the tail, the other one jumps to it.
  if (second.code.length == length) {
    cutTail(first, length, code.order[k]);
    return;
  }
  if (first.code.length == length && i != 0) {
    cutTail(second, length, code.order[i]);
    return;
  }
  const tail = new Block();
  tail.code = second.code.slice(second.code.length - length);
  tail.end = second.end;
  tail.next0 = second.next0;
  tail.source = second.source;
  code.blocks.push(tail);
  const number = code.blocks.length - 1;
  cutTail(first, length, number);
  cutTail(second, length, number);
  code.order.push(0);
  for (let p = code.order.length - 1; p > k + 1; p--) code.order[p] = code.order[p - 1];
  code.order[k + 1] = number;
}

function cutTail(block: Block, length: i32, to: i32): void {
  block.code = block.code.slice(0, block.code.length - length);
  block.end = End.Jump;
  block.next0 = to;
}

/** Moves a block that can only be jumped to behind a block that jumps to it, so that this jump disappears. */
function placeBehindJumps(code: FunctionCode): void {
  const order = code.order;
  const result: Array<i32> = [];
  const placed = new StaticArray<bool>(code.blocks.length);
  const entered = fallenInto(code);
  for (let i = 0; i < order.length; i++) {
    let b = order[i];
    if (placed[b]) continue;
    while (true) {
      placed[b] = true;
      result.push(b);
      const block = code.blocks[b];
      if (block.end == End.Exit) break;
      // A block keeps the one it falls into; a jump takes one that no other falls into.
      const follower = followerOf(order, b);
      let next = block.next0;
      if (follower >= 0 && entered[follower]) next = follower;
      else if (block.end == End.Branch) break;
      if (placed[next] || (entered[next] && next != follower)) break;
      b = next;
    }
  }
  code.order = result;
}

/** The block behind `b` in the order, or -1. */
function followerOf(order: Array<i32>, b: i32): i32 {
  const at = order.indexOf(b);
  return at + 1 < order.length ? order[at + 1] : -1;
}

/** Blocks that the one before them in the order reaches without a jump. */
function fallenInto(code: FunctionCode): StaticArray<bool> {
  const entered = new StaticArray<bool>(code.blocks.length);
  for (let i = 0; i + 1 < code.order.length; i++) {
    const block = code.blocks[code.order[i]];
    const next = code.order[i + 1];
    if (block.end == End.Exit) continue;
    if (block.next0 == next || (block.end == End.Branch && block.next1 == next)) entered[next] = true;
  }
  return entered;
}
