// The tour: twelve steps from the first line of output to a latency histogram, for whoever has never traced.
//
// A step is done when its check, which looks at what the script has printed, has nothing to say.

import { type Entry, entries, lines } from "./printed.ts";
import { bt } from "./script-text.ts";
import { type Step, step } from "./step.ts";

const ofMap = (output: string, name: string): Entry[] => entries(output).filter(({ map }) => map === name);

/** What is wrong with a map of histograms of microseconds by program. */
function latencies(output: string, name: string): string | undefined {
  const found = ofMap(output, name);
  if (found.length === 0) return `There is no map \`${name}\` in the output yet.`;
  if (found.every(({ buckets }) => buckets.length === 0)) return `\`${name}\` has plain numbers: \`hist()\` makes histograms of them.`;
  for (const program of ["nginx", "postgres"])
    if (!found.some(({ key }) => key === program)) return `\`${name}\` has no histogram of ${program}: its key should be \`comm\`.`;
  // The shortest read takes four microseconds.
  const first = (found[0]?.buckets[0] ?? "").slice(1);
  if (/[KMGT]$/.test(first)) return "These numbers are too large for microseconds: nanoseconds have to be divided by 1000.";
  if (!(Number(first) >= 2)) return "These numbers are too small: a read takes some microseconds at least.";
  return undefined;
}

