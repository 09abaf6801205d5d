// The form that makes an event of one's own in the run: a step of a scenario (runner/simulated/scenario.ts).

import type { NameKind } from "../protocol.ts";

interface EventKind {
  /** The field of a step that names it. */
  kind: string;
  title: string;
  example: string;
  /** It has an end: what it returns, and how long it takes. */
  isCall: boolean;
  names?: NameKind;
}

const KINDS: readonly EventKind[] = [
  { kind: "tracepoint", title: "Tracepoint", example: "syscalls:sys_enter_openat", isCall: false, names: "tracepoint" },
  { kind: "syscall", title: "System call", example: "openat", isCall: true, names: "syscall" },
  { kind: "call", title: "Kernel function", example: "vfs_read", isCall: true, names: "function" },
  { kind: "user", title: "User function", example: "/bin/bash:readline", isCall: true },
  { kind: "event", title: "Software event", example: "page-faults", isCall: false },
];

export interface EventParts {
  kind: HTMLSelectElement;
  name: HTMLInputElement;
  names: HTMLDataListElement;
  process: HTMLInputElement;
  returns: HTMLInputElement;
  lasts: HTMLInputElement;
  times: HTMLInputElement;
  fields: HTMLTextAreaElement;
}

/** A number, JSON, or else a text. @throws Error for what begins as JSON and is none. */
function readValue(text: string): unknown {
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (/^[[{"]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Error(`'${text}' begins as JSON and is none`);
    }
  }
  return text;
}

/** Lines of `name=value`; where arguments go by their order, of `value`. @throws Error for a line that is neither. */
export function fieldsOf(text: string, byOrder: boolean): Record<string, unknown> | unknown[] {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (byOrder) return lines.map(readValue);
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w.]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`'${line}' is no NAME=VALUE`);
      return [name, readValue(value)];
    }),
  );
}

export class EventForm {
  readonly #parts: EventParts;

  /** @param make makes the step happen. @param failed told of what cannot be read. @param namesOf what there is of a kind, beginning so. */
  constructor(
    form: HTMLFormElement,
    parts: EventParts,
    make: (step: unknown) => void,
    failed: (error: unknown) => void,
    namesOf: (kind: NameKind, start: string) => Promise<string[]>,
  ) {
    this.#parts = parts;
    for (const { kind, title } of KINDS) parts.kind.add(new Option(title, kind));
    parts.kind.addEventListener("change", () => this.#show());
    parts.name.addEventListener("input", () => {
      const { names } = this.#kind;
      if (names === undefined) return;
      namesOf(names, parts.name.value)
        .then((found) => parts.names.replaceChildren(...found.map((name) => new Option(name))))
        .catch(failed);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      try {
        make(this.#step());
      } catch (error) {
        failed(error);
      }
    });
    this.#show();
  }

  get #kind(): EventKind {
    return KINDS.find(({ kind }) => kind === this.#parts.kind.value) ?? (KINDS[0] as EventKind);
  }

  #show(): void {
    const { kind, isCall, example } = this.#kind;
    const { name, names, returns, lasts, fields } = this.#parts;
    name.value = "";
    name.placeholder = example;
    names.replaceChildren();
    for (const part of [returns, lasts]) part.disabled = !isCall;
    fields.disabled = kind === "event";
    fields.placeholder = kind === "user" ? "/etc/hosts" : "filename=/etc/hosts";
  }

  /** @throws Error for fields that cannot be read. */
  #step(): unknown {
    const { name, process, returns, lasts, times, fields } = this.#parts;
    const { kind, isCall } = this.#kind;
    const step: Record<string, unknown> = { [kind]: name.value.trim(), process: process.value.trim() || "myapp" };
    if (kind === "event") step["count"] = Number(times.value) || 1;
    else {
      step["times"] = Number(times.value) || 1;
      if (fields.value.trim() !== "") step[kind === "tracepoint" ? "fields" : "arguments"] = fieldsOf(fields.value, kind === "user");
    }
    if (isCall) Object.assign(step, { returns: readValue(returns.value.trim() || "0"), lasts: lasts.value.trim() || 0 });
    return step;
  }
}
