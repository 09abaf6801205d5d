// What the C library calls the errors that BPF helpers return.

const TEXTS: Record<number, string> = {
  0: "Success",
  1: "Operation not permitted",
  2: "No such file or directory",
  3: "No such process",
  7: "Argument list too long",
  11: "Resource temporarily unavailable",
  12: "Cannot allocate memory",
  13: "Permission denied",
  14: "Bad address",
  16: "Device or resource busy",
  17: "File exists",
  22: "Invalid argument",
  28: "No space left on device",
  34: "Numerical result out of range",
  36: "File name too long",
  95: "Operation not supported",
};

/** @param errno positive. */
export function errnoText(errno: number): string {
  return TEXTS[errno] ?? `Unknown error ${errno}`;
}
