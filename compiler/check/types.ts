// Types of the language, interned per compile: two values have the same type exactly if they have the same type id.
// Rules: features section 5.

/** What kind of value it is. */
export const enum TypeKind {
  /** The result of statements-like calls, or a type not yet inferred. */
  None,
  Integer,
  Bool,
  /** An integer that counts 10^-`count`; never stored. */
  Decimal,
  /** `size` bytes, NUL-terminated unless it fills them. */
  String,
  /** An address of `element`. */
  Pointer,
  /** A struct or union of BTF or of the script, reached by address. */
  Record,
  /** `count` times `element`, reached by address. */
  Array,
  /** Values side by side, laid out like a C struct. */
  Tuple,
  /** The fields of the probe. */
  Arguments,
  // Values that the runner makes into text when it prints them; the program only copies their bytes.
  /** u32 length, then up to `count` bytes. */
  Buffer,
  /** An address in the kernel: u64. */
  KernelSymbol,
  /** u64 address, u32 process, u32 unused. */
  UserSymbol,
  /** u64 number of frames, then up to `count` addresses; `parameter` is a `StackMode`. */
  KernelStack,
  /** As KernelStack, with u32 process and u32 unused behind the number. */
  UserStack,
  /** u64 family, then the 16 bytes of an address; IPv4 uses the first 4. */
  NetworkAddress,
  /** Six bytes. */
  MacAddress,
  /** u32 index of the format in the manifest, u32 `ClockKind`, u64 nanoseconds. */
  Timestamp,
  /** u64 id, u32 index of the filter in the manifest, u32 unused. */
  CgroupPath,
  /** u64 user id. */
  UserName,
  // Aggregations: only in maps.
  Count,
  Sum,
  Minimum,
  Maximum,
  Average,
  Stats,
  Histogram,
  LinearHistogram,
  TimeSeries,
}

/** How the frames of a stack are printed. */
export const enum StackMode {
  /** `symbol+offset`. */
  Symbols,
  /** As perf does: address, symbol and module. */
  Perf,
  /** Addresses alone. */
  Raw,
  /** Each binary's build id and the place in its file; of a process only. */
  BuildId,
}

/** Bytes of a frame: an address, or the kernel's struct bpf_stack_build_id. */
export function frameSize(mode: StackMode): i32 {
  return mode == StackMode.BuildId ? 32 : 8;
}

/** What the language calls the modes, in the order of `StackMode`. */
export function stackModeNames(): Array<string> {
  return ["bpftrace", "perf", "raw", "build_id"];
}

/** Whose memory an address is in. */
export const enum AddressSpace {
  None,
  Kernel,
  User,
  /** The context of the program, which it loads from itself. */
  Context,
}

@final
export class TypeInfo {
  kind: TypeKind = TypeKind.None;
  /** Bytes of a value. */
  size: i32 = 0;
  /** Alignment in a tuple, key or event. */
  align: i32 = 1;
  signed: bool = false;
  /** Pointer: what it points to. Array: its elements. */
  element: i32 = 0;
  count: i32 = 0;
  space: AddressSpace = AddressSpace.None;
  /** Record: BTF id of the struct. Pointer to a record carries it in `element`. */
  btf: u32 = 0;
  /** Record of BTF: `struct task_struct`, for messages. */
  text: string = "struct";
  /** Tuple: element types and their offsets. */
  fields: Array<i32> = [];
  offsets: Array<i32> = [];
  /** Tuple: names of the elements when it was written as a record, else empty. */
  names: Array<string> = [];
  /** Record of the script's C section: index into `TypeTable.structures`; -1 for one of BTF. */
  structure: i32 = -1;
  /** Integer: index into `TypeTable.enumerations` when its values have names, else -1. */
  enumeration: i32 = -1;
  /** Histogram: bits; linear: index into `TypeTable.bounds`; time series: index into `TypeTable.series`. */
  parameter: i32 = 0;

  /** Tuple: where this type has field `index` of `other`, which has the same fields: records name theirs. */
  indexIn(other: TypeInfo, index: i32): i32 {
    return this.names.length > 0 ? this.names.indexOf(other.names[index]) : index;
  }
}

