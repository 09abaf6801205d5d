// Checks that a function is well-formed IR that a verifier can accept. Tests run it after every pass.
//
// Input: any IR function. Output: what is wrong, as one line; empty if nothing is. Here: structure, types and where pointers
// point. validator-memory.ts checks that helpers read written bytes only, validator-records.ts the life of records.

import { Dominators } from "./dominators";
import { HelperTable } from "./helper-lookup";
import { Argument, HelperRow } from "./helpers";
import { IrFunction, isComparison, isLeaf, isTerminator, MapDefinition, Op, opNames, Section, Type, typeNames } from "./ir";
import { checkMemory } from "./validator-memory";
import { checkRecords } from "./validator-records";

/** Checks `f` against the maps and the number of relocations of its module. */
export function validateFunction(f: IrFunction, maps: Array<MapDefinition>, relocationCount: i32): string {
  const structure = new StructureCheck(f, relocationCount);
  if (structure.run().length > 0) return structure.error;
  const dominators = Dominators.of(f);
  const types = new TypeCheck(f, maps, dominators);
  if (types.run().length > 0) return types.error;
  const memory = checkMemory(f, maps, dominators);
  return memory.length > 0 ? memory : checkRecords(f, dominators);
}

/** `v12 (store in b3)`. */
export function nameOf(f: IrFunction, v: i32): string {
  return `v${v} (${opNames[f.op[v]]} in b${f.block[v]})`;
}

/** Numbers and addresses that only helpers may follow. */
export function isScalar(type: Type): bool {
  return type == Type.Scalar || type == Type.Kernel || type == Type.User;
}

/** Operands that an op takes; -1: any number. */
function operandsOf(op: Op): i32 {
  if (isLeaf(op) || op == Op.SlotBegin || op == Op.Jump) return 0;
  if (isComparison(op)) return 2;
  switch (op) {
    case Op.Neg:
    case Op.ZeroExtend:
    case Op.SignExtend:
    case Op.ByteSwap:
    case Op.Offset:
    case Op.Load:
    case Op.Branch:
    case Op.Return:
      return 1;
    case Op.Call:
    case Op.Phi:
      return -1;
    default:
      return 2;
  }
}

@final
class StructureCheck {
  error: string = "";

  constructor(
    private f: IrFunction,
    private relocationCount: i32,
  ) {}

  run(): string {
    const f = this.f;
    if (f.blockCount == 0) return this.fail("there are no blocks");
    if (f.predecessors[0].length > 0) return this.fail("the entry has predecessors");
    for (let b = 0; b < f.blockCount; b++) {
      if (this.edges(b).length > 0) return this.error;
      if (f.code[b].length > 0 && this.code(b).length > 0) return this.error;
    }
    const dominators = Dominators.of(f);
    for (let i = 0; i < dominators.order.length; i++) {
      const b = dominators.order[i];
      if (f.code[b].length == 0) return this.fail(`b${b} is empty`);
      if (this.dominance(b, dominators).length > 0) return this.error;
    }
    return "";
  }

  private fail(message: string): string {
    this.error = message;
    return message;
  }

  private edges(b: i32): string {
    const f = this.f;
    const first = f.successor0[b];
    const second = f.successor1[b];
    if (first >= f.blockCount || second >= f.blockCount) return this.fail(`b${b} leads to a block that does not exist`);
    const before = f.predecessors[b];
    for (let k = 0; k < before.length; k++) {
      const p = before[k];
      if (p < 0 || p >= f.blockCount) return this.fail(`b${b} has a predecessor that does not exist`);
      if (f.successor0[p] != b && f.successor1[p] != b) return this.fail(`b${b} has predecessor b${p}, which does not lead to it`);
    }
    if (first >= 0 && count(f.predecessors[first], b) != (first == second ? 2 : 1)) {
      return this.fail(`b${first} does not list predecessor b${b} once per edge`);
    }
    if (second >= 0 && second != first && count(f.predecessors[second], b) != 1) {
      return this.fail(`b${second} does not list predecessor b${b} once`);
    }
    return "";
  }

