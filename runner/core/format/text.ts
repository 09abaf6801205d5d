// Results as text: features 4.6.

import type { Field, Location, Source } from "../../../wasm/manifest.ts";
import { diagnosticText, expansionText, placeName } from "../diagnostic-text.ts";
import { divide } from "../integers.ts";
import type { Entry, MapTable } from "../maps.ts";
import type { Style } from "../names.ts";
import { divisor, FLUSH_BYTES, firstShown, isBlock, type MessageKind, type Output, type Sink } from "../output.ts";
import { helperFailure } from "./helper-errors.ts";
import { writeHistogram } from "./histogram.ts";
import type { PrintfFormat } from "./printf.ts";
import { writeSeries } from "./series.ts";
import { benchText, testBeginsText, testEndedText, testsBeginText, testsEndedText } from "./test-results.ts";
import { type Memory, writeKey, writeValue } from "./values.ts";
import { ByteWriter } from "./writer.ts";

export class TextOutput implements Output {
  readonly #sink: Sink;
  readonly #style: Style;
  readonly #out = new ByteWriter(65_536);

  /** @param style how values become text. */
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

  #error(text: string): void {
    // Both streams may end in the same terminal: keep their order.
    this.flush();
    this.#sink.writeError(text);
  }

  attachedProbes(count: number): void {
    this.#error(`Attached ${count} ${count === 1 ? "probe" : "probes"}\n`);
  }

  printf(format: PrintfFormat, memory: Memory, at: number): void {
    format.write(memory, at, this.#out);
  }

  value(field: Field, memory: Memory, at: number): void {
    writeValue(field.type, memory, at + field.offset, this.#style, this.#out);
    this.#out.byte(10);
  }

  map(table: MapTable, top: number, div: number): void {
    const { map, keys } = table;
    const out = this.#out;
    for (let index = firstShown(table, top); index < table.size; index++) {
      const entry = table.entry(index);
      out.ascii(map.name);
      if (map.key !== null) {
        out.byte(91);
        writeKey(map.key, keys, entry.key, this.#style, out);
        out.byte(93);
      }
      out.ascii(isBlock(map) ? ":\n" : ": ");
      this.#mapValue(table, entry, divisor(div));
      out.byte(10);
      if (out.length >= FLUSH_BYTES) this.flush();
    }
  }

  #mapValue({ map, values, newest }: MapTable, entry: Entry, div: number): void {
    const { value } = map;
    const out = this.#out;
    switch (value.kind) {
      case "value":
        if (value.type.kind === "int") out.integer(div === 1 ? entry.value : divide(entry.value, div));
        else writeValue(value.type, values, entry.at, this.#style, out);
        break;
      case "stats":
        out.ascii(`{ .count = ${entry.count}, .average = ${divide(entry.value, div)}, .total = ${entry.total} }`);
        break;
      case "hist":
        writeHistogram(value, entry.buckets, div === 1 ? entry.buckets : entry.buckets.map((count) => divide(count, div)), out);
        break;
      case "tseries":
        writeSeries(value, entry, newest, out);
        break;
      case "lhist":
        writeHistogram(value, entry.buckets, entry.buckets, out);
        break;
      default:
        out.integer(div === 1 ? entry.value : divide(entry.value, div));
    }
  }

  message(kind: MessageKind, bytes: Uint8Array): void {
    this.#out.copy(bytes, 0, -1);
    // The peer ends what these two print with a line of its own.
    if (kind === "join" || kind === "syscall") this.#out.byte(10);
  }

  report(kind: "errorf" | "warnf", message: Uint8Array, source: Source, location: Location, library: string): void {
    const severity = kind === "errorf" ? "ERROR" : "WARNING";
    const text = new TextDecoder().decode(message);
    if (library !== "") {
      this.#error(`${library}: ${severity}: ${text}\n${diagnosticText(severity, source, location, "expanded from")}`);
      return;
    }
    this.#error(`${placeName(source, location)}: ${severity}: ${text}\n${expansionText(severity, source, location)}`);
  }

  lostEvents(count: number): void {
    this.#error(`Lost ${count} events\n`);
  }

  warning(message: string): void {
    this.#error(`WARNING: ${message}\n`);
  }

  runtimeError(message: string, source: Source, location: Location): void {
    this.#error(diagnosticText("WARNING", source, location, message));
  }

  helperError(helper: string, code: number, source: Source, location: Location): void {
    this.#error(
      diagnosticText("WARNING", source, location, `${helperFailure(helper, code)}\nAdditional Info - helper: ${helper}, retcode: ${code}`),
    );
  }

  testsBegin(count: number): void {
    this.#out.text(testsBeginText(count));
    this.flush();
  }

  testBegins(name: string): void {
    this.#out.text(testBeginsText(name));
    this.flush();
  }

  testEnded(name: string, passed: boolean, duration: number, said: Uint8Array): void {
    // Of a test that went well nobody wants to read.
    if (!passed) {
      this.#out.copy(said, 0, -1);
      if (said.length > 0 && said.at(-1) !== 10) this.#out.byte(10);
    }
    this.#out.text(testEndedText(name, passed, duration));
  }

  testsEnded(count: number, failed: string[]): void {
    this.#out.text(testsEndedText(count, failed));
  }

  benchEnded(name: string, average: number, iterations: number, width: number, isFirst: boolean): void {
    this.#out.text(benchText(name, average, iterations, width, isFirst));
    this.flush();
  }

  end(): void {
    this.#out.ascii("\n\n");
  }
}
