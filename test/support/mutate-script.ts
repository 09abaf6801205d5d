// Scripts that are nearly right: tokens of a good one deleted, doubled, swapped or replaced.

import type { Random } from "./random.ts";

export const TOKEN = /"(?:[^"\\]|\\.)*"|[A-Za-z_$@][A-Za-z_0-9]*|[0-9]\w*|\s+|[-+*/%&|^<>=!]{1,3}|[\s\S]/g;

export const TOKENS = [
  ..."{}()[],;:?.=+-*/%&|^<>!~@$#",
  "->",
  "..",
  "++",
  "--",
  "&&",
  "||",
  "<<",
  ">>",
  "==",
  "!=",
  "=~",
  "if",
  "else",
  "while",
  "unroll",
  "for",
  "return",
  "break",
  "continue",
  "let",
  "fn",
  "macro",
  "comptime",
  "import",
  "config",
  "BEGIN",
  "kprobe:f",
  "tracepoint:a:b",
  "interval:s:1",
  "args",
  "args.id",
  "arg0",
  "arg9",
  "retval",
  "comm",
  "pid",
  "curtask",
  "probe",
  "nsecs",
  "@",
  "@x",
  "@x[1]",
  "$x",
  "$1",
  "$#",
  "0",
  "1",
  "-1",
  "18446744073709551615",
  "99999999999999999999",
  '""',
  '"x"',
  '"%d %s"',
  "1.5",
  "true",
  "count()",
  "hist(1)",
  "lhist(1, 0, 10, 1)",
  "printf(",
  "print(@x)",
  "str(",
  "delete(@x",
  "exit()",
  "clear(@x)",
  "sizeof(",
  "offsetof(struct task_struct, pid)",
  "(int8)",
  "(struct task_struct *)",
  "(uint8[4])",
  "struct task_struct",
  "curtask->real_parent",
  "curtask->se",
  "(1, 2)",
  '(1, (2, "x"))',
];

/** `script` with a few of its tokens deleted, doubled, swapped or replaced. */
export function mutate(script: string, random: Random): string {
  const tokens = script.match(TOKEN) ?? [];
  for (let count = random.below(4); count >= 0 && tokens.length > 0; count--) {
    const at = random.below(tokens.length);
    const other = random.below(tokens.length);
    switch (random.below(6)) {
      case 0:
        tokens.splice(at, 1 + random.below(3));
        break;
      case 1:
        tokens.splice(at, 0, ...tokens.slice(other, other + 1 + random.below(8)));
        break;
      case 2:
        [tokens[at], tokens[other]] = [tokens[other] ?? "", tokens[at] ?? ""];
        break;
      case 3:
        tokens.splice(at, 0, random.pick(TOKENS));
        break;
      default:
        tokens[at] = random.pick(TOKENS);
        break;
    }
  }
  return tokens.join("");
}
