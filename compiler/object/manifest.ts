// The manifest: what the runner must know of the script, as one canonical JSON document (schema: wasm/manifest.ts).
// Keys are written in sorted order, 64-bit numbers as decimal strings, so that equal scripts give equal bytes.

import { ConfigKey, Configuration } from "../check/config";
import { OptionSymbol } from "../check/options";
import { BasicType, Enumeration, SeriesValue, Structure, stackModeNames, TypeKind, TypeTable } from "../check/types";
import { ByteBuffer } from "../source/bytes";
import { Expansions } from "../source/expansions";
import { Source } from "../source/source";
import { FieldKind, TracepointField } from "../target/tracepoint";

/** Version of the manifest's schema. */
const VERSION: i32 = 1;

/** Bounds that the schema of the manifest sets for numbers of the configuration. */
const MAXIMUM_NUMBER: i64 = 0xffffffff;
const MAXIMUM_PAGES: i64 = 1 << 20;

/** Name and version of the compiler that wrote an object. */
export const COMPILER: string = "bpfcast 0.1.0";

export const enum EventKind {
  Printf,
  Exit,
  PrintMap,
  Clear,
  Zero,
  PrintValue,
  RuntimeError,
  Cat,
  System,
  ReportError,
  ReportWarning,
  Time,
  Join,
  HelperError,
}

/** A row of `events`; its index is the id in the record. */
@final
export class EventRow {
  /** printf: bytes of the format. runtime_error: its text. helper_error: the helper's name. */
  text: usize = 0;
  textLength: u32 = 0;
  /** Types and offsets of the arguments. */
  types: Array<i32> = [];
  offsets: Array<i32> = [];
  /** Bytes of the record. */
  size: i32 = 8;
  map: i32 = 0;
  /** What macro of the script it is in: see `Expansions`. */
  expansion: i32 = 0;
  /** errorf of the library: its own place, which messages name first. */
  library: string = "";
  top: u64 = 0;
  divisor: u64 = 0;
  /** Of an event without arguments: offset in `.rodata` of its record, or -1 before there is one. */
  record: i32 = -1;

  constructor(
    public kind: EventKind,
    public start: u32,
    public end: u32,
  ) {}

  setText(text: string): void {
    const bytes = String.UTF8.encode(text);
    this.text = changetype<usize>(bytes);
    this.textLength = bytes.byteLength;
  }

  /** Whether both are the same event: attach points of one probe send what it says from the same place. */
  equals(other: EventRow): bool {
    if (
      this.expansion != other.expansion ||
      this.start != other.start ||
      this.kind != other.kind ||
      this.end != other.end ||
      this.size != other.size
    )
      return false;
    if (this.map != other.map || this.top != other.top || this.divisor != other.divisor || this.library != other.library) return false;
    if (this.textLength != other.textLength || memory.compare(this.text, other.text, this.textLength) != 0) return false;
    if (this.types.length != other.types.length) return false;
    for (let i = 0; i < this.types.length; i++) if (this.types[i] != other.types[i] || this.offsets[i] != other.offsets[i]) return false;
    return true;
  }
}

@final
export class ProgramRow {
  constructor(
    public name: string,
    public section: string,
    public kind: string,
    public probe: string,
    public target: Array<string>,
    /** Index of the script's probe that the attach point belongs to. */
    public body: i32,
    public start: u32,
    public end: u32,
  ) {}

  /** Whether its place is known only on the host. */
  get hasWildcard(): bool {
    for (let i = 0; i < this.target.length; i++) if (this.target[i].includes("*")) return true;
    return false;
  }
}

@final
export class MapRow {
  name: string = "";
  symbol: string = "";
  /** Kernel name of the map type. */
  type: string = "";
  keyType: i32 = BasicType.None;
  valueType: i32 = BasicType.None;
  isScalar: bool = false;
  keySize: i32 = 0;
  valueSize: i32 = 0;
  capacity: i32 = 0;
  bucketOffset: i32 = 0;
  presenceOffset: i32 = 0;
}

@final
export class TracepointRow {
  fields: Array<TracepointField> = [];
  starts: Array<u32> = [];
  ends: Array<u32> = [];

  constructor(
    public category: string,
    public event: string,
  ) {}
}

