// Random scripts, mostly well-typed, over everything that the checker and the lowering know.

import type { Random } from "./random.ts";

const INTEGERS = [
  "0",
  "1",
  "2",
  "7",
  "63",
  "64",
  "127",
  "128",
  "255",
  "256",
  "32767",
  "65536",
  "2147483647",
  "2147483648",
  "4294967295",
  "4294967296",
  "9223372036854775807",
  "18446744073709551615",
  "0x7fff",
  "1e6",
  "5s",
];
const CASTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];
const BINARY = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"];
const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];
const ASSIGNMENTS = ["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="];
const BUILTINS = ["pid", "tid", "uid", "gid", "nsecs", "cpu", "numaid", "jiffies", "rand", "cgroup"];
const TEXTS = ['""', '"x"', '"dd"', '"a longer text of more than sixteen bytes"', '"fifteen bytes.."', `"${"y".repeat(100)}"`];

/** An attach point with the integers and texts that it alone offers. */
interface Probe {
  point: string;
  integers: string[];
  texts: string[];
}

const PROBES: Probe[] = [
  { point: "BEGIN", integers: [], texts: [] },
  { point: "END", integers: [], texts: [] },
  { point: "interval:s:1", integers: [], texts: [] },
  { point: "profile:hz:99", integers: [], texts: [] },
  { point: "kprobe:vfs_read", integers: ["arg0", "arg2", "arg5"], texts: ["str(arg0)", "str(arg1, 10)"] },
  { point: "kprobe:module:function+8", integers: ["arg1"], texts: ["str(arg1, 63)"] },
  { point: "kretprobe:vfs_read", integers: ["retval"], texts: ["str(retval, 200)"] },
  { point: "tracepoint:raw_syscalls:sys_enter", integers: ["args.id", "args->id"], texts: [] },
  {
    point: "tracepoint:syscalls:sys_enter_openat",
    integers: ["args.dfd", "args.flags", "args.mode", "args.__syscall_nr"],
    texts: ["str(args.filename)", "str(args.filename, 4)"],
  },
  { point: "tracepoint:block:block_rq_complete", integers: ["args.dev", "args.sector", "args.error"], texts: ["args.rwbs", "args.cmd"] },
];

const TASK_INTEGERS = [
  "curtask->pid",
  "curtask->real_parent->tgid",
  "curtask->se.vruntime",
  "curtask->hidden",
  "curtask.real_parent.real_parent.hidden",
  "((struct task_struct *)rand)->pid",
  "sizeof(struct task_struct)",
  "offsetof(struct task_struct, tgid)",
  "sizeof(int32)",
  "(uint64)curtask",
];
const TASK_TEXTS = ["curtask->comm", "curtask->real_parent->comm"];

/** An assignment of each map that scripts read. */
const DEFINITIONS: Record<string, string> = {
  "@n0": "@n0 = 1;",
  "@n1": "@n1 = 1;",
  "@k": "@k[1] = 1;",
  "@t": '@t = "x";',
  "@u": '@u[1] = "x";',
  "@p": '@p[(int8)1, "x", true, (uint16)1, (1, (uint8)1)] = (1, "x");',
  "@k1": "@k1[1] = 1;",
  "@count1": '@count1["x", 1] = count();',
  "@hist0": "@hist0 = hist(1);",
  "@hist1": '@hist1["x", 1] = hist(1);',
  "@task": "@task = curtask;",
  ...Object.fromEntries(CASTS.map((type) => [`@w${type}`, `@w${type} = (${type})1;`])),
};

const LOADABLE_PROBES = PROBES.filter(({ point }) => !point.includes("module"));

/** Fields that real kernels have: chains, arrays, bitfields, structures in structures. */
const KERNEL_INTEGERS = [
  ...TASK_INTEGERS.filter((text) => !text.includes("hidden")),
  "curtask->group_leader->real_parent->real_parent->pid",
  "curtask->se.load.weight",
  "curtask->sched_reset_on_fork",
  "curtask->static_prio",
  "curtask->comm[1]",
  "curtask->signal->rlim[3].rlim_cur",
  "curtask->cred->uid.val",
  "curtask->fs->umask",
  "curtask->fs->pwd.dentry->d_inode->i_ino",
  "curtask->files->fdt->fd[0]->f_inode->i_sb->s_magic",
  "curtask->mm->arg_start",
];
const KERNEL_TEXTS = [...TASK_TEXTS, "curtask->nsproxy->uts_ns->name.nodename"];

