// One run of an object in a simulated host, by the same session that runs it on a real one.

import type { BpfcastError } from "../../wasm/errors.ts";
import { bind, readManifest } from "../core/bind.ts";
import type { BindParameters } from "../core/facts.ts";
import { JsonOutput } from "../core/format/json.ts";
import { TextOutput } from "../core/format/text.ts";
import type { MapTable } from "../core/maps.ts";
import type { Style } from "../core/names.ts";
import type { Sink } from "../core/output.ts";
import { refuseUnsafe } from "../core/safety.ts";
import { type HeldCommand, Session, type SessionHost } from "../core/session.ts";
import { Events } from "./events.ts";
import { simulatedFacts } from "./facts.ts";
import type { Play } from "./play.ts";
import type { Simulation } from "./simulation.ts";

/** Who looks at the script's maps while it runs. */
export interface MapWatcher {
  /**
   * Before the run. `read` gives all maps as they would print at that moment, in that order; none before they are there and after
   * the end. `style` is how their keys and values become text.
   */
  begin(read: () => Promise<MapTable[]>, style: Style): void;
  /** After the end programs: the maps for the last time. */
  end(tables: MapTable[]): void;
}

export interface RunSettings {
  format: "text" | "json";
  parameters: BindParameters;
  unsafe: boolean;
  quiet: boolean;
  /** Ends once everything is attached. */
  dryRun?: boolean;
  /** Flushes the output behind every batch, unless told otherwise. */
  flushBatches?: boolean;
  showWarnings: boolean;
  /** A warning or an error, as text. */
  report(error: BpfcastError, severity: "WARNING" | "ERROR"): void;
  /** Ends the run from outside: calls `stop` once. */
  onStopRequest?(stop: () => void): void;
  maps?: MapWatcher;
}

/** Lets everything run that waits for a promise. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(0);
    }
  });
}

/** Plays what happens; stands where a command of -c does. */
class Player implements HeldCommand {
  readonly #stage: Play;
  readonly #happen: (stage: Play) => Promise<void>;
  #ended: () => void = () => {};
  error: unknown = undefined;

  constructor(stage: Play, happen: (stage: Play) => Promise<void>) {
    this.#stage = stage;
    this.#happen = happen;
  }

  release(): void {
    // The session goes on to say that it has attached its probes before anything happens.
    void nextTurn()
      .then(() => this.#happen(this.#stage))
      .catch((error: unknown) => {
        this.error = error;
      })
      .then(() => this.#ended());
  }

  onEnd(ended: () => void): void {
    this.#ended = ended;
  }

  terminate(): void {}
}

/**
 * Runs an object while `happen` makes events.
 * @returns the exit code.
 * @throws BpfcastError of binding and loading, of a program that was stopped, and of `happen`.
 */
export async function runSimulated(
  object: Uint8Array,
  simulation: Simulation,
  sink: Sink,
  settings: RunSettings,
  happen: (stage: Play) => Promise<void>,
): Promise<number> {
  const manifest = readManifest(object);
  if (!settings.unsafe) refuseUnsafe(object, manifest);
  const bound = bind(object, simulatedFacts(manifest, simulation.host), settings.parameters);
  for (const warning of bound.warnings) settings.report(warning, "WARNING");
  const style = {
    trailer: new TextEncoder().encode(manifest.config.stringTruncationTrailer),
    names: simulation.names,
    texts: manifest.texts,
  };
  const output = settings.format === "json" ? new JsonOutput(sink, style) : new TextOutput(sink, style);
  let stop = () => {};
  let isOver = false;
  let batches = simulation.kernel.batches;
  const player = new Player(
    {
      simulation,
      events: new Events(simulation),
      settle: async () => {
        if (simulation.kernel.batches === batches) return;
        batches = simulation.kernel.batches;
        await nextTurn();
      },
      interrupt: () => {
        isOver = true;
        stop();
      },
      isOver: () => isOver || simulation.kernel.isIdle,
    },
    happen,
  );
  const host: SessionHost = {
    onStopRequest: (ask) => {
      stop = ask;
      settings.onStopRequest?.(() => {
        isOver = true;
        ask();
      });
    },
    onSignal: () => {},
    command: player,
    // Losses are counted at the end: nothing is lost meanwhile that could be reported earlier.
    every: () => () => {},
    similarFunctions: () => [],
    readFile: (path) => {
      const text = simulation.files.get(path);
      return text === undefined ? { error: "No such file or directory" } : { bytes: new TextEncoder().encode(text) };
    },
    runCommand: (line) => new TextEncoder().encode(`(simulated: not run: ${line})\n`),
    now: () => simulation.realTime,
  };
  const { maps } = settings;
  const session: Session = new Session(simulation.kernel, bound, output, host, {
    quiet: settings.quiet,
    dryRun: settings.dryRun === true,
    showWarnings: settings.showWarnings,
    style,
    complain: (message) => sink.writeError(`ERROR: ${message}\n`),
    flushBatches: settings.flushBatches !== false,
    attached: () => {},
    warn: (warning) => settings.report(warning, "WARNING"),
    ending: maps && (async () => maps.end(await session.readTables())),
  });
  maps?.begin(() => session.readTables(), style);
  const code = await session.run();
  if (player.error !== undefined) throw player.error;
  return code;
}
