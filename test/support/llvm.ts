// Both back ends side by side: objects of one script, and what must be equal in them.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BtfKind, memberBytes, RECORD_BYTES, trailingBytes } from "../../runner/core/btf.ts";
import { btfStrings, readBtfExt, stringAt } from "../../runner/core/btf-ext.ts";
import { type ElfObject, type ElfSymbol, findSection, readElf, SectionFlag, viewOf } from "../../runner/core/elf.ts";
import type { CompileOptions, CompileResult, Compiler, Need } from "../../wasm/compiler.ts";
import { LlcWorker } from "../../wasm/llvm-node.ts";
import { MANIFEST_SECTION, RELOCATION_SECTION } from "../../wasm/manifest.ts";

/** llc in its thread. It must be built: `npm run build`. */
export function startLlc(): LlcWorker {
  return new LlcWorker(pathToFileURL(resolve(".out/llvm-worker.cjs")));
}

export interface Both {
  own: Uint8Array;
  llvm: Uint8Array;
  text: string;
}

/** Compiles until nothing is asked for; `supply` answers. */
export function complete(compiler: Compiler, script: string, supply: (need: Need) => void, options: CompileOptions): CompileResult {
  for (;;) {
    const result = compiler.compile(new TextEncoder().encode(script), options);
    if (result.kind !== "needs") return result;
    result.needs.forEach(supply);
  }
}

function objectOf(result: CompileResult): Uint8Array {
  if (result.kind === "object") return result.object;
  throw new Error(`no object: ${result.diagnostics.map(({ message }) => message).join("; ")}`);
}

/**
 * @returns undefined for a script that has errors, before any back end.
 * @throws when one back end makes an object, and the other none.
 */
export async function compileBoth(
  compiler: Compiler,
  llc: LlcWorker,
  script: string,
  supply: (need: Need) => void,
): Promise<Both | undefined> {
  const made = complete(compiler, script, supply, { name: "stdin" });
  if (made.kind === "failed" && !made.diagnostics.some(({ code }) => code === "too-complex")) return undefined;
  const own = objectOf(made);
  const waiting = complete(compiler, script, supply, { name: "stdin", backend: "llvm" });
  if (waiting.kind !== "llvm") throw new Error("no LLVM text");
  const llvm = objectOf(compiler.link(await llc.compile(waiting.text)));
  return { own, llvm, text: waiting.text };
}

/** Instructions in the executable sections. */
export function instructions(object: Uint8Array): number {
  return readElf(object).sections.reduce((sum, { flags, data }) => sum + (flags & SectionFlag.Execute ? data.length / 8 : 0), 0);
}

function bytesOf(object: ElfObject, name: string): Uint8Array {
  return findSection(object, name)?.data ?? new Uint8Array();
}

/** CO-RE relocations as `SECTION type access kind`, and our own as `PROGRAM kind tracepoint field`: each once, in order. */
function relocations(object: ElfObject): string[] {
  const found = new Set<string>();
  const strings = btfStrings(bytesOf(object, ".BTF")) ?? new Uint8Array();
  for (const block of readBtfExt(bytesOf(object, ".BTF.ext"))[2].blocks) {
    for (const record of block.records) {
      const view = viewOf(record);
      const access = stringAt(strings, view.getUint32(8, true));
      found.add(`${stringAt(strings, block.sectionName)} ${view.getUint32(4, true)} ${access} ${view.getUint32(12, true)}`);
    }
  }
  const own = bytesOf(object, RELOCATION_SECTION);
  for (let at = 0; at < own.length; at += 20) {
    const word = (index: number) => viewOf(own).getUint32(at + 4 * index, true);
    found.add(`program ${word(1)} ${word(0)} ${word(3)} ${word(4)}`);
  }
  return [...found].sort();
}

/** The types of the BTF with their names: offsets of names differ, as lines of the script are among the strings. */
function types(object: ElfObject): string[] {
  const btf = bytesOf(object, ".BTF");
  const strings = btfStrings(btf) ?? new Uint8Array();
  const view = viewOf(btf);
  const start = view.getUint32(4, true) + view.getUint32(8, true);
  const end = start + view.getUint32(12, true);
  const found: string[] = [];
  for (let at = start; at < end; ) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 31;
    const words = [stringAt(strings, view.getUint32(at, true)), `${info}`, `${view.getUint32(at + 8, true)}`];
    const members = memberBytes(kind);
    const next = at + RECORD_BYTES + trailingBytes(kind, info & 0xffff);
    for (let word = at + RECORD_BYTES; word < next; word += 4) {
      const value = view.getUint32(word, true);
      const isName = members > 0 && kind !== BtfKind.DataSection && (word - at - RECORD_BYTES) % members === 0;
      words.push(isName ? stringAt(strings, value) : `${value}`);
    }
    found.push(words.join(" "));
    at = next;
  }
  return found;
}

/** What both objects must have in common. */
export interface Contract {
  manifest: string;
  sections: string[];
  maps: ElfSymbol[];
  types: string[];
  rodata: string;
  relocations: string[];
}

export const CONTRACT_PARTS = ["manifest", "sections", "maps", "types", "rodata", "relocations"] as const;

export function contract(bytes: Uint8Array): Contract {
  const object = readElf(bytes);
  return {
    manifest: new TextDecoder().decode(bytesOf(object, MANIFEST_SECTION)),
    sections: object.sections.map(({ name }) => name).filter((name) => !name.startsWith(".rel")),
    maps: object.symbols.filter(({ section }) => object.sections[section]?.name === ".maps"),
    types: types(object),
    rodata: Buffer.from(bytesOf(object, ".rodata")).toString("hex"),
    relocations: relocations(object),
  };
}
