// Builds an `IrFunction` in SSA form while lowering walks the script, folding what is constant at once.
//
// Scratch variables become SSA values on the fly (M. Braun et al., "Simple and Efficient Construction of Static Single
// Assignment Form", CC 2013): a block is sealed when all its predecessors are known; reads in unsealed blocks leave a phi
// that sealing completes.

import { extendConstant, foldBinary, isCommutative, negated, swapped } from "./fold";
import { HelperTable } from "./helper-lookup";
import { Helper } from "./helpers";
import { IrFunction, isComparison, Op, Section, Type } from "./ir";

export class Builder {
  /** The block that code goes to; -1 after a terminator (what follows is unreachable and dropped). */
  block: i32 = 0;
  /** Byte offset in the script of what is being lowered. */
  source: u32 = 0;
  private helpers: HelperTable = new HelperTable();
  private leaves: Map<u64, i32> = new Map();
  private sealed: Array<bool> = [];
  /** Value of a variable at the end of a block, where it is known there: by block (high half) and variable. */
  private definitions: Map<u64, i32> = new Map();
  /** Per unsealed block: pairs (variable, phi). */
  private incomplete: Array<Array<i32>> = [];
  /** What `zeroKey` made, or -1. */
  private zeroSlot: i32 = -1;
  /** Type of each variable. */
  private variableTypes: Array<Type> = [];

  constructor(public f: IrFunction) {
    this.block = this.newBlock();
    this.seal(this.block);
  }

  // Blocks

  newBlock(unlikely: bool = false): i32 {
    const block = this.f.addBlock();
    this.f.unlikely[block] = unlikely;
    this.sealed.push(false);
    this.incomplete.push([]);
    return block;
  }

  /** Goes on in `block`, whose predecessors are all known; where there are none, what follows is unreachable. */
  enter(block: i32): void {
    this.seal(block);
    this.enterUnsealed(block);
  }

  /** Goes on in `block`, to which more predecessors will jump (the head of a loop). */
  enterUnsealed(block: i32): void {
    this.block = block == 0 || this.f.predecessors[block].length > 0 ? block : -1;
  }

  get reachable(): bool {
    return this.block >= 0;
  }

  seal(block: i32): void {
    if (this.sealed[block]) return;
    this.sealed[block] = true;
    const pending = this.incomplete[block];
    for (let i = 0; i < pending.length; i += 2) this.completePhi(pending[i], pending[i + 1], block);
    this.incomplete[block] = [];
  }

  jump(target: i32): void {
    if (!this.reachable) return;
    this.emit(Op.Jump, Type.Void);
    this.f.connect(this.block, target);
    this.block = -1;
  }

  branch(condition: i32, whenTrue: i32, whenFalse: i32): void {
    if (!this.reachable) return;
    if (this.isConst(condition)) {
      this.jump(this.constOf(condition) != 0 ? whenTrue : whenFalse);
      return;
    }
    const value = this.emit(Op.Branch, Type.Void);
    this.f.setOperands(value, [condition]);
    this.f.connect(this.block, whenTrue);
    this.f.connect(this.block, whenFalse);
    this.block = -1;
  }

  ret(value: i32): void {
    if (!this.reachable) return;
    const id = this.emit(Op.Return, Type.Void);
    this.f.setOperands(id, [value]);
    this.block = -1;
  }

  // Values

  private emit(op: Op, type: Type, imm: i64 = 0, aux: u8 = 0): i32 {
    const value = this.f.create(op, type, imm, aux, this.source);
    // Code after a terminator is lowered like any other (it may be wrong, and must be reported), but goes nowhere.
    if (this.reachable) this.f.append(this.block, value);
    return value;
  }

  /** Leaves are made once, in the entry block, so that they dominate every use. */
  private leaf(op: Op, type: Type, imm: i64, aux: u8): i32 {
    const key = (<u64>imm * 0x9e3779b97f4a7c15) ^ ((<u64>op) << 8) ^ <u64>aux;
    if (this.leaves.has(key)) {
      const known = this.leaves.get(key);
      if (this.f.op[known] == op && this.f.imm[known] == imm && this.f.aux[known] == aux) return known;
    }
    const value = this.f.create(op, type, imm, aux, this.source);
    this.f.code[0].unshift(value);
    this.f.block[value] = 0;
    this.leaves.set(key, value);
    return value;
  }

  constant(imm: i64): i32 {
    return this.leaf(Op.Const, Type.Scalar, imm, 0);
  }