@final
export class BindingRow {
  /** Parameters: which one, from 1, and the first use. 0 for everything else. */
  index: u32 = 0;
  /** Kernel symbols and cgroups: their name or path. */
  name: string = "";
  start: u32 = 0;
  end: u32 = 0;
  /** What is bound for each place: index of the program. */
  program: i32 = -1;
  /** Arguments of static tracepoints: which one, from 0; else -1. */
  argument: i32 = -1;
  /** Named parameters: which one. */
  option: OptionSymbol | null = null;

  constructor(
    public kind: string,
    public offset: i32,
    public size: i32,
  ) {}
}

@final
export class FeatureRow {
  constructor(
    public feature: string,
    public start: u32,
    public end: u32,
  ) {}
}

/** Collects the rows while the script is lowered; `write` makes the document. */
@final
export class Manifest {
  programs: Array<ProgramRow> = [];
  maps: Array<MapRow> = [];
  events: Array<EventRow> = [];
  tracepoints: Array<TracepointRow> = [];
  bindings: Array<BindingRow> = [];
  features: Array<FeatureRow> = [];
  /** Texts that values refer to by index. */
  texts: Array<string> = [];
  scratchSlotSize: i32 = 0;
  scratchSlotsPerCpu: i32 = 0;
  private isUnsafe: bool = false;
  private out: ByteBuffer = new ByteBuffer();

  constructor(
    private source: Source,
    private types: TypeTable,
    private configuration: Configuration,
    /** What the target calls its architecture. */
    private architecture: string,
    private expansions: Expansions,
  ) {}

  /** Notes that the program needs a kernel feature; the first place counts. */
  need(feature: string, start: u32, end: u32): void {
    for (let i = 0; i < this.features.length; i++) if (this.features[i].feature == feature) return;
    this.features.push(new FeatureRow(feature, start, end));
  }

  /** Index of `text` among the texts that values refer to. */
  text(text: string): i32 {
    const known = this.texts.indexOf(text);
    if (known >= 0) return known;
    this.texts.push(text);
    return this.texts.length - 1;
  }

  /** Notes that the script can change or stop processes. */
  unsafe(what: string, start: u32, end: u32): void {
    this.need(`unsafe:${what}`, start, end);
    this.isUnsafe = true;
  }

  write(out: ByteBuffer): void {
    this.out = out;
    this.raw(`{"arch":"${this.architecture}","bindings":[`);
    for (let i = 0; i < this.bindings.length; i++) {
      this.comma(i);
      this.binding(this.bindings[i]);
    }
    this.raw(`],"compiler":"${COMPILER}","config":`);
    this.config();
    this.raw(',"events":[');
    for (let i = 0; i < this.events.length; i++) {
      this.comma(i);
      this.event(this.events[i]);
    }
    this.raw('],"features":[');
    for (let i = 0; i < this.features.length; i++) {
      this.comma(i);
      this.raw(`{"feature":"${this.features[i].feature}",`);
      this.location(this.features[i].start, this.features[i].end);
      this.raw("}");
    }
    this.raw('],"maps":[');
    for (let i = 0; i < this.maps.length; i++) {
      this.comma(i);
      this.map(this.maps[i]);
    }
    this.raw('],"programs":[');
    for (let i = 0; i < this.programs.length; i++) {
      this.comma(i);
      this.program(this.programs[i]);
    }
    this.raw(`],"scratch":{"slotSize":${this.scratchSlotSize},"slotsPerCpu":${this.scratchSlotsPerCpu}},"source":{`);
    this.headers();
    this.raw('"name":');
    this.string(this.source.name);
    this.raw(',"text":');
    this.bytes(this.source.pointer, this.source.length);
    this.raw('},"texts":[');
    for (let i = 0; i < this.texts.length; i++) {
      this.comma(i);
      this.string(this.texts[i]);
    }
    this.raw('],"tracepoints":[');
    for (let i = 0; i < this.tracepoints.length; i++) {
      this.comma(i);
      this.tracepoint(this.tracepoints[i]);
    }
    this.raw(`],"unsafe":${this.isUnsafe ? "true" : "false"},"version":${VERSION}}`);
  }