export const TOUR: readonly Step[] = [
  step({
    title: "A first line",
    text: [
      "A script says what shall happen when. `begin` is the moment at which it starts, and what happens then stands between braces.",
      "`printf` prints a line: `%s` in it stands for a text that comes behind, `%d` for a number, and `\\n` ends the line. Names such as `comm`, the name of the program that is running, are always there.",
      "Press Run, and see what is printed.",
    ],
    script: bt`
begin {
  printf("Hello from %s\n", comm);
}
`,
    task: "Print how many processors the machine has as well, as in `Hello from a machine with 2 CPUs`: their number is called `ncpus`.",
    hint: "Write `%d CPUs` into the text, and `ncpus` behind the comma.",
    solution: bt`
begin {
  printf("Hello from a machine with %d CPUs\n", ncpus);
}
`,
    check: (output, script) => {
      const said = lines(output);
      if (said.length === 0) return "Nothing was printed: `printf` does that.";
      if (!said.some((line) => /\b2 CPUs\b/.test(line))) return "There is no `2 CPUs` in what was printed.";
      return /\bncpus\b/.test(script) ? undefined : "On another machine this would be wrong: take the number from `ncpus`.";
    },
  }),
  step({
    title: "Something happens",
    text: [
      "Programs ask the kernel for everything: to open a file, they make the system call `openat`. The kernel has a place for watching it, a tracepoint, and a script can be run each time that a program comes by.",
      "What is known of the event is in `args`. The name of the file is `args.filename`, which is an address in the program's memory: `str()` fetches the text from there.",
      "This script runs until you press Stop.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_openat {
  printf("%s opens a file\n", comm);
}
`,
    task: "Print which file it is: first the program, then the name of the file.",
    hint: "Another `%s` in the text, and behind `comm` another value: `str(args.filename)`. Press Stop when you have seen enough.",
    solution: bt`
tracepoint:syscalls:sys_enter_openat {
  printf("%s opens %s\n", comm, str(args.filename));
}
`,
    check: (output) => {
      const said = lines(output);
      if (said.length === 0) return "Nothing was printed: let it run for a moment, then press Stop.";
      if (said.some((line) => /\b0x[0-9a-f]+|\d{9,}/.test(line)))
        return "That is the address of the name: `str()` fetches the text from there.";
      if (!said.some((line) => line.includes("/var/www/")))
        return "There are no names of files in the output: `str(args.filename)` has them.";
      return said.some((line) => /nginx.*\/var\/www\//.test(line)) ? undefined : "The name of the program should come first: `comm`.";
    },
  }),
  step({
    title: "An end",
    text: [
      "A script that watches something goes on until it is stopped. `interval` lets it do something at fixed times: the body of `interval:s:2` runs every two seconds, that of `interval:ms:100` ten times a second.",
      "`exit()` ends the script: nothing more is watched then.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_execve {
  printf("bash starts %s\n", str(args.filename));
}
`,
    task: "After two seconds, print `Time is up` and end the script.",
    hint: 'Below the first probe write a second one: `interval:s:2 { ... }`, with `printf("Time is up\\n");` and `exit();` between its braces.',
    solution: bt`
tracepoint:syscalls:sys_enter_execve {
  printf("bash starts %s\n", str(args.filename));
}

interval:s:2 {
  printf("Time is up\n");
  exit();
}
`,
    check: (output, script) => {
      const said = lines(output);
      if (!said.some((line) => /^bash starts /.test(line))) return "The programs that are started should still be printed.";
      const ends = said.filter((line) => /time is up/i.test(line)).length;
      if (ends === 0) return "`Time is up` was not printed: `interval:s:2` does something after two seconds.";
      if (!/\bexit\b/.test(script)) return "It says that time is up, and goes on: `exit()` ends it.";
      return ends === 1 ? undefined : "It said so more than once: `exit()` belongs into the same body.";
    },
  }),
  step({
    title: "Only what matters",
    text: [
      'Most of what happens is of no interest. A condition between slashes, behind the name of a probe, decides whether its body runs: `/comm == "bash"/` lets only bash pass.',
      "Conditions are joined by `&&` (and) and `||` (or); numbers are compared by `>`, `<` and the like. Where a system call ends, `args.ret` is what it returns: of a read, the number of bytes.",
    ],
    script: bt`
tracepoint:syscalls:sys_exit_read {
  printf("%s has read %d bytes\n", comm, args.ret);
}

interval:s:1 {
  exit();
}
`,
    task: "Print only the reads of nginx that have brought more than 3000 bytes.",
    hint: 'Behind `sys_exit_read` write `/comm == "nginx" && args.ret > 3000/`.',
    solution: bt`
tracepoint:syscalls:sys_exit_read /comm == "nginx" && args.ret > 3000/ {
  printf("%s has read %d bytes\n", comm, args.ret);
}

interval:s:1 {
  exit();
}
`,
    check: (output) => {
      const reads = lines(output).map((line) => /^(\w+) has read (\d+) bytes$/.exec(line) ?? []);
      if (reads.every(([whole]) => whole === undefined))
        return "No reads are printed: is the condition ever true? Keep the text as it was.";
      const other = reads.find(([whole, program]) => whole !== undefined && program !== "nginx");
      if (other !== undefined) return `${other[1]} is still there: compare \`comm\` with \`"nginx"\`.`;
      const small = reads.find(([whole, , bytes]) => whole !== undefined && Number(bytes) <= 3000);
      return small === undefined ? undefined : `There is a read of ${small[2]} bytes: \`args.ret > 3000\` leaves it out.`;
    },
  }),
  step({
    title: "Counting",
    text: [
      "Thousands of lines say less than one number. A map keeps numbers while the script runs, and prints them at its end: its name begins with `@`.",
      "`@calls = count()` counts how often it came by. With a key in brackets, a map counts separately for each value of the key.",
      "`raw_syscalls:sys_enter` is the entry of every system call, whichever it is.",
    ],
    script: bt`
tracepoint:raw_syscalls:sys_enter {
  @calls = count();
}

interval:s:1 {
  exit();
}
`,
    task: "Count for each program by itself.",
    hint: "The key goes behind the name of the map: `@calls[comm]`.",
    solution: bt`
tracepoint:raw_syscalls:sys_enter {
  @calls[comm] = count();
}

interval:s:1 {
  exit();
}
`,
    check: (output) => {
      const calls = ofMap(output, "@calls");
      if (calls.length === 0) return "There is no map `@calls` in the output.";
      if (calls.every(({ key }) => key === "")) return "That is one number for all: the map needs a key.";
      return calls.some(({ key, value }) => key === "nginx" && Number(value) > 1)
        ? undefined
        : "The key is something else than the program: its name is `comm`.";
    },
  }),
  step({
    title: "What an event knows",
    text: [
      "Each tracepoint has fields of its own. Write `args.` in the editor, and it offers those of the probe, with their types; on a command line, `bpfcast -lv 'tracepoint:syscalls:sys_enter_sendto'` lists them.",
      "Numbers are printed by `%d`, or by `%ld` where they have 64 bits. A field that is a pointer is an address: `str()` makes a text of what is there.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_sendto {
  printf("%s sends something\n", comm);
}

interval:s:1 {
  exit();
}
`,
    task: "Print how many bytes are sent, and to which file descriptor: `postgres sends 120 bytes to 9`.",
    hint: "The fields are called `len` and `fd`: `args.len`, `args.fd`.",
    solution: bt`
tracepoint:syscalls:sys_enter_sendto {
  printf("%s sends %ld bytes to %d\n", comm, args.len, args.fd);
}

interval:s:1 {
  exit();
}
`,
    check: (output, script) => {
      const said = lines(output).filter((line) => line.includes("postgres"));
      if (said.length === 0) return "Nothing of postgres is printed: leave `comm` in the text.";
      if (!said.some((line) => /\b120\b/.test(line))) return "The number of bytes is not there: it is in `args.len`.";
      if (!said.some((line) => /\b9\b/.test(line))) return "The file descriptor is not there: it is in `args.fd`.";
      return /\bargs\b/.test(script) ? undefined : "These numbers come from the script: take them from `args`.";
    },
  }),
  step({
    title: "How much, and how it is spread",
    text: [
      "`count()` has relatives. `sum(n)` adds up, `avg(n)`, `min(n)` and `max(n)` do what they say, and `hist(n)` draws a histogram: how many values were between 1 and 2, between 2 and 4, between 4 and 8, and so on.",
      "An average hides what is rare; a histogram shows it.",
    ],
    script: bt`
tracepoint:syscalls:sys_exit_writev {
  @writes[comm] = count();
}

interval:s:1 {
  exit();
}
`,
    task: "Add up in `@total` how many bytes each program writes, and draw a histogram of the sizes in `@sizes`.",
    hint: "Two lines in the same body: `@total[comm] = sum(args.ret);` and another with `hist(args.ret)`.",
    solution: bt`
tracepoint:syscalls:sys_exit_writev {
  @total[comm] = sum(args.ret);
  @sizes[comm] = hist(args.ret);
}

interval:s:1 {
  exit();
}
`,
    check: (output) => {
      const [total] = ofMap(output, "@total");
      if (total === undefined) return "There is no map `@total` in the output.";
      // A thousand writes of 200 bytes at least, in a second.
      if (!(Number(total.value) > 10_000)) return "`@total` is too small for a sum of bytes: is it `sum(args.ret)`?";
      const [sizes] = ofMap(output, "@sizes");
      if (sizes === undefined) return "`@total` is right. There is no map `@sizes` yet.";
      return sizes.buckets.length > 0 ? undefined : "`@sizes` should be a histogram: `hist(args.ret)`.";
    },
  }),
  step({
    title: "From one event to another",
    text: [
      "How long does a read take? That is known only when it ends, and only if one remembers when it began: so there are two probes, of which the first keeps the time in a map and the second looks it up.",
      "`nsecs` is the time in nanoseconds. Many programs read at once: the key is `tid`, the number of the thread, for a thread has one system call at a time.",
      "A difference of times may be less than zero, so the times are made signed numbers first: that is what `(int64)` says.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read {
  printf("%s has read\n", comm);
}

interval:ms:200 {
  exit();
}
`,
    task: "At the end of each read, print how long it took: `nginx has read for 7000 ns`.",
    hint: "`(int64)nsecs - @start[tid]` is the time that has passed; `%ld` prints it.",
    solution: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read {
  printf("%s has read for %ld ns\n", comm, (int64)nsecs - @start[tid]);
}

interval:ms:200 {
  exit();
}
`,
    check: (output) => {
      const times = lines(output).flatMap((line) => /(-?\d+) ?ns\b/.exec(line)?.[1] ?? []);
      if (times.length === 0) return "There are no times in the output, such as `7000 ns`.";
      if (times.some((time) => Number(time) < 0)) return "Time runs backwards: what is now comes first, and what was is taken from it.";
      // The machine has been up for an hour.
      if (times.some((time) => time.length > 10)) return "That is the time of day of the machine: take from it what is in `@start[tid]`.";
      return times.some((time) => Number(time) > 1000)
        ? undefined
        : "No time has passed: where is the time kept, and where is it looked up?";
    },
  }),
  step({
    title: "Tidying up",
    text: [
      "What is kept in a map stays there. One entry for each thread that ever was is a waste, and an old time, found by a later read, gives a wrong answer.",
      "`delete(@start, tid)` takes an entry out, and says whether there was one; `_ =` in front says that this is of no interest.",
      "`/has_key(@start, tid)/` lets the second probe run only where there is an entry: a read that had begun before the script did has none.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read {
  @longest[comm] = max((int64)nsecs - @start[tid]);
}

interval:s:1 {
  exit();
}
`,
    task: "Take the entry out of `@start` once it has been used: at the end, only `@longest` is printed.",
    hint: "As the last line of the second probe: `_ = delete(@start, tid);`.",
    solution: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  @longest[comm] = max((int64)nsecs - @start[tid]);
  _ = delete(@start, tid);
}

interval:s:1 {
  exit();
}
`,
    check: (output, script) => {
      const longest = ofMap(output, "@longest");
      if (longest.length === 0) return "There is no map `@longest` in the output.";
      if (longest.some(({ value }) => value.length > 10))
        return "The longest time is that since the start of the machine: look up the entry before it is deleted.";
      if (ofMap(output, "@start").length > 0) return "`@start` still has entries at the end.";
      return /\bdelete\b/.test(script)
        ? undefined
        : "`@start` is empty, but not because of `delete()`: only that keeps it small while the script runs.";
    },
  }),
  step({
    title: "Latency as a histogram",
    text: [
      "Now both can be put together: the time that each read took, as a histogram. A value that is used more than once, or that would make a long line, is kept in a variable, whose name begins with `$`: it is gone at the end of the body.",
      "Nanoseconds are finer than anyone needs: a thousand of them are a microsecond. Whole numbers are divided as unsigned ones, so `(uint64)` stands before the number.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  $took = (int64)nsecs - @start[tid];
  @us = hist($took);
  _ = delete(@start, tid);
}

interval:s:1 {
  exit();
}
`,
    task: "Let `@us` have microseconds instead of nanoseconds, and a histogram for each program.",
    hint: "`@us[comm]`, and within the parentheses `(uint64)$took / 1000`.",
    solution: bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  $took = (int64)nsecs - @start[tid];
  @us[comm] = hist((uint64)$took / 1000);
  _ = delete(@start, tid);
}

interval:s:1 {
  exit();
}
`,
    check: (output) => latencies(output, "@us"),
  }),
  step({
    title: "What there is right now",
    text: [
      "A script that runs for long should say something meanwhile. `print(@opens)` prints a map at once; `print(@opens, 3)` only its three largest values.",
      "`clear(@opens)` empties it, so that the next second is counted by itself. `time()` prints the time of day.",
    ],
    script: bt`
tracepoint:syscalls:sys_enter_openat {
  @opens[str(args.filename)] = count();
}

interval:s:1 {
  time("%H:%M:%S\n");
  print(@opens);
}

interval:ms:3500 {
  exit();
}
`,
    task: "Each second, print the three files that were opened most in that second, and in no other.",
    hint: "Give `print()` the number 3, and write `clear(@opens);` behind it.",
    solution: bt`
tracepoint:syscalls:sys_enter_openat {
  @opens[str(args.filename)] = count();
}

interval:s:1 {
  time("%H:%M:%S\n");
  print(@opens, 3);
  clear(@opens);
}

interval:ms:3500 {
  exit();
}
`,
    check: (output) => {
      // Behind each time of day: the lines up to the next one, or up to the maps of the end.
      const blocks = output
        .split(/^\d\d:\d\d:\d\d\n/m)
        .slice(1)
        .map((block) => ofMap(block.split("\n\n")[0] ?? "", "@opens"));
      if (blocks.length < 2) return "Let it run for two seconds at least, with the time of day printed before the map.";
      if (blocks.some((block) => block.length === 0))
        return "There should be entries of `@opens` behind each time of day: print before you clear.";
      if (blocks.some((block) => block.length > 3)) return "These are more than three files: `print()` takes a number as well.";
      const most = blocks.map((block) => Number(block.at(-1)?.value));
      const [first = 0, second = 0] = most;
      return second < first * 1.5 ? undefined : "The numbers grow from second to second: `clear()` lets each begin anew.";
    },
  }),
  step({
    title: "All of it",
    text: [
      "You know all that a real tool is made of. Write one yourself: how long do reads take, by program?",
      "One more thing: `end` is the counterpart of `begin`, and runs when all is over, before the maps are printed. A read that has not ended by then has left its entry in the map of the times: `clear()` in `end` takes care of that.",
    ],
    script: bt`
begin {
  printf("Tracing reads for two seconds\n");
}

// Here belong: the two probes, the end after two seconds, and the tidying up.
`,
    task: "Draw histograms of the microseconds that reads take in `@latency`, by program, for two seconds, with nothing else left at the end: use `end` to clear the map of the times.",
    hint: "The two probes are those of step 10, with another name for the map; then `interval:s:2` with `exit()`, and `end` with `clear(@start)`.",
    solution: bt`
begin {
  printf("Tracing reads for two seconds\n");
}

tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  $took = (int64)nsecs - @start[tid];
  @latency[comm] = hist((uint64)$took / 1000);
  _ = delete(@start, tid);
}

interval:s:2 {
  exit();
}

end {
  clear(@start);
}
`,
    check: (output, script) => {
      const missing = latencies(output, "@latency");
      if (missing !== undefined) return missing;
      const other = entries(output).find(({ map }) => map !== "@latency");
      if (other !== undefined) return `\`${other.map}\` is left at the end: \`clear()\` it in \`end\`.`;
      if (!/\bexit\b/.test(script)) return "It runs until it is stopped: let it end after two seconds.";
      return /^\s*end\b/im.test(script) && /\bclear\b/.test(script)
        ? undefined
        : "The histograms are there. `end` should still clear the map of the times.";
    },
  }),
];
