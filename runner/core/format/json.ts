// Results as JSON, one object a line: the shapes of features 1.10, blanks included.

import type { Field, Location, Source, ValueType } from "../../../wasm/manifest.ts";
import { valueSize } from "../../../wasm/parse-manifest.ts";
import { fileOf } from "../diagnostic-text.ts";
import { divide, type Integer, readInteger } from "../integers.ts";
import type { Entry, MapTable } from "../maps.ts";
import type { Style } from "../names.ts";
import { divisor, FLUSH_BYTES, firstShown, isBlock, type MessageKind, type Output, type Sink } from "../output.ts";
import { helperErrorText } from "./helper-errors.ts";
import { bucketAt, filledRange, type HistogramInfo } from "./histogram.ts";
import { writePrinted } from "./printed.ts";
import type { PrintfFormat } from "./printf.ts";
import { seriesJson } from "./series.ts";
import { type Memory, readScalar, writeKey, writeString } from "./values.ts";
import { ByteWriter } from "./writer.ts";

const QUOTE = 34;
const BACKSLASH = 92;

const PRINTF_HEAD = new TextEncoder().encode('{"type": "printf", "data": "');
const PRINTF_TAIL = new TextEncoder().encode('"}\n');

/** What a byte becomes inside a JSON text, where it is not itself. */
const ESCAPES: (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return '\\"';
  if (byte === BACKSLASH) return "\\\\";
  if (byte === 10) return "\\n";
  if (byte === 13) return "\\r";
  if (byte === 9) return "\\t";
  return byte < 32 ? `\\u${byte.toString(16).padStart(4, "0")}` : undefined;
});

function writeEscaped(bytes: Uint8Array, length: number, out: ByteWriter): void {
  // Room for the longest escape of every byte, so that plain ones need no check.
  out.reserve(length * 6);
  const target = out.bytes;
  let end = out.length;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) {
      target[end++] = byte;
      continue;
    }
    out.length = end;
    out.ascii(ESCAPES[byte] ?? "");
    end = out.length;
  }
  out.length = end;
}

/** A number, or a text of digits where a double would not be exact. */
function jsonInteger(value: Integer | bigint): string {
  return BigInt(Number(value)) === BigInt(value) ? String(value) : `"${value}"`;
}

export class JsonOutput implements Output {
  readonly #sink: Sink;
  readonly #style: Style;
  readonly #out = new ByteWriter(65_536);
  readonly #scratch = new ByteWriter(4096);

  constructor(sink: Sink, style: Style) {
    this.#sink = sink;
    this.#style = style;
  }

  get pending(): number {
    return this.#out.length;
  }