  private code(b: i32): string {
    const f = this.f;
    const code = f.code[b];
    let phis = true;
    for (let i = 0; i < code.length; i++) {
      const v = code[i];
      if (v < 0 || v >= f.valueCount) return this.fail(`b${b} holds a value that does not exist`);
      if (f.block[v] != b) return this.fail(`${nameOf(f, v)} is listed in b${b}`);
      const op = f.op[v];
      if (op == Op.Phi && !phis) return this.fail(`${nameOf(f, v)} comes behind other values`);
      if (op != Op.Phi) phis = false;
      if (isTerminator(op) != (i == code.length - 1)) return this.fail(`${nameOf(f, v)}: terminators stand at the end of blocks`);
      const wanted = operandsOf(op);
      if (wanted >= 0 && f.operandCount(v) != wanted) return this.fail(`${nameOf(f, v)} has ${f.operandCount(v)} operands, not ${wanted}`);
      if (op == Op.Phi && f.operandCount(v) != f.predecessors[b].length) {
        return this.fail(`${nameOf(f, v)} has ${f.operandCount(v)} operands for ${f.predecessors[b].length} predecessors`);
      }
      if (f.relocation[v] >= this.relocationCount) return this.fail(`${nameOf(f, v)} has a relocation that does not exist`);
    }
    const last = f.op[f.terminator(b)];
    const successors = (f.successor0[b] >= 0 ? 1 : 0) + (f.successor1[b] >= 0 ? 1 : 0);
    const wanted = last == Op.Jump ? 1 : last == Op.Branch ? 2 : 0;
    return successors == wanted ? "" : this.fail(`b${b} has ${successors} successors, not ${wanted}`);
  }

  private dominance(b: i32, dominators: Dominators): string {
    const f = this.f;
    const code = f.code[b];
    const place: Map<i32, i32> = new Map();
    for (let i = 0; i < code.length; i++) place.set(code[i], i);
    for (let i = 0; i < code.length; i++) {
      const v = code[i];
      for (let k = 0; k < f.operandCount(v); k++) {
        const operand = f.operand(v, k);
        if (operand < 0 || operand >= f.valueCount || f.block[operand] < 0) {
          return this.fail(`${nameOf(f, v)} uses a value that is in no block`);
        }
        if (f.type[operand] == Type.Void) return this.fail(`${nameOf(f, v)} uses ${nameOf(f, operand)}, which has no result`);
        const from = f.op[v] == Op.Phi ? f.predecessors[b][k] : b;
        if (!dominators.isReachable(from)) continue;
        const home = f.block[operand];
        const ok =
          f.op[v] != Op.Phi && home == b ? place.get(operand) < i : dominators.isReachable(home) && dominators.dominates(home, from);
        if (!ok) return this.fail(`${nameOf(f, v)} uses ${nameOf(f, operand)}, which does not come before it`);
      }
    }
    return "";
  }
}

function count(list: Array<i32>, value: i32): i32 {
  let number = 0;
  for (let i = 0; i < list.length; i++) if (list[i] == value) number++;
  return number;
}

@final
class TypeCheck {
  error: string = "";
  private helpers: HelperTable = new HelperTable();

  constructor(
    private f: IrFunction,
    private maps: Array<MapDefinition>,
    private dominators: Dominators,
  ) {}

  run(): string {
    const order = this.dominators.order;
    for (let i = 0; i < order.length; i++) {
      const code = this.f.code[order[i]];
      for (let k = 0; k < code.length; k++) {
        const message = this.value(code[k]);
        if (message.length == 0) continue;
        this.error = `${nameOf(this.f, code[k])}: ${message}`;
        return this.error;
      }
    }
    return "";
  }

  private typeOf(v: i32, index: i32): Type {
    return this.f.type[this.f.operand(v, index)];
  }

  /** The type that operand `index` of `v` has where `v` stands: pointers that were tested are no longer null. */
  private typeAt(v: i32, index: i32): Type {
    const operand = this.f.operand(v, index);
    const type = this.f.type[operand];
    if (!isNullable(type)) return type;
    let root = operand;
    while (this.f.op[root] == Op.Offset || this.f.op[root] == Op.Index) root = this.f.operand(root, 0);
    if (!this.isChecked(root, this.f.block[v])) return type;
    // Each stands before the type of what is there.
    return <Type>(type + 1);
  }

  /** True if every way to `block` passes the not-null edge of a branch on `pointer`. */
  private isChecked(pointer: i32, block: i32): bool {
    const f = this.f;
    for (let b = block; b != 0; b = this.dominators.immediate[b]) {
      const before = f.predecessors[b];
      if (before.length == 1 && notNullSuccessor(f, before[0], pointer) == b) return true;
    }
    return false;
  }

