// What helpers that read memory return when they fail: the C library's words for those numbers.

const TEXTS = new Map([
  [0, "Success"],
  [-1, "Operation not permitted"],
  [-7, "Argument list too long"],
  [-14, "Bad address"],
  [-22, "Invalid argument"],
  [-34, "Numerical result out of range"],
]);

export function helperErrorText(code: number): string {
  return TEXTS.get(code) ?? `Unknown error ${Math.abs(code)}`;
}