  /** What the runner must know of the script's configuration. */
  private config(): void {
    const configuration = this.configuration;
    this.raw(
      `{"cacheUserSymbols":"${configuration.text(ConfigKey.CacheUserSymbols)}","cppDemangle":${configuration.text(ConfigKey.CppDemangle)}`,
    );
    this.raw(
      `,"lazySymbolication":${configuration.text(ConfigKey.LazySymbolication)},"logSize":${configuration.number(ConfigKey.LogSize, 0, MAXIMUM_NUMBER)}`,
    );
    this.raw(
      `,"maxCatBytes":${configuration.number(ConfigKey.MaxCatBytes, 0, MAXIMUM_NUMBER)},"maxPrograms":${configuration.number(ConfigKey.MaxBpfPrograms, 0, MAXIMUM_NUMBER)}`,
    );
    this.raw(
      `,"maxProbes":${configuration.number(ConfigKey.MaxProbes, 0, MAXIMUM_NUMBER)},"missingProbes":"${configuration.text(ConfigKey.MissingProbes)}"`,
    );
    this.raw(
      `,"printMapsOnExit":${configuration.text(ConfigKey.PrintMapsOnExit)},"ringBufferPages":${configuration.number(ConfigKey.RingBufferPages, 0, MAXIMUM_PAGES)}`,
    );
    this.raw(
      `,"showDebugInfo":${configuration.text(ConfigKey.ShowDebugInfo)},"stackMode":"${configuration.text(ConfigKey.StackMode)}","stringTruncationTrailer":`,
    );
    this.string(configuration.text(ConfigKey.TruncationTrailer));
    this.raw("}");
  }

  private binding(binding: BindingRow): void {
    const option = binding.option;
    this.raw("{");
    if (binding.argument >= 0) this.raw(`"argument":${binding.argument},`);
    if (option != null) {
      this.raw('"default":');
      this.string(option.fallback);
      this.raw(',"description":');
      this.string(option.description);
      this.raw(',"kind":"option",');
      this.location(option.start, option.end);
      this.raw(',"name":');
      this.string(option.name);
      const type = option.type == BasicType.Bool ? "bool" : option.type == BasicType.Int64 ? "int" : "string";
      this.raw(`,"offset":${binding.offset},"size":${binding.size},"type":"${type}"}`);
      return;
    }
    if (binding.index > 0) this.raw(`"index":${binding.index},`);
    this.raw(`"kind":"${binding.kind}",`);
    if (binding.index > 0 || binding.name.length > 0) {
      this.location(binding.start, binding.end);
      this.raw(",");
    }
    if (binding.name.length > 0) {
      this.raw('"name":');
      this.string(binding.name);
      this.raw(",");
    }
    this.raw(`"offset":${binding.offset},`);
    if (binding.program >= 0) this.raw(`"program":${binding.program},`);
    this.raw(`"size":${binding.size}}`);
  }

  private raw(text: string): void {
    this.out.writeText(text);
  }

  private comma(index: i32): void {
    if (index > 0) this.out.writeU8(0x2c);
  }

  private string(text: string): void {
    const buffer = String.UTF8.encode(text);
    this.bytes(changetype<usize>(buffer), buffer.byteLength);
  }

  private bytes(pointer: usize, length: u32): void {
    writeJsonString(this.out, pointer, length);
  }

  private location(start: u32, end: u32, expansion: i32 = 0): void {
    this.raw('"location":');
    this.place(start, end, expansion);
  }

  private place(start: u32, end: u32, expansion: i32): void {
    const source = this.source;
    end = source.endOf(start, end);
    this.raw(`{"column":${source.column(start)},"endColumn":${source.column(end)},"endLine":${source.line(end)},`);
    if (expansion > 0) {
      this.raw('"expandedFrom":[');
      for (let at = expansion; at > 0; at = this.expansions.parent(at)) {
        if (at != expansion) this.raw(",");
        this.place(this.expansions.start(at), this.expansions.end(at), 0);
      }
      this.raw("],");
    }
    const file = source.file(start);
    if (file.start > 0) {
      this.raw('"file":');
      this.string(file.name);
      this.raw(",");
    }
    this.raw(`"line":${source.line(start)}}`);
  }

  /** The local headers, if there are any. */
  private headers(): void {
    const files = this.source.files;
    if (files.length == 1) return;
    this.raw('"files":[');
    for (let i = 1; i < files.length; i++) {
      this.comma(i - 1);
      this.raw('{"name":');
      this.string(files[i].name);
      this.raw(',"text":');
      this.bytes(this.source.address(files[i].start), files[i].end - files[i].start);
      this.raw("}");
    }
    this.raw("],");
  }

