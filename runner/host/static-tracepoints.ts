// Static tracepoints of a file (USDT): the notes that the macros of <sys/sdt.h> leave in section .note.stapsdt.
// https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation

import type { StaticPlace, StaticTracepoint } from "../core/facts.ts";
import { ElfFile, textAt, word } from "./elf-file.ts";
import { findSymbol } from "./elf-symbols.ts";
import { describeArgument } from "./static-arguments.ts";

const NOTES = ".note.stapsdt";
const BASE = ".stapsdt.base";
const OWNER = "stapsdt";
const NOTE_TYPE = 3;

interface Note {
  address: number;
  base: number;
  semaphore: number;
  namespace: string;
  name: string;
  arguments: string;
}

function readNotes(view: DataView): Note[] {
  const bytes = new Uint8Array(view.buffer);
  const notes: Note[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const ownerBytes = (view.getUint32(at, true) + 3) & ~3;
    const dataBytes = view.getUint32(at + 4, true);
    const data = at + 12 + ownerBytes;
    if (view.getUint32(at + 8, true) === NOTE_TYPE && textAt(bytes, at + 12) === OWNER && dataBytes >= 24) {
      const namespace = textAt(bytes, data + 24);
      const name = textAt(bytes, data + 24 + namespace.length + 1);
      notes.push({
        address: word(view, data),
        base: word(view, data + 8),
        semaphore: word(view, data + 16),
        namespace,
        name,
        arguments: textAt(bytes, data + 24 + namespace.length + name.length + 2),
      });
    }
    at = data + ((dataBytes + 3) & ~3);
  }
  return notes;
}

/** All static tracepoints of a file, each once; none where it has no notes or cannot be read. */
export function staticTracepoints(binary: string, architecture: string): StaticTracepoint[] {
  const found = new Map<string, StaticTracepoint>();
  ElfFile.read(binary, (file) => {
    const notes = file.sectionNamed(NOTES);
    if (notes === undefined) return;
    const base = file.sectionNamed(BASE)?.address;
    for (const note of readNotes(file.data(notes))) {
      // The notes are not relocated with the rest: what the file was moved by since shows in the base.
      const moved = base === undefined ? 0 : base - note.base;
      const offset = file.fileOffsetOf(note.address + moved);
      if (offset === undefined) continue;
      const address = note.address + moved;
      const semaphore = note.semaphore === 0 ? 0 : (file.fileOffsetOf(note.semaphore + moved) ?? 0);
      const symbol = (name: string) => findSymbol(binary, name)?.address;
      const place: StaticPlace = {
        offset,
        semaphore,
        address,
        arguments: splitArguments(note.arguments).map((text) => describeArgument(text, architecture, address, symbol)),
      };
      const key = `${note.namespace}:${note.name}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { binary, namespace: note.namespace, name: note.name, places: [place] });
      else known.places.push(place);
    }
  });
  return [...found.values()];
}

/** The descriptions in a note, between blanks; those of arm64 have blanks in brackets. */
function splitArguments(text: string): string[] {
  return text.match(/(?:\[[^\]]*\]|\S)+/g) ?? [];
}
