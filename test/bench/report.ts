// What a bench has measured: a table on the screen, and JSON in .out/bench for the summary and for whoever keeps figures.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const RESULTS = ".out/bench";

/** Of several rounds; a figure that was read once has no median. */
export interface Figure {
  minimum: number;
  median?: number;
}

export interface Row {
  name: string;
  unit: string;
  /** By tracer: `bpfcast`, `0.27.1`... One that has no figure is left out. */
  figures: Record<string, Figure>;
}

export interface Results {
  title: string;
  rows: Row[];
}

/** Whole numbers as they are, others with three digits that count. */
export function number(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? `${Math.round(value)}` : value.toPrecision(3);
}

export function table(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export class Report {
  readonly #name: string;
  readonly #results: Results;

  /** @param name of the file that it is written to. */
  constructor(name: string, title: string) {
    this.#name = name;
    this.#results = { title, rows: [] };
  }

  add(name: string, unit: string, figures: Record<string, Figure | number | undefined> | undefined): void {
    const known: Record<string, Figure> = {};
    for (const [tracer, figure] of Object.entries(figures ?? {})) {
      if (typeof figure === "number") known[tracer] = { minimum: figure };
      else if (figure !== undefined) known[tracer] = figure;
    }
    this.#results.rows.push({ name, unit, figures: known });
    // A long bench that is cut short keeps what it has.
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(join(RESULTS, `${this.#name}.json`), `${JSON.stringify(this.#results, undefined, 1)}\n`);
  }

  /** One column a tracer: the minimum, and the median behind it where there is one. */
  print(): void {
    const { title, rows } = this.#results;
    const tracers = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
    const cell = (figure: Figure | undefined) => {
      if (figure === undefined) return "-";
      return number(figure.minimum) + (figure.median === undefined ? "" : ` (${number(figure.median)})`);
    };
    const lines = rows.map(({ name, unit, figures }) => [name, unit, ...tracers.map((tracer) => cell(figures[tracer]))]);
    console.log(`${table([[title, "unit", ...tracers], ...lines])}\n`);
  }
}
