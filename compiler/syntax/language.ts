// The language itself, for help and editor: statements, declarations, operators of words, and the names of types. One row each.
// Meaning: features sections 2 and 5.

@final
export class LanguageRow {
  constructor(
    public name: string,
    /** How it is written. */
    public signature: string,
    /** One line for help and editor. */
    public documentation: string,
    public example: string = "",
    /** Other words that lead here. */
    public aliases: Array<string> = [],
  ) {}
}

export function languageRows(): Array<LanguageRow> {
  return subjects().concat(statements()).concat(operators());
}

function subjects(): Array<LanguageRow> {
  return [
    new LanguageRow(
      "script",
      "probe[, probe] [/filter/] { statements }",
      "A script is a list of probes with what is to happen there",
      'kprobe:vfs_read /pid == 1/ { printf("%s\\n", comm); }',
    ),
    new LanguageRow(
      "filters",
      "/condition/",
      "Behind the probe: its statements run only where the condition holds; =~ and !~ match texts with patterns",
      '/comm =~ "ngin[xy].*" && args.ret > 1.5 * 1024/',
      ["filter", "predicate"],
    ),
    new LanguageRow(
      "maps",
      "@name, @name[key] or @name[key, key]",
      "Kept in the kernel for the whole trace, shared by all probes, and printed at the end; types follow from the first use",
      "@[comm, pid] = count()",
      ["map", "keys"],
    ),
    new LanguageRow("variables", "$name", "Live in the block that first assigns to them", "$ms = (nsecs - @start[tid]) / 1000000", [
      "variable",
    ]),
    new LanguageRow(
      "parameters",
      "$1, $2, $#",
      "Words behind the script: numbers where they are numbers, texts by str($1); `bpfcast help getopt` for named ones",
      "/pid == $1/",
      ["parameter"],
    ),
    new LanguageRow(
      "strings",
      '"text"',
      "Texts, cut at max_strlen; compared with == and !=, read at addresses by str()",
      '/comm == "cat"/',
      ["string", "texts"],
    ),
    new LanguageRow(
      "numbers",
      "10, 0x1f, 017, 1e6, 1_000, 5ms",
      "64 bits unless a type says less; a unit (ns us ms s m h d) makes nanoseconds; decimals are for comparing",
      "/nsecs - @start[tid] > 5ms/",
      ["durations", "decimals"],
    ),
    new LanguageRow(
      "tuples",
      "(a, b)",
      "Several values in one, for keys and values; .0 is the first; (name = a) makes a record",
      "@seen[(pid, tid)] = 1",
      ["tuple", "records"],
    ),
    new LanguageRow(
      "structs",
      "pointer->field, value.field",
      "Structs of the kernel through BTF, or defined in C at the head of the script; `.` follows pointers, too",
      "curtask->real_parent->tgid",
      ["struct", "union", "fields"],
    ),
    new LanguageRow(
      "casts",
      "(type)value",
      "Another type for a value: an integer, a struct *, an array of bytes, an enum",
      "(struct sock *)arg0",
      ["cast"],
    ),
    new LanguageRow(
      "types",
      "bool, int8 to int64, uint8 to uint64, string[n], struct x *, type[n]",
      "Also void, buffer[n], inet, timestamp, macaddr_t, username_t, cgroup_path_t, enum x, typedefs of BTF, typeof(value)",
      "let $from: struct sock *;",
      ["type"],
    ),
    new LanguageRow(
      "config",
      "config = { key = value; ... }",
      "At the head of the script; `bpfcast help config` lists the keys",
      "config = { max_strlen = 200; }",
    ),
    new LanguageRow(
      "headers",
      '#include "file.h", #define NAME value',
      "C definitions and constants, local headers by -I; constants of the kernel's headers are known without",
      '#include "local.h"',
      ["include", "define", "#include", "#define"],
    ),
    new LanguageRow("comments", "// or /* */", "As in C; #! in the first line, too", "", ["comment"]),
    new LanguageRow(
      "aggregations",
      "@name[key] = count()",
      "Counted on each CPU by itself, without locks, and summed when printed; count, sum, min, max and avg are numbers in expressions, on kernels from 5.19",
      "@us[comm] = hist($us)",
      ["aggregation"],
    ),
  ];
}

function statements(): Array<LanguageRow> {
  return [
    new LanguageRow(
      "if",
      "if (condition) { } else if (condition) { } else { }",
      "Chooses; `if comptime` drops the branch that cannot be",
      "if (args.ret < 0) { @errors = count(); }",
      ["else"],
    ),
    new LanguageRow(
      "for",
      "for ($i : from..to) { } or for ($kv : @map) { }",
      "Numbers from the first up to, not with, the last; or keys and values ($kv.0, $kv.1) of a map. Long ranges need kernel 5.17, maps 5.13",
      "for ($i : 0..10) { print($i); }",
      ["loops"],
    ),
    new LanguageRow("while", "while (condition) { }", "A loop that the verifier must see the end of"),
    new LanguageRow("unroll", "unroll (n) { }", "Repeats statements n times, from 1 to 100, without a loop"),
    new LanguageRow("break", "break;", "Ends the loop"),
    new LanguageRow("continue", "continue;", "Goes on with the next turn of the loop"),
    new LanguageRow("return", "return;", "Ends the probe"),
    new LanguageRow(
      "let",
      "let $name: type = value;",
      "Declares a variable, with or without type and value; for maps `let @name = hash(size);`",
      "let $big: uint64 = 0;",
    ),
    new LanguageRow(
      "macro",
      "macro name($variable, @map, expression) { }",
      "Statements under a name, put in where it is called",
      "macro add(@total, n) { @total += n; }",
    ),
    new LanguageRow(
      "import",
      'import "file";',
      "Macros and functions of another script, of all scripts of a folder, or the types of a header",
    ),
    new LanguageRow(
      "fn",
      "fn name($a: type, ...): type { }",
      "A function of the script, put in where it is called; it may not call itself",
      "fn add($a: int64, $b: int64): int64 { return $a + $b; }",
    ),
  ];
}

function operators(): Array<LanguageRow> {
  return [
    new LanguageRow(
      "operators",
      "* / % + - << >> < <= > >= == != =~ !~ & ^ | && || ?:",
      "From tight to loose, as in C; / and % are unsigned, and give 1 for a divisor of 0; ++ and -- work on maps, too",
      "@open[pid]++",
    ),
    new LanguageRow("sizeof", "sizeof(type or value)", "Bytes of a type", "sizeof(struct task_struct)"),
    new LanguageRow("offsetof", "offsetof(type, field)", "Where a field lies in its struct", "offsetof(struct file, f_inode)"),
    new LanguageRow("container_of", "container_of(pointer, type, field)", "The struct whose field the pointer points to"),
    new LanguageRow("typeof", "typeof(value or type)", "The type of a value, where a type is wanted", "let $x: typeof(pid);"),
    new LanguageRow(
      "typeinfo",
      "typeinfo(value or type)",
      "What is known of a type while compiling: a record of btf_id, base_type and full_type; needs the config key unstable_typeinfo",
    ),
    new LanguageRow("comptime", "comptime value", "A value that must be known while compiling", "if comptime is_str(arg0) { }"),
  ];
}
