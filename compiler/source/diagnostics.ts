// What is wrong with a script, collected: nothing here throws, and one run reports as many errors as it can find.

import { Code, codeName } from "./codes";
import { Expansions } from "./expansions";
import { Source } from "./source";

export { Code, codeName };

export const enum Severity {
  Error,
  Warning,
}

/** Errors kept at most; the rest of a hopeless script is noise. Warnings count by themselves. */
const LIMIT: i32 = 100;

/** A second place that explains the first, as `This is the initial declaration.` */
@final
export class Note {
  constructor(
    public start: u32,
    public end: u32,
    public message: string,
  ) {}
}

@final
export class Diagnostic {
  notes: Array<Note> = [];

  constructor(
    public severity: Severity,
    public code: Code,
    /** Bytes of the source, end exclusive. */
    public start: u32,
    public end: u32,
    /** One sentence, in the peer's words where the peer has this error. */
    public message: string,
    /** What to do about it; may be empty. */
    public hint: string,
    /** Order of arrival: equal positions keep it. */
    public order: i32,
    /** What macro it is in: see `Expansions`. */
    public expansion: i32,
  ) {}

  note(start: u32, end: u32, message: string): void {
    this.notes.push(new Note(start, end, message));
  }
}

@final
export class Diagnostics {
  private list: Array<Diagnostic> = [];
  expansions: Expansions = new Expansions();
  errorCount: i32 = 0;
  warningCount: i32 = 0;

  constructor(public source: Source) {}

  get hasErrors(): bool {
    return this.errorCount > 0;
  }

  /** The diagnostics in the order of arrival, or of position after `sort`. */
  get all(): Array<Diagnostic> {
    return this.list;
  }

  /** Records an error, unless one starts at the same byte or the limit is reached. Null if it was not recorded. */
  error(code: Code, start: u32, end: u32, message: string, hint: string = ""): Diagnostic | null {
    if (this.errorCount >= LIMIT) return null;
    for (let i = 0; i < this.list.length; i++) {
      const other = this.list[i];
      if (other.severity == Severity.Error && other.start == start && other.expansion == this.expansions.current) return null;
    }
    this.errorCount++;
    return this.add(Severity.Error, code, start, end, message, hint);
  }

  /** Records a warning, unless the same one is there already or the limit is reached. */
  warning(code: Code, start: u32, end: u32, message: string, hint: string = ""): Diagnostic | null {
    if (this.warningCount >= LIMIT) return null;
    for (let i = 0; i < this.list.length; i++) {
      const other = this.list[i];
      const isThere = other.start == start && other.code == code && other.expansion == this.expansions.current;
      if (other.severity == Severity.Warning && isThere) return null;
    }
    this.warningCount++;
    return this.add(Severity.Warning, code, start, end, message, hint);
  }

  /** Sorts by position. */
  sort(): void {
    this.list.sort((a, b) => {
      if (a.start != b.start) return a.start < b.start ? -1 : 1;
      return a.order - b.order;
    });
  }

  private add(severity: Severity, code: Code, start: u32, end: u32, message: string, hint: string): Diagnostic {
    const length = this.source.end;
    if (start > length) start = length;
    if (end > length) end = length;
    end = this.source.endOf(start, end);
    if (end < start) end = start;
    const diagnostic = new Diagnostic(severity, code, start, end, message, hint, this.list.length, this.expansions.current);
    this.list.push(diagnostic);
    return diagnostic;
  }
}