export class ScriptGenerator {
  readonly #random: Random;
  #probe: Probe = { point: "", integers: [], texts: [] };
  #integers: string[][] = [];
  #texts: string[][] = [];
  #names = 0;
  #loops = 0;
  /** Inside a `for`, whose body is a function of its own: no `return`, nothing of the probe's context. */
  #inFor = false;
  /** Nodes left in the attach point: bounds the script. */
  #budget = 0;

  readonly #loadable: boolean;
  readonly #probes: Probe[];

  /**
   * @param loadable only what a real kernel has, and no loop whose end no verifier sees.
   * @param points the only attach points to use.
   */
  constructor(random: Random, loadable = false, points?: string[]) {
    this.#random = random;
    this.#loadable = loadable;
    this.#probes = (loadable ? LOADABLE_PROBES : PROBES).filter(({ point }) => points?.includes(point) ?? true);
  }

  /** A script of `count` probes, one to three unless told. */
  script(budget = 60, count = 1 + this.#random.below(3)): string {
    const probes: string[] = [];
    for (; count > 0; count--) probes.push(this.probe(budget));
    const text = probes.join("\n");
    // A map that is read must be assigned somewhere.
    const definitions = Object.entries(DEFINITIONS).filter(([name]) => new RegExp(`${name}\\b`).test(text));
    const structs = text.includes("struct made")
      ? "struct made { int number; char text[20]; struct { short part; } inner; unsigned long list[4]; };\n"
      : "";
    return `${structs}${text}\nEND { ${definitions.map(([, statement]) => statement).join(" ")} @end = 1; }`;
  }

  probe(budget: number): string {
    const random = this.#random;
    this.#probe = random.pick(this.#probes);
    this.#budget = budget;
    // A second attach point has other fields: only what every probe has may be used then.
    let points = this.#probe.point;
    if (random.once(8)) {
      points += `, ${random.pick(this.#probes).point}`;
      this.#probe = { ...this.#probe, integers: [], texts: [] };
    }
    const predicate = random.once(3) ? ` /${this.condition(2)}/` : "";
    return `${points}${predicate} ${this.block()}`;
  }

  block(): string {
    this.#integers.push([]);
    this.#texts.push([]);
    const statements: string[] = [];
    for (let count = this.#random.below(6); count >= 0 && this.#budget > 0; count--) statements.push(this.statement());
    this.#integers.pop();
    this.#texts.pop();
    return `{ ${statements.join(" ")} }`;
  }

  #variable(lists: string[][]): string | undefined {
    const all = lists.flat();
    return all.length === 0 ? undefined : this.#random.pick(all);
  }

