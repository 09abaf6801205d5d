// Simulated processes: their numbers, names and user memory, and the kernel's `task_struct` of each.

import { BpfcastError } from "../../wasm/errors.ts";
import { KERNEL_SPACE, type Machine } from "../../wasm/machine.ts";
import type { TargetTypes } from "./core-types.ts";
import { sizeOfType } from "./map-definitions.ts";
import { Memory } from "./memory.ts";
import type { ProcessDescription, Value } from "./scenario.ts";
import { Symbols } from "./symbols.ts";
import { badValue, writeValue } from "./values.ts";

export interface Process {
  name: string;
  pid: number;
  tid: number;
  comm: string;
  uid: number;
  gid: number;
  cgroup: bigint;
  /** Address of its `task_struct`. */
  task: bigint;
  /** Number of its address space in the machine. */
  space: number;
  memory: Memory;
  symbols: Symbols;
}

/** Of the first process that is described without a number. */
const FIRST_PID = 1001;
/** Ids of control groups are inodes; the root's is 1. */
const ROOT_GROUP = 1n;
const MAX_COMM = 15;

export class Processes {
  readonly #machine: Machine;
  readonly #types: TargetTypes;
  readonly #objects: ReadonlyMap<string, bigint>;
  readonly #kernel: Memory;
  readonly #byName = new Map<string, Process>();
  readonly #spaces = new Map<number, { space: number; memory: Memory; symbols: Symbols }>();
  readonly #groups = new Map<string, bigint>([["/", ROOT_GROUP]]);
  #nextPid = FIRST_PID;

  constructor(machine: Machine, types: TargetTypes, kernel: Memory, objects: ReadonlyMap<string, bigint>) {
    this.#machine = machine;
    this.#types = types;
    this.#kernel = kernel;
    this.#objects = objects;
    this.add("swapper/0", { pid: 0, task: { flags: 2 } });
  }

  /** The task that runs where nothing else does. */
  get idle(): Process {
    return this.#byName.get("swapper/0") as Process;
  }

  all(): Process[] {
    return [...this.#byName.values()];
  }

  /** @throws BpfcastError `bad-scenario`. */
  named(name: string): Process {
    const found = this.#byName.get(name);
    if (found === undefined) throw badValue(`process '${name}'`, "there is none of this name");
    return found;
  }

  /** The memory and code that the threads of a process share. */
  #spaceOf(pid: number): { space: number; memory: Memory; symbols: Symbols } {
    let found = this.#spaces.get(pid);
    if (found === undefined) {
      const space = this.#spaces.size + 1;
      found = { space, memory: new Memory(this.#machine, space, this.#types, this.#objects), symbols: Symbols.ofProcess() };
      this.#spaces.set(pid, found);
    }
    return found;
  }

  /** The id of the control group of a path. */
  cgroupOf(path: string): bigint {
    const id = this.#groups.get(path) ?? ROOT_GROUP + BigInt(this.#groups.size);
    this.#groups.set(path, id);
    return id;
  }

  cgroupPath(id: bigint): string | undefined {
    return [...this.#groups].find(([, own]) => own === id)?.[0];
  }

  symbolsOf(pid: number): Symbols | undefined {
    return this.#spaces.get(pid)?.symbols;
  }

  /** @throws BpfcastError `bad-scenario`. */
  add(name: string, description: ProcessDescription): Process {
    const { uid = 0, gid = uid, comm = name.slice(0, MAX_COMM), cgroup = "/" } = description;
    if (this.#byName.has(name)) throw badValue(`process '${name}'`, "there are two of this name");
    if (new TextEncoder().encode(comm).length > MAX_COMM) throw badValue(`process '${name}'`, `its comm has more than ${MAX_COMM} bytes`);
    const pid = description.pid ?? this.#nextPid++;
    const tid = description.tid ?? pid;
    if (this.all().some((other) => other.tid === tid)) throw badValue(`process '${name}'`, `there are two of the id ${tid}`);
    const process: Process = { name, pid, tid, comm, uid, gid, cgroup: this.cgroupOf(cgroup), task: 0n, ...this.#spaceOf(pid) };
    const parent = description.parent === undefined ? this.#byName.get("swapper/0") : this.named(description.parent);
    process.task = this.#makeTask(process, parent, description.task ?? {});
    this.#byName.set(name, process);
    return process;
  }

  /** What the profile's kernel has of these fields is filled; a kernel whose types are not known has an empty struct. */
  #makeTask(process: Process, parent: Process | undefined, more: Record<string, Value>): bigint {
    const type = this.#types.named("struct task_struct");
    if (type === undefined) return this.#kernel.place(new Uint8Array(8), 64);
    const { btf, id } = type;
    const bytes = new Uint8Array(sizeOfType(btf, id));
    const address = this.#kernel.place(bytes, 64);
    const user = { uid: { val: process.uid }, euid: { val: process.uid }, gid: { val: process.gid }, egid: { val: process.gid } };
    const leader = this.all().find(({ tid }) => tid === process.pid)?.task ?? address;
    const known: Record<string, Value> = {
      pid: process.tid,
      tgid: process.pid,
      comm: process.comm,
      cred: user,
      real_cred: user,
      group_leader: leader,
      real_parent: parent?.task ?? address,
      parent: parent?.task ?? address,
      mm: { exe_file: { f_path: { dentry: { d_name: { name: process.comm } } } } },
      // A list without members points to itself.
      children: { next: address, prev: address },
      on_cpu: 1,
      "cpus_mask.bits": [1],
      "se.on_rq": 1,
    };
    const where = `process '${process.name}', task_struct`;
    for (const [field, value] of Object.entries(known)) {
      try {
        writeValue(btf, id, { [field]: value }, bytes, 0, this.#kernel, where);
      } catch (error) {
        // A small profile, or another kernel, does not have them all.
        if (!(error instanceof BpfcastError) || error.code !== "bad-scenario") throw error;
      }
    }
    writeValue(btf, id, more, bytes, 0, this.#kernel, where);
    this.#machine.writeMemory(KERNEL_SPACE, address, bytes);
    return address;
  }
}
