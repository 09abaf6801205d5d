// Machines at work to try scripts on: a web server, a database, a shell and a timer daemon, the same each time.

import type { Events } from "./events.ts";
import type { Play } from "./play.ts";
import type { Situation, Value } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

const MILLISECOND = 1_000_000n;
/** The work is laid out in rounds of this length. */
export const ROUND = 10n * MILLISECOND;
const SECTOR_BYTES = 512;

/** Park and Miller's generator: the same numbers each time. */
class Numbers {
  #state = 20_260_101;

  /** From 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state * 48_271) % 0x7fff_ffff;
    return this.#state % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Microseconds, mostly short, now and then long. */
  latency(usual: number): bigint {
    const stretch = this.below(20) === 0 ? 20 : 1;
    return BigInt(Math.max(1, Math.floor((usual * stretch * (50 + this.below(100))) / 100))) * 1000n;
  }
}

const PAGES = ["/var/www/index.html", "/var/www/style.css", "/var/www/logo.png", "/var/www/missing.html"];
const LIBRARIES = ["/etc/ld.so.cache", "/lib/x86_64-linux-gnu/libc.so.6", "/etc/nsswitch.conf", "/etc/passwd"];
const COMMANDS = ["ls -l /tmp", "df -h", "ps aux", "tail -3 /var/log/syslog"];

