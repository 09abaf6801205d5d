// The parser of the compiler's test module: script in, tree and diagnostics as text out.
import { readFileSync } from "node:fs";

interface Exports {
  memory: WebAssembly.Memory;
  allocate(length: number): number;
  parseDump(pointer: number, length: number): number;
  treeAddress(): number;
  treeSize(): number;
  messagesAddress(): number;
  messagesSize(): number;
}

export interface Parsed {
  errors: number;
  /** Empty if there are errors. */
  tree: string;
  /** The format is described at `parseDump` of compiler/testing.ts. */
  messages: string;
}

let compiled: WebAssembly.Module | undefined;

/** A parser of its own; after a trap, make a new one. */
export function makeParser(): (script: string | Uint8Array) => Parsed {
  compiled ??= new WebAssembly.Module(readFileSync(".out/testing.wasm"));
  const abort = (message: number, file: number, line: number, column: number): never => {
    throw new Error(`${string(message)} at ${string(file)}:${line}:${column}`);
  };
  const exports = new WebAssembly.Instance(compiled, { env: { abort } }).exports as unknown as Exports;
  const string = (pointer: number): string => {
    if (pointer === 0) return "";
    const length = new DataView(exports.memory.buffer).getUint32(pointer - 4, true);
    return new TextDecoder("utf-16le").decode(new Uint8Array(exports.memory.buffer, pointer, length));
  };
  const text = (pointer: number, length: number) => new TextDecoder().decode(new Uint8Array(exports.memory.buffer, pointer, length));
  return (script) => {
    const bytes = typeof script === "string" ? new TextEncoder().encode(script) : script;
    const pointer = exports.allocate(bytes.length);
    new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
    const errors = exports.parseDump(pointer, bytes.length);
    return {
      errors,
      tree: text(exports.treeAddress(), exports.treeSize()),
      messages: text(exports.messagesAddress(), exports.messagesSize()),
    };
  };
}

/** Parses one script. */
export function parse(script: string | Uint8Array): Parsed {
  return makeParser()(script);
}

/** A tree without spans and without what only the spelling tells. */
export function withoutSpans(tree: string): string {
  return tree.replace(/ {2}\d+\.\.\d+$/gm, "").replace(/ arrow$/gm, "");
}