  private event(event: EventRow): void {
    const kind = event.kind;
    const formatted = hasFormat(kind);
    const args =
      formatted || kind == EventKind.Exit || kind == EventKind.PrintValue || kind == EventKind.Join || kind == EventKind.HelperError;
    this.raw("{");
    if (args) {
      this.raw('"args":[');
      for (let i = 0; i < event.types.length; i++) {
        this.comma(i);
        this.field(event.offsets[i], event.types[i]);
      }
      this.raw("],");
    }
    if (kind == EventKind.PrintMap) this.raw(`"div":${event.divisor},`);
    if (formatted || kind == EventKind.Time) {
      this.raw('"format":');
      this.bytes(event.text, event.textLength);
      this.raw(",");
    }
    if (kind == EventKind.HelperError) {
      this.raw('"helper":');
      this.bytes(event.text, event.textLength);
      this.raw(",");
    }
    this.raw(`"kind":"${eventName(kind)}",`);
    if (kind == EventKind.ReportError) this.raw(`"library":"${event.library}",`);
    this.location(event.start, event.end, event.expansion);
    if (kind == EventKind.Join) {
      this.raw(',"separator":');
      this.bytes(event.text, event.textLength);
    }
    if (kind == EventKind.PrintMap || kind == EventKind.Clear || kind == EventKind.Zero) this.raw(`,"map":${event.map}`);
    this.raw(`,"size":${event.size}`);
    if (kind == EventKind.RuntimeError) {
      this.raw(',"text":');
      this.bytes(event.text, event.textLength);
    }
    if (kind == EventKind.PrintMap) this.raw(`,"top":${event.top}`);
    this.raw("}");
  }

  private field(offset: i32, type: i32): void {
    this.raw(`{"offset":${offset},"type":`);
    this.valueType(type);
    this.raw("}");
  }

  private valueType(type: i32): void {
    const info = this.types.get(type);
    switch (info.kind) {
      case TypeKind.Integer:
        if (info.enumeration >= 0) {
          this.enumeration(this.types.enumerations[info.enumeration]);
          return;
        }
        this.raw(`{"kind":"int","signed":${info.signed ? "true" : "false"},"size":${info.size}}`);
        return;
      case TypeKind.Bool:
        this.raw('{"kind":"bool"}');
        return;
      case TypeKind.String:
        this.raw(`{"kind":"string","size":${info.size}}`);
        return;
      case TypeKind.Pointer:
        this.raw('{"kind":"pointer"}');
        return;
      case TypeKind.Array:
        this.raw(`{"count":${info.count},"element":`);
        this.valueType(info.element);
        this.raw(',"kind":"array"}');
        return;
      case TypeKind.Record:
        this.structure(this.types.structures[info.structure]);
        return;
      case TypeKind.Buffer:
        this.raw(`{"kind":"buffer","size":${info.size}}`);
        return;
      case TypeKind.KernelSymbol:
        this.raw('{"kind":"ksym"}');
        return;
      case TypeKind.UserSymbol:
        this.raw('{"kind":"usym"}');
        return;
      case TypeKind.KernelStack:
      case TypeKind.UserStack: {
        const mode = stackModeNames()[info.parameter];
        this.raw(`{"frames":${info.count},"kind":"${info.kind == TypeKind.KernelStack ? "kstack" : "ustack"}","mode":"${mode}"}`);
        return;
      }
      case TypeKind.NetworkAddress:
        this.raw('{"kind":"inet"}');
        return;
      case TypeKind.MacAddress:
        this.raw('{"kind":"mac"}');
        return;
      case TypeKind.Timestamp:
        this.raw('{"kind":"timestamp"}');
        return;
      case TypeKind.CgroupPath:
        this.raw('{"kind":"cgroup_path"}');
        return;
      case TypeKind.UserName:
        this.raw('{"kind":"username"}');
        return;
      case TypeKind.Tuple:
        this.raw('{"fields":[');
        for (let i = 0; i < info.fields.length; i++) {
          this.comma(i);
          if (info.names.length > 0) this.namedField(info.names[i], info.offsets[i], info.fields[i]);
          else this.field(info.offsets[i], info.fields[i]);
        }
        this.raw(`],"kind":"${info.names.length > 0 ? "record" : "tuple"}","size":${info.size}}`);
        return;
      default:
        assert(false, "a type that the manifest cannot carry");
    }
  }