const READ_STACK = ["vfs_read", "ksys_read", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"];
const IDLE_STACK = ["pv_native_safe_halt", "default_idle", "do_idle", "cpu_startup_entry"];

/** What goes on in a machine. */
export interface WorkloadKind {
  name: string;
  title: string;
  web: boolean;
  database: boolean;
  /** Rounds from one command line in the shell to the next; 0: nobody types. */
  shellRounds: number;
}

/** The first is the one of `--simulate`. */
export const WORKLOADS: readonly WorkloadKind[] = [
  { name: "busy", title: "Web server, database and shell", web: true, database: true, shellRounds: 25 },
  { name: "web", title: "Web server alone", web: true, database: false, shellRounds: 0 },
  { name: "database", title: "Database that waits for its disk", web: false, database: true, shellRounds: 0 },
  { name: "shell", title: "Shell that starts many programs", web: false, database: false, shellRounds: 2 },
  { name: "idle", title: "Nothing but the clock", web: false, database: false, shellRounds: 0 },
];

export class Workload {
  readonly #simulation: Simulation;
  readonly #events: Events;
  readonly #stage: Play;
  readonly #numbers = new Numbers();
  readonly #kind: WorkloadKind;
  readonly #command: string | undefined;
  readonly #web: Situation;
  readonly #database: Situation;
  readonly #knowsSockets: boolean;
  #round = 0;

  /** @param command name of a process that works beside the others, as that of -c. */
  constructor(stage: Play, command?: string, kind: WorkloadKind = WORKLOADS[0] as WorkloadKind) {
    const { simulation } = stage;
    this.#kind = kind;
    this.#simulation = simulation;
    this.#events = stage.events;
    this.#stage = stage;
    this.#command = command;
    simulation.addProcess("systemd", { pid: 1 });
    simulation.addProcess("nginx", { pid: 812, uid: 33, parent: "systemd", cgroup: "/system.slice/nginx.service" });
    simulation.addProcess("postgres", { pid: 930, uid: 110, parent: "systemd", cgroup: "/system.slice/postgresql.service" });
    simulation.addProcess("cron", { pid: 655, parent: "systemd", cgroup: "/system.slice/cron.service" });
    simulation.addProcess("bash", { pid: 1412, uid: 1000, parent: "systemd", cgroup: "/user.slice" });
    if (command !== undefined)
      simulation.addProcess("command", { comm: command.slice(0, 15), uid: 1000, parent: "bash", cgroup: "/user.slice" });
    this.#knowsSockets = ["struct sock", "struct sockaddr_in"].every((name) => simulation.types.named(name) !== undefined);
    const last = simulation.machine.cpus - 1;
    this.#web = { process: "nginx", cpu: 0, userStack: ["/usr/sbin/nginx:ngx_http_handler", "/usr/sbin/nginx:main"] };
    this.#database = { process: "postgres", cpu: last, userStack: ["/usr/lib/postgresql/bin/postgres:PostgresMain"] };
  }

  /** A small profile does not have them all. */
  #tracepoint(name: string, fields: Record<string, Value>, situation: Situation): void {
    if (this.#simulation.profile.tracepoints.has(name)) this.#events.tracepoint(name, fields, situation);
  }

  async #pass(time: bigint): Promise<void> {
    await this.#stage.settle();
    await this.#simulation.pass(time, (process) => this.#events.sample(process), this.#stage.settle);
  }

  async #call(situation: Situation, name: string, values: Record<string, Value>, returns: Value, usual: number): Promise<void> {
    await this.#events.systemCall(name, values, returns, situation, () => this.#pass(this.#numbers.latency(usual)));
    await this.#stage.settle();
  }

  /** A read, as the file system sees it as well. */
  async #read(situation: Situation, count: number): Promise<void> {
    const at = { ...situation, kernelStack: READ_STACK };
    await this.#events.systemCall("read", { fd: 3, count: 4096 }, count, at, async () => {
      const pass = () => this.#pass(this.#numbers.latency(8));
      await this.#events.call("vfs_read", [0, 0, 4096, 0], count, at, pass);
    });
    await this.#stage.settle();
  }

  async #open(situation: Situation, path: string): Promise<boolean> {
    const found = !path.includes("missing");
    await this.#call(situation, "openat", { dfd: -100, filename: path }, found ? 3 + this.#numbers.below(9) : -2, 6);
    return found;
  }

  /** A request for a page. */
  async #request(): Promise<void> {
    const { below } = this.#numbers;
    await this.#call(this.#web, "accept4", { fd: 6 }, 12, 3);
    if (await this.#open(this.#web, this.#numbers.pick(PAGES))) {
      await this.#read(this.#web, 100 + below.call(this.#numbers, 4000));
      await this.#call(this.#web, "close", { fd: 3 }, 0, 1);
    }
    await this.#call(this.#web, "writev", { fd: 12, vlen: 2 }, 200 + this.#numbers.below(8000), 20);
    await this.#call(this.#web, "close", { fd: 12 }, 0, 2);
  }

  /** A query, which waits for the disk now and then. */
  async #query(): Promise<void> {
    await this.#read(this.#database, 40 + this.#numbers.below(400));
    if (this.#numbers.below(4) === 0) await this.#block();
    await this.#call(this.#database, "sendto", { fd: 9, len: 120 }, 120, 15);
  }

  async #block(): Promise<void> {
    const sector = this.#numbers.below(1 << 20) * 8;
    const common = { dev: 0x800000, sector, nr_sector: 8, rwbs: "R" };
    this.#tracepoint("block:block_bio_queue", { ...common, comm: "postgres" }, this.#database);
    this.#tracepoint("block:block_rq_issue", { ...common, bytes: 8 * SECTOR_BYTES, comm: "postgres" }, this.#database);
    await this.#pass(this.#numbers.latency(300));
    this.#tracepoint("block:block_rq_complete", common, this.#database);
    await this.#stage.settle();
  }

  /** A command line, which makes a process of its own. */
  async #shell(): Promise<void> {
    const shell: Situation = { process: "bash", cpu: 0 };
    const line = this.#numbers.pick(COMMANDS);
    const child = 2000 + this.#round;
    const [name = ""] = line.split(" ");
    await this.#events.userCall("/bin/bash", "readline", [], line, shell, async () => {});
    this.#tracepoint("sched:sched_process_fork", { parent_pid: 1412, child_pid: child, parent_comm: "bash", child_comm: "bash" }, shell);
    this.#simulation.addProcess(`child ${child}`, { pid: child, comm: name, uid: 1000, parent: "bash" });
    const own: Situation = { process: `child ${child}`, cpu: 0 };
    await this.#call(own, "execve", { filename: `/bin/${name}`, argv: [...line.split(" "), null] }, 0, 200);
    this.#tracepoint("sched:sched_process_exec", { filename: `/bin/${name}`, pid: child, old_pid: child }, own);
    for (const path of LIBRARIES) await this.#open(own, path);
    await this.#call(own, "write", { fd: 1, count: 80 }, 80, 10);
    this.#tracepoint("sched:sched_process_exit", { comm: name, pid: child }, own);
    await this.#stage.settle();
  }

  /** What the process of -c does. */
  async #work(): Promise<void> {
    const own: Situation = { process: "command", cpu: 0 };
    for (let index = 0; index < 4; index++) {
      await this.#open(own, this.#numbers.pick([...PAGES, ...LIBRARIES]));
      await this.#read(own, this.#numbers.below(4096));
      await this.#call(own, "newfstatat", { dfd: -100 }, 0, 2);
    }
  }

  /** One round: about a dozen things happen, then the machine is idle until the round is over. */
  async round(): Promise<void> {
    const { now } = this.#simulation;
    this.#round++;
    const { web, database, shellRounds } = this.#kind;
    const requests = 1 + this.#numbers.below(3);
    for (let index = 0; index < requests && !this.#stage.isOver(); index++) {
      if (web) await this.#request();
      if (database) await this.#query();
    }
    if (this.#command !== undefined) await this.#work();
    if (web) this.#events.perf("page-faults", this.#numbers.below(30), this.#web);
    if (shellRounds > 0 && this.#round % shellRounds === 0) await this.#shell();
    if (web && this.#round % 100 === 0) await this.#call({ process: "cron", cpu: 0 }, "clock_nanosleep", {}, 0, 50);
    if (web && this.#round % 50 === 0 && this.#knowsSockets) await this.#connect();
    this.#simulation.idle(IDLE_STACK);
    const left = now + ROUND - this.#simulation.now;
    if (left > 0n && !this.#stage.isOver()) await this.#pass(left);
    await this.#stage.settle();
  }

  /** The web server asks the database. */
  async #connect(): Promise<void> {
    const address = { $type: "struct sockaddr_in", value: { sin_family: 2, sin_port: { $network: 5432 }, sin_addr: { $ip: "127.0.0.1" } } };
    await this.#events.systemCall("connect", { fd: 7, uservaddr: address, addrlen: 16 }, 0, this.#web, async () => {
      const socket = {
        skc_family: 2,
        skc_daddr: { $ip: "127.0.0.1" },
        skc_rcv_saddr: { $ip: "127.0.0.1" },
        skc_dport: { $network: 5432 },
        skc_num: 40_000 + this.#round,
      };
      const value = { $type: "struct sock", value: { __sk_common: socket } };
      await this.#events.call("tcp_connect", [value], 0, this.#web, () => this.#pass(this.#numbers.latency(60)));
    });
    await this.#stage.settle();
  }
}
