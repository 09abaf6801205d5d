// The official tracing tools of bpftrace, each with a load of known size (tool-load.c) and what it must print under it. The same
// conditions are held to bpfcast and, where it is there, to bpftrace.

export interface Lack {
  what: string;
  /** @param series of the kernel, as in `6.1`. */
  applies(script: string, series: string): boolean;
  message: RegExp;
}

export interface Tool {
  name: string;
  /** Shell text that makes the events; `$LOAD` is the load program, in the root folder of the tracer. */
  load: string;
  /** Shell text that runs once before the tracer starts. */
  before?: string;
  /** The conditions are exact numbers of the load, not bounds. */
  exact: boolean;
  /** Kernel series that have its probes, where not all do. */
  kernels?: string[];

  /** Where a kernel lacks a field or function that this release of the tool needs: there the tracer must say so. */
  lack?: Lack;
  /** What the output must satisfy, given what the load printed. Returns what is wrong, or an empty string. */
  wrong(output: string, load: string): string;
}

const CLOCK = "\\d\\d:\\d\\d:\\d\\d";

/** Exactly `expected` lines fit. */
function lines(output: string, pattern: string, expected: number, most = expected): string {
  const fits = new RegExp(`^${pattern}$`);
  const found = output.split("\n").filter((line) => fits.test(line.trimEnd())).length;
  return found >= expected && found <= most ? "" : `${found} lines like '${pattern}' instead of ${expected}`;
}

/** Sum of the counts of all histogram lines, or of those below the map line that fits `under`. */
function total(output: string, expected: number, most = expected, under = ""): string {
  let sum = 0;
  let counting = under === "";
  for (const line of output.split("\n")) {
    if (under !== "" && line.startsWith("@")) counting = new RegExp(under).test(line);
    if (counting) sum += Number(/^[[(].*[\])]\s+(\d+) \|/.exec(line)?.[1] ?? 0);
  }
  return sum >= expected && sum <= most ? "" : `${sum} events in histograms instead of ${expected}`;
}

/** Sum of the values of the map lines that fit. */
function value(output: string, map: string, expected: number, most = expected): string {
  let sum = 0;
  const fits = new RegExp(`(?:^|: )${map}: (\\d+)$`);
  for (const line of output.split("\n")) sum += Number(fits.exec(line)?.[1] ?? 0);
  return sum >= expected && sum <= most ? "" : `${map}: ${sum} instead of ${expected}`;
}

const any = Number.MAX_SAFE_INTEGER;
const IPV6 = "::1";
const READS = 40;
const DISK = "/dev/vda";
const readDisk = `$LOAD block-reads ${READS} ${DISK}`;

const blockFunctions: Lack = {
  what: "the compiler has put the functions into their callers",
  applies: (script, series) => series !== "5.10" && script.includes("kprobe:blk_account_io_start"),
  message: /Probe has no valid attach points|No probes to attach/,
};

/** A control group with little memory; `swap` is its share of it. */
const group = (memory: string, swap: string, load: string) =>
  `mkdir -p /sys/fs/cgroup/bpfcast; echo ${memory} > /sys/fs/cgroup/bpfcast/memory.max; echo ${swap} > /sys/fs/cgroup/bpfcast/memory.swap.max
sh -c 'echo $$ > /sys/fs/cgroup/bpfcast/cgroup.procs; exec '"${load}"`;
const memoryGroups = "echo +memory > /sys/fs/cgroup/cgroup.subtree_control";

