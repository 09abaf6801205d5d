// Loads a bound object into a machine: what libbpf and the bpf system call do on a host.

import type { ErrorCode } from "../../wasm/error-codes.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Machine } from "../../wasm/machine.ts";
import type { Fault } from "../../wasm/machine-faults.ts";
import { type Location, RING_BUFFER_MAP } from "../../wasm/manifest.ts";
import type { BoundObject } from "../core/bind.ts";
import { Btf } from "../core/btf.ts";
import { lineAt } from "../core/btf-ext.ts";
import { wholeLine } from "../core/diagnostic-text.ts";
import { type ElfObject, readElf, SymbolType } from "../core/elf.ts";
import type { Profile } from "../core/profile.ts";
import { TargetTypes } from "./core-types.ts";
import { type LinkedMap, Linker, type Origin } from "./link.ts";
import { isCode, mapDefinitions } from "./map-definitions.ts";

const KERNEL_MODULE = "vmlinux";
/** Sections of programs whose arguments are typed kernel pointers. */
const TYPED_SECTIONS = /^(fentry|fexit|fmod_ret|tp_btf|iter|lsm)(\.s)?(\/|$)/;

export interface LoadedProgram {
  /** Handle in the machine. */
  handle: number;
  symbol: string;
  /** Name of its ELF section, as `raw_tp/x`. */
  section: string;
  slots: number;
  origins: Origin[];
}

/** The maps and programs of one object in a machine, by the names that the object has for them. */
export interface LoadedObjectCode {
  /** Handles by symbol; of data by section (`.data.counters`). */
  maps: Map<string, number>;
  programs: Map<string, LoadedProgram>;
  object: ElfObject;
}

/** What is loaded: of a bound object its own parts, of another object all programs. */
export type Loadable = Pick<BoundObject, "bytes"> & Partial<Pick<BoundObject, "programs" | "ringBytes" | "manifest">>;

/** The types of a profile's kernel, for `loadObject`; they may serve any number of objects. */
export function targetTypesOf(profile: Pick<Profile, "btf">): TargetTypes | undefined {
  const own = profile.btf.get(KERNEL_MODULE);
  if (own === undefined) return undefined;
  const kernel = Btf.read(own);
  const modules = [...profile.btf].filter(([name]) => name !== KERNEL_MODULE).map(([, bytes]) => Btf.read(bytes, kernel));
  return new TargetTypes([kernel, ...modules]);
}

/** Symbols of the programs that are to be loaded. */
function wantedPrograms(object: ElfObject, loadable: Loadable): string[] {
  if (loadable.programs !== undefined) return [...new Set(loadable.programs.map(({ symbol }) => symbol))];
  return object.symbols.flatMap(({ name, type, section }) => {
    const code = object.sections[section];
    return type === SymbolType.Function && code !== undefined && isCode(code) && code.name !== ".text" ? [name] : [];
  });
}

/**
 * Creates an object's maps and adds its programs.
 * @param targets the types of the kernel that is simulated.
 * @throws BpfcastError: `program-refused` carries the script's line; all other codes are about a damaged object or one that is too large.
 */
export function loadObject(machine: Machine, loadable: Loadable, targets: TargetTypes | undefined): LoadedObjectCode {
  const object = readElf(loadable.bytes);
  const maps = new Map<string, number>();
  const linked = mapDefinitions(object).map((definition): LinkedMap => {
    const { name, section, offset, content } = definition;
    const capacity = name === RING_BUFFER_MAP && loadable.ringBytes !== undefined ? loadable.ringBytes : definition.capacity;
    const handle = machine.createMap({ ...definition, capacity });
    if (content?.some((byte) => byte !== 0)) machine.setValue(handle, new Uint8Array(4), content);
    maps.set(name, handle);
    return { handle, section, offset, isData: object.sections[section]?.name !== ".maps" };
  });
  const linker = new Linker(object, linked, targets);
  const loaded: LoadedObjectCode = { maps, programs: new Map(), object };
  for (const symbol of wantedPrograms(object, loadable)) {
    const { instructions, origins } = linker.link(symbol);
    const section = origins[0]?.section ?? "";
    const added = machine.addProgram(instructions, TYPED_SECTIONS.test(section));
    const program = { handle: added.ok ? added.program : 0, symbol, section, slots: instructions.length / 8, origins };
    if (!added.ok) throw explainFault(added.fault, program, loaded, loadable, "program-refused", "does not take");
    loaded.programs.set(symbol, program);
  }
  return loaded;
}

/** The error of a program that the machine has stopped, on the script's own line. */
export function stoppedError(fault: Fault, loaded: LoadedObjectCode, loadable: Loadable): BpfcastError {
  const program = [...loaded.programs.values()].find(({ handle }) => handle === fault.program);
  if (program === undefined) return new BpfcastError("program-stopped", `the simulated kernel has no such program: ${fault.sentence}`);
  return explainFault(fault, program, loaded, loadable, "program-stopped", "stopped");
}

function explainFault(
  fault: Fault,
  program: LoadedProgram,
  { object }: LoadedObjectCode,
  { manifest, programs }: Loadable,
  code: ErrorCode,
  verb: string,
): BpfcastError {
  const own = manifest?.programs[programs?.find(({ symbol }) => symbol === program.symbol)?.program ?? -1];
  const origin = program.origins.findLast(({ slot }) => slot <= fault.instruction);
  const start = origin?.offset ?? 0;
  const line = origin && lineAt(object, origin.section, start, start + (fault.instruction - origin.slot) * 8);
  let location: Location | undefined = own?.location;
  if (manifest !== undefined && line !== undefined) location = wholeLine(manifest.source, line);
  const place = line === undefined || manifest !== undefined ? "" : ` (${line.file}:${line.line})`;
  const address = fault.address === 0n ? "" : `, 0x${fault.address.toString(16)}`;
  return new BpfcastError(code, `the simulated kernel ${verb} ${own?.probe ?? program.symbol}${place}: ${fault.sentence}`, {
    ...(location !== undefined && manifest !== undefined ? { location, source: manifest.source } : {}),
    log: `${fault.kind} in '${program.symbol}' at instruction ${fault.instruction}${address}`,
    exitCode: 255,
  });
}