  private value(v: i32): string {
    const f = this.f;
    const op = f.op[v];
    if (isLeaf(op)) return this.leaf(v);
    if (isComparison(op)) return this.comparison(v);
    switch (op) {
      case Op.Offset:
      case Op.Index: {
        const type = this.typeAt(v, 0);
        const isComputable = isScalar(type) || isAddressable(type) || type == Type.Context || type == Type.Object || type == Type.Reference;
        if (!isComputable) return `cannot compute with a ${typeNames[type]}`;
        if (op == Op.Index && !isScalar(this.typeOf(v, 1))) return "the index is no number";
        // Behind a variable offset the context is but an address, which helpers may read and programs may not.
        if (op == Op.Index && type == Type.Context) return f.type[v] == Type.Kernel ? "" : "the context takes no variable offset";
        // Addresses in memory that may be NULL keep that type or lose it: the check above counts for both.
        const same = f.type[v] == type || f.type[v] == this.typeOf(v, 0) || (isScalar(type) && isScalar(f.type[v]));
        return same ? "" : `is a ${typeNames[f.type[v]]} made of a ${typeNames[type]}`;
      }
      case Op.Load: {
        const type = this.typeAt(v, 0);
        if (!isSize(f.aux[v])) return "loads a size that does not exist";
        return isAddressable(type) || type == Type.Context || type == Type.Object ? "" : `cannot load from a ${typeNames[type]}`;
      }
      case Op.Store:
      case Op.AtomicAdd:
        return this.write(v);
      case Op.Call:
        return this.call(v);
      case Op.SlotBegin:
        return f.imm[v] >= 0 && f.imm[v] < f.slotSize.length ? "" : "there is no such slot";
      case Op.Phi:
        return this.phi(v);
      case Op.Jump:
        return "";
      case Op.Branch: {
        const type = this.typeOf(v, 0);
        return isScalar(type) || isNullable(type) ? "" : `tests a ${typeNames[type]}`;
      }
      case Op.ZeroExtend:
      case Op.SignExtend:
        if (f.aux[v] != 1 && f.aux[v] != 2 && f.aux[v] != 4) return "has no such width";
        break;
      case Op.ByteSwap:
        if (f.aux[v] != 2 && f.aux[v] != 4 && f.aux[v] != 8) return "has no such width";
        break;
      default:
        break;
    }
    for (let k = 0; k < f.operandCount(v); k++) {
      if (!isScalar(this.typeOf(v, k))) return `cannot compute with a ${typeNames[this.typeOf(v, k)]}`;
    }
    return op == Op.Return || isScalar(f.type[v]) ? "" : `is a ${typeNames[f.type[v]]}`;
  }

  private leaf(v: i32): string {
    const f = this.f;
    switch (f.op[v]) {
      case Op.Context: {
        if (f.section != ".text") return f.imm[v] == 0 ? this.expect(v, Type.Context) : "there is no such argument";
        // bpf_loop's callback takes the round's number and the address that its caller passed, that of for_each_map_elem the
        // map, the key, the value and the address: which of the two it is shows in the types that it uses.
        switch (<i32>f.imm[v]) {
          case 0:
            return f.type[v] == Type.Map ? "" : this.expect(v, Type.Scalar);
          case 1:
            return f.type[v] == Type.MapValue ? "" : this.expect(v, Type.Stack);
          case 2:
            return this.expect(v, Type.MapValue);
          case 3:
            return this.expect(v, Type.Stack);
          default:
            return "there is no such argument";
        }
      }
      case Op.Slot:
        if (f.imm[v] < 0 || f.imm[v] >= f.slotSize.length) return "there is no such slot";
        return this.expect(v, Type.Stack);
      case Op.MapRef:
        if (f.imm[v] < 0 || f.imm[v] >= this.maps.length) return "there is no such map";
        return this.expect(v, Type.Map);
      case Op.DataRef:
        return this.expect(v, Type.Data);
      case Op.FunctionRef:
        return this.expect(v, Type.Function);
      case Op.CoreConst:
        if (f.relocation[v] < 0) return "has no relocation";
        return isScalar(f.type[v]) ? "" : "is no number";
      default:
        return isScalar(f.type[v]) ? "" : "is no number";
    }
  }

  private expect(v: i32, type: Type): string {
    return this.f.type[v] == type ? "" : `is a ${typeNames[this.f.type[v]]}, not a ${typeNames[type]}`;
  }

  private comparison(v: i32): string {
    const f = this.f;
    if (!isScalar(f.type[v])) return "is no number";
    if (isScalar(this.typeOf(v, 0)) && isScalar(this.typeOf(v, 1))) return "";
    const op = f.op[v];
    const right = f.operand(v, 1);
    const isNullTest = (op == Op.Equal || op == Op.NotEqual) && f.op[right] == Op.Const && f.imm[right] == 0;
    return isNullTest ? "" : "pointers are only compared with 0";
  }

