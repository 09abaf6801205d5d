// Register assignment: a register of r0-r9 for each virtual register.
//
// Input: machine code after spilling, its dominators, liveness and crossing set. Output: the register of each virtual one.
// It cannot fail: values that live across calls take r6-r9 first, in dominance order; then the others take r0-r5, or what
// the first left free in their live range. Hints save moves: the argument register of a call, r0 for results, the register
// of the left operand, of a phi and its operands.

import { BitMatrix } from "./bit-set";
import { stepBack } from "./liveness";
import { isCommutative, keepsRight, MachineFunction, MachineInstruction, MachineOp, NONE, OperandKind } from "./machine";
import { SpillResult } from "./spill";

/** Marks a virtual register that has no register. */
export const UNASSIGNED: u8 = 0xff;

const SAVED_REGISTERS: u32 = 0x3c0;
const ALL_REGISTERS: u32 = 0x3ff;

export function assign(f: MachineFunction, analysis: SpillResult): StaticArray<u8> {
  return new Assigner(f, analysis).run();
}

@final
class Assigner {
  private registers: StaticArray<u8>;
  /** Register that a use will need the value in, or UNASSIGNED. */
  private wishes: StaticArray<u8>;
  /** Target of the two-address instruction that a value is the left operand of, or NONE: they had better share. */
  private followers: StaticArray<i32>;
  /** Union-find over phis and their operands, and the register that a member of each group got. */
  private group: StaticArray<i32>;
  private groupRegister: StaticArray<u8>;
  /** Registers of crossing values that are live together with a value that does not cross. */
  private forbidden: StaticArray<u32>;
  private live: BitMatrix;
  /** Registers in use at the current point. */
  private taken: u32 = 0;

  constructor(
    private f: MachineFunction,
    private analysis: SpillResult,
  ) {
    const count = f.registerCount;
    this.registers = new StaticArray<u8>(count);
    this.wishes = new StaticArray<u8>(count);
    this.followers = new StaticArray<i32>(count);
    this.group = new StaticArray<i32>(count);
    this.groupRegister = new StaticArray<u8>(count);
    this.forbidden = new StaticArray<u32>(count);
    this.live = new BitMatrix(1, count);
    for (let v = 0; v < count; v++) {
      this.registers[v] = UNASSIGNED;
      this.wishes[v] = UNASSIGNED;
      this.followers[v] = NONE;
      this.group[v] = v;
      this.groupRegister[v] = UNASSIGNED;
    }
  }

  run(): StaticArray<u8> {
    this.findWishes();
    const order = this.analysis.dominators.order;
    for (let i = 0; i < order.length; i++) this.assignBlock(order[i], true);
    for (let i = 0; i < order.length; i++) this.findForbidden(order[i]);
    for (let i = 0; i < order.length; i++) this.assignBlock(order[i], false);
    return this.registers;
  }

  private isCrossing(v: i32): bool {
    return this.analysis.crossing.has(0, v);
  }

  private find(v: i32): i32 {
    while (this.group[v] != v) {
      this.group[v] = this.group[this.group[v]];
      v = this.group[v];
    }
    return v;
  }

  /** Backwards, so that the first use behind a definition has the last word. */
  private findWishes(): void {
    const f = this.f;
    const order = this.analysis.dominators.order;
    for (let k = order.length - 1; k >= 0; k--) {
      const code = f.code[order[k]];
      for (let i = code.length - 1; i >= 0; i--) {
        const instruction = code[i];
        const operands = instruction.operands;
        switch (instruction.op) {
          case MachineOp.Call:
            for (let a = 0; a < operands.length; a++) {
              if (operands[a].kind == OperandKind.Register) this.wishes[operands[a].register] = <u8>(a + 1);
            }
            if (instruction.target != NONE) this.wishes[instruction.target] = 0;
            break;
          case MachineOp.Return:
            if (operands[0].kind == OperandKind.Register) this.wishes[operands[0].register] = 0;
            break;
          case MachineOp.Set:
            if (operands[0].kind == OperandKind.Register) this.passWish(instruction.target, operands[0].register);
            break;
          case MachineOp.Alu:
          case MachineOp.Unary:
          case MachineOp.ZeroExtend32:
            this.passWish(instruction.target, instruction.left);
            break;
          case MachineOp.Phi:
            for (let a = 0; a < operands.length && instruction.target != NONE; a++) {
              if (operands[a].kind == OperandKind.Register) this.group[this.find(operands[a].register)] = this.find(instruction.target);
            }
            break;
          default:
            break;
        }
      }
    }
    for (let v = 0; v < f.registerCount; v++) if (f.arrival[v] != 0) this.wishes[v] = f.arrival[v];
  }