export const tools: Tool[] = [
  {
    name: "bashreadline",
    load: "$LOAD shell-lines 3",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK}\\s+\\d+\\s+echo bpfcast`, 3),
  },
  { name: "biolatency", load: readDisk, exact: true, lack: blockFunctions, wrong: (output) => total(output, READS) },
  {
    name: "biolatency-kp",
    load: readDisk,
    exact: true,
    kernels: ["5.10", "6.1"],
    wrong: (output) => total(output, READS),
  },
  {
    name: "biosnoop",
    load: readDisk,
    exact: true,
    lack: blockFunctions,
    wrong: (output) => lines(output, `\\d+ +(\\S+ +)+tool-load +\\d+ +\\d+`, READS),
  },
  { name: "biostacks", load: readDisk, exact: true, lack: blockFunctions, wrong: (output) => total(output, READS) },
  {
    name: "bitesize",
    load: readDisk,
    exact: true,
    wrong: (output) => total(output, READS, READS, "@\\[tool-load\\]") || lines(output, `\\[4K, 8K\\) +${READS} \\|@+\\|`, 1),
  },
  {
    name: "capable",
    load: "$LOAD change-root 7",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK} +0 +\\d+ +tool-load +18 +CAP_SYS_CHROOT +\\d+`, 7),
  },
  { name: "cpuwalk", load: "$LOAD burn 2", exact: false, wrong: (output) => total(output, 50, 2000) },
  {
    name: "dcsnoop",
    load: "$LOAD look-up 9",
    exact: true,
    wrong: (output) => lines(output, `\\d+ +\\d+ +tool-load +R (/tmp/)?bpfcast-missing`, 9),
  },
  {
    name: "execsnoop",
    load: "$LOAD execute 6",
    exact: true,
    wrong: (output) => lines(output, `.*\\d+ +\\d+ +/bin/true bpfcast argument`, 6),
  },
  {
    name: "gethostlatency",
    load: "$LOAD resolve 5",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK} +\\d+ +tool-load +\\d+ localhost`, 5),
  },
  {
    name: "killsnoop",
    load: "$LOAD send-signals 4",
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK}.* tool-load +(SIGUSR1|10) +\\d+ +0`, 4) ||
      lines(output, `${CLOCK}.* tool-load +(SIGTERM|15) +4194303 +-3`, 4),
  },
  {
    name: "loads",
    load: "sleep 3; cat /proc/loadavg",
    exact: true,
    wrong: (output, load) => {
      const last = [...output.matchAll(/load averages: (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)/g)].at(-1)?.slice(1, 4).map(Number) ?? [];
      const real = load.trim().split(" ").slice(0, 3).map(Number);
      // The kernel renews them every five seconds, and rounds what it prints.
      const far = real.length !== 3 || real.some((number, index) => Math.abs(number - (last[index] ?? -1)) > 0.17);
      return far ? `'${last}' instead of '${real}'` : "";
    },
  },
  {
    name: "mdflush",
    before: `/sbin/modprobe $MODULES raid1; [ -e /dev/md0 ] || mdadm --build /dev/md0 --level=1 --raid-devices=2 --assume-clean /dev/vdc /dev/vdd > /dev/null 2>&1`,
    load: "$LOAD sync-device 6 /dev/md0",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK} +\\d+ +\\S+ +md0`, 6),
  },
  {
    name: "naptime",
    load: "$LOAD nap 4",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK} +\\d+ +\\S+ +\\d+ +tool-load +0\\.250`, 4),
  },
  {
    name: "oomkill",
    before: memoryGroups,
    load: group("8M", "0", "$LOAD eat 64"),
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK} Triggered by PID \\d+ \\("tool-load"\\), .*OOM kill of PID \\d+ \\("tool-load"\\), \\d+ pages, .*`, 1),
  },
  {
    name: "opensnoop",
    load: "$LOAD open-missing 11",
    exact: true,
    wrong: (output) => lines(output, `\\d+ +tool-load +-1 +2 /no/such/bpfcast`, 11),
  },
  // What is counted between print() and clear() is lost.
  { name: "pidpersec", load: "$LOAD fork 60; sleep 1.5", exact: false, wrong: (output) => value(output, "@", 50, 75) },
  { name: "runqlat", load: "$LOAD ping-pong 500", exact: false, wrong: (output) => total(output, 500, 20_000) },
  {
    name: "runqlen",
    load: "$LOAD burn 2",
    exact: false,
    lack: {
      what: "the field came with 6.13",
      applies: (script) => script.includes("nr_queued"),
      message: /does not contain a field named 'nr_queued'/,
    },
    wrong: (output) => total(output, 50, 2000),
  },
  {
    name: "setuids",
    load: "$LOAD set-ids 3",
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK} +\\d+ +tool-load +0 +setuid +uid=0 \\(0\\)`, 3) ||
      lines(output, `${CLOCK} +\\d+ +tool-load +0 +setresuid +ruid=0 euid=0 suid=0 \\(0\\)`, 3) ||
      lines(output, `${CLOCK} +\\d+ +tool-load +0 +setfsuid +uid=0 \\(prevuid=0\\)`, 3),
  },
  {
    name: "ssllatency",
    load: "$LOAD tls 25 & sleep 3",
    exact: true,
    wrong: (output, load) =>
      total(output, 25, 25, "^@hist\\[SSL_read\\]") ||
      total(output, 25, 25, "^@hist\\[SSL_write\\]") ||
      lines(output, "@stat\\[SSL_read\\]: \\{? ?\\.?count.? ?=?:? ?25,.*", 1) ||
      total(output, Number(/handshakes (\d+)/.exec(load)?.[1]), undefined, "^@histF?\\[SSL_do_handshake\\]"),
  },
  {
    name: "sslsnoop",
    load: "$LOAD tls 12 & sleep 3",
    exact: true,
    wrong: (output, load) =>
      lines(output, `\\d+ +\\d+ +tool-load +\\d+ +7 SSL_read`, 12) ||
      lines(output, `\\d+ +\\d+ +tool-load +\\d+ +7 SSL_write`, 12) ||
      lines(output, `\\d+ +\\d+ +tool-load +\\d+ +-?\\d+ SSL_do_handshake`, Number(/handshakes (\d+)/.exec(load)?.[1])),
  },
  {
    name: "statsnoop",
    load: "$LOAD stat-missing 8",
    exact: true,
    wrong: (output) => lines(output, `\\d+ +tool-load +2 /no/such/bpfcast`, 8) || lines(output, `\\d+ +tool-load +0 /proc`, 8),
  },
  {
    name: "swapin",
    before: `${memoryGroups}; grep -q vde /proc/swaps || { mkswap /dev/vde > /dev/null; swapon /dev/vde; }`,
    load: `${group("16M", "max", "$LOAD eat 48")}; sleep 1.5`,
    exact: false,
    wrong: (output) => value(output, "@\\[tool-load, \\d+\\]", 500, any),
  },
  {
    name: "syncsnoop",
    load: "$LOAD synchronise 3",
    exact: true,
    wrong: (output) =>
      ["fsync", "fdatasync", "msync", "syncfs"]
        .map((call) => lines(output, `${CLOCK} +\\d+ +tool-load +tracepoint:syscalls:sys_enter_${call}`, 3))
        .join(""),
  },
  {
    name: "syscount",
    load: "$LOAD parent-ids 30000",
    exact: true,
    wrong: (output) => value(output, "@syscall\\[110\\]", 30_000, 30_010) || value(output, "@process\\[tool-load\\]", 30_000, 30_100),
  },
  {
    name: "tcpaccept",
    load: "$LOAD connect-four 3; $LOAD connect-six 2",
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK} +\\d+ +tool-load +127\\.0\\.0\\.1 +\\d+ +127\\.0\\.0\\.1 +8765 +0/16`, 3) ||
      lines(output, `${CLOCK} +\\d+ +tool-load +${IPV6} +\\d+ +${IPV6} +8765 +0/16`, 2),
  },
  {
    name: "tcpconnect",
    load: "$LOAD connect-four 3; $LOAD connect-six 2",
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK} +\\d+ +tool-load +127\\.0\\.0\\.1 +\\d+ +127\\.0\\.0\\.1 +8765`, 3) ||
      lines(output, `${CLOCK} +\\d+ +tool-load +${IPV6} +\\d+ +${IPV6} +8765`, 2),
  },
  {
    name: "tcpdrop",
    load: "$LOAD lose-route 7; sleep 2",
    exact: true,
    wrong: (output) =>
      lines(output, `${CLOCK} +\\d+ +\\S+ +127\\.0\\.0\\.1:\\d+ +127\\.0\\.0\\.1:8765 +ESTABLISHED`, 7) ||
      lines(output, " +__?tcp_transmit_skb.*", 7, any),
  },
  {
    name: "tcplife",
    load: "$LOAD connect-four 3; $LOAD connect-six 2",
    exact: true,
    // Both ends of a connection end: one has sent 8 KiB, the other has received them.
    wrong: (output) =>
      lines(output, `\\d+ +tool-load +127\\.0\\.0\\.1 +\\d+ +127\\.0\\.0\\.1 +8765 +8 +0 \\d+`, 3) ||
      lines(output, `\\d+ +tool-load +127\\.0\\.0\\.1 +8765 +127\\.0\\.0\\.1 +\\d+ +0 +8 \\d+`, 3) ||
      lines(output, `\\d+ +tool-load +${IPV6} +\\d+ +${IPV6} +8765 +8 +0 \\d+`, 2),
  },
  {
    name: "tcpretrans",
    load: "$LOAD drop-segments 10",
    exact: true,
    wrong: (output, load) => {
      const sent = Number(/retransmitted (\d+)/.exec(load)?.[1]);
      // A tail loss probe (the first) is sent by another function.
      return lines(output, `${CLOCK} +\\d+ +127\\.0\\.0\\.1:\\d+ +127\\.0\\.0\\.1:8765 +ESTABLISHED`, sent - 1, sent + 1);
    },
  },
  {
    name: "tcpsynbl",
    load: "$LOAD connect-four 6",
    exact: true,
    wrong: (output) => total(output, 6, 6, "@backlog\\[16\\]"),
  },
  {
    name: "threadsnoop",
    load: "$LOAD threads 4",
    exact: true,
    lack: {
      what: "the C library has its threads in libc since 2.34",
      applies: (script) => !script.includes("libc:"),
      message: /No matches for uprobe \S*libpthread/,
    },
    wrong: (output) => lines(output, `${CLOCK}.* +\\d+ +tool-load +thread_of_the_load`, 4),
  },
  {
    name: "undump",
    load: "$LOAD unix-packets 5",
    exact: true,
    wrong: (output) => lines(output, `${CLOCK} +tool-load +\\d+ +14 +bpfcast\\\\x01packet`, 5),
  },
  {
    name: "vfscount",
    load: "$LOAD file-calls 20000",
    exact: false,
    wrong: (output) => value(output, "@\\[vfs_read\\]", 20_000, 24_000) || value(output, "@\\[vfs_write\\]", 20_000, 24_000),
  },
  {
    name: "vfsstat",
    load: "$LOAD file-calls 20000; sleep 1.5",
    exact: false,
    wrong: (output) => value(output, "@\\[vfs_read\\]", 20_000, 24_000) || value(output, "@\\[vfs_write\\]", 20_000, 24_000),
  },
  {
    name: "writeback",
    load: `$LOAD dirty-pages 20 ${DISK}; sleep 1`,
    exact: false,
    wrong: (output) => lines(output, `${CLOCK} +\\S+ +\\d+ +sync +\\d+\\.\\d\\d\\d`, 1, any),
  },
  {
    name: "xfsdist",
    before:
      "/sbin/modprobe $MODULES xfs; mkdir -p /run/xfs; grep -q /run/xfs /proc/mounts || { mkfs.xfs -q -f /dev/vdb; mount /dev/vdb /run/xfs; }",
    load: "$LOAD files 10 /run/xfs; rm -f /run/xfs/*",
    exact: true,
    wrong: (output) =>
      // The folder itself is opened too where the files are removed.
      ["open", "write_iter", "fsync", "read_iter"]
        .map((name) => total(output, 10, name === "open" ? 12 : 10, `^@us\\[xfs_file_${name}`))
        .join(""),
  },
];