/** A field of a struct that the script defines. */
@final
export class StructureField {
  constructor(
    /** Empty for an anonymous struct or union, whose fields belong to the outer one. */
    public name: string,
    public type: i32,
    /** Bits from the start of the struct. */
    public bitOffset: i32,
    /** Width of a bitfield, else 0. */
    public bits: i32,
  ) {}
}

/** A struct or union that the script defines, laid out as C does. */
@final
export class Structure {
  fields: Array<StructureField> = [];
  size: i32 = 0;
  align: i32 = 1;
  /** Its id in the type table. */
  type: i32 = 0;
  /** False while its fields are being laid out. */
  complete: bool = false;
  /** Its id in the target's BTF, when it is a copy of a kernel struct as the machine of the build has it; else 0. */
  btf: u32 = 0;

  constructor(
    /** `struct x`, `union x`. */
    public text: string,
  ) {}

  /** The field called `name`, anonymous members searched too, with its place in this struct; null if there is none. */
  find(table: TypeTable, name: string): StructureField | null {
    for (let i = 0; i < this.fields.length; i++) {
      const field = this.fields[i];
      if (field.name == name) return field;
      if (field.name.length > 0) continue;
      const inner = table.get(field.type);
      if (inner.kind != TypeKind.Record || inner.structure < 0) continue;
      const found = table.structures[inner.structure].find(table, name);
      if (found != null) return new StructureField(name, found.type, field.bitOffset + found.bitOffset, found.bits);
    }
    return null;
  }
}

/** An enum of the script or of BTF. */
@final
export class Enumeration {
  names: Array<string> = [];
  values: Array<i64> = [];
  size: i32 = 4;
  signed: bool = false;

  constructor(
    /** Empty for an anonymous one. */
    public name: string,
    /** Its id in the target's BTF; 0 for one of the script. */
    public btf: u32,
  ) {}
}

/** Ids of the types that every script has. */
export const enum BasicType {
  None,
  Int8,
  Int16,
  Int32,
  Int64,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Bool,
  Arguments,
  Count,
  SumSigned,
  SumUnsigned,
  MinimumSigned,
  MinimumUnsigned,
  MaximumSigned,
  MaximumUnsigned,
  AverageSigned,
  AverageUnsigned,
  StatsSigned,
  StatsUnsigned,
}

/** How a time series makes one value of those in an interval. */
export const enum SeriesValue {
  /** The last one. */
  Last,
  Average,
  Maximum,
  Minimum,
  Sum,
}

/** What a time series keeps. */
@final
export class SeriesShape {
  constructor(
    /** Nanoseconds of one interval. */
    public interval: i64,
    /** Intervals that are kept. */
    public count: i32,
    public value: SeriesValue,
  ) {}
}

/** Bounds of a linear histogram. */
@final
export class LinearBounds {
  constructor(
    public min: i64,
    public max: i64,
    public step: i64,
  ) {}

  get buckets(): i32 {
    return <i32>((this.max - this.min) / this.step) + 2;
  }
}

export class TypeTable {
  types: Array<TypeInfo> = [];
  bounds: Array<LinearBounds> = [];
  series: Array<SeriesShape> = [];
  structures: Array<Structure> = [];
  enumerations: Array<Enumeration> = [];

  constructor() {
    // In the order of `BasicType`.
    this.basic(TypeKind.None, 0, false);
    for (let size = 1; size <= 8; size <<= 1) this.basic(TypeKind.Integer, size, true);
    for (let size = 1; size <= 8; size <<= 1) this.basic(TypeKind.Integer, size, false);
    this.basic(TypeKind.Bool, 1, false);
    this.basic(TypeKind.Arguments, 0, false);
    this.basic(TypeKind.Count, 8, false);
    for (let kind: i32 = TypeKind.Sum; kind <= TypeKind.Stats; kind++) {
      const size = kind == TypeKind.Sum ? 8 : 16;
      this.basic(kind, size, true);
      this.basic(kind, size, false);
    }
  }