  /** A constant of the target; `imm` is its value in this object's own types. */
  relocatedConstant(imm: i64, relocation: i32): i32 {
    const value = this.f.create(Op.CoreConst, Type.Scalar, imm, 0, this.source);
    this.f.relocation[value] = relocation;
    this.f.code[0].unshift(value);
    this.f.block[value] = 0;
    return value;
  }

  /** Argument `index` of a callback. */
  argument(index: i32, type: Type): i32 {
    return this.leaf(Op.Context, type, index, 0);
  }

  /** Function `index` of the module, as a callback. */
  callback(index: i32): i32 {
    return this.leaf(Op.FunctionRef, Type.Function, index, 0);
  }

  context(): i32 {
    return this.leaf(Op.Context, Type.Context, 0, 0);
  }

  map(index: i32): i32 {
    return this.leaf(Op.MapRef, Type.Map, index, 0);
  }

  data(section: Section, offset: u32): i32 {
    return this.leaf(Op.DataRef, Type.Data, offset, <u8>section);
  }

  /** A new stack slot, live from here on; contents undefined. */
  slot(size: i32, align: i32 = 8): i32 {
    const index = this.f.addSlot(size, align);
    const address = this.leaf(Op.Slot, Type.Stack, index, 0);
    this.emit(Op.SlotBegin, Type.Void, index);
    return address;
  }

  /** Address of 4 zero bytes, the key of every scalar map: written once, at the start of the function. */
  zeroKey(): i32 {
    if (this.zeroSlot >= 0) return this.zeroSlot;
    const f = this.f;
    const index = f.addSlot(4, 8);
    const address = this.leaf(Op.Slot, Type.Stack, index, 0);
    const zero = this.constant(0);
    this.zeroSlot = address;
    const entry = f.code[0];
    const at = max(entry.indexOf(address), entry.indexOf(zero)) + 1;
    const begin = f.create(Op.SlotBegin, Type.Void, index, 0, this.source);
    const store = f.create(Op.Store, Type.Void, 0, 4, this.source);
    f.setOperands(store, [address, zero]);
    f.block[begin] = 0;
    f.block[store] = 0;
    const rest = entry.slice(at);
    entry.length = at;
    entry.push(begin);
    entry.push(store);
    for (let i = 0; i < rest.length; i++) entry.push(rest[i]);
    return address;
  }

  isConst(value: i32): bool {
    return this.f.op[value] == Op.Const;
  }

  constOf(value: i32): i64 {
    return this.f.imm[value];
  }

  isConstant(value: i32, imm: i64): bool {
    return this.f.op[value] == Op.Const && this.f.imm[value] == imm;
  }

  binary(op: Op, left: i32, right: i32): i32 {
    if (this.isConst(left) && this.isConst(right)) return this.constant(foldBinary(op, this.constOf(left), this.constOf(right)));
    if (this.isConst(left) && (isCommutative(op) || isComparison(op))) {
      const other = left;
      left = right;
      right = other;
      op = swapped(op);
    }
    // A count that is known only on the target may be more than an immediate operand can be.
    if (op >= Op.Shl && op <= Op.Sar && this.f.op[right] == Op.CoreConst) right = this.binary(Op.And, right, this.constant(63));
    if (this.isConst(right)) {
      const simple = this.identity(op, left, this.constOf(right));
      if (simple >= 0) return simple;
    }
    const type = this.f.type[left];
    // An address plus a number stays an address, for probe_read.
    const result = (type == Type.Kernel || type == Type.User) && (op == Op.Add || op == Op.Sub) ? type : Type.Scalar;
    const value = this.emit(op, result);
    this.f.setOperands(value, [left, right]);
    return value;
  }

  /** The value that `left OP constant` is without an instruction, or -1. */
  private identity(op: Op, left: i32, right: i64): i32 {
    switch (op) {
      case Op.Add:
      case Op.Sub:
      case Op.Or:
      case Op.Xor:
      case Op.Shl:
      case Op.Shr:
      case Op.Sar:
        return right == 0 ? left : -1;
      case Op.Mul:
        return right == 1 ? left : right == 0 ? this.constant(0) : -1;
      case Op.Div:
        return right == 1 ? left : -1;
      case Op.And:
        return right == -1 ? left : right == 0 ? this.constant(0) : -1;
      case Op.Below:
        return right == 0 ? this.constant(0) : -1;
      case Op.AboveEqual:
        return right == 0 ? this.constant(1) : -1;
      case Op.NotEqual:
        // A comparison that is asked whether it is true.
        return right == 0 && isComparison(this.f.op[left]) ? left : -1;
      case Op.Equal:
        return right == 0 && isComparison(this.f.op[left]) ? this.not(left) : -1;
      default:
        return -1;
    }
  }

