// Typed readers of untrusted JSON: each takes a value and the path to it, and returns it checked or throws.
//
// A reader never returns the object it was given but a new one with the known fields only, so nothing unchecked slips by.

export type Reader<T> = (value: unknown, path: string) => T;

/** What a reader made with `record` returns. */
export type Shape<R extends Record<string, Reader<unknown>>> = { [K in keyof R]: ReturnType<R[K]> };

/** What is wrong with a document; whoever asked for the check says whose document it is. */
export class SchemaError extends Error {
  constructor(path: string, expected: string) {
    super(`${path || "it"} is not ${expected}`);
    this.name = "SchemaError";
  }
}

export function refuse(path: string, expected: string): never {
  throw new SchemaError(path, expected);
}

/** A whole number of [least, most]. */
export function integer(least: number, most: number): Reader<number> {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      return refuse(path, `a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

export function text(longest: number): Reader<string> {
  return (value, path) => {
    if (typeof value !== "string" || value.length > longest) return refuse(path, `a text of at most ${longest} characters`);
    return value;
  };
}

/** A text that a pattern matches whole; `expected` names it in the error. */
export function textLike(pattern: RegExp, expected: string): Reader<string> {
  return (value, path) => {
    if (typeof value !== "string" || !pattern.test(value)) return refuse(path, expected);
    return value;
  };
}

export const boolean: Reader<boolean> = (value, path) => {
  if (typeof value !== "boolean") return refuse(path, "true or false");
  return value;
};

/** One of a few constants. */
export function oneOf<const T extends readonly (string | number)[]>(...choices: T): Reader<T[number]> {
  return (value, path) => {
    for (const choice of choices) {
      if (choice === value) return choice;
    }
    return refuse(path, `one of ${choices.join(", ")}`);
  };
}

export function array<T>(item: Reader<T>, longest: number): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > longest) return refuse(path, `a list of at most ${longest}`);
    return value.map((entry: unknown, index) => item(entry, `${path}[${index}]`));
  };
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : reader(value, path));
}

function asRecord(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(path, "an object");
  return value as Record<string, unknown>;
}

/** An object with exactly these fields; other fields are refused, as they would be believed by nobody. */
export function record<R extends Record<string, Reader<unknown>>>(fields: R): Reader<Shape<R>> {
  return (value, path) => {
    const given = asRecord(value, path);
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(fields, name)) refuse(`${path}.${name}`, "a known field");
    }
    const result: Record<string, unknown> = {};
    for (const name of Object.keys(fields)) {
      const reader = fields[name];
      if (reader !== undefined) result[name] = reader(given[name], `${path}.${name}`);
    }
    return result as Shape<R>;
  };
}

/** Reads an object that has field `name` with one reader, any other with another: the field is optional. */
export function withOptional<T>(name: string, present: Reader<T>, absent: Reader<T>): Reader<T> {
  return (value, path) => (Object.hasOwn(asRecord(value, path), name) ? present : absent)(value, path);
}

/** An object whose field `kind` chooses its reader. */
export function union<T>(readers: Record<string, Reader<T>>): Reader<T> {
  return (value, path) => {
    const kind = asRecord(value, path).kind;
    const reader = typeof kind === "string" && Object.hasOwn(readers, kind) ? readers[kind] : undefined;
    if (reader === undefined) return refuse(`${path}.kind`, `one of ${Object.keys(readers).join(", ")}`);
    return reader(value, path);
  };
}