  private passWish(from: i32, to: i32): void {
    this.followers[to] = from;
    if (this.wishes[from] != UNASSIGNED && !this.isCrossing(from)) this.wishes[to] = this.wishes[from];
  }

  /** Assigns the values of one class that block `b` defines. */
  private assignBlock(b: i32, crossing: bool): void {
    const f = this.f;
    const liveIn = this.analysis.liveness.liveIn;
    this.taken = 0;
    if (b == 0) {
      for (let v = 0; v < f.registerCount; v++) {
        if (f.arrival[v] != 0 && this.isCrossing(v) == crossing && liveIn.has(0, v)) this.take(v, UNASSIGNED);
      }
    } else {
      for (let v = liveIn.next(b, 0); v >= 0; v = liveIn.next(b, v + 1)) {
        if (this.isCrossing(v) == crossing) this.taken |= (<u32>1) << this.registers[v];
      }
    }
    const code = f.code[b];
    const deaths = this.findDeaths(b);
    // All phi targets are written at once, so an unused one keeps its register until the last phi.
    let unusedPhis: u32 = 0;
    for (let i = 0; i < code.length; i++) {
      const instruction = code[i];
      const target = instruction.target;
      if (instruction.op != MachineOp.Phi) {
        this.taken &= ~unusedPhis;
        unusedPhis = 0;
      }
      // Operands that die here give their registers to the target, except those it must differ from.
      const dying = deaths[i];
      if (!keepsRight(instruction)) this.release(dying, target, crossing);
      else if (instruction.op == MachineOp.Alu && instruction.left != instruction.right) {
        const left = dying.indexOf(instruction.left);
        if (left >= 0) this.free(dying.splice(left, 1)[0], crossing);
      }
      if (target != NONE && this.isCrossing(target) == crossing) this.take(target, this.neighbour(instruction));
      if (keepsRight(instruction)) this.release(dying, target, crossing);
      if (target != NONE && dying.includes(target) && this.isCrossing(target) == crossing) {
        const bit = (<u32>1) << this.registers[target];
        if (instruction.op == MachineOp.Phi) unusedPhis |= bit;
        else this.taken &= ~bit;
      }
    }
  }

  /** Values whose last use (or unused definition) each instruction of block `b` is. */
  private findDeaths(b: i32): Array<Array<i32>> {
    const f = this.f;
    const code = f.code[b];
    const deaths: Array<Array<i32>> = [];
    for (let i = 0; i < code.length; i++) deaths.push([]);
    this.live.copy(0, b, this.analysis.liveness.liveOut);
    for (let i = code.length - 1; i >= 0; i--) {
      const instruction = code[i];
      const target = instruction.target;
      if (target != NONE && !this.live.has(0, target)) deaths[i].push(target);
      if (instruction.op != MachineOp.Phi) {
        this.noteDeath(instruction.left, deaths[i]);
        this.noteDeath(instruction.right, deaths[i]);
        const operands = instruction.operands;
        for (let k = 0; k < operands.length; k++) {
          if (operands[k].kind == OperandKind.Register) this.noteDeath(operands[k].register, deaths[i]);
        }
      }
      stepBack(instruction, this.live, 0);
    }
    return deaths;
  }

  private noteDeath(register: i32, deaths: Array<i32>): void {
    if (register >= 0 && !this.live.has(0, register) && !deaths.includes(register)) deaths.push(register);
  }

  private release(deaths: Array<i32>, target: i32, crossing: bool): void {
    for (let k = 0; k < deaths.length; k++) if (deaths[k] != target) this.free(deaths[k], crossing);
  }

