// Makes a failing program smaller while it still fails: textual steps, so that they serve scripts and the text of the IR alike.

/** Tells whether a smaller program still shows the fault; a program that is refused does not. */
export type Fails = (text: string) => Promise<boolean>;

/** Takes `candidates` of the text in turn, from the start again after each that still fails, until none does or time is up. */
async function shrink(text: string, fails: Fails, candidates: (text: string) => Iterable<string>, milliseconds: number): Promise<string> {
  const end = Date.now() + milliseconds;
  for (let changed = true; changed; ) {
    changed = false;
    for (const candidate of candidates(text)) {
      if (Date.now() > end) return text;
      if (candidate.length >= text.length || !(await fails(candidate))) continue;
      text = candidate;
      changed = true;
      break;
    }
  }
  return text;
}

const OPENING = "({[";
const CLOSING = ")}]";

/** Index of the bracket that closes the one at `start`; -1 if there is none. Strings have no brackets in the scripts that are made. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (OPENING.includes(letter)) depth++;
    if (CLOSING.includes(letter) && --depth === 0) return at;
  }
  return -1;
}

/** Without whole lines, without statements, with brackets by what stands in them or by 1. */
function* smallerScripts(script: string): Iterable<string> {
  const lines = script.split("\n");
  for (let size = Math.ceil(lines.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < lines.length; at += size) yield [...lines.slice(0, at), ...lines.slice(at + size)].join("\n");
  }
  for (let at = 0; at < script.length; at++) {
    const letter = script[at] ?? "";
    if (!OPENING.includes(letter)) continue;
    const end = closing(script, at);
    if (end < 0) continue;
    const inner = script.slice(at + 1, end);
    if (letter === "{") {
      yield `${script.slice(0, at)}{ }${script.slice(end + 1)}`;
      let start = 0;
      let depth = 0;
      for (let i = 0; i < inner.length; i++) {
        const mark = inner[i] ?? "";
        if (OPENING.includes(mark)) depth++;
        if (CLOSING.includes(mark)) depth--;
        if (depth > 0 || (mark !== ";" && mark !== "}")) continue;
        yield `${script.slice(0, at + 1)}${inner.slice(0, start)}${inner.slice(i + 1)}${script.slice(end)}`;
        start = i + 1;
      }
    } else if (letter === "(") {
      // No verifier takes `while 1`.
      if (!script.slice(0, at).endsWith("while ")) yield `${script.slice(0, at)}1${script.slice(end + 1)}`;
      const parts = inner.split(/ (?:[-+*/%&|^]|<<|>>|[<>]=?|[!=]=|&&|\|\||[?:]) /);
      if (parts.length > 1) for (const part of parts) yield `${script.slice(0, at)}${part}${script.slice(end + 1)}`;
    }
  }
}

export function reduceScript(script: string, fails: Fails, milliseconds: number): Promise<string> {
  return shrink(script, fails, smallerScripts, milliseconds);
}

/** Without one instruction: one that makes a number makes 0 instead. */
function* smallerIr(ir: string): Iterable<string> {
  const lines = ir.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const number = /^ {2}v\d+: i64 = (?!phi|const)/.exec(line);
    const by = number ? [line.replace(/= .*/, "= const 0")] : /^ {2}(store|atomicadd)\d/.test(line) ? [] : undefined;
    if (by !== undefined) yield [...lines.slice(0, at), ...by, ...lines.slice(at + 1)].join("\n");
  }
}

/** @param ir one function and its maps. */
export function reduceIr(ir: string, fails: Fails, milliseconds: number): Promise<string> {
  return shrink(ir, fails, smallerIr, milliseconds);
}
