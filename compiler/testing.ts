// Entry of the test build: text in, text out, for stages that show no result outside the compiler. Not shipped.

import { Region, releaseCompileRegion, useRegion } from "./runtime/region";
import { ByteBuffer } from "./source/bytes";
import { codeName, Diagnostics, Severity } from "./source/diagnostics";
import { Source } from "./source/source";
import { Symbols } from "./source/symbols";
import { parseProgram } from "./syntax/parser";
import { printProgram } from "./syntax/printer";

// Addresses and lengths of the results of the last call: numbers, since their memory is given back before the next.
let treePointer: usize = 0;
let treeLength: u32 = 0;
let messagesPointer: usize = 0;
let messagesLength: u32 = 0;

/** Memory for the text of the next call, of `length` bytes; what the call before made is given back. */
export function allocate(length: u32): usize {
  releaseCompileRegion();
  useRegion(Region.Compile);
  return heap.alloc(max<u32>(length, 1));
}

/**
 * Parses a script. Afterwards `tree*` is its tree as text, empty if there were errors, and `messages*` its diagnostics, one a
 * line: `LINE:COLUMN-END ERROR|WARNING code: message`, with lines `  hint: ...` and `  LINE:COLUMN: related message` behind it.
 * END is the end's column, or `LINE:COLUMN` of it on another line. Returns the number of errors.
 */
export function parseDump(pointer: usize, length: u32): i32 {
  const source = new Source("stdin", pointer, length);
  const symbols = new Symbols();
  const diagnostics = new Diagnostics(source);
  const program = parseProgram(source, symbols, diagnostics);
  const tree = new ByteBuffer();
  if (!diagnostics.hasErrors) printProgram(program, source, symbols, tree);
  const messages = new ByteBuffer();
  writeDiagnostics(source, diagnostics, messages);
  treePointer = tree.pointer;
  treeLength = tree.length;
  messagesPointer = messages.pointer;
  messagesLength = messages.length;
  return diagnostics.errorCount;
}

function writePlace(source: Source, offset: u32, out: ByteBuffer): void {
  out.writeDecimal(source.line(offset));
  out.writeU8(0x3a);
  out.writeDecimal(source.column(offset));
}

function writeDiagnostics(source: Source, diagnostics: Diagnostics, out: ByteBuffer): void {
  diagnostics.sort();
  const all = diagnostics.all;
  for (let i = 0; i < all.length; i++) {
    const diagnostic = all[i];
    writePlace(source, diagnostic.start, out);
    out.writeU8(0x2d);
    if (source.line(diagnostic.start) == source.line(diagnostic.end)) out.writeDecimal(source.column(diagnostic.end));
    else writePlace(source, diagnostic.end, out);
    out.writeAscii(diagnostic.severity == Severity.Error ? " ERROR " : " WARNING ");
    out.writeAscii(codeName(diagnostic.code));
    out.writeAscii(": ");
    out.writeText(diagnostic.message);
    out.writeU8(0x0a);
    if (diagnostic.hint.length > 0) {
      out.writeAscii("  hint: ");
      out.writeText(diagnostic.hint);
      out.writeU8(0x0a);
    }
    for (let j = 0; j < diagnostic.notes.length; j++) {
      const note = diagnostic.notes[j];
      out.writeAscii("  ");
      writePlace(source, note.start, out);
      out.writeAscii(": ");
      out.writeText(note.message);
      out.writeU8(0x0a);
    }
  }
}

export function treeAddress(): usize {
  return treePointer;
}

export function treeSize(): u32 {
  return treeLength;
}

export function messagesAddress(): usize {
  return messagesPointer;
}

export function messagesSize(): u32 {
  return messagesLength;
}