  private write(v: i32): string {
    const f = this.f;
    const type = this.typeAt(v, 0);
    if (!isAddressable(type)) return `cannot store to a ${typeNames[type]}`;
    if (type == Type.Data && isRodata(f, f.operand(v, 0))) return "cannot store to .rodata";
    if (!isSize(f.aux[v])) return "has no such size";
    if (f.op[v] == Op.AtomicAdd && f.aux[v] < 4) return "has no such size";
    const value = this.typeOf(v, 1);
    return isScalar(value) || (type == Type.Stack && value != Type.Void) ? "" : `stores a ${typeNames[value]}`;
  }

  private phi(v: i32): string {
    const f = this.f;
    for (let k = 0; k < f.operandCount(v); k++) {
      const type = this.typeOf(v, k);
      if (type != f.type[v] && !(isScalar(type) && isScalar(f.type[v]))) {
        return `joins a ${typeNames[type]} into a ${typeNames[f.type[v]]}`;
      }
    }
    return "";
  }

  private call(v: i32): string {
    const f = this.f;
    const row: HelperRow | null = this.helpers.byNumber(<i32>f.imm[v]);
    if (!row) return `there is no row for helper ${f.imm[v]}`;
    const parameters = row.parameters;
    if (f.operandCount(v) != parameters.length) return `${row.name} takes ${parameters.length} arguments`;
    if (f.type[v] != row.result && f.type[v] != Type.Void && !(isScalar(row.result) && isScalar(f.type[v]))) {
      return `${row.name} returns a ${typeNames[row.result]}`;
    }
    for (let k = 0; k < parameters.length; k++) {
      const type = this.typeAt(v, k);
      if (!this.accepts(parameters[k], type, f.operand(v, k))) return `argument ${k + 1} of ${row.name} is a ${typeNames[type]}`;
    }
    return "";
  }

  private accepts(parameter: Argument, type: Type, operand: i32): bool {
    switch (parameter) {
      case Argument.Scalar:
      case Argument.Size:
        return isScalar(type);
      case Argument.Context:
        return type == Type.Context;
      case Argument.Map:
        return type == Type.Map;
      case Argument.Key:
      case Argument.Value:
      case Argument.Input:
        return isAddressable(type);
      case Argument.Output:
        return isAddressable(type) && !(type == Type.Data && isRodata(this.f, operand));
      case Argument.Address:
        // Root may pass any pointer as an address: an unaligned context field is read that way.
        return isScalar(type) || isAddressable(type) || type == Type.Context || type == Type.Object || type == Type.Reference;
      case Argument.Callback:
        return type == Type.Function;
      case Argument.Object:
        return type == Type.Object;
      case Argument.StackOrNull:
        return type == Type.Stack || (this.f.op[operand] == Op.Const && this.f.imm[operand] == 0);
      default: {
        // What is released must be the record or object itself, not an address in it.
        const wanted = parameter == Argument.Record ? Type.Record : Type.Reference;
        return type == wanted && this.f.op[operand] != Op.Offset && this.f.op[operand] != Op.Index;
      }
    }
  }
}

/** Memory that programs may read themselves; all of it but `.rodata` may be written. */
function isAddressable(type: Type): bool {
  return type == Type.Stack || type == Type.MapValue || type == Type.Record || type == Type.Data;
}

/** Pointers that are only compared with 0 until a branch has shown that they are not. */
function isNullable(type: Type): bool {
  return type == Type.MapValueOrNull || type == Type.RecordOrNull || type == Type.ReferenceOrNull;
}

function isSize(size: u8): bool {
  return size == 1 || size == 2 || size == 4 || size == 8;
}

function isRodata(f: IrFunction, pointer: i32): bool {
  let v = pointer;
  while (f.op[v] == Op.Offset || f.op[v] == Op.Index) v = f.operand(v, 0);
  return f.op[v] == Op.DataRef && f.aux[v] == Section.Rodata;
}

/** The successor of `block` on whose edge `pointer` is not null, if the block's branch tests it; else -1. */
export function notNullSuccessor(f: IrFunction, block: i32, pointer: i32): i32 {
  const last = f.terminator(block);
  if (f.op[last] != Op.Branch || f.successor0[block] == f.successor1[block]) return -1;
  const condition = f.operand(last, 0);
  if (condition == pointer) return f.successor0[block];
  const op = f.op[condition];
  if ((op != Op.Equal && op != Op.NotEqual) || f.operand(condition, 0) != pointer) return -1;
  const right = f.operand(condition, 1);
  if (f.op[right] != Op.Const || f.imm[right] != 0) return -1;
  return op == Op.NotEqual ? f.successor0[block] : f.successor1[block];
}
