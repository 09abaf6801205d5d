// One run on the simulated kernel, at the pace of the page.

import { errorText } from "../../runner/core/diagnostics.ts";
import type { Style } from "../../runner/core/names.ts";
import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import { placeName } from "../../runner/core/targets.ts";
import { targetTypesOf } from "../../runner/simulated/load.ts";
import { type Play, playStep } from "../../runner/simulated/play.ts";
import { type MapWatcher, runSimulated } from "../../runner/simulated/run.ts";
import type { Step } from "../../runner/simulated/scenario.ts";
import { scenarioStep } from "../../runner/simulated/scenario-schema.ts";
import { Simulation } from "../../runner/simulated/simulation.ts";
import { WORKLOADS, Workload } from "../../runner/simulated/workload.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { Machine } from "../../wasm/machine.ts";
import { type Picture, picturesOf } from "../charts/pictures.ts";
import type { Moment } from "../protocol.ts";
import { Pace } from "./pace.ts";

const CPUS = 2;
const USERS = { 33: "www-data", 110: "postgres", 1000: "user" };
const NANOSECONDS = 1e9;
/** The page hears how things stand this often, in milliseconds. */
const MOMENT_INTERVAL = 250;

export interface RunOptions {
  object: Uint8Array;
  target: ProfileTarget;
  machine: WebAssembly.Module;
  /** Name of one of `WORKLOADS`. */
  workload: string;
  speed: number;
  /** It begins standing still. */
  isPaused: boolean;
  print(text: string): void;
  show(moment: Moment): void;
}

interface Asked {
  step: Step;
  done(): void;
  failed(error: unknown): void;
}

export class Run {
  readonly pace: Pace;
  readonly #options: RunOptions;
  readonly #simulation: Simulation;
  readonly #begin: bigint;
  readonly #asked: Asked[] = [];
  #stage: Play | undefined;
  #events = 0;
  #last = "";
  #lastMoment = 0;
  /** While the maps are there. */
  #readPictures: (() => Promise<Picture[]>) | undefined;
  #stop = () => {};
  #isStopped = false;

  /** @throws BpfcastError `profile-lacks-types`. */
  static async create(options: RunOptions): Promise<Run> {
    const { target, machine } = options;
    const types = targetTypesOf(target.profile);
    if (types === undefined) throw new BpfcastError("profile-lacks-types", `${target.description} has no types`);
    const startTime = BigInt(Date.now()) * 1_000_000n;
    const made = await Machine.create(machine, { cpus: CPUS });
    return new Run(options, new Simulation(made, target.profile, types, { cpus: CPUS, startTime, users: USERS }));
  }

  private constructor(options: RunOptions, simulation: Simulation) {
    this.#options = options;
    this.#simulation = simulation;
    this.#begin = simulation.now;
    this.pace = new Pace(
      {
        now: () => simulation.now,
        isOver: () => this.#isStopped || this.#stage?.isOver() === true,
        show: () => this.#showNow(this.pace.isPaused),
        standing: () => this.#playAsked(),
      },
      options.speed,
    );
    if (options.isPaused) this.pace.pause(true);
    simulation.onFire = ([program], process) => {
      this.#events++;
      if (program !== undefined)
        this.#last = `${placeName({ kind: program.kind, probe: program.kind }, program.attachment)} in ${process.comm} (${process.pid})`;
      this.pace.fired();
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#stop();
  }

  /** Makes an event as soon as no other is under way. @throws BpfcastError `bad-scenario`. */
  happen(given: unknown): Promise<void> {
    const step = scenarioStep(given, "the event");
    return new Promise((done, failed) => this.#asked.push({ step, done, failed }));
  }

  get #moment(): Moment {
    return {
      seconds: Number(this.#simulation.now - this.#begin) / NANOSECONDS,
      events: this.#events,
      last: this.#last,
      isPaused: this.pace.isPaused,
    };
  }

  #showNow(isWanted: boolean): void {
    if (!isWanted && performance.now() - this.#lastMoment < MOMENT_INTERVAL) return;
    this.#lastMoment = performance.now();
    const moment = this.#moment;
    const { show } = this.#options;
    if (this.#readPictures === undefined) {
      show(moment);
      return;
    }
    // When a map cannot be read, there is nothing to draw.
    this.#readPictures().then(
      (pictures) => show({ ...moment, pictures }),
      () => show(moment),
    );
  }

  #watcher(): MapWatcher {
    let style: Style | undefined;
    return {
      begin: (read, own) => {
        style = own;
        this.#readPictures = async () => picturesOf(await read(), own);
      },
      end: (tables) => {
        this.#readPictures = undefined;
        if (style !== undefined) this.#options.show({ ...this.#moment, isPaused: false, pictures: picturesOf(tables, style) });
      },
    };
  }

  async #playAsked(): Promise<boolean> {
    let hasPlayed = false;
    for (let asked = this.#asked.shift(); asked !== undefined && this.#stage !== undefined; asked = this.#asked.shift()) {
      hasPlayed = true;
      try {
        await this.#play(asked.step, this.#stage);
        asked.done();
      } catch (error) {
        asked.failed(error);
      }
    }
    return hasPlayed;
  }

  async #play(step: Step, stage: Play): Promise<void> {
    const { processes } = this.#simulation;
    const name = "process" in step ? step.process : undefined;
    if (name !== undefined && !processes.all().some((process) => process.name === name))
      this.#simulation.addProcess(name, { uid: 1000, cgroup: "/user.slice" });
    const times = "times" in step ? (step.times ?? 1) : 1;
    for (let time = 0; time < times && !stage.isOver(); time++) {
      await playStep(step, stage, "the event");
      await stage.settle();
    }
  }

  /** @returns the exit code. @throws what is no error of the script. */
  async run(): Promise<number> {
    const { object, print, workload } = this.#options;
    const decoder = new TextDecoder();
    const sink = { write: (bytes: Uint8Array) => print(decoder.decode(bytes, { stream: true })), writeError: print };
    try {
      return await runSimulated(
        object,
        this.#simulation,
        sink,
        {
          format: "text",
          parameters: { positional: [] },
          // Nothing in the tab can be harmed.
          unsafe: true,
          quiet: false,
          showWarnings: true,
          report: (error, severity) => print(errorText(error, severity, false)),
          maps: this.#watcher(),
          onStopRequest: (stop) => {
            this.#stop = stop;
            if (this.#isStopped) stop();
          },
        },
        async (stage) => {
          this.#stage = stage;
          const settle = async () => {
            await stage.settle();
            await this.pace.gate();
          };
          const kind = WORKLOADS.find(({ name }) => name === workload);
          const work = new Workload({ ...stage, settle }, undefined, kind);
          this.#simulation.start();
          while (!stage.isOver()) {
            await work.round();
            await this.#playAsked();
            await this.pace.gate();
          }
        },
      );
    } catch (error) {
      if (!(error instanceof BpfcastError)) throw error;
      print(errorText(error, "ERROR", false));
      return error.details.exitCode ?? 1;
    } finally {
      for (const { failed } of this.#asked.splice(0)) failed(new Error("the run has ended"));
    }
  }
}
