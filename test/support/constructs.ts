// What random programs are made of: shares of them that use each construct, so that a gap in a generator shows.

/** Constructs of scripts by what one program's text has of each. */
export const SCRIPT_CONSTRUCTS: [string, RegExp][] = [
  ["8-bit integers", /\bu?int8\b/],
  ["16-bit integers", /\bu?int16\b/],
  ["32-bit integers", /\bu?int32\b/],
  ["64-bit integers", /\bu?int64\b/],
  ["arithmetic", / ([-+*/%&|^]|<<|>>)=? /],
  ["texts", /"[^"%]*"(?!,)|\bcomm\b|\bstr\(|->name\.|@[tu]\b/],
  ["text comparisons and functions", /[=!]= "|strncmp|strcontains|strlen/],
  ["tuples and records", /\$q\d+\.|\]\.0|\)\.[02]|= \(.*?, .*?\);/],
  ["maps", /@[a-z]/],
  ["maps with keys of several parts", /@(p|a1|count1|\w+1)\[[^\]]*,/],
  ["aggregates", /= (count|sum|min|max|avg|stats|hist|lhist)\(/],
  ["if and else", /\bif \(/],
  ["conditional expressions", / \? /],
  ["while", /\bwhile \(/],
  ["for over a range", /\bfor \(\S+ : [^@]/],
  ["for over a map", /\bfor \(\S+ : @/],
  ["unroll", /\bunroll\(/],
  ["break, continue", /\b(break|continue);/],
  ["struct chains (CO-RE)", /(curtask|\$q\d+|@task)(->|\.)\w*[a-z_]/],
  ["chains of two and more fields", /(curtask|\$q\d+|@task)(->|\.)\w*[a-z_]\w*((->|\.)[a-z_]\w*)+/],
  ["casts to a pointer", /\*\)/],
  ["printf and print", /\bprintf?\(/],
  ["filters", /^\S+( *, *\S+)* +\/.*\/ \{/],
];

/** Constructs of the IR. */
export const IR_CONSTRUCTS: [string, RegExp][] = [
  ["arithmetic", /= (add|sub|mul|and|or|xor) /],
  ["division", /= (div|mod) /],
  ["shifts", /= (shl|shr|sar) /],
  ["comparisons as numbers", /= [su][lg][te] |= (eq|ne) /],
  ["extensions and byte swaps", /= (zext|sext|bswap)\d/],
  ["memory of 1, 2, 4 bytes", /(load|store)[124]/],
  ["helper calls", /call get_smp/],
  ["map lookups and changes", /call map_lookup/],
  ["atomic additions", /atomicadd/],
  ["branches", /^ {2}branch/m],
  ["loops", /phi [^\n]*\n {2}v\d+: i64 = const \d+\n {2}v\d+: i64 = ult [^\n]*\n {2}branch/],
];

/** Counts the programs that use each construct. */
export class Shares {
  readonly #constructs: readonly [string, RegExp][];
  readonly #found: number[];
  #programs = 0;

  constructor(constructs: readonly [string, RegExp][]) {
    this.#constructs = constructs;
    this.#found = constructs.map(() => 0);
  }

  /** @param program the text of one. */
  add(program: string): void {
    this.#programs++;
    this.#constructs.forEach(([, pattern], index) => {
      if (pattern.test(program)) this.#found[index] = (this.#found[index] ?? 0) + 1;
    });
  }

  toString(): string {
    const share = (index: number) => `${((100 * (this.#found[index] ?? 0)) / Math.max(1, this.#programs)).toFixed(1).padStart(5)} %`;
    return this.#constructs.map(([name], index) => `  ${share(index)}  ${name}`).join("\n");
  }
}
