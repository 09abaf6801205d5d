// In the worker: what a target has names for, which the editor offers and explains.

import { prototypeOf } from "../../runner/core/btf-text.ts";
import { FIRST_READABLE_OFFSET } from "../../runner/core/tracepoint-format.ts";
import { profileFormat } from "../../runner/simulated/facts.ts";
import { systemCallNames } from "../../runner/simulated/system-calls.ts";
import type { Named, NameKind } from "../protocol.ts";
import type { LoadedTarget } from "../targets/targets.ts";

/** Most names that are offered. */
const MAX_NAMES = 60;

/** Parameters of a kernel function; none where its types are not known. */
function parametersOf({ types }: LoadedTarget, name: string): Named[] {
  for (const btf of types.modules.values()) {
    const id = btf.functions.get(name);
    const found = id === undefined ? undefined : prototypeOf(btf, id);
    if (found !== undefined) return found.parameters.map((parameter) => ({ name: parameter.name, detail: parameter.type }));
  }
  return [];
}

/** Functions of the list of those that can be probed, and those with a type: a profile may have either. */
function* functionsOf({ target, types }: LoadedTarget): Iterable<string> {
  const seen = new Set<string>();
  for (const names of [...target.profile.functions.values(), ...[...types.modules.values()].map((btf) => btf.functions.keys())])
    for (const name of names) {
      if (!seen.has(name)) yield name;
      seen.add(name);
    }
}

const KINDS: Record<Exclude<NameKind, "field">, (loaded: LoadedTarget) => Iterable<string>> = {
  tracepoint: ({ target }) => target.profile.tracepoints.keys(),
  rawtracepoint: ({ target }) => target.profile.rawTracepoints,
  syscall: ({ target }) => systemCallNames(target.profile.architecture),
  function: functionsOf,
};

/** What `args` has in a probe of `category:event`, or of a function. */
function fieldsOf(loaded: LoadedTarget, place: string): Named[] {
  if (!place.includes(":")) return parametersOf(loaded, place);
  const fields = profileFormat(loaded.target.profile, place)?.fields ?? [];
  return fields.filter(({ offset }) => offset >= FIRST_READABLE_OFFSET).map(({ name, type }) => ({ name, detail: type }));
}

/**
 * @param start what they begin with; of fields, all are given.
 * @param place of fields: where the probe is attached, `category:event` or a function.
 */
export function namesOf(loaded: LoadedTarget, kind: NameKind, start: string, place: string): Named[] {
  if (kind === "field") return fieldsOf(loaded, place);
  const found: string[] = [];
  for (const name of KINDS[kind](loaded)) {
    if (name.startsWith(start)) found.push(name);
    if (found.length === MAX_NAMES) break;
  }
  const texts = (name: string) => (kind === "function" ? parametersOf(loaded, name).map((one) => `${one.detail} ${one.name}`.trim()) : []);
  return found.map((name) => ({ name, detail: texts(name).join(", ") }));
}
