// Sorting many entries by numbers without comparing them: a radix sort, stable, so that sorting by key first and by value next
// orders by value and, among equal values, by key.

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;
/** Below this a comparison sort is faster. */
export const FEW = 4096;

/**
 * A permutation of `order` (indexes into `values`) in which the values ascend; equal ones keep their order.
 * @param values no NaN.
 */
export function sortIndexes(order: Uint32Array, values: Float64Array): Uint32Array {
  const short = Uint32Array.from(values);
  // Mostly they are small numbers that cannot be negative, which have half the digits.
  if (values.every((value, index) => value === short[index])) return sortByDigits(order, (index) => short[index] as number);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  // Bits of a double ascend as unsigned numbers once the sign is turned over, and all bits of negative ones.
  const low = (index: number) => ((words[index * 2] as number) ^ -((words[index * 2 + 1] as number) >>> 31)) >>> 0;
  const high = (index: number) => {
    const word = words[index * 2 + 1] as number;
    return (word ^ (word >>> 31 !== 0 ? 0xffff_ffff : 0x8000_0000)) >>> 0;
  };
  return sortByDigits(sortByDigits(order, low), high);
}

/** @param wordOf the unsigned number of 32 bits that an index is sorted by. */
function sortByDigits(order: Uint32Array, wordOf: (index: number) => number): Uint32Array {
  let from: Uint32Array = order;
  const counts = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const digits = new Uint16Array(from.length);
    counts.fill(0);
    for (let at = 0; at < from.length; at++) {
      const digit = (wordOf(from[at] as number) >>> shift) & (DIGITS - 1);
      digits[at] = digit;
      (counts[digit] as number)++;
    }
    // A digit that all share needs no pass: common, since real values are small.
    if (from.length === 0 || counts[digits[0] as number] === from.length) continue;
    let start = 0;
    for (let value = 0; value < DIGITS; value++) {
      const count = counts[value] as number;
      counts[value] = start;
      start += count;
    }
    const to: Uint32Array = new Uint32Array(from.length);
    for (let at = 0; at < from.length; at++) {
      const digit = digits[at] as number;
      to[counts[digit] as number] = from[at] as number;
      (counts[digit] as number)++;
    }
    from = to;
  }
  return from;
}
