// Checks of scenarios before they are played: what nobody reads is refused, with its path.

import { type Reader, refuse, SchemaError } from "../../wasm/schema.ts";
import type { Scenario, Step } from "./scenario.ts";
import { badValue } from "./values.ts";

type Check = (value: unknown, path: string) => void;

/** A file of scenarios. */
export interface ScenarioFile {
  /** Path of the script, from the file's folder; the file's own name with `.bt` unless given. */
  script?: string;
  scenarios: Scenario[];
}

const MAX_DEPTH = 64;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with known fields; those whose names end with `!` must be there. */
function fields(known: Record<string, Check>): Check {
  const checks = new Map(Object.entries(known).map(([name, check]) => [name.replace("!", ""), check]));
  return (value, path) => {
    if (!isObject(value)) return refuse(path, "an object");
    for (const [name, inner] of Object.entries(value)) {
      const check = checks.get(name);
      if (check === undefined) return refuse(`${path}.${name}`, `a known field: ${[...checks.keys()].join(", ")}`);
      if (inner !== undefined) check(inner, `${path}.${name}`);
    }
    for (const name of Object.keys(known))
      if (name.endsWith("!") && value[name.slice(0, -1)] === undefined) refuse(`${path}.${name.slice(0, -1)}`, "there");
  };
}

const list =
  (item: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return refuse(path, "a list");
    for (const [index, inner] of value.entries()) item(inner, `${path}[${index}]`);
  };

const mapOf =
  (item: Check): Check =>
  (value, path) => {
    if (!isObject(value)) return refuse(path, "an object");
    for (const [name, inner] of Object.entries(value)) item(inner, `${path}.${name}`);
  };

const text: Check = (value, path) => {
  if (typeof value !== "string") refuse(path, "a text");
};
const flag: Check = (value, path) => {
  if (typeof value !== "boolean") refuse(path, "true or false");
};
const whole =
  (least: number, most: number): Check =>
  (value, path) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      refuse(path, `a whole number from ${least} to ${most}`);
  };
const either =
  (expected: string, ...checks: Check[]): Check =>
  (value, path) => {
    for (const check of checks) {
      try {
        return check(value, path);
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error;
      }
    }
    return refuse(path, expected);
  };

const id = whole(0, 4_194_304);
const cpu = whole(0, 1023);
const count = whole(0, 10_000_000);
const number: Check = (value, path) => {
  if (typeof value !== "number" && typeof value !== "bigint") refuse(path, "a number");
};
const anything: Check = () => {};

/** A value: only what JSON can say, and BigInts. */
function isValue(value: unknown, path: string, depth = 0): void {
  if (depth > MAX_DEPTH) refuse(path, "nested less deep");
  if (value === null || ["number", "bigint", "boolean", "string"].includes(typeof value)) return;
  if (Array.isArray(value)) for (const [index, inner] of value.entries()) isValue(inner, `${path}[${index}]`, depth + 1);
  else if (isObject(value) && !(value instanceof RegExp))
    for (const [name, inner] of Object.entries(value)) isValue(inner, `${path}.${name}`, depth + 1);
  else refuse(path, "a value");
}
const value: Check = (given, path) => isValue(given, path);

const duration = either("a duration: 10us, 1.5s, or nanoseconds", number, text);
const values = mapOf(value);
const parameters = either("a list or an object of arguments", list(value), values);
const frames = list(either("a frame: NAME+OFFSET or an address", text, number));
const situation = { process: text, cpu, kernelStack: frames, userStack: frames };
const happening = { ...situation, times: count };
const call = { ...happening, returns: value, lasts: duration };
const pattern: Check = (given, path) => {
  if (!(given instanceof RegExp)) fields({ "matches!": text })(given, path);
};
const lines = either("a text, or a list of lines", text, list(either("a line, or a pattern", text, pattern)));

/** Steps by the field that says what they are. */
const STEPS: Record<string, Check> = {
  after: fields({ "after!": duration }),
  runs: fields({ "runs!": duration, ...situation }),
  tracepoint: fields({ "tracepoint!": text, fields: values, ...happening }),
  rawtracepoint: fields({ "rawtracepoint!": text, arguments: parameters, ...happening }),
  syscall: fields({ "syscall!": text, arguments: parameters, number: count, ...call }),
  call: fields({ "call!": text, arguments: parameters, ...call }),
  user: fields({ "user!": text, arguments: list(value), ...call }),
  event: fields({ "event!": text, count, ...happening }),
  object: fields({ "object!": text, "fields!": values }),
  interrupt: fields({ "interrupt!": flag }),
};

const step: Check = (given, path) => {
  if (!isObject(given)) return refuse(path, "an object");
  const kind = Object.keys(STEPS).find((name) => given[name] !== undefined);
  if (kind === undefined) return refuse(path, `a step, which has one of ${Object.keys(STEPS).join(", ")}`);
  return STEPS[kind]?.(given, path);
};

function checked(check: Check, given: unknown, path: string): unknown {
  try {
    check(given, "");
  } catch (error) {
    if (error instanceof SchemaError) throw badValue(path, error.message.replace(/^\./, ""));
    throw error;
  }
  return given;
}

/** A step alone, checked. @throws BpfcastError `bad-scenario`. */
export const scenarioStep: Reader<Step> = (given, path) => checked(step, given, path) as Step;

const scenario = fields({
  "name!": text,
  arguments: list(text),
  profile: text,
  cpus: whole(1, 64),
  unsafe: flag,
  pid: id,
  processes: mapOf(
    fields({
      pid: id,
      tid: id,
      comm: text,
      uid: whole(0, 0xffff_ffff),
      gid: whole(0, 0xffff_ffff),
      parent: text,
      cgroup: text,
      task: values,
    }),
  ),
  objects: mapOf(fields({ "type!": text, fields: values })),
  binaries: mapOf(list(text)),
  files: mapOf(text),
  users: mapOf(text),
  "steps!": list(step),
  "expect!": fields({
    output: lines,
    maps: mapOf(anything),
    events: list(anything),
    errors: lines,
    exitCode: whole(0, 255),
    signals: list(whole(1, 64)),
  }),
});

const document = fields({ script: text, "scenarios!": list(scenario) });

/** What a file holds, checked. @throws BpfcastError `bad-scenario`. */
export const scenarioFile: Reader<ScenarioFile> = (given, path) => checked(document, given, path) as ScenarioFile;
