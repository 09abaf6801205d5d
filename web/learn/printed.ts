// What a script has printed, read back: for the checks of the tour.

export interface Entry {
  map: string;
  /** Empty for a map without keys. */
  key: string;
  /** Empty for a histogram. */
  value: string;
  /** Lower bounds of a histogram's buckets, as they are printed: `[4`, `[1K`. */
  buckets: string[];
}

const ENTRY = /^(@\w*)(?:\[(.*)\])?:(?: (.*))?$/;
const BUCKET = /^(\[[^,\]]+|\(\.\.\.).* \d+ \|@* *\|$/;

/** Entries of maps, in order. */
export function entries(output: string): Entry[] {
  const found: Entry[] = [];
  for (const line of output.split("\n")) {
    const [, map, key = "", value = ""] = ENTRY.exec(line) ?? [];
    if (map !== undefined) found.push({ map, key, value, buckets: [] });
    else {
      const bucket = BUCKET.exec(line)?.[1];
      if (bucket !== undefined) found.at(-1)?.buckets.push(bucket);
    }
  }
  return found;
}

/** Lines that are neither the runner's own nor of maps, nor empty. */
export function lines(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !/^Attached \d+ probes?$/.test(line) && !ENTRY.test(line) && !BUCKET.test(line));
}