  private namedField(name: string, offset: i32, type: i32): void {
    this.raw(`{"name":"${name}","offset":${offset},"type":`);
    this.valueType(type);
    this.raw("}");
  }

  private structure(structure: Structure): void {
    this.raw('{"fields":[');
    this.structureFields(structure, 0, 0);
    this.raw(`],"kind":"record","size":${structure.size}}`);
  }

  /** The fields of a struct that begins at bit `base`, `count` others before them; those of anonymous members are its own. */
  private structureFields(structure: Structure, base: i32, count: i32): i32 {
    for (let i = 0; i < structure.fields.length; i++) {
      const field = structure.fields[i];
      const at = base + field.bitOffset;
      const info = this.types.get(field.type);
      if (field.name.length == 0 && info.kind == TypeKind.Record && info.structure >= 0) {
        count = this.structureFields(this.types.structures[info.structure], at, count);
        continue;
      }
      this.comma(count++);
      if (field.bits == 0) {
        this.namedField(field.name, at >> 3, field.type);
        continue;
      }
      const start = at & -(info.size * 8);
      this.raw(
        `{"name":"${field.name}","offset":${start >> 3},"type":{"kind":"bits","shift":${at - start},"signed":${info.signed ? "true" : "false"},"size":${info.size},"width":${field.bits}}}`,
      );
    }
    return count;
  }

  private enumeration(enumeration: Enumeration): void {
    this.raw('{"kind":"enum","names":[');
    for (let i = 0; i < enumeration.names.length; i++) {
      this.comma(i);
      this.raw(
        `{"name":"${enumeration.names[i]}","value":"${enumeration.signed ? enumeration.values[i].toString() : (<u64>enumeration.values[i]).toString()}"}`,
      );
    }
    this.raw(`],"signed":${enumeration.signed ? "true" : "false"},"size":${enumeration.size}}`);
  }

  private map(map: MapRow): void {
    this.raw(`{"bucketOffset":${map.bucketOffset},"capacity":${map.capacity},"key":`);
    if (map.isScalar) this.raw("null");
    else this.valueType(map.keyType);
    this.raw(
      `,"keySize":${map.keySize},"name":"${map.name}","presenceOffset":${map.presenceOffset},"symbol":"${map.symbol}","type":"${map.type}","value":`,
    );
    this.mapValue(map.valueType);
    this.raw(`,"valueSize":${map.valueSize}}`);
  }

  private mapValue(type: i32): void {
    const info = this.types.get(type);
    const signed = info.signed ? "true" : "false";
    switch (info.kind) {
      case TypeKind.Count:
        this.raw('{"kind":"count"}');
        return;
      case TypeKind.Sum:
        this.raw(`{"kind":"sum","signed":${signed}}`);
        return;
      case TypeKind.Minimum:
        this.raw(`{"kind":"min","signed":${signed}}`);
        return;
      case TypeKind.Maximum:
        this.raw(`{"kind":"max","signed":${signed}}`);
        return;
      case TypeKind.Average:
        this.raw(`{"kind":"avg","signed":${signed}}`);
        return;
      case TypeKind.Stats:
        this.raw(`{"kind":"stats","signed":${signed}}`);
        return;
      case TypeKind.Histogram:
        this.raw(`{"bits":${info.parameter},"buckets":${histogramBuckets(info.parameter)},"kind":"hist"}`);
        return;
      case TypeKind.LinearHistogram: {
        const bounds = this.types.bounds[info.parameter];
        this.raw(`{"buckets":${bounds.buckets},"kind":"lhist","max":"${bounds.max}","min":"${bounds.min}","step":"${bounds.step}"}`);
        return;
      }
      case TypeKind.TimeSeries: {
        const shape = this.types.series[info.parameter];
        const aggregation =
          shape.value == SeriesValue.Average
            ? "avg"
            : shape.value == SeriesValue.Maximum
              ? "max"
              : shape.value == SeriesValue.Minimum
                ? "min"
                : shape.value == SeriesValue.Sum
                  ? "sum"
                  : "last";
        this.raw(
          `{"aggregation":"${aggregation}","buckets":${shape.count},"interval":"${shape.interval}","kind":"tseries","signed":${signed}}`,
        );
        return;
      }
      default:
        this.raw('{"kind":"value","type":');
        this.valueType(type);
        this.raw("}");
    }
  }

