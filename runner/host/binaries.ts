// Where the file of a uprobe is: a path, a program of PATH, or a library by name.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BpfcastError } from "../../wasm/errors.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";

/** Folders that the dynamic loader searches without being told. */
const LIBRARY_FOLDERS = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
  "/usr/local/lib",
];

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/** The folders of /etc/ld.so.conf.d, which the loader's cache is made from. */
function configuredFolders(): string[] {
  const folders: string[] = [];
  try {
    for (const name of readdirSync("/etc/ld.so.conf.d")) {
      if (!name.endsWith(".conf")) continue;
      for (const line of readFileSync(join("/etc/ld.so.conf.d", name), "utf8").split("\n"))
        if (line.startsWith("/")) folders.push(line.trim());
    }
  } catch {
    // No such folder: the usual places remain.
  }
  return folders;
}

/** `libc` is `libc.so.6`: the version with the shortest name, as the link that programs are built against has. */
function findLibrary(name: string): string | undefined {
  for (const folder of [...configuredFolders(), ...LIBRARY_FOLDERS]) {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      continue;
    }
    const found = names.filter((file) => (file === name || file.startsWith(`${name}.so`)) && isFile(join(folder, file)));
    // A file that ends in .so alone may be a linker script.
    found.sort((left, right) => Number(left.endsWith(".so")) - Number(right.endsWith(".so")) || left.length - right.length);
    if (found[0] !== undefined) return join(folder, found[0]);
  }
  return undefined;
}

/** Executable files and libraries whose path a pattern matches. */
function matchingFiles(pattern: string): string[] {
  const parts = pattern.split("/");
  let found = [parts[0] === "" ? "/" : "."];
  for (const part of parts.filter((name) => name !== "")) {
    found = found.flatMap((folder) => {
      if (!isPattern(part)) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
      try {
        return readdirSync(folder)
          .filter((name) => matchesGlob(part, name))
          .map((name) => join(folder, name));
      } catch {
        return [];
      }
    });
  }
  return found.filter(isExecutable).sort();
}

/** The files that a uprobe's binary stands for; none when there is no such file. */
export function findBinaries(name: string): string[] {
  if (!isPattern(name)) {
    try {
      return [findBinary(name)];
    } catch {
      return [];
    }
  }
  if (name.includes("/")) return matchingFiles(name);
  return (process.env["PATH"] ?? "").split(":").flatMap((folder) => matchingFiles(join(folder || ".", name)));
}

/** @throws BpfcastError `unknown-binary` when there is no such file. */
export function findBinary(name: string): string {
  if (name.includes("/")) {
    if (isFile(name)) return name;
  } else {
    const inPath = (process.env["PATH"] ?? "")
      .split(":")
      .map((folder) => join(folder || ".", name))
      .find(isExecutable);
    const found = inPath ?? (name.startsWith("lib") ? findLibrary(name) : undefined);
    if (found !== undefined) return found;
  }
  throw new BpfcastError("unknown-binary", `uprobe target file '${name}' does not exist or is not executable`);
}

/** The files with code of a process, its program and its libraries, as that process sees them. */
export function mappedFiles(pid: number): string[] {
  let text = "";
  try {
    text = readFileSync(`/proc/${pid}/maps`, "utf8");
  } catch {
    // It has ended.
  }
  const files = text.split("\n").flatMap((line) => /^\S+ ..x. \S+ \S+ \d+ +(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(files)].map((file) => `/proc/${pid}/root${file}`).filter(isFile);
}