  /** 1 if `value` is 0, else 0. */
  not(value: i32): i32 {
    const op = this.f.op[value];
    if (isComparison(op)) return this.binary(negated(op), this.f.operand(value, 0), this.f.operand(value, 1));
    return this.binary(Op.Equal, value, this.constant(0));
  }

  /** `value` as 0 or 1. */
  truth(value: i32): i32 {
    if (isComparison(this.f.op[value])) return value;
    return this.binary(Op.NotEqual, value, this.constant(0));
  }

  negate(value: i32): i32 {
    if (this.isConst(value)) return this.constant(-this.constOf(value));
    const id = this.emit(Op.Neg, Type.Scalar);
    this.f.setOperands(id, [value]);
    return id;
  }

  /** The low `size` bytes of `value`, extended to 64 bits. */
  extend(value: i32, size: i32, signed: bool): i32 {
    if (size >= 8) return value;
    if (this.isConst(value)) return this.constant(extendConstant(this.constOf(value), size, signed));
    const op = signed ? Op.SignExtend : Op.ZeroExtend;
    // A value that was loaded or extended to this width, or less, is extended already.
    let source = this.f.op[value];
    if (source == op && <i32>this.f.aux[value] == size) return value;
    // What an extension from as many bytes or more has added is cut off again. A relocation may widen what was extended.
    const isExtension = source == Op.ZeroExtend || source == Op.SignExtend;
    if (isExtension && <i32>this.f.aux[value] >= size && this.f.relocation[this.f.operand(value, 0)] < 0) {
      value = this.f.operand(value, 0);
      source = this.f.op[value];
    }
    if (source == Op.Load && !signed && <i32>this.f.aux[value] <= size) return value;
    if (isComparison(source)) return value;
    const id = this.emit(op, Type.Scalar, 0, <u8>size);
    this.f.setOperands(id, [value]);
    return id;
  }

  /** The low `size` bytes of `value` (2, 4, 8) in reverse order. */
  byteSwap(value: i32, size: i32): i32 {
    const id = this.emit(Op.ByteSwap, Type.Scalar, 0, <u8>size);
    this.f.setOperands(id, [value]);
    return id;
  }

  /** `pointer` plus a constant number of bytes. */
  offset(pointer: i32, bytes: i64): i32 {
    if (bytes == 0) return pointer;
    if (this.f.op[pointer] == Op.DataRef) return this.data(<Section>this.f.aux[pointer], <u32>(this.f.imm[pointer] + bytes));
    if (this.f.op[pointer] == Op.Offset && this.f.relocation[pointer] < 0) {
      bytes += this.f.imm[pointer];
      pointer = this.f.operand(pointer, 0);
      if (bytes == 0) return pointer;
    }
    const id = this.emit(Op.Offset, this.f.type[pointer], bytes);
    this.f.setOperands(id, [pointer]);
    return id;
  }

  /** `pointer` plus the constant that `relocation` rewrites; `bytes` is its value in this profile. */
  relocatedOffset(pointer: i32, bytes: i64, relocation: i32): i32 {
    const id = this.emit(Op.Offset, this.f.type[pointer], bytes);
    this.f.setOperands(id, [pointer]);
    this.f.relocation[id] = relocation;
    return id;
  }

  /** The address `bytes` behind the context, for helpers that read any address: programs cannot follow it. */
  contextAddress(bytes: i32): i32 {
    const context = this.context();
    const id = this.emit(Op.Index, Type.Kernel);
    this.f.setOperands(id, [context, bytes]);
    return id;
  }

  /** `pointer` plus a number known only at run time. */
  index(pointer: i32, bytes: i32): i32 {
    if (this.isConst(bytes)) return this.offset(pointer, this.constOf(bytes));
    const id = this.emit(Op.Index, this.f.type[pointer]);
    this.f.setOperands(id, [pointer, bytes]);
    return id;
  }

  /** Loads `size` bytes at `pointer + bytes`. */
  load(pointer: i32, bytes: i64, size: i32, signed: bool = false, type: Type = Type.Scalar): i32 {
    if (this.f.op[pointer] == Op.Offset && this.f.relocation[pointer] < 0) {
      bytes += this.f.imm[pointer];
      pointer = this.f.operand(pointer, 0);
    }
    const id = this.emit(Op.Load, type, bytes, <u8>size);
    this.f.setOperands(id, [pointer]);
    return signed ? this.extend(id, size, true) : id;
  }