  private basic(kind: TypeKind, size: i32, signed: bool): void {
    const info = new TypeInfo();
    info.kind = kind;
    info.size = size;
    info.align = size > 8 ? 8 : size > 0 ? size : 1;
    info.signed = signed;
    this.types.push(info);
  }

  get(id: i32): TypeInfo {
    return this.types[id];
  }

  kind(id: i32): TypeKind {
    return this.types[id].kind;
  }

  private intern(info: TypeInfo): i32 {
    for (let i = 0; i < this.types.length; i++) {
      const other = this.types[i];
      if (
        other.kind != info.kind ||
        other.size != info.size ||
        other.signed != info.signed ||
        other.element != info.element ||
        other.count != info.count ||
        other.space != info.space ||
        other.btf != info.btf ||
        other.parameter != info.parameter ||
        other.structure != info.structure ||
        other.enumeration != info.enumeration ||
        other.names.length != info.names.length ||
        other.fields.length != info.fields.length
      )
        continue;
      let same = true;
      for (let j = 0; j < info.fields.length; j++) if (other.fields[j] != info.fields[j]) same = false;
      for (let j = 0; j < info.names.length; j++) if (other.names[j] != info.names[j]) same = false;
      if (same) return i;
    }
    this.types.push(info);
    return this.types.length - 1;
  }

  integer(size: i32, signed: bool): i32 {
    const base: i32 = signed ? BasicType.Int8 : BasicType.Uint8;
    return base + (size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3);
  }

