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
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let from: Uint32Array = order;
  let to: Uint32Array = new Uint32Array(order.length);
  const counts = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 64; shift += DIGIT_BITS) {
    const inHigh = shift >= 32;
    const at = shift & 31;
    const digit = (index: number): number => {
      // Bits of a double ascend as unsigned numbers once the sign is turned over, and all bits of negative ones.
      const high = words[index * 2 + 1] as number;
      const word = inHigh ? high : (words[index * 2] as number);
      const flip = high >>> 31 !== 0 ? 0xffff_ffff : inHigh ? 0x8000_0000 : 0;
      return ((word ^ flip) >>> at) & (DIGITS - 1);
    };
    counts.fill(0);
    for (let index = 0; index < from.length; index++) (counts[digit(from[index] as number)] as number)++;
    // A digit that all share needs no pass: common, since real values are small.
    if (from.length === 0 || counts[digit(from[0] as number)] === from.length) continue;
    let start = 0;
    for (let value = 0; value < DIGITS; value++) {
      const count = counts[value] as number;
      counts[value] = start;
      start += count;
    }
    for (let index = 0; index < from.length; index++) {
      const item = from[index] as number;
      const place = digit(item);
      to[counts[place] as number] = item;
      (counts[place] as number)++;
    }
    [from, to] = [to, from];
  }
  return from;
}