  flush(): void {
    if (this.#out.length === 0) return;
    this.#sink.write(this.#out.view());
    this.#out.clear();
  }

  attachedProbes(count: number): void {
    this.#out.ascii(`{"type": "attached_probes", "count": ${count}, "data": {"probes": ${count}}}\n`);
  }

  printf(format: PrintfFormat, memory: Memory, at: number): void {
    this.#scratch.clear();
    format.write(memory, at, this.#scratch);
    this.#out.copy(PRINTF_HEAD, 0, PRINTF_HEAD.length);
    writeEscaped(this.#scratch.bytes, this.#scratch.length, this.#out);
    this.#out.copy(PRINTF_TAIL, 0, PRINTF_TAIL.length);
  }

  value(field: Field, memory: Memory, at: number): void {
    this.#out.ascii('{"type": "value", "data": ');
    this.#value(field.type, memory, at + field.offset);
    this.#out.ascii("}\n");
  }

  #value(type: ValueType, memory: Memory, at: number): void {
    const out = this.#out;
    switch (type.kind) {
      case "int":
        out.ascii(jsonInteger(readInteger(memory.view, at, type.size, type.signed)));
        break;
      case "bool":
        out.ascii(memory.bytes[at] === 0 ? "false" : "true");
        break;
      case "pointer":
        out.ascii(jsonInteger(readInteger(memory.view, at, 8, false)));
        break;
      case "string":
        this.#scratch.clear();
        writeString(memory, at, type.size, this.#style.trailer, this.#scratch);
        out.byte(QUOTE);
        writeEscaped(this.#scratch.bytes, this.#scratch.length, out);
        out.byte(QUOTE);
        break;
      case "enum":
      case "bits":
        out.ascii(jsonInteger(readScalar(type, memory.view, at)));
        break;
      case "array":
        out.byte(91);
        for (let index = 0; index < type.count; index++) {
          if (index > 0) out.byte(44);
          this.#value(type.element, memory, at + index * valueSize(type.element));
        }
        out.byte(93);
        break;
      case "record":
        out.byte(123);
        type.fields.forEach((field, index) => {
          if (index > 0) out.ascii(", ");
          out.text(`${JSON.stringify(field.name)}: `);
          this.#value(field.type, memory, at + field.offset);
        });
        out.byte(125);
        break;
      case "tuple":
        out.byte(91);
        type.fields.forEach((field, index) => {
          if (index > 0) out.byte(44);
          this.#value(field.type, memory, at + field.offset);
        });
        out.byte(93);
        break;
      case "buffer": {
        const length = Math.min(memory.view.getUint32(at, true), type.size - 4);
        out.ascii(`[${memory.bytes.subarray(at + 4, at + 4 + length).join(",")}]`);
        break;
      }
      default:
        this.#scratch.clear();
        writePrinted(type, memory, at, this.#style, this.#scratch);
        out.byte(QUOTE);
        writeEscaped(this.#scratch.bytes, this.#scratch.length, out);
        out.byte(QUOTE);
    }
  }

  map(table: MapTable, top: number, div: number): void {
    const { map, keys } = table;
    if (table.size === 0) return;
    const out = this.#out;
    const type =
      map.value.kind === "tseries"
        ? "tseries"
        : isBlock(map)
          ? "hist"
          : map.value.kind === "avg" || map.value.kind === "stats"
            ? "stats"
            : "map";
    out.ascii(`{"type": "${type}", "data": {"${map.name}": `);
    if (map.key !== null) out.byte(123);
    const first = firstShown(table, top);
    for (let index = first; index < table.size; index++) {
      const entry = table.entry(index);
      if (index > first) out.ascii(", ");
      if (map.key !== null) {
        this.#scratch.clear();
        writeKey(map.key, keys, entry.key, this.#style, this.#scratch);
        out.byte(QUOTE);
        // The peer takes every blank out of a key, those of its texts included.
        const letters = this.#scratch.view().filter((byte) => byte !== 32);
        writeEscaped(letters, letters.length, out);
        out.ascii('": ');
      }
      this.#mapValue(table, entry, divisor(div));
      if (out.length >= FLUSH_BYTES) this.flush();
    }
    out.ascii(map.key === null ? "}}\n" : "}}}\n");
  }

  #mapValue({ map, values, newest }: MapTable, entry: Entry, div: number): void {
    const { value } = map;
    const out = this.#out;
    switch (value.kind) {
      case "value":
        if (value.type.kind === "int") out.ascii(jsonInteger(div === 1 ? entry.value : divide(entry.value, div)));
        else this.#value(value.type, values, entry.at);
        break;
      case "stats": {
        const average = jsonInteger(divide(entry.value, div));
        out.ascii(`{"count": ${jsonInteger(entry.count)}, "average": ${average}, "total": ${jsonInteger(entry.total)}}`);
        break;
      }
      case "tseries":
        out.ascii(seriesJson(value, entry, newest, jsonInteger));
        break;
      case "hist":
      case "lhist":
        out.ascii(`[${this.#buckets(value, entry.buckets, value.kind === "hist" ? div : 1).join(",")}]`);
        break;
      default:
        out.ascii(jsonInteger(div === 1 ? entry.value : divide(entry.value, div)));
    }
  }

  #buckets(info: HistogramInfo, counts: Integer[], div: number): string[] {
    const range = filledRange(counts);
    const rows: string[] = [];
    for (let index = range?.first ?? 0; range !== undefined && index <= range.last; index++) {
      const { lower, upper } = bucketAt(info, index);
      const bounds: string[] = [];
      if (lower !== null) bounds.push(`"min": ${jsonInteger(lower)}`);
      if (upper !== null) bounds.push(`"max": ${jsonInteger(upper - 1n)}`);
      rows.push(`{${bounds.join(", ")}, "count": ${jsonInteger(divide(counts[index] ?? 0, div))}}`);
    }
    return rows;
  }

  message(kind: MessageKind, bytes: Uint8Array): void {
    this.#out.ascii(`{"type": "${kind}", "data": "`);
    writeEscaped(bytes, bytes.length, this.#out);
    this.#out.ascii('"}\n');
  }

  report(kind: "errorf" | "warnf", message: Uint8Array, source: Source, location: Location, library: string): void {
    this.#out.ascii(`{"type": "${kind}", "msg": "`);
    writeEscaped(message, message.length, this.#out);
    const [file = "", line = "", column = ""] = library.split(/[:-]/);
    if (library !== "") this.#out.text(`", "filename": ${JSON.stringify(file)}, "line": ${line}, "col": ${column}}\n`);
    else
      this.#out.text(
        `", "filename": ${JSON.stringify(fileOf(source, location.file).name)}, "line": ${location.line}, "col": ${location.column}}\n`,
      );
  }

  lostEvents(count: number): void {
    this.#out.ascii(`{"type": "lost_events", "count": ${count}, "data": {"events": ${count}}}\n`);
  }

  warning(message: string): void {
    this.flush();
    this.#sink.writeError(`WARNING: ${message}\n`);
  }

  runtimeError(message: string, source: Source, location: Location): void {
    const place = `"filename": ${JSON.stringify(fileOf(source, location.file).name)}, "line": ${location.line}, "col": ${location.column}`;
    this.#out.text(`{"type": "runtime_error", "msg": ${JSON.stringify(message)}, ${place}}\n`);
  }

  helperError(helper: string, code: number, source: Source, location: Location): void {
    const place = `"filename": ${JSON.stringify(fileOf(source, location.file).name)}, "line": ${location.line}, "col": ${location.column}`;
    const result = `"helper": ${JSON.stringify(helper)}, "retcode": ${code}`;
    this.#out.text(`{"type": "helper_error", "msg": ${JSON.stringify(helperErrorText(code))}, ${result}, ${place}}\n`);
  }

  testsBegin(): void {}

  testBegins(): void {}

  testEnded(name: string, passed: boolean, duration: number, said: Uint8Array): void {
    const out = this.#out;
    out.ascii('{"type": "test_result", "data": {"');
    this.#escaped(name);
    out.ascii(`": {"duration": ${duration}, "passed": ${passed}, "output": "`);
    writeEscaped(said, said.length, out);
    out.ascii('"}}}\n');
    this.flush();
  }

  testsEnded(): void {}

  benchEnded(name: string, average: number, iterations: number): void {
    this.#out.ascii('{"type": "benchmark_result", "data": {"');
    this.#escaped(name);
    this.#out.ascii(`": {"average": ${average}, "iters": ${iterations}}}}\n`);
    this.flush();
  }

  #escaped(text: string): void {
    const bytes = new TextEncoder().encode(text);
    writeEscaped(bytes, bytes.length, this.#out);
  }

  end(): void {}
}
