// Answers the compiler's needs from the machine it runs on.

import { accessSync, constants, readFileSync } from "node:fs";
import type { Answer, TargetNeed } from "../../wasm/compiler.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";
import { similarNames } from "../core/similar.ts";
import type { Target } from "../core/target.ts";
import { findBinaries } from "./binaries.ts";
import { findSymbol } from "./elf-symbols.ts";
import { hasKernelFunction } from "./features.ts";
import { missingPrivilege } from "./privileges.ts";
import { allTracepoints, findTracefs, readFormat, tracepointCategories, tracepointEvents } from "./tracefs.ts";

/** The file with the BTF of the kernel (`vmlinux`) or of a module; BPFTRACE_BTF names another one for the kernel. */
function btfFile(module: string): string | undefined {
  if (module === "vmlinux") return process.env.BPFTRACE_BTF || "/sys/kernel/btf/vmlinux";
  return /^[A-Za-z0-9_-]+$/.test(module) ? `/sys/kernel/btf/${module}` : undefined;
}

/** The tracepoint that a name stands for: of a wildcard the first, by name. */
function firstMatch(category: string, event: string): [string, string] {
  if (!isPattern(category) && !isPattern(event)) return [category, event];
  for (const own of tracepointCategories().sort()) {
    if (!matchesGlob(category, own)) continue;
    const name = tracepointEvents(own)
      .sort()
      .find((candidate) => matchesGlob(event, candidate));
    if (name !== undefined) return [own, name];
  }
  return [category, event];
}

/**
 * The answer from the live machine.
 * @throws BpfcastError `no-tracefs`.
 */
export function answerNeed(need: TargetNeed): Answer {
  switch (need.kind) {
    case "btf": {
      const file = btfFile(need.module);
      try {
        if (file !== undefined) return { found: true, bytes: readFileSync(file) };
      } catch {
        // No such file: the kernel has no BTF, or no such module is loaded.
      }
      return { found: false, candidates: [] };
    }
    case "symbol": {
      const [file] = findBinaries(need.binary);
      const size = file === undefined ? undefined : findSymbol(file, need.name)?.size;
      return size === undefined ? { found: false, candidates: [] } : { found: true, bytes: Buffer.from(String(size)) };
    }
    case "tracepoint": {
      const [category, event] = firstMatch(need.category, need.event);
      const text = readFormat(category, event);
      if (text !== undefined) return { found: true, bytes: Buffer.from(text, "latin1") };
      return { found: false, candidates: similarNames(`${need.category}:${need.event}`, allTracepoints()) };
    }
    case "kfunc":
      return hasKernelFunction(need.programType, need.name) ? { found: true, bytes: new Uint8Array() } : { found: false, candidates: [] };
  }
}

/** Why a fact of this machine cannot be read; undefined when it can, or when it is no matter of rights. */
export function unreadableReason(need: TargetNeed): string | undefined {
  if (need.kind === "btf") {
    const file = btfFile(need.module);
    if (need.module !== "vmlinux" || file === undefined) return undefined;
    try {
      accessSync(file, constants.R_OK);
      return undefined;
    } catch {
      return "the types of this machine's kernel (BTF) cannot be read";
    }
  }
  if (need.kind === "symbol") return undefined;
  if (need.kind === "kfunc") {
    const privilege = missingPrivilege();
    return privilege === undefined ? undefined : `what programs may call is found out by loading one, which needs ${privilege}`;
  }
  const place = findTracefs();
  if (place !== undefined) return undefined;
  return process.geteuid?.() === 0 ? "tracefs is not mounted" : "this machine's tracepoints cannot be read without root";
}

/** The machine that this process runs on. */
export class LiveTarget implements Target {
  readonly architecture = process.arch === "arm64" ? "aarch64" : "x86_64";
  readonly description = "";

  answer(need: TargetNeed): Answer {
    return answerNeed(need);
  }
}
