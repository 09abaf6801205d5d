// The intermediate representation: typed SSA over basic blocks, one `IrFunction` per BPF program.
//
// A value is an index; its fields live in parallel arrays. All scalars are 64 bits wide in registers: lowering extends what
// it loads and narrows what it stores. Aggregates (strings, keys, events) are never values: they lie in slots, map values,
// ring buffer records or data sections and are reached through pointers, whose `Type` says where they point.

/** What a value is, and for pointers where they point: the verifier's view of a register. */
export const enum Type {
  /** No result: stores, terminators. */
  Void,
  /** A number; also addresses that only helpers may read (`Kernel` and `User` say whose). */
  Scalar,
  /** An address in kernel memory, read by probe_read_kernel. */
  Kernel,
  /** An address in user memory, read by probe_read_user. */
  User,
  /** The program's context. */
  Context,
  /** The stack frame: a slot. */
  Stack,
  /** A map, as helpers take it. */
  Map,
  /** A map element, or NULL: only compared with 0 until a branch has shown that it is not NULL. */
  MapValueOrNull,
  /** A map element that exists. */
  MapValue,
  /** A reserved ring buffer record, or NULL. */
  RecordOrNull,
  /** A reserved ring buffer record: must be submitted or discarded on every path. */
  Record,
  /** An object of the kernel that the program has taken a reference to, or NULL. */
  ReferenceOrNull,
  /** An object of the kernel: its reference must be given back on every path. Only helpers read it. */
  Reference,
  /** Bytes of `.rodata` or a `.data` section. */
  Data,
  /** A callback function. */
  Function,
  /** An object of the kernel whose type the verifier knows: it may be loaded from. */
  Object,
}

export const enum Op {
  // Leaves. They cost an instruction only where they are used; selection rematerialises them at each use.
  /** `imm`. */
  Const,
  /** The context argument. In callbacks (section `.text`) argument `imm` (0 to 3), of the type that the caller passes. */
  Context,
  /** Address of stack slot `imm`. */
  Slot,
  /** Map `imm` of the module. */
  MapRef,
  /** Address `imm` in the data section `aux` (a `Section`). */
  DataRef,
  /** Function `imm` of the module, as a callback. */
  FunctionRef,
  /** `imm`, rewritten by the CO-RE relocation `relocation` (a size, an enumerator, 1 or 0 for existence). */
  CoreConst,

  // Arithmetic on two operands (64 bits). Div and Mod are unsigned: x / 0 = 0, x % 0 = x. Shifts are masked with 63.
  Add,
  Sub,
  Mul,
  Div,
  Mod,
  And,
  Or,
  Xor,
  /** The three shifts may carry a relocation on a constant right operand (CO-RE bitfields, tracepoint sign shifts). */
  Shl,
  Shr,
  Sar,
  /** Unary minus. */
  Neg,
  /** The low `aux` bytes (1, 2, 4), zero-extended. */
  ZeroExtend,
  /** The low `aux` bytes (1, 2, 4), sign-extended. */
  SignExtend,
  /** The low `aux` bytes (2, 4, 8) in reverse order, zero-extended. */
  ByteSwap,

  // Comparisons: 1 or 0.
  Equal,
  NotEqual,
  Below,
  BelowEqual,
  Above,
  AboveEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,

  /** Pointer operand 0 plus the constant `imm`; may carry a relocation (a CO-RE field offset, a tracepoint field). */
  Offset,
  /** Pointer operand 0 plus scalar operand 1. */
  Index,

  /** `aux` bytes at operand 0 + `imm`, zero-extended; `flags` bit 0: sign-extended. May carry a relocation. */
  Load,
  /** Stores the low `aux` bytes of operand 1 at operand 0 + `imm`. */
  Store,
  /** Adds operand 1 atomically to the `aux` (4, 8) bytes at operand 0 + `imm`. */
  AtomicAdd,
  /** Calls helper or kernel function `imm` (a `Helper`) with the operands. */
  Call,
  /** Slot `imm` begins a new life here: what it held is gone. Bounds the live range for slot colouring. */
  SlotBegin,
  /** One operand per predecessor, in the order of `predecessors`. First in its block. */
  Phi,

  // Terminators: the last instruction of every block.
  /** To `successor0`. */
  Jump,
  /** To `successor0` if operand 0 is not 0, else to `successor1`. */
  Branch,
  /** Leaves the program with operand 0. */
  Return,
}

