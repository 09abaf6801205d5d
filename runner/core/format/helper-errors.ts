// What helpers return when they fail: the C library's words for those numbers.

/** Said of each update that is refused, and of those that there was no room to report. */
export const MAP_FULL =
  "Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map declaration e.g. `let @a = hash(5000)`";

const TEXTS = new Map([
  [0, "Success"],
  [-1, "Operation not permitted"],
  [-2, "No such file or directory"],
  [-7, "Argument list too long"],
  [-12, "Cannot allocate memory"],
  [-14, "Bad address"],
  [-16, "Device or resource busy"],
  [-17, "File exists"],
  [-22, "Invalid argument"],
  [-34, "Numerical result out of range"],
]);

const E2BIG = 7;

/** What the failure of a helper means, in the words of the text output. */
export function helperFailure(helper: string, code: number): string {
  if (helper === "map_lookup_elem") return "Can't lookup map element because it does not exist.";
  if (helper === "map_update_elem" && code === -E2BIG) return MAP_FULL;
  return helperErrorText(code);
}

export function helperErrorText(code: number): string {
  return TEXTS.get(code) ?? `Unknown error ${Math.abs(code)}`;
}
