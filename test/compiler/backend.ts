// The back end's test module from TypeScript: IR text in, IR text, disassembly or an object out.
import { readFileSync } from "node:fs";

interface Exports {
  memory: WebAssembly.Memory;
  allocate(length: number): number;
  resultPointer(): number;
  resultLength(): number;
  printIr(pointer: number, length: number, stage: number): number;
  compileToText(pointer: number, length: number): number;
  compileToObject(pointer: number, length: number, optimise: number): number;
  compileToLlvm(pointer: number, length: number): number;
  linkLlvm(pointer: number, length: number, objectLength: number): number;
  orderMoves(pointer: number, count: number): number;
}

/** Either what was asked for, or why it could not be made. */
export type Outcome = { ok: true; bytes: Uint8Array; text: string } | { ok: false; error: string };

let exports: Exports | undefined;
let moduleFile = ".out/testing-backend.wasm";

/** From now on another build of the module is used. */
export function useBackendModule(file: string): void {
  moduleFile = file;
  exports = undefined;
}

function load(): Exports {
  if (exports) return exports;
  let memory: WebAssembly.Memory | undefined;
  const text = (pointer: number): string => {
    if (!memory || pointer === 0) return "";
    const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
    return new TextDecoder("utf-16le").decode(new Uint8Array(memory.buffer, pointer, length));
  };
  const abort = (message: number, file: number, line: number, column: number): never => {
    throw new Error(`${text(message)} at ${text(file)}:${line}:${column}`);
  };
  const module = new WebAssembly.Module(readFileSync(moduleFile));
  exports = new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as Exports;
  memory = exports.memory;
  return exports;
}

function outcome(api: Exports, ok: number): Outcome {
  const bytes = new Uint8Array(api.memory.buffer, api.resultPointer(), api.resultLength()).slice();
  const text = new TextDecoder().decode(bytes);
  return ok ? { ok: true, bytes, text } : { ok: false, error: text };
}

function withInput(input: Uint8Array, call: (api: Exports, pointer: number) => number): Outcome {
  const api = load();
  const pointer = api.allocate(input.length);
  new Uint8Array(api.memory.buffer).set(input, pointer);
  return outcome(api, call(api, pointer));
}

/** Reads IR and prints it again: as it is, or after slot colouring and branch layout. */
export function printIr(ir: string, stage: "parsed" | "laid out"): Outcome {
  const input = new TextEncoder().encode(ir);
  return withInput(input, (api, pointer) => api.printIr(pointer, input.length, stage === "parsed" ? 0 : 1));
}

export function compileToText(ir: string): Outcome {
  const input = new TextEncoder().encode(ir);
  return withInput(input, (api, pointer) => api.compileToText(pointer, input.length));
}

/** @param optimised through the passes over the IR as well. */
export function compileToObject(ir: string, optimised = false): Outcome {
  const input = new TextEncoder().encode(ir);
  return withInput(input, (api, pointer) => api.compileToObject(pointer, input.length, optimised ? 1 : 0));
}

export function compileToLlvm(ir: string): Outcome {
  const input = new TextEncoder().encode(ir);
  return withInput(input, (api, pointer) => api.compileToLlvm(pointer, input.length));
}

/** @param object what llc made of the text of `compileToLlvm`. */
export function linkLlvm(ir: string, object: Uint8Array): Outcome {
  const text = new TextEncoder().encode(ir);
  const input = new Uint8Array(text.length + object.length);
  input.set(text);
  input.set(object, text.length);
  return withInput(input, (api, pointer) => api.linkLlvm(pointer, text.length, object.length));
}

/** The order in which simultaneous moves [target, source] are done; place 0 is free for cycles. */
export function orderMoves(moves: readonly (readonly [number, number])[]): [number, number][] {
  const input = new Int32Array(moves.flat());
  const made = withInput(new Uint8Array(input.buffer), (api, pointer) => api.orderMoves(pointer, moves.length));
  if (!made.ok) throw new Error(made.error);
  const numbers = new Int32Array(made.bytes.buffer);
  const result: [number, number][] = [];
  for (let i = 0; i < numbers.length; i += 2) result.push([numbers[i] ?? 0, numbers[i + 1] ?? 0]);
  return result;
}

/** The bytes of a successful outcome. */
export function bytesOf(made: Outcome): Uint8Array {
  if (!made.ok) throw new Error(made.error);
  return made.bytes;
}

/** The text of a successful outcome. */
export function textOf(made: Outcome): string {
  if (!made.ok) throw new Error(made.error);
  return made.text;
}
