// What an object holds, as text: its relocations, maps and manifest, and what it needs of a kernel. A line ends with `@54` where it
// stands for a place in the script, as those of the compiler's stages do: an offset in UTF-8.

import { readManifest } from "../../runner/core/bind.ts";
import { Btf, BtfKind } from "../../runner/core/btf.ts";
import { type CoreRelocation, coreRelocations, lineOfInstruction } from "../../runner/core/btf-ext.ts";
import { type ElfObject, findSection, readElf, relocationsOf, type Section } from "../../runner/core/elf.ts";
import { CoreKind, localEnumerator, localField } from "../../runner/simulated/core-types.ts";
import { type Location, type Manifest, RELOCATION_SECTION, RelocationKind, RING_BUFFER_MAP, type ValueType } from "../../wasm/manifest.ts";
import { parseRelocations } from "../../wasm/parse-manifest.ts";
import type { ObjectView } from "../protocol.ts";

const INSTRUCTION_BYTES = 8;

/** What a CO-RE relocation asks for. */
const CORE_KINDS: Record<number, string> = {
  [CoreKind.FieldOffset]: "offset",
  [CoreKind.FieldSize]: "size",
  [CoreKind.FieldExists]: "whether it is there",
  [CoreKind.FieldSigned]: "whether it is signed",
  [CoreKind.FieldShiftLeft]: "shift to the left of the bitfield",
  [CoreKind.FieldShiftRight]: "shift to the right of the bitfield",
  [CoreKind.LocalTypeId]: "id of the type in the object",
  [CoreKind.TargetTypeId]: "id of the type",
  [CoreKind.TypeExists]: "whether the type is there",
  [CoreKind.TypeSize]: "size of the type",
  [CoreKind.EnumeratorExists]: "whether the enumerator is there",
  [CoreKind.EnumeratorValue]: "value of the enumerator",
};

const TRACEPOINT_KINDS: Record<number, string> = {
  [RelocationKind.Load]: "offset and size of its load",
  [RelocationKind.Offset]: "offset",
  [RelocationKind.SignShift]: "bits to extend its sign by",
};

const TAGS: Record<number, string> = {
  [BtfKind.Struct]: "struct ",
  [BtfKind.Union]: "union ",
  [BtfKind.Enum]: "enum ",
  [BtfKind.Enum64]: "enum ",
};

/** The kernel that first had what a script may need; where there is no one number, none. */
const SINCE: Record<string, string> = {
  ring_buffer: "5.8",
  "helper:ktime_get_boot_ns": "5.8",
  "helper:get_func_ip": "5.15",
  "helper:loop": "5.17",
  "helper:map_lookup_percpu_elem": "5.19",
  "helper:ktime_get_tai_ns": "6.1",
};

interface PlacedProgram {
  name: string;
  section: Section;
  /** Of the section. */
  index: number;
  start: number;
  end: number;
}

/** An object with the script that it was made from. */
class Inside {
  readonly object: ElfObject;
  readonly manifest: Manifest;
  readonly types: Btf | undefined;
  readonly #lineStarts: number[];