  #declare(lists: string[][], prefix: string): string {
    const name = `$${prefix}${this.#names++}`;
    lists[lists.length - 1]?.push(name);
    return name;
  }

  statement(): string {
    this.#budget--;
    const random = this.#random;
    switch (random.below(25)) {
      case 0:
      case 1: {
        const value = this.integer(3);
        return `${this.#declare(this.#integers, "i")} = ${value};`;
      }
      case 2: {
        const value = this.text(2);
        return `${this.#declare(this.#texts, "s")} = ${value};`;
      }
      case 3: {
        const value = this.integer(2);
        const initial = random.once(3) ? "" : ` = ${value}`;
        return `let ${this.#declare(this.#integers, "l")}${initial === "" || random.once(2) ? `: ${random.pick(CASTS)}` : ""}${initial};`;
      }
      case 4: {
        const name = this.#variable(this.#integers);
        return name === undefined
          ? `@n${random.below(2)} = ${this.integer(3)};`
          : `${name} ${random.pick(ASSIGNMENTS)} ${this.integer(3)};`;
      }
      case 5:
        return `@n${random.below(2)} ${random.pick(ASSIGNMENTS)} ${this.integer(3)};`;
      case 6:
        return `@k${this.key(1)} ${random.pick(ASSIGNMENTS)} ${this.integer(2)};`;
      case 7:
        return random.once(2) ? `@t = ${this.text(2)};` : `@u${this.key(1)} = ${this.text(2)};`;
      case 8:
        return `@p${this.key(3)} = (${this.integer(1)}, ${this.text(1)});`;
      case 9:
        return this.aggregation();
      case 10:
        return `if (${this.condition(3)}) ${this.block()}${random.once(2) ? ` else ${this.block()}` : random.once(3) ? ` else if (${this.condition(1)}) ${this.block()}` : ""}`;
      case 11: {
        // A verifier follows a loop only with a counter; it walks every turn of it.
        if (this.#loadable && this.#loops > 0) return this.block();
        this.#loops++;
        const body = this.block();
        this.#loops--;
        const counter = `$w${this.#names++}`;
        return this.#loadable
          ? `${counter} = (uint64)0; while (${counter} < ${1 + random.below(4)}) { ${counter}++; ${body} }`
          : `while (${this.condition(2)}) ${body}`;
      }
      case 12:
        return `unroll(${this.#loadable && this.#loops > 0 ? 1 : 1 + random.below(4)}) ${this.block()}`;
      case 13:
        return this.#loops > 0 ? `if (${this.condition(1)}) { ${random.pick(["break", "continue"])}; }` : `${this.increment()};`;
      case 14:
        return `${this.increment()};`;
      case 15:
        return random.once(3) && !this.#inFor ? `return${random.once(2) ? "" : ` ${this.integer(2)}`};` : `_ = ${this.integer(2)};`;
      case 16:
        return random.once(2) && !this.#inFor
          ? `exit(${random.once(2) ? "" : this.integer(2)});`
          : `${random.pick(["clear", "zero"])}(${random.pick(["@n0", "@k1", "@count1", "@hist0"])});`;
      case 17:
        return `delete(${random.pick([`@k, ${this.keyValue(1)}`, "@n0", "@t", `@u${this.key(1)}`, `@p, (${this.keyValue(3)})`])});`;
      case 18:
        return `print(${random.pick([this.integer(2), this.text(2), "@k", "@n1", "@count1, 3", "@hist1, 2, 5", `(${this.integer(1)}, ${this.text(1)}, ${this.condition(1)})`])});`;
      case 19:
      case 20:
        return this.#newer();
      case 21: {
        const type = random.pick(CASTS);
        return `@w${type} = (${type})${this.integer(2)};`;
      }
      default:
        return this.printf();
    }
  }

  /** Statements with values in memory, and loops over ranges. */
  #newer(): string {
    const random = this.#random;
    const name = `$q${this.#names++}`;
    switch (random.below(10)) {
      case 0:
        return `${name} = (${this.integer(1)}, ${this.text(1)}, ${this.condition(0)}); printf("%d %s %d", ${name}.0, ${name}.1, ${name}.2); @p1[${name}] = ${name}.0;`;
      case 1:
        return `${name} = (a=${this.integer(1)}, b=${this.text(0)}); print(${name}); @k[${name}.a] = 1;`;
      case 2:
        return `for (${name} : ${this.integer(0)}..${random.pick(["5", "100", "pid"])}) ${this.#bodyOfFor([name])}`;
      case 3:
        return `${name} = ${random.pick(["comm", '"fifteen bytes.."'])}; if (${name} ${random.pick(["==", "!="])} ${this.text(0)}) { @c = ${name}[${random.below(16)}]; }`;
      case 4:
        return `@a1[${this.keyValue(3)}] = (${this.integer(0)}, (${this.integer(0)}, ${this.text(0)})); ${name} = @a1[${this.keyValue(3)}]; @b1 = ${name}.1;`;
      case 5:
        return `${name} = ((struct made *)${this.integer(0)}); @f = ${name}->number + ${name}->inner.part; print(${name}->text); @g[${name}->list[${random.below(4)}]] = count();`;
      case 6:
        return this.#forMap(name);
      case 7:
        return this.#loadable
          ? `${name} = curtask->${random.pick(["group_leader", "real_parent"])}; if (${this.condition(1)}) { ${name} = ${name}->real_parent; } @f = ${name}->${random.pick(["tgid", "real_parent->tgid", "cred->gid.val"])};`
          : `${name} = curtask->real_parent; @f = ${name}->tgid;`;
      case 8:
        return `@task = curtask${random.pick(["", "->real_parent"])}; @f = @task->real_parent->pid; @g[@task->pid] = count();`;
      default:
        return `@d = if (${this.condition(1)}) { ${this.integer(1)} } else { ${this.integer(1)} }; @e = *(uint32 *)${this.integer(0)}; $${name.slice(1)}e = (int8 *)${this.integer(0)} + 1;`;
    }
  }

  #bodyOfFor(integers: string[]): string {
    const [outer, loops, probe] = [this.#inFor, this.#loops, this.#probe];
    this.#inFor = true;
    this.#loops++;
    this.#probe = { ...probe, integers: [], texts: [] };
    this.#integers.push(integers);
    const body = this.block();
    this.#integers.pop();
    [this.#inFor, this.#loops, this.#probe] = [outer, loops, probe];
    return body;
  }

  /** The entries of a map come in any order: what the loop leaves behind must not depend on it. */
  #forMap(name: string): string {
    const random = this.#random;
    const [map, number] = random.pick([
      ["@k", `${name}.0 ^ ${name}.1`],
      ["@p", `${name}.0.0 + ${name}.1.0`],
      ["@u", `${name}.0`],
      ["@k1", `${name}.1`],
    ] as const);
    const condition = random.pick([`${name}.1 == ${name}.1`, this.condition(1)]);
    return `for (${name} : ${map}) { if (${map === "@p" ? this.condition(0) : condition}) { @total += ${number}; } @seen++; }`;
  }

  /** Functions and places that make an integer. */
  #call(depth: number): string {
    switch (this.#random.below(9)) {
      case 0:
        return `(int64)has_key(@k, ${this.integer(depth)})`;
      case 1:
        return `bswap((${this.#random.pick(CASTS.slice(5))})(${this.integer(depth)}))`;
      case 2:
        return `strncmp(${this.text(depth)}, ${this.#random.pick(TEXTS)}, ${1 + this.#random.below(12)})`;
      case 3:
        return `(int64)strcontains(${this.text(depth)}, ${this.#random.pick(TEXTS.slice(1, 4))})`;
      case 4:
        return `strlen(${this.text(depth)})`;
      case 5:
        return `(${this.integer(depth)}, ${this.text(0)}, ${this.integer(depth)}).${this.#random.pick(["0", "2"])}`;
      case 6:
        return `@p[${this.keyValue(3)}].0`;
      default:
        return `@w${this.#random.pick(CASTS)}`;
    }
  }

  #taskInteger(): string {
    return this.#random.pick(this.#loadable ? KERNEL_INTEGERS : TASK_INTEGERS);
  }

  printf(): string {
    const random = this.#random;
    let format = "";
    const values: string[] = [];
    for (let count = random.below(6); count > 0; count--) {
      if (random.once(3)) {
        format += random.pick(["%s ", "%-10s", "%.5s,"]);
        values.push(random.once(4) ? `(${this.integer(1)}, ${this.text(1)})` : this.text(2));
      } else {
        format += random.pick(["%d ", "%lld", "%5u ", "%llx", "%c", "%p", "%-8d|", "%08llX "]);
        values.push(random.once(4) ? this.condition(2) : random.once(4) ? this.increment() : this.integer(3));
      }
    }
    return `printf("${format}${random.pick(["", "\\n", "text %% "])}"${values.map((value) => `, ${value}`).join("")});`;
  }

  aggregation(): string {
    const random = this.#random;
    const keyed = random.once(2);
    const name = random.pick(["count", "sum", "min", "max", "avg", "stats", "hist", "lhist"]);
    const target = keyed ? `@${name}1${this.key(2)}` : `@${name}0`;
    switch (name) {
      case "count":
        return `${target} = count();`;
      case "lhist":
        return `${target} = lhist(${this.integer(2)}, 0, 1000, 10);`;
      case "hist":
        return `${target} = hist(${this.integer(2)});`;
      default:
        return `${target} = ${name}(${this.integer(2)});`;
    }
  }

  /** Shape 1: a number; 2: text and number; 3: many parts of several widths. */
  keyValue(shape: number): string {
    if (shape === 1) return this.integer(1);
    if (shape === 2) return `${this.text(1)}, ${this.integer(1)}`;
    return `(int8)${this.integer(0)}, ${this.text(0)}, ${this.condition(0)}, (uint16)${this.integer(0)}, (${this.integer(0)}, (uint8)${this.integer(0)})`;
  }

  key(shape: number): string {
    return `[${this.keyValue(shape)}]`;
  }

  increment(): string {
    const target = this.#random.once(3) ? this.#variable(this.#integers) : this.#random.pick(["@n0", `@k${this.key(1)}`, "@m"]);
    const operator = this.#random.pick(["++", "--"]);
    return this.#random.once(2) ? `${target ?? "@n1"}${operator}` : `${operator}${target ?? "@n1"}`;
  }

  /** An integer expression of at most `depth` levels. */
  integer(depth: number): string {
    this.#budget--;
    const random = this.#random;
    if (depth > 0 && this.#budget > 0) {
      switch (random.below(8)) {
        case 0:
        case 1:
        case 2:
          return `(${this.integer(depth - 1)} ${random.pick(BINARY)} ${this.integer(depth - 1)})`;
        case 3:
          return `${random.pick(["-", "~"])}(${this.integer(depth - 1)})`;
        case 4:
          return `(${random.pick(CASTS)})(${random.once(3) ? this.condition(depth - 1) : this.integer(depth - 1)})`;
        case 5:
          return `(${this.condition(depth - 1)} ? ${this.integer(depth - 1)} : ${this.integer(depth - 1)})`;
        case 6:
          return random.once(2) ? `@k${this.key(1)}` : this.#call(depth - 1);
        default:
          break;
      }
    }
    switch (random.below(7)) {
      case 0:
        return this.#variable(this.#integers) ?? "pid";
      case 1:
        return random.pick(["@n0", "@n1", "@k[1]"]);
      case 2:
        return random.pick(BUILTINS);
      case 3:
        return this.#probe.integers.length > 0 ? random.pick(this.#probe.integers) : "nsecs";
      case 4:
        return random.once(2) ? this.#taskInteger() : random.pick(INTEGERS);
      default:
        return random.pick(INTEGERS);
    }
  }

  condition(depth: number): string {
    this.#budget--;
    const random = this.#random;
    if (depth > 0 && this.#budget > 0 && random.once(2)) {
      if (random.once(4)) return `!(${this.condition(depth - 1)})`;
      return `(${this.condition(depth - 1)} ${random.pick(["&&", "||"])} ${this.condition(depth - 1)})`;
    }
    if (random.once(4)) return `${this.text(0)} ${random.pick(["==", "!="])} ${random.pick(TEXTS)}`;
    if (random.once(6)) return random.pick(["true", "false", "curtask != 0", "!pid"]);
    return `(${this.integer(Math.max(0, depth - 1))} ${random.pick(COMPARISONS)} ${this.integer(Math.max(0, depth - 1))})`;
  }

  text(depth: number): string {
    this.#budget--;
    const random = this.#random;
    if (depth > 0 && this.#budget > 0 && random.once(4))
      return `(${this.condition(depth - 1)} ? ${this.text(depth - 1)} : ${this.text(depth - 1)})`;
    switch (random.below(7)) {
      case 0:
        return "comm";
      case 1:
        return this.#variable(this.#texts) ?? "comm";
      case 2:
        return random.pick(["@t", "@u[1]", `@u${this.key(1)}`]);
      case 3:
        return this.#probe.texts.length > 0 ? random.pick(this.#probe.texts) : "probe";
      case 4:
        return random.pick(this.#loadable ? KERNEL_TEXTS : TASK_TEXTS);
      default:
        return random.pick(TEXTS);
    }
  }
}