  /** Stores the low `size` bytes of `value` at `pointer + bytes`. */
  store(pointer: i32, bytes: i64, size: i32, value: i32): void {
    if (this.f.op[pointer] == Op.Offset && this.f.relocation[pointer] < 0) {
      bytes += this.f.imm[pointer];
      pointer = this.f.operand(pointer, 0);
    }
    // What an extension would add is not stored.
    const op = this.f.op[value];
    if ((op == Op.ZeroExtend || op == Op.SignExtend) && <i32>this.f.aux[value] >= size) value = this.f.operand(value, 0);
    const id = this.emit(Op.Store, Type.Void, bytes, <u8>size);
    this.f.setOperands(id, [pointer, value]);
  }

  atomicAdd(pointer: i32, bytes: i64, size: i32, value: i32): void {
    const id = this.emit(Op.AtomicAdd, Type.Void, bytes, <u8>size);
    this.f.setOperands(id, [pointer, value]);
  }

  call(helper: Helper, operands: Array<i32>): i32 {
    const id = this.emit(Op.Call, this.helpers.byNumber(helper)!.result, helper);
    this.f.setOperands(id, operands);
    return id;
  }

  /** Fills `size` bytes at `pointer + bytes` with zeros. */
  zero(pointer: i32, bytes: i32, size: i32): void {
    const zero = this.constant(0);
    while (size > 0) {
      const step = size >= 8 && (bytes & 7) == 0 ? 8 : size >= 4 && (bytes & 3) == 0 ? 4 : size >= 2 && (bytes & 1) == 0 ? 2 : 1;
      this.store(pointer, bytes, step, zero);
      bytes += step;
      size -= step;
    }
  }

  /**
   * Copies `size` bytes between memory that the program may access. Short runs go through a register; longer ones through
   * probe_read_kernel, which is one call for any size.
   */
  copy(target: i32, targetBytes: i32, source: i32, sourceBytes: i32, size: i32): void {
    if (size > 64) {
      this.call(Helper.ProbeReadKernel, [this.offset(target, targetBytes), this.constant(size), this.offset(source, sourceBytes)]);
      return;
    }
    // The stack alone must be accessed at multiples of the access size, on every machine.
    const places = (this.f.type[target] == Type.Stack ? targetBytes : 0) | (this.f.type[source] == Type.Stack ? sourceBytes : 0);
    let align = 8;
    while ((places & (align - 1)) != 0) align >>= 1;
    let done = 0;
    while (done < size) {
      const left = size - done;
      let step = align;
      while (step > left) step >>= 1;
      this.store(target, targetBytes + done, step, this.load(source, sourceBytes + done, step));
      done += step;
    }
  }

  // Variables

  /** A new scratch variable; its values are of `type`. */
  addVariable(type: Type): i32 {
    this.variableTypes.push(type);
    return this.variableTypes.length - 1;
  }

  write(variable: i32, value: i32): void {
    if (this.reachable) this.define(variable, this.block, value);
  }

  read(variable: i32): i32 {
    return this.reachable ? this.valueAt(variable, this.block) : this.constant(0);
  }

  private define(variable: i32, block: i32, value: i32): void {
    this.definitions.set(((<u64>block) << 32) | <u64>variable, value);
  }

  private valueAt(variable: i32, block: i32): i32 {
    const key = ((<u64>block) << 32) | <u64>variable;
    if (this.definitions.has(key)) return this.definitions.get(key);
    let value: i32;
    const predecessors = this.f.predecessors[block];
    if (!this.sealed[block]) {
      value = this.newPhi(variable, block);
      this.incomplete[block].push(variable);
      this.incomplete[block].push(value);
    } else if (predecessors.length == 0) {
      // Read before any assignment: the checker has warned, the value is 0.
      value = this.constant(0);
    } else if (predecessors.length == 1) {
      value = this.valueAt(variable, predecessors[0]);
    } else {
      value = this.newPhi(variable, block);
      this.define(variable, block, value);
      value = this.completePhi(variable, value, block);
    }
    this.define(variable, block, value);
    return value;
  }

  private newPhi(variable: i32, block: i32): i32 {
    const phi = this.f.create(Op.Phi, this.variableTypes[variable], 0, 0, this.source);
    const code = this.f.code[block];
    // Phis come first; in the entry block there are none, so leaves need no care.
    code.unshift(phi);
    this.f.block[phi] = block;
    return phi;
  }

  private completePhi(variable: i32, phi: i32, block: i32): i32 {
    const predecessors = this.f.predecessors[block];
    const operands: Array<i32> = [];
    for (let i = 0; i < predecessors.length; i++) operands.push(this.valueAt(variable, predecessors[i]));
    this.f.setOperands(phi, operands);
    return phi;
  }
}