  constructor(bytes: Uint8Array) {
    this.object = readElf(bytes);
    this.manifest = readManifest(bytes);
    const types = findSection(this.object, ".BTF");
    this.types = types && Btf.read(types.data);
    const text = new TextEncoder().encode(this.manifest.source.text);
    this.#lineStarts = [0];
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) this.#lineStarts.push(at + 1);
  }

  /** ` @54`, or nothing for what lies in another file. */
  at({ file, line, column }: Pick<Location, "file" | "line" | "column">): string {
    const start = this.#lineStarts[line - 1];
    return file !== undefined || start === undefined ? "" : ` @${start + Math.max(column, 1) - 1}`;
  }

  atInstruction(program: string, instruction: number): string {
    const found = lineOfInstruction(this.object, program, instruction);
    return found === undefined || found.file !== this.manifest.source.name ? "" : this.at({ line: found.line, column: found.column });
  }

  get core(): ReadonlyMap<string, readonly CoreRelocation[]> {
    const types = findSection(this.object, ".BTF");
    const ext = findSection(this.object, ".BTF.ext");
    return types === undefined || ext === undefined ? new Map() : coreRelocations(types.data, ext.data);
  }

  get programs(): PlacedProgram[] {
    return this.manifest.programs.flatMap(({ name }) => {
      const symbol = this.object.symbols.find((one) => one.name === name);
      const section = symbol && this.object.sections[symbol.section];
      if (symbol === undefined || section === undefined) return [];
      return [{ name, section, index: symbol.section, start: symbol.value, end: symbol.value + symbol.size }];
    });
  }

  /** `struct task_struct.mm.pgd`. */
  coreName({ type, access, kind }: CoreRelocation): string {
    const { types } = this;
    if (types === undefined) return access;
    const name = `${TAGS[types.kind(type)] ?? ""}${types.name(type)}`;
    if (kind >= CoreKind.EnumeratorExists) return `${name} ${localEnumerator(types, type, access).name}`;
    if (kind >= CoreKind.LocalTypeId) return name;
    const steps = localField(types, type, access).steps;
    return name + steps.map((step) => (step.kind === "member" ? `.${step.name}` : `[${step.index}]`)).join("");
  }

  /** CO-RE relocations of a program, with the place in the script of each. */
  coreOf(program: PlacedProgram): { relocation: CoreRelocation; at: string }[] {
    return (this.core.get(program.section.name) ?? [])
      .filter(({ offset }) => offset >= program.start && offset < program.end)
      .map((relocation) => ({ relocation, at: this.atInstruction(program.name, (relocation.offset - program.start) / INSTRUCTION_BYTES) }));
  }
}

/** Instructions that are completed where the object is loaded, program by program. */
function relocations(inside: Inside): string[] {
  const { object, manifest } = inside;
  const section = findSection(object, RELOCATION_SECTION);
  const own = section === undefined ? [] : parseRelocations(section.data, manifest);
  return inside.programs.flatMap((program, index) => {
    const rows: { offset: number; text: string }[] = inside.coreOf(program).map(({ relocation }) => ({
      offset: relocation.offset,
      text: `CO-RE       ${inside.coreName(relocation)}: ${CORE_KINDS[relocation.kind] ?? `kind ${relocation.kind}`}`,
    }));
    for (const { program: owner, instruction, tracepoint, field, kind } of own) {
      const event = manifest.tracepoints[tracepoint];
      if (owner !== index || event === undefined) continue;
      const name = `${event.category}:${event.event} ${event.fields[field]?.name}`;
      rows.push({ offset: program.start + instruction * INSTRUCTION_BYTES, text: `tracepoint  ${name}: ${TRACEPOINT_KINDS[kind]}` });
    }
    for (const { offset, symbol } of relocationsOf(object, program.index)?.entries ?? []) {
      if (offset < program.start || offset >= program.end) continue;
      const found = object.symbols[symbol];
      rows.push({ offset, text: `map         ${found?.name || object.sections[found?.section ?? -1]?.name}: its descriptor` });
    }
    rows.sort((left, right) => left.offset - right.offset);
    const lines = rows.map(({ offset, text }) => {
      const instruction = (offset - program.start) / INSTRUCTION_BYTES;
      return `${String(instruction).padStart(5)}: ${text}${inside.atInstruction(program.name, instruction)}`;
    });
    return [`${program.section.name} ${program.name}: ${rows.length}`, ...lines];
  });
}

/** A type of keys or values, in a word or two. */
function typeText(type: ValueType): string {
  switch (type.kind) {
    case "int":
      return `${type.signed ? "" : "u"}int${type.size * 8}`;
    case "tuple":
      return `(${type.fields.map((field) => typeText(field.type)).join(", ")})`;
    case "record":
      return `{ ${type.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(", ")} }`;
    case "array":
      return `${typeText(type.element)}[${type.count}]`;
    case "string":
    case "buffer":
      return `${type.kind}[${type.size}]`;
    case "kstack":
    case "ustack":
      return `${type.kind} of ${type.frames} frames`;
    default:
      return type.kind;
  }
}