/** Names of ops in the textual form, indexed by `Op`. */
export const opNames: StaticArray<string> = [
  "const",
  "context",
  "slot",
  "map",
  "data",
  "function",
  "coreconst",
  "add",
  "sub",
  "mul",
  "div",
  "mod",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
  "sar",
  "neg",
  "zext",
  "sext",
  "bswap",
  "eq",
  "ne",
  "ult",
  "ule",
  "ugt",
  "uge",
  "slt",
  "sle",
  "sgt",
  "sge",
  "offset",
  "index",
  "load",
  "store",
  "atomicadd",
  "call",
  "slotbegin",
  "phi",
  "jump",
  "branch",
  "return",
];

/** Names of types in the textual form, indexed by `Type`. */
export const typeNames: StaticArray<string> = [
  "void",
  "i64",
  "kernel",
  "user",
  "ctx",
  "stack",
  "map",
  "mapvalue?",
  "mapvalue",
  "record?",
  "record",
  "reference?",
  "reference",
  "data",
  "fn",
  "object",
];

/** The data sections of an object. */
export const enum Section {
  /** `.rodata`: frozen constants; `bind` sets some of them. */
  Rodata,
  /** `.data.counters`: loss counters, u64 each. */
  Counters,
  /** `.data.scratch`: per-CPU scratch slots, sized by `bind`. */
  Scratch,
}

/** What a relocation rewrites, and from what. */
export const enum RelocationKind {
  /** CO-RE kinds of the kernel's `enum bpf_core_relo_kind`. */
  CoreFieldOffset = 0,
  CoreFieldSize = 1,
  CoreFieldExists = 2,
  CoreFieldSigned = 3,
  CoreFieldShiftLeft = 4,
  CoreFieldShiftRight = 5,
  CoreTypeExists = 8,
  CoreTypeSize = 9,
  CoreEnumExists = 10,
  CoreEnumValue = 11,
  /** Ours, for `.bpfcast.rel`: see `RelocationKind` of wasm/manifest.ts. */
  TracepointLoad = 32,
  TracepointOffset = 33,
  TracepointSignShift = 34,
}

/** One relocation of the module; instructions refer to it by index. */
export class Relocation {
  constructor(
    /** What is rewritten. */
    public kind: RelocationKind,
    /** CO-RE: root type in the object's BTF. Tracepoint: index of the tracepoint in the manifest. */
    public target: i32,
    /** CO-RE: access string, `0:1:2`. Empty for tracepoints. */
    public access: string,
    /** Tracepoint: index of the field in its tracepoint. */
    public field: i32,
  ) {}
}

/** A sign-extending load, in `flags`. */
export const LOAD_SIGNED: u8 = 1;

/** The code of one BPF program (or callback), from lowering to register assignment. */
export class IrFunction {
  // Per value.
  op: Array<Op> = [];
  type: Array<Type> = [];
  imm: Array<i64> = [];
  /** Access size in bytes, section, or extension width: see `Op`. */
  aux: Array<u8> = [];
  flags: Array<u8> = [];
  /** Index into `IrModule.relocations`, or -1. */
  relocation: Array<i32> = [];
  /** Byte offset in the script that this instruction comes from. */
  source: Array<u32> = [];
  /** The block that holds the value; -1 once it was removed. */
  block: Array<i32> = [];
  private operandStart: Array<i32> = [];
  private operandNumber: Array<i32> = [];
  private operands: Array<i32> = [];

  // Per block. Block 0 is the entry and has no predecessors.
  code: Array<Array<i32>> = [];
  predecessors: Array<Array<i32>> = [];
  successor0: Array<i32> = [];
  successor1: Array<i32> = [];
  /** True for blocks that run rarely (lost events, failed lookups): layout moves them to the end. */
  unlikely: Array<bool> = [];

  // Per stack slot.
  slotSize: Array<i32> = [];
  slotAlign: Array<i32> = [];
  /** Offset from the frame pointer, negative; set by slot colouring, 0 before. */
  slotOffset: Array<i32> = [];

