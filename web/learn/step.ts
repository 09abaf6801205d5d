// A step of the tour: text, a script to begin with, a task, and what tells whether it is done.

import { type Prose, prose } from "./prose.ts";

/** A run on the simulated kernel. */
export interface RunResult {
  script: string;
  /** Exactly what was printed, the maps at the end included. */
  output: string;
  /** Exit code; undefined where the script had errors and nothing ran. */
  code: number | undefined;
}

export interface Step {
  title: string;
  text: readonly Prose[];
  /** The script to begin with. */
  script: string;
  task: Prose;
  hint: Prose;
  solution: string;
  /** @returns undefined when the task is done, else a sentence that helps further, with code between backticks. */
  check(result: RunResult): string | undefined;
}

/** A step as it is written: code stands between backticks. */
interface Draft {
  title: string;
  text: readonly string[];
  script: string;
  task: string;
  hint: string;
  solution: string;
  /** Asked about scripts that ran. @param script without its comments: they show nothing. */
  check(output: string, script: string): string | undefined;
}

export function step({ text, task, hint, check, ...rest }: Draft): Step {
  return {
    ...rest,
    text: text.map(prose),
    task: prose(task),
    hint: prose(hint),
    check: ({ script, output, code }) => {
      if (code === undefined) return "The script has errors, so nothing ran: the messages below the editor say where.";
      if (/^(.*: )?ERROR: /m.test(output)) return "It ran into an error: the output says which.";
      return check(output, script.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""));
    },
  };
}
