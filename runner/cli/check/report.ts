// What a check has found, for all formats: of each profile its scripts, of each script what is wrong with it.

import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Span } from "../../../wasm/compiler.ts";
import type { BpfcastError } from "../../../wasm/errors.ts";
import type { Reference } from "../../../wasm/reference.ts";
import { fileOf } from "../../core/diagnostic-text.ts";
import type { Compiled } from "../compile.ts";

/** One script for one profile. */
export interface CheckedScript {
  /** A path as it was given, or `stdin`. */
  name: string;
  /** It is no file: of -e, or standard input. */
  isText: boolean;
  /** Undefined when it could not be checked at all. */
  compiled: Compiled | undefined;
}

export interface CheckedProfile {
  /** The profile's file as it was given, or `host`. */
  name: string;
  /** What it stands for: kernel and architecture. */
  description: string;
  scripts: CheckedScript[];
}

/** What could not be used, or went wrong in the program itself. */
export interface Failure {
  /** The script, or the word that names none; absent when it is about a profile. */
  name?: string;
  profile?: string;
  error: BpfcastError;
}

export interface Report {
  version: string;
  profiles: CheckedProfile[];
  failures: Failure[];
  /** Of the compiler that checked: its error codes are the rules. */
  reference: Reference;
}

/** Text in a format, whole. */
export type Format = (report: Report) => string;

export interface Sums {
  scripts: number;
  errors: number;
  warnings: number;
}

export function sumsOf({ scripts }: CheckedProfile): Sums {
  const all = scripts.flatMap(({ compiled }) => compiled?.diagnostics ?? []);
  const errors = all.filter(({ severity }) => severity === "error").length;
  return { scripts: scripts.length, errors, warnings: all.length - errors };
}

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `3 scripts, 1 error, 0 warnings` */
export function sumsText({ scripts, errors, warnings }: Sums): string {
  return `${plural(scripts, "script")}, ${plural(errors, "error")}, ${plural(warnings, "warning")}`;
}

/** The path of a file from the working directory, with forward slashes. */
export function relativePath(file: string): string {
  return relative("", resolve(file)).replaceAll("\\", "/");
}

/** The same as a URI: relative, encoded, where the file lies below the working directory; else absolute. */
export function fileUri(file: string): { uri: string; isRelative: boolean } {
  const path = relativePath(file);
  if (path === ".." || path.startsWith("../")) return { uri: pathToFileURL(resolve(file)).href, isRelative: false };
  return { uri: path.split("/").map(encodeURIComponent).join("/"), isRelative: true };
}

/** A place in lines and columns that count UTF-16 code units from 1, the end exclusive, as editors and SARIF have it. */
export interface Place {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

const encoder = new TextEncoder();
// A byte order mark is bytes like others: columns count it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The column of a line that a byte column is. */
function unitColumn(line: string, byteColumn: number): number {
  return decoder.decode(encoder.encode(line).subarray(0, byteColumn - 1)).length + 1;
}

/** Where a diagnostic is; undefined when it is about the whole script. */
export function placeOf(span: Span, { source }: Compiled): Place | undefined {
  const { file, start, end, line, column, endLine, endColumn } = span;
  if (file === undefined && start === 0 && end === 0) return undefined;
  const lines = fileOf(source, file).text.split("\n");
  const columnOf = (number: number, bytes: number) => unitColumn(lines[number - 1] ?? "", bytes);
  return { line, column: columnOf(line, column), endLine, endColumn: columnOf(endLine, endColumn) };
}

/** Message and hint. */
export function wholeMessage({ message, hint }: { message: string; hint?: string }): string {
  return hint === undefined || hint === "" ? message : `${message}\n${hint}`;
}
