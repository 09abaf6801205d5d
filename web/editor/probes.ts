// What the editor knows of the target's probes: completion of attach points and of `args`, and what is under the pointer.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { Named, NameKind } from "../protocol.ts";

/** Asks the target. `place` of fields: `category:event`, or a function. */
export type AskNames = (kind: NameKind, start: string, place: string) => Promise<Named[]>;

/** By the names and short names of probes. */
const KINDS: Record<string, Exclude<NameKind, "field" | "syscall">> = {
  tracepoint: "tracepoint",
  t: "tracepoint",
  rawtracepoint: "rawtracepoint",
  rt: "rawtracepoint",
  kprobe: "function",
  k: "function",
  kretprobe: "function",
  kr: "function",
  fentry: "function",
  fexit: "function",
  f: "function",
  fr: "function",
  kfunc: "function",
  kretfunc: "function",
};
const ATTACH_POINT = new RegExp(`\\b(${Object.keys(KINDS).join("|")}):([\\w.:]*)`, "g");

interface AttachPoint {
  kind: Exclude<NameKind, "field" | "syscall">;
  /** `category:event`, or a function without its module. */
  place: string;
  from: number;
  to: number;
}

function attachPoints(text: string): AttachPoint[] {
  return [...text.matchAll(ATTACH_POINT)].flatMap((match) => {
    const [, probe = "", target = ""] = match;
    const kind = KINDS[probe];
    if (kind === undefined) return [];
    const place = kind === "tracepoint" ? target : target.slice(target.lastIndexOf(":") + 1);
    const from = match.index + probe.length + 1;
    return [{ kind, place, from, to: from + target.length }];
  });
}

/** The attach point whose block a place is in, by the text before it. */
export function attachPointBefore(text: string): AttachPoint | undefined {
  return attachPoints(text).findLast(({ kind }) => kind !== "rawtracepoint");
}

const asOptions = (names: Named[], type: string): Completion[] => names.map(({ name, detail }) => ({ label: name, detail, type }));

/** Completions that only the target knows. @returns null where there is nothing of the kind. */
export async function probeCompletion(context: CompletionContext, ask: AskNames): Promise<CompletionResult | null> {
  const before = context.state.sliceDoc(0, context.pos);
  const field = /\bargs(?:\.|->)(\w*)$/.exec(before);
  if (field !== null) {
    const point = attachPointBefore(before);
    const names = point === undefined ? [] : await ask("field", "", point.place);
    return { from: context.pos - (field[1] ?? "").length, options: asOptions(names, "property"), validFor: /^\w*$/ };
  }
  const point = attachPoints(before).find(({ to }) => to === before.length);
  if (point === undefined) return null;
  const names = await ask(point.kind, point.place, "");
  return { from: context.pos - point.place.length, options: asOptions(names, "namespace") };
}

/** A head and the lines below it. */
export interface Explained {
  from: number;
  to: number;
  head: string;
  lines: string[];
}

const MAX_LINES = 16;

/** What the target says of the field or attach point at a place. */
export async function explain(text: string, at: number, ask: AskNames): Promise<Explained | undefined> {
  for (const match of text.matchAll(/\bargs(?:\.|->)(\w+)/g)) {
    const [whole, name = ""] = match;
    const to = match.index + whole.length;
    if (at < to - name.length || at > to) continue;
    const point = attachPointBefore(text.slice(0, match.index));
    const fields = point === undefined ? [] : await ask("field", "", point.place);
    const found = fields.find((field) => field.name === name);
    return found && { from: to - name.length, to, head: `${found.detail} ${name}`, lines: [`A field of ${point?.place}.`] };
  }
  const point = attachPoints(text).find(({ from, to }) => at >= from && at <= to);
  if (point === undefined || point.kind === "rawtracepoint") return undefined;
  const fields = await ask("field", "", point.place);
  if (fields.length === 0) return undefined;
  const lines = fields.slice(0, MAX_LINES).map(({ name, detail }) => `${detail} ${name}`);
  if (fields.length > lines.length) lines.push(`and ${fields.length - lines.length} more`);
  return { from: point.from, to: point.to, head: point.place, lines };
}