  private program(program: ProgramRow): void {
    this.raw(`{"body":${program.body},"kind":"${program.kind}",`);
    this.location(program.start, program.end);
    this.raw(`,"name":"${program.name}","probe":`);
    this.string(program.probe);
    this.raw(',"section":');
    this.string(program.section);
    this.raw(',"target":[');
    for (let i = 0; i < program.target.length; i++) {
      this.comma(i);
      this.string(program.target[i]);
    }
    this.raw("]}");
  }

  private tracepoint(tracepoint: TracepointRow): void {
    this.raw('{"category":');
    this.string(tracepoint.category);
    this.raw(',"event":');
    this.string(tracepoint.event);
    this.raw(',"fields":[');
    for (let i = 0; i < tracepoint.fields.length; i++) {
      const field = tracepoint.fields[i];
      this.comma(i);
      const kind = field.kind == FieldKind.DataLocation ? "data_loc" : field.kind == FieldKind.Array ? "array" : "int";
      this.raw(`{"kind":"${kind}",`);
      this.location(tracepoint.starts[i], tracepoint.ends[i]);
      this.raw(',"name":');
      this.bytes(field.name, field.nameLength);
      this.raw(`,"offset":${field.offset},"signed":${field.signed ? "true" : "false"},"size":${field.size}}`);
    }
    this.raw("]}");
  }
}

/** Whether an event is a message made from a format and its arguments. */
function hasFormat(kind: EventKind): bool {
  return kind == EventKind.Printf || (kind >= EventKind.Cat && kind <= EventKind.ReportWarning);
}

function eventName(kind: EventKind): string {
  switch (kind) {
    case EventKind.Printf:
      return "printf";
    case EventKind.Exit:
      return "exit";
    case EventKind.PrintMap:
      return "print_map";
    case EventKind.Clear:
      return "clear";
    case EventKind.Zero:
      return "zero";
    case EventKind.PrintValue:
      return "print_value";
    case EventKind.Cat:
      return "cat";
    case EventKind.System:
      return "system";
    case EventKind.ReportError:
      return "errorf";
    case EventKind.ReportWarning:
      return "warnf";
    case EventKind.Time:
      return "time";
    case EventKind.Join:
      return "join";
    case EventKind.HelperError:
      return "helper_error";
    default:
      return "runtime_error";
  }
}

/** Number of buckets of `hist(n, bits)`: negative, the exact ones, and 2^bits for each power of two up to 2^63. */
export function histogramBuckets(bits: i32): i32 {
  return ((64 - bits + 1) << bits) + 1;
}

/** `length` bytes as a JSON string; bytes that are no UTF-8 are kept by escaping each as U+00XX, as text would be shown. */
export function writeJsonString(out: ByteBuffer, pointer: usize, length: u32): void {
  out.writeU8(0x22);
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(pointer + i);
    if (byte == 0x22 || byte == 0x5c) {
      out.writeU8(0x5c);
      out.writeU8(byte);
    } else if (byte >= 0x20 && byte < 0x80) out.writeU8(byte);
    else if (byte < 0x20 || byte == 0x7f) escape(out, byte);
    else {
      const width = utf8Width(pointer + i, length - i);
      if (width == 0) escape(out, byte);
      else {
        for (let j: u32 = 0; j < width; j++) out.writeU8(load<u8>(pointer + i + j));
        i += width - 1;
      }
    }
  }
  out.writeU8(0x22);
}

function escape(out: ByteBuffer, byte: u8): void {
  out.writeText("\\u00");
  const high = byte >> 4;
  const low = byte & 15;
  out.writeU8(high < 10 ? 0x30 + high : 0x57 + high);
  out.writeU8(low < 10 ? 0x30 + low : 0x57 + low);
}

/** Bytes of the UTF-8 sequence at `pointer`, or 0 where it is none (RFC 3629). */
function utf8Width(pointer: usize, available: u32): u32 {
  const first = load<u8>(pointer);
  const width: u32 = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (width == 0 || first > 0xf4 || width > available) return 0;
  for (let i: u32 = 1; i < width; i++) if ((load<u8>(pointer + i) & 0xc0) != 0x80) return 0;
  const second = load<u8>(pointer, 1);
  if (
    (first == 0xe0 && second < 0xa0) ||
    (first == 0xed && second > 0x9f) ||
    (first == 0xf0 && second < 0x90) ||
    (first == 0xf4 && second > 0x8f)
  )
    return 0;
  return width;
}
