// A program that the kernel refuses: the script's line and one sentence instead of the verifier's log.

import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { BoundObject } from "../core/bind.ts";
import { lineOfInstruction } from "../core/btf-ext.ts";
import { wholeLine } from "../core/diagnostic-text.ts";
import { readElf } from "../core/elf.ts";
import { missingFeature } from "../host/features.ts";

/** Known ends of a verifier log, each with what it means for a script. The first that matches decides. */
const CAUSES: readonly [RegExp, string][] = [
  [
    /<invalid CO-RE relocation>|failed to resolve CO-RE relocation/,
    "a field or type that is used here does not exist in this kernel, or has another size",
  ],
  [/unknown func (\S+)|invalid func (\S+)/, "a kernel function (BPF helper) that is needed here does not exist in this kernel"],
  [
    /program of this type cannot use helper (\S+)/,
    "a kernel function (BPF helper) that is needed here is not allowed in this kind of probe",
  ],
  [
    /calling kernel function (\S+) is not allowed/,
    "this kernel does not let programs of this kind of probe call the function of the kernel that is needed here",
  ],
  [
    /R\d type=\S+ expected=\S*(ptr_|sock)/,
    "the function takes a pointer as the probe hands it out, in args, and neither a number nor what was read from memory",
  ],
  [/(too many instructions|program is too large|BPF program is too large)/i, "the program is too long for this kernel's verifier"],
  [
    /(sequence of \d+ jumps is too complex|infinite loop detected|back-edge)/,
    "the kernel cannot prove that this loop or chain of conditions ends in time",
  ],
  [/combined stack size/, "the program needs more stack than the kernel has for it"],
  [/(invalid mem access|R\d invalid)/, "the kernel cannot prove that this memory may be read"],
  [/invalid bpf_context access|dereference of modified ctx/, "this probe's context cannot be read there"],
  [
    /(unbounded|min value is negative|outside of the allowed memory range|invalid access to)/,
    "the kernel cannot prove that this access stays inside its memory",
  ],
  [/Unreleased reference/, "an event is not released on every path: this is an error of bpfcast"],
  [/(unreachable insn|unknown opcode|uses reserved fields)/, "the code is not what this kernel understands: this is an error of bpfcast"],
];

/** Known failures before any program is looked at: libbpf's words, our code, sentence and hint. */
const LOAD_CAUSES: readonly [RegExp, ErrorCode, string, string][] = [
  [
    /valid kernel BTF|loading vmlinux BTF/,
    "no-btf",
    "this kernel has no BTF, without which the kernel structs that the script reads cannot be found",
    "a kernel built with CONFIG_DEBUG_INFO_BTF has it in /sys/kernel/btf/vmlinux; BPFTRACE_BTF names a file with it",
  ],
  [
    /map '[^']*': failed to create: Argument list too long/,
    "map-too-large",
    "a map of the script, or its scratch memory, is larger than this kernel allows",
    "fewer keys or a smaller max_strlen make it smaller",
  ],
  [
    /map '[^']*': failed to create: Cannot allocate memory/,
    "no-memory",
    "the kernel has no memory for the script's maps",
    "fewer keys need less",
  ],
  [
    /Operation not permitted|\(-1\)/,
    "load-refused",
    "the kernel does not let this process load programs",
    "run bpfcast as root, or with CAP_BPF and CAP_PERFMON",
  ],
];

const BEGIN = /prog '([^']*)': -- BEGIN PROG LOAD LOG --\n/;
const END = /-- END PROG LOAD LOG --/;

interface Refusal {
  program: string;
  /** The verifier's own words. */
  log: string;
}

/** The refused program and its log, out of all that libbpf said. */
export function findRefusal(messages: string): Refusal | undefined {
  const begin = BEGIN.exec(messages);
  if (begin === null) return undefined;
  const rest = messages.slice(begin.index + begin[0].length);
  const end = END.exec(rest);
  return { program: begin[1] ?? "", log: end === null ? rest : rest.slice(0, end.index) };
}

/** The instruction that the verifier looked at last: log lines begin with its number. */
export function lastInstruction(log: string): number | undefined {
  let last: number | undefined;
  for (const match of log.matchAll(/^(\d+): (?:\([0-9a-f]{2}\)|<invalid)/gm)) last = Number(match[1]);
  return last;
}

export function causeOf(log: string): string {
  for (const [pattern, sentence] of CAUSES) {
    if (pattern.test(log)) return sentence;
  }
  const lines = log.trim().split("\n");
  const words = lines.filter((line) => line !== "" && !/^(processed \d+|verification time|stack depth|\d+: )/.test(line)).at(-1);
  return words === undefined ? "the kernel's verifier gave no reason" : `the kernel's verifier says: ${words}`;
}

/** Turns the error of a refused load into one on the script's line; another error stays as it is. */
export function explainLoadError(error: unknown, bound: BoundObject): unknown {
  if (!(error instanceof BpfcastError) || error.code !== "load-failed") return error;
  const missing = missingFeature(bound.manifest);
  if (missing !== undefined) {
    return new BpfcastError(
      "missing-feature",
      `this kernel has no ${missing.what}, which this needs: it came with kernel ${missing.since}`,
      {
        ...error.details,
        location: missing.need.location,
        source: bound.manifest.source,
        exitCode: 255,
      },
    );
  }
  const refusal = findRefusal(error.details.log ?? "");
  if (refusal === undefined) {
    for (const [pattern, code, sentence, hint] of LOAD_CAUSES) {
      if (pattern.test(error.details.log ?? "")) return new BpfcastError(code, sentence, { ...error.details, hint });
    }
    return new BpfcastError("load-failed", error.message, { ...error.details, hint: "-v shows what libbpf says" });
  }
  const { manifest } = bound;
  const program = manifest.programs[bound.programs.find(({ symbol }) => symbol === refusal.program)?.program ?? -1];
  const instruction = lastInstruction(refusal.log);
  const place = instruction === undefined ? undefined : lineOfInstruction(readElf(bound.bytes), refusal.program, instruction);
  const location = place === undefined ? program?.location : wholeLine(manifest.source, place);
  const name = program === undefined ? refusal.program : program.probe;
  return new BpfcastError("verifier-refused", `this kernel does not accept ${name}: ${causeOf(refusal.log)}`, {
    ...error.details,
    ...(location === undefined ? {} : { location, source: manifest.source }),
    hint: "-v shows the kernel's full log",
    exitCode: 255,
  });
}
