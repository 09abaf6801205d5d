// Other files that scripts are made of: what the host found for their #include and import lines, and what one compile still asks
// it for. Headers and imported scripts have one name each, so that each text is in a source once.

import { SOURCE_PADDING } from "./source";
import { isWellFormed } from "./well-formed";

/** How a file is named: `#include "path"`, `#include <path>`, `import "path"`. The first character of its key. */
export const enum FileUse {
  Quoted = 0x22,
  System = 0x3c,
  Import = 0x40,
}

/** What the host answered about one #include or import. */
@final
export class HeaderFact {
  constructor(
    public found: bool,
    /** What diagnostics call it: a path. Of a file that the host refuses to read, why. */
    public name: string,
    /** Its bytes. */
    public text: usize,
    public length: u32,
  ) {}
}

/** All answers so far; part of the profile. */
@final
export class Headers {
  private facts: Map<string, HeaderFact> = new Map();
  /** Bytes that the texts of all headers take in a source. */
  room: u32 = 0;

  supply(include: string, fact: HeaderFact): void {
    this.facts.set(include, fact);
    if (fact.found) this.room += fact.length + SOURCE_PADDING + 1;
  }

  find(include: string): HeaderFact | null {
    return this.facts.has(include) ? this.facts.get(include) : null;
  }
}

/** The #include and import lines of one compile. */
@final
export class Includes {
  /** Those that the host has not been asked about, each once: see `includeKey`. */
  wanted: Array<string> = [];

  constructor(
    private headers: Headers,
    /** Files of the command line (`--include`), read before the script. */
    public first: Array<string>,
  ) {}

  /** What is known of a file; null: the host is to be asked. */
  find(path: string, use: FileUse, from: string): HeaderFact | null {
    if (!isWellFormed(path)) return new HeaderFact(false, "", 0, 0);
    const key = includeKey(path, use, from);
    const fact = this.headers.find(key);
    if (fact == null && this.wanted.indexOf(key) < 0) this.wanted.push(key);
    return fact;
  }
}

/** Names a file between compiler and host: its `FileUse`, the path, a line break, the file that names it (empty: the script). */
function includeKey(path: string, use: FileUse, from: string): string {
  return `${String.fromCharCode(use)}${path}\n${from}`;
}

/** Folders of the kernel's and the C library's headers. */
function outsideFolders(): Array<string> {
  return [
    "asm",
    "asm-generic",
    "bits",
    "bpf",
    "crypto",
    "drm",
    "kunit",
    "kvm",
    "linux",
    "media",
    "misc",
    "net",
    "netinet",
    "pcmcia",
  ].concat(["rdma", "scsi", "sound", "sys", "target", "trace", "uapi", "ufs", "vdso", "video", "xen"]);
}

/** Headers of C and POSIX that stand in no folder. */
function libraryHeaders(): Array<string> {
  return ["ctype.h", "dirent.h", "errno.h", "fcntl.h", "float.h", "inttypes.h", "limits.h", "poll.h", "pthread.h", "sched.h"].concat([
    "signal.h",
    "stdalign.h",
    "stdarg.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "time.h",
    "unistd.h",
  ]);
}

/**
 * Whether a header that is no local file may be one of the kernel or the C library: of those nothing is read, their types are in BTF
 * and their constants in a table. In angle brackets any folder may be the kernel's.
 */
export function isOutsideHeader(path: string, system: bool): bool {
  const slash = path.indexOf("/");
  if (slash < 0) return libraryHeaders().indexOf(path) >= 0;
  return system || outsideFolders().indexOf(path.substring(0, slash)) >= 0;
}