  private free(v: i32, crossing: bool): void {
    if (this.isCrossing(v) == crossing) this.taken &= ~((<u32>1) << this.registers[v]);
  }

  /** The register that would save `instruction` a move, or UNASSIGNED. */
  private neighbour(instruction: MachineInstruction): u8 {
    if (instruction.op == MachineOp.Set) {
      const operand = instruction.operands[0];
      return operand.kind == OperandKind.Register ? this.registers[operand.register] : UNASSIGNED;
    }
    if (instruction.op != MachineOp.Alu && instruction.op != MachineOp.Unary && instruction.op != MachineOp.ZeroExtend32) {
      return UNASSIGNED;
    }
    const left = this.registers[instruction.left];
    if (left != UNASSIGNED && ((this.taken >> left) & 1) == 0) return left;
    if (instruction.right >= 0 && instruction.op == MachineOp.Alu && isCommutative(instruction.code)) {
      return this.registers[instruction.right];
    }
    return UNASSIGNED;
  }

  private isFree(register: u8, v: i32): bool {
    if (register == UNASSIGNED) return false;
    const mask = this.isCrossing(v) ? SAVED_REGISTERS : ALL_REGISTERS;
    return (((mask & ~this.taken & ~this.forbidden[v]) >> register) & 1) != 0;
  }

  private take(v: i32, neighbour: u8): void {
    const register = this.pick(v, neighbour);
    this.registers[v] = register;
    this.taken |= (<u32>1) << register;
    const root = this.find(v);
    if (this.groupRegister[root] == UNASSIGNED) this.groupRegister[root] = register;
  }

  private pick(v: i32, neighbour: u8): u8 {
    if (this.isFree(this.wishes[v], v)) return this.wishes[v];
    const follower = this.followers[v];
    if (follower != NONE && this.isFree(this.registers[follower], v)) return this.registers[follower];
    const partner = this.groupRegister[this.find(v)];
    if (this.isFree(partner, v)) return partner;
    if (this.isFree(neighbour, v)) return neighbour;
    if (this.isCrossing(v)) {
      for (let r: u8 = 6; r <= 9; r++) if (this.isFree(r, v)) return r;
    } else {
      // From r5 down: the low ones are those that others wish for.
      if (this.isFree(0, v)) return 0;
      for (let r: u8 = 5; r >= 1; r--) if (this.isFree(r, v)) return r;
      for (let r: u8 = 6; r <= 9; r++) if (this.isFree(r, v)) return r;
    }
    throw new Error("register pressure was not bounded");
  }

  /** Collects, per value that does not cross, the registers of crossing values that are live together with it. */
  private findForbidden(b: i32): void {
    const code = this.f.code[b];
    this.live.copy(0, b, this.analysis.liveness.liveOut);
    let i = code.length - 1;
    for (; i >= 0 && code[i].op != MachineOp.Phi; i--) {
      const instruction = code[i];
      const target = instruction.target;
      if (target != NONE) {
        this.meet(target);
        if (keepsRight(instruction)) {
          if (instruction.right >= 0) this.meetPair(target, instruction.right);
          if (instruction.op == MachineOp.Compare) this.meetPair(target, instruction.left);
        }
      }
      stepBack(instruction, this.live, 0);
    }
    for (let p = i; p >= 0; p--) if (code[p].target != NONE) this.live.add(0, code[p].target);
    for (let p = i; p >= 0; p--) if (code[p].target != NONE) this.meet(code[p].target);
    if (b != 0) return;
    for (let v = this.live.next(0, 0); v >= 0; v = this.live.next(0, v + 1)) this.meet(v);
  }

  /** `target` begins to live together with all that is live. */
  private meet(target: i32): void {
    for (let v = this.live.next(0, 0); v >= 0; v = this.live.next(0, v + 1)) if (v != target) this.meetPair(target, v);
  }

  private meetPair(a: i32, b: i32): void {
    if (this.isCrossing(a) == this.isCrossing(b)) return;
    if (this.isCrossing(a)) this.forbidden[b] = this.forbidden[b] | ((<u32>1) << this.registers[a]);
    else this.forbidden[a] = this.forbidden[a] | ((<u32>1) << this.registers[b]);
  }
}