  /** Order of blocks in the final code; set by branch layout, empty before. */
  layout: Array<i32> = [];

  /** Index among the programs of the manifest; -1 for callbacks. */
  program: i32 = -1;

  constructor(
    /** ELF symbol: [A-Za-z0-9_]. */
    public name: string,
    /** ELF section in libbpf's spelling; `.text` for callbacks. */
    public section: string,
  ) {}

  get valueCount(): i32 {
    return this.op.length;
  }

  get blockCount(): i32 {
    return this.code.length;
  }

  addBlock(): i32 {
    const id = this.code.length;
    this.code.push([]);
    this.predecessors.push([]);
    this.successor0.push(-1);
    this.successor1.push(-1);
    this.unlikely.push(false);
    return id;
  }

  addSlot(size: i32, align: i32): i32 {
    this.slotSize.push(size);
    this.slotAlign.push(align);
    this.slotOffset.push(0);
    return this.slotSize.length - 1;
  }

  /** Makes a value that is in no block yet. */
  create(op: Op, type: Type, imm: i64 = 0, aux: u8 = 0, source: u32 = 0): i32 {
    const id = this.op.length;
    this.op.push(op);
    this.type.push(type);
    this.imm.push(imm);
    this.aux.push(aux);
    this.flags.push(0);
    this.relocation.push(-1);
    this.source.push(source);
    this.block.push(-1);
    this.operandStart.push(this.operands.length);
    this.operandNumber.push(0);
    return id;
  }

  /** Puts `value` at the end of `block`. */
  append(block: i32, value: i32): void {
    this.code[block].push(value);
    this.block[value] = block;
  }

  operandCount(value: i32): i32 {
    return this.operandNumber[value];
  }

  operand(value: i32, index: i32): i32 {
    assert(index < this.operandNumber[value]);
    return this.operands[this.operandStart[value] + index];
  }

  setOperand(value: i32, index: i32, operand: i32): void {
    assert(index < this.operandNumber[value]);
    this.operands[this.operandStart[value] + index] = operand;
  }

  /** Replaces the operand list of `value`. */
  setOperands(value: i32, list: Array<i32>): void {
    this.operandStart[value] = this.operands.length;
    this.operandNumber[value] = list.length;
    for (let i = 0; i < list.length; i++) this.operands.push(list[i]);
  }

  /** Connects `from` to `to` as its next successor. */
  connect(from: i32, to: i32): void {
    if (this.successor0[from] < 0) this.successor0[from] = to;
    else this.successor1[from] = to;
    this.predecessors[to].push(from);
  }

  /** The terminator of `block`. */
  terminator(block: i32): i32 {
    const code = this.code[block];
    return code[code.length - 1];
  }
}

/** True for values without operands and effects, which selection makes anew at each use. */
export function isLeaf(op: Op): bool {
  return op <= Op.CoreConst;
}

export function isComparison(op: Op): bool {
  return op >= Op.Equal && op <= Op.GreaterEqual;
}

export function isTerminator(op: Op): bool {
  return op >= Op.Jump;
}

/** True for ops that must stay although nobody uses their result. */
export function hasEffect(op: Op): bool {
  return op == Op.Store || op == Op.AtomicAdd || op == Op.Call || op == Op.SlotBegin || op >= Op.Jump;
}

/** A BPF map as `.maps` describes it. */
export class MapDefinition {
  /** `max_entries`. */
  constructor(
    /** ELF symbol: [A-Za-z0-9_]. */
    public symbol: string,
    /** `enum bpf_map_type`. */
    public bpfType: i32,
    /** BTF id of the key type, or 0 (then `keySize` is given by size alone; ring buffers have neither). */
    public keyType: i32,
    /** BTF id of the value type, or 0. */
    public valueType: i32,
    public keySize: i32,
    public valueSize: i32,
    public maxEntries: i32,
    /** `BPF_F_*`. */
    public flags: i32,
  ) {}
}

/** `enum bpf_map_type`, as far as used. */
export const enum BpfMapType {
  Hash = 1,
  Array = 2,
  PerCpuHash = 5,
  PerCpuArray = 6,
  LruHash = 9,
  LruPerCpuHash = 10,
  RingBuffer = 27,
}