  text(size: i32): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.String;
    info.size = size;
    return this.intern(info);
  }

  pointer(element: i32, space: AddressSpace): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.Pointer;
    info.size = 8;
    info.align = 8;
    info.element = element;
    info.space = space;
    return this.intern(info);
  }

  /** A struct or union of BTF, `size` bytes. */
  record(btf: u32, size: i32, text: string = "struct"): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.Record;
    info.size = size;
    info.align = 8;
    info.btf = btf;
    info.text = text;
    return this.intern(info);
  }

  /** A new struct or union of the script; its fields follow. */
  structure(text: string): Structure {
    const structure = new Structure(text);
    const info = new TypeInfo();
    info.kind = TypeKind.Record;
    info.structure = this.structures.length;
    this.structures.push(structure);
    this.types.push(info);
    structure.type = this.types.length - 1;
    return structure;
  }

  /** Id of the kernel struct of which a value is one, or an array of them; 0 for anything else. */
  kernelRecord(id: i32): u32 {
    const info = this.types[id];
    if (info.kind == TypeKind.Array) return this.kernelRecord(info.element);
    return info.kind == TypeKind.Record && info.structure < 0 ? info.btf : 0;
  }

  /** Integers of `size` bytes whose values have the names of enumeration `index`; 0: as many as the enum has in memory. */
  enumerated(index: i32, size: i32 = 8): i32 {
    const enumeration = this.enumerations[index];
    const info = new TypeInfo();
    info.kind = TypeKind.Integer;
    info.size = size > 0 ? size : enumeration.size;
    info.align = info.size;
    info.signed = enumeration.signed;
    info.enumeration = index;
    return this.intern(info);
  }

  /** `type`, an integer, as an address in `space`: what kptr() and uptr() make of one. */
  addressInteger(type: i32, space: AddressSpace): i32 {
    const old = this.types[type];
    const info = new TypeInfo();
    info.kind = TypeKind.Integer;
    info.size = old.size;
    info.align = old.align;
    info.signed = old.signed;
    info.space = space;
    return this.intern(info);
  }

  array(element: i32, count: i32): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.Array;
    info.element = element;
    info.count = count;
    info.size = this.types[element].size * count;
    info.align = this.types[element].align;
    return this.intern(info);
  }

  /** Laid out like a C struct: every field at its natural alignment, the whole padded to the largest. */
  tuple(fields: Array<i32>, names: Array<string> = []): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.Tuple;
    info.names = names;
    info.fields = fields;
    let offset = 0;
    for (let i = 0; i < fields.length; i++) {
      const field = this.types[fields[i]];
      offset = alignUp(offset, field.align);
      info.offsets.push(offset);
      offset += field.size;
      if (field.align > info.align) info.align = field.align;
    }
    info.size = alignUp(offset, info.align);
    return this.intern(info);
  }

  histogram(bits: i32): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.Histogram;
    info.size = 8;
    info.align = 8;
    info.parameter = bits;
    return this.intern(info);
  }

  linearHistogram(min: i64, max: i64, step: i64): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.LinearHistogram;
    info.size = 8;
    info.align = 8;
    info.parameter = this.bounds.length;
    for (let i = 0; i < this.bounds.length; i++) {
      const known = this.bounds[i];
      if (known.min == min && known.max == max && known.step == step) info.parameter = i;
    }
    if (info.parameter == this.bounds.length) this.bounds.push(new LinearBounds(min, max, step));
    return this.intern(info);
  }

  /** Per CPU { u64 value; u64 meta; u64 epoch; } of each interval. */
  timeSeries(shape: SeriesShape, signed: bool): i32 {
    const info = new TypeInfo();
    info.kind = TypeKind.TimeSeries;
    info.size = 24;
    info.align = 8;
    info.signed = signed;
    info.parameter = this.series.length;
    for (let i = 0; i < this.series.length; i++) {
      const known = this.series[i];
      if (known.interval == shape.interval && known.count == shape.count && known.value == shape.value) info.parameter = i;
    }
    if (info.parameter == this.series.length) this.series.push(shape);
    return this.intern(info);
  }

  /** Aggregations that keep many numbers under one key. */
  hasBuckets(id: i32): bool {
    return this.types[id].kind >= TypeKind.Histogram;
  }

  /** Buckets under one key of such an aggregation. */
  bucketCount(id: i32): i32 {
    const info = this.types[id];
    if (info.kind == TypeKind.Histogram) return ((64 - info.parameter + 1) << info.parameter) + 1;
    return info.kind == TypeKind.LinearHistogram ? this.bounds[info.parameter].buckets : this.series[info.parameter].count;
  }

  /** A value that only the runner understands: `size` bytes at `align`. */
  /** A number with `scale` digits behind the point. */
  decimal(scale: i32): i32 {
    return this.printed(TypeKind.Decimal, 8, 8, scale);
  }

  /** The smallest signed type that holds a value (features 5.1 T1). */
  smallestInteger(value: i64): i32 {
    if (value >= i8.MIN_VALUE && value <= i8.MAX_VALUE) return BasicType.Int8;
    if (value >= i16.MIN_VALUE && value <= i16.MAX_VALUE) return BasicType.Int16;
    if (value >= i32.MIN_VALUE && value <= i32.MAX_VALUE) return BasicType.Int32;
    return BasicType.Int64;
  }

  printed(kind: TypeKind, size: i32, align: i32, count: i32 = 0, parameter: i32 = 0): i32 {
    const info = new TypeInfo();
    info.kind = kind;
    info.size = size;
    info.align = align;
    info.count = count;
    info.parameter = parameter;
    return this.intern(info);
  }

  /** Room for `count` bytes behind their number. */
  buffer(count: i32): i32 {
    return this.printed(TypeKind.Buffer, count + 4, 4, count);
  }

  stack(kind: TypeKind, frames: i32, mode: StackMode): i32 {
    return this.printed(kind, frames * frameSize(mode) + (kind == TypeKind.UserStack ? 16 : 8), 8, frames, mode);
  }

  isPrinted(id: i32): bool {
    const kind = this.types[id].kind;
    return kind >= TypeKind.Buffer && kind <= TypeKind.UserName;
  }

  /** Types whose size is part of what the script says: a longer value would lose its end. */
  isSized(id: i32): bool {
    const kind = this.types[id].kind;
    return kind == TypeKind.String || kind == TypeKind.Buffer || kind == TypeKind.Tuple;
  }

  isInteger(id: i32): bool {
    return this.types[id].kind == TypeKind.Integer;
  }

  isSigned(id: i32): bool {
    return this.types[id].signed;
  }

  /** Whether every value of the integer (or bool) type `narrow` is one of type `wide`, so that no extension changes it. */
  holds(wide: i32, narrow: i32): bool {
    const a = this.types[wide];
    const b = this.types[narrow];
    if (b.kind == TypeKind.Bool) return true;
    if (b.kind != TypeKind.Integer) return false;
    return a.signed == b.signed ? a.size >= b.size : a.size == 8 || (a.signed && a.size > b.size);
  }

  isAggregate(id: i32): bool {
    return this.types[id].kind >= TypeKind.Count;
  }

  /** Aggregations that act as a number in expressions. */
  isReadableAggregate(id: i32): bool {
    const kind = this.types[id].kind;
    return kind >= TypeKind.Count && kind <= TypeKind.Average;
  }

  /** Values that one register holds. */
  isScalar(id: i32): bool {
    const kind = this.types[id].kind;
    return kind == TypeKind.Integer || kind == TypeKind.Bool || kind == TypeKind.Pointer;
  }

  /** Values in memory that a variable, map or event can hold. */
  isStorable(id: i32): bool {
    const info = this.types[id];
    switch (info.kind) {
      case TypeKind.String:
      case TypeKind.Tuple:
        return true;
      case TypeKind.Array:
        return info.size > 0 && (this.isScalar(info.element) || this.isStorable(info.element));
      case TypeKind.Record:
        return info.structure >= 0;
      default:
        return this.isScalar(id) || this.isPrinted(id);
    }
  }

  /** The type as the peer writes it in messages. */
  describe(id: i32): string {
    const info = this.types[id];
    switch (info.kind) {
      case TypeKind.None:
        return "none";
      case TypeKind.Integer:
        if (info.enumeration >= 0) return `enum ${this.enumerations[info.enumeration].name}`;
        return (info.signed ? "int" : "uint") + (info.size * 8).toString();
      case TypeKind.Bool:
        return "bool";
      case TypeKind.Decimal:
        return "decimal";
      case TypeKind.String:
        return `string[${info.size}]`;
      case TypeKind.Pointer:
        return this.describe(info.element) + " *";
      case TypeKind.Record:
        return info.structure >= 0 ? this.structures[info.structure].text : info.text;
      case TypeKind.Array:
        return `${this.describe(info.element)}[${info.count}]`;
      case TypeKind.Tuple: {
        const parts: Array<string> = [];
        for (let i = 0; i < info.fields.length; i++)
          parts.push((info.names.length > 0 ? `.${info.names[i]} = ` : "") + this.describe(info.fields[i]));
        return info.names.length > 0 ? `record { ${parts.join(", ")} }` : `(${parts.join(",")})`;
      }
      case TypeKind.Arguments:
        return "args";
      case TypeKind.Buffer:
        return `buffer[${info.size}]`;
      case TypeKind.KernelSymbol:
        return "ksym_t";
      case TypeKind.UserSymbol:
        return "usym_t";
      case TypeKind.KernelStack:
      case TypeKind.UserStack:
        return `${info.kind == TypeKind.KernelStack ? "kstack" : "ustack"}_${stackModeNames()[info.parameter]}_${info.count}`;
      case TypeKind.NetworkAddress:
        return "inet";
      case TypeKind.MacAddress:
        return "mac_address";
      case TypeKind.Timestamp:
        return "timestamp";
      case TypeKind.CgroupPath:
        return "cgroup_path_t";
      case TypeKind.UserName:
        return "username_t";
      case TypeKind.Count:
        return "count_t";
      case TypeKind.Sum:
        return info.signed ? "sum_t" : "usum_t";
      case TypeKind.Minimum:
        return info.signed ? "min_t" : "umin_t";
      case TypeKind.Maximum:
        return info.signed ? "max_t" : "umax_t";
      case TypeKind.Average:
        return info.signed ? "avg_t" : "uavg_t";
      case TypeKind.Stats:
        return info.signed ? "stats_t" : "ustats_t";
      case TypeKind.Histogram:
        return "hist_t";
      case TypeKind.LinearHistogram:
        return "lhist_t";
      case TypeKind.TimeSeries:
        return "tseries_t";
      default:
        return "unknown";
    }
  }
}

export function alignUp(value: i32, align: i32): i32 {
  return (value + align - 1) & -align;
}