function maps({ manifest, object }: Inside): string[] {
  const lines = manifest.maps.flatMap(({ name, symbol, type, key, keySize, value, valueSize, capacity }) => [
    `${name}: ${value.kind === "value" ? typeText(value.type) : `${value.kind}()`}${key === null ? "" : ` by ${typeText(key)}`}`,
    `    ${symbol}: BPF_MAP_TYPE_${type.toUpperCase()}, key ${keySize} bytes, value ${valueSize} bytes, ${capacity} entries`,
  ]);
  const data = object.sections.filter(({ name }) => /^\.(rodata|data|bss)/.test(name));
  for (const { name, data: content } of data) lines.push(`${name}: ${content.length} bytes, an array with one entry`);
  if (object.symbols.some(({ name }) => name === RING_BUFFER_MAP))
    lines.push(`${RING_BUFFER_MAP}: BPF_MAP_TYPE_RINGBUF, sized where it is loaded`);
  return lines.length > 0 ? lines : ["No maps."];
}

/** The manifest, a location as `12:3-9`. */
function manifestLines(inside: Inside): string[] {
  const { source, ...manifest } = inside.manifest;
  const isPlace = (value: unknown): value is Location =>
    typeof value === "object" && value !== null && "endColumn" in value && "line" in value && "column" in value;
  const place = ({ file, line, column, endLine, endColumn }: Location) =>
    `${file === undefined ? "" : `${file}:`}${line}:${column}-${endLine === line ? "" : `${endLine}:`}${endColumn}`;
  const text = JSON.stringify({ ...manifest, source: source.name }, (_, value: unknown) => (isPlace(value) ? place(value) : value), 2);
  return text.split("\n").map((line) => {
    const [, row, column] = /"location": "(\d+):(\d+)-/.exec(line) ?? [];
    return row === undefined ? line : `${line}${inside.at({ line: Number(row), column: Number(column) })}`;
  });
}

/** What a kernel must have for the object to run there. */
function needs(inside: Inside): string[] {
  const { manifest } = inside;
  const lines: string[] = [];
  const add = (title: string, rows: string[]) => {
    if (rows.length > 0) lines.push(`${title}:`, ...new Set(rows.map((row) => `  ${row}`)));
  };
  const probes = manifest.programs.filter(({ kind }) => !["begin", "end", "interval"].includes(kind));
  add(
    "Places to attach to",
    probes.map(({ probe, location }) => `${probe}${inside.at(location)}`),
  );
  add(
    "Features of the kernel",
    manifest.features.map(({ feature, location }) => {
      const since = SINCE[feature];
      const name = feature === "architecture" ? `architecture ${manifest.arch}` : feature.replace(":", " ");
      return `${name}${since === undefined ? "" : ` (Linux ${since})`}${inside.at(location)}`;
    }),
  );
  add(
    "Fields of tracepoints",
    manifest.tracepoints.flatMap(({ category, event, fields }) =>
      fields.map(({ name, location }) => `${category}:${event} ${name}${inside.at(location)}`),
    ),
  );
  add(
    "Types of the kernel (BTF)",
    inside.programs.flatMap((program) => inside.coreOf(program).map(({ relocation, at }) => `${inside.coreName(relocation)}${at}`)),
  );
  if (manifest.unsafe) lines.push("Leave to change the system: --unsafe");
  return lines.length > 0 ? lines : ["Nothing but BPF itself."];
}

const VIEWS: Record<ObjectView, (inside: Inside) => string[]> = { relocations, maps, manifest: manifestLines, needs };

/** The text of a view of an object. @throws BpfcastError `bad-object`. */
export function viewText(object: Uint8Array, view: ObjectView): string {
  return `${VIEWS[view](new Inside(object)).join("\n")}\n`;
}
