// For people: the compiler's messages as a run prints them. With several profiles, a heading for each and the sums at the end.

import { errorText } from "../../core/diagnostics.ts";
import { messagesOf } from "../compile.ts";
import { type CheckedProfile, type Failure, plural, type Report, sumsOf, sumsText } from "./report.ts";

function failuresText(failures: readonly Failure[]): string {
  return failures
    .map(({ name, profile, error }) => {
      // Such errors name their file, but for those of the program itself.
      const where = profile === undefined || name === undefined ? "" : `NOTE: while checking ${name}\n`;
      return errorText(error, "ERROR", false) + where;
    })
    .join("");
}

function profileText({ scripts, name }: CheckedProfile, failures: readonly Failure[]): string {
  return (
    scripts.map(({ compiled }) => (compiled === undefined ? "" : messagesOf(compiled))).join("") +
    failuresText(failures.filter(({ profile }) => profile === name))
  );
}

export function text({ profiles, failures }: Report): string {
  const general = failuresText(failures.filter(({ profile }) => profile === undefined));
  if (profiles.length === 1) return profiles.map((profile) => profileText(profile, failures)).join("") + general;
  const bodies = profiles.map((profile) => `${profile.description}:\n${profileText(profile, failures)}`);
  const sums = profiles.map((profile) => {
    const failed = profile.scripts.filter(({ compiled }) => compiled === undefined).length;
    return `${profile.name}: ${sumsText(sumsOf(profile))}${failed === 0 ? "" : `, ${plural(failed, "script")} not checked`}\n`;
  });
  return `${bodies.join("\n")}${general}\n${sums.join("")}`;
}
